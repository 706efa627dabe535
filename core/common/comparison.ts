/**
 * Order and equality of values, and the type in which two operands of different types are compared (MySQL manual 14.3
 * "Type Conversion in Expression Evaluation").
 */
import { compareBytes } from './bytes.js'
import { requireCollation } from './collations.js'
import { compareJsonTexts, jsonHashKey } from './json-compare.js'
import {
  BIGINT_TYPE,
  binaryType,
  DATE_TYPE,
  datetimeType,
  DOUBLE_TYPE,
  hasDate,
  isApproximate,
  isBinary,
  isInteger,
  isNumeric,
  isTemporal,
  isText,
  JSON_TYPE,
  NULL_TYPE,
  representationOf,
  textType,
  timestampType,
  timeType,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from './sql-type.js'
import { decimalsOf, wholeDigits } from './type-merge.js'
import type { Value } from './value.js'
import { latin1Text, textLengthMax } from './value-text.js'

export { resultTypeOf } from './type-merge.js'

/** Negative, zero or positive for two non-NULL values of one type. */
export type Comparator = (a: Value, b: Value) => number

const compareNumbers: Comparator = (a, b) => {
  const x = a as number | bigint
  const y = b as number | bigint
  return x < y ? -1 : x > y ? 1 : 0
}

/** The order of a type's values: text by its collation, JSON by MySQL's rules, ENUM by index. */
export function comparatorOf(type: SqlType): Comparator {
  switch (representationOf(type)) {
    case 'exact':
    case 'approximate':
      return compareNumbers
    case 'bytes':
      return (a, b) => compareBytes(a as Uint8Array, b as Uint8Array)
    case 'json':
      return (a, b) => compareJsonTexts(a as string, b as string)
    case 'text': {
      const collation = requireCollation(type.collation)
      return (a, b) => collation.compare(a as string, b as string)
    }
  }
}

/** A key of a Map: equal for values that compare equal, different for all others. */
export type HashKey = string | number | bigint

/** Keys of a type's non-NULL values. Values of types that differ in scale must be converted first. */
export function hashKeyOf(type: SqlType): (value: Value) => HashKey {
  switch (representationOf(type)) {
    case 'exact':
      return (value) => value as number | bigint
    case 'approximate':
      // -0 and 0 are equal, as keys of a Map as well as here; adding 0 keeps the answer the same for all uses.
      return (value) => (value as number) + 0
    case 'bytes':
      return (value) => latin1Text(value as Uint8Array)
    case 'json':
      return (value) => jsonHashKey(value as string)
    case 'text': {
      const collation = requireCollation(type.collation)
      return (value) => collation.hashKey(value as string)
    }
  }
}

/** What is known of an operand of a comparison. */
export interface ComparisonOperand {
  readonly type: SqlType
  readonly isConstant: boolean
  /** A column as it is; absent for expressions. */
  readonly isColumn?: boolean
}

const MICROSECOND_DIGITS = 6

/**
 * The type in which two operands are compared; both are then to be converted to it (`compileConversion`), except that
 * operands of JSON comparisons become JSON values by `compileJsonNode`. `textCollation` is what two string operands
 * agreed on.
 */
export function comparisonType(a: ComparisonOperand, b: ComparisonOperand, textCollation: string): SqlType {
  if (a.type.name === 'null') return b.type.name === 'null' ? NULL_TYPE : b.type
  if (b.type.name === 'null') return a.type
  if (a.type.name === 'json' || b.type.name === 'json') return JSON_TYPE
  if (isTemporal(a.type) || isTemporal(b.type)) return compareTemporals(a, b, textCollation)
  const numberA = isNumeric(a.type)
  const numberB = isNumeric(b.type)
  if (numberA && numberB) return exactOrDouble(a.type, b.type)
  if (numberA || numberB) return compareNumberWithString(numberA ? b.type : a.type, numberA ? a.type : b.type)
  return compareStrings(a.type, b.type, textCollation)
}

/** Integers as they are, DECIMAL if a digit could be lost otherwise, DOUBLE with FLOAT and DOUBLE. */
function exactOrDouble(a: SqlType, b: SqlType): SqlType {
  if (isApproximate(a) || isApproximate(b)) return DOUBLE_TYPE
  if (a.name !== 'decimal' && b.name !== 'decimal') {
    const unsignedA = a.unsigned || !isInteger(a)
    const unsignedB = b.unsigned || !isInteger(b)
    if (unsignedA === unsignedB) return unsignedA ? UNSIGNED_BIGINT_TYPE : BIGINT_TYPE
  }
  const scale = Math.max(decimalsOf(a), decimalsOf(b))
  const whole = Math.max(wholeDigits(a), wholeDigits(b), 20)
  // May have more than 65 digits: it lives in comparisons only, and clamping would make different values equal.
  return Object.freeze({ ...BIGINT_TYPE, name: 'decimal', length: whole + scale, scale })
}

/** ENUM and SET are their numbers beside numbers; strings become DOUBLE. */
function compareNumberWithString(string: SqlType, number: SqlType): SqlType {
  if (string.name !== 'enum' && string.name !== 'set') return DOUBLE_TYPE
  return exactOrDouble(UNSIGNED_BIGINT_TYPE, number)
}

function compareStrings(a: SqlType, b: SqlType, textCollation: string): SqlType {
  const length = Math.max(textLengthMax(a), textLengthMax(b))
  return isBinary(a) || isBinary(b) ? binaryType(length * 4) : textType(length, textCollation)
}

function compareTemporals(a: ComparisonOperand, b: ComparisonOperand, textCollation: string): SqlType {
  if (isTemporal(a.type) && isTemporal(b.type)) return twoTemporals(a.type, b.type)
  const [temporal, other] = isTemporal(a.type) ? [a, b] : [b, a]
  // Numbers are compared as numbers unless they are constants, which are read as dates.
  if (isNumeric(other.type) && !other.isConstant) return DOUBLE_TYPE
  // Beside texts a TIME is a text, unless it is a column and the text is a constant, which then is read as a time.
  const isReadAsTime = temporal.isColumn === true && other.isConstant
  if (temporal.type.name === 'time' && isText(other.type) && !isReadAsTime) {
    return textType(Math.max(textLengthMax(temporal.type), other.type.length), textCollation)
  }
  return hasDate(temporal.type) ? datetimeType(MICROSECOND_DIGITS) : timeType(MICROSECOND_DIGITS)
}

function twoTemporals(a: SqlType, b: SqlType): SqlType {
  const scale = Math.max(a.scale, b.scale)
  if (a.name !== b.name) return datetimeType(scale)
  if (a.name === 'date') return DATE_TYPE
  if (a.name === 'time') return timeType(scale)
  return a.name === 'timestamp' ? timestampType(scale) : datetimeType(scale)
}

/** Whether values of two types can be compared with `comparatorOf` without a conversion. */
export function compareDirectly(a: SqlType, b: SqlType): boolean {
  if (isInteger(a) && isInteger(b)) return true
  if (isApproximate(a) && isApproximate(b)) return true
  if (isText(a) && isText(b)) return a.collation === b.collation
  if (isBinary(a) && isBinary(b)) return true
  if (isTemporal(a)) return a.name === b.name && a.scale === b.scale
  return a.name === 'decimal' && b.name === 'decimal' && a.scale === b.scale
}
