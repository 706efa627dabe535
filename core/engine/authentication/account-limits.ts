/**
 * Limits of accounts on logins (MySQL manual 8.2.21 "Setting Account Resource Limits", 8.2.15 "Failed-Login Tracking and Temporary Account
 * Locking"). Counts are kept in memory; they begin anew with the server, and when the account is changed.
 */
import type { Account } from '../../catalog/account.js'
import { sqlError, type SqlError } from '../../common/sql-error.js'

const MS_PER_DAY = 86_400_000
const MS_PER_HOUR = 3_600_000
/** PASSWORD_LOCK_TIME UNBOUNDED. */
const UNBOUNDED = -1

/** What limits need of an account. Changed accounts are other objects. */
export type LimitedAccount = Pick<Account, 'user' | 'host' | 'policy'>

interface Failures {
  count: number
  blockedAtMs: number | undefined
}

export class AccountLimits {
  private readonly failures = new WeakMap<object, Failures>()
  private readonly hours = new WeakMap<object, { count: number; sinceMs: number }>()

  constructor(private readonly nowMs: () => number = Date.now) {}

  /** Notes a wrong password. Answers the error if the account is blocked now. */
  failed(account: LimitedAccount): SqlError | undefined {
    const { failedLoginAttempts, passwordLockDays } = account.policy
    if (failedLoginAttempts === 0 || passwordLockDays === 0) return undefined
    const failures = this.failures.get(account) ?? { count: 0, blockedAtMs: undefined }
    this.failures.set(account, failures)
    const blocked = this.blocked(account)
    if (blocked !== undefined) return blocked
    failures.count++
    if (failures.count < failedLoginAttempts) return undefined
    failures.blockedAtMs = this.nowMs()
    return this.blocked(account)
  }

  /** Notes a right password. Answers the error if the account is blocked all the same. */
  succeeded(account: LimitedAccount): SqlError | undefined {
    const blocked = this.blocked(account)
    if (blocked === undefined) this.failures.delete(account)
    return blocked
  }

  /** Throws ER_USER_LIMIT_REACHED if the account may open no further session besides the `open` ones. */
  opening(account: LimitedAccount, open: number): void {
    const { maxUserConnections, maxConnectionsPerHour } = account.policy
    if (maxUserConnections > 0 && open >= maxUserConnections) {
      throw sqlError('ER_USER_LIMIT_REACHED', account.user, 'max_user_connections', maxUserConnections)
    }
    if (maxConnectionsPerHour === 0) return
    const hour = this.hourOf(account)
    if (hour.count >= maxConnectionsPerHour) {
      throw sqlError('ER_USER_LIMIT_REACHED', account.user, 'max_connections_per_hour', maxConnectionsPerHour)
    }
    hour.count++
  }

  /** The error of a blocked account; unblocks it when its time is over. */
  private blocked(account: LimitedAccount): SqlError | undefined {
    const failures = this.failures.get(account)
    if (failures?.blockedAtMs === undefined) return undefined
    const { passwordLockDays: days, failedLoginAttempts } = account.policy
    const leftMs = failures.blockedAtMs + days * MS_PER_DAY - this.nowMs()
    if (days !== UNBOUNDED && leftMs <= 0) {
      this.failures.delete(account)
      return undefined
    }
    const [whole, left] =
      days === UNBOUNDED ? ['unlimited', 'unlimited'] : [days, Math.ceil(leftMs / MS_PER_DAY)]
    const { user, host } = account
    return sqlError(
      'ER_USER_ACCESS_DENIED_FOR_USER_ACCOUNT_BLOCKED_BY_PASSWORD_LOCK',
      user,
      host,
      whole,
      left,
      failedLoginAttempts,
    )
  }

  private hourOf(account: LimitedAccount): { count: number; sinceMs: number } {
    const now = this.nowMs()
    const present = this.hours.get(account)
    if (present !== undefined && now - present.sinceMs < MS_PER_HOUR) return present
    const next = { count: 0, sinceMs: now }
    this.hours.set(account, next)
    return next
  }
}
