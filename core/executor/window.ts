/**
 * Window functions (MySQL manual 14.20): sorts the input by partition and order, then computes each call for each row over its frame.
 */
import { BATCH_ROWS_MAX, Batch } from '../common/batch.js'
import { comparatorOf } from '../common/comparison.js'
import type { Evaluator } from '../common/evaluation.js'
import type {
  Accumulator,
  AccumulatorFactory,
  WindowEvaluator,
  WindowPartition,
} from '../common/function-binding.js'
import { sqlError } from '../common/sql-error.js'
import type { SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { OutputColumn } from '../plan/logical.js'
import { materialize, type CompiledNode, type Execution, type Operator } from './execution.js'
import type { KeyColumn } from './row-keys.js'
import { compileKeyOrder, sortRows, type CompiledSortKey } from './sort.js'
import type { SubqueryCompiler } from './subqueries.js'

export type CompiledBound =
  | { readonly kind: 'unbounded' }
  | { readonly kind: 'current row' }
  /** Rows relative to the current one, negative for PRECEDING. */
  | { readonly kind: 'rows'; readonly offset: Evaluator; readonly sign: 1 | -1 }
  /** RANGE: the limit value, computed from the current row's sort value in a batch of one column. */
  | { readonly kind: 'range'; readonly limit: Evaluator; readonly type: SqlType }

export interface CompiledWindowCall {
  readonly window: WindowEvaluator | undefined
  readonly aggregate: AccumulatorFactory | undefined
  readonly usesFrame: boolean
  readonly unit: 'rows' | 'range'
  readonly start: CompiledBound
  readonly end: CompiledBound
}

export interface WindowParts {
  readonly input: CompiledNode
  readonly output: readonly OutputColumn[]
  readonly partitionBy: readonly KeyColumn[]
  readonly orderBy: readonly CompiledSortKey[]
  readonly calls: readonly CompiledWindowCall[]
  readonly subqueries: SubqueryCompiler
}

export function compileWindow(parts: WindowParts): CompiledNode {
  return { output: parts.output, open: (execution) => new WindowOperator(parts, execution) }
}

class WindowOperator implements Operator {
  private rows: Batch | undefined
  private results: readonly Vector[] = []
  private at = 0
  private readonly output: Batch

  constructor(
    private readonly parts: WindowParts,
    private readonly execution: Execution,
  ) {
    this.output = Batch.ofTypes(parts.output.map((column) => column.type))
  }

  async next(): Promise<Batch | undefined> {
    this.rows ??= await this.compute()
    const rows = this.rows
    if (this.at >= rows.rowCount) return undefined
    this.output.clear()
    const end = Math.min(rows.rowCount, this.at + BATCH_ROWS_MAX)
    const width = rows.columns.length
    for (; this.at < end; this.at++) {
      for (let i = 0; i < width; i++) this.output.columns[i]?.pushFrom(rows.columns[i] as Vector, this.at)
      this.results.forEach((vector, i) => this.output.columns[width + i]?.pushFrom(vector, this.at))
      this.output.rowCount++
    }
    return this.output
  }

  private async compute(): Promise<Batch> {
    const { parts, execution } = this
    const types = parts.input.output.map((column) => column.type)
    const input = await materialize(parts.input.open(execution), Batch.ofTypes(types), execution, 'window')
    const resolved = parts.subqueries.resolve(input, execution)
    if (resolved !== undefined) await resolved
    const keys = [...parts.partitionBy.map((key) => ({ ...key, descending: false })), ...parts.orderBy]
    const unsorted = this.evaluateKeys(input, keys)
    const order = sortRows(unsorted.columns, keys, input.rowCount)
    const rows = permute(input, order)
    const keyRows = permute(unsorted, order)
    this.results = parts.output
      .slice(types.length)
      .map((column) => Batch.ofTypes([column.type]).columns[0] as Vector)
    const partitionWidth = parts.partitionBy.length
    const samePartition = compileKeyOrder(keys.slice(0, partitionWidth))
    const peerOrder = compileKeyOrder(parts.orderBy)
    const orderRows = new Batch(keyRows.columns.slice(partitionWidth))
    for (let start = 0; start < rows.rowCount;) {
      let end = start + 1
      while (end < rows.rowCount && samePartition(keyRows, start, end) === 0) end++
      const partition: WindowPartition = {
        batch: rows,
        start,
        end,
        peers: (a, b) => parts.orderBy.length === 0 || peerOrder(orderRows, a, b) === 0,
      }
      for (const [i, call] of parts.calls.entries()) {
        const pause = execution.pause()
        if (pause !== undefined) await pause
        await this.computeCall(call, partition, orderRows, this.results[i] as Vector)
      }
      start = end
    }
    return rows
  }

  private evaluateKeys(input: Batch, keys: readonly KeyColumn[]): Batch {
    const result = Batch.ofTypes(keys.map((key) => key.type))
    for (let row = 0; row < input.rowCount; row++) {
      result.pushRow(keys.map((key) => key.evaluate(input, row, this.execution.evaluation)))
    }
    return result
  }

  private async computeCall(
    call: CompiledWindowCall,
    partition: WindowPartition,
    orderRows: Batch,
    into: Vector,
  ): Promise<void> {
    const context = this.execution.evaluation
    const frames = new FrameFinder(call, partition, orderRows, this.parts.orderBy, this.execution)
    const runner =
      call.aggregate === undefined ? undefined : new FrameAggregate(call.aggregate, partition, this.execution)
    for (let row = partition.start; row < partition.end; row++) {
      if (call.usesFrame) frames.move(row)
      const start = call.usesFrame ? frames.start : partition.start
      const end = call.usesFrame ? frames.end : partition.end
      if (runner !== undefined) into.push(runner.value(start, end))
      else if (call.window !== undefined)
        into.push(call.window(partition, row, start, Math.max(start, end), context))
      if ((row & 255) === 0) {
        const pause = this.execution.pause()
        if (pause !== undefined) await pause
      }
    }
  }

  close(): void {
    this.at = Infinity
  }
}

function permute(batch: Batch, order: Uint32Array): Batch {
  const result = Batch.ofTypes(batch.columns.map((column) => column.type))
  for (const row of order) result.pushFrom(batch, row)
  return result
}

/** Finds the frame of each row; rows come in order. */
class FrameFinder {
  start = 0
  end = 0

  constructor(
    private readonly call: CompiledWindowCall,
    private readonly partition: WindowPartition,
    private readonly orderRows: Batch,
    private readonly orderBy: readonly CompiledSortKey[],
    private readonly execution: Execution,
  ) {}

  move(row: number): void {
    const { partition } = this
    this.start = Math.min(Math.max(this.bound(this.call.start, row, true), partition.start), partition.end)
    this.end = Math.max(Math.min(this.bound(this.call.end, row, false), partition.end), partition.start)
  }

  /** First row of the frame, or the row behind its last. */
  private bound(bound: CompiledBound, row: number, isStart: boolean): number {
    const { partition, call } = this
    switch (bound.kind) {
      case 'unbounded':
        return isStart ? partition.start : partition.end
      case 'current row':
        if (call.unit === 'rows') return isStart ? row : row + 1
        return isStart ? this.firstPeer(row) : this.behindPeers(row)
      case 'rows': {
        const offset = this.rowOffset(bound.offset, row)
        const target = row + bound.sign * offset
        return isStart ? target : target + 1
      }
      case 'range':
        return this.rangeBound(bound, row, isStart)
    }
  }

  private rowOffset(evaluate: Evaluator, row: number): number {
    const offset = evaluate(this.partition.batch, row, this.execution.evaluation)
    if (offset === null || Number(offset) < 0) throw sqlError('ER_WINDOW_FRAME_ILLEGAL', '<unnamed window>')
    return Number(offset)
  }

  private firstPeer(row: number): number {
    let first = row
    while (first > this.partition.start && this.partition.peers(first - 1, row)) first--
    return first
  }

  private behindPeers(row: number): number {
    let behind = row + 1
    while (behind < this.partition.end && this.partition.peers(behind, row)) behind++
    return behind
  }

  private rangeBound(
    bound: Extract<CompiledBound, { kind: 'range' }>,
    row: number,
    isStart: boolean,
  ): number {
    const key = this.orderBy[0] as CompiledSortKey
    const vector = this.orderRows.columns[0] as Vector
    const current = vector.get(row)
    // Rows whose sort value is NULL are each other's peers, and nobody else's.
    if (current === null) return isStart ? this.firstPeer(row) : this.behindPeers(row)
    const single = Batch.ofTypes([key.type])
    single.pushRow([current])
    const limit = bound.limit(single, 0, this.execution.evaluation)
    if (limit === null) return isStart ? this.firstPeer(row) : this.behindPeers(row)
    const compare = comparatorOf(bound.type)
    const sign = key.descending ? -1 : 1
    let low = this.partition.start
    let high = this.partition.end
    // Binary search for the first row at or behind the limit (start) or strictly behind it (end).
    while (low < high) {
      const middle = (low + high) >>> 1
      const value = vector.get(middle)
      // NULL is lower than any value, whatever the direction.
      const order = value === null ? -1 : compare(value, limit)
      const before = isStart ? order * sign < 0 : order * sign <= 0
      if (before) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** An aggregate over a moving frame: grows and shrinks one accumulator where that is exact, otherwise starts anew. */
class FrameAggregate {
  private accumulator: Accumulator
  private start: number
  private end: number
  private last: Value = null
  private hasLast = false

  constructor(
    private readonly create: AccumulatorFactory,
    private readonly partition: WindowPartition,
    private readonly execution: Execution,
  ) {
    this.accumulator = create()
    this.start = partition.start
    this.end = partition.start
  }

  value(start: number, end: number): Value {
    const { batch } = this.partition
    const context = this.execution.evaluation
    if (this.hasLast && start === this.start && end === this.end) return this.last
    const canMove = start >= this.start && end >= this.end && start <= this.end
    const remove = this.accumulator.remove?.bind(this.accumulator)
    if (!canMove || (start > this.start && remove === undefined)) {
      this.accumulator = this.create()
      for (let row = start; row < end; row++) this.accumulator.add(batch, row, context)
    } else {
      for (let row = this.end; row < end; row++) this.accumulator.add(batch, row, context)
      for (let row = this.start; row < start; row++) remove?.(batch, row, context)
    }
    this.start = start
    this.end = Math.max(start, end)
    this.last = this.accumulator.result(context)
    this.hasLast = true
    return this.last
  }
}
