/**
 * Types that functions answer with, named as MySQL's manual talks of them.
 */
import { rescale } from '../common/decimal.js'
import { roundHalfEven } from '../common/double-format.js'
import {
  BIGINT_TYPE,
  isApproximate,
  textType,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { latin1Text, textLengthMax } from '../common/value-text.js'
import { domainLength, domainType } from './string-domain.js'
import type { Call } from './support.js'

/** The collation of names that the server itself gives: databases, users, character sets. */
const SYSTEM_COLLATION = 'utf8mb3_general_ci'

/** Of functions that may answer any BIGINT. */
const BIGINT_WIDTH = 21
const INTEGERS = new Map<number, SqlType>()

/**
 * BIGINT of at most `digits` digits: how MySQL describes most integers that functions answer. The display width has
 * room for a sign, because the digits of a DECIMAL made of it are counted without one.
 */
export function integerType(digits: number): SqlType {
  let type = INTEGERS.get(digits)
  if (type === undefined) {
    type = Object.freeze({ ...BIGINT_TYPE, length: Math.min(digits + 1, BIGINT_WIDTH) })
    INTEGERS.set(digits, type)
  }
  return type
}

export function unsignedIntegerType(width: number): SqlType {
  return width === UNSIGNED_BIGINT_TYPE.length
    ? UNSIGNED_BIGINT_TYPE
    : Object.freeze({ ...UNSIGNED_BIGINT_TYPE, length: width })
}

/** Text of `length` characters in the connection's collation: digits, hashes and the like. */
export function connectionText(length: number): (call: Call) => SqlType {
  return (call) => textType(length, call.environment.connectionCollation)
}

/** Text of `length` characters in the collation of system names. */
export function systemText(length: number): SqlType {
  return textType(length, SYSTEM_COLLATION)
}

/** Greatest length MySQL ever gives a string: 4 GiB. */
export const STRING_LENGTH_MAX = 4294967295

/** A string in the domain of the arguments that is as long as the given argument may be. */
export function likeArgument(index: number): (call: Call) => SqlType {
  return (call) => domainType(call.strings, lengthOf(call, index))
}

/** A string in the domain of the arguments, of at most `length(call)` characters (bytes in a binary domain). */
export function stringOf(length: (call: Call) => number): (call: Call) => SqlType {
  return (call) => domainType(call.strings, Math.min(length(call), STRING_LENGTH_MAX))
}

/** Most characters (bytes in a binary domain) of an argument. */
export function lengthOf(call: Call, index: number): number {
  const argument = call.args[index]
  return argument === undefined ? 0 : domainLength(call.strings, argument.type)
}

/** Most characters of an argument as text, whatever the domain is. */
export function charactersOf(call: Call, index: number): number {
  const argument = call.args[index]
  return argument === undefined ? 0 : textLengthMax(argument.type)
}

/** The value of a constant argument as an integer; undefined if it isn't constant or is NULL. Ties the plan to it. */
export function constantInteger(call: Call, index: number): number | undefined {
  const argument = call.args[index]
  const value = argument?.constant?.value
  if (argument === undefined || value === undefined || value === null) return undefined
  return clampToSafe(wholeNumber(value, argument.type))
}

function wholeNumber(value: Exclude<Value, null>, type: SqlType): number {
  if (typeof value === 'string') return Number(/^\s*[+-]?\d+/.exec(value)?.[0] ?? 0)
  if (value instanceof Uint8Array) return wholeNumber(latin1Text(value), type)
  if (type.name === 'decimal') return Number(rescale(value, type.scale, 0))
  return isApproximate(type) ? roundHalfEven(Number(value)) : Number(value)
}

function clampToSafe(value: number): number {
  return Math.max(Math.min(value, Number.MAX_SAFE_INTEGER), -Number.MAX_SAFE_INTEGER)
}
