import type { IndexDefinition, IndexKind, IndexOptions, IndexPart } from '../plan/syntax/definition.js'
import type { Cursor } from './cursor.js'
import { parseInteger, parseList } from './names.js'

/** Indexes in CREATE TABLE, ALTER TABLE and CREATE INDEX (manual, 15.1.15). */

/**
 * Behind the words that say which kind of index: `[name] [USING type] (parts) options`. `constraint` names the index
 * if it has no name of its own.
 */
export function parseIndexBehindKind(
  cursor: Cursor,
  indexKind: IndexKind,
  constraint: string | undefined,
  start: number,
): IndexDefinition {
  const ownName = cursor.isIdentifier() ? cursor.identifier() : undefined
  const name = indexKind === 'primary' ? undefined : (ownName ?? constraint)
  const using = parseIndexType(cursor)
  const parts = parseIndexParts(cursor)
  const options = parseIndexOptions(cursor, using)
  return { kind: 'index', indexKind, name, parts, options, start, end: cursor.previousEnd }
}

const INDEX_TYPES = { BTREE: 'btree', HASH: 'hash', RTREE: 'rtree' } as const

/** `[USING BTREE]`; TYPE is an old word for USING. */
export function parseIndexType(cursor: Cursor): IndexOptions['using'] | undefined {
  if (!cursor.accept('USING') && !cursor.accept('TYPE')) return undefined
  return INDEX_TYPES[cursor.expectOneOf('BTREE', 'HASH', 'RTREE')]
}

export function parseIndexParts(cursor: Cursor): IndexPart[] {
  cursor.expect('(')
  const parts = parseList(cursor, parseIndexPart)
  cursor.expect(')')
  return parts
}

/** `column[(length)] [ASC | DESC]` or `(expression) [ASC | DESC]`. */
function parseIndexPart(cursor: Cursor): IndexPart {
  const { start } = cursor
  let column: string | undefined
  let expression: IndexPart['expression']
  let length: number | undefined
  if (cursor.accept('(')) {
    expression = cursor.grammar.expression(cursor)
    cursor.expect(')')
  } else {
    column = cursor.identifier()
    if (cursor.accept('(')) {
      length = parseInteger(cursor)
      cursor.expect(')')
    }
  }
  const descending = cursor.acceptOneOf('ASC', 'DESC') === 'DESC'
  return { column, expression, length, descending, start, end: cursor.previousEnd }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** Options behind the parts; `using` is a type given in front of them. */
export function parseIndexOptions(cursor: Cursor, using: IndexOptions['using'] | undefined): IndexOptions {
  const options: Mutable<IndexOptions> = {}
  if (using !== undefined) options.using = using
  while (parseIndexOption(cursor, options));
  return options
}

function parseIndexOption(cursor: Cursor, options: Mutable<IndexOptions>): boolean {
  const { kind } = cursor
  switch (kind) {
    case 'USING':
    case 'TYPE':
      options.using = parseIndexType(cursor) ?? cursor.fail()
      return true
    case 'KEY_BLOCK_SIZE':
      cursor.advance()
      cursor.accept('=')
      options.keyBlockSize = parseInteger(cursor)
      return true
    case 'COMMENT':
      cursor.advance()
      options.comment = cursor.string()
      return true
    case 'VISIBLE':
    case 'INVISIBLE':
      cursor.advance()
      options.visible = kind === 'VISIBLE'
      return true
    case 'WITH':
      if (cursor.peek(1) !== 'PARSER') return false
      cursor.expectAll('WITH', 'PARSER')
      options.parser = cursor.identifier()
      return true
    case 'ENGINE_ATTRIBUTE':
      cursor.advance()
      cursor.accept('=')
      options.engineAttribute = cursor.string()
      return true
    case 'SECONDARY_ENGINE_ATTRIBUTE':
      cursor.advance()
      cursor.accept('=')
      options.secondaryEngineAttribute = cursor.string()
      return true
    default:
      return false
  }
}
