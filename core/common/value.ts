/**
 * A value of SQL in JavaScript. `null` is SQL NULL; what the other forms mean depends on the static `SqlType`
 * beside them, see `Representation` in `sql-type.ts`.
 */
export type Value = null | number | bigint | string | Uint8Array

/** A non-NULL value of an exact type: a `number` while it is a safe integer, a `bigint` beyond. */
export type ExactValue = number | bigint

/** Something that may be at hand now or later; a caller awaits only what really is a promise. */
export type MaybePromise<T> = T | Promise<T>

/**
 * NULLs, to be replaced by values. An array that grows from nothing is one of small numbers first, and is changed into another kind, with
 * a call out of compiled code, by whoever finds other values in it.
 */
export function newValues(count: number): Value[] {
  return count === 1 ? [null] : new Array<Value>(count).fill(null)
}

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return value instanceof Promise
}

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER)

/** The canonical form of an integer: a number if it is safe, a bigint otherwise. */
export function exact(value: bigint): ExactValue {
  return value <= SAFE_MAX && value >= -SAFE_MAX ? Number(value) : value
}

/** `a + b` without losing a digit. */
export function addExact(a: ExactValue, b: ExactValue): ExactValue {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return exact(BigInt(a) + BigInt(b))
}

/** `a - b` without losing a digit. */
export function subtractExact(a: ExactValue, b: ExactValue): ExactValue {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return exact(BigInt(a) - BigInt(b))
}

/** `a * b` without losing a digit. */
export function multiplyExact(a: ExactValue, b: ExactValue): ExactValue {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    // A product of integers can be -0, which would print as "-0".
    if (Number.isSafeInteger(product)) return product === 0 ? 0 : product
  }
  return exact(BigInt(a) * BigInt(b))
}

export function negateExact(a: ExactValue): ExactValue {
  return typeof a === 'number' ? 0 - a : exact(-a)
}
