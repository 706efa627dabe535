import type {
  AccountName,
  AuthenticationClause,
  CreateRole,
  CreateUser,
  DropRole,
  DropUser,
  RenameUser,
  UserSpecification,
} from '../plan/syntax/account.js'
import type { Cursor } from './cursor.js'
import { parseTextLiteral } from './literals.js'
import { acceptIfExists, acceptIfNotExists, parseAccountName, parseList } from './names.js'
import { parseUserOptions } from './user-options.js'

/** CREATE, DROP and RENAME USER, and roles (manual, 15.7.1). */

export function parseAccountNames(cursor: Cursor): AccountName[] {
  return parseList(cursor, parseAccountName)
}

/** Behind CREATE USER. */
export function parseCreateUser(cursor: Cursor, start: number): CreateUser {
  const ifNotExists = acceptIfNotExists(cursor)
  const users = parseList(cursor, parseUserSpecification)
  const defaultRoles = cursor.acceptBoth('DEFAULT', 'ROLE') ? parseAccountNames(cursor) : []
  const options = parseUserOptions(cursor)
  return { kind: 'createUser', ifNotExists, users, defaultRoles, options, start, end: cursor.previousEnd }
}

function parseUserSpecification(cursor: Cursor): UserSpecification {
  const { start } = cursor
  const account = parseAccountName(cursor)
  const authentication: AuthenticationClause[] = []
  if (cursor.is('IDENTIFIED')) {
    do authentication.push(parseAuthentication(cursor, false))
    while (cursor.accept('AND'))
  }
  return { account, authentication, factorChanges: [], start, end: cursor.previousEnd }
}

/** IDENTIFIED [WITH plugin] [BY 'password' | BY RANDOM PASSWORD | AS 'hash'], and what ALTER USER adds to it. */
export function parseAuthentication(cursor: Cursor, alter: boolean): AuthenticationClause {
  const { start } = cursor
  cursor.expect('IDENTIFIED')
  const plugin = cursor.accept('WITH') ? cursor.identifierOrString() : undefined
  let password: string | undefined
  let hash: string | undefined
  let random = false
  if (plugin !== undefined && cursor.accept('AS')) hash = parseTextLiteral(cursor).bytes
  else if (plugin === undefined || cursor.is('BY')) {
    cursor.expect('BY')
    random = cursor.acceptBoth('RANDOM', 'PASSWORD')
    if (!random) password = cursor.string()
  }
  const replace = alter && cursor.accept('REPLACE') ? cursor.string() : undefined
  const retainCurrentPassword = alter && acceptRetain(cursor)
  return {
    plugin,
    password,
    hash,
    random,
    replace,
    retainCurrentPassword,
    discardOldPassword: false,
    start,
    end: cursor.previousEnd,
  }
}

/** `[RETAIN CURRENT PASSWORD]`. */
export function acceptRetain(cursor: Cursor): boolean {
  if (!cursor.accept('RETAIN')) return false
  cursor.expectAll('CURRENT', 'PASSWORD')
  return true
}

/** Behind DROP USER. */
export function parseDropUser(cursor: Cursor, start: number): DropUser {
  const ifExists = acceptIfExists(cursor)
  return { kind: 'dropUser', ifExists, users: parseAccountNames(cursor), start, end: cursor.previousEnd }
}

/** Behind RENAME USER. */
export function parseRenameUser(cursor: Cursor, start: number): RenameUser {
  const renames = parseList(cursor, (c) => {
    const from = parseAccountName(c)
    c.expect('TO')
    return { from, to: parseAccountName(c) }
  })
  return { kind: 'renameUser', renames, start, end: cursor.previousEnd }
}

/** Behind CREATE ROLE. */
export function parseCreateRole(cursor: Cursor, start: number): CreateRole {
  const ifNotExists = acceptIfNotExists(cursor)
  return { kind: 'createRole', ifNotExists, roles: parseAccountNames(cursor), start, end: cursor.previousEnd }
}

/** Behind DROP ROLE. */
export function parseDropRole(cursor: Cursor, start: number): DropRole {
  const ifExists = acceptIfExists(cursor)
  return { kind: 'dropRole', ifExists, roles: parseAccountNames(cursor), start, end: cursor.previousEnd }
}
