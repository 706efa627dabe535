/**
 * Inserts rows into one table: at once where nothing has to be waited for, and beside the overlay where a statement alone inserts more than is
 * held in memory (`staged-table.ts`).
 */
import type { Batch } from '../common/batch.js'
import { ByteBuffer, compareBytes } from '../common/bytes.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import { RowPlaces } from '../common/row-writer.js'
import type { Vector } from '../common/vector.js'
import type { IndexDefinition } from '../plan/schema.js'
import type { InsertOutcome } from '../spi/transaction.js'
import type { EntryChange } from './entry-change.js'
import { getMerged } from './entry-scan.js'
import type { Overlay } from './overlay.js'
import { INSERTED, RowWriting, type IndexChange } from './row-writing.js'
import { run, settled, type Steps } from './steps.js'
import type { IndexRuntime } from './table-runtime.js'
import type { StagedTable } from './staged-table.js'

/** What a statement inserts is held in memory up to here, and staged beyond. */
const STAGED_BEYOND_BYTES = 4 * 2 ** 20

const rowBuffer = new ByteBuffer(1024)
const places = new RowPlaces()

export class RowInserter extends RowWriting {
  /** Set where nothing but inserts follows. */
  mayStage = false

  insert(row: readonly Value[], onDuplicate: 'throw' | 'report'): MaybePromise<InsertOutcome> {
    return this.insertAtOnce(row) ? INSERTED : run(this.insertSteps(row, onDuplicate))
  }

  /** See `TableAccess`: all that can be done at once; what has to wait is left to `insert`. */
  insertRows(rows: Batch, start: number): MaybePromise<number> {
    const { runtime, transaction } = this
    transaction.beforeWrite(runtime.table)
    if (this.foreignKeys.isNeeded || this.isRangeLocked) return start
    const overlay = transaction.overlayForWrite(runtime.state)
    const staged = this.stagedBeside(overlay)
    if (staged?.isFull === true) return staged.room().then(() => this.insertRows(rows, start))
    return staged === undefined ? this.putRows(rows, start, overlay) : this.stageRows(rows, start, staged)
  }

  /** A row that nothing has to be waited for and that is no duplicate; answers false if it isn't known to be one. */
  private insertAtOnce(row: readonly Value[]): boolean {
    const { runtime, transaction } = this
    transaction.beforeWrite(runtime.table)
    if (this.foreignKeys.isNeeded || this.isRangeLocked || this.stagedForRow() !== undefined) return false
    const overlay = transaction.overlayForWrite(runtime.state)
    const { rowKeyspace, primaryKey } = runtime
    const rowKey = this.newRowKey(row)
    if (isPromise(rowKey) || !this.lockAtOnce(rowKeyspace, rowKey)) return false
    if (primaryKey !== undefined && this.isTaken(rowKeyspace, rowKey) !== false) return false
    if (!this.putEntries(overlay, row, rowKey)) return false
    this.put(overlay, rowKey, row, 0)
    return true
  }

  private *insertSteps(row: readonly Value[], onDuplicate: 'throw' | 'report'): Steps<InsertOutcome> {
    const { runtime, transaction } = this
    const staged = this.stagedForRow()
    if (staged?.isFull === true) yield staged.room()
    const newKey = this.newRowKey(row)
    const rowKey = isPromise(newKey) ? yield* settled(newKey) : newKey
    const duplicate = yield* this.claimRowKey(rowKey)
    if (duplicate) return this.duplicate(runtime.primaryKey as IndexDefinition, rowKey, row, onDuplicate)
    const changes: IndexChange[] = []
    for (const index of runtime.indexes) {
      const added = index.entryKey(row, rowKey)
      changes.push({ index, removed: undefined, added })
      if (!added.isUnique) continue
      const holder = yield* this.claimUniqueKey(index, added.bytes, onDuplicate)
      if (holder !== undefined) return this.duplicate(index.definition, holder, row, onDuplicate)
    }
    if (this.foreignKeys.isNeeded) yield* this.foreignKeys.beforeInsert(row)
    if (transaction.environment.locks.hasRanges) yield* this.awaitRanges(rowKey, changes)
    if (staged === undefined) this.write(rowKey, row, changes, 0)
    else this.stage(staged, rowKey, row, changes)
    return INSERTED
  }

  /** Whether others have locked ranges of the table's rows or indexes. */
  private get isRangeLocked(): boolean {
    const { locks } = this.transaction.environment
    if (!locks.hasRanges) return false
    const { rowKeyspace, indexes } = this.runtime
    if (locks.hasRangesIn(rowKeyspace)) return true
    for (const { keyspace } of indexes) if (locks.hasRangesIn(keyspace)) return true
    return false
  }

  private putRows(rows: Batch, start: number, overlay: Overlay): number {
    const { runtime, transaction } = this
    const values = new Array<Value>(runtime.table.columns.length).fill(null)
    const { rowKeyspace, primaryKey, rowEncoder, insertColumns } = runtime
    // Behind the last row there is nothing to collide with; others can't come there while this runs.
    let lastKey: Buffer | undefined
    let row = start
    let bytes = 0
    for (; row < rows.rowCount; row++) {
      for (const column of insertColumns) values[column] = (rows.columns[column] as Vector).get(row)
      const rowKey = this.newRowKey(values)
      if (isPromise(rowKey) || !this.lockAtOnce(rowKeyspace, rowKey)) break
      if (primaryKey !== undefined) {
        const isBehind = lastKey !== undefined && compareBytes(lastKey, rowKey) < 0
        if (!isBehind && this.isTaken(rowKeyspace, rowKey) !== false) break
        lastKey = isBehind || this.isLast(rowKeyspace, rowKey) ? rowKey : undefined
      }
      if (!this.putEntries(overlay, values, rowKey)) break
      rowBuffer.clear()
      rowEncoder.encodeFrom(rows.columns, row, rowBuffer)
      overlay.put(rowKeyspace, rowKey, 0, rowKey.length, rowBuffer.bytes, 0, rowBuffer.length)
      bytes += rowBuffer.length
    }
    if (row > start) transaction.countRows(runtime, row - start, bytes, row - start)
    return row
  }

  /** Puts the index entries of a new row, all or none: none if that can't be done at once. */
  private putEntries(overlay: Overlay, row: readonly Value[], rowKey: Uint8Array): boolean {
    const { entries } = this.runtime.scratch
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as EntryChange
      entry.add(row, rowKey)
      if (!entry.isAddedUnique) continue
      const key = entry.added.copy()
      if (!this.lockAtOnce(entry.index.keyspace, key) || this.isTaken(entry.index.keyspace, key) !== false)
        return false
    }
    for (let i = 0; i < entries.length; i++) {
      const { index, added } = entries[i] as EntryChange
      overlay.put(index.keyspace, added.bytes, 0, added.length, rowKey, 0, rowKey.length)
    }
    return true
  }

  /** The primary key of a new row, or a hidden one. */
  private newRowKey(row: readonly Value[]): MaybePromise<Buffer> {
    const { runtime } = this
    const { rowIds, views } = this.transaction.environment
    return runtime.rowKeyOf(row) ?? rowIds.next(runtime.state, views, runtime.rowKeyspace)
  }

  /** Whether a locked key has an entry; undefined if that can't be told at once. */
  private isTaken(keyspace: number, key: Buffer): boolean | undefined {
    const { transaction, runtime } = this
    const isStaged = this.staged?.of(keyspace).has(key) ?? false
    if (isPromise(isStaged)) return undefined
    if (isStaged) return true
    const overlay = transaction.overlayAt(runtime.state.ordinal)
    const found = getMerged(transaction.latestOf(runtime.state), overlay, keyspace, key, () => true)
    return isPromise(found) ? undefined : found
  }

  /** Whether surely no entry is at the key or behind it. */
  private isLast(keyspace: number, key: Uint8Array): boolean {
    const { transaction, runtime } = this
    const own = transaction.overlayAt(runtime.state.ordinal)?.cursor(keyspace, key, undefined, false)
    if (own?.isDone === false) return false
    const range = { lower: key, upper: undefined }
    return transaction.latestOf(runtime.state).scan(keyspace, range, false, 1, () => false) === 0
  }

  /** As `putRows`, with stages in place of the overlay and claims in place of locks. */
  private stageRows(rows: Batch, start: number, staged: StagedTable): number {
    const { runtime, transaction } = this
    const { insertColumns, primaryKey, rowEncoder } = runtime
    const { locks } = transaction
    const values = new Array<Value>(runtime.table.columns.length).fill(null)
    const canClaim = this.canClaim(runtime.rowKeyspace)
    places.count = 0
    let isBehindAll = false
    let row = start
    let bytes = 0
    for (; row < rows.rowCount && !staged.isFull; row++) {
      for (let i = 0; i < insertColumns.length; i++) {
        const column = insertColumns[i] as number
        values[column] = (rows.columns[column] as Vector).get(row)
      }
      const entry = staged.rows.begin()
      if (!this.writeRowKey(values, entry)) break
      const isAscending = staged.rows.endKey()
      // Ascending keys that follow one another are claimed by the last of them.
      if (!isAscending || !isBehindAll || !canClaim || staged.indexes.length > 0) {
        const rowKey = staged.rows.key()
        if (!this.claim(runtime.rowKeyspace, rowKey, canClaim)) break
        if (primaryKey === undefined) isBehindAll = true
        else if (!isAscending || !isBehindAll) {
          isBehindAll = isAscending && this.isLast(runtime.rowKeyspace, rowKey)
          if (!isBehindAll && this.isTaken(runtime.rowKeyspace, rowKey) !== false) break
        }
        if (staged.indexes.length > 0 && !this.stageEntries(staged, values, rowKey)) break
      }
      const valueStart = entry.length
      const size = rowEncoder.sizeFrom(rows.columns, row)
      if (size < 0) rowEncoder.encodeFrom(rows.columns, row, entry)
      else {
        entry.reserve(size)
        places.add(row, valueStart)
        entry.length += size
      }
      bytes += entry.length - valueStart
      staged.rows.end()
    }
    if (row < rows.rowCount && !staged.isFull) staged.rows.takeBack()
    // Column by column, now that each row has its place.
    rowEncoder.encodeAll(rows.columns, places, staged.rows.bytes)
    staged.rows.writeIfLarge()
    if (row > start) {
      if (canClaim) transaction.environment.locks.claimKey(locks, runtime.rowKeyspace, staged.rows.lastKey)
      transaction.countRows(runtime, row - start, bytes, row - start)
    }
    return row
  }

  /** Appends the key of a new row; false if that has to wait. */
  private writeRowKey(values: readonly Value[], target: ByteBuffer): boolean {
    const { runtime, transaction } = this
    if (runtime.keyEncoder !== undefined) {
      runtime.writeRowKey(values, target)
      return true
    }
    const { rowIds, views } = transaction.environment
    const id = rowIds.next(runtime.state, views, runtime.rowKeyspace)
    if (isPromise(id)) return false
    target.append(id, 0, id.length)
    return true
  }

  /** As `putEntries`, into stages. */
  private stageEntries(staged: StagedTable, row: readonly Value[], rowKey: Buffer): boolean {
    const { indexes } = this.runtime
    const keys: Buffer[] = []
    for (let i = 0; i < indexes.length; i++) {
      const { keyspace } = indexes[i] as IndexRuntime
      const { bytes, isUnique } = (indexes[i] as IndexRuntime).entryKey(row, rowKey)
      // Others who lock ranges have to know of entries that aren't unique, too.
      if (!this.claim(keyspace, bytes, this.canClaim(keyspace))) return false
      if (isUnique && this.isTaken(keyspace, bytes) !== false) return false
      keys.push(bytes)
    }
    for (let i = 0; i < keys.length; i++) staged.indexes[i]?.put(keys[i] as Buffer, rowKey)
    return true
  }

  /** Where a row that comes alone is put: the stages if there are any. */
  private stagedForRow(): StagedTable | undefined {
    const overlay = this.transaction.overlayAt(this.runtime.state.ordinal)
    if (overlay === undefined || this.foreignKeys.isNeeded) return undefined
    return this.stagedBeside(overlay)
  }

  /** The stages of a statement that has outgrown the memory for what can be read again. */
  private stagedBeside(overlay: Overlay): StagedTable | undefined {
    if (this.staged === undefined && this.mayStage && overlay.byteSize >= STAGED_BEYOND_BYTES) {
      this.staged = this.transaction.stageFor(this.runtime)
      this.mayStage = false
    }
    return this.staged
  }

  private stage(
    staged: StagedTable,
    rowKey: Buffer,
    row: readonly Value[],
    changes: readonly IndexChange[],
  ): void {
    const { runtime, transaction } = this
    const entry = staged.rows.begin()
    entry.append(rowKey, 0, rowKey.length)
    staged.rows.endKey()
    const valueStart = entry.length
    runtime.rowEncoder.encode(row, entry)
    const size = entry.length - valueStart
    staged.rows.end()
    staged.rows.writeIfLarge()
    for (let i = 0; i < changes.length; i++) {
      const { added } = changes[i] as IndexChange
      if (added !== undefined) staged.indexes[i]?.put(added.bytes, rowKey)
    }
    transaction.countRows(runtime, 1, size)
  }
}
