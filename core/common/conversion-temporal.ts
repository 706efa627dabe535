/**
 * Conversions to DATE, TIME, DATETIME and TIMESTAMP inside of expressions. What is no date is NULL with a warning.
 */
import { raise, shown } from './conditions.js'
import type { NonNullConversion } from './conversion.js'
import { divideTruncated, doubleToDecimal, scaleUp } from './decimal.js'
import { formatDouble } from './double-format.js'
import type { EvaluationContext } from './evaluation.js'
import { readJson } from './json.js'
import { SqlMode } from './sql-mode.js'
import { isTemporal, type SqlType } from './sql-type.js'
import {
  clearTimeOfDay,
  createFields,
  localToTimestamp,
  packDate,
  packDatetime,
  packTime,
  roundFraction,
  setDayNumber,
  setEpochMicros,
  setTimestampFields,
  dayNumber,
  unpackDate,
  unpackDatetime,
  unpackTime,
  type TemporalFields,
} from './temporal.js'
import {
  clampTime,
  dateFlagsOf,
  isValidDate,
  parseDatetimeNumber,
  parseDatetimeText,
  parseTimeNumber,
  parseTimeText,
  ParseStatus,
} from './temporal-text.js'
import { subtractExact, type ExactValue, type Value } from './value.js'
import { textOf } from './value-text.js'

const fields = createFields()

export function compileToTemporal(from: SqlType, to: SqlType): NonNullConversion | undefined {
  if (isTemporal(from)) {
    return (value, context) => {
      readTemporal(from, value as ExactValue, context, fields)
      return packAs(to, fields, from.name === 'time', context)
    }
  }
  if (from.name === 'json') {
    const ofText = textToTemporal(to, (value) => value as string)
    return (value, context) => {
      const node = readJson(value as string)
      if (typeof node === 'string') return ofText(node, context)
      raise(context, 'ER_INVALID_JSON_VALUE_FOR_CAST', to.name.toUpperCase(), '', 1)
      return null
    }
  }
  const micros = compileMicros(from)
  if (micros === undefined) return textToTemporal(to, textOf(from))
  const text = from.name === 'double' || from.name === 'float' ? formatNumber : textOf(from)
  return (value, context) => {
    const status = readMicros(to, micros(value), context, fields)
    return finish(status, to, () => text(value, context), context)
  }
}

function formatNumber(value: Value): string {
  return formatDouble(value as number)
}

/** Sets the fields of a temporal value; a TIMESTAMP in the session's zone. */
export function readTemporal(
  from: SqlType,
  value: ExactValue,
  context: EvaluationContext,
  target: TemporalFields,
): void {
  switch (from.name) {
    case 'date':
      unpackDate(value, target)
      return
    case 'time':
      unpackTime(value, from.scale, target)
      return
    case 'timestamp':
      setTimestampFields(value, from.scale, context.timeZone, target)
      return
    default:
      unpackDatetime(value, from.scale, target)
  }
}

function textToTemporal(
  to: SqlType,
  text: (value: Value, context: EvaluationContext) => string,
): NonNullConversion {
  return (value, context) => {
    const source = text(value, context)
    const status =
      to.name === 'time'
        ? parseTimeText(source, context.timeZone, fields)
        : parseDatetimeText(source, dateFlagsOf(context.sqlMode), context.timeZone, fields)
    return finish(status, to, () => source, context)
  }
}

/** Numbers as a count of millionths; undefined for what is read as text. */
export function compileMicros(from: SqlType): ((value: Value) => ExactValue) | undefined {
  switch (from.name) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'bit':
      return (value) => scaleUp(value as ExactValue, 6)
    case 'decimal': {
      const { scale } = from
      return (value) =>
        scale <= 6 ? scaleUp(value as ExactValue, 6 - scale) : divideTruncated(value as ExactValue, scale - 6)
    }
    case 'float':
    case 'double':
      return (value) => doubleToDecimal(value as number, 6)
    default:
      return undefined
  }
}

/** Reads a number given in millionths as a date and time, or as a TIME; returns `ParseStatus` bits. */
export function readMicros(
  to: SqlType,
  micros: ExactValue,
  context: EvaluationContext,
  target: TemporalFields,
): number {
  const whole = divideTruncated(micros, 6)
  const rest = Math.abs(Number(subtractExact(micros, scaleUp(whole, 6))))
  const status =
    to.name === 'time'
      ? parseTimeNumber(whole, target)
      : parseDatetimeNumber(whole, dateFlagsOf(context.sqlMode), target)
  if (status === 0 || status === ParseStatus.DATE_ONLY) target.microsecond = rest
  if (to.name === 'time' && micros < 0) target.negative = true
  return status
}

/** Packs what a parser found, with the warnings of its status. */
function finish(status: number, to: SqlType, source: () => string, context: EvaluationContext): Value {
  const typeName = to.name === 'time' ? 'time' : 'datetime'
  if ((status & ParseStatus.FAILED) !== 0) {
    raise(context, 'ER_INCORRECT_VALUE', typeName, shown(source()))
    return null
  }
  if ((status & (ParseStatus.TRUNCATED | ParseStatus.OUT_OF_RANGE)) !== 0) {
    const name = to.name === 'timestamp' ? 'datetime' : to.name
    raise(context, 'ER_TRUNCATED_WRONG_VALUE', name, shown(source()))
  }
  const packed = packChecked(to, fields, false, context)
  if (packed === null) raise(context, 'ER_INCORRECT_VALUE', typeName, shown(source()))
  return packed
}

/** As `packAs`, for what comes from outside: also NULL for dates that the sql_mode doesn't let in. */
export function packChecked(
  to: SqlType,
  source: TemporalFields,
  isTime: boolean,
  context: EvaluationContext,
): ExactValue | null {
  const isLetIn = isTime || to.name === 'time' || isValidDate(source, dateFlagsOf(context.sqlMode))
  return isLetIn ? packAs(to, source, isTime, context) : null
}

/**
 * `source` as a value of the type: rounded to its decimals, but cut to its day for a DATE; a TIME on the statement's
 * date where a date is wanted.
 * NULL if it has no place in the type. Changes `source`.
 */
function packAs(
  to: SqlType,
  source: TemporalFields,
  isTime: boolean,
  context: EvaluationContext,
): ExactValue | null {
  if (to.name === 'time') {
    if (!isTime) source.year = source.month = source.day = 0
    const truncate = (context.sqlMode & SqlMode.TIME_TRUNCATE_FRACTIONAL) !== 0
    roundFraction(source, to.scale, truncate, true)
    clampTime(source)
    return packTime(source, to.scale)
  }
  if (isTime) placeOnToday(source, context)
  return packWithDate(to, source, context)
}

function packWithDate(to: SqlType, source: TemporalFields, context: EvaluationContext): ExactValue | null {
  const truncate = (context.sqlMode & SqlMode.TIME_TRUNCATE_FRACTIONAL) !== 0
  if (to.name === 'date') return packDate(source)
  const hasFraction = source.microsecond !== 0 || source.nanosecond !== 0
  if (hasFraction && !roundFraction(source, to.scale, truncate, false)) return null
  if (to.name === 'timestamp') return localToTimestamp(source, to.scale, context.timeZone) ?? null
  return packDatetime(source, to.scale)
}

const today = createFields()

/** Turns a TIME into the date and time that is so far from today's midnight. */
function placeOnToday(source: TemporalFields, context: EvaluationContext): void {
  setEpochMicros(today, context.statementTimeMicros, context.timeZone)
  const seconds = source.hour * 3600 + source.minute * 60 + source.second
  const micros = source.negative ? -source.microsecond : source.microsecond
  let total = source.negative ? -seconds : seconds
  let fraction = micros
  if (fraction < 0) {
    fraction += 1_000_000
    total--
  }
  const days = Math.floor(total / 86400)
  const rest = total - days * 86400
  clearTimeOfDay(source)
  setDayNumber(source, dayNumber(today.year, today.month, today.day) + days)
  source.hour = Math.floor(rest / 3600)
  source.minute = Math.floor(rest / 60) % 60
  source.second = rest % 60
  source.microsecond = fraction
}
