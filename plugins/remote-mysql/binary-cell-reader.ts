/**
 * From the binary form in which a remote sends values of prepared statements to our vectors (MySQL internals manual, "Binary Protocol
 * Value"). Which form a column has is said by its type on the wire, and what it becomes by ours: a pair that isn't here has no
 * reader, and the statement is sent as text.
 */
import {
  createFields,
  exact,
  isInteger,
  packDate,
  packDatetime,
  packTime,
  type ApproximateVector,
  type ExactValue,
  type ExactVector,
  type SqlType,
  type Vector,
} from '@switchyard/core/spi'
import { cellReader } from './cell-reader.js'
import { longNumber, NULL_CELL, numberBytes } from './payload.js'
import { UNSIGNED_TYPE } from './statement-command.js'

/** Appends the value at a place; answers where the next one is. */
export type BinaryCellReader = (bytes: Buffer, at: number, vector: Vector) => number

const WIRE = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  double: 5,
  timestamp: 7,
  longLong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  newDecimal: 246,
} as const

/** A FLOAT has no reader: columns of them are asked for as doubles. */
export function binaryCellReader(wireType: number, type: SqlType): BinaryCellReader | undefined {
  const isUnsigned = (wireType & UNSIGNED_TYPE) !== 0
  switch (wireType & ~UNSIGNED_TYPE) {
    case WIRE.tiny:
    case WIRE.short:
    case WIRE.year:
    case WIRE.long:
    case WIRE.int24:
    case WIRE.longLong: {
      const isWhole = isWholeOrDecimal(type) && (type.name !== 'decimal' || type.scale === 0)
      return isWhole ? integerReader(wireType & ~UNSIGNED_TYPE, isUnsigned) : undefined
    }
    case WIRE.double:
      return approximateReader(type)
    case WIRE.date:
      return type.name === 'date' ? moment(packDate) : undefined
    case WIRE.timestamp:
    case WIRE.datetime:
      return type.name === 'datetime' || type.name === 'timestamp'
        ? moment(() => packDatetime(fields, type.scale))
        : undefined
    case WIRE.time:
      return type.name === 'time' ? time(type.scale) : undefined
    case WIRE.decimal:
    case WIRE.newDecimal:
      return isWholeOrDecimal(type) ? sized(type) : undefined
    default:
      return isWholeOrDecimal(type) || HAS_OWN_FORM.has(type.name) ? undefined : sized(type)
  }
}

const HAS_OWN_FORM: ReadonlySet<string> = new Set([
  'float',
  'double',
  'date',
  'time',
  'datetime',
  'timestamp',
])

function isWholeOrDecimal(type: SqlType): boolean {
  return isInteger(type) || type.name === 'year' || type.name === 'decimal'
}

/** What comes as in the text form, behind its length. */
function sized(type: SqlType): BinaryCellReader {
  const read = cellReader(type)
  return (bytes, at, vector) => {
    const first = bytes[at] as number
    const from = at + numberBytes(first)
    const to = from + (first < NULL_CELL ? first : longNumber(bytes, at))
    read(bytes, from, to, vector)
    return to
  }
}

function integerReader(wireType: number, isUnsigned: boolean): BinaryCellReader {
  switch (wireType) {
    case WIRE.tiny:
      return integer(1, (bytes, at) => (isUnsigned ? bytes.readUInt8(at) : bytes.readInt8(at)))
    case WIRE.short:
    case WIRE.year:
      return integer(2, (bytes, at) => (isUnsigned ? bytes.readUInt16LE(at) : bytes.readInt16LE(at)))
    case WIRE.longLong:
      return integer(8, isUnsigned ? unsignedLong : signedLong)
    default:
      return integer(4, (bytes, at) => (isUnsigned ? bytes.readUInt32LE(at) : bytes.readInt32LE(at)))
  }
}

const HIGH = 0x1_0000_0000
/** A number whose upper half is below this is a safe integer. */
const SAFE_HIGH = 0x20_0000

function signedLong(bytes: Buffer, at: number): ExactValue {
  const high = bytes.readInt32LE(at + 4)
  const isSafe = high < SAFE_HIGH && high >= -SAFE_HIGH
  return isSafe ? high * HIGH + bytes.readUInt32LE(at) : exact(bytes.readBigInt64LE(at))
}

function unsignedLong(bytes: Buffer, at: number): ExactValue {
  const high = bytes.readUInt32LE(at + 4)
  return high < SAFE_HIGH ? high * HIGH + bytes.readUInt32LE(at) : exact(bytes.readBigUInt64LE(at))
}

function integer(size: number, read: (bytes: Buffer, at: number) => ExactValue): BinaryCellReader {
  return (bytes, at, vector) => {
    ;(vector as ExactVector).push(read(bytes, at))
    return at + size
  }
}

function approximateReader(type: SqlType): BinaryCellReader | undefined {
  if (type.name !== 'double' && type.name !== 'float') return undefined
  const isFloat = type.name === 'float'
  return (bytes, at, vector) => {
    const value = bytes.readDoubleLE(at)
    ;(vector as ApproximateVector).pushNumber(isFloat ? Math.fround(value) : value)
    return at + 8
  }
}

/** Reused: nobody keeps it. */
const fields = createFields()

/** Trailing zeros of dates and times are left out, in steps: of these lengths each has the one before in it. */
const DATE_BYTES = 4
const SECOND_BYTES = 7

function moment(pack: (from: typeof fields) => ExactValue): BinaryCellReader {
  return (bytes, at, vector) => {
    const size = bytes[at] as number
    const from = at + 1
    fields.negative = false
    fields.year = fields.month = fields.day = 0
    fields.hour = fields.minute = fields.second = fields.microsecond = fields.nanosecond = 0
    if (size >= DATE_BYTES) {
      fields.year = bytes.readUInt16LE(from)
      fields.month = bytes[from + 2] as number
      fields.day = bytes[from + 3] as number
    }
    if (size >= SECOND_BYTES) setTimeOfDay(bytes, from + DATE_BYTES, 0)
    if (size > SECOND_BYTES) fields.microsecond = bytes.readUInt32LE(from + SECOND_BYTES)
    ;(vector as ExactVector).push(pack(fields))
    return from + size
  }
}

const TIME_BYTES = 8
const HOURS_PER_DAY = 24

/** Sign and days come before the time of day. */
function time(scale: number): BinaryCellReader {
  return (bytes, at, vector) => {
    const size = bytes[at] as number
    const from = at + 1
    fields.negative = size > 0 && bytes[from] === 1
    fields.hour = fields.minute = fields.second = fields.microsecond = fields.nanosecond = 0
    if (size > 0) setTimeOfDay(bytes, from + 5, bytes.readUInt32LE(from + 1))
    if (size > TIME_BYTES) fields.microsecond = bytes.readUInt32LE(from + TIME_BYTES)
    ;(vector as ExactVector).push(packTime(fields, scale))
    return from + size
  }
}

function setTimeOfDay(bytes: Buffer, from: number, days: number): void {
  fields.hour = (bytes[from] as number) + days * HOURS_PER_DAY
  fields.minute = bytes[from + 1] as number
  fields.second = bytes[from + 2] as number
}
