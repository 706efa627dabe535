/**
 * Bounds of index ranges: turns the value that a column is compared with into values of the column's own type, so that exactly
 * the rows for which the comparison holds lie inside, or more if that is said (`exact: false`).
 *
 * Where the value's type can say more than the column's (1.5 for an INT, a time of day for a DATE, 300 for a TINYINT), the value is
 * cut to the column's grid when the scan opens: `>= 1.5` becomes `>= 2`. A cut bound is always inclusive, and NULL, which
 * makes the range empty, if no value of the column can satisfy the comparison.
 */
import { exactLayoutOf } from '../common/exact-layout.js'
import { requireCollation } from '../common/collations.js'
import type { EvaluationContext } from '../common/evaluation.js'
import {
  BIGINT_TYPE,
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

export type BoundOperator = '=' | '<' | '<=' | '>' | '>='

/** One end of a range of values. */
export interface Bound {
  readonly expression: Expression
  readonly inclusive: boolean
}

/** The values of a column for which `column operator value` holds. */
export interface ValueInterval {
  readonly lower: Bound | undefined
  readonly upper: Bound | undefined
  /** Both bounds are one value: equality. */
  readonly isPoint: boolean
  /** NULL is a value that is looked for (IS NULL, <=>). */
  readonly nullSafe: boolean
  /** Every row inside satisfies the comparison. */
  readonly exact: boolean
}

/**
 * The interval for a comparison of a column of type `column` with `value`; undefined if an index can't answer it. Text must compare
 * by the column's own collation, which the caller has made sure of.
 */
export function intervalFor(
  column: SqlType,
  operator: BoundOperator,
  value: Expression,
): ValueInterval | undefined {
  const cut = cutFor(column, value)
  if (cut === undefined) return undefined
  if (cut === 'same') return interval(operator, value, true)
  const { floorOf, isWide, exact: isExact } = cut
  const bound = (edge: Edge) => cutExpression(column, value, floorOf, edge)
  switch (operator) {
    case '=':
      if (isWide) return { ...range(bound('least'), bound('most')), exact: isExact }
      return { ...point(bound('equal')), exact: isExact }
    case '>=':
      return { ...range(bound('least'), undefined), exact: isExact }
    case '>':
      return { ...range(bound(isWide ? 'least' : 'above'), undefined), exact: isExact }
    case '<=':
      return { ...range(undefined, bound('most')), exact: isExact }
    case '<':
      return { ...range(undefined, bound(isWide ? 'most' : 'below')), exact: isExact }
  }
}

function interval(operator: BoundOperator, value: Expression, isExact: boolean): ValueInterval {
  const bound: Bound = { expression: value, inclusive: operator !== '<' && operator !== '>' }
  const base = { nullSafe: false, exact: isExact }
  if (operator === '=') return { ...base, lower: bound, upper: bound, isPoint: true }
  if (operator === '<' || operator === '<=') {
    return { ...base, lower: undefined, upper: bound, isPoint: false }
  }
  return { ...base, lower: bound, upper: undefined, isPoint: false }
}

function point(expression: Expression) {
  const bound: Bound = { expression, inclusive: true }
  return { lower: bound, upper: bound, isPoint: true, nullSafe: false }
}

function range(lower: Expression | undefined, upper: Expression | undefined) {
  const bound = (expression: Expression | undefined): Bound | undefined =>
    expression === undefined ? undefined : { expression, inclusive: true }
  return { lower: bound(lower), upper: bound(upper), isPoint: false, nullSafe: false }
}

// ── Cutting values to the column's grid ─────────────────────────────────────────────────────────────────────────

/** Where a value lies among those of a column: at or just above `floor`, or, if that is uncertain, between `least` and `most`. */
interface Place {
  floor: ExactValue
  isAbove: boolean
}

/** Puts a value, not NULL, at its place. `upward` says which end is wanted where the place is uncertain. */
type FloorOf = (value: Value, context: EvaluationContext, upward: boolean, place: Place) => void

interface Cut {
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

function cutFor(column: SqlType, value: Expression): 'same' | Cut | undefined {
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

// ── The bound as an expression ──────────────────────────────────────────────────────────────────────────────────

type Edge = 'equal' | 'least' | 'above' | 'most' | 'below'

interface Limits {
  readonly least: ExactValue
  readonly most: ExactValue
}

/** What a key can hold of a type. */
function limitsOf(type: SqlType): Limits {
  const { width, signed } = exactLayoutOf(type)
  const span = 2n ** BigInt(width * 8)
  return signed
    ? { least: exact(-span / 2n), most: exact(span / 2n - 1n) }
    : { least: 0, most: exact(span - 1n) }
}

/** Name of a call that gives the first value beyond its argument. */
export const EXCLUSIVE_BOUND = 'exclusive index bound'

function cutExpression(column: SqlType, value: Expression, floorOf: FloorOf, edge: Edge): Expression {
  const place: Place = { floor: 0, isAbove: false }
  const finish = isApproximate(column) ? (floor: ExactValue) => floor : edgeOf(edge, limitsOf(column))
  return {
    kind: 'call',
    name: edge === 'above' || edge === 'below' ? EXCLUSIVE_BOUND : 'index bound',
    arguments: [value],
    binding: {
      type: column,
      nullable: true,
      parameterTypes: [undefined],
      compile: ([operand]) => {
        if (operand === undefined) throw new Error('invariant: a bound has a value')
        const upward = edge === 'most' || edge === 'below'
        return (batch, row, context) => {
          const given = operand(batch, row, context)
          if (given === null) return null
          floorOf(given, context, upward, place)
          return finish(place.floor, place.isAbove)
        }
      },
    },
    volatility: 'immutable',
    type: column,
    nullable: true,
    coercibility: value.coercibility,
    text: value.text,
  }
}

/** The last value on this side of the edge, NULL if there is none. */
function edgeOf(edge: Edge, { least, most }: Limits): (floor: ExactValue, isAbove: boolean) => Value {
  const atLeast = (bound: ExactValue): Value => (bound > most ? null : bound < least ? least : bound)
  const atMost = (bound: ExactValue): Value => (bound < least ? null : bound > most ? most : bound)
  switch (edge) {
    case 'equal':
      return (floor, isAbove) => (isAbove || floor < least || floor > most ? null : floor)
    case 'least':
      return (floor, isAbove) => atLeast(isAbove ? next(floor) : floor)
    case 'above':
      return (floor) => atLeast(next(floor))
    case 'most':
      return (floor) => atMost(floor)
    case 'below':
      return (floor, isAbove) => atMost(isAbove ? floor : exact(BigInt(floor) - 1n))
  }
}

function next(value: ExactValue): ExactValue {
  return exact(BigInt(value) + 1n)
}

// ── Bounds that are no comparison's value ───────────────────────────────────────────────────────────────────────

const NULL_BOUND: Bound = {
  expression: {
    kind: 'constant',
    type: BIGINT_TYPE,
    value: null,
    nullable: true,
    coercibility: 6,
    text: 'NULL',
  },
  inclusive: true,
}

/** IS NULL. */
export const NULL_INTERVAL: ValueInterval = {
  lower: NULL_BOUND,
  upper: NULL_BOUND,
  isPoint: true,
  nullSafe: true,
  exact: true,
}

/** IS NOT NULL: everything behind NULL. */
export const NOT_NULL_INTERVAL: ValueInterval = {
  lower: undefined,
  upper: undefined,
  isPoint: false,
  nullSafe: false,
  exact: true,
}

export function nullExpression(): Expression {
  return NULL_BOUND.expression
}
