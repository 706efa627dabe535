/**
 * A session: takes statements one at a time, finds or makes their plans, runs them in the session's transaction, and answers to a
 * sink. A statement whose plan is cached and whose storages answer at once runs without a single promise.
 */
import { performance } from 'node:perf_hooks'
import type { RoleName } from '../catalog/account.js'
import type { TypedValue } from '../common/evaluation.js'
import { isSqlError, sqlError, SqlError } from '../common/sql-error.js'
import { SqlMode } from '../common/sql-mode.js'
import { newValues, type ExactValue, type MaybePromise, type Value } from '../common/value.js'
import type {
  ClientInfo,
  ParameterValue,
  PreparedStatement,
  ResultColumn,
  ResultSink,
  ResultStatus,
  Session,
  SessionChange,
} from '../spi/session.js'
import { settle } from '../common/settle.js'
import { fieldList } from './field-list.js'
import { StatementRunner } from './statement-runner.js'
import type { PlannableStatement } from './planner.js'
import { fingerprintOf, parseNext, parseNextOrComment, type StatementFingerprint } from './parsing.js'
import { PlanRunner, StalePlan } from './plan-runner.js'
import { PreparedStatements, type Prepared } from './prepared-statements.js'
import { RunningStatement } from './running-statement.js'
import { DONE, type ServerCore } from './server-core.js'
import { SessionPlans } from './session-plans.js'
import { SessionState, type SessionIdentity } from './session-state.js'
import { SessionTableLocks } from './session-table-locks.js'
import { SessionTransactions } from './session-transactions.js'
import { StatementCounters } from './statement-counters.js'
import type { TemporaryTables } from '../catalog/temporary-tables.js'

/** What the process list shows of a session. */
export interface SessionActivity {
  command: string
  text: string | null
  sinceMs: number
}

export class EngineSession implements Session {
  readonly state: SessionState
  readonly transactions: SessionTransactions
  readonly tableLocks: SessionTableLocks
  readonly prepared = new PreparedStatements()
  readonly counters = new StatementCounters()
  readonly activity: SessionActivity = { command: 'Sleep', text: null, sinceMs: performance.now() }
  private readonly closing = new AbortController()
  readonly runner: PlanRunner
  readonly plans: SessionPlans
  private readonly statements: StatementRunner
  private running: RunningStatement | undefined
  private changes: SessionChange[] = []
  foundRowsMode = false
  private isClosed = false

  constructor(
    readonly core: ServerCore,
    identity: SessionIdentity,
    readonly client: ClientInfo,
    readonly temporaryTables: TemporaryTables,
    private readonly onClose: () => void,
  ) {
    this.state = new SessionState(identity, core.globals, core.userLocks.ofSession(identity.connectionId))
    this.tableLocks = new SessionTableLocks(core.tableLocks, core.transactions.metadataLocks)
    this.transactions = new SessionTransactions(
      this.state,
      core.transactions,
      this.tableLocks,
      () => this.running,
    )
    this.runner = new PlanRunner(this)
    this.plans = new SessionPlans(this)
    this.statements = new StatementRunner(this)
  }

  // ── What protocols ask ──────────────────────────────────────────────────────────────────────────────────────

  get connectionId(): number {
    return this.state.connectionId
  }

  get account(): string {
    return this.state.identity.account
  }

  get activeRoles(): readonly RoleName[] {
    return this.state.activeRoles
  }

  get resultCharset(): string | null {
    return this.state.resultCharset
  }

  get clientCharset(): string {
    return this.state.clientCharset
  }

  get packetBytesMax(): number {
    return this.state.packetBytesMax
  }

  get waitTimeoutSeconds(): number {
    return Number(this.state.variables.get('wait_timeout'))
  }

  get netWriteTimeoutSeconds(): number {
    return Number(this.state.variables.get('net_write_timeout'))
  }

  get closed(): AbortSignal {
    return this.closing.signal
  }

  setFoundRows(on: boolean): void {
    this.foundRowsMode = on
  }

  statisticsText(): string {
    return this.core.statusText()
  }

  status(): ResultStatus {
    // Asked for in between: changes wait for the statement's own status.
    const { changes } = this
    const status = this.statusOf(0, 0, '', false)
    this.changes = changes
    return status
  }

  statusOf(
    affectedRows: ExactValue,
    lastInsertId: ExactValue,
    info: string,
    moreResults: boolean,
  ): ResultStatus {
    const changes = this.changes
    this.changes = []
    return {
      affectedRows,
      lastInsertId,
      warningCount: Math.min(this.state.conditionCount, 65535),
      info,
      inTransaction: this.transactions.isOpen,
      autocommit: this.state.autocommit,
      noBackslashEscapes: (this.state.sqlMode & SqlMode.NO_BACKSLASH_ESCAPES) !== 0,
      moreResults,
      changes,
    }
  }

  // ── Statements ──────────────────────────────────────────────────────────────────────────────────────────────

  execute(text: string, multiStatements: boolean, sink: ResultSink): MaybePromise<void> {
    const fingerprint = fingerprintOf(text, this.state)
    if (fingerprint !== undefined) {
      const key = `${this.state.settingsKey}\u0000${fingerprint.key}`
      const plan = this.core.plans.find(key, fingerprint.literals, this.plans)
      if (plan !== undefined) {
        const running = this.begin(text, fingerprint.literals as readonly Value[])
        return this.guard(running, sink, () =>
          settle(
            () => this.runner.run(plan, running, sink, false, undefined),
            () => undefined,
            (error) => this.runAnew(error, text, running, sink),
          ),
        )
      }
    }
    return this.executeText(text, multiStatements, sink, fingerprint)
  }

  /** Statement after statement; the first that fails ends the command. */
  private async executeText(
    text: string,
    multiStatements: boolean,
    sink: ResultSink,
    fingerprint: StatementFingerprint | undefined,
  ): Promise<void> {
    let offset = 0
    let isFirst = true
    for (;;) {
      const running = this.begin(text, [])
      const outcome = { hasMore: false }
      await this.guard(running, sink, async () => {
        const parsed = parseNextOrComment(text, offset, this.state, multiStatements ? 'multiple' : 'plain')
        if (parsed === undefined) {
          this.done(running, sink, false, DONE)
          return
        }
        offset = parsed.end
        const { hasMore } = parsed
        outcome.hasMore = hasMore
        await this.statements.run(parsed.statement, {
          running,
          sink,
          moreResults: hasMore,
          parameters: undefined,
          fingerprint: isFirst && !hasMore ? fingerprint : undefined,
        })
      })
      isFirst = false
      if (running.hasFailed || !outcome.hasMore || this.isClosed) return
    }
  }

  /** Starts the bookkeeping of a statement. */
  begin(text: string, parameters: readonly Value[]): RunningStatement {
    const running = new RunningStatement(
      this.state,
      parameters,
      this.core.settings.limits.queryMemoryBytesMax,
    )
    this.running = running
    this.activity.command = 'Query'
    this.activity.text = text
    this.activity.sinceMs = running.startedAtMs
    return running
  }

  /** Runs a statement's action; failures go to the sink, whatever they are. */
  guard(running: RunningStatement, sink: ResultSink, action: () => MaybePromise<void>): MaybePromise<void> {
    this.counters.questions++
    if (this.core.shutdown.isUnderWay) {
      running.hasFailed = true
      this.finish(running)
      sink.fail(sqlError('ER_SERVER_SHUTDOWN'))
      return undefined
    }
    return settle(
      action,
      () => {
        this.finish(running)
      },
      (error) => {
        const known = this.knownError(error)
        running.hasFailed = true
        running.recordError(known)
        this.keepConditions(running)
        this.state.rowCount = -1
        this.finish(running)
        sink.fail(known)
      },
    )
  }

  /** Faults of ours are logged whole and told without their text, which may hold data. */
  knownError(error: unknown): SqlError {
    if (isSqlError(error)) return error
    if (error instanceof RangeError && error.message.includes('call stack')) {
      return sqlError('ER_STACK_OVERRUN', 'the statement is nested too deeply')
    }
    this.core.planner.reportFault(error)
    return sqlError('ER_UNKNOWN_ERROR', 'Internal error; the server log has the details')
  }

  private finish(running: RunningStatement): void {
    running.finish()
    if (this.running === running) this.running = undefined
    this.activity.command = 'Sleep'
    this.activity.text = null
    this.activity.sinceMs = running.endedAtMs === 0 ? performance.now() : running.endedAtMs
  }

  /** What SHOW WARNINGS will show. */
  keepConditions(running: RunningStatement): void {
    this.state.conditions = running.conditions
    this.state.conditionCount = running.conditionCount
  }

  /** OK for a statement without rows. */
  done(
    running: RunningStatement,
    sink: ResultSink,
    moreResults: boolean,
    result: { readonly affectedRows: number | bigint; readonly info: string },
  ): void {
    this.keepConditions(running)
    this.state.rowCount = Number(result.affectedRows)
    sink.ok(this.statusOf(result.affectedRows, 0, result.info, moreResults))
  }

  noteChange(change: SessionChange): void {
    this.changes.push(change)
  }

  /** After a plan of the cache was found to be stale; other errors go on. */
  private runAnew(
    error: unknown,
    text: string,
    running: RunningStatement,
    sink: ResultSink,
  ): MaybePromise<void> {
    if (!(error instanceof StalePlan)) throw error
    const { statement } = parseNext(text, 0, this.state, 'plain')
    const fingerprint = fingerprintOf(text, this.state)
    return this.statements.run(statement, {
      running,
      sink,
      moreResults: false,
      parameters: undefined,
      fingerprint,
    })
  }

  // ── Prepared statements ─────────────────────────────────────────────────────────────────────────────────────

  async prepare(text: string): Promise<PreparedStatement> {
    const running = this.begin(text, [])
    try {
      return await this.prepared.prepare(text, this, running)
    } catch (error) {
      const known = this.knownError(error)
      running.recordError(known)
      this.keepConditions(running)
      throw known
    } finally {
      this.finish(running)
    }
  }

  executePrepared(id: number, parameters: readonly ParameterValue[], sink: ResultSink): MaybePromise<void> {
    const running = this.begin(this.prepared.textOf(id) ?? '', [])
    return this.guard(running, sink, () => {
      const prepared = this.prepared.require(id, 'mysqld_stmt_execute')
      return this.runPrepared(prepared, parameters, running, sink, false)
    })
  }

  runPrepared(
    prepared: Prepared,
    given: readonly TypedValue[],
    running: RunningStatement,
    sink: ResultSink,
    moreResults: boolean,
  ): MaybePromise<void> {
    const parameters = prepared.withLimits(given)
    const values = newValues(parameters.length)
    for (let i = 0; i < values.length; i++) values[i] = (parameters[i] as TypedValue).value
    running.parameters = values
    const { planned } = prepared
    if (planned === undefined) {
      return this.statements.run(prepared.parsed.statement, {
        running,
        sink,
        moreResults,
        parameters,
        fingerprint: undefined,
      })
    }
    const key = prepared.keyFor(this.state.settingsKey, parameters)
    const plan = this.core.plans.find(key, values, this.plans)
    if (plan !== undefined) {
      return settle(
        () => this.runner.run(plan, running, sink, moreResults, prepared.into),
        () => undefined,
        (error) => {
          if (!(error instanceof StalePlan)) throw error
          return this.planPrepared(planned, key, parameters, running, sink, moreResults)
        },
      )
    }
    return this.planPrepared(planned, key, parameters, running, sink, moreResults)
  }

  private planPrepared(
    statement: PlannableStatement,
    key: string,
    parameters: readonly TypedValue[],
    running: RunningStatement,
    sink: ResultSink,
    moreResults: boolean,
  ): Promise<void> {
    return this.plans.run(statement, running, sink, moreResults, {
      parameters,
      keep: (plan) => {
        this.core.plans.add(key, plan)
      },
    })
  }

  closePrepared(id: number): void {
    this.prepared.close(id)
  }

  // ── Life ────────────────────────────────────────────────────────────────────────────────────────────────────

  async useDatabase(name: string): Promise<void> {
    const { charset, collation } = await this.core.openDatabase(name, this)
    this.state.useDatabase(name, charset, collation)
    this.noteChange({ kind: 'database', name })
  }

  async fieldList(table: string, pattern: string): Promise<readonly ResultColumn[]> {
    const running = this.begin('', [])
    try {
      return await fieldList(this, running, table, pattern)
    } finally {
      this.finish(running)
    }
  }

  kill(connectionId: number): void {
    this.killOther(connectionId, 'connection')
  }

  /** KILL: throws ER_NO_SUCH_THREAD. */
  killOther(connectionId: number, target: 'connection' | 'query'): void {
    const session = this.core.sessions.get(connectionId)
    if (session === undefined) throw sqlError('ER_NO_SUCH_THREAD', connectionId)
    session.stop(target)
  }

  /** Ends the running statement, and the connection if asked for. */
  stop(target: 'connection' | 'query', reason = sqlError('ER_QUERY_INTERRUPTED')): void {
    this.running?.stop(reason)
    if (target === 'connection') this.closing.abort(reason)
  }

  /** Opens the file that the running statement reads. */
  openFile(): AsyncIterator<Uint8Array> {
    const open = this.running?.file
    if (open === undefined) throw new Error('invariant: the statement under way reads a file')
    return open()
  }

  /** What the process list says of the running statement. */
  get stage(): string {
    const { stage = '', stageRows = 0 } = this.running ?? {}
    if (stage === '') return 'executing'
    return stageRows === 0 ? stage : `${stage}: ${stageRows} rows`
  }

  get isRunning(): boolean {
    return this.running !== undefined
  }

  async reset(): Promise<void> {
    this.transactions.rollbackOpen()
    this.tableLocks.releaseAll()
    this.state.userLocks.releaseAll()
    this.prepared.clear()
    this.dropTemporaryTables()
    this.state.reset()
    this.state.activeRoles = this.core.initialRoles(this.account)
    await Promise.resolve()
  }

  private dropTemporaryTables(): void {
    const tables = [...this.temporaryTables.all()]
    for (const table of tables) this.temporaryTables.remove(table)
    if (tables.length > 0) this.core.dropTemporaryTables(tables)
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.running?.stop(sqlError('ER_QUERY_INTERRUPTED'))
    this.transactions.rollbackOpen()
    this.tableLocks.releaseAll()
    this.state.userLocks.close()
    this.prepared.clear()
    this.dropTemporaryTables()
    this.onClose()
    await Promise.resolve()
  }
}
