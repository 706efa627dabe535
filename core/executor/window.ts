/**
 * Window functions (MySQL manual 14.20): sorts the input by partition and order, then computes each call for each row over its frame.
 */
import { Batch } from '../common/batch.js'
import { comparatorOf } from '../common/comparison.js'
import { compileConversion, type Conversion } from '../common/conversion.js'
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
import { HeldMemory } from './held-memory.js'
import type { KeyColumn } from './row-keys.js'
import type { CompiledSortKey } from './sort.js'
import { compileKeyOrder } from './row-order.js'
import { sortingBytes, sortRows } from './sorting.js'
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

/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 256

class WindowOperator implements Operator {
  private rows: Batch | undefined
  private results: readonly Vector[] = []
  private at = 0
  private readonly output: Batch
  private readonly memory: HeldMemory

  constructor(
    private readonly parts: WindowParts,
    private readonly execution: Execution,
  ) {
    this.output = Batch.ofTypes(parts.output.map((column) => column.type))
    this.memory = new HeldMemory(execution.statement, 'window')
  }

  async next(): Promise<Batch | undefined> {
    this.rows ??= await this.compute()
    const rows = this.rows
    if (this.at >= rows.rowCount) return undefined
    const { output, results } = this
    output.clear()
    const width = rows.columns.length
    for (; this.at < rows.rowCount && !output.isFull; this.at++) {
      for (let i = 0; i < width; i++) output.columns[i]?.pushFrom(rows.columns[i] as Vector, this.at)
      results.forEach((vector, i) => output.columns[width + i]?.pushFrom(vector, this.at))
      output.rowCount++
    }
    return output
  }

  private async compute(): Promise<Batch> {
    const { parts, execution } = this
    const keys = [...parts.partitionBy.map((key) => ({ ...key, descending: false })), ...parts.orderBy]
    const { rows, keyRows } = await this.sortedInput(keys)
    this.results = parts.output
      .slice(rows.columns.length)
      .map((column) => Batch.ofTypes([column.type]).columns[0] as Vector)
    const partitionWidth = parts.partitionBy.length
    const samePartition = compileKeyOrder(keys.slice(0, partitionWidth))
    const peerOrder = compileKeyOrder(parts.orderBy)
    const orderRows = new Batch(keyRows.columns.slice(partitionWidth))
    for (let start = 0; start < rows.rowCount;) {
      let end = start + 1
      while (end < rows.rowCount && samePartition(keyRows, start, end) === 0) {
        if (end++ % ROWS_PER_LOOK !== 0) continue
        const pause = execution.pause()
        if (pause !== undefined) await pause
      }
      const partition: WindowPartition = {
        batch: rows,
        start,
        end,
        peers: (a, b) => parts.orderBy.length === 0 || peerOrder(orderRows, a, b) === 0,
      }
      for (const [i, call] of parts.calls.entries()) {
        await this.computeCall(call, partition, orderRows, this.results[i] as Vector)
      }
      start = end
    }
    return rows
  }

  /** The input, and the values of its keys, in the order of the keys. */
  private async sortedInput(keys: readonly CompiledSortKey[]): Promise<{ rows: Batch; keyRows: Batch }> {
    const { parts, execution, memory } = this
    const types = parts.input.output.map((column) => column.type)
    const input = await materialize(parts.input.open(execution), Batch.ofTypes(types), execution, memory)
    const resolved = parts.subqueries.resolve(input, execution)
    if (resolved !== undefined) await resolved
    const unsorted = await this.evaluateKeys(input, keys)
    const sorting = sortingBytes(unsorted.columns, input.rowCount)
    memory.add(sorting)
    const order = await sortRows(unsorted.columns, keys, input.rowCount, execution)
    memory.add(unsorted.byteSize + input.byteSize - sorting)
    const rows = await this.permute(input, order)
    const keyRows = await this.permute(unsorted, order)
    // The rows as they came are needed no more.
    memory.hold(rows.byteSize + keyRows.byteSize)
    return { rows, keyRows }
  }

  private async evaluateKeys(input: Batch, keys: readonly KeyColumn[]): Promise<Batch> {
    const result = Batch.ofTypes(keys.map((key) => key.type))
    let held = 0
    for (let row = 0; row < input.rowCount; row++) {
      result.pushRow(keys.map((key) => key.evaluate(input, row, this.execution.evaluation)))
      const size = result.byteSize
      if (size > held) this.memory.add(size - held)
      held = size
      if (row % ROWS_PER_LOOK !== 0) continue
      const pause = this.execution.pause()
      if (pause !== undefined) await pause
    }
    return result
  }

  private async permute(batch: Batch, order: Uint32Array): Promise<Batch> {
    const result = Batch.ofTypes(batch.columns.map((column) => column.type))
    for (let i = 0; i < order.length; i++) {
      result.pushFrom(batch, order[i] as number)
      if (i % ROWS_PER_LOOK !== 0) continue
      const pause = this.execution.pause()
      if (pause !== undefined) await pause
    }
    return result
  }

  private async computeCall(
    call: CompiledWindowCall,
    partition: WindowPartition,
    orderRows: Batch,
    into: Vector,
  ): Promise<void> {
    const { execution, memory } = this
    const context = execution.evaluation
    const frames = new FrameFinder(call, partition, orderRows, this.parts.orderBy, execution)
    const runner =
      call.aggregate === undefined ? undefined : new FrameAggregate(call.aggregate, partition, execution)
    let before = into.byteSize
    for (let row = partition.start; row < partition.end; row++) {
      if (call.usesFrame) {
        const moved = frames.move(row)
        if (moved !== undefined) await moved
      }
      const start = call.usesFrame ? frames.start : partition.start
      const end = call.usesFrame ? frames.end : partition.end
      if (runner !== undefined) {
        const moved = runner.move(start, end)
        if (moved !== undefined) await moved
        into.push(runner.result())
      } else if (call.window !== undefined) {
        into.push(call.window(partition, row, start, Math.max(start, end), context))
      }
      if (row % ROWS_PER_LOOK !== 0) continue
      memory.add(into.byteSize - before)
      before = into.byteSize
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
    memory.add(into.byteSize - before)
  }

  close(): void {
    this.at = Infinity
    this.memory.release()
  }
}

/** Finds the frame of each row; rows come in order. */
class FrameFinder {
  start = 0
  end = 0
  /** The peers of the row at hand, if its frame asked for them. */
  private readonly conversions = new Map<CompiledBound, Conversion>()
  private peersStart = 0
  private peersEnd = 0
  private readonly needsPeers: boolean

  constructor(
    private readonly call: CompiledWindowCall,
    private readonly partition: WindowPartition,
    private readonly orderRows: Batch,
    private readonly orderBy: readonly CompiledSortKey[],
    private readonly execution: Execution,
  ) {
    this.needsPeers =
      call.unit === 'range' &&
      [call.start, call.end].some(({ kind }) => kind === 'current row' || kind === 'range')
  }

  move(row: number): Promise<void> | undefined {
    if (this.needsPeers && (row >= this.peersEnd || row < this.peersStart)) {
      this.peersStart = row
      this.peersEnd = row + 1
      if (!this.extendPeers()) return this.findPeers(row)
    }
    this.place(row)
    return undefined
  }

  private place(row: number): void {
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
        return isStart ? this.peersStart : this.peersEnd
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

  /** Looks for further peers of the row; false if there may be still more. Rows come in order: this is once for all peers. */
  private extendPeers(): boolean {
    const { partition } = this
    const stop = Math.min(this.peersEnd + ROWS_PER_LOOK, partition.end)
    while (this.peersEnd < stop && partition.peers(this.peersEnd, this.peersStart)) this.peersEnd++
    return this.peersEnd < stop || stop === partition.end
  }

  private async findPeers(row: number): Promise<void> {
    while (!this.extendPeers()) {
      const pause = this.execution.pause()
      if (pause !== undefined) await pause
    }
    this.place(row)
  }

  /** Sort values in the type of the limit: an INT less 1.5 is a DECIMAL, a DATE less an hour a DATETIME. */
  private conversionOf(bound: Extract<CompiledBound, { kind: 'range' }>, from: SqlType): Conversion {
    let conversion = this.conversions.get(bound)
    if (conversion === undefined) {
      conversion = compileConversion(from, bound.type)
      this.conversions.set(bound, conversion)
    }
    return conversion
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
    if (current === null) return isStart ? this.peersStart : this.peersEnd
    const single = Batch.ofTypes([key.type])
    single.pushRow([current])
    const limit = bound.limit(single, 0, this.execution.evaluation)
    if (limit === null) return isStart ? this.peersStart : this.peersEnd
    const compare = comparatorOf(bound.type)
    const sortValue = this.conversionOf(bound, key.type)
    const { evaluation } = this.execution
    const sign = key.descending ? -1 : 1
    let low = this.partition.start
    let high = this.partition.end
    // Binary search for the first row at or behind the limit (start) or strictly behind it (end).
    while (low < high) {
      const middle = (low + high) >>> 1
      const value = vector.get(middle)
      // NULL is lower than any value, whatever the direction.
      const order = value === null ? -1 : compare(sortValue(value, evaluation), limit)
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

  /** Makes the frame [start, end) the one that `result` is about. */
  move(start: number, end: number): Promise<void> | undefined {
    if (this.hasLast && start === this.start && end === this.end) return undefined
    this.hasLast = false
    const canMove = start >= this.start && end >= this.end && start <= this.end
    if (!canMove || (start > this.start && this.accumulator.remove === undefined)) {
      this.accumulator = this.create()
      this.start = this.end = start
    }
    if (end - this.end + start - this.start > ROWS_PER_LOOK) return this.moveFar(start, end)
    this.advance(start, end)
    return undefined
  }

  private async moveFar(start: number, end: number): Promise<void> {
    while (this.end < end || this.start < start) {
      this.advance(Math.min(start, this.start + ROWS_PER_LOOK), Math.min(end, this.end + ROWS_PER_LOOK))
      const pause = this.execution.pause()
      if (pause !== undefined) await pause
    }
  }

  private advance(start: number, end: number): void {
    const { accumulator } = this
    const { batch } = this.partition
    const context = this.execution.evaluation
    for (; this.end < end; this.end++) accumulator.add(batch, this.end, context)
    for (; this.start < start; this.start++) accumulator.remove?.(batch, this.start, context)
  }

  result(): Value {
    if (!this.hasLast) {
      this.last = this.accumulator.result(this.execution.evaluation)
      this.hasLast = true
    }
    return this.last
  }
}
