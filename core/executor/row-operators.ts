/**
 * Operators that work row by row: Filter, Project, Values, Limit, Rename.
 */
import { BATCH_ROWS_MAX, Batch, holdsLongStrings, SINGLE_ROW } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import type { SqlType } from '../common/sql-type.js'
import type { MaybePromise } from '../common/value.js'
import { createVector, type Vector } from '../common/vector.js'
import type { OutputColumn } from '../plan/logical.js'
import { BatchPool } from './batch-pool.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import type { SubqueryCompiler } from './subqueries.js'

/** Calls `then` with a batch that may still have to come. */
export function whenBatch<T>(
  batch: MaybePromise<Batch | undefined>,
  then: (batch: Batch | undefined) => MaybePromise<T>,
): MaybePromise<T> {
  return batch instanceof Promise ? batch.then(then) : then(batch)
}

/** Runs `then` when sub-queries are resolved. */
function whenResolved<T>(resolved: MaybePromise<void>, then: () => MaybePromise<T>): MaybePromise<T> {
  return resolved instanceof Promise ? resolved.then(then) : then()
}

export function isTrue(evaluate: Evaluator, batch: Batch, row: number, execution: Execution): boolean {
  const value = evaluate(batch, row, execution.evaluation)
  return value !== null && value !== 0 && Number(value) !== 0
}

/** Rows between two looks at the clock, for expressions that take long. */
const ROWS_PER_LOOK = 32

export function compileFilter(
  input: CompiledNode,
  condition: Evaluator,
  subqueries: SubqueryCompiler,
): CompiledNode {
  const pool = new BatchPool(input.output.map((column) => column.type))
  return {
    output: input.output,
    open: (execution) => new FilterOperator(input.open(execution), condition, subqueries, pool, execution),
    ...boundThrough(
      input,
      input.output,
      input.output.map((_, i) => i),
      (source, execution) => new FilterOperator(source, condition, subqueries, pool, execution),
    ),
  }
}

class FilterOperator implements Operator {
  private readonly output: Batch
  /** The input at hand, and its first row that hasn't been looked at. */
  private batch: Batch | undefined
  private at = 0

  constructor(
    private readonly source: Operator,
    private readonly condition: Evaluator,
    private readonly subqueries: SubqueryCompiler,
    private readonly pool: BatchPool,
    private readonly execution: Execution,
  ) {
    this.output = pool.take()
  }

  next(): MaybePromise<Batch | undefined> {
    for (;;) {
      const kept =
        this.batch === undefined ? whenBatch(this.source.next(), this.begin) : this.keepSome(this.batch)
      // An empty batch is worth nothing to the caller; go on unless the event loop waits.
      if (kept instanceof Promise || kept === undefined || kept.rowCount > 0) return kept
      const pause = this.execution.pause()
      if (pause !== undefined) return pause.then(() => this.next())
    }
  }

  private readonly begin = (batch: Batch | undefined): MaybePromise<Batch | undefined> => {
    if (batch === undefined) return undefined
    this.batch = batch
    this.at = 0
    return whenResolved(this.subqueries.resolve(batch, this.execution), () => this.keepSome(batch))
  }

  /** Goes through the rows at hand while time is left. */
  private keepSome(batch: Batch): Batch {
    const { output, condition, execution } = this
    const { rowCount } = batch
    output.clear()
    let row = this.at
    while (row < rowCount) {
      if (isTrue(condition, batch, row, execution)) output.pushFrom(batch, row)
      if (++row % ROWS_PER_LOOK === 0 && execution.isOverdue) break
    }
    this.at = row
    if (row >= rowCount) this.batch = undefined
    return output
  }

  close(): MaybePromise<void> {
    this.pool.give(this.output)
    return this.source.close()
  }
}

/** A column of Project's output: taken over from the input as it is, or computed. */
export type Projection = { readonly from: number } | { readonly evaluate: Evaluator }

export function compileProject(
  input: CompiledNode,
  output: readonly OutputColumn[],
  projections: readonly Projection[],
  subqueries: SubqueryCompiler,
): CompiledNode {
  const computed = projections.flatMap((each, i) =>
    'evaluate' in each ? [{ column: i, evaluate: each.evaluate }] : [],
  )
  const pool = new BatchPool(computed.map(({ column }) => (output[column] as OutputColumn).type))
  const types = output.map((column) => column.type)
  const parts: ProjectParts = { projections, computed, types, subqueries, pool }
  const positions = projections.map((each) => ('from' in each ? each.from : -1))
  return {
    output,
    open: (execution) => new ProjectOperator(parts, input.open(execution), execution),
    ...boundThrough(input, output, positions, (source, execution) => {
      return new ProjectOperator(parts, source, execution)
    }),
  }
}

/** `openBound` of a node that passes on the columns at these positions of its input, if that has it. */
function boundThrough(
  input: CompiledNode,
  output: readonly OutputColumn[],
  positions: readonly number[],
  wrap: (source: Operator, execution: Execution) => Operator,
): Pick<CompiledNode, 'openBound'> {
  if (input.openBound === undefined) return {}
  return {
    openBound: (execution, column, values) => {
      const from = positions[output.findIndex(({ id }) => id === column)]
      const source = from === undefined ? undefined : input.output[from]
      const opened =
        source === undefined ? input.open(execution) : input.openBound?.(execution, source.id, values)
      return wrap(opened ?? input.open(execution), execution)
    },
  }
}

interface ProjectParts {
  readonly projections: readonly Projection[]
  /** Those that are computed, with the columns that they give. */
  readonly computed: readonly { readonly column: number; readonly evaluate: Evaluator }[]
  readonly types: readonly SqlType[]
  readonly subqueries: SubqueryCompiler
  readonly pool: BatchPool
}

class ProjectOperator implements Operator {
  /** The computed columns. */
  private readonly own: Batch
  private readonly rowsPerLook: number
  /** The input at hand, if there was no time or room for all of it, and its first row that is left. */
  private batch: Batch | undefined
  private at = 0

  constructor(
    private readonly parts: ProjectParts,
    private readonly source: Operator,
    private readonly execution: Execution,
  ) {
    this.own = parts.pool.take()
    this.rowsPerLook = this.own.columns.some(holdsLongStrings) ? 1 : ROWS_PER_LOOK
  }

  next(): MaybePromise<Batch | undefined> {
    return this.batch === undefined ? whenBatch(this.source.next(), this.begin) : this.projectRest(this.batch)
  }

  private readonly begin = (batch: Batch | undefined): MaybePromise<Batch | undefined> => {
    if (batch === undefined) return undefined
    return whenResolved(this.parts.subqueries.resolve(batch, this.execution), () => this.project(batch))
  }

  /** Columns that are taken over stay where they are, unless only some of the rows can be computed now. */
  private project(batch: Batch): Batch {
    this.at = 0
    this.compute(batch)
    if (this.at < batch.rowCount) return this.part(batch, 0)
    return this.assemble(batch.columns, batch.rowCount)
  }

  private projectRest(batch: Batch): Batch {
    const start = this.at
    this.compute(batch)
    return this.part(batch, start)
  }

  /** Computes rows from `at` on, as far as time and room allow. */
  private compute(batch: Batch): void {
    const { own, rowsPerLook, execution } = this
    const { computed } = this.parts
    const { evaluation } = execution
    const { rowCount } = batch
    own.clear()
    while (this.at < rowCount) {
      const end = Math.min(this.at + rowsPerLook, rowCount)
      for (let i = 0; i < computed.length; i++) {
        const { evaluate } = computed[i] as (typeof computed)[number]
        const vector = own.columns[i] as Vector
        for (let row = this.at; row < end; row++) vector.push(evaluate(batch, row, evaluation))
      }
      own.rowCount += end - this.at
      this.at = end
      if (end < rowCount && (own.isFull || execution.isOverdue)) break
    }
  }

  /** The rows from `start` to `at`, with copies of what is taken over. */
  private part(batch: Batch, start: number): Batch {
    const copies = batch.columns.map((column, i) => {
      const isWanted = this.parts.projections.some((each) => 'from' in each && each.from === i)
      if (!isWanted) return column
      const copy = createVector(column.type)
      for (let row = start; row < this.at; row++) copy.pushFrom(column, row)
      return copy
    })
    this.batch = this.at < batch.rowCount ? batch : undefined
    return this.assemble(copies, this.at - start)
  }

  private assemble(taken: readonly Vector[], rowCount: number): Batch {
    const columns: Vector[] = []
    let computed = 0
    for (const each of this.parts.projections) {
      columns.push(('from' in each ? taken[each.from] : this.own.columns[computed++]) as Vector)
    }
    const result = new Batch(columns)
    result.rowCount = rowCount
    return result
  }

  close(): MaybePromise<void> {
    this.parts.pool.give(this.own)
    return this.source.close()
  }
}

export function compileValues(
  output: readonly OutputColumn[],
  rows: readonly (readonly Evaluator[])[],
  subqueries: SubqueryCompiler,
): CompiledNode {
  const pool = new BatchPool(output.map((column) => column.type))
  return {
    output,
    open: (execution) => {
      let at = 0
      const batch = pool.take()
      let fault: { readonly error: unknown } | undefined
      const pushRows = (end: number): void => {
        for (; at < end; at++) {
          const row = rows[at] as readonly Evaluator[]
          for (let i = 0; i < row.length; i++) {
            ;(batch.columns[i] as Vector).push((row[i] as Evaluator)(SINGLE_ROW, 0, execution.evaluation))
          }
          batch.rowCount++
        }
      }
      // Rows before a faulty one go first: their own faults are the ones to be reported.
      const fill = (): Batch => {
        batch.clear()
        try {
          pushRows(Math.min(rows.length, at + BATCH_ROWS_MAX))
        } catch (error) {
          if (batch.rowCount === 0) throw error
          fault = { error }
        }
        return batch
      }
      return {
        next: () => {
          if (fault !== undefined) throw fault.error
          if (at >= rows.length) return undefined
          return whenResolved(subqueries.resolve(SINGLE_ROW, execution), fill)
        },
        close: () => {
          pool.give(batch)
        },
      }
    },
  }
}

export function compileLimit(
  input: CompiledNode,
  count: Evaluator | undefined,
  offset: Evaluator | undefined,
  countAll: boolean,
): CompiledNode {
  return {
    output: input.output,
    open: (execution) => new LimitOperator(input, count, offset, countAll, execution),
  }
}

class LimitOperator implements Operator {
  private readonly source: Operator | undefined
  private skip: number
  private left: number
  private seen = 0
  private readonly output: Batch

  constructor(
    input: CompiledNode,
    count: Evaluator | undefined,
    offset: Evaluator | undefined,
    private readonly countAll: boolean,
    private readonly execution: Execution,
  ) {
    const value = (evaluate: Evaluator | undefined, otherwise: number) =>
      evaluate === undefined ? otherwise : Number(evaluate(SINGLE_ROW, 0, execution.evaluation) ?? 0)
    this.skip = value(offset, 0)
    this.left = value(count, Infinity)
    this.output = Batch.ofTypes(input.output.map((column) => column.type))
    // LIMIT 0 reads nothing at all.
    this.source = this.left === 0 && !countAll ? undefined : input.open(execution)
  }

  next(): MaybePromise<Batch | undefined> {
    if (this.source === undefined || (this.left === 0 && !this.countAll)) return undefined
    return whenBatch(this.source.next(), (batch) => this.take(batch))
  }

  private take(batch: Batch | undefined): MaybePromise<Batch | undefined> {
    if (batch === undefined) {
      if (this.countAll) this.execution.foundRows = this.seen
      return undefined
    }
    this.seen += batch.rowCount
    if (this.skip === 0 && batch.rowCount <= this.left) {
      this.left -= batch.rowCount
      return batch
    }
    const from = Math.min(this.skip, batch.rowCount)
    this.skip -= from
    const to = Math.min(batch.rowCount, from + this.left)
    this.output.clear()
    for (let row = from; row < to; row++) this.output.pushFrom(batch, row)
    this.left -= to - from
    if (this.output.rowCount > 0) return this.output
    return this.next()
  }

  close(): MaybePromise<void> {
    return this.source?.close()
  }
}

/** Other ids and another order for the same columns. */
export function compileRename(
  input: CompiledNode,
  output: readonly OutputColumn[],
  positions: readonly number[],
): CompiledNode {
  const isIdentity =
    positions.length === input.output.length && positions.every((position, i) => position === i)
  const rename = (batch: Batch | undefined): Batch | undefined => {
    if (batch === undefined) return undefined
    const result = new Batch(positions.map((position) => batch.columns[position] as Vector))
    result.rowCount = batch.rowCount
    return result
  }
  const wrap = (source: Operator): Operator => {
    if (isIdentity) return source
    return { next: () => whenBatch(source.next(), rename), close: () => source.close() }
  }
  return {
    output,
    open: (execution) => wrap(input.open(execution)),
    ...boundThrough(input, output, positions, wrap),
  }
}
