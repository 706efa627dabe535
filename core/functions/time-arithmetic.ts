/**
 * Times of day and durations: ADDTIME, SUBTIME, TIMEDIFF, TIME, TIMESTAMP, MAKETIME, SEC_TO_TIME (MySQL manual 14.7
 * "Date and Time Functions").
 */
import { raiseTruncated } from '../common/conditions.js'
import { formatDecimal, rescale } from '../common/decimal.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { datetimeType, hasDate, NULL_TYPE, textType, timeType, type SqlType } from '../common/sql-type.js'
import {
  createFields,
  dayNumber,
  isZeroDate,
  packDatetime,
  packTime,
  roundFraction,
  SECONDS_PER_DAY,
  secondOfDay,
  setDayNumber,
  setSecondOfDay,
  TIME_SECONDS_MAX,
  type TemporalFields,
} from '../common/temporal.js'
import { datetimeText, timeText } from '../common/temporal-text.js'
import type { ExactValue, Value } from '../common/value.js'
import type { ArgumentInfo, ScalarFunction } from '../spi/functions.js'
import { exactScaleOf } from './parameters.js'
import { scalarFunction, type Call, type FunctionShape } from './support.js'
import {
  datetimeReader,
  FUZZY_DATE,
  secondsScale,
  temporalEvaluator,
  timeOrDatetimeReader,
  timeReader,
  type TemporalReader,
} from './temporal-arguments.js'

function typeAt({ args }: Call, index: number): SqlType {
  return args[index]?.type ?? NULL_TYPE
}

/** Decimals of seconds of the more exact of all arguments. */
function commonScale(args: readonly ArgumentInfo[]): number {
  return args.reduce((scale, argument) => Math.max(scale, secondsScale(argument)), 0)
}

// ---- signed spans ---------------------------------------------------------------------------------------------

const MICROS_PER_SECOND = 1_000_000

/** A span or point in time as seconds since day 0 and microseconds, both of one sign. */
interface Span {
  seconds: number
  microseconds: number
}

/** Adds the date and time in `fields`, `factor` (1 or -1) times, to `span`. */
function addFields(span: Span, fields: TemporalFields, factor: 1 | -1): void {
  const sign = fields.negative ? 0 - factor : factor
  const days = isZeroDate(fields) ? 0 : dayNumber(fields.year, fields.month, fields.day)
  span.seconds += sign * (days * SECONDS_PER_DAY + secondOfDay(fields))
  span.microseconds += sign * fields.microsecond
}

/** Brings the microseconds below a second, with the sign of the seconds. */
function normalize(span: Span): void {
  span.seconds += Math.floor(span.microseconds / MICROS_PER_SECOND)
  span.microseconds -= Math.floor(span.microseconds / MICROS_PER_SECOND) * MICROS_PER_SECOND
  if (span.seconds < 0 && span.microseconds > 0) {
    span.seconds++
    span.microseconds -= MICROS_PER_SECOND
  }
}

/** Sets a TIME; out of its range it is clamped, with a warning. */
function setTime(fields: TemporalFields, span: Span, context: EvaluationContext): void {
  normalize(span)
  fields.year = fields.month = fields.day = fields.nanosecond = 0
  fields.negative = span.seconds < 0 || span.microseconds < 0
  const seconds = Math.abs(span.seconds)
  setSecondOfDay(fields, seconds)
  fields.microsecond = Math.abs(span.microseconds)
  if (seconds < TIME_SECONDS_MAX || (seconds === TIME_SECONDS_MAX && fields.microsecond === 0)) return
  raiseTruncated(context, 'time', timeText(fields, fields.microsecond === 0 ? 0 : 6))
  setSecondOfDay(fields, TIME_SECONDS_MAX)
  fields.microsecond = 0
}

/** Sets a date and time; false before year 0 and after 9999. */
function setDatetime(fields: TemporalFields, span: Span): boolean {
  normalize(span)
  if (span.seconds < 0 || span.microseconds < 0) return false
  const days = Math.floor(span.seconds / SECONDS_PER_DAY)
  fields.negative = false
  fields.nanosecond = 0
  setSecondOfDay(fields, span.seconds - days * SECONDS_PER_DAY)
  fields.microsecond = span.microseconds
  return setDayNumber(fields, days)
}

/** Whether `fields` hold a date and time rather than a TIME. */
function holdsDate(fields: TemporalFields): boolean {
  return !isZeroDate(fields)
}

// ---- ADDTIME, SUBTIME and TIMESTAMP(date, time) ---------------------------------------------------------------

function addTimeType(call: Call): SqlType {
  const type = typeAt(call, 0)
  const scale = commonScale(call.args)
  if (type.name === 'time') return timeType(scale)
  if (type.name === 'datetime' || type.name === 'timestamp') return datetimeType(scale)
  return { ...textType(29, call.environment.connectionCollation), name: 'char' }
}

/** Writes a date and time, or a TIME, in the type of the result. */
function writeSum(type: SqlType, fields: TemporalFields, isDatetime: boolean): Value {
  if (type.name === 'datetime') return packDatetime(fields, type.scale)
  if (type.name === 'time') return packTime(fields, type.scale)
  const scale = fields.microsecond === 0 ? 0 : 6
  return isDatetime ? datetimeText(fields, scale) : timeText(fields, scale)
}

function compileAddTime(
  [first, second]: readonly Evaluator[],
  type: SqlType,
  readFirst: TemporalReader,
  readSecond: TemporalReader,
  factor: 1 | -1,
): Evaluator {
  const fields = createFields()
  const added = createFields()
  const span: Span = { seconds: 0, microseconds: 0 }
  return (batch, row, context) => {
    const a = first?.(batch, row, context) ?? null
    if (a === null || !readFirst(a, context, fields)) return null
    const b = second?.(batch, row, context) ?? null
    if (b === null || !readSecond(b, context, added) || holdsDate(added)) return null
    const isDatetime = type.name === 'datetime' || (type.name !== 'time' && holdsDate(fields))
    span.seconds = span.microseconds = 0
    addFields(span, fields, 1)
    addFields(span, added, factor)
    if (!isDatetime) setTime(fields, span, context)
    else if (!setDatetime(fields, span)) return null
    return writeSum(type, fields, isDatetime)
  }
}

function addTimeShape(factor: 1 | -1): FunctionShape {
  return {
    parameters: ['temporal', 'temporal'],
    type: addTimeType,
    nullable: true,
    compile: (args, call) =>
      compileAddTime(
        args,
        addTimeType(call),
        timeOrDatetimeReader(typeAt(call, 0)),
        timeOrDatetimeReader(typeAt(call, 1)),
        factor,
      ),
  }
}

/** TIMESTAMP(date [, time]). */
function compileTimestamp(args: readonly Evaluator[], call: Call): Evaluator {
  const type = datetimeType(commonScale(call.args))
  const read = datetimeReader(typeAt(call, 0), FUZZY_DATE)
  if (args.length === 2) {
    return compileAddTime(args, type, read, timeOrDatetimeReader(typeAt(call, 1)), 1)
  }
  return temporalEvaluator(args[0] as Evaluator, read, (fields) =>
    roundFraction(fields, type.scale, false, false) ? packDatetime(fields, type.scale) : null,
  )
}

// ---- TIMEDIFF -------------------------------------------------------------------------------------------------

/** The difference of two times or of two dates and times; NULL for one of each. */
function compileTimeDifference([first, second]: readonly Evaluator[], call: Call): Evaluator {
  const scale = commonScale(call.args)
  const types = [typeAt(call, 0), typeAt(call, 1)] as const
  const isOfDates = types.some(hasDate)
  const [readFirst, readSecond] = types.map((type) =>
    isOfDates ? datetimeReader(type, FUZZY_DATE) : timeOrDatetimeReader(type),
  ) as [TemporalReader, TemporalReader]
  if (isOfDates && types.some((type) => type.name === 'time')) return () => null
  const fields = createFields()
  const subtracted = createFields()
  const span: Span = { seconds: 0, microseconds: 0 }
  return (batch, row, context) => {
    const a = first?.(batch, row, context) ?? null
    if (a === null || !readFirst(a, context, fields)) return null
    const b = second?.(batch, row, context) ?? null
    if (b === null || !readSecond(b, context, subtracted)) return null
    if (!isOfDates && holdsDate(fields) !== holdsDate(subtracted)) return null
    span.seconds = span.microseconds = 0
    addFields(span, fields, 1)
    addFields(span, subtracted, -1)
    setTime(fields, span, context)
    return packTime(fields, scale)
  }
}

// ---- TIME, MAKETIME, SEC_TO_TIME ------------------------------------------------------------------------------

function compileTime([time]: readonly Evaluator[], call: Call): Evaluator {
  const scale = secondsScale(call.args[0])
  return temporalEvaluator(time as Evaluator, timeReader(typeAt(call, 0)), (fields) =>
    packTime(fields, scale),
  )
}

/** Decimals of a number of seconds. */
function numberScale(argument: ArgumentInfo | undefined): number {
  return argument === undefined ? 0 : Math.min(exactScaleOf(argument.type), 6)
}

/** MAKETIME(hour, minute, second): NULL for minutes and seconds that no clock shows. */
function compileMakeTime([hour, minute, second]: readonly Evaluator[], call: Call): Evaluator {
  const from = exactScaleOf(typeAt(call, 2))
  const scale = numberScale(call.args[2])
  const isUnsigned = typeAt(call, 0).unsigned
  const fields = createFields()
  return (batch, row, context) => {
    const h = hour?.(batch, row, context) as ExactValue | null
    const m = minute?.(batch, row, context) as ExactValue | null
    const s = second?.(batch, row, context) as ExactValue | null
    if (h === null || m === null || s === null) return null
    const micros = Number(rescale(s, from, 6))
    if (m < 0 || m > 59 || micros < 0 || micros >= 60 * MICROS_PER_SECOND) return null
    const sign = h < 0 && !isUnsigned ? -1 : 1
    const hours = Math.min(Math.abs(Number(h)), TIME_SECONDS_MAX)
    const span: Span = {
      seconds: sign * (hours * 3600 + Number(m) * 60),
      microseconds: sign * micros,
    }
    setTime(fields, span, context)
    return packTime(fields, scale)
  }
}

function compileSecondsToTime([seconds]: readonly Evaluator[], call: Call): Evaluator {
  const type = typeAt(call, 0)
  const from = exactScaleOf(type)
  const scale = numberScale(call.args[0])
  const fields = createFields()
  return (batch, row, context) => {
    const value = seconds?.(batch, row, context) as ExactValue | null
    if (value === null) return null
    const micros = Number(rescale(value, from, 6))
    if (Math.abs(micros) > TIME_SECONDS_MAX * MICROS_PER_SECOND) {
      return clampedTime(value, from, context, fields, scale)
    }
    setTime(fields, { seconds: 0, microseconds: micros }, context)
    return packTime(fields, scale)
  }
}

/** The largest TIME of the sign of `value`, with a warning that names the number of seconds. */
function clampedTime(
  value: ExactValue,
  from: number,
  context: EvaluationContext,
  fields: TemporalFields,
  scale: number,
): Value {
  raiseTruncated(context, 'time', formatDecimal(value, from))
  fields.year = fields.month = fields.day = fields.microsecond = 0
  fields.negative = value < 0
  setSecondOfDay(fields, TIME_SECONDS_MAX)
  return packTime(fields, scale)
}

export const timeArithmeticFunctions: readonly ScalarFunction[] = [
  scalarFunction('addtime', addTimeShape(1)),
  scalarFunction('subtime', addTimeShape(-1)),
  scalarFunction('timestamp', {
    parameters: ['temporal', 'temporal'],
    optional: 1,
    type: (call) => datetimeType(commonScale(call.args)),
    nullable: true,
    compile: compileTimestamp,
  }),
  scalarFunction('timediff', {
    parameters: ['temporal', 'temporal'],
    type: (call) => timeType(commonScale(call.args)),
    nullable: true,
    compile: compileTimeDifference,
  }),
  scalarFunction('time', {
    parameters: ['temporal'],
    type: (call) => timeType(secondsScale(call.args[0])),
    nullable: true,
    compile: compileTime,
  }),
  scalarFunction('maketime', {
    parameters: ['integer', 'integer', 'exact'],
    type: (call) => timeType(numberScale(call.args[2])),
    nullable: true,
    compile: compileMakeTime,
  }),
  scalarFunction('sec_to_time', {
    parameters: ['exact'],
    type: (call) => timeType(numberScale(call.args[0])),
    nullable: true,
    compile: compileSecondsToTime,
  }),
]
