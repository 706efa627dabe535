/**
 * The plans of a session's statements: made in its settings and with its temporary tables, checked before they run again.
 */
import { Binder } from '../binder/binder.js'
import type { TemporaryTables } from '../catalog/temporary-tables.js'
import type { TypedValue } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { STRICT_MODES } from '../common/sql-mode.js'
import { PlanMeasures } from '../executor/plan-measures.js'
import type { Expression as ExpressionSyntax, QueryExpression } from '../plan/syntax/index.js'
import type { ResultSink } from '../spi/session.js'
import { StalePlan, type PlanRunner } from './plan-runner.js'
import {
  binderEnvironment,
  isLenient,
  planStatement,
  type PlanRequest,
  type PlannableStatement,
} from './planner.js'
import type { PreparedPlan } from './query-types.js'
import type { RunningStatement } from './running-statement.js'
import type { ServerCore } from './server-core.js'
import type { SessionState } from './session-state.js'

/** What planning needs of its session. */
export interface SessionPlansHost {
  readonly core: ServerCore
  readonly state: SessionState
  readonly temporaryTables: TemporaryTables
  readonly runner: PlanRunner
}

/** Where the values of a statement's parameters come from, and what becomes of its plan. */
export interface PlanUse extends Partial<Pick<PlanRequest, 'literals'>> {
  readonly parameters: readonly TypedValue[] | undefined
  /** Is given plans that fit other executions, too. */
  readonly keep: (plan: PreparedPlan) => void
}

/** Takes a result that nobody wants. */
const NOBODY: ResultSink = {
  ok: () => undefined,
  columns: () => undefined,
  rows: () => undefined,
  end: () => undefined,
  fail: () => undefined,
}

export class SessionPlans {
  constructor(private readonly host: SessionPlansHost) {}

  /** Plans a statement and runs it; anew, if its objects change before it has their locks. */
  async run(
    statement: PlannableStatement,
    running: RunningStatement,
    sink: ResultSink,
    moreResults: boolean,
    { parameters, literals, keep }: PlanUse,
  ): Promise<void> {
    const into = statement.kind === 'query' ? statement.into : undefined
    for (;;) {
      const plan = await this.make(statement, running, parameters, {
        literals,
        rowsMax: this.host.state.selectRowsMax,
      })
      if (plan.cacheable) keep(plan)
      try {
        await this.host.runner.run(plan, running, sink, moreResults, into)
        return
      } catch (error) {
        if (!(error instanceof StalePlan)) throw error
      }
    }
  }

  /** EXPLAIN ANALYZE: runs a query without sending its rows, and answers its plan with what each operator did. */
  async analyze(
    statement: QueryExpression,
    running: RunningStatement,
    parameters: readonly TypedValue[] | undefined,
  ): Promise<readonly string[]> {
    const rowsMax = this.host.state.selectRowsMax
    for (;;) {
      const plan = await this.make(statement, running, parameters, { rowsMax, measures: new PlanMeasures() })
      try {
        await this.host.runner.run(plan, running, NOBODY, false, undefined)
        return plan.explain()
      } catch (error) {
        if (!(error instanceof StalePlan)) throw error
      }
    }
  }

  /** The plan of a statement for parameters of these types. */
  make(
    statement: PlannableStatement,
    running: RunningStatement,
    parameters: readonly TypedValue[] | undefined,
    more: Pick<PlanRequest, 'rowsMax' | 'measures'> & Partial<Pick<PlanRequest, 'literals'>> = {},
  ): Promise<PreparedPlan> {
    const names = {
      ...this.host.core.names,
      temporaryTable: (database: string, name: string) => this.host.temporaryTables.find(database, name),
    }
    running.strict = isStrict(statement, this.host.state.sqlMode)
    return planStatement(
      { statement, running, names, parameters, literals: undefined, ...more },
      this.host.core.planner,
    )
  }

  newBinder(running: RunningStatement, parameters: readonly TypedValue[] | undefined): Binder {
    const environment = binderEnvironment(
      { running, parameters: parameters ?? [] },
      this.host.core.planner,
      (database, name) => {
        throw sqlError('ER_NO_SUCH_TABLE', database ?? this.host.state.database ?? '', name)
      },
    )
    return new Binder(environment)
  }

  /** Whether a cached plan still fits its objects and the session's temporary tables. */
  isCurrent(plan: PreparedPlan): boolean {
    const version = this.host.core.planner.catalogVersion()
    if (this.host.temporaryTables.isEmpty && plan.checkedVersion === version) return true
    for (const dependency of plan.dependencies) {
      const temporary = this.host.temporaryTables.find(dependency.database, dependency.name)
      if (dependency.isTemporary || temporary !== undefined) {
        if (temporary?.id !== dependency.id || temporary.version !== dependency.version) return false
      } else if (this.host.core.currentVersion(dependency) !== dependency.version) return false
    }
    plan.checkedVersion = version
    return true
  }

  /** A query inside of SET or the like: its single value. */
  async evaluateQuery(
    syntax: ExpressionSyntax,
    running: RunningStatement,
    parameters: readonly TypedValue[] | undefined,
  ): Promise<TypedValue> {
    const plan = await this.make(selectOf(syntax), running, parameters ?? [])
    if (plan.kind !== 'query') throw new Error('invariant: a query is planned as one')
    return this.host.runner.scalar(plan, running)
  }
}

function isStrict(statement: PlannableStatement, sqlMode: number): boolean {
  return statement.kind !== 'query' && (sqlMode & STRICT_MODES) !== 0 && !isLenient(statement)
}

/** `SELECT expression`, as syntax. */
function selectOf(expression: ExpressionSyntax): QueryExpression {
  const { start, end } = expression
  return {
    kind: 'query',
    with: undefined,
    body: {
      kind: 'select',
      hints: [],
      distinct: false,
      straightJoin: false,
      calcFoundRows: false,
      modifiers: [],
      items: [{ kind: 'selectExpression', expression, alias: undefined, name: 'value', start, end }],
      from: [],
      where: undefined,
      groupBy: [],
      rollup: false,
      having: undefined,
      windows: [],
      start,
      end,
    },
    orderBy: [],
    limit: undefined,
    locking: [],
    into: undefined,
    start,
    end,
  }
}
