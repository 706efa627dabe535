/**
 * Key-value access to the system storage inside a transaction: what the catalog keeps its records with, so that DDL
 * commits atomically with the rest of its transaction. Reads see the last committed state and the transaction's own
 * writes; who excludes whom is the business of metadata locks.
 */
import { copyRange } from '../common/bytes.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { KeyRange } from '../spi/storage.js'
import { EntryScan, getMerged } from './entry-scan.js'
import {
  AUTO_INCREMENT_KEYSPACE,
  TABLE_SIZES_KEYSPACE,
  TABLE_USAGE_KEYSPACE,
  tableIdKey,
} from './system-keyspaces.js'
import { FIRST_TABLE_KEYSPACE } from './table-runtime.js'
import type { CoreTransaction } from './transaction.js'

const ENTRIES_PER_SLICE = 1000

export interface SystemEntry {
  readonly key: Buffer
  readonly value: Buffer
}

export class SystemStore {
  constructor(private readonly transaction: CoreTransaction) {}

  get(keyspace: number, key: Uint8Array): MaybePromise<Buffer | undefined> {
    const { system } = this.transaction.environment
    let value: Buffer | undefined
    const found = getMerged(
      this.transaction.latestOf(system),
      this.transaction.overlayAt(system.ordinal),
      keyspace,
      key,
      (_key, _keyStart, _keyEnd, bytes, start, end) => {
        value = copyRange(bytes, start, end)
        return true
      },
    )
    return isPromise(found) ? found.then(() => value) : value
  }

  /** The entries of a range in key order. Meant for what fits into memory: definitions, accounts. */
  async scan(keyspace: number, range: KeyRange): Promise<readonly SystemEntry[]> {
    const { system } = this.transaction.environment
    const entries: SystemEntry[] = []
    const scan = new EntryScan(keyspace, range, false, false)
    while (!scan.isExhausted) {
      const slice = scan.next(
        this.transaction.latestOf(system),
        this.transaction.overlayAt(system.ordinal),
        ENTRIES_PER_SLICE,
        (key, keyStart, keyEnd, value, valueStart, valueEnd) => {
          entries.push({
            key: copyRange(key, keyStart, keyEnd),
            value: copyRange(value, valueStart, valueEnd),
          })
          return true
        },
      )
      if (isPromise(slice)) await slice
    }
    return entries
  }

  put(keyspace: number, key: Uint8Array, value: Uint8Array): void {
    this.check(keyspace)
    const overlay = this.transaction.overlayForWrite(this.transaction.environment.system)
    overlay.put(keyspace, key, 0, key.length, value, 0, value.length)
  }

  remove(keyspace: number, key: Uint8Array): void {
    this.check(keyspace)
    const overlay = this.transaction.overlayForWrite(this.transaction.environment.system)
    overlay.remove(keyspace, key, 0, key.length)
  }

  /** Forgets what is kept of a table that is dropped. */
  removeCounters(tableId: number): void {
    this.remove(AUTO_INCREMENT_KEYSPACE, tableIdKey(tableId))
    this.remove(TABLE_SIZES_KEYSPACE, tableIdKey(tableId))
    this.remove(TABLE_USAGE_KEYSPACE, tableIdKey(tableId))
  }

  private check(keyspace: number): void {
    if (keyspace >= FIRST_TABLE_KEYSPACE)
      throw new Error('invariant: the system store has ids below those of tables')
  }
}
