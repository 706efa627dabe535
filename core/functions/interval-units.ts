/**
 * The units of INTERVAL (MySQL manual 11.5 "Expressions", "Temporal Intervals") and how an amount of one is read.
 */
import { rescale } from '../common/decimal.js'
import type { SqlType } from '../common/sql-type.js'
import type { Interval } from '../common/temporal.js'
import type { ExactValue, Value } from '../common/value.js'
import type { IntervalUnit } from '../plan/syntax/index.js'
import { exactScaleOf, type ParameterKind } from './parameters.js'
import type { Call } from './support.js'

/** Months, days, seconds and microseconds of one of each part. */
type PartName = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'microsecond'

const UNITS: Readonly<Record<IntervalUnit, readonly PartName[]>> = {
  microsecond: ['microsecond'],
  second: ['second'],
  minute: ['minute'],
  hour: ['hour'],
  day: ['day'],
  week: ['day'],
  month: ['month'],
  quarter: ['month'],
  year: ['year'],
  second_microsecond: ['second', 'microsecond'],
  minute_microsecond: ['minute', 'second', 'microsecond'],
  minute_second: ['minute', 'second'],
  hour_microsecond: ['hour', 'minute', 'second', 'microsecond'],
  hour_second: ['hour', 'minute', 'second'],
  hour_minute: ['hour', 'minute'],
  day_microsecond: ['day', 'hour', 'minute', 'second', 'microsecond'],
  day_second: ['day', 'hour', 'minute', 'second'],
  day_minute: ['day', 'hour', 'minute'],
  day_hour: ['day', 'hour'],
  year_month: ['year', 'month'],
}

/** The unit that the binder gave as constant argument `index`. */
export function intervalUnitOf(call: Pick<Call, 'args'>, index: number): IntervalUnit {
  const unit = String(call.args[index]?.constant?.value).toLowerCase()
  if (unit in UNITS) return unit as IntervalUnit
  throw new Error(`invariant: '${unit}' is an interval unit`)
}

/** Whether the unit has only parts of a time of day: it then can be added to a TIME. */
export function isTimeUnit(unit: IntervalUnit): boolean {
  return UNITS[unit].every((part) => part !== 'year' && part !== 'month' && part !== 'day')
}

/** Whether the unit has only parts of a date: a DATE then stays a DATE. */
export function isDateUnit(unit: IntervalUnit): boolean {
  return UNITS[unit].every((part) => part === 'year' || part === 'month' || part === 'day')
}

/** Whether the unit counts microseconds. */
export function hasMicroseconds(unit: IntervalUnit): boolean {
  return UNITS[unit].includes('microsecond')
}

/** What an amount of the unit is converted to: a whole number, seconds with decimals, or text with several numbers. */
export function amountKind(unit: IntervalUnit): ParameterKind {
  if (UNITS[unit].length > 1) return 'text'
  return unit === 'second' ? 'exact' : 'integer'
}

/** Reads an amount that isn't NULL; undefined if it has more numbers than the unit has parts. */
export type IntervalReader = (amount: Value) => Interval | undefined

/** A reader for amounts of the unit; `type` is the type of the amount before conversion. */
export function intervalReader(unit: IntervalUnit, type: SqlType, negate: boolean): IntervalReader {
  const sign = negate ? -1 : 1
  if (UNITS[unit].length > 1) return (amount) => compoundInterval(unit, amount as string, sign)
  if (unit === 'second') {
    const scale = exactScaleOf(type)
    return (amount) => secondInterval(amount as ExactValue, scale, sign)
  }
  const factor = unit === 'week' ? 7 : unit === 'quarter' ? 3 : 1
  const part = UNITS[unit][0] as PartName
  if (part === 'microsecond')
    return (amount) => microsecondInterval(BigInt(amount as ExactValue) * BigInt(sign))
  return (amount) => scaled({ [part]: Number(amount) * factor * sign })
}

function secondInterval(amount: ExactValue, scale: number, sign: number): Interval {
  return microsecondInterval(BigInt(rescale(amount, scale, 6)) * BigInt(sign))
}

function microsecondInterval(micros: bigint): Interval {
  return {
    months: 0,
    days: 0,
    seconds: Number(micros / 1_000_000n),
    microseconds: Number(micros % 1_000_000n),
  }
}

function scaled(parts: Partial<Record<PartName, number>>): Interval {
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microsecond = 0 } = parts
  return {
    months: year * 12 + month,
    days: day,
    seconds: hour * 3600 + minute * 60 + second,
    microseconds: microsecond,
  }
}

/**
 * Several numbers with anything between them: '1 2:3' as DAY_MINUTE. Fewer numbers than parts are the last parts;
 * a leading minus counts for all; more numbers than parts are an error. The digits of a microsecond part are a
 * fraction: '1.5' is half a second.
 */
function compoundInterval(unit: IntervalUnit, text: string, sign: number): Interval | undefined {
  const names = UNITS[unit]
  const negative = /^\s*-/.test(text)
  const numbers = text.match(/\d+/g) ?? []
  if (numbers.length > names.length) return undefined
  const factor = negative ? 0 - sign : sign
  const parts: Partial<Record<PartName, number>> = {}
  const firstName = names.length - numbers.length
  numbers.forEach((digits, index) => {
    const name = names[firstName + index] as PartName
    const number = name === 'microsecond' ? digits.slice(0, 6).padEnd(6, '0') : digits
    parts[name] = Number(number) * factor
  })
  return scaled(parts)
}
