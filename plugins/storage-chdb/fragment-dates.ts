/**
 * Functions of dates and times in fragments. Values are packed integers (`stored-type.ts`), which are taken apart by division; the
 * engine's own date functions know neither all years nor partial dates. What may overflow, as date arithmetic does, isn't here: MySQL
 * warns of it.
 */
import { type Expression, type SqlType } from '@switchyard/core/spi'
import {
  castSql,
  constantText,
  integerSql,
  need,
  Refusal,
  requireUtc,
  type Entry,
  type Render,
} from './fragment-render.js'

/** Parts of a date and of a time of day, each an integer expression. */
interface DateParts {
  readonly year: string
  readonly month: string
  readonly day: string
}

function secondUnits({ scale }: SqlType): number {
  return 10 ** scale
}

function datePartsSql(operand: Expression, render: Render): DateParts {
  const { type } = operand
  const value = render(operand)
  if (type.name === 'date') {
    return {
      year: `intDiv(${value}, 512)`,
      month: `(intDiv(${value}, 32) % 16)`,
      day: `(${value} % 32)`,
    }
  }
  if (type.name === 'timestamp') requireUtc(render)
  else if (type.name !== 'datetime') throw new Refusal(`no entry for the date of ${type.name}`)
  const days = `intDiv(${value}, ${86_400 * secondUnits(type)})`
  return {
    year: `intDiv(${days}, 416)`,
    month: `(intDiv(${days}, 32) % 13)`,
    day: `(${days} % 32)`,
  }
}

/** Seconds of the day, or of a duration without its sign. */
function secondsSql(operand: Expression, render: Render): string {
  const { type } = operand
  switch (type.name) {
    case 'date':
      return `(${render(operand)} * 0)`
    case 'timestamp':
      requireUtc(render)
      return `(intDiv(${render(operand)}, ${secondUnits(type)}) % 86400)`
    case 'datetime':
      return `(intDiv(${render(operand)}, ${secondUnits(type)}) % 86400)`
    case 'time':
      return `intDiv(abs(${render(operand)}), ${secondUnits(type)})`
    default:
      throw new Refusal(`no entry for the time of ${type.name}`)
  }
}

/** TO_DAYS (see `dayNumber` in core); NULL for what is no day of the calendar. */
function dayNumberSql(operand: Expression, render: Render): string {
  const { year, month, day } = datePartsSql(operand, render)
  const y = `toInt64(${year})`
  const shifted = `(${y} - if(${month} <= 2, 1, 0))`
  const months = `31 * (toInt64(${month}) - 1) - if(${month} <= 2, 0, intDiv(${month} * 4 + 23, 10))`
  const leaps = `intDiv(${shifted}, 4) - intDiv((intDiv(${shifted}, 100) + 1) * 3, 4)`
  return `if(${month} = 0 OR ${day} = 0, NULL, 365 * ${y} + ${months} + ${day} + ${leaps})`
}

function firstOfYearSql(operand: Expression, render: Render): string {
  const { year } = datePartsSql(operand, render)
  const before = `(toInt64(${year}) - 1)`
  return `(365 * toInt64(${year}) + 1 + intDiv(${before}, 4) - intDiv((intDiv(${before}, 100) + 1) * 3, 4))`
}

function part(sql: (operand: Expression, render: Render) => string): Entry {
  return ([operand], call, render) => integerSql(sql(need(operand), render), call.type)
}

const PARTS = {
  year: (operand, render) => datePartsSql(operand, render).year,
  month: (operand, render) => datePartsSql(operand, render).month,
  day: (operand, render) => datePartsSql(operand, render).day,
  quarter: (operand, render) => `intDiv(${datePartsSql(operand, render).month} + 2, 3)`,
  hour: (operand, render) => `intDiv(${secondsSql(operand, render)}, 3600)`,
  minute: (operand, render) => `(intDiv(${secondsSql(operand, render)}, 60) % 60)`,
  second: (operand, render) => `(${secondsSql(operand, render)} % 60)`,
  year_month: (operand, render) => {
    const { year, month } = datePartsSql(operand, render)
    return `(${year} * 100 + ${month})`
  },
} as const satisfies Record<string, (operand: Expression, render: Render) => string>

function unitOf({ kind, ...expression }: Expression): string {
  const value = kind === 'constant' && 'value' in expression ? expression.value : undefined
  if (typeof value !== 'string') throw new Refusal('an interval that changes from row to row')
  return value.toLowerCase()
}

const extract: Entry = ([unit, operand], call, render) => {
  const name = unitOf(need(unit))
  const sql = Object.entries(PARTS).find(([each]) => each === name)?.[1]
  // Hours of a date and time, but of a TIME with its sign.
  if (sql === undefined || need(operand).type.name === 'time') throw new Refusal(`no entry for ${call.text}`)
  return integerSql(sql(need(operand), render), call.type)
}

const dateEntry: Entry = ([operand], call, render) => {
  if (need(operand).type.name === 'date') return render(need(operand))
  const { year, month, day } = datePartsSql(need(operand), render)
  return castSql(`((${year} * 16 + ${month}) * 32 + ${day})`, call.type)
}

// ── TIMESTAMPDIFF ───────────────────────────────────────────────────────────────────────────────────────────────

const UNIT_MICROS: Readonly<Record<string, number>> = {
  microsecond: 1,
  second: 1_000_000,
  minute: 60_000_000,
  hour: 3_600_000_000,
  day: 86_400_000_000,
  week: 604_800_000_000,
}
const UNIT_MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 }

/** Microseconds of the day. */
function dayMicrosSql(operand: Expression, render: Render): string {
  const { type } = operand
  if (type.name === 'date') return `toInt64(${render(operand)} * 0)`
  return `(${render(operand)} % ${86_400 * secondUnits(type)}) * ${1_000_000 / secondUnits(type)}`
}

/** Whole units, cut towards zero. */
const timestampDifference: Entry = ([unit, first, second], call, render) => {
  const name = unitOf(need(unit))
  const [start, end] = [need(first), need(second)]
  // Undefined is what isn't a day of the calendar.
  const days = `(${dayNumberSql(end, render)} - ${dayNumberSql(start, render)})`
  const micros = `(${days} * 86400000000 + ${dayMicrosSql(end, render)} - ${dayMicrosSql(start, render)})`
  const unitMicros = UNIT_MICROS[name]
  if (unitMicros !== undefined) return castSql(`intDiv(${micros}, ${unitMicros})`, call.type)
  const unitMonths = UNIT_MONTHS[name]
  if (unitMonths === undefined) throw new Refusal(`no entry for ${call.text}`)
  const whole = (from: Expression, to: Expression): string => {
    const [a, b] = [datePartsSql(from, render), datePartsSql(to, render)]
    const count = `((toInt64(${b.year}) - ${a.year}) * 12 + ${b.month} - ${a.month})`
    const within = (parts: DateParts, of: Expression): string =>
      `(toInt64(${parts.day}) * 86400000000 + ${dayMicrosSql(of, render)})`
    return `intDiv(${count} - if(${within(b, to)} < ${within(a, from)}, 1, 0), ${unitMonths})`
  }
  const months = `if(${micros} < 0, -${whole(end, start)}, ${whole(start, end)})`
  return castSql(`if(isNull(${micros}), NULL, ${months})`, call.type)
}

// ── DATE_FORMAT ─────────────────────────────────────────────────────────────────────────────────────────────────

interface FormatParts extends DateParts {
  readonly seconds: string
}

function padded(value: string, digits: number): string {
  return `leftPad(toString(${value}), ${digits}, '0')`
}

const hourOf = ({ seconds }: FormatParts): string => `intDiv(${seconds}, 3600)`
const minuteOf = ({ seconds }: FormatParts): string => `intDiv(${seconds}, 60) % 60`
const secondOf = ({ seconds }: FormatParts): string => `${seconds} % 60`
const hour12Of = (parts: FormatParts): string => `(${hourOf(parts)} + 11) % 12 + 1`
const meridiemOf = (parts: FormatParts): string => `if(${hourOf(parts)} < 12, 'AM', 'PM')`

/** Those whose texts depend on neither language nor the calendar. */
const SPECIFIERS: Readonly<Record<string, (parts: FormatParts) => string>> = {
  Y: ({ year }) => padded(year, 4),
  y: ({ year }) => padded(`${year} % 100`, 2),
  m: ({ month }) => padded(month, 2),
  c: ({ month }) => `toString(${month})`,
  d: ({ day }) => padded(day, 2),
  e: ({ day }) => `toString(${day})`,
  H: (parts) => padded(hourOf(parts), 2),
  k: (parts) => `toString(${hourOf(parts)})`,
  h: (parts) => padded(hour12Of(parts), 2),
  I: (parts) => padded(hour12Of(parts), 2),
  l: (parts) => `toString(${hour12Of(parts)})`,
  i: (parts) => padded(minuteOf(parts), 2),
  s: (parts) => padded(secondOf(parts), 2),
  S: (parts) => padded(secondOf(parts), 2),
  p: meridiemOf,
  T: (parts) =>
    `concat(${padded(hourOf(parts), 2)}, ':', ${padded(minuteOf(parts), 2)}, ':', ${padded(secondOf(parts), 2)})`,
}
const REFUSED_SPECIFIERS = 'abDfjMrUuVvWwXx'

const dateFormat: Entry = ([operand, format], call, render) => {
  const date = need(operand)
  const parts: FormatParts = { ...datePartsSql(date, render), seconds: secondsSql(date, render) }
  const text = constantText(need(format), render)
  if (text === undefined) return '?'
  // Texts of the result are held to be ASCII without exceptions.
  if (!/^[ -~]+$/.test(text)) throw new Refusal(`no entry for ${call.text}`)
  const pieces = [...text.matchAll(/%(.)|[^%]+|%$/g)].map(([token, letter]) => {
    if (letter === undefined) return `'${token.replace(/[\\']/g, '\\$&')}'`
    if (REFUSED_SPECIFIERS.includes(letter)) throw new Refusal(`no entry for %${letter} of DATE_FORMAT`)
    return SPECIFIERS[letter]?.(parts) ?? `'${letter.replace(/[\\']/g, '\\$&')}'`
  })
  // Of NULL nothing is shown, also not what doesn't depend on it.
  return `if(isNull(${render(date)}), NULL, concat(${pieces.join(', ')}, ''))`
}

export const DATE_ENTRIES: readonly (readonly [string, Entry])[] = [
  ['year', part(PARTS.year)],
  ['month', part(PARTS.month)],
  ['day', part(PARTS.day)],
  ['dayofmonth', part(PARTS.day)],
  ['quarter', part(PARTS.quarter)],
  ['hour', part(PARTS.hour)],
  ['minute', part(PARTS.minute)],
  ['second', part(PARTS.second)],
  ['extract', extract],
  ['date', dateEntry],
  ['to_days', part(dayNumberSql)],
  ['weekday', part((operand, render) => `((${dayNumberSql(operand, render)} + 5) % 7)`)],
  ['dayofweek', part((operand, render) => `((${dayNumberSql(operand, render)} + 6) % 7 + 1)`)],
  [
    'dayofyear',
    part((operand, render) => `(${dayNumberSql(operand, render)} - ${firstOfYearSql(operand, render)} + 1)`),
  ],
  [
    'datediff',
    ([first, second], call, render) =>
      castSql(`(${dayNumberSql(need(first), render)} - ${dayNumberSql(need(second), render)})`, call.type),
  ],
  ['timestampdiff', timestampDifference],
  ['date_format', dateFormat],
]
