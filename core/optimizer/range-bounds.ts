/**
 * Bounds of index ranges: turns the value that a column is compared with into values of the column's own type, so that exactly
 * the rows for which the comparison holds lie inside, or more if that is said (`exact: false`).
 *
 * Where the value's type can say more than the column's (1.5 for an INT, a time of day for a DATE, 300 for a TINYINT), the value is
 * cut to the column's grid when the scan opens: `>= 1.5` becomes `>= 2`. A cut bound is always inclusive, and NULL, which
 * makes the range empty, if no value of the column can satisfy the comparison.
 */
import { BIGINT_TYPE, isApproximate, type SqlType } from '../common/sql-type.js'
import { exact, type ExactValue, type Value } from '../common/value.js'
import type { Expression } from '../plan/expression.js'
import { cutFor, limitsOf, type FloorOf, type Limits, type Place } from './value-cuts.js'

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

// ── The bound as an expression ──────────────────────────────────────────────────────────────────────────────────

type Edge = 'equal' | 'least' | 'above' | 'most' | 'below'

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
