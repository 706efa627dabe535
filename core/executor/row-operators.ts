/**
 * Operators that work row by row: Filter, Project, Values, Limit, Rename.
 */
import { BATCH_ROWS_MAX, Batch, SINGLE_ROW } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import type { MaybePromise } from '../common/value.js'
import type { Vector } from '../common/vector.js'
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

export function compileFilter(
  input: CompiledNode,
  condition: Evaluator,
  subqueries: SubqueryCompiler,
): CompiledNode {
  const pool = new BatchPool(input.output.map((column) => column.type))
  return {
    output: input.output,
    open: (execution) => {
      const source = input.open(execution)
      const output = pool.take()
      const step = (): MaybePromise<Batch | undefined> => {
        for (;;) {
          const batch = source.next()
          if (batch instanceof Promise) return batch.then(take)
          const kept = take(batch)
          // An empty batch is worth nothing to the caller; go on unless the event loop waits.
          if (kept instanceof Promise || kept === undefined || kept.rowCount > 0) return kept
          const pause = execution.pause()
          if (pause !== undefined) return pause.then(step)
        }
      }
      const take = (batch: Batch | undefined): MaybePromise<Batch | undefined> => {
        if (batch === undefined) return undefined
        return whenResolved(subqueries.resolve(batch, execution), () => {
          output.clear()
          for (let row = 0; row < batch.rowCount; row++) {
            if (isTrue(condition, batch, row, execution)) output.pushFrom(batch, row)
          }
          return output
        })
      }
      return {
        next: step,
        close: () => {
          pool.give(output)
          return source.close()
        },
      }
    },
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
  return {
    output,
    open: (execution) => {
      const source = input.open(execution)
      const own = pool.take()
      const project = (batch: Batch | undefined): MaybePromise<Batch | undefined> => {
        if (batch === undefined) return undefined
        return whenResolved(subqueries.resolve(batch, execution), () => {
          const context = execution.evaluation
          const columns: Vector[] = []
          for (const each of projections) {
            columns.push(('from' in each ? batch.columns[each.from] : undefined) as Vector)
          }
          for (let i = 0; i < computed.length; i++) {
            const { column, evaluate } = computed[i] as (typeof computed)[number]
            const vector = own.columns[i] as Vector
            columns[column] = vector
            vector.clear()
            for (let row = 0; row < batch.rowCount; row++) vector.push(evaluate(batch, row, context))
          }
          const result = new Batch(columns)
          result.rowCount = batch.rowCount
          return result
        })
      }
      return {
        next: () => whenBatch(source.next(), project),
        close: () => {
          pool.give(own)
          return source.close()
        },
      }
    },
  }
}

export function compileValues(
  output: readonly OutputColumn[],
  rows: readonly (readonly Evaluator[])[],
  subqueries: SubqueryCompiler,
): CompiledNode {
  const types = output.map((column) => column.type)
  return {
    output,
    open: (execution) => {
      let at = 0
      const batch = Batch.ofTypes(types)
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
        close: () => undefined,
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
  if (isIdentity) return { output, open: (execution) => input.open(execution) }
  return {
    output,
    open: (execution) => {
      const source = input.open(execution)
      const rename = (batch: Batch | undefined): Batch | undefined => {
        if (batch === undefined) return undefined
        const result = new Batch(positions.map((position) => batch.columns[position] as Vector))
        result.rowCount = batch.rowCount
        return result
      }
      return { next: () => whenBatch(source.next(), rename), close: () => source.close() }
    },
  }
}
