/**
 * What accounts may do, in information_schema: USER_PRIVILEGES, SCHEMA_PRIVILEGES, TABLE_PRIVILEGES, COLUMN_PRIVILEGES, and
 * USER_ATTRIBUTES (MySQL manual 28.3.47, 28.3.33, 28.3.43, 28.3.10, 28.3.46). Accounts see themselves; who may read the
 * database `mysql` sees all.
 */
import { quotedAccount, sameAccount, type Account, type Grant } from '../../../catalog/account.js'
import { hasPrivilege } from '../../../catalog/privileges.js'
import { computedTable } from '../computed-table.js'
import { longText, objectName, required, text } from '../listing-columns.js'
import { nothing, type ListingColumn, type ListingRequest } from '../listing.js'

interface PrivilegeRow {
  readonly account: Account
  readonly database: string
  readonly table: string
  readonly privilege: string
  readonly isGrantable: boolean
}

/** Accounts whose privileges the asker may know. */
export function visibleAccounts({ services, account }: ListingRequest): readonly Account[] {
  const { accounts } = services.catalog
  if (hasPrivilege(account, 'SELECT', 'mysql', 'user')) return accounts
  return accounts.filter((each) => sameAccount(each, account))
}

function rowsOfGrant(account: Account, grant: Grant): readonly PrivilegeRow[] {
  const privileges = grant.privileges.length === 0 ? ['USAGE'] : grant.privileges
  return privileges.map((privilege) => ({
    account,
    database: grant.database,
    table: grant.table,
    privilege,
    isGrantable: grant.grantOption,
  }))
}

function globalRows(account: Account): readonly PrivilegeRow[] {
  const grants = account.grants.filter((grant) => grant.level === 'global')
  const fallback: Grant = { level: 'global', database: '', table: '', privileges: [], grantOption: false }
  return [
    ...(grants.length === 0 ? [fallback] : grants).flatMap((grant) => rowsOfGrant(account, grant)),
    ...account.dynamicGrants.map((grant) => ({
      account,
      database: '',
      table: '',
      privilege: grant.name,
      isGrantable: grant.grantOption,
    })),
  ]
}

function levelWalk(level: 'database' | 'table') {
  return (request: ListingRequest, emit: (row: PrivilegeRow) => void): void => {
    for (const account of visibleAccounts(request)) {
      for (const grant of account.grants) {
        if (grant.level === level) rowsOfGrant(account, grant).forEach(emit)
      }
    }
  }
}

const GRANTEE: ListingColumn<PrivilegeRow> = required(
  text('GRANTEE', ({ account }) => quotedAccount(account), 292),
)
const CATALOG: ListingColumn<PrivilegeRow> = required(text('TABLE_CATALOG', () => 'def', 512))
const SCHEMA: ListingColumn<PrivilegeRow> = required(objectName('TABLE_SCHEMA', (row) => row.database))
const TABLE: ListingColumn<PrivilegeRow> = required(objectName('TABLE_NAME', (row) => row.table))
const PRIVILEGE: ListingColumn<PrivilegeRow> = required(text('PRIVILEGE_TYPE', (row) => row.privilege))
const GRANTABLE: ListingColumn<PrivilegeRow> = required(
  text('IS_GRANTABLE', (row) => (row.isGrantable ? 'YES' : 'NO'), 3),
)

export const USER_PRIVILEGES = computedTable('information_schema', 'USER_PRIVILEGES', {
  columns: [GRANTEE, CATALOG, PRIVILEGE, GRANTABLE],
  walk: (request: ListingRequest, emit: (row: PrivilegeRow) => void) => {
    for (const account of visibleAccounts(request)) globalRows(account).forEach(emit)
  },
})

export const SCHEMA_PRIVILEGES = computedTable('information_schema', 'SCHEMA_PRIVILEGES', {
  columns: [GRANTEE, CATALOG, SCHEMA, PRIVILEGE, GRANTABLE],
  walk: levelWalk('database'),
})

export const TABLE_PRIVILEGES = computedTable('information_schema', 'TABLE_PRIVILEGES', {
  columns: [GRANTEE, CATALOG, SCHEMA, TABLE, PRIVILEGE, GRANTABLE],
  walk: levelWalk('table'),
})

/** Nothing is granted on single columns. */
export const COLUMN_PRIVILEGES = computedTable('information_schema', 'COLUMN_PRIVILEGES', {
  columns: [
    GRANTEE,
    CATALOG,
    SCHEMA,
    TABLE,
    required(text<PrivilegeRow>('COLUMN_NAME', () => null)),
    PRIVILEGE,
    GRANTABLE,
  ],
  walk: nothing,
})

export const USER_ATTRIBUTES = computedTable<Account>('information_schema', 'USER_ATTRIBUTES', {
  columns: [
    required(text('USER', (account) => account.user, 32)),
    required(text('HOST', (account) => account.host, 255)),
    longText('ATTRIBUTE', (account) => account.policy.attribute ?? null),
  ],
  walk: (request, emit) => {
    visibleAccounts(request).forEach(emit)
  },
})
