/**
 * The system variables. Those that the engine obeys, and those that clients, dumps and tools read or set on connect; a variable that
 * MySQL has and this list hasn't is ER_UNKNOWN_SYSTEM_VARIABLE. What isn't followed either tunes MySQL's own machinery (sizes of
 * buffers, what goes into its binary log) or takes its default only (`onlyDefault`).
 */
import { charsetByName } from '../../common/charsets.js'
import { collationByName } from '../../common/collations.js'
import { DEFAULT_SQL_MODE } from '../../common/sql-mode.js'
import { sqlError } from '../../common/sql-error.js'
import { timeZoneByName } from '../../common/time-zones.js'
import { localeByName } from '../../functions/locales.js'
import {
  choiceVariable,
  doubleVariable,
  integerVariable,
  onlyDefault,
  switchVariable,
  textVariable,
  type VariableDefinition,
} from './definition.js'
import { formatSqlMode, parseSqlMode, sqlModeOfNumber } from './sql-mode-text.js'

const GLOBAL = { scopes: 'global' } as const
const READ_ONLY = { scopes: 'global', readOnly: true } as const
const SESSION = { scopes: 'session' } as const
const GIVEN = { isGivenToSessions: true } as const

const ISOLATION_LEVELS = ['READ-UNCOMMITTED', 'READ-COMMITTED', 'REPEATABLE-READ', 'SERIALIZABLE']

const charset = (text: string): string | undefined => {
  const found = charsetByName(text.toLowerCase())
  if (found === undefined) throw sqlError('ER_UNKNOWN_CHARACTER_SET', text)
  return found.name
}

const collation = (text: string): string | undefined => {
  const found = collationByName(text.toLowerCase())
  if (found === undefined) throw sqlError('ER_UNKNOWN_COLLATION', text)
  return found.name
}

/** Client character sets must agree with ASCII byte for byte: the lexer reads bytes. */
const clientCharset = (text: string): string | undefined => {
  const name = charset(text)
  return name !== undefined && ['ucs2', 'utf16', 'utf16le', 'utf32'].includes(name) ? undefined : name
}

const locale = (text: string): string | undefined => {
  const found = localeByName(text)
  if (found === undefined) throw sqlError('ER_UNKNOWN_LOCALE', text)
  return found
}

const CHARSETS_AND_COLLATIONS: readonly VariableDefinition[] = [
  textVariable('character_set_client', 'utf8mb4', { check: clientCharset }),
  textVariable('character_set_connection', 'utf8mb4', { check: charset }),
  textVariable('character_set_results', 'utf8mb4', { check: charset, nullable: true }),
  textVariable('character_set_database', 'utf8mb4', { check: charset }),
  textVariable('character_set_server', 'utf8mb4', { check: charset }),
  onlyDefault(textVariable('character_set_filesystem', 'binary', { check: charset })),
  textVariable('character_set_system', 'utf8mb3', READ_ONLY),
  textVariable('character_sets_dir', '', READ_ONLY),
  textVariable('collation_connection', 'utf8mb4_0900_ai_ci', { check: collation }),
  textVariable('collation_database', 'utf8mb4_0900_ai_ci', { check: collation }),
  textVariable('collation_server', 'utf8mb4_0900_ai_ci', { check: collation }),
  onlyDefault(textVariable('default_collation_for_utf8mb4', 'utf8mb4_0900_ai_ci', { check: collation })),
]

const TRANSACTIONS: readonly VariableDefinition[] = [
  switchVariable('autocommit', true),
  choiceVariable('transaction_isolation', ISOLATION_LEVELS, 'REPEATABLE-READ'),
  choiceVariable('tx_isolation', ISOLATION_LEVELS, 'REPEATABLE-READ'),
  switchVariable('transaction_read_only', false),
  switchVariable('tx_read_only', false),
  choiceVariable('completion_type', ['NO_CHAIN', 'CHAIN', 'RELEASE'], 'NO_CHAIN'),
  integerVariable('innodb_lock_wait_timeout', 50, { min: 1, max: 1073741824 }),
  integerVariable('lock_wait_timeout', 31536000, { min: 1, max: 31536000 }),
  switchVariable('innodb_rollback_on_timeout', false, READ_ONLY),
  integerVariable('innodb_flush_log_at_trx_commit', 1, { ...GLOBAL, max: 2 }),
  integerVariable('sync_binlog', 1, { ...GLOBAL, max: 4294967295 }),
  switchVariable('foreign_key_checks', true),
  switchVariable('unique_checks', true),
]

const LIMITS: readonly VariableDefinition[] = [
  integerVariable('max_allowed_packet', 67108864, { ...GIVEN, min: 1024, max: 1073741824 }),
  integerVariable('net_buffer_length', 16384, { ...GIVEN, min: 1024, max: 1048576 }),
  integerVariable('max_connections', 151, { ...GLOBAL, min: 1, max: 100000 }),
  integerVariable('max_user_connections', 0, { max: 4294967295 }),
  integerVariable('max_execution_time', 0, { max: 4294967295 }),
  integerVariable('max_error_count', 1024, { max: 65535 }),
  integerVariable('max_prepared_stmt_count', 16382, { ...GLOBAL, max: 4194304 }),
  integerVariable('max_join_size', 18446744073709551615n, { min: 1 }),
  integerVariable('max_sort_length', 1024, { min: 4, max: 8388608 }),
  integerVariable('max_heap_table_size', 16777216, { min: 16384 }),
  integerVariable('tmp_table_size', 16777216, { min: 1024 }),
  integerVariable('sort_buffer_size', 262144, { min: 32768 }),
  integerVariable('join_buffer_size', 262144, { min: 128 }),
  integerVariable('read_buffer_size', 131072, { min: 8192 }),
  integerVariable('read_rnd_buffer_size', 262144, { min: 1 }),
  integerVariable('bulk_insert_buffer_size', 8388608),
  integerVariable('group_concat_max_len', 1024, { min: 4 }),
  integerVariable('regexp_time_limit', 32, { ...GLOBAL, max: 2147483647 }),
  integerVariable('regexp_stack_limit', 8000000, { ...GLOBAL, max: 2147483647 }),
  integerVariable('cte_max_recursion_depth', 1000, { max: 4294967295 }),
  integerVariable('sql_select_limit', 18446744073709551615n),
  integerVariable('wait_timeout', 28800, { min: 1, max: 31536000 }),
  integerVariable('interactive_timeout', 28800, { min: 1, max: 31536000 }),
  integerVariable('net_read_timeout', 30, { min: 1, max: 31536000 }),
  integerVariable('net_write_timeout', 60, { min: 1, max: 31536000 }),
  integerVariable('net_retry_count', 10, { min: 1 }),
  integerVariable('connect_timeout', 10, { ...GLOBAL, min: 2, max: 31536000 }),
  integerVariable('thread_cache_size', 9, GLOBAL),
  integerVariable('thread_stack', 1048576, READ_ONLY),
  integerVariable('table_open_cache', 4000, GLOBAL),
  integerVariable('table_definition_cache', 2000, GLOBAL),
  integerVariable('open_files_limit', 10000, READ_ONLY),
  integerVariable('back_log', 151, READ_ONLY),
  integerVariable('key_buffer_size', 8388608, GLOBAL),
  integerVariable('innodb_buffer_pool_size', 134217728, GLOBAL),
]

const BEHAVIOUR: readonly VariableDefinition[] = [
  {
    ...textVariable('sql_mode', formatSqlMode(DEFAULT_SQL_MODE)),
    accept: (value) => {
      if (typeof value === 'number' || typeof value === 'bigint') return sqlModeOfNumber(value)
      if (typeof value !== 'string') throw sqlError('ER_WRONG_VALUE_FOR_VAR', 'sql_mode', 'NULL')
      return formatSqlMode(parseSqlMode(value))
    },
  },
  textVariable('time_zone', 'SYSTEM', { check: (text) => timeZoneByName(text).name }),
  textVariable('system_time_zone', 'UTC', READ_ONLY),
  onlyDefault(switchVariable('sql_auto_is_null', false)),
  switchVariable('sql_big_selects', true),
  switchVariable('sql_buffer_result', false),
  switchVariable('sql_log_bin', true, SESSION),
  switchVariable('sql_log_off', false),
  switchVariable('sql_notes', true),
  onlyDefault(switchVariable('sql_quote_show_create', true)),
  switchVariable('sql_safe_updates', false),
  switchVariable('sql_warnings', false),
  switchVariable('sql_require_primary_key', false),
  onlyDefault(switchVariable('show_create_table_verbosity', false)),
  onlyDefault(switchVariable('explicit_defaults_for_timestamp', true)),
  switchVariable('big_tables', false),
  switchVariable('low_priority_updates', false),
  switchVariable('keep_files_on_create', false),
  switchVariable('old_alter_table', false),
  onlyDefault(switchVariable('end_markers_in_json', false)),
  switchVariable('windowing_use_high_precision', true),
  onlyDefault(switchVariable('print_identified_with_as_hex', false)),
  switchVariable('session_track_schema', true),
  onlyDefault(switchVariable('session_track_state_change', false)),
  textVariable(
    'session_track_system_variables',
    'time_zone,autocommit,character_set_client,character_set_results,character_set_connection',
  ),
  onlyDefault(choiceVariable('session_track_gtids', ['OFF', 'OWN_GTID', 'ALL_GTIDS'], 'OFF')),
  onlyDefault(choiceVariable('session_track_transaction_info', ['OFF', 'STATE', 'CHARACTERISTICS'], 'OFF')),
  choiceVariable('use_secondary_engine', ['OFF', 'ON'], 'ON', SESSION),
  textVariable(
    'optimizer_switch',
    'index_merge=on,index_merge_union=on,index_merge_sort_union=on,index_merge_intersection=on,engine_condition_pushdown=on,index_condition_pushdown=on,mrr=on,mrr_cost_based=on,block_nested_loop=on,batched_key_access=off,materialization=on,semijoin=on,loosescan=on,firstmatch=on,duplicateweedout=on,subquery_materialization_cost_based=on,use_index_extensions=on,condition_fanout_filter=on,derived_merge=on,use_invisible_indexes=off,skip_scan=on,hash_join=on,subquery_to_derived=off,prefer_ordering_index=on,hypergraph_optimizer=off,derived_condition_pushdown=on',
  ),
  integerVariable('optimizer_search_depth', 62, { max: 62 }),
  integerVariable('optimizer_prune_level', 1, { max: 1 }),
  integerVariable('eq_range_index_dive_limit', 200, { max: 4294967295 }),
  integerVariable('range_optimizer_max_mem_size', 8388608),
  integerVariable('div_precision_increment', 4, { max: 30 }),
  integerVariable('default_week_format', 0, { max: 7 }),
  textVariable('lc_time_names', 'en_US', { check: locale }),
  onlyDefault(textVariable('lc_messages', 'en_US')),
  textVariable('default_storage_engine', 'lmdb'),
  textVariable('default_tmp_storage_engine', 'lmdb'),
  textVariable('storage_engine', 'lmdb'),
  textVariable('default_authentication_plugin', 'caching_sha2_password', READ_ONLY),
  onlyDefault(textVariable('authentication_policy', '*,,', GLOBAL)),
  choiceVariable(
    'block_encryption_mode',
    ['aes-128-ecb', 'aes-192-ecb', 'aes-256-ecb', 'aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'],
    'aes-128-ecb',
  ),
  choiceVariable('explain_format', ['TRADITIONAL', 'TREE', 'JSON'], 'TRADITIONAL'),
  doubleVariable('long_query_time', 10),
  integerVariable('auto_increment_increment', 1, { min: 1, max: 65535 }),
  integerVariable('auto_increment_offset', 1, { min: 1, max: 65535 }),
  integerVariable('pseudo_thread_id', 0, SESSION),
  onlyDefault(integerVariable('profiling', 0, { max: 1 })),
  integerVariable('profiling_history_size', 15, { max: 100 }),
  switchVariable('new', false),
  integerVariable('information_schema_stats_expiry', 86400, { max: 31536000 }),
  integerVariable('innodb_stats_on_metadata', 0, { ...GLOBAL, max: 1 }),
]

const SERVER: readonly VariableDefinition[] = [
  textVariable('version', '', READ_ONLY),
  textVariable('version_comment', 'Switchyard', READ_ONLY),
  textVariable('version_compile_os', process.platform, READ_ONLY),
  textVariable('version_compile_machine', process.arch, READ_ONLY),
  textVariable('version_compile_zlib', process.versions.zlib, READ_ONLY),
  textVariable('innodb_version', '8.0.43', READ_ONLY),
  integerVariable('protocol_version', 10, READ_ONLY),
  textVariable('hostname', '', READ_ONLY),
  integerVariable('port', 3306, READ_ONLY),
  textVariable('socket', '', READ_ONLY),
  textVariable('bind_address', '', READ_ONLY),
  textVariable('datadir', '', READ_ONLY),
  textVariable('basedir', '', READ_ONLY),
  textVariable('tmpdir', '', READ_ONLY),
  textVariable('secure_file_priv', null, READ_ONLY),
  textVariable('plugin_dir', '', READ_ONLY),
  textVariable('pid_file', '', READ_ONLY),
  textVariable('init_connect', '', READ_ONLY),
  textVariable('log_error', 'stderr', READ_ONLY),
  textVariable('log_output', 'NONE', READ_ONLY),
  textVariable('general_log_file', '', READ_ONLY),
  textVariable('slow_query_log_file', '', READ_ONLY),
  textVariable('license', 'MIT', READ_ONLY),
  textVariable('server_uuid', '', READ_ONLY),
  integerVariable('server_id', 1, { ...GLOBAL, max: 4294967295 }),
  integerVariable('lower_case_table_names', 0, READ_ONLY),
  switchVariable('lower_case_file_system', false, READ_ONLY),
  switchVariable('skip_networking', false, READ_ONLY),
  switchVariable('skip_name_resolve', true, READ_ONLY),
  switchVariable('skip_show_database', false, READ_ONLY),
  switchVariable('local_infile', false, GLOBAL),
  onlyDefault(switchVariable('read_only', false, GLOBAL)),
  onlyDefault(switchVariable('super_read_only', false, GLOBAL)),
  onlyDefault(switchVariable('offline_mode', false, GLOBAL)),
  onlyDefault(switchVariable('event_scheduler', false, GLOBAL)),
  switchVariable('log_bin', false, READ_ONLY),
  onlyDefault(switchVariable('general_log', false, GLOBAL)),
  onlyDefault(switchVariable('slow_query_log', false, GLOBAL)),
  switchVariable('log_bin_trust_function_creators', false, GLOBAL),
  choiceVariable('binlog_format', ['MIXED', 'STATEMENT', 'ROW'], 'ROW'),
  choiceVariable('binlog_row_image', ['MINIMAL', 'FULL', 'NOBLOB'], 'FULL'),
  choiceVariable('gtid_mode', ['OFF', 'OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON'], 'OFF', READ_ONLY),
  textVariable('gtid_executed', '', READ_ONLY),
  choiceVariable('enforce_gtid_consistency', ['OFF', 'ON', 'WARN'], 'OFF', READ_ONLY),
  switchVariable('log_replica_updates', false, READ_ONLY),
  switchVariable('log_slave_updates', false, READ_ONLY),
  textVariable('gtid_purged', '', GLOBAL),
  choiceVariable('gtid_next', ['AUTOMATIC', 'ANONYMOUS'], 'AUTOMATIC', SESSION),
  choiceVariable('have_ssl', ['NO', 'YES', 'DISABLED'], 'YES', READ_ONLY),
  choiceVariable('have_openssl', ['NO', 'YES', 'DISABLED'], 'YES', READ_ONLY),
  textVariable('tls_version', 'TLSv1.2,TLSv1.3', READ_ONLY),
  ...['ssl_ca', 'ssl_cert', 'ssl_key', 'ssl_cipher'].map((name) => textVariable(name, '', READ_ONLY)),
  choiceVariable('have_compress', ['NO', 'YES'], 'YES', READ_ONLY),
  choiceVariable('have_dynamic_loading', ['NO', 'YES'], 'YES', READ_ONLY),
  choiceVariable('have_statement_timeout', ['NO', 'YES'], 'YES', READ_ONLY),
  choiceVariable('have_symlink', ['NO', 'YES', 'DISABLED'], 'DISABLED', READ_ONLY),
  choiceVariable('have_geometry', ['NO', 'YES'], 'NO', READ_ONLY),
  choiceVariable('have_rtree_keys', ['NO', 'YES'], 'NO', READ_ONLY),
  choiceVariable('have_profiling', ['NO', 'YES'], 'NO', READ_ONLY),
  choiceVariable('have_query_cache', ['NO', 'YES'], 'NO', READ_ONLY),
  switchVariable('require_secure_transport', false, GLOBAL),
  switchVariable('performance_schema', false, READ_ONLY),
  switchVariable('innodb_file_per_table', true, GLOBAL),
  switchVariable('innodb_strict_mode', true),
  switchVariable('innodb_read_only', false, READ_ONLY),
  integerVariable('innodb_autoinc_lock_mode', 2, READ_ONLY),
  integerVariable('default_password_lifetime', 0, READ_ONLY),
  integerVariable('password_history', 0, READ_ONLY),
  switchVariable('disconnect_on_expired_password', true, READ_ONLY),
  choiceVariable('innodb_default_row_format', ['redundant', 'compact', 'dynamic'], 'dynamic', GLOBAL),
  choiceVariable('concurrent_insert', ['NEVER', 'AUTO', 'ALWAYS'], 'AUTO', GLOBAL),
  switchVariable('flush', false, GLOBAL),
  switchVariable('large_pages', false, READ_ONLY),
  onlyDefault(switchVariable('partial_revokes', false, GLOBAL)),
  switchVariable('activate_all_roles_on_login', false, GLOBAL),
  textVariable('mandatory_roles', '', GLOBAL),
]

/** Values that belong to the session and aren't set: shown by SELECT @@name. */
const SESSION_STATE: readonly VariableDefinition[] = [
  integerVariable('last_insert_id', 0, SESSION),
  integerVariable('identity', 0, SESSION),
  integerVariable('insert_id', 0, SESSION),
  integerVariable('warning_count', 0, { ...SESSION, readOnly: true }),
  integerVariable('error_count', 0, { ...SESSION, readOnly: true }),
  doubleVariable('timestamp', 0, SESSION),
  integerVariable('rand_seed1', 0, SESSION),
  integerVariable('rand_seed2', 0, SESSION),
]

export const SYSTEM_VARIABLES: ReadonlyMap<string, VariableDefinition> = new Map(
  [...CHARSETS_AND_COLLATIONS, ...TRANSACTIONS, ...LIMITS, ...BEHAVIOUR, ...SERVER, ...SESSION_STATE].map(
    (variable) => [variable.name, variable] as const,
  ),
)

/** Throws ER_UNKNOWN_SYSTEM_VARIABLE. */
export function requireVariable(name: string): VariableDefinition {
  const variable = SYSTEM_VARIABLES.get(name.toLowerCase())
  if (variable === undefined) throw sqlError('ER_UNKNOWN_SYSTEM_VARIABLE', name)
  return variable
}
