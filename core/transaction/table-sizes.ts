/**
 * How many rows and bytes tables have: counted as commits go by, from what their storages know at the start. For storages that
 * don't count, checkpoints write the numbers to the system storage; after a crash they are then those of the last
 * checkpoint. Estimates for the optimizer, nothing more.
 */
import { isPromise, type MaybePromise } from '../common/value.js'
import type { ReadViews, StorageState } from './read-view.js'
import type { Overlay } from './overlay.js'
import type { RecoveredSizes } from './recovered-sizes.js'
import { TABLE_SIZES_KEYSPACE, tableIdKey } from './system-keyspaces.js'
import type { TableRuntime } from './table-runtime.js'

export interface TableSize {
  readonly rows: number
  readonly bytes: number
}

interface CountedSize {
  rows: number
  bytes: number
  /** Where the rows lie: TRUNCATE and copies put them elsewhere. */
  readonly keyspace: number
  /** Whether the storage counts, too. */
  readonly isStored: boolean
  isChanged: boolean
}

const ENTRIES_PER_SLICE = 1000
/** The id of no table. */
const NO_TABLE = 0

export class TableSizes {
  private readonly sizes = new Map<number, CountedSize>()
  /** What checkpoints wrote; by table id. */
  private readonly written = new Map<number, TableSize>()

  constructor(
    private readonly system: StorageState,
    private readonly views: ReadViews,
    /** By name of the storage. */
    private readonly recovered: ReadonlyMap<string, RecoveredSizes>,
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
            this.written.set(last.readUInt32BE(), {
              rows: size.readDoubleLE(0),
              bytes: size.readDoubleLE(8),
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
  set(runtime: TableRuntime, rows: number, bytes: number): void {
    this.sizes.set(runtime.table.id, { ...sizeOf(runtime, rows, bytes), isChanged: true })
  }

  forget(tableId: number): void {
    this.sizes.delete(tableId)
    this.written.delete(tableId)
  }

  /** Writes what has changed since the last time into a transaction. Answers whether there was anything. */
  persist(overlay: Overlay): boolean {
    let isAny = false
    for (const [tableId, size] of this.sizes) {
      if (size.isStored || !size.isChanged) continue
      write(overlay, tableId, size)
      size.isChanged = false
      isAny = true
    }
    return isAny
  }

  /** Writes something that means nothing. */
  persistNothing(overlay: Overlay): void {
    write(overlay, NO_TABLE, { rows: 0, bytes: 0 })
  }

  private counted(runtime: TableRuntime): CountedSize {
    let size = this.sizes.get(runtime.table.id)
    if (size?.keyspace !== runtime.rowKeyspace) {
      const { rows, bytes } = this.sizeBefore(runtime, size === undefined)
      size = sizeOf(runtime, rows, bytes)
      this.sizes.set(runtime.table.id, size)
    }
    return size
  }

  /** What was there before anybody counted here. */
  private sizeBefore({ table, state, rowKeyspace }: TableRuntime, isFirst: boolean): TableSize {
    const { storage } = state
    const stored = this.recovered.get(storage.name)?.sizeOf(rowKeyspace) ?? storage.size(rowKeyspace)
    if (stored !== undefined) return { rows: stored.entries, bytes: stored.bytes }
    return (isFirst ? this.written.get(table.id) : undefined) ?? { rows: 0, bytes: 0 }
  }
}

function write(overlay: Overlay, tableId: number, { rows, bytes }: TableSize): void {
  const key = tableIdKey(tableId)
  const value = Buffer.allocUnsafe(16)
  value.writeDoubleLE(rows, 0)
  value.writeDoubleLE(bytes, 8)
  overlay.put(TABLE_SIZES_KEYSPACE, key, 0, key.length, value, 0, value.length)
}

function sizeOf({ state, rowKeyspace }: TableRuntime, rows: number, bytes: number): CountedSize {
  const isStored = state.storage.size(rowKeyspace) !== undefined
  return { rows, bytes, keyspace: rowKeyspace, isStored, isChanged: false }
}
