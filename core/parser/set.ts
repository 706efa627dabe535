import type { SetPassword } from '../plan/syntax/account.js'
import type { SetAssignment, SetResourceGroup, SetTransaction } from '../plan/syntax/administration.js'
import type { Expression, VariableScope } from '../plan/syntax/expression.js'
import type { Statement } from '../plan/syntax/statement.js'
import { acceptRetain, parseAccountNames } from './accounts.js'
import { parseRoleSelection } from './alter-user.js'
import type { Cursor } from './cursor.js'
import {
  acceptCharacterSet,
  column,
  parseAccountName,
  parseCharsetName,
  parseCollationName,
  parseInteger,
  parseUserVariableName,
} from './names.js'
import { parseSystemVariable } from './primary.js'
import { parseTransactionCharacteristics } from './transactions.js'
import type { TokenKind } from './token.js'

/** SET in all its forms (manual, 15.7.6, 15.7.1.7, 15.7.1.10, 15.7.1.11 and 15.3.7). */

export function parseSet(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('SET')
  return parseSpecialForm(cursor, start) ?? parseVariables(cursor, start)
}

/** The forms that assign no variables; undefined if it is none of them. */
function parseSpecialForm(cursor: Cursor, start: number): Statement | undefined {
  const next = cursor.peek(1)
  switch (cursor.kind) {
    case 'PASSWORD':
      return isAssignment(next) || next === 'FOR' || next === 'TO'
        ? parseSetPassword(cursor, start)
        : undefined
    case 'ROLE':
      if (isAssignment(next)) return undefined
      cursor.advance()
      return {
        kind: 'setRole',
        roles: cursor.accept('DEFAULT') ? { kind: 'default' } : parseRoleSelection(cursor),
        start,
        end: cursor.previousEnd,
      }
    case 'DEFAULT':
      return next === 'ROLE' ? parseSetDefaultRole(cursor, start) : undefined
    case 'RESOURCE':
      return next === 'GROUP' ? parseSetResourceGroup(cursor, start) : undefined
    case 'TRANSACTION':
      return isAssignment(next) ? undefined : parseSetTransaction(cursor, undefined, start)
    case 'GLOBAL':
    case 'SESSION':
    case 'LOCAL': {
      if (next !== 'TRANSACTION' || isAssignment(cursor.peek(2))) return undefined
      const scope = cursor.is('GLOBAL') ? 'global' : 'session'
      cursor.advance()
      return parseSetTransaction(cursor, scope, start)
    }
    default:
      return undefined
  }
}

function isAssignment(kind: TokenKind): boolean {
  return kind === '=' || kind === ':='
}

// ---- Variables ------------------------------------------------------------------------------------------------

function parseVariables(cursor: Cursor, start: number): Statement {
  const assignments = parseSetAssignments(cursor)
  return { kind: 'set', assignments, start, end: cursor.previousEnd }
}

const SCOPES: Partial<Record<TokenKind, VariableScope>> = {
  GLOBAL: 'global',
  SESSION: 'session',
  LOCAL: 'session',
  PERSIST: 'persist',
  PERSIST_ONLY: 'persistOnly',
}

/** A scope's word also holds for the assignments behind it that have none. */
export function parseSetAssignments(cursor: Cursor): SetAssignment[] {
  const assignments: SetAssignment[] = []
  let scope: VariableScope | undefined
  do {
    const own = isScope(cursor) ? SCOPES[cursor.kind] : undefined
    if (own !== undefined) cursor.advance()
    scope = own ?? scope
    assignments.push(own === undefined ? parseAssignment(cursor, scope) : parseVariable(cursor, own))
  } while (cursor.accept(','))
  return assignments
}

/** Whether the word is a scope and not a variable's name. */
function isScope(cursor: Cursor): boolean {
  return cursor.kind in SCOPES && !isAssignment(cursor.peek(1)) && cursor.peek(1) !== '.'
}

function parseAssignment(cursor: Cursor, scope: VariableScope | undefined): SetAssignment {
  const { start } = cursor
  switch (cursor.kind) {
    case 'userVariable': {
      const name = parseUserVariableName(cursor)
      cursor.expectOneOf('=', ':=')
      const value = cursor.grammar.expression(cursor)
      return { kind: 'setUserVariable', name, value, start, end: cursor.previousEnd }
    }
    case 'systemVariable': {
      const variable = parseSystemVariable(cursor)
      const { component, name } = variable
      const isForNext = variable.scope === undefined
      return parseValueOf(cursor, { scope: variable.scope, isForNext, component, name }, start)
    }
    case 'NAMES':
      return isAssignment(cursor.peek(1)) ? parseVariable(cursor, scope) : parseNames(cursor)
    case 'CHAR':
    case 'CHARSET':
      if (cursor.is('CHARSET') && isAssignment(cursor.peek(1))) return parseVariable(cursor, scope)
      return parseCharset(cursor)
    default:
      return parseVariable(cursor, scope)
  }
}

/** `[component.]name = value`; DEFAULT may be a component. */
function parseVariable(cursor: Cursor, scope: VariableScope | undefined): SetAssignment {
  const { start } = cursor
  if (cursor.kind in SCOPES) cursor.fail()
  const isDefault = cursor.is('DEFAULT') && cursor.peek(1) === '.'
  if (isDefault) cursor.advance()
  const first = isDefault ? 'default' : cursor.identifier()
  const second = cursor.accept('.') ? cursor.identifier() : undefined
  const named =
    second === undefined ? { component: undefined, name: first } : { component: first, name: second }
  return parseValueOf(cursor, { scope, ...named }, start)
}

type SystemVariableAssignment = Extract<SetAssignment, { kind: 'setVariable' }>

function parseValueOf(
  cursor: Cursor,
  variable: Pick<SystemVariableAssignment, 'scope' | 'isForNext' | 'component' | 'name'>,
  start: number,
): SetAssignment {
  cursor.expectOneOf('=', ':=')
  const value = parseVariableValue(cursor)
  return { kind: 'setVariable', ...variable, value, start, end: cursor.previousEnd }
}

/** An expression, DEFAULT, or one of the reserved words that are values. */
function parseVariableValue(cursor: Cursor): Expression {
  const { start, kind } = cursor
  const isWord = kind === 'ON' || kind === 'ALL' || kind === 'SYSTEM' || isLoneWord(cursor)
  if (!isWord && (kind !== 'DEFAULT' || cursor.peek(1) === '(')) return cursor.grammar.expression(cursor)
  const name = cursor.tokenText()
  cursor.advance()
  const end = cursor.previousEnd
  return kind === 'DEFAULT'
    ? { kind: 'defaultKeyword', start, end }
    : column(undefined, undefined, name, start, end)
}

/** BINARY and ROW also begin expressions. */
function isLoneWord(cursor: Cursor): boolean {
  if (!cursor.is('BINARY') && !cursor.is('ROW')) return false
  const next = cursor.peek(1)
  return next === ',' || next === ';' || next === 'end'
}

/** SET NAMES charset [COLLATE collation], or DEFAULT. */
function parseNames(cursor: Cursor): SetAssignment {
  const { start } = cursor
  cursor.expect('NAMES')
  const isDefault = cursor.accept('DEFAULT')
  const charset = isDefault ? undefined : parseCharsetName(cursor)
  const collation = !isDefault && cursor.accept('COLLATE') ? parseCollationName(cursor) : undefined
  return { kind: 'setNames', charset, collation, start, end: cursor.previousEnd }
}

function parseCharset(cursor: Cursor): SetAssignment {
  const { start } = cursor
  if (!acceptCharacterSet(cursor)) cursor.fail()
  const charset = cursor.accept('DEFAULT') ? undefined : parseCharsetName(cursor)
  return { kind: 'setCharset', charset, start, end: cursor.previousEnd }
}

// ---- The other forms ------------------------------------------------------------------------------------------

/** SET PASSWORD [FOR user] {= 'password' | TO RANDOM} [REPLACE 'password'] [RETAIN CURRENT PASSWORD]. */
function parseSetPassword(cursor: Cursor, start: number): SetPassword {
  cursor.expect('PASSWORD')
  const account = cursor.accept('FOR') ? parseAccountName(cursor) : undefined
  let password: string | undefined
  if (cursor.accept('TO')) cursor.expect('RANDOM')
  else {
    cursor.expectOneOf('=', ':=')
    password = cursor.string()
  }
  const replace = cursor.accept('REPLACE') ? cursor.string() : undefined
  const retainCurrentPassword = acceptRetain(cursor)
  return {
    kind: 'setPassword',
    account,
    password,
    replace,
    retainCurrentPassword,
    start,
    end: cursor.previousEnd,
  }
}

function parseSetDefaultRole(cursor: Cursor, start: number): Statement {
  cursor.expectAll('DEFAULT', 'ROLE')
  const roles = parseRoleSelection(cursor)
  cursor.expect('TO')
  return { kind: 'setDefaultRole', roles, users: parseAccountNames(cursor), start, end: cursor.previousEnd }
}

function parseSetResourceGroup(cursor: Cursor, start: number): SetResourceGroup {
  cursor.expectAll('RESOURCE', 'GROUP')
  const name = cursor.identifier()
  const threads: number[] = []
  if (cursor.accept('FOR')) {
    do threads.push(parseInteger(cursor))
    while (cursor.accept(',') || cursor.is('integer'))
  }
  return { kind: 'setResourceGroup', name, threads, start, end: cursor.previousEnd }
}

function parseSetTransaction(cursor: Cursor, scope: SetTransaction['scope'], start: number): SetTransaction {
  cursor.expect('TRANSACTION')
  const { isolation, accessMode } = parseTransactionCharacteristics(cursor)
  return { kind: 'setTransaction', scope, isolation, accessMode, start, end: cursor.previousEnd }
}
