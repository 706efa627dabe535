import type {
  AlterUser,
  AuthenticationClause,
  FactorChange,
  RoleSelection,
  UserSpecification,
} from '../plan/syntax/account.js'
import { parseAccountNames, parseAuthentication } from './accounts.js'
import type { Cursor } from './cursor.js'
import { acceptIfExists, parseAccountName, parseInteger, parseList } from './names.js'
import { parseUserOptions } from './user-options.js'

/** ALTER USER (manual, 15.7.1.1). */

/** Behind ALTER USER. */
export function parseAlterUser(cursor: Cursor, start: number): AlterUser {
  const ifExists = acceptIfExists(cursor)
  const users =
    cursor.is('USER') && cursor.peek(1) === '(' ? [parseCurrentUser(cursor)] : parseList(cursor, parseUser)
  const defaultRole = cursor.acceptBoth('DEFAULT', 'ROLE') ? parseRoleSelection(cursor) : undefined
  const options = parseUserOptions(cursor)
  return { kind: 'alterUser', ifExists, users, defaultRole, options, start, end: cursor.previousEnd }
}

/** NONE, ALL [EXCEPT roles] or roles. */
export function parseRoleSelection(cursor: Cursor): RoleSelection {
  if (cursor.accept('NONE')) return { kind: 'none' }
  if (!cursor.accept('ALL')) return { kind: 'list', roles: parseAccountNames(cursor) }
  return { kind: 'all', except: cursor.accept('EXCEPT') ? parseAccountNames(cursor) : [] }
}

/** `USER() IDENTIFIED BY …`. */
function parseCurrentUser(cursor: Cursor): UserSpecification {
  const { start } = cursor
  cursor.expectAll('USER', '(', ')')
  const account = { user: '', host: undefined, current: true, start, end: cursor.previousEnd }
  return parseChanges(cursor, account, start)
}

function parseUser(cursor: Cursor): UserSpecification {
  const { start } = cursor
  return parseChanges(cursor, parseAccountName(cursor), start)
}

function parseChanges(
  cursor: Cursor,
  account: UserSpecification['account'],
  start: number,
): UserSpecification {
  const authentication: AuthenticationClause[] = []
  if (cursor.is('IDENTIFIED')) authentication.push(parseAuthentication(cursor, true))
  else if (cursor.is('DISCARD')) authentication.push(parseDiscard(cursor))
  const factorChanges: FactorChange[] = []
  for (;;) {
    const change = parseFactorChange(cursor)
    if (change === undefined) break
    factorChanges.push(change)
  }
  return { account, authentication, factorChanges, start, end: cursor.previousEnd }
}

/** DISCARD OLD PASSWORD. */
function parseDiscard(cursor: Cursor): AuthenticationClause {
  const { start } = cursor
  cursor.expectAll('DISCARD', 'OLD', 'PASSWORD')
  return {
    plugin: undefined,
    password: undefined,
    hash: undefined,
    random: false,
    replace: undefined,
    retainCurrentPassword: false,
    discardOldPassword: true,
    start,
    end: cursor.previousEnd,
  }
}

const FACTOR_ACTIONS = { ADD: 'add', MODIFY: 'modify', DROP: 'drop' } as const

/** ADD, MODIFY and DROP of a factor, and registration of a device for one. */
function parseFactorChange(cursor: Cursor): FactorChange | undefined {
  const { start } = cursor
  const keyword = cursor.acceptOneOf('ADD', 'MODIFY', 'DROP')
  if (keyword !== undefined) {
    const factor = parseInteger(cursor)
    cursor.expect('FACTOR')
    const authentication = keyword === 'DROP' ? undefined : parseAuthentication(cursor, false)
    return { action: FACTOR_ACTIONS[keyword], factor, authentication, start, end: cursor.previousEnd }
  }
  if (!cursor.is('integer')) return undefined
  const factor = parseInteger(cursor)
  cursor.expect('FACTOR')
  const action = parseRegistration(cursor)
  return { action, factor, authentication: undefined, start, end: cursor.previousEnd }
}

function parseRegistration(cursor: Cursor): FactorChange['action'] {
  switch (cursor.expectOneOf('INITIATE', 'FINISH', 'UNREGISTER')) {
    case 'INITIATE':
      cursor.expect('REGISTRATION')
      return 'initiateRegistration'
    case 'FINISH':
      cursor.expectAll('REGISTRATION', 'SET', 'CHALLENGE_RESPONSE', 'AS')
      cursor.string()
      return 'finishRegistration'
    case 'UNREGISTER':
      return 'unregister'
  }
}
