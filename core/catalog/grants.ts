/**
 * GRANT and REVOKE on an account's list of grants (MySQL manual 15.7.1.6, 15.7.1.8).
 */
import type { Account, DynamicGrant, Grant } from './account.js'
import { sortedPrivileges } from './privilege-names.js'

/** What is granted or revoked, and on what. */
export interface GrantChange {
  readonly level: Grant['level']
  readonly database: string
  readonly table: string
  readonly privileges: readonly string[]
  readonly dynamic: readonly string[]
  readonly grantOption: boolean
}

export function withGranted(account: Account, change: GrantChange): Account {
  const present = findGrant(account, change)
  const grant: Grant = Object.freeze({
    level: change.level,
    database: change.database,
    table: change.table,
    privileges: sortedPrivileges([...(present?.privileges ?? []), ...change.privileges]),
    grantOption: change.grantOption || present?.grantOption === true,
  })
  const dynamic = new Map(account.dynamicGrants.map((each) => [each.name, each] as const))
  for (const name of change.dynamic) {
    dynamic.set(name, { name, grantOption: change.grantOption || dynamic.get(name)?.grantOption === true })
  }
  return withGrant(account, present, grant, [...dynamic.values()])
}

/** Undefined if the account has no grant on the level: then there is nothing to revoke there. */
export function withRevoked(account: Account, change: GrantChange): Account | undefined {
  const present = findGrant(account, change)
  if (present === undefined && change.level !== 'global') return undefined
  const grant: Grant | undefined =
    present &&
    Object.freeze({
      ...present,
      privileges: present.privileges.filter((name) => !change.privileges.includes(name)),
      grantOption: present.grantOption && !change.grantOption,
    })
  const dynamic = account.dynamicGrants.filter((each) => !change.dynamic.includes(each.name))
  return withGrant(account, present, grant, dynamic)
}

export function withoutGrants(account: Account): Account {
  return Object.freeze({ ...account, grants: [], dynamicGrants: [], roles: [], defaultRoles: [] })
}

function findGrant(account: Account, change: GrantChange): Grant | undefined {
  return account.grants.find(
    (grant) =>
      grant.level === change.level && grant.database === change.database && grant.table === change.table,
  )
}

/** Grants that say nothing are left out. */
function withGrant(
  account: Account,
  present: Grant | undefined,
  grant: Grant | undefined,
  dynamicGrants: readonly DynamicGrant[],
): Account {
  const others = account.grants.filter((each) => each !== present)
  const isEmpty = grant === undefined || (grant.privileges.length === 0 && !grant.grantOption)
  return Object.freeze({ ...account, grants: isEmpty ? others : [...others, grant], dynamicGrants })
}
