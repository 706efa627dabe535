/**
 * The server itself in information_schema: ENGINES, PLUGINS, PROCESSLIST, KEYWORDS, INNODB_TRX (MySQL manual 28.3.13, 28.3.22, 28.3.23,
 * 28.3.18, 28.4.28).
 */
import { hasPrivilege } from '../../../catalog/privileges.js'
import { sqlError } from '../../../common/sql-error.js'
import { FUNCTION_KEYWORDS, NONRESERVED_KEYWORDS, RESERVED_KEYWORDS } from '../../../parser/keywords.js'
import type { TransactionInfo } from '../../../spi/transaction.js'
import { computedTable } from '../computed-table.js'
import { walkEngines, type EngineRow } from '../engines.js'
import { int, localTime, required, text, unsignedBigint } from '../listing-columns.js'
import type { ListingRequest } from '../listing.js'
import { walkPlugins, type PluginRow } from '../plugins.js'
import { walkThreads, type ThreadRow } from '../threads.js'

export const ENGINES = computedTable<EngineRow>('information_schema', 'ENGINES', {
  columns: [
    required(text('ENGINE', (row) => row.name)),
    required(text('SUPPORT', (row) => row.support, 8)),
    required(text('COMMENT', (row) => row.comment, 80)),
    text('TRANSACTIONS', (row) => (row.hasTransactions ? 'YES' : 'NO'), 3),
    text('XA', () => 'NO', 3),
    text('SAVEPOINTS', (row) => (row.hasTransactions ? 'YES' : 'NO'), 3),
  ],
  walk: walkEngines,
})

export const PLUGINS = computedTable<PluginRow>('information_schema', 'PLUGINS', {
  columns: [
    required(text('PLUGIN_NAME', (row) => row.name)),
    required(text('PLUGIN_VERSION', () => '1.0', 20)),
    required(text('PLUGIN_STATUS', () => 'ACTIVE', 10)),
    required(text('PLUGIN_TYPE', (row) => row.type, 80)),
    required(text('PLUGIN_TYPE_VERSION', () => '1.0', 20)),
    text('PLUGIN_LIBRARY', () => null),
    text('PLUGIN_LIBRARY_VERSION', () => null, 20),
    text('PLUGIN_AUTHOR', () => null),
    text('PLUGIN_DESCRIPTION', (row) => row.description, 65535),
    text('PLUGIN_LICENSE', () => null, 80),
    required(text('LOAD_OPTION', () => 'ON')),
  ],
  walk: walkPlugins,
})

export const PROCESSLIST = computedTable<ThreadRow>('information_schema', 'PROCESSLIST', {
  columns: [
    required(unsignedBigint('ID', (thread) => thread.id)),
    required(text('USER', (thread) => thread.user, 32)),
    required(text('HOST', (thread) => thread.host, 261)),
    text('DB', (thread) => thread.database),
    required(text('COMMAND', (thread) => thread.command, 16)),
    required(int('TIME', (thread) => thread.seconds)),
    text('STATE', (thread) => thread.state),
    text('INFO', (thread) => thread.info, 65535),
  ],
  walk: walkThreads,
})

interface KeywordRow {
  readonly word: string
  readonly isReserved: boolean
}

function words(lines: readonly string[], isReserved: boolean): readonly KeywordRow[] {
  return lines.flatMap((line) => line.split(' ')).map((word) => ({ word, isReserved }))
}

const KEYWORD_ROWS = [
  ...words(RESERVED_KEYWORDS, true),
  ...words(NONRESERVED_KEYWORDS, false),
  ...words(FUNCTION_KEYWORDS, false),
].sort((a, b) => (a.word < b.word ? -1 : 1))

export const KEYWORDS = computedTable<KeywordRow>('information_schema', 'KEYWORDS', {
  columns: [text('WORD', (row) => row.word, 128), int('RESERVED', (row) => (row.isReserved ? 1 : 0))],
  walk: (_request, emit) => {
    KEYWORD_ROWS.forEach(emit)
  },
})

function walkTransactions(
  { services, account }: ListingRequest,
  emit: (transaction: TransactionInfo) => void,
): void {
  if (!hasPrivilege(account, 'PROCESS')) throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', 'PROCESS')
  for (const transaction of services.transactions.activeTransactions()) {
    // Those of the server itself belong to no connection.
    if (transaction.connectionId !== 0) emit(transaction)
  }
}

const unknownText = (): null => null

export const INNODB_TRX = computedTable<TransactionInfo>('information_schema', 'INNODB_TRX', {
  columns: [
    required(unsignedBigint('trx_id', (row) => row.id)),
    required(text('trx_state', (row) => (row.waiting ? 'LOCK WAIT' : 'RUNNING'), 13)),
    required(localTime('trx_started', (row) => row.startedAtMicros)),
    text('trx_requested_lock_id', unknownText, 105),
    localTime('trx_wait_started', unknownText),
    required(unsignedBigint('trx_weight', (row) => row.rowsLocked)),
    required(unsignedBigint('trx_mysql_thread_id', (row) => row.connectionId)),
    text('trx_query', (row, request) => queryOf(row, request), 1024),
    text('trx_operation_state', unknownText),
    required(unsignedBigint('trx_tables_in_use', () => 0)),
    required(unsignedBigint('trx_tables_locked', () => 0)),
    required(unsignedBigint('trx_lock_structs', (row) => row.rowsLocked)),
    required(unsignedBigint('trx_lock_memory_bytes', () => 0)),
    required(unsignedBigint('trx_rows_locked', (row) => row.rowsLocked)),
    required(unsignedBigint('trx_rows_modified', () => 0)),
    required(unsignedBigint('trx_concurrency_tickets', () => 0)),
    required(text('trx_isolation_level', isolationOf, 16)),
    required(int('trx_unique_checks', () => 1)),
    required(int('trx_foreign_key_checks', () => 1)),
    text('trx_last_foreign_key_error', unknownText, 256),
    required(int('trx_adaptive_hash_latched', () => 0)),
    required(unsignedBigint('trx_adaptive_hash_timeout', () => 0)),
    required(int('trx_is_read_only', () => 0)),
    required(int('trx_autocommit_non_locking', () => 0)),
    unsignedBigint('trx_schedule_weight', unknownText),
  ],
  walk: walkTransactions,
})

function isolationOf({ connectionId }: TransactionInfo, { services }: ListingRequest): string {
  return services.sessions.get(connectionId)?.state.isolation ?? ''
}

function queryOf({ connectionId }: TransactionInfo, request: ListingRequest): string | null {
  let query: string | null = null
  walkThreads(request, (thread) => {
    if (thread.id === connectionId) query = thread.info
  })
  return query
}
