/**
 * Values read straight from their text in bytes, for bulk loading: only the plain forms that nearly all values have. NaN stands for
 * everything else, which the rules of assignment then take a closer look at.
 */
import { createFields, daysInMonth, packDate, packDatetime } from './temporal.js'

const ZERO = 0x30
const MINUS = 0x2d
const POINT = 0x2e
const SPACE = 0x20
const COLON = 0x3a
/** So many digits are a safe integer. */
const DIGITS_MAX = 15
const DATE_LENGTH = 10
const DATETIME_LENGTH = 19

/** Digits with a minus sign in front of them, or not. */
export function plainInteger(bytes: Uint8Array, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS
  const from = isNegative ? start + 1 : start
  if (from >= end || end - from > DIGITS_MAX) return NaN
  let value = 0
  for (let i = from; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return isNegative ? 0 - value : value
}

/** Digits with at most `scale` of them behind a point, in units of 10^-scale. */
export function plainDecimal(bytes: Uint8Array, start: number, end: number, scale: number): number {
  const isNegative = bytes[start] === MINUS
  const from = isNegative ? start + 1 : start
  let value = 0
  let digits = 0
  let decimals = -1
  for (let i = from; i < end; i++) {
    const byte = bytes[i] as number
    if (byte === POINT && decimals < 0) {
      decimals = 0
      continue
    }
    const digit = byte - ZERO
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
    digits++
    if (decimals >= 0) decimals++
  }
  const missing = scale - Math.max(decimals, 0)
  if (digits === 0 || missing < 0 || digits + missing > DIGITS_MAX) return NaN
  for (let i = 0; i < missing; i++) value *= 10
  return isNegative ? 0 - value : value
}

const fields = createFields()

/** `2024-02-29`, an existing day, as a packed DATE. */
export function plainDate(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== DATE_LENGTH || !readDate(bytes, start)) return NaN
  return packDate(fields)
}

/** `2024-02-29 12:30:00` as a packed DATETIME with so many decimals. */
export function plainDatetime(bytes: Uint8Array, start: number, end: number, decimals: number): number {
  if (end - start !== DATETIME_LENGTH || bytes[start + DATE_LENGTH] !== SPACE || !readDate(bytes, start))
    return NaN
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return NaN
  fields.hour = digitsAt(bytes, start + 11, 2)
  fields.minute = digitsAt(bytes, start + 14, 2)
  fields.second = digitsAt(bytes, start + 17, 2)
  if (!(fields.hour < 24 && fields.minute < 60 && fields.second < 60)) return NaN
  const packed = packDatetime(fields, decimals)
  return typeof packed === 'number' ? packed : NaN
}

function readDate(bytes: Uint8Array, start: number): boolean {
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS) return false
  fields.year = digitsAt(bytes, start, 4)
  fields.month = digitsAt(bytes, start + 5, 2)
  fields.day = digitsAt(bytes, start + 8, 2)
  // Comparisons with NaN are false.
  if (!(fields.year > 0 && fields.month > 0 && fields.month <= 12 && fields.day > 0)) return false
  return fields.day <= daysInMonth(fields.year, fields.month)
}

function digitsAt(bytes: Uint8Array, start: number, count: number): number {
  let value = 0
  for (let i = start; i < start + count; i++) {
    const digit = (bytes[i] as number) - ZERO
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return value
}

/** Whether all of the bytes are ASCII. */
export function isPlainText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] as number) >= 0x80) return false
  return true
}
