/**
 * FLOAT and DOUBLE as text and back, the way MySQL does both: the shortest digits that read back as the same
 * double (six significant digits for FLOAT), plain notation while the point is near the digits and `1e20` beyond.
 */

/** Powers of ten at and beyond which the exponent form is used. */
const PLAIN_MAX = 1e15
const FLOAT_DIGITS = 6
const DOUBLE_MAX = Number.MAX_VALUE
/** The largest FLOAT as a double. */
export const FLOAT_MAX = 3.4028234663852886e38

/** MySQL's text of a DOUBLE without declared decimals. */
export function formatDouble(value: number): string {
  const magnitude = Math.abs(value)
  // JavaScript writes the same digits in plain notation from 1e-6 to 1e21.
  if (magnitude < PLAIN_MAX && magnitude >= 1e-6) return String(value)
  if (magnitude === 0) return Object.is(value, -0) ? '-0' : '0'
  return layOut(value.toExponential())
}

/** MySQL's text of a FLOAT without declared decimals: at most six significant digits. */
export function formatFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value)
  return layOut(value.toExponential(FLOAT_DIGITS - 1))
}

/** Turns `d.ddde±x` into MySQL's notation. */
function layOut(exponential: string): string {
  const negative = exponential.startsWith('-')
  const at = exponential.indexOf('e')
  const digits = exponential
    .slice(negative ? 1 : 0, at)
    .replace('.', '')
    .replace(/0+$/, '')
  const exponent = Number(exponential.slice(at + 1))
  const sign = negative ? '-' : ''
  // Where the point stands relative to the first digit, as in C's ecvt.
  const point = exponent + 1
  if (point < -14 || point > 15) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${sign}${digits.slice(0, 1)}${fraction}e${exponent}`
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length)
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/**
 * The text of at most `width` characters that keeps the most digits, plain or with an exponent; undefined if there is
 * none. For columns that are narrower than the number.
 */
export function formatWithin(value: number, width: number): string | undefined {
  let plain: string | undefined
  let exponential: string | undefined
  const magnitude = Math.abs(value)
  for (let digits = 17; digits >= 1 && (plain === undefined || exponential === undefined); digits--) {
    const rounded = value.toPrecision(digits)
    const isPlain = magnitude < 1e17 && magnitude >= 1e-15
    const candidate = isPlain
      ? trimZeros(formatFixed(Number(rounded), Math.max(digits - 1 - Math.floor(Math.log10(magnitude)), 0)))
      : undefined
    if (plain === undefined && candidate !== undefined && candidate.length <= width) plain = candidate
    const text = Number(rounded).toExponential().replace('e+', 'e')
    if (exponential === undefined && text.length <= width) exponential = text
  }
  if (plain === undefined || exponential === undefined) return plain ?? exponential
  return significantDigits(plain) >= significantDigits(exponential) ? plain : exponential
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function significantDigits(text: string): number {
  return text.replace(/e.*$/, '').replace(/[-.]/g, '').replace(/^0+/, '').length
}

/** Text with exactly `decimals` decimals (FLOAT(M,D), ROUND results): exact ties go to the even digit, as C's printf. */
export function formatFixed(value: number, decimals: number): string {
  const magnitude = Math.abs(value)
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  if (magnitude >= 1e21) {
    const whole = BigInt(magnitude).toString()
    return decimals > 0 ? `${sign}${whole}.${'0'.repeat(decimals)}` : sign + whole
  }
  const rounded = magnitude.toFixed(decimals)
  if (!isTie(magnitude, decimals) || /[02468]$/.test(rounded)) return sign + rounded
  // toFixed rounds ties up; the even neighbour is one unit lower, and its last digit is odd minus one.
  return sign + rounded.slice(0, -1) + String(Number(rounded.slice(-1)) - 1)
}

/** Whether the exact binary value lies in the middle of two decimals of `decimals` places. */
function isTie(magnitude: number, decimals: number): boolean {
  // A double that ends in 5 at place decimals + 1 has no digits behind it; 60 zeros are more than 53 bits allow by chance.
  const digits = magnitude.toFixed(Math.min(decimals + 60, 100))
  return /^50*$/.test(digits.slice(digits.indexOf('.') + 1 + decimals))
}

/** What `parseDouble` found; one object is reused, read it before the next call. */
export interface ParsedDouble {
  value: number
  /** Index after the number; 0 if the text starts with none. */
  end: number
  /** The number was beyond the largest double and was clamped to it. */
  overflow: boolean
}

const parsed: ParsedDouble = { value: 0, end: 0, overflow: false }

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

export function isSpaceCode(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

/**
 * The number at the start of `text` after white space: sign, digits, point, exponent. Anything else, hexadecimal
 * and `inf` included, is no number.
 */
export function parseDouble(text: string): ParsedDouble {
  const length = text.length
  let at = 0
  while (at < length && isSpaceCode(text.charCodeAt(at))) at++
  const start = at
  let code = text.charCodeAt(at)
  if (code === 43 || code === 45) at++
  const digitsAt = at
  while (isDigit(text.charCodeAt(at))) at++
  let digits = at - digitsAt
  if (text.charCodeAt(at) === 46) {
    const fractionAt = ++at
    while (isDigit(text.charCodeAt(at))) at++
    digits += at - fractionAt
    if (digits === 0) at = start
  }
  parsed.overflow = false
  if (digits === 0) {
    parsed.value = 0
    parsed.end = 0
    return parsed
  }
  code = text.charCodeAt(at)
  if (code === 101 || code === 69) {
    let exponentAt = at + 1
    const sign = text.charCodeAt(exponentAt)
    if (sign === 43 || sign === 45) exponentAt++
    if (isDigit(text.charCodeAt(exponentAt))) {
      at = exponentAt + 1
      while (isDigit(text.charCodeAt(at))) at++
    }
  }
  const value = Number(text.slice(start, at))
  parsed.end = at
  parsed.overflow = !Number.isFinite(value)
  parsed.value = parsed.overflow ? Math.sign(value) * DOUBLE_MAX : value
  return parsed
}

/** Whether anything but white space follows index `from`. */
export function hasGarbage(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) if (!isSpaceCode(text.charCodeAt(i))) return true
  return false
}

/** Rounds to the nearest integer, halves to the even one (C's rint): how doubles become integers. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest < 0.5) return floor
  if (rest > 0.5) return floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}
