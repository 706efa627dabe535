/**
 * Accounts of sessions and what they may do, looked up as fast as every statement needs it.
 */
import type { Account } from '../catalog/account.js'
import type { LocalCatalog } from '../catalog/local-catalog.js'
import { hasPrivilege, requireDynamicPrivilege, requirePrivilege } from '../catalog/privileges.js'
import { sqlError } from '../common/sql-error.js'
import type { ThroughView } from './name-resolution.js'
import type { PlanDependency } from './query-types.js'

/** What privileges are asked for. */
export type AccessedObject = Pick<
  PlanDependency,
  'database' | 'name' | 'privilege' | 'isTemporary' | 'through'
>

export class AccountAccess {
  private known: readonly Account[] | undefined
  private readonly byName = new Map<string, Account>()

  constructor(private readonly catalog: LocalCatalog) {}

  /** The account of a session as it is now. Throws ER_ACCESS_DENIED_ERROR if it was dropped meanwhile. */
  account(name: string): Account {
    const account = this.find(name)
    if (account === undefined) throw sqlError('ER_ACCESS_DENIED_ERROR', name, '', 'NO')
    return account
  }

  private find(name: string): Account | undefined {
    if (this.known !== this.catalog.accounts) {
      this.known = this.catalog.accounts
      this.byName.clear()
      for (const account of this.known) this.byName.set(`${account.user}@${account.host}`, account)
    }
    return this.byName.get(name)
  }

  /**
   * Throws ER_TABLEACCESS_DENIED_ERROR for the first object that the account may not use so. For what lies behind views, whose
   * names are nobody's business, ER_VIEW_INVALID; ER_NO_SUCH_USER for a definer that is gone.
   */
  check(name: string, dependencies: readonly AccessedObject[]): void {
    const account = this.account(name)
    for (const dependency of dependencies) {
      if (dependency.isTemporary) continue
      const { privilege, database, name: table, through } = dependency
      if (through === undefined) requirePrivilege(account, privilege, database, table)
      else if (!hasPrivilege(this.readerOf(through, account), privilege, database, table)) {
        throw sqlError('ER_VIEW_INVALID', through.view.database, through.view.name)
      }
    }
  }

  /** In whose name a view reads. */
  private readerOf({ definer }: ThroughView, invoker: Account): Account {
    if (definer === undefined) return invoker
    const account = this.find(definer)
    if (account !== undefined) return account
    const at = definer.lastIndexOf('@')
    throw sqlError('ER_NO_SUCH_USER', definer.slice(0, at), definer.slice(at + 1))
  }

  checkSetGlobal(name: string): void {
    requireDynamicPrivilege(this.account(name), 'SYSTEM_VARIABLES_ADMIN')
  }
}
