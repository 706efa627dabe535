/**
 * A table of a table driver within a transaction. The driver scans and writes; here that is fitted to `TableAccess`: rows are
 * known by their primary keys, and who wants to hear of duplicates has them looked for.
 */
import type { Batch } from '../common/batch.js'
import { compareBytes } from '../common/bytes.js'
import { isPromise, type ExactValue, type MaybePromise, type Value } from '../common/value.js'
import type { BytesVector } from '../common/vector.js'
import { primaryKeyOf, type IndexDefinition, type TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { BatchCursor, DuplicateRow, ScanRequest, TableStorage } from '../spi/storage.js'
import type {
  InsertOutcome,
  RowCursor,
  RowKey,
  RowUpdates,
  TableAccess,
  TableScan,
} from '../spi/transaction.js'
import { AscendingKeys, onlyKeyOf } from './ascending-keys.js'
import { drainInto } from './drain-cursor.js'
import { DriverRowKeys } from './driver-row-keys.js'
import { DriverScanCursor } from './driver-scan-cursor.js'
import type { DriverTable } from './driver-table.js'
import { KeyedChanges } from './keyed-changes.js'
import { INSERTED, KeyedRow } from './keyed-rows.js'
import { readBatches } from './read-batches.js'
import { run, settled, type Steps } from './steps.js'
import type { TableDriverWrites } from './table-driver-writes.js'
import type { CoreTransaction } from './transaction.js'

export class TableDriverAccess implements TableAccess, DriverTable {
  /** Core keeps no foreign keys for drivers of tables. */
  readonly isReferenced = false
  private readonly keyed: KeyedChanges
  private ascending: AscendingKeys | undefined
  private keys: DriverRowKeys | undefined

  constructor(
    private readonly transaction: CoreTransaction,
    private readonly writes: TableDriverWrites,
    readonly table: TableDefinition,
    readonly storage: TableStorage,
  ) {
    this.keyed = new KeyedChanges(this, writes)
  }

  lookup(
    index: IndexDefinition | undefined,
    key: readonly Value[],
    columns: readonly number[],
    output: Batch,
  ): MaybePromise<number> {
    const cursor = this.scan(pointScan(index, key, columns))
    return readAndClose(cursor, () => drainInto(output, cursor))
  }

  get drawsNumbers(): boolean {
    return this.storage.capabilities.drawsNumbers === true
  }

  drawnNumber(): MaybePromise<ExactValue> {
    const flushed = this.writes.flush()
    return isPromise(flushed)
      ? flushed.then(() => this.writes.takeDrawnNumber())
      : this.writes.takeDrawnNumber()
  }

  /** Rows come in the driver's order: plans sort what comes from a table driver. Locks exist where the driver has transactions. */
  scan(scan: TableScan): RowCursor {
    return new DriverScanCursor(this, scan)
  }

  foreignScan(request: ScanRequest): MaybePromise<BatchCursor> {
    const open = (): MaybePromise<BatchCursor> => {
      const use = request.lock === undefined ? 'reads' : 'writes'
      const own = this.transaction.driverTransaction(this.storage, use)
      return this.storage.openScan(this.table, request, this.statement, own)
    }
    if (!this.writes.isPendingFor(this.table)) return open()
    const flushed = this.writes.flush()
    return isPromise(flushed) ? flushed.then(open) : open()
  }

  fetch(rowKey: RowKey, columns: readonly number[], output: Batch): MaybePromise<boolean> {
    if (rowKey instanceof KeyedRow) return this.keyed.read(rowKey, columns, output)
    const key = this.rowKeys.decode(bytesOf(rowKey))
    const primaryKey = primaryKeyOf(this.table)
    if (primaryKey === undefined) return run(this.fetchById(key, columns, output))
    const found = this.lookup(primaryKey, key, columns, output)
    return isPromise(found) ? found.then((count) => count > 0) : found > 0
  }

  private *fetchById(
    [rowId = null]: readonly Value[],
    columns: readonly number[],
    output: Batch,
  ): Steps<boolean> {
    const column = this.table.columns.length
    const request: ScanRequest = {
      columns: [...columns, column],
      conditions: [{ column, operator: '=', values: [rowId] }],
      order: [],
      limit: undefined,
    }
    const found = yield* readBatches(this.foreignScan(request), (batch) => {
      for (let row = 0; row < batch.rowCount; row++) {
        if (batch.columns[columns.length]?.get(row) !== rowId) continue
        output.pushFrom(batch, row)
        return true
      }
      return undefined
    })
    return found === true
  }

  /**
   * The driver refuses duplicates when rows are handed over. Who wants to be told of them has them looked for: ahead, where the driver
   * can, or row by row.
   */
  insert(row: readonly Value[], onDuplicate: 'throw' | 'report'): MaybePromise<InsertOutcome> {
    if (onDuplicate === 'throw') return this.hold(row)
    if (this.looksAhead) return this.keyed.insert(row)
    return run(
      this.unlessDuplicate(
        row,
        () => false,
        () => this.hold(row),
      ),
    )
  }

  get looksAhead(): boolean {
    return this.storage.capabilities.upserts === true && this.table.indexes.some((index) => index.unique)
  }

  lookAhead(
    rows: readonly (readonly Value[])[],
    wantsRows: boolean,
    updated: readonly RowKey[] = [],
  ): MaybePromise<void> {
    return this.keyed.lookAhead(rows, wantsRows, updated.map(bytesOf))
  }

  insertNew(rows: Batch): MaybePromise<readonly DuplicateRow[]> {
    return this.keyed.insertNew(rows)
  }

  insertRows(rows: Batch, start: number, onDuplicate: 'throw' | 'report'): MaybePromise<number> {
    if (onDuplicate === 'report' && this.table.indexes.some((index) => index.unique)) {
      return run(this.appendRows(rows, start))
    }
    this.ascending = undefined
    const written = this.writes.insertRows(this.storage, this.table, rows, start)
    return isPromise(written) ? written.then(() => rows.rowCount) : rows.rowCount
  }

  /** Answers the first row that may be a duplicate, which has to be looked for. */
  private *appendRows(rows: Batch, start: number): Steps<number> {
    const index = onlyKeyOf(this.table)
    if (index === undefined) return start
    this.ascending ??= new AscendingKeys(this.table, index, yield* this.isEmpty())
    if (!this.ascending.areKnown) return start
    const end = this.ascending.noteRun(rows, start)
    const written = this.writes.insertRows(this.storage, this.table, rows, start, end)
    if (isPromise(written)) yield written
    return end
  }

  private *isEmpty(): Steps<boolean> {
    const opening = this.foreignScan({ columns: [], conditions: [], order: [], limit: 1 })
    const hasRows = yield* readBatches(opening, (batch) => (batch.rowCount > 0 ? true : undefined))
    return hasRows !== true
  }

  private hold(row: readonly Value[]): MaybePromise<InsertOutcome> {
    this.ascending?.note(row)
    const written = this.writes.insert(this.storage, this.table, row)
    return isPromise(written) ? written.then(() => INSERTED) : INSERTED
  }

  update(
    rowKey: RowKey,
    row: readonly Value[],
    onDuplicate: 'throw' | 'report',
  ): MaybePromise<InsertOutcome> {
    if (rowKey instanceof KeyedRow) return this.keyed.update(rowKey, row, onDuplicate)
    const key = bytesOf(rowKey)
    if (onDuplicate === 'throw') return this.holdUpdate(key, row)
    if (this.looksAhead && primaryKeyOf(this.table) !== undefined) return this.keyed.updateFound(key, row)
    const isItself = (found: Uint8Array): boolean => compareBytes(found, key) === 0
    return run(this.unlessDuplicate(row, isItself, () => this.holdUpdate(key, row)))
  }

  private holdUpdate(rowKey: Uint8Array, row: readonly Value[]): MaybePromise<InsertOutcome> {
    this.ascending = undefined
    const key = this.rowKeys.decode(rowKey)
    const written = this.writes.update(this.storage, this.table, () => this.rowKeys.batch(), key, row)
    return isPromise(written) ? written.then(() => INSERTED) : INSERTED
  }

  private *unlessDuplicate(
    row: readonly Value[],
    isItself: (rowKey: Uint8Array) => boolean,
    write: () => MaybePromise<InsertOutcome>,
  ): Steps<InsertOutcome> {
    for (const index of this.table.indexes) {
      if (!index.unique) continue
      const key = index.parts.map((part) => row[part.column] ?? null)
      if (key.includes(null)) continue
      const found = this.rowKeyOf(index, key)
      const rowKey = isPromise(found) ? yield* settled(found) : found
      if (rowKey !== undefined && !isItself(rowKey)) return { kind: 'duplicate', index, rowKey }
    }
    const written = write()
    return isPromise(written) ? yield* settled(written) : written
  }

  /** The row that has these values in a unique index. */
  private rowKeyOf(index: IndexDefinition, key: readonly Value[]): MaybePromise<Uint8Array | undefined> {
    // What is found is going to be changed.
    const scan = { ...pointScan(index, key, []), limit: 1, wantRowKeys: true, lock: 'exclusive' } as const
    const cursor = this.scan(scan)
    return readAndClose(cursor, () => {
      const next = cursor.next()
      const keyOf = (batch: Batch | undefined) => (batch === undefined ? undefined : cursor.rowKey(0))
      return isPromise(next) ? next.then(keyOf) : keyOf(next)
    })
  }

  /** Rows are handed over by many anyway. */
  updateRows(_changes: RowUpdates, start: number): number {
    return start
  }

  deleteRows(_rowKeys: BytesVector, start: number): number {
    return start
  }

  delete(rowKey: RowKey): MaybePromise<void> {
    if (rowKey instanceof KeyedRow) {
      this.keyed.delete(rowKey)
      return
    }
    const key = this.rowKeys.decode(bytesOf(rowKey))
    return this.writes.delete(this.storage, this.table, () => this.rowKeys.batch(), key)
  }

  reserveAutoIncrement(count: number): MaybePromise<number | bigint> {
    this.writes.noteCounter(this.table.id)
    return this.transaction.environment.autoIncrement.reserve(this.table.id, count)
  }

  noteAutoIncrement(value: number | bigint): void {
    this.writes.noteCounter(this.table.id)
    const noted = this.transaction.environment.autoIncrement.note(this.table.id, value)
    // The counter is being read: should that fail, so does whoever draws a number next.
    if (isPromise(noted)) noted.catch(() => undefined)
  }

  statistics(): { readonly rows: number; readonly bytes: number } {
    const answer = this.storage.planScan(this.table, {
      columns: [],
      conditions: [],
      order: [],
      limit: undefined,
    })
    return { rows: answer.rows, bytes: 0 }
  }

  estimateRange(): undefined {
    return undefined
  }

  get rowKeys(): DriverRowKeys {
    this.keys ??= DriverRowKeys.of(this.table, this.storage)
    return this.keys
  }

  get statement(): StatementContext {
    const { statement } = this.transaction
    if (statement === undefined) throw new Error('invariant: tables are read by statements')
    return statement
  }
}

function bytesOf(rowKey: RowKey): Uint8Array {
  if ('isKnownRow' in rowKey) throw new Error('invariant: known rows are told apart before')
  return rowKey
}

/** All rows whose index parts equal the key. */
function pointScan(
  index: IndexDefinition | undefined,
  key: readonly Value[],
  columns: readonly number[],
): TableScan {
  return {
    index,
    ranges: [{ lower: key, lowerInclusive: true, upper: key, upperInclusive: true }],
    reverse: false,
    columns,
    filter: undefined,
    lock: 'none',
    lockWait: 'wait',
    limit: undefined,
    wantRowKeys: false,
  }
}

/** Closes the cursor behind the reading, whether that went well or not. */
function readAndClose<T>(cursor: RowCursor, read: () => MaybePromise<T>): MaybePromise<T> {
  return run(
    (function* (): Steps<T> {
      try {
        const result = read()
        return isPromise(result) ? yield* settled(result) : result
      } finally {
        const closed = cursor.close()
        if (isPromise(closed)) yield closed
      }
    })(),
  )
}
