/**
 * What every call into a driver takes along: who asks, whether the answer is still wanted, and whom to charge.
 */
import type { SqlError } from '../common/sql-error.js'
import type { EvaluationContext, WarningLevel, WarningSink } from '../common/evaluation.js'

export interface StatementContext extends WarningSink {
  readonly evaluation: EvaluationContext
  /** Monotonic milliseconds (performance.now()) after which the statement is over; Infinity for no limit. */
  readonly deadlineMs: number
  /** Aborted when the statement is killed, timed out, or its client went away. */
  readonly signal: AbortSignal
  /**
   * Has `listener` called when `signal` is aborted, without the signal, which costs as much as a short statement. What has ended
   * already calls nobody: see `checkKilled`. Take the listener back with `offStop`.
   */
  onStop(listener: () => void): void
  offStop(listener: () => void): void
  /** Throws ER_QUERY_INTERRUPTED or ER_QUERY_TIMEOUT if the statement shall end. A property read; call it per batch. */
  checkKilled(): void
  readonly memory: MemoryAccount
  /** @@foreign_key_checks; checked unless false. */
  readonly foreignKeyChecks?: boolean
  /** @@innodb_lock_wait_timeout as it is now; the transaction's own if absent. */
  readonly rowLockTimeoutMs?: number
  /** Tells the process list what the statement is at, and how many rows it is done with. Cheap; call it per batch. */
  reportProgress?(stage: string, rows: number): void
  /** Records, as a warning unless it says otherwise, what IGNORE or another server made of an error, in its own words. */
  warnError(error: SqlError, level?: WarningLevel): void
}

/** Counts the bytes that one statement holds. */
export interface MemoryAccount {
  readonly used: number
  readonly limitBytes: number
  /** Charges `bytes` (negative to give back); throws ER_CAPACITY_EXCEEDED naming `what` when the limit is passed. */
  charge(bytes: number, what: string): void
  /** Whether `bytes` more would fit: an operator that can spill asks before it charges. */
  fits(bytes: number): boolean
}
