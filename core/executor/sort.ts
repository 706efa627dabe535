/**
 * Sort: keeps all rows (or the best `top` of them), orders row numbers by their key values, and hands the rows out. A DISTINCT
 * below that compares nothing but keys is done here, where equal rows stand side by side.
 */
import { BATCH_ROWS_MAX, SINGLE_ROW, type Batch } from '../common/batch.js'
import { comparatorOf, type Comparator } from '../common/comparison.js'
import type { Evaluator } from '../common/evaluation.js'
import type { SqlType } from '../common/sql-type.js'
import type { MaybePromise, Value } from '../common/value.js'
import { ApproximateVector, ExactVector, type Vector } from '../common/vector.js'
import { BatchPool } from './batch-pool.js'
import { drain } from './drain.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import type { SubqueryCompiler } from './subqueries.js'

export interface SortColumn {
  readonly type: SqlType
  readonly descending: boolean
}

export interface CompiledSortKey extends SortColumn {
  readonly evaluate: Evaluator
  /** Position of the input's column that the key is; undefined if it has to be computed. */
  readonly column?: number | undefined
}

/** Compares two rows of a batch of key columns; NULL sorts first, last when descending. */
export function compileKeyOrder(keys: readonly SortColumn[]) {
  const columns = keys.map((key) => ({ compare: comparatorOf(key.type), sign: key.descending ? -1 : 1 }))
  return (batch: Batch, a: number, b: number): number => {
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as (typeof columns)[number]
      const vector = batch.columns[i] as Vector
      const left = vector.get(a)
      const right = vector.get(b)
      if (left === null || right === null) {
        if (left === right) continue
        return left === null ? -column.sign : column.sign
      }
      const order = column.compare(left, right)
      if (order !== 0) return order * column.sign
    }
    return 0
  }
}

/** Order of two rows by their numbers. */
type RowOrder = (a: number, b: number) => number

/** Values are read once into an array per key: comparing them needs no decoding then. */
function columnOrder(vector: Vector, { type, descending }: SortColumn, count: number): RowOrder {
  const sign = descending ? -1 : 1
  const numbers = numbersOf(vector)
  const order =
    numbers === undefined ? valueOrder(vector, comparatorOf(type), count, sign) : numberOrder(numbers, sign)
  if (!vector.hasNulls) return order
  const { nulls } = vector
  return (a, b) => {
    const left = nulls[a] as number
    const right = nulls[b] as number
    return left === 0 && right === 0 ? order(a, b) : (right - left) * sign
  }
}

/** The values of a vector of numbers, if all of them are plain ones. */
function numbersOf(vector: Vector): Float64Array | undefined {
  if (vector instanceof ApproximateVector) return vector.values
  return vector instanceof ExactVector && vector.wide === undefined ? vector.values : undefined
}

function numberOrder(numbers: Float64Array, sign: number): RowOrder {
  return (a, b) => ((numbers[a] as number) - (numbers[b] as number)) * sign
}

function valueOrder(vector: Vector, compare: Comparator, count: number, sign: number): RowOrder {
  const values = new Array<Value>(count)
  for (let row = 0; row < count; row++) values[row] = vector.get(row)
  return (a, b) => compare(values[a] as Value, values[b] as Value) * sign
}

/** The order of rows by their keys alone: 0 for rows with the same keys. */
function keyOrder(vectors: readonly Vector[], keys: readonly SortColumn[], count: number): RowOrder {
  const orders = vectors.map((vector, i) => columnOrder(vector, keys[i] as SortColumn, count))
  const [only] = orders
  if (only !== undefined && orders.length === 1) return only
  return (a, b) => {
    for (const order of orders) {
      const result = order(a, b)
      if (result !== 0) return result
    }
    return 0
  }
}

function sortedBy(order: RowOrder, count: number): Uint32Array {
  const rows = new Uint32Array(count)
  for (let i = 0; i < count; i++) rows[i] = i
  // Equal keys keep their order: results then don't depend on the number of rows.
  return rows.sort((a, b) => order(a, b) || a - b)
}

/** Numbers of the first `count` rows in the order of their keys, which are the vectors. */
export function sortRows(
  vectors: readonly Vector[],
  keys: readonly SortColumn[],
  count: number,
): Uint32Array {
  return sortedBy(keyOrder(vectors, keys, count), count)
}

/** The same without rows that repeat the keys of another; of such the first stays. */
function sortDistinctRows(
  vectors: readonly Vector[],
  keys: readonly SortColumn[],
  count: number,
): Uint32Array {
  const order = keyOrder(vectors, keys, count)
  const sorted = sortedBy(order, count)
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = sorted[i] as number
    if (i === 0 || order(sorted[kept - 1] as number, row) !== 0) sorted[kept++] = row
  }
  return sorted.subarray(0, kept)
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

class SortOperator implements Operator {
  private readonly source: Operator
  private readonly wanted: number
  private rows: Batch
  /** Values of the keys that had to be computed. */
  private computedKeys: Batch
  private readonly output: Batch
  private order: Uint32Array | undefined
  private at = 0
  private charged = 0

  constructor(
    private readonly parts: SortParts,
    private readonly computed: readonly CompiledSortKey[],
    private readonly pools: SortPools,
    private readonly execution: Execution,
  ) {
    this.source = parts.input.open(execution)
    this.rows = pools.rows.take()
    this.computedKeys = pools.keys.take()
    this.output = pools.output.take()
    this.wanted =
      parts.top === undefined ? Infinity : Number(parts.top(SINGLE_ROW, 0, execution.evaluation) ?? Infinity)
  }

  next(): MaybePromise<Batch | undefined> {
    if (this.order !== undefined) return this.nextSorted()
    const collected = drain(this.source, this.execution, (batch) => this.take(batch))
    return collected instanceof Promise ? collected.then(() => this.nextSorted()) : this.nextSorted()
  }

  private nextSorted(): Batch | undefined {
    this.order ??= this.sorted()
    if (this.at >= this.order.length) return undefined
    const { output, rows, order } = this
    output.clear()
    const end = Math.min(order.length, this.at + BATCH_ROWS_MAX)
    for (; this.at < end; this.at++) output.pushFrom(rows, order[this.at] as number)
    return output
  }

  private take(batch: Batch): MaybePromise<void> {
    const resolved = this.parts.subqueries.resolve(batch, this.execution)
    if (resolved instanceof Promise) {
      return resolved.then(() => {
        this.keep(batch)
      })
    }
    this.keep(batch)
  }

  private keep(batch: Batch): void {
    const { rows, computed, computedKeys, wanted } = this
    const { evaluation } = this.execution
    for (let row = 0; row < batch.rowCount; row++) rows.pushFrom(batch, row)
    computed.forEach(({ evaluate }, i) => {
      const vector = computedKeys.columns[i] as Vector
      for (let row = 0; row < batch.rowCount; row++) vector.push(evaluate(batch, row, evaluation))
    })
    computedKeys.rowCount += batch.rowCount
    if (wanted <= TOP_ROWS_MAX && rows.rowCount > Math.max(4 * wanted, 4 * BATCH_ROWS_MAX)) this.prune()
    this.charge()
  }

  private sorted(): Uint32Array {
    const sort = this.parts.distinct ? sortDistinctRows : sortRows
    const order = sort(this.keyVectors(), this.parts.keys, this.rows.rowCount)
    return this.wanted < order.length ? order.subarray(0, this.wanted) : order
  }

  private keyVectors(): readonly Vector[] {
    let computed = 0
    return this.parts.keys.map(({ column }) =>
      column === undefined
        ? (this.computedKeys.columns[computed++] as Vector)
        : (this.rows.columns[column] as Vector),
    )
  }

  private prune(): void {
    const order = this.sorted()
    const { rows, computedKeys, pools } = this
    this.rows = pools.rows.take()
    this.computedKeys = pools.keys.take()
    for (const row of order) {
      this.rows.pushFrom(rows, row)
      this.computedKeys.pushFrom(computedKeys, row)
    }
  }

  private charge(): void {
    const size = this.rows.byteSize + this.computedKeys.byteSize
    this.execution.statement.memory.charge(size - this.charged, 'sort')
    this.charged = size
  }

  close(): MaybePromise<void> {
    const { pools } = this
    this.execution.statement.memory.charge(-this.charged, 'sort')
    this.charged = 0
    pools.rows.give(this.rows)
    pools.output.give(this.output)
    pools.keys.give(this.computedKeys)
    return this.source.close()
  }
}
