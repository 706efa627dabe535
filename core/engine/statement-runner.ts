/**
 * Runs parsed statements of a session, each by whoever knows its kind: plans, the session itself, or the server.
 */
import type { TypedValue } from '../common/evaluation.js'
import { whenSettled } from '../common/settle.js'
import { sqlError } from '../common/sql-error.js'
import type { MaybePromise } from '../common/value.js'
import type { Statement } from '../plan/syntax/index.js'
import type { ResultSink } from '../spi/session.js'
import { openerOf } from './input-file.js'
import type { StatementFingerprint } from './parsing.js'
import { sendPlainResult } from './plain-results.js'
import type { PlannableStatement } from './planner.js'
import type { RunningStatement } from './running-statement.js'
import { DONE, type StatementResult } from './server-core.js'
import { isTransactional, runSessionStatement, runTransactional } from './session-statements.js'
import type { EngineSession } from './session.js'
import { runSet, runSetTransaction, type SetServices } from './set-statement.js'
import { commandName } from './statement-counters.js'
import { collectsConditions, commitsImplicitly, isDefinition, isQueryOrChange } from './statement-traits.js'

/** One execution of a statement. */
export interface StatementRun {
  readonly running: RunningStatement
  readonly sink: ResultSink
  /** Whether the command goes on with another statement. */
  readonly moreResults: boolean
  /** Those of a prepared statement. */
  readonly parameters: readonly TypedValue[] | undefined
  /** Under which its plan may be kept, with its literals. */
  readonly fingerprint: StatementFingerprint | undefined
}

export class StatementRunner {
  constructor(private readonly session: EngineSession) {}

  run(statement: Statement, run: StatementRun): MaybePromise<void> {
    if (isQueryOrChange(statement)) return this.runPlanned(statement, run)
    return isTransactional(statement)
      ? this.runTransactional(statement, run)
      : this.runAdministrative(statement, run)
  }

  private runTransactional(
    statement: Parameters<typeof runTransactional>[0],
    { running, sink, moreResults }: StatementRun,
  ): MaybePromise<void> {
    const { session } = this
    session.counters.count(commandName(statement))
    return whenSettled(runTransactional(statement, session), () => {
      session.done(running, sink, moreResults, DONE)
    })
  }

  private async runAdministrative(statement: Statement, run: StatementRun): Promise<void> {
    const { session } = this
    const { running, sink, moreResults, parameters } = run
    switch (statement.kind) {
      case 'set': {
        session.counters.count('set_option')
        const { autocommit } = session.state
        await runSet(statement, this.contextOfSet(run))
        if (autocommit !== session.state.autocommit) await session.transactions.autocommitChanged()
        break
      }
      case 'setTransaction':
        session.counters.count('set_option')
        runSetTransaction(
          statement,
          session.state,
          session.core.globals,
          session.transactions.isOpen,
          this.checkSetGlobal,
        )
        break
      case 'load':
        running.file = openerOf(statement, session, sink)
        await session.plans.run(statement, running, sink, moreResults, { parameters, keep: () => undefined })
        return
      default:
        session.counters.count(commandName(statement))
        await this.runOther(statement, run)
        return
    }
    session.done(running, sink, moreResults, { affectedRows: 0, info: '' })
  }

  private runPlanned(
    statement: PlannableStatement,
    { running, sink, moreResults, parameters, fingerprint }: StatementRun,
  ): Promise<void> {
    const { plans, core, state } = this.session
    return plans.run(statement, running, sink, moreResults, {
      parameters,
      literals: fingerprint?.literals,
      keep: (plan) => {
        const isInto = statement.kind === 'query' && statement.into !== undefined
        if (fingerprint !== undefined && parameters === undefined && !isInto) {
          core.plans.add(`${state.settingsKey}\u0000${fingerprint.key}`, plan)
        }
      },
    })
  }

  private contextOfSet({ running, parameters }: StatementRun): SetServices {
    const { session } = this
    return {
      state: session.state,
      globals: session.core.globals,
      running,
      inTransaction: session.transactions.isOpen,
      newBinder: () => session.plans.newBinder(running, parameters),
      evaluate: (syntax) => session.plans.evaluateQuery(syntax, running, parameters),
      checkSetGlobal: this.checkSetGlobal,
    }
  }

  private readonly checkSetGlobal = (name: string): void => {
    this.session.core.checkSetGlobal(this.session, 'global', name)
  }

  private async runOther(statement: Statement, run: StatementRun): Promise<void> {
    const { session } = this
    const { running, sink, moreResults, parameters } = run
    const own = await runSessionStatement(statement, session, running, sink, moreResults, parameters)
    if (own === 'answered') return
    if (own !== undefined) {
      await this.answer(own, statement, run)
      return
    }
    if (commitsImplicitly(statement)) await session.transactions.commitOpen()
    // The transaction that has just been committed may have been the read-only one.
    if (isDefinition(statement)) session.transactions.refuseIfReadOnly()
    const other = session.core.runOther(statement, session, running)
    if (other === undefined) throw sqlError('ER_NOT_SUPPORTED_YET', statement.kind)
    await this.answer(await other, statement, run)
  }

  private async answer(
    result: StatementResult,
    statement: Statement,
    { running, sink, moreResults }: StatementRun,
  ): Promise<void> {
    const { session } = this
    if (!('rows' in result)) {
      session.done(running, sink, moreResults, result)
      return
    }
    if (collectsConditions(statement)) session.keepConditions(running)
    await sendPlainResult(result, sink)
    session.state.rowCount = -1
    session.state.foundRows = result.rows.length
    sink.end(session.statusOf(0, 0, '', moreResults))
  }
}
