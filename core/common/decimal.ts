/**
 * DECIMAL arithmetic on unscaled exact integers (MySQL manual 14.24 "Precision Math"): the value of a DECIMAL is
 * `unscaled / 10^scale`. Integers are numbers while they are safe and bigints beyond, so everyday amounts never
 * touch a bigint. Rounding is half away from zero, as MySQL's.
 */
import { DECIMAL_PRECISION_MAX, DECIMAL_SCALE_MAX } from './sql-type.js'
import { addExact, exact, multiplyExact, negateExact, subtractExact, type ExactValue } from './value.js'

const SMALL_POWERS: readonly number[] = Array.from({ length: 16 }, (_, i) => 10 ** i)
const BIG_POWERS: bigint[] = [1n]

/** MySQL keeps decimals in words of nine digits; a quotient keeps all digits of its last word. */
const DIGITS_PER_WORD = 9

/** 10^n as a bigint. */
export function powerOfTen(n: number): bigint {
  for (let i = BIG_POWERS.length; i <= n; i++) BIG_POWERS.push((BIG_POWERS[i - 1] as bigint) * 10n)
  return BIG_POWERS[n] as bigint
}

/** The largest unscaled value of `precision` digits. */
export function maxUnscaled(precision: number): ExactValue {
  return precision <= 15 ? (SMALL_POWERS[precision] as number) - 1 : exact(powerOfTen(precision) - 1n)
}

/** Whether `unscaled` has at most `precision` digits. */
export function fitsPrecision(unscaled: ExactValue, precision: number): boolean {
  const max = maxUnscaled(precision)
  return unscaled <= max && unscaled >= negateExact(max)
}

/** `unscaled`, or the value of `precision` nines that is nearest to it. */
export function clampToPrecision(unscaled: ExactValue, precision: number): ExactValue {
  const max = maxUnscaled(precision)
  if (unscaled > max) return max
  const min = negateExact(max)
  return unscaled < min ? min : unscaled
}

/** The same number with `toScale` decimals, rounded half away from zero where decimals are dropped. */
export function rescale(unscaled: ExactValue, fromScale: number, toScale: number): ExactValue {
  if (fromScale === toScale) return unscaled
  if (toScale > fromScale) return scaleUp(unscaled, toScale - fromScale)
  return divideRounded(unscaled, fromScale - toScale)
}

/** `unscaled * 10^digits`. */
export function scaleUp(unscaled: ExactValue, digits: number): ExactValue {
  if (typeof unscaled === 'number' && digits <= 15) {
    const product = unscaled * (SMALL_POWERS[digits] as number)
    if (Number.isSafeInteger(product)) return product === 0 ? 0 : product
  }
  return exact(BigInt(unscaled) * powerOfTen(digits))
}

/** `unscaled / 10^digits`, rounded half away from zero. */
function divideRounded(unscaled: ExactValue, digits: number): ExactValue {
  if (typeof unscaled === 'number' && digits <= 15) {
    const divisor = SMALL_POWERS[digits] as number
    const rest = unscaled % divisor
    const quotient = (unscaled - rest) / divisor
    if (rest * 2 >= divisor) return quotient + 1
    if (rest * 2 <= -divisor) return quotient - 1
    return quotient + 0
  }
  return exact(divideRoundedBig(BigInt(unscaled), powerOfTen(digits)))
}

function divideRoundedBig(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor
  const rest = dividend % divisor
  const twice = (rest < 0n ? -rest : rest) * 2n
  if (twice < (divisor < 0n ? -divisor : divisor)) return quotient
  return dividend < 0n === divisor < 0n ? quotient + 1n : quotient - 1n
}

/** `unscaled / 10^digits` without its decimals. */
export function divideTruncated(unscaled: ExactValue, digits: number): ExactValue {
  if (typeof unscaled === 'number' && digits <= 15) {
    const divisor = SMALL_POWERS[digits] as number
    return (unscaled - (unscaled % divisor)) / divisor + 0
  }
  return exact(BigInt(unscaled) / powerOfTen(digits))
}

/**
 * ROUND(x, places): rounded half away from zero to `places` decimals, negative places left of the point; the
 * result keeps the scale of its argument.
 */
export function roundDecimal(unscaled: ExactValue, scale: number, places: number): ExactValue {
  if (places >= scale) return unscaled
  return scaleUp(divideRounded(unscaled, scale - places), scale - places)
}

/** TRUNCATE(x, places) with the scale of its argument. */
export function truncateDecimal(unscaled: ExactValue, scale: number, places: number): ExactValue {
  if (places >= scale) return unscaled
  return scaleUp(divideTruncated(unscaled, scale - places), scale - places)
}

/** The greatest integer not above the number. */
export function floorDecimal(unscaled: ExactValue, scale: number): ExactValue {
  const truncated = divideTruncated(unscaled, scale)
  return unscaled < 0 && scaleUp(truncated, scale) > unscaled ? subtractExact(truncated, 1) : truncated
}

/** The least integer not below the number. */
export function ceilingDecimal(unscaled: ExactValue, scale: number): ExactValue {
  const truncated = divideTruncated(unscaled, scale)
  return unscaled > 0 && scaleUp(truncated, scale) < unscaled ? addExact(truncated, 1) : truncated
}

/** Negative, zero or positive as a is less than, equal to or greater than b. */
export function compareDecimals(a: ExactValue, scaleA: number, b: ExactValue, scaleB: number): number {
  if (scaleA < scaleB) return compareExact(scaleUp(a, scaleB - scaleA), b)
  if (scaleB < scaleA) return compareExact(a, scaleUp(b, scaleA - scaleB))
  return compareExact(a, b)
}

function compareExact(a: ExactValue, b: ExactValue): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** a + b with the larger of both scales. */
export function addDecimals(a: ExactValue, scaleA: number, b: ExactValue, scaleB: number): ExactValue {
  if (scaleA < scaleB) return addExact(scaleUp(a, scaleB - scaleA), b)
  return addExact(a, scaleB < scaleA ? scaleUp(b, scaleA - scaleB) : b)
}

/** a - b with the larger of both scales. */
export function subtractDecimals(a: ExactValue, scaleA: number, b: ExactValue, scaleB: number): ExactValue {
  if (scaleA < scaleB) return subtractExact(scaleUp(a, scaleB - scaleA), b)
  return subtractExact(a, scaleB < scaleA ? scaleUp(b, scaleA - scaleB) : b)
}

/** a * b with the sum of the scales, rounded to 30 decimals when that is more. */
export function multiplyDecimals(a: ExactValue, scaleA: number, b: ExactValue, scaleB: number): ExactValue {
  const product = multiplyExact(a, b)
  const scale = scaleA + scaleB
  return scale > DECIMAL_SCALE_MAX ? rescale(product, scale, DECIMAL_SCALE_MAX) : product
}

/** Decimals that MySQL computes of a quotient before it rounds to the declared ones: whole words of nine. */
export function quotientScale(scaleA: number, scaleB: number, increment: number): number {
  const wordsA = Math.ceil(scaleA / DIGITS_PER_WORD) * DIGITS_PER_WORD
  const wordsB = Math.ceil(scaleB / DIGITS_PER_WORD) * DIGITS_PER_WORD
  const missing = Math.max(increment - (wordsA - scaleA) - (wordsB - scaleB), 0)
  return Math.ceil((wordsA + wordsB + missing) / DIGITS_PER_WORD) * DIGITS_PER_WORD
}

/**
 * a / b with `scale` decimals, rounded half away from zero; undefined if b is 0. MySQL rounds a quotient that it cut
 * at a later digit, which gives the same since half is decided by one digit.
 */
export function divideDecimals(
  a: ExactValue,
  scaleA: number,
  b: ExactValue,
  scaleB: number,
  scale: number,
): ExactValue | undefined {
  if (b == 0) return undefined
  // a/10^sa / (b/10^sb) * 10^scale = a * 10^(scale + sb - sa) / b
  const shift = scale + scaleB - scaleA
  const dividend = shift >= 0 ? scaleUp(a, shift) : a
  const divisor = shift >= 0 ? b : scaleUp(b, -shift)
  if (typeof dividend === 'number' && typeof divisor === 'number') return divideNumbers(dividend, divisor)
  return exact(divideRoundedBig(BigInt(dividend), BigInt(divisor)))
}

function divideNumbers(dividend: number, divisor: number): number {
  const rest = dividend % divisor
  const quotient = (dividend - rest) / divisor
  const magnitude = Math.abs(rest)
  if (magnitude < Math.abs(divisor) - magnitude) return quotient + 0
  return dividend < 0 === divisor < 0 ? quotient + 1 : quotient - 1
}

/** a / b cut at `scale` decimals: what MySQL carries inside of an expression; undefined if b is 0. */
export function divideDecimalsTruncated(
  a: ExactValue,
  scaleA: number,
  b: ExactValue,
  scaleB: number,
  scale: number,
): ExactValue | undefined {
  if (b == 0) return undefined
  const shift = scale + scaleB - scaleA
  const dividend = shift >= 0 ? scaleUp(a, shift) : a
  return integerQuotient(dividend, shift >= 0 ? b : scaleUp(b, -shift))
}

function integerQuotient(dividend: ExactValue, divisor: ExactValue): ExactValue {
  if (typeof dividend === 'number' && typeof divisor === 'number') {
    return (dividend - (dividend % divisor)) / divisor + 0
  }
  return exact(BigInt(dividend) / BigInt(divisor))
}

/** a DIV b: the integer part of the quotient; undefined if b is 0. */
export function divideToInteger(
  a: ExactValue,
  scaleA: number,
  b: ExactValue,
  scaleB: number,
): ExactValue | undefined {
  if (b == 0) return undefined
  const scale = Math.max(scaleA, scaleB)
  return integerQuotient(scaleUp(a, scale - scaleA), scaleUp(b, scale - scaleB))
}

/** a MOD b with the larger of both scales and the sign of a; undefined if b is 0. */
export function moduloDecimals(
  a: ExactValue,
  scaleA: number,
  b: ExactValue,
  scaleB: number,
): ExactValue | undefined {
  if (b == 0) return undefined
  const scale = Math.max(scaleA, scaleB)
  const dividend = scaleUp(a, scale - scaleA)
  const divisor = scaleUp(b, scale - scaleB)
  if (typeof dividend === 'number' && typeof divisor === 'number') return (dividend % divisor) + 0
  return exact(BigInt(dividend) % BigInt(divisor))
}

/** Text with exactly `scale` decimals: `formatDecimal(-5, 2)` is '-0.05'. */
export function formatDecimal(unscaled: ExactValue, scale: number): string {
  if (scale === 0) return String(unscaled)
  const negative = unscaled < 0
  const digits = String(negative ? negateExact(unscaled) : unscaled)
  const point = digits.length - scale
  const text =
    point > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : `0.${'0'.repeat(-point)}${digits}`
  return negative ? `-${text}` : text
}

/** The nearest double. */
export function decimalToDouble(unscaled: ExactValue, scale: number): number {
  if (scale === 0) return Number(unscaled)
  // A power of ten up to 10^15 and a safe integer are exact doubles, so one division rounds correctly.
  if (typeof unscaled === 'number' && scale <= 15) return unscaled / (SMALL_POWERS[scale] as number)
  return Number(formatDecimal(unscaled, scale))
}

/** What `parseDecimal` found at the start of a text. */
export interface ParsedDecimal {
  readonly unscaled: ExactValue
  readonly scale: number
  /** Index after the number; 0 if the text starts with none. */
  readonly end: number
  /** More than 65 digits before the point: `unscaled` is then the largest value of that sign. */
  readonly overflow: boolean
}

const NUMBER = /[ \t\n\v\f\r]*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?/y
const MANTISSA_ONLY = /[ \t\n\v\f\r]*[+-]?(?:\d+\.?\d*|\.\d+)/y
const NO_NUMBER: ParsedDecimal = { unscaled: 0, scale: 0, end: 0, overflow: false }
/** Decimals kept of a text; MySQL's widest decimal has 9 words of 9 digits. */
const PARSED_SCALE_MAX = 72

/** The number at the start of `text` (after white space), exact; its scale is that of the text. */
export function parseDecimal(text: string): ParsedDecimal {
  MANTISSA_ONLY.lastIndex = 0
  if (!MANTISSA_ONLY.test(text)) return NO_NUMBER
  NUMBER.lastIndex = 0
  const match = NUMBER.exec(text)
  if (match === null) return NO_NUMBER
  const [all, sign, integer = '', fraction = '', exponent] = match
  const negative = sign === '-'
  const power = exponent === undefined ? 0 : Number(exponent)
  const digits = integer + fraction
  let scale = fraction.length - power
  const significant = digits.replace(/^0+/, '').length
  if (significant - scale > DECIMAL_PRECISION_MAX) {
    const max = maxUnscaled(DECIMAL_PRECISION_MAX)
    if (significant === 0) return { unscaled: 0, scale: 0, end: all.length, overflow: false }
    return { unscaled: negative ? negateExact(max) : max, scale: 0, end: all.length, overflow: true }
  }
  let unscaled: ExactValue = digits.length <= 15 ? Number(digits) : exact(BigInt(digits))
  if (scale < 0) {
    unscaled = scaleUp(unscaled, -scale)
    scale = 0
  } else if (scale > PARSED_SCALE_MAX) {
    // Digits that are further right than anything that can be kept: 1e-300 is 0.
    const surplus = scale - PARSED_SCALE_MAX
    unscaled = surplus > digits.length ? 0 : divideTruncated(unscaled, surplus)
    scale = PARSED_SCALE_MAX
  }
  return { unscaled: negative ? negateExact(unscaled) : unscaled, scale, end: all.length, overflow: false }
}

/**
 * A double as a decimal of `scale` decimals: MySQL takes the shortest text that reads back as the same double and
 * rounds that.
 */
export function doubleToDecimal(value: number, scale: number): ExactValue {
  if (Number.isSafeInteger(value)) return scaleUp(value + 0, scale)
  const parsed = parseDecimal(String(value))
  return rescale(parsed.unscaled, parsed.scale, scale)
}
