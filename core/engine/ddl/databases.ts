/**
 * CREATE, ALTER and DROP DATABASE (MySQL manual 15.1.2, 15.1.12, 15.1.24).
 */
import { chosenCollation } from '../../catalog/column-type.js'
import { checkDatabaseName } from '../../catalog/names.js'
import { parseRemoteName } from '../../catalog/virtual-database.js'
import { footprintOf } from '../../catalog/orphan.js'
import { requirePrivilege } from '../../catalog/privileges.js'
import { sqlError } from '../../common/sql-error.js'
import type { DatabaseDefinition, RelationDefinition, TableDefinition } from '../../plan/schema.js'
import type { AlterDatabase, CreateDatabase, DatabaseOptions, DropDatabase } from '../../plan/syntax/index.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { forgetting, refuseParents } from './drop-table.js'
import { isElsewhere, refuseSystem, requireDatabase } from './named-objects.js'
import { publish, shapeOf } from './publish.js'
import {
  alterVirtualDatabase,
  createNamedRemote,
  createVirtualDatabase,
  dropVirtualDatabase,
  findVirtualDatabase,
} from './virtual-databases.js'
import type { StatementLocks } from './statement-locks.js'

/** One row, as MySQL says for its directory. */
const CREATED: DefinitionResult = Object.freeze({ affectedRows: 1, info: '' })

export async function createDatabase(
  statement: CreateDatabase,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  // The name that says where a database is makes one whose name doesn't.
  const named = parseRemoteName(statement.name)
  const { name } = named ?? statement
  checkDatabaseName(name)
  if (named === undefined && name.includes('__remote__')) throw sqlError('ER_WRONG_DB_NAME', name)
  requirePrivilege(context.account, 'CREATE', name)
  await locks.database(name, 'exclusive')
  if (context.catalog.database(name) !== undefined || (await isElsewhere(name, context))) {
    if (!statement.ifNotExists) throw sqlError('ER_DB_CREATE_EXISTS', name)
    context.statement.warn('Note', 'ER_DB_CREATE_EXISTS', name)
    return CREATED
  }
  if (statement.remote !== undefined) {
    await createVirtualDatabase(name, statement.remote, context)
    return CREATED
  }
  if (named !== undefined) {
    await createNamedRemote(named, context)
    return CREATED
  }
  const { charset, collation } = statement.options
  const chosen = chosenCollation(charset, collation, context.serverCollation)
  const database: DatabaseDefinition = Object.freeze({
    id: context.catalog.allocateId(),
    name,
    charset: chosen.charset.name,
    collation: chosen.name,
    isSystem: false,
  })
  refuseOptions(statement.options)
  await publish(context, { databases: [database] })
  return CREATED
}

export async function alterDatabase(
  statement: AlterDatabase,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const name = statement.name ?? context.database
  if (name === undefined) throw sqlError('ER_NO_DB_ERROR')
  requirePrivilege(context.account, 'ALTER', name)
  await locks.database(name, 'exclusive')
  const virtual = findVirtualDatabase(name, context)
  if (virtual !== undefined && Object.keys(statement.options).join() === 'readOnly') {
    await alterVirtualDatabase(virtual, statement.options.readOnly === true, context)
    return CREATED
  }
  const database = await requireDatabase(name, context)
  refuseOptions(statement.options)
  const { charset, collation } = statement.options
  const chosen = chosenCollation(charset, collation, database.collation)
  const changed = Object.freeze({ ...database, charset: chosen.charset.name, collation: chosen.name })
  await publish(context, { databases: [changed] })
  return CREATED
}

/** ENCRYPTION = 'N' and READ ONLY = 0 say what is so anyway. */
function refuseOptions(options: DatabaseOptions): void {
  const { encryption, readOnly } = options
  if (encryption !== undefined && encryption.toUpperCase() !== 'N') {
    throw sqlError('ER_NOT_SUPPORTED_YET', 'ENCRYPTION of databases')
  }
  if (readOnly === true) throw sqlError('ER_NOT_SUPPORTED_YET', 'READ ONLY databases')
}

export async function dropDatabase(
  asked: DropDatabase,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  // What the long name made is called what stands before it.
  const { name } = parseRemoteName(asked.name) ?? asked
  const statement = { ...asked, name }
  checkDatabaseName(name)
  requirePrivilege(context.account, 'DROP', name)
  await locks.database(name, 'exclusive')
  const database = context.catalog.database(name)
  if (database === undefined) return dropElsewhere(statement, context)
  refuseSystem(database, context)
  const relations = await lockAll(name, context, locks)
  const tables = relations.filter((relation): relation is TableDefinition => relation.kind === 'table')
  refuseParents(tables, context)
  const orphans = tables.flatMap((table) => footprintOf(table, shapeOf(context)))
  await publish(
    context,
    { droppedDatabases: [database], droppedRelations: relations, orphans },
    forgetting(tables, context),
  )
  return { affectedRows: relations.length, info: '', droppedDatabase: name }
}

async function dropElsewhere(statement: DropDatabase, context: DefinitionContext): Promise<DefinitionResult> {
  const { name } = statement
  const virtual = findVirtualDatabase(name, context)
  if (virtual !== undefined) {
    await dropVirtualDatabase(virtual, context)
    return { ...DONE, droppedDatabase: name }
  }
  if (await isElsewhere(name, context)) {
    throw sqlError('ER_NOT_SUPPORTED_YET', `DROP DATABASE of ${name}, which isn't made by SQL`)
  }
  if (!statement.ifExists) throw sqlError('ER_DB_DROP_EXISTS', name)
  context.statement.warn('Note', 'ER_DB_DROP_EXISTS', name)
  return DONE
}

/** Nobody makes anything in the database while its lock is held; what is there must not be in use. */
async function lockAll(
  database: string,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<readonly RelationDefinition[]> {
  const names = [...context.catalog.snapshot.relations(database)].map(({ name }) => ({ database, name }))
  await locks.relations(names)
  return [...context.catalog.snapshot.relations(database)]
}
