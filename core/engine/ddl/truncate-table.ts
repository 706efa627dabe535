/**
 * TRUNCATE TABLE (MySQL manual 15.1.37): the table goes on under new keyspaces, which are empty; the old ones are removed in the
 * background.
 */
import { quoted } from '../../catalog/names.js'
import { footprintOf, leftBehind } from '../../catalog/orphan.js'
import { withoutRowHistory } from '../../catalog/row-history.js'
import { sqlError } from '../../common/sql-error.js'
import { isPromise } from '../../common/value.js'
import type { TableDefinition } from '../../plan/schema.js'
import { primaryPlacementOf } from '../../plan/schema.js'
import type { TruncateTable } from '../../plan/syntax/index.js'
import { isTableStorage } from '../../spi/storage.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { fullName, requireBaseTable, requireDatabase, requireTablePrivileges } from './named-objects.js'
import { publish, requireStorage, shapeOf } from './publish.js'
import type { StatementLocks } from './statement-locks.js'

export async function truncateTable(
  statement: TruncateTable,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const name = fullName(statement.table, context)
  const temporary = context.temporaryTables.find(name.database, name.name)
  if (temporary !== undefined) {
    await truncate(temporary, context)
    return DONE
  }
  requireTablePrivileges(name, ['DROP'], context)
  await locks.database(name.database, 'shared')
  await requireDatabase(name.database, context)
  const table = requireBaseTable(await locks.relation(name), name)
  refuseReferenced(table, context)
  await truncate(table, context)
  return DONE
}

function refuseReferenced(table: TableDefinition, context: DefinitionContext): void {
  if (!context.foreignKeyChecks) return
  const reference = context.catalog.referencesTo(table).find(({ child }) => child.id !== table.id)
  if (reference === undefined) return
  const { child, foreignKey } = reference
  const text = `${quoted(child.database)}.${quoted(child.name)}, CONSTRAINT ${quoted(foreignKey.name)}`
  throw sqlError('ER_TRUNCATE_ILLEGAL_FK', text)
}

async function truncate(table: TableDefinition, context: DefinitionContext): Promise<void> {
  const emptied = await emptiedTable(table, context)
  const former = await context.transactions.nextAutoIncrement(table)
  const orphans = leftBehind(footprintOf(table, shapeOf(context)), footprintOf(emptied, shapeOf(context)))
  try {
    if (table.temporary) await publishTemporary(emptied, context)
    else {
      await publish(context, { relations: [emptied], orphans }, (transaction) => {
        context.transactions.setAutoIncrement(transaction, emptied, 1)
      })
    }
  } catch (error) {
    // The counter is in memory and was set before the commit failed.
    const transaction = context.transactions.beginInternal()
    context.transactions.setAutoIncrement(transaction, table, former)
    transaction.rollback()
    throw error
  }
  if (table.temporary) context.orphans.remove(orphans)
}

async function publishTemporary(table: TableDefinition, context: DefinitionContext): Promise<void> {
  await context.catalog.noteIds()
  const transaction = context.transactions.beginInternal()
  context.transactions.setAutoIncrement(transaction, table, 1)
  const committed = transaction.commit()
  if (isPromise(committed)) await committed
  context.temporaryTables.put(table)
}

/** New keyspaces for keyspace drivers; table drivers empty their table themselves. */
async function emptiedTable(table: TableDefinition, context: DefinitionContext): Promise<TableDefinition> {
  const shape = shapeOf(context)
  for (const placement of table.placements) {
    const storage = requireStorage(context, placement.storage)
    if (!isTableStorage(storage)) continue
    const truncated = storage.truncateTable(table, context.statement)
    if (isPromise(truncated)) await truncated
  }
  const fresh = (id: number, storage: string): number =>
    shape(storage) === 'keyspace' ? context.catalog.allocateId() : id
  const { storage } = primaryPlacementOf(table)
  return Object.freeze({
    ...withoutRowHistory(table),
    version: table.version + 1,
    placements: table.placements.map((placement) => ({
      ...placement,
      id: fresh(placement.id, placement.storage),
    })),
    indexes: table.indexes.map((index) => ({ ...index, id: fresh(index.id, storage) })),
  })
}
