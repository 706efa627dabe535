/**
 * Where changes of single rows are worked out: memory that a table has once for all transactions, because nobody waits in the midst
 * of a row.
 */
import { ByteBuffer, equalRanges } from '../common/bytes.js'
import type { Value } from '../common/value.js'
import type { BytesVector } from '../common/vector.js'
import type { IndexRuntime } from './table-runtime.js'

/** What becomes of a row's entry in one index. */
export class EntryChange {
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

  /** Takes the entry of a row as it will be. */
  add(row: readonly Value[], rowKey: Uint8Array): void {
    this.added.clear()
    this.isAddedUnique = this.index.writeEntryKey(row, rowKey, this.added)
  }

  /** Finds out whether they differ. */
  compare(): boolean {
    const { added, removed } = this
    this.isChanged = !equalRanges(removed.bytes, 0, removed.length, added.bytes, 0, added.length)
    return this.isChanged
  }
}

export class RowScratch {
  /** In the order of the table's indexes. */
  readonly entries: readonly EntryChange[]
  /** A row as it was and as it will be, of which only the columns of indexes are filled in. */
  readonly oldRow: Value[]
  readonly newRow: Value[]
  private rowKey = Buffer.alloc(0)
  private readonly byWritten = new WeakMap<readonly number[], readonly EntryChange[]>()

  constructor(indexes: readonly IndexRuntime[], columnCount: number) {
    this.entries = indexes.map((index) => new EntryChange(index))
    this.oldRow = new Array<Value>(columnCount).fill(null)
    this.newRow = [...this.oldRow]
  }

  /** The entries that may change with these columns. Plans keep their lists of columns, so they are found by the list itself. */
  entriesOf(written: readonly number[]): readonly EntryChange[] {
    let entries = this.byWritten.get(written)
    if (entries === undefined) {
      entries = this.entries.filter(({ index }) => index.columns.some((each) => written.includes(each)))
      this.byWritten.set(written, entries)
    }
    return entries
  }

  /** The key of a row as bytes of its own, until another one is asked for. */
  keyAt(rowKeys: BytesVector, row: number): Buffer {
    const start = rowKeys.start(row)
    const size = rowKeys.end(row) - start
    if (this.rowKey.length !== size) this.rowKey = Buffer.alloc(size)
    const { rowKey } = this
    const { data } = rowKeys
    for (let i = 0; i < size; i++) rowKey[i] = data[start + i] as number
    return rowKey
  }
}
