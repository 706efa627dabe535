/**
 * Dates plus and minus intervals: DATE_ADD and DATE_SUB with every INTERVAL unit, ADDDATE and SUBDATE of days,
 * TIMESTAMPADD, TIMESTAMPDIFF, DATEDIFF (MySQL manual 14.7 "Date and Time Functions").
 */
import { raise } from '../common/conditions.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import {
  DATE_TYPE,
  datetimeType,
  hasDate,
  NULL_TYPE,
  textType,
  timeType,
  type SqlType,
} from '../common/sql-type.js'
import {
  addInterval,
  createFields,
  dayNumber,
  packDate,
  packDatetime,
  packTime,
  SECONDS_PER_DAY,
  secondOfDay,
  setSecondOfDay,
  TIME_SECONDS_MAX,
  type Interval,
  type TemporalFields,
} from '../common/temporal.js'
import { dateText, datetimeText, ParseStatus, parseDatetimeText } from '../common/temporal-text.js'
import { exact, type ExactValue, type Value } from '../common/value.js'
import type { IntervalUnit } from '../plan/syntax/index.js'
import type { ArgumentInfo, ScalarFunction } from '../spi/functions.js'
import {
  amountKind,
  hasMicroseconds,
  intervalReader,
  intervalUnitOf,
  isDateUnit,
  isTimeUnit,
} from './interval-units.js'
import { integerType } from './result-types.js'
import { scalarFunction, type Call, type FunctionShape } from './support.js'
import {
  CALENDAR_DATE,
  datetimeReader,
  DateFlag,
  secondsScale,
  timeReader,
  type TemporalReader,
} from './temporal-arguments.js'

// ---- DATE_ADD and its kin -------------------------------------------------------------------------------------

/** Where a call has its date, its amount and its unit. */
interface Positions {
  readonly date: number
  readonly amount: number
  /** undefined: the unit is DAY. */
  readonly unit: number | undefined
}

const DATE_FIRST: Positions = { date: 0, amount: 1, unit: 2 }
const UNIT_FIRST: Positions = { date: 2, amount: 1, unit: 0 }
const DAYS_ONLY: Positions = { date: 0, amount: 1, unit: undefined }

function unitOf(call: Pick<Call, 'args'>, at: Positions): IntervalUnit {
  return at.unit === undefined ? 'day' : intervalUnitOf(call, at.unit)
}

function typeAt({ args }: Pick<Call, 'args'>, index: number): SqlType {
  return args[index]?.type ?? NULL_TYPE
}

/** Decimals of seconds that the amount brings. */
function amountScale(unit: IntervalUnit, amount: ArgumentInfo | undefined): number {
  if (hasMicroseconds(unit)) return 6
  return unit === 'second' && amount !== undefined ? Math.min(secondsScale(amount), 6) : 0
}

/** DATE, TIME and DATETIME stay what they are where the unit allows it; text gives text. */
function sumType(call: Call, at: Positions): SqlType {
  const unit = unitOf(call, at)
  const type = typeAt(call, at.date)
  const scale = amountScale(unit, call.args[at.amount])
  switch (type.name) {
    case 'date':
      return isDateUnit(unit) ? DATE_TYPE : datetimeType(scale)
    case 'datetime':
    case 'timestamp':
      return datetimeType(Math.max(type.scale, scale))
    case 'time':
      return isTimeUnit(unit)
        ? timeType(Math.max(type.scale, scale))
        : datetimeType(Math.max(type.scale, scale))
    default:
      return { ...textType(29, call.environment.connectionCollation), name: 'char' }
  }
}

function overflow(context: EvaluationContext, what: 'datetime' | 'time'): null {
  raise(context, 'ER_DATETIME_FUNCTION_OVERFLOW', what)
  return null
}

/** Writes `fields` in the type of the result. */
type Writer = (fields: TemporalFields, hasTime: boolean) => Value

function writerOf(type: SqlType): Writer {
  switch (type.name) {
    case 'date':
      return packDate
    case 'datetime':
      return (fields) => packDatetime(fields, type.scale)
    default:
      return (fields, hasTime) => {
        if (!hasTime) return dateText(fields)
        return datetimeText(fields, fields.microsecond === 0 ? 0 : 6)
      }
  }
}

/** Whether the date that was read last from text had a time of day; other types say it themselves. */
function timeOfDayTest(type: SqlType): (value: Value, context: EvaluationContext) => boolean {
  if (hasDate(type) || type.name === 'time') return () => type.name !== 'date'
  const probe = createFields()
  return (value, context) => {
    if (typeof value !== 'string') return Number(value) > 99991231
    const status = parseDatetimeText(value, DateFlag.FUZZY | DateFlag.INVALID_DATES, context.timeZone, probe)
    return (status & ParseStatus.DATE_ONLY) === 0
  }
}

function compileSum(args: readonly Evaluator[], call: Call, at: Positions, negate: boolean): Evaluator {
  const type = sumType(call, at)
  const unit = unitOf(call, at)
  const date = args[at.date] as Evaluator
  const amount = args[at.amount] as Evaluator
  const readAmount = intervalReader(unit, typeAt(call, at.amount), negate)
  if (type.name === 'time') return compileTimeSum(date, amount, readAmount, typeAt(call, at.date), type.scale)
  const read = datetimeReader(typeAt(call, at.date), CALENDAR_DATE)
  const hadTime = timeOfDayTest(typeAt(call, at.date))
  const write = writerOf(type)
  const addsTime = !isDateUnit(unit)
  const fields = createFields()
  return (batch, row, context) => {
    const value = date(batch, row, context)
    if (value === null) return null
    const count = amount(batch, row, context)
    if (count === null || !read(value, context, fields)) return null
    const interval = readAmount(count)
    if (interval === undefined) return null
    if (!addInterval(fields, interval)) return overflow(context, 'datetime')
    return write(fields, addsTime || hadTime(value, context))
  }
}

/** TIME plus an interval below a day: NULL beyond TIME's range. */
function compileTimeSum(
  time: Evaluator,
  amount: Evaluator,
  readAmount: (amount: Value) => Interval | undefined,
  type: SqlType,
  scale: number,
): Evaluator {
  const read = timeReader(type)
  const fields = createFields()
  return (batch, row, context) => {
    const value = time(batch, row, context)
    if (value === null) return null
    const count = amount(batch, row, context)
    if (count === null || !read(value, context, fields)) return null
    const interval = readAmount(count)
    if (interval === undefined) return null
    if (!addToTime(fields, interval)) return overflow(context, 'time')
    return packTime(fields, scale)
  }
}

function addToTime(fields: TemporalFields, interval: Interval): boolean {
  const sign = fields.negative ? -1 : 1
  const microseconds = sign * fields.microsecond + interval.microseconds
  const seconds = sign * secondOfDay(fields) + interval.seconds
  return setSignedTime(fields, seconds, microseconds)
}

/** Sets a TIME of a sum of seconds and microseconds of any sign; false beyond TIME's range. */
function setSignedTime(fields: TemporalFields, seconds: number, microseconds: number): boolean {
  const whole = seconds + Math.floor(microseconds / 1_000_000)
  const fraction = microseconds - Math.floor(microseconds / 1_000_000) * 1_000_000
  fields.negative = whole < 0
  // -1 second and 200 000 microseconds are -0.8 seconds.
  const magnitude = fields.negative && fraction > 0 ? -whole - 1 : Math.abs(whole)
  fields.microsecond = fields.negative && fraction > 0 ? 1_000_000 - fraction : fraction
  setSecondOfDay(fields, magnitude)
  return magnitude < TIME_SECONDS_MAX || (magnitude === TIME_SECONDS_MAX && fields.microsecond === 0)
}

function sumShape(at: Positions, negate: boolean): FunctionShape {
  return {
    parameters: at.unit === undefined ? ['temporal', 'integer'] : ['any', 'any', 'any'],
    kinds: (args) =>
      args.map((argument, index) => {
        if (index === at.date) return 'temporal'
        if (index !== at.amount) return 'any'
        return amountKind(unitOf({ args }, at))
      }),
    type: (call) => sumType(call, at),
    nullable: true,
    compile: (args, call) => compileSum(args, call, at, negate),
  }
}

// ---- differences ----------------------------------------------------------------------------------------------

function compileDateDifference([first, second]: readonly Evaluator[], call: Call): Evaluator {
  const readFirst = datetimeReader(typeAt(call, 0), CALENDAR_DATE)
  const readSecond = datetimeReader(typeAt(call, 1), CALENDAR_DATE)
  const days = (fields: TemporalFields) => dayNumber(fields.year, fields.month, fields.day)
  return compileDifference(
    first as Evaluator,
    second as Evaluator,
    readFirst,
    readSecond,
    (a, b) => days(a) - days(b),
  )
}

function compileDifference(
  first: Evaluator,
  second: Evaluator,
  readFirst: TemporalReader,
  readSecond: TemporalReader,
  difference: (first: TemporalFields, second: TemporalFields) => ExactValue,
): Evaluator {
  const firstFields = createFields()
  const secondFields = createFields()
  return (batch, row, context) => {
    const a = first(batch, row, context)
    if (a === null || !readFirst(a, context, firstFields)) return null
    const b = second(batch, row, context)
    if (b === null || !readSecond(b, context, secondFields)) return null
    return difference(firstFields, secondFields)
  }
}

/** Microseconds of the day. */
function dayMicros(fields: TemporalFields): number {
  return secondOfDay(fields) * 1_000_000 + fields.microsecond
}

/** Whole months from `start` to the later `end`: a month is over at the same day and time. */
function wholeMonths(start: TemporalFields, end: TemporalFields): number {
  const months = (end.year - start.year) * 12 + end.month - start.month
  const isShort = end.day < start.day || (end.day === start.day && dayMicros(end) < dayMicros(start))
  return isShort ? months - 1 : months
}

const SECONDS_PER_UNIT: Readonly<Partial<Record<IntervalUnit, number>>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: SECONDS_PER_DAY,
  week: 7 * SECONDS_PER_DAY,
}

const MONTHS_PER_UNIT: Readonly<Partial<Record<IntervalUnit, number>>> = { month: 1, quarter: 3, year: 12 }

/** TIMESTAMPDIFF: whole units from `start` to `end`, cut towards zero. */
function unitDifference(unit: IntervalUnit): (start: TemporalFields, end: TemporalFields) => ExactValue {
  const months = MONTHS_PER_UNIT[unit]
  if (months !== undefined) {
    return (start, end) => {
      const count = isBefore(end, start) ? 0 - wholeMonths(end, start) : wholeMonths(start, end)
      return Math.trunc(count / months) + 0
    }
  }
  const seconds = SECONDS_PER_UNIT[unit]
  return (start, end) => {
    const days = dayNumber(end.year, end.month, end.day) - dayNumber(start.year, start.month, start.day)
    const micros = dayMicros(end) - dayMicros(start)
    // Microseconds of more than 285 years take more than 53 bits.
    const total = BigInt(days) * BigInt(SECONDS_PER_DAY) * 1_000_000n + BigInt(micros)
    return exact(seconds === undefined ? total : total / (BigInt(seconds) * 1_000_000n))
  }
}

function isBefore(a: TemporalFields, b: TemporalFields): boolean {
  const days = dayNumber(a.year, a.month, a.day) - dayNumber(b.year, b.month, b.day)
  return days < 0 || (days === 0 && dayMicros(a) < dayMicros(b))
}

function compileTimestampDifference([, start, end]: readonly Evaluator[], call: Call): Evaluator {
  const difference = unitDifference(intervalUnitOf(call, 0))
  const readStart = datetimeReader(typeAt(call, 1), CALENDAR_DATE)
  const readEnd = datetimeReader(typeAt(call, 2), CALENDAR_DATE)
  return compileDifference(start as Evaluator, end as Evaluator, readStart, readEnd, difference)
}

export const dateArithmeticFunctions: readonly ScalarFunction[] = [
  scalarFunction('date_add', sumShape(DATE_FIRST, false)),
  scalarFunction('date_sub', sumShape(DATE_FIRST, true)),
  scalarFunction('timestampadd', sumShape(UNIT_FIRST, false)),
  scalarFunction('adddate', sumShape(DAYS_ONLY, false)),
  scalarFunction('subdate', sumShape(DAYS_ONLY, true)),
  scalarFunction('datediff', {
    parameters: ['temporal', 'temporal'],
    type: integerType(7),
    nullable: true,
    compile: compileDateDifference,
  }),
  scalarFunction('timestampdiff', {
    parameters: ['any', 'temporal', 'temporal'],
    constants: [0],
    type: integerType(21),
    nullable: true,
    compile: compileTimestampDifference,
  }),
]
