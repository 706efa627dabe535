/**
 * From the texts in which a remote sends values to our vectors. Numbers and times are read from their digits, without a text in
 * between; strings go from the packet into the vector as bytes.
 */
import {
  ApproximateVector,
  BytesVector,
  createFields,
  ExactVector,
  exact,
  packDate,
  packDatetime,
  packTime,
  parseDecimal,
  rescale,
  type ExactValue,
  type SqlType,
  type TemporalFields,
  type Vector,
} from '@switchyard/core/spi'

/** Appends a cell, which lies between two places, to a vector of the type. */
export type CellReader = (bytes: Buffer, from: number, to: number, vector: Vector) => void

type ReadExact = (bytes: Buffer, from: number, to: number) => ExactValue

/** For columns of the type: what isn't text or bytes comes as MySQL writes it. */
export function cellReader(type: SqlType): CellReader {
  switch (type.name) {
    case 'float':
      return approximate(Math.fround)
    case 'double':
      return approximate((value) => value)
    case 'decimal':
      return exactly((bytes, from, to) => decimalOf(bytes, from, to, type.scale))
    case 'date':
      return exactly(dateOf)
    case 'datetime':
    case 'timestamp':
      return exactly((bytes, from, to) => datetimeOf(bytes, from, to, type.scale))
    case 'time':
      return exactly((bytes, from, to) => timeOf(bytes, from, to, type.scale))
    case 'bit':
      return exactly(bitsOf)
    case 'enum':
      return exactly(memberOf(type.members ?? []))
    case 'set':
      return exactly(maskOf(type.members ?? []))
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'null':
      return exactly(integerOf)
    default:
      return (bytes, from, to, vector) => {
        ;(vector as BytesVector).pushBytes(bytes, from, to)
      }
  }
}

function exactly(read: ReadExact): CellReader {
  return (bytes, from, to, vector) => {
    ;(vector as ExactVector).push(read(bytes, from, to))
  }
}

function approximate(round: (value: number) => number): CellReader {
  return (bytes, from, to, vector) => {
    ;(vector as ApproximateVector).pushNumber(round(Number(bytes.latin1Slice(from, to))))
  }
}

const ZERO = 48
const MINUS = 45
const POINT = 46
const COLON = 58
/** So many digits are a safe integer, whatever they are. */
const SAFE_DIGITS = 15

function integerOf(bytes: Buffer, from: number, to: number): ExactValue {
  if (to - from > SAFE_DIGITS) return exact(BigInt(bytes.latin1Slice(from, to)))
  const isNegative = bytes[from] === MINUS
  const value = digits(bytes, isNegative ? from + 1 : from, to)
  return isNegative ? 0 - value : value
}

function digits(bytes: Buffer, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + (bytes[i] as number) - ZERO
  return value
}

function decimalOf(bytes: Buffer, from: number, to: number, scale: number): ExactValue {
  const point = to - 1 - scale
  const hasScale = scale === 0 ? !hasPoint(bytes, from, to) : point >= from && bytes[point] === POINT
  if (!hasScale || to - from > SAFE_DIGITS) {
    const parsed = parseDecimal(bytes.latin1Slice(from, to))
    return rescale(parsed.unscaled, parsed.scale, scale)
  }
  if (scale === 0) return integerOf(bytes, from, to)
  const isNegative = bytes[from] === MINUS
  const whole = digits(bytes, isNegative ? from + 1 : from, point)
  const value = whole * 10 ** scale + digits(bytes, point + 1, to)
  return isNegative ? 0 - value : value
}

function hasPoint(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === POINT) return true
  return false
}

function bitsOf(bytes: Buffer, from: number, to: number): ExactValue {
  let value = 0n
  for (let i = from; i < to; i++) value = (value << 8n) | BigInt(bytes[i] as number)
  return exact(value)
}

/** Reused: nobody keeps it. */
const fields = createFields()

function dateOf(bytes: Buffer, from: number): ExactValue {
  setDate(bytes, from)
  return packDate(fields)
}

function datetimeOf(bytes: Buffer, from: number, to: number, scale: number): ExactValue {
  setDate(bytes, from)
  setTime(bytes, from + DATE_LENGTH + 1, to)
  fields.negative = false
  return packDatetime(fields, scale)
}

/** 'YYYY-MM-DD'. */
const DATE_LENGTH = 10

function timeOf(bytes: Buffer, from: number, to: number, scale: number): ExactValue {
  fields.negative = bytes[from] === MINUS
  setTime(bytes, fields.negative ? from + 1 : from, to)
  return packTime(fields, scale)
}

function setDate(bytes: Buffer, from: number): void {
  fields.year = digits(bytes, from, from + 4)
  fields.month = digits(bytes, from + 5, from + 7)
  fields.day = digits(bytes, from + 8, from + DATE_LENGTH)
}

/** 'hh:mm:ss[.ffffff]' from a place on; hours may have three digits, and a date may stand for its midnight. */
function setTime(bytes: Buffer, from: number, to: number): void {
  const target: TemporalFields = fields
  target.hour = target.minute = target.second = target.microsecond = target.nanosecond = 0
  if (from >= to) return
  let colon = from
  while (colon < to && bytes[colon] !== COLON) colon++
  const minutes = colon + 1
  target.hour = digits(bytes, from, colon)
  target.minute = digits(bytes, minutes, minutes + 2)
  target.second = digits(bytes, minutes + 3, minutes + 5)
  const fraction = minutes + 6
  if (fraction >= to) return
  const count = Math.min(to - fraction, MICROSECOND_DIGITS)
  target.microsecond = digits(bytes, fraction, fraction + count) * 10 ** (MICROSECOND_DIGITS - count)
}

const MICROSECOND_DIGITS = 6

function memberOf(members: readonly string[]): ReadExact {
  const numbers = new Map(members.map((member, i) => [member, i + 1]))
  // The empty text is what an invalid value left behind.
  return (bytes, from, to) => numbers.get(bytes.utf8Slice(from, to)) ?? 0
}

function maskOf(members: readonly string[]): ReadExact {
  const bits = new Map(members.map((member, i) => [member, 1n << BigInt(i)]))
  return (bytes, from, to) => {
    if (from === to) return 0
    return exact(
      bytes
        .utf8Slice(from, to)
        .split(',')
        .reduce((mask, member) => mask | (bits.get(member) ?? 0n), 0n),
    )
  }
}
