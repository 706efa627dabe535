/**
 * Dates and times as text after a format: DATE_FORMAT, TIME_FORMAT, GET_FORMAT (MySQL manual 14.7 "Date and Time
 * Functions").
 */
import type { Evaluator } from '../common/evaluation.js'
import { NULL_TYPE, textType, type SqlType } from '../common/sql-type.js'
import { createFields, dayNumber, weekdayOf, type TemporalFields } from '../common/temporal.js'
import { timeText } from '../common/temporal-text.js'
import { textLengthMax } from '../common/value-text.js'
import type { ScalarFunction } from '../spi/functions.js'
import { weekOf } from './calendar-weeks.js'
import { dayName, monthName, shortDayName, shortMonthName } from './locales.js'
import { scalarFunction, strict1, type Call } from './support.js'
import { datetimeReader, FUZZY_DATE, timeReader, type TemporalReader } from './temporal-arguments.js'

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

/** 12 for midnight and noon. */
function hour12(fields: TemporalFields): number {
  return ((fields.hour + 11) % 12) + 1
}

function meridiem(fields: TemporalFields): string {
  return fields.hour % 24 < 12 ? 'AM' : 'PM'
}

function ordinal(day: number): string {
  const last = day % 10
  const suffix =
    day >= 10 && day <= 19 ? 'th' : last === 1 ? 'st' : last === 2 ? 'nd' : last === 3 ? 'rd' : 'th'
  return `${day}${suffix}`
}

function days(fields: TemporalFields): number {
  return dayNumber(fields.year, fields.month, fields.day)
}

/** A day of the week needs a whole date. */
function weekday(fields: TemporalFields): number | null {
  return fields.month === 0 && fields.year === 0 ? null : weekdayOf(days(fields))
}

/** One specifier; null makes the whole answer NULL. */
type Specifier = (fields: TemporalFields, locale: string) => string | null

function ofWeekday(text: (weekday: number, locale: string) => string): Specifier {
  return (fields, locale) => {
    const day = weekday(fields)
    return day === null ? null : text(day, locale)
  }
}

function ofMonth(text: (month: number, locale: string) => string): Specifier {
  return (fields, locale) => (fields.month === 0 ? null : text(fields.month, locale))
}

function ofWeek(mode: number, text: (week: { year: number; week: number }) => string): Specifier {
  return (fields) => text(weekOf(fields, mode))
}

const weekNumber = (week: { week: number }) => pad(week.week, 2)
const weekYear = (week: { year: number }) => pad(week.year, 4)

/** MySQL's modes for weeks that start on Sunday or Monday, counted from 0 or, to go with a year, from 1. */
const SUNDAY_FROM_ZERO = 0
const MONDAY_FROM_ZERO = 1
const SUNDAY_FROM_ONE = 2
const MONDAY_FROM_ONE = 3

const TIME_SPECIFIERS: Readonly<Record<string, Specifier>> = {
  f: (fields) => pad(fields.microsecond, 6),
  H: (fields) => pad(fields.hour, 2),
  h: (fields) => pad(hour12(fields), 2),
  I: (fields) => pad(hour12(fields), 2),
  i: (fields) => pad(fields.minute, 2),
  k: (fields) => String(fields.hour),
  l: (fields) => String(hour12(fields)),
  p: meridiem,
  r: (fields) =>
    `${pad(hour12(fields), 2)}:${pad(fields.minute, 2)}:${pad(fields.second, 2)} ${meridiem(fields)}`,
  S: (fields) => pad(fields.second, 2),
  s: (fields) => pad(fields.second, 2),
  T: (fields) => timeText({ ...fields, negative: false }, 0),
}

const DATE_SPECIFIERS: Readonly<Record<string, Specifier>> = {
  ...TIME_SPECIFIERS,
  a: ofWeekday(shortDayName),
  b: ofMonth(shortMonthName),
  c: (fields) => String(fields.month),
  D: (fields) => ordinal(fields.day),
  d: (fields) => pad(fields.day, 2),
  e: (fields) => String(fields.day),
  j: (fields) => pad(days(fields) - dayNumber(fields.year, 1, 1) + 1, 3),
  M: ofMonth(monthName),
  m: (fields) => pad(fields.month, 2),
  U: ofWeek(SUNDAY_FROM_ZERO, weekNumber),
  u: ofWeek(MONDAY_FROM_ZERO, weekNumber),
  V: ofWeek(SUNDAY_FROM_ONE, weekNumber),
  v: ofWeek(MONDAY_FROM_ONE, weekNumber),
  W: ofWeekday(dayName),
  w: ofWeekday((day) => String((day + 1) % 7)),
  X: ofWeek(SUNDAY_FROM_ONE, weekYear),
  x: ofWeek(MONDAY_FROM_ONE, weekYear),
  Y: (fields) => pad(fields.year, 4),
  y: (fields) => pad(fields.year % 100, 2),
}

/** What a time has no part of is zero; what names a day makes the answer NULL. */
const TIME_FORMAT_SPECIFIERS: Readonly<Record<string, Specifier>> = {
  ...TIME_SPECIFIERS,
  c: () => '0',
  d: () => '00',
  e: () => '0',
  m: () => '00',
  Y: () => '0000',
  y: () => '00',
  ...Object.fromEntries(Array.from('abDjMUuVvWwXx', (letter): [string, Specifier] => [letter, () => null])),
}

type Formatter = (fields: TemporalFields, locale: string) => string | null

/** Compiles a format; an unknown specifier stands for its letter, a single `%` at the end for itself. */
function compileFormat(format: string, specifiers: Readonly<Record<string, Specifier>>): Formatter {
  const parts: (string | Specifier)[] = []
  for (const [token, letter] of format.matchAll(/%(.)|[^%]+|%$/gsu)) {
    parts.push(letter === undefined ? token : (specifiers[letter] ?? letter))
  }
  return (fields, locale) => {
    let text = ''
    for (const part of parts) {
      const piece = typeof part === 'string' ? part : part(fields, locale)
      if (piece === null) return null
      text += piece
    }
    return text
  }
}

/** Most characters of each specifier; one for the others. */
const LENGTHS: Readonly<Record<string, number>> = {
  ...{ M: 64, W: 64, D: 4, Y: 4, x: 4, X: 4, a: 32, b: 32, j: 3, r: 11, T: 8, f: 6, w: 1, '%': 1 },
  ...Object.fromEntries(Array.from('UuVvyIhilpSscdem', (letter) => [letter, 2])),
  H: 7,
  k: 7,
}

function formattedLength(format: string): number {
  let length = 0
  for (const [token, letter] of format.matchAll(/%(.)|[^%]|%$/gsu)) {
    length += letter === undefined ? token.length : (LENGTHS[letter] ?? 1)
  }
  return length
}

function formatType(call: Call): SqlType {
  const format = call.args[1]
  const constant = format?.constant?.value
  const length =
    typeof constant === 'string' ? formattedLength(constant) : textLengthMax(format?.type ?? NULL_TYPE) * 10
  return textType(Math.min(length, 65535), call.environment.connectionCollation)
}

/** One format is compiled per execution as long as it stays the same from row to row. */
function compileFormatCall(
  [temporal, format]: readonly Evaluator[],
  read: TemporalReader,
  specifiers: Readonly<Record<string, Specifier>>,
): Evaluator {
  const fields = createFields()
  let lastFormat: string | undefined
  let formatter: Formatter = () => null
  return (batch, row, context) => {
    const value = temporal?.(batch, row, context) ?? null
    if (value === null) return null
    const text = format?.(batch, row, context) as string | null
    if (text === null || text === '' || !read(value, context, fields)) return null
    if (text !== lastFormat) {
      formatter = compileFormat(text, specifiers)
      lastFormat = text
    }
    const formatted = formatter(fields, context.localeName)
    // The sign of a negative TIME comes first, whatever part the format begins with.
    return formatted !== null && fields.negative ? `-${formatted}` : formatted
  }
}

// ---- GET_FORMAT -----------------------------------------------------------------------------------------------

const STANDARD_FORMATS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  date: { usa: '%m.%d.%Y', jis: '%Y-%m-%d', iso: '%Y-%m-%d', eur: '%d.%m.%Y', internal: '%Y%m%d' },
  time: { usa: '%h:%i:%s %p', jis: '%H:%i:%s', iso: '%H:%i:%s', eur: '%H.%i.%s', internal: '%H%i%s' },
  datetime: {
    usa: '%Y-%m-%d %H.%i.%s',
    jis: '%Y-%m-%d %H:%i:%s',
    iso: '%Y-%m-%d %H:%i:%s',
    eur: '%Y-%m-%d %H.%i.%s',
    internal: '%Y%m%d%H%i%s',
  },
}

function compileGetFormat([, standard]: readonly Evaluator[], call: Call): Evaluator {
  const formats = STANDARD_FORMATS[String(call.args[0]?.constant?.value).toLowerCase()] ?? {}
  return strict1((name: string) => formats[name.toLowerCase()] ?? null)([standard as Evaluator], call)
}

function argumentType({ args }: Call): SqlType {
  return args[0]?.type ?? NULL_TYPE
}

export const dateFormatFunctions: readonly ScalarFunction[] = [
  scalarFunction('date_format', {
    parameters: ['temporal', 'text'],
    type: formatType,
    nullable: true,
    compile: (args, call) =>
      compileFormatCall(args, datetimeReader(argumentType(call), FUZZY_DATE), DATE_SPECIFIERS),
  }),
  scalarFunction('time_format', {
    parameters: ['temporal', 'text'],
    type: formatType,
    nullable: true,
    compile: (args, call) => compileFormatCall(args, timeReader(argumentType(call)), TIME_FORMAT_SPECIFIERS),
  }),
  /** GET_FORMAT(type, standard): the type, 'date', 'time' or 'datetime', is a constant. */
  scalarFunction('get_format', {
    parameters: ['any', 'text'],
    constants: [0],
    type: (call) => textType(17, call.environment.connectionCollation),
    nullable: true,
    compile: compileGetFormat,
  }),
]
