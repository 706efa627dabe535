/**
 * Accounts of sessions and what they may do, looked up as fast as every statement needs it.
 */
import type { Account, RoleName } from '../catalog/account.js'
import type { LocalCatalog } from '../catalog/local-catalog.js'
import { hasPrivilege, requireDynamicPrivilege, requirePrivilege } from '../catalog/privileges.js'
import { effectiveAccount, hasRole } from '../catalog/roles.js'
import { sqlError } from '../common/sql-error.js'
import type { ThroughView } from './name-resolution.js'
import type { PlanDependency } from './query-types.js'

/** What privileges are asked for. */
export type AccessedObject = Pick<
  PlanDependency,
  'database' | 'name' | 'privilege' | 'isTemporary' | 'through'
>

/** Who does something: an account, with the roles that are active in its session. */
export interface Actor {
  /** 'user@host'. */
  readonly account: string
  readonly activeRoles: readonly RoleName[]
}

interface KnownActor {
  readonly accounts: readonly Account[]
  readonly mandatory: readonly RoleName[]
  readonly account: Account
}

export class AccountAccess {
  /** What actors with roles may do, by their list of roles, which is each session's own. */
  private readonly actors = new WeakMap<readonly RoleName[], KnownActor>()
  private known: readonly Account[] | undefined
  private readonly byName = new Map<string, Account>()

  /** `mandatoryRoles` are those that everybody has; the same list as long as they are the same. */
  constructor(
    private readonly catalog: LocalCatalog,
    readonly mandatoryRoles: () => readonly RoleName[],
  ) {}

  /** The account of a session as it is now. Throws ER_ACCESS_DENIED_ERROR if it was dropped meanwhile. */
  account(name: string): Account {
    const account = this.find(name)
    if (account === undefined) throw sqlError('ER_ACCESS_DENIED_ERROR', name, '', 'NO')
    return account
  }

  /** The account with what its active roles may do, those that were taken from it meanwhile left out. */
  of({ account: name, activeRoles }: Actor): Account {
    const plain = this.account(name)
    if (activeRoles.length === 0) return plain
    const { accounts } = this.catalog
    const known = this.actors.get(activeRoles)
    const mandatory = this.mandatoryRoles()
    if (
      known?.accounts === accounts &&
      known.mandatory === mandatory &&
      known.account.user === plain.user &&
      known.account.host === plain.host
    ) {
      return known.account
    }
    const granted = this.rolesOf(plain)
    const active = activeRoles.filter((role) => hasRole(granted, role))
    const account = effectiveAccount(plain, active, this.findRole)
    this.actors.set(activeRoles, { accounts, mandatory, account })
    return account
  }

  /** The roles that an account may activate. */
  rolesOf(account: Account): readonly RoleName[] {
    const mandatory = this.mandatoryRoles().filter((role) => this.findRole(role) !== undefined)
    return [...account.roles, ...mandatory.filter((role) => !hasRole(account.roles, role))]
  }

  readonly findRole = (role: RoleName): Account | undefined => this.catalog.account(role.user, role.host)

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
  check(actor: Actor, dependencies: readonly AccessedObject[]): void {
    const account = this.of(actor)
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
    if (account !== undefined) return this.of({ account: definer, activeRoles: account.defaultRoles })
    const at = definer.lastIndexOf('@')
    throw sqlError('ER_NO_SUCH_USER', definer.slice(0, at), definer.slice(at + 1))
  }

  checkSetGlobal(actor: Actor): void {
    requireDynamicPrivilege(this.of(actor), 'SYSTEM_VARIABLES_ADMIN')
  }
}
