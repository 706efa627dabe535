/**
 * Arguments of date and time functions. MySQL reads the same text differently for different functions (may a month be
 * zero? is it a time or a date?), so no conversion to DATETIME stands between: these readers take a date, time, number
 * or text apart themselves and warn of what they can't read (1292).
 */
import { raise, raiseTruncated, shown } from '../common/conditions.js'
import { rescale } from '../common/decimal.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { readJson } from '../common/json.js'
import { SqlMode } from '../common/sql-mode.js'
import { isApproximate, isNumeric, isTemporal, isText, type SqlType } from '../common/sql-type.js'
import {
  addInterval,
  clearTimeOfDay,
  createFields,
  roundFraction,
  setEpochMicros,
  setTimestampFields,
  unpackDate,
  unpackDatetime,
  unpackTime,
  secondOfDay,
  type TemporalFields,
} from '../common/temporal.js'
import {
  DateFlag,
  isValidDate,
  ParseStatus,
  parseDatetimeNumber,
  parseDatetimeText,
  parseTimeNumber,
  parseTimeText,
} from '../common/temporal-text.js'
import type { ExactValue, Value } from '../common/value.js'
import { textOf } from '../common/value-text.js'
import type { ArgumentInfo } from '../spi/functions.js'

/** Sets `fields` to a value that isn't NULL; false, after a warning, if it is no date or time. */
export type TemporalReader = (value: Value, context: EvaluationContext, fields: TemporalFields) => boolean

export { DateFlag }

/** Zero months and days are let through, the zero date as well unless sql_mode forbids it. */
export const FUZZY_DATE = DateFlag.FUZZY
/** A day of the calendar. */
export const CALENDAR_DATE = DateFlag.NO_ZERO_DATE | DateFlag.NO_ZERO_IN_DATE

function textFlags(flags: number, sqlMode: number): number {
  let all = flags
  if ((sqlMode & SqlMode.NO_ZERO_DATE) !== 0) all |= DateFlag.NO_ZERO_DATE
  if ((sqlMode & SqlMode.ALLOW_INVALID_DATES) !== 0) all |= DateFlag.INVALID_DATES
  return all
}

/** Reads values of `type` as date and time; `flags` say which dates are none (`DateFlag`). */
export function datetimeReader(type: SqlType, flags: number): TemporalReader {
  switch (type.name) {
    case 'date':
      return (value, _context, fields) => {
        unpackDate(value as ExactValue, fields)
        return isValidDate(fields, flags)
      }
    case 'datetime':
      return (value, _context, fields) => {
        unpackDatetime(value as ExactValue, type.scale, fields)
        return isValidDate(fields, flags)
      }
    case 'timestamp':
      return (value, context, fields) => {
        setTimestampFields(value as ExactValue, type.scale, context.timeZone, fields)
        return isValidDate(fields, flags)
      }
    case 'time':
      return (value, context, fields) => setToday(value as ExactValue, type.scale, context, fields)
    default:
      return isNumeric(type)
        ? datetimeNumberReader(type, flags)
        : readerOfText(type, datetimeTextReader(flags))
  }
}

const today = createFields()

/** A TIME is a time of the current day (or of one near it if it is negative or has more than 24 hours). */
function setToday(
  value: ExactValue,
  scale: number,
  context: EvaluationContext,
  fields: TemporalFields,
): boolean {
  unpackTime(value, scale, fields)
  const sign = fields.negative ? -1 : 1
  const seconds = sign * secondOfDay(fields)
  const microseconds = sign * fields.microsecond
  setEpochMicros(today, context.statementTimeMicros, context.timeZone)
  Object.assign(fields, today)
  clearTimeOfDay(fields)
  return addInterval(fields, { months: 0, days: 0, seconds, microseconds })
}

function datetimeTextReader(flags: number): TemporalReader {
  return (value, context, fields) => {
    const text = value as string
    const status = parseDatetimeText(text, textFlags(flags, context.sqlMode), context.timeZone, fields)
    if ((status & ParseStatus.FAILED) !== 0 || !roundFraction(fields, 6, truncates(context), false)) {
      return warnIncorrect(context, 'datetime', text)
    }
    if ((status & ParseStatus.TRUNCATED) !== 0) warnTruncated(context, 'datetime', text)
    return true
  }
}

function datetimeNumberReader(type: SqlType, flags: number): TemporalReader {
  const split = numberSplitter(type)
  return (value, context, fields) => {
    const whole = split(value)
    const status = parseDatetimeNumber(whole, textFlags(flags, context.sqlMode), fields)
    if ((status & ParseStatus.FAILED) !== 0) {
      return warnIncorrect(context, 'datetime', textOf(type)(value))
    }
    fields.microsecond = splitMicroseconds
    return true
  }
}

/** Reads values of `type` as TIME; of a date and time its time of day. */
export function timeReader(type: SqlType): TemporalReader {
  switch (type.name) {
    case 'time':
      return (value, _context, fields) => {
        unpackTime(value as ExactValue, type.scale, fields)
        return true
      }
    case 'date':
    case 'datetime':
    case 'timestamp':
      return timeOfDayReader(datetimeReader(type, FUZZY_DATE))
    default:
      return timeOfDayReader(timeTextOrNumberReader(type))
  }
}

/** Reads a time, or a date and time where the argument is one or is text or a number of one. */
export function timeOrDatetimeReader(type: SqlType): TemporalReader {
  if (type.name === 'datetime' || type.name === 'timestamp') return datetimeReader(type, FUZZY_DATE)
  if (type.name === 'time' || type.name === 'date') return timeReader(type)
  return timeTextOrNumberReader(type)
}

function timeTextOrNumberReader(type: SqlType): TemporalReader {
  return isNumeric(type) ? timeNumberReader(type) : readerOfText(type, timeTextReader())
}

/** What is no number arrives as text; a JSON string is read by its content. */
function readerOfText(type: SqlType, read: TemporalReader): TemporalReader {
  if (type.name !== 'json') return read
  return (value, context, fields) => {
    const node = readJson(value as string)
    return read(typeof node === 'string' ? node : value, context, fields)
  }
}

function timeOfDayReader(read: TemporalReader): TemporalReader {
  return (value, context, fields) => {
    if (!read(value, context, fields)) return false
    fields.year = fields.month = fields.day = 0
    return true
  }
}

/** Reads text as TIME; text of a date and time keeps its date, which tells the two apart. */
function timeTextReader(): TemporalReader {
  return (value, context, fields) => {
    const text = value as string
    const status = parseTimeText(text, context.timeZone, fields)
    if ((status & ParseStatus.FAILED) !== 0) {
      return warnTruncated(context, 'time', text)
    }
    if ((status & (ParseStatus.TRUNCATED | ParseStatus.OUT_OF_RANGE)) !== 0)
      warnTruncated(context, 'time', text)
    return roundFraction(fields, 6, truncates(context), true)
  }
}

/** A number of a date and time keeps its date as well. */
function timeNumberReader(type: SqlType): TemporalReader {
  const split = numberSplitter(type)
  return (value, context, fields) => {
    const whole = split(value)
    const status = parseTimeNumber(whole, fields)
    if ((status & (ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE)) !== 0) {
      warnTruncated(context, 'time', textOf(type)(value))
    }
    // A TIME column takes the last time there is instead; functions answer NULL.
    if ((status & (ParseStatus.FAILED | ParseStatus.OUT_OF_RANGE)) !== 0) return false
    if (status === 0) {
      fields.microsecond = splitMicroseconds
      fields.negative = (value as ExactValue) < 0
    }
    return true
  }
}

/** The microseconds of the number that was split last. */
let splitMicroseconds = 0

/** Splits a number into its whole part, which it returns, and `splitMicroseconds`. */
function numberSplitter(type: SqlType): (value: Value) => ExactValue {
  if (isApproximate(type)) {
    return (value) => {
      const number = value as number
      const whole = Math.trunc(number)
      splitMicroseconds = Math.round(Math.abs(number - whole) * 1_000_000) % 1_000_000
      return whole
    }
  }
  if (type.name !== 'decimal' || type.scale === 0) {
    return (value) => {
      splitMicroseconds = 0
      return value as ExactValue
    }
  }
  return (value) => {
    const micros = BigInt(rescale(value as ExactValue, type.scale, 6))
    const fraction = Number(micros % 1_000_000n)
    splitMicroseconds = Math.abs(fraction)
    return Number(micros / 1_000_000n)
  }
}

function truncates(context: EvaluationContext): boolean {
  return (context.sqlMode & SqlMode.TIME_TRUNCATE_FRACTIONAL) !== 0
}

function warnIncorrect(context: EvaluationContext, what: string, text: string): false {
  raise(context, 'ER_INCORRECT_VALUE', what, shown(text))
  return false
}

function warnTruncated(context: EvaluationContext, what: string, text: string): false {
  raiseTruncated(context, what, text)
  return false
}

// ---- precision ------------------------------------------------------------------------------------------------

/** Decimals of seconds that an argument has: declared for types, as written for constant text, else six. */
export function secondsScale(argument: ArgumentInfo | undefined): number {
  if (argument === undefined) return 0
  const { type } = argument
  if (isTemporal(type)) return type.scale
  if (type.name === 'decimal') return Math.min(type.scale, 6)
  if (type.name === 'float' || type.name === 'double') return 6
  if (!isText(type)) return 0
  return argument.isConstant ? writtenScale(argument.constant?.value) : 6
}

function writtenScale(value: Value | undefined): number {
  if (typeof value !== 'string') return 6
  const fraction = /\d\.(\d+)/.exec(value)
  return Math.min(fraction?.[1]?.length ?? 0, 6)
}

// ---- compilers ------------------------------------------------------------------------------------------------

/**
 * The evaluator of a function of one date or time: reads the argument and hands its fields to `compute`; NULL if
 * there is none. The fields are shared: `compute` must not keep them.
 */
export function temporalEvaluator(
  argument: Evaluator,
  read: TemporalReader,
  compute: (fields: TemporalFields, context: EvaluationContext) => Value,
): Evaluator {
  const fields = createFields()
  return (batch, row, context) => {
    const value = argument(batch, row, context)
    if (value === null || !read(value, context, fields)) return null
    return compute(fields, context)
  }
}
