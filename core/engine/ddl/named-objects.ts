/**
 * From names in statements to databases and tables that may be changed.
 */
import { requirePrivilege, type PrivilegeName } from '../../catalog/privileges.js'
import { checkDatabaseName, checkTableName } from '../../catalog/names.js'
import { sqlError } from '../../common/sql-error.js'
import { isPromise } from '../../common/value.js'
import type { DatabaseDefinition, RelationDefinition, TableDefinition } from '../../plan/schema.js'
import type { QualifiedName } from '../../plan/syntax/index.js'
import type { DefinitionContext } from './definition-context.js'
import type { TableName } from './statement-locks.js'

/** Fills in the default database. Throws ER_NO_DB_ERROR. */
export function fullName(name: QualifiedName, context: DefinitionContext): TableName {
  const database = name.database ?? context.database
  if (database === undefined) throw sqlError('ER_NO_DB_ERROR')
  checkDatabaseName(database)
  checkTableName(name.name)
  return { database, name: name.name }
}

/** A database that tables can be made in. Throws ER_BAD_DB_ERROR, ER_DBACCESS_DENIED_ERROR for those of the system. */
export async function requireDatabase(name: string, context: DefinitionContext): Promise<DatabaseDefinition> {
  const database = context.catalog.database(name)
  if (database === undefined) {
    if (await isElsewhere(name, context)) {
      throw sqlError('ER_NOT_SUPPORTED_YET', `data definition in remote database ${name}`)
    }
    throw sqlError('ER_BAD_DB_ERROR', name)
  }
  refuseSystem(database, context)
  return database
}

export function refuseSystem(database: DatabaseDefinition, context: DefinitionContext): void {
  if (!database.isSystem) return
  throw sqlError('ER_DBACCESS_DENIED_ERROR', context.account.user, context.account.host, database.name)
}

/** Whether another provider than the local catalog has a database of this name. */
export async function isElsewhere(name: string, context: DefinitionContext): Promise<boolean> {
  for (const provider of context.otherCatalogs) {
    const found = provider.database(name)
    if ((isPromise(found) ? await found : found) !== undefined) return true
  }
  return false
}

export function requireTablePrivileges(
  table: TableName,
  privileges: readonly PrivilegeName[],
  context: DefinitionContext,
): void {
  for (const privilege of privileges) {
    requirePrivilege(context.account, privilege, table.database, table.name)
  }
}

/** Throws ER_NO_SUCH_TABLE, ER_WRONG_OBJECT for a view. */
export function requireBaseTable(
  relation: RelationDefinition | undefined,
  { database, name }: TableName,
): TableDefinition {
  if (relation === undefined) throw sqlError('ER_NO_SUCH_TABLE', database, name)
  if (relation.kind === 'view') throw sqlError('ER_WRONG_OBJECT', database, name, 'BASE TABLE')
  return relation
}
