import type { ReplicationStatement } from '../plan/syntax/administration.js'
import type { Cursor } from './cursor.js'
import { parseList } from './names.js'
import { parseChannel } from './server-commands.js'

/** Statements about replicas (manual, 15.4.2 and 15.4.3). Their options are carried along as written. */

type Option = ReplicationStatement['options'][number]

/** CHANGE MASTER TO, CHANGE REPLICATION SOURCE TO and CHANGE REPLICATION FILTER. */
export function parseChange(cursor: Cursor): ReplicationStatement {
  const { start } = cursor
  cursor.expect('CHANGE')
  let isFilter = false
  if (!cursor.accept('MASTER')) {
    cursor.expect('REPLICATION')
    isFilter = cursor.expectOneOf('SOURCE', 'FILTER') === 'FILTER'
  }
  if (!isFilter) cursor.expect('TO')
  const options = parseList(cursor, parseOption)
  const action = isFilter ? 'changeFilter' : 'changeSource'
  return {
    kind: 'replication',
    action,
    options,
    channel: parseChannel(cursor),
    start,
    end: cursor.previousEnd,
  }
}

/** `NAME = value`: a string, a number, a word or a list in parentheses. */
function parseOption(cursor: Cursor): Option {
  const name = parseOptionName(cursor)
  cursor.expect('=')
  const valueStart = cursor.start
  if (cursor.is('(')) {
    const behind = cursor.indexBehindParentheses(cursor.index)
    while (cursor.index < behind) cursor.advance()
  } else {
    cursor.accept('-')
    if (!isValue(cursor)) cursor.fail()
    cursor.advance()
    if (cursor.is('userVariable')) cursor.advance()
  }
  return { name, value: cursor.sourceText(valueStart, cursor.previousEnd) }
}

/** Two of the names are reserved words. */
function parseOptionName(cursor: Cursor): string {
  const isName =
    cursor.isIdentifier() || cursor.is('MASTER_BIND') || cursor.is('MASTER_SSL_VERIFY_SERVER_CERT')
  if (!isName) cursor.fail()
  const name = cursor.tokenText().toLowerCase()
  cursor.advance()
  return name
}

function isValue(cursor: Cursor): boolean {
  switch (cursor.kind) {
    case 'string':
    case 'integer':
    case 'decimal':
    case 'float':
    case 'NULL':
    case 'ON':
      return true
    default:
      return cursor.isIdentifier()
  }
}

/** At REPLICA, SLAVE or GROUP_REPLICATION behind START or STOP. */
export function parseStartStop(cursor: Cursor, isStart: boolean, start: number): ReplicationStatement {
  const isGroup = cursor.expectOneOf('REPLICA', 'SLAVE', 'GROUP_REPLICATION') === 'GROUP_REPLICATION'
  const options: Option[] = []
  if (!isGroup) parseThreads(cursor, options)
  if (isStart) parseStartOptions(cursor, options, isGroup)
  const channel = isGroup ? undefined : parseChannel(cursor)
  const action = isGroup ? (isStart ? 'startGroup' : 'stopGroup') : isStart ? 'startReplica' : 'stopReplica'
  return { kind: 'replication', action, options, channel, start, end: cursor.previousEnd }
}

/** SQL_THREAD and IO_THREAD. */
function parseThreads(cursor: Cursor, options: Option[]): void {
  if (!cursor.is('SQL_THREAD') && !cursor.is('RELAY_THREAD')) return
  do options.push({ name: cursor.expectOneOf('SQL_THREAD', 'RELAY_THREAD').toLowerCase(), value: '' })
  while (cursor.accept(','))
}

/** UNTIL conditions, and USER, PASSWORD and the like of the connection. */
function parseStartOptions(cursor: Cursor, options: Option[], withCommas: boolean): void {
  if (cursor.accept('UNTIL')) {
    if (cursor.accept('SQL_AFTER_MTS_GAPS')) options.push({ name: 'until sql_after_mts_gaps', value: '' })
    else
      options.push(
        ...parseList(cursor, parseOption).map(({ name, value }) => ({ name: `until ${name}`, value })),
      )
  }
  while (cursor.is('USER') || cursor.is('PASSWORD') || cursor.is('DEFAULT_AUTH') || cursor.is('PLUGIN_DIR')) {
    options.push(parseOption(cursor))
    if (withCommas) cursor.accept(',')
  }
}
