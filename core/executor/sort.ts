/**
 * Sort: keeps all rows (or the best `top` of them), orders row numbers by their key values, and hands the rows out.
 */
import { BATCH_ROWS_MAX, Batch, SINGLE_ROW } from '../common/batch.js'
import { comparatorOf } from '../common/comparison.js'
import type { Evaluator } from '../common/evaluation.js'
import type { SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import type { SubqueryCompiler } from './subqueries.js'

export interface CompiledSortKey {
  readonly type: SqlType
  readonly descending: boolean
  readonly evaluate: Evaluator
}

/** Compares two rows of a batch of key columns; NULL sorts first, last when descending. */
export function compileKeyOrder(keys: readonly Pick<CompiledSortKey, 'type' | 'descending'>[]) {
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

/** Values are read once into an array per key: comparing them needs no decoding then. */
export function sortRows(
  keyBatch: Batch,
  keys: readonly Pick<CompiledSortKey, 'type' | 'descending'>[],
  count: number,
): Uint32Array {
  const rows = new Uint32Array(count)
  for (let i = 0; i < count; i++) rows[i] = i
  const columns = keys.map((key, i) => {
    const vector = keyBatch.columns[i] as Vector
    const values: Value[] = new Array<Value>(count)
    for (let row = 0; row < count; row++) values[row] = vector.get(row)
    return { values, compare: comparatorOf(key.type), sign: key.descending ? -1 : 1 }
  })
  return rows.sort((a, b) => {
    for (const { values, compare, sign } of columns) {
      const left = values[a] as Value
      const right = values[b] as Value
      if (left === null || right === null) {
        if (left === right) continue
        return left === null ? -sign : sign
      }
      const order = compare(left, right)
      if (order !== 0) return order * sign
    }
    // Equal keys keep their order: results then don't depend on the number of rows.
    return a - b
  })
}

export function compileSort(
  input: CompiledNode,
  keys: readonly CompiledSortKey[],
  top: Evaluator | undefined,
  subqueries: SubqueryCompiler,
): CompiledNode {
  return {
    output: input.output,
    open: (execution) => new SortOperator(input, keys, top, subqueries, execution),
  }
}

/** With so few rows wanted, the others are thrown away in between. */
const TOP_ROWS_MAX = 10_000

class SortOperator implements Operator {
  private readonly source: Operator
  private rows: Batch
  private keyRows: Batch
  private order: Uint32Array | undefined
  private at = 0
  private charged = 0
  private readonly output: Batch

  constructor(
    private readonly input: CompiledNode,
    private readonly keys: readonly CompiledSortKey[],
    private readonly top: Evaluator | undefined,
    private readonly subqueries: SubqueryCompiler,
    private readonly execution: Execution,
  ) {
    this.source = input.open(execution)
    this.rows = this.newRows()
    this.keyRows = this.newKeys()
    this.output = this.newRows()
  }

  private newRows(): Batch {
    return Batch.ofTypes(this.input.output.map((column) => column.type))
  }

  private newKeys(): Batch {
    return Batch.ofTypes(this.keys.map((key) => key.type))
  }

  async next(): Promise<Batch | undefined> {
    this.order ??= await this.sorted()
    if (this.at >= this.order.length) return undefined
    this.output.clear()
    const end = Math.min(this.order.length, this.at + BATCH_ROWS_MAX)
    for (; this.at < end; this.at++) this.output.pushFrom(this.rows, this.order[this.at] as number)
    return this.output
  }

  private async sorted(): Promise<Uint32Array> {
    const { execution, keys } = this
    const wanted =
      this.top === undefined ? Infinity : Number(this.top(SINGLE_ROW, 0, execution.evaluation) ?? Infinity)
    for (;;) {
      const next = this.source.next()
      const batch = next instanceof Promise ? await next : next
      if (batch === undefined) break
      await this.subqueries.resolve(batch, execution)
      for (let row = 0; row < batch.rowCount; row++) {
        this.rows.pushFrom(batch, row)
        for (let i = 0; i < keys.length; i++) {
          const key = keys[i] as CompiledSortKey
          this.keyRows.columns[i]?.push(key.evaluate(batch, row, execution.evaluation))
        }
        this.keyRows.rowCount++
      }
      if (wanted <= TOP_ROWS_MAX && this.rows.rowCount > Math.max(4 * wanted, 4 * BATCH_ROWS_MAX))
        this.prune(wanted)
      this.charge()
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
    const order = sortRows(this.keyRows, keys, this.rows.rowCount)
    return wanted < order.length ? order.subarray(0, wanted) : order
  }

  private prune(wanted: number): void {
    const order = sortRows(this.keyRows, this.keys, this.rows.rowCount)
    const rows = this.newRows()
    const keyRows = this.newKeys()
    for (let i = 0; i < wanted; i++) {
      rows.pushFrom(this.rows, order[i] as number)
      keyRows.pushFrom(this.keyRows, order[i] as number)
    }
    this.rows = rows
    this.keyRows = keyRows
  }

  private charge(): void {
    const size = this.rows.byteSize + this.keyRows.byteSize
    this.execution.statement.memory.charge(size - this.charged, 'sort')
    this.charged = size
  }

  async close(): Promise<void> {
    this.execution.statement.memory.charge(-this.charged, 'sort')
    this.charged = 0
    await this.source.close()
  }
}
