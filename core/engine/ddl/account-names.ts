/** From names in account statements to accounts. */
import { quotedAccount, type Account } from '../../catalog/account.js'
import { hasPrivilege } from '../../catalog/privileges.js'
import { sqlError } from '../../common/sql-error.js'
import { codePointCount } from '../../common/value-text.js'
import type { AccountName } from '../../plan/syntax/index.js'
import type { DefinitionContext } from './definition-context.js'

const USER_LENGTH_MAX = 32
const HOST_LENGTH_MAX = 255

export interface UserAndHost {
  readonly user: string
  readonly host: string
}

/** Throws ER_WRONG_STRING_LENGTH. */
export function accountName(name: AccountName, context: DefinitionContext): UserAndHost {
  if (name.current) return { user: context.account.user, host: context.account.host }
  const host = name.host ?? '%'
  checkLength(name.user, 'user name', USER_LENGTH_MAX)
  checkLength(host, 'host name', HOST_LENGTH_MAX)
  return { user: name.user, host }
}

function checkLength(text: string, what: string, max: number): void {
  if (codePointCount(text) > max) throw sqlError('ER_WRONG_STRING_LENGTH', text, what, max)
}

export function findAccount(name: UserAndHost, context: DefinitionContext): Account | undefined {
  return context.catalog.account(name.user, name.host)
}

export function isCurrent(name: UserAndHost, context: DefinitionContext): boolean {
  return name.user === context.account.user && name.host === context.account.host
}

/** Throws ER_SPECIFIC_ACCESS_DENIED_ERROR. */
export function requireCreateUser(context: DefinitionContext): void {
  if (!hasPrivilege(context.account, 'CREATE USER')) {
    throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', 'CREATE USER')
  }
}

/** ER_CANNOT_USER for those that a statement can't be done for; nothing is done then. */
export function refuse(operation: string, names: readonly UserAndHost[]): void {
  if (names.length === 0) return
  throw sqlError('ER_CANNOT_USER', operation, names.map(quotedAccount).join(','))
}
