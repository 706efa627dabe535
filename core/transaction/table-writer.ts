/**
 * Writes to one table: checks unique indexes and foreign keys, and keeps every index in step with its rows.
 *
 * Each write first takes its locks and makes its checks, waiting where it must, and then writes all of its entries
 * without a pause, so that others never see half of it in the overlay. Keys of unique indexes are locked
 * exclusively both when they are put and when they are removed: who holds such a lock knows for certain whether the key
 * is taken. NULLs never collide.
 */
import type { Batch } from '../common/batch.js'
import { ByteBuffer, compareBytes, copyRange, equalRanges } from '../common/bytes.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import { RowPlaces } from '../common/row-writer.js'
import type { Vector } from '../common/vector.js'
import type { IndexDefinition } from '../plan/schema.js'
import type { KeyspaceSnapshot } from '../spi/storage.js'
import type { InsertOutcome } from '../spi/transaction.js'
import { duplicateEntry } from '../spi/duplicate-entry.js'
import type { EntryChange } from './entry-change.js'
import { getMerged } from './entry-scan.js'
import { ForeignKeyChecks } from './foreign-keys.js'
import { AT_ONCE } from './lock-owner.js'
import type { Overlay } from './overlay.js'
import { run, settled, type Steps } from './steps.js'
import type { EntryKey, IndexRuntime, TableRuntime } from './table-runtime.js'
import type { StagedTable } from './staged-table.js'
import type { CoreTransaction } from './transaction.js'

const INSERTED: InsertOutcome = Object.freeze({ kind: 'inserted' })

/** What a write changes in one index. */
interface IndexChange {
  readonly index: IndexRuntime
  readonly removed: EntryKey | undefined
  readonly added: EntryKey | undefined
}

/** What a statement inserts is held in memory up to here, and staged beyond. */
const STAGED_BEYOND_BYTES = 4 * 2 ** 20

const rowBuffer = new ByteBuffer(1024)
const places = new RowPlaces()

export class TableWriter {
  private readonly foreignKeys: ForeignKeyChecks

  constructor(
    private readonly transaction: CoreTransaction,
    private readonly runtime: TableRuntime,
  ) {
    this.foreignKeys = new ForeignKeyChecks(transaction, runtime)
  }

  insert(row: readonly Value[], onDuplicate: 'throw' | 'report'): MaybePromise<InsertOutcome> {
    return this.insertAtOnce(row) ? INSERTED : run(this.insertSteps(row, onDuplicate))
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

  /** The stages of a statement that has outgrown the memory for what can be read again. */
  private stagedBeside(overlay: Overlay): StagedTable | undefined {
    if (this.staged === undefined && this.mayStage && overlay.byteSize >= STAGED_BEYOND_BYTES) {
      this.staged = this.transaction.stageFor(this.runtime)
      this.mayStage = false
    }
    return this.staged
  }

  /** Set where nothing but inserts follows. */
  mayStage = false
  private staged: StagedTable | undefined;

  /** `cascadedKey` is the foreign key whose cascade this is: its parent is about to get the new values. */
  *update(
    rowKey: Uint8Array,
    row: readonly Value[],
    onDuplicate: 'throw' | 'report',
    cascadedKey?: number,
  ): Steps<InsertOutcome> {
    const { runtime, transaction } = this
    transaction.beforeWrite(runtime.table)
    const old = yield* this.requireRow(rowKey)
    const oldRow = this.oldValues(old)
    const newKey = runtime.rowKeyOf(row) ?? copyRange(rowKey, 0, rowKey.length)
    const isMoved = !equalRanges(newKey, 0, newKey.length, rowKey, 0, rowKey.length)
    if (isMoved && (yield* this.claimRowKey(newKey))) {
      return this.duplicate(runtime.primaryKey as IndexDefinition, newKey, row, onDuplicate)
    }
    const changes = this.changesOf(oldRow, row, rowKey, newKey, yield* this.isUnseen(rowKey, old))
    for (const { index, removed, added } of changes) {
      if (removed?.isUnique === true) yield* this.lock(index.keyspace, removed.bytes)
      if (added?.isUnique !== true || removed === undefined) continue
      const holder = yield* this.claimUniqueKey(index, added.bytes, onDuplicate)
      if (holder !== undefined) return this.duplicate(index.definition, holder, row, onDuplicate)
    }
    if (this.foreignKeys.isNeeded) {
      const checks = this.foreignKeys.beforeUpdate(rowKey, oldRow, row, cascadedKey)
      yield* this.undoing(checks)
    }
    if (transaction.environment.locks.hasRanges)
      yield* this.awaitRanges(isMoved ? newKey : undefined, changes)
    if (isMoved) this.removeRow(rowKey)
    this.write(newKey, row, changes, old.length)
    return INSERTED
  }

  *delete(rowKey: Uint8Array): Steps<void> {
    const { runtime, transaction } = this
    transaction.beforeWrite(runtime.table)
    const old = yield* this.requireRow(rowKey)
    const oldRow = this.oldValues(old)
    const changes: IndexChange[] = []
    for (const index of runtime.indexes) {
      const removed = index.entryKey(oldRow, rowKey)
      if (removed.isUnique) yield* this.lock(index.keyspace, removed.bytes)
      changes.push({ index, removed, added: undefined })
    }
    if (this.foreignKeys.isNeeded) yield* this.undoing(this.foreignKeys.beforeDelete(rowKey, oldRow))
    this.writeEntries(rowKey, changes)
    this.removeRow(rowKey)
    transaction.countRows(runtime, -1, -old.length)
  }

  /** The last committed or own version of a row: bytes of their own. Undefined if it is gone. */
  *readRow(rowKey: Uint8Array): Steps<Buffer | undefined> {
    const { state, rowKeyspace } = this.runtime
    const read = this.readValue(this.transaction.latestOf(state), rowKeyspace, rowKey)
    return isPromise(read) ? yield* settled(read) : read
  }

  /** Waits for a lock on a key. */
  *lock(keyspace: number, key: Uint8Array, isExclusive = true): Steps<void> {
    const { environment, locks } = this.transaction
    const patience = this.transaction.patience()
    const granted = environment.locks.lockKey(locks, keyspace, key, 0, key.length, isExclusive, patience)
    if (isPromise(granted)) yield granted
  }

  // ---- inside

  /** Locks a key if nobody else has it. */
  private lockAtOnce(keyspace: number, key: Uint8Array): boolean {
    const { environment, locks } = this.transaction
    return environment.locks.lockKey(locks, keyspace, key, 0, key.length, true, AT_ONCE) === true
  }

  /** Whether claims in a keyspace can take the place of locks. */
  private canClaim(keyspace: number): boolean {
    const { environment, locks } = this.transaction
    return environment.locks.canClaim(locks, keyspace)
  }

  /** Claims a key, or locks it if that can't be; false if somebody else has it. */
  private claim(keyspace: number, key: Uint8Array, canClaim: boolean): boolean {
    if (!canClaim) return this.lockAtOnce(keyspace, key)
    const { environment, locks } = this.transaction
    environment.locks.claimKey(locks, keyspace, key)
    return true
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

  /** Whether rows of other tables may refer to its rows. */
  get isReferenced(): boolean {
    return this.foreignKeys.isReferenced
  }

  /** Cascades that fail half-way leave nothing behind, also where IGNORE goes on with the next row. */
  private *undoing(cascades: Steps<void>): Steps<void> {
    const undo = this.transaction.undoPoint()
    try {
      yield* cascades
    } catch (error) {
      undo()
      throw error
    }
  }

  /** What a write has to know of the row that it replaces. */
  private oldValues(old: Buffer): readonly Value[] {
    return this.foreignKeys.isReferenced
      ? this.runtime.rowDecoder.values(old, 0, old.length)
      : this.runtime.keyValues(old, 0, old.length)
  }

  private *requireRow(rowKey: Uint8Array): Steps<Buffer> {
    const row = yield* this.readRow(rowKey)
    if (row === undefined) throw new Error('invariant: a row that is changed was locked and is there')
    return row
  }

  /** The primary key of a new row, or a hidden one. */
  private newRowKey(row: readonly Value[]): MaybePromise<Buffer> {
    const { runtime } = this
    const { rowIds, views } = this.transaction.environment
    return runtime.rowKeyOf(row) ?? rowIds.next(runtime.state, views, runtime.rowKeyspace)
  }

  /** Locks a row key for a new row; answers whether it is taken. */
  private *claimRowKey(rowKey: Buffer): Steps<boolean> {
    const { runtime } = this
    yield* this.lockOrClaim(runtime.rowKeyspace, rowKey)
    // Nobody else has ever seen a hidden key.
    if (runtime.primaryKey === undefined) return false
    if (yield* this.isStaged(runtime.rowKeyspace, rowKey)) return true
    return (yield* this.readRow(rowKey)) !== undefined
  }

  /** A staging statement has too many keys to lock each of them. */
  private *lockOrClaim(keyspace: number, key: Uint8Array): Steps<void> {
    if (this.staged !== undefined && this.canClaim(keyspace)) this.claim(keyspace, key, true)
    else yield* this.lock(keyspace, key)
  }

  private *isStaged(keyspace: number, key: Buffer): Steps<boolean> {
    const found = this.staged?.of(keyspace).has(key) ?? false
    return isPromise(found) ? yield* settled(found) : found
  }

  /**
   * Locks a key of a unique index for a new entry; answers the key of the row that has it. With `report` that
   * row is locked too.
   */
  private *claimUniqueKey(
    index: IndexRuntime,
    key: Buffer,
    onDuplicate: 'throw' | 'report',
  ): Steps<Buffer | undefined> {
    yield* this.lockOrClaim(index.keyspace, key)
    // Who stages has no use for the row's key.
    if (yield* this.isStaged(index.keyspace, key)) return key
    const read = this.readValue(this.transaction.latestOf(this.runtime.state), index.keyspace, key)
    const holder = isPromise(read) ? yield* settled(read) : read
    if (holder !== undefined && onDuplicate === 'report') yield* this.lock(this.runtime.rowKeyspace, holder)
    return holder
  }

  private readValue(
    snapshot: KeyspaceSnapshot,
    keyspace: number,
    key: Uint8Array,
  ): MaybePromise<Buffer | undefined> {
    const overlay = this.transaction.overlayAt(this.runtime.state.ordinal)
    let found: Buffer | undefined
    const got = getMerged(snapshot, overlay, keyspace, key, (_key, _keyStart, _keyEnd, value, start, end) => {
      found = copyRange(value, start, end)
      return true
    })
    return isPromise(got) ? got.then(() => found) : found
  }

  private duplicate(
    index: IndexDefinition,
    rowKey: Uint8Array,
    row: readonly Value[],
    onDuplicate: 'throw' | 'report',
  ): InsertOutcome {
    if (onDuplicate === 'report') return { kind: 'duplicate', index, rowKey }
    throw duplicateEntry(this.runtime.table, index, row, this.transaction.evaluation)
  }

  /**
   * What an update changes in the indexes. An index none of whose columns changes is left alone, unless the transaction's
   * snapshot doesn't have this version of the row (`isUnseen`): then the entries are put again, so that its own
   * reads find the row through every index.
   */
  private changesOf(
    oldRow: readonly Value[],
    row: readonly Value[],
    oldKey: Uint8Array,
    newKey: Uint8Array,
    isUnseen: boolean,
  ): readonly IndexChange[] {
    const isMoved = oldKey !== newKey && !equalRanges(oldKey, 0, oldKey.length, newKey, 0, newKey.length)
    const changes: IndexChange[] = []
    for (const index of this.runtime.indexes) {
      if (!isMoved && !isUnseen && index.columns.every((column) => oldRow[column] === row[column])) continue
      const removed = index.entryKey(oldRow, oldKey)
      const added = index.entryKey(row, newKey)
      const isSame = equalRanges(removed.bytes, 0, removed.bytes.length, added.bytes, 0, added.bytes.length)
      // A unique entry of a moved row keeps its key and gets another row key as its value.
      if (!isSame) changes.push({ index, removed, added })
      else if (isMoved || isUnseen) changes.push({ index, removed: undefined, added })
    }
    return changes
  }

  /** Whether plain reads of this transaction would see another version of the row than the one it is changing. */
  private *isUnseen(rowKey: Uint8Array, latest: Buffer): Steps<boolean> {
    const { transaction, runtime } = this
    const view = transaction.outdatedView
    if (view === undefined || runtime.indexes.length === 0) return false
    let isSame = false
    const got = view
      .snapshot(runtime.state)
      .get(runtime.rowKeyspace, rowKey, (_key, _keyStart, _keyEnd, value, start, end) => {
        isSame = equalRanges(value, start, end, latest, 0, latest.length)
        return true
      })
    if (isPromise(got)) yield got
    return !isSame
  }

  /** Waits until nobody else's range lock holds a key that is about to be put. */
  private *awaitRanges(rowKey: Uint8Array | undefined, changes: readonly IndexChange[]): Steps<void> {
    // While one is waited for, another may come: only a round without a wait counts.
    for (;;) {
      const wait = this.rangeWait(rowKey, changes)
      if (wait === undefined) return
      yield wait
    }
  }

  private rangeWait(
    rowKey: Uint8Array | undefined,
    changes: readonly IndexChange[],
  ): Promise<boolean> | undefined {
    const blocked = rowKey === undefined ? true : this.beforePut(this.runtime.rowKeyspace, rowKey)
    if (isPromise(blocked)) return blocked
    for (const { index, added } of changes) {
      const wait = added === undefined ? true : this.beforePut(index.keyspace, added.bytes)
      if (isPromise(wait)) return wait
    }
    return undefined
  }

  private beforePut(keyspace: number, key: Uint8Array): boolean | Promise<boolean> {
    const { environment, locks } = this.transaction
    return environment.locks.beforePut(locks, keyspace, key, 0, key.length, this.transaction.patience())
  }

  private write(
    rowKey: Uint8Array,
    row: readonly Value[],
    changes: readonly IndexChange[],
    oldBytes: number,
  ): void {
    this.put(this.transaction.overlayForWrite(this.runtime.state), rowKey, row, oldBytes)
    this.writeEntries(rowKey, changes)
  }

  /** Puts a row in the place of one of so many bytes; 0 for none. */
  private put(overlay: Overlay, rowKey: Uint8Array, row: readonly Value[], oldBytes: number): void {
    const { runtime, transaction } = this
    rowBuffer.clear()
    runtime.rowEncoder.encode(row, rowBuffer)
    const size = rowBuffer.length
    overlay.put(runtime.rowKeyspace, rowKey, 0, rowKey.length, rowBuffer.bytes, 0, size)
    transaction.countRows(runtime, oldBytes === 0 ? 1 : 0, size - oldBytes)
  }

  private writeEntries(rowKey: Uint8Array, changes: readonly IndexChange[]): void {
    if (changes.length === 0) return
    const overlay = this.transaction.overlayForWrite(this.runtime.state)
    for (const { index, removed, added } of changes) {
      if (removed !== undefined) overlay.remove(index.keyspace, removed.bytes, 0, removed.bytes.length)
      if (added !== undefined) {
        overlay.put(index.keyspace, added.bytes, 0, added.bytes.length, rowKey, 0, rowKey.length)
      }
    }
  }

  private removeRow(rowKey: Uint8Array): void {
    const { runtime } = this
    const overlay = this.transaction.overlayForWrite(runtime.state)
    overlay.remove(runtime.rowKeyspace, rowKey, 0, rowKey.length)
  }
}
