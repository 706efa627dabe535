/**
 * Everything that is neither a query nor a change of rows nor about the session: definitions, accounts, SHOW, FLUSH, maintenance.
 */
import type { LocalCatalog } from '../catalog/local-catalog.js'
import type { Batch } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { VirtualTable } from '../plan/logical.js'
import type { TableDefinition } from '../plan/schema.js'
import type { Statement } from '../plan/syntax/index.js'
import type { AuthenticationMethod } from '../spi/authentication.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { CoreTransactionManager } from '../transaction/transaction-manager.js'
import type { EngineOptions } from './engine.js'
import type { PlanDependency } from './query-types.js'
import type { RunningStatement } from './running-statement.js'
import type { ServerCore, StatementResult } from './server-core.js'
import type { EngineSession } from './session.js'

export interface OtherStatementsOptions extends EngineOptions {
  readonly catalog: LocalCatalog
  readonly transactions: CoreTransactionManager
  readonly sessions: ReadonlyMap<number, EngineSession>
  readonly methods: readonly AuthenticationMethod[]
}

export class OtherStatements {
  private core: ServerCore | undefined

  constructor(private readonly options: OtherStatementsOptions) {}

  /** Called once, when what all sessions share is there. */
  connect(core: ServerCore): void {
    this.core = core
  }

  /** The accounts of a new data folder. */
  async prepareAccounts(_rootPassword: string, _methods: readonly AuthenticationMethod[]): Promise<void> {
    await Promise.resolve()
  }

  run(
    _statement: Statement,
    _session: EngineSession,
    _running: RunningStatement,
  ): Promise<StatementResult> | undefined {
    return undefined
  }

  virtualTable(_database: string, _name: string): VirtualTable | undefined {
    return undefined
  }

  virtualRows(
    table: VirtualTable,
    _equalities: readonly { readonly column: number; readonly value: Value }[],
    _statement: StatementContext,
  ): MaybePromise<Batch> {
    throw sqlError('ER_NOT_SUPPORTED_YET', table.name)
  }

  checkAccess(_account: string, _dependencies: readonly PlanDependency[]): void {
    return undefined
  }

  checkSetGlobal(_account: string): void {
    return undefined
  }

  openDatabase(
    name: string,
    _account: string,
  ): Promise<{ readonly charset: string; readonly collation: string }> {
    const database = this.options.catalog.database(name)
    if (database === undefined) return Promise.reject(sqlError('ER_BAD_DB_ERROR', name))
    return Promise.resolve(database)
  }

  noteLogin(): void {
    return undefined
  }

  dropTemporaryTables(_tables: readonly TableDefinition[]): void {
    return undefined
  }
}
