import type { UserVariable } from '../plan/syntax/expression.js'
import type { IntoClause, LocalVariable } from '../plan/syntax/query.js'
import type { Cursor } from './cursor.js'
import { parseFileFormat } from './file-format.js'
import { acceptCharacterSet, parseCharsetName, parseList, parseUserVariableName } from './names.js'

/** INTO of queries (manual, 15.2.13.1). */

/**
 * Where the INTO of a statement's query is put when it is found: MySQL allows it behind the select list too. Queries
 * that may have none, all but the outermost, are read without one.
 */
export interface IntoHolder {
  into: IntoClause | undefined
}

/** Reads an INTO clause if there is one and the query may have one. */
export function acceptInto(cursor: Cursor, holder: IntoHolder | undefined): void {
  if (!cursor.is('INTO')) return
  if (holder === undefined || holder.into !== undefined) cursor.fail()
  const { start } = cursor
  cursor.advance()
  if (cursor.accept('OUTFILE')) {
    const file = cursor.string()
    const charset = acceptCharacterSet(cursor) ? parseCharsetName(cursor) : undefined
    holder.into = {
      kind: 'intoOutfile',
      file,
      charset,
      format: parseFileFormat(cursor),
      start,
      end: cursor.previousEnd,
    }
  } else if (cursor.accept('DUMPFILE')) {
    holder.into = { kind: 'intoDumpfile', file: cursor.string(), start, end: cursor.previousEnd }
  } else {
    const targets = parseList(cursor, parseVariableTarget)
    holder.into = { kind: 'intoVariables', targets, start, end: cursor.previousEnd }
  }
}

/** `@name`, or the name of a local variable. */
export function parseVariableTarget(cursor: Cursor): UserVariable | LocalVariable {
  const { start } = cursor
  if (cursor.is('userVariable')) {
    return { kind: 'userVariable', name: parseUserVariableName(cursor), start, end: cursor.previousEnd }
  }
  return { kind: 'localVariable', name: cursor.identifier(), start, end: cursor.previousEnd }
}
