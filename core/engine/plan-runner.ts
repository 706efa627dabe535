/**
 * Runs plans in a session's transaction and tells the sink: queries batch by batch, changes with their counts.
 */
import { performance } from 'node:perf_hooks'
import type { Batch } from '../common/batch.js'
import type { TypedValue } from '../common/evaluation.js'
import { formatMessage, isSqlError, sqlError, SqlError } from '../common/sql-error.js'
import { STRICT_MODES } from '../common/sql-mode.js'
import type { ExactValue, MaybePromise, Value } from '../common/value.js'
import type { ChangeResult } from '../executor/change-result.js'
import { Execution, type Operator } from '../executor/execution.js'
import type { IntoClause, IntoVariables } from '../plan/syntax/index.js'
import type { ResultColumn, ResultSink, ResultStatus } from '../spi/session.js'
import type { CoreTransaction } from '../transaction/transaction.js'
import { drain } from '../executor/drain.js'
import { rethrowAfter, settle, whenSettled } from '../common/settle.js'
import type { PreparedChange, PreparedPlan, PreparedQuery } from './query-types.js'
import { requireFileFolder } from './input-file.js'
import { FileReceiver } from './output-file.js'
import type { Receiver } from './receiver.js'
import type { RunningStatement } from './running-statement.js'
import type { Actor } from './account-access.js'
import type { ServerCore } from './server-core.js'
import type { SessionState } from './session-state.js'
import type { SessionTransactions } from './session-transactions.js'
import type { SessionTableLocks } from './session-table-locks.js'
import type { StatementCounters } from './statement-counters.js'

/** What the runner needs of its session. */
export interface PlanRunnerHost extends Actor {
  readonly core: ServerCore
  readonly state: SessionState
  readonly transactions: SessionTransactions
  readonly counters: StatementCounters
  readonly tableLocks: SessionTableLocks
  /** CLIENT_FOUND_ROWS. */
  readonly foundRowsMode: boolean
  readonly plans: { isCurrent(plan: PreparedPlan): boolean }
  keepConditions(running: RunningStatement): void
  statusOf(
    affectedRows: ExactValue,
    lastInsertId: ExactValue,
    info: string,
    moreResults: boolean,
  ): ResultStatus
}

/**
 * A definition statement that was waited for has changed what the plan was made from. Nothing has been done yet: the statement
 * can be planned anew.
 */
export class StalePlan extends SqlError {
  constructor() {
    super('ER_TABLE_DEF_CHANGED', formatMessage('ER_TABLE_DEF_CHANGED', []))
  }
}

export class PlanRunner {
  private readonly state: SessionState

  constructor(private readonly host: PlanRunnerHost) {
    this.state = host.state
  }

  run(
    plan: PreparedPlan,
    running: RunningStatement,
    sink: ResultSink,
    moreResults: boolean,
    into: IntoClause | undefined,
  ): MaybePromise<void> {
    if (plan.dependencies.length > 0) this.host.core.checkAccess(this.host, plan.dependencies)
    this.host.counters.count(plan.kind === 'query' ? 'select' : plan.statement)
    if (plan.kind === 'change') return this.runChange(plan, running, sink, moreResults)
    const limitMs = plan.executionMsMax > 0 ? plan.executionMsMax : this.state.executionMsMax
    if (limitMs > 0) running.limitTime(limitMs)
    return this.runQuery(plan, running, sink, moreResults, into)
  }

  private runQuery(
    plan: PreparedQuery,
    running: RunningStatement,
    sink: ResultSink,
    moreResults: boolean,
    into: IntoClause | undefined,
  ): MaybePromise<void> {
    const receiver: Receiver =
      into === undefined ? new SinkReceiver(plan.columns, sink) : this.receiverOf(into, plan, running)
    let execution: Execution | undefined
    return this.inTransaction(
      plan,
      running,
      plan.locks,
      (transaction) => {
        execution = this.newExecution(transaction, running)
        const operator = plan.plan.open(execution)
        return settle(
          () => drain(operator, execution as Execution, (batch) => receiver.take(batch)),
          () => (receiver.end === undefined ? operator.close() : endBoth(operator, receiver)),
          (error) => {
            const closed = receiver.abandon === undefined ? operator.close() : abandonBoth(operator, receiver)
            return rethrowAfter(closed, receiver.hasTaken ? error : staleIfOutdated(error, running))
          },
        )
      },
      () => {
        const rows = receiver.finish(running)
        this.noteRun(plan, running)
        this.host.keepConditions(running)
        this.state.foundRows = plan.countsAllRows ? Math.max(execution?.foundRows ?? 0, rows) : rows
        this.state.rowCount = into === undefined ? -1 : rows
        const status = this.host.statusOf(into === undefined ? 0 : rows, 0, '', moreResults)
        if (into === undefined) sink.end(status)
        else sink.ok(status)
      },
    )
  }

  private receiverOf(into: IntoClause, plan: PreparedQuery, running: RunningStatement): Receiver {
    if (into.kind === 'intoVariables') return new VariableReceiver(into, plan.columns, this.state)
    return new FileReceiver(into, plan.columns, requireFileFolder(this.host), running)
  }

  private runChange(
    plan: PreparedChange,
    running: RunningStatement,
    sink: ResultSink,
    moreResults: boolean,
  ): MaybePromise<void> {
    running.strict = (this.state.sqlMode & STRICT_MODES) !== 0 && !plan.ignore
    let result: ChangeResult | undefined
    const change = (transaction: CoreTransaction): MaybePromise<void> =>
      whenSettled(plan.change.run(this.newExecution(transaction, running)), (each) => {
        result = each
      })
    const answer = (): void => {
      this.noteRun(plan, running)
      const { affectedRows = 0, lastInsertId = 0, generatedId = 0, info = '' } = result ?? {}
      if (generatedId !== 0) this.state.lastInsertId = generatedId
      this.host.keepConditions(running)
      this.state.rowCount = affectedRows
      const text = typeof info === 'string' ? info : info(running.conditionCount)
      sink.ok(this.host.statusOf(affectedRows, lastInsertId, text, moreResults))
    }
    return settle(
      () => this.inTransaction(plan, running, true, change, answer),
      () => undefined,
      (error) => {
        // What it had changed by then is undone.
        throw staleIfOutdated(error, running)
      },
    )
  }

  private noteRun(plan: PreparedPlan, running: RunningStatement): void {
    running.endedAtMs = performance.now()
    const elapsedMs = running.endedAtMs - running.startedAtMs
    this.host.core.usage.note(plan, elapsedMs, running.startedAtMicros / 1000)
  }

  private newExecution(transaction: CoreTransaction, running: RunningStatement): Execution {
    return new Execution(
      this.host.core.execution,
      transaction,
      running,
      running,
      undefined,
      this.host.foundRowsMode,
    )
  }

  /** Runs `action` in the session's transaction, holding the metadata of what it uses; then `finished`, when all is committed. */
  private inTransaction(
    plan: PreparedPlan,
    running: RunningStatement,
    writes: boolean,
    action: (transaction: CoreTransaction) => MaybePromise<void>,
    finished: () => void,
  ): MaybePromise<void> {
    const transaction = this.host.transactions.forStatement(running, writes ? plan.dependencies : undefined)
    return settle(
      () => {
        const locked = this.lockMetadata(plan, transaction, running)
        const acted = locked instanceof Promise ? locked.then(() => action(transaction)) : action(transaction)
        if (acted instanceof Promise)
          return acted.then(() => this.host.transactions.statementDone(transaction))
        return this.host.transactions.statementDone(transaction)
      },
      finished,
      (error) => {
        const undone = this.host.transactions.statementFailed(transaction, error)
        if (undone === undefined) throw error
        return undone.then(() => {
          throw error
        })
      },
    )
  }

  /** What LOCK TABLES of this and other sessions allows, and shared metadata locks. */
  private lockMetadata(
    plan: PreparedPlan,
    transaction: CoreTransaction,
    running: RunningStatement,
  ): MaybePromise<void> {
    const { tableLocks } = this.host
    const admitted = tableLocks.admit(plan.dependencies, plan.kind === 'query' && plan.locks, running)
    // Under LOCK TABLES the session has the locks of all that it may use.
    if (tableLocks.isLocking) return admitted
    if (admitted instanceof Promise) {
      return admitted.then(() => this.shareMetadata(plan, transaction, running))
    }
    return this.shareMetadata(plan, transaction, running)
  }

  /** A DDL that was waited for may have changed the plan's objects. */
  private shareMetadata(
    plan: PreparedPlan,
    transaction: CoreTransaction,
    running: RunningStatement,
  ): MaybePromise<void> {
    const { metadataLocks } = this.host.core.transactions
    const timeoutMs = this.state.lockTimeoutMs
    let waited: Promise<void> | undefined
    for (const { id } of plan.dependencies) {
      const object = { kind: 'table', id } as const
      if (waited !== undefined) {
        waited = waited.then(() =>
          metadataLocks.acquire(transaction.locks, object, 'shared', timeoutMs, running),
        )
        continue
      }
      const granted = metadataLocks.acquire(transaction.locks, object, 'shared', timeoutMs, running)
      if (granted instanceof Promise) waited = granted
    }
    return waited?.then(() => {
      if (!this.host.plans.isCurrent(plan)) throw new StalePlan()
    })
  }

  /** The single value of a query, NULL without rows: sub-queries in SET and the like. */
  async scalar(plan: PreparedQuery, running: RunningStatement): Promise<TypedValue> {
    let value: Value = null
    await this.inTransaction(
      plan,
      running,
      false,
      (transaction) => {
        const execution = this.newExecution(transaction, running)
        const operator = plan.plan.open(execution)
        return settle(
          () =>
            drain(operator, execution, (batch) => {
              value = batch.columns[0]?.get(0) ?? null
            }),
          () => operator.close(),
          (error) => rethrowAfter(operator.close(), error),
        )
      },
      () => undefined,
    )
    const [column] = plan.columns
    if (column === undefined) throw new Error('invariant: one select item gives one column')
    return { type: column.type, value }
  }
}

/** How often a statement is planned anew because a driver found its definitions outdated. */
const REPLANS_MAX = 3

/** A driver may find at the first look only that its table isn't any more what the plan was made for. */
function staleIfOutdated(error: unknown, running: RunningStatement): unknown {
  if (!isSqlError(error) || error.code !== 'ER_TABLE_DEF_CHANGED') return error
  return ++running.replans > REPLANS_MAX ? error : new StalePlan()
}

async function endBoth(operator: Operator, receiver: Receiver): Promise<void> {
  await operator.close()
  try {
    await receiver.end?.()
  } catch (error) {
    await receiver.abandon?.()
    throw error
  }
}

async function abandonBoth(operator: Operator, receiver: Receiver): Promise<void> {
  await operator.close()
  await receiver.abandon?.()
}

/** Hands rows to the sink; the metadata goes first, but not before the first rows are there, so that early errors stand alone. */
class SinkReceiver implements Receiver {
  private hasColumns = false
  private rows = 0

  constructor(
    private readonly columns: readonly ResultColumn[],
    private readonly sink: ResultSink,
  ) {}

  get hasTaken(): boolean {
    return this.hasColumns
  }

  take(batch: Batch): MaybePromise<void> {
    if (!this.hasColumns) {
      this.hasColumns = true
      this.sink.columns(this.columns)
    }
    this.rows += batch.rowCount
    return this.sink.rows(batch)
  }

  finish(): number {
    if (!this.hasColumns) this.sink.columns(this.columns)
    return this.rows
  }
}

/** SELECT … INTO @a, @b: one row at most. */
class VariableReceiver implements Receiver {
  private rows = 0

  constructor(
    private readonly into: IntoVariables,
    private readonly columns: readonly ResultColumn[],
    private readonly state: SessionState,
  ) {
    if (into.targets.length !== columns.length) throw sqlError('ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT')
  }

  get hasTaken(): boolean {
    return this.rows > 0
  }

  take(batch: Batch): void {
    this.rows += batch.rowCount
    if (this.rows > 1) throw sqlError('ER_TOO_MANY_ROWS')
    this.into.targets.forEach((target, i) => {
      const column = this.columns[i]
      if (column === undefined) return
      if (target.kind !== 'userVariable') throw sqlError('ER_SP_UNDECLARED_VAR', target.name)
      this.state.setUserVariable(target.name, { type: column.type, value: batch.columns[i]?.get(0) ?? null })
    })
  }

  finish(running: RunningStatement): number {
    if (this.rows === 0) running.warn('Warning', 'ER_SP_FETCH_NO_DATA')
    return this.rows
  }
}
