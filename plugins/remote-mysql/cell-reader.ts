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

/** Appends a cell to a vector of the type. */
export type CellReader = (cell: Buffer, vector: Vector) => void

/** For columns of the type: what isn't text or bytes comes as MySQL writes it. */
export function cellReader(type: SqlType): CellReader {
  switch (type.name) {
    case 'float':
      return approximate(Math.fround)
    case 'double':
      return approximate((value) => value)
    case 'decimal':
      return exactly((cell) => decimalOf(cell, type.scale))
    case 'date':
      return exactly(dateOf)
    case 'datetime':
    case 'timestamp':
      return exactly((cell) => datetimeOf(cell, type.scale))
    case 'time':
      return exactly((cell) => timeOf(cell, type.scale))
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
      return (cell, vector) => {
        ;(vector as BytesVector).pushBytes(cell, 0, cell.length)
      }
  }
}

function exactly(read: (cell: Buffer) => ExactValue): CellReader {
  return (cell, vector) => {
    ;(vector as ExactVector).push(read(cell))
  }
}

function approximate(round: (value: number) => number): CellReader {
  return (cell, vector) => {
    ;(vector as ApproximateVector).pushNumber(round(Number(cell.latin1Slice(0, cell.length))))
  }
}

const ZERO = 48
const MINUS = 45
const POINT = 46
const COLON = 58
/** So many digits are a safe integer, whatever they are. */
const SAFE_DIGITS = 15

function integerOf(cell: Buffer): ExactValue {
  if (cell.length > SAFE_DIGITS) return exact(BigInt(cell.latin1Slice(0, cell.length)))
  const isNegative = cell[0] === MINUS
  const value = digits(cell, isNegative ? 1 : 0, cell.length)
  return isNegative ? 0 - value : value
}

function digits(cell: Buffer, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + (cell[i] as number) - ZERO
  return value
}

function decimalOf(cell: Buffer, scale: number): ExactValue {
  const { length } = cell
  const hasScale = scale === 0 ? !cell.includes(POINT) : cell[length - 1 - scale] === POINT
  if (!hasScale || length > SAFE_DIGITS) {
    const parsed = parseDecimal(cell.latin1Slice(0, length))
    return rescale(parsed.unscaled, parsed.scale, scale)
  }
  if (scale === 0) return integerOf(cell)
  const isNegative = cell[0] === MINUS
  const whole = digits(cell, isNegative ? 1 : 0, length - 1 - scale)
  const value = whole * 10 ** scale + digits(cell, length - scale, length)
  return isNegative ? 0 - value : value
}

function bitsOf(cell: Buffer): ExactValue {
  let value = 0n
  for (const byte of cell) value = (value << 8n) | BigInt(byte)
  return exact(value)
}

/** Reused: nobody keeps it. */
const fields = createFields()

function dateOf(cell: Buffer): ExactValue {
  setDate(cell)
  return packDate(fields)
}

function datetimeOf(cell: Buffer, scale: number): ExactValue {
  setDate(cell)
  setTime(cell, DATE_LENGTH + 1)
  fields.negative = false
  return packDatetime(fields, scale)
}

/** 'YYYY-MM-DD'. */
const DATE_LENGTH = 10

function timeOf(cell: Buffer, scale: number): ExactValue {
  fields.negative = cell[0] === MINUS
  setTime(cell, fields.negative ? 1 : 0)
  return packTime(fields, scale)
}

function setDate(cell: Buffer): void {
  fields.year = digits(cell, 0, 4)
  fields.month = digits(cell, 5, 7)
  fields.day = digits(cell, 8, DATE_LENGTH)
}

/** 'hh:mm:ss[.ffffff]' from a place on; hours may have three digits, and a date may stand for its midnight. */
function setTime(cell: Buffer, from: number): void {
  const target: TemporalFields = fields
  target.hour = target.minute = target.second = target.microsecond = target.nanosecond = 0
  if (from >= cell.length) return
  const minutes = cell.indexOf(COLON, from) + 1
  target.hour = digits(cell, from, minutes - 1)
  target.minute = digits(cell, minutes, minutes + 2)
  target.second = digits(cell, minutes + 3, minutes + 5)
  const fraction = minutes + 6
  if (fraction >= cell.length) return
  const count = Math.min(cell.length - fraction, MICROSECOND_DIGITS)
  target.microsecond = digits(cell, fraction, fraction + count) * 10 ** (MICROSECOND_DIGITS - count)
}

const MICROSECOND_DIGITS = 6

function memberOf(members: readonly string[]): (cell: Buffer) => number {
  const numbers = new Map(members.map((member, i) => [member, i + 1]))
  // The empty text is what an invalid value left behind.
  return (cell) => numbers.get(cell.toString()) ?? 0
}

function maskOf(members: readonly string[]): (cell: Buffer) => ExactValue {
  const bits = new Map(members.map((member, i) => [member, 1n << BigInt(i)]))
  return (cell) => {
    if (cell.length === 0) return 0
    return exact(
      cell
        .toString()
        .split(',')
        .reduce((mask, member) => mask | (bits.get(member) ?? 0n), 0n),
    )
  }
}
