import type { FlushOption, ResetStatement, SetAssignment } from '../plan/syntax/administration.js'
import type { Statement } from '../plan/syntax/statement.js'
import type { Cursor } from './cursor.js'
import {
  acceptIfExists,
  parseAccountName,
  parseDigits,
  parseInteger,
  parseList,
  parseQualifiedName,
  parseQualifiedNames,
} from './names.js'
import { parseSetAssignments } from './set.js'

/** KILL, FLUSH, RESET, INSTALL and others that speak to the server (manual, 15.7.4, 15.7.5 and 15.7.8). */

export function parseKill(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('KILL')
  const target = cursor.acceptOneOf('CONNECTION', 'QUERY') === 'QUERY' ? 'query' : 'connection'
  const connectionId = cursor.grammar.expression(cursor)
  return { kind: 'kill', target, connectionId, start, end: cursor.previousEnd }
}

// ---- FLUSH ----------------------------------------------------------------------------------------------------

export function parseFlush(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('FLUSH')
  const local = cursor.acceptOneOf('NO_WRITE_TO_BINLOG', 'LOCAL') !== undefined
  const isTables = cursor.is('TABLES') || cursor.is('TABLE')
  const options = isTables ? [parseFlushTables(cursor)] : parseList(cursor, parseFlushOption)
  return { kind: 'flush', local, options, start, end: cursor.previousEnd }
}

/** TABLES [names] [WITH READ LOCK | FOR EXPORT]. */
function parseFlushTables(cursor: Cursor): FlushOption {
  cursor.advance()
  const tables = cursor.isIdentifier() || cursor.is('.') ? parseQualifiedNames(cursor) : []
  if (cursor.accept('WITH')) {
    cursor.expectAll('READ', 'LOCK')
    return { kind: 'tables', tables, mode: 'withReadLock' }
  }
  if (tables.length > 0 && cursor.acceptBoth('FOR', 'EXPORT'))
    return { kind: 'tables', tables, mode: 'forExport' }
  return { kind: 'tables', tables, mode: undefined }
}

const LOGS = {
  BINARY: 'binaryLogs',
  ENGINE: 'engineLogs',
  ERROR: 'errorLogs',
  GENERAL: 'generalLogs',
  SLOW: 'slowLogs',
} as const

const FLUSHED = {
  HOSTS: 'hosts',
  LOGS: 'logs',
  OPTIMIZER_COSTS: 'optimizerCosts',
  PRIVILEGES: 'privileges',
  STATUS: 'status',
  USER_RESOURCES: 'userResources',
} as const

function parseFlushOption(cursor: Cursor): FlushOption {
  const log = cursor.acceptOneOf('BINARY', 'ENGINE', 'ERROR', 'GENERAL', 'SLOW')
  if (log !== undefined) {
    cursor.expect('LOGS')
    return { kind: LOGS[log] }
  }
  if (cursor.acceptBoth('RELAY', 'LOGS')) return { kind: 'relayLogs', channel: parseChannel(cursor) }
  return {
    kind: FLUSHED[
      cursor.expectOneOf('HOSTS', 'LOGS', 'OPTIMIZER_COSTS', 'PRIVILEGES', 'STATUS', 'USER_RESOURCES')
    ],
  }
}

/** `[FOR CHANNEL 'name']`. */
export function parseChannel(cursor: Cursor): string | undefined {
  return cursor.acceptBoth('FOR', 'CHANNEL') ? cursor.string() : undefined
}

// ---- RESET, PURGE ---------------------------------------------------------------------------------------------

export function parseReset(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('RESET')
  if (cursor.accept('PERSIST')) {
    const ifExists = acceptIfExists(cursor)
    const mayHaveName = ifExists || cursor.isIdentifier()
    const name = mayHaveName ? parseQualifiedName(cursor) : undefined
    const variable = name?.database === undefined ? name?.name : `${name.database}.${name.name}`
    return { kind: 'resetPersist', ifExists, variable, start, end: cursor.previousEnd }
  }
  const options = parseList(cursor, parseResetOption)
  return { kind: 'reset', options, start, end: cursor.previousEnd }
}

function parseResetOption(cursor: Cursor): ResetStatement['options'][number] {
  const keyword = cursor.expectOneOf('MASTER', 'REPLICA', 'SLAVE')
  if (keyword === 'MASTER') {
    return {
      kind: 'master',
      all: false,
      channel: undefined,
      to: cursor.accept('TO') ? parseDigits(cursor) : undefined,
    }
  }
  const all = cursor.accept('ALL')
  return { kind: 'replica', all, channel: parseChannel(cursor), to: undefined }
}

/** PURGE {BINARY | MASTER} LOGS {TO 'file' | BEFORE time}. */
export function parsePurge(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('PURGE')
  cursor.expectOneOf('BINARY', 'MASTER')
  cursor.expect('LOGS')
  const isTo = cursor.expectOneOf('TO', 'BEFORE') === 'TO'
  const to = isTo ? cursor.string() : undefined
  const before = isTo ? undefined : cursor.grammar.expression(cursor)
  return { kind: 'purgeLogs', to, before, start, end: cursor.previousEnd }
}

// ---- Plugins, components, clones ------------------------------------------------------------------------------

/** INSTALL and UNINSTALL of PLUGIN and COMPONENT. */
export function parseInstall(cursor: Cursor): Statement {
  const { start } = cursor
  const uninstall = cursor.expectOneOf('INSTALL', 'UNINSTALL') === 'UNINSTALL'
  const isPlugin = cursor.expectOneOf('PLUGIN', 'COMPONENT') === 'PLUGIN'
  const names = isPlugin ? [cursor.identifier()] : parseList(cursor, (c) => c.string())
  let library: string | undefined
  if (isPlugin && !uninstall) {
    cursor.expect('SONAME')
    library = cursor.string()
  }
  let assignments: SetAssignment[] = []
  if (!isPlugin && !uninstall && cursor.accept('SET')) assignments = parseSetAssignments(cursor)
  const what = isPlugin ? 'plugin' : 'component'
  return { kind: 'install', uninstall, what, names, library, assignments, start, end: cursor.previousEnd }
}

/** CLONE LOCAL DATA DIRECTORY and CLONE INSTANCE. */
export function parseClone(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('CLONE')
  if (cursor.accept('LOCAL')) {
    const directory = parseDataDirectory(cursor) ?? cursor.fail()
    const end = cursor.previousEnd
    return { kind: 'clone', directory, from: undefined, requireSsl: undefined, start, end }
  }
  cursor.expectAll('INSTANCE', 'FROM')
  const account = parseAccountName(cursor)
  cursor.expect(':')
  const port = parseInteger(cursor)
  cursor.expectAll('IDENTIFIED', 'BY')
  const from = { account, port, password: cursor.string() }
  const directory = parseDataDirectory(cursor)
  let requireSsl: boolean | undefined
  if (cursor.accept('REQUIRE')) {
    requireSsl = !cursor.accept('NO')
    cursor.expect('SSL')
  }
  return { kind: 'clone', directory, from, requireSsl, start, end: cursor.previousEnd }
}

function parseDataDirectory(cursor: Cursor): string | undefined {
  if (!cursor.acceptBoth('DATA', 'DIRECTORY')) return undefined
  cursor.accept('=')
  return cursor.string()
}

/** BINLOG 'events'. */
export function parseBinlog(cursor: Cursor): Statement {
  const { start } = cursor
  cursor.expect('BINLOG')
  return { kind: 'binlog', events: cursor.string(), start, end: cursor.previousEnd }
}

/** SHUTDOWN and RESTART. */
export function parseServerCommand(cursor: Cursor): Statement {
  const { start } = cursor
  const command = cursor.expectOneOf('SHUTDOWN', 'RESTART') === 'SHUTDOWN' ? 'shutdown' : 'restart'
  return { kind: 'serverCommand', command, start, end: cursor.previousEnd }
}
