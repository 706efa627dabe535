/**
 * ANALYZE, CHECK, CHECKSUM, OPTIMIZE and REPAIR TABLE (MySQL manual 15.7.3). Failures about a table are rows of the result, so that
 * one table doesn't keep the others from their turn.
 */
import { hasPrivilege, type PrivilegeName } from '../../../catalog/privileges.js'
import { isSqlError, sqlError } from '../../../common/sql-error.js'
import type { QualifiedName, TableMaintenance } from '../../../plan/syntax/index.js'
import { primaryPlacementOf } from '../../../plan/schema.js'
import { isTableStorage, type TableStorage } from '../../../spi/storage.js'
import type { PlainResult } from '../../server-core.js'
import { longText, required, text } from '../listing-columns.js'
import type { ListingColumn } from '../listing.js'
import { findRelation, type RelationRow, type TableRow } from '../relations.js'
import type { ShowContext } from '../show/context.js'
import { showRows } from '../show/result.js'
import { viewColumns } from '../view-columns.js'
import { checksumTables } from './checksum.js'
import { sampleColumns } from './sample-columns.js'
import { countRows } from './count-rows.js'

interface Message {
  readonly type: 'status' | 'error' | 'Error' | 'note' | 'warning'
  readonly text: string
}

interface MaintenanceRow extends Message {
  readonly table: string
}

const OK: Message = { type: 'status', text: 'OK' }
const FAILED: Message = { type: 'status', text: 'Operation failed' }
const CORRUPT: Message = { type: 'error', text: 'Corrupt' }

/** For operations that a storage doesn't need. */
function unneeded(operation: string): Message {
  return { type: 'note', text: `The storage engine for the table doesn't support ${operation}` }
}

type Operation = TableMaintenance['operation']

const PRIVILEGES: Readonly<Record<Operation, readonly PrivilegeName[]>> = {
  analyze: ['SELECT', 'INSERT'],
  optimize: ['SELECT', 'INSERT'],
  repair: ['SELECT', 'INSERT'],
  check: ['SELECT'],
  checksum: ['SELECT'],
}

export async function maintainTables(
  statement: TableMaintenance,
  context: ShowContext,
): Promise<PlainResult> {
  const { operation, tables, histogram } = statement
  if (histogram !== undefined) {
    throw sqlError('ER_NOT_SUPPORTED_YET', `ANALYZE TABLE … ${histogram.action.toUpperCase()} HISTOGRAM`)
  }
  for (const table of tables) requirePrivileges(table, operation, context)
  if (operation === 'checksum') return checksumTables(statement, context)
  const rows: MaintenanceRow[] = []
  for (const name of tables) {
    const database = context.databaseName(name.database)
    for (const message of await maintain(operation, database, name.name, context)) {
      rows.push({ table: `${database}.${name.name}`, ...message })
    }
  }
  const columns: readonly ListingColumn<MaintenanceRow>[] = [
    text('Table', (row) => row.table, 128),
    text('Op', () => operation, 10),
    text('Msg_type', (row) => row.type, 10),
    longText('Msg_text', (row) => row.text, 'mediumtext'),
  ]
  return showRows(columns.map(required), rows, context.request(), context.running)
}

function requirePrivileges(
  { database, name }: QualifiedName,
  operation: Operation,
  context: ShowContext,
): void {
  const { account } = context.request()
  const within = context.databaseName(database)
  if (context.session.temporaryTables.find(within, name) !== undefined) return
  for (const privilege of PRIVILEGES[operation]) {
    if (hasPrivilege(account, privilege, within, name)) continue
    throw sqlError('ER_TABLEACCESS_DENIED_ERROR', privilege, account.user, account.host, name)
  }
}

async function maintain(
  operation: Exclude<Operation, 'checksum'>,
  database: string,
  name: string,
  context: ShowContext,
): Promise<readonly Message[]> {
  try {
    const relation = await findRelation(context.request(), database, name)
    switch (operation) {
      case 'analyze':
        return await analyze(relation, context)
      case 'check':
        return await check(relation, context)
      case 'optimize':
        return relation.kind === 'table'
          ? await optimize(relation, context)
          : [notBaseTable(relation), FAILED]
      case 'repair':
        return relation.kind === 'table' ? [unneeded(operation)] : [notBaseTable(relation), FAILED]
    }
  } catch (error) {
    // What ends the whole statement isn't about the table.
    if (!isSqlError(error)) throw error
    context.running.checkKilled()
    return [{ type: 'Error', text: error.message }, FAILED]
  }
}

function notBaseTable({ definition: { database, name } }: RelationRow): Message {
  return { type: 'Error', text: sqlError('ER_WRONG_OBJECT', database, name, 'BASE TABLE').message }
}

/** Counts the rows: what commits have counted may be wrong after a crash. Table drivers know themselves. */
async function analyze(relation: RelationRow, context: ShowContext): Promise<readonly Message[]> {
  if (relation.kind !== 'table') return [notBaseTable(relation), FAILED]
  if (driverOf(relation, context) === undefined) await countRows(relation.definition, context)
  await sampleColumns(relation.definition, context)
  return [OK]
}

async function optimize(relation: TableRow, context: ShowContext): Promise<readonly Message[]> {
  const driver = driverOf(relation, context)
  if (driver?.optimizeTable === undefined) return [unneeded('optimize')]
  await driver.optimizeTable(relation.definition, context.running)
  return [OK]
}

async function check(relation: RelationRow, context: ShowContext): Promise<readonly Message[]> {
  switch (relation.kind) {
    case 'computed':
      return [unneeded('check')]
    case 'view': {
      const { conditionCount } = context.running
      await viewColumns(relation.definition, context.request())
      const isInvalid = context.running.conditionCount > conditionCount
      return isInvalid ? [{ type: 'Error', text: invalidView(relation) }, CORRUPT] : [OK]
    }
    case 'table': {
      const driver = driverOf(relation, context)
      if (driver !== undefined && driver.checkTable === undefined) return [unneeded('check')]
      const { definition } = relation
      const problems = await (driver?.checkTable === undefined
        ? context.services.transactions.verifyTable(definition, context.running)
        : driver.checkTable(definition, context.running))
      if (problems.length === 0) return [OK]
      return [...problems.map((problem): Message => ({ type: 'error', text: problem })), CORRUPT]
    }
  }
}

function invalidView({ definition: { database, name } }: RelationRow): string {
  return sqlError('ER_VIEW_INVALID', database, name).message
}

/** The driver that keeps the table, if it is one for tables. */
function driverOf({ definition }: TableRow, { services }: ShowContext): TableStorage | undefined {
  const storage = services.core.execution.storage(primaryPlacementOf(definition).storage)
  return isTableStorage(storage) ? storage : undefined
}
