/**
 * Scans of stored tables: point look-ups, index ranges and full scans, with the filter evaluated while rows are decoded.
 */
import { Batch } from '../common/batch.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { newValues, type MaybePromise, type Value } from '../common/value.js'
import type { BytesVector } from '../common/vector.js'
import { compileExpression, type ExpressionLayout } from '../functions/compile-expression.js'
import type { Expression } from '../plan/expression.js'
import type { RangeBounds, ScanNode } from '../plan/logical.js'
import { columnsOf } from '../plan/rewrite.js'
import { primaryPlacementOf, type IndexDefinition } from '../plan/schema.js'
import {
  FULL_RANGE,
  type IndexRange,
  type RowCursor,
  type ScanFilter,
  type TableAccess,
} from '../spi/transaction.js'
import { SINGLE_ROW } from '../common/batch.js'
import type { ColumnCondition, PlannedFilter } from '../spi/storage.js'
import { BatchPool } from './batch-pool.js'
import { columnPositions, type CompiledNode, type Execution, type Operator } from './execution.js'
import { FragmentValueCompiler } from './foreign.js'
import { columnConditions } from './scan-conditions.js'

export function compileScan(node: ScanNode, layout: ExpressionLayout, isForeign: boolean): CompiledNode {
  const positions = columnPositions(node.output)
  const filter =
    node.filter === undefined ? undefined : compileExpression(node.filter, { ...layout, columns: positions })
  const filterColumns =
    node.filter === undefined ? [] : [...columnsOf(node.filter)].map((column) => positions.get(column) ?? -1)
  const limit = node.limit === undefined ? undefined : compileExpression(node.limit, layout)
  const access = node.access
  const ranges = access?.kind === 'ranges' ? access.ranges.map((range) => compileBounds(range, layout)) : []
  const parts: ScanParts = {
    node,
    types: node.output.filter((column) => column.id !== node.rowKey).map((column) => column.type),
    filter: filter === undefined ? undefined : { columns: filterColumns, condition: filter },
    limit,
    ranges,
    index: access?.kind === 'ranges' ? access.index : undefined,
    conditions:
      isForeign && node.filter !== undefined ? columnConditions(node.filter, node, layout) : undefined,
    planned: isForeign && node.filter !== undefined ? plannedFilter(node) : undefined,
  }
  const isPoint =
    access?.kind === 'ranges' &&
    access.unique &&
    access.ranges.length === 1 &&
    node.lock === undefined &&
    node.rowKey === undefined
  const pool = new BatchPool(parts.types)
  const keyedPool = node.rowKey === undefined ? undefined : new BatchPool(node.output.map(({ type }) => type))
  // A driver of tables is told the conditions; for rows that will be changed it must also say which they are.
  if (isForeign && node.rowKey === undefined && ranges.length === 0) return compileForeignScan(parts)
  return {
    output: node.output,
    open: (execution) => {
      return isPoint
        ? new PointLookup(parts, pool, execution)
        : new TableScanOperator(parts, pool, keyedPool, execution)
    },
  }
}

function compileForeignScan(parts: ScanParts): CompiledNode {
  const { node } = parts
  return {
    output: node.output,
    open: (execution) => new ForeignScan(parts, execution, []),
    openBound: (execution, id, values) => {
      const column = node.columns[node.output.findIndex((each) => each.id === id)]
      const conditions = column === undefined ? [] : [{ column, operator: 'in', values } as const]
      return new ForeignScan(parts, execution, conditions)
    },
  }
}

function plannedFilter(node: ScanNode): (execution: Execution) => PlannedFilter {
  const compiler = new FragmentValueCompiler()
  return (execution) => ({ node, values: compiler.unsaidValuesOf(execution) })
}

interface ScanParts {
  readonly node: ScanNode
  /** Types of the table columns wanted, without the row key. */
  readonly types: readonly Batch['columns'][number]['type'][]
  readonly filter: ScanFilter | undefined
  readonly limit: Evaluator | undefined
  readonly ranges: readonly CompiledBounds[]
  readonly index: IndexDefinition | undefined
  readonly conditions: ((context: EvaluationContext) => readonly ColumnCondition[]) | undefined
  readonly planned: ((execution: Execution) => PlannedFilter) | undefined
}

interface CompiledBounds {
  readonly lower: readonly Evaluator[] | undefined
  readonly upper: readonly Evaluator[] | undefined
  readonly source: RangeBounds
}

function compileBounds(range: RangeBounds, layout: ExpressionLayout): CompiledBounds {
  const compile = (bound: readonly Expression[] | undefined) =>
    bound?.map((each) => compileExpression(each, layout))
  return { lower: compile(range.lower), upper: compile(range.upper), source: range }
}

/** The bounds' values, or undefined if a NULL makes the range empty. */
function evaluateRange(bounds: CompiledBounds, context: EvaluationContext): IndexRange | undefined {
  const lower = evaluateBound(bounds.lower, bounds.source.nullSafeParts, context)
  const upper =
    bounds.upper === bounds.lower ? lower : evaluateBound(bounds.upper, bounds.source.nullSafeParts, context)
  if (lower === EMPTY || upper === EMPTY) return undefined
  return {
    lower,
    lowerInclusive: bounds.source.lowerInclusive,
    upper,
    upperInclusive: bounds.source.upperInclusive,
  }
}

const EMPTY: Value[] = []

function evaluateBound(
  bound: readonly Evaluator[] | undefined,
  nullSafeParts: readonly number[],
  context: EvaluationContext,
): Value[] | undefined {
  if (bound === undefined) return undefined
  const values = newValues(bound.length)
  for (let i = 0; i < bound.length; i++) {
    const value = (bound[i] as Evaluator)(SINGLE_ROW, 0, context)
    if (value === null && !nullSafeParts.includes(i)) return EMPTY
    values[i] = value
  }
  return values
}

/** One row by a unique key. */
class PointLookup implements Operator {
  private done = false
  private output: Batch | undefined

  constructor(
    private readonly parts: ScanParts,
    private readonly pool: BatchPool,
    private readonly execution: Execution,
  ) {}

  next(): MaybePromise<Batch | undefined> {
    if (this.done) return undefined
    this.done = true
    const { parts, execution } = this
    const context = execution.evaluation
    const range = evaluateRange(parts.ranges[0] as CompiledBounds, context)
    if (range === undefined) return undefined
    const output = this.pool.take()
    this.output = output
    const access = execution.transaction.table(parts.node.table)
    const found = access.lookup(parts.index, range.lower ?? [], parts.node.columns, output)
    if (found instanceof Promise) return found.then(() => this.filtered(output))
    return this.filtered(output)
  }

  private filtered(output: Batch): Batch | undefined {
    const filter = this.parts.filter
    if (output.rowCount === 1 && filter !== undefined) {
      const value = filter.condition(output, 0, this.execution.evaluation)
      if (value === null || Number(value) === 0) return undefined
    }
    return output.rowCount === 0 ? undefined : output
  }

  close(): void {
    this.done = true
    if (this.output !== undefined) this.pool.give(this.output)
    this.output = undefined
  }
}

class TableScanOperator implements Operator {
  private cursor: RowCursor | undefined
  private readonly rows: Batch
  private finished = false
  private readonly withKeys: Batch | undefined

  constructor(
    private readonly parts: ScanParts,
    private readonly pool: BatchPool,
    private readonly keyedPool: BatchPool | undefined,
    private readonly execution: Execution,
  ) {
    this.withKeys = keyedPool?.take()
    // The keys are the last column.
    this.rows = this.withKeys === undefined ? pool.take() : new Batch(this.withKeys.columns.slice(0, -1))
  }

  next(): MaybePromise<Batch | undefined> {
    if (this.finished) return undefined
    if (this.cursor === undefined) {
      this.cursor = this.openCursor()
      if (this.cursor === undefined) return undefined
    }
    const batch = this.cursor.next()
    if (batch instanceof Promise) return batch.then((each) => this.output(each))
    return this.output(batch)
  }

  private openCursor(): RowCursor | undefined {
    const { node, ranges, index, filter, limit } = this.parts
    const context = this.execution.evaluation
    const values: IndexRange[] = []
    for (const bounds of ranges) {
      const range = evaluateRange(bounds, context)
      if (range !== undefined) values.push(range)
    }
    if (ranges.length > 0 && values.length === 0) {
      this.finished = true
      return undefined
    }
    const access: TableAccess = this.execution.transaction.table(node.table)
    const condition = filter?.condition
    return access.scan({
      index,
      ranges: ranges.length === 0 ? [FULL_RANGE] : orderRanges(values),
      reverse: node.access?.reverse ?? false,
      columns: node.columns,
      // The transaction evaluates filters with the statement's context; this one may have values of an enclosing row.
      filter:
        filter === undefined || condition === undefined
          ? undefined
          : { columns: filter.columns, condition: (batch, row) => condition(batch, row, context) },
      lock: node.lock?.mode ?? 'none',
      lockWait: node.lock?.wait ?? 'wait',
      limit: limit === undefined ? undefined : Number(limit(SINGLE_ROW, 0, context)),
      planned: this.parts.planned?.(this.execution),
      wantRowKeys: node.rowKey !== undefined,
      output: this.rows,
      keyOutput: this.withKeys?.columns.at(-1) as BytesVector | undefined,
    })
  }

  /** Puts the row keys into the last column, where they are wanted. */
  private output(batch: Batch | undefined): Batch | undefined {
    if (batch === undefined) {
      this.finished = true
      return undefined
    }
    const result = this.withKeys
    if (result === undefined || this.cursor === undefined) return batch
    if (batch === this.rows) {
      result.rowCount = batch.rowCount
      return result
    }
    result.clear()
    const last = batch.columns.length
    for (let i = 0; i < last; i++) {
      result.columns[i]?.pushAll(batch.columns[i] as Batch['columns'][number], batch.rowCount)
    }
    for (let row = 0; row < batch.rowCount; row++) result.columns[last]?.push(this.cursor.rowKey(row))
    result.rowCount = batch.rowCount
    return result
  }

  close(): MaybePromise<void> {
    this.finished = true
    const closed = this.cursor?.close()
    if (this.withKeys === undefined) this.pool.give(this.rows)
    else {
      // What its strings lie in isn't its own.
      this.withKeys.clear()
      this.keyedPool?.give(this.withKeys)
    }
    return closed
  }
}

/** Drops nothing and merges nothing: the optimizer made the ranges disjoint; equal points may still repeat (`IN (1, 1)`). */
function orderRanges(ranges: readonly IndexRange[]): readonly IndexRange[] {
  return ranges
}

/** A scan of a driver that understands tables. */
class ForeignScan implements Operator {
  private cursor: { next(): MaybePromise<Batch | undefined>; close(): MaybePromise<void> } | undefined
  private readonly kept: Batch

  constructor(
    private readonly parts: ScanParts,
    private readonly execution: Execution,
    private readonly conditions: readonly ColumnCondition[],
  ) {
    this.kept = Batch.ofTypes(parts.types)
  }

  next(): MaybePromise<Batch | undefined> {
    if (this.cursor !== undefined) return this.advance(this.cursor)
    const { node } = this.parts
    const opened = this.execution.transaction.table(node.table).foreignScan({
      columns: node.columns,
      conditions: [...(this.parts.conditions?.(this.execution.evaluation) ?? []), ...this.conditions],
      order: [],
      limit: undefined,
      planned: this.parts.planned?.(this.execution),
      ...(node.lock === undefined ? {} : { lock: node.lock.mode, lockWait: node.lock.wait }),
    })
    if (opened instanceof Promise) {
      return opened.then((cursor) => {
        this.cursor = cursor
        return this.advance(cursor)
      })
    }
    this.cursor = opened
    return this.advance(opened)
  }

  private advance(cursor: { next(): MaybePromise<Batch | undefined> }): MaybePromise<Batch | undefined> {
    const batch = cursor.next()
    if (batch instanceof Promise) return batch.then((each) => this.filtered(each))
    return this.filtered(batch)
  }

  /** The driver may have left too much: everything is checked again. */
  private filtered(batch: Batch | undefined): Batch | undefined {
    const filter = this.parts.filter
    if (batch === undefined || filter === undefined) return batch
    this.kept.clear()
    for (let row = 0; row < batch.rowCount; row++) {
      const value = filter.condition(batch, row, this.execution.evaluation)
      if (value !== null && Number(value) !== 0) this.kept.pushFrom(batch, row)
    }
    return this.kept
  }

  close(): MaybePromise<void> {
    return this.cursor?.close()
  }
}

export function isForeignScan(node: ScanNode, shapeOf: (storage: string) => 'keyspace' | 'table'): boolean {
  const placement = node.access?.placement ?? primaryPlacementOf(node.table)
  return shapeOf(placement.storage) === 'table'
}
