import type { AccountName } from '../plan/syntax/account.js'
import type { ShowFilter, ShowStatement } from '../plan/syntax/administration.js'
import type { QualifiedName } from '../plan/syntax/node.js'
import { parseAccountNames } from './accounts.js'
import type { Cursor } from './cursor.js'
import { parseStringLiteral } from './literals.js'
import {
  acceptIfNotExists,
  parseAccountName,
  parseDigits,
  parseInteger,
  parseQualifiedName,
} from './names.js'
import { parseLimit } from './query.js'
import type { TokenKind } from './token.js'

/** SHOW (manual, 15.7.7). */

type ShowOf<Topic extends ShowStatement['topic']> = Extract<ShowStatement, { readonly topic: Topic }>

export function parseShow(cursor: Cursor): ShowStatement {
  const { start } = cursor
  cursor.expect('SHOW')
  const parse = TOPICS.get(cursor.kind) ?? cursor.fail()
  return parse(cursor, start)
}

// ---- Parts ----------------------------------------------------------------------------------------------------

/** `[LIKE 'pattern' | WHERE condition]`. */
function parseFilter(cursor: Cursor): ShowFilter {
  if (cursor.accept('LIKE')) return { like: parseStringLiteral(cursor), where: undefined }
  return parseWhere(cursor)
}

function parseWhere(cursor: Cursor): ShowFilter {
  const where = cursor.accept('WHERE') ? cursor.grammar.expression(cursor) : undefined
  return { like: undefined, where }
}

/** `[FROM | IN database]`. */
function parseDatabase(cursor: Cursor): string | undefined {
  return cursor.acceptOneOf('FROM', 'IN') === undefined ? undefined : cursor.identifier()
}

/** `FROM table [FROM database]`: the second names the first's database. */
function parseTable(cursor: Cursor): QualifiedName {
  cursor.expectOneOf('FROM', 'IN')
  const table = parseQualifiedName(cursor)
  const database = parseDatabase(cursor)
  return database === undefined ? table : { ...table, database, end: cursor.previousEnd }
}

/** `[FOR CHANNEL 'name']`. */
function parseChannel(cursor: Cursor): string | undefined {
  return cursor.acceptBoth('FOR', 'CHANNEL') ? cursor.string() : undefined
}

// ---- Topics ---------------------------------------------------------------------------------------------------

type TopicParser = (cursor: Cursor, start: number) => ShowStatement

/** A topic of one or more words and nothing else. */
function simple(
  topic: 'plugins' | 'privileges' | 'profiles' | 'engines' | 'masterStatus' | 'binaryLogs' | 'replicas',
  ...words: readonly TokenKind[]
): TopicParser {
  return (cursor, start) => {
    cursor.expectAll(...words)
    return { kind: 'show', topic, start, end: cursor.previousEnd }
  }
}

/** A topic of one or more words with a filter. */
function filtered(topic: 'databases' | 'collation' | 'charset', ...words: readonly TokenKind[]): TopicParser {
  return (cursor, start) => {
    cursor.expectAll(...words)
    return { kind: 'show', topic, filter: parseFilter(cursor), start, end: cursor.previousEnd }
  }
}

/** A topic of one or more words about the objects of a database. */
function ofDatabase(
  topic: 'tableStatus' | 'openTables' | 'events',
  ...words: readonly TokenKind[]
): TopicParser {
  return (cursor, start) => {
    cursor.expectAll(...words)
    const database = parseDatabase(cursor)
    const filter = parseFilter(cursor)
    return { kind: 'show', topic, full: false, database, filter, start, end: cursor.previousEnd }
  }
}

/** What may follow EXTENDED and FULL, or neither. */
function parseExtended(cursor: Cursor, start: number): ShowStatement {
  const extended = cursor.accept('EXTENDED')
  const full = cursor.accept('FULL')
  switch (cursor.kind) {
    case 'COLUMNS': {
      cursor.advance()
      const table = parseTable(cursor)
      const filter = parseFilter(cursor)
      return { kind: 'show', topic: 'columns', full, extended, table, filter, start, end: cursor.previousEnd }
    }
    case 'TABLES': {
      cursor.advance()
      const database = parseDatabase(cursor)
      const filter = parseFilter(cursor)
      return {
        kind: 'show',
        topic: 'tables',
        full,
        extended,
        database,
        filter,
        start,
        end: cursor.previousEnd,
      }
    }
    case 'INDEX':
    case 'INDEXES':
    case 'KEYS': {
      if (full) cursor.fail()
      cursor.advance()
      const table = parseTable(cursor)
      const filter = parseWhere(cursor)
      return { kind: 'show', topic: 'indexes', extended, table, filter, start, end: cursor.previousEnd }
    }
    default:
      if (extended) cursor.fail()
      return parseFull(cursor, full, start)
  }
}

/** PROCESSLIST and TRIGGERS, maybe behind FULL. */
function parseFull(cursor: Cursor, full: boolean, start: number): ShowStatement {
  if (cursor.accept('PROCESSLIST')) {
    return { kind: 'show', topic: 'processlist', full, start, end: cursor.previousEnd }
  }
  cursor.expect('TRIGGERS')
  const database = parseDatabase(cursor)
  const filter = parseFilter(cursor)
  return { kind: 'show', topic: 'triggers', full, database, filter, start, end: cursor.previousEnd }
}

/** [GLOBAL | SESSION | LOCAL] {STATUS | VARIABLES}. */
function parseVariables(cursor: Cursor, start: number): ShowStatement {
  const scope = cursor.acceptOneOf('GLOBAL', 'SESSION', 'LOCAL') === 'GLOBAL' ? 'global' : 'session'
  const topic = cursor.expectOneOf('STATUS', 'VARIABLES') === 'STATUS' ? 'status' : 'variables'
  return { kind: 'show', topic, scope, filter: parseFilter(cursor), start, end: cursor.previousEnd }
}

/** WARNINGS and ERRORS, also their COUNT(*). */
function parseConditions(cursor: Cursor, start: number): ShowStatement {
  const count = cursor.accept('COUNT')
  if (count) cursor.expectAll('(', '*', ')')
  const topic = cursor.expectOneOf('WARNINGS', 'ERRORS') === 'WARNINGS' ? 'warnings' : 'errors'
  const limit = count ? undefined : parseLimit(cursor)
  return { kind: 'show', topic, count, limit, start, end: cursor.previousEnd }
}

const CREATE_TOPICS = {
  EVENT: 'createEvent',
  FUNCTION: 'createFunction',
  PROCEDURE: 'createProcedure',
  TABLE: 'createTable',
  TRIGGER: 'createTrigger',
  VIEW: 'createView',
} as const

function parseCreate(cursor: Cursor, start: number): ShowStatement {
  cursor.advance()
  if (cursor.accept('DATABASE')) {
    const ifNotExists = acceptIfNotExists(cursor)
    const database = cursor.databaseName()
    return { kind: 'show', topic: 'createDatabase', database, ifNotExists, start, end: cursor.previousEnd }
  }
  if (cursor.accept('USER')) {
    const account = parseAccountName(cursor)
    return { kind: 'show', topic: 'createUser', account, start, end: cursor.previousEnd }
  }
  const what = cursor.expectOneOf('EVENT', 'FUNCTION', 'PROCEDURE', 'TABLE', 'TRIGGER', 'VIEW')
  const name = parseQualifiedName(cursor)
  return { kind: 'show', topic: CREATE_TOPICS[what], name, start, end: cursor.previousEnd }
}

/** GRANTS [FOR user [USING roles]]. */
function parseGrants(cursor: Cursor, start: number): ShowOf<'grants'> {
  cursor.advance()
  let account: AccountName | undefined
  let roles: AccountName[] = []
  if (cursor.accept('FOR')) {
    account = parseAccountName(cursor)
    if (cursor.accept('USING')) roles = parseAccountNames(cursor)
  }
  return { kind: 'show', topic: 'grants', account, roles, start, end: cursor.previousEnd }
}

/** PROCEDURE and FUNCTION: STATUS or CODE. */
function parseRoutines(cursor: Cursor, start: number): ShowStatement {
  const isProcedure = cursor.expectOneOf('PROCEDURE', 'FUNCTION') === 'PROCEDURE'
  if (cursor.accept('CODE')) {
    const name = parseQualifiedName(cursor)
    const topic = isProcedure ? 'procedureCode' : 'functionCode'
    return { kind: 'show', topic, name, start, end: cursor.previousEnd }
  }
  cursor.expect('STATUS')
  const topic = isProcedure ? 'procedureStatus' : 'functionStatus'
  return { kind: 'show', topic, filter: parseFilter(cursor), start, end: cursor.previousEnd }
}

const ENGINE_PARTS = { STATUS: 'status', MUTEX: 'mutex', LOGS: 'logs' } as const

function parseEngine(cursor: Cursor, start: number): ShowStatement {
  cursor.advance()
  const engine = cursor.accept('ALL') ? undefined : cursor.identifierOrString()
  const what = ENGINE_PARTS[cursor.expectOneOf('STATUS', 'MUTEX', 'LOGS')]
  return { kind: 'show', topic: 'engine', engine, what, start, end: cursor.previousEnd }
}

/** PROFILE [types] [FOR QUERY n] [LIMIT …]. */
function parseProfile(cursor: Cursor, start: number): ShowStatement {
  cursor.advance()
  const types: string[] = []
  if (PROFILE_TYPES.has(cursor.kind)) {
    do types.push(parseProfileType(cursor))
    while (cursor.accept(','))
  }
  const queryId = cursor.acceptBoth('FOR', 'QUERY') ? parseInteger(cursor) : undefined
  const limit = parseLimit(cursor)
  return { kind: 'show', topic: 'profile', types, queryId, limit, start, end: cursor.previousEnd }
}

const PROFILE_TYPES: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'ALL',
  'BLOCK',
  'CONTEXT',
  'CPU',
  'IPC',
  'MEMORY',
  'PAGE',
  'SOURCE',
  'SWAPS',
])

function parseProfileType(cursor: Cursor): string {
  const { kind } = cursor
  if (!PROFILE_TYPES.has(kind)) cursor.fail()
  cursor.advance()
  if (kind === 'BLOCK') cursor.expect('IO')
  else if (kind === 'CONTEXT') cursor.expect('SWITCHES')
  else if (kind === 'PAGE') cursor.expect('FAULTS')
  return kind.toLowerCase()
}

/** BINARY LOGS, MASTER LOGS, MASTER STATUS, BINLOG and RELAYLOG EVENTS. */
function parseLogs(cursor: Cursor, start: number): ShowStatement {
  const keyword = cursor.expectOneOf('BINARY', 'MASTER', 'BINLOG', 'RELAYLOG')
  if (keyword === 'BINARY') {
    const isStatus = cursor.acceptWord('LOG')
    if (isStatus) cursor.expect('STATUS')
    else cursor.expect('LOGS')
    return {
      kind: 'show',
      topic: isStatus ? 'binaryLogStatus' : 'binaryLogs',
      start,
      end: cursor.previousEnd,
    }
  }
  if (keyword === 'MASTER') {
    const topic = cursor.expectOneOf('LOGS', 'STATUS') === 'LOGS' ? 'binaryLogs' : 'masterStatus'
    return { kind: 'show', topic, start, end: cursor.previousEnd }
  }
  cursor.expect('EVENTS')
  const file = cursor.accept('IN') ? cursor.string() : undefined
  const position = cursor.accept('FROM') ? parseDigits(cursor) : undefined
  const limit = parseLimit(cursor)
  const topic = keyword === 'BINLOG' ? 'binlogEvents' : 'relaylogEvents'
  const channel = keyword === 'RELAYLOG' ? parseChannel(cursor) : undefined
  return { kind: 'show', topic, file, position, limit, channel, start, end: cursor.previousEnd }
}

/** REPLICA STATUS, SLAVE STATUS and SLAVE HOSTS. */
function parseReplica(cursor: Cursor, start: number): ShowStatement {
  const isSlave = cursor.expectOneOf('REPLICA', 'SLAVE') === 'SLAVE'
  if (isSlave && cursor.accept('HOSTS')) {
    return { kind: 'show', topic: 'replicas', start, end: cursor.previousEnd }
  }
  cursor.expect('STATUS')
  const channel = parseChannel(cursor)
  return { kind: 'show', topic: 'replicaStatus', channel, start, end: cursor.previousEnd }
}

const TOPICS: ReadonlyMap<TokenKind, TopicParser> = new Map<TokenKind, TopicParser>([
  ['BINARY', parseLogs],
  ['BINLOG', parseLogs],
  ['CHAR', filtered('charset', 'CHAR', 'SET')],
  ['CHARSET', filtered('charset', 'CHARSET')],
  ['COLLATION', filtered('collation', 'COLLATION')],
  ['COLUMNS', parseExtended],
  ['COUNT', parseConditions],
  ['CREATE', parseCreate],
  ['DATABASES', filtered('databases', 'DATABASES')],
  ['ENGINE', parseEngine],
  ['ENGINES', simple('engines', 'ENGINES')],
  ['ERRORS', parseConditions],
  ['EVENTS', ofDatabase('events', 'EVENTS')],
  ['EXTENDED', parseExtended],
  ['FULL', parseExtended],
  ['FUNCTION', parseRoutines],
  ['GLOBAL', parseVariables],
  ['GRANTS', parseGrants],
  ['INDEX', parseExtended],
  ['INDEXES', parseExtended],
  ['KEYS', parseExtended],
  ['LOCAL', parseVariables],
  ['MASTER', parseLogs],
  ['OPEN', ofDatabase('openTables', 'OPEN', 'TABLES')],
  ['PLUGINS', simple('plugins', 'PLUGINS')],
  ['PRIVILEGES', simple('privileges', 'PRIVILEGES')],
  ['PROCEDURE', parseRoutines],
  ['PROCESSLIST', parseExtended],
  ['PROFILE', parseProfile],
  ['PROFILES', simple('profiles', 'PROFILES')],
  ['RELAYLOG', parseLogs],
  ['REPLICA', parseReplica],
  ['REPLICAS', simple('replicas', 'REPLICAS')],
  ['SESSION', parseVariables],
  ['SLAVE', parseReplica],
  ['STATUS', parseVariables],
  ['STORAGE', simple('engines', 'STORAGE', 'ENGINES')],
  ['TABLE', ofDatabase('tableStatus', 'TABLE', 'STATUS')],
  ['TABLES', parseExtended],
  ['TRIGGERS', parseExtended],
  ['VARIABLES', parseVariables],
  ['WARNINGS', parseConditions],
])
