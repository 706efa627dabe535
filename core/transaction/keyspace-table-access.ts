/**
 * A table of a keyspace driver within a transaction: reads here, scans and writes in the classes that it makes.
 */
import type { Batch } from '../common/batch.js'
import { ByteBuffer, successorOfPrefix } from '../common/bytes.js'
import type { RowDecoder } from '../common/row-codec.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { BatchCursor, KeyspaceSnapshot } from '../spi/storage.js'
import type { BytesVector } from '../common/vector.js'
import type {
  IndexRange,
  InsertOutcome,
  RowUpdates,
  RowCursor,
  TableAccess,
  TableScan,
} from '../spi/transaction.js'
import { BulkChanges } from './bulk-changes.js'
import { drainInto } from './drain-cursor.js'
import { EntryScan, getMerged } from './entry-scan.js'
import { LockingScanCursor } from './locking-scan.js'
import { RowInserter } from './row-inserter.js'
import { run } from './steps.js'
import type { IndexRuntime, TableRuntime } from './table-runtime.js'
import { IndexEntries, TableScanCursor } from './table-scan.js'
import { TableWriter } from './table-writer.js'
import type { CoreTransaction } from './transaction.js'

const keyBuffer = new ByteBuffer()
const ENTRIES_PER_SLICE = 256

export class KeyspaceTableAccess implements TableAccess {
  private ownInserter: RowInserter | undefined
  private ownWriter: TableWriter | undefined
  private ownChanges: BulkChanges | undefined

  constructor(
    readonly transaction: CoreTransaction,
    readonly runtime: TableRuntime,
  ) {}

  get table(): TableDefinition {
    return this.runtime.table
  }

  get isReferenced(): boolean {
    return this.writer.isReferenced
  }

  get writer(): TableWriter {
    this.ownWriter ??= new TableWriter(this.transaction, this.runtime)
    return this.ownWriter
  }

  private get inserter(): RowInserter {
    this.ownInserter ??= new RowInserter(this.transaction, this.runtime)
    return this.ownInserter
  }

  lookup(
    definition: IndexDefinition | undefined,
    key: readonly Value[],
    columns: readonly number[],
    output: Batch,
  ): MaybePromise<number> {
    const { transaction, runtime } = this
    if (transaction.locksPlainReads) return this.lockingLookup(definition, key, columns, output)
    const index = runtime.indexOf(definition)
    const encoder = index?.encoder ?? runtime.keyEncoder
    if (encoder === undefined)
      throw new Error(`invariant: ${this.table.name} has a primary key to look up by`)
    keyBuffer.clear()
    const hasNull = encoder.writeValues(keyBuffer, key)
    const isWhole = key.length === encoder.partCount && !hasNull
    const snapshot = transaction.snapshotOf(runtime.state)
    const decoder = runtime.decoderOf(columns)
    if (index === undefined && isWhole) return this.getRow(snapshot, keyBuffer.copy(), decoder, output)
    if (index !== undefined && isWhole && index.definition.unique && !this.hasOwnEntries(index)) {
      return this.getThroughUnique(index, snapshot, keyBuffer.copy(), decoder, output)
    }
    return this.collect(index, snapshot, keyBuffer.copy(), decoder, output)
  }

  scan(scan: TableScan): RowCursor {
    const { transaction } = this
    if (scan.lock !== 'none') return new LockingScanCursor(transaction, this.runtime, scan)
    if (!transaction.locksPlainReads) return new TableScanCursor(transaction, this.runtime, scan)
    return new LockingScanCursor(transaction, this.runtime, { ...scan, lock: 'share', lockWait: 'wait' })
  }

  foreignScan(): MaybePromise<BatchCursor> {
    throw new Error(`invariant: ${this.table.name} is in a keyspace storage, plans scan it by ranges`)
  }

  fetch(rowKey: Uint8Array, columns: readonly number[], output: Batch): MaybePromise<boolean> {
    const { transaction, runtime } = this
    const isLocked = transaction.environment.locks.holdsKey(
      transaction.locks,
      runtime.rowKeyspace,
      rowKey,
      0,
      rowKey.length,
    )
    const snapshot = isLocked ? transaction.latestOf(runtime.state) : transaction.snapshotOf(runtime.state)
    const count = this.getRow(snapshot, rowKey, runtime.decoderOf(columns), output)
    return isPromise(count) ? count.then((found) => found > 0) : count > 0
  }

  insert(row: readonly Value[], onDuplicate: 'throw' | 'report'): MaybePromise<InsertOutcome> {
    return this.inserter.insert(row, onDuplicate)
  }

  insertRows(rows: Batch, start: number): MaybePromise<number> {
    return this.inserter.insertRows(rows, start)
  }

  expectInserts(): void {
    this.inserter.mayStage = true
  }

  update(
    rowKey: Uint8Array,
    row: readonly Value[],
    onDuplicate: 'throw' | 'report',
  ): MaybePromise<InsertOutcome> {
    return run(this.writer.update(rowKey, row, onDuplicate))
  }

  updateRows(changes: RowUpdates, start: number): number {
    return this.changes.update(changes, start)
  }

  delete(rowKey: Uint8Array): MaybePromise<void> {
    return run(this.writer.delete(rowKey))
  }

  deleteRows(rowKeys: BytesVector, start: number): number {
    return this.changes.delete(rowKeys, start)
  }

  private get changes(): BulkChanges {
    this.ownChanges ??= new BulkChanges(this.transaction, this.runtime)
    return this.ownChanges
  }

  readonly drawsNumbers = false
  readonly looksAhead = false

  lookAhead(): void {
    // Rows are looked for where they come up.
  }

  insertNew(): never {
    throw new Error('invariant: asked of tables that look ahead')
  }

  drawnNumber(): number {
    return 0
  }

  reserveAutoIncrement(count: number): MaybePromise<number | bigint> {
    this.transaction.noteCounter(this.runtime)
    return this.transaction.environment.autoIncrement.reserve(this.table.id, count)
  }

  noteAutoIncrement(value: number | bigint): void {
    this.transaction.noteCounter(this.runtime)
    const noted = this.transaction.environment.autoIncrement.note(this.table.id, value)
    // The counter is being read: should that fail, so does whoever draws a number next.
    if (isPromise(noted)) noted.catch(() => undefined)
  }

  statistics(): { readonly rows: number; readonly bytes: number } {
    return this.transaction.environment.sizes.of(this.runtime)
  }

  estimateRange(definition: IndexDefinition | undefined, range: IndexRange): number | undefined {
    const { runtime } = this
    const index = runtime.indexOf(definition)
    const encoder = index?.encoder ?? runtime.keyEncoder
    if (encoder === undefined) return this.statistics().rows
    const snapshot = this.transaction.latestOf(runtime.state)
    return snapshot.estimate(index?.keyspace ?? runtime.rowKeyspace, encoder.encodeRange(range))
  }

  private hasOwnEntries(index: IndexRuntime): boolean {
    const overlay = this.transaction.overlayAt(this.runtime.state.ordinal)
    return (
      overlay !== undefined &&
      (overlay.hasEntries(index.keyspace) || overlay.hasEntries(this.runtime.rowKeyspace))
    )
  }

  private getRow(
    snapshot: KeyspaceSnapshot,
    rowKey: Uint8Array,
    decoder: RowDecoder,
    output: Batch,
  ): MaybePromise<number> {
    const { state, rowKeyspace } = this.runtime
    const overlay = this.transaction.overlayAt(state.ordinal)
    const found = getMerged(snapshot, overlay, rowKeyspace, rowKey, (_key, _from, _to, value, start, end) => {
      decoder.decode(value, start, end, output.columns)
      output.rowCount++
      return true
    })
    return isPromise(found) ? found.then(Number) : found ? 1 : 0
  }

  private getThroughUnique(
    index: IndexRuntime,
    snapshot: KeyspaceSnapshot,
    key: Buffer,
    decoder: RowDecoder,
    output: Batch,
  ): MaybePromise<number> {
    const found = new IndexEntries(this.runtime, index, undefined)
    const got = snapshot.get(index.keyspace, key, found.visit)
    const readRow = (): MaybePromise<number> =>
      found.length === 0 ? 0 : this.getRow(snapshot, found.rowKey(0), decoder, output)
    return isPromise(got) ? got.then(readRow) : readRow()
  }

  /** Everything that begins with `prefix`. */
  private collect(
    index: IndexRuntime | undefined,
    snapshot: KeyspaceSnapshot,
    prefix: Buffer,
    decoder: RowDecoder,
    output: Batch,
  ): MaybePromise<number> {
    const range = { lower: prefix, upper: successorOfPrefix(prefix) }
    const entries = new EntryScan(
      index?.keyspace ?? this.runtime.rowKeyspace,
      range,
      false,
      index !== undefined,
    )
    const before = output.rowCount
    const goOn = (): MaybePromise<number> => {
      while (!entries.isExhausted) {
        const slice =
          index === undefined
            ? this.collectRows(entries, snapshot, decoder, output)
            : this.collectThroughIndex(index, entries, snapshot, decoder, output)
        if (isPromise(slice)) return slice.then(goOn)
      }
      return output.rowCount - before
    }
    return goOn()
  }

  private collectRows(
    entries: EntryScan,
    snapshot: KeyspaceSnapshot,
    decoder: RowDecoder,
    output: Batch,
  ): MaybePromise<void> {
    const overlay = this.transaction.overlayAt(this.runtime.state.ordinal)
    return entries.next(snapshot, overlay, ENTRIES_PER_SLICE, (_key, _from, _to, value, start, end) => {
      decoder.decode(value, start, end, output.columns)
      output.rowCount++
      return true
    })
  }

  private collectThroughIndex(
    index: IndexRuntime,
    entries: EntryScan,
    snapshot: KeyspaceSnapshot,
    decoder: RowDecoder,
    output: Batch,
  ): MaybePromise<void> {
    const { state, rowKeyspace } = this.runtime
    const overlay = this.transaction.overlayAt(state.ordinal)
    const found = new IndexEntries(this.runtime, index, overlay)
    const fetchFrom = (from: number): MaybePromise<void> => {
      for (let i = from; i < found.length; i++) {
        const read = getMerged(
          snapshot,
          overlay,
          rowKeyspace,
          found.rowKey(i),
          (_key, _from, _to, value, start, end, isOwn) => {
            if (isOwn === true && !found.isEntryOf(i, value, start, end)) return true
            decoder.decode(value, start, end, output.columns)
            output.rowCount++
            return true
          },
        )
        if (isPromise(read)) return read.then(() => fetchFrom(i + 1))
      }
    }
    const slice = entries.next(snapshot, overlay, ENTRIES_PER_SLICE, found.visit)
    return isPromise(slice) ? slice.then(() => fetchFrom(0)) : fetchFrom(0)
  }

  /** SERIALIZABLE: the lookup as a scan that takes shared locks. */
  private lockingLookup(
    index: IndexDefinition | undefined,
    key: readonly Value[],
    columns: readonly number[],
    output: Batch,
  ): MaybePromise<number> {
    const cursor = this.scan({
      index,
      ranges: [{ lower: key, lowerInclusive: true, upper: key, upperInclusive: true }],
      reverse: false,
      columns,
      filter: undefined,
      lock: 'share',
      lockWait: 'wait',
      limit: undefined,
      wantRowKeys: false,
    })
    return drainInto(output, cursor)
  }
}
