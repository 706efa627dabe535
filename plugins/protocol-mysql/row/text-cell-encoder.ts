/** Values as the text protocol writes them: length-encoded strings, digit by digit without strings in between. */
import {
  formatDecimal,
  formatDouble,
  formatFixed,
  formatFloat,
  NOT_FIXED_DECIMALS,
  type ApproximateVector,
  type ExactValue,
  type ExactVector,
  type SqlType,
  type Vector,
} from '@switchyard/core/spi'
import type { ResultCharset } from '../wire/result-charset.js'
import { exactAt, stringEncoder, writeLength, type CellEncoder, type EncodeCell } from './cell-encoder.js'
import { writeInteger, writePadded, writePaddedWide } from './digits.js'
import { takeDate, takeDatetime, takeTime, type TemporalParts } from './packed-temporal.js'

/** Length byte, sign and 20 digits. */
const INTEGER_BYTES_MAX = 22
/** Length byte, sign, point, 65 digits and a zero before the point, with some to spare. */
const DECIMAL_BYTES_MAX = 80
/** `-1.7976931348623157e308` and its length byte. */
const DOUBLE_BYTES_MAX = 32
/** 309 digits, sign, point, 30 decimals and a length of three bytes. */
const FIXED_DOUBLE_BYTES_MAX = 352
/** `9999-12-31 23:59:59.999999` or `-838:59:59.999999`, and a length byte. */
const TEMPORAL_BYTES_MAX = 32
const DASH = 45
const COLON = 58
const POINT = 46
const SPACE = 32
/** Scales whose powers of ten leave the integer part of a safe integer to one division. */
const FAST_SCALE_MAX = 15
const POWERS: readonly number[] = Array.from({ length: FAST_SCALE_MAX + 1 }, (_, scale) => 10 ** scale)

export function textCellEncoder(type: SqlType, result: ResultCharset): CellEncoder {
  return stringEncoder(type, result) ?? numberEncoder(type)
}

function fixed(encode: EncodeCell, fixedBytesMax: number): CellEncoder {
  return { encode, fixedBytesMax, bytesPerStoredByte: 0 }
}

function numberEncoder(type: SqlType): CellEncoder {
  switch (type.name) {
    case 'decimal':
      return type.zerofill ? zerofilled(type) : fixed(decimalEncoder(type.scale), DECIMAL_BYTES_MAX)
    case 'float':
    case 'double':
      return approximateEncoder(type)
    case 'date':
      return fixed(encodeDate, TEMPORAL_BYTES_MAX)
    case 'time':
      return fixed(timeEncoder(type.scale), TEMPORAL_BYTES_MAX)
    case 'datetime':
    case 'timestamp':
      return fixed(datetimeEncoder(type.scale), TEMPORAL_BYTES_MAX)
    case 'year':
      return fixed(encodeYear, INTEGER_BYTES_MAX)
    default:
      return type.zerofill ? zerofilled(type) : fixed(encodeInteger, INTEGER_BYTES_MAX)
  }
}

/** Values wider than a safe integer are rare enough to go through their text. */
function writeText(text: string, target: Buffer, at: number): number {
  const start = writeLength(target, at, text.length)
  return start + target.latin1Write(text, start)
}

function encodeInteger(vector: Vector, row: number, target: Buffer, at: number): number {
  const { wide, values } = vector as ExactVector
  const value = wide === undefined ? (values[row] as number) : (wide[row] as ExactValue)
  if (typeof value !== 'number') return writeText(value.toString(), target, at)
  const end = writeInteger(target, at + 1, value)
  target[at] = end - at - 1
  return end
}

function encodeYear(vector: Vector, row: number, target: Buffer, at: number): number {
  target[at] = 4
  return writePadded(target, at + 1, Number(exactAt(vector, row)), 4)
}

/** ZEROFILL fills up to the display width; of a DECIMAL to its full precision. */
function zerofilled(type: SqlType): CellEncoder {
  const width = type.name === 'decimal' ? type.length + (type.scale > 0 ? 1 : 0) : type.length
  const encode: EncodeCell = (vector, row, target, at) =>
    writeText(formatDecimal(exactAt(vector, row), type.scale).padStart(width, '0'), target, at)
  return fixed(encode, DECIMAL_BYTES_MAX + width)
}

function decimalEncoder(scale: number): EncodeCell {
  if (scale === 0) return encodeInteger
  if (scale > FAST_SCALE_MAX) {
    return (vector, row, target, at) => writeText(formatDecimal(exactAt(vector, row), scale), target, at)
  }
  const power = POWERS[scale] as number
  return (vector, row, target, at) => {
    const value = exactAt(vector, row)
    if (typeof value !== 'number') return writeText(formatDecimal(value, scale), target, at)
    let start = at + 1
    if (value < 0) target[start++] = DASH
    const magnitude = Math.abs(value)
    let whole = Math.floor(magnitude / power)
    // The quotient is rounded, so a fraction of all nines can have carried into it.
    if (whole * power > magnitude) whole--
    const point = writeInteger(target, start, whole)
    target[point] = POINT
    const end = writePaddedWide(target, point + 1, magnitude - whole * power, scale)
    target[at] = end - at - 1
    return end
  }
}

function approximateEncoder(type: SqlType): CellEncoder {
  const { scale } = type
  if (scale !== NOT_FIXED_DECIMALS) {
    const width = type.zerofill ? type.length : 0
    const encode: EncodeCell = (vector, row, target, at) => {
      const text = formatFixed((vector as ApproximateVector).values[row] as number, scale)
      return writeText(text.padStart(width, '0'), target, at)
    }
    return fixed(encode, FIXED_DOUBLE_BYTES_MAX + width)
  }
  const format = type.name === 'float' ? formatFloat : formatDouble
  /** Up to these magnitudes whole numbers are their own digits. */
  const wholeMax = type.name === 'float' ? 1e6 : 1e15
  const width = type.zerofill ? type.length : 0
  const encode: EncodeCell = (vector, row, target, at) => {
    const value = (vector as ApproximateVector).values[row] as number
    if (width === 0 && value < wholeMax && value > -wholeMax && value !== 0 && Math.floor(value) === value) {
      const end = writeInteger(target, at + 1, value)
      target[at] = end - at - 1
      return end
    }
    return writeText(format(value).padStart(width, '0'), target, at)
  }
  return fixed(encode, DOUBLE_BYTES_MAX + width)
}

function writeDateParts(target: Buffer, at: number, parts: TemporalParts): number {
  writePadded(target, at, parts.year, 4)
  target[at + 4] = DASH
  writePadded(target, at + 5, parts.month, 2)
  target[at + 7] = DASH
  return writePadded(target, at + 8, parts.day, 2)
}

/** `:mm:ss` and the fraction; what stands before is the caller's. */
function writeMinutes(target: Buffer, at: number, parts: TemporalParts, scale: number): number {
  target[at] = COLON
  writePadded(target, at + 1, parts.minute, 2)
  target[at + 3] = COLON
  const end = writePadded(target, at + 4, parts.second, 2)
  if (scale === 0) return end
  target[end] = POINT
  return writePadded(target, end + 1, parts.fraction, scale)
}

function encodeDate(vector: Vector, row: number, target: Buffer, at: number): number {
  target[at] = 10
  return writeDateParts(target, at + 1, takeDate(Number(exactAt(vector, row))))
}

function timeEncoder(scale: number): EncodeCell {
  return (vector, row, target, at) => {
    const parts = takeTime(Number(exactAt(vector, row)), scale)
    let start = at + 1
    if (parts.isNegative) target[start++] = DASH
    start = writePadded(target, start, parts.hour, parts.hour > 99 ? 3 : 2)
    const end = writeMinutes(target, start, parts, scale)
    target[at] = end - at - 1
    return end
  }
}

function datetimeEncoder(scale: number): EncodeCell {
  return (vector, row, target, at) => {
    const parts = takeDatetime(exactAt(vector, row), scale)
    const date = writeDateParts(target, at + 1, parts)
    target[date] = SPACE
    const hour = writePadded(target, date + 1, parts.hour, 2)
    const end = writeMinutes(target, hour, parts, scale)
    target[at] = end - at - 1
    return end
  }
}
