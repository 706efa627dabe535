/**
 * Functions that take a date or time apart: YEAR … MICROSECOND, DAYOFWEEK, WEEK, DAYNAME, LAST_DAY, TO_DAYS, EXTRACT
 * and the like (MySQL manual 14.7 "Date and Time Functions").
 */
import type { Evaluator } from '../common/evaluation.js'
import { DATE_TYPE, NULL_TYPE, textType, type SqlType } from '../common/sql-type.js'
import {
  createFields,
  dayNumber,
  daysInMonth,
  packDate,
  SECONDS_PER_DAY,
  secondOfDay,
  weekdayOf,
  type TemporalFields,
} from '../common/temporal.js'
import type { Value } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { weekOf } from './calendar-weeks.js'
import { intervalUnitOf } from './interval-units.js'
import { dayName, monthName } from './locales.js'
import { integerType } from './result-types.js'
import { scalarFunction, synonyms, type Call, type FunctionShape } from './support.js'
import {
  CALENDAR_DATE,
  datetimeReader,
  DateFlag,
  FUZZY_DATE,
  temporalEvaluator,
  timeOrDatetimeReader,
  timeReader,
  type TemporalReader,
} from './temporal-arguments.js'

type Part = (fields: TemporalFields) => Value

function argumentType({ args }: Call, index = 0): SqlType {
  return args[index]?.type ?? NULL_TYPE
}

/** An integer of a date; `flags` say which dates have none. */
function datePart(names: readonly string[], width: number, flags: number, part: Part): ScalarFunction[] {
  return synonyms(names, {
    parameters: ['temporal'],
    type: integerType(width),
    nullable: true,
    compile: ([date], call) =>
      temporalEvaluator(date as Evaluator, datetimeReader(argumentType(call), flags), part),
  })
}

/** An integer of a time of day or duration. */
function timePart(name: string, width: number, part: Part): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['temporal'],
    type: integerType(width),
    nullable: true,
    compile: ([time], call) => temporalEvaluator(time as Evaluator, timeReader(argumentType(call)), part),
  })
}

function days(fields: TemporalFields): number {
  return dayNumber(fields.year, fields.month, fields.day)
}

/** The name of a day or month in the session's language, lc_time_names. */
function nameFunction(
  name: string,
  flags: number,
  nameOf: (fields: TemporalFields, locale: string) => string | null,
): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['temporal'],
    type: (call) => textType(9, call.environment.connectionCollation),
    nullable: true,
    compile: ([date], call) =>
      temporalEvaluator(date as Evaluator, datetimeReader(argumentType(call), flags), (fields, context) =>
        nameOf(fields, context.localeName),
      ),
  })
}

// ---- weeks ----------------------------------------------------------------------------------------------------

const FROM_ONE = 2

/** WEEK(date [, mode]) and YEARWEEK(date [, mode]). */
function weekFunction(
  name: string,
  width: number,
  defaultMode: 'session' | 0,
  answer: (fields: TemporalFields, mode: number) => number,
): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['temporal', 'integer'],
    optional: 1,
    type: integerType(width),
    nullable: true,
    compile: ([date, mode], call) => {
      const read = datetimeReader(argumentType(call), CALENDAR_DATE)
      const fields = createFields()
      return (batch, row, context) => {
        const value = date?.(batch, row, context) ?? null
        if (value === null || !read(value, context, fields)) return null
        if (mode === undefined)
          return answer(fields, defaultMode === 'session' ? context.defaultWeekFormat : 0)
        // A NULL mode is mode 0, as in MySQL.
        return answer(fields, Number(mode(batch, row, context) ?? 0))
      }
    },
  })
}

function yearWeek(fields: TemporalFields, mode: number): number {
  const { year, week } = weekOf(fields, mode | FROM_ONE)
  return year * 100 + week
}

// ---- EXTRACT --------------------------------------------------------------------------------------------------

/** Decimal places that each part of a time takes in the numbers that EXTRACT makes of several parts. */
function timeDigits(fields: TemporalFields, from: 'hour' | 'minute' | 'second', to: string): number {
  let number = 0
  if (from === 'hour') number = fields.hour
  if (from !== 'second' && to !== 'hour') number = number * 100 + fields.minute
  if (to === 'second' || to === 'microsecond') number = number * 100 + fields.second
  if (to === 'microsecond') number = number * 1_000_000 + fields.microsecond
  return number
}

interface ExtractPart {
  /** Whether the argument is read as a date, as a time, or as whichever of them it is. */
  readonly of: 'date' | 'time' | 'either'
  readonly width: number
  readonly compute: (fields: TemporalFields, defaultWeekFormat: number) => number
}

function dayTime(fields: TemporalFields, to: string): number {
  const digits = to === 'hour' ? 2 : to === 'minute' ? 4 : to === 'second' ? 6 : 12
  return fields.day * 10 ** digits + timeDigits(fields, 'hour', to)
}

const EXTRACT_PARTS: Readonly<Record<string, ExtractPart>> = {
  year: { of: 'date', width: 4, compute: (fields) => fields.year },
  year_month: { of: 'date', width: 6, compute: (fields) => fields.year * 100 + fields.month },
  quarter: { of: 'date', width: 2, compute: (fields) => Math.floor((fields.month + 2) / 3) },
  month: { of: 'date', width: 2, compute: (fields) => fields.month },
  week: { of: 'date', width: 2, compute: (fields, format) => weekOf(fields, format).week },
  day: { of: 'date', width: 2, compute: (fields) => fields.day },
  day_hour: { of: 'either', width: 5, compute: (fields) => dayTime(fields, 'hour') },
  day_minute: { of: 'either', width: 7, compute: (fields) => dayTime(fields, 'minute') },
  day_second: { of: 'either', width: 9, compute: (fields) => dayTime(fields, 'second') },
  day_microsecond: { of: 'either', width: 20, compute: (fields) => dayTime(fields, 'microsecond') },
  hour: { of: 'time', width: 4, compute: (fields) => timeDigits(fields, 'hour', 'hour') },
  hour_minute: { of: 'time', width: 6, compute: (fields) => timeDigits(fields, 'hour', 'minute') },
  hour_second: { of: 'time', width: 8, compute: (fields) => timeDigits(fields, 'hour', 'second') },
  hour_microsecond: {
    of: 'time',
    width: 14,
    compute: (fields) => timeDigits(fields, 'hour', 'microsecond'),
  },
  minute: { of: 'time', width: 3, compute: (fields) => fields.minute },
  minute_second: { of: 'time', width: 5, compute: (fields) => timeDigits(fields, 'minute', 'second') },
  minute_microsecond: {
    of: 'time',
    width: 11,
    compute: (fields) => timeDigits(fields, 'minute', 'microsecond'),
  },
  second: { of: 'time', width: 3, compute: (fields) => fields.second },
  second_microsecond: {
    of: 'time',
    width: 9,
    compute: (fields) => timeDigits(fields, 'second', 'microsecond'),
  },
  microsecond: { of: 'time', width: 7, compute: (fields) => fields.microsecond },
}

function extractReader(of: ExtractPart['of'], type: SqlType): TemporalReader {
  if (of === 'time') return timeReader(type)
  return of === 'date' || type.name === 'date' ? datetimeReader(type, FUZZY_DATE) : timeOrDatetimeReader(type)
}

function extractPart(call: Call): ExtractPart {
  const part = EXTRACT_PARTS[intervalUnitOf(call, 0)]
  if (part === undefined) throw new Error('invariant: every interval unit can be extracted')
  return part
}

/** EXTRACT(unit, temporal): negative for negative times. */
const EXTRACT: FunctionShape = {
  parameters: ['any', 'temporal'],
  type: (call) => integerType(extractPart(call).width),
  nullable: true,
  compile: ([, temporal], call) => {
    const { of, compute } = extractPart(call)
    const read = extractReader(of, argumentType(call, 1))
    return temporalEvaluator(temporal as Evaluator, read, (fields, context) => {
      const number = compute(fields, context.defaultWeekFormat)
      return fields.negative ? 0 - number : number
    })
  },
}

function lastDay(fields: TemporalFields): number {
  fields.day = daysInMonth(fields.year, fields.month)
  return packDate(fields)
}

export const datePartFunctions: readonly ScalarFunction[] = [
  ...datePart(['year'], 4, FUZZY_DATE, (fields) => fields.year),
  ...datePart(['quarter'], 1, FUZZY_DATE, (fields) => Math.floor((fields.month + 2) / 3)),
  ...datePart(['month'], 2, FUZZY_DATE, (fields) => fields.month),
  ...datePart(['dayofmonth', 'day'], 2, FUZZY_DATE, (fields) => fields.day),
  ...datePart(['dayofyear'], 3, CALENDAR_DATE, (fields) => days(fields) - dayNumber(fields.year, 1, 1) + 1),
  ...datePart(['dayofweek'], 1, CALENDAR_DATE, (fields) => ((weekdayOf(days(fields)) + 1) % 7) + 1),
  ...datePart(['weekday'], 1, CALENDAR_DATE, (fields) => weekdayOf(days(fields))),
  ...datePart(['weekofyear'], 2, CALENDAR_DATE, (fields) => weekOf(fields, 3).week),
  ...datePart(['to_days'], 7, CALENDAR_DATE, days),
  ...datePart(
    ['to_seconds'],
    12,
    CALENDAR_DATE,
    (fields) => days(fields) * SECONDS_PER_DAY + secondOfDay(fields),
  ),
  timePart('hour', 3, (fields) => fields.hour),
  timePart('minute', 2, (fields) => fields.minute),
  timePart('second', 2, (fields) => fields.second),
  timePart('microsecond', 6, (fields) => fields.microsecond),
  timePart('time_to_sec', 10, (fields) => (fields.negative ? 0 - secondOfDay(fields) : secondOfDay(fields))),
  weekFunction('week', 2, 'session', (fields, mode) => weekOf(fields, mode).week),
  weekFunction('yearweek', 6, 0, yearWeek),
  nameFunction('dayname', CALENDAR_DATE, (fields, locale) => dayName(weekdayOf(days(fields)), locale)),
  nameFunction('monthname', FUZZY_DATE, (fields, locale) =>
    fields.month === 0 ? null : monthName(fields.month, locale),
  ),
  scalarFunction('last_day', {
    parameters: ['temporal'],
    type: DATE_TYPE,
    nullable: true,
    compile: ([date], call) =>
      temporalEvaluator(
        date as Evaluator,
        datetimeReader(argumentType(call), DateFlag.FUZZY | DateFlag.NO_ZERO_DATE),
        (fields) => (fields.month === 0 ? null : lastDay(fields)),
      ),
  }),
  scalarFunction('date', {
    parameters: ['temporal'],
    type: DATE_TYPE,
    nullable: true,
    compile: ([date], call) =>
      temporalEvaluator(date as Evaluator, datetimeReader(argumentType(call), FUZZY_DATE), packDate),
  }),
  scalarFunction('extract', EXTRACT),
]
