import type { ExplainStatement } from '../plan/syntax/administration.js'
import type { UserVariable } from '../plan/syntax/expression.js'
import type { Statement } from '../plan/syntax/statement.js'
import type { Cursor } from './cursor.js'
import { parseInsert } from './insert.js'
import { parseStringLiteral } from './literals.js'
import { parseQualifiedName, parseUserVariableName } from './names.js'
import { isQueryStart } from './primary.js'
import { parseQuery, parseQueryAfterWith, parseWith } from './query.js'
import { parseDelete, parseUpdate } from './update-delete.js'

/** EXPLAIN, DESCRIBE and USE (manual, 15.8). */

export function parseExplain(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expectOneOf('EXPLAIN', 'DESC')
  const analyze = cursor.accept('ANALYZE')
  const format = parseFormat(cursor)
  const into = cursor.accept('INTO') ? parseUserVariable(cursor) : undefined
  const isFor = cursor.is('FOR')
  const database = isFor && cursor.peek(1) === 'DATABASE' ? parseForDatabase(cursor) : undefined
  if (!analyze && cursor.acceptBoth('FOR', 'CONNECTION')) {
    const connectionId = cursor.grammar.expression(cursor)
    const target = { kind: 'connection', connectionId } as const
    return { kind: 'explain', analyze, format, into, database, target, start, end: cursor.previousEnd }
  }
  if (!isExplainable(cursor)) {
    if (analyze || format !== undefined || into !== undefined || database !== undefined) cursor.fail()
    return parseDescribe(cursor, start)
  }
  const target = parseTarget(cursor)
  return { kind: 'explain', analyze, format, into, database, target, start, end: cursor.previousEnd }
}

/** `[FORMAT = name]`, in lower case. */
function parseFormat(cursor: Cursor): string | undefined {
  return cursor.acceptBoth('FORMAT', '=') ? cursor.identifierOrString().toLowerCase() : undefined
}

function parseUserVariable(cursor: Cursor): UserVariable {
  const { start } = cursor
  return { kind: 'userVariable', name: parseUserVariableName(cursor), start, end: cursor.previousEnd }
}

function parseForDatabase(cursor: Cursor): string {
  cursor.expectAll('FOR', 'DATABASE')
  return cursor.identifier()
}

function isExplainable(cursor: Cursor): boolean {
  switch (cursor.kind) {
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
    case '(':
      return true
    default:
      return isQueryStart(cursor)
  }
}

function parseTarget(cursor: Cursor): ExplainStatement['target'] {
  switch (cursor.kind) {
    case 'INSERT':
    case 'REPLACE':
      return parseInsert(cursor)
    case 'UPDATE':
      return parseUpdate(cursor, undefined)
    case 'DELETE':
      return parseDelete(cursor, undefined)
    case 'WITH':
      return parseWithStatement(cursor)
    default:
      return parseQuery(cursor)
  }
}

/** WITH in front of a query, UPDATE or DELETE. */
export function parseWithStatement(
  cursor: Cursor,
): Extract<Statement, { kind: 'query' | 'update' | 'delete' }> {
  const withClause = parseWith(cursor) ?? cursor.fail()
  if (cursor.is('UPDATE')) return parseUpdate(cursor, withClause)
  if (cursor.is('DELETE')) return parseDelete(cursor, withClause)
  return parseQueryAfterWith(cursor, withClause)
}

/** `table [column | 'pattern']`. */
function parseDescribe(cursor: Cursor, start: number): Statement {
  const table = parseQualifiedName(cursor)
  const pattern = cursor.is('string') ? parseStringLiteral(cursor) : undefined
  const column = cursor.isIdentifier() ? cursor.identifier() : undefined
  return { kind: 'describeTable', table, column, pattern, start, end: cursor.previousEnd }
}

export function parseUse(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('USE')
  return { kind: 'use', database: cursor.databaseName(), start, end: cursor.previousEnd }
}

export function parseHelp(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('HELP')
  return { kind: 'help', subject: cursor.identifierOrString(), start, end: cursor.previousEnd }
}
