/**
 * A session that logs its statements at level trace: their text without passwords, the plan that ran, what came of them and how long it
 * took. Sessions are of this kind only if that level is on when they begin, so that tracing costs the others nothing.
 */
import type { MaybePromise } from '../common/value.js'
import type { SqlError } from '../common/sql-error.js'
import type { Batch } from '../common/batch.js'
import type { Logger } from '../spi/logger.js'
import type { ParameterValue, ResultColumn, ResultSink, ResultStatus } from '../spi/session.js'
import { readableStatement, withoutSecrets } from './introspection/statement-secrets.js'
import type { PreparedPlan } from './query-types.js'
import { EngineSession } from './session.js'
import { SessionPlans, type SessionPlansHost } from './session-plans.js'

/** Longer texts are cut. */
const TEXT_LENGTH_MAX = 10_000

/** Notes which plans are used. */
class TracedPlans extends SessionPlans {
  constructor(
    host: SessionPlansHost,
    private readonly note: (plan: PreparedPlan) => void,
  ) {
    super(host)
  }

  override async make(...request: Parameters<SessionPlans['make']>): Promise<PreparedPlan> {
    const plan = await super.make(...request)
    this.note(plan)
    return plan
  }

  override isCurrent(plan: PreparedPlan): boolean {
    const isCurrent = super.isCurrent(plan)
    if (isCurrent) this.note(plan)
    return isCurrent
  }
}

export class TracedSession extends EngineSession {
  override readonly plans: SessionPlans = new TracedPlans(this, (plan) => {
    this.trace?.plans.add(plan)
  })
  private trace: StatementTrace | undefined

  constructor(
    private readonly logger: Logger,
    ...session: ConstructorParameters<typeof EngineSession>
  ) {
    super(...session)
  }

  override execute(text: string, multiStatements: boolean, sink: ResultSink): MaybePromise<void> {
    return this.traced(text, {}, sink, (watched) => super.execute(text, multiStatements, watched))
  }

  override executePrepared(
    id: number,
    parameters: readonly ParameterValue[],
    sink: ResultSink,
  ): MaybePromise<void> {
    const text = this.prepared.textOf(id) ?? ''
    return this.traced(text, { prepared: id, parameters: parameters.length }, sink, (watched) =>
      super.executePrepared(id, parameters, watched),
    )
  }

  private traced(
    text: string,
    fields: object,
    sink: ResultSink,
    run: (watched: ResultSink) => MaybePromise<void>,
  ): MaybePromise<void> {
    const trace = new StatementTrace(sink)
    this.trace = trace
    const statement = readableStatement(text, this.clientCharset)
    const log = (): void => {
      const { connectionId, account, state } = this
      const sql = statement.length > TEXT_LENGTH_MAX ? `${statement.slice(0, TEXT_LENGTH_MAX)}…` : statement
      const session = { connection: connectionId, account, database: state.database }
      this.logger.trace({ ...session, sql, ...fields, ...trace.summary() }, 'statement')
    }
    const ran = run(trace)
    if (ran instanceof Promise) return ran.then(log)
    log()
    return undefined
  }
}

/** Passes everything on and remembers what it was. */
class StatementTrace implements ResultSink {
  readonly plans = new Set<PreparedPlan>()
  readonly requestFile?: NonNullable<ResultSink['requestFile']>
  private readonly startedAtMs = performance.now()
  private readonly results: object[] = []
  private rowCount = 0
  private error: { readonly number: number; readonly message: string } | undefined

  constructor(private readonly sink: ResultSink) {
    if (sink.requestFile !== undefined) this.requestFile = sink.requestFile.bind(sink)
  }

  ok(status: ResultStatus): void {
    const { affectedRows, warningCount: warnings } = status
    this.results.push({ affected: Number(affectedRows), warnings })
    this.sink.ok(status)
  }

  columns(columns: readonly ResultColumn[]): void {
    this.rowCount = 0
    this.sink.columns(columns)
  }

  rows(batch: Batch): MaybePromise<void> {
    this.rowCount += batch.rowCount
    return this.sink.rows(batch)
  }

  end(status: ResultStatus): void {
    this.results.push({ rows: this.rowCount, warnings: status.warningCount })
    this.sink.end(status)
  }

  fail(error: SqlError): void {
    this.error = { number: error.number, message: withoutSecrets(error.message) }
    this.sink.fail(error)
  }

  summary(): object {
    const plans = [...this.plans].map((plan) => plan.explain().map(withoutSecrets))
    return {
      tookMs: Math.round((performance.now() - this.startedAtMs) * 1000) / 1000,
      results: this.results,
      ...(this.error === undefined ? {} : { error: this.error }),
      ...(plans.length === 0 ? {} : { plans }),
    }
  }
}
