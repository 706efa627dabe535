/**
 * Roles (MySQL manual 8.2.10): accounts that are granted to accounts. What a role may do counts for a session in which it is
 * active; roles that are granted to an active role are active with it.
 */
import type { Account, DynamicGrant, GrantedRole, RoleName } from './account.js'
import { sameAccount } from './account.js'
import { withGranted } from './grants.js'
import { quoted } from './names.js'

/** No role is active; one object, so that sessions without roles are told at a glance. */
export const NO_ROLES: readonly RoleName[] = Object.freeze([])

/** Finds accounts by name, as of one moment. */
export type AccountFinder = (role: RoleName) => Account | undefined

/** `` `role`@`host` ``, as CURRENT_ROLE() and messages show it. */
export function quotedRole({ user, host }: RoleName): string {
  return `${quoted(user)}@${quoted(host)}`
}

/** What CURRENT_ROLE() answers. */
export function rolesText(roles: readonly RoleName[]): string {
  return roles.length === 0 ? 'NONE' : roles.map(quotedRole).sort().join(',')
}

/** mandatory_roles: names, quoted or not, between commas; a name alone means any host. */
export function parseRoles(text: string): readonly RoleName[] {
  const name = String.raw`(?:\x60((?:[^\x60]|\x60\x60)*)\x60|'((?:[^'\\]|'')*)'|([^\s,@\x60']+))`
  const roles: RoleName[] = []
  for (const match of text.matchAll(new RegExp(`${name}(?:\\s*@\\s*${name})?`, 'g'))) {
    const [, ...parts] = match
    const user = unquoted(parts.slice(0, 3))
    if (user !== undefined) roles.push({ user, host: unquoted(parts.slice(3)) ?? '%' })
  }
  return roles
}

function unquoted([backticks, apostrophes, plain]: readonly (string | undefined)[]): string | undefined {
  return backticks?.replaceAll('``', '`') ?? apostrophes?.replaceAll("''", "'") ?? plain
}

export function hasRole(roles: readonly RoleName[], role: RoleName): boolean {
  return roles.some((each) => sameAccount(each, role))
}

/** The account with a role granted to it, or with WITH ADMIN OPTION added. */
export function withRole(account: Account, role: RoleName, adminOption: boolean): Account {
  const present = account.roles.find((each) => sameAccount(each, role))
  const others = account.roles.filter((each) => each !== present)
  const granted: GrantedRole = { ...role, adminOption: adminOption || present?.adminOption === true }
  return Object.freeze({ ...account, roles: [...others, granted] })
}

/** The account without roles that it may have been granted. */
export function withoutRoles(account: Account, roles: readonly RoleName[]): Account {
  return Object.freeze({
    ...account,
    roles: account.roles.filter((each) => !hasRole(roles, each)),
    defaultRoles: account.defaultRoles.filter((each) => !hasRole(roles, each)),
  })
}

export function withDefaultRoles(account: Account, roles: readonly RoleName[]): Account {
  return Object.freeze({ ...account, defaultRoles: roles.map(({ user, host }) => ({ user, host })) })
}

/** The accounts that know a role by a name that it no longer has, as they are with its new one. */
export function withRoleRenamed(account: Account, from: RoleName, to: RoleName): Account {
  const renamed = <T extends RoleName>(role: T): T => (sameAccount(role, from) ? { ...role, ...to } : role)
  return Object.freeze({
    ...account,
    roles: account.roles.map(renamed),
    defaultRoles: account.defaultRoles.map(renamed),
  })
}

/** The roles, and those that are granted to them, and so on. Roles that are gone are left out. */
export function reachableRoles(roles: readonly RoleName[], find: AccountFinder): readonly Account[] {
  const reached: Account[] = []
  const waiting = [...roles]
  for (let role = waiting.shift(); role !== undefined; role = waiting.shift()) {
    const account = find(role)
    if (account === undefined || hasRole(reached, account)) continue
    reached.push(account)
    waiting.push(...account.roles)
  }
  return reached
}

/** The account with what its active roles may do. */
export function effectiveAccount(
  account: Account,
  active: readonly RoleName[],
  find: AccountFinder,
): Account {
  let effective = account
  for (const role of reachableRoles(active, find)) {
    for (const grant of role.grants) effective = withGranted(effective, { ...grant, dynamic: [] })
    effective = { ...effective, dynamicGrants: withDynamic(effective.dynamicGrants, role.dynamicGrants) }
  }
  return effective
}

function withDynamic(
  present: readonly DynamicGrant[],
  added: readonly DynamicGrant[],
): readonly DynamicGrant[] {
  const all = new Map(present.map((grant) => [grant.name, grant] as const))
  for (const { name, grantOption } of added) {
    all.set(name, { name, grantOption: grantOption || all.get(name)?.grantOption === true })
  }
  return [...all.values()]
}
