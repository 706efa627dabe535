/**
 * What one execution of one compiled plan carries around, and the shape of an operator.
 *
 * Operators are pulled batch by batch. A batch is valid until the next call; an operator that keeps rows copies them. Answers
 * come at once where they can, so that a plan over a synchronous driver runs without a promise.
 */
import { performance } from 'node:perf_hooks'
import type { Batch } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import type { ColumnId } from '../plan/expression.js'
import type { OutputColumn, VirtualTable } from '../plan/logical.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { BatchCursor, Storage } from '../spi/storage.js'
import type { Transaction } from '../spi/transaction.js'
import type { HeldMemory } from './held-memory.js'

export interface Operator {
  next(): MaybePromise<Batch | undefined>
  /** Called once, also after an error and before the end. */
  close(): MaybePromise<void>
}

/** A compiled plan node: made once per plan, opened for each execution. */
export interface CompiledNode {
  readonly output: readonly OutputColumn[]
  open(execution: Execution): Operator
  /**
   * As `open`, where only the rows are wanted whose `column` has one of the values; it may give others as well. Only of nodes for which
   * that is less work.
   */
  openBound?(execution: Execution, column: ColumnId, values: readonly Value[]): Operator
}

/** Where plans find what lies outside the executor. */
export interface ExecutionEnvironment {
  storage(name: string): Storage
  /** Rows of a table that the engine computes, all its columns in order; those that aren't in `columns` may be NULL. */
  virtualRows(
    table: VirtualTable,
    equalities: readonly { readonly column: number; readonly value: Value }[],
    statement: StatementContext,
    columns?: readonly number[],
  ): MaybePromise<Batch>
  /** The file that the statement reads, in pieces. Throws what keeps it from being read. */
  readFile(statement: StatementContext): AsyncIterator<Uint8Array>
}

/** How long one turn of the event loop may work on a statement before others get theirs. */
const SLICE_MS = 8

export class Execution {
  foundRows = 0
  /** CLIENT_FOUND_ROWS: an UPDATE counts the rows it found, not those it changed. */
  readonly countsFoundRows: boolean
  private readonly root: Execution
  private sharedRows: Map<number, SharedRows> | undefined
  private constantResults: Map<object, unknown> | undefined
  /** When this turn of the event loop began to work for the statement; the root's counts. */
  private sliceStartMs: number

  constructor(
    readonly environment: ExecutionEnvironment,
    readonly transaction: Transaction,
    readonly statement: StatementContext,
    readonly evaluation: EvaluationContext,
    parent?: Execution,
    countsFoundRows = false,
  ) {
    this.countsFoundRows = parent?.countsFoundRows ?? countsFoundRows
    this.root = parent?.root ?? this
    this.sliceStartMs = parent === undefined ? performance.now() : 0
  }

  /** Results of shared sub-plans and work tables, by their id. */
  get shared(): Map<number, SharedRows> {
    return (this.root.sharedRows ??= new Map<number, SharedRows>())
  }

  /** Results of sub-queries that read nothing of their surroundings, by the key of their expression. */
  get constants(): Map<object, unknown> {
    return (this.root.constantResults ??= new Map<object, unknown>())
  }

  /** An execution of a sub-plan for one row of its surroundings. */
  correlated(values: readonly Value[]): Execution {
    const evaluation = Object.create(this.evaluation) as { correlated: readonly Value[] } & EvaluationContext
    evaluation.correlated = values
    return new Execution(this.environment, this.transaction, this.statement, evaluation, this)
  }

  /** Whether this statement has had the event loop long enough: work in the midst of a batch then waits for the next call. */
  get isOverdue(): boolean {
    return performance.now() - this.root.sliceStartMs >= SLICE_MS
  }

  /** Checks for KILL and time-out; lets the event loop turn if this statement had it long enough. Call it per batch. */
  pause(): MaybePromise<void> {
    this.statement.checkKilled()
    const { root } = this
    if (!this.isOverdue) return undefined
    return new Promise((resolve) => {
      setImmediate(() => {
        root.sliceStartMs = performance.now()
        resolve()
      })
    })
  }
}

/** Rows that several readers share, computed by the first. */
export interface SharedRows {
  rows: MaybePromise<Batch>
}

export function columnPositions(output: readonly OutputColumn[]): ReadonlyMap<ColumnId, number> {
  return new Map(output.map((column, i) => [column.id, i] as const))
}

/** Reads a cursor or operator to its end into one batch of its own, which `memory` holds from then on. */
export async function materialize(
  operator: Operator | BatchCursor,
  into: Batch,
  execution: Execution,
  memory: HeldMemory,
): Promise<Batch> {
  let held = 0
  try {
    for (;;) {
      const next = operator.next()
      const batch = next instanceof Promise ? await next : next
      if (batch === undefined) break
      for (let row = 0; row < batch.rowCount; row++) into.pushFrom(batch, row)
      const size = into.byteSize
      memory.add(size - held)
      held = size
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
  } finally {
    await operator.close()
  }
  return into
}
