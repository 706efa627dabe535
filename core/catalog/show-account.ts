/**
 * SHOW GRANTS and SHOW CREATE USER (MySQL manual 15.7.7.22, 15.7.7.13): statements that make an account what it is.
 */
import type { Account, CertificateRule, Grant } from './account.js'
import { quoted } from './names.js'
import { allPrivileges } from './privilege-names.js'
import { quotedRole } from './roles.js'

/** One GRANT per line: global privileges, dynamic ones, databases, tables, roles. */
export function grantTexts(account: Account): readonly string[] {
  const to = `TO ${quoted(account.user)}@${quoted(account.host)}`
  const global = account.grants.find((grant) => grant.level === 'global')
  const texts = [global === undefined ? `GRANT USAGE ON *.* ${to}` : grantText(global, '*.*', to)]
  for (const grantOption of [true, false]) {
    const dynamic = account.dynamicGrants.filter((grant) => grant.grantOption === grantOption)
    const names = dynamic.map((grant) => grant.name).sort()
    if (names.length > 0) texts.push(`GRANT ${names.join(',')} ON *.* ${to}${optionText(grantOption)}`)
  }
  const grants = account.grants.toSorted((a, b) => order(a.database, b.database) || order(a.table, b.table))
  for (const grant of grants) {
    if (grant.level === 'database') texts.push(grantText(grant, `${quoted(grant.database)}.*`, to))
  }
  for (const grant of grants) {
    if (grant.level === 'table') {
      texts.push(grantText(grant, `${quoted(grant.database)}.${quoted(grant.table)}`, to))
    }
  }
  for (const adminOption of [false, true]) {
    const roles = account.roles.filter((role) => role.adminOption === adminOption)
    const names = roles.map(quotedRole).sort()
    if (names.length > 0)
      texts.push(`GRANT ${names.join(',')} ${to}${adminOption ? ' WITH ADMIN OPTION' : ''}`)
  }
  return texts
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function grantText(grant: Grant, on: string, to: string): string {
  return `GRANT ${privilegeText(grant)} ON ${on} ${to}${optionText(grant.grantOption)}`
}

/** The global level is written out, as new versions may add to it. */
function privilegeText(grant: Grant): string {
  if (grant.privileges.length === 0) return 'USAGE'
  const isAll =
    grant.level !== 'global' && allPrivileges(grant.level).every((name) => grant.privileges.includes(name))
  return isAll ? 'ALL PRIVILEGES' : grant.privileges.join(', ')
}

function optionText(grantOption: boolean): string {
  return grantOption ? ' WITH GRANT OPTION' : ''
}

export function createUserText(account: Account): string {
  const { policy, defaultRoles } = account
  const parts = [
    `CREATE USER ${quoted(account.user)}@${quoted(account.host)}`,
    `IDENTIFIED WITH '${account.method}'${account.storedHash === '' ? '' : ` AS ${literal(account.storedHash)}`}`,
    ...(defaultRoles.length === 0 ? [] : [`DEFAULT ROLE ${defaultRoles.map(quotedRole).sort().join(',')}`]),
    `REQUIRE ${certificateText(policy.certificate)}`,
    ...limitTexts(account),
    `PASSWORD EXPIRE${expiryText(account)}`,
    `ACCOUNT ${account.locked ? 'LOCK' : 'UNLOCK'}`,
    `PASSWORD HISTORY ${String(policy.passwordHistory ?? 'DEFAULT')}`,
    `PASSWORD REUSE INTERVAL ${policy.passwordReuseDays === undefined ? 'DEFAULT' : `${String(policy.passwordReuseDays)} DAY`}`,
    `PASSWORD REQUIRE CURRENT${requireCurrentText(policy.passwordRequireCurrent)}`,
    ...lockTexts(account),
    ...(policy.attribute === undefined ? [] : [`ATTRIBUTE ${literal(policy.attribute)}`]),
  ]
  return parts.join(' ')
}

function certificateText(rule: CertificateRule): string {
  if (rule.kind !== 'specified') return rule.kind.toUpperCase()
  const fields = [
    rule.subject === undefined ? [] : [`SUBJECT ${literal(rule.subject)}`],
    rule.issuer === undefined ? [] : [`ISSUER ${literal(rule.issuer)}`],
    rule.cipher === undefined ? [] : [`CIPHER ${literal(rule.cipher)}`],
  ]
  return fields.flat().join(' ')
}

function limitTexts({ policy }: Account): readonly string[] {
  const limits = [
    ['MAX_QUERIES_PER_HOUR', policy.maxQueriesPerHour],
    ['MAX_UPDATES_PER_HOUR', policy.maxUpdatesPerHour],
    ['MAX_CONNECTIONS_PER_HOUR', policy.maxConnectionsPerHour],
    ['MAX_USER_CONNECTIONS', policy.maxUserConnections],
  ] as const
  const set = limits.filter(([, value]) => value > 0).map(([name, value]) => `${name} ${String(value)}`)
  return set.length === 0 ? [] : [`WITH ${set.join(' ')}`]
}

function expiryText({ passwordExpired, policy }: Account): string {
  if (passwordExpired) return ''
  const days = policy.passwordLifetimeDays
  if (days === undefined) return ' DEFAULT'
  return days === 0 ? ' NEVER' : ` INTERVAL ${String(days)} DAY`
}

function requireCurrentText(required: boolean | undefined): string {
  if (required === undefined) return ' DEFAULT'
  return required ? '' : ' OPTIONAL'
}

function lockTexts({ policy }: Account): readonly string[] {
  const { failedLoginAttempts, passwordLockDays } = policy
  const texts: string[] = []
  if (failedLoginAttempts > 0) texts.push(`FAILED_LOGIN_ATTEMPTS ${String(failedLoginAttempts)}`)
  if (passwordLockDays !== 0) {
    texts.push(`PASSWORD_LOCK_TIME ${passwordLockDays < 0 ? 'UNBOUNDED' : String(passwordLockDays)}`)
  }
  return texts
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
