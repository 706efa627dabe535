import type { IntervalUnit } from '../plan/syntax/expression.js'
import type { Cursor } from './cursor.js'
import type { TokenKind } from './token.js'

/** Units of INTERVAL (manual, 11.5). */

const SIMPLE_UNITS: Partial<Record<TokenKind, IntervalUnit>> = {
  MICROSECOND: 'microsecond',
  SECOND: 'second',
  MINUTE: 'minute',
  HOUR: 'hour',
  DAY: 'day',
  WEEK: 'week',
  MONTH: 'month',
  QUARTER: 'quarter',
  YEAR: 'year',
}

const COMPOUND_UNITS: Partial<Record<TokenKind, IntervalUnit>> = {
  SECOND_MICROSECOND: 'second_microsecond',
  MINUTE_MICROSECOND: 'minute_microsecond',
  MINUTE_SECOND: 'minute_second',
  HOUR_MICROSECOND: 'hour_microsecond',
  HOUR_SECOND: 'hour_second',
  HOUR_MINUTE: 'hour_minute',
  DAY_MICROSECOND: 'day_microsecond',
  DAY_SECOND: 'day_second',
  DAY_MINUTE: 'day_minute',
  DAY_HOUR: 'day_hour',
  YEAR_MONTH: 'year_month',
}

export function parseIntervalUnit(cursor: Cursor): IntervalUnit {
  const unit = SIMPLE_UNITS[cursor.kind] ?? COMPOUND_UNITS[cursor.kind] ?? cursor.fail()
  cursor.advance()
  return unit
}

/** The units of TIMESTAMPADD and TIMESTAMPDIFF: those of one word. */
export function parseTimestampUnit(cursor: Cursor): IntervalUnit {
  const unit = SIMPLE_UNITS[cursor.kind] ?? cursor.fail()
  cursor.advance()
  return unit
}
