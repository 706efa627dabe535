/** Accounts as a login needs them; the catalog keeps them (`mysql.user`) and implements the look-up. */
import type { AccountPolicy } from '../../catalog/account.js'
import type { MaybePromise } from '../../common/value.js'

export interface AccountRecord {
  /** Empty for the anonymous account. */
  readonly user: string
  /** Host name, address, network or pattern, as in CREATE USER 'user'@'host'. */
  readonly host: string
  /** Name of the authentication method. */
  readonly method: string
  /** What the method's `hash` made; empty for no password. */
  readonly storedHash: string
  /** ACCOUNT LOCK. */
  readonly locked: boolean
  readonly passwordExpired: boolean
  readonly policy: AccountPolicy
}

export interface AccountLookup {
  /** All accounts of exactly this name, whatever their host; the anonymous ones for ''. In any order. */
  accountsNamed(user: string): MaybePromise<readonly AccountRecord[]>
}
