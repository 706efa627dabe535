/**
 * Assignment to numeric columns: integers, YEAR, BIT, DECIMAL, FLOAT and DOUBLE.
 */
import { raise, shown } from './conditions.js'
import {
  compileToDecimal,
  compileToDouble,
  compileToInteger,
  integerRange,
  roundToDeclared,
} from './conversion-number.js'
import {
  clampToPrecision,
  divideTruncated,
  fitsPrecision,
  maxUnscaled,
  parseDecimal,
  rescale,
  type ParsedDecimal,
} from './decimal.js'
import { FLOAT_MAX, hasGarbage, parseDouble, roundHalfEven } from './double-format.js'
import type { EvaluationContext } from './evaluation.js'
import { sqlError } from './sql-error.js'
import {
  BIGINT_TYPE,
  decimalType,
  DOUBLE_TYPE,
  isBinary,
  isInteger,
  isString,
  isTemporal,
  NOT_FIXED_DECIMALS,
  type SqlType,
} from './sql-type.js'
import type { NonNullStore } from './store.js'
import { exact, type ExactValue, type Value } from './value.js'
import { textOf } from './value-text.js'

const UINT64_MAX = 18446744073709551615n
/** Wide enough for any source without losing decimals that matter. */
const WIDE_DECIMAL = decimalType(65, 30)

function isIntegerSource(type: SqlType): boolean {
  return isInteger(type) || ['year', 'bit', 'enum', 'set'].includes(type.name)
}

// ---- integers, YEAR, BIT

export function compileStoreInteger(column: SqlType, from: SqlType): NonNullStore | undefined {
  if (column.name === 'bit') return compileStoreBit(column, from)
  const keep = column.name === 'year' ? storeYear : compileRangeCheck(column)
  if (isIntegerSource(from)) {
    if (column.name !== 'year' && fitsAlways(column, from)) return undefined
    return (value, context, name, row) => keep(value as ExactValue, context, name, row)
  }
  if (column.name === 'year' && isTemporal(from) && from.name !== 'time') return storeYearOfDate(from)
  if (isString(from)) return storeIntegerText(column, from, keep)
  const toInteger = column.name === 'year' ? compileWhole(from) : compileRounding(from)
  const refusesSign = column.unsigned && from.name === 'decimal'
  return (value, context, name, row) => {
    // Also those that would round to 0.
    if (refusesSign && (value as ExactValue) < 0) return outOfRange(context, name, row)
    return keep(toInteger(value, context), context, name, row)
  }
}

function outOfRange(context: EvaluationContext, name: string, row: number): 0 {
  raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
  return 0
}

type Keep = (value: ExactValue, context: EvaluationContext, name: string, row: number) => ExactValue

function fitsAlways(column: SqlType, from: SqlType): boolean {
  if (!isInteger(from)) return column.name === 'bigint' && from.name === 'year'
  const target = integerRange(column)
  const source = integerRange(from)
  return source.min >= target.min && source.max <= target.max
}

function compileRangeCheck(column: SqlType): Keep {
  const { min, max } = integerRange(column)
  return (value, context, name, row) => {
    if (value >= min && value <= max) return value
    raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
    return value < min ? min : max
  }
}

/** Numbers of any type rounded to integers without a limit: doubles half to even, decimals half away from zero. */
function compileRounding(from: SqlType): (value: Value, context: EvaluationContext) => ExactValue {
  if (from.name === 'decimal') return (value) => rescale(value as ExactValue, from.scale, 0)
  if (from.name === 'float' || from.name === 'double') return (value) => wholeNumber(value as number)
  if (isIntegerSource(from)) return (value) => value as ExactValue
  if (isTemporal(from)) {
    const toInteger = compileToInteger(from, BIGINT_TYPE)
    return (value, context) => (value === null ? 0 : ((toInteger?.(value, context) ?? value) as ExactValue))
  }
  const toDecimal = compileToDecimal(from, WIDE_DECIMAL)
  return (value, context) => {
    const decimal = toDecimal === undefined || value === null ? value : toDecimal(value, context)
    return rescale(decimal as ExactValue, WIDE_DECIMAL.scale, 0)
  }
}

/**
 * YEAR, BIT, ENUM and SET take the whole part of a double, and with `cutsDecimals` (ENUM and SET, which read a DECIMAL
 * as a double) of a DECIMAL; everything else as `compileRounding`.
 */
export function compileWhole(
  from: SqlType,
  cutsDecimals = false,
): (value: Value, context: EvaluationContext) => ExactValue {
  if (from.name === 'decimal' && cutsDecimals) {
    return (value) => divideTruncated(value as ExactValue, from.scale)
  }
  if (from.name !== 'float' && from.name !== 'double') return compileRounding(from)
  return (value) => wholeNumber(Math.trunc(value as number))
}

function wholeNumber(value: number): ExactValue {
  const rounded = roundHalfEven(value)
  return Number.isSafeInteger(rounded) ? rounded + 0 : exact(BigInt(rounded))
}

/** Text: the number at its start, rounded; nothing to read is ER_TRUNCATED_WRONG_VALUE_FOR_FIELD. */
function storeIntegerText(column: SqlType, from: SqlType, keep: Keep): NonNullStore {
  const textOfValue = textOf(from)
  return (value, context, name, row) => {
    const text = textOfValue(value, context)
    const parsed = parseDecimal(text)
    if (parsed.end === 0) {
      raise(context, 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'integer', shown(text), name, row)
      return 0
    }
    const integer = rescale(parsed.unscaled, parsed.scale, 0)
    const kept = keep(integer, context, name, row)
    // One condition is enough: a number out of range is not told to have garbage behind it as well.
    const isInRange = column.name === 'year' ? kept !== 0 || integer === 0 : kept === integer
    if (isInRange && hasGarbage(text, parsed.end)) raise(context, 'WARN_DATA_TRUNCATED', name, row)
    // Zeros are the year 2000 unless all four are written; the number 0 is the year 0000.
    return column.name === 'year' && integer === 0 && text.length !== 4 ? 2000 : kept
  }
}

function storeYear(value: ExactValue, context: EvaluationContext, name: string, row: number): ExactValue {
  if (value >= 1901 && value <= 2155) return value
  if (value == 0) return 0
  if (value >= 1 && value <= 69) return Number(value) + 2000
  if (value >= 70 && value <= 99) return Number(value) + 1900
  raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
  return 0
}

function storeYearOfDate(from: SqlType): NonNullStore {
  const text = textOf(from)
  return (value, context, name, row) => {
    return storeYear(Number(text(value, context).slice(0, 4)), context, name, row)
  }
}

function compileStoreBit(column: SqlType, from: SqlType): NonNullStore | undefined {
  const { max } = integerRange(column)
  if (from.name === 'bit' && from.length <= column.length) return undefined
  const rounding = isIntegerSource(from) || isString(from) ? undefined : compileWhole(from)
  const text = isString(from) && !isBinary(from) ? textOf(from) : undefined
  return (value, context, name, row) => {
    if (from.name === 'decimal' && (value as ExactValue) < 0) return outOfRange(context, name, row)
    let bits: ExactValue
    if (text !== undefined) bits = bytesInteger(Buffer.from(text(value, context), 'utf8'))
    else if (value instanceof Uint8Array) bits = bytesInteger(value)
    else bits = rounding === undefined ? (value as ExactValue) : rounding(value, context)
    if (bits < 0) bits = exact(BigInt(bits) & UINT64_MAX)
    if (bits <= max) return bits
    if (context.strict) raise(context, 'ER_DATA_TOO_LONG', name, row)
    raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
    return max
  }
}

/** Bytes as a big-endian number. */
function bytesInteger(bytes: Uint8Array): ExactValue {
  const digits = Buffer.from(bytes).toString('hex')
  return digits === '' ? 0 : exact(BigInt(`0x${digits}`))
}

// ---- DECIMAL

export function compileStoreDecimal(column: SqlType, from: SqlType): NonNullStore | undefined {
  const { scale, length } = column
  const keep: Keep = (value, context, name, row) => {
    if (column.unsigned && value < 0) {
      raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
      return 0
    }
    if (fitsPrecision(value, length)) return value
    raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
    return clampToPrecision(value, length)
  }
  if (isString(from)) return storeDecimalText(column, from, keep)
  if (isIntegerSource(from)) {
    return (value, context, name, row) => keep(rescale(value as ExactValue, 0, scale), context, name, row)
  }
  if (from.name === 'decimal') return storeDecimal(column, from, keep)
  if (from.name === 'float' || from.name === 'double') {
    return (value, context, name, row) => {
      return storeParsed(parseDecimal(String(value)), scale, keep, context, name, row)
    }
  }
  const toDecimal = compileToDecimal(from, WIDE_DECIMAL)
  return (value, context, name, row) => {
    const wide = toDecimal === undefined ? value : toDecimal(value, context)
    return keep(rescale(wide as ExactValue, WIDE_DECIMAL.scale, scale), context, name, row)
  }
}

function storeDecimal(column: SqlType, from: SqlType, keep: Keep): NonNullStore | undefined {
  const { scale } = column
  const fits =
    column.length - scale >= from.length - from.scale &&
    scale >= from.scale &&
    (!column.unsigned || from.unsigned)
  if (fits && scale === from.scale) return undefined
  if (scale >= from.scale) {
    return (value, context, name, row) => {
      return keep(rescale(value as ExactValue, from.scale, scale), context, name, row)
    }
  }
  return (value, context, name, row) => {
    const rounded = rescale(value as ExactValue, from.scale, scale)
    const isExact = rescale(rounded, scale, from.scale) == value
    const kept = keep(rounded, context, name, row)
    if (!isExact && kept === rounded) context.warn('Note', 'WARN_DATA_TRUNCATED', name, row)
    return kept
  }
}

function storeDecimalText(column: SqlType, from: SqlType, keep: Keep): NonNullStore {
  const { scale } = column
  const textOfValue = textOf(from)
  return (value, context, name, row) => {
    const text = textOfValue(value, context)
    const parsed = parseDecimal(text)
    if (parsed.end === 0) {
      raise(context, 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'decimal', shown(text), name, row)
      return 0
    }
    if (hasGarbage(text, parsed.end)) {
      if (context.strict)
        throw sqlError('ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'decimal', shown(text), name, row)
      context.warn('Note', 'WARN_DATA_TRUNCATED', name, row)
    }
    return storeParsed(parsed, scale, keep, context, name, row)
  }
}

/** Rounds to the column's decimals, with a note if that dropped any. */
function storeParsed(
  parsed: ParsedDecimal,
  scale: number,
  keep: Keep,
  context: EvaluationContext,
  name: string,
  row: number,
): ExactValue {
  const rounded = rescale(parsed.unscaled, parsed.scale, scale)
  const kept = keep(rounded, context, name, row)
  const isExact = parsed.scale <= scale || rescale(rounded, scale, parsed.scale) == parsed.unscaled
  if (!isExact && kept === rounded) context.warn('Note', 'WARN_DATA_TRUNCATED', name, row)
  return kept
}

// ---- FLOAT and DOUBLE

export function compileStoreApproximate(column: SqlType, from: SqlType): NonNullStore | undefined {
  const keep = compileApproximateCheck(column)
  if (isString(from)) return storeApproximateText(from, keep)
  const toDouble = compileToDouble(from, DOUBLE_TYPE)
  const isPlain = column.scale >= NOT_FIXED_DECIMALS && !column.unsigned
  if (isPlain && toDouble === undefined && (column.name === 'double' || from.name === 'float'))
    return undefined
  return (value, context, name, row) => {
    const double = toDouble === undefined ? value : toDouble(value, context)
    return keep(double as number, context, name, row)
  }
}

type KeepApproximate = (value: number, context: EvaluationContext, name: string, row: number) => number

function compileApproximateCheck(column: SqlType): KeepApproximate {
  const max = approximateMax(column)
  const isFloat = column.name === 'float'
  return (value, context, name, row) => {
    if (column.unsigned && value < 0) {
      raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
      return 0
    }
    const rounded = roundToDeclared(value, column)
    if (Math.abs(rounded) <= max) return isFloat ? Math.fround(rounded) : rounded
    raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
    const nearest = value < 0 ? -max : max
    return isFloat ? Math.fround(nearest) : nearest
  }
}

/** The largest value: that of the format, or M nines with D decimals. */
function approximateMax(column: SqlType): number {
  const format = column.name === 'float' ? FLOAT_MAX : Number.MAX_VALUE
  if (column.scale >= NOT_FIXED_DECIMALS) return format
  return Math.min(format, Number(maxUnscaled(column.length)) / 10 ** column.scale)
}

function storeApproximateText(from: SqlType, keep: KeepApproximate): NonNullStore {
  const textOfValue = textOf(from)
  return (value, context, name, row) => {
    const text = textOfValue(value, context)
    const { value: number, end, overflow } = parseDouble(text)
    if (overflow) raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', name, row)
    else if (end === 0 || hasGarbage(text, end)) raise(context, 'WARN_DATA_TRUNCATED', name, row)
    return keep(number, context, name, row)
  }
}
