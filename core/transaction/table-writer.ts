/**
 * Changes and deletes rows of one table, waiting where it has to: checks unique indexes and foreign keys, and keeps every index in
 * step with its rows. What can be done at once for one row or many is done by `BulkChanges`.
 */
import { copyRange, equalRanges } from '../common/bytes.js'
import { isPromise, type Value } from '../common/value.js'
import type { IndexDefinition } from '../plan/schema.js'
import type { InsertOutcome } from '../spi/transaction.js'
import { INSERTED, RowWriting, type IndexChange } from './row-writing.js'
import type { Steps } from './steps.js'

export class TableWriter extends RowWriting {
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

  private removeRow(rowKey: Uint8Array): void {
    const { runtime } = this
    const overlay = this.transaction.overlayForWrite(runtime.state)
    overlay.remove(runtime.rowKeyspace, rowKey, 0, rowKey.length)
  }
}
