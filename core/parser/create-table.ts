import type { CreateTable, TableElement } from '../plan/syntax/definition.js'
import { parseCheckBehindName, parseColumnDefinition, parseConstraintName } from './column-definition.js'
import type { Cursor } from './cursor.js'
import { parseForeignKey } from './foreign-key.js'
import { parseIndexBehindKind } from './index-definition.js'
import { acceptIfNotExists, parseList, parseQualifiedName } from './names.js'
import { parsePartitioning } from './partitioning.js'
import { isQueryStart } from './primary.js'
import { parseTableOptions } from './table-options.js'

/** CREATE TABLE (manual, 15.1.20). */

/** Behind CREATE [TEMPORARY] TABLE. */
export function parseCreateTable(cursor: Cursor, temporary: boolean, start: number): CreateTable {
  const ifNotExists = acceptIfNotExists(cursor)
  const name = parseQualifiedName(cursor)
  const head = { kind: 'createTable', name, temporary, ifNotExists } as const
  const like = parseLike(cursor)
  if (like !== undefined) {
    return {
      ...head,
      like,
      elements: [],
      options: {},
      partitioning: undefined,
      query: undefined,
      duplicates: undefined,
      start,
      end: cursor.previousEnd,
    }
  }
  const elements = cursor.is('(') && !isQueryInParentheses(cursor) ? parseElements(cursor) : []
  const options = parseTableOptions(cursor)
  const partitioning = parsePartitioning(cursor)
  const duplicatesKeyword = cursor.acceptOneOf('IGNORE', 'REPLACE')
  const needsQuery = cursor.accept('AS') || duplicatesKeyword !== undefined
  const query =
    needsQuery || cursor.is('(') || isQueryStart(cursor) ? cursor.grammar.query(cursor) : undefined
  return {
    ...head,
    like: undefined,
    elements,
    options,
    partitioning,
    query,
    duplicates: duplicatesKeyword === undefined ? undefined : DUPLICATES[duplicatesKeyword],
    start,
    end: cursor.previousEnd,
  }
}

const DUPLICATES = { IGNORE: 'ignore', REPLACE: 'replace' } as const

/** `LIKE t` or `(LIKE t)`. */
function parseLike(cursor: Cursor): CreateTable['like'] {
  if (cursor.accept('LIKE')) return parseQualifiedName(cursor)
  if (!cursor.acceptBoth('(', 'LIKE')) return undefined
  const like = parseQualifiedName(cursor)
  cursor.expect(')')
  return like
}

function isQueryInParentheses(cursor: Cursor): boolean {
  let distance = 1
  while (cursor.peek(distance) === '(') distance++
  return isQueryStart(cursor, distance)
}

function parseElements(cursor: Cursor): TableElement[] {
  cursor.expect('(')
  const elements = parseList(cursor, parseTableElement)
  cursor.expect(')')
  return elements
}

/** A column, or something that begins with a reserved word. */
function parseTableElement(cursor: Cursor): TableElement {
  return parseTableConstraint(cursor) ?? parseColumnDefinition(cursor)
}

/** An index, key or check; undefined if the cursor is not at one. */
export function parseTableConstraint(cursor: Cursor): Exclude<TableElement, { kind: 'column' }> | undefined {
  const { start, kind } = cursor
  switch (kind) {
    case 'INDEX':
    case 'KEY':
      cursor.advance()
      return parseIndexBehindKind(cursor, 'index', undefined, start)
    case 'FULLTEXT':
    case 'SPATIAL':
      cursor.advance()
      cursor.acceptOneOf('INDEX', 'KEY')
      return parseIndexBehindKind(cursor, kind === 'FULLTEXT' ? 'fulltext' : 'spatial', undefined, start)
    case 'CONSTRAINT':
    case 'PRIMARY':
    case 'UNIQUE':
    case 'FOREIGN':
    case 'CHECK':
      return parseNamedConstraint(cursor)
    default:
      return undefined
  }
}

function parseNamedConstraint(cursor: Cursor): Exclude<TableElement, { kind: 'column' }> {
  const { start } = cursor
  const name = parseConstraintName(cursor)
  switch (cursor.kind) {
    case 'PRIMARY':
      cursor.advance()
      cursor.expect('KEY')
      return parseIndexBehindKind(cursor, 'primary', name, start)
    case 'UNIQUE':
      cursor.advance()
      cursor.acceptOneOf('INDEX', 'KEY')
      return parseIndexBehindKind(cursor, 'unique', name, start)
    case 'FOREIGN':
      return parseForeignKey(cursor, name, start)
    case 'CHECK':
      return parseCheckBehindName(cursor, name, start)
    default:
      return cursor.fail()
  }
}
