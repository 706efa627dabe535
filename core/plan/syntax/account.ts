import type { SyntaxNode } from './node.js'

/** Accounts, roles and privileges (manual, 15.7.1). */
export type AccountStatement =
  | CreateUser
  | AlterUser
  | DropUser
  | RenameUser
  | CreateRole
  | DropRole
  | GrantPrivileges
  | GrantRoles
  | GrantProxy
  | RevokePrivileges
  | RevokeRoles
  | RevokeProxy
  | RevokeAll
  | SetPassword
  | SetRole
  | SetDefaultRole

/** `'user'@'host'`, a role, or CURRENT_USER. */
export interface AccountName extends SyntaxNode {
  /** Empty for CURRENT_USER. */
  readonly user: string
  /** Undefined where left out, which means `%`. */
  readonly host: string | undefined
  /** CURRENT_USER and USER(). */
  readonly current: boolean
}

/** How one factor of an account authenticates: IDENTIFIED … */
export interface AuthenticationClause extends SyntaxNode {
  /** WITH plugin. */
  readonly plugin: string | undefined
  /** BY 'password'. Secret: mask it wherever statements appear. */
  readonly password: string | undefined
  /** AS 'hash', as a byte string. */
  readonly hash: string | undefined
  /** BY RANDOM PASSWORD. */
  readonly random: boolean
  /** REPLACE 'current password'. */
  readonly replace: string | undefined
  readonly retainCurrentPassword: boolean
  readonly discardOldPassword: boolean
}

export interface UserSpecification extends SyntaxNode {
  readonly account: AccountName
  /** First factor, then AND IDENTIFIED … for the others. */
  readonly authentication: readonly AuthenticationClause[]
  /** ALTER USER … ADD | MODIFY | DROP n FACTOR, and registration steps. */
  readonly factorChanges: readonly FactorChange[]
}

export interface FactorChange extends SyntaxNode {
  readonly action: 'add' | 'modify' | 'drop' | 'initiateRegistration' | 'finishRegistration' | 'unregister'
  readonly factor: number
  readonly authentication: AuthenticationClause | undefined
}

export interface UserOptions {
  /** `none`, `ssl`, `x509` or the required certificate fields. */
  readonly require?: 'none' | 'ssl' | 'x509' | CertificateRequirement
  readonly maxQueriesPerHour?: number
  readonly maxUpdatesPerHour?: number
  readonly maxConnectionsPerHour?: number
  readonly maxUserConnections?: number
  /** PASSWORD EXPIRE: at once, never, after days, or by default. */
  readonly passwordExpire?: 'now' | 'never' | 'default' | { readonly days: number }
  readonly passwordHistory?: number | 'default'
  readonly passwordReuseDays?: number | 'default'
  readonly passwordRequireCurrent?: 'default' | 'optional' | 'required'
  readonly failedLoginAttempts?: number
  readonly passwordLockDays?: number | 'unbounded'
  readonly locked?: boolean
  readonly comment?: string
  readonly attribute?: string
}

export interface CertificateRequirement {
  readonly cipher?: string
  readonly issuer?: string
  readonly subject?: string
}

export interface CreateUser extends SyntaxNode {
  readonly kind: 'createUser'
  readonly ifNotExists: boolean
  readonly users: readonly UserSpecification[]
  readonly defaultRoles: readonly AccountName[]
  readonly options: UserOptions
}

export interface AlterUser extends SyntaxNode {
  readonly kind: 'alterUser'
  readonly ifExists: boolean
  readonly users: readonly UserSpecification[]
  /** ALTER USER u DEFAULT ROLE …; undefined where not given. */
  readonly defaultRole: RoleSelection | undefined
  readonly options: UserOptions
}

export interface DropUser extends SyntaxNode {
  readonly kind: 'dropUser'
  readonly ifExists: boolean
  readonly users: readonly AccountName[]
}

export interface RenameUser extends SyntaxNode {
  readonly kind: 'renameUser'
  readonly renames: readonly { readonly from: AccountName; readonly to: AccountName }[]
}

export interface CreateRole extends SyntaxNode {
  readonly kind: 'createRole'
  readonly ifNotExists: boolean
  readonly roles: readonly AccountName[]
}

export interface DropRole extends SyntaxNode {
  readonly kind: 'dropRole'
  readonly ifExists: boolean
  readonly roles: readonly AccountName[]
}

/** One privilege, upper case with single spaces (`SELECT`, `CREATE TEMPORARY TABLES`, `BACKUP_ADMIN`). */
export interface Privilege extends SyntaxNode {
  readonly name: string
  readonly columns: readonly string[]
}

/** What privileges are granted on. */
export interface PrivilegeTarget extends SyntaxNode {
  readonly objectType: 'table' | 'function' | 'procedure'
  /** `global` *.*, `database` d.*, `defaultDatabase` *, `object` [d.]name. */
  readonly level: 'global' | 'database' | 'defaultDatabase' | 'object'
  readonly database: string | undefined
  readonly name: string | undefined
}

export interface GrantPrivileges extends SyntaxNode {
  readonly kind: 'grantPrivileges'
  /** Empty is ALL [PRIVILEGES]. */
  readonly privileges: readonly Privilege[]
  readonly target: PrivilegeTarget
  readonly users: readonly AccountName[]
  readonly grantOption: boolean
  /** AS user [WITH ROLE …]. */
  readonly as: AccountName | undefined
  readonly asRole: RoleSelection | undefined
}

export interface GrantRoles extends SyntaxNode {
  readonly kind: 'grantRoles'
  readonly roles: readonly AccountName[]
  readonly users: readonly AccountName[]
  readonly adminOption: boolean
}

export interface GrantProxy extends SyntaxNode {
  readonly kind: 'grantProxy'
  readonly account: AccountName
  readonly users: readonly AccountName[]
  readonly grantOption: boolean
}

export interface RevokePrivileges extends SyntaxNode {
  readonly kind: 'revokePrivileges'
  readonly ifExists: boolean
  readonly ignoreUnknownUser: boolean
  /** Empty is ALL [PRIVILEGES] on the target. */
  readonly privileges: readonly Privilege[]
  readonly target: PrivilegeTarget
  readonly users: readonly AccountName[]
}

export interface RevokeRoles extends SyntaxNode {
  readonly kind: 'revokeRoles'
  readonly ifExists: boolean
  readonly ignoreUnknownUser: boolean
  readonly roles: readonly AccountName[]
  readonly users: readonly AccountName[]
}

export interface RevokeProxy extends SyntaxNode {
  readonly kind: 'revokeProxy'
  readonly ifExists: boolean
  readonly ignoreUnknownUser: boolean
  readonly account: AccountName
  readonly users: readonly AccountName[]
}

/** REVOKE ALL PRIVILEGES, GRANT OPTION FROM … */
export interface RevokeAll extends SyntaxNode {
  readonly kind: 'revokeAll'
  readonly ifExists: boolean
  readonly ignoreUnknownUser: boolean
  readonly users: readonly AccountName[]
}

export interface SetPassword extends SyntaxNode {
  readonly kind: 'setPassword'
  /** Undefined is the current user. */
  readonly account: AccountName | undefined
  /** Undefined is TO RANDOM. Secret. */
  readonly password: string | undefined
  readonly replace: string | undefined
  readonly retainCurrentPassword: boolean
}

export type RoleSelection =
  | { readonly kind: 'default' }
  | { readonly kind: 'none' }
  | { readonly kind: 'all'; readonly except: readonly AccountName[] }
  | { readonly kind: 'list'; readonly roles: readonly AccountName[] }

export interface SetRole extends SyntaxNode {
  readonly kind: 'setRole'
  readonly roles: RoleSelection
}

export interface SetDefaultRole extends SyntaxNode {
  readonly kind: 'setDefaultRole'
  readonly roles: RoleSelection
  readonly users: readonly AccountName[]
}
