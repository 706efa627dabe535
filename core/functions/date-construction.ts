/**
 * Dates made of numbers and instants: MAKEDATE, FROM_DAYS, FROM_UNIXTIME, UNIX_TIMESTAMP, CONVERT_TZ, PERIOD_ADD and
 * the like (MySQL manual 14.7 "Date and Time Functions").
 */
import { divideTruncated, rescale, scaleUp } from '../common/decimal.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { DATE_TYPE, datetimeType, decimalType, NULL_TYPE, type SqlType } from '../common/sql-type.js'
import {
  civilSeconds,
  createFields,
  dayNumber,
  fractionUnits,
  packDate,
  packDatetime,
  roundFraction,
  setCivilSeconds,
  setDayNumber,
  TIMESTAMP_EPOCH_MAX,
  type TemporalFields,
} from '../common/temporal.js'
import { findTimeZone } from '../common/time-zones.js'
import { addExact, subtractExact, type ExactValue, type Value } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { dateFormatFunctions } from './date-format.js'
import { exactScaleOf } from './parameters.js'
import { integerType } from './result-types.js'
import { evaluator1, scalarFunction, strict1, strict2, type Call } from './support.js'
import {
  CALENDAR_DATE,
  datetimeReader,
  FUZZY_DATE,
  secondsScale,
  temporalEvaluator,
} from './temporal-arguments.js'

function typeAt({ args }: Call, index: number): SqlType {
  return args[index]?.type ?? NULL_TYPE
}

const fields = createFields()

// ---- days and periods -----------------------------------------------------------------------------------------

/** Years of two digits belong to 1970–2069. */
function fullYear(year: number): number {
  if (year >= 100) return year
  return year < 70 ? year + 2000 : year + 1900
}

function makeDate(year: ExactValue, dayOfYear: ExactValue): number | null {
  if (year < 0 || year > 9999 || dayOfYear <= 0) return null
  const days = dayNumber(fullYear(Number(year)), 1, 1) + Number(dayOfYear) - 1
  return Number.isSafeInteger(days) && setDayNumber(fields, days) ? packDate(fields) : null
}

/** Numbers without a date give the zero date. */
function fromDays(days: ExactValue): number {
  setDayNumber(fields, Number(days))
  return packDate(fields)
}

/** Months since year 0 of a period YYMM or YYYYMM; throws ER_WRONG_ARGUMENTS for what is none. */
function periodMonths(period: ExactValue, name: string): number {
  const number = Number(period)
  const month = number % 100
  if (number < 1 || month < 1 || month > 12 || number > 999912) throw sqlError('ER_WRONG_ARGUMENTS', name)
  return fullYear(Math.floor(number / 100)) * 12 + month - 1
}

function periodOf(months: number): number {
  return Math.floor(months / 12) * 100 + (months % 12) + 1
}

function addToPeriod(period: ExactValue, months: ExactValue): number {
  const sum = periodMonths(period, 'period_add') + Number(months)
  if (sum < 0 || sum > 9999 * 12 + 11) throw sqlError('ER_WRONG_ARGUMENTS', 'period_add')
  return periodOf(sum)
}

// ---- Unix time ------------------------------------------------------------------------------------------------

/** 3001-01-18 23:59:59 UTC: the last second that FROM_UNIXTIME takes. */
const UNIX_SECONDS_MAX = 32536771199

function unixTimeScale(call: Call): number {
  const argument = call.args[0]
  return argument === undefined ? 0 : Math.min(exactScaleOf(argument.type), 6)
}

/** FROM_UNIXTIME(seconds): a DATETIME in the session's zone. */
function compileFromUnixTime([seconds]: readonly Evaluator[], call: Call): Evaluator {
  const from = exactScaleOf(typeAt(call, 0))
  const scale = unixTimeScale(call)
  return evaluator1(seconds as Evaluator, (value: ExactValue, context) => {
    if (value < 0) return null
    const rounded = rescale(value, from, scale)
    const whole = Number(divideTruncated(rounded, scale))
    if (whole > UNIX_SECONDS_MAX) return null
    const fraction = Number(subtractExact(rounded, scaleUp(whole, scale)))
    if (!setCivilSeconds(fields, whole + context.timeZone.offsetSecondsAt(whole))) return null
    fields.microsecond = fraction * fractionUnits(6 - scale)
    return packDatetime(fields, scale)
  })
}

/** FROM_UNIXTIME(seconds, format): DATE_FORMAT of the DATETIME. */
function formattedUnixTime(call: Call) {
  const format = dateFormatFunctions.find(({ name }) => name === 'date_format')
  const [seconds, pattern] = call.args
  if (format === undefined || seconds === undefined || pattern === undefined) {
    throw new Error('invariant: FROM_UNIXTIME with a format has two arguments')
  }
  const date = { ...seconds, type: datetimeType(unixTimeScale(call)), constant: undefined }
  return format.bind([date, pattern], call.environment)
}

/** Seconds since 1970 of a civil time in the session's zone; 0 for what Unix time doesn't reach. */
function unixSeconds(date: TemporalFields, context: EvaluationContext): number {
  if (date.month === 0 || date.day === 0) return 0
  const seconds = context.timeZone.epochSecondsOf(civilSeconds(date))
  return seconds >= 0 && seconds <= UNIX_SECONDS_MAX ? seconds : 0
}

function compileUnixTimestamp([date]: readonly Evaluator[], call: Call): Evaluator {
  if (date === undefined) {
    return (_batch, _row, context) => Math.floor(context.statementTimeMicros / 1_000_000)
  }
  const scale = secondsScale(call.args[0])
  const read = datetimeReader(typeAt(call, 0), FUZZY_DATE)
  const evaluate = temporalEvaluator(date, read, (value, context) => {
    if (!roundFraction(value, scale, false, false)) return 0
    const seconds = unixSeconds(value, context)
    if (seconds === 0) return 0
    return addExact(scaleUp(seconds, scale), Math.floor(value.microsecond / fractionUnits(6 - scale)))
  })
  return (batch, row, context) => {
    const value = evaluate(batch, row, context)
    // What is no date is 0, but NULL stays NULL.
    return value ?? (date(batch, row, context) === null ? null : 0)
  }
}

function unixTimestampType(call: Call): SqlType {
  const scale = secondsScale(call.args[0])
  return scale === 0 ? integerType(21) : decimalType(12 + scale, scale)
}

// ---- CONVERT_TZ -----------------------------------------------------------------------------------------------

/** Beyond the range of TIMESTAMP nothing is converted; an unknown zone gives NULL. */
function convertZone(date: TemporalFields, from: string, to: string): boolean {
  const source = findTimeZone(from)
  const target = findTimeZone(to)
  if (source === undefined || target === undefined) return false
  const seconds = source.epochSecondsOf(civilSeconds(date))
  if (seconds < 0 || seconds > TIMESTAMP_EPOCH_MAX) return true
  return setCivilSeconds(date, seconds + target.offsetSecondsAt(seconds))
}

function compileConvertZone([date, from, to]: readonly Evaluator[], call: Call): Evaluator {
  const scale = secondsScale(call.args[0])
  const read = datetimeReader(typeAt(call, 0), CALENDAR_DATE)
  const date1 = createFields()
  return (batch, row, context): Value => {
    const value = date?.(batch, row, context) ?? null
    const source = from?.(batch, row, context) as string | null
    const target = to?.(batch, row, context) as string | null
    if (value === null || source === null || target === null || !read(value, context, date1)) return null
    return convertZone(date1, source, target) ? packDatetime(date1, scale) : null
  }
}

export const dateConstructionFunctions: readonly ScalarFunction[] = [
  scalarFunction('makedate', {
    parameters: ['integer', 'integer'],
    type: DATE_TYPE,
    nullable: true,
    compile: strict2(makeDate),
  }),
  scalarFunction('from_days', {
    parameters: ['integer'],
    type: DATE_TYPE,
    nullable: true,
    compile: strict1(fromDays),
  }),
  scalarFunction('period_add', {
    parameters: ['integer', 'integer'],
    type: integerType(6),
    compile: strict2(addToPeriod),
  }),
  scalarFunction('period_diff', {
    parameters: ['integer', 'integer'],
    type: integerType(6),
    compile: strict2(
      (first: ExactValue, second: ExactValue) =>
        periodMonths(first, 'period_diff') - periodMonths(second, 'period_diff'),
    ),
  }),
  scalarFunction('from_unixtime', {
    parameters: ['exact', 'text'],
    optional: 1,
    type: (call) =>
      call.args.length === 2 ? formattedUnixTime(call).type : datetimeType(unixTimeScale(call)),
    nullable: true,
    volatility: 'statement',
    compile: (args, call) => {
      const seconds = compileFromUnixTime(args, call)
      const format = args[1]
      return format === undefined ? seconds : formattedUnixTime(call).compile([seconds, format])
    },
  }),
  scalarFunction('unix_timestamp', {
    parameters: ['temporal'],
    optional: 1,
    type: unixTimestampType,
    nullable: (call) => call.args[0]?.nullable ?? false,
    volatility: 'statement',
    compile: compileUnixTimestamp,
  }),
  scalarFunction('convert_tz', {
    parameters: ['temporal', 'text', 'text'],
    type: (call) => datetimeType(secondsScale(call.args[0])),
    nullable: true,
    compile: compileConvertZone,
  }),
]
