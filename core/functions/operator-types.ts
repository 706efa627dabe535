/**
 * Types of arithmetic: what operands are converted to, and digits of results (MySQL manual 14.6.1 "Arithmetic
 * Operators").
 */
import {
  BIGINT_TYPE,
  DECIMAL_PRECISION_MAX,
  DECIMAL_SCALE_MAX,
  decimalType,
  DOUBLE_TYPE,
  isApproximate,
  isInteger,
  NOT_FIXED_DECIMALS,
  type SqlType,
  type TypeName,
} from '../common/sql-type.js'
import { decimalsOf, wholeDigits } from '../common/type-merge.js'
import { sqlError, type SqlError } from '../common/sql-error.js'
import type { ExactValue } from '../common/value.js'
import type { ArgumentInfo } from '../spi/functions.js'
import { doubleType, numericKindOf, numericTypeOf, type NumericKind } from './numeric-types.js'

const INT64_MIN = -9223372036854775808n
const INT64_MAX = 9223372036854775807n
const UINT64_MAX = 18446744073709551615n

/** DOUBLE if an operand is, else DECIMAL if one is, else integer. */
export function commonKind(args: readonly ArgumentInfo[]): NumericKind {
  const kinds = args.map((argument) => numericKindOf(argument.type))
  if (kinds.includes('double')) return 'double'
  return kinds.includes('decimal') ? 'decimal' : 'integer'
}

/** Conversions of the operands; integers beside decimals stay as they are. */
export function operandTypes(args: readonly ArgumentInfo[], kind: NumericKind): (SqlType | undefined)[] {
  return args.map(({ type }) => {
    if (kind === 'double') return isApproximate(type) || type.name === 'null' ? undefined : DOUBLE_TYPE
    const numeric = numericTypeOf(type)
    return numeric === type ? undefined : numeric
  })
}

/** Whether the operand's values can't be negative. */
export function isUnsigned(type: SqlType): boolean {
  return type.unsigned || type.name === 'bit' || type.name === 'year'
}

/** Digits of an operand as a DECIMAL. */
export interface Digits {
  readonly whole: number
  readonly scale: number
}

/** Digits before the point of the numbers that temporals are: 20240131, 8385959, 20240131101112. */
const TEMPORAL_DIGITS: Partial<Record<TypeName, number>> = { date: 8, time: 7, datetime: 14, timestamp: 14 }

export function digitsOf(type: SqlType): Digits {
  const temporal = TEMPORAL_DIGITS[type.name]
  if (temporal !== undefined) return { whole: temporal, scale: type.scale }
  const numeric = numericTypeOf(type)
  return { whole: wholeDigits(numeric), scale: decimalsOf(numeric) }
}

/** BIGINT as wide as `digits` and a sign need. */
export function bigintOfDigits(digits: number, unsigned: boolean): SqlType {
  const precision = Math.min(digits, DECIMAL_PRECISION_MAX)
  return Object.freeze({ ...BIGINT_TYPE, length: precision + (unsigned ? 0 : 1), unsigned })
}

export function decimalOfDigits(precision: number, scale: number, unsigned: boolean): SqlType {
  return decimalType(precision, Math.min(scale, DECIMAL_SCALE_MAX), unsigned)
}

/** DOUBLE with the decimals that its operands print, plus `more`. */
export function doubleOf(args: readonly ArgumentInfo[], more = 0): SqlType {
  let scale = 0
  for (const { type } of args) {
    const isExact = isInteger(type) || ['decimal', 'year', 'bit'].includes(type.name)
    scale = Math.max(scale, isExact || isApproximate(type) ? type.scale : NOT_FIXED_DECIMALS)
  }
  return scale >= NOT_FIXED_DECIMALS ? DOUBLE_TYPE : doubleType(scale + more)
}

/** Throws ER_DATA_OUT_OF_RANGE if `value` is no BIGINT; `text` is the expression as MySQL prints it. */
export function checkInteger(value: ExactValue, unsigned: boolean, text: string): ExactValue {
  if (typeof value === 'number') {
    if (value >= 0 || !unsigned) return value
  } else if (unsigned ? value >= 0n && value <= UINT64_MAX : value >= INT64_MIN && value <= INT64_MAX) {
    return value
  }
  throw rangeError(unsigned ? 'BIGINT UNSIGNED' : 'BIGINT', text)
}

/** Throws ER_DATA_OUT_OF_RANGE for infinity and NaN. */
export function checkFinite(value: number, text: string): number {
  if (Number.isFinite(value)) return value
  throw rangeError('DOUBLE', text)
}

export function rangeError(typeName: string, text: string): SqlError {
  return sqlError('ER_DATA_OUT_OF_RANGE', typeName, text)
}
