/**
 * Dates and times read from text and numbers (MySQL manual 11.1.3 "Date and Time Literals"); `temporal-format.ts` writes.
 * Parsers fill a `TemporalFields` and answer with status bits; what the bits mean for the statement (a warning, NULL,
 * an error) is decided by the caller.
 */
import { isSpaceCode } from './double-format.js'
import type { TimeZone } from './evaluation.js'
import { SqlMode } from './sql-mode.js'
import {
  civilSeconds,
  clearFields,
  clearTimeOfDay,
  daysInMonth,
  fractionUnits,
  isZeroDate,
  setCivilSeconds,
  setSecondOfDay,
  TIME_SECONDS_MAX,
  type TemporalFields,
} from './temporal.js'
import type { ExactValue } from './value.js'

export {
  dateText,
  datetimeText,
  formatDate,
  formatDatetime,
  formatTime,
  timeText,
} from './temporal-format.js'

/** What a parser found; FAILED means that the fields are no value. */
export const ParseStatus = {
  FAILED: 1,
  /** Something unreadable follows the value. */
  TRUNCATED: 2,
  /** A field or the whole is beyond its range; a TIME was clamped if FAILED isn't set as well. */
  OUT_OF_RANGE: 4,
  /** The text has no time of day. */
  DATE_ONLY: 8,
} as const

/** What dates are let through. */
export const DateFlag = {
  /** Month and day may be zero. */
  FUZZY: 1,
  NO_ZERO_IN_DATE: 2,
  NO_ZERO_DATE: 4,
  /** Any day up to 31 in any month. */
  INVALID_DATES: 8,
} as const

/** The flags that `sql_mode` sets for casts and stores. */
export function dateFlagsOf(sqlMode: number): number {
  let flags: number = DateFlag.FUZZY
  if ((sqlMode & SqlMode.NO_ZERO_IN_DATE) !== 0) flags |= DateFlag.NO_ZERO_IN_DATE
  if ((sqlMode & SqlMode.NO_ZERO_DATE) !== 0) flags |= DateFlag.NO_ZERO_DATE
  if ((sqlMode & SqlMode.ALLOW_INVALID_DATES) !== 0) flags |= DateFlag.INVALID_DATES
  return flags
}

/** Years below 70 of two digits belong to 2000. */
const TWO_DIGIT_YEAR_SPLIT = 70

/** Whether the date of `fields` is one under `flags`. */
export function isValidDate(fields: TemporalFields, flags: number): boolean {
  if (isZeroDate(fields)) return (flags & DateFlag.NO_ZERO_DATE) === 0
  if (fields.month === 0 || fields.day === 0) {
    return (flags & DateFlag.FUZZY) !== 0 && (flags & DateFlag.NO_ZERO_IN_DATE) === 0
  }
  if (fields.month > 12 || fields.day > 31 || fields.year > 9999) return false
  return (flags & DateFlag.INVALID_DATES) !== 0 || fields.day <= daysInMonth(fields.year, fields.month)
}

function isDigitCode(code: number): boolean {
  return code >= 48 && code <= 57
}

/** ASCII punctuation, which all separates the parts of a date. */
function isPunctuation(code: number): boolean {
  return (
    (code >= 33 && code <= 47) ||
    (code >= 58 && code <= 64) ||
    (code >= 91 && code <= 96) ||
    (code >= 123 && code <= 126)
  )
}

const LETTER_T = 84
const POINT = 46
const COLON = 58
const PLUS = 43
const MINUS = 45

/** Numbers and digit counts of the seven parts of a date and time: year … second, fraction. */
const parts = new Float64Array(7)
const partDigits = new Uint8Array(7)
const DAY_PART = 2
const SECOND_PART = 5
const FRACTION_PART = 6

function isCanonicalDate(text: string): boolean {
  return text.charCodeAt(4) === MINUS && text.charCodeAt(7) === MINUS
}

function digitsAt(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const code = text.charCodeAt(i)
    if (!isDigitCode(code)) return NaN
    value = value * 10 + code - 48
  }
  return value
}

/** 'YYYY-MM-DD' and 'YYYY-MM-DD hh:mm:ss' without further ado; false leaves everything to the general parser. */
function parseCanonical(text: string, fields: TemporalFields): boolean {
  const length = text.length
  if ((length !== 10 && length !== 19) || !isCanonicalDate(text)) return false
  clearTimeOfDay(fields)
  fields.year = digitsAt(text, 0, 4)
  fields.month = digitsAt(text, 5, 2)
  fields.day = digitsAt(text, 8, 2)
  if (Number.isNaN(fields.year + fields.month + fields.day)) return false
  if (length === 10) return fields.month <= 12 && fields.day <= 31
  if (text.charCodeAt(10) !== 32 || text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON)
    return false
  fields.hour = digitsAt(text, 11, 2)
  fields.minute = digitsAt(text, 14, 2)
  fields.second = digitsAt(text, 17, 2)
  return fields.hour <= 23 && fields.minute <= 59 && fields.second <= 59 && fields.month <= 12
}

/**
 * A date or date and time: 'YYYY-MM-DD hh:mm:ss.ffffff+hh:mm' with any punctuation as separator, or compact
 * 'YYMMDD', 'YYYYMMDD', 'YYMMDDhhmmss', 'YYYYMMDDhhmmss' with an optional fraction. An offset is applied and the
 * result given in `zone`. Returns `ParseStatus` bits.
 */
export function parseDatetimeText(
  text: string,
  flags: number,
  zone: TimeZone,
  fields: TemporalFields,
): number {
  if (parseCanonical(text, fields)) {
    if (!isValidDate(fields, flags)) return ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE
    return text.length === 10 ? ParseStatus.DATE_ONLY : 0
  }
  clearFields(fields)
  let start = 0
  while (isSpaceCode(text.charCodeAt(start))) start++
  if (!isDigitCode(text.charCodeAt(start))) return ParseStatus.FAILED
  const compactYear = compactYearDigits(text, start)
  const scan = scanParts(text, start, compactYear)
  if (scan.count < 0) return ParseStatus.FAILED
  setParts(fields)
  const yearDigits = compactYear > 0 ? compactYear : (partDigits[0] as number)
  if (yearDigits === 2 && (fields.year !== 0 || fields.month !== 0 || fields.day !== 0)) {
    fields.year += fields.year < TWO_DIGIT_YEAR_SPLIT ? 2000 : 1900
  }
  if (scan.count < 3) return ParseStatus.FAILED
  if (fields.year > 9999 || fields.hour > 23 || fields.minute > 59 || fields.second > 59) {
    return ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE
  }
  if (!isValidDate(fields, flags)) return ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE
  const end = parseTail(text, scan.end, scan.count, zone, fields)
  if (end < 0) return ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE
  let status: number = scan.count <= 3 ? ParseStatus.DATE_ONLY : 0
  for (let i = end; i < text.length; i++) {
    if (!isSpaceCode(text.charCodeAt(i))) {
      status |= ParseStatus.TRUNCATED
      break
    }
  }
  return status
}

/** Digits of the year if the text is a run of digits (up to a point or its end), 0 if it has separators. */
function compactYearDigits(text: string, start: number): number {
  let at = start
  while (isDigitCode(text.charCodeAt(at)) || text.charCodeAt(at) === LETTER_T) at++
  const digits = at - start
  if (at < text.length && text.charCodeAt(at) !== POINT) return 0
  return digits === 4 || digits === 8 || digits >= 14 ? 4 : 2
}

const scanned = { count: 0, end: 0 }

/** Reads up to seven parts from `start`; a negative count means that a separator stands where none may. */
function scanParts(text: string, start: number, compactYear: number): { count: number; end: number } {
  parts.fill(0)
  partDigits.fill(0)
  let at = start
  let part = 0
  let end = start
  while (part < 7) {
    const limit =
      compactYear > 0
        ? part === 0
          ? compactYear
          : part === FRACTION_PART
            ? 6
            : 2
        : part === FRACTION_PART
          ? 6
          : 20
    const from = at
    let value = 0
    while (at - from < limit && isDigitCode(text.charCodeAt(at))) {
      value = value * 10 + text.charCodeAt(at++) - 48
    }
    if (at === from && part !== FRACTION_PART) break
    if (value > 999_999) return setScanned(-1, at)
    parts[part] = value
    partDigits[part] = at - from
    end = at
    part++
    if (at >= text.length) break
    const next = skipSeparator(text, at, part - 1, compactYear > 0)
    if (next === -1) break
    if (next === -2) return setScanned(-1, at)
    at = next
  }
  return setScanned(part, end)
}

function setScanned(count: number, end: number): { count: number; end: number } {
  scanned.count = count
  scanned.end = end
  return scanned
}

/** Where the part after `part` starts; -1 if there is none, -2 if the text is malformed. */
function skipSeparator(text: string, at: number, part: number, isCompact: boolean): number {
  const code = text.charCodeAt(at)
  if (part === FRACTION_PART) return -1
  if (part === DAY_PART && code === LETTER_T) return at + 1
  if (part === SECOND_PART) return code === POINT && isDigitCode(text.charCodeAt(at + 1)) ? at + 1 : -1
  if (isCompact && isDigitCode(code)) return at
  let next = at
  for (; ; next++) {
    const separator = text.charCodeAt(next)
    if (isSpaceCode(separator)) {
      if (part !== DAY_PART) return skipsOnlySpace(text, next) ? -1 : -2
    } else if (!isPunctuation(separator)) break
  }
  if (next === at) return -1
  return isDigitCode(text.charCodeAt(next)) ? next : -1
}

function skipsOnlySpace(text: string, from: number): boolean {
  for (let i = from; i < text.length; i++) if (!isSpaceCode(text.charCodeAt(i))) return false
  return true
}

function setParts(fields: TemporalFields): void {
  fields.year = parts[0] as number
  fields.month = parts[1] as number
  fields.day = parts[2] as number
  fields.hour = parts[3] as number
  fields.minute = parts[4] as number
  fields.second = parts[5] as number
  fields.microsecond = (parts[6] as number) * fractionUnits(6 - (partDigits[6] as number))
}

/** Digits below microseconds and a time zone offset; returns where the text goes on, or -1 for a bad offset. */
function parseTail(
  text: string,
  start: number,
  count: number,
  zone: TimeZone,
  fields: TemporalFields,
): number {
  let at = start
  if (count > FRACTION_PART && isDigitCode(text.charCodeAt(at))) {
    fields.nanosecond = (text.charCodeAt(at) - 48) * 100
    while (isDigitCode(text.charCodeAt(at))) at++
  }
  const sign = text.charCodeAt(at)
  if (count <= SECOND_PART || (sign !== PLUS && sign !== MINUS)) return at
  const hours = digitsAt(text, at + 1, 2)
  const minutes = digitsAt(text, at + 4, 2)
  if (Number.isNaN(hours + minutes) || text.charCodeAt(at + 3) !== COLON) return at
  const offset = (hours * 3600 + minutes * 60) * (sign === MINUS ? -1 : 1)
  // From -13:59 to +14:00; '-00:00' is refused as well.
  if (minutes > 59 || offset > 50400 || offset < -50340 || (sign === MINUS && offset === 0)) return -1
  if (fields.month === 0 || fields.day === 0) return -1
  const utc = civilSeconds(fields) - offset
  return setCivilSeconds(fields, utc + zone.offsetSecondsAt(utc)) ? at + 6 : -1
}

// ---- TIME

/**
 * A TIME: '[-][D ]hh:mm[:ss][.ffffff]', compact '[-]hhmmss', or the time of day of a date and time. Returns
 * `ParseStatus` bits; beyond ±838:59:59 the value is clamped and OUT_OF_RANGE set.
 */
export function parseTimeText(text: string, zone: TimeZone, fields: TemporalFields): number {
  let at = 0
  while (isSpaceCode(text.charCodeAt(at))) at++
  const negative = text.charCodeAt(at) === MINUS
  if (negative) at++
  if (text.length - at >= 12) {
    // What looks like a date and time is one or nothing; the rest may still be a TIME.
    const status = startsAsDays(text, at)
      ? ParseStatus.DATE_ONLY
      : parseDatetimeText(text.slice(at), DateFlag.FUZZY, zone, fields)
    if ((status & (ParseStatus.FAILED | ParseStatus.DATE_ONLY)) === 0) return status
    if ((status & ParseStatus.FAILED) !== 0 && (status & ParseStatus.OUT_OF_RANGE) !== 0) return status
  }
  clearFields(fields)
  fields.negative = negative
  if (!isDigitCode(text.charCodeAt(at))) return ParseStatus.FAILED
  at = readTimeParts(text, at)
  at = readTimeFraction(text, at, fields)
  // A number with an exponent is no TIME at all.
  if (/^[eE][+-]?\d/.test(text.slice(at, at + 3))) return ParseStatus.FAILED
  return finishTime(text, at, fields)
}

/** '10 11:12:13' has days; as a date it would be malformed anyway, but '10 11:12:13.5' has enough characters. */
function startsAsDays(text: string, from: number): boolean {
  let at = from
  while (isDigitCode(text.charCodeAt(at))) at++
  const code = text.charCodeAt(at)
  return isSpaceCode(code) || code === COLON
}

/** Days, hours, minutes and seconds go to `parts[0..3]`; returns the index after them. */
function readTimeParts(text: string, start: number): number {
  parts.fill(0)
  let at = start
  let value = 0
  while (isDigitCode(text.charCodeAt(at))) value = value * 10 + text.charCodeAt(at++) - 48
  const afterNumber = at
  while (isSpaceCode(text.charCodeAt(at))) at++
  let state: number
  // MySQL wants two characters at least after the days: '1 02' is 26 hours, '1 2' a second and garbage.
  const hasDays = at !== afterNumber && isDigitCode(text.charCodeAt(at)) && text.length - at > 1
  if (hasDays) {
    parts[0] = value
    state = 1
  } else if (text.charCodeAt(at) === COLON && isDigitCode(text.charCodeAt(at + 1))) {
    parts[1] = value
    state = 2
    at++
  } else {
    parts[1] = Math.floor(value / 10000)
    parts[2] = Math.floor(value / 100) % 100
    parts[3] = value % 100
    return afterNumber
  }
  for (;;) {
    value = 0
    while (isDigitCode(text.charCodeAt(at))) value = value * 10 + text.charCodeAt(at++) - 48
    parts[state++] = value
    if (state === 4 || text.charCodeAt(at) !== COLON || !isDigitCode(text.charCodeAt(at + 1))) return at
    at++
  }
}

function readTimeFraction(text: string, start: number, fields: TemporalFields): number {
  if (text.charCodeAt(start) !== POINT) return start
  let at = start + 1
  let unit = 100_000
  while (isDigitCode(text.charCodeAt(at))) {
    const digit = text.charCodeAt(at) - 48
    if (unit >= 1) fields.microsecond += digit * unit
    else if (at === start + 7) fields.nanosecond = digit * 100
    unit = Math.floor(unit / 10)
    at++
  }
  return at
}

function finishTime(text: string, end: number, fields: TemporalFields): number {
  fields.minute = parts[2] as number
  fields.second = parts[3] as number
  if (fields.minute > 59 || fields.second > 59) return ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE
  fields.hour = (parts[0] as number) * 24 + (parts[1] as number)
  const status = clampTime(fields)
  return skipsOnlySpace(text, end) ? status : status | ParseStatus.TRUNCATED
}

/** Brings a TIME into ±838:59:59; OUT_OF_RANGE if that changed it. */
export function clampTime(fields: TemporalFields): number {
  const seconds = fields.hour * 3600 + fields.minute * 60 + fields.second
  const fraction = fields.microsecond + fields.nanosecond
  if (seconds < TIME_SECONDS_MAX || (seconds === TIME_SECONDS_MAX && fraction === 0)) return 0
  setSecondOfDay(fields, TIME_SECONDS_MAX)
  fields.microsecond = fields.nanosecond = 0
  return ParseStatus.OUT_OF_RANGE
}

// ---- numbers

/** A date and time written as a number: YYMMDD, YYYYMMDD, YYMMDDhhmmss or YYYYMMDDhhmmss; 0 is the zero date. */
export function parseDatetimeNumber(number: ExactValue, flags: number, fields: TemporalFields): number {
  clearFields(fields)
  const expanded = expandDatetimeNumber(Number(number))
  if (expanded < 0) {
    const isBeyond = number < 0 || number > 99999999999999
    return isBeyond ? ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE : ParseStatus.FAILED
  }
  const date = Math.floor(expanded / 1_000_000)
  const time = expanded - date * 1_000_000
  fields.year = Math.floor(date / 10000)
  fields.month = Math.floor(date / 100) % 100
  fields.day = date % 100
  fields.hour = Math.floor(time / 10000)
  fields.minute = Math.floor(time / 100) % 100
  fields.second = time % 100
  const isOutside = fields.hour > 23 || fields.minute > 59 || fields.second > 59
  if (isOutside || !isValidDate(fields, flags)) return ParseStatus.FAILED
  return number <= 99991231 && number >= 0 ? ParseStatus.DATE_ONLY : 0
}

/** The number with four digits of year and six of time, or -1. */
function expandDatetimeNumber(number: number): number {
  if (number === 0) return 0
  if (number >= 10000101000000) return number > 99999999999999 ? -1 : number
  if (number < 101) return -1
  if (number <= 691231) return (number + 20000000) * 1_000_000
  if (number < 700101) return -1
  if (number <= 991231) return (number + 19000000) * 1_000_000
  if (number <= 99991231) return number * 1_000_000
  if (number < 101000000) return -1
  if (number <= 691231235959) return number + 20000000000000
  if (number < 700101000000) return -1
  return number <= 991231235959 ? number + 19000000000000 : -1
}

/** A TIME written as a number: [-]hhmmss; a number of ten and more digits is a date and time. */
export function parseTimeNumber(number: ExactValue, fields: TemporalFields): number {
  const value = Number(number)
  const magnitude = Math.abs(value)
  if (magnitude >= 10_000_000_000) {
    const status = parseDatetimeNumber(number, DateFlag.FUZZY, fields)
    if ((status & ParseStatus.FAILED) === 0) return status
  }
  clearFields(fields)
  fields.negative = value < 0
  if (magnitude > 8385959) {
    setSecondOfDay(fields, TIME_SECONDS_MAX)
    return ParseStatus.OUT_OF_RANGE
  }
  fields.hour = Math.floor(magnitude / 10000)
  fields.minute = Math.floor(magnitude / 100) % 100
  fields.second = magnitude % 100
  if (fields.minute > 59 || fields.second > 59) return ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE
  return 0
}
