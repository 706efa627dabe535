/**
 * Tables of performance_schema that clients read: variables, status, threads, accounts, and what clients told of themselves
 * (MySQL manual 29.12). Nothing is instrumented, so the others don't exist.
 */
import { hasPrivilege } from '../../../catalog/privileges.js'
import { sqlError } from '../../../common/sql-error.js'
import { computedTable, type ComputedTable } from '../computed-table.js'
import { bigint, choice, int, longText, required, text, unsignedBigint } from '../listing-columns.js'
import type { ListingColumn, ListingRequest } from '../listing.js'
import type { StatusVariable } from '../server-status.js'
import { userName, walkThreads, type ThreadRow } from '../threads.js'
import { variableRows, type VariableRow } from '../variable-rows.js'

const DATABASE = 'performance_schema'

// ---- Variables and status -------------------------------------------------------------------------------------

const VARIABLE_COLUMNS: readonly ListingColumn<VariableRow | StatusVariable>[] = [
  required(text('VARIABLE_NAME', (row) => row.name)),
  text('VARIABLE_VALUE', (row) => row.value, 1024),
]

function variables(name: string, scope: 'global' | 'session'): ComputedTable {
  return computedTable<VariableRow>(DATABASE, name, {
    columns: VARIABLE_COLUMNS,
    walk: (request, emit) => {
      variableRows(scope, request).forEach(emit)
    },
  })
}

function status(name: string, scope: 'global' | 'session'): ComputedTable {
  return computedTable<StatusVariable>(DATABASE, name, {
    columns: VARIABLE_COLUMNS,
    walk: ({ services, session }, emit) => {
      services.status.variables(scope, session).forEach(emit)
    },
  })
}

// ---- Threads --------------------------------------------------------------------------------------------------

const threads = computedTable<ThreadRow>(DATABASE, 'threads', {
  columns: [
    required(unsignedBigint('THREAD_ID', (thread) => thread.id)),
    required(text('NAME', () => 'thread/sql/one_connection', 128)),
    required(text('TYPE', () => 'FOREGROUND', 10)),
    unsignedBigint('PROCESSLIST_ID', (thread) => thread.id),
    text('PROCESSLIST_USER', (thread) => thread.user, 32),
    text('PROCESSLIST_HOST', (thread) => thread.session.client.host, 255),
    text('PROCESSLIST_DB', (thread) => thread.database),
    text('PROCESSLIST_COMMAND', (thread) => thread.command, 16),
    bigint('PROCESSLIST_TIME', (thread) => thread.seconds),
    text('PROCESSLIST_STATE', (thread) => (thread.state === '' ? null : thread.state)),
    longText('PROCESSLIST_INFO', (thread) => thread.info),
    unsignedBigint('PARENT_THREAD_ID', () => null),
    text('ROLE', () => null),
    required(choice('INSTRUMENTED', ['YES', 'NO'], () => 'NO')),
    required(choice('HISTORY', ['YES', 'NO'], () => 'NO')),
    text('CONNECTION_TYPE', (thread) => connectionType(thread), 16),
    unsignedBigint('THREAD_OS_ID', () => null),
    text('RESOURCE_GROUP', () => null),
  ],
  walk: walkThreads,
})

function connectionType({ session: { client } }: ThreadRow): string {
  if (client.port === 0) return 'Socket'
  return client.isSecure ? 'SSL/TLS' : 'TCP/IP'
}

const processlist = computedTable<ThreadRow>(DATABASE, 'processlist', {
  columns: [
    required(unsignedBigint('ID', (thread) => thread.id)),
    text('USER', (thread) => thread.user, 32),
    text('HOST', (thread) => thread.host, 261),
    text('DB', (thread) => thread.database),
    text('COMMAND', (thread) => thread.command, 16),
    bigint('TIME', (thread) => thread.seconds),
    text('STATE', (thread) => thread.state),
    longText('INFO', (thread) => thread.info),
    text('EXECUTION_ENGINE', () => 'PRIMARY', 9),
  ],
  walk: walkThreads,
})

// ---- Connection attributes ------------------------------------------------------------------------------------

interface AttributeRow {
  readonly id: number
  readonly name: string
  readonly value: string
  /** From 0. */
  readonly position: number
}

const ATTRIBUTE_COLUMNS: readonly ListingColumn<AttributeRow>[] = [
  required(unsignedBigint('PROCESSLIST_ID', (row) => row.id)),
  required(text('ATTR_NAME', (row) => row.name, 32)),
  text('ATTR_VALUE', (row) => row.value, 1024),
  int('ORDINAL_POSITION', (row) => row.position),
]

function attributes(name: string, isShown: (thread: ThreadRow, request: ListingRequest) => boolean) {
  return computedTable<AttributeRow>(DATABASE, name, {
    columns: ATTRIBUTE_COLUMNS,
    walk: (request, emit) => {
      walkThreads(request, (thread) => {
        if (!isShown(thread, request)) return
        Object.entries(thread.session.client.attributes).forEach(([attribute, value], position) => {
          emit({ id: thread.id, name: attribute, value, position })
        })
      })
    },
  })
}

// ---- Accounts -------------------------------------------------------------------------------------------------

interface ConnectionCount {
  readonly user: string | null
  readonly host: string | null
  readonly current: number
}

/** Connections that are open now, by what `keyOf` takes of them. */
function walkConnections(keyOf: (thread: ThreadRow) => Omit<ConnectionCount, 'current'>) {
  return (request: ListingRequest, emit: (row: ConnectionCount) => void): void => {
    if (!hasPrivilege(request.account, 'PROCESS')) {
      throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', 'PROCESS')
    }
    const counts = new Map<string, ConnectionCount>()
    walkThreads(request, (thread) => {
      const key = keyOf(thread)
      const name = JSON.stringify(key)
      counts.set(name, { ...key, current: (counts.get(name)?.current ?? 0) + 1 })
    })
    for (const count of counts.values()) emit(count)
  }
}

const USER = text<ConnectionCount>('USER', (row) => row.user, 32)
const HOST = text<ConnectionCount>('HOST', (row) => row.host, 255)
const CURRENT = required(bigint<ConnectionCount>('CURRENT_CONNECTIONS', (row) => row.current))

const accounts = computedTable<ConnectionCount>(DATABASE, 'accounts', {
  columns: [USER, HOST, CURRENT],
  walk: walkConnections(({ session }) => ({ user: userName(session), host: session.client.host })),
})

const users = computedTable<ConnectionCount>(DATABASE, 'users', {
  columns: [USER, CURRENT],
  walk: walkConnections(({ session }) => ({ user: userName(session), host: null })),
})

const hosts = computedTable<ConnectionCount>(DATABASE, 'hosts', {
  columns: [HOST, CURRENT],
  walk: walkConnections(({ session }) => ({ user: null, host: session.client.host })),
})

export const PERFORMANCE_SCHEMA_TABLES: readonly ComputedTable[] = [
  accounts,
  variables('global_variables', 'global'),
  status('global_status', 'global'),
  hosts,
  processlist,
  attributes(
    'session_account_connect_attrs',
    (thread, { session }) => thread.session.account === session.account,
  ),
  attributes('session_connect_attrs', () => true),
  status('session_status', 'session'),
  variables('session_variables', 'session'),
  threads,
  users,
]
