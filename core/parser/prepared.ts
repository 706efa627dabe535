import type { UserVariable } from '../plan/syntax/expression.js'
import type { Statement } from '../plan/syntax/statement.js'
import type { Cursor } from './cursor.js'
import { parseStringLiteral } from './literals.js'
import { parseList, parseUserVariableName } from './names.js'

/** Prepared statements as SQL (manual, 15.5). */

/** PREPARE name FROM {'text' | @variable}. */
export function parsePrepare(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('PREPARE')
  const name = cursor.identifier()
  cursor.expect('FROM')
  const source = cursor.is('userVariable') ? parseVariable(cursor) : parseStringLiteral(cursor)
  return { kind: 'prepare', name, source, start, end: cursor.previousEnd }
}

/** EXECUTE name [USING @a, …]. */
export function parseExecute(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('EXECUTE')
  const name = cursor.identifier()
  const using = cursor.accept('USING') ? parseList(cursor, parseVariable) : []
  return { kind: 'execute', name, using, start, end: cursor.previousEnd }
}

/** DEALLOCATE PREPARE name. */
export function parseDeallocate(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expectAll('DEALLOCATE', 'PREPARE')
  return { kind: 'deallocate', name: cursor.identifier(), start, end: cursor.previousEnd }
}

function parseVariable(cursor: Cursor): UserVariable {
  const { start } = cursor
  return { kind: 'userVariable', name: parseUserVariableName(cursor), start, end: cursor.previousEnd }
}
