/**
 * Numeric types of arguments and results (MySQL manual 14.6.2 "Mathematical Functions").
 */
import { sqlError, type SqlError } from '../common/sql-error.js'
import {
  BIGINT_TYPE,
  DOUBLE_TYPE,
  isApproximate,
  isInteger,
  isNumeric,
  isTemporal,
  NOT_FIXED_DECIMALS,
  decimalType,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import type { Call } from './support.js'

/** `integer` counts ones, `decimal` counts 10^-scale, `double` is a JavaScript number. */
export type NumericKind = 'integer' | 'decimal' | 'double'

/** The type that an argument of kind `number` has when the function gets it. */
export function numericTypeOf(type: SqlType): SqlType {
  if (isTemporal(type)) return type.scale > 0 ? decimalType(14 + type.scale, type.scale) : BIGINT_TYPE
  return isNumeric(type) || type.name === 'null' ? type : DOUBLE_TYPE
}

export function numericKindOf(type: SqlType): NumericKind {
  const numeric = numericTypeOf(type)
  if (numeric.name === 'decimal') return 'decimal'
  return isApproximate(numeric) || numeric.name === 'null' ? 'double' : 'integer'
}

/** BIGINT of the argument's sign and width: what functions that keep integers answer for one. */
export function bigintLike(type: SqlType): SqlType {
  const numeric = numericTypeOf(type)
  const base = numeric.unsigned || numeric.name === 'bit' ? UNSIGNED_BIGINT_TYPE : BIGINT_TYPE
  const width = isInteger(numeric) || numeric.name === 'year' ? numeric.length : base.length
  return width === base.length ? base : Object.freeze({ ...base, length: width })
}

/** DOUBLE that prints `scale` decimals, or as many as it has if `scale` is NOT_FIXED_DECIMALS or more. */
export function doubleType(scale: number): SqlType {
  if (scale >= NOT_FIXED_DECIMALS) return DOUBLE_TYPE
  return Object.freeze({ ...DOUBLE_TYPE, length: 17 + scale, scale })
}

const SIGNED_MIN = -9223372036854775808n
const SIGNED_MAX = 9223372036854775807n
const UNSIGNED_MAX = 18446744073709551615n

/** Throws ER_DATA_OUT_OF_RANGE if `value` isn't a BIGINT (unsigned or not); else returns it. */
export function checkBigint(call: Call, value: ExactValue, unsigned: boolean): ExactValue {
  if (typeof value === 'number') {
    if (value >= 0 || !unsigned) return value
  } else if (unsigned ? value >= 0n && value <= UNSIGNED_MAX : value >= SIGNED_MIN && value <= SIGNED_MAX) {
    return value
  }
  throw outOfRange(call, unsigned ? 'BIGINT UNSIGNED' : 'BIGINT')
}

/** Throws ER_DATA_OUT_OF_RANGE for infinity and NaN; else returns `value`. */
export function checkDouble(call: Call, value: number): number {
  if (Number.isFinite(value)) return value
  throw outOfRange(call, 'DOUBLE')
}

/** The call as error messages show it. */
export function callText(call: Call): string {
  return `${call.name}(${call.args.map(({ text }) => text).join(',')})`
}

function outOfRange(call: Call, typeName: string): SqlError {
  return sqlError('ER_DATA_OUT_OF_RANGE', typeName, callText(call))
}
