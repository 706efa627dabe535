/**
 * What ways to read a table cost. The unit is one row decoded in a scan of the table; the other numbers were measured against it with
 * tables in memory.
 */
import { SINGLE_ROW } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { representationOf } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { compileExpression, NO_COLUMNS } from '../functions/compile-expression.js'
import type { Expression } from '../plan/expression.js'
import type { RangeBounds, ScanNode } from '../plan/logical.js'
import { primaryKeyOf, type IndexDefinition, type TableDefinition } from '../plan/schema.js'
import type { IndexRange } from '../spi/transaction.js'
import { isConstant } from './conditions.js'
import type { OptimizerContext } from './context.js'
import type { IndexRanges } from './index-ranges.js'

/** Finding the row of an index entry, against meeting it in a scan. */
const LOOKUP_COST = 15
/** Going to the start of a range. */
const SEEK_COST = 5
/** An index entry that is read without its row. */
const ENTRY_COST = 2.5
/** Rows with one value of a key that isn't unique, where nothing is known. */
const ROWS_PER_KEY = 10
/** The part of a table that a range holds, where nothing is known. */
const RANGE_FRACTION = 0.3333
const CLOSED_RANGE_FRACTION = 0.1111
/** Ranges that are estimated one by one; the others count as these on average. */
const ESTIMATED_RANGES_MAX = 8

/**
 * Tables count as having so many rows at least. Plans are kept: one made for an empty table that reads all of it would go on
 * doing so when the table has grown.
 */
const TABLE_ROWS_MIN = 1000

/** Rows that tables really had when a plan was made last. */
const ROWS_SEEN = new WeakMap<TableDefinition, number>()

export function tableRows(table: TableDefinition, context: OptimizerContext): number {
  const { rows } = context.statistics(table)
  ROWS_SEEN.set(table, rows)
  return Math.max(TABLE_ROWS_MIN, rows)
}

/** What part of the rows that are reckoned with is really there. */
export function presentPart(table: TableDefinition): number {
  return Math.min(1, (ROWS_SEEN.get(table) ?? TABLE_ROWS_MIN) / TABLE_ROWS_MIN)
}

export function fullScanCost(table: TableDefinition, context: OptimizerContext): number {
  return SEEK_COST + tableRows(table, context)
}

/** Entries that ranges hold. */
export function rangesRows(found: IndexRanges, table: TableDefinition, context: OptimizerContext): number {
  const rows = tableRows(table, context)
  if (found.unique) return Math.min(rows, found.ranges.length)
  const sample = found.ranges.slice(0, ESTIMATED_RANGES_MAX)
  let sum = 0
  for (const range of sample) {
    sum += estimated(range, found.index, table, context) ?? guessed(range, found.index, rows)
  }
  return Math.max(1, Math.min(rows, (sum / sample.length) * found.ranges.length))
}

export function rangesCost(
  found: Pick<IndexRanges, 'index' | 'ranges'>,
  rows: number,
  isCovering: boolean,
): number {
  const perRow = found.index.primary ? 1 : isCovering ? ENTRY_COST : LOOKUP_COST
  return SEEK_COST * found.ranges.length + rows * perRow
}

/**
 * Whether all columns that the scan reads can be read back from the index entries: exact types can, as far as only such stand
 * before them; of text a key has the weights only.
 */
export function isCovering(index: IndexDefinition, scan: ScanNode): boolean {
  if (index.primary) return true
  if (scan.lock !== undefined || scan.rowKey !== undefined) return false
  const missing = new Set(scan.columns)
  for (const parts of [index.parts, primaryKeyOf(scan.table)?.parts ?? []]) {
    for (const part of parts) {
      const type = scan.table.columns[part.column]?.type
      if (type === undefined || representationOf(type) !== 'exact' || part.prefixLength !== undefined) break
      missing.delete(part.column)
    }
  }
  return missing.size === 0
}

function guessed(range: RangeBounds, index: IndexDefinition, rows: number): number {
  const { lower = [], upper = [] } = range
  let equal = 0
  while (equal < lower.length && lower[equal] === upper[equal]) equal++
  const isWhole = equal === index.parts.length
  if (isWhole && index.unique) return 1
  // What has one value in its leading parts.
  const within =
    equal === 0 ? rows : Math.min(rows, isWhole ? ROWS_PER_KEY : Math.max(ROWS_PER_KEY, rows ** 0.5))
  const from = lower[equal]
  const to = upper[equal]
  const isOpen = (bound: Expression | undefined) => bound === undefined || isNull(bound)
  if (isOpen(from) && isOpen(to)) return within
  return Math.max(1, within * (isOpen(from) || isOpen(to) ? RANGE_FRACTION : CLOSED_RANGE_FRACTION))
}

function isNull(bound: Expression): boolean {
  return bound.kind === 'constant' && bound.value === null
}

// ── Estimates of the storage ────────────────────────────────────────────────────────────────────────────────────

function estimated(
  range: RangeBounds,
  index: IndexDefinition,
  table: TableDefinition,
  context: OptimizerContext,
): number | undefined {
  const { evaluation } = context
  if (evaluation === undefined) return undefined
  const values = rangeValues(range, evaluation)
  if (values === undefined) return undefined
  if (values === 'empty') return 0
  const part = presentPart(table)
  // Of an empty table nothing can be told.
  if (part === 0) return undefined
  const entries = context.estimateRange(table, index, values)
  return entries === undefined ? undefined : entries / part
}

/** The range as it would be opened now, if its bounds are known already. */
function rangeValues(range: RangeBounds, evaluation: EvaluationContext): IndexRange | 'empty' | undefined {
  try {
    const lower = boundValues(range.lower, range.nullSafeParts, evaluation)
    const upper =
      range.upper === range.lower ? lower : boundValues(range.upper, range.nullSafeParts, evaluation)
    if (lower === 'unknown' || upper === 'unknown') return undefined
    if (lower === 'empty' || upper === 'empty') return 'empty'
    const { lowerInclusive, upperInclusive } = range
    return { lower, lowerInclusive, upper, upperInclusive }
  } catch {
    // A value that can't be converted is the execution's business.
    return undefined
  }
}

function boundValues(
  bound: readonly Expression[] | undefined,
  nullSafeParts: readonly number[],
  evaluation: EvaluationContext,
): Value[] | 'empty' | 'unknown' | undefined {
  if (bound === undefined) return undefined
  const quiet = Object.create(evaluation, { warn: { value: () => undefined } }) as EvaluationContext
  const values: Value[] = []
  for (const [i, expression] of bound.entries()) {
    if (!isConstant(expression)) return 'unknown'
    const value = compileExpression(expression, NO_COLUMNS)(SINGLE_ROW, 0, quiet)
    if (value === null && !nullSafeParts.includes(i)) return 'empty'
    values.push(value)
  }
  return values
}
