/**
 * Tables of the database `mysql` that administration tools read: accounts and their privileges (MySQL manual 8.2.3 "Grant
 * Tables"). They can only be read, by those who may: accounts are changed with account statements.
 */
import { requirePrivilege } from '../../catalog/privileges.js'
import type { Account, Grant, GrantedRole, RoleName } from '../../catalog/account.js'
import { computedTable, type ComputedTable } from './computed-table.js'
import {
  choice,
  longText,
  objectName,
  required,
  text,
  timestamp,
  typed,
  unsignedInt,
} from './listing-columns.js'
import type { ListingColumn, ListingRequest } from './listing.js'
import { JSON_TYPE } from '../../common/sql-type.js'

const DATABASE = 'mysql'
const YES_OR_NO = ['N', 'Y']

function privilegeColumn<Row>(
  name: string,
  privilege: string,
  grantsOf: (row: Row) => readonly Grant[],
): ListingColumn<Row> {
  return required(
    choice(name, YES_OR_NO, (row) =>
      grantsOf(row).some((grant) =>
        privilege === 'GRANT OPTION' ? grant.grantOption : grant.privileges.includes(privilege),
      )
        ? 'Y'
        : 'N',
    ),
  )
}

const GLOBAL_PRIVILEGES: readonly (readonly [string, string])[] = [
  ['Select_priv', 'SELECT'],
  ['Insert_priv', 'INSERT'],
  ['Update_priv', 'UPDATE'],
  ['Delete_priv', 'DELETE'],
  ['Create_priv', 'CREATE'],
  ['Drop_priv', 'DROP'],
  ['Reload_priv', 'RELOAD'],
  ['Shutdown_priv', 'SHUTDOWN'],
  ['Process_priv', 'PROCESS'],
  ['File_priv', 'FILE'],
  ['Grant_priv', 'GRANT OPTION'],
  ['References_priv', 'REFERENCES'],
  ['Index_priv', 'INDEX'],
  ['Alter_priv', 'ALTER'],
  ['Show_db_priv', 'SHOW DATABASES'],
  ['Super_priv', 'SUPER'],
  ['Create_tmp_table_priv', 'CREATE TEMPORARY TABLES'],
  ['Lock_tables_priv', 'LOCK TABLES'],
  ['Execute_priv', 'EXECUTE'],
  ['Repl_slave_priv', 'REPLICATION SLAVE'],
  ['Repl_client_priv', 'REPLICATION CLIENT'],
  ['Create_view_priv', 'CREATE VIEW'],
  ['Show_view_priv', 'SHOW VIEW'],
  ['Create_routine_priv', 'CREATE ROUTINE'],
  ['Alter_routine_priv', 'ALTER ROUTINE'],
  ['Create_user_priv', 'CREATE USER'],
  ['Event_priv', 'EVENT'],
  ['Trigger_priv', 'TRIGGER'],
  ['Create_tablespace_priv', 'CREATE TABLESPACE'],
]

const DATABASE_PRIVILEGES: readonly (readonly [string, string])[] = [
  ['Select_priv', 'SELECT'],
  ['Insert_priv', 'INSERT'],
  ['Update_priv', 'UPDATE'],
  ['Delete_priv', 'DELETE'],
  ['Create_priv', 'CREATE'],
  ['Drop_priv', 'DROP'],
  ['Grant_priv', 'GRANT OPTION'],
  ['References_priv', 'REFERENCES'],
  ['Index_priv', 'INDEX'],
  ['Alter_priv', 'ALTER'],
  ['Create_tmp_table_priv', 'CREATE TEMPORARY TABLES'],
  ['Lock_tables_priv', 'LOCK TABLES'],
  ['Create_view_priv', 'CREATE VIEW'],
  ['Show_view_priv', 'SHOW VIEW'],
  ['Create_routine_priv', 'CREATE ROUTINE'],
  ['Alter_routine_priv', 'ALTER ROUTINE'],
  ['Execute_priv', 'EXECUTE'],
  ['Event_priv', 'EVENT'],
  ['Trigger_priv', 'TRIGGER'],
]

const globalGrants = (account: Account): readonly Grant[] =>
  account.grants.filter((grant) => grant.level === 'global')

const SSL_TYPES = { none: '', ssl: 'ANY', x509: 'X509', specified: 'SPECIFIED' } as const

/** For the privilege on the table itself: whoever reads the grant tables needs SELECT there. */
function readable(request: ListingRequest, table: string): readonly Account[] {
  requirePrivilege(request.account, 'SELECT', DATABASE, table)
  return request.services.catalog.accounts
}

const yesOrNo = (flag: boolean): string => (flag ? 'Y' : 'N')

const user = computedTable<Account>(DATABASE, 'user', {
  columns: [
    required(text('Host', (account) => account.host, 255)),
    required(objectName('User', (account) => account.user)),
    ...GLOBAL_PRIVILEGES.map(([name, privilege]) => privilegeColumn(name, privilege, globalGrants)),
    required(
      choice(
        'ssl_type',
        ['', 'ANY', 'X509', 'SPECIFIED'],
        ({ policy }) => SSL_TYPES[policy.certificate.kind],
      ),
    ),
    required(longText('ssl_cipher', ({ policy }) => policy.certificate.cipher ?? '', 'text')),
    required(longText('x509_issuer', ({ policy }) => policy.certificate.issuer ?? '', 'text')),
    required(longText('x509_subject', ({ policy }) => policy.certificate.subject ?? '', 'text')),
    required(unsignedInt('max_questions', ({ policy }) => policy.maxQueriesPerHour)),
    required(unsignedInt('max_updates', ({ policy }) => policy.maxUpdatesPerHour)),
    required(unsignedInt('max_connections', ({ policy }) => policy.maxConnectionsPerHour)),
    required(unsignedInt('max_user_connections', ({ policy }) => policy.maxUserConnections)),
    required(text('plugin', (account) => account.method)),
    longText('authentication_string', (account) => account.storedHash, 'text'),
    required(choice('password_expired', YES_OR_NO, (account) => yesOrNo(account.passwordExpired))),
    timestamp('password_last_changed', (account) => account.passwordChangedAtMicros),
    unsignedInt('password_lifetime', ({ policy }) => policy.passwordLifetimeDays ?? null),
    required(choice('account_locked', YES_OR_NO, (account) => yesOrNo(account.locked))),
    required(choice('Create_role_priv', YES_OR_NO, (account) => hasGlobal(account, 'CREATE ROLE'))),
    required(choice('Drop_role_priv', YES_OR_NO, (account) => hasGlobal(account, 'DROP ROLE'))),
    unsignedInt('Password_reuse_history', ({ policy }) => policy.passwordHistory ?? null),
    unsignedInt('Password_reuse_time', ({ policy }) => policy.passwordReuseDays ?? null),
    choice('Password_require_current', YES_OR_NO, ({ policy }) =>
      policy.passwordRequireCurrent === undefined ? null : yesOrNo(policy.passwordRequireCurrent),
    ),
    typed('User_attributes', JSON_TYPE, ({ policy }) => policy.attribute ?? null),
  ],
  walk: (request, emit) => {
    readable(request, 'user').forEach(emit)
  },
})

function hasGlobal(account: Account, privilege: string): string {
  return yesOrNo(globalGrants(account).some((grant) => grant.privileges.includes(privilege)))
}

interface GrantRow {
  readonly account: Account
  readonly grant: Grant
}

function walkGrants(table: string, level: Grant['level']) {
  return (request: ListingRequest, emit: (row: GrantRow) => void): void => {
    for (const account of readable(request, table)) {
      for (const grant of account.grants) if (grant.level === level) emit({ account, grant })
    }
  }
}

const db = computedTable<GrantRow>(DATABASE, 'db', {
  columns: [
    required(text('Host', ({ account }) => account.host, 255)),
    required(objectName('Db', ({ grant }) => grant.database)),
    required(objectName('User', ({ account }) => account.user)),
    ...DATABASE_PRIVILEGES.map(([name, privilege]) =>
      privilegeColumn<GrantRow>(name, privilege, ({ grant }) => [grant]),
    ),
  ],
  walk: walkGrants('db', 'database'),
})

interface DynamicGrantRow {
  readonly account: Account
  readonly privilege: string
  readonly grantOption: boolean
}

const globalGrantTable = computedTable<DynamicGrantRow>(DATABASE, 'global_grants', {
  columns: [
    required(objectName('USER', ({ account }) => account.user)),
    required(text('HOST', ({ account }) => account.host, 255)),
    required(text('PRIV', (row) => row.privilege, 32)),
    required(choice('WITH_GRANT_OPTION', YES_OR_NO, (row) => yesOrNo(row.grantOption))),
  ],
  walk: (request, emit) => {
    for (const account of readable(request, 'global_grants')) {
      for (const { name, grantOption } of account.dynamicGrants) {
        emit({ account, privilege: name, grantOption })
      }
    }
  },
})

interface RoleRow {
  readonly account: Account
  readonly role: GrantedRole
}

const roleEdges = computedTable<RoleRow>(DATABASE, 'role_edges', {
  columns: [
    required(text('FROM_HOST', ({ role }) => role.host, 255)),
    required(objectName('FROM_USER', ({ role }) => role.user)),
    required(text('TO_HOST', ({ account }) => account.host, 255)),
    required(objectName('TO_USER', ({ account }) => account.user)),
    required(choice('WITH_ADMIN_OPTION', YES_OR_NO, ({ role }) => yesOrNo(role.adminOption))),
  ],
  walk: (request, emit) => {
    for (const account of readable(request, 'role_edges')) {
      for (const role of account.roles) emit({ account, role })
    }
  },
})

interface DefaultRoleRow {
  readonly account: Account
  readonly role: RoleName
}

const defaultRoles = computedTable<DefaultRoleRow>(DATABASE, 'default_roles', {
  columns: [
    required(text('HOST', ({ account }) => account.host, 255)),
    required(objectName('USER', ({ account }) => account.user)),
    required(text('DEFAULT_ROLE_HOST', ({ role }) => role.host, 255)),
    required(objectName('DEFAULT_ROLE_USER', ({ role }) => role.user)),
  ],
  walk: (request, emit) => {
    for (const account of readable(request, 'default_roles')) {
      for (const role of account.defaultRoles) emit({ account, role })
    }
  },
})

export const MYSQL_TABLES: readonly ComputedTable[] = [db, defaultRoles, globalGrantTable, roleEdges, user]
