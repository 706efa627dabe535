/**
 * ANALYZE TABLE: how many values the columns have, and how many NULLs, among the first rows of the table
 * (switchyard.column_statistics).
 */
import { quoted } from '../../../catalog/names.js'
import { drain } from '../../../executor/drain.js'
import { Execution } from '../../../executor/execution.js'
import { parseSingle } from '../../../parser/index.js'
import type { TableDefinition } from '../../../plan/schema.js'
import { sqlText } from '../../../spi/session.js'
import type { Value } from '../../../common/value.js'
import type { ColumnUsage } from '../../table-usage.js'
import type { ShowContext } from '../show/context.js'

const ROWS_SAMPLED = 20_000

export async function sampleColumns(table: TableDefinition, context: ShowContext): Promise<void> {
  const columns = table.columns.map(({ name }) => quoted(name))
  const figures = columns.map((name) => `COUNT(${name}), COUNT(DISTINCT ${name})`)
  const source = `${quoted(table.database)}.${quoted(table.name)}`
  const sample = `SELECT ${columns.join(', ')} FROM ${source} LIMIT ${ROWS_SAMPLED}`
  const found = await firstRow(`SELECT COUNT(*), ${figures.join(', ')} FROM (${sample}) AS s`, context)
  const [rows = 0, ...counts] = found.map(Number)
  const usages = table.columns.map(({ name }, i): [string, ColumnUsage] => {
    const present = counts[2 * i] ?? 0
    return [name, { rows, nulls: rows - present, distinct: counts[2 * i + 1] ?? 0 }]
  })
  context.services.core.usage.noteColumns(table.id, Object.fromEntries(usages))
}

async function firstRow(sql: string, { session, running, services }: ShowContext): Promise<readonly Value[]> {
  const { statement } = parseSingle(sqlText(sql))
  if (statement.kind !== 'query') throw new Error('invariant: SELECT parses as a query')
  const plan = await session.plans.make(statement, running, [])
  if (plan.kind !== 'query') throw new Error('invariant: a query is planned as one')
  const { transactions } = session
  const transaction = transactions.forStatement(running)
  let row: readonly Value[] = []
  try {
    const execution = new Execution(services.core.execution, transaction, running, running)
    const operator = plan.plan.open(execution)
    try {
      await drain(operator, execution, (batch) => {
        if (batch.rowCount > 0) row = batch.row(0)
      })
    } finally {
      await operator.close()
    }
    await transactions.statementDone(transaction)
  } catch (error) {
    await transactions.statementFailed(transaction, error)
    throw error
  }
  return row
}
