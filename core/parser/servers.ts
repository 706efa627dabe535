import type { AlterServer, CreateServer, DropServer, ServerOptions } from '../plan/syntax/definition.js'
import type { Cursor } from './cursor.js'
import { acceptIfExists, parseInteger, parseList } from './names.js'

/** CREATE, ALTER and DROP SERVER (manual, 15.1.18, 15.1.8 and 15.1.30). */

/** Behind CREATE SERVER. */
export function parseCreateServer(cursor: Cursor, start: number): CreateServer {
  const name = cursor.identifierOrString()
  cursor.expectAll('FOREIGN', 'DATA', 'WRAPPER')
  const wrapper = cursor.identifierOrString()
  const options = parseServerOptions(cursor)
  return { kind: 'createServer', name, wrapper, options, start, end: cursor.previousEnd }
}

/** Behind ALTER SERVER. */
export function parseAlterServer(cursor: Cursor, start: number): AlterServer {
  const name = cursor.identifierOrString()
  return { kind: 'alterServer', name, options: parseServerOptions(cursor), start, end: cursor.previousEnd }
}

/** Behind DROP SERVER. */
export function parseDropServer(cursor: Cursor, start: number): DropServer {
  const ifExists = acceptIfExists(cursor)
  return { kind: 'dropServer', name: cursor.identifierOrString(), ifExists, start, end: cursor.previousEnd }
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const TEXT_OPTIONS = {
  USER: 'user',
  HOST: 'host',
  DATABASE: 'database',
  OWNER: 'owner',
  PASSWORD: 'password',
  SOCKET: 'socket',
} as const

function parseServerOptions(cursor: Cursor): ServerOptions {
  const options: Mutable<ServerOptions> = {}
  cursor.expectAll('OPTIONS', '(')
  parseList(cursor, () => {
    if (cursor.accept('PORT')) {
      options.port = parseInteger(cursor)
      return
    }
    const keyword = cursor.expectOneOf('USER', 'HOST', 'DATABASE', 'OWNER', 'PASSWORD', 'SOCKET')
    options[TEXT_OPTIONS[keyword]] = cursor.string()
  })
  cursor.expect(')')
  return options
}
