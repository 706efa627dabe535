import type {
  AccountName,
  AccountStatement,
  GrantPrivileges,
  Privilege,
  PrivilegeTarget,
  RoleSelection,
} from '../plan/syntax/account.js'
import { parseAccountNames } from './accounts.js'
import { parseRoleSelection } from './alter-user.js'
import type { Cursor } from './cursor.js'
import { acceptIfExists, parseAccountName, parseList, parseOptionalNameList } from './names.js'
import type { TokenKind } from './token.js'

/** GRANT and REVOKE (manual, 15.7.1.6 and 15.7.1.8). */

export function parseGrant(cursor: Cursor): AccountStatement {
  const { start } = cursor
  cursor.expect('GRANT')
  if (cursor.acceptBoth('PROXY', 'ON')) return parseGrantProxy(cursor, start)
  const { privileges, roles } = parsePrivilegesOrRoles(cursor)
  if (!cursor.accept('ON')) return parseGrantRoles(cursor, roles, start)
  const target = parseTarget(cursor)
  cursor.expect('TO')
  const users = parseAccountNames(cursor)
  const grantOption = acceptGrantOption(cursor)
  const { as, asRole } = parseGrantAs(cursor)
  return {
    kind: 'grantPrivileges',
    privileges,
    target,
    users,
    grantOption,
    as,
    asRole,
    start,
    end: cursor.previousEnd,
  }
}

function parseGrantProxy(cursor: Cursor, start: number): AccountStatement {
  const account = parseAccountName(cursor)
  cursor.expect('TO')
  const users = parseAccountNames(cursor)
  const grantOption = acceptGrantOption(cursor)
  return { kind: 'grantProxy', account, users, grantOption, start, end: cursor.previousEnd }
}

function parseGrantRoles(
  cursor: Cursor,
  roles: readonly AccountName[] | undefined,
  start: number,
): AccountStatement {
  if (roles === undefined) cursor.fail()
  cursor.expect('TO')
  const users = parseAccountNames(cursor)
  const adminOption = cursor.accept('WITH')
  if (adminOption) cursor.expectAll('ADMIN', 'OPTION')
  return { kind: 'grantRoles', roles, users, adminOption, start, end: cursor.previousEnd }
}

function acceptGrantOption(cursor: Cursor): boolean {
  if (!cursor.accept('WITH')) return false
  cursor.expectAll('GRANT', 'OPTION')
  return true
}

/** `[AS user [WITH ROLE …]]`. */
function parseGrantAs(cursor: Cursor): Pick<GrantPrivileges, 'as' | 'asRole'> {
  if (!cursor.accept('AS')) return { as: undefined, asRole: undefined }
  const as = parseAccountName(cursor)
  let asRole: RoleSelection | undefined
  if (cursor.accept('WITH')) {
    cursor.expect('ROLE')
    asRole = cursor.accept('DEFAULT') ? { kind: 'default' } : parseRoleSelection(cursor)
  }
  return { as, asRole }
}

// ---- REVOKE ---------------------------------------------------------------------------------------------------

export function parseRevoke(cursor: Cursor): AccountStatement {
  const { start } = cursor
  cursor.expect('REVOKE')
  const ifExists = acceptIfExists(cursor)
  if (cursor.acceptBoth('PROXY', 'ON')) {
    const account = parseAccountName(cursor)
    return {
      kind: 'revokeProxy',
      ifExists,
      account,
      ...parseRevokees(cursor),
      start,
      end: cursor.previousEnd,
    }
  }
  const { privileges, roles, all } = parsePrivilegesOrRoles(cursor)
  if (all && cursor.accept(',')) {
    cursor.expectAll('GRANT', 'OPTION')
    return { kind: 'revokeAll', ifExists, ...parseRevokees(cursor), start, end: cursor.previousEnd }
  }
  if (cursor.accept('ON')) {
    const target = parseTarget(cursor)
    return {
      kind: 'revokePrivileges',
      ifExists,
      privileges,
      target,
      ...parseRevokees(cursor),
      start,
      end: cursor.previousEnd,
    }
  }
  if (roles === undefined) cursor.fail()
  return { kind: 'revokeRoles', ifExists, roles, ...parseRevokees(cursor), start, end: cursor.previousEnd }
}

/** FROM users [IGNORE UNKNOWN USER]. */
function parseRevokees(cursor: Cursor): { users: AccountName[]; ignoreUnknownUser: boolean } {
  cursor.expect('FROM')
  const users = parseAccountNames(cursor)
  const ignoreUnknownUser = cursor.accept('IGNORE')
  if (ignoreUnknownUser) cursor.expectAll('UNKNOWN', 'USER')
  return { users, ignoreUnknownUser }
}

// ---- Privileges and targets -----------------------------------------------------------------------------------

interface PrivilegesOrRoles {
  readonly privileges: readonly Privilege[]
  /** Undefined if something among them can be no role. */
  readonly roles: readonly AccountName[] | undefined
  /** ALL [PRIVILEGES]. */
  readonly all: boolean
}

/** A list that only the ON behind it tells to be one of privileges. */
function parsePrivilegesOrRoles(cursor: Cursor): PrivilegesOrRoles {
  if (cursor.accept('ALL')) {
    cursor.accept('PRIVILEGES')
    return { privileges: [], roles: undefined, all: true }
  }
  const items = parseList(cursor, parsePrivilegeOrRole)
  const roles = items.flatMap(({ role }) => (role === undefined ? [] : [role]))
  return {
    privileges: items.map(({ privilege }) => privilege),
    roles: roles.length === items.length ? roles : undefined,
    all: false,
  }
}

function parsePrivilegeOrRole(cursor: Cursor): { privilege: Privilege; role: AccountName | undefined } {
  const { start } = cursor
  if (isAccountName(cursor)) {
    const role = parseAccountName(cursor)
    return { privilege: { name: role.user.toUpperCase(), columns: [], start, end: role.end }, role }
  }
  const words: string[] = []
  while (cursor.isIdentifier() || PRIVILEGE_WORDS.has(cursor.kind)) {
    words.push(cursor.identifierText().toUpperCase())
    cursor.advance()
  }
  if (words.length === 0) cursor.fail()
  const columns = parseOptionalNameList(cursor)
  return { privilege: { name: words.join(' '), columns, start, end: cursor.previousEnd }, role: undefined }
}

/** A string or a lone identifier, with or without a host. */
function isAccountName(cursor: Cursor): boolean {
  if (cursor.is('string')) return true
  if (!cursor.isIdentifier()) return false
  const next = cursor.peek(1)
  return next === 'userVariable' || next === ',' || next === 'TO' || next === 'FROM' || next === 'ON'
}

/** The reserved words among the names of privileges; TO, ON and FROM end them. */
const PRIVILEGE_WORDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'ALTER',
  'CREATE',
  'DATABASES',
  'DELETE',
  'DROP',
  'GRANT',
  'INDEX',
  'INSERT',
  'LOCK',
  'OPTION',
  'REFERENCES',
  'SELECT',
  'SHOW',
  'TRIGGER',
  'UPDATE',
  'USAGE',
])

const OBJECT_TYPES = { TABLE: 'table', FUNCTION: 'function', PROCEDURE: 'procedure' } as const

/** `[TABLE | FUNCTION | PROCEDURE] {* | *.* | d.* | d.t | t}`. */
function parseTarget(cursor: Cursor): PrivilegeTarget {
  const { start } = cursor
  const keyword = cursor.acceptOneOf('TABLE', 'FUNCTION', 'PROCEDURE')
  const objectType = keyword === undefined ? 'table' : OBJECT_TYPES[keyword]
  const target = (level: PrivilegeTarget['level'], database?: string, name?: string): PrivilegeTarget => ({
    objectType,
    level,
    database,
    name,
    start,
    end: cursor.previousEnd,
  })
  if (cursor.accept('*')) {
    if (!cursor.accept('.')) return target('defaultDatabase')
    cursor.expect('*')
    return target('global')
  }
  const first = cursor.identifier()
  if (!cursor.accept('.')) return target('object', undefined, first)
  if (cursor.accept('*')) return target('database', first)
  return target('object', first, cursor.identifier())
}
