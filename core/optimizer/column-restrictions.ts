/**
 * Reads conditions as restrictions of single columns that an index can use: which column, and which intervals of its values
 * hold every row for which the condition is true.
 *
 * A wrong interval would silently lose rows. So a comparison counts only if the column takes part in it as it is stored, or
 * through a conversion that keeps order and tells all values apart; text only if the comparison's collation is the column's.
 */
import { charsetOfCollation, requireCollation } from '../common/collations.js'
import { aggregateCollations } from '../common/collation-coercion.js'
import { isInteger, isText, type SqlType } from '../common/sql-type.js'
import type { CallExpression, ColumnId, Expression } from '../plan/expression.js'
import type { OutputColumn, ScanNode } from '../plan/logical.js'
import { disjuncts, factsOf } from './conditions.js'
import type { OptimizerContext } from './context.js'
import { likeInterval } from './like-ranges.js'
import {
  intervalFor,
  NOT_NULL_INTERVAL,
  NULL_INTERVAL,
  type BoundOperator,
  type ValueInterval,
} from './range-bounds.js'

export interface ColumnRestriction {
  /** Position in the table's columns. */
  readonly column: number
  /** Rows for which the condition holds lie in one of these. */
  readonly intervals: readonly ValueInterval[]
  /** The condition that says so. */
  readonly source: Expression
}

/** What conditions of a scan may look like. */
export interface RestrictionSource {
  readonly scan: ScanNode
  readonly context: OptimizerContext
  /** Position in the table's columns by column id. */
  readonly positions: ReadonlyMap<ColumnId, number>
}

export function restrictionSource(scan: ScanNode, context: OptimizerContext): RestrictionSource {
  const stored = scan.output.filter((column) => column.id !== scan.rowKey)
  const positions = new Map(stored.map((column: OutputColumn, i) => [column.id, scan.columns[i] ?? -1]))
  return { scan, context, positions }
}

export function restrictionOf(
  condition: Expression,
  source: RestrictionSource,
): ColumnRestriction | undefined {
  if (condition.kind !== 'call') return undefined
  const { name } = condition
  switch (name) {
    case '=':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '<=>':
      return comparison(condition, name, source)
    case 'between':
      return between(condition, source)
    case 'in':
      return membership(condition, source)
    case 'is null':
    case 'isnull':
      return nullTest(condition, NULL_INTERVAL, source)
    case 'is not null':
      return nullTest(condition, NOT_NULL_INTERVAL, source)
    case 'not': {
      const [operand] = condition.arguments
      const isNull = operand?.kind === 'call' && (operand.name === 'is null' || operand.name === 'isnull')
      const test = isNull ? nullTest(operand, NOT_NULL_INTERVAL, source) : undefined
      return test === undefined ? undefined : { ...test, source: condition }
    }
    case 'like':
      return like(condition, source)
    case 'or':
      return alternatives(condition, source)
    default:
      return undefined
  }
}

// ── Operands ────────────────────────────────────────────────────────────────────────────────────────────────────

interface ColumnOperand {
  readonly position: number
  readonly type: SqlType
  readonly nullable: boolean
  /** The column's reference: its collation and coercibility count. */
  readonly reference: Expression
  /** The type in which the comparison sees it. */
  readonly seenAs: SqlType
}

/** A column of the scan as an operand, possibly under a conversion that keeps order and equality. */
function columnOperand(expression: Expression, source: RestrictionSource): ColumnOperand | undefined {
  const reference = expression.kind === 'convert' ? expression.operand : expression
  if (reference.kind !== 'column') return undefined
  const position = source.positions.get(reference.column)
  const definition = position === undefined ? undefined : source.scan.table.columns[position]
  if (position === undefined || definition === undefined) return undefined
  const { type, nullable } = definition
  if (expression.kind === 'convert' && !keepsOrder(type, expression.type)) return undefined
  // COLLATE gives a reference a collation that isn't the column's.
  if (reference.type.collation !== type.collation) return undefined
  return { position, type, nullable, reference, seenAs: expression.type }
}

/** Conversions whose results order and equal each other as the stored values do. */
function keepsOrder(from: SqlType, to: SqlType): boolean {
  if (isInteger(from) || from.name === 'year') {
    return ['bigint', 'decimal', 'double'].includes(to.name) && !losesSign(from, to)
  }
  switch (from.name) {
    case 'bit':
    case 'set':
      return to.name === 'bigint' || to.name === 'decimal'
    case 'decimal':
      return (to.name === 'decimal' && to.scale >= from.scale) || to.name === 'double'
    case 'float':
      return to.name === 'double'
    case 'date':
      return to.name === 'datetime'
    case 'datetime':
    case 'time':
      return to.name === from.name && to.scale >= from.scale
    case 'timestamp':
      return (to.name === 'timestamp' || to.name === 'datetime') && to.scale >= from.scale
    case 'enum':
      // Only for equality, see `comparable`.
      return isText(to)
    default:
      return isText(from) && isText(to) && to.length >= from.length && to.collation === from.collation
  }
}

/** A negative number that becomes unsigned is a large one. */
function losesSign(from: SqlType, to: SqlType): boolean {
  return to.name === 'bigint' && from.unsigned !== to.unsigned
}

/** Whether the value can be computed before the scan reads its first row. */
function isGiven(value: Expression, source: RestrictionSource): boolean {
  const { columns, isVolatile, hasSubquery } = factsOf(value)
  if (isVolatile || hasSubquery) return false
  for (const column of columns) if (source.positions.has(column)) return false
  return true
}

/** Whether column and value are compared in a way that the order of an index on the column follows. */
function comparable(
  column: ColumnOperand,
  value: Expression,
  isEquality: boolean,
  source: RestrictionSource,
): boolean {
  if (!isGiven(value, source)) return false
  if (column.type.name === 'enum' && isText(column.seenAs)) {
    return isEquality && isText(value.type) && comparesBy(column.type.collation, column, value, source)
  }
  if (!isText(column.type)) return true
  return isText(value.type) && comparesBy(column.type.collation, column, value, source)
}

/** Whether the two strings compare by this collation, as the comparison found when it was bound. */
function comparesBy(
  name: string,
  column: ColumnOperand,
  value: Expression,
  source: RestrictionSource,
): boolean {
  const other = value.type.collation
  if (other === name) return true
  const operand = (expression: Expression, collation: string, constant: string | undefined) => ({
    collation: requireCollation(collation),
    coercibility: expression.coercibility,
    isAscii: constant !== undefined && isAscii(constant),
    ...(constant === undefined ? {} : { constant }),
  })
  // Where the character sets differ the binder looked at the constant, and the plan is tied to it.
  const isMixed = charsetOfCollation(other) !== charsetOfCollation(name)
  const constant = isMixed ? knownText(value, source) : undefined
  try {
    const agreed = aggregateCollations(
      [operand(column.reference, name, undefined), operand(value, other, constant)],
      { operation: '=', compares: true },
    )
    return agreed.collation.name === name
  } catch {
    return false
  }
}

function knownText(value: Expression, source: RestrictionSource): string | undefined {
  const known =
    value.kind === 'constant'
      ? value.value
      : value.kind === 'parameter'
        ? source.context.parameter(value.slot)
        : null
  return typeof known === 'string' ? known : undefined
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

// ── Conditions ──────────────────────────────────────────────────────────────────────────────────────────────────

const FLIPPED = { '=': '=', '<=>': '<=>', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const

function comparison(
  call: CallExpression,
  operator: keyof typeof FLIPPED,
  source: RestrictionSource,
): ColumnRestriction | undefined {
  const [left, right] = call.arguments
  if (left === undefined || right === undefined) return undefined
  return (
    oneSided(call, left, operator, right, source) ?? oneSided(call, right, FLIPPED[operator], left, source)
  )
}

function oneSided(
  call: CallExpression,
  operand: Expression,
  operator: keyof typeof FLIPPED,
  value: Expression,
  source: RestrictionSource,
): ColumnRestriction | undefined {
  const column = columnOperand(operand, source)
  const isEquality = operator === '=' || operator === '<=>'
  if (column === undefined || !comparable(column, value, isEquality, source)) return undefined
  if (operator !== '<=>') return restriction(column, [intervalFor(column.type, operator, value)], call)
  const interval = intervalFor(column.type, '=', value)
  if (!interval?.isPoint) return undefined
  if (!column.nullable || !value.nullable) return restriction(column, [interval], call)
  // A value that the column can't have would look like NULL, so only values of the column's own type are taken.
  const isPlain = interval.lower?.expression === value
  return isPlain ? restriction(column, [{ ...interval, nullSafe: true }], call) : undefined
}

function restriction(
  column: ColumnOperand,
  intervals: readonly (ValueInterval | undefined)[],
  source: Expression,
): ColumnRestriction | undefined {
  const found: ValueInterval[] = []
  for (const interval of intervals) {
    if (interval === undefined) return undefined
    found.push(interval)
  }
  return { column: column.position, intervals: found, source }
}

function between(call: CallExpression, source: RestrictionSource): ColumnRestriction | undefined {
  const [operand, low, high] = call.arguments
  const column = operand === undefined ? undefined : columnOperand(operand, source)
  if (column === undefined || low === undefined || high === undefined) return undefined
  const bound = (operator: BoundOperator, value: Expression) =>
    comparable(column, value, false, source) ? intervalFor(column.type, operator, value) : undefined
  const lower = bound('>=', low)
  const upper = bound('<=', high)
  if (lower === undefined && upper === undefined) return undefined
  const both: ValueInterval = {
    lower: lower?.lower,
    upper: upper?.upper,
    isPoint: false,
    nullSafe: false,
    exact: lower?.exact === true && upper?.exact === true,
  }
  return restriction(column, [both], call)
}

function membership(call: CallExpression, source: RestrictionSource): ColumnRestriction | undefined {
  const [operand, ...items] = call.arguments
  const column = operand === undefined ? undefined : columnOperand(operand, source)
  if (column === undefined) return undefined
  const intervals = items.map((item) =>
    comparable(column, item, true, source) ? intervalFor(column.type, '=', item) : undefined,
  )
  return restriction(column, intervals, call)
}

function nullTest(
  call: CallExpression,
  interval: ValueInterval,
  source: RestrictionSource,
): ColumnRestriction | undefined {
  const [operand] = call.arguments
  if (operand?.kind !== 'column') return undefined
  const column = columnOperand(operand, source)
  // The keys of columns that are never NULL have no place for it.
  if (!column?.nullable) return undefined
  return restriction(column, [interval], call)
}

function like(call: CallExpression, source: RestrictionSource): ColumnRestriction | undefined {
  const [operand, pattern, escape] = call.arguments
  if (operand === undefined || pattern === undefined) return undefined
  const column = columnOperand(operand, source)
  if (column === undefined || operand.kind !== 'column' || !comparable(column, pattern, false, source)) {
    return undefined
  }
  return restriction(column, [likeInterval(column.type, pattern, escape, source.context)], call)
}

/** OR of restrictions of one column. */
function alternatives(call: CallExpression, source: RestrictionSource): ColumnRestriction | undefined {
  const intervals: ValueInterval[] = []
  let column: number | undefined
  for (const each of disjuncts(call)) {
    const found = restrictionOf(each, source)
    if (found === undefined || (column !== undefined && found.column !== column)) return undefined
    column = found.column
    intervals.push(...found.intervals)
  }
  return column === undefined ? undefined : { column, intervals, source: call }
}
