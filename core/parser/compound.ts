import { sqlError } from '../common/sql-error.js'
import type {
  BlockStatement,
  ConditionValue,
  ConditionalBranch,
  Declaration,
  HandlerCondition,
} from '../plan/syntax/program.js'
import type { Statement } from '../plan/syntax/statement.js'
import type { Cursor } from './cursor.js'
import { parseDataType } from './data-type.js'
import { parseIdentifier, parseInteger, parseList } from './names.js'
import type { TokenKind } from './token.js'

/** Compound statements of stored programs (manual, 15.6). */

/** A statement that only stored programs have; undefined if the cursor is at another one. */
export function parseCompound(cursor: Cursor): Statement | undefined {
  const { start } = cursor
  const label = cursor.peek(1) === ':' && mayBeLabel(cursor) ? parseLabel(cursor) : undefined
  switch (cursor.kind) {
    case 'BEGIN':
      return parseBlock(cursor, label, start)
    case 'LOOP':
    case 'WHILE':
    case 'REPEAT':
      return parseLoop(cursor, label, start)
    default:
      if (label !== undefined) cursor.fail()
      return parseUnlabelled(cursor, start)
  }
}

function parseUnlabelled(cursor: Cursor, start: number): Statement | undefined {
  switch (cursor.kind) {
    case 'IF':
      return parseIf(cursor, start)
    case 'CASE':
      return parseCase(cursor, start)
    case 'LEAVE':
    case 'ITERATE': {
      const kind = cursor.is('LEAVE') ? 'leave' : 'iterate'
      cursor.advance()
      return { kind, label: cursor.identifier(), start, end: cursor.previousEnd }
    }
    case 'RETURN':
      cursor.advance()
      return { kind: 'return', value: cursor.grammar.expression(cursor), start, end: cursor.previousEnd }
    case 'OPEN':
      cursor.advance()
      return { kind: 'openCursor', cursor: cursor.identifier(), start, end: cursor.previousEnd }
    case 'CLOSE':
      cursor.advance()
      return { kind: 'closeCursor', cursor: cursor.identifier(), start, end: cursor.previousEnd }
    case 'FETCH':
      return parseFetch(cursor, start)
    default:
      return undefined
  }
}

/** Words that begin statements, and some others, are identifiers but no labels. */
function mayBeLabel(cursor: Cursor): boolean {
  return cursor.isIdentifier() && !NO_LABELS.has(cursor.kind)
}

function parseLabel(cursor: Cursor): string {
  const label = cursor.identifier()
  cursor.expect(':')
  return label
}

/** A label behind END must be the one in front. */
function parseEndLabel(cursor: Cursor, label: string | undefined): void {
  if (!mayBeLabel(cursor)) return
  const endLabel = cursor.identifier()
  if (label?.toLowerCase() !== endLabel.toLowerCase()) throw sqlError('ER_SP_LABEL_MISMATCH', endLabel)
}

const NO_LABELS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'ASCII',
  'BEGIN',
  'BYTE',
  'CACHE',
  'CHARSET',
  'CHECKSUM',
  'CLONE',
  'COMMENT',
  'COMMIT',
  'CONTAINS',
  'DEALLOCATE',
  'DO',
  'END',
  'EXECUTE',
  'FLUSH',
  'FOLLOWS',
  'HANDLER',
  'HELP',
  'IMPORT',
  'INSTALL',
  'LANGUAGE',
  'NO',
  'PRECEDES',
  'PREPARE',
  'REPAIR',
  'RESET',
  'RESTART',
  'ROLLBACK',
  'SAVEPOINT',
  'SHUTDOWN',
  'SIGNED',
  'SLAVE',
  'START',
  'STOP',
  'TRUNCATE',
  'UNICODE',
  'UNINSTALL',
  'XA',
])

const LIST_ENDS: ReadonlySet<TokenKind> = new Set<TokenKind>(['END', 'ELSE', 'ELSEIF', 'UNTIL', 'WHEN'])

/** Statements with a `;` behind each, up to a word that ends the list. */
function parseStatements(cursor: Cursor): Statement[] {
  const statements: Statement[] = []
  while (!LIST_ENDS.has(cursor.kind)) {
    statements.push(cursor.grammar.programStatement(cursor))
    cursor.expect(';')
  }
  return statements
}

/** At least one statement, as everything but BEGIN … END needs. */
function parseSomeStatements(cursor: Cursor): Statement[] {
  const statements = parseStatements(cursor)
  if (statements.length === 0) cursor.fail()
  return statements
}

// ---- Blocks ---------------------------------------------------------------------------------------------------

function parseBlock(cursor: Cursor, label: string | undefined, start: number): BlockStatement {
  cursor.expect('BEGIN')
  const declarations: Declaration[] = []
  while (cursor.is('DECLARE')) {
    declarations.push(parseDeclaration(cursor))
    cursor.expect(';')
  }
  const statements = parseStatements(cursor)
  cursor.expect('END')
  parseEndLabel(cursor, label)
  return { kind: 'block', label, declarations, statements, start, end: cursor.previousEnd }
}

function parseDeclaration(cursor: Cursor): Declaration {
  const { start } = cursor
  cursor.expect('DECLARE')
  const action = cursor.acceptOneOf('CONTINUE', 'EXIT', 'UNDO')
  if (action !== undefined) return parseHandler(cursor, HANDLER_ACTIONS[action], start)
  if (cursor.peek(1) === 'CONDITION' || cursor.peek(1) === 'CURSOR')
    return parseNamedDeclaration(cursor, start)
  const names = parseList(cursor, parseIdentifier)
  const type = parseDataType(cursor)
  const value = cursor.accept('DEFAULT') ? cursor.grammar.expression(cursor) : undefined
  return { kind: 'variables', names, type, default: value, start, end: cursor.previousEnd }
}

const HANDLER_ACTIONS = { CONTINUE: 'continue', EXIT: 'exit', UNDO: 'undo' } as const

function parseNamedDeclaration(cursor: Cursor, start: number): Declaration {
  const name = cursor.identifier()
  const what = cursor.expectOneOf('CONDITION', 'CURSOR')
  cursor.expect('FOR')
  if (what === 'CURSOR') {
    return { kind: 'cursor', name, query: cursor.grammar.query(cursor), start, end: cursor.previousEnd }
  }
  const value = parseConditionValue(cursor) ?? cursor.fail()
  return { kind: 'condition', name, value, start, end: cursor.previousEnd }
}

function parseHandler(cursor: Cursor, action: 'continue' | 'exit' | 'undo', start: number): Declaration {
  cursor.expectAll('HANDLER', 'FOR')
  const conditions = parseList(cursor, parseHandlerCondition)
  const body = cursor.grammar.programStatement(cursor)
  return { kind: 'handler', action, conditions, body, start, end: cursor.previousEnd }
}

function parseHandlerCondition(cursor: Cursor): HandlerCondition {
  const value = parseConditionValue(cursor)
  if (value !== undefined) return value
  if (cursor.accept('SQLWARNING')) return { kind: 'sqlWarning' }
  if (cursor.accept('SQLEXCEPTION')) return { kind: 'sqlException' }
  if (cursor.acceptBoth('NOT', 'FOUND')) return { kind: 'notFound' }
  return { kind: 'named', name: cursor.identifier() }
}

/** An error number or SQLSTATE [VALUE] '…'. */
function parseConditionValue(cursor: Cursor): ConditionValue | undefined {
  if (cursor.is('integer')) return { kind: 'errorNumber', errorNumber: parseInteger(cursor) }
  return cursor.is('SQLSTATE') ? { kind: 'sqlState', sqlState: parseSqlState(cursor) } : undefined
}

/** SQLSTATE [VALUE] '…': five letters or digits, ER_SP_BAD_SQLSTATE otherwise, also for success. */
export function parseSqlState(cursor: Cursor): string {
  cursor.expect('SQLSTATE')
  cursor.accept('VALUE')
  const sqlState = cursor.string()
  if (!/^[A-Z0-9]{5}$/.test(sqlState) || sqlState.startsWith('00')) {
    throw sqlError('ER_SP_BAD_SQLSTATE', sqlState)
  }
  return sqlState
}

// ---- Branches and loops ---------------------------------------------------------------------------------------

function parseIf(cursor: Cursor, start: number): Statement {
  const branches: ConditionalBranch[] = []
  do {
    cursor.advance()
    branches.push(parseBranch(cursor))
  } while (cursor.is('ELSEIF'))
  const otherwise = cursor.accept('ELSE') ? parseSomeStatements(cursor) : undefined
  cursor.expectAll('END', 'IF')
  return { kind: 'if', branches, otherwise, start, end: cursor.previousEnd }
}

/** `condition THEN statements`. */
function parseBranch(cursor: Cursor): ConditionalBranch {
  const condition = cursor.grammar.expression(cursor)
  cursor.expect('THEN')
  return { condition, statements: parseSomeStatements(cursor) }
}

function parseCase(cursor: Cursor, start: number): Statement {
  cursor.advance()
  const operand = cursor.is('WHEN') ? undefined : cursor.grammar.expression(cursor)
  const branches: ConditionalBranch[] = []
  do {
    cursor.expect('WHEN')
    branches.push(parseBranch(cursor))
  } while (cursor.is('WHEN'))
  const otherwise = cursor.accept('ELSE') ? parseSomeStatements(cursor) : undefined
  cursor.expectAll('END', 'CASE')
  return { kind: 'caseStatement', operand, branches, otherwise, start, end: cursor.previousEnd }
}

function parseLoop(cursor: Cursor, label: string | undefined, start: number): Statement {
  const keyword = cursor.expectOneOf('LOOP', 'WHILE', 'REPEAT')
  const condition = keyword === 'WHILE' ? cursor.grammar.expression(cursor) : undefined
  if (condition !== undefined) cursor.expect('DO')
  const statements = parseSomeStatements(cursor)
  if (keyword === 'REPEAT') cursor.expect('UNTIL')
  const until = keyword === 'REPEAT' ? cursor.grammar.expression(cursor) : undefined
  cursor.expectAll('END', keyword)
  parseEndLabel(cursor, label)
  const end = cursor.previousEnd
  if (condition !== undefined) return { kind: 'while', label, condition, statements, start, end }
  if (until !== undefined) return { kind: 'repeat', label, statements, until, start, end }
  return { kind: 'loop', label, statements, start, end }
}

/** FETCH [[NEXT] FROM] cursor INTO variables. */
function parseFetch(cursor: Cursor, start: number): Statement {
  cursor.expect('FETCH')
  if (!cursor.acceptBoth('NEXT', 'FROM')) cursor.accept('FROM')
  const name = cursor.identifier()
  cursor.expect('INTO')
  const targets = parseList(cursor, parseIdentifier)
  return { kind: 'fetchCursor', cursor: name, targets, start, end: cursor.previousEnd }
}
