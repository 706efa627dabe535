/**
 * Locks that have a name and no meaning to the server: GET_LOCK() and its kin (MySQL manual 14.14 "Locking Functions"). They
 * belong to the session, whatever its transactions do, and one session may take the same lock several times. Names are
 * compared without case.
 */
import type { UserLockFunctions } from '../common/evaluation.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import type { MaybePromise } from '../common/value.js'
import { codePointCount } from '../common/value-text.js'
import { LockOwner } from './lock-owner.js'
import { LockTable } from './lock-table.js'

/** Longest name, in characters. */
const NAME_LENGTH_MAX = 64
/** All names are in one space of the lock table. */
const SPACE = 0

/** The locks of all sessions. */
export class UserLocks {
  private readonly table = new LockTable()

  ofSession(connectionId: number): SessionUserLocks {
    return new SessionUserLocks(this.table, connectionId)
  }
}

/** The locks of one session. */
export class SessionUserLocks implements UserLockFunctions {
  private readonly owner: LockOwner
  /** How often the session has taken each lock that it holds. */
  private readonly counts = new Map<string, number>()

  constructor(
    private readonly table: LockTable,
    connectionId: number,
  ) {
    // A deadlock fails the request that closes the circle; what the session holds it keeps.
    this.owner = new LockOwner(connectionId, () => undefined)
  }

  /**
   * Takes the lock; answers false if that wasn't possible in `timeoutMs`. Throws or rejects with
   * ER_USER_LOCK_DEADLOCK, ER_QUERY_INTERRUPTED, ER_USER_LOCK_WRONG_NAME, ER_USER_LOCK_OVERLONG_NAME.
   */
  acquire(
    name: string | null,
    timeoutMs: number,
    statement: { readonly signal: AbortSignal },
  ): MaybePromise<boolean> {
    const key = lockKey(name)
    const granted = this.table.acquire(this.owner, SPACE, key, true, {
      wait: timeoutMs > 0 ? 'wait' : 'skip',
      timeoutMs,
      // Only who really waits needs the signal.
      get signal() {
        return statement.signal
      },
    })
    if (typeof granted !== 'boolean') return granted.then((given) => this.noted(key, given), asUserLockError)
    return this.noted(key, granted)
  }

  private noted(key: string, granted: boolean): boolean {
    if (granted) this.counts.set(key, (this.counts.get(key) ?? 0) + 1)
    return granted
  }

  /** Gives back one taking of a lock: false if another session holds it, undefined if nobody does. */
  release(name: string | null): boolean | undefined {
    const key = lockKey(name)
    const count = this.counts.get(key)
    if (count === undefined) return this.table.holderOf(SPACE, key) === undefined ? undefined : false
    if (count > 1) this.counts.set(key, count - 1)
    else {
      this.counts.delete(key)
      this.table.release(this.owner, SPACE, key)
    }
    return true
  }

  /** Gives all back; answers how many takings that were. */
  releaseAll(): number {
    let count = 0
    for (const each of this.counts.values()) count += each
    this.counts.clear()
    this.table.releaseAll(this.owner)
    return count
  }

  /** The connection that holds a lock. */
  holderOf(name: string | null): number | undefined {
    return this.table.holderOf(SPACE, lockKey(name))?.id
  }

  /** The session is over. */
  close(): void {
    this.owner.isFinished = true
    this.releaseAll()
  }
}

function lockKey(name: string | null): string {
  if (name === null || name === '') throw sqlError('ER_USER_LOCK_WRONG_NAME', name ?? 'NULL')
  if (codePointCount(name) > NAME_LENGTH_MAX) {
    throw sqlError('ER_USER_LOCK_OVERLONG_NAME', name)
  }
  return name.toLowerCase()
}

function asUserLockError(error: unknown): boolean {
  if (isSqlError(error)) {
    if (error.code === 'ER_LOCK_WAIT_TIMEOUT') return false
    if (error.code === 'ER_LOCK_DEADLOCK') throw sqlError('ER_USER_LOCK_DEADLOCK')
  }
  throw error
}
