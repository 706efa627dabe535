/**
 * Everything that is neither a query nor a change of rows nor about the session: definitions, accounts, SHOW, FLUSH, maintenance.
 */
import { prepareFirstAccounts } from './ddl/first-accounts.js'
import type { LocalCatalog } from '../catalog/local-catalog.js'
import { footprintOf } from '../catalog/orphan.js'
import { hasPrivilege, requireDatabaseAccess } from '../catalog/privileges.js'
import { parseRoles } from '../catalog/roles.js'
import type { Batch } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import { textType } from '../common/sql-type.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { VirtualTable } from '../plan/logical.js'
import type { TableDefinition } from '../plan/schema.js'
import { WAITING_CALLS } from '../plan/waiting-calls.js'
import type { AccountStatement, DefinitionStatement, Statement } from '../plan/syntax/index.js'
import type { AuthenticationMethod } from '../spi/authentication.js'
import type { ServerSettings } from '../spi/settings.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { Storage } from '../spi/storage.js'
import type { CoreTransactionManager } from '../transaction/transaction-manager.js'
import { AccountAccess, type Actor } from './account-access.js'
import type { DefinitionResult, DefinitionServices } from './ddl/definition-context.js'
import { executeDefinition } from './ddl/execute-definition.js'
import { OrphanRemover } from './ddl/orphan-remover.js'
import { shapeOf } from './ddl/publish.js'
import { announceVirtualDatabases } from './ddl/virtual-databases.js'
import { definitionContext, PRINTER } from './definition-contexts.js'
import type { EngineOptions } from './engine.js'
import { Introspection } from './introspection/introspection.js'
import { checkDefinitionLocks } from './locked-definitions.js'
import type { PlanDependency } from './query-types.js'
import { plainColumn } from './result-columns.js'
import type { RunningStatement } from './running-statement.js'
import type { ServerCore, StatementResult } from './server-core.js'
import { SecretBox } from './secret-box.js'
import { SessionRoles } from './session-roles.js'
import type { EngineSession } from './session.js'
import { waitingCallRow } from './waiting-calls.js'
import { isDefinition } from './statement-traits.js'

export interface OtherStatementsOptions extends EngineOptions {
  readonly catalog: LocalCatalog
  readonly transactions: CoreTransactionManager
  readonly sessions: ReadonlyMap<number, EngineSession>
  readonly methods: readonly AuthenticationMethod[]
}

export class OtherStatements {
  readonly access: AccountAccess
  readonly roles: SessionRoles
  private readonly services: DefinitionServices
  private readonly introspection: Introspection
  private core: ServerCore | undefined

  constructor(private readonly options: OtherStatementsOptions) {
    const { catalog, transactions, storages, router, logger, methods } = options
    const mandatoryRoles = lastOf(parseRoles)
    this.access = new AccountAccess(catalog, () => mandatoryRoles(this.globalText('mandatory_roles')))
    this.roles = new SessionRoles(this.access, () => this.globalText('activate_all_roles_on_login') === '1')
    this.services = {
      catalog,
      otherCatalogs: options.catalogs,
      transactions,
      storages,
      router,
      defaultStorage: options.settings.storage,
      tableMoved: (from, to) => this.core?.usage.moved(from, to),
      temporaryStorage: storages.find((storage) => storage.name === 'memory')?.name,
      orphans: new OrphanRemover({
        catalog,
        storages,
        makeDurable: () => transactions.checkpoint(),
        onProblem: (problem) => {
          logger.warn({ err: problem }, 'the rows of a dropped table could not be removed yet')
        },
      }),
      authentication: methods,
      defaultAuthenticationMethod: 'caching_sha2_password',
      printer: PRINTER,
      secrets: new SecretBox({
        secretKey: options.settings.secretKey ?? '',
        folder: storages.some(isKept) ? options.settings.dataFolder : undefined,
      }),
      reportLostSecret: (server) => {
        logger.warn(
          {},
          `the password of server ${server} was sealed under another key: give it anew by ALTER SERVER`,
        )
      },
    }
    this.introspection = new Introspection({ ...options, access: this.access })
  }

  /** Called once, when what all sessions share is there. */
  connect(core: ServerCore): void {
    this.core = core
    this.introspection.connect(core)
  }

  /** The accounts of a new data folder; then what an earlier run left to be cleaned up. */
  async prepare(settings: ServerSettings): Promise<void> {
    await prepareFirstAccounts(this.services, settings)
    announceVirtualDatabases(this.services)
    this.services.orphans.start()
  }

  async stop(): Promise<void> {
    await this.services.orphans.drained()
  }

  run(
    statement: Statement,
    session: EngineSession,
    running: RunningStatement,
  ): Promise<StatementResult> | undefined {
    if (isDefinition(statement)) {
      if (isTemporary(statement)) return this.define(statement, session, running)
      return session.tableLocks.define(() => this.define(statement, session, running), running)
    }
    return this.introspection.run(statement, session, running)
  }

  private async define(
    statement: DefinitionStatement | AccountStatement,
    session: EngineSession,
    running: RunningStatement,
  ): Promise<StatementResult> {
    if (this.core === undefined) throw new Error('invariant: connected before statements run')
    checkDefinitionLocks(statement, session, this.options.catalog)
    const context = definitionContext(this.services, this.access, this.core, session, running)
    const result = await executeDefinition(statement, context)
    if (result.droppedDatabase !== undefined && result.droppedDatabase === session.state.database) {
      const collation = String(session.state.variables.get('collation_server'))
      session.state.useDatabase(null, String(session.state.variables.get('character_set_server')), collation)
    }
    return result.generatedPasswords === undefined ? result : passwordRows(result.generatedPasswords)
  }

  virtualTable(database: string, name: string): VirtualTable | undefined {
    return this.introspection.virtualTable(database, name)
  }

  virtualRows(
    table: VirtualTable,
    equalities: readonly { readonly column: number; readonly value: Value }[],
    statement: StatementContext,
    columns?: readonly number[],
  ): MaybePromise<Batch> {
    if (WAITING_CALLS.get(table.name) === table) {
      const args = equalities.map(({ value }) => value)
      return waitingCallRow(table, args, statement, this.sessionOf(statement).state)
    }
    return this.introspection.virtualRows(table, equalities, statement, columns)
  }

  private globalText(name: string): string {
    return String(this.core?.globals.get(name) ?? '')
  }

  private sessionOf(statement: StatementContext): EngineSession {
    const session = this.options.sessions.get(statement.evaluation.session.connectionId)
    if (session === undefined) throw new Error('invariant: a statement runs in a session')
    return session
  }

  checkAccess(actor: Actor, dependencies: readonly PlanDependency[]): void {
    this.access.check(actor, dependencies)
  }

  checkFileAccess(actor: Actor): void {
    const account = this.access.of(actor)
    if (!hasPrivilege(account, 'FILE')) {
      throw sqlError('ER_ACCESS_DENIED_ERROR', account.user, account.host, 'YES')
    }
  }

  checkSetGlobal(actor: Actor): void {
    this.access.checkSetGlobal(actor)
  }

  async openDatabase(
    name: string,
    actor: Actor,
  ): Promise<{ readonly charset: string; readonly collation: string }> {
    requireDatabaseAccess(this.access.of(actor), name)
    for (const catalog of [this.options.catalog, ...this.options.catalogs]) {
      const database = await catalog.database(name)
      if (database !== undefined) return database
    }
    throw sqlError('ER_BAD_DB_ERROR', name)
  }

  noteLogin(): void {
    this.introspection.noteLogin()
  }

  noteClosed(session: EngineSession): void {
    this.introspection.noteClosed(session)
  }

  /** Their rows are in storages still; nobody can name them any more. */
  dropTemporaryTables(tables: readonly TableDefinition[]): void {
    const shape = shapeOf(this.services)
    this.services.orphans.remove(tables.flatMap((table) => footprintOf(table, shape)))
  }
}

/** Whether a storage has a data folder. */
function isKept({ capabilities }: Storage): boolean {
  return capabilities.shape === 'keyspace' && capabilities.durable
}

/** Of no concern to other sessions, whatever they have locked. */
function isTemporary(statement: DefinitionStatement | AccountStatement): boolean {
  return (statement.kind === 'createTable' || statement.kind === 'dropTable') && statement.temporary
}

function passwordRows(passwords: NonNullable<DefinitionResult['generatedPasswords']>): StatementResult {
  const text = textType(64, 'utf8mb4_0900_ai_ci')
  return {
    columns: ['user', 'host', 'generated password'].map((name) => plainColumn(name, text, false)),
    rows: passwords.map(({ user, host, password }) => [user, host, password]),
  }
}

/** The function with its last answer remembered. */
function lastOf<T>(compute: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly answer: T } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, answer: compute(text) }
    return last.answer
  }
}
