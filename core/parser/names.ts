import { sqlError } from '../common/sql-error.js'
import type { AccountName } from '../plan/syntax/account.js'
import type { ColumnReference } from '../plan/syntax/expression.js'
import type { QualifiedName } from '../plan/syntax/node.js'
import type { Cursor } from './cursor.js'
import { unquote } from './literal-text.js'

/** Names of objects and accounts (manual, 11.2 and 8.2.4). */

/** `[database.]name`; `.name` means the default database (for ODBC programs). */
export function parseQualifiedName(cursor: Cursor): QualifiedName {
  const { start } = cursor
  const database = cursor.is('.') ? undefined : cursor.identifier()
  if (database === undefined) cursor.advance()
  else if (!cursor.accept('.')) return { database: undefined, name: database, start, end: cursor.previousEnd }
  return { database, name: cursor.identifier(), start, end: cursor.previousEnd }
}

export function parseQualifiedNames(cursor: Cursor): QualifiedName[] {
  return parseList(cursor, parseQualifiedName)
}

/** `[[database.]table.]column`. */
export function parseColumnReference(cursor: Cursor): ColumnReference {
  const { start } = cursor
  const first = cursor.identifier()
  if (!cursor.accept('.')) return column(undefined, undefined, first, start, cursor.previousEnd)
  const second = cursor.identifier()
  if (!cursor.accept('.')) return column(undefined, first, second, start, cursor.previousEnd)
  return column(first, second, cursor.identifier(), start, cursor.previousEnd)
}

export function column(
  database: string | undefined,
  table: string | undefined,
  name: string,
  start: number,
  end: number,
): ColumnReference {
  return { kind: 'column', database, table, name, start, end }
}

export function parseIdentifier(cursor: Cursor): string {
  return cursor.identifier()
}

/** Items with commas between; at least one. */
export function parseList<Item>(cursor: Cursor, parseItem: (cursor: Cursor) => Item): Item[] {
  const items = [parseItem(cursor)]
  while (cursor.accept(',')) items.push(parseItem(cursor))
  return items
}

/** `(a, b, …)`; at least one name. */
export function parseNameList(cursor: Cursor): string[] {
  cursor.expect('(')
  const names = parseList(cursor, parseIdentifier)
  cursor.expect(')')
  return names
}

/** `(a, b, …)` where something may be left out altogether. */
export function parseOptionalNameList(cursor: Cursor): string[] {
  return cursor.is('(') ? parseNameList(cursor) : []
}

/** The name in a `userVariable` token, without stepping over it. */
function userVariableName(cursor: Cursor): string {
  const { text, start, end } = cursor
  const quote = text.charCodeAt(start + 1)
  const quoted = start + 1 < end && (quote === 39 || quote === 34 || quote === 96)
  const bytes = quoted
    ? unquote(text, start + 1, end, quote !== 96 && !cursor.options.noBackslashEscapes)
    : text.slice(start + 1, end)
  return cursor.decode(bytes)
}

const USER_VARIABLE_LENGTH_MAX = 64

/** `@name`; ER_ILLEGAL_USER_VAR for names of more than 64 characters. */
export function parseUserVariableName(cursor: Cursor): string {
  if (!cursor.is('userVariable')) cursor.fail()
  const name = userVariableName(cursor)
  if (Array.from(name).length > USER_VARIABLE_LENGTH_MAX) throw sqlError('ER_ILLEGAL_USER_VAR', name)
  cursor.advance()
  return name
}

/** `user[@host]`, quoted or not, or CURRENT_USER[()]. */
export function parseAccountName(cursor: Cursor): AccountName {
  const { start } = cursor
  if (cursor.accept('CURRENT_USER')) {
    if (cursor.accept('(')) cursor.expect(')')
    return { user: '', host: undefined, current: true, start, end: cursor.previousEnd }
  }
  const user = cursor.identifierOrString()
  let host: string | undefined
  if (cursor.is('userVariable')) {
    host = userVariableName(cursor).toLowerCase()
    cursor.advance()
  }
  return { user, host, current: false, start, end: cursor.previousEnd }
}

/** A whole number that fits a JavaScript number exactly. */
export function parseInteger(cursor: Cursor): number {
  const value = Number(parseDigits(cursor))
  if (!Number.isSafeInteger(value)) cursor.fail()
  return value
}

/** A whole number, decimal or hexadecimal, as decimal digits. */
export function parseDigits(cursor: Cursor): string {
  if (!cursor.is('integer') && !cursor.is('hex')) cursor.fail()
  const text = cursor.tokenText()
  if (cursor.is('hex') && !text.startsWith('0')) cursor.fail()
  cursor.advance()
  return BigInt(text).toString()
}

/** A character set's name: an identifier, a string, or the keywords BINARY and ASCII. */
export function parseCharsetName(cursor: Cursor): string {
  if (cursor.accept('BINARY')) return 'binary'
  return cursor.identifierOrString().toLowerCase()
}

/** A collation's name. */
export function parseCollationName(cursor: Cursor): string {
  if (cursor.accept('BINARY')) return 'binary'
  return cursor.identifierOrString().toLowerCase()
}

/** Steps over CHARACTER SET or CHARSET. */
export function acceptCharacterSet(cursor: Cursor): boolean {
  return cursor.acceptBoth('CHAR', 'SET') || cursor.accept('CHARSET')
}

/** Steps over IF EXISTS. */
export function acceptIfExists(cursor: Cursor): boolean {
  return cursor.acceptBoth('IF', 'EXISTS')
}

/** Steps over IF NOT EXISTS. */
export function acceptIfNotExists(cursor: Cursor): boolean {
  if (!cursor.accept('IF')) return false
  cursor.expectAll('NOT', 'EXISTS')
  return true
}
