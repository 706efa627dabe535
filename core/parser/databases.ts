import type {
  AlterDatabase,
  CreateDatabase,
  DatabaseOptions,
  DropDatabase,
  RemoteDatabase,
} from '../plan/syntax/definition.js'
import type { Cursor } from './cursor.js'
import {
  acceptCharacterSet,
  acceptIfExists,
  acceptIfNotExists,
  parseCharsetName,
  parseCollationName,
} from './names.js'

/** CREATE, ALTER and DROP DATABASE (manual, 15.1.2, 15.1.12 and 15.1.24). */

/** Behind CREATE DATABASE. */
export function parseCreateDatabase(cursor: Cursor, start: number): CreateDatabase {
  const ifNotExists = acceptIfNotExists(cursor)
  const name = cursor.databaseName()
  const remote = cursor.is('FROM') ? parseRemote(cursor) : undefined
  const options = parseDatabaseOptions(cursor, false)
  return { kind: 'createDatabase', name, ifNotExists, options, remote, start, end: cursor.previousEnd }
}

/** `FROM SERVER name [DATABASE 'name'] [READ ONLY]`. */
function parseRemote(cursor: Cursor): RemoteDatabase {
  const { start } = cursor
  cursor.expectAll('FROM', 'SERVER')
  const server = cursor.identifierOrString()
  const database = cursor.accept('DATABASE') ? cursor.identifierOrString() : undefined
  const readOnly = cursor.acceptBoth('READ', 'ONLY')
  return { server, database, readOnly, start, end: cursor.previousEnd }
}

/** Behind ALTER DATABASE. */
export function parseAlterDatabase(cursor: Cursor, start: number): AlterDatabase {
  const name = cursor.isIdentifier() && !isOptionStart(cursor) ? cursor.identifier() : undefined
  const options = parseDatabaseOptions(cursor, true)
  if (Object.keys(options).length === 0) cursor.fail()
  return { kind: 'alterDatabase', name, options, start, end: cursor.previousEnd }
}

/** CHARSET and ENCRYPTION may also name a database. */
function isOptionStart(cursor: Cursor): boolean {
  if (cursor.is('ENCRYPTION')) return cursor.peek(1) === '=' || cursor.peek(1) === 'string'
  return (
    cursor.is('CHARSET') &&
    (cursor.peek(1) === '=' || cursor.isIdentifierAt(1) || cursor.peek(1) === 'string')
  )
}

/** Behind DROP DATABASE. */
export function parseDropDatabase(cursor: Cursor, start: number): DropDatabase {
  const ifExists = acceptIfExists(cursor)
  return { kind: 'dropDatabase', name: cursor.databaseName(), ifExists, start, end: cursor.previousEnd }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

function parseDatabaseOptions(cursor: Cursor, alter: boolean): DatabaseOptions {
  const options: Mutable<DatabaseOptions> = {}
  for (;;) {
    if (alter && cursor.acceptBoth('READ', 'ONLY')) {
      cursor.accept('=')
      options.readOnly = cursor.accept('DEFAULT') ? 'default' : parseReadOnly(cursor)
      continue
    }
    const isDefault = cursor.accept('DEFAULT')
    if (acceptCharacterSet(cursor)) {
      cursor.accept('=')
      if (cursor.accept('DEFAULT')) delete options.charset
      else options.charset = parseCharsetName(cursor)
    } else if (cursor.accept('COLLATE')) {
      cursor.accept('=')
      options.collation = parseCollationName(cursor)
    } else if (cursor.accept('ENCRYPTION')) {
      cursor.accept('=')
      options.encryption = cursor.string()
    } else {
      if (isDefault) cursor.fail()
      return options
    }
  }
}

function parseReadOnly(cursor: Cursor): boolean {
  const text = cursor.tokenText()
  if (!cursor.is('integer') || (text !== '0' && text !== '1')) cursor.fail()
  cursor.advance()
  return text === '1'
}
