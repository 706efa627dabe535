/**
 * Foreign keys that an ALTER TABLE adds: whether the parents fit, and whether the rows have parents.
 */
import type { AlteredTable } from '../../catalog/alter-table.js'
import { checkCheckNames } from '../../catalog/define-check.js'
import { checkForeignKeyNames, checkParent } from '../../catalog/define-foreign-key.js'
import { sqlError } from '../../common/sql-error.js'
import type { ForeignKeyDefinition, TableDefinition } from '../../plan/schema.js'
import { primaryPlacementOf } from '../../plan/schema.js'
import { verifyForeignKey } from '../../transaction/verify-table.js'
import type { DefinitionContext } from './definition-context.js'
import { requireTablePrivileges } from './named-objects.js'
import { shapeOf } from './publish.js'
import type { StatementLocks } from './statement-locks.js'

/** An added foreign key and its parent; undefined for the altered table itself, or if there is none. */
export interface AddedForeignKey {
  readonly foreignKey: ForeignKeyDefinition
  readonly parent: TableDefinition | undefined
  readonly isSelf: boolean
}

/** Locks the parents. Throws what `checkParent` throws, and for names of constraints that are taken. */
export async function checkAddedForeignKeys(
  altered: AlteredTable,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<readonly AddedForeignKey[]> {
  const { table, former } = altered
  const { snapshot } = context.catalog
  const isKept = (id: number): boolean => former.foreignKeys.some((each) => each.id === id)
  const added = table.foreignKeys.filter((foreignKey) => !isKept(foreignKey.id))
  checkForeignKeyNames(added, table, snapshot)
  const addedChecks = table.checks.filter((check) => !former.checks.some((each) => each.name === check.name))
  checkCheckNames(addedChecks, table, snapshot)
  if (added.length === 0) return []
  if (table.temporary) throw sqlError('ER_CANNOT_ADD_FOREIGN')
  const { storage } = primaryPlacementOf(table)
  if (shapeOf(context)(storage) === 'table') {
    throw sqlError('ER_NOT_SUPPORTED_YET', `FOREIGN KEY in storage ${storage}`)
  }
  const result: AddedForeignKey[] = []
  for (const foreignKey of added) {
    const { referencedDatabase: database, referencedTable: name } = foreignKey
    const isSelf = database === table.database && name === table.name
    if (!isSelf) requireTablePrivileges({ database, name }, ['REFERENCES'], context)
    const present = isSelf ? table : snapshot.table(database, name)
    if (present !== undefined && !isSelf) await locks.shared(present.id)
    const parent = isSelf ? table : context.catalog.snapshot.table(database, name)
    checkParent(foreignKey, table, parent, context.foreignKeyChecks)
    result.push({ foreignKey, parent, isSelf })
  }
  return result
}

/** Rejects with ER_NO_REFERENCED_ROW_2 if a row of the table as it will be has no parent. */
export async function verifyRows(
  table: TableDefinition,
  added: readonly AddedForeignKey[],
  context: DefinitionContext,
): Promise<void> {
  if (!context.foreignKeyChecks) return
  const { environment } = context.transactions
  for (const { foreignKey, parent, isSelf } of added) {
    const present = isSelf ? table : parent
    if (present === undefined) continue
    await verifyForeignKey(environment, table, foreignKey, present, context.statement)
  }
}
