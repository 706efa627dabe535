/**
 * Assignment to text and binary columns: character sets, lengths, padding.
 */
import type { Charset } from './collation.js'
import { requireCollation } from './collations.js'
import { escapedBytes, raise } from './conditions.js'
import { bytesOf, padded } from './conversion-string.js'
import { formatWithin } from './double-format.js'
import type { EvaluationContext } from './evaluation.js'
import { isBinary, isText, LARGE_BYTES, type SqlType, type TypeName } from './sql-type.js'
import type { NonNullStore } from './store.js'
import {
  bitBytes,
  codePointCount,
  firstCodePoints,
  latin1Bytes,
  textLengthMax,
  textOf,
  type TextOf,
} from './value-text.js'
import type { ExactValue } from './value.js'

/** Types that aren't among these count characters or bytes by their declared length. */
const BYTES_MAX: Partial<Record<TypeName, number>> = LARGE_BYTES

/** undefined if every value of `from` can be kept as it is. */
export function compileStoreText(column: SqlType, from: SqlType): NonNullStore | undefined {
  const { charset } = requireCollation(column.collation)
  const fit = compileFit(column, charset)
  if (isBinary(from) || from.name === 'bit') return storeBinaryAsText(from, charset, fit)
  const text =
    (from.name === 'double' || from.name === 'float') && column.length > 0
      ? narrowText(from, column)
      : textOf(from)
  const needsCheck = holdsText(from) && !holdsAll(charset, from)
  if (!needsCheck && isText(from) && fitsAlways(column, from)) return undefined
  return (value, context, name, row) => {
    let result = text(value, context)
    if (needsCheck && !charset.canEncode(result)) result = replaceForeign(result, charset, context, name, row)
    return fit(result, context, name, row)
  }
}

/** A double is written with as many digits as the column has room for. */
function narrowText(from: SqlType, column: SqlType): TextOf {
  const text = textOf(from)
  return (value, context) => {
    const full = text(value, context)
    return full.length <= column.length ? full : (formatWithin(value as number, column.length) ?? full)
  }
}

function holdsText(type: SqlType): boolean {
  return isText(type) || ['enum', 'set', 'json'].includes(type.name)
}

function holdsAll(charset: Charset, type: SqlType): boolean {
  if (charset.name === 'utf8mb4' || charset.name === 'utf16' || charset.name === 'utf32') return true
  return type.name !== 'json' && requireCollation(type.collation).charset.name === charset.name
}

/** CHAR loses trailing spaces, so only VARCHAR and TEXT can take values as they are. */
function fitsAlways(column: SqlType, from: SqlType): boolean {
  if (column.name === 'char') return from.name === 'char' && from.length <= column.length
  if (column.name !== 'varchar') return column.name === from.name
  return from.length <= column.length && (from.name === 'varchar' || from.name === 'char')
}

/** Of a text from its first character that is wrong. */
const SHOWN_CHARACTERS_MAX = 6

/** ER_TRUNCATED_WRONG_VALUE_FOR_FIELD naming the first characters that the set lacks; they become `?`. */
function replaceForeign(
  text: string,
  charset: Charset,
  context: EvaluationContext,
  name: string,
  row: number,
): string {
  let at = 0
  for (const character of text) {
    if (!charset.canEncode(character)) break
    at += character.length
  }
  const bytes = Buffer.from(text.slice(at, at + SHOWN_CHARACTERS_MAX), 'utf8')
  raise(context, 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'string', escapedBytes(bytes), name, row)
  return charset.decode(charset.encode(text))
}

type Fit = (text: string, context: EvaluationContext, name: string, row: number) => string

/** Brings a text into the column's length. */
function compileFit(column: SqlType, charset: Charset): Fit {
  const bytesMax = BYTES_MAX[column.name]
  if (bytesMax !== undefined) return compileFitBytes(bytesMax, charset)
  const { length } = column
  const isChar = column.name === 'char'
  return (text, context, name, row) => {
    const value = isChar ? withoutTrailingSpaces(text) : text
    if (value.length <= length || codePointCount(value) <= length) return value
    const cut = firstCodePoints(value, length)
    if (isBlank(value, cut.length)) {
      // Spaces beyond the length are dropped in every mode; VARCHAR says so.
      if (!isChar) context.warn('Note', 'WARN_DATA_TRUNCATED', name, row)
      return cut
    }
    raiseTooLong(context, name, row)
    return isChar ? withoutTrailingSpaces(cut) : cut
  }
}

function raiseTooLong(context: EvaluationContext, name: string, row: number): void {
  raise(context, context.strict ? 'ER_DATA_TOO_LONG' : 'WARN_DATA_TRUNCATED', name, row)
}

function compileFitBytes(bytesMax: number, charset: Charset): Fit {
  const charsMax = Math.floor(bytesMax / charset.bytesPerCharMax)
  return (text, context, name, row) => {
    if (text.length <= charsMax) return text
    const bytes = charset.encode(text)
    if (bytes.length <= bytesMax) return text
    let cut = charset.decode(bytes, 0, bytesMax)
    // The cut may have gone through a character.
    while (cut !== '' && !text.startsWith(cut)) cut = cut.slice(0, -1)
    if (isBlank(text, cut.length)) context.warn('Note', 'WARN_DATA_TRUNCATED', name, row)
    else raiseTooLong(context, name, row)
    return cut
  }
}

function withoutTrailingSpaces(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--
  return end === text.length ? text : text.slice(0, end)
}

function isBlank(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) if (text.charCodeAt(i) !== 32) return false
  return true
}

function storeBinaryAsText(from: SqlType, charset: Charset, fit: Fit): NonNullStore {
  return (value, context, name, row) => {
    const bytes = from.name === 'bit' ? bitBytes(value as ExactValue, from.length) : (value as Uint8Array)
    const invalid = charset.firstInvalid(bytes)
    if (invalid < 0) return fit(charset.decode(bytes), context, name, row)
    raise(
      context,
      'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
      'string',
      escapedBytes(bytes.subarray(invalid)),
      name,
      row,
    )
    return fit(charset.decode(bytes, 0, invalid), context, name, row)
  }
}

/** undefined if every value of `from` can be kept as it is. */
export function compileStoreBytes(column: SqlType, from: SqlType): NonNullStore | undefined {
  const convert = bytesOf(from)
  const limit = BYTES_MAX[column.name] ?? column.length
  const pads = column.name === 'binary'
  const isSame = pads
    ? from.name === 'binary' && from.length === limit
    : isBinary(from) && textLengthMax(from) <= limit
  if (convert === undefined && isSame) return undefined
  const isApproximate = from.name === 'double' || from.name === 'float'
  const narrow = isApproximate ? narrowText(from, { ...column, length: limit }) : undefined
  return (value, context, name, row) => {
    const bytes =
      narrow !== undefined
        ? latin1Bytes(narrow(value, context))
        : convert === undefined
          ? (value as Uint8Array)
          : convert(value, context)
    if (bytes.length > limit) {
      raiseTooLong(context, name, row)
      return bytes.subarray(0, limit)
    }
    return pads && bytes.length < limit ? padded(bytes, limit) : bytes
  }
}
