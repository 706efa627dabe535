import type { Expression } from '../plan/syntax/expression.js'
import type { GetDiagnostics, SignalItemName, SignalStatement } from '../plan/syntax/program.js'
import { parseSqlState } from './compound.js'
import type { Cursor } from './cursor.js'
import { parseVariableTarget } from './into.js'
import { parseList } from './names.js'
import { BITS } from './precedence.js'
import type { TokenKind } from './token.js'

/** SIGNAL, RESIGNAL and GET DIAGNOSTICS (manual, 15.6.7). */

const ITEM_NAMES: Partial<Record<TokenKind, SignalItemName>> = {
  CLASS_ORIGIN: 'class_origin',
  SUBCLASS_ORIGIN: 'subclass_origin',
  CONSTRAINT_CATALOG: 'constraint_catalog',
  CONSTRAINT_SCHEMA: 'constraint_schema',
  CONSTRAINT_NAME: 'constraint_name',
  CATALOG_NAME: 'catalog_name',
  SCHEMA_NAME: 'schema_name',
  TABLE_NAME: 'table_name',
  COLUMN_NAME: 'column_name',
  CURSOR_NAME: 'cursor_name',
  MESSAGE_TEXT: 'message_text',
  MYSQL_ERRNO: 'mysql_errno',
}

export function parseSignal(cursor: Cursor): SignalStatement {
  const { start } = cursor
  const resignal = cursor.expectOneOf('SIGNAL', 'RESIGNAL') === 'RESIGNAL'
  const condition = parseSignalCondition(cursor)
  if (condition === undefined && !resignal) cursor.fail()
  const items = cursor.accept('SET') ? parseList(cursor, parseSignalItem) : []
  return { kind: 'signal', resignal, condition, items, start, end: cursor.previousEnd }
}

function parseSignalCondition(cursor: Cursor): SignalStatement['condition'] {
  if (cursor.is('SQLSTATE')) return { kind: 'sqlState', sqlState: parseSqlState(cursor) }
  return cursor.isIdentifier() ? { kind: 'named', name: cursor.identifier() } : undefined
}

function parseSignalItem(cursor: Cursor): { name: SignalItemName; value: Expression } {
  const name = ITEM_NAMES[cursor.kind] ?? cursor.fail()
  cursor.advance()
  cursor.expect('=')
  return { name, value: cursor.grammar.expression(cursor, BITS) }
}

export function parseGetDiagnostics(cursor: Cursor): GetDiagnostics {
  const { start } = cursor
  cursor.expect('GET')
  const area = cursor.acceptOneOf('CURRENT', 'STACKED') === 'STACKED' ? 'stacked' : 'current'
  cursor.expect('DIAGNOSTICS')
  const condition = cursor.accept('CONDITION') ? cursor.grammar.expression(cursor, BITS) : undefined
  const items = parseList(cursor, (c) => parseDiagnosticsItem(c, condition !== undefined))
  return { kind: 'getDiagnostics', area, condition, items, start, end: cursor.previousEnd }
}

function parseDiagnosticsItem(cursor: Cursor, ofCondition: boolean): GetDiagnostics['items'][number] {
  const target = parseVariableTarget(cursor)
  cursor.expect('=')
  if (ofCondition) {
    const name = cursor.is('RETURNED_SQLSTATE') ? 'returned_sqlstate' : ITEM_NAMES[cursor.kind]
    if (name === undefined) cursor.fail()
    cursor.advance()
    return { target, name }
  }
  const name = cursor.expectOneOf('NUMBER', 'ROW_COUNT') === 'NUMBER' ? 'number' : 'row_count'
  return { target, name }
}
