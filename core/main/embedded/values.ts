/**
 * Values as programs have them: of the engine's into JavaScript's, and of JavaScript's into parameters.
 */
import { textOf } from '../../common/conversion.js'
import {
  BIGINT_TYPE,
  binaryType,
  DOUBLE_TYPE,
  isInteger,
  NULL_TYPE,
  representationOf,
  textType,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from '../../common/sql-type.js'
import { exact, type Value } from '../../common/value.js'
import type { ParameterValue } from '../../spi/session.js'

/**
 * A value of a result. Integers are numbers while they are safe and `bigint`s beyond, YEAR and BIT too; FLOAT and DOUBLE are numbers;
 * binary strings are `Uint8Array`s; everything else is the text that MySQL's clients show: DECIMAL with all of its digits, dates and
 * times without a time zone, ENUM, SET, JSON.
 */
export type SqlValue = number | bigint | string | Uint8Array | null

/** A value for a `?`. Dates are given as text, because SQL's have no time zone. */
export type SqlParameter = SqlValue | boolean

export type ValueReader = (value: Value) => SqlValue

export function valueReader(type: SqlType): ValueReader {
  const isAsItIs =
    isInteger(type) ||
    type.name === 'year' ||
    type.name === 'bit' ||
    ['approximate', 'bytes', 'text', 'json'].includes(representationOf(type))
  if (isAsItIs) return (value) => value
  const text = textOf(type)
  return (value) => (value === null ? null : text(value))
}

const SHORT_TEXT_LENGTH = 16_383
const TEXT_COLLATION = 'utf8mb4_0900_ai_ci'
const SHORT_TEXT = textType(SHORT_TEXT_LENGTH, TEXT_COLLATION)
const SHORT_BYTES = binaryType(65_535)
const SIGNED_MAX = 2n ** 63n

/** Throws a TypeError for what is no SQL value. */
export function parameterValue(parameter: SqlParameter): ParameterValue {
  switch (typeof parameter) {
    case 'number':
      if (!Number.isFinite(parameter)) throw new TypeError('SQL has neither NaN nor infinities')
      return { type: Number.isSafeInteger(parameter) ? BIGINT_TYPE : DOUBLE_TYPE, value: parameter }
    case 'bigint':
      return { type: parameter < SIGNED_MAX ? BIGINT_TYPE : UNSIGNED_BIGINT_TYPE, value: exact(parameter) }
    case 'boolean':
      return { type: BIGINT_TYPE, value: Number(parameter) }
    case 'string':
      return {
        type: parameter.length <= SHORT_TEXT_LENGTH ? SHORT_TEXT : textType(parameter.length, TEXT_COLLATION),
        value: parameter,
      }
    default:
      if (parameter === null) return { type: NULL_TYPE, value: null }
      if (!(parameter instanceof Uint8Array)) {
        throw new TypeError('parameters are numbers, bigints, booleans, texts, Uint8Arrays and null')
      }
      return {
        type: parameter.length <= SHORT_BYTES.length ? SHORT_BYTES : binaryType(parameter.length),
        value: Uint8Array.prototype.slice.call(parameter),
      }
  }
}
