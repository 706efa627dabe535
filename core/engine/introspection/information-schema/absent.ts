/**
 * Tables of information_schema about things that this server doesn't have: stored programs, files, profiles. They have
 * MySQL's columns and no rows, so that clients that look there find nothing rather than an error.
 */
import { SqlMode } from '../../../common/sql-mode.js'
import { decimalType, textType, type SqlType } from '../../../common/sql-type.js'
import { computedTable, type ComputedTable } from '../computed-table.js'
import {
  bigint,
  choice,
  int,
  localTime,
  longText,
  objectName,
  required,
  text,
  timestamp,
  typed,
  unsignedBigint,
  unsignedInt,
  unused,
} from '../listing-columns.js'
import { nothing, type ListingColumn } from '../listing.js'

type Column = ListingColumn<never>

const none = (): null => null

function absent(name: string, columns: readonly Column[]): ComputedTable {
  return computedTable('information_schema', name, { columns, walk: nothing })
}

/** Text columns of names, not NULL. */
const names = (...list: readonly string[]): readonly Column[] =>
  list.map((name) => required(objectName(name, none)))
const texts = (length: number, ...list: readonly string[]): readonly Column[] =>
  list.map((name) => text(name, none, length))
const requiredTexts = (length: number, ...list: readonly string[]): readonly Column[] =>
  texts(length, ...list).map(required)
const unusedColumns = (...list: readonly string[]): readonly Column[] => list.map(unused)
const bigints = (...list: readonly string[]): readonly Column[] => list.map((name) => bigint(name, none))

const SQL_MODE_TYPE: SqlType = { ...textType(520, 'utf8mb3_bin'), name: 'set', members: Object.keys(SqlMode) }
const SQL_MODE: Column = required(typed('SQL_MODE', SQL_MODE_TYPE, none))
const CREATION_CHARSETS = requiredTexts(
  64,
  'CHARACTER_SET_CLIENT',
  'COLLATION_CONNECTION',
  'DATABASE_COLLATION',
)

const ROUTINES = absent('ROUTINES', [
  required(text('SPECIFIC_NAME', none)),
  ...names('ROUTINE_CATALOG', 'ROUTINE_SCHEMA'),
  required(text('ROUTINE_NAME', none)),
  required(choice('ROUTINE_TYPE', ['FUNCTION', 'PROCEDURE'], none)),
  longText('DATA_TYPE', none),
  ...bigints('CHARACTER_MAXIMUM_LENGTH', 'CHARACTER_OCTET_LENGTH'),
  unsignedInt('NUMERIC_PRECISION', none),
  unsignedInt('NUMERIC_SCALE', none),
  unsignedInt('DATETIME_PRECISION', none),
  ...texts(64, 'CHARACTER_SET_NAME', 'COLLATION_NAME'),
  longText('DTD_IDENTIFIER', none),
  required(text('ROUTINE_BODY', none, 8)),
  longText('ROUTINE_DEFINITION', none),
  unused('EXTERNAL_NAME'),
  required(text('EXTERNAL_LANGUAGE', none)),
  ...requiredTexts(3, 'PARAMETER_STYLE', 'IS_DETERMINISTIC'),
  required(
    choice('SQL_DATA_ACCESS', ['CONTAINS SQL', 'NO SQL', 'READS SQL DATA', 'MODIFIES SQL DATA'], none),
  ),
  unused('SQL_PATH'),
  required(choice('SECURITY_TYPE', ['DEFAULT', 'INVOKER', 'DEFINER'], none)),
  required(timestamp('CREATED', none)),
  required(timestamp('LAST_ALTERED', none)),
  SQL_MODE,
  required(longText('ROUTINE_COMMENT', none, 'text')),
  required(text('DEFINER', none, 288)),
  ...CREATION_CHARSETS,
])

const PARAMETERS = absent('PARAMETERS', [
  ...names('SPECIFIC_CATALOG', 'SPECIFIC_SCHEMA'),
  required(text('SPECIFIC_NAME', none)),
  required(unsignedBigint('ORDINAL_POSITION', none)),
  text('PARAMETER_MODE', none, 5),
  text('PARAMETER_NAME', none),
  longText('DATA_TYPE', none),
  ...bigints('CHARACTER_MAXIMUM_LENGTH', 'CHARACTER_OCTET_LENGTH'),
  unsignedInt('NUMERIC_PRECISION', none),
  bigint('NUMERIC_SCALE', none),
  unsignedInt('DATETIME_PRECISION', none),
  ...texts(64, 'CHARACTER_SET_NAME', 'COLLATION_NAME'),
  required(longText('DTD_IDENTIFIER', none, 'mediumtext')),
  required(choice('ROUTINE_TYPE', ['FUNCTION', 'PROCEDURE'], none)),
])

const TRIGGERS = absent('TRIGGERS', [
  ...names('TRIGGER_CATALOG', 'TRIGGER_SCHEMA'),
  required(text('TRIGGER_NAME', none)),
  required(choice('EVENT_MANIPULATION', ['INSERT', 'UPDATE', 'DELETE'], none)),
  ...names('EVENT_OBJECT_CATALOG', 'EVENT_OBJECT_SCHEMA', 'EVENT_OBJECT_TABLE'),
  required(unsignedInt('ACTION_ORDER', none)),
  unused('ACTION_CONDITION'),
  required(longText('ACTION_STATEMENT', none)),
  required(text('ACTION_ORIENTATION', none, 3)),
  required(choice('ACTION_TIMING', ['BEFORE', 'AFTER'], none)),
  ...unusedColumns('ACTION_REFERENCE_OLD_TABLE', 'ACTION_REFERENCE_NEW_TABLE'),
  ...requiredTexts(3, 'ACTION_REFERENCE_OLD_ROW', 'ACTION_REFERENCE_NEW_ROW'),
  required(timestamp('CREATED', none, 2)),
  SQL_MODE,
  required(text('DEFINER', none, 288)),
  ...CREATION_CHARSETS,
])

const INTERVAL_FIELDS = [
  'YEAR',
  'QUARTER',
  'MONTH',
  'DAY',
  'HOUR',
  'MINUTE',
  'WEEK',
  'SECOND',
  'MICROSECOND',
  'YEAR_MONTH',
  'DAY_HOUR',
  'DAY_MINUTE',
  'DAY_SECOND',
  'HOUR_MINUTE',
  'HOUR_SECOND',
  'MINUTE_SECOND',
  'DAY_MICROSECOND',
  'HOUR_MICROSECOND',
  'MINUTE_MICROSECOND',
  'SECOND_MICROSECOND',
]

const EVENTS = absent('EVENTS', [
  ...names('EVENT_CATALOG', 'EVENT_SCHEMA'),
  required(text('EVENT_NAME', none)),
  required(text('DEFINER', none, 288)),
  required(text('TIME_ZONE', none)),
  required(text('EVENT_BODY', none, 3)),
  required(longText('EVENT_DEFINITION', none)),
  required(text('EVENT_TYPE', none, 9)),
  localTime('EXECUTE_AT', none),
  text('INTERVAL_VALUE', none, 256),
  choice('INTERVAL_FIELD', INTERVAL_FIELDS, none),
  SQL_MODE,
  localTime('STARTS', none),
  localTime('ENDS', none),
  required(choice('STATUS', ['ENABLED', 'DISABLED', 'SLAVESIDE_DISABLED'], none)),
  required(text('ON_COMPLETION', none, 12)),
  required(timestamp('CREATED', none)),
  required(timestamp('LAST_ALTERED', none)),
  localTime('LAST_EXECUTED', none),
  required(text('EVENT_COMMENT', none, 2048)),
  required(unsignedInt('ORIGINATOR', none)),
  ...CREATION_CHARSETS,
])

const FILES = absent('FILES', [
  bigint('FILE_ID', none),
  longText('FILE_NAME', none, 'text'),
  text('FILE_TYPE', none, 256),
  required(text('TABLESPACE_NAME', none, 268)),
  required(text('TABLE_CATALOG', none, 0)),
  ...unusedColumns('TABLE_SCHEMA', 'TABLE_NAME'),
  text('LOGFILE_GROUP_NAME', none, 256),
  bigint('LOGFILE_GROUP_NUMBER', none),
  required(text('ENGINE', none)),
  ...unusedColumns('FULLTEXT_KEYS', 'DELETED_ROWS', 'UPDATE_COUNT'),
  ...bigints(
    'FREE_EXTENTS',
    'TOTAL_EXTENTS',
    'EXTENT_SIZE',
    'INITIAL_SIZE',
    'MAXIMUM_SIZE',
    'AUTOEXTEND_SIZE',
  ),
  ...unusedColumns(
    'CREATION_TIME',
    'LAST_UPDATE_TIME',
    'LAST_ACCESS_TIME',
    'RECOVER_TIME',
    'TRANSACTION_COUNTER',
  ),
  bigint('VERSION', none),
  text('ROW_FORMAT', none, 256),
  ...unusedColumns('TABLE_ROWS', 'AVG_ROW_LENGTH', 'DATA_LENGTH', 'MAX_DATA_LENGTH', 'INDEX_LENGTH'),
  bigint('DATA_FREE', none),
  ...unusedColumns('CREATE_TIME', 'UPDATE_TIME', 'CHECK_TIME', 'CHECKSUM'),
  ...texts(256, 'STATUS', 'EXTRA'),
])

const OPTIMIZER_TRACE = absent('OPTIMIZER_TRACE', [
  ...requiredTexts(65535, 'QUERY', 'TRACE'),
  required(int('MISSING_BYTES_BEYOND_MAX_MEM_SIZE', none)),
  required(typed('INSUFFICIENT_PRIVILEGES', { ...decimalType(1, 0), name: 'tinyint', length: 1 }, none)),
])

const SECONDS: SqlType = decimalType(9, 6)

const PROFILING = absent('PROFILING', [
  required(int('QUERY_ID', none)),
  required(int('SEQ', none)),
  required(text('STATE', none, 30)),
  required(typed('DURATION', SECONDS, none)),
  typed('CPU_USER', SECONDS, none),
  typed('CPU_SYSTEM', SECONDS, none),
  ...[
    'CONTEXT_VOLUNTARY',
    'CONTEXT_INVOLUNTARY',
    'BLOCK_OPS_IN',
    'BLOCK_OPS_OUT',
    'MESSAGES_SENT',
    'MESSAGES_RECEIVED',
    'PAGE_FAULTS_MAJOR',
    'PAGE_FAULTS_MINOR',
    'SWAPS',
  ].map((name) => int(name, none)),
  text('SOURCE_FUNCTION', none, 30),
  text('SOURCE_FILE', none, 20),
  int('SOURCE_LINE', none),
])

const VIEW_ROUTINE_USAGE = absent(
  'VIEW_ROUTINE_USAGE',
  names(
    'TABLE_CATALOG',
    'TABLE_SCHEMA',
    'TABLE_NAME',
    'SPECIFIC_CATALOG',
    'SPECIFIC_SCHEMA',
    'SPECIFIC_NAME',
  ),
)

export const ABSENT_TABLES: readonly ComputedTable[] = [
  EVENTS,
  FILES,
  OPTIMIZER_TRACE,
  PARAMETERS,
  PROFILING,
  ROUTINES,
  TRIGGERS,
  VIEW_ROUTINE_USAGE,
]
