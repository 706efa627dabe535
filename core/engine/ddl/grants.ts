/**
 * GRANT and REVOKE of privileges on everything, a database, or a table (MySQL manual 15.7.1.6, 15.7.1.8).
 */
import { quotedAccount, type Account } from '../../catalog/account.js'
import { withGranted, withoutGrants, withRevoked, type GrantChange } from '../../catalog/grants.js'
import {
  DYNAMIC_PRIVILEGES,
  allPrivileges,
  isDynamicPrivilege,
  isGrantable,
  isStaticPrivilege,
  type GrantLevel,
} from '../../catalog/privilege-names.js'
import { canGrant } from '../../catalog/privileges.js'
import { sqlError } from '../../common/sql-error.js'
import type {
  AccountName,
  GrantPrivileges,
  Privilege,
  PrivilegeTarget,
  RevokeAll,
  RevokePrivileges,
} from '../../plan/syntax/index.js'
import { accountName, findAccount, requireCreateUser } from './account-names.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { publish } from './publish.js'

export async function grantPrivileges(
  statement: GrantPrivileges,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  if (statement.as !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'GRANT … AS')
  const change = changeOf(statement.privileges, statement.target, statement.grantOption, context)
  requireGrantOption(change, context)
  if (change.level === 'table' && !change.privileges.includes('CREATE')) requireRelation(change, context)
  const accounts = statement.users.map((name) => {
    const account = findAccount(accountName(name, context), context)
    if (account === undefined) throw sqlError('ER_CANT_CREATE_USER_WITH_GRANT')
    return withGranted(account, change)
  })
  await publish(context, { accounts })
  return DONE
}

export async function revokePrivileges(
  statement: RevokePrivileges,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  const change = changeOf(statement.privileges, statement.target, false, context)
  requireGrantOption(change, context)
  const accounts = requireAccounts(statement.users, statement.ignoreUnknownUser, context).flatMap(
    (account) => {
      const changed = withRevoked(account, change)
      if (changed !== undefined) return [changed]
      if (statement.ifExists) return []
      if (change.level !== 'table') throw sqlError('ER_NONEXISTING_GRANT', account.user, account.host)
      throw sqlError('ER_NONEXISTING_TABLE_GRANT', account.user, account.host, change.table)
    },
  )
  if (accounts.length > 0) await publish(context, { accounts })
  return DONE
}

export async function revokeAll(statement: RevokeAll, context: DefinitionContext): Promise<DefinitionResult> {
  requireCreateUser(context)
  const accounts = requireAccounts(statement.users, statement.ignoreUnknownUser, context).map(withoutGrants)
  if (accounts.length > 0) await publish(context, { accounts })
  return DONE
}

function requireAccounts(
  names: readonly AccountName[],
  ignoreUnknown: boolean,
  context: DefinitionContext,
): readonly Account[] {
  return names.flatMap((named) => {
    const name = accountName(named, context)
    const account = findAccount(name, context)
    if (account !== undefined) return [account]
    if (!ignoreUnknown) throw sqlError('ER_NONEXISTING_GRANT', name.user, name.host)
    context.statement.warn('Warning', 'ER_USER_DOES_NOT_EXIST', quotedAccount(name))
    return []
  })
}

// ---- What is granted ------------------------------------------------------------------------------------------

function changeOf(
  privileges: readonly Privilege[],
  target: PrivilegeTarget,
  withGrantOption: boolean,
  context: DefinitionContext,
): GrantChange {
  const object = objectOf(target, context)
  const isAll = privileges.length === 0
  const names = privileges.map((privilege) => {
    if (privilege.columns.length > 0) throw sqlError('ER_NOT_SUPPORTED_YET', 'column privileges')
    checkLevel(privilege.name, object.level)
    return privilege.name
  })
  return {
    ...object,
    privileges: isAll ? allPrivileges(object.level) : names.filter(isStaticPrivilege),
    dynamic: isAll && object.level === 'global' ? DYNAMIC_PRIVILEGES : names.filter(isDynamicPrivilege),
    grantOption: withGrantOption || names.includes('GRANT OPTION'),
  }
}

function objectOf(
  target: PrivilegeTarget,
  context: DefinitionContext,
): Pick<GrantChange, 'level' | 'database' | 'table'> {
  if (target.objectType !== 'table') throw sqlError('ER_NOT_SUPPORTED_YET', 'privileges on stored routines')
  if (target.level === 'global') return { level: 'global', database: '', table: '' }
  const database = target.database ?? context.database
  if (database === undefined) throw sqlError('ER_NO_DB_ERROR')
  if (target.level === 'object') return { level: 'table', database, table: target.name ?? '' }
  return { level: 'database', database, table: '' }
}

/** Throws what MySQL says of a privilege that can't be granted on the level. */
function checkLevel(name: string, level: GrantLevel): void {
  if (name === 'USAGE' || name === 'GRANT OPTION' || isGrantable(name, level)) return
  if (isStaticPrivilege(name)) {
    if (level === 'table') throw sqlError('ER_ILLEGAL_GRANT_FOR_TABLE')
    throw sqlError('ER_WRONG_USAGE', 'DB GRANT', 'GLOBAL PRIVILEGES')
  }
  if (!isDynamicPrivilege(name)) throw sqlError('ER_DYNAMIC_PRIVILEGE_NOT_REGISTERED', name)
  if (level !== 'global') throw sqlError('ER_SYNTAX_DYNAMIC_PRIVILEGE', name)
}

/** Only what one may hand on. */
function requireGrantOption(change: GrantChange, context: DefinitionContext): void {
  const { account } = context
  const database = change.level === 'global' ? undefined : change.database
  const table = change.level === 'table' ? change.table : undefined
  const mayGrant =
    change.privileges.every((name) => canGrant(account, name, database, table)) &&
    change.dynamic.every((name) => {
      return account.dynamicGrants.some((grant) => grant.name === name && grant.grantOption)
    }) &&
    (change.privileges.length + change.dynamic.length > 0 || canGrant(account, '', database, table))
  if (mayGrant) return
  if (database === undefined) throw sqlError('ER_ACCESS_DENIED_ERROR', account.user, account.host, 'YES')
  if (table === undefined) throw sqlError('ER_DBACCESS_DENIED_ERROR', account.user, account.host, database)
  throw sqlError('ER_TABLEACCESS_DENIED_ERROR', 'GRANT', account.user, account.host, table)
}

function requireRelation(change: GrantChange, context: DefinitionContext): void {
  if (context.catalog.relation(change.database, change.table) !== undefined) return
  throw sqlError('ER_NO_SUCH_TABLE', change.database, change.table)
}
