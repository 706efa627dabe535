/**
 * CHECKSUM TABLE (MySQL manual 15.7.3.3): a number that is the same for tables with the same rows, in whatever order and storage they
 * lie. It is the sum of the checksums of the rows, and each of these a CRC-32 over the texts of the row's values.
 */
import type { Batch } from '../../../common/batch.js'
import { textOf } from '../../../common/conversion.js'
import { isSqlError } from '../../../common/sql-error.js'
import { Execution } from '../../../executor/execution.js'
import { crc32 } from '../../../functions/number-conversion.js'
import { parseSingle } from '../../../parser/index.js'
import { quoted } from '../../../catalog/names.js'
import { sqlText } from '../../../spi/session.js'
import type { TableMaintenance } from '../../../plan/syntax/index.js'
import { drain } from '../../../executor/drain.js'
import type { PreparedQuery } from '../../query-types.js'
import type { PlainResult } from '../../server-core.js'
import { bigint, required, text } from '../listing-columns.js'
import type { ShowContext } from '../show/context.js'
import { showRows } from '../show/result.js'

interface ChecksumRow {
  readonly table: string
  readonly checksum: number | null
}

export async function checksumTables(
  { tables, options }: TableMaintenance,
  context: ShowContext,
): Promise<PlainResult> {
  const rows: ChecksumRow[] = []
  for (const name of tables) {
    const database = context.databaseName(name.database)
    // No storage keeps a checksum that QUICK could tell.
    const checksum = options.includes('quick') ? null : await checksumOf(database, name.name, context)
    rows.push({ table: `${database}.${name.name}`, checksum })
  }
  const columns = [
    required(text<ChecksumRow>('Table', (row) => row.table, 128)),
    bigint<ChecksumRow>('Checksum', (row) => row.checksum),
  ]
  return showRows(columns, rows, context.request(), context.running)
}

/** NULL, with the error as a condition, for a table that can't be read. */
async function checksumOf(database: string, name: string, context: ShowContext): Promise<number | null> {
  const { session, running } = context
  try {
    const { statement } = parseSingle(sqlText(`SELECT * FROM ${quoted(database)}.${quoted(name)}`))
    if (statement.kind !== 'query') throw new Error('invariant: SELECT parses as a query')
    const plan = await session.plans.make(statement, running, [])
    if (plan.kind !== 'query') throw new Error('invariant: a query is planned as one')
    return await checksumOfRows(plan, context)
  } catch (error) {
    if (!isSqlError(error)) throw error
    running.checkKilled()
    running.recordError(error)
    return null
  }
}

async function checksumOfRows(plan: PreparedQuery, context: ShowContext): Promise<number> {
  const { session, services, running } = context
  const { transactions } = session
  const transaction = transactions.forStatement(running)
  let sum = 0
  try {
    const execution = new Execution(services.core.execution, transaction, running, running)
    const operator = plan.plan.open(execution)
    try {
      await drain(operator, execution, (batch) => {
        sum = (sum + checksumOfBatch(batch)) >>> 0
      })
    } finally {
      await operator.close()
    }
    await transactions.statementDone(transaction)
  } catch (error) {
    await transactions.statementFailed(transaction, error)
    throw error
  }
  return sum
}

function checksumOfBatch(batch: Batch): number {
  const texts = batch.columns.map((column) => textOf(column.type))
  let sum = 0
  for (let row = 0; row < batch.rowCount; row++) {
    const values = batch.columns.map((column, i) => {
      const value = column.get(row)
      return value === null ? null : (texts[i]?.(value) ?? null)
    })
    sum = (sum + crc32(Buffer.from(JSON.stringify(values)))) >>> 0
  }
  return sum
}
