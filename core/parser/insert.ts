import type { InsertSource, InsertStatement, RowAlias } from '../plan/syntax/data-change.js'
import type { ColumnReference, Expression } from '../plan/syntax/expression.js'
import { parseAssignments, parseValue } from './assignments.js'
import type { Cursor } from './cursor.js'
import { parseHints } from './hints.js'
import { parseColumnReference, parseList, parseOptionalNameList, parseQualifiedName } from './names.js'
import { isQueryStart } from './primary.js'
import { parsePartitionSelection } from './table-references.js'

/** INSERT and REPLACE (manual, 15.2.7 and 15.2.12). */

const PRIORITIES = { LOW_PRIORITY: 'low', HIGH_PRIORITY: 'high', DELAYED: 'delayed' } as const

export function parseInsert(cursor: Cursor): InsertStatement {
  const { start } = cursor
  const replace = cursor.expectOneOf('INSERT', 'REPLACE') === 'REPLACE'
  const hints = parseHints(cursor)
  const priorityKeyword = cursor.acceptOneOf('LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY')
  if (replace && priorityKeyword === 'HIGH_PRIORITY') cursor.fail()
  const ignore = !replace && cursor.accept('IGNORE')
  cursor.accept('INTO')
  const table = parseQualifiedName(cursor)
  const partitions = parsePartitionSelection(cursor)
  const body = cursor.accept('SET') ? parseSetForm(cursor) : parseColumnsAndSource(cursor)
  const mayHaveAlias = body.source.kind === 'rows' && !replace
  const rowAlias = mayHaveAlias ? parseRowAlias(cursor) : undefined
  const onDuplicateKeyUpdate = !replace && cursor.is('ON') ? parseOnDuplicate(cursor) : []
  return {
    kind: 'insert',
    replace,
    priority: priorityKeyword === undefined ? undefined : PRIORITIES[priorityKeyword],
    ignore,
    hints,
    table,
    partitions,
    columns: body.columns,
    source: body.source,
    rowAlias,
    onDuplicateKeyUpdate,
    start,
    end: cursor.previousEnd,
  }
}

type InsertBody = Pick<InsertStatement, 'columns' | 'source'>

/** `SET a = 1, b = 2`, as columns and one row. */
function parseSetForm(cursor: Cursor): InsertBody {
  const assignments = parseAssignments(cursor)
  const columns = assignments.map(({ column }) => column)
  return { columns, source: { kind: 'rows', rows: [assignments.map(({ value }) => value)] } }
}

function parseColumnsAndSource(cursor: Cursor): InsertBody {
  const columns = cursor.is('(') && !isQueryInParentheses(cursor) ? parseColumnList(cursor) : undefined
  return { columns, source: parseSource(cursor) }
}

/** At `(`: whether a query follows, however many parentheses are around it. */
function isQueryInParentheses(cursor: Cursor): boolean {
  let distance = 1
  while (cursor.peek(distance) === '(') distance++
  return isQueryStart(cursor, distance)
}

function parseColumnList(cursor: Cursor): ColumnReference[] {
  cursor.expect('(')
  const columns = cursor.is(')') ? [] : parseList(cursor, parseColumnReference)
  cursor.expect(')')
  return columns
}

function parseSource(cursor: Cursor): InsertSource {
  const isValues = cursor.is('VALUE') || (cursor.is('VALUES') && cursor.peek(1) !== 'ROW')
  if (!isValues) return { kind: 'query', query: cursor.grammar.query(cursor) }
  cursor.advance()
  return { kind: 'rows', rows: parseList(cursor, parseValueRow) }
}

/** `(a, b, …)`, also `()`. */
function parseValueRow(cursor: Cursor): Expression[] {
  cursor.expect('(')
  if (cursor.accept(')')) return []
  const values = [parseValue(cursor)]
  while (cursor.accept(',')) values.push(parseValue(cursor))
  cursor.expect(')')
  return values
}

/** `AS new(a, b)`. */
function parseRowAlias(cursor: Cursor): RowAlias | undefined {
  const { start } = cursor
  if (!cursor.accept('AS')) return undefined
  const name = cursor.identifier()
  return { name, columns: parseOptionalNameList(cursor), start, end: cursor.previousEnd }
}

function parseOnDuplicate(cursor: Cursor): InsertStatement['onDuplicateKeyUpdate'] {
  cursor.expectAll('ON', 'DUPLICATE', 'KEY', 'UPDATE')
  return parseAssignments(cursor)
}
