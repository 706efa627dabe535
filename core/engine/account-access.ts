/**
 * Accounts of sessions and what they may do, looked up as fast as every statement needs it.
 */
import type { Account } from '../catalog/account.js'
import type { LocalCatalog } from '../catalog/local-catalog.js'
import { requireDynamicPrivilege, requirePrivilege } from '../catalog/privileges.js'
import { sqlError } from '../common/sql-error.js'
import type { PlanDependency } from './query-types.js'

export class AccountAccess {
  private known: readonly Account[] | undefined
  private readonly byName = new Map<string, Account>()

  constructor(private readonly catalog: LocalCatalog) {}

  /** The account of a session as it is now. Throws ER_ACCESS_DENIED_ERROR if it was dropped meanwhile. */
  account(name: string): Account {
    if (this.known !== this.catalog.accounts) {
      this.known = this.catalog.accounts
      this.byName.clear()
      for (const account of this.known) this.byName.set(`${account.user}@${account.host}`, account)
    }
    const account = this.byName.get(name)
    if (account === undefined) throw sqlError('ER_ACCESS_DENIED_ERROR', name, '', 'NO')
    return account
  }

  /** Throws ER_TABLEACCESS_DENIED_ERROR for the first object that the account may not use so. */
  check(name: string, dependencies: readonly PlanDependency[]): void {
    const account = this.account(name)
    for (const { privilege, database, name: table, isTemporary } of dependencies) {
      if (!isTemporary) requirePrivilege(account, privilege, database, table)
    }
  }

  checkSetGlobal(name: string): void {
    requireDynamicPrivilege(this.account(name), 'SYSTEM_VARIABLES_ADMIN')
  }
}
