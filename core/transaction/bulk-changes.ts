/**
 * Updates and deletes rows of one table by the batch, all that can be done at once: without a lock to wait for, foreign keys, or a duplicate. Such
 * a row is left to `TableWriter`, whose rules hold here, too: the rows are locked; keys of unique indexes are locked when they are
 * put and when they are removed.
 */
import { ByteBuffer, copyRange, equalRanges } from '../common/bytes.js'
import { RowPlaces } from '../common/row-writer.js'
import type { Value } from '../common/value.js'
import type { BytesVector, Vector } from '../common/vector.js'
import type { WriteSet } from '../common/write-set.js'
import type { RowUpdates } from '../spi/transaction.js'
import { getMerged, type MergedVisitor } from './entry-scan.js'
import { ForeignKeyChecks } from './foreign-keys.js'
import type { LockPatience } from './lock-owner.js'
import type { Overlay } from './overlay.js'
import type { IndexRuntime, TableRuntime } from './table-runtime.js'
import type { CoreTransaction } from './transaction.js'

const rowBuffer = new ByteBuffer(1024)
const places = new RowPlaces()

/** What becomes of a row's entry in one index. */
class EntryChange {
  readonly removed = new ByteBuffer(64)
  readonly added = new ByteBuffer(64)
  /** Whether no other row can have the key. */
  isRemovedUnique = false
  isAddedUnique = false
  isChanged = false

  constructor(readonly index: IndexRuntime) {}

  /** Takes the entry of a row as it was. */
  remove(row: readonly Value[], rowKey: Uint8Array): void {
    this.removed.clear()
    this.isRemovedUnique = this.index.writeEntryKey(row, rowKey, this.removed)
  }

  /** Takes the entry of the row as it will be. */
  add(row: readonly Value[], rowKey: Uint8Array): void {
    const { added, removed } = this
    added.clear()
    this.isAddedUnique = this.index.writeEntryKey(row, rowKey, added)
    this.isChanged = !equalRanges(removed.bytes, 0, removed.length, added.bytes, 0, added.length)
  }
}

export class BulkChanges {
  private readonly foreignKeys: ForeignKeyChecks
  private readonly entries: readonly EntryChange[]
  private readonly patience: LockPatience
  /** A statement alone doesn't read what it has written to indexes, but looks for keys of unique ones. */
  private readonly ordersLater: boolean
  /** A row as it was and as it will be, of which only the columns of indexes are filled in. */
  private readonly oldRow: Value[]
  private readonly newRow: Value[]
  private rowKey: Buffer = Buffer.alloc(0)
  private oldBytes = 0

  constructor(
    private readonly transaction: CoreTransaction,
    private readonly runtime: TableRuntime,
  ) {
    this.foreignKeys = new ForeignKeyChecks(transaction, runtime)
    this.entries = runtime.indexes.map((index) => new EntryChange(index))
    this.ordersLater = transaction.options.autocommit
    this.patience = transaction.patience('skip')
    this.oldRow = new Array<Value>(runtime.table.columns.length).fill(null)
    this.newRow = [...this.oldRow]
  }

  /** See `TableAccess.updateRows`. */
  update(changes: RowUpdates, start: number): number {
    const { transaction, runtime } = this
    transaction.beforeWrite(runtime.table)
    if (this.foreignKeys.concerns(changes.written) || this.mayBeUnseen) return start
    const { written, after, rowKeys, rows, count } = changes
    const entries = this.entries.filter(({ index }) => index.columns.some((each) => written.includes(each)))
    if (this.isRangeLocked(entries)) return start
    const overlay = transaction.overlayForWrite(runtime.state)
    const { rowEncoder, rowKeyspace } = runtime
    const keys = rowKeys.data
    places.count = 0
    let chunk = overlay.placedIn
    let bytes = 0
    let i = start
    for (; i < count; i++) {
      const row = rows[i] as number
      if (entries.length > 0 && !this.moveEntries(overlay, entries, changes, row)) break
      const keyStart = rowKeys.start(row)
      const keyEnd = rowKeys.end(row)
      const size = rowEncoder.sizeFrom(after, row)
      const oldSize = rowEncoder.sizeFrom(changes.before, row)
      if (size < 0 || oldSize < 0) {
        rowBuffer.clear()
        rowEncoder.encodeFrom(changes.before, row, rowBuffer)
        bytes -= rowBuffer.length
        rowBuffer.clear()
        rowEncoder.encodeFrom(after, row, rowBuffer)
        bytes += rowBuffer.length
        overlay.put(rowKeyspace, keys, keyStart, keyEnd, rowBuffer.bytes, 0, rowBuffer.length)
        continue
      }
      const valueStart = overlay.place(rowKeyspace, keys, keyStart, keyEnd, size)
      if (overlay.placedIn !== chunk) {
        this.fill(after, chunk)
        chunk = overlay.placedIn
      }
      places.add(row, valueStart)
      bytes += size - oldSize
    }
    this.fill(after, chunk)
    if (i > start) transaction.countRows(runtime, 0, bytes, i - start)
    return i
  }

  /** See `TableAccess.deleteRows`. */
  delete(rowKeys: BytesVector, start: number): number {
    const { transaction, runtime, entries } = this
    transaction.beforeWrite(runtime.table)
    if (this.foreignKeys.isReferenced) return start
    const overlay = transaction.overlayForWrite(runtime.state)
    const snapshot = transaction.latestOf(runtime.state)
    const { rowKeyspace } = runtime
    let bytes = 0
    let i = start
    for (; i < rowKeys.length; i++) {
      const rowKey = this.keyAt(rowKeys, i)
      if (getMerged(snapshot, overlay, rowKeyspace, rowKey, this.readOldRow) !== true) break
      if (!this.lockRemoved()) break
      for (let j = 0; j < entries.length; j++) {
        const { index, removed } = entries[j] as EntryChange
        if (this.ordersLater) overlay.removeUnordered(index.keyspace, removed.bytes, 0, removed.length)
        else overlay.remove(index.keyspace, removed.bytes, 0, removed.length)
      }
      overlay.remove(rowKeyspace, rowKey, 0, rowKey.length)
      bytes += this.oldBytes
    }
    if (i > start) transaction.countRows(runtime, start - i, -bytes, i - start)
    return i
  }

  // ---- inside

  /** Writes the rows that have their places in a chunk. */
  private fill(columns: readonly Vector[], chunk: WriteSet): void {
    this.runtime.rowEncoder.encodeAll(columns, places, chunk.bytes)
    places.count = 0
  }

  /** Whether plain reads of the transaction may see other versions of rows than the last ones: see `TableWriter.isUnseen`. */
  private get mayBeUnseen(): boolean {
    return this.runtime.indexes.length > 0 && this.transaction.outdatedView !== undefined
  }

  private isRangeLocked(entries: readonly EntryChange[]): boolean {
    const { environment, locks } = this.transaction
    return entries.some(({ index }) => environment.locks.hasOthersRangesIn(locks, index.keyspace))
  }

  private keyAt(rowKeys: BytesVector, row: number): Buffer {
    const start = rowKeys.start(row)
    const size = rowKeys.end(row) - start
    if (this.rowKey.length !== size) this.rowKey = Buffer.alloc(size)
    const { rowKey } = this
    const { data } = rowKeys
    for (let i = 0; i < size; i++) rowKey[i] = data[start + i] as number
    return rowKey
  }

  /** Changes the entries of an updated row, all or none: none if that can't be done at once. */
  private moveEntries(
    overlay: Overlay,
    entries: readonly EntryChange[],
    { before, after, rowKeys }: RowUpdates,
    row: number,
  ): boolean {
    const { oldRow, newRow } = this
    const rowKey = this.keyAt(rowKeys, row)
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as EntryChange
      const { columns } = entry.index
      for (let j = 0; j < columns.length; j++) {
        const column = columns[j] as number
        oldRow[column] = (before[column] as Vector).get(row)
        newRow[column] = (after[column] as Vector).get(row)
      }
      entry.remove(oldRow, rowKey)
      entry.add(newRow, rowKey)
      if (!entry.isChanged) continue
      if (entry.isRemovedUnique && !this.lockAtOnce(entry.index.keyspace, entry.removed)) return false
      if (entry.isAddedUnique && !this.canAdd(overlay, entry)) return false
    }
    for (let i = 0; i < entries.length; i++) {
      const { index, removed, added, isChanged } = entries[i] as EntryChange
      if (!isChanged) continue
      const { keyspace } = index
      if (this.ordersLater && !index.definition.unique) {
        overlay.removeUnordered(keyspace, removed.bytes, 0, removed.length)
        overlay.putUnordered(keyspace, added.bytes, 0, added.length, rowKey, 0, rowKey.length)
      } else {
        overlay.remove(keyspace, removed.bytes, 0, removed.length)
        overlay.put(keyspace, added.bytes, 0, added.length, rowKey, 0, rowKey.length)
      }
    }
    return true
  }

  private canAdd(overlay: Overlay, { index: { keyspace }, added }: EntryChange): boolean {
    if (!this.lockAtOnce(keyspace, added)) return false
    const snapshot = this.transaction.latestOf(this.runtime.state)
    return getMerged(snapshot, overlay, keyspace, copyRange(added.bytes, 0, added.length), isThere) === false
  }

  private readonly readOldRow: MergedVisitor = (_key, _keyStart, _keyEnd, value, start, end) => {
    this.oldBytes = end - start
    if (this.entries.length === 0) return true
    const row = this.runtime.keyValues(value, start, end)
    for (let i = 0; i < this.entries.length; i++) (this.entries[i] as EntryChange).remove(row, this.rowKey)
    return true
  }

  private lockRemoved(): boolean {
    for (const { index, removed, isRemovedUnique } of this.entries) {
      if (isRemovedUnique && !this.lockAtOnce(index.keyspace, removed)) return false
    }
    return true
  }

  /** Locks a key if nobody else has it. */
  private lockAtOnce(keyspace: number, { bytes, length }: ByteBuffer): boolean {
    const { environment, locks } = this.transaction
    return environment.locks.lockKey(locks, keyspace, bytes, 0, length, true, this.patience) === true
  }
}

function isThere(): boolean {
  return true
}
