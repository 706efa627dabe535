/**
 * Which roles are active in sessions: after login, and after SET ROLE (MySQL manual 15.7.1.11).
 */
import type { RoleName } from '../catalog/account.js'
import { hasRole, NO_ROLES, quotedRole } from '../catalog/roles.js'
import { sqlError } from '../common/sql-error.js'
import type { AccountName, RoleSelection } from '../plan/syntax/index.js'
import type { AccountAccess } from './account-access.js'

export class SessionRoles {
  constructor(
    private readonly access: AccountAccess,
    /** activate_all_roles_on_login. */
    private readonly activatesAll: () => boolean,
  ) {}

  initial(account: string): readonly RoleName[] {
    return this.selected(account, this.activatesAll() ? { kind: 'all', except: [] } : { kind: 'default' })
  }

  /** Throws ER_ROLE_NOT_GRANTED. */
  selected(name: string, selection: RoleSelection): readonly RoleName[] {
    const account = this.access.account(name)
    const granted = this.access.rolesOf(account)
    const roles = (): readonly RoleName[] => {
      switch (selection.kind) {
        case 'none':
          return []
        case 'default':
          return account.defaultRoles.filter((role) => hasRole(granted, role))
        case 'all': {
          const except = selection.except.map(roleName)
          return granted.filter((role) => !hasRole(except, role))
        }
        case 'list': {
          const wanted = selection.roles.map(roleName)
          const missing = wanted.find((role) => !hasRole(granted, role))
          if (missing === undefined) return wanted
          throw sqlError('ER_ROLE_NOT_GRANTED', quotedRole(missing), quotedRole(account))
        }
      }
    }
    const active = roles()
    return active.length === 0 ? NO_ROLES : active.map(({ user, host }) => ({ user, host }))
  }
}

/** A role without a host is one of any. */
export function roleName({ user, host }: AccountName): RoleName {
  return { user, host: host ?? '%' }
}
