/**
 * How text is compared there as MySQL compares it, by its collation. ClickHouse compares bytes.
 *
 * - `plain`: bytes are what counts (`utf8mb4_0900_bin`).
 * - `padded`: bytes, without trailing spaces (`utf8mb4_bin`). For the order a text counts as if spaces followed it for ever, which makes
 *   a difference beside control characters only.
 * - `folded`: `utf8mb4_0900_ai_ci`. Of ASCII text the small letters are what counts: that is computed when it is read. Any other text is an
 *   exception: its key lies in a column of its own (`e<id>`), which is empty for the rest and so costs next to nothing.
 *
 * A folded key is the text's weights, each written as the ASCII character that has it, or as the character below it and four
 * bytes that no text has. Replacing characters by their ranks makes it order as the collation does. Decision 013 says why.
 */
import {
  charsetOfCollation,
  collationByName,
  type BytesVector,
  type Collation,
  type Value,
} from '@switchyard/core/spi'
import { bytesSql } from './bytes-sql.js'

export type TextForm =
  | { readonly kind: 'plain' }
  | { readonly kind: 'padded' }
  | { readonly kind: 'folded'; readonly folding: Folding }

/** Undefined for collations whose rules aren't known there. */
export function textFormOf(name: string): TextForm | undefined {
  const known = forms.get(name)
  if (known !== undefined || forms.has(name)) return known
  const form = makeForm(name)
  forms.set(name, form)
  return form
}

const forms = new Map<string, TextForm | undefined>()

function makeForm(name: string): TextForm | undefined {
  const collation = collationByName(name)
  // What lies there is UTF-8, whose bytes order as characters do; other encodings' needn't.
  if (collation === undefined || !charsetOfCollation(name).name.startsWith('utf8')) return undefined
  if (collation.isBinary) return { kind: collation.padAttribute === 'NO PAD' ? 'plain' : 'padded' }
  return name === 'utf8mb4_0900_ai_ci' ? { kind: 'folded', folding: new Folding(collation) } : undefined
}

/** In front of keys of exceptions: none is empty. */
const EXCEPTION = 0x01
const ESCAPE = 0xff
const ASCII = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code))

/** Code points outside of these share their weights with none outside: ideographs, Hangul syllables, private ones. */
const SHARED_KEYS = [
  [0, 0x3400],
  [0xa000, 0xac00],
  [0xd7a4, 0xd800],
  [0xf900, 0x20000],
  [0x2f800, 0x2fa20],
] as const

export class Folding {
  /** ASCII characters that are folded, and their ranks as characters: the arguments of `translate`. */
  readonly characters: string
  readonly ranks: string
  /** 1 for bytes that only exceptions have. */
  private readonly isExceptional = new Uint8Array(0x100).fill(1, 0x80)
  /** Weights of the characters in folded text, ascending, and the characters. */
  private readonly weights: readonly number[]
  private readonly representatives: readonly string[]
  private readonly codesByKey = new Map<string, number[]>()

  constructor(private readonly collation: Collation) {
    const { asciiOrder } = collation
    const weightOf = (character: string): number => asciiOrder[character.charCodeAt(0)] ?? 0
    ASCII.forEach((character, code) => {
      if (weightOf(character) === 0) this.isExceptional[code] = 1
    })
    const folded = ASCII.filter((each) => weightOf(each) > 0 && each.toLowerCase() === each)
    folded.sort((a, b) => weightOf(a) - weightOf(b))
    this.weights = folded.map(weightOf)
    if (new Set(this.weights).size !== folded.length) throw new Error('invariant: only cases share weights')
    this.representatives = folded
    this.characters = folded.join('')
    // No rank is 0 or 1: what is below all of them can begin with those.
    this.ranks = folded.map((_, rank) => String.fromCharCode(rank + 2)).join('')
  }

  /** The equality key of a text: equal exactly if the collation holds texts equal. */
  keyOf(text: string): Buffer {
    const units = this.collation.hashKey(text)
    const bytes: number[] = []
    for (let i = 0; i < units.length; i++) {
      const weight = units.charCodeAt(i)
      if (weight < 0x80) bytes.push(weight)
      else {
        // Higher than whatever begins with the character below, lower than the next one.
        bytes.push(this.characterBelow(weight), ESCAPE)
        bytes.push(0x80 | (weight >> 14), 0x80 | ((weight >> 7) & 0x7f), 0x80 | (weight & 0x7f))
      }
    }
    return Buffer.from(bytes)
  }

  /** What lies in the column of exceptions: nothing for ASCII text. */
  exceptionOf(text: string): Buffer {
    return Buffer.concat([Buffer.of(EXCEPTION), this.keyOf(text)])
  }

  isException(bytes: Uint8Array, start: number, end: number): boolean {
    for (let at = start; at < end; at++) if (this.isExceptional[bytes[at] ?? 0] === 1) return true
    return false
  }

  /** The ASCII character that is LIKE the given one, or undefined if none is. */
  asciiLike(character: string): string | undefined {
    const { weights, representatives } = this
    const units = this.collation.hashKey(character)
    if (units.length !== 1 || units.charCodeAt(0) >= 0x80) return undefined
    const found = representatives[weights.indexOf(this.collation.asciiOrder[units.charCodeAt(0)] ?? 0)]
    return found !== undefined && this.collation.likePattern(found, '').matches(character) ? found : undefined
  }

  /** Code points of the characters that are LIKE the given one, itself among them. */
  charactersLike(character: string): readonly number[] {
    const { matches } = this.collation.likePattern(`|${character}`, '|')
    const candidates = this.byKey().get(this.collation.hashKey(character)) ?? []
    const code = character.codePointAt(0) ?? 0
    return [code, ...candidates.filter((each) => each !== code && matches(String.fromCodePoint(each)))]
  }

  private byKey(): ReadonlyMap<string, readonly number[]> {
    if (this.codesByKey.size > 0) return this.codesByKey
    for (const [from, to] of SHARED_KEYS) {
      for (let code = from; code < to; code++) {
        const key = this.collation.hashKey(String.fromCodePoint(code))
        const codes = this.codesByKey.get(key)
        if (codes === undefined) this.codesByKey.set(key, [code])
        else codes.push(code)
      }
    }
    return this.codesByKey
  }

  private characterBelow(weight: number): number {
    let at = this.weights.findIndex((each) => each > weight)
    if (at < 0) at = this.weights.length
    return at === 0 ? 0x01 : (this.representatives[at - 1] ?? '').charCodeAt(0)
  }
}

/** Texts at which a padded order differs from that of bytes. */
function hasControl(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((bytes[at] ?? 0) < 0x20) return true
  return false
}

export function hasControlCharacter(value: Value): boolean {
  if (typeof value !== 'string') return false
  const bytes = Buffer.from(value)
  return hasControl(bytes, 0, bytes.length)
}

const MARK = Buffer.of(EXCEPTION)
const NOTHING = Buffer.alloc(0)

/** What lies in the column of exceptions for each row, or undefined if all texts are regular. */
export function exceptionsIn(
  form: TextForm,
  vector: BytesVector,
  rowCount: number,
): readonly Buffer[] | undefined {
  let found: Buffer[] | undefined
  for (let row = 0; row < rowCount; row++) {
    const [start, end] = [vector.start(row), vector.end(row)]
    const exception = exceptionFor(form, vector, row, start, end)
    if (exception === undefined) continue
    found ??= Array.from({ length: rowCount }, () => NOTHING)
    found[row] = exception
  }
  return found
}

function exceptionFor(
  form: TextForm,
  vector: BytesVector,
  row: number,
  start: number,
  end: number,
): Buffer | undefined {
  switch (form.kind) {
    case 'plain':
      return undefined
    case 'padded':
      return hasControl(vector.data, start, end) ? MARK : undefined
    case 'folded':
      if (!form.folding.isException(vector.data, start, end)) return undefined
      return form.folding.exceptionOf(vector.get(row) as string)
  }
}

// ── SQL ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What is equal where stored texts are; `exceptions` is the column of them, undefined if it is empty. */
export function equalitySql(form: TextForm, text: string, exceptions: string | undefined): string {
  switch (form.kind) {
    case 'plain':
      return text
    case 'padded':
      return `trimRight(${text})`
    case 'folded':
      if (exceptions === undefined) return `lower(${text})`
      return `if(empty(${exceptions}), lower(${text}), substring(${exceptions}, 2))`
  }
}

/** What orders as texts do. `characters` is how many a text has at most. */
export function orderSql(
  form: TextForm,
  text: string,
  key: string,
  characters: number,
  hasExceptions: boolean,
): string {
  switch (form.kind) {
    case 'plain':
      return text
    case 'padded':
      return hasExceptions ? `rightPad(${text}, ${characters * 4}, ' ')` : key
    case 'folded': {
      const { characters: from, ranks } = form.folding
      return `translate(${key}, ${bytesSql(Buffer.from(from))}, ${bytesSql(Buffer.from(ranks))})`
    }
  }
}

/** The equality key of a text that is known here. */
export function keyOfText(form: TextForm, text: string): Buffer {
  switch (form.kind) {
    case 'plain':
      return Buffer.from(text)
    case 'padded':
      return Buffer.from(text.replace(/ +$/, ''))
    case 'folded':
      return form.folding.keyOf(text)
  }
}
