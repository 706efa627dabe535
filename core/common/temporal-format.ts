/**
 * Dates and times written as text, as MySQL shows them.
 */
import { createFields, unpackDate, unpackDatetime, unpackTime, type TemporalFields } from './temporal.js'
import type { ExactValue } from './value.js'

const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'))

function two(value: number): string {
  return TWO_DIGITS[value] ?? String(value)
}

function four(value: number): string {
  return value >= 1000 ? String(value) : String(value).padStart(4, '0')
}

function fractionText(fields: TemporalFields, fractionDigits: number): string {
  if (fractionDigits === 0) return ''
  return `.${String(fields.microsecond).padStart(6, '0').slice(0, fractionDigits)}`
}

/** 'YYYY-MM-DD'. */
export function dateText(fields: TemporalFields): string {
  return `${four(fields.year)}-${two(fields.month)}-${two(fields.day)}`
}

/** '[-]hh:mm:ss[.ffffff]'; hours take three digits if they need them. */
export function timeText(fields: TemporalFields, fractionDigits: number): string {
  const sign = fields.negative ? '-' : ''
  const clock = `${two(fields.hour)}:${two(fields.minute)}:${two(fields.second)}`
  return sign + clock + fractionText(fields, fractionDigits)
}

/** 'YYYY-MM-DD hh:mm:ss[.ffffff]'. */
export function datetimeText(fields: TemporalFields, fractionDigits: number): string {
  return `${dateText(fields)} ${timeText(fields, fractionDigits)}`
}

const scratch = createFields()

/** Text of a packed DATE. */
export function formatDate(value: ExactValue): string {
  unpackDate(value, scratch)
  return dateText(scratch)
}

/** Text of a packed TIME. */
export function formatTime(value: ExactValue, fractionDigits: number): string {
  unpackTime(value, fractionDigits, scratch)
  return timeText(scratch, fractionDigits)
}

/** Text of a packed DATETIME (or of a TIMESTAMP after `timestampToLocal`). */
export function formatDatetime(value: ExactValue, fractionDigits: number): string {
  unpackDatetime(value, fractionDigits, scratch)
  return datetimeText(scratch, fractionDigits)
}
