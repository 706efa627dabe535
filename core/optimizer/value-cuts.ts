/**
 * Where a value lies among those that a column can have: the comparisons of the column with it are then comparisons with the
 * column's own values, whatever the value's type is.
 */
import { exactLayoutOf } from '../common/exact-layout.js'
import { requireCollation } from '../common/collations.js'
import type { EvaluationContext } from '../common/evaluation.js'
import {
  isApproximate,
  isBinary,
  isInteger,
  isNumeric,
  isTemporal,
  isText,
  type SqlType,
} from '../common/sql-type.js'
import {
  addInterval,
  createFields,
  isZeroDate,
  localToTimestamp,
  packDate,
  unpackDatetime,
} from '../common/temporal.js'
import { exact, type ExactValue, type Value } from '../common/value.js'
import { compileTemporalCut } from '../functions/pair-comparison.js'
import type { Expression } from '../plan/expression.js'
import { isConstant } from './conditions.js'

/** Where a value lies among those of a column: at or just above `floor`, or, if that is uncertain, between `least` and `most`. */
export interface Place {
  floor: ExactValue
  isAbove: boolean
}

/** Puts a value, not NULL, at its place. `upward` says which end is wanted where the place is uncertain. */
export type FloorOf = (value: Value, context: EvaluationContext, upward: boolean, place: Place) => void

export interface Cut {
  readonly floorOf: FloorOf
  /** The place is uncertain, so equality is a range. */
  readonly isWide: boolean
  readonly exact: boolean
}

function precise(floorOf: FloorOf): Cut {
  return { floorOf, isWide: false, exact: true }
}

function wide(floorOf: FloorOf): Cut {
  return { floorOf, isWide: true, exact: false }
}

/** How values of another type are put among those of the column; `same` if they are such, undefined if an index is no help. */
export function cutFor(column: SqlType, value: Expression): 'same' | Cut | undefined {
  const from = value.type
  if (from.name === 'null') return 'same'
  if (isText(column)) return isText(from) ? 'same' : undefined
  if (isBinary(column)) return isBinary(from) ? 'same' : undefined
  if (isTemporal(column)) return temporalCut(column, value)
  if (column.name === 'double') return isApproximate(from) || isNarrow(from) ? 'same' : undefined
  if (column.name === 'float') return isApproximate(from) || isNarrow(from) ? FLOAT_CUT : undefined
  if (column.name === 'enum') return isText(from) ? enumCut(column) : numberCut(column, from)
  if (isNumeric(column) || column.name === 'set') return numberCut(column, from)
  return undefined
}

/** Integers that are no less as doubles. */
function isNarrow(type: SqlType): boolean {
  return (isInteger(type) && type.name !== 'bigint') || type.name === 'year'
}

function isWhole(type: SqlType): boolean {
  return isInteger(type) || ['year', 'bit', 'enum', 'set'].includes(type.name)
}

function numberCut(column: SqlType, from: SqlType): 'same' | Cut | undefined {
  const scale = column.name === 'decimal' ? column.scale : 0
  if (isWhole(from) || from.name === 'decimal') {
    if (fits(from, column)) return 'same'
    const digits = (from.name === 'decimal' ? from.scale : 0) - scale
    return precise((value, _context, _upward, place) => {
      rescaleDown(value as ExactValue, digits, place)
    })
  }
  if (!isApproximate(from)) return undefined
  // A comparison as doubles doesn't tell large integers apart, nor decimals that are near each other.
  if (scale === 0 && isNarrow(column)) return precise(floorOfDouble)
  return wide((value, _context, upward, place) => {
    place.floor = wideFloor(value as number, scale, upward)
    place.isAbove = false
  })
}

/** Whether every value of one exact type is a value of the other, written the same. */
function fits(from: SqlType, to: SqlType): boolean {
  if (from.name === 'decimal' || to.name === 'decimal') {
    return from.name === to.name && from.scale === to.scale && from.length <= to.length
  }
  const source = exactLayoutOf(from)
  const target = exactLayoutOf(to)
  if (source.signed === target.signed) return source.width <= target.width
  return target.signed && source.width < target.width
}

function rescaleDown(value: ExactValue, digits: number, place: Place): void {
  if (digits <= 0) {
    place.floor = digits === 0 ? value : exact(BigInt(value) * 10n ** BigInt(-digits))
    place.isAbove = false
    return
  }
  floorDivide(value, 10n ** BigInt(digits), place)
}

function floorDivide(value: ExactValue, unit: bigint, place: Place): void {
  const whole = BigInt(value)
  const remainder = ((whole % unit) + unit) % unit
  place.floor = exact((whole - remainder) / unit)
  place.isAbove = remainder !== 0n
}

function floorOfDouble(value: Value, _context: EvaluationContext, _upward: boolean, place: Place): void {
  const number = value as number
  const floor = Math.floor(number)
  place.floor = Number.isSafeInteger(floor) ? floor + 0 : exact(BigInt(floor))
  place.isAbove = floor < number
}

/** Beyond what a double's rounding can do to a value near it. */
function wideFloor(value: number, scale: number, upward: boolean): ExactValue {
  const whole = Math.floor(value)
  if (scale === 0 && Math.abs(value) < 2 ** 53) return (upward || whole === value ? whole : whole + 1) + 0
  const unscaled = BigInt(whole) * 10n ** BigInt(scale)
  const fraction = BigInt(Math.floor((value - whole) * 10 ** Math.min(scale, 15)))
  const about = unscaled + fraction * 10n ** BigInt(Math.max(0, scale - 15))
  const slack = (about < 0n ? -about : about) / 2n ** 50n + 10n ** BigInt(Math.max(0, scale - 14)) + 2n
  return exact(upward ? about + slack : about - slack)
}

/** Rounded to single precision a value may fall on either side; the row at the edge is looked at again. */
const FLOAT_CUT: Cut = {
  floorOf: (value, _context, _upward, place) => {
    place.floor = Math.fround(Number(value))
    place.isAbove = false
  },
  isWide: true,
  exact: false,
}

/** The member that a text is, if it is one; only for equality. */
function enumCut(column: SqlType): Cut | undefined {
  const members = column.members ?? []
  // The empty text may be a member or the mark of a bad value.
  if (members.includes('')) return undefined
  const collation = requireCollation(column.collation)
  return precise((value, _context, _upward, place) => {
    const text = value as string
    const index = members.findIndex((member) => collation.compare(member, text) === 0) + 1
    place.floor = index
    place.isAbove = index === 0 && collation.compare('', text) !== 0
  })
}

// ── Dates and times ─────────────────────────────────────────────────────────────────────────────────────────────

const fields = createFields()

function temporalCut(column: SqlType, value: Expression): 'same' | Cut | undefined {
  const from = value.type
  if (from.name === column.name && from.scale === column.scale) return 'same'
  if (isText(from) || isBinary(from) || isNumeric(from)) {
    return isConstant(value) ? constantCut(column, from) : undefined
  }
  if (from.name === column.name) {
    const digits = from.scale - column.scale
    return precise((time, _context, _upward, place) => {
      rescaleDown(time as ExactValue, digits, place)
    })
  }
  if (from.name !== 'datetime') return undefined
  if (column.name === 'date') {
    return precise((time, _context, _upward, place) => {
      unpackDatetime(time as ExactValue, from.scale, fields)
      place.floor = packDate(fields)
      place.isAbove = fields.hour > 0 || fields.minute > 0 || fields.second > 0 || fields.microsecond > 0
    })
  }
  return column.name === 'timestamp' ? timestampCut(column, from) : undefined
}

/** The comparison reads constants itself; numbers that are no dates it compares as numbers, in an order of their own. */
function constantCut(column: SqlType, from: SqlType): Cut {
  const cut = compileTemporalCut(column, from)
  if (!isNumeric(from)) {
    return precise((value, context, _upward, place) => {
      const { floor, isAbove } = cut(value, context)
      place.floor = floor
      place.isAbove = isAbove
    })
  }
  const { least, most } = limitsOf(column)
  return wide((value, context, upward, place) => {
    const { floor, isAbove, number } = cut(value, context)
    place.isAbove = false
    if (number !== undefined) place.floor = upward ? most : least
    else place.floor = isAbove && !upward ? exact(BigInt(floor) + 1n) : floor
  })
}

/**
 * A TIMESTAMP beside a DATETIME is compared as local time, which isn't in the order of instants when clocks are turned back. So the
 * range is widened by more than clocks were ever turned.
 */
function timestampCut(column: SqlType, from: SqlType): Cut {
  return wide((value, context, upward, place) => {
    unpackDatetime(value as ExactValue, from.scale, fields)
    const { least, most } = limitsOf(column)
    place.isAbove = false
    place.floor = upward ? most : least
    if (isZeroDate(fields)) return
    const seconds = upward ? CLOCK_TURN_SECONDS : -CLOCK_TURN_SECONDS
    if (!addInterval(fields, { months: 0, days: 0, seconds, microseconds: 0 })) return
    fields.microsecond = 0
    place.floor = localToTimestamp(fields, column.scale, context.timeZone) ?? place.floor
  })
}

/** Samoa once left out a day. */
const CLOCK_TURN_SECONDS = 49 * 3600

export interface Limits {
  readonly least: ExactValue
  readonly most: ExactValue
}

/** What a key can hold of a type. */
export function limitsOf(type: SqlType): Limits {
  const { width, signed } = exactLayoutOf(type)
  const span = 2n ** BigInt(width * 8)
  return signed
    ? { least: exact(-span / 2n), most: exact(span / 2n - 1n) }
    : { least: 0, most: exact(span - 1n) }
}
