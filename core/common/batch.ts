/**
 * Some rows of a relation, column by column: what operators, drivers and protocols hand each other. The receiver of
 * a batch may read it until it asks its sender for the next one; the sender then reuses the vectors.
 */
import type { SqlType } from './sql-type.js'
import type { Value } from './value.js'
import { BytesVector, createVector, type Vector } from './vector.js'

/** How many rows a batch holds at most by convention; big enough to amortise calls, small enough for the cache. */
export const BATCH_ROWS_MAX = 1024

/** A batch with so many bytes of long strings is full, however few its rows are. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024
/** Declared length from which on strings are counted. */
const LONG_STRING = 2048

export class Batch {
  /** Kept beside the columns because a relation may have no columns (`SELECT 1 FROM t` reads none). */
  rowCount = 0
  /** Memory for strings that several columns borrow from, kept by whoever fills the batch. */
  shared: Buffer | undefined
  private longStrings: readonly BytesVector[] | undefined

  constructor(readonly columns: readonly Vector[]) {}

  static ofTypes(types: readonly SqlType[]): Batch {
    return new Batch(types.map(createVector))
  }

  /** Whether it is time to hand the batch on: it has enough rows, or enough bytes. */
  get isFull(): boolean {
    if (this.rowCount >= BATCH_ROWS_MAX) return true
    const strings = (this.longStrings ??= this.columns.filter(holdsLongStrings))
    let size = 0
    for (const column of strings) size += column.dataSize
    return size >= BATCH_BYTES_MAX
  }

  clear(): void {
    this.truncate(0)
  }

  truncate(rowCount: number): void {
    this.rowCount = Math.min(this.rowCount, rowCount)
    for (const column of this.columns) column.truncate(rowCount)
  }

  /** Appends row `row` of `source`, a batch of the same types. */
  pushFrom(source: Batch, row: number): void {
    const columns = this.columns
    for (let i = 0; i < columns.length; i++) {
      ;(columns[i] as Vector).pushFrom(source.columns[i] as Vector, row)
    }
    this.rowCount++
  }

  /** Appends the rows of `source`, a batch of the same types. */
  pushAll(source: Batch): void {
    const { columns } = this
    for (let i = 0; i < columns.length; i++) {
      ;(columns[i] as Vector).pushAll(source.columns[i] as Vector, source.rowCount)
    }
    this.rowCount += source.rowCount
  }

  /** As `pushFrom`, but strings stay where they are: `source` lives and keeps its rows until this batch is cleared. */
  borrowFrom(source: Batch, row: number): void {
    const { columns } = this
    for (let i = 0; i < columns.length; i++) {
      ;(columns[i] as Vector).borrowFrom(source.columns[i] as Vector, row)
    }
    this.rowCount++
  }

  pushRow(values: readonly Value[]): void {
    const columns = this.columns
    for (let i = 0; i < columns.length; i++) (columns[i] as Vector).push(values[i] as Value)
    this.rowCount++
  }

  row(row: number): Value[] {
    return this.columns.map((column) => column.get(row))
  }

  get byteSize(): number {
    let size = this.shared?.length ?? 0
    for (const column of this.columns) size += column.byteSize
    return size
  }
}

/** Whether values of the column may be so long that a batch of them is full by bytes. */
export function holdsLongStrings(column: Vector): column is BytesVector {
  const { name, length } = column.type
  return column instanceof BytesVector && (length > LONG_STRING || name === 'json')
}

/** No columns and one row: what expressions without columns are evaluated on. */
export const SINGLE_ROW: Batch = Object.assign(new Batch([]), { rowCount: 1 })
