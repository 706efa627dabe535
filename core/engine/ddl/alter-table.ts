/**
 * ALTER TABLE (MySQL manual 15.1.9): what will be is worked out first, with everything that can be wrong; then rows are copied or
 * indexes built where nobody sees them; then one commit of the catalog publishes all of it.
 */
import { alteredTable, type AlteredTable } from '../../catalog/alter-table.js'
import { alterationWork, type AlterationWork } from '../../catalog/alteration-work.js'
import { requirePrivilege } from '../../catalog/privileges.js'
import { sqlError } from '../../common/sql-error.js'
import { STRICT_MODES } from '../../common/sql-mode.js'
import { hasDate, sameType, type SqlType } from '../../common/sql-type.js'
import type { Value } from '../../common/value.js'
import { implicitDefault } from '../../common/implicit-defaults.js'
import { primaryPlacementOf, type TableDefinition } from '../../plan/schema.js'
import type { AlterTable } from '../../plan/syntax/definition.js'
import { checkAlgorithm } from './alter-algorithm.js'
import { Alteration } from './alteration.js'
import { chooseStorage, primaryPlacement } from './choose-storage.js'
import { requirePrimaryKey } from './required-keys.js'
import type { DefinitionContext, DefinitionResult } from './definition-context.js'
import { bindTexts, tableContext } from './expression-help.js'
import { checkAddedForeignKeys } from './foreign-key-checks.js'
import { fullName, requireBaseTable, requireDatabase, requireTablePrivileges } from './named-objects.js'
import { shapeOf } from './publish.js'
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
  if (former.indexes.some(({ primary }) => primary)) requirePrimaryKey(placed.table, context)
  bindTexts(placed.table, await context.binderEnvironment([placed.table]))
  const parents = await checkAddedForeignKeys(placed, context, locks)
  const work = workOf(placed, context)
  checkAlgorithm(statement, work)
  noteIgnored(statement, former, context)
  const result = await new Alteration(placed, work, target, parents, context, locks).run()
  // Only a change of the table itself counts its rows.
  const isRename =
    statement.actions.length > 0 && statement.actions.every(({ kind }) => kind === 'renameTable')
  return isRename ? { ...result, info: '' } : result
}

/** Table drivers have their own idea of columns: whatever changes there is copied. */
function workOf(altered: AlteredTable, context: DefinitionContext): AlterationWork {
  const { former, table } = altered
  if (table.placements !== former.placements) return { kind: 'copy' }
  const work = alterationWork(altered, (type) => implicitValue(type, context))
  if (shapeOf(context)(primaryPlacementOf(table).storage) === 'keyspace') return work
  // They keep what is unique by their own means, which have to be there for every row.
  const hasNewKeys = work.kind === 'indexes' && work.build.some((index) => index.unique)
  return hasNewKeys || !haveSameColumns(former, table) ? { kind: 'copy' } : work
}

function haveSameColumns(a: TableDefinition, b: TableDefinition): boolean {
  return (
    a.columns.length === b.columns.length &&
    a.columns.every((column, i) => {
      const other = b.columns[i]
      return (
        other?.id === column.id &&
        other.name === column.name &&
        other.nullable === column.nullable &&
        sameType(other.type, column.type)
      )
    })
  )
}

/** The zero of a type; none for dates, which may not be zero as soon as there is a row. */
function implicitValue(type: SqlType, context: DefinitionContext): Value | undefined {
  const isStrict = (context.sqlMode & STRICT_MODES) !== 0
  return hasDate(type) && isStrict ? undefined : implicitDefault(type)
}

/** ENGINE = the storage that the table is in changes only how it is shown. */
function withEngine(altered: AlteredTable, context: DefinitionContext): AlteredTable {
  const { engine, table } = altered
  if (engine === undefined) return altered
  const { storage, engineAsWritten } = chooseStorage(
    { database: table.database, name: table.name },
    {
      engine,
      temporary: table.temporary,
      columnTypes: table.columns.map((column) => column.type.name),
      hasForeignKeys: table.foreignKeys.length > 0,
    },
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
