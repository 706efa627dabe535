/** Privileges of administrative statements: a static one, or a dynamic one that stands for a part of it. */
import type { Account } from '../../../catalog/account.js'
import { hasDynamicPrivilege, hasPrivilege, type PrivilegeName } from '../../../catalog/privileges.js'
import { sqlError } from '../../../common/sql-error.js'

/** Throws ER_SPECIFIC_ACCESS_DENIED_ERROR, which names all that would do. */
export function requireAny(account: Account, privilege: PrivilegeName, ...dynamic: readonly string[]): void {
  if (hasPrivilege(account, privilege)) return
  if (dynamic.some((name) => hasDynamicPrivilege(account, name))) return
  throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', [privilege, ...dynamic].join(' or '))
}
