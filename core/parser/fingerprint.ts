import { sizeClassOf } from '../common/literal-size.js'
import { isDigitAt, isIdentifierAt, IS_IDENTIFIER } from './characters.js'
import { unquote } from './literal-text.js'
import type { ParserOptions } from './options.js'
import { numberClass, scanFraction, scanNumber, scanQuoted, skipComment } from './scan.js'

/**
 * The plan cache's look at a statement: its text with the literals taken out, without parsing it. One pass over the
 * bytes, well under a microsecond for a short statement.
 *
 * Everything but literals stays as written, because names of result columns depend on it. Literals are numbered as
 * the parser numbers them (`LexicalLiteral.ordinal`): both use the rules of `scan.ts`.
 */
export interface Fingerprint {
  /** Text with a marker in place of each replaced literal; equal keys parse alike but for their literals. */
  key: string
  /** Number of literals, replaced or not. */
  literalCount: number
  /** Offset of each literal, quotes included. */
  readonly starts: Int32Array
  /** Offset behind each literal. */
  readonly ends: Int32Array
  /** What each literal is: one of the `LITERAL_…` constants. */
  readonly classes: Uint8Array
}

/** The literal stayed in the key: its kind is rare, or its value decides its type. */
export const LITERAL_KEPT = 0
/** A whole number of at most 15 digits. */
export const LITERAL_INTEGER = 1
/** A plain string, a temporal literal's string too; its size class is in the key. */
export const LITERAL_STRING = 2
/** A number with a point; precision and scale are in the key. */
export const LITERAL_DECIMAL = 3
export const LITERAL_FLOAT = 4

/** Statements with more literals are worth no plan of their own. */
const LITERALS_MAX = 512
const SAFE_DIGITS = 15
const DECIMAL_DIGITS_MAX = 65

const INTEGER_MARKER = '\x01'
const STRING_MARKER = '\x02'
const DECIMAL_MARKER = '\x03'
const FLOAT_MARKER = '\x04'
/** Bytes below may only be markers: text that has them outside of literals gets no key. */
const FIRST_TEXT_BYTE = 9

const RESULT: Fingerprint = {
  key: '',
  literalCount: 0,
  starts: new Int32Array(LITERALS_MAX),
  ends: new Int32Array(LITERALS_MAX),
  classes: new Uint8Array(LITERALS_MAX),
}

// State of the running call: module variables cost less than an object.
let source = ''
let keyFrom = 0
let key = ''

/** What to do at a byte outside of literals. */
const PLAIN = 0
const WORD = 1
const NUMBER = 2
const STRING = 3
const DOUBLE_QUOTE = 4
const QUOTED_NAME = 5
const POINT = 6
const VARIABLE = 7
const COMMENT = 8
const SEMICOLON = 9
const GIVE_UP = 10

const ACTIONS = new Uint8Array(256)
for (let c = 0; c < 256; c++) {
  if (IS_IDENTIFIER[c] === 1) ACTIONS[c] = c >= 48 && c <= 57 ? NUMBER : WORD
  else if (c < FIRST_TEXT_BYTE) ACTIONS[c] = GIVE_UP
}
for (const [characters, action] of [
  ["'", STRING],
  ['"', DOUBLE_QUOTE],
  ['`', QUOTED_NAME],
  ['.', POINT],
  ['@', VARIABLE],
  ['/-#', COMMENT],
  [';', SEMICOLON],
] as const) {
  for (const character of characters) ACTIONS[character.charCodeAt(0)] = action
}

/**
 * The fingerprint of a text of one statement, or undefined where the cache should keep out: several statements,
 * version comments, adjacent strings, too many literals, bytes that could be mistaken for markers.
 *
 * The result is reused: it holds until the next call.
 */
export function fingerprint(text: string, options: ParserOptions): Fingerprint | undefined {
  const end = text.length
  source = text
  keyFrom = 0
  key = ''
  RESULT.literalCount = 0
  const backslashEscapes = !options.noBackslashEscapes
  let at = 0
  while (at < end) {
    switch (ACTIONS[text.charCodeAt(at)] ?? GIVE_UP) {
      case PLAIN:
        at++
        break
      case WORD:
        at = skipWord(at, end)
        break
      case NUMBER:
        at = takeNumber(at, end)
        break
      case STRING:
        at = takeString(at, end, backslashEscapes)
        break
      case DOUBLE_QUOTE:
        at = options.ansiQuotes ? skipQuotedName(at, end) : takeString(at, end, backslashEscapes)
        break
      case QUOTED_NAME:
        at = skipQuotedName(at, end)
        break
      case POINT:
        at = takePoint(at, end)
        break
      case VARIABLE:
        at = skipVariable(at, end)
        break
      case COMMENT:
        at = skipPlainComment(at, end)
        break
      case SEMICOLON:
        at = skipEnd(at, end)
        break
      default:
        return undefined
    }
    if (at < 0) return undefined
  }
  RESULT.key = key === '' ? text : key + text.slice(keyFrom)
  return RESULT
}

/** Bytes of a LITERAL_STRING, escapes resolved. */
export function literalBytes(text: string, start: number, end: number, options: ParserOptions): string {
  return unquote(text, start, end, !options.noBackslashEscapes)
}

// ---- Literals -------------------------------------------------------------------------------------------------

/** Notes a literal that the marker replaces. Returns `end`, or -1 if there are too many. */
function replace(start: number, end: number, literalClass: number, marker: string): number {
  key += source.slice(keyFrom, start) + marker
  keyFrom = end
  return note(start, end, literalClass)
}

function note(start: number, end: number, literalClass: number): number {
  const n = RESULT.literalCount++
  if (n >= LITERALS_MAX) return -1
  RESULT.starts[n] = start
  RESULT.ends[n] = end
  RESULT.classes[n] = literalClass
  return end
}

function takeNumber(start: number, textEnd: number): number {
  const end = scanNumber(source, start, textEnd)
  if (numberClass === 'identifier') return skipWord(start, textEnd)
  return replaceNumber(start, end)
}

/** Uses `numberClass` of the scan just done. */
function replaceNumber(start: number, end: number): number {
  switch (numberClass) {
    case 'integer':
      return end - start <= SAFE_DIGITS
        ? replace(start, end, LITERAL_INTEGER, INTEGER_MARKER)
        : note(start, end, LITERAL_KEPT)
    case 'decimal': {
      if (end - start > DECIMAL_DIGITS_MAX) return note(start, end, LITERAL_KEPT)
      const scale = end - source.indexOf('.', start) - 1
      const size = String.fromCharCode(128 + end - start, 128 + scale)
      return replace(start, end, LITERAL_DECIMAL, DECIMAL_MARKER + size)
    }
    case 'float':
      return replace(start, end, LITERAL_FLOAT, FLOAT_MARKER)
    case 'hex':
    case 'bit':
      return note(start, end, LITERAL_KEPT)
    default:
      return -1
  }
}

/** A string; -1 if it isn't closed, or if another follows, which would be the same literal. */
function takeString(start: number, textEnd: number, backslashEscapes: boolean): number {
  const end = scanQuoted(source, start, textEnd, backslashEscapes)
  if (end < 0) return -1
  let next = end
  while (next < textEnd && source.charCodeAt(next) <= 32) next++
  const c = next < textEnd ? source.charCodeAt(next) : 0
  if (c === 39 || c === 34) return -1
  const size = String.fromCharCode(128 + sizeClassOf(end - start))
  return replace(start, end, LITERAL_STRING, STRING_MARKER + size)
}

function takePoint(at: number, end: number): number {
  if (at + 1 >= end) return at + 1
  if (isDigitAt(source, at + 1)) {
    const behind = scanFraction(source, at + 1, end)
    return replaceNumber(at, behind)
  }
  return isIdentifierAt(source, at + 1) ? skipNames(at + 1, end) : at + 1
}

// ---- What is no literal ---------------------------------------------------------------------------------------

/** A word with the names behind its points, or N'…', X'…' and B'…', which stay in the key. */
function skipWord(at: number, end: number): number {
  const behind = skipNames(at, end)
  if (behind !== at + 1 || source.charCodeAt(behind) !== 39) return behind
  const letter = source.charCodeAt(at) | 32
  if (letter !== 110 && letter !== 120 && letter !== 98) return behind
  const close = scanQuoted(source, behind, end, true)
  return close < 0 || !isText(at, close) ? -1 : note(at, close, LITERAL_KEPT)
}

/** Offset behind a word and the `.name`s that follow it without a space. */
function skipNames(at: number, end: number): number {
  let i = at
  for (;;) {
    while (i < end && IS_IDENTIFIER[source.charCodeAt(i)] === 1) i++
    if (i + 1 >= end || source.charCodeAt(i) !== 46 || !isIdentifierAt(source, i + 1)) return i
    i++
  }
}

function skipQuotedName(at: number, end: number): number {
  const behind = scanQuoted(source, at, end, false)
  return behind < 0 || !isText(at, behind) ? -1 : behind
}

/** `@name` and `@@`; quoted names of variables are too rare to be worth the care. */
function skipVariable(at: number, end: number): number {
  let i = at + 1
  const c = i < end ? source.charCodeAt(i) : 0
  if (c === 64) return i + 1
  if (c === 39 || c === 34 || c === 96) return -1
  while (i < end && (IS_IDENTIFIER[source.charCodeAt(i)] === 1 || source.charCodeAt(i) === 46)) i++
  return i
}

/** An operator, or a comment, which stays in the key; a version comment gives up. */
function skipPlainComment(at: number, end: number): number {
  const behind = skipComment(source, at, end)
  if (behind === at) return at + 1
  if (behind < 0 || source.startsWith('/*!', at) || !isText(at, behind)) return -1
  return behind
}

/** Only white space and further semicolons may follow. */
function skipEnd(at: number, end: number): number {
  for (let i = at; i < end; i++) {
    const c = source.charCodeAt(i)
    if (c !== 59 && (c > 32 || c < FIRST_TEXT_BYTE)) return -1
  }
  return end
}

/** Whether no byte could be a marker. */
function isText(start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (source.charCodeAt(i) < FIRST_TEXT_BYTE) return false
  return true
}
