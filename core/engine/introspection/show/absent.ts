/**
 * SHOW about what this server doesn't have: stored programs, replication, profiles. MySQL's columns without rows, or the error
 * that MySQL answers with where the feature is off.
 */
import { sqlError } from '../../../common/sql-error.js'
import { decimalType } from '../../../common/sql-type.js'
import type { ShowFilter, ShowTopic } from '../../../plan/syntax/index.js'
import type { PlainResult } from '../../server-core.js'
import { int, localTime, longText, text, typed, unsignedBigint, unsignedInt } from '../listing-columns.js'
import { nothing, type ListingColumn } from '../listing.js'
import type { ShowContext } from './context.js'
import { showListing } from './result.js'

type Column = ListingColumn<never>

const none = (): null => null
const texts = (...names: readonly string[]): readonly Column[] => names.map((name) => text(name, none))
const CREATION = texts('character_set_client', 'collation_connection', 'Database Collation')

const ROUTINES: readonly Column[] = [
  ...texts('Db', 'Name', 'Type', 'Definer'),
  localTime('Modified', none),
  localTime('Created', none),
  ...texts('Security_type'),
  longText('Comment', none, 'text'),
  ...CREATION,
]

const MASTER_STATUS: readonly Column[] = [
  text('File', none, 255),
  unsignedBigint('Position', none),
  ...texts('Binlog_Do_DB', 'Binlog_Ignore_DB', 'Executed_Gtid_Set'),
]

const LOG_EVENTS: readonly Column[] = [
  text('Log_name', none, 20),
  unsignedBigint('Pos', none),
  text('Event_type', none, 20),
  unsignedInt('Server_id', none),
  unsignedBigint('End_log_pos', none),
  text('Info', none, 255),
]

const COLUMNS = {
  triggers: [
    ...texts('Trigger', 'Event', 'Table'),
    longText('Statement', none),
    ...texts('Timing'),
    localTime('Created', none),
    ...texts('sql_mode', 'Definer'),
    ...CREATION,
  ],
  events: [
    ...texts('Db', 'Name', 'Definer', 'Time zone', 'Type'),
    localTime('Execute at', none),
    ...texts('Interval value', 'Interval field'),
    localTime('Starts', none),
    localTime('Ends', none),
    ...texts('Status'),
    unsignedInt('Originator', none),
    ...CREATION,
  ],
  procedureStatus: ROUTINES,
  functionStatus: ROUTINES,
  masterStatus: MASTER_STATUS,
  binaryLogStatus: MASTER_STATUS,
  binlogEvents: LOG_EVENTS,
  relaylogEvents: LOG_EVENTS,
  replicas: [
    unsignedInt('Server_Id', none),
    text('Host', none),
    unsignedInt('Port', none),
    unsignedInt('Source_Id', none),
    text('Replica_UUID', none),
  ],
  replicaStatus: texts(
    'Replica_IO_State',
    'Source_Host',
    'Source_User',
    'Source_Port',
    'Connect_Retry',
    'Source_Log_File',
    'Read_Source_Log_Pos',
    'Relay_Log_File',
    'Relay_Log_Pos',
    'Relay_Source_Log_File',
    'Replica_IO_Running',
    'Replica_SQL_Running',
    'Replicate_Do_DB',
    'Replicate_Ignore_DB',
    'Replicate_Do_Table',
    'Replicate_Ignore_Table',
    'Replicate_Wild_Do_Table',
    'Replicate_Wild_Ignore_Table',
    'Last_Errno',
    'Last_Error',
    'Skip_Counter',
    'Exec_Source_Log_Pos',
    'Relay_Log_Space',
    'Until_Condition',
    'Until_Log_File',
    'Until_Log_Pos',
    'Source_SSL_Allowed',
    'Source_SSL_CA_File',
    'Source_SSL_CA_Path',
    'Source_SSL_Cert',
    'Source_SSL_Cipher',
    'Source_SSL_Key',
    'Seconds_Behind_Source',
    'Source_SSL_Verify_Server_Cert',
    'Last_IO_Errno',
    'Last_IO_Error',
    'Last_SQL_Errno',
    'Last_SQL_Error',
    'Replicate_Ignore_Server_Ids',
    'Source_Server_Id',
    'Source_UUID',
    'Source_Info_File',
    'SQL_Delay',
    'SQL_Remaining_Delay',
    'Replica_SQL_Running_State',
    'Source_Retry_Count',
    'Source_Bind',
    'Last_IO_Error_Timestamp',
    'Last_SQL_Error_Timestamp',
    'Source_SSL_Crl',
    'Source_SSL_Crlpath',
    'Retrieved_Gtid_Set',
    'Executed_Gtid_Set',
    'Auto_Position',
    'Replicate_Rewrite_DB',
    'Channel_Name',
    'Source_TLS_Version',
    'Source_public_key_path',
    'Get_Source_public_key',
    'Network_Namespace',
  ),
  profiles: [int('Query_ID', none), typed('Duration', decimalType(14, 8), none), text('Query', none, 300)],
  profile: [text('Status', none, 30), typed('Duration', decimalType(9, 6), none)],
} as const satisfies Partial<Record<ShowTopic, readonly Column[]>>

export function showAbsent(
  topic: keyof typeof COLUMNS,
  context: ShowContext,
  filter?: ShowFilter,
): Promise<PlainResult> {
  const columns: readonly Column[] = COLUMNS[topic]
  return showListing({ columns, walk: nothing }, context.request(), context.running, filter)
}

/** SHOW BINARY LOGS: the error of a server that keeps none. */
export function refuseBinaryLogs(): never {
  throw sqlError('ER_NO_BINARY_LOGGING')
}
