/**
 * JSON documents (MySQL manual 13.5 "The JSON Data Type"): parsed to a tree and printed in MySQL's normal form, with
 * object keys ordered by length and then by bytes, `, ` and `: ` as separators, and the last of duplicate keys kept.
 * Paths are in `json-path.ts`, changes in `json-edit.ts`, order and equality in `json-compare.ts`.
 */
import { formatDecimal, parseDecimal } from './decimal.js'
import { formatDouble } from './double-format.js'
import { SqlError, sqlError } from './sql-error.js'
import type { ExactValue } from './value.js'

/** Deeper documents are refused (ER_JSON_DOCUMENT_TOO_DEEP); a scalar has depth 1. */
const JSON_DEPTH_MAX = 100

/** A DOUBLE; plain numbers and bigints in a tree are integers. */
export class JsonDouble {
  constructor(readonly value: number) {}
}

/** A DECIMAL, which text only shows by digits that no double would print. */
export class JsonDecimal {
  constructor(
    readonly unscaled: ExactValue,
    readonly scale: number,
  ) {}
}

export type JsonObject = Map<string, JsonNode>
export type JsonArray = JsonNode[]

/** A JSON value. `null` is JSON's null literal: functions say SQL NULL differently. */
export type JsonNode =
  null | boolean | string | number | bigint | JsonDouble | JsonDecimal | JsonArray | JsonObject

export function isJsonArray(node: JsonNode): node is JsonArray {
  return Array.isArray(node)
}

export function isJsonObject(node: JsonNode): node is JsonObject {
  return node instanceof Map
}

/** Where and why a text is no JSON. */
export interface JsonSyntaxError {
  readonly reason: string
  /** Offset in bytes of the UTF-8 text, as MySQL reports it. */
  readonly position: number
}

class ParseFailure extends Error {
  constructor(
    readonly reason: string,
    readonly at: number,
  ) {
    super(reason)
  }
}

const QUOTE = 34
const BACKSLASH = 92
const UINT64_MAX = 18446744073709551615n
const INT64_MIN = -9223372036854775808n
const NUMBER = /-?(\d+)(\.\d*)?([eE][+-]?\d*)?/y
const SPACE = /[ \t\n\r]*/y

class JsonParser {
  private at = 0

  constructor(
    private readonly text: string,
    /** Text of our own: numbers that no double prints are decimals. */
    private readonly isNormal: boolean,
  ) {}

  parse(): JsonNode {
    this.skipSpace()
    if (this.at >= this.text.length) throw new ParseFailure('The document is empty.', this.at)
    const node = this.value(1)
    this.skipSpace()
    if (this.at < this.text.length) {
      throw new ParseFailure('The document root must not be followed by other values.', this.at)
    }
    return node
  }

  private skipSpace(): void {
    const code = this.text.charCodeAt(this.at)
    if (code > 32) return
    SPACE.lastIndex = this.at
    SPACE.test(this.text)
    this.at = SPACE.lastIndex
  }

  private value(depth: number): JsonNode {
    if (depth > JSON_DEPTH_MAX) throw sqlError('ER_JSON_DOCUMENT_TOO_DEEP')
    switch (this.text.charAt(this.at)) {
      case '{':
        return this.object(depth)
      case '[':
        return this.array(depth)
      case '"':
        return this.string()
      case 't':
        return this.literal('true', true)
      case 'f':
        return this.literal('false', false)
      case 'n':
        return this.literal('null', null)
      default:
        return this.number()
    }
  }

  private literal<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      if (this.text.charAt(this.at + i) !== word.charAt(i)) {
        throw new ParseFailure('Invalid value.', this.at + i)
      }
    }
    this.at += word.length
    return value
  }

  private object(depth: number): JsonObject {
    const object: JsonObject = new Map()
    this.at++
    this.skipSpace()
    if (this.text.charAt(this.at) === '}') {
      this.at++
      return object
    }
    for (;;) {
      if (this.text.charCodeAt(this.at) !== QUOTE) {
        throw new ParseFailure('Missing a name for object member.', this.at)
      }
      const key = this.string()
      this.skipSpace()
      if (this.text.charAt(this.at) !== ':') {
        throw new ParseFailure('Missing a colon after a name of object member.', this.at)
      }
      this.at++
      this.skipSpace()
      object.set(key, this.value(depth + 1))
      this.skipSpace()
      const next = this.text.charAt(this.at)
      if (next !== ',' && next !== '}') {
        throw new ParseFailure('Missing a comma or } after an object member.', this.at)
      }
      this.at++
      if (next === '}') return object
      this.skipSpace()
    }
  }

  private array(depth: number): JsonArray {
    const array: JsonArray = []
    this.at++
    this.skipSpace()
    if (this.text.charAt(this.at) === ']') {
      this.at++
      return array
    }
    for (;;) {
      array.push(this.value(depth + 1))
      this.skipSpace()
      const next = this.text.charAt(this.at)
      if (next !== ',' && next !== ']') {
        throw new ParseFailure('Missing a comma or ] after an array element.', this.at)
      }
      this.at++
      if (next === ']') return array
      this.skipSpace()
    }
  }

  private string(): string {
    const text = this.text
    const start = this.at + 1
    for (let i = start; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code === QUOTE) {
        this.at = i + 1
        return text.slice(start, i)
      }
      if (code === BACKSLASH) return this.escapedString(start, i)
      if (code < 32) throw new ParseFailure('Invalid encoding in string.', i)
    }
    throw new ParseFailure('Missing a closing quotation mark in string.', text.length)
  }

  /** A string with escapes, the first of them at `from`. */
  private escapedString(start: number, from: number): string {
    const text = this.text
    let result = text.slice(start, from)
    let i = from
    while (i < text.length) {
      const code = text.charCodeAt(i)
      if (code === QUOTE) {
        this.at = i + 1
        return result
      }
      if (code < 32) throw new ParseFailure('Invalid encoding in string.', i)
      if (code !== BACKSLASH) {
        result += text.charAt(i++)
        continue
      }
      const escape = text.charAt(i + 1)
      if (escape === 'u') {
        const unit = this.unicodeEscape(i)
        result += unit
        i += unit.length * 6
        continue
      }
      const plain = ESCAPES.get(escape)
      if (plain === undefined) throw new ParseFailure('Invalid escape character in string.', i)
      result += plain
      i += 2
    }
    throw new ParseFailure('Missing a closing quotation mark in string.', text.length)
  }

  /** `\uXXXX`, or two of them that make a surrogate pair. */
  private unicodeEscape(at: number): string {
    const first = this.hexDigits(at + 2)
    if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first)
    if (first > 0xdbff || this.text.slice(at + 6, at + 8) !== '\\u') {
      throw new ParseFailure('The surrogate pair in string is invalid.', at)
    }
    const second = this.hexDigits(at + 8)
    if (second < 0xdc00 || second > 0xdfff) {
      throw new ParseFailure('The surrogate pair in string is invalid.', at)
    }
    return String.fromCharCode(first, second)
  }

  private hexDigits(at: number): number {
    const digits = this.text.slice(at, at + 4)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) {
      throw new ParseFailure('Incorrect hex digit after \\u escape in string.', at - 2)
    }
    return parseInt(digits, 16)
  }

  private number(): JsonNode {
    const start = this.at
    NUMBER.lastIndex = start
    const match = NUMBER.exec(this.text)
    if (match === null) throw new ParseFailure('Invalid value.', start)
    const [all, digits = '', fraction, exponent] = match
    if (digits.length > 1 && digits.startsWith('0')) {
      // JSON has no leading zeros: the number ends after the first one, and what follows is in the way.
      this.at = start + all.indexOf('0') + 1
      return 0
    }
    this.at = start + all.length
    if (fraction === '.') throw new ParseFailure('Miss fraction part in number.', this.at)
    if (exponent !== undefined && !/\d$/.test(exponent)) {
      throw new ParseFailure('Miss exponent in number.', this.at)
    }
    if (fraction === undefined && exponent === undefined) return this.integer(all, start)
    return this.fractional(all, start)
  }

  private integer(digits: string, start: number): JsonNode {
    if (digits.length <= 15) return Number(digits) + 0
    const value = BigInt(digits)
    if (value > UINT64_MAX || value < INT64_MIN) return this.fractional(digits, start)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  private fractional(digits: string, start: number): JsonNode {
    const value = Number(digits)
    if (!Number.isFinite(value)) {
      throw new ParseFailure('Number too big to be stored in double.', start)
    }
    if (this.isNormal && jsonDoubleText(value) !== digits) {
      const decimal = parseDecimal(digits)
      return new JsonDecimal(decimal.unscaled, decimal.scale)
    }
    return new JsonDouble(value)
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/**
 * The tree of a JSON text that a user wrote, or what is wrong with it. Throws ER_JSON_DOCUMENT_TOO_DEEP.
 */
export function parseJson(text: string): { readonly node: JsonNode } | JsonSyntaxError {
  try {
    return { node: new JsonParser(text, false).parse() }
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error
    return { reason: error.reason, position: Buffer.byteLength(text.slice(0, error.at)) }
  }
}

/** Whether `text` is JSON (JSON_VALID); text that is too deep is not. */
export function isValidJson(text: string): boolean {
  try {
    return 'node' in parseJson(text)
  } catch (error) {
    if (error instanceof SqlError) return false
    throw error
  }
}

/** The tree of a value of type JSON, whose text is in normal form. */
export function readJson(value: string): JsonNode {
  return new JsonParser(value, true).parse()
}

/**
 * A user's text as a value of type JSON. Throws ER_INVALID_JSON_TEXT_IN_PARAM with the number of the argument and
 * the name of the function (MySQL calls a cast `cast_as_json`).
 */
export function normalizeJson(text: string, argument: number, functionName: string): string {
  return printJson(parseJsonArgument(text, argument, functionName))
}

/** The tree of a function's argument; errors as `normalizeJson`. */
export function parseJsonArgument(text: string, argument: number, functionName: string): JsonNode {
  const parsed = parseJson(text)
  if ('node' in parsed) return parsed.node
  throw sqlError('ER_INVALID_JSON_TEXT_IN_PARAM', argument, functionName, parsed.reason, parsed.position)
}

// ---- printing

function jsonDoubleText(value: number): string {
  const text = formatDouble(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

/** A number node as text. */
export function jsonNumberText(node: number | bigint | JsonDouble | JsonDecimal): string {
  if (node instanceof JsonDouble) return jsonDoubleText(node.value)
  if (node instanceof JsonDecimal) return formatDecimal(node.unscaled, node.scale)
  return String(node)
}

/** A JSON string literal of `text`; JSON_QUOTE. */
export function quoteJson(text: string): string {
  return JSON.stringify(text)
}

/** MySQL's normal form. Throws ER_JSON_DOCUMENT_TOO_DEEP for trees deeper than the limit. */
export function printJson(node: JsonNode): string {
  return print(node, 1)
}

function print(node: JsonNode, depth: number): string {
  if (depth > JSON_DEPTH_MAX) throw sqlError('ER_JSON_DOCUMENT_TOO_DEEP')
  if (typeof node === 'string') return quoteJson(node)
  if (node === null || typeof node === 'boolean') return String(node)
  if (isJsonArray(node)) {
    let text = '['
    for (let i = 0; i < node.length; i++) {
      if (i > 0) text += ', '
      text += print(node[i] as JsonNode, depth + 1)
    }
    return `${text}]`
  }
  if (!isJsonObject(node)) return jsonNumberText(node)
  let text = '{'
  for (const key of sortedKeys(node)) {
    if (text.length > 1) text += ', '
    text += `${quoteJson(key)}: ${print(node.get(key) ?? null, depth + 1)}`
  }
  return `${text}}`
}

/** The keys in MySQL's order. */
export function sortedKeys(object: JsonObject): readonly string[] {
  const keys = [...object.keys()]
  for (let i = 1; i < keys.length; i++) {
    if (compareJsonKeys(keys[i - 1] as string, keys[i] as string) > 0) return keys.sort(compareJsonKeys)
  }
  return keys
}

/** Shorter keys first, equal lengths by bytes (both of the UTF-8 text). */
function compareJsonKeys(a: string, b: string): number {
  const difference = Buffer.byteLength(a) - Buffer.byteLength(b)
  return difference !== 0 ? difference : compareUtf8(a, b)
}

/** Order of the UTF-8 bytes of two strings, which is that of their code points. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i)
    const unitB = b.charCodeAt(i)
    if (unitA === unitB) continue
    // Surrogates stand for code points above all others, though units above them exist.
    const isSurrogateA = unitA >= 0xd800 && unitA <= 0xdfff
    const isSurrogateB = unitB >= 0xd800 && unitB <= 0xdfff
    if (isSurrogateA !== isSurrogateB) return isSurrogateA ? 1 : -1
    return unitA - unitB
  }
  return a.length - b.length
}
