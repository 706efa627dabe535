import type {
  CallStatement,
  DoStatement,
  HandlerAction,
  HandlerStatement,
} from '../plan/syntax/data-change.js'
import type { Expression } from '../plan/syntax/expression.js'
import type { Cursor } from './cursor.js'
import { parseList, parseQualifiedName } from './names.js'
import { parseArguments } from './primary.js'
import { parseLimit } from './query.js'
import { parseTableAlias } from './table-references.js'

/** CALL, DO and HANDLER (manual, 15.2.1, 15.2.3 and 15.2.5). */

export function parseCall(cursor: Cursor): CallStatement {
  const { start } = cursor
  cursor.expect('CALL')
  const name = parseQualifiedName(cursor)
  const args = cursor.is('(') ? parseArguments(cursor) : []
  return { kind: 'call', name, arguments: args, start, end: cursor.previousEnd }
}

export function parseDo(cursor: Cursor): DoStatement {
  const { start } = cursor
  cursor.expect('DO')
  const expressions = parseList(cursor, (c) => c.grammar.expression(c))
  return { kind: 'do', expressions, start, end: cursor.previousEnd }
}

export function parseHandler(cursor: Cursor): HandlerStatement {
  const { start } = cursor
  cursor.expect('HANDLER')
  const table = parseQualifiedName(cursor)
  const action = parseHandlerAction(cursor)
  return { kind: 'handler', table, action, start, end: cursor.previousEnd }
}

function parseHandlerAction(cursor: Cursor): HandlerAction {
  switch (cursor.expectOneOf('OPEN', 'CLOSE', 'READ')) {
    case 'OPEN':
      return { kind: 'open', alias: parseTableAlias(cursor) }
    case 'CLOSE':
      return { kind: 'close' }
    case 'READ':
      return parseHandlerRead(cursor)
  }
}

const POSITIONS = { FIRST: 'first', NEXT: 'next', PREV: 'previous', LAST: 'last' } as const

function parseHandlerRead(cursor: Cursor): HandlerAction {
  const isPosition = cursor.is('FIRST') || cursor.is('NEXT')
  const index = isPosition ? undefined : parseHandlerIndex(cursor)
  let values: Expression[] = []
  const comparison = index === undefined ? undefined : cursor.acceptOneOf('=', '<=', '>=', '<', '>')
  if (comparison !== undefined) {
    cursor.expect('(')
    values = parseList(cursor, (c) => c.grammar.expression(c))
    cursor.expect(')')
  }
  const position = comparison ?? POSITIONS[cursor.expectOneOf('FIRST', 'NEXT', 'PREV', 'LAST')]
  const where = cursor.accept('WHERE') ? cursor.grammar.expression(cursor) : undefined
  return { kind: 'read', index, position, values, where, limit: parseLimit(cursor) }
}

function parseHandlerIndex(cursor: Cursor): string {
  return cursor.accept('PRIMARY') ? 'PRIMARY' : cursor.identifier()
}
