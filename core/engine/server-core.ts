/**
 * What all sessions of a server share.
 */
import type { RoleName } from '../catalog/account.js'
import type { Value } from '../common/value.js'
import type { ExecutionEnvironment } from '../executor/execution.js'
import type { RoleSelection, Statement, VariableScope } from '../plan/syntax/index.js'
import type { ResultSink } from '../spi/session.js'
import type { ServerSettings } from '../spi/settings.js'
import type { TableDefinition } from '../plan/schema.js'
import type { CoreTransactionManager } from '../transaction/transaction-manager.js'
import type { UserLocks } from '../transaction/user-locks.js'
import type { Actor } from './account-access.js'
import type { NameSources } from './name-resolution.js'
import type { PlanCache } from './plan-cache.js'
import type { PlannerServices } from './planner.js'
import type { PlanDependency } from './query-types.js'
import type { RunningStatement } from './running-statement.js'
import type { EngineSession } from './session.js'
import type { TableUsages } from './table-usage.js'
import type { TableLocks } from './table-locks.js'
import type { GlobalVariables } from './variables/store.js'

/** Rows that the engine itself answers with. */
export interface PlainResult {
  readonly columns: Parameters<ResultSink['columns']>[0]
  readonly rows: readonly (readonly Value[])[]
}

/** How a statement without rows ended. */
export interface DoneResult {
  readonly affectedRows: number | bigint
  readonly info: string
}

export type StatementResult = PlainResult | DoneResult

export const DONE: DoneResult = { affectedRows: 0, info: '' }

export interface ServerCore {
  readonly version: string
  readonly settings: ServerSettings
  readonly globals: GlobalVariables
  readonly transactions: CoreTransactionManager
  readonly tableLocks: TableLocks
  readonly userLocks: UserLocks
  readonly usage: TableUsages
  readonly planner: PlannerServices
  readonly plans: PlanCache
  readonly execution: ExecutionEnvironment
  readonly names: Omit<NameSources, 'temporaryTable'>
  readonly sessions: ReadonlyMap<number, EngineSession>
  /** Undefined while the server takes statements. */
  readonly shutdown: { readonly isUnderWay: boolean }
  /** Whether the plan's objects are as they were and the account may use them. Throws the errors of missing privileges. */
  checkAccess(actor: Actor, dependencies: readonly PlanDependency[]): void
  /** The version of a table or view now, or undefined if it is gone. Synchronous answers only; remote catalogs have a cache. */
  currentVersion(dependency: PlanDependency): number | undefined
  /** USE and COM_INIT_DB: checks existence and access; answers the database's character set and collation. */
  openDatabase(name: string, actor: Actor): Promise<{ readonly charset: string; readonly collation: string }>
  /** Statements that define things, about accounts, SHOW, FLUSH and table maintenance. Undefined if it is none of those. */
  runOther(
    statement: Statement,
    session: EngineSession,
    running: RunningStatement,
  ): Promise<StatementResult> | undefined
  /** Whether the account may touch files of the server's machine. Throws ER_ACCESS_DENIED_ERROR. */
  checkFileAccess(actor: Actor): void
  /** SET GLOBAL and SET PERSIST: needs the privilege; then tells who must know. */
  checkSetGlobal(actor: Actor, scope: VariableScope, name: string): void
  /** The roles that are active in a new session of an account. */
  initialRoles(account: string): readonly RoleName[]
  /** SET ROLE: the roles that it makes active. Throws ER_ROLE_NOT_GRANTED. */
  selectedRoles(account: string, selection: RoleSelection): readonly RoleName[]
  statusText(): string
  dropTemporaryTables(tables: readonly TableDefinition[]): void
}
