/**
 * Who is connected: protocols reserve an id, prove an account by it, and get a session. The engine opens sessions of its own here, too.
 */
import type { LocalCatalog } from '../catalog/local-catalog.js'
import { TemporaryTables } from '../catalog/temporary-tables.js'
import { SqlMode } from '../common/sql-mode.js'
import { sqlError } from '../common/sql-error.js'
import type { AuthenticationFlow, AuthenticationMethod } from '../spi/authentication.js'
import type { Logger } from '../spi/logger.js'
import type { ClientInfo, LoginRequest, Server, Session } from '../spi/session.js'
import {
  AccountLimits,
  createAuthenticationFlow,
  LoginThrottle,
  type LoginPolicy,
} from './authentication/index.js'
import { clientCollation } from './client-charset.js'
import { LoginLog } from './login-log.js'
import type { OtherStatements } from './other-statements.js'
import type { ServerCore } from './server-core.js'
import { EngineSession } from './session.js'
import { TracedSession } from './traced-session.js'

/** Somebody in this process. */
export const LOCAL_CLIENT: ClientInfo = {
  host: 'localhost',
  port: 0,
  isLoopback: true,
  isSecure: true,
  attributes: {},
  /** utf8mb4_0900_ai_ci. */
  collationId: 255,
  isInteractive: false,
}

export interface ConnectionsOptions {
  readonly logger: Logger
  readonly catalog: Pick<LocalCatalog, 'account' | 'accountsNamed'>
  readonly methods: readonly AuthenticationMethod[]
  readonly core: ServerCore
  readonly others: OtherStatements
  /** All that are open, by the ids of their connections: kept here, read by others. */
  readonly sessions: Map<number, EngineSession>
}

export class Connections implements Server {
  readonly version: string
  readonly defaultAuthenticationMethod = 'caching_sha2_password'
  private readonly reserved = new Set<number>()
  private readonly loginLog: LoginLog
  private readonly limits = new AccountLimits()
  private readonly policy: LoginPolicy
  private lastConnectionId = 0

  constructor(private readonly options: ConnectionsOptions) {
    const { catalog, core, logger, methods } = options
    this.version = core.version
    this.loginLog = new LoginLog(logger)
    this.policy = {
      accounts: { accountsNamed: (user: string) => catalog.accountsNamed(user) },
      methods,
      defaultMethod: this.defaultAuthenticationMethod,
      throttle: new LoginThrottle(),
      limits: this.limits,
      onDenied: this.loginLog.denied.bind(this.loginLog),
      requiresSecureTransport: () => core.globals.get('require_secure_transport') === 1,
    }
  }

  reserveConnection(): number {
    const { core, sessions } = this.options
    const max = Number(core.globals.get('max_connections'))
    if (core.shutdown.isUnderWay) throw sqlError('ER_SERVER_SHUTDOWN')
    if (sessions.size + this.reserved.size >= max) throw sqlError('ER_CON_COUNT_ERROR')
    const id = ++this.lastConnectionId
    this.reserved.add(id)
    return id
  }

  releaseConnection(connectionId: number): void {
    this.reserved.delete(connectionId)
  }

  beginLogin(request: LoginRequest): AuthenticationFlow {
    return createAuthenticationFlow(this.policy, request)
  }

  async openSession(request: LoginRequest, account: string, connectionId: number): Promise<Session> {
    const { core, others } = this.options
    this.reserved.delete(connectionId)
    this.checkLimits(account)
    const session = this.createSession(connectionId, request, account)
    session.state.activeRoles = core.initialRoles(account)
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

  /** A session as root, for what the engine runs by itself. */
  openInternalSession(): EngineSession {
    const request = { user: 'root', database: undefined, client: LOCAL_CLIENT, nonce: new Uint8Array(20) }
    return this.createSession(++this.lastConnectionId, request, 'root@localhost')
  }

  /** Throws ER_USER_LIMIT_REACHED. */
  private checkLimits(account: string): void {
    const { catalog, sessions } = this.options
    const at = account.lastIndexOf('@')
    const limited = catalog.account(account.slice(0, at), account.slice(at + 1))
    if (limited === undefined) return
    const open = [...sessions.values()].filter((session) => session.account === account).length
    this.limits.opening(limited, open)
  }

  private createSession(connectionId: number, request: LoginRequest, account: string): EngineSession {
    const { core, logger, others, sessions } = this.options
    const { user, client } = request
    const parts = [
      core,
      { connectionId, user: `${user}@${client.host}`, account, version: core.version },
      client,
      new TemporaryTables(),
      () => {
        sessions.delete(connectionId)
        others.noteClosed(session)
        this.loginLog.left(connectionId)
      },
    ] as const
    const isTraced = logger.isLevelEnabled('trace')
    const session = isTraced ? new TracedSession(logger, ...parts) : new EngineSession(...parts)
    sessions.set(connectionId, session)
    return session
  }
}
