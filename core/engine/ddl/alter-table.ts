/**
 * ALTER TABLE (MySQL manual 15.1.9): what will be is worked out first, with everything that can be wrong; then rows are copied or
 * indexes built where nobody sees them; then one commit of the catalog publishes all of it.
 */
import { alteredTable, type AlteredTable } from '../../catalog/alter-table.js'
import { alterationWork } from '../../catalog/alteration-work.js'
import { requirePrivilege } from '../../catalog/privileges.js'
import { sqlError } from '../../common/sql-error.js'
import { primaryPlacementOf, type TableDefinition } from '../../plan/schema.js'
import type { AlterTable } from '../../plan/syntax/definition.js'
import { checkAlgorithm } from './alter-algorithm.js'
import { Alteration } from './alteration.js'
import { chooseStorage, primaryPlacement } from './choose-storage.js'
import type { DefinitionContext, DefinitionResult } from './definition-context.js'
import { bindTexts, tableContext } from './expression-help.js'
import { checkAddedForeignKeys } from './foreign-key-checks.js'
import { fullName, requireBaseTable, requireDatabase, requireTablePrivileges } from './named-objects.js'
import type { StatementLocks, TableName } from './statement-locks.js'

export async function alterTable(
  statement: AlterTable,
  context: DefinitionContext,
  locks: StatementLocks,
  privilege: 'ALTER' | 'INDEX' = 'ALTER',
): Promise<DefinitionResult> {
  const name = fullName(statement.name, context)
  const rename = statement.actions.findLast((action) => action.kind === 'renameTable')
  const target = rename === undefined ? undefined : fullName(rename.to, context)
  const temporary = context.temporaryTables.find(name.database, name.name)
  if (temporary !== undefined) {
    requirePrivilege(context.account, 'CREATE TEMPORARY TABLES', name.database)
    return alter(statement, temporary, target, context, locks)
  }
  checkPrivileges(name, target, privilege, context)
  const names = target === undefined ? [name] : [name, target]
  for (const database of [...new Set(names.map((each) => each.database))].sort()) {
    await locks.database(database, 'shared')
    await requireDatabase(database, context)
  }
  const [relation] = await locks.relations(names)
  return alter(statement, requireBaseTable(relation, name), target, context, locks)
}

function checkPrivileges(
  name: TableName,
  target: TableName | undefined,
  privilege: 'ALTER' | 'INDEX',
  context: DefinitionContext,
): void {
  requireTablePrivileges(name, [privilege], context)
  if (target === undefined) return
  requireTablePrivileges(name, ['DROP'], context)
  requireTablePrivileges(target, ['CREATE', 'INSERT'], context)
}

async function alter(
  statement: AlterTable,
  former: TableDefinition,
  target: TableName | undefined,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const { catalog } = context
  const database = catalog.database(former.database)
  const altered = alteredTable(
    statement,
    former,
    database?.collation ?? context.serverCollation,
    catalog.snapshot,
    await tableContext(context),
  )
  const placed = withEngine(altered, context)
  bindTexts(placed.table, await context.binderEnvironment([placed.table]))
  const parents = await checkAddedForeignKeys(placed, context, locks)
  const isMoved = placed.table.placements !== former.placements
  const work = isMoved ? ({ kind: 'copy' } as const) : alterationWork(placed)
  checkAlgorithm(statement, work)
  noteIgnored(statement, former, context)
  return new Alteration(placed, work, target, parents, context, locks).run()
}

/** ENGINE = the storage that the table is in changes only how it is shown. */
function withEngine(altered: AlteredTable, context: DefinitionContext): AlteredTable {
  const { engine, table } = altered
  if (engine === undefined) return altered
  const { storage, engineAsWritten } = chooseStorage(
    { database: table.database, name: table.name },
    { engine, temporary: table.temporary, columnTypes: table.columns.map((column) => column.type.name) },
    context,
  )
  const isMoved = storage !== primaryPlacementOf(table).storage
  if (isMoved && (table.foreignKeys.length > 0 || context.catalog.referencesTo(table).length > 0)) {
    throw sqlError('ER_FK_CANNOT_CHANGE_ENGINE')
  }
  const placements = isMoved
    ? [primaryPlacement(storage, context), ...table.placements.filter(({ role }) => role === 'secondary')]
    : table.placements
  return { ...altered, table: Object.freeze({ ...table, engineAsWritten, placements }) }
}

/** What MySQL's clustered tables take no notice of either. */
function noteIgnored(statement: AlterTable, table: TableDefinition, context: DefinitionContext): void {
  for (const { kind } of statement.actions) {
    if (kind === 'orderBy' && table.indexes.some((index) => index.primary)) {
      context.statement.warn('Warning', 'ER_WARN_ENGINE_COLUMN_ORDER', table.name)
    }
    if (kind === 'disableKeys' || kind === 'enableKeys') {
      context.statement.warn('Note', 'ER_ILLEGAL_HA', table.name)
    }
  }
}
