/**
 * Sort: keeps all rows (or the best `top` of them), orders row numbers by their key values, and hands the rows out. A DISTINCT
 * below that compares nothing but keys is done here, where equal rows stand side by side.
 */
import { BATCH_ROWS_MAX, holdsLongStrings, SINGLE_ROW, type Batch } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import type { MaybePromise } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import { BatchPool } from './batch-pool.js'
import { drain } from './drain.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import { HeldMemory } from './held-memory.js'
import { leadsOf, type SortColumn } from './row-order.js'
import { sortDistinctRows, sortingBytes, sortRows } from './sorting.js'
import type { SubqueryCompiler } from './subqueries.js'

export interface CompiledSortKey extends SortColumn {
  readonly evaluate: Evaluator
  /** Position of the input's column that the key is; undefined if it has to be computed. */
  readonly column?: number | undefined
}

export interface SortParts {
  readonly input: CompiledNode
  readonly keys: readonly CompiledSortKey[]
  /** How many rows are wanted; undefined for all. */
  readonly top: Evaluator | undefined
  /** Only one row of those with the same keys is wanted. */
  readonly distinct: boolean
  readonly subqueries: SubqueryCompiler
}

export function compileSort(parts: SortParts): CompiledNode {
  const types = parts.input.output.map((column) => column.type)
  const computed = parts.keys.filter((key) => key.column === undefined)
  const pools: SortPools = {
    rows: new BatchPool(types),
    output: new BatchPool(types),
    keys: new BatchPool(computed.map((key) => key.type)),
  }
  return {
    output: parts.input.output,
    open: (execution) => new SortOperator(parts, computed, pools, execution),
  }
}

interface SortPools {
  readonly rows: BatchPool
  readonly output: BatchPool
  readonly keys: BatchPool
}

/** With so few rows wanted, the others are thrown away in between. */
const TOP_ROWS_MAX = 10_000

/** What the last of the rows that are wanted so far sorts by (`SortOrder.lead`). */
interface Cutoff {
  readonly key: CompiledSortKey
  readonly column: number
  readonly lead: number
}

class SortOperator implements Operator {
  private readonly source: Operator
  private readonly wanted: number
  private rows: Batch
  /** Values of the keys that had to be computed. */
  private computedKeys: Batch
  private readonly output: Batch
  private order: Uint32Array | undefined
  private at = 0
  /** Rows that are behind it are none of the wanted ones. */
  private cutoff: Cutoff | undefined
  private readonly memory: HeldMemory

  constructor(
    private readonly parts: SortParts,
    private readonly computed: readonly CompiledSortKey[],
    private readonly pools: SortPools,
    private readonly execution: Execution,
  ) {
    this.source = parts.input.open(execution)
    this.memory = new HeldMemory(execution.statement, 'sort')
    this.rows = pools.rows.take()
    this.computedKeys = pools.keys.take()
    this.output = pools.output.take()
    this.wanted =
      parts.top === undefined ? Infinity : Number(parts.top(SINGLE_ROW, 0, execution.evaluation) ?? Infinity)
  }

  next(): MaybePromise<Batch | undefined> {
    if (this.order !== undefined) return this.nextSorted(this.order)
    const collected = drain(this.source, this.execution, (batch) => this.take(batch))
    return collected instanceof Promise ? collected.then(() => this.firstSorted()) : this.firstSorted()
  }

  private firstSorted(): MaybePromise<Batch | undefined> {
    const order = this.sorted()
    return order instanceof Promise ? order.then((rows) => this.nextSorted(rows)) : this.nextSorted(order)
  }

  private nextSorted(order: Uint32Array): Batch | undefined {
    this.order = order
    if (this.at >= order.length) return undefined
    const { output, rows } = this
    output.clear()
    while (this.at < order.length && !output.isFull) output.borrowFrom(rows, order[this.at++] as number)
    return output
  }

  private take(batch: Batch): MaybePromise<void> {
    const resolved = this.parts.subqueries.resolve(batch, this.execution)
    return resolved instanceof Promise ? resolved.then(() => this.keep(batch)) : this.keep(batch)
  }

  private keep(batch: Batch): MaybePromise<void> {
    const { rows, computed, computedKeys, wanted } = this
    const { evaluation } = this.execution
    if (this.cutoff === undefined) rows.pushAll(batch)
    else this.pushWanted(batch, this.cutoff)
    computed.forEach(({ evaluate }, i) => {
      const vector = computedKeys.columns[i] as Vector
      const isLong = holdsLongStrings(vector)
      for (let row = 0; row < batch.rowCount; row++) {
        vector.push(evaluate(batch, row, evaluation))
        if (isLong) this.charge()
      }
    })
    computedKeys.rowCount += batch.rowCount
    this.charge()
    if (wanted > TOP_ROWS_MAX || rows.rowCount <= Math.max(4 * wanted, 4 * BATCH_ROWS_MAX)) return undefined
    const order = this.sorted()
    if (order instanceof Promise) {
      return order.then((best) => {
        this.prune(best)
      })
    }
    this.prune(order)
  }

  private pushWanted(batch: Batch, { key, column, lead }: Cutoff): void {
    const leads = leadsOf(batch.columns[column] as Vector, key.type, batch.rowCount)
    const sign = key.descending ? -1 : 1
    for (let row = 0; row < batch.rowCount; row++) {
      // Neither is NaN: those have to be compared.
      if (((leads[row] as number) - lead) * sign > 0) continue
      this.rows.pushFrom(batch, row)
    }
  }

  private sorted(): MaybePromise<Uint32Array> {
    const { wanted, parts, rows } = this
    const sort = parts.distinct ? sortDistinctRows : sortRows
    const vectors = this.keyVectors()
    this.charge(sortingBytes(vectors, rows.rowCount))
    const first = (order: Uint32Array): Uint32Array =>
      wanted < order.length ? order.subarray(0, wanted) : order
    const order = sort(vectors, parts.keys, rows.rowCount, this.execution)
    return order instanceof Promise ? order.then(first) : first(order)
  }

  private keyVectors(): readonly Vector[] {
    let computed = 0
    return this.parts.keys.map(({ column }) =>
      column === undefined
        ? (this.computedKeys.columns[computed++] as Vector)
        : (this.rows.columns[column] as Vector),
    )
  }

  /** Keeps only the rows of `order`, in that order. */
  private prune(order: Uint32Array): void {
    const { rows, computedKeys, pools } = this
    this.rows = pools.rows.take()
    this.computedKeys = pools.keys.take()
    for (const row of order) {
      this.rows.pushFrom(rows, row)
      this.computedKeys.pushFrom(computedKeys, row)
    }
    this.charge()
    if (order.length === this.wanted) this.cutoff = this.cutoffBehind()
  }

  /** Keys that are computed may warn, of rows that aren't wanted as well. */
  private cutoffBehind(): Cutoff | undefined {
    const [key] = this.parts.keys
    const { column } = key ?? {}
    const { rowCount, columns } = this.rows
    if (key === undefined || column === undefined || this.computed.length > 0 || rowCount === 0)
      return undefined
    const lead = leadsOf(columns[column] as Vector, key.type, rowCount)[rowCount - 1] as number
    return { key, column, lead }
  }

  private charge(besides = 0): void {
    this.memory.hold(this.rows.byteSize + this.computedKeys.byteSize + besides)
  }

  close(): MaybePromise<void> {
    const { pools } = this
    this.memory.release()
    pools.rows.give(this.rows)
    pools.output.give(this.output)
    pools.keys.give(this.computedKeys)
    return this.source.close()
  }
}
