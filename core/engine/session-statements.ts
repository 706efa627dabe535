/**
 * Statements about the session itself: transactions, USE, PREPARE and EXECUTE, KILL, DO, SHOW WARNINGS, EXPLAIN.
 */
import { SINGLE_ROW } from '../common/batch.js'
import { textOf } from '../common/conversion.js'
import type { TypedValue } from '../common/evaluation.js'
import { whenSettled } from '../common/settle.js'
import { sqlError } from '../common/sql-error.js'
import { BIGINT_TYPE, NULL_TYPE, UNSIGNED_BIGINT_TYPE, textType } from '../common/sql-type.js'
import type { MaybePromise } from '../common/value.js'
import { hasSubquery } from '../plan/rewrite.js'
import { containsQuery } from './statement-traits.js'
import { compileExpression, NO_COLUMNS } from '../functions/compile-expression.js'
import type {
  Expression,
  ExplainStatement,
  PrepareStatement,
  ShowStatement,
  Statement,
} from '../plan/syntax/index.js'
import type { ResultSink } from '../spi/session.js'
import { explainTable } from './explain-table.js'
import { plainColumn } from './result-columns.js'
import type { RunningStatement } from './running-statement.js'
import { DONE, type StatementResult } from './server-core.js'
import type { EngineSession } from './session.js'

const TEXT = textType(16383, 'utf8mb4_0900_ai_ci')

type TransactionalStatement = Extract<
  Statement,
  { readonly kind: 'startTransaction' | 'commit' | 'rollback' | 'savepoint' }
>

export function isTransactional(statement: Statement): statement is TransactionalStatement {
  const { kind } = statement
  return kind === 'startTransaction' || kind === 'commit' || kind === 'rollback' || kind === 'savepoint'
}

/** At once where nothing has to be waited for: each transaction has two of them. */
export function runTransactional(
  statement: TransactionalStatement,
  session: EngineSession,
): MaybePromise<void> {
  const { transactions } = session
  switch (statement.kind) {
    case 'startTransaction':
      return whenSettled(transactions.start(statement), () => {
        session.tableLocks.unlockTables()
      })
    case 'commit':
    case 'rollback': {
      const ended =
        statement.kind === 'commit' ? transactions.commit(statement) : transactions.rollback(statement)
      if (statement.release !== true) return ended
      return whenSettled(ended, () => {
        session.stop('connection')
      })
    }
    case 'savepoint':
      transactions.savepoint(statement)
  }
}

/** Undefined if it is no statement of the session's own; 'answered' if the sink has the answer already. */
export async function runSessionStatement(
  statement: Statement,
  session: EngineSession,
  running: RunningStatement,
  sink: ResultSink,
  moreResults: boolean,
  parameters: readonly TypedValue[] | undefined,
): Promise<StatementResult | 'answered' | undefined> {
  const { prepared, state } = session
  switch (statement.kind) {
    case 'setRole':
      state.activeRoles = session.core.selectedRoles(session.account, statement.roles)
      return DONE
    case 'use':
      await session.useDatabase(statement.database)
      return DONE
    case 'prepare':
      await prepared.prepareNamed(statement.name, sourceText(statement, session), session, running)
      return { ...DONE, info: 'Statement prepared' }
    case 'execute': {
      const target = prepared.requireNamed(statement.name, 'EXECUTE')
      if (statement.using.length !== target.parsed.parameterCount)
        throw sqlError('ER_WRONG_ARGUMENTS', 'EXECUTE')
      const values = statement.using.map(
        ({ name }): TypedValue => state.getUserVariable(name) ?? { type: NULL_TYPE, value: null },
      )
      await session.runPrepared(target, values, running, sink, moreResults)
      return 'answered'
    }
    case 'deallocate':
      prepared.deallocate(statement.name)
      return DONE
    case 'kill': {
      const { value } = await evaluateOne(statement.connectionId, session, running, parameters)
      session.killOther(Number(value), statement.target)
      return DONE
    }
    case 'do':
      for (const expression of statement.expressions)
        await evaluateOne(expression, session, running, parameters)
      return DONE
    case 'show':
      return statement.topic === 'warnings' || statement.topic === 'errors'
        ? showConditions(statement, session)
        : undefined
    case 'explain':
      return explain(statement, session, running, parameters)
    default:
      return undefined
  }
}

function sourceText(statement: PrepareStatement, session: EngineSession): string {
  if (statement.source.kind === 'string') return statement.source.bytes
  const variable = session.state.getUserVariable(statement.source.name)
  const text =
    variable === undefined || variable.value === null ? 'NULL' : textOf(variable.type)(variable.value)
  const bytes = Buffer.from(text, 'utf8')
  return bytes.latin1Slice(0, bytes.length)
}

async function evaluateOne(
  syntax: Expression,
  session: EngineSession,
  running: RunningStatement,
  parameters: readonly TypedValue[] | undefined,
): Promise<TypedValue> {
  if (containsQuery(syntax)) return session.plans.evaluateQuery(syntax, running, parameters)
  const expression = session.plans.newBinder(running, parameters).standalone(syntax, 'field list')
  if (hasSubquery(expression)) return session.plans.evaluateQuery(syntax, running, parameters)
  return { type: expression.type, value: compileExpression(expression, NO_COLUMNS)(SINGLE_ROW, 0, running) }
}

function showConditions(
  statement: Extract<ShowStatement, { topic: 'warnings' | 'errors' }>,
  session: EngineSession,
): StatementResult {
  const { conditions, conditionCount } = session.state
  const wanted =
    statement.topic === 'errors' ? conditions.filter((condition) => condition.level === 'Error') : conditions
  if (statement.count) {
    const name = statement.topic === 'errors' ? '@@session.error_count' : '@@session.warning_count'
    const count = statement.topic === 'errors' ? wanted.length : conditionCount
    return { columns: [plainColumn(name, UNSIGNED_BIGINT_TYPE, false)], rows: [[count]] }
  }
  const number = (syntax: Expression | undefined, otherwise: number) =>
    syntax?.kind === 'number' ? Number(syntax.text) : otherwise
  const offset = number(statement.limit?.offset, 0)
  const count = number(statement.limit?.count, Infinity)
  return {
    columns: [
      plainColumn('Level', textType(7, TEXT.collation), false),
      plainColumn('Code', { ...BIGINT_TYPE, name: 'int', length: 4, unsigned: true }, false),
      plainColumn('Message', textType(512, TEXT.collation), false),
    ],
    rows: wanted.slice(offset, offset + count).map(({ level, code, message }) => [level, code, message]),
  }
}

async function explain(
  statement: ExplainStatement,
  session: EngineSession,
  running: RunningStatement,
  parameters: readonly TypedValue[] | undefined,
): Promise<StatementResult> {
  const { target } = statement
  if (statement.into !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'EXPLAIN INTO')
  if (statement.database !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'EXPLAIN FOR DATABASE')
  if (
    target.kind !== 'query' &&
    target.kind !== 'insert' &&
    target.kind !== 'update' &&
    target.kind !== 'delete'
  ) {
    throw sqlError('ER_NOT_SUPPORTED_YET', `EXPLAIN ${target.kind.toUpperCase()}`)
  }
  const format = (statement.format ?? String(session.state.variables.get('explain_format'))).toLowerCase()
  if (statement.analyze) return analyze(statement, session, running, parameters)
  const plan = await session.plans.make(target, running, parameters)
  if (format === 'tree') {
    return { columns: [plainColumn('EXPLAIN', TEXT, false)], rows: [[`${plan.explain().join('\n')}\n`]] }
  }
  if (format !== 'traditional') throw sqlError('ER_UNKNOWN_EXPLAIN_FORMAT', format)
  return explainTable(plan)
}

/** EXPLAIN ANALYZE, which has one form: a tree. */
async function analyze(
  { target, format = 'tree' }: ExplainStatement,
  session: EngineSession,
  running: RunningStatement,
  parameters: readonly TypedValue[] | undefined,
): Promise<StatementResult> {
  if (format.toLowerCase() !== 'tree') {
    throw sqlError('ER_NOT_SUPPORTED_YET', `EXPLAIN ANALYZE with ${format.toUpperCase()} format`)
  }
  if (target.kind !== 'query') {
    throw sqlError('ER_NOT_SUPPORTED_YET', `EXPLAIN ANALYZE ${target.kind.toUpperCase()}`)
  }
  const lines = await session.plans.analyze(target, running, parameters)
  return { columns: [plainColumn('EXPLAIN', TEXT, false)], rows: [[`${lines.join('\n')}\n`]] }
}
