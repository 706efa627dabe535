/**
 * The batch that a scan fills: decodes the columns of the filter first, and the others only when it holds.
 */
import { Batch, BATCH_ROWS_MAX } from '../common/batch.js'
import { copyRange } from '../common/bytes.js'
import type { EvaluationContext } from '../common/evaluation.js'
import type { RowDecoder } from '../common/row-codec.js'
import type { BytesVector } from '../common/vector.js'
import type { ScanFilter, TableScan } from '../spi/transaction.js'
import type { TableRuntime } from './table-runtime.js'

const NO_COLUMNS: readonly number[] = []

export class ScanOutput {
  readonly batch: Batch
  /** Rows given in all batches. */
  total = 0
  readonly decoder: RowDecoder
  readonly filter: ScanFilter | undefined
  readonly wantsRowKeys: boolean
  private readonly filterColumns: readonly number[]
  private readonly otherColumns: readonly number[]
  private rowKeys: Buffer[] = []
  private readonly keyOutput: BytesVector | undefined

  constructor(
    runtime: TableRuntime,
    private readonly scan: TableScan,
    private readonly evaluation: EvaluationContext | undefined,
  ) {
    this.batch = scan.output ?? Batch.ofTypes(scan.columns.map((column) => columnType(runtime, column)))
    this.decoder = runtime.decoderOf(scan.columns)
    const { filter, wantRowKeys } = scan
    this.filter = filter
    this.wantsRowKeys = wantRowKeys
    this.keyOutput = scan.keyOutput
    this.filterColumns = filter?.columns ?? NO_COLUMNS
    this.otherColumns =
      filter === undefined
        ? NO_COLUMNS
        : [...scan.columns.keys()].filter((position) => !filter.columns.includes(position))
  }

  /** Forgets the rows of the last batch. Row keys that were handed out stay valid. */
  clear(): void {
    this.batch.clear()
    if (this.keyOutput !== undefined) this.keyOutput.clear()
    else if (this.wantsRowKeys) this.rowKeys = []
  }

  get isFull(): boolean {
    return this.batch.isFull || this.isComplete
  }

  /** Whether the scan's limit is reached. */
  get isComplete(): boolean {
    return this.scan.limit !== undefined && this.total >= this.scan.limit
  }

  /** How many rows are still wanted in this batch. */
  get room(): number {
    const room = BATCH_ROWS_MAX - this.batch.rowCount
    return this.scan.limit === undefined ? room : Math.min(room, this.scan.limit - this.total)
  }

  rowKey(row: number): Uint8Array {
    const key = this.rowKeys[row]
    if (key === undefined) throw new Error('invariant: row keys were asked for with the scan')
    return key
  }

  /** Appends a row if the filter lets it through; answers whether. */
  add(
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): boolean {
    const { batch, decoder } = this
    if (this.filter === undefined) decoder.decode(value, valueStart, valueEnd, batch.columns)
    else {
      if (!this.passes(value, valueStart, valueEnd)) return false
      decoder.decodeSome(value, valueStart, valueEnd, this.otherColumns, batch.columns)
    }
    this.accept(key, keyStart, keyEnd)
    return true
  }

  /** Counts a row whose columns the caller has appended. */
  accept(key: Uint8Array, keyStart: number, keyEnd: number): void {
    if (this.wantsRowKeys) this.keepKey(key, keyStart, keyEnd)
    this.acceptMany(1)
  }

  /** Keeps the key of the next row that is counted, if keys are wanted. */
  keepKey(key: Uint8Array, keyStart: number, keyEnd: number): void {
    if (this.keyOutput === undefined) this.rowKeys.push(copyRange(key, keyStart, keyEnd))
    else this.keyOutput.pushBytes(key, keyStart, keyEnd)
  }

  /** Counts rows whose columns the caller has appended, and whose keys it keeps. */
  acceptMany(count: number): void {
    this.batch.rowCount += count
    this.total += count
  }

  /** Whether the filter lets a row through, without appending it. */
  matches(value: Uint8Array, valueStart: number, valueEnd: number): boolean {
    if (this.filter === undefined) return true
    const passes = this.passes(value, valueStart, valueEnd)
    if (passes) this.dropFilterColumns()
    return passes
  }

  /** The condition on the columns that the caller has appended for the row after the last. */
  holds(): boolean {
    return this.holdsIn(this.batch, this.batch.rowCount)
  }

  /** The condition on a row of a batch with the columns of the scan. */
  holdsIn(batch: Batch, row: number): boolean {
    const { filter, evaluation } = this
    if (filter === undefined) return true
    if (evaluation === undefined) throw new Error('invariant: a filter runs within a statement')
    const result = filter.condition(batch, row, evaluation)
    return result !== null && result !== 0 && result !== 0n
  }

  private passes(value: Uint8Array, valueStart: number, valueEnd: number): boolean {
    this.decoder.decodeSome(value, valueStart, valueEnd, this.filterColumns, this.batch.columns)
    let isKept = false
    try {
      isKept = this.holds()
    } finally {
      if (!isKept) this.dropFilterColumns()
    }
    return isKept
  }

  private dropFilterColumns(): void {
    const { columns, rowCount } = this.batch
    for (const position of this.filterColumns) columns[position]?.truncate(rowCount)
  }
}

function columnType(runtime: TableRuntime, column: number): TableRuntime['table']['columns'][number]['type'] {
  const definition = runtime.table.columns[column]
  if (definition === undefined)
    throw new Error(`invariant: ${runtime.table.name} has the columns that a plan names`)
  return definition.type
}
