/**
 * STR_TO_DATE: reads text by a format, the inverse of DATE_FORMAT (MySQL manual 14.7 "Date and Time Functions").
 */
import { raise, raiseTruncated, shown } from '../common/conditions.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { DATE_TYPE, datetimeType, timeType, type SqlType } from '../common/sql-type.js'
import {
  createFields,
  clearFields,
  dayNumber,
  packDate,
  packDatetime,
  packTime,
  setDayNumber,
  weekdayOf,
  type TemporalFields,
} from '../common/temporal.js'
import { clampTime, dateFlagsOf, isValidDate } from '../common/temporal-text.js'
import type { Value } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { dayName, monthName, shortDayName, shortMonthName } from './locales.js'
import { evaluator2, scalarFunction, type Call } from './support.js'

const TWO_DIGIT_YEAR_SPLIT = 70

/** What a text gave besides fields; undefined where the format doesn't ask for it. */
interface Scan {
  readonly text: string
  at: number
  isAfternoon: boolean
  /** The hour is one of a twelve-hour clock. */
  has12Hours: boolean
  /** 1 for Monday to 7 for Sunday. */
  weekday: number | undefined
  dayOfYear: number | undefined
  week: number | undefined
  /** Of %U and %V: weeks start on Sunday. */
  weekStartsSunday: boolean
  /** Of %V and %v: the week belongs to a year of its own. */
  weekIsStrict: boolean
  weekYear: number | undefined
  weekYearStartsSunday: boolean
}

function startScan(text: string): Scan {
  return {
    text,
    at: 0,
    isAfternoon: false,
    has12Hours: false,
    weekday: undefined,
    dayOfYear: undefined,
    week: undefined,
    weekStartsSunday: false,
    weekIsStrict: false,
    weekYear: undefined,
    weekYearStartsSunday: false,
  }
}

/** Reads up to `digits` digits; undefined if there is none. */
function readNumber(scan: Scan, digits: number): number | undefined {
  let value = 0
  const start = scan.at
  while (scan.at < start + digits && /[0-9]/.test(scan.text.charAt(scan.at))) {
    value = value * 10 + Number(scan.text.charAt(scan.at++))
  }
  return scan.at === start ? undefined : value
}

function skipWhile(scan: Scan, pattern: RegExp): void {
  while (scan.at < scan.text.length && pattern.test(scan.text.charAt(scan.at))) scan.at++
}

const SPACE = /\s/
const PUNCTUATION = /[!-/:-@[-`{-~]/
const LETTER = /[A-Za-z]/
const DIGIT = /[0-9]/

/** The 1-based number of the one of `count` names that stands here. */
function readName(scan: Scan, count: number, nameOf: (index: number) => string): number | undefined {
  const rest = scan.text.slice(scan.at).toLowerCase()
  for (let index = 1; index <= count; index++) {
    const name = nameOf(index).toLowerCase()
    if (!rest.startsWith(name)) continue
    scan.at += name.length
    return index
  }
  return undefined
}

/** Reads what one specifier stands for; false if the text has it not. */
type Reader = (scan: Scan, fields: TemporalFields, locale: string) => boolean

type NumberField = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'

function number(field: NumberField, digits: number): Reader {
  return (scan, fields) => {
    const value = readNumber(scan, digits)
    if (value === undefined) return false
    fields[field] = value
    return true
  }
}

function year(digits: number): Reader {
  return (scan, fields) => {
    const start = scan.at
    const value = readNumber(scan, digits)
    if (value === undefined) return false
    const hasTwoDigits = scan.at - start <= 2
    fields.year = hasTwoDigits ? value + (value < TWO_DIGIT_YEAR_SPLIT ? 2000 : 1900) : value
    return true
  }
}

function month(nameOf: (month: number, locale: string) => string): Reader {
  return (scan, fields, locale) => {
    const index = readName(scan, 12, (candidate) => nameOf(candidate, locale))
    fields.month = index ?? 0
    return index !== undefined
  }
}

function weekday(nameOf: (weekday: number, locale: string) => string): Reader {
  return (scan, _fields, locale) => {
    scan.weekday = readName(scan, 7, (candidate) => nameOf(candidate - 1, locale))
    return scan.weekday !== undefined
  }
}

function week(startsSunday: boolean, isStrict: boolean): Reader {
  return (scan) => {
    const value = readNumber(scan, 2)
    if (value === undefined || value > 53 || (isStrict && value === 0)) return false
    scan.week = value
    scan.weekStartsSunday = startsSunday
    scan.weekIsStrict = isStrict
    return true
  }
}

function weekYear(startsSunday: boolean): Reader {
  return (scan) => {
    scan.weekYear = readNumber(scan, 4)
    scan.weekYearStartsSunday = startsSunday
    return scan.weekYear !== undefined
  }
}

function skip(pattern: RegExp): Reader {
  return (scan) => {
    skipWhile(scan, pattern)
    return true
  }
}

const hour24 = number('hour', 2)

const hour12: Reader = (scan, fields, locale) => {
  scan.has12Hours = true
  return hour24(scan, fields, locale)
}

const meridiem: Reader = (scan) => {
  const word = scan.text.slice(scan.at, scan.at + 2).toUpperCase()
  if (!scan.has12Hours || (word !== 'AM' && word !== 'PM')) return false
  scan.isAfternoon = word === 'PM'
  scan.at += 2
  return true
}

const fraction: Reader = (scan, fields) => {
  const start = scan.at
  const value = readNumber(scan, 6)
  if (value === undefined) return false
  fields.microsecond = value * 10 ** (6 - (scan.at - start))
  return true
}

const ordinalDay: Reader = (scan, fields, locale) => {
  if (!number('day', 2)(scan, fields, locale)) return false
  scan.at = Math.min(scan.at + 2, scan.text.length)
  return true
}

const numericWeekday: Reader = (scan) => {
  const value = readNumber(scan, 1)
  if (value === undefined || value > 6) return false
  scan.weekday = value === 0 ? 7 : value
  return true
}

const dayOfYear: Reader = (scan) => {
  scan.dayOfYear = readNumber(scan, 3)
  return scan.dayOfYear !== undefined
}

const READERS: Readonly<Record<string, Reader>> = {
  Y: year(4),
  y: year(2),
  m: number('month', 2),
  c: number('month', 2),
  M: month(monthName),
  b: month(shortMonthName),
  d: number('day', 2),
  e: number('day', 2),
  D: ordinalDay,
  H: hour24,
  k: hour24,
  h: hour12,
  I: hour12,
  l: hour12,
  i: number('minute', 2),
  s: number('second', 2),
  S: number('second', 2),
  f: fraction,
  p: meridiem,
  W: weekday(dayName),
  a: weekday(shortDayName),
  w: numericWeekday,
  j: dayOfYear,
  U: week(true, false),
  u: week(false, false),
  V: week(true, true),
  v: week(false, true),
  X: weekYear(true),
  x: weekYear(false),
  r: (scan, fields, locale) => readFormat('%I:%i:%S %p', scan, fields, locale),
  T: (scan, fields, locale) => readFormat('%H:%i:%S', scan, fields, locale),
  '.': skip(PUNCTUATION),
  '@': skip(LETTER),
  '#': skip(DIGIT),
}

/** Reads until the format or the text ends; white space matches any, also none. */
function readFormat(format: string, scan: Scan, fields: TemporalFields, locale: string): boolean {
  for (let at = 0; at < format.length; at++) {
    skipWhile(scan, SPACE)
    if (scan.at >= scan.text.length) break
    const character = format.charAt(at)
    if (character === '%' && at + 1 < format.length) {
      const read = READERS[format.charAt(++at)]
      if (!read?.(scan, fields, locale)) return false
    } else if (!SPACE.test(character)) {
      if (scan.text.charAt(scan.at) !== character) return false
      scan.at++
    }
  }
  return true
}

/** Applies what the fields alone don't say: afternoons, days of the year and of weeks. */
function complete(scan: Scan, fields: TemporalFields): boolean {
  if (scan.has12Hours) {
    if (fields.hour < 1 || fields.hour > 12) return false
    fields.hour = (fields.hour % 12) + (scan.isAfternoon ? 12 : 0)
  }
  if (scan.dayOfYear !== undefined && scan.dayOfYear > 0) {
    if (!setDayNumber(fields, dayNumber(fields.year, 1, 1) + scan.dayOfYear - 1)) return false
  }
  return scan.week === undefined || scan.weekday === undefined || completeWeek(scan, fields)
}

/** %V goes with %X and %v with %x only, %U and %u with neither. */
function completeWeek(scan: Scan, fields: TemporalFields): boolean {
  const { week: number = 0, weekday: day = 1, weekIsStrict, weekStartsSunday, weekYear: ownYear } = scan
  if (weekIsStrict !== (ownYear !== undefined)) return false
  if (weekIsStrict && scan.weekYearStartsSunday !== weekStartsSunday) return false
  const firstDay = dayNumber(ownYear ?? fields.year, 1, 1)
  const monday = weekdayOf(firstDay)
  const first = weekStartsSunday ? (monday + 1) % 7 : monday
  const firstWeekStart = firstDay - first + (weekStartsSunday ? (first === 0 ? 0 : 7) : first <= 3 ? 0 : 7)
  const offset = weekStartsSunday ? day % 7 : day - 1
  return setDayNumber(fields, firstWeekStart + (number - 1) * 7 + offset)
}

function isInRange(fields: TemporalFields): boolean {
  return (
    fields.month <= 12 && fields.day <= 31 && fields.hour <= 23 && fields.minute <= 59 && fields.second <= 59
  )
}

// ---- the function ---------------------------------------------------------------------------------------------

/** The type that a constant format gives: only with a date, only with a time, or with both. */
function typeOfFormat(format: string): SqlType {
  let hasDate = false
  let hasTime = false
  let hasFraction = false
  for (const [, letter = ''] of format.matchAll(/%(.)/gsu)) {
    if (letter === 'f') hasFraction = true
    if ('HISThiklrspf'.includes(letter)) hasTime = true
    else if ('DMUVWXYabcdejmuvwxy'.includes(letter)) hasDate = true
  }
  const digits = hasFraction ? 6 : 0
  if (!hasTime) return DATE_TYPE
  return hasDate ? datetimeType(digits) : timeType(digits)
}

function resultType(call: Call): SqlType {
  const format = call.args[1]?.constant?.value
  return typeof format === 'string' ? typeOfFormat(format) : datetimeType(6)
}

function parse(
  text: string,
  format: string,
  type: SqlType,
  fields: TemporalFields,
  context: EvaluationContext,
): Value {
  const scan = startScan(text)
  clearFields(fields)
  const isRead =
    readFormat(format, scan, fields, context.localeName) && complete(scan, fields) && isInRange(fields)
  if (!isRead) return incorrect(text, context)
  skipWhile(scan, SPACE)
  if (scan.at < text.length) raiseTruncated(context, type.name, text)
  if (type.name === 'time') {
    fields.hour += fields.day * 24
    clampTime(fields)
    return packTime(fields, type.scale)
  }
  if (!isValidDate(fields, dateFlagsOf(context.sqlMode))) return incorrect(text, context)
  return type.name === 'date' ? packDate(fields) : packDatetime(fields, type.scale)
}

function incorrect(text: string, context: EvaluationContext): null {
  raise(context, 'ER_WRONG_VALUE_FOR_TYPE', 'datetime', shown(text), 'str_to_date')
  return null
}

export const dateParsingFunctions: readonly ScalarFunction[] = [
  scalarFunction('str_to_date', {
    parameters: ['text', 'text'],
    type: resultType,
    nullable: true,
    compile: ([text, format], call) => {
      const type = resultType(call)
      const fields = createFields()
      return evaluator2(text as Evaluator, format as Evaluator, (a: string, b: string, context) =>
        parse(a, b, type, fields, context),
      )
    },
  }),
]
