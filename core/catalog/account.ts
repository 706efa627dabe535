/**
 * Accounts: who may log in and how, and what they may do (MySQL manual 8.2). Immutable; a change makes a new one.
 */
import { encodeRecord, Fields } from './record-codec.js'

/** Privileges on everything, on a database, or on one table or view. */
export interface Grant {
  readonly level: 'global' | 'database' | 'table'
  /** A name, or for the database level a pattern with `%`, `_` and `\`; empty for the global level. */
  readonly database: string
  /** Empty but for the table level. */
  readonly table: string
  /** Upper case, in the order of `privileges.ts`; empty is USAGE. */
  readonly privileges: readonly string[]
  readonly grantOption: boolean
}

/** A dynamic privilege (manual 8.2.2), always global. */
export interface DynamicGrant {
  readonly name: string
  readonly grantOption: boolean
}

/** A role, which is an account itself. */
export interface RoleName {
  readonly user: string
  readonly host: string
}

export interface GrantedRole extends RoleName {
  /** Whether the account may hand the role on. */
  readonly adminOption: boolean
}

/** REQUIRE: nothing, TLS, a valid certificate, or one with these fields. */
export interface CertificateRule {
  readonly kind: 'none' | 'ssl' | 'x509' | 'specified'
  readonly cipher?: string
  readonly issuer?: string
  readonly subject?: string
}

/** What ALTER USER sets and SHOW CREATE USER shows. Undefined fields follow the server's defaults. */
export interface AccountPolicy {
  readonly certificate: CertificateRule
  /** 0 is no limit. */
  readonly maxQueriesPerHour: number
  readonly maxUpdatesPerHour: number
  readonly maxConnectionsPerHour: number
  readonly maxUserConnections: number
  /** 0 is NEVER. */
  readonly passwordLifetimeDays: number | undefined
  readonly passwordHistory: number | undefined
  readonly passwordReuseDays: number | undefined
  readonly passwordRequireCurrent: boolean | undefined
  readonly failedLoginAttempts: number
  /** -1 is UNBOUNDED. */
  readonly passwordLockDays: number
  /** JSON object text of COMMENT and ATTRIBUTE. */
  readonly attribute: string | undefined
}

export const DEFAULT_POLICY = Object.freeze<AccountPolicy>({
  certificate: { kind: 'none' },
  maxQueriesPerHour: 0,
  maxUpdatesPerHour: 0,
  maxConnectionsPerHour: 0,
  maxUserConnections: 0,
  passwordLifetimeDays: undefined,
  passwordHistory: undefined,
  passwordReuseDays: undefined,
  passwordRequireCurrent: undefined,
  failedLoginAttempts: 0,
  passwordLockDays: 0,
  attribute: undefined,
})

export interface Account {
  /** Empty for the anonymous account. */
  readonly user: string
  readonly host: string
  /** Name of the authentication method. */
  readonly method: string
  /** What the method made of the password; empty for none. */
  readonly storedHash: string
  readonly locked: boolean
  readonly passwordExpired: boolean
  readonly policy: AccountPolicy
  readonly grants: readonly Grant[]
  readonly dynamicGrants: readonly DynamicGrant[]
  readonly roles: readonly GrantedRole[]
  /** Those that are active after login. */
  readonly defaultRoles: readonly RoleName[]
  /** Microseconds since 1970 UTC. */
  readonly passwordChangedAtMicros: number
}

/** `'name'@'host'` as messages and SHOW GRANTS quote it. */
export function quotedAccount(account: { readonly user: string; readonly host: string }): string {
  return `'${account.user}'@'${account.host}'`
}

/** Hosts compare without case, users with. */
export function sameAccount(
  a: { readonly user: string; readonly host: string },
  b: { readonly user: string; readonly host: string },
): boolean {
  return a.user === b.user && a.host.toLowerCase() === b.host.toLowerCase()
}

export function encodeAccount(account: Account): Buffer {
  return encodeRecord({
    ...account,
    policy: { ...account.policy, certificate: { ...account.policy.certificate } },
    grants: account.grants.map((grant) => ({ ...grant })),
    dynamicGrants: account.dynamicGrants.map((grant) => ({ ...grant })),
    roles: account.roles.map((role) => ({ ...role })),
    defaultRoles: account.defaultRoles.map((role) => ({ ...role })),
  })
}

export function decodeAccount(bytes: Buffer): Account {
  const fields = Fields.parse(bytes, 'account')
  return Object.freeze({
    user: fields.text('user'),
    host: fields.text('host'),
    method: fields.text('method'),
    storedHash: fields.text('storedHash'),
    locked: fields.flag('locked'),
    passwordExpired: fields.flag('passwordExpired'),
    policy: decodePolicy(fields.record('policy')),
    grants: fields.records('grants').map(decodeGrant),
    dynamicGrants: fields.records('dynamicGrants').map((grant) => ({
      name: grant.text('name'),
      grantOption: grant.flag('grantOption'),
    })),
    roles: fields
      .records('roles')
      .map((role) => ({ ...decodeRole(role), adminOption: role.flag('adminOption') })),
    defaultRoles: fields.records('defaultRoles').map(decodeRole),
    passwordChangedAtMicros: fields.optionalNumber('passwordChangedAtMicros') ?? 0,
  })
}

function decodeRole(fields: Fields): RoleName {
  return { user: fields.text('user'), host: fields.text('host') }
}

function decodePolicy(fields: Fields): AccountPolicy {
  const requireCurrent = fields.raw('passwordRequireCurrent')
  return Object.freeze({
    certificate: decodeCertificate(fields.record('certificate')),
    maxQueriesPerHour: fields.optionalNumber('maxQueriesPerHour') ?? 0,
    maxUpdatesPerHour: fields.optionalNumber('maxUpdatesPerHour') ?? 0,
    maxConnectionsPerHour: fields.optionalNumber('maxConnectionsPerHour') ?? 0,
    maxUserConnections: fields.optionalNumber('maxUserConnections') ?? 0,
    passwordLifetimeDays: fields.optionalNumber('passwordLifetimeDays'),
    passwordHistory: fields.optionalNumber('passwordHistory'),
    passwordReuseDays: fields.optionalNumber('passwordReuseDays'),
    passwordRequireCurrent: requireCurrent === undefined ? undefined : fields.flag('passwordRequireCurrent'),
    failedLoginAttempts: fields.optionalNumber('failedLoginAttempts') ?? 0,
    passwordLockDays: fields.optionalNumber('passwordLockDays') ?? 0,
    attribute: fields.optionalText('attribute'),
  })
}

function decodeCertificate(fields: Fields): CertificateRule {
  const cipher = fields.optionalText('cipher')
  const issuer = fields.optionalText('issuer')
  const subject = fields.optionalText('subject')
  return {
    kind: fields.oneOf('kind', ['none', 'ssl', 'x509', 'specified']),
    ...(cipher === undefined ? {} : { cipher }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(subject === undefined ? {} : { subject }),
  }
}

function decodeGrant(fields: Fields): Grant {
  return Object.freeze({
    level: fields.oneOf('level', ['global', 'database', 'table']),
    database: fields.text('database'),
    table: fields.text('table'),
    privileges: fields.texts('privileges'),
    grantOption: fields.flag('grantOption'),
  })
}
