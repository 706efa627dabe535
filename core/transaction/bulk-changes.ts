/**
 * Updates and deletes rows of one table by the batch, all that can be done at once: without a lock to wait for, foreign keys, or a duplicate. Such
 * a row is left to `TableWriter`, whose rules hold here, too: the rows are locked; keys of unique indexes are locked when they are
 * put and when they are removed.
 */
import { ByteBuffer, copyRange, equalRanges } from '../common/bytes.js'
import { RowPlaces } from '../common/row-writer.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { BytesVector, Vector } from '../common/vector.js'
import type { WriteSet } from '../common/write-set.js'
import type { EntryVisitor, KeyspaceSnapshot } from '../spi/storage.js'
import type { RowUpdates } from '../spi/transaction.js'
import type { EntryChange } from './entry-change.js'
import { getMerged, type MergedVisitor } from './entry-scan.js'
import { ForeignKeyChecks } from './foreign-keys.js'
import { AT_ONCE } from './lock-owner.js'
import type { Overlay } from './overlay.js'
import type { TableRuntime } from './table-runtime.js'
import type { CoreTransaction } from './transaction.js'

const rowBuffer = new ByteBuffer(1024)
const places = new RowPlaces()
const NO_KEY = new Uint8Array(0)

export class BulkChanges {
  private readonly foreignKeys: ForeignKeyChecks
  /** A statement alone doesn't read what it has written to indexes, but looks for keys of unique ones. */
  private readonly ordersLater: boolean
  private rowKey: Uint8Array = NO_KEY
  private oldBytes = 0
  private isSeen = false

  constructor(
    private readonly transaction: CoreTransaction,
    private readonly runtime: TableRuntime,
  ) {
    this.foreignKeys = new ForeignKeyChecks(transaction, runtime)
    this.ordersLater = transaction.options.autocommit
  }

  /** See `TableAccess.updateRows`. */
  update(changes: RowUpdates, start: number): number {
    const { transaction, runtime } = this
    transaction.beforeWrite(runtime.table)
    const { written, after, rowKeys, rows, count } = changes
    if (this.foreignKeys.concerns(written)) return start
    const { scratch } = runtime
    const entries = scratch.entriesOf(written)
    const seen = this.seenSnapshot()
    if (this.isRangeLocked(seen === undefined ? entries : scratch.entries)) return start
    const overlay = transaction.overlayForWrite(runtime.state)
    const { rowEncoder, rowKeyspace } = runtime
    const keys = rowKeys.data
    places.count = 0
    let chunk = overlay.placedIn
    let bytes = 0
    let i = start
    for (; i < count; i++) {
      const row = rows[i] as number
      const isSeen = seen === undefined || this.hasSeen(seen, changes, row)
      if (isPromise(isSeen)) break
      const moved = isSeen ? entries : scratch.entries
      if (moved.length > 0 && !this.moveEntries(overlay, moved, changes, row, isSeen)) break
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
    const { transaction, runtime } = this
    const { entries } = runtime.scratch
    transaction.beforeWrite(runtime.table)
    if (this.foreignKeys.isReferenced) return start
    const overlay = transaction.overlayForWrite(runtime.state)
    const snapshot = transaction.latestOf(runtime.state)
    const { rowKeyspace } = runtime
    let bytes = 0
    let i = start
    for (; i < rowKeys.length; i++) {
      const rowKey = (this.rowKey = runtime.scratch.keyAt(rowKeys, i))
      if (getMerged(snapshot, overlay, rowKeyspace, rowKey, this.takeOldRow) !== true) break
      if (!this.lockRemoved()) break
      for (let j = 0; j < entries.length; j++) {
        const { index, removed } = entries[j] as EntryChange
        overlay.remove(index.keyspace, removed.bytes, 0, removed.length, !this.ordersLater)
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

  /** What plain reads of the transaction see, if that may be other versions of rows than the last ones: see `TableWriter.isUnseen`. */
  private seenSnapshot(): KeyspaceSnapshot | undefined {
    const { transaction, runtime } = this
    return runtime.indexes.length === 0 ? undefined : transaction.outdatedView?.snapshot(runtime.state)
  }

  /** Whether plain reads see the version that a row has now. A row that was written otherwise than it would be today counts as another. */
  private hasSeen(
    seen: KeyspaceSnapshot,
    { before, rowKeys }: RowUpdates,
    row: number,
  ): MaybePromise<boolean> {
    const { rowEncoder, rowKeyspace, scratch } = this.runtime
    rowBuffer.clear()
    rowEncoder.encodeFrom(before, row, rowBuffer)
    this.isSeen = false
    const got = seen.get(rowKeyspace, scratch.keyAt(rowKeys, row), this.compareSeen)
    return isPromise(got) ? got : this.isSeen
  }

  private readonly compareSeen: EntryVisitor = (_key, _keyStart, _keyEnd, value, start, end) => {
    this.isSeen = equalRanges(value, start, end, rowBuffer.bytes, 0, rowBuffer.length)
    return true
  }

  private isRangeLocked(entries: readonly EntryChange[]): boolean {
    const { environment, locks } = this.transaction
    if (!environment.locks.hasRanges) return false
    return entries.some(({ index }) => environment.locks.hasOthersRangesIn(locks, index.keyspace))
  }

  /** Changes the entries of an updated row, all or none: none if that can't be done at once. Of a row that wasn't seen all are put again. */
  private moveEntries(
    overlay: Overlay,
    entries: readonly EntryChange[],
    { before, after, rowKeys }: RowUpdates,
    row: number,
    isSeen: boolean,
  ): boolean {
    const { scratch } = this.runtime
    const { oldRow, newRow } = scratch
    const rowKey = scratch.keyAt(rowKeys, row)
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
      if (!entry.compare()) continue
      if (entry.isRemovedUnique && !this.lockAtOnce(entry.index.keyspace, entry.removed)) return false
      if (entry.isAddedUnique && !this.canAdd(overlay, entry)) return false
    }
    for (let i = 0; i < entries.length; i++) {
      const { index, removed, added, isChanged } = entries[i] as EntryChange
      if (!isChanged && isSeen) continue
      const { keyspace, definition } = index
      const isOrdered = !this.ordersLater || definition.unique
      if (isChanged) overlay.remove(keyspace, removed.bytes, 0, removed.length, isOrdered)
      overlay.put(keyspace, added.bytes, 0, added.length, rowKey, 0, rowKey.length, isOrdered)
    }
    return true
  }

  private canAdd(overlay: Overlay, { index: { keyspace }, added }: EntryChange): boolean {
    if (!this.lockAtOnce(keyspace, added)) return false
    const snapshot = this.transaction.latestOf(this.runtime.state)
    return getMerged(snapshot, overlay, keyspace, copyRange(added.bytes, 0, added.length), isThere) === false
  }

  private readonly takeOldRow: MergedVisitor = (_key, _keyStart, _keyEnd, value, start, end) => {
    this.oldBytes = end - start
    const { entries } = this.runtime.scratch
    if (entries.length === 0) return true
    const row = this.runtime.keyValues(value, start, end)
    for (let i = 0; i < entries.length; i++) (entries[i] as EntryChange).remove(row, this.rowKey)
    return true
  }

  private lockRemoved(): boolean {
    const { entries } = this.runtime.scratch
    for (let i = 0; i < entries.length; i++) {
      const { index, removed, isRemovedUnique } = entries[i] as EntryChange
      if (isRemovedUnique && !this.lockAtOnce(index.keyspace, removed)) return false
    }
    return true
  }

  /** Locks a key if nobody else has it. */
  private lockAtOnce(keyspace: number, { bytes, length }: ByteBuffer): boolean {
    const { environment, locks } = this.transaction
    return environment.locks.lockKey(locks, keyspace, bytes, 0, length, true, AT_ONCE) === true
  }
}

function isThere(): boolean {
  return true
}
