/**
 * What inserting, changing and deleting rows of one table have in common: locks of keys, the search for who has them, and the writing
 * itself.
 *
 * Each write first takes its locks and makes its checks, waiting where it must, and then writes all of its entries
 * without a pause, so that others never see half of it in the overlay. Keys of unique indexes are locked
 * exclusively both when they are put and when they are removed: who holds such a lock knows for certain whether the key
 * is taken. NULLs never collide.
 */
import { ByteBuffer, copyRange } from '../common/bytes.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import type { IndexDefinition } from '../plan/schema.js'
import type { KeyspaceSnapshot } from '../spi/storage.js'
import type { InsertOutcome } from '../spi/transaction.js'
import { duplicateEntry } from '../spi/duplicate-entry.js'
import { getMerged } from './entry-scan.js'
import { ForeignKeyChecks } from './foreign-keys.js'
import { AT_ONCE } from './lock-owner.js'
import type { Overlay } from './overlay.js'
import { settled, type Steps } from './steps.js'
import type { EntryKey, IndexRuntime, TableRuntime } from './table-runtime.js'
import type { StagedTable } from './staged-table.js'
import type { CoreTransaction } from './transaction.js'

export const INSERTED: InsertOutcome = Object.freeze({ kind: 'inserted' })

/** What a write changes in one index. */
export interface IndexChange {
  readonly index: IndexRuntime
  readonly removed: EntryKey | undefined
  readonly added: EntryKey | undefined
}

const rowBuffer = new ByteBuffer(1024)

export abstract class RowWriting {
  /** What the statement inserts beside the overlay. */
  protected staged: StagedTable | undefined
  protected readonly foreignKeys: ForeignKeyChecks

  constructor(
    protected readonly transaction: CoreTransaction,
    protected readonly runtime: TableRuntime,
  ) {
    this.foreignKeys = new ForeignKeyChecks(transaction, runtime)
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

  /** Whether rows of other tables may refer to its rows. */
  get isReferenced(): boolean {
    return this.foreignKeys.isReferenced
  }

  /** Locks a key if nobody else has it. */
  protected lockAtOnce(keyspace: number, key: Uint8Array): boolean {
    const { environment, locks } = this.transaction
    return environment.locks.lockKey(locks, keyspace, key, 0, key.length, true, AT_ONCE) === true
  }

  /** Whether claims in a keyspace can take the place of locks. */
  protected canClaim(keyspace: number): boolean {
    const { environment, locks } = this.transaction
    return environment.locks.canClaim(locks, keyspace)
  }

  /** Claims a key, or locks it if that can't be; false if somebody else has it. */
  protected claim(keyspace: number, key: Uint8Array, canClaim: boolean): boolean {
    if (!canClaim) return this.lockAtOnce(keyspace, key)
    const { environment, locks } = this.transaction
    environment.locks.claimKey(locks, keyspace, key)
    return true
  }

  /** Locks a row key for a new row; answers whether it is taken. */
  protected *claimRowKey(rowKey: Buffer): Steps<boolean> {
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

  protected *isStaged(keyspace: number, key: Buffer): Steps<boolean> {
    const found = this.staged?.of(keyspace).has(key) ?? false
    return isPromise(found) ? yield* settled(found) : found
  }

  /**
   * Locks a key of a unique index for a new entry; answers the key of the row that has it. With `report` that
   * row is locked too.
   */
  protected *claimUniqueKey(
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

  protected duplicate(
    index: IndexDefinition,
    rowKey: Uint8Array,
    row: readonly Value[],
    onDuplicate: 'throw' | 'report',
  ): InsertOutcome {
    if (onDuplicate === 'report') return { kind: 'duplicate', index, rowKey }
    throw duplicateEntry(this.runtime.table, index, row, this.transaction.evaluation)
  }

  /** Waits until nobody else's range lock holds a key that is about to be put. */
  protected *awaitRanges(rowKey: Uint8Array | undefined, changes: readonly IndexChange[]): Steps<void> {
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

  protected write(
    rowKey: Uint8Array,
    row: readonly Value[],
    changes: readonly IndexChange[],
    oldBytes: number,
  ): void {
    this.put(this.transaction.overlayForWrite(this.runtime.state), rowKey, row, oldBytes)
    this.writeEntries(rowKey, changes)
  }

  /** Puts a row in the place of one of so many bytes; 0 for none. */
  protected put(overlay: Overlay, rowKey: Uint8Array, row: readonly Value[], oldBytes: number): void {
    const { runtime, transaction } = this
    rowBuffer.clear()
    runtime.rowEncoder.encode(row, rowBuffer)
    const size = rowBuffer.length
    overlay.put(runtime.rowKeyspace, rowKey, 0, rowKey.length, rowBuffer.bytes, 0, size)
    transaction.countRows(runtime, oldBytes === 0 ? 1 : 0, size - oldBytes)
  }

  protected writeEntries(rowKey: Uint8Array, changes: readonly IndexChange[]): void {
    if (changes.length === 0) return
    const overlay = this.transaction.overlayForWrite(this.runtime.state)
    for (const { index, removed, added } of changes) {
      if (removed !== undefined) overlay.remove(index.keyspace, removed.bytes, 0, removed.bytes.length)
      if (added !== undefined) {
        overlay.put(index.keyspace, added.bytes, 0, added.bytes.length, rowKey, 0, rowKey.length)
      }
    }
  }
}
