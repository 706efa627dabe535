/**
 * The engine: puts the stages together, recovers at start, opens sessions, and drains at shutdown.
 */
import { join } from 'node:path'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { LocalCatalog } from '../catalog/local-catalog.js'
import { TemporaryTables } from '../catalog/temporary-tables.js'
import { isVirtualDatabase } from '../catalog/names.js'
import { SqlMode } from '../common/sql-mode.js'
import { sqlError } from '../common/sql-error.js'
import type { MaybePromise } from '../common/value.js'
import { builtInFunctions } from '../functions/library.js'
import { parseExpressionText, parseSingle } from '../parser/index.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { IndexRange } from '../spi/transaction.js'
import { primaryPlacementOf } from '../plan/schema.js'
import type { AuthenticationFlow, AuthenticationMethod } from '../spi/authentication.js'
import type { CatalogProvider } from '../spi/catalog.js'
import type { FunctionLibrary } from '../spi/functions.js'
import type { Logger } from '../spi/logger.js'
import type { Router, StorageEntry } from '../spi/router.js'
import { sqlText, type LoginRequest, type Server, type Session } from '../spi/session.js'
import type { ServerSettings } from '../spi/settings.js'
import { isKeyspaceStorage, isTableStorage, type Storage } from '../spi/storage.js'
import { MemoryCommitLog, type CommitLog } from '../transaction/commit-log.js'
import { openCommitLog } from '../transaction/file-commit-log.js'
import { CoreTransactionManager } from '../transaction/transaction-manager.js'
import {
  AccountLimits,
  CachingSha2Password,
  createAuthenticationFlow,
  LoginThrottle,
  MysqlNativePassword,
} from './authentication/index.js'
import { clientCollation } from './client-charset.js'
import { CombinedFunctions } from './combined-functions.js'
import { rebuildOutdatedIndexes } from './ddl/rebuild-indexes.js'
import { runInitScripts, runText } from './init-scripts.js'
import { PlanCache } from './plan-cache.js'
import type { PlanDependency } from './query-types.js'
import type { ServerCore } from './server-core.js'
import { EngineSession } from './session.js'
import { secureFilePriv } from './input-file.js'
import { LoginLog } from './login-log.js'
import { OtherStatements } from './other-statements.js'
import { UserLocks } from '../transaction/user-locks.js'
import { TracedSession } from './traced-session.js'
import { TableUsages } from './table-usage.js'
import { TableLocks } from './table-locks.js'
import { GlobalVariables } from './variables/store.js'

/** MySQL's version whose behaviour is followed, then ours. */
export const SERVER_VERSION = '8.0.42-switchyard-0.1.0'

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
    return this.requireParts().server
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
  private readonly methods: readonly AuthenticationMethod[]
  readonly others: OtherStatements
  readonly shutdown = { isUnderWay: false }
  readonly usage: TableUsages
  readonly core: ServerCore
  readonly server: Server
  private readonly reserved = new Set<number>()
  private readonly loginLog: LoginLog
  private readonly limits = new AccountLimits()
  private lastConnectionId = 0
  private readonly startedAtMs = Date.now()
  private statements = 0

  static async open(options: EngineOptions): Promise<EngineParts> {
    const { settings, storages, logger } = options
    const isDurable = storages.some((storage) => isKeyspaceStorage(storage) && storage.capabilities.durable)
    const log = isDurable
      ? await openCommitLog({ folder: join(settings.dataFolder, 'log') })
      : new MemoryCommitLog()
    const opened: { catalog?: LocalCatalog } = {}
    const transactions = await CoreTransactionManager.start({
      storages,
      systemStorage: systemStorageOf(options),
      log,
      foreignKeys: {
        parentOf: (child, foreignKey) => opened.catalog?.parentOf(child, foreignKey),
        referencesTo: (parent) => opened.catalog?.referencesTo(parent) ?? [],
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
    return new EngineParts(options, log, transactions, catalog)
  }

  private constructor(
    private readonly options: EngineOptions,
    readonly log: CommitLog,
    readonly transactions: CoreTransactionManager,
    readonly catalog: LocalCatalog,
  ) {
    this.loginLog = new LoginLog(options.logger)
    this.methods = [new CachingSha2Password(), new MysqlNativePassword(), ...options.authentication]
    this.others = new OtherStatements({
      ...options,
      catalog,
      transactions,
      sessions: this.sessions,
      methods: this.methods,
    })
    this.usage = this.createUsage()
    this.core = this.createCore(this.others)
    this.others.connect(this.core)
    this.server = this.createServer(this.others)
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
      openSession: () => this.openInternalSession(),
    })
  }

  private async runInternally(sql: string): Promise<void> {
    const session = this.openInternalSession()
    try {
      const failure = await runText(session, sqlText(sql))
      if (failure !== undefined) throw failure.error
    } finally {
      await session.close()
    }
  }

  private openInternalSession(): EngineSession {
    const connectionId = ++this.lastConnectionId
    const client = {
      host: 'localhost',
      port: 0,
      isLoopback: true,
      isSecure: true,
      attributes: {},
      collationId: 255,
      isInteractive: false,
    }
    return this.createSession(
      connectionId,
      { user: 'root', database: undefined, client, nonce: new Uint8Array(20) },
      'root@localhost',
    )
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

  private createSession(connectionId: number, request: LoginRequest, account: string): EngineSession {
    const { logger } = this.options
    const parts = [
      this.core,
      {
        connectionId,
        user: `${request.user}@${request.client.host}`,
        account,
        version: SERVER_VERSION,
      },
      request.client,
      new TemporaryTables(),
      () => {
        this.sessions.delete(connectionId)
        this.others.noteClosed(session)
        this.loginLog.left(connectionId)
      },
    ] as const
    const isTraced = logger.isLevelEnabled('trace')
    const session = isTraced ? new TracedSession(logger, ...parts) : new EngineSession(...parts)
    this.sessions.set(connectionId, session)
    return session
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
      globals: this.createVariables(),
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

  private createVariables(): GlobalVariables {
    const { settings } = this.options
    const engine = settings.storage
    return new GlobalVariables({
      version: SERVER_VERSION,
      hostname: hostname(),
      port: settings.port,
      socket: settings.socket,
      bind_address: settings.bind,
      datadir: settings.dataFolder,
      secure_file_priv: secureFilePriv(settings.files.folder),
      local_infile: settings.files.local ? 1 : 0,
      max_connections: settings.limits.connectionsMax,
      max_allowed_packet: settings.limits.packetBytesMax,
      connect_timeout: Math.max(2, Math.round(settings.limits.connectTimeoutMs / 1000)),
      innodb_lock_wait_timeout: Math.max(1, Math.round(settings.limits.lockWaitTimeoutMs / 1000)),
      default_storage_engine: engine,
      default_tmp_storage_engine: engine,
      system_time_zone: systemTimeZone(),
    })
  }

  private statusText(): string {
    const uptime = Math.floor((Date.now() - this.startedAtMs) / 1000)
    const perSecond = (this.statements / Math.max(uptime, 1)).toFixed(3)
    return `Uptime: ${uptime}  Threads: ${this.sessions.size}  Questions: ${this.statements}  Slow queries: 0  Opens: 0  Flush tables: 0  Open tables: 0  Queries per second avg: ${perSecond}`
  }

  // ── Logins ──────────────────────────────────────────────────────────────────────────────────────────────────

  private createServer(others: OtherStatements): Server {
    const throttle = new LoginThrottle()
    const policy = {
      accounts: { accountsNamed: (user: string) => this.catalog.accountsNamed(user) },
      methods: this.methods,
      defaultMethod: 'caching_sha2_password',
      throttle,
      limits: this.limits,
      onDenied: this.loginLog.denied.bind(this.loginLog),
      requiresSecureTransport: () => this.core.globals.get('require_secure_transport') === 1,
    }
    return {
      version: SERVER_VERSION,
      defaultAuthenticationMethod: policy.defaultMethod,
      reserveConnection: () => {
        const max = Number(this.core.globals.get('max_connections'))
        if (this.shutdown.isUnderWay) throw sqlError('ER_SERVER_SHUTDOWN')
        if (this.sessions.size + this.reserved.size >= max) throw sqlError('ER_CON_COUNT_ERROR')
        const id = ++this.lastConnectionId
        this.reserved.add(id)
        return id
      },
      releaseConnection: (id) => {
        this.reserved.delete(id)
      },
      beginLogin: (request): AuthenticationFlow => createAuthenticationFlow(policy, request),
      openSession: (request, account, connectionId): MaybePromise<Session> =>
        this.openSession(request, account, connectionId, others),
    }
  }

  private async openSession(
    request: LoginRequest,
    account: string,
    connectionId: number,
    others: OtherStatements,
  ): Promise<Session> {
    this.reserved.delete(connectionId)
    this.checkLimits(account)
    const session = this.createSession(connectionId, request, account)
    session.state.activeRoles = this.core.initialRoles(account)
    try {
      const collation = clientCollation(request.client.collationId)
      if (collation !== undefined) session.state.setNames(collation.charset.name, collation.name)
      if (request.client.ignoresSpace === true) session.state.addSqlMode(SqlMode.IGNORE_SPACE)
      if (request.database !== undefined) await session.useDatabase(request.database)
    } catch (error) {
      await session.close()
      throw error
    }
    others.noteLogin()
    this.loginLog.entered(connectionId, account, request)
    return session
  }

  /** Throws ER_USER_LIMIT_REACHED. */
  private checkLimits(account: string): void {
    const at = account.lastIndexOf('@')
    const limited = this.catalog.account(account.slice(0, at), account.slice(at + 1))
    if (limited === undefined) return
    const open = [...this.sessions.values()].filter((session) => session.account === account).length
    this.limits.opening(limited, open)
  }
}

/** Abbreviation of the machine's zone. Locale data takes 0.2 s to load, which a machine on UTC needn't spend at start. */
function systemTimeZone(): string {
  const offsets = [0, 6].map((month) => new Date(2024, month, 1).getTimezoneOffset())
  if (offsets.every((minutes) => minutes === 0)) return 'UTC'
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts()
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC'
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
