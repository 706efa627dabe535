/**
 * DROP TABLE: all of the tables or none (MySQL manual 15.1.32).
 */
import { footprintOf } from '../../catalog/orphan.js'
import type { TemporaryTables } from '../../catalog/temporary-tables.js'
import { sqlError } from '../../common/sql-error.js'
import type { TableDefinition } from '../../plan/schema.js'
import type { DropTable, QualifiedName } from '../../plan/syntax/index.js'
import type { CoreTransaction } from '../../transaction/transaction.js'
import {
  DONE,
  type DefinitionContext,
  type DefinitionResult,
  type DefinitionServices,
} from './definition-context.js'
import { fullName, requireDatabase, requireTablePrivileges } from './named-objects.js'
import { publish, shapeOf } from './publish.js'
import type { StatementLocks, TableName } from './statement-locks.js'

export async function dropTable(
  statement: DropTable,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const names = statement.tables.map((name) => fullName(name, context))
  checkTwice(statement.tables, names)
  const temporary = names.flatMap(({ database, name }) => context.temporaryTables.find(database, name) ?? [])
  const others = names.filter(({ database, name }) => {
    return context.temporaryTables.find(database, name) === undefined
  })
  const tables = statement.temporary ? [] : await lockedTables(others, context, locks)
  const isFound = ({ database, name }: TableName): boolean =>
    tables.some((table) => table.database === database && table.name === name)
  reportMissing(
    others.filter((name) => !isFound(name)),
    statement.ifExists,
    context,
  )
  refuseParents(tables, context)
  await dropTables(tables, context)
  await dropTemporaryTables(temporary, context.temporaryTables, context)
  return DONE
}

function checkTwice(syntax: readonly QualifiedName[], names: readonly TableName[]): void {
  names.forEach(({ database, name }, i) => {
    const first = names.findIndex((other) => other.database === database && other.name === name)
    if (first < i) throw sqlError('ER_NONUNIQ_TABLE', syntax[i]?.name ?? name)
  })
}

async function lockedTables(
  names: readonly TableName[],
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<readonly TableDefinition[]> {
  for (const name of names) {
    requireTablePrivileges(name, ['DROP'], context)
    if (context.catalog.database(name.database) !== undefined) {
      await locks.database(name.database, 'shared')
      await requireDatabase(name.database, context)
    }
  }
  const relations = await locks.relations(names)
  return relations.filter((relation): relation is TableDefinition => relation?.kind === 'table')
}

/** Views count as unknown too. */
function reportMissing(names: readonly TableName[], ifExists: boolean, context: DefinitionContext): void {
  if (names.length === 0) return
  const texts = names.map(({ database, name }) => `${database}.${name}`)
  if (!ifExists) throw sqlError('ER_BAD_TABLE_ERROR', texts.join(','))
  for (const text of texts) context.statement.warn('Note', 'ER_BAD_TABLE_ERROR', text)
}

/** A parent stays as long as there are children that aren't dropped with it. */
export function refuseParents(tables: readonly TableDefinition[], context: DefinitionContext): void {
  if (!context.foreignKeyChecks) return
  const dropped = new Set(tables.map((table) => table.id))
  for (const table of tables) {
    for (const { child, foreignKey } of context.catalog.referencesTo(table)) {
      if (dropped.has(child.id)) continue
      throw sqlError('ER_FK_CANNOT_DROP_PARENT', table.name, foreignKey.name, child.name)
    }
  }
}

async function dropTables(tables: readonly TableDefinition[], context: DefinitionContext): Promise<void> {
  if (tables.length === 0) return
  const orphans = tables.flatMap((table) => footprintOf(table, shapeOf(context)))
  await publish(context, { droppedRelations: tables, orphans }, forgetting(tables, context))
}

/** Removes the counters of tables in the transaction that drops them. */
export function forgetting(
  tables: readonly TableDefinition[],
  services: DefinitionServices,
): (transaction: CoreTransaction) => void {
  return (transaction) => {
    for (const table of tables) services.transactions.forgetTable(transaction, table.id)
  }
}

/** Also called at the end of a session, with all that it has. */
export async function dropTemporaryTables(
  tables: readonly TableDefinition[],
  own: TemporaryTables,
  services: DefinitionServices,
): Promise<void> {
  if (tables.length === 0) return
  for (const table of tables) own.remove(table)
  await publish(services, {}, forgetting(tables, services))
  services.orphans.remove(tables.flatMap((table) => footprintOf(table, shapeOf(services))))
}
