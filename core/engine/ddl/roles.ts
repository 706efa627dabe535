/**
 * CREATE ROLE, DROP ROLE, GRANT and REVOKE of roles, SET DEFAULT ROLE (MySQL manual 15.7.1.2, .4, .6, .8, .9). A role is an account
 * that nobody can log in to.
 */
import { quotedAccount, sameAccount, type Account, type RoleName } from '../../catalog/account.js'
import { hasDynamicPrivilege, hasPrivilege } from '../../catalog/privileges.js'
import {
  hasRole,
  quotedRole,
  reachableRoles,
  withDefaultRoles,
  withoutRoles,
  withRole,
  type AccountFinder,
} from '../../catalog/roles.js'
import { sqlError } from '../../common/sql-error.js'
import type {
  AccountName,
  CreateRole,
  DropRole,
  GrantRoles,
  RevokeRoles,
  RoleSelection,
  SetDefaultRole,
} from '../../plan/syntax/index.js'
import { accountName, findAccount, isCurrent, refuse, requireCreateUser } from './account-names.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { newAccount } from './new-account.js'
import { publish } from './publish.js'

export async function createRole(
  statement: CreateRole,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  requireRolePrivilege('CREATE ROLE', context)
  const names = statement.roles.map((role) => accountName(role, context))
  const present = names.filter((name) => findAccount(name, context) !== undefined)
  if (!statement.ifNotExists) refuse('CREATE ROLE', present)
  for (const name of present) context.statement.warn('Note', 'ER_USER_ALREADY_EXISTS', quotedAccount(name))
  const method = context.defaultAuthenticationMethod
  const accounts = names
    .filter((name) => !present.includes(name))
    .map((name): Account => ({
      ...newAccount(name, { method, storedHash: '', generated: undefined }, context),
      locked: true,
      passwordExpired: true,
    }))
  if (accounts.length > 0) await publish(context, { accounts })
  return DONE
}

export async function dropRole(statement: DropRole, context: DefinitionContext): Promise<DefinitionResult> {
  requireRolePrivilege('DROP ROLE', context)
  const names = statement.roles.map((role) => accountName(role, context))
  refuseMandatory(names, context)
  const missing = names.filter((name) => findAccount(name, context) === undefined)
  if (!statement.ifExists) refuse('DROP ROLE', missing)
  for (const name of missing) context.statement.warn('Note', 'ER_USER_DOES_NOT_EXIST', quotedAccount(name))
  const dropped = names.filter((name) => !missing.includes(name))
  if (dropped.length > 0) await dropAccounts(dropped, context)
  return DONE
}

/** Accounts that were granted the dropped ones lose them. */
export async function dropAccounts(dropped: readonly RoleName[], context: DefinitionContext): Promise<void> {
  const accounts = context.catalog.accounts
    .filter((account) => !hasRole(dropped, account))
    .filter(({ roles, defaultRoles }) => [...roles, ...defaultRoles].some((role) => hasRole(dropped, role)))
    .map((account) => withoutRoles(account, dropped))
  await publish(context, { accounts, droppedAccounts: dropped })
}

export async function grantRoles(
  statement: GrantRoles,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  const roles = statement.roles.map((role) => accountName(role, context))
  requireAdminOption(roles, context)
  const accounts = new Map<string, Account>()
  const find: AccountFinder = (name) => accounts.get(quotedRole(name)) ?? findAccount(name, context)
  for (const user of statement.users) {
    const name = accountName(user, context)
    let account = requireAccount(name, find)
    for (const role of roles) {
      const granted = requireAccount(role, find)
      if (sameAccount(role, account) || hasRole(reachableRoles(granted.roles, find), account)) {
        throw sqlError('ER_ROLE_GRANTED_TO_ITSELF', quotedRole(account), quotedRole(role))
      }
      account = withRole(account, role, statement.adminOption)
    }
    accounts.set(quotedRole(account), account)
  }
  await publish(context, { accounts: [...accounts.values()] })
  return DONE
}

export async function revokeRoles(
  statement: RevokeRoles,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  const roles = statement.roles.map((role) => accountName(role, context))
  requireAdminOption(roles, context)
  refuseMandatory(roles, context)
  const known = roles.filter((role) => isKnown(role, statement.ifExists, context))
  const users = statement.users
    .map((user) => accountName(user, context))
    .filter((user) => isKnown(user, statement.ignoreUnknownUser, context))
  const accounts = users.map((user) =>
    withoutRoles(
      requireAccount(user, (name) => findAccount(name, context)),
      known,
    ),
  )
  if (accounts.length > 0) await publish(context, { accounts })
  return DONE
}

function isKnown(name: RoleName, ignoresUnknown: boolean, context: DefinitionContext): boolean {
  if (findAccount(name, context) !== undefined) return true
  if (!ignoresUnknown) throw sqlError('ER_UNKNOWN_AUTHID', quotedRole(name))
  context.statement.warn('Warning', 'ER_UNKNOWN_AUTHID', quotedRole(name))
  return false
}

export async function setDefaultRole(
  statement: SetDefaultRole,
  context: DefinitionContext,
): Promise<DefinitionResult> {
  const accounts = statement.users.map((user) => {
    const name = accountName(user, context)
    if (!isCurrent(name, context)) requireCreateUser(context)
    const account = requireAccount(name, (each) => findAccount(each, context))
    return withSelectedDefaults(account, statement.roles, context)
  })
  await publish(context, { accounts })
  return DONE
}

/** The account with those of its roles as default that the selection names. Throws ER_ROLE_NOT_GRANTED. */
export function withSelectedDefaults(
  account: Account,
  selection: RoleSelection,
  context: DefinitionContext,
): Account {
  const granted = [...account.roles, ...context.mandatoryRoles()]
  switch (selection.kind) {
    case 'none':
    case 'default':
      return withDefaultRoles(account, [])
    case 'all':
      return withDefaultRoles(account, granted)
    case 'list': {
      const roles = selection.roles.map((role) => accountName(role, context))
      const missing = roles.find((role) => !hasRole(granted, role))
      if (missing === undefined) return withDefaultRoles(account, roles)
      throw sqlError('ER_ROLE_NOT_GRANTED', quotedRole(missing), quotedRole(account))
    }
  }
}

/** CREATE USER … DEFAULT ROLE grants the roles too. Throws ER_UNKNOWN_AUTHID. */
export function withGrantedDefaults(
  account: Account,
  named: readonly AccountName[],
  context: DefinitionContext,
): Account {
  const roles = named.map((role) => accountName(role, context))
  let changed = account
  for (const role of roles) {
    requireAccount(role, (name) => findAccount(name, context))
    changed = withRole(changed, role, false)
  }
  return withDefaultRoles(changed, roles)
}

// ---- Who may --------------------------------------------------------------------------------------------------

function requireRolePrivilege(privilege: 'CREATE ROLE' | 'DROP ROLE', { account }: DefinitionContext): void {
  if (hasPrivilege(account, privilege) || hasPrivilege(account, 'CREATE USER')) return
  throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', `${privilege} or CREATE USER`)
}

/** To hand a role on, or to take it back, one has it WITH ADMIN OPTION, or may do so with all of them. */
function requireAdminOption(roles: readonly RoleName[], context: DefinitionContext): void {
  const { account } = context
  if (hasDynamicPrivilege(account, 'ROLE_ADMIN')) return
  const own = [account, ...reachableRoles(context.activeRoles, (role) => findAccount(role, context))]
  const mayAll = roles.every((role) =>
    own.some((each) => each.roles.some((granted) => granted.adminOption && sameAccount(granted, role))),
  )
  if (!mayAll) throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', 'WITH ADMIN, ROLE_ADMIN, SUPER')
}

function refuseMandatory(roles: readonly RoleName[], context: DefinitionContext): void {
  const mandatory = roles.find((role) => hasRole(context.mandatoryRoles(), role))
  if (mandatory !== undefined) throw sqlError('ER_MANDATORY_ROLE', quotedRole(mandatory))
}

function requireAccount(name: RoleName, find: AccountFinder): Account {
  const account = find(name)
  if (account === undefined) throw sqlError('ER_UNKNOWN_AUTHID', quotedRole(name))
  return account
}
