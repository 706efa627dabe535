import type { Assignment } from '../plan/syntax/data-change.js'
import type { Expression } from '../plan/syntax/expression.js'
import type { Cursor } from './cursor.js'
import { parseLiteral } from './literals.js'
import { parseColumnReference, parseList } from './names.js'

/** Values and assignments of INSERT, UPDATE and LOAD DATA. */

/** An expression, or the word DEFAULT alone. */
export function parseValue(cursor: Cursor): Expression {
  const next = cursor.peek(1)
  if (next === ',' || next === ')') {
    // The values of bulk inserts are nearly all literals: no need to look for operators.
    const literal = parseLiteral(cursor)
    if (literal !== undefined) return literal
  }
  if (cursor.is('DEFAULT') && next !== '(') {
    const { start } = cursor
    cursor.advance()
    return { kind: 'defaultKeyword', start, end: cursor.previousEnd }
  }
  return cursor.grammar.expression(cursor)
}

/** `column = value, …`; `:=` is the same. */
export function parseAssignments(cursor: Cursor): Assignment[] {
  return parseList(cursor, parseAssignment)
}

function parseAssignment(cursor: Cursor): Assignment {
  const { start } = cursor
  const column = parseColumnReference(cursor)
  cursor.expectOneOf('=', ':=')
  return { column, value: parseValue(cursor), start, end: cursor.previousEnd }
}
