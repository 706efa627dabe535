/**
 * DISTINCT, UNION, INTERSECT, EXCEPT, shared sub-plans and recursive common table expressions.
 */
import { BATCH_ROWS_MAX, Batch, SINGLE_ROW } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import type { SqlType } from '../common/sql-type.js'
import type { MaybePromise } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { OutputColumn } from '../plan/logical.js'
import { BatchPool } from './batch-pool.js'
import { materialize, type CompiledNode, type Execution, type Operator } from './execution.js'
import { entryBytes, HeldMemory } from './held-memory.js'
import { compileBatchKey, type RowKey } from './row-keys.js'
import { whenBatch } from './row-operators.js'

type RowKeyFunction = (batch: Batch, row: number) => RowKey

export function compileDistinct(input: CompiledNode): CompiledNode {
  const types = input.output.map((column) => column.type)
  const keyOf = rowKeyOf(input.output)
  const pool = new BatchPool(types)
  return {
    output: input.output,
    open: (execution) => {
      const source = input.open(execution)
      const seen = new Set<RowKey>()
      const memory = new HeldMemory(execution.statement, 'DISTINCT')
      const output = pool.take()
      const unique = (batch: Batch | undefined): Batch | undefined => {
        if (batch === undefined) return undefined
        output.clear()
        let bytes = 0
        for (let row = 0; row < batch.rowCount; row++) {
          const key = keyOf(batch, row)
          const before = seen.size
          seen.add(key)
          if (seen.size === before) continue
          bytes += entryBytes(key)
          output.pushFrom(batch, row)
        }
        memory.add(bytes)
        return output
      }
      return {
        next: () => whenBatch(source.next(), unique),
        close: () => {
          memory.release()
          pool.give(output)
          return source.close()
        },
      }
    },
  }
}

function rowKeyOf(output: readonly OutputColumn[]): RowKeyFunction {
  return output.length === 0 ? () => 0 : compileBatchKey(output.map((column) => column.type))
}

/** One input after the other. */
export function compileUnionAll(
  inputs: readonly CompiledNode[],
  output: readonly OutputColumn[],
): CompiledNode {
  return {
    output,
    open: (execution) => {
      let at = 0
      let source: Operator | undefined
      const advance = async (): Promise<Batch | undefined> => {
        for (;;) {
          const input = inputs[at]
          if (input === undefined) return undefined
          source ??= input.open(execution)
          const next = source.next()
          const batch = next instanceof Promise ? await next : next
          if (batch !== undefined) return batch
          await source.close()
          source = undefined
          at++
        }
      }
      return { next: advance, close: () => source?.close() }
    },
  }
}

/**
 * INTERSECT and EXCEPT of two inputs. The right side's rows are counted; with ALL, each occurrence there pairs with one of the left.
 */
export function compileSetDifference(
  operation: 'intersect' | 'except',
  all: boolean,
  left: CompiledNode,
  right: CompiledNode,
  output: readonly OutputColumn[],
): CompiledNode {
  const types = output.map((column) => column.type)
  const keyOf = rowKeyOf(output)
  const keeps = operation === 'intersect'
  return {
    output,
    open: (execution) => {
      const source = left.open(execution)
      const memory = new HeldMemory(execution.statement, 'set operation')
      let counts: Map<RowKey, number> | undefined
      const done = new Set<RowKey>()
      const result = Batch.ofTypes(types)
      const isKept = (key: RowKey, table: Map<RowKey, number>): boolean => {
        const count = table.get(key) ?? 0
        if (!all) {
          if (done.has(key)) return false
          done.add(key)
          memory.add(entryBytes(key))
          return count > 0 === keeps
        }
        if (count > 0) table.set(key, count - 1)
        return count > 0 === keeps
      }
      return {
        next: async () => {
          counts ??= await countRows(right, keyOf, execution, memory)
          const next = source.next()
          const batch = next instanceof Promise ? await next : next
          if (batch === undefined) return undefined
          result.clear()
          for (let row = 0; row < batch.rowCount; row++) {
            if (isKept(keyOf(batch, row), counts)) result.pushFrom(batch, row)
          }
          return result
        },
        close: () => {
          memory.release()
          return source.close()
        },
      }
    },
  }
}

async function countRows(
  node: CompiledNode,
  keyOf: RowKeyFunction,
  execution: Execution,
  memory: HeldMemory,
): Promise<Map<RowKey, number>> {
  const counts = new Map<RowKey, number>()
  const source = node.open(execution)
  try {
    for (;;) {
      const next = source.next()
      const batch = next instanceof Promise ? await next : next
      if (batch === undefined) return counts
      let bytes = 0
      for (let row = 0; row < batch.rowCount; row++) {
        const key = keyOf(batch, row)
        const count = counts.get(key)
        if (count === undefined) bytes += entryBytes(key)
        counts.set(key, (count ?? 0) + 1)
      }
      memory.add(bytes)
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
  } finally {
    await source.close()
  }
}

/** Hands out rows that are already there, in slices. */
export function readRows(rows: Batch): Operator {
  let at = 0
  const slice = Batch.ofTypes(rows.columns.map((column) => column.type))
  return {
    next: () => {
      if (at >= rows.rowCount) return undefined
      if (at === 0 && rows.rowCount <= BATCH_ROWS_MAX) {
        at = rows.rowCount
        return rows
      }
      slice.clear()
      while (at < rows.rowCount && !slice.isFull) slice.pushFrom(rows, at++)
      return slice
    },
    close: () => undefined,
  }
}

/** An operator over rows that may still have to be computed. */
function readLater(
  rows: () => MaybePromise<Batch>,
  output: readonly OutputColumn[],
  positions: readonly number[],
): Operator {
  let reader: Operator | undefined
  const start = (batch: Batch): Operator => {
    const permuted = new Batch(positions.map((position) => batch.columns[position] as Vector))
    permuted.rowCount = batch.rowCount
    return (reader = readRows(permuted))
  }
  return {
    next: () => {
      if (reader !== undefined) return reader.next()
      const batch = rows()
      return batch instanceof Promise ? batch.then((each) => start(each).next()) : start(batch).next()
    },
    close: () => reader?.close(),
  }
}

/** Computes its input once per execution, whoever asks first. */
export function compileShared(
  shareId: number,
  input: () => CompiledNode,
  output: readonly OutputColumn[],
  positions: readonly number[],
): CompiledNode {
  return {
    output,
    open: (execution) =>
      readLater(
        () => {
          let shared = execution.shared.get(shareId)
          if (shared === undefined) {
            const node = input()
            const types = node.output.map((column) => column.type)
            // Held to the end of the statement: it is computed once, whoever asks.
            const memory = new HeldMemory(execution.statement, 'derived table')
            shared = { rows: materialize(node.open(execution), Batch.ofTypes(types), execution, memory) }
            execution.shared.set(shareId, shared)
          }
          return shared.rows
        },
        output,
        positions,
      ),
  }
}

/** The rows of the round before, inside a recursive step. */
export function compileWorkTable(workId: number, output: readonly OutputColumn[]): CompiledNode {
  return {
    output,
    open: (execution) => {
      const rows = execution.shared.get(workId)?.rows
      if (rows === undefined || rows instanceof Promise)
        throw new Error('invariant: the step runs inside its recursion')
      return readRows(rows)
    },
  }
}

export interface RecursiveParts {
  readonly workId: number
  readonly name: string
  readonly seed: CompiledNode
  readonly step: CompiledNode
  readonly seedPositions: readonly number[]
  readonly stepPositions: readonly number[]
  readonly distinct: boolean
  /** LIMIT of the whole. */
  readonly count: Evaluator | undefined
  readonly offset: Evaluator | undefined
  readonly output: readonly OutputColumn[]
}

/** WITH RECURSIVE: rounds until one adds nothing (ER_CTE_MAX_RECURSION_DEPTH beyond cte_max_recursion_depth). */
export function compileRecursive(parts: RecursiveParts): CompiledNode {
  const identity = parts.output.map((_, i) => i)
  return {
    output: parts.output,
    open: (execution) => {
      const recursion = new Recursion(parts, execution)
      const reader = readLater(() => recursion.run(), parts.output, identity)
      return {
        next: () => reader.next(),
        close: () => {
          recursion.release()
          return reader.close()
        },
      }
    },
  }
}

class Recursion {
  private readonly types: readonly SqlType[]
  private readonly all: Batch
  private readonly seen = new Set<RowKey>()
  private readonly keyOf: RowKeyFunction
  private readonly memory: HeldMemory
  private seenBytes = 0

  constructor(
    private readonly parts: RecursiveParts,
    private readonly execution: Execution,
  ) {
    this.types = parts.output.map((column) => column.type)
    this.all = Batch.ofTypes(this.types)
    this.keyOf = rowKeyOf(parts.output)
    this.memory = new HeldMemory(execution.statement, 'recursive query')
  }

  /** All rows. */
  async run(): Promise<Batch> {
    const { parts, execution } = this
    const depthMax = Number(
      execution.evaluation.session.systemVariable('cte_max_recursion_depth', 'session') ?? 1000,
    )
    const rowsMax = this.rowsWanted()
    let work = await this.round(parts.seed, parts.seedPositions)
    for (let depth = 1; work.rowCount > 0 && this.all.rowCount < rowsMax; depth++) {
      if (depth > depthMax) throw sqlError('ER_CTE_MAX_RECURSION_DEPTH', depth)
      execution.shared.set(parts.workId, { rows: work })
      work = await this.round(parts.step, parts.stepPositions)
    }
    return this.all
  }

  private rowsWanted(): number {
    const { count, offset } = this.parts
    const { evaluation } = this.execution
    if (count === undefined) return Infinity
    return Number(count(SINGLE_ROW, 0, evaluation) ?? 0) + Number(offset?.(SINGLE_ROW, 0, evaluation) ?? 0)
  }

  release(): void {
    this.memory.release()
  }

  /** The rows that one round adds. */
  private async round(node: CompiledNode, positions: readonly number[]): Promise<Batch> {
    const { execution } = this
    const passing = new HeldMemory(execution.statement, 'recursive query')
    const own = Batch.ofTypes(node.output.map((column) => column.type))
    const rows = await materialize(node.open(execution), own, execution, passing)
    const source = new Batch(positions.map((position) => rows.columns[position] as Vector))
    const fresh = Batch.ofTypes(this.types)
    for (let start = 0; start < rows.rowCount; start += BATCH_ROWS_MAX) {
      this.addRows(source, start, Math.min(start + BATCH_ROWS_MAX, rows.rowCount), fresh)
      // What this round adds is the input of the next, and kept besides.
      this.memory.hold(this.all.byteSize + fresh.byteSize + this.seenBytes)
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
    passing.release()
    return fresh
  }

  private addRows(source: Batch, start: number, end: number, fresh: Batch): void {
    for (let row = start; row < end; row++) {
      if (this.parts.distinct) {
        const key = this.keyOf(source, row)
        if (this.seen.has(key)) continue
        this.seen.add(key)
        this.seenBytes += entryBytes(key)
      }
      fresh.pushFrom(source, row)
      this.all.pushFrom(source, row)
    }
  }
}
