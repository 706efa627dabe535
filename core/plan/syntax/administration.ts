import type { AccountName } from './account.js'
import type { DataChangeStatement } from './data-change.js'
import type { Expression, StringLiteral, UserVariable, VariableScope } from './expression.js'
import type { QualifiedName, SyntaxNode } from './node.js'
import type { Limit, QueryExpression } from './query.js'

/** Transactions, sessions and the server itself (manual, 15.3, 15.5, 15.7 and 15.8). */
export type AdministrationStatement =
  | TransactionStatement
  | SetStatement
  | SetTransaction
  | SetResourceGroup
  | ShowStatement
  | UseStatement
  | DescribeTable
  | ExplainStatement
  | HelpStatement
  | PrepareStatement
  | ExecuteStatement
  | DeallocateStatement
  | KillStatement
  | FlushStatement
  | ResetStatement
  | ResetPersist
  | TableMaintenance
  | CacheIndex
  | LoadIndex
  | LockTables
  | UnlockTables
  | LockInstance
  | InstallStatement
  | CloneStatement
  | BinlogStatement
  | PurgeLogs
  | ReplicationStatement
  | ServerCommand

// ---- Transactions ---------------------------------------------------------------------------------------------

export type TransactionStatement =
  StartTransaction | CommitTransaction | RollbackTransaction | SavepointStatement | XaStatement

/** START TRANSACTION and BEGIN. */
export interface StartTransaction extends SyntaxNode {
  readonly kind: 'startTransaction'
  readonly consistentSnapshot: boolean
  readonly accessMode: 'readOnly' | 'readWrite' | undefined
}

/** AND [NO] CHAIN and [NO] RELEASE: undefined where left out (completion_type decides). */
export interface CommitTransaction extends SyntaxNode {
  readonly kind: 'commit'
  readonly chain: boolean | undefined
  readonly release: boolean | undefined
}

export interface RollbackTransaction extends SyntaxNode {
  readonly kind: 'rollback'
  readonly chain: boolean | undefined
  readonly release: boolean | undefined
}

export interface SavepointStatement extends SyntaxNode {
  readonly kind: 'savepoint'
  readonly action: 'set' | 'release' | 'rollback'
  readonly name: string
}

export interface XaTransactionId extends SyntaxNode {
  /** Byte strings. */
  readonly globalId: string
  readonly branch: string
  readonly format: number
}

export interface XaStatement extends SyntaxNode {
  readonly kind: 'xa'
  readonly action: 'start' | 'end' | 'prepare' | 'commit' | 'rollback' | 'recover'
  /** Undefined only for RECOVER. */
  readonly transaction: XaTransactionId | undefined
  /** JOIN, RESUME, SUSPEND, SUSPEND FOR MIGRATE, ONE PHASE, CONVERT XID. */
  readonly option: 'join' | 'resume' | 'suspend' | 'suspendForMigrate' | 'onePhase' | 'convertXid' | undefined
}

// ---- SET ------------------------------------------------------------------------------------------------------

/** Assignments run from left to right. */
export interface SetStatement extends SyntaxNode {
  readonly kind: 'set'
  readonly assignments: readonly SetAssignment[]
}

export type SetAssignment =
  | (SyntaxNode & { readonly kind: 'setUserVariable'; readonly name: string; readonly value: Expression })
  | (SyntaxNode & {
      /**
       * A system variable; without scope and component also a local variable of a stored program, which wins, and
       * in triggers `NEW.column` (component NEW). A bare word as value (`SET x = ON`) is a column reference.
       */
      readonly kind: 'setVariable'
      readonly scope: VariableScope | undefined
      /** `@@name` without a scope: what it says of transactions is for the next one only. */
      readonly isForNext?: boolean
      readonly component: string | undefined
      readonly name: string
      /** DEFAULT is a `defaultKeyword`. The keywords ON, ALL, BINARY, ROW and SYSTEM are column references. */
      readonly value: Expression
    })
  | (SyntaxNode & {
      /** SET NAMES; undefined is DEFAULT. */
      readonly kind: 'setNames'
      readonly charset: string | undefined
      readonly collation: string | undefined
    })
  | (SyntaxNode & { readonly kind: 'setCharset'; readonly charset: string | undefined })

export type IsolationLevel = 'READ-UNCOMMITTED' | 'READ-COMMITTED' | 'REPEATABLE-READ' | 'SERIALIZABLE'

/** SET [GLOBAL | SESSION] TRANSACTION; without scope it is for the next transaction only. */
export interface SetTransaction extends SyntaxNode {
  readonly kind: 'setTransaction'
  readonly scope: 'global' | 'session' | undefined
  readonly isolation: IsolationLevel | undefined
  readonly accessMode: 'readOnly' | 'readWrite' | undefined
}

export interface SetResourceGroup extends SyntaxNode {
  readonly kind: 'setResourceGroup'
  readonly name: string
  readonly threads: readonly number[]
}

// ---- SHOW, DESCRIBE, EXPLAIN ----------------------------------------------------------------------------------

/** LIKE 'pattern' or WHERE condition. */
export interface ShowFilter {
  /** A byte string in character_set_client. */
  readonly like: StringLiteral | undefined
  readonly where: Expression | undefined
}

interface Show<Topic extends string> extends SyntaxNode {
  readonly kind: 'show'
  readonly topic: Topic
}

export type ShowStatement =
  | (Show<'databases' | 'charset' | 'collation'> & { readonly filter: ShowFilter })
  | (Show<'tables'> & {
      readonly full: boolean
      readonly extended: boolean
      readonly database: string | undefined
      readonly filter: ShowFilter
    })
  | (Show<'tableStatus' | 'openTables' | 'triggers' | 'events'> & {
      readonly full: boolean
      readonly database: string | undefined
      readonly filter: ShowFilter
    })
  | (Show<'columns'> & {
      readonly full: boolean
      readonly extended: boolean
      readonly table: QualifiedName
      readonly filter: ShowFilter
    })
  | (Show<'indexes'> & {
      readonly extended: boolean
      readonly table: QualifiedName
      readonly filter: ShowFilter
    })
  | (Show<'variables' | 'status'> & { readonly scope: 'global' | 'session'; readonly filter: ShowFilter })
  | (Show<'warnings' | 'errors'> & {
      /** SHOW COUNT(*) WARNINGS. */
      readonly count: boolean
      readonly limit: Limit | undefined
    })
  | (Show<'processlist'> & { readonly full: boolean })
  | Show<
      | 'engines'
      | 'plugins'
      | 'privileges'
      | 'profiles'
      | 'masterStatus'
      | 'binaryLogs'
      | 'replicas'
      | 'binaryLogStatus'
    >
  | (Show<
      'createTable' | 'createView' | 'createTrigger' | 'createProcedure' | 'createFunction' | 'createEvent'
    > & {
      readonly name: QualifiedName
    })
  | (Show<'createDatabase'> & { readonly database: string; readonly ifNotExists: boolean })
  | (Show<'createUser'> & { readonly account: AccountName })
  | (Show<'grants'> & {
      /** Undefined is the current user. */
      readonly account: AccountName | undefined
      readonly roles: readonly AccountName[]
    })
  | (Show<'procedureStatus' | 'functionStatus'> & { readonly filter: ShowFilter })
  | (Show<'procedureCode' | 'functionCode'> & { readonly name: QualifiedName })
  | (Show<'engine'> & {
      /** Undefined is ALL. */
      readonly engine: string | undefined
      readonly what: 'status' | 'mutex' | 'logs'
    })
  | (Show<'profile'> & {
      readonly types: readonly string[]
      readonly queryId: number | undefined
      readonly limit: Limit | undefined
    })
  | (Show<'binlogEvents' | 'relaylogEvents'> & {
      readonly file: string | undefined
      readonly position: string | undefined
      readonly limit: Limit | undefined
      readonly channel: string | undefined
    })
  | (Show<'replicaStatus'> & { readonly channel: string | undefined })

export type ShowTopic = ShowStatement['topic']

export interface UseStatement extends SyntaxNode {
  readonly kind: 'use'
  readonly database: string
}

/** DESCRIBE table [column | 'pattern']. */
export interface DescribeTable extends SyntaxNode {
  readonly kind: 'describeTable'
  readonly table: QualifiedName
  readonly column: string | undefined
  readonly pattern: StringLiteral | undefined
}

export interface ExplainStatement extends SyntaxNode {
  readonly kind: 'explain'
  readonly analyze: boolean
  /** Lower case (`traditional`, `json`, `tree`); undefined is the default. */
  readonly format: string | undefined
  /** EXPLAIN … INTO @variable. */
  readonly into: UserVariable | undefined
  /** FOR SCHEMA name, the default database of the explained statement. */
  readonly database: string | undefined
  readonly target:
    QueryExpression | DataChangeStatement | { readonly kind: 'connection'; readonly connectionId: Expression }
}

export interface HelpStatement extends SyntaxNode {
  readonly kind: 'help'
  readonly subject: string
}

// ---- Prepared statements as SQL -------------------------------------------------------------------------------

export interface PrepareStatement extends SyntaxNode {
  readonly kind: 'prepare'
  readonly name: string
  readonly source: StringLiteral | UserVariable
}

export interface ExecuteStatement extends SyntaxNode {
  readonly kind: 'execute'
  readonly name: string
  readonly using: readonly UserVariable[]
}

export interface DeallocateStatement extends SyntaxNode {
  readonly kind: 'deallocate'
  readonly name: string
}

// ---- Server ---------------------------------------------------------------------------------------------------

export interface KillStatement extends SyntaxNode {
  readonly kind: 'kill'
  readonly target: 'connection' | 'query'
  readonly connectionId: Expression
}

export interface FlushStatement extends SyntaxNode {
  readonly kind: 'flush'
  /** NO_WRITE_TO_BINLOG or LOCAL. */
  readonly local: boolean
  readonly options: readonly FlushOption[]
}

export type FlushOption =
  | {
      readonly kind: 'tables'
      /** Empty means all. */
      readonly tables: readonly QualifiedName[]
      readonly mode: 'withReadLock' | 'forExport' | undefined
    }
  | {
      readonly kind:
        | 'binaryLogs'
        | 'engineLogs'
        | 'errorLogs'
        | 'generalLogs'
        | 'slowLogs'
        | 'logs'
        | 'hosts'
        | 'optimizerCosts'
        | 'privileges'
        | 'status'
        | 'userResources'
        | 'resources'
    }
  | { readonly kind: 'relayLogs'; readonly channel: string | undefined }

export interface ResetStatement extends SyntaxNode {
  readonly kind: 'reset'
  readonly options: readonly {
    readonly kind: 'master' | 'replica' | 'binaryLogs' | 'queryCache'
    readonly all: boolean
    readonly channel: string | undefined
    /** RESET MASTER TO n. */
    readonly to: string | undefined
  }[]
}

export interface ResetPersist extends SyntaxNode {
  readonly kind: 'resetPersist'
  readonly ifExists: boolean
  /** Undefined means all. */
  readonly variable: string | undefined
}

/** ANALYZE, CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE. */
export interface TableMaintenance extends SyntaxNode {
  readonly kind: 'tableMaintenance'
  readonly operation: 'analyze' | 'check' | 'checksum' | 'optimize' | 'repair'
  readonly local: boolean
  readonly tables: readonly QualifiedName[]
  /** `for upgrade`, `quick`, `fast`, `medium`, `extended`, `changed`, `use_frm` in lower case. */
  readonly options: readonly string[]
  /** ANALYZE TABLE … UPDATE | DROP HISTOGRAM ON columns. */
  readonly histogram:
    | {
        readonly action: 'update' | 'drop'
        readonly columns: readonly string[]
        readonly buckets: number | undefined
        readonly data: string | undefined
      }
    | undefined
}

export interface TableIndexes extends SyntaxNode {
  readonly table: QualifiedName
  /** Undefined is PARTITION (ALL). */
  readonly partitions: readonly string[] | undefined
  readonly indexes: readonly string[]
  readonly ignoreLeaves: boolean
}

export interface CacheIndex extends SyntaxNode {
  readonly kind: 'cacheIndex'
  readonly tables: readonly TableIndexes[]
  readonly cache: string
}

export interface LoadIndex extends SyntaxNode {
  readonly kind: 'loadIndex'
  readonly tables: readonly TableIndexes[]
}

export interface LockTables extends SyntaxNode {
  readonly kind: 'lockTables'
  readonly tables: readonly {
    readonly table: QualifiedName
    readonly alias: string | undefined
    readonly mode: 'read' | 'readLocal' | 'write' | 'lowPriorityWrite'
  }[]
}

export interface UnlockTables extends SyntaxNode {
  readonly kind: 'unlockTables'
}

/** LOCK INSTANCE FOR BACKUP and UNLOCK INSTANCE. */
export interface LockInstance extends SyntaxNode {
  readonly kind: 'lockInstance'
  readonly lock: boolean
}

/** INSTALL and UNINSTALL of PLUGIN and COMPONENT. */
export interface InstallStatement extends SyntaxNode {
  readonly kind: 'install'
  readonly uninstall: boolean
  readonly what: 'plugin' | 'component'
  /** One plugin, or component URNs. */
  readonly names: readonly string[]
  readonly library: string | undefined
  /** INSTALL COMPONENT … SET variable = value. */
  readonly assignments: readonly SetAssignment[]
}

export interface CloneStatement extends SyntaxNode {
  readonly kind: 'clone'
  readonly directory: string | undefined
  /** CLONE INSTANCE FROM account:port. */
  readonly from:
    { readonly account: AccountName; readonly port: number; readonly password: string } | undefined
  readonly requireSsl: boolean | undefined
}

/** BINLOG 'base64 events'. */
export interface BinlogStatement extends SyntaxNode {
  readonly kind: 'binlog'
  readonly events: string
}

export interface PurgeLogs extends SyntaxNode {
  readonly kind: 'purgeLogs'
  readonly to: string | undefined
  readonly before: Expression | undefined
}

/** CHANGE REPLICATION …, CHANGE MASTER, START / STOP REPLICA and GROUP_REPLICATION. */
export interface ReplicationStatement extends SyntaxNode {
  readonly kind: 'replication'
  readonly action:
    'changeSource' | 'changeFilter' | 'startReplica' | 'stopReplica' | 'startGroup' | 'stopGroup'
  /** Names in lower case, values as written in the source. Passwords are among them: mask. */
  readonly options: readonly { readonly name: string; readonly value: string }[]
  readonly channel: string | undefined
}

/** SHUTDOWN and RESTART. */
export interface ServerCommand extends SyntaxNode {
  readonly kind: 'serverCommand'
  readonly command: 'shutdown' | 'restart'
}
