/**
 * Makes what definition statements need of the server and the session.
 */
import { sqlError } from '../common/sql-error.js'
import { STRICT_MODES } from '../common/sql-mode.js'
import { Execution } from '../executor/execution.js'
import { printExpressionText, printStatementText } from '../parser/index.js'
import type { TableDefinition } from '../plan/schema.js'
import type { InsertStatement, QueryExpression } from '../plan/syntax/index.js'
import type { Transaction } from '../spi/transaction.js'
import type { AccountAccess } from './account-access.js'
import type {
  DefinitionContext,
  DefinitionServices,
  InsertedRows,
  SqlPrinter,
} from './ddl/definition-context.js'
import { resolveNames, type NameSources } from './name-resolution.js'
import { binderEnvironment, planStatement } from './planner.js'
import type { RunningStatement } from './running-statement.js'
import type { ServerCore } from './server-core.js'
import type { EngineSession } from './session.js'

export const PRINTER: SqlPrinter = {
  expression: (expression) => printExpressionText(expression),
  query: (query) => printStatementText(query),
}

export function definitionContext(
  services: DefinitionServices,
  access: AccountAccess,
  core: ServerCore,
  session: EngineSession,
  running: RunningStatement,
): DefinitionContext {
  const { state } = session
  const account = access.of(session)
  const sources = (extra: readonly TableDefinition[] = []): NameSources => ({
    ...core.names,
    temporaryTable: (database, name) =>
      extra.find((table) => table.database === database && table.name === name) ??
      session.temporaryTables.find(database, name),
  })
  return {
    ...services,
    statement: running,
    connectionId: session.connectionId,
    source: session.activity.text ?? '',
    clientCharset: String(state.variables.get('character_set_client')),
    database: state.database ?? undefined,
    account,
    activeRoles: session.activeRoles,
    mandatoryRoles: () => access.mandatoryRoles(),
    sqlMode: state.sqlMode,
    serverCollation: String(state.variables.get('collation_server')),
    connectionCollation: state.connectionCollation,
    foreignKeyChecks: running.foreignKeyChecks,
    lockWaitTimeoutMs: running.lockTimeoutMs,
    holdsLock: (object) => session.tableLocks.holds(object),
    temporaryTables: session.temporaryTables,
    binderEnvironment: (extra = []) =>
      binderEnvironment(
        { running, parameters: [] },
        core.planner,
        (database = state.database ?? undefined, name) => {
          const table = extra.find((each) => each.database === database && each.name === name)
          if (table === undefined) throw sqlError('ER_NO_SUCH_TABLE', database ?? '', name)
          return { kind: 'table', table }
        },
      ),
    queryEnvironment: async (query, extra) => {
      const resolved = await resolveNames(query, state.database, sources(extra))
      for (const { relation, through } of resolved.found) {
        if (relation.kind === 'virtual') continue
        const { database, name } = relation.kind === 'table' ? relation.table : relation.view
        const isTemporary =
          relation.kind === 'table' && (relation.table.temporary || extra?.includes(relation.table) === true)
        access.check(session, [{ database, name, privilege: 'SELECT', isTemporary, through }])
      }
      return binderEnvironment({ running, parameters: [] }, core.planner, (database, name) =>
        resolved.relation(database, name),
      )
    },
    insertQuery: (table, columns, query, duplicates, transaction) =>
      insertQuery({ table, columns, query, duplicates, transaction }, core, sources([table]), running),
  }
}

interface InsertQuery {
  readonly table: TableDefinition
  readonly columns: readonly string[]
  readonly query: QueryExpression
  readonly duplicates: 'ignore' | 'replace' | undefined
  readonly transaction: Transaction
}

/** The INSERT … SELECT behind CREATE TABLE … SELECT. */
async function insertQuery(
  request: InsertQuery,
  core: ServerCore,
  names: NameSources,
  running: RunningStatement,
): Promise<InsertedRows> {
  const { table, columns, query, duplicates, transaction } = request
  const { start, end } = query
  const statement: InsertStatement = {
    kind: 'insert',
    replace: duplicates === 'replace',
    priority: undefined,
    ignore: duplicates === 'ignore',
    hints: [],
    table: { database: table.database, name: table.name, start, end },
    partitions: [],
    columns: columns.map((name) => ({
      kind: 'column',
      database: undefined,
      table: undefined,
      name,
      start,
      end,
    })),
    source: { kind: 'query', query },
    rowAlias: undefined,
    onDuplicateKeyUpdate: [],
    start,
    end,
  }
  running.strict = (running.sqlMode & STRICT_MODES) !== 0 && !statement.ignore
  const plan = await planStatement(
    { statement, running, names, parameters: [], literals: undefined },
    core.planner,
  )
  if (plan.kind !== 'change') throw new Error('invariant: INSERT is planned as a change')
  transaction.beginStatement(running)
  try {
    const {
      affectedRows,
      records,
      duplicates: found,
    } = await plan.change.run(new Execution(core.execution, transaction, running, running))
    transaction.endStatement(true)
    return { affectedRows, records, duplicates: found, warnings: running.conditionCount }
  } catch (error) {
    transaction.endStatement(false)
    throw error
  }
}
