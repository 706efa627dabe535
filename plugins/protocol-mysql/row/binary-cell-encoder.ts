/** Values as the binary protocol of prepared statements writes them (MySQL internals manual, "Binary Protocol Value"). */
import {
  type ApproximateVector,
  type ExactValue,
  type ExactVector,
  type SqlType,
  type Vector,
} from '@switchyard/core/spi'
import type { ResultCharset } from '../wire/result-charset.js'
import { exactAt, stringEncoder, type CellEncoder, type EncodeCell } from './cell-encoder.js'
import { microseconds, takeDate, takeDatetime, takeTime, type TemporalParts } from './packed-temporal.js'
import { textCellEncoder } from './text-cell-encoder.js'

const TWO_POW_32 = 0x1_0000_0000
const HOURS_PER_DAY = 24
const DATE_BYTES = 4
const SECONDS_BYTES = 7
const MICROSECONDS_BYTES = 11
const TIME_BYTES = 8
const TIME_MICROSECONDS_BYTES = 12

export function binaryCellEncoder(type: SqlType, result: ResultCharset): CellEncoder {
  const string = stringEncoder(type, result)
  if (string !== undefined) return string
  switch (type.name) {
    case 'decimal':
      return textCellEncoder(type, result)
    case 'tinyint':
      return fixed(encodeTiny, 1)
    case 'smallint':
    case 'year':
      return fixed(encodeShort, 2)
    case 'mediumint':
    case 'int':
      return fixed(encodeLong, 4)
    case 'float':
      return fixed(encodeFloat, 4)
    case 'double':
      return fixed(encodeDouble, 8)
    case 'date':
      return fixed(encodeDate, 1 + DATE_BYTES)
    case 'time':
      return fixed(timeEncoder(type.scale), 1 + TIME_MICROSECONDS_BYTES)
    case 'datetime':
    case 'timestamp':
      return fixed(datetimeEncoder(type.scale), 1 + MICROSECONDS_BYTES)
    default:
      return fixed(encodeLongLong, 8)
  }
}

function fixed(encode: EncodeCell, fixedBytesMax: number): CellEncoder {
  return { encode, fixedBytesMax, bytesPerStoredByte: 0 }
}

function encodeTiny(vector: Vector, row: number, target: Buffer, at: number): number {
  target[at] = Number(exactAt(vector, row))
  return at + 1
}

function encodeShort(vector: Vector, row: number, target: Buffer, at: number): number {
  const value = Number(exactAt(vector, row))
  target[at] = value
  target[at + 1] = value >> 8
  return at + 2
}

function writeLong(target: Buffer, at: number, value: number): number {
  target[at] = value
  target[at + 1] = value >> 8
  target[at + 2] = value >> 16
  target[at + 3] = value >> 24
  return at + 4
}

function encodeLong(vector: Vector, row: number, target: Buffer, at: number): number {
  return writeLong(target, at, Number(exactAt(vector, row)) | 0)
}

function encodeLongLong(vector: Vector, row: number, target: Buffer, at: number): number {
  const { wide, values } = vector as ExactVector
  const value = wide === undefined ? (values[row] as number) : (wide[row] as ExactValue)
  if (typeof value !== 'number') return target.writeBigUInt64LE(BigInt.asUintN(64, value), at)
  const high = Math.floor(value / TWO_POW_32)
  writeLong(target, at, (value - high * TWO_POW_32) | 0)
  return writeLong(target, at + 4, high | 0)
}

function encodeFloat(vector: Vector, row: number, target: Buffer, at: number): number {
  return target.writeFloatLE((vector as ApproximateVector).values[row] as number, at)
}

function encodeDouble(vector: Vector, row: number, target: Buffer, at: number): number {
  return target.writeDoubleLE((vector as ApproximateVector).values[row] as number, at)
}

function writeDateParts(target: Buffer, at: number, parts: TemporalParts): number {
  target[at] = parts.year
  target[at + 1] = parts.year >> 8
  target[at + 2] = parts.month
  target[at + 3] = parts.day
  return at + DATE_BYTES
}

function writeTimeOfDay(target: Buffer, at: number, parts: TemporalParts, hour: number): number {
  target[at] = hour
  target[at + 1] = parts.minute
  target[at + 2] = parts.second
  return at + 3
}

/** A length of 0 stands for '0000-00-00'. */
function encodeDate(vector: Vector, row: number, target: Buffer, at: number): number {
  const value = Number(exactAt(vector, row))
  target[at] = value === 0 ? 0 : DATE_BYTES
  return value === 0 ? at + 1 : writeDateParts(target, at + 1, takeDate(value))
}

/** Trailing parts that are zero are left out: time of day, fraction. */
function datetimeEncoder(scale: number): EncodeCell {
  return (vector, row, target, at) => {
    const value = exactAt(vector, row)
    target[at] = 0
    if (value == 0) return at + 1
    const parts = takeDatetime(value, scale)
    const date = writeDateParts(target, at + 1, parts)
    const hasTime = parts.hour + parts.minute + parts.second > 0
    if (!hasTime && parts.fraction === 0) {
      target[at] = DATE_BYTES
      return date
    }
    const time = writeTimeOfDay(target, date, parts, parts.hour)
    if (parts.fraction === 0) {
      target[at] = SECONDS_BYTES
      return time
    }
    target[at] = MICROSECONDS_BYTES
    return writeLong(target, time, microseconds(parts.fraction, scale))
  }
}

function timeEncoder(scale: number): EncodeCell {
  return (vector, row, target, at) => {
    const value = Number(exactAt(vector, row))
    target[at] = 0
    if (value === 0) return at + 1
    const parts = takeTime(value, scale)
    target[at] = parts.fraction === 0 ? TIME_BYTES : TIME_MICROSECONDS_BYTES
    target[at + 1] = parts.isNegative ? 1 : 0
    const days = Math.floor(parts.hour / HOURS_PER_DAY)
    const start = writeLong(target, at + 2, days)
    const time = writeTimeOfDay(target, start, parts, parts.hour - days * HOURS_PER_DAY)
    return parts.fraction === 0 ? time : writeLong(target, time, microseconds(parts.fraction, scale))
  }
}
