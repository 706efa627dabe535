/**
 * The engine: puts the stages together, recovers at start, and drains at shutdown.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LocalCatalog } from '../catalog/local-catalog.js'
import { isVirtualDatabase } from '../catalog/names.js'
import { sqlError } from '../common/sql-error.js'
import { builtInFunctions } from '../functions/library.js'
import { parseExpressionText, parseSingle } from '../parser/index.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { IndexRange } from '../spi/transaction.js'
import { primaryPlacementOf } from '../plan/schema.js'
import type { AuthenticationMethod } from '../spi/authentication.js'
import type { CatalogProvider } from '../spi/catalog.js'
import type { FunctionLibrary } from '../spi/functions.js'
import type { Logger } from '../spi/logger.js'
import type { Router, StorageEntry } from '../spi/router.js'
import { sqlText, type Server } from '../spi/session.js'
import type { ServerSettings } from '../spi/settings.js'
import { isKeyspaceStorage, isTableStorage, type Storage } from '../spi/storage.js'
import { MemoryCommitLog, type CommitLog } from '../transaction/commit-log.js'
import { openCommitLog } from '../transaction/file-commit-log.js'
import { CoreTransactionManager } from '../transaction/transaction-manager.js'
import { CachingSha2Password, MysqlNativePassword } from './authentication/index.js'
import { CombinedFunctions } from './combined-functions.js'
import { Connections } from './connections.js'
import { rebuildOutdatedIndexes } from './ddl/rebuild-indexes.js'
import { GeneratedColumns } from './generated-columns.js'
import { runInitScripts, runText } from './init-scripts.js'
import { PlanCache } from './plan-cache.js'
import type { PlanDependency } from './query-types.js'
import type { ServerCore } from './server-core.js'
import type { EngineSession } from './session.js'
import { OtherStatements } from './other-statements.js'
import { UserLocks } from '../transaction/user-locks.js'
import { TableUsages } from './table-usage.js'
import { TableLocks } from './table-locks.js'
import { configuredVariables } from './variables/configured.js'
import { GlobalVariables } from './variables/store.js'

/** MySQL's version whose behaviour is followed, then ours. */
const SERVER_VERSION = '8.0.42-switchyard-0.1.0'

export interface EngineOptions {
  readonly settings: ServerSettings
  readonly logger: Logger
  /** Started. */
  readonly storages: readonly Storage[]
  readonly catalogs: readonly CatalogProvider[]
  readonly router: Router
  readonly functions: readonly FunctionLibrary[]
  readonly authentication: readonly AuthenticationMethod[]
  /** What SHUTDOWN asks for; absent where no process listens. */
  readonly requestStop?: () => void
}

export class SwitchyardEngine {
  private parts: EngineParts | undefined

  constructor(private readonly options: EngineOptions) {}

  get server(): Server {
    return this.requireParts().connections
  }

  async start(): Promise<void> {
    const parts = await EngineParts.open(this.options)
    this.parts = parts
    await parts.prepareFirstStart()
  }

  /** Whether anybody may log in as root without a password. */
  get rootHasNoPassword(): boolean {
    return this.requireParts()
      .catalog.accountsNamed('root')
      .some((account) => account.storedHash === '')
  }

  /** Lets running statements end, cancels the rest after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    const parts = this.parts
    if (parts === undefined) return
    parts.shutdown.isUnderWay = true
    const deadlineMs = performance.now() + graceMs
    const running = () => [...parts.sessions.values()].filter((session) => session.isRunning)
    while (running().length > 0 && performance.now() < deadlineMs) await delay(20)
    for (const session of running()) session.stop('query', sqlError('ER_SERVER_SHUTDOWN'))
    const lastMs = performance.now() + 1000
    while (running().length > 0 && performance.now() < lastMs) await delay(20)
  }

  async stop(): Promise<void> {
    const parts = this.parts
    this.parts = undefined
    if (parts === undefined) return
    for (const session of [...parts.sessions.values()]) await session.close()
    await parts.others.stop()
    await parts.usage.stop()
    await parts.transactions.stop()
    await parts.log.close()
  }

  private requireParts(): EngineParts {
    if (this.parts === undefined) throw new Error('invariant: the engine is used between start and stop')
    return this.parts
  }
}

/** A running engine. */
class EngineParts {
  readonly sessions = new Map<number, EngineSession>()
  readonly others: OtherStatements
  readonly shutdown = { isUnderWay: false }
  readonly usage: TableUsages
  readonly core: ServerCore
  readonly connections: Connections
  readonly generatedColumns: GeneratedColumns
  private readonly startedAtMs = Date.now()
  private statements = 0

  static async open(options: EngineOptions): Promise<EngineParts> {
    const { settings, storages, logger } = options
    const isDurable = storages.some((storage) => isKeyspaceStorage(storage) && storage.capabilities.durable)
    const log = isDurable
      ? await openCommitLog({ folder: join(settings.dataFolder, 'log') })
      : new MemoryCommitLog()
    const opened: { catalog?: LocalCatalog; parts?: EngineParts } = {}
    const transactions = await CoreTransactionManager.start({
      storages,
      systemStorage: systemStorageOf(options),
      log,
      foreignKeys: {
        parentOf: (child, foreignKey) => opened.catalog?.parentOf(child, foreignKey),
        referencesTo: (parent) => opened.catalog?.referencesTo(parent) ?? [],
        computeGenerated: (child, row, evaluation) =>
          opened.parts?.generatedColumns.compute(child, row, evaluation),
      },
      settings: { snapshotAgeSecondsMax: settings.limits.snapshotAgeMaxMs / 1000 },
      onProblem: (problem) => {
        logger.error({ err: problem }, 'a checkpoint failed')
      },
    })
    const catalog = await LocalCatalog.open(() => {
      const transaction = transactions.beginInternal()
      return {
        store: transactions.systemStore(transaction),
        commit: () => transaction.commit(),
        rollback: () => {
          transaction.rollback()
        },
      }
    })
    opened.catalog = catalog
    opened.parts = new EngineParts(options, log, transactions, catalog)
    return opened.parts
  }

  private constructor(
    private readonly options: EngineOptions,
    readonly log: CommitLog,
    readonly transactions: CoreTransactionManager,
    readonly catalog: LocalCatalog,
  ) {
    const methods = [new CachingSha2Password(), new MysqlNativePassword(), ...options.authentication]
    this.others = new OtherStatements({
      ...options,
      catalog,
      transactions,
      sessions: this.sessions,
      methods,
    })
    this.usage = this.createUsage()
    this.core = this.createCore(this.others)
    this.generatedColumns = new GeneratedColumns(this.core.planner)
    this.others.connect(this.core)
    const { core, others, sessions } = this
    this.connections = new Connections({ logger: options.logger, catalog, methods, core, others, sessions })
  }

  async prepareFirstStart(): Promise<void> {
    const { settings, logger } = this.options
    await this.others.prepare(settings)
    await this.usage.start()
    await rebuildOutdatedIndexes({
      catalog: this.catalog,
      logger,
      run: (sql) => this.runInternally(sql),
    })
    await runInitScripts({
      catalog: this.catalog,
      folders: settings.init.folders,
      logger,
      openSession: () => this.connections.openInternalSession(),
    })
  }

  private async runInternally(sql: string): Promise<void> {
    const session = this.connections.openInternalSession()
    try {
      const failure = await runText(session, sqlText(sql))
      if (failure !== undefined) throw failure.error
    } finally {
      await session.close()
    }
  }

  private createUsage(): TableUsages {
    const { transactions, catalog } = this
    const begin = () => {
      const transaction = transactions.beginInternal()
      return { store: transactions.systemStore(transaction), commit: () => transaction.commit() }
    }
    const onProblem = (error: unknown): void => {
      this.options.logger.warn({ err: error }, 'the statistics of tables could not be kept')
    }
    return new TableUsages(begin, (id) => catalog.snapshot.relationById(id) !== undefined, onProblem)
  }

  // ── What sessions share ─────────────────────────────────────────────────────────────────────────────────────

  private createCore(others: OtherStatements): ServerCore {
    const { options, catalog, transactions } = this
    const { settings, storages, router } = options
    const catalogs: readonly CatalogProvider[] = [catalog, ...options.catalogs]
    const functions = new CombinedFunctions([builtInFunctions(), ...options.functions])
    const byName = new Map(storages.map((storage) => [storage.name, storage] as const))
    const entries = (): readonly StorageEntry[] =>
      storages.map(({ name, capabilities }) => ({ name, capabilities, available: true }))
    const requireStorage = (name: string): Storage => {
      const storage = byName.get(name)
      if (storage === undefined) throw sqlError('ER_STORAGE_UNAVAILABLE', name, 'it is not configured')
      return storage
    }
    const statistics = (table: TableDefinition) => {
      const storage = requireStorage(primaryPlacementOf(table).storage)
      if (isTableStorage(storage)) {
        const { rows } = storage.planScan(table, { columns: [], conditions: [], order: [], limit: undefined })
        return { rows, bytes: rows * DRIVER_ROW_BYTES }
      }
      return transactions.environment.sizes.of(transactions.environment.runtimeOf(table))
    }
    return {
      version: SERVER_VERSION,
      settings,
      globals: new GlobalVariables({ version: SERVER_VERSION, ...configuredVariables(settings) }),
      transactions,
      tableLocks: new TableLocks(),
      userLocks: new UserLocks(),
      usage: this.usage,
      plans: new PlanCache(),
      execution: {
        storage: requireStorage,
        virtualRows: (...request) => others.virtualRows(...request),
        readFile: (statement) => this.openFile(statement.evaluation.session.connectionId),
      },
      planner: {
        functions,
        compiler: { shapeOf: (name) => requireStorage(name).capabilities.shape },
        optimizer: {
          functions,
          statistics,
          estimateRange: (table, index, range) => estimateRange(transactions, table, index, range),
          storage: (name) => byName.get(name),
          candidates: (request) => router.candidates(request, entries()),
        },
        catalogVersion: () => catalogs.reduce((sum, each) => sum + each.version, 0),
        parseExpression: (sql) => parseExpressionText(bytesOf(sql)),
        reportFault: (error) => {
          options.logger.error({ err: error }, 'a statement failed by a fault of the server')
        },
      },
      names: {
        catalogs,
        virtualTable: (database, name) => others.virtualTable(database, name),
        isVirtualDatabase,
        parseView: (view) => {
          const { statement } = parseSingle(bytesOf(view.sql))
          if (statement.kind !== 'query') throw sqlError('ER_VIEW_INVALID', view.database, view.name)
          return statement
        },
      },
      sessions: this.sessions,
      shutdown: this.shutdown,
      checkAccess: (actor, dependencies) => {
        this.statements++
        others.checkAccess(actor, dependencies)
      },
      currentVersion: (dependency) => this.currentVersion(dependency),
      openDatabase: (name, actor) => others.openDatabase(name, actor),
      runOther: (statement, session, running) => others.run(statement, session, running),
      initialRoles: (account) => others.roles.initial(account),
      selectedRoles: (account, selection) => others.roles.selected(account, selection),
      checkFileAccess: (actor) => {
        others.checkFileAccess(actor)
      },
      checkSetGlobal: (actor) => {
        others.checkSetGlobal(actor)
      },
      statusText: () => this.statusText(),
      dropTemporaryTables: (tables) => {
        others.dropTemporaryTables(tables)
      },
    }
  }

  private currentVersion(dependency: PlanDependency): number | undefined {
    const relation = this.catalog.relation(dependency.database, dependency.name)
    return relation?.id === dependency.id ? relation.version : undefined
  }

  private openFile(connectionId: number): AsyncIterator<Uint8Array> {
    const session = this.sessions.get(connectionId)
    if (session === undefined) throw new Error('invariant: a statement runs in a session')
    return session.openFile()
  }

  private statusText(): string {
    const uptime = Math.floor((Date.now() - this.startedAtMs) / 1000)
    const perSecond = (this.statements / Math.max(uptime, 1)).toFixed(3)
    return `Uptime: ${uptime}  Threads: ${this.sessions.size}  Questions: ${this.statements}  Slow queries: 0  Opens: 0  Flush tables: 0  Open tables: 0  Queries per second avg: ${perSecond}`
  }
}

/** A look into the index as it is now. */
function estimateRange(
  transactions: CoreTransactionManager,
  table: TableDefinition,
  index: IndexDefinition,
  range: IndexRange,
): number | undefined {
  const transaction = transactions.beginInternal()
  try {
    return transaction.table(table).estimateRange(index, range)
  } finally {
    transaction.rollback()
  }
}

/** A guess: table drivers estimate rows only. */
const DRIVER_ROW_BYTES = 100

/** The catalog lies in the default storage if that keeps keyspaces, else in the first that does. */
function systemStorageOf({ storages, settings }: EngineOptions): string {
  const preferred = storages.find((storage) => storage.name === settings.storage)
  if (preferred !== undefined && isKeyspaceStorage(preferred)) return preferred.name
  const able = storages.filter(isKeyspaceStorage)
  const other = able.find(({ capabilities }) => capabilities.durable) ?? able[0]
  if (other === undefined) throw new Error('no configured storage can hold the catalog')
  return other.name
}

function bytesOf(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  return bytes.latin1Slice(0, bytes.length)
}
