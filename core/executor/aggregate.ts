/**
 * Aggregate: groups rows by hash and runs accumulators, WITH ROLLUP too (MySQL manual 14.19).
 */
import { BATCH_ROWS_MAX, Batch } from '../common/batch.js'
import type { Accumulator, AccumulatorFactory } from '../common/function-binding.js'
import type { Vector } from '../common/vector.js'
import type { OutputColumn } from '../plan/logical.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import { compileRowKey, type KeyColumn, type RowKey } from './row-keys.js'
import { compileKeyOrder } from './sort.js'
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

/** Rough bytes of a group besides its key: accumulators, map entry. */
const GROUP_BYTES = 120

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

  constructor(
    private readonly parts: AggregateParts,
    private readonly keys: readonly KeyColumn[],
    private readonly keyOf: KeyFunction,
    private readonly distinctKeys: readonly (KeyFunction | undefined)[],
  ) {
    this.keyRows = Batch.ofTypes(keys.map((key) => key.type))
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
        execution.statement.memory.charge(GROUP_BYTES * (1 + this.parts.aggregates.length), 'grouping')
      } else index = known
    } else if (this.list.length === 0) this.list.push(this.newGroup())
    const group = this.list[index] as Group
    const { aggregates } = this.parts
    for (let i = 0; i < aggregates.length; i++) {
      const aggregate = aggregates[i] as CompiledAggregate
      if (aggregate.distinct !== undefined && !this.isNew(group, i, aggregate, batch, row, execution))
        continue
      ;(group.accumulators[i] as Accumulator).add(batch, row, context)
    }
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
    seen.add((this.distinctKeys[i] as KeyFunction)(batch, row, context))
    if (seen.size === before) return false
    execution.statement.memory.charge(48, 'DISTINCT')
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

class AggregateOperator implements Operator {
  private readonly source: Operator
  private readonly full: GroupTable
  private readonly prefixes: readonly GroupTable[]
  private readonly output: Batch
  private emit: Generator<void> | undefined

  constructor(
    private readonly parts: AggregateParts,
    private readonly execution: Execution,
    keyOf: KeyFunction,
    levelKeys: readonly KeyFunction[],
    distinctKeys: readonly (KeyFunction | undefined)[],
  ) {
    this.source = parts.input.open(execution)
    this.full = new GroupTable(parts, parts.keys, keyOf, distinctKeys)
    this.prefixes = levelKeys.map(
      (key, i) => new GroupTable(parts, parts.keys.slice(0, i), key, distinctKeys),
    )
    this.output = Batch.ofTypes(parts.output.map((column) => column.type))
  }

  async next(): Promise<Batch | undefined> {
    if (this.emit === undefined) {
      await this.consume()
      this.emit = this.parts.rollup ? this.emitRollup() : this.emitPlain()
    }
    this.output.clear()
    while (this.output.rowCount < BATCH_ROWS_MAX && this.emit.next().done !== true);
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
      }
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
    if (this.parts.keys.length === 0) full.ensureOne()
  }

  private *emitPlain(): Generator<void> {
    for (let i = 0; i < this.full.list.length; i++) {
      this.appendGroup(this.full, i, this.parts.keys.length)
      yield
    }
  }

  /** Groups in key order, after the last group of each prefix the prefix's own row, at the end the grand total. */
  private *emitRollup(): Generator<void> {
    const { full, prefixes } = this
    const width = this.parts.keys.length
    const compare = compileKeyOrder(this.parts.keys.map((key) => ({ type: key.type, descending: false })))
    const order = Array.from({ length: full.list.length }, (_, i) => i).sort((a, b) =>
      compare(full.keyRows, a, b),
    )
    const prefixOrder = prefixes.map((prefix, level) => {
      const compareLevel = compileKeyOrder(
        this.parts.keys.slice(0, level).map((key) => ({ type: key.type, descending: false })),
      )
      return Array.from({ length: prefix.list.length }, (_, i) => i).sort((a, b) =>
        compareLevel(prefix.keyRows, a, b),
      )
    })
    const nextOf = prefixes.map(() => 0)
    for (let i = 0; i < order.length; i++) {
      this.appendGroup(full, order[i] as number, width)
      yield
      const shared = i + 1 < order.length ? this.sharedKeys(order[i] as number, order[i + 1] as number) : -1
      for (let level = width - 1; level > shared; level--) {
        const prefix = prefixes[level] as GroupTable
        const at = nextOf[level] as number
        this.appendGroup(prefix, (prefixOrder[level] as number[])[at] as number, level)
        nextOf[level] = at + 1
        yield
      }
    }
  }

  /** How many leading keys two groups have in common. */
  private sharedKeys(a: number, b: number): number {
    let shared = 0
    for (const [i, key] of this.parts.keys.entries()) {
      const compare = compileKeyOrder([{ type: key.type, descending: false }])
      const column = new Batch([this.full.keyRows.columns[i] as Vector])
      if (compare(column, a, b) !== 0) break
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
    return this.source.close()
  }
}
