import type { JsonTable, JsonTableColumn } from '../plan/syntax/query.js'
import { parseJsonResponses } from './calls.js'
import type { Cursor } from './cursor.js'
import { parseDataType } from './data-type.js'
import { parseStringLiteral } from './literals.js'
import { parseList } from './names.js'

/** JSON_TABLE (manual, 14.17.6). */
export function parseJsonTable(cursor: Cursor): JsonTable {
  const { start } = cursor
  cursor.expectAll('JSON_TABLE', '(')
  const document = cursor.grammar.expression(cursor)
  cursor.expect(',')
  const path = parseStringLiteral(cursor)
  const columns = parseColumns(cursor)
  cursor.expect(')')
  cursor.accept('AS')
  const alias = cursor.alias()
  return { kind: 'jsonTable', document, path, columns, alias, start, end: cursor.previousEnd }
}

function parseColumns(cursor: Cursor): JsonTableColumn[] {
  cursor.expectAll('COLUMNS', '(')
  const columns = parseList(cursor, parseColumn)
  cursor.expect(')')
  return columns
}

function parseColumn(cursor: Cursor): JsonTableColumn {
  const { start } = cursor
  if (cursor.is('NESTED') && (cursor.peek(1) === 'PATH' || cursor.peek(1) === 'string')) {
    cursor.advance()
    cursor.accept('PATH')
    const path = parseStringLiteral(cursor)
    cursor.enter()
    const columns = parseColumns(cursor)
    cursor.leave()
    return { kind: 'nested', path, columns, start, end: cursor.previousEnd }
  }
  const name = cursor.identifier()
  if (cursor.acceptBoth('FOR', 'ORDINALITY'))
    return { kind: 'ordinality', name, start, end: cursor.previousEnd }
  const type = parseDataType(cursor)
  const isExists = cursor.accept('EXISTS')
  cursor.expect('PATH')
  const path = parseStringLiteral(cursor)
  if (isExists) return { kind: 'exists', name, type, path, start, end: cursor.previousEnd }
  const { onEmpty, onError } = parseJsonResponses(cursor)
  return { kind: 'path', name, type, path, onEmpty, onError, start, end: cursor.previousEnd }
}
