/**
 * Aggregate: groups rows by hash and runs accumulators, WITH ROLLUP too (MySQL manual 14.19).
 */
import { Batch } from '../common/batch.js'
import type { Accumulator, AccumulatorFactory } from '../common/function-binding.js'
import type { Vector } from '../common/vector.js'
import type { OutputColumn } from '../plan/logical.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import { entryBytes, HeldMemory } from './held-memory.js'
import { compileRowKey, type KeyColumn, type RowKey } from './row-keys.js'
import { compileKeyOrder, type SortColumn } from './row-order.js'
import { sortingBytes, sortRows } from './sorting.js'
import type { SubqueryCompiler } from './subqueries.js'

export interface CompiledAggregate {
  readonly create: AccumulatorFactory
  /** For DISTINCT: the arguments, whose combinations count once. */
  readonly distinct: readonly KeyColumn[] | undefined
  /** Whether a row with a NULL argument is left out at once (DISTINCT only). */
  readonly ignoresNulls: boolean
}

export interface AggregateParts {
  readonly input: CompiledNode
  readonly output: readonly OutputColumn[]
  readonly keys: readonly KeyColumn[]
  readonly aggregates: readonly CompiledAggregate[]
  readonly rollup: boolean
  readonly subqueries: SubqueryCompiler
}

/** One group: a row of `keyRows` and an accumulator per aggregate. */
interface Group {
  readonly accumulators: readonly Accumulator[]
  readonly seen: readonly (Set<RowKey> | undefined)[]
}

/** Rough bytes of a group besides its keys, and of each of its accumulators. */
const GROUP_BYTES = 150
const ACCUMULATOR_BYTES = 100

export function compileAggregate(parts: AggregateParts): CompiledNode {
  const levels = parts.rollup ? parts.keys.map((_, i) => parts.keys.slice(0, i)) : []
  const keyOf = compileRowKey(parts.keys)
  const levelKeys = levels.map((keys) => compileRowKey(keys))
  const distinctKeys = parts.aggregates.map((each) =>
    each.distinct === undefined ? undefined : compileRowKey(each.distinct),
  )
  return {
    output: parts.output,
    open: (execution) => new AggregateOperator(parts, execution, keyOf, levelKeys, distinctKeys),
  }
}

type KeyFunction = ReturnType<typeof compileRowKey>

/** The groups of one level of grouping: all keys, or a prefix of them for ROLLUP. */
class GroupTable {
  readonly groups = new Map<RowKey, number>()
  readonly list: Group[] = []
  readonly keyRows: Batch
  /** Bytes that it holds besides `keyRows`. */
  heldBytes = 0
  private readonly growing: readonly number[]

  constructor(
    private readonly parts: AggregateParts,
    private readonly keys: readonly KeyColumn[],
    private readonly keyOf: KeyFunction,
    private readonly distinctKeys: readonly (KeyFunction | undefined)[],
  ) {
    this.keyRows = Batch.ofTypes(keys.map((key) => key.type))
    const sample = parts.aggregates.map((aggregate) => aggregate.create())
    this.growing = [...sample.keys()].filter((i) => sample[i]?.byteSize !== undefined)
  }

  get byteSize(): number {
    return this.heldBytes + this.keyRows.byteSize
  }

  add(batch: Batch, row: number, execution: Execution): void {
    const context = execution.evaluation
    let index = 0
    if (this.keys.length > 0) {
      const key = this.keyOf(batch, row, context)
      const known = this.groups.get(key)
      if (known === undefined) {
        index = this.list.length
        this.groups.set(key, index)
        for (let i = 0; i < this.keys.length; i++) {
          ;(this.keyRows.columns[i] as Vector).push((this.keys[i] as KeyColumn).evaluate(batch, row, context))
        }
        this.keyRows.rowCount++
        this.list.push(this.newGroup())
        this.heldBytes += entryBytes(key) + GROUP_BYTES + ACCUMULATOR_BYTES * this.parts.aggregates.length
      } else index = known
    } else if (this.list.length === 0) this.list.push(this.newGroup())
    const group = this.list[index] as Group
    const { aggregates } = this.parts
    if (this.growing.length > 0) this.heldBytes -= this.grown(group)
    for (let i = 0; i < aggregates.length; i++) {
      const aggregate = aggregates[i] as CompiledAggregate
      if (aggregate.distinct !== undefined && !this.isNew(group, i, aggregate, batch, row, execution))
        continue
      ;(group.accumulators[i] as Accumulator).add(batch, row, context)
    }
    if (this.growing.length > 0) this.heldBytes += this.grown(group)
  }

  /** Bytes of a group's accumulators that have no fixed size. */
  private grown(group: Group): number {
    let bytes = 0
    for (const i of this.growing) bytes += (group.accumulators[i] as Accumulator).byteSize ?? 0
    return bytes
  }

  /** The group that an aggregation without GROUP BY has even without rows. */
  ensureOne(): void {
    if (this.list.length === 0) this.list.push(this.newGroup())
  }

  private isNew(
    group: Group,
    i: number,
    aggregate: CompiledAggregate,
    batch: Batch,
    row: number,
    execution: Execution,
  ): boolean {
    const context = execution.evaluation
    if (aggregate.ignoresNulls) {
      for (const argument of aggregate.distinct ?? [])
        if (argument.evaluate(batch, row, context) === null) return false
    }
    const seen = group.seen[i] as Set<RowKey>
    const before = seen.size
    const key = (this.distinctKeys[i] as KeyFunction)(batch, row, context)
    seen.add(key)
    if (seen.size === before) return false
    this.heldBytes += entryBytes(key)
    return true
  }

  private newGroup(): Group {
    return {
      accumulators: this.parts.aggregates.map((aggregate) => aggregate.create()),
      seen: this.parts.aggregates.map((aggregate) =>
        aggregate.distinct === undefined ? undefined : new Set<RowKey>(),
      ),
    }
  }
}

/** Rows between two looks at memory and clock; a power of two. */
const ROWS_PER_LOOK = 128
/** Bytes that may be held before the statement's memory is charged with them. */
const UNCHARGED_BYTES_MAX = 1024 * 1024

class AggregateOperator implements Operator {
  private readonly source: Operator
  private readonly full: GroupTable
  private readonly prefixes: readonly GroupTable[]
  private readonly output: Batch
  private readonly memory: HeldMemory
  private readonly keyOrders: readonly ReturnType<typeof compileKeyOrder>[]
  private emit: Generator<void> | undefined
  private chargeAt = UNCHARGED_BYTES_MAX

  constructor(
    private readonly parts: AggregateParts,
    private readonly execution: Execution,
    keyOf: KeyFunction,
    levelKeys: readonly KeyFunction[],
    distinctKeys: readonly (KeyFunction | undefined)[],
  ) {
    this.source = parts.input.open(execution)
    this.memory = new HeldMemory(execution.statement, 'grouping')
    this.full = new GroupTable(parts, parts.keys, keyOf, distinctKeys)
    this.prefixes = levelKeys.map(
      (key, i) => new GroupTable(parts, parts.keys.slice(0, i), key, distinctKeys),
    )
    this.output = Batch.ofTypes(parts.output.map((column) => column.type))
    this.keyOrders = parts.rollup
      ? parts.keys.map(({ type }) => compileKeyOrder([{ type, descending: false }]))
      : []
  }

  async next(): Promise<Batch | undefined> {
    if (this.emit === undefined) {
      await this.consume()
      this.emit = this.parts.rollup ? this.emitRollup(await this.rollupOrders()) : this.emitPlain()
    }
    this.output.clear()
    while (!this.output.isFull && this.emit.next().done !== true);
    return this.output.rowCount === 0 ? undefined : this.output
  }

  private async consume(): Promise<void> {
    const { execution, full, prefixes } = this
    for (;;) {
      const next = this.source.next()
      const batch = next instanceof Promise ? await next : next
      if (batch === undefined) break
      const resolved = this.parts.subqueries.resolve(batch, execution)
      if (resolved !== undefined) await resolved
      for (let row = 0; row < batch.rowCount; row++) {
        full.add(batch, row, execution)
        for (const prefix of prefixes) prefix.add(batch, row, execution)
        if ((row & (ROWS_PER_LOOK - 1)) !== 0 && full.heldBytes < this.chargeAt) continue
        this.charge()
        const pause = execution.pause()
        if (pause !== undefined) await pause
      }
      this.charge()
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
    if (this.parts.keys.length === 0) full.ensureOne()
  }

  private charge(): void {
    let bytes = this.full.byteSize
    for (const prefix of this.prefixes) bytes += prefix.byteSize
    this.memory.hold(bytes)
    this.chargeAt = this.full.heldBytes + UNCHARGED_BYTES_MAX
  }

  /** Numbers of the groups in the order of their keys: of each prefix, and of all keys. */
  private async rollupOrders(): Promise<readonly Uint32Array[]> {
    const keys = this.parts.keys.map((key): SortColumn => ({ type: key.type, descending: false }))
    const orders: Uint32Array[] = []
    for (const [level, { keyRows, list }] of [...this.prefixes, this.full].entries()) {
      const { columns } = keyRows
      this.memory.add(sortingBytes(columns, list.length))
      orders.push(await sortRows(columns, keys.slice(0, level), list.length, this.execution))
    }
    return orders
  }

  private *emitPlain(): Generator<void> {
    for (let i = 0; i < this.full.list.length; i++) {
      this.appendGroup(this.full, i, this.parts.keys.length)
      yield
    }
  }

  /** Groups in key order, after the last group of each prefix the prefix's own row, at the end the grand total. */
  private *emitRollup(orders: readonly Uint32Array[]): Generator<void> {
    const { prefixes } = this
    const full = this.full
    const width = this.parts.keys.length
    const order = orders[width] as Uint32Array
    const nextOf = prefixes.map(() => 0)
    for (let i = 0; i < order.length; i++) {
      this.appendGroup(full, order[i] as number, width)
      yield
      const shared = i + 1 < order.length ? this.sharedKeys(order[i] as number, order[i + 1] as number) : -1
      for (let level = width - 1; level > shared; level--) {
        const prefix = prefixes[level] as GroupTable
        const at = nextOf[level] as number
        this.appendGroup(prefix, (orders[level] as Uint32Array)[at] as number, level)
        nextOf[level] = at + 1
        yield
      }
    }
  }

  /** How many leading keys two groups have in common. */
  private sharedKeys(a: number, b: number): number {
    let shared = 0
    for (const [i, compare] of this.keyOrders.entries()) {
      const column = this.full.keyRows.columns[i] as Vector
      if (compare(new Batch([column]), a, b) !== 0) break
      shared++
    }
    return shared
  }

  /** Output: keys (NULL behind `keyCount`), aggregates, and for ROLLUP a flag per key. */
  private appendGroup(table: GroupTable, index: number, keyCount: number): void {
    const columns = this.output.columns
    const width = this.parts.keys.length
    for (let i = 0; i < width; i++) {
      const column = columns[i] as Vector
      if (i < keyCount) column.pushFrom(table.keyRows.columns[i] as Vector, index)
      else column.pushNull()
    }
    const group = table.list[index] as Group
    for (let i = 0; i < group.accumulators.length; i++) {
      ;(columns[width + i] as Vector).push(
        (group.accumulators[i] as Accumulator).result(this.execution.evaluation),
      )
    }
    if (this.parts.rollup) {
      const first = width + group.accumulators.length
      for (let i = 0; i < width; i++) (columns[first + i] as Vector).push(i < keyCount ? 0 : 1)
    }
    this.output.rowCount++
  }

  close(): ReturnType<Operator['close']> {
    this.memory.release()
    return this.source.close()
  }
}
