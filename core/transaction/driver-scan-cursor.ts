/**
 * A scan of a table driver's table. The driver scans and filters as far as it understands what is wanted; here its answers become a
 * `RowCursor`: what it doesn't do exactly is checked again, and rows get their keys.
 */
import { Batch } from '../common/batch.js'
import { ByteBuffer, compareBytes } from '../common/bytes.js'
import { compileKeyEncoder, type EncodedRange, type KeyEncoder } from '../common/key-codec.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import { primaryKeyOf, type IndexDefinition } from '../plan/schema.js'
import type { BatchCursor, ColumnCondition } from '../spi/storage.js'
import type { IndexRange, RowCursor, TableScan } from '../spi/transaction.js'
import type { DriverTable } from './driver-table.js'

/** Walks the ranges one after the other: the driver gets what it understands, and every row is checked against its range. */
export class DriverScanCursor implements RowCursor {
  private readonly output: Batch
  private readonly encoder: KeyEncoder | undefined
  private readonly columns: readonly number[]
  /** Positions within `columns` of the index's parts, and of the primary key's. */
  private readonly indexColumns: readonly number[]
  private readonly keyColumns: readonly number[]
  private rowKeys: Buffer[] = []
  private rangeIndex = 0
  private cursor: BatchCursor | undefined
  private range: EncodedRange | undefined
  private total = 0
  private readonly keyBuffer = new ByteBuffer(64)

  constructor(
    private readonly driverTable: DriverTable,
    private readonly request: TableScan,
  ) {
    const { table } = driverTable
    const index = request.index ?? primaryKeyOf(table)
    this.encoder = index && compileKeyEncoder(table, index)
    const indexColumns = index?.parts.map((part) => part.column) ?? []
    const keyColumns = request.wantRowKeys ? driverTable.rowKeys.columns : []
    this.columns = [...new Set([...request.columns, ...indexColumns, ...keyColumns])]
    this.indexColumns = indexColumns.map((column) => this.columns.indexOf(column))
    this.keyColumns = keyColumns.map((column) => this.columns.indexOf(column))
    this.output = Batch.ofTypes(request.columns.flatMap((column) => table.columns[column]?.type ?? []))
  }

  next(): MaybePromise<Batch | undefined> {
    this.output.clear()
    this.rowKeys = []
    return this.advance()
  }

  rowKey(row: number): Uint8Array {
    const key = this.rowKeys[row]
    if (key === undefined) throw new Error('invariant: row keys were asked for with the scan')
    return key
  }

  close(): MaybePromise<void> {
    this.rangeIndex = Infinity
    return this.endRange()
  }

  private advance(): MaybePromise<Batch | undefined> {
    for (;;) {
      if (this.isComplete) return this.result()
      if (this.cursor === undefined) {
        const opened = this.openRange()
        if (opened === undefined) return this.result()
        if (isPromise(opened)) return opened.then((cursor) => this.opened(cursor))
        this.cursor = opened
      }
      const batch = this.cursor.next()
      if (isPromise(batch)) return batch.then((each) => this.taken(each))
      if (batch === undefined) {
        const closed = this.endRange()
        if (isPromise(closed)) return closed.then(() => this.advance())
        continue
      }
      const result = this.take(batch)
      if (result !== undefined) return result
    }
  }

  private taken(batch: Batch | undefined): MaybePromise<Batch | undefined> {
    if (batch !== undefined) return this.take(batch) ?? this.advance()
    const closed = this.endRange()
    return isPromise(closed) ? closed.then(() => this.advance()) : this.advance()
  }

  private endRange(): MaybePromise<void> {
    const { cursor } = this
    this.cursor = undefined
    return cursor?.close()
  }

  private opened(cursor: BatchCursor): MaybePromise<Batch | undefined> {
    this.cursor = cursor
    return this.advance()
  }

  private get isComplete(): boolean {
    return this.request.limit !== undefined && this.total >= this.request.limit
  }

  private result(): Batch | undefined {
    return this.output.rowCount > 0 ? this.output : undefined
  }

  private openRange(): MaybePromise<BatchCursor> | undefined {
    const range = this.request.ranges[this.rangeIndex++]
    if (range === undefined) return undefined
    this.range = this.encoder?.encodeRange(range)
    const { lock, lockWait, planned } = this.request
    const index = this.request.index ?? primaryKeyOf(this.driverTable.table)
    return this.driverTable.foreignScan({
      columns: this.columns,
      conditions: index === undefined ? [] : conditionsOf(index, range),
      order: [],
      limit: undefined,
      planned,
      ...(lock === 'none' ? {} : { lock, lockWait }),
    })
  }

  /** Keeps the rows of a driver's batch that are in the range and pass the filter; undefined: read on. */
  private take(batch: Batch): Batch | undefined {
    const { output } = this
    for (let row = 0; row < batch.rowCount && !this.isComplete; row++) {
      if (!this.isInRange(batch, row)) continue
      for (const [i, column] of output.columns.entries()) column.pushFrom(batch.columns[i] as Vector, row)
      if (!this.passes()) {
        for (const column of output.columns) column.truncate(output.rowCount)
        continue
      }
      output.rowCount++
      this.total++
      if (this.request.wantRowKeys)
        this.rowKeys.push(this.driverTable.rowKeys.encode(valuesAt(batch, row, this.keyColumns)))
    }
    return this.result()
  }

  private passes(): boolean {
    const { filter } = this.request
    if (filter === undefined) return true
    const value = filter.condition(this.output, this.output.rowCount, this.driverTable.statement.evaluation)
    return value !== null && Number(value) !== 0
  }

  private isInRange(batch: Batch, row: number): boolean {
    if (this.encoder === undefined || this.range === undefined) return true
    const { lower, upper } = this.range
    if (lower === undefined && upper === undefined) return true
    this.keyBuffer.clear()
    this.encoder.writeValues(this.keyBuffer, valuesAt(batch, row, this.indexColumns))
    const key = this.keyBuffer.copy()
    return (
      (lower === undefined || compareBytes(lower, key) <= 0) &&
      (upper === undefined || compareBytes(key, upper) < 0)
    )
  }
}

function valuesAt(batch: Batch, row: number, columns: readonly number[]): Value[] {
  return columns.map((column) => (batch.columns[column] as Vector).get(row))
}

/** The conditions that surely hold for every row of a range: equal leading values, and bounds of a first part. */
function conditionsOf(index: IndexDefinition, range: IndexRange): readonly ColumnCondition[] {
  const conditions: ColumnCondition[] = []
  for (const [i, part] of index.parts.entries()) {
    const low = range.lower?.[i]
    const high = range.upper?.[i]
    if (part.prefixLength !== undefined) break
    if (low !== undefined && low === high) {
      conditions.push(
        low === null
          ? { column: part.column, operator: 'is null', values: [] }
          : { column: part.column, operator: '=', values: [low] },
      )
      continue
    }
    if (part.descending || low === null || high === null) break
    if (low !== undefined) conditions.push({ column: part.column, operator: '>=', values: [low] })
    if (high !== undefined) conditions.push({ column: part.column, operator: '<=', values: [high] })
    break
  }
  return conditions
}
