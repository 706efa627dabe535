/**
 * Conversions to integers, DECIMAL, FLOAT and DOUBLE inside of expressions.
 */
import { raise, raiseTruncated } from './conditions.js'
import type { NonNullConversion } from './conversion.js'
import {
  clampToPrecision,
  decimalToDouble,
  doubleToDecimal,
  fitsPrecision,
  formatDecimal,
  parseDecimal,
  rescale,
} from './decimal.js'
import {
  FLOAT_MAX,
  formatDouble,
  hasGarbage,
  isSpaceCode,
  parseDouble,
  roundHalfEven,
} from './double-format.js'
import type { EvaluationContext } from './evaluation.js'
import { JsonDecimal, JsonDouble, readJson, type JsonNode } from './json.js'
import {
  isInteger,
  isTemporal,
  JSON_CONDITION_TYPE,
  NOT_FIXED_DECIMALS,
  sameType,
  type SqlType,
} from './sql-type.js'
import {
  createFields,
  dateNumber,
  datetimeNumber,
  roundFraction,
  setTimestampFields,
  timeNumber,
  unpackDate,
  unpackDatetime,
  unpackTime,
} from './temporal.js'
import { exact, type ExactValue, type Value } from './value.js'
import { textOf } from './value-text.js'

const INT64_MAX = 9223372036854775807n
const INT64_MIN = -9223372036854775808n
const UINT64_MAX = 18446744073709551615n
const TWO_64 = 18446744073709551616n

const fields = createFields()

// ---- sources

/** Whether values of the type are integers whose number is the value itself. */
function isPlainInteger(type: SqlType): boolean {
  return isInteger(type) || ['year', 'bit', 'enum', 'set'].includes(type.name)
}

/** The number of a temporal with `microsecond` decimals left in `fields`: 20240131101112. */
function temporalInteger(type: SqlType, value: ExactValue, context: EvaluationContext): number {
  switch (type.name) {
    case 'date':
      unpackDate(value, fields)
      return dateNumber(fields)
    case 'time':
      unpackTime(value, type.scale, fields)
      return timeNumber(fields)
    case 'timestamp':
      setTimestampFields(value, type.scale, context.timeZone, fields)
      return datetimeNumber(fields)
    default:
      unpackDatetime(value, type.scale, fields)
      return datetimeNumber(fields)
  }
}

/** The number of a temporal as a decimal with 6 decimals. */
function temporalMicros(type: SqlType, value: ExactValue, context: EvaluationContext): ExactValue {
  const number = temporalInteger(type, value, context)
  if (type.scale === 0) return exact(BigInt(number) * 1_000_000n)
  const micros = BigInt(fields.negative ? -fields.microsecond : fields.microsecond)
  return exact(BigInt(number) * 1_000_000n + micros)
}

/** The number of a temporal rounded to whole seconds. */
function temporalRounded(type: SqlType, value: ExactValue, context: EvaluationContext): number {
  const number = temporalInteger(type, value, context)
  if (type.scale === 0 || fields.microsecond === 0) return number
  roundFraction(fields, 0, false, type.name === 'time')
  return type.name === 'time' ? timeNumber(fields) : datetimeNumber(fields)
}

type JsonNumberNode = ExactValue | JsonDouble | JsonDecimal | string

/** What a JSON value is as a number; warns and answers 0 for arrays, objects and null. */
function jsonScalar(json: string, target: string, context: EvaluationContext): JsonNumberNode {
  const node: JsonNode = readJson(json)
  if (typeof node === 'boolean') return Number(node)
  if (typeof node === 'number' || typeof node === 'bigint' || typeof node === 'string') return node
  if (node instanceof JsonDouble || node instanceof JsonDecimal) return node
  raise(context, 'ER_INVALID_JSON_VALUE_FOR_CAST', target, '', 1)
  return 0
}

// ---- integers

/** Lowest and highest value of an integer type (also BIT and YEAR). */
export function integerRange(type: SqlType): { readonly min: ExactValue; readonly max: ExactValue } {
  if (type.name === 'bit') return { min: 0, max: exact((1n << BigInt(type.length)) - 1n) }
  if (type.name === 'year') return { min: 0, max: 2155 }
  const bits = INTEGER_BITS[type.name] ?? 64
  if (type.unsigned) return { min: 0, max: exact((1n << BigInt(bits)) - 1n) }
  const limit = 1n << BigInt(bits - 1)
  return { min: exact(-limit), max: exact(limit - 1n) }
}

const INTEGER_BITS: Readonly<Record<string, number>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  bigint: 64,
}

/** Two's complement: a negative number as UNSIGNED, or one above the signed range as SIGNED. */
function wrap(value: ExactValue, unsigned: boolean): ExactValue {
  if (unsigned) return value < 0 ? exact(BigInt(value) + TWO_64) : value
  return value > INT64_MAX ? exact(BigInt(value) - TWO_64) : value
}

export function compileToInteger(from: SqlType, to: SqlType): NonNullConversion | undefined {
  const { unsigned } = to
  if (isPlainInteger(from)) {
    const mayWrap = unsigned ? isInteger(from) && !from.unsigned : from.unsigned && from.name === 'bigint'
    return mayWrap || from.name === 'bit' || from.name === 'set'
      ? (value) => wrap(value as ExactValue, unsigned)
      : undefined
  }
  if (isTemporal(from)) {
    return (value, context) => wrap(temporalRounded(from, value as ExactValue, context), unsigned)
  }
  switch (from.name) {
    case 'decimal': {
      const { scale } = from
      return (value, context) => decimalToInteger(value as ExactValue, scale, unsigned, context)
    }
    case 'float':
    case 'double':
      return (value, context) => doubleToInteger(value as number, unsigned, context)
    case 'json':
      if (sameType(to, JSON_CONDITION_TYPE)) return jsonCondition
      return (value, context) => jsonToInteger(value as string, unsigned, context)
    default: {
      const text = textOf(from)
      return (value, context) => textToInteger(text(value, context), unsigned, context)
    }
  }
}

function decimalToInteger(
  value: ExactValue,
  scale: number,
  unsigned: boolean,
  context: EvaluationContext,
): ExactValue {
  const rounded = rescale(value, scale, 0)
  const max = unsigned ? UINT64_MAX : INT64_MAX
  if (rounded >= INT64_MIN && rounded <= max) return wrap(rounded, unsigned)
  raiseTruncated(context, 'DECIMAL', formatDecimal(value, scale))
  return rounded < 0 ? wrap(INT64_MIN, unsigned) : exact(max)
}

function doubleToInteger(value: number, unsigned: boolean, context: EvaluationContext): ExactValue {
  const rounded = roundHalfEven(value)
  if (Number.isSafeInteger(rounded)) return unsigned ? wrap(rounded + 0, true) : rounded + 0
  const big = BigInt(rounded)
  if (big >= INT64_MIN && big <= (unsigned ? UINT64_MAX : INT64_MAX)) return wrap(exact(big), unsigned)
  raiseTruncated(context, 'INTEGER', formatDouble(value))
  if (big < 0n) return unsigned ? 0 : INT64_MIN
  return unsigned ? UINT64_MAX : INT64_MAX
}

/** Every JSON value but the number 0 differs from it: false and null are other kinds of values. */
function jsonCondition(json: Exclude<Value, null>): 0 | 1 {
  const node = readJson(json as string)
  if (node instanceof JsonDouble) return node.value === 0 ? 0 : 1
  if (node instanceof JsonDecimal) return node.unscaled == 0 ? 0 : 1
  return node === 0 ? 0 : 1
}

function jsonToInteger(json: string, unsigned: boolean, context: EvaluationContext): ExactValue {
  const scalar = jsonScalar(json, 'INTEGER', context)
  if (typeof scalar === 'string') return textToInteger(scalar, unsigned, context)
  if (scalar instanceof JsonDouble) return doubleToInteger(scalar.value, unsigned, context)
  if (scalar instanceof JsonDecimal) {
    return decimalToInteger(scalar.unscaled, scalar.scale, unsigned, context)
  }
  return wrap(scalar, unsigned)
}

/** The integer at the start of a text; a fraction or an exponent is garbage here. */
function textToInteger(text: string, unsigned: boolean, context: EvaluationContext): ExactValue {
  let at = 0
  while (isSpaceCode(text.charCodeAt(at))) at++
  const sign = text.charCodeAt(at)
  if (sign === 43 || sign === 45) at++
  const start = at
  while (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++
  const digits = text.slice(start, at)
  if (digits === '' || hasGarbage(text, at)) raiseTruncated(context, 'INTEGER', text)
  if (sign === 45 && unsigned) {
    context.warn(
      'Warning',
      'ER_UNKNOWN_ERROR',
      'Cast to unsigned converted negative integer to its positive complement',
    )
  }
  if (digits.length <= 15) return wrap(sign === 45 ? 0 - Number(digits) : Number(digits), unsigned)
  return wideTextInteger(text, sign === 45 ? -BigInt(digits) : BigInt(digits), unsigned, context)
}

function wideTextInteger(
  text: string,
  value: bigint,
  unsigned: boolean,
  context: EvaluationContext,
): ExactValue {
  if (value > UINT64_MAX || value < INT64_MIN) {
    raiseTruncated(context, 'INTEGER', text)
    if (value < 0n) return unsigned ? exact(INT64_MIN + TWO_64) : INT64_MIN
    return unsigned ? UINT64_MAX : INT64_MAX
  }
  if (!unsigned && value > INT64_MAX) {
    context.warn(
      'Warning',
      'ER_UNKNOWN_ERROR',
      'Cast to signed converted positive out-of-range integer to its negative complement',
    )
  }
  return wrap(exact(value), unsigned)
}

// ---- DECIMAL

export function compileToDecimal(from: SqlType, to: SqlType, label = ''): NonNullConversion | undefined {
  const { scale } = to
  if (isPlainInteger(from)) return integerToDecimal(from, to, label)
  if (from.name === 'decimal') return decimalToDecimal(from, to, label)
  if (isTemporal(from)) {
    return (value, context) =>
      fitDecimal(rescale(temporalMicros(from, value as ExactValue, context), 6, scale), to, context, label)
  }
  if (from.name === 'float' || from.name === 'double') {
    return (value, context) => fitDecimal(doubleToDecimal(value as number, scale), to, context, label)
  }
  if (from.name === 'json') return (value, context) => jsonToDecimal(value as string, to, context, label)
  const text = textOf(from)
  return (value, context) => textToDecimal(text(value, context), to, context, label)
}

/** Digits before the point that values of an integer type have at most. */
function integerDigits(type: SqlType): number {
  switch (type.name) {
    case 'tinyint':
      return 3
    case 'smallint':
      return 5
    case 'mediumint':
      return type.unsigned ? 8 : 7
    case 'int':
      return 10
    case 'year':
      return 4
    default:
      return type.unsigned || !isInteger(type) ? 20 : 19
  }
}

function integerToDecimal(from: SqlType, to: SqlType, label: string): NonNullConversion | undefined {
  const { scale } = to
  const always = to.length - scale >= integerDigits(from)
  if (always && scale === 0) return undefined
  if (always) return (value) => rescale(value as ExactValue, 0, scale)
  return (value, context) => fitDecimal(rescale(value as ExactValue, 0, scale), to, context, label)
}

function decimalToDecimal(from: SqlType, to: SqlType, label: string): NonNullConversion | undefined {
  const fromScale = from.scale
  const { scale } = to
  const isWide = to.length - scale >= from.length - fromScale + (scale < fromScale ? 1 : 0)
  if (isWide && scale === fromScale) return undefined
  if (isWide) return (value) => rescale(value as ExactValue, fromScale, scale)
  return (value, context) => fitDecimal(rescale(value as ExactValue, fromScale, scale), to, context, label)
}

/** Clamps to the digits of the type, with ER_WARN_DATA_OUT_OF_RANGE if that changed the value. */
function fitDecimal(
  unscaled: ExactValue,
  to: SqlType,
  context: EvaluationContext,
  label: string,
): ExactValue {
  if (fitsPrecision(unscaled, to.length))
    return to.unsigned && unscaled < 0 ? clampUnsigned(context, label) : unscaled
  raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', label, 1)
  return to.unsigned && unscaled < 0 ? 0 : clampToPrecision(unscaled, to.length)
}

function clampUnsigned(context: EvaluationContext, label: string): number {
  raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', label, 1)
  return 0
}

function textToDecimal(text: string, to: SqlType, context: EvaluationContext, label: string): ExactValue {
  const parsed = parseDecimal(text)
  if (parsed.end === 0 || parsed.overflow || hasGarbage(text, parsed.end)) {
    raiseTruncated(context, 'DECIMAL', text)
  }
  return fitDecimal(rescale(parsed.unscaled, parsed.scale, to.scale), to, context, label)
}

function jsonToDecimal(json: string, to: SqlType, context: EvaluationContext, label: string): ExactValue {
  const scalar = jsonScalar(json, 'DECIMAL', context)
  if (typeof scalar === 'string') return textToDecimal(scalar, to, context, label)
  if (scalar instanceof JsonDouble)
    return fitDecimal(doubleToDecimal(scalar.value, to.scale), to, context, label)
  if (scalar instanceof JsonDecimal) {
    return fitDecimal(rescale(scalar.unscaled, scalar.scale, to.scale), to, context, label)
  }
  return fitDecimal(rescale(scalar, 0, to.scale), to, context, label)
}

// ---- FLOAT and DOUBLE

export function compileToDouble(from: SqlType, to: SqlType): NonNullConversion | undefined {
  const convert = compileWideDouble(from)
  if (to.name === 'double' || from.name === 'float') return convert
  return (value, context) =>
    toSingle(Number(convert === undefined ? value : convert(value, context)), context)
}

function toSingle(value: number, context: EvaluationContext): number {
  if (Math.abs(value) <= FLOAT_MAX) return Math.fround(value)
  raise(context, 'ER_WARN_DATA_OUT_OF_RANGE', '', 1)
  return Math.sign(value) * FLOAT_MAX
}

function compileWideDouble(from: SqlType): NonNullConversion | undefined {
  if (from.name === 'float' || from.name === 'double') return undefined
  if (isPlainInteger(from)) return (value) => Number(value)
  if (isTemporal(from)) {
    return (value, context) => {
      const number = temporalInteger(from, value as ExactValue, context)
      return fields.negative ? number - fields.microsecond / 1e6 : number + fields.microsecond / 1e6
    }
  }
  if (from.name === 'decimal') {
    const { scale } = from
    return (value) => decimalToDouble(value as ExactValue, scale)
  }
  if (from.name === 'json') return (value, context) => jsonToDouble(value as string, context)
  const text = textOf(from)
  return (value, context) => textToDouble(text(value, context), context)
}

/** The number at the start of a text as every numeric context reads it, with its warning; nothing at all is a silent 0. */
function textToDouble(text: string, context: EvaluationContext): number {
  const parsed = parseDouble(text)
  const { value, end, overflow } = parsed
  if (overflow || hasGarbage(text, end)) raiseTruncated(context, 'DOUBLE', text)
  return value
}

function jsonToDouble(json: string, context: EvaluationContext): number {
  const scalar = jsonScalar(json, 'DOUBLE', context)
  if (typeof scalar === 'string') return textToDouble(scalar, context)
  if (scalar instanceof JsonDouble) return scalar.value
  if (scalar instanceof JsonDecimal) return decimalToDouble(scalar.unscaled, scalar.scale)
  return Number(scalar)
}

/** Rounds a double to the decimals of FLOAT(M,D) and DOUBLE(M,D); others are left alone. */
export function roundToDeclared(value: number, type: SqlType): number {
  if (type.scale >= NOT_FIXED_DECIMALS) return value
  const factor = 10 ** type.scale
  const scaled = value * factor
  return Number.isFinite(scaled) && Math.abs(scaled) < 2 ** 52 ? roundHalfEven(scaled) / factor : value
}
