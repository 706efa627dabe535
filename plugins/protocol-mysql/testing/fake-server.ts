/** An engine for the protocol's own tests: logins and statements are answered by functions that a test gives. */
import {
  isPromise,
  sqlError,
  type AuthenticationFlow,
  type Logger,
  type LoginRequest,
  type MaybePromise,
  type ParameterValue,
  type PreparedStatement,
  type ResultColumn,
  type ResultSink,
  type ResultStatus,
  type Server,
  type Session,
  type SqlType,
} from '@switchyard/core/spi'

export const STATUS: ResultStatus = {
  affectedRows: 0,
  lastInsertId: 0,
  warningCount: 0,
  info: '',
  inTransaction: false,
  autocommit: true,
  noBackslashEscapes: false,
  moreResults: false,
  changes: [],
}

export function column(name: string, type: SqlType, more: Partial<ResultColumn> = {}): ResultColumn {
  return {
    name,
    originalName: '',
    table: '',
    originalTable: '',
    database: '',
    type,
    nullable: true,
    primaryKey: false,
    uniqueKey: false,
    multipleKey: false,
    autoIncrement: false,
    onUpdateNow: false,
    hasNoDefault: false,
    ...more,
  }
}

export interface Script {
  /** Answers a statement; `text` is as it came, one unit a byte. */
  execute?: (text: string, sink: ResultSink, session: FakeSession, multi: boolean) => MaybePromise<void>
  prepare?: (text: string, id: number) => MaybePromise<PreparedStatement>
  executePrepared?: (
    text: string,
    parameters: readonly ParameterValue[],
    sink: ResultSink,
    session: FakeSession,
  ) => MaybePromise<void>
  fieldList?: (table: string, pattern: string) => readonly ResultColumn[]
  beginLogin?: (request: LoginRequest) => AuthenticationFlow
  openSession?: (request: LoginRequest, session: FakeSession) => MaybePromise<void>
}

/** Lets everybody in. */
const OPEN_DOOR: AuthenticationFlow = { receive: () => ({ kind: 'welcome', account: 'root@localhost' }) }

export class FakeServer implements Server {
  readonly version = '8.0.36-switchyard-test'
  defaultAuthenticationMethod = 'mysql_native_password'
  connectionsMax = Infinity
  readonly sessions = new Set<FakeSession>()
  readonly requests: LoginRequest[] = []
  /** Ids that were reserved and not given back, by `releaseConnection` or by a session's end. */
  readonly reserved = new Set<number>()
  readonly killed: number[] = []
  private lastId = 0

  constructor(readonly script: Script = {}) {}

  reserveConnection(): number {
    if (this.reserved.size >= this.connectionsMax) throw sqlError('ER_CON_COUNT_ERROR')
    this.reserved.add(++this.lastId)
    return this.lastId
  }

  releaseConnection(connectionId: number): void {
    this.reserved.delete(connectionId)
  }

  beginLogin(request: LoginRequest): AuthenticationFlow {
    this.requests.push(request)
    return this.script.beginLogin?.(request) ?? OPEN_DOOR
  }

  openSession(request: LoginRequest, account: string, connectionId: number): MaybePromise<Session> {
    const session = new FakeSession(this, connectionId, account)
    session.database = request.database
    this.reserved.add(connectionId)
    const checked = this.script.openSession?.(request, session)
    this.sessions.add(session)
    return checked !== undefined && isPromise(checked) ? checked.then(() => session) : session
  }
}

export class FakeSession implements Session {
  resultCharset: string | null = 'utf8mb4'
  clientCharset = 'utf8mb4'
  packetBytesMax = 64 * 1024 * 1024
  waitTimeoutSeconds = 28_800
  netWriteTimeoutSeconds = 60
  database: string | undefined
  isClosed = false
  foundRows = false
  resets = 0
  /** Ends the session as KILL CONNECTION does. */
  readonly killer = new AbortController()
  readonly closed = this.killer.signal
  readonly prepared = new Map<number, string>()
  private lastStatementId = 0

  constructor(
    private readonly server: FakeServer,
    readonly connectionId: number,
    readonly account: string,
  ) {}

  execute(text: string, multiStatements: boolean, sink: ResultSink): MaybePromise<void> {
    if (this.server.script.execute !== undefined) {
      return this.server.script.execute(text, sink, this, multiStatements)
    }
    sink.ok(STATUS)
    return undefined
  }

  prepare(text: string): MaybePromise<PreparedStatement> {
    const id = ++this.lastStatementId
    this.prepared.set(id, text)
    return (
      this.server.script.prepare?.(text, id) ?? {
        id,
        parameterCount: text.split('?').length - 1,
        columns: [],
        warningCount: 0,
      }
    )
  }

  executePrepared(id: number, parameters: readonly ParameterValue[], sink: ResultSink): MaybePromise<void> {
    const text = this.prepared.get(id)
    if (text === undefined) throw sqlError('ER_UNKNOWN_STMT_HANDLER', id, 'mysqld_stmt_execute')
    if (this.server.script.executePrepared !== undefined) {
      return this.server.script.executePrepared(text, parameters, sink, this)
    }
    sink.ok(STATUS)
    return undefined
  }

  closePrepared(id: number): void {
    this.prepared.delete(id)
  }

  useDatabase(name: string): MaybePromise<void> {
    if (name === 'nowhere') throw sqlError('ER_BAD_DB_ERROR', name)
    this.database = name
  }

  fieldList(table: string, pattern: string): MaybePromise<readonly ResultColumn[]> {
    return this.server.script.fieldList?.(table, pattern) ?? []
  }

  setFoundRows(on: boolean): void {
    this.foundRows = on
  }

  statisticsText(): string {
    return 'Uptime: 1  Threads: 1'
  }

  reset(): MaybePromise<void> {
    this.resets++
    this.prepared.clear()
  }

  kill(connectionId: number): void {
    this.server.killed.push(connectionId)
  }

  status(): ResultStatus {
    return STATUS
  }

  close(): MaybePromise<void> {
    this.isClosed = true
    this.server.sessions.delete(this)
    this.server.reserved.delete(this.connectionId)
  }
}

export interface LogLine {
  readonly level: string
  readonly fields: object
  readonly message: string
}

/** Keeps what is logged. */
export function memoryLogger(lines: LogLine[] = []): Logger {
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message })
  }
  const logger: Logger = {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    isLevelEnabled: () => true,
    child: () => logger,
  }
  return logger
}
