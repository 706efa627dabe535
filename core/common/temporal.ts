/**
 * DATE, TIME, DATETIME and TIMESTAMP as exact integers, and the calendar behind them (MySQL manual 13.2 "Date and
 * Time Data Types").
 *
 * - DATE: (year * 16 + month) * 32 + day
 * - TIME(fsp): signed count of 10^-fsp seconds
 * - DATETIME(fsp), TIMESTAMP(fsp): (((year * 13 + month) * 32 + day) * 86400 + second of day) * 10^fsp + fraction,
 *   a number while that is safe (fsp up to 4 for every year) and a bigint beyond
 *
 * Values of one type therefore compare as integers; zero and partial dates ('2024-00-00') have their place. A
 * TIMESTAMP is packed as UTC civil time and meets the session's time zone only where it is read or printed. Text is
 * the business of `temporal-text.ts`.
 */
import type { TimeZone } from './evaluation.js'
import { exact, type ExactValue } from './value.js'

/** A point in time or a duration, taken apart. Mutable and reused; `hour` of a TIME goes up to 838. */
export interface TemporalFields {
  /** Only TIME can be negative. */
  negative: boolean
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  microsecond: number
  /** What a text has below microseconds, 0–999; rounding to microseconds takes it away. */
  nanosecond: number
}

export function createFields(): TemporalFields {
  return {
    negative: false,
    year: 0,
    month: 0,
    day: 0,
    hour: 0,
    minute: 0,
    second: 0,
    microsecond: 0,
    nanosecond: 0,
  }
}

export function clearFields(fields: TemporalFields): void {
  fields.year = fields.month = fields.day = 0
  clearTimeOfDay(fields)
}

export function clearTimeOfDay(fields: TemporalFields): void {
  fields.negative = false
  fields.hour = fields.minute = fields.second = fields.microsecond = fields.nanosecond = 0
}

export const SECONDS_PER_DAY = 86400
/** TIME's largest magnitude, 838:59:59. */
export const TIME_SECONDS_MAX = 838 * 3600 + 59 * 60 + 59
/** TIMESTAMP's range: '1970-01-01 00:00:01' to '2038-01-19 03:14:07' UTC. */
const TIMESTAMP_EPOCH_MIN = 1
export const TIMESTAMP_EPOCH_MAX = 2147483647
/** Day number of 1970-01-01 as TO_DAYS counts. */
const EPOCH_DAY_NUMBER = 719528
/** Day numbers that have a date: 0000-01-01 … 9999-12-31. */
const DAY_NUMBER_MAX = 3652424

const POWERS: readonly number[] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]
const BIG_POWERS: readonly bigint[] = POWERS.map(BigInt)

/** 10^digits for 0 to 6 digits. */
export function fractionUnits(digits: number): number {
  return POWERS[digits] as number
}

/** One instance for conversions that end before anyone else can start one. */
const scratch = createFields()

// ---- calendar

const MONTH_DAYS: readonly number[] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isLeapYear(year: number): boolean {
  return (year & 3) === 0 && (year % 100 !== 0 || (year % 400 === 0 && year !== 0))
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (MONTH_DAYS[month] ?? 31)
}

export function daysInYear(year: number): number {
  return isLeapYear(year) ? 366 : 365
}

/** TO_DAYS: days since year 0; the zero date is day 0, and partial dates count as MySQL counts them. */
export function dayNumber(year: number, month: number, day: number): number {
  if (year === 0 && month === 0) return 0
  let days = 365 * year + 31 * (month - 1) + day
  let y = year
  if (month <= 2) y--
  else days -= Math.trunc((month * 4 + 23) / 10)
  return days + Math.trunc(y / 4) - Math.trunc(((Math.trunc(y / 100) + 1) * 3) / 4)
}

/** Sets year, month and day of a day number; outside of 0000-01-01…9999-12-31 the zero date and false. */
export function setDayNumber(fields: TemporalFields, days: number): boolean {
  if (days < 366 || days > DAY_NUMBER_MAX) {
    fields.year = fields.month = fields.day = 0
    return false
  }
  // Civil-from-days on eras of 400 years that start in March, so that leap days come last.
  const shifted = days - 60
  const era = Math.floor(shifted / 146097)
  const dayOfEra = shifted - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  fields.day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  fields.month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  fields.year = yearOfEra + era * 400 + (fields.month <= 2 ? 1 : 0)
  return true
}

/** 0 for Monday to 6 for Sunday. */
export function weekdayOf(days: number): number {
  return (days + 5) % 7
}

export function secondOfDay(fields: TemporalFields): number {
  return fields.hour * 3600 + fields.minute * 60 + fields.second
}

export function setSecondOfDay(fields: TemporalFields, seconds: number): void {
  fields.hour = Math.floor(seconds / 3600)
  fields.minute = Math.floor(seconds / 60) % 60
  fields.second = seconds % 60
}

/** Seconds since 1970 of a civil time read as if it were UTC. */
export function civilSeconds(fields: TemporalFields): number {
  const days = dayNumber(fields.year, fields.month, fields.day) - EPOCH_DAY_NUMBER
  return days * SECONDS_PER_DAY + secondOfDay(fields)
}

/** Sets date and time of day of seconds since 1970 read as if UTC; false beyond the years 0 to 9999. */
export function setCivilSeconds(fields: TemporalFields, seconds: number): boolean {
  const days = Math.floor(seconds / SECONDS_PER_DAY)
  setSecondOfDay(fields, seconds - days * SECONDS_PER_DAY)
  return setDayNumber(fields, days + EPOCH_DAY_NUMBER)
}

// ---- packing

export function packDate(fields: TemporalFields): number {
  return (fields.year * 16 + fields.month) * 32 + fields.day
}

/** Sets all fields of a DATE. */
export function unpackDate(value: ExactValue, fields: TemporalFields): void {
  const packed = Number(value)
  fields.day = packed & 31
  fields.month = (packed >> 5) & 15
  fields.year = packed >> 9
  clearTimeOfDay(fields)
}

export function packTime(fields: TemporalFields, fractionDigits: number): number {
  const units = fractionUnits(fractionDigits)
  const magnitude =
    secondOfDay(fields) * units + Math.floor(fields.microsecond / fractionUnits(6 - fractionDigits))
  return fields.negative ? 0 - magnitude : magnitude
}

/** Sets all fields of a TIME; the date fields become zero. */
export function unpackTime(value: ExactValue, fractionDigits: number, fields: TemporalFields): void {
  const units = fractionUnits(fractionDigits)
  const magnitude = Math.abs(Number(value))
  const seconds = Math.floor(magnitude / units)
  fields.year = fields.month = fields.day = fields.nanosecond = 0
  fields.negative = value < 0
  setSecondOfDay(fields, seconds)
  fields.microsecond = (magnitude - seconds * units) * fractionUnits(6 - fractionDigits)
}

export function packDatetime(fields: TemporalFields, fractionDigits: number): ExactValue {
  const seconds =
    ((fields.year * 13 + fields.month) * 32 + fields.day) * SECONDS_PER_DAY + secondOfDay(fields)
  if (fractionDigits === 0) return seconds
  const fraction = Math.floor(fields.microsecond / fractionUnits(6 - fractionDigits))
  const packed = seconds * fractionUnits(fractionDigits) + fraction
  if (Number.isSafeInteger(packed)) return packed
  return exact(BigInt(seconds) * (BIG_POWERS[fractionDigits] as bigint) + BigInt(fraction))
}

/** Sets all fields of a DATETIME, or of a TIMESTAMP in UTC. */
export function unpackDatetime(value: ExactValue, fractionDigits: number, fields: TemporalFields): void {
  let seconds: number
  let fraction: number
  if (typeof value === 'number') {
    const units = fractionUnits(fractionDigits)
    seconds = Math.floor(value / units)
    fraction = value - seconds * units
    if (fraction < 0) {
      // The quotient of a number close to 2^53 was rounded up to the next integer.
      seconds--
      fraction += units
    }
  } else {
    const units = BIG_POWERS[fractionDigits] as bigint
    seconds = Number(value / units)
    fraction = Number(value % units)
  }
  const date = Math.floor(seconds / SECONDS_PER_DAY)
  fields.negative = false
  fields.nanosecond = 0
  setSecondOfDay(fields, seconds - date * SECONDS_PER_DAY)
  fields.microsecond = fraction * fractionUnits(6 - fractionDigits)
  fields.day = date % 32
  const months = Math.floor(date / 32)
  fields.month = months % 13
  fields.year = Math.floor(months / 13)
}

// ---- fractions of seconds

/**
 * Rounds (or with `truncate` cuts) the fraction to `fractionDigits` places. A carry moves on into seconds, for dates
 * up to the year; false if that leaves the year 9999. A TIME (no date) may then exceed its range: check it.
 */
export function roundFraction(
  fields: TemporalFields,
  fractionDigits: number,
  truncate: boolean,
  isTime: boolean,
): boolean {
  const unit = fractionUnits(6 - fractionDigits)
  const rest = fields.microsecond % unit
  const below = fields.nanosecond
  fields.nanosecond = 0
  const roundsUp = !truncate && (unit === 1 ? below >= 500 : rest * 2 >= unit)
  fields.microsecond -= rest
  if (!roundsUp) return true
  fields.microsecond += unit
  if (fields.microsecond < 1_000_000) return true
  fields.microsecond = 0
  return isTime ? carryTimeSecond(fields) : carryDatetimeSecond(fields)
}

function carryTimeSecond(fields: TemporalFields): boolean {
  setSecondOfDay(fields, secondOfDay(fields) + 1)
  return true
}

function carryDatetimeSecond(fields: TemporalFields): boolean {
  const seconds = secondOfDay(fields) + 1
  if (seconds < SECONDS_PER_DAY) {
    setSecondOfDay(fields, seconds)
    return true
  }
  // A date without a month or day has no next day; MySQL refuses it as well.
  if (fields.month === 0 || fields.day === 0) return false
  setSecondOfDay(fields, 0)
  return setDayNumber(fields, dayNumber(fields.year, fields.month, fields.day) + 1)
}

/** TIME with another number of decimals; rounded, and clamped to ±838:59:59. */
export function rescaleTime(value: ExactValue, from: number, to: number, truncate = false): number {
  const packed = Number(value)
  if (from === to) return packed
  if (to > from) return packed * fractionUnits(to - from)
  const unit = fractionUnits(from - to)
  const magnitude = Math.abs(packed)
  const quotient = Math.floor(magnitude / unit)
  const rounded = !truncate && (magnitude - quotient * unit) * 2 >= unit ? quotient + 1 : quotient
  const clamped = Math.min(rounded, TIME_SECONDS_MAX * fractionUnits(to))
  return packed < 0 ? 0 - clamped : clamped
}

/** DATETIME or TIMESTAMP with another number of decimals; undefined if rounding leaves the year 9999. */
export function rescaleDatetime(
  value: ExactValue,
  from: number,
  to: number,
  truncate = false,
): ExactValue | undefined {
  if (from === to) return value
  unpackDatetime(value, from, scratch)
  if (to < from && !roundFraction(scratch, to, truncate, false)) return undefined
  return packDatetime(scratch, to)
}

// ---- time zones

/** TIMESTAMP (UTC) to the civil time of a zone, packed with the same decimals; the zero timestamp stays zero. */
export function timestampToLocal(value: ExactValue, fractionDigits: number, zone: TimeZone): ExactValue {
  if (value == 0) return 0
  setTimestampFields(value, fractionDigits, zone, scratch)
  return packDatetime(scratch, fractionDigits)
}

/** Sets the fields of a TIMESTAMP in the civil time of a zone. */
export function setTimestampFields(
  value: ExactValue,
  fractionDigits: number,
  zone: TimeZone,
  fields: TemporalFields,
): void {
  unpackDatetime(value, fractionDigits, fields)
  if (value == 0) return
  const seconds = civilSeconds(fields)
  const offset = zone.offsetSecondsAt(seconds)
  if (offset !== 0) setCivilSeconds(fields, seconds + offset)
}

/**
 * Fields in a zone's civil time to a TIMESTAMP (packed UTC); undefined outside of TIMESTAMP's range. The fraction
 * must have been rounded. The zero date gives the zero timestamp. Changes `fields`.
 */
export function localToTimestamp(
  fields: TemporalFields,
  fractionDigits: number,
  zone: TimeZone,
): ExactValue | undefined {
  if (isZeroDate(fields)) return secondOfDay(fields) === 0 ? 0 : undefined
  const seconds = zone.epochSecondsOf(civilSeconds(fields))
  if (seconds < TIMESTAMP_EPOCH_MIN || seconds > TIMESTAMP_EPOCH_MAX) return undefined
  setCivilSeconds(fields, seconds)
  return packDatetime(fields, fractionDigits)
}

export function isZeroDate(fields: TemporalFields): boolean {
  return fields.year === 0 && fields.month === 0 && fields.day === 0
}

/** Sets the civil time in `zone` of an instant given in microseconds since 1970 UTC. */
export function setEpochMicros(fields: TemporalFields, epochMicros: number, zone: TimeZone): boolean {
  const seconds = Math.floor(epochMicros / 1_000_000)
  fields.negative = false
  fields.nanosecond = 0
  fields.microsecond = epochMicros - seconds * 1_000_000
  return setCivilSeconds(fields, seconds + zone.offsetSecondsAt(seconds))
}

// ---- intervals

/** A span as MySQL's INTERVAL units give it: months and days are calendar steps, the rest is exact. */
export interface Interval {
  readonly months: number
  readonly days: number
  readonly seconds: number
  readonly microseconds: number
}

/**
 * Adds an interval (all parts of one sign) to a date and time; a day that the target month lacks becomes its last.
 * False, with `fields` undefined, if the result leaves the years 0000 to 9999.
 */
export function addInterval(fields: TemporalFields, interval: Interval): boolean {
  if (interval.months !== 0 && !addMonths(fields, interval.months)) return false
  const { days, seconds, microseconds } = interval
  if (days === 0 && seconds === 0 && microseconds === 0) return true
  const micros = fields.microsecond + (microseconds % 1_000_000)
  const carry = Math.trunc(microseconds / 1_000_000) + Math.floor(micros / 1_000_000)
  const total = secondOfDay(fields) + seconds + carry
  const dayCarry = Math.floor(total / SECONDS_PER_DAY)
  const target = dayNumber(fields.year, fields.month, fields.day) + days + dayCarry
  fields.microsecond = micros - Math.floor(micros / 1_000_000) * 1_000_000
  setSecondOfDay(fields, total - dayCarry * SECONDS_PER_DAY)
  return Number.isSafeInteger(target) && setDayNumber(fields, target)
}

function addMonths(fields: TemporalFields, months: number): boolean {
  const total = fields.year * 12 + fields.month - 1 + months
  if (total < 0 || total >= 120000) return false
  fields.year = Math.floor(total / 12)
  fields.month = (total % 12) + 1
  fields.day = Math.min(fields.day, daysInMonth(fields.year, fields.month))
  return true
}

// ---- numbers

/** The number that a temporal is in numeric context, without fraction: 20240131, 20240131235959, -8385959. */
export function dateNumber(fields: TemporalFields): number {
  return fields.year * 10000 + fields.month * 100 + fields.day
}

export function timeNumber(fields: TemporalFields): number {
  const magnitude = fields.hour * 10000 + fields.minute * 100 + fields.second
  return fields.negative ? 0 - magnitude : magnitude
}

export function datetimeNumber(fields: TemporalFields): number {
  return dateNumber(fields) * 1_000_000 + timeNumber(fields)
}
