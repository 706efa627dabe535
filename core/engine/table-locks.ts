/**
 * Locks that stop writers without stopping readers: LOCK TABLES … READ on single tables, FLUSH TABLES WITH READ LOCK on all of
 * them, LOCK INSTANCE FOR BACKUP on definitions (MySQL manual 15.3.6, 15.7.8.3, 15.3.5). They are rare, so they cost others a
 * comparison: a statement that wants to write asks before it begins, a transaction that has written asks before it commits. A
 * transaction that wrote before the lock was taken keeps what it wrote to itself until the lock is gone.
 */
import { isSqlError, sqlError } from '../common/sql-error.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type { CoreTransaction } from '../transaction/transaction.js'

/** What a wait needs of the statement that waits. */
export interface LockWaiter {
  readonly signal: AbortSignal
  /** lock_wait_timeout. */
  readonly lockTimeoutMs: number
}

export class TableLocks {
  /** How many sessions have a table locked for reading. */
  private readonly readers = new Map<number, number>()
  private globalReaders = 0
  private backups = 0
  /** Commits and definitions under way: those who lock everything wait for them. */
  private commitsRunning = 0
  private definitionsRunning = 0
  /** Called whenever something ended that somebody may wait for. */
  private readonly waiting = new Set<() => void>()

  /** Whether anybody stops writers. */
  get isAny(): boolean {
    return this.globalReaders > 0 || this.readers.size > 0
  }

  // ---- For those who write

  /** Returns, or resolves, when the tables may be written. Rejects with ER_LOCK_WAIT_TIMEOUT and ER_QUERY_INTERRUPTED. */
  untilWritable(tables: readonly number[], waiter: LockWaiter): MaybePromise<void> {
    return this.until(() => this.globalReaders === 0 && !tables.some((id) => this.readers.has(id)), waiter)
  }

  /** Commits when it may; as `untilWritable` for all tables that the transaction wrote. */
  commit(transaction: CoreTransaction, waiter: LockWaiter | undefined): MaybePromise<void> {
    if (this.isAny && waiter !== undefined && this.stops(transaction)) {
      return this.wait(() => !this.stops(transaction), waiter).then(() => this.counted(transaction.commit()))
    }
    return this.counted(transaction.commit())
  }

  /** Runs a definition statement when it may; `holdsDefinitions` if the own session has LOCK INSTANCE, which is no hindrance. */
  async define<T>(action: () => Promise<T>, holdsDefinitions: boolean, waiter: LockWaiter): Promise<T> {
    const own = holdsDefinitions ? 1 : 0
    await this.until(() => this.globalReaders === 0 && this.backups === own, waiter)
    this.definitionsRunning++
    try {
      return await action()
    } finally {
      this.definitionsRunning--
      this.wake()
    }
  }

  // ---- For those who lock

  lockTable(id: number): void {
    this.readers.set(id, (this.readers.get(id) ?? 0) + 1)
  }

  unlockTable(id: number): void {
    const left = (this.readers.get(id) ?? 0) - 1
    if (left > 0) this.readers.set(id, left)
    else this.readers.delete(id)
    this.wake()
  }

  /** Resolves when nothing can change any more. If it rejects there is no lock. */
  async lockEverything(waiter: LockWaiter): Promise<void> {
    this.globalReaders++
    try {
      await this.until(() => this.commitsRunning === 0 && this.definitionsRunning === 0, waiter)
    } catch (error) {
      this.unlockEverything()
      throw error
    }
  }

  unlockEverything(): void {
    this.globalReaders--
    this.wake()
  }

  /** Resolves when commits under way are over, so that what a reader begins now is final. */
  untilCommitted(waiter: LockWaiter): MaybePromise<void> {
    return this.until(() => this.commitsRunning === 0, waiter)
  }

  /** LOCK INSTANCE FOR BACKUP. If it rejects there is no lock. */
  async lockDefinitions(waiter: LockWaiter): Promise<void> {
    this.backups++
    try {
      await this.until(() => this.definitionsRunning === 0, waiter)
    } catch (error) {
      this.unlockDefinitions()
      throw error
    }
  }

  unlockDefinitions(): void {
    this.backups--
    this.wake()
  }

  // ---- inside

  private stops(transaction: CoreTransaction): boolean {
    if (!transaction.hasWrites) return false
    // Of writes in table drivers it isn't known which tables they are in.
    if (!transaction.hasKeyspaceWrites) return true
    return transaction.sizes.some(
      ({ runtime: { table } }) => !table.temporary && (this.globalReaders > 0 || this.readers.has(table.id)),
    )
  }

  private counted(committed: MaybePromise<void>): MaybePromise<void> {
    if (isPromise(committed)) {
      this.commitsRunning++
      // Beside the way of the commit itself, which must not get longer.
      committed.then(this.commitEnded, this.commitEnded)
    }
    return committed
  }

  private readonly commitEnded = (): void => {
    this.commitsRunning--
    if (this.waiting.size > 0) this.wake()
  }

  private until(isFree: () => boolean, waiter: LockWaiter): MaybePromise<void> {
    return isFree() ? undefined : this.wait(isFree, waiter)
  }

  private wait(isFree: () => boolean, { signal, lockTimeoutMs }: LockWaiter): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        this.waiting.delete(check)
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        settle()
      }
      const check = (): void => {
        if (isFree()) finish(resolve)
      }
      const onAbort = (): void => {
        const reason: unknown = signal.reason
        finish(() => {
          reject(isSqlError(reason) ? reason : sqlError('ER_QUERY_INTERRUPTED'))
        })
      }
      const timer = setTimeout(
        () => {
          finish(() => {
            reject(sqlError('ER_LOCK_WAIT_TIMEOUT'))
          })
        },
        Math.min(lockTimeoutMs, TIMER_MS_MAX),
      )
      this.waiting.add(check)
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
    })
  }

  private wake(): void {
    for (const check of [...this.waiting]) check()
  }
}

/** The largest delay of a timer in Node; about 24 days. */
const TIMER_MS_MAX = 0x7fffffff
