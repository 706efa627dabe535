/**
 * How many rows and bytes tables have: counted as commits go by, written to the system storage by checkpoints and at the
 * end. After a crash they are those of the last checkpoint: estimates for the optimizer, nothing more.
 */
import { isPromise, type MaybePromise } from '../common/value.js'
import type { ReadViews, StorageState } from './read-view.js'
import type { Overlay } from './overlay.js'
import { TABLE_SIZES_KEYSPACE, tableIdKey } from './system-keyspaces.js'
import type { TableRuntime } from './table-runtime.js'

export interface TableSize {
  readonly rows: number
  readonly bytes: number
}

interface CountedSize {
  rows: number
  bytes: number
  isChanged: boolean
}

const ENTRIES_PER_SLICE = 1000

export class TableSizes {
  private readonly sizes = new Map<number, CountedSize>()

  constructor(
    private readonly system: StorageState,
    private readonly views: ReadViews,
  ) {}

  /** Reads what was written last; called once before anything else. */
  async load(): Promise<void> {
    let lower: Buffer | undefined
    for (;;) {
      let last: Buffer | undefined
      const visited: MaybePromise<number> = this.views.current
        .snapshot(this.system)
        .scan(
          TABLE_SIZES_KEYSPACE,
          { lower, upper: undefined },
          false,
          ENTRIES_PER_SLICE,
          (key, keyStart, _keyEnd, value, valueStart, valueEnd) => {
            last = Buffer.from(key.subarray(keyStart, keyStart + 4))
            const size = Buffer.from(value.subarray(valueStart, valueEnd))
            this.sizes.set(last.readUInt32BE(), {
              rows: size.readDoubleLE(0),
              bytes: size.readDoubleLE(8),
              isChanged: false,
            })
            return true
          },
        )
      const count = isPromise(visited) ? await visited : visited
      if (count < ENTRIES_PER_SLICE || last === undefined) return
      lower = Buffer.concat([last, Buffer.alloc(1)])
    }
  }

  of(runtime: TableRuntime): TableSize {
    return this.counted(runtime)
  }

  /** A commit has changed a table. */
  add(runtime: TableRuntime, rows: number, bytes: number): void {
    const size = this.counted(runtime)
    size.rows = Math.max(0, size.rows + rows)
    size.bytes = Math.max(0, size.bytes + bytes)
    size.isChanged = true
  }

  /** A bulk load or TRUNCATE has set a table's size. */
  set(tableId: number, rows: number, bytes: number): void {
    this.sizes.set(tableId, { rows, bytes, isChanged: true })
  }

  forget(tableId: number): void {
    this.sizes.delete(tableId)
  }

  /** Writes what has changed since the last time into a transaction. Answers whether there was anything. */
  persist(overlay: Overlay): boolean {
    let isAny = false
    for (const [tableId, size] of this.sizes) {
      if (!size.isChanged) continue
      const key = tableIdKey(tableId)
      const value = Buffer.allocUnsafe(16)
      value.writeDoubleLE(size.rows, 0)
      value.writeDoubleLE(size.bytes, 8)
      overlay.put(TABLE_SIZES_KEYSPACE, key, 0, key.length, value, 0, value.length)
      size.isChanged = false
      isAny = true
    }
    return isAny
  }

  private counted(runtime: TableRuntime): CountedSize {
    let size = this.sizes.get(runtime.table.id)
    if (size === undefined) {
      const stored = runtime.state.storage.size(runtime.rowKeyspace)
      size = { rows: stored?.entries ?? 0, bytes: stored?.bytes ?? 0, isChanged: false }
      this.sizes.set(runtime.table.id, size)
    }
    return size
  }
}
