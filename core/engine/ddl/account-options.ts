/**
 * Options of CREATE USER and ALTER USER: TLS, limits, password rules, locks, comments (MySQL manual 15.7.1.3).
 */
import type { Account, AccountPolicy, CertificateRule } from '../../catalog/account.js'
import { parseJson, printJson } from '../../common/json.js'
import { sqlError } from '../../common/sql-error.js'
import type { UserOptions } from '../../plan/syntax/index.js'

export function withOptions(account: Account, options: UserOptions): Account {
  const policy = withPolicy(account.policy, options)
  const { passwordExpire } = options
  return Object.freeze({
    ...account,
    policy,
    locked: options.locked ?? account.locked,
    passwordExpired: passwordExpire === undefined ? account.passwordExpired : passwordExpire === 'now',
  })
}

function withPolicy(policy: AccountPolicy, options: UserOptions): AccountPolicy {
  return Object.freeze({
    certificate: options.require === undefined ? policy.certificate : certificateRule(options.require),
    maxQueriesPerHour: options.maxQueriesPerHour ?? policy.maxQueriesPerHour,
    maxUpdatesPerHour: options.maxUpdatesPerHour ?? policy.maxUpdatesPerHour,
    maxConnectionsPerHour: options.maxConnectionsPerHour ?? policy.maxConnectionsPerHour,
    maxUserConnections: options.maxUserConnections ?? policy.maxUserConnections,
    passwordLifetimeDays: lifetimeDays(policy, options),
    passwordHistory: orDefault(options.passwordHistory, policy.passwordHistory),
    passwordReuseDays: orDefault(options.passwordReuseDays, policy.passwordReuseDays),
    passwordRequireCurrent: requireCurrent(policy, options),
    failedLoginAttempts: options.failedLoginAttempts ?? policy.failedLoginAttempts,
    passwordLockDays:
      options.passwordLockDays === 'unbounded' ? -1 : (options.passwordLockDays ?? policy.passwordLockDays),
    attribute: withAttribute(policy.attribute, options),
  })
}

function orDefault(option: number | 'default' | undefined, present: number | undefined): number | undefined {
  if (option === undefined) return present
  return option === 'default' ? undefined : option
}

function lifetimeDays(policy: AccountPolicy, { passwordExpire }: UserOptions): number | undefined {
  if (passwordExpire === undefined || passwordExpire === 'now') return policy.passwordLifetimeDays
  if (passwordExpire === 'default') return undefined
  return passwordExpire === 'never' ? 0 : passwordExpire.days
}

function requireCurrent(policy: AccountPolicy, options: UserOptions): boolean | undefined {
  switch (options.passwordRequireCurrent) {
    case undefined:
      return policy.passwordRequireCurrent
    case 'default':
      return undefined
    case 'optional':
      return false
    case 'required':
      return true
  }
}

function certificateRule(require: NonNullable<UserOptions['require']>): CertificateRule {
  return typeof require === 'string' ? { kind: require } : { kind: 'specified', ...require }
}

/** COMMENT is the member `comment` of the attribute object. Throws ER_INVALID_USER_ATTRIBUTE_JSON. */
function withAttribute(present: string | undefined, options: UserOptions): string | undefined {
  const { comment, attribute } = options
  const text = attribute ?? (comment === undefined ? undefined : JSON.stringify({ comment }))
  if (text === undefined) return present
  const parsed = parseJson(text)
  if (!('node' in parsed)) {
    throw sqlError('ER_INVALID_USER_ATTRIBUTE_JSON', parsed.reason, parsed.position, text)
  }
  const added = JSON.parse(text) as unknown
  if (typeof added !== 'object' || added === null || Array.isArray(added)) {
    throw sqlError('ER_INVALID_USER_ATTRIBUTE_JSON', 'not an object', 0, text)
  }
  const merged = { ...(JSON.parse(present ?? '{}') as object), ...added }
  const normalised = parseJson(JSON.stringify(merged))
  return 'node' in normalised ? printJson(normalised.node) : text
}
