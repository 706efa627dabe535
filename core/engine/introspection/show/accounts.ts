/**
 * SHOW GRANTS, SHOW CREATE USER and SHOW PRIVILEGES (MySQL manual 15.7.7.22, 15.7.7.13, 15.7.7.27).
 */
import type { Account, RoleName } from '../../../catalog/account.js'
import { DYNAMIC_PRIVILEGES } from '../../../catalog/privilege-names.js'
import { requirePrivilege } from '../../../catalog/privileges.js'
import { effectiveAccount, hasRole, quotedRole } from '../../../catalog/roles.js'
import { createUserText, grantTexts } from '../../../catalog/show-account.js'
import { quotedAccount } from '../../../catalog/account.js'
import { sqlError } from '../../../common/sql-error.js'
import type { AccountName, ShowStatement } from '../../../plan/syntax/index.js'
import type { PlainResult } from '../../server-core.js'
import { roleName } from '../../session-roles.js'
import { longText, required, text } from '../listing-columns.js'
import type { ListingColumn } from '../listing.js'
import type { ShowContext } from './context.js'
import { showRows } from './result.js'

type Of<Topic> = Extract<ShowStatement, { readonly topic: Topic }>

/** The account named, if the asker may know it. Others than oneself need SELECT on the database `mysql`. */
function visibleAccount(name: AccountName | undefined, context: ShowContext): Account | undefined {
  const { account } = context.request()
  if (name === undefined || name.current) return account
  const host = name.host ?? '%'
  const isOwn = name.user === account.user && host === account.host
  if (!isOwn) requirePrivilege(account, 'SELECT', 'mysql')
  return context.services.catalog.account(name.user, host)
}

export function showGrants(
  { account: name, roles }: Of<'grants'>,
  context: ShowContext,
): Promise<PlainResult> {
  const plain = visibleAccount(name, context)
  const account = plain && usingRoles(plain, roles.map(roleName), context)
  if (account === undefined) throw sqlError('ER_NONEXISTING_GRANT', name?.user ?? '', name?.host ?? '%')
  const title = `Grants for ${account.user}@${account.host}`
  const columns = [required(text<string>(title, (line) => line, 1024))]
  return showRows(columns, grantTexts(account), context.request(), context.running)
}

/** The account with what the roles may do. Throws ER_ROLE_NOT_GRANTED. */
function usingRoles(account: Account, roles: readonly RoleName[], context: ShowContext): Account {
  const { access } = context.services
  const missing = roles.find((role) => !hasRole(access.rolesOf(account), role))
  if (missing !== undefined) throw sqlError('ER_ROLE_NOT_GRANTED', quotedRole(missing), quotedRole(account))
  return effectiveAccount(account, roles, access.findRole)
}

export function showCreateUser(
  { account: name }: Of<'createUser'>,
  context: ShowContext,
): Promise<PlainResult> {
  const account = visibleAccount(name, context)
  if (account === undefined) {
    throw sqlError(
      'ER_CANNOT_USER',
      'SHOW CREATE USER',
      quotedAccount({ user: name.user, host: name.host ?? '%' }),
    )
  }
  const title = `CREATE USER for ${account.user}@${account.host}`
  const columns = [required(text<string>(title, (line) => line, 256))]
  return showRows(columns, [createUserText(account)], context.request(), context.running)
}

interface PrivilegeRow {
  readonly name: string
  readonly context: string
  readonly comment: string
}

const STATIC_PRIVILEGES: readonly (readonly [name: string, context: string, comment: string])[] = [
  ['Alter', 'Tables', 'Change tables'],
  ['Alter routine', 'Functions,Procedures', 'Change or drop stored functions and procedures'],
  ['Create', 'Databases,Tables,Indexes', 'Create databases and tables'],
  ['Create routine', 'Databases', 'Create stored functions and procedures'],
  ['Create role', 'Server Admin', 'Create roles'],
  ['Create temporary tables', 'Databases', 'Create temporary tables'],
  ['Create view', 'Tables', 'Create views'],
  ['Create user', 'Server Admin', 'Create, change and drop accounts'],
  ['Delete', 'Tables', 'Delete rows'],
  ['Drop', 'Databases,Tables', 'Drop databases, tables and views'],
  ['Drop role', 'Server Admin', 'Drop roles'],
  ['Event', 'Server Admin', 'Create, change, drop and run events'],
  ['Execute', 'Functions,Procedures', 'Run stored functions and procedures'],
  ['File', 'File access on server', 'Read and write files on the server'],
  ['Grant option', 'Databases,Tables,Functions,Procedures', 'Hand on the privileges that one has'],
  ['Index', 'Tables', 'Create and drop indexes'],
  ['Insert', 'Tables', 'Insert rows'],
  ['Lock tables', 'Databases', 'Use LOCK TABLES (with SELECT)'],
  ['Process', 'Server Admin', 'See the statements of other accounts'],
  ['Proxy', 'Server Admin', 'Act as another account'],
  ['References', 'Databases,Tables', 'Create foreign keys to tables'],
  ['Reload', 'Server Admin', 'Use FLUSH and RESET'],
  ['Replication client', 'Server Admin', 'Ask where sources and replicas are'],
  ['Replication slave', 'Server Admin', 'Read the binary log from the source'],
  ['Select', 'Tables', 'Read rows'],
  ['Show databases', 'Server Admin', 'See all databases with SHOW DATABASES'],
  ['Show view', 'Tables', 'See the text of views with SHOW CREATE VIEW'],
  ['Shutdown', 'Server Admin', 'Shut the server down'],
  ['Super', 'Server Admin', 'Use KILL, SET GLOBAL and the like'],
  ['Trigger', 'Tables', 'Use triggers'],
  ['Create tablespace', 'Server Admin', 'Create, change and drop tablespaces'],
  ['Update', 'Tables', 'Change rows'],
  ['Usage', 'Server Admin', 'No privileges: log in only'],
]

const PRIVILEGES: readonly PrivilegeRow[] = [
  ...STATIC_PRIVILEGES.map(([name, context, comment]) => ({ name, context, comment })),
  ...DYNAMIC_PRIVILEGES.map((name) => ({ name, context: 'Server Admin', comment: '' })),
]

export function showPrivileges(context: ShowContext): Promise<PlainResult> {
  const columns: readonly ListingColumn<PrivilegeRow>[] = [
    required(text('Privilege', (row) => row.name, 32)),
    required(text('Context', (row) => row.context)),
    required(longText('Comment', (row) => row.comment, 'text')),
  ]
  return showRows(columns, PRIVILEGES, context.request(), context.running)
}
