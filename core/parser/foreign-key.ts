import type { ForeignKeyDefinition, ForeignKeyReference, ReferenceAction } from '../plan/syntax/definition.js'
import type { Cursor } from './cursor.js'
import { parseNameList, parseOptionalNameList, parseQualifiedName } from './names.js'

/** FOREIGN KEY and REFERENCES (manual, 15.1.20.5). */

/** At FOREIGN; `name` is the CONSTRAINT symbol in front. */
export function parseForeignKey(
  cursor: Cursor,
  name: string | undefined,
  start: number,
): ForeignKeyDefinition {
  cursor.expectAll('FOREIGN', 'KEY')
  const indexName = cursor.isIdentifier() ? cursor.identifier() : undefined
  const columns = parseNameList(cursor)
  const references = parseForeignKeyReference(cursor)
  return { kind: 'foreignKey', name, indexName, columns, references, start, end: cursor.previousEnd }
}

const MATCHES = { FULL: 'full', PARTIAL: 'partial', SIMPLE: 'simple' } as const

export function parseForeignKeyReference(cursor: Cursor): ForeignKeyReference {
  const { start } = cursor
  cursor.expect('REFERENCES')
  const table = parseQualifiedName(cursor)
  const columns = parseOptionalNameList(cursor)
  const match = cursor.accept('MATCH') ? MATCHES[cursor.expectOneOf('FULL', 'PARTIAL', 'SIMPLE')] : undefined
  let onDelete: ReferenceAction | undefined
  let onUpdate: ReferenceAction | undefined
  while (cursor.is('ON') && (cursor.peek(1) === 'DELETE' || cursor.peek(1) === 'UPDATE')) {
    cursor.advance()
    const isDelete = cursor.expectOneOf('DELETE', 'UPDATE') === 'DELETE'
    if ((isDelete ? onDelete : onUpdate) !== undefined) cursor.fail()
    if (isDelete) onDelete = parseReferenceAction(cursor)
    else onUpdate = parseReferenceAction(cursor)
  }
  return { table, columns, match, onDelete, onUpdate, start, end: cursor.previousEnd }
}

function parseReferenceAction(cursor: Cursor): ReferenceAction {
  switch (cursor.expectOneOf('RESTRICT', 'CASCADE', 'SET', 'NO')) {
    case 'RESTRICT':
      return 'restrict'
    case 'CASCADE':
      return 'cascade'
    case 'SET':
      return cursor.expectOneOf('NULL', 'DEFAULT') === 'NULL' ? 'setNull' : 'setDefault'
    case 'NO':
      cursor.expect('ACTION')
      return 'noAction'
  }
}
