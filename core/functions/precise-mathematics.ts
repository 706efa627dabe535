/**
 * Exponential, logarithm, power and trigonometric functions, correctly rounded in all but the rarest cases. Those of
 * JavaScript engines are wrong in the last digit for some percent of arguments (Math.log(3) is one), while MySQL's come
 * from C libraries that hardly ever are: so the same query would print other digits here.
 *
 * Values are carried as unevaluated sums of two doubles, about 31 digits, and rounded once at the end. The engine's
 * function gives the first approximation, which one Newton step then corrects.
 */

/** The sum of two doubles that don't overlap, the larger first. */
type Sum = readonly [number, number]

const LN2: Sum = [0.6931471805599453, 2.3190468138462996e-17]
/** Half of pi in three parts, so that multiples of it can be taken off without losing digits. */
const HALF_PI: Sum = [1.5707963267948966, 6.123233995736766e-17]
const HALF_PI_REST = -1.4973849048591833e-33
const ONE: Sum = [1, 0]

function twoSum(a: number, b: number): Sum {
  const sum = a + b
  const part = sum - a
  return [sum, a - (sum - part) + (b - part)]
}

/** As `twoSum` where `a` is the larger. */
function fastTwoSum(a: number, b: number): Sum {
  const sum = a + b
  return [sum, b - (sum - a)]
}

/** 2^27 + 1 splits a double into halves whose products are exact. */
const SPLITTER = 134217729

function twoProduct(a: number, b: number): Sum {
  const product = a * b
  const aScaled = SPLITTER * a
  const aHigh = aScaled - (aScaled - a)
  const aLow = a - aHigh
  const bScaled = SPLITTER * b
  const bHigh = bScaled - (bScaled - b)
  const bLow = b - bHigh
  return [product, aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow]
}

function add(a: Sum, b: Sum): Sum {
  const [high, highRest] = twoSum(a[0], b[0])
  const [low, lowRest] = twoSum(a[1], b[1])
  const [sum, rest] = fastTwoSum(high, highRest + low)
  return fastTwoSum(sum, rest + lowRest)
}

function multiply(a: Sum, b: Sum): Sum {
  const [product, rest] = twoProduct(a[0], b[0])
  return fastTwoSum(product, rest + a[0] * b[1] + a[1] * b[0])
}

function scale(a: Sum, factor: number): Sum {
  const [product, rest] = twoProduct(a[0], factor)
  return fastTwoSum(product, rest + a[1] * factor)
}

function divide(a: Sum, b: Sum): Sum {
  const first = a[0] / b[0]
  const rest = add(a, scale(b, -first))
  const second = rest[0] / b[0]
  const last = add(rest, scale(b, -second))[0] / b[0]
  return add(fastTwoSum(first, second), [last, 0])
}

/** `a` times 2^exponent, exactly; in two steps, since 2^1024 is no double. */
function shift(a: Sum, exponent: number): Sum {
  const half = Math.trunc(exponent / 2)
  const first = 2 ** half
  const second = 2 ** (exponent - half)
  return [a[0] * first * second, a[1] * first * second]
}

// ---- exponential ----------------------------------------------------------------------------------------------

/** 1/n!, from n = 0. */
const INVERSE_FACTORIALS: readonly Sum[] = inverseFactorials(24)

function inverseFactorials(count: number): Sum[] {
  const values: Sum[] = [ONE]
  let value = ONE
  for (let n = 1; n < count; n++) {
    value = divide(value, [n, 0])
    values.push(value)
  }
  return values
}

function inverseFactorial(n: number): Sum {
  return INVERSE_FACTORIALS[n] as Sum
}

const SQUARINGS = 9

/** e^x - 1 for a small x by its series, then squared up again: (1 + s)^2 - 1 = 2s + s^2. */
function exponential(x: Sum): Sum {
  const power = Math.round(x[0] / LN2[0])
  const reduced = shift(add(x, scale(LN2, -power)), -SQUARINGS)
  const square = multiply(reduced, reduced)
  const r = reduced[0]
  // From the fourth power on a plain double has digits enough: the terms are below 2^-45 of the sum.
  const rest = r * r * r * r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r / 5040)))
  let sum = add(multiply(multiply(square, reduced), inverseFactorial(3)), [rest, 0])
  sum = add(reduced, add(scale(square, 0.5), sum))
  for (let i = 0; i < SQUARINGS; i++) sum = add(scale(sum, 2), multiply(sum, sum))
  return shift(add(sum, ONE), power)
}

/** Below the smallest normal double and beyond the largest one there is nothing to correct. */
function isOrdinary(value: number): boolean {
  const magnitude = Math.abs(value)
  return magnitude >= 2.2250738585072014e-308 && magnitude <= Number.MAX_VALUE
}

/** e^x. */
export function exp(x: number): number {
  const approximate = Math.exp(x)
  return isOrdinary(approximate) && x !== 0 ? exponential([x, 0])[0] : approximate
}

// ---- logarithm ------------------------------------------------------------------------------------------------

/** The natural logarithm of a positive double. */
function logarithm(x: number): Sum {
  const lift = x < 2 ** -1000 ? 54 : 0
  const lifted = x * 2 ** lift
  let power = Math.floor(Math.log2(lifted))
  let mantissa = shift([lifted, 0], -power)[0]
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    power++
  }
  const ofMantissa = Math.abs(mantissa - 1) < 2 ** -10 ? logarithmNearOne(mantissa) : corrected(mantissa)
  return add(scale(LN2, power - lift), ofMantissa)
}

/** One Newton step: y + (m * e^-y - 1). */
function corrected(mantissa: number): Sum {
  const approximate = Math.log(mantissa)
  const quotient = scale(exponential([-approximate, 0]), mantissa)
  return add([approximate, 0], add(quotient, [-1, 0]))
}

/** 2 artanh((m - 1) / (m + 1)), whose series keeps all digits of a result near zero. */
function logarithmNearOne(mantissa: number): Sum {
  const ratio = divide([mantissa - 1, 0], twoSum(mantissa, 1))
  const square = multiply(ratio, ratio)
  let sum = ratio
  let term = ratio
  for (let n = 3; n <= 11; n += 2) {
    term = multiply(term, square)
    sum = add(sum, divide(term, [n, 0]))
  }
  return scale(sum, 2)
}

/** The natural logarithm of a positive number. */
export function log(x: number): number {
  return Number.isFinite(x) && x !== 1 ? logarithm(x)[0] : Math.log(x)
}

/** x to the power of y. */
export function pow(x: number, y: number): number {
  const approximate = x ** y
  const magnitude = Math.abs(x)
  if (!isOrdinary(approximate) || magnitude === 1 || y === 0 || y === 1) return approximate
  const result = exponential(scale(logarithm(magnitude), y))[0]
  return approximate < 0 ? -result : result
}

// ---- trigonometry ---------------------------------------------------------------------------------------------

/** Beyond this the reduction by multiples of half pi would lose digits, and the engine's function answers. */
const REDUCIBLE_MAX = 2 ** 20
/** Highest power of the series; the next one is below 2^-75 for an eighth of a turn. */
const SINE_DEGREE = 21

interface Turned {
  /** Quarter turns taken off, 0 to 3. */
  readonly quarter: number
  readonly sine: Sum
  readonly cosine: Sum
}

/** Sine and cosine of what is left of `x` after whole quarter turns. */
function turn(x: number): Turned {
  const quarters = Math.round(x / HALF_PI[0])
  const reduced = add(add([x, 0], scale(HALF_PI, -quarters)), [-quarters * HALF_PI_REST, 0])
  const square = multiply(reduced, reduced)
  let sine = inverseFactorial(SINE_DEGREE)
  let cosine = inverseFactorial(SINE_DEGREE - 1)
  for (let n = SINE_DEGREE - 2; n > 0; n -= 2) {
    sine = add(inverseFactorial(n), negate(multiply(sine, square)))
    cosine = add(inverseFactorial(n - 1), negate(multiply(cosine, square)))
  }
  sine = multiply(sine, reduced)
  return { quarter: ((quarters % 4) + 4) % 4, sine, cosine }
}

function negate(a: Sum): Sum {
  return [-a[0], -a[1]]
}

function sineSum(x: number): Sum {
  const { quarter, sine, cosine } = turn(x)
  const value = quarter % 2 === 0 ? sine : cosine
  return quarter < 2 ? value : negate(value)
}

function cosineSum(x: number): Sum {
  const { quarter, sine, cosine } = turn(x)
  const value = quarter % 2 === 0 ? cosine : sine
  return quarter === 1 || quarter === 2 ? negate(value) : value
}

function isReducible(x: number): boolean {
  return x !== 0 && Math.abs(x) < REDUCIBLE_MAX
}

export function sin(x: number): number {
  return isReducible(x) ? sineSum(x)[0] : Math.sin(x)
}

export function cos(x: number): number {
  return isReducible(x) ? cosineSum(x)[0] : Math.cos(x)
}

export function tan(x: number): number {
  return isReducible(x) ? divide(sineSum(x), cosineSum(x))[0] : Math.tan(x)
}

/** The angle of the point (x, y): one Newton step from the engine's answer. */
export function atan2(y: number, x: number): number {
  const approximate = Math.atan2(y, x)
  if (!isOrdinary(x) || !isOrdinary(y) || !isOrdinary(approximate)) return approximate
  const sine = sineSum(approximate)
  const cosine = cosineSum(approximate)
  const across = add(scale(cosine, y), scale(sine, -x))
  const along = add(scale(cosine, x), scale(sine, y))
  const correction = across[0] / along[0]
  return Number.isFinite(correction) ? approximate + correction : approximate
}

export function atan(x: number): number {
  return Number.isFinite(x) ? atan2(x, 1) : Math.atan(x)
}

export function asin(x: number): number {
  const approximate = Math.asin(x)
  if (!isOrdinary(approximate) || Math.abs(x) === 1) return approximate
  return approximate + add([x, 0], negate(sineSum(approximate)))[0] / cosineSum(approximate)[0]
}

export function acos(x: number): number {
  const approximate = Math.acos(x)
  if (!isOrdinary(approximate) || Math.abs(x) === 1) return approximate
  return approximate + add(cosineSum(approximate), [-x, 0])[0] / sineSum(approximate)[0]
}
