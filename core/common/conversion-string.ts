/**
 * Conversions to text and to binary strings inside of expressions.
 */
import type { Charset } from './collation.js'
import { requireCollation } from './collations.js'
import { escapedBytes, raise, shown } from './conditions.js'
import type { NonNullConversion } from './conversion.js'
import type { EvaluationContext } from './evaluation.js'
import { isBinary, isText, type SqlType } from './sql-type.js'
import {
  bitBytes,
  codePointCount,
  firstCodePoints,
  latin1Bytes,
  textLengthMax,
  textOf,
} from './value-text.js'
import type { ExactValue } from './value.js'

/** Bytes of a malformed string that a message shows. */
const SHOWN_BYTES_MAX = 6

/** undefined if every value of `from` is the same text in `to`. */
export function compileToText(from: SqlType, to: SqlType): NonNullConversion | undefined {
  const { charset } = requireCollation(to.collation)
  const limit = to.length > 0 && textLengthMax(from) > to.length ? to.length : undefined
  if (isBinary(from) || from.name === 'bit') return binaryToText(from, charset, limit)
  const isPlain = from.name === 'json' || isText(from)
  const text = textOf(from)
  const needsCheck = holdsText(from) && !holdsAll(charset, from)
  if (isPlain && !needsCheck && limit === undefined) return undefined
  if (!needsCheck && limit === undefined) return (value, context) => text(value, context)
  return (value, context) => {
    let result = text(value, context)
    if (needsCheck && !charset.canEncode(result)) result = charset.decode(charset.encode(result))
    return limit === undefined ? result : cutText(result, limit, charset, context)
  }
}

function holdsText(type: SqlType): boolean {
  return isText(type) || ['enum', 'set', 'json'].includes(type.name)
}

/** Whether `charset` has every character that values of the type can have. */
function holdsAll(charset: Charset, type: SqlType): boolean {
  if (charset.name.startsWith('utf8mb4') || charset.name === 'utf16' || charset.name === 'utf32') return true
  return type.name !== 'json' && requireCollation(type.collation).charset.name === charset.name
}

/** The message counts the bytes that are left. */
function cutText(text: string, limit: number, charset: Charset, context: EvaluationContext): string {
  if (text.length <= limit || codePointCount(text) <= limit) return text
  const cut = firstCodePoints(text, limit)
  raise(context, 'ER_TRUNCATED_WRONG_VALUE', `CHAR(${charset.byteLength(cut)})`, shown(text))
  return cut
}

function binaryToText(from: SqlType, charset: Charset, limit: number | undefined): NonNullConversion {
  const isBit = from.name === 'bit'
  return (value, context) => {
    const bytes = isBit ? bitBytes(value as ExactValue, from.length) : (value as Uint8Array)
    const invalid = charset.firstInvalid(bytes)
    if (invalid >= 0) {
      raise(context, 'ER_INVALID_CHARACTER_STRING', charset.name, hexText(bytes, invalid))
      return null
    }
    const text = charset.decode(bytes)
    return limit === undefined ? text : cutText(text, limit, charset, context)
  }
}

/** Upper-case hexadecimal digits of a few bytes from `start`. */
function hexText(bytes: Uint8Array, start: number): string {
  return Buffer.from(bytes.subarray(start, start + SHOWN_BYTES_MAX))
    .toString('hex')
    .toUpperCase()
}

/** undefined if every value of `from` is the same string of bytes in `to`. */
export function compileToBytes(from: SqlType, to: SqlType): NonNullConversion | undefined {
  const convert = bytesOf(from)
  const pads = to.name === 'binary' && !(from.name === 'binary' && from.length === to.length)
  const byteLengthMax = holdsText(from) ? Infinity : textLengthMax(from)
  const limit = to.length > 0 && byteLengthMax > to.length ? to.length : undefined
  if (!pads && limit === undefined) return convert
  return (value, context) => {
    let bytes = convert === undefined ? (value as Uint8Array) : convert(value, context)
    if (limit !== undefined && bytes.length > limit) {
      raise(context, 'ER_TRUNCATED_WRONG_VALUE', `BINARY(${limit})`, escapedBytes(bytes))
      bytes = bytes.subarray(0, limit)
    }
    return pads && bytes.length < to.length ? padded(bytes, to.length) : bytes
  }
}

/** `bytes` with zero bytes up to `length`. */
export function padded(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length)
  result.set(bytes)
  return result
}

type BytesOf = (value: ExactValue | string | Uint8Array, context: EvaluationContext) => Uint8Array

/** The bytes of a value of the type, text in its own character set; undefined if it is bytes already. */
export function bytesOf(from: SqlType): BytesOf | undefined {
  if (isBinary(from)) return undefined
  if (from.name === 'bit') return (value) => bitBytes(value as ExactValue, from.length)
  const text = textOf(from)
  if (from.name === 'json') return (value) => Buffer.from(value as string, 'utf8')
  if (!holdsText(from)) return (value, context) => latin1Bytes(text(value, context))
  const { charset } = requireCollation(from.collation)
  return (value, context) => charset.encode(text(value, context))
}
