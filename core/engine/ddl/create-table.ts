/**
 * CREATE TABLE in its forms: from elements, LIKE, and SELECT (MySQL manual 15.1.20).
 */
import { checkCheckNames } from '../../catalog/define-check.js'
import { checkForeignKeyNames, checkParent } from '../../catalog/define-foreign-key.js'
import { defineTable } from '../../catalog/define-table.js'
import { likeTable } from '../../catalog/like-table.js'
import type { NewTableElement } from '../../catalog/new-table-element.js'
import { footprintOf, type Orphan } from '../../catalog/orphan.js'
import { requirePrivilege } from '../../catalog/privileges.js'
import { autoIncrementOption } from '../../catalog/table-options.js'
import { sqlError } from '../../common/sql-error.js'
import type { ExactValue, MaybePromise } from '../../common/value.js'
import { primaryPlacementOf, type DatabaseDefinition, type TableDefinition } from '../../plan/schema.js'
import type { CreateTable } from '../../plan/syntax/definition.js'
import { isTableStorage } from '../../spi/storage.js'
import type { CoreTransaction } from '../../transaction/transaction.js'
import { chooseStorage, columnTypeNames, hasForeignKeys, primaryPlacement } from './choose-storage.js'
import { DONE, type DefinitionContext, type DefinitionResult } from './definition-context.js'
import { bindTexts, tableContext } from './expression-help.js'
import { fullName, requireBaseTable, requireDatabase, requireTablePrivileges } from './named-objects.js'
import { noteAhead, publish, requireStorage, shapeOf } from './publish.js'
import { requirePrimaryKey } from './required-keys.js'
import { selectedColumns, withSelected, type SelectedColumns } from './selected-columns.js'
import type { StatementLocks, TableName } from './statement-locks.js'

export async function createTable(
  statement: CreateTable,
  context: DefinitionContext,
  locks: StatementLocks,
): Promise<DefinitionResult> {
  const name = fullName(statement.name, context)
  if (statement.temporary) requirePrivilege(context.account, 'CREATE TEMPORARY TABLES', name.database)
  else
    requireTablePrivileges(name, statement.query === undefined ? ['CREATE'] : ['CREATE', 'INSERT'], context)
  await locks.database(name.database, 'shared')
  const database = await requireDatabase(name.database, context)
  if (statement.partitioning !== undefined) throw sqlError('ER_NOT_SUPPORTED_YET', 'PARTITION BY')
  if (statement.like !== undefined) refuseCopyOfItself(name, fullName(statement.like, context))
  const present = statement.temporary
    ? context.temporaryTables.find(name.database, name.name)
    : await locks.relation(name)
  if (present !== undefined) {
    if (!statement.ifNotExists) throw sqlError('ER_TABLE_EXISTS_ERROR', name.name)
    context.statement.warn('Note', 'ER_TABLE_EXISTS_ERROR', name.name)
    return DONE
  }
  return new TableCreation(statement, name, database, context, locks).run()
}

function refuseCopyOfItself(name: TableName, source: TableName): void {
  if (source.database === name.database && source.name === name.name) {
    throw sqlError('ER_NONUNIQ_TABLE', name.name)
  }
}

class TableCreation {
  constructor(
    private readonly statement: CreateTable,
    private readonly name: TableName,
    private readonly database: DatabaseDefinition,
    private readonly context: DefinitionContext,
    private readonly locks: StatementLocks,
  ) {}

  async run(): Promise<DefinitionResult> {
    const { statement, context } = this
    if (statement.like !== undefined) {
      await this.store(await this.copyOf(fullName(statement.like, context)), undefined)
      return DONE
    }
    const selected =
      statement.query === undefined ? undefined : await selectedColumns(statement.query, context)
    const table = await this.define(withSelected(statement.elements, selected))
    await this.checkForeignKeys(table)
    checkCheckNames(table.checks, table, context.catalog.snapshot)
    return this.store(table, autoIncrementOption(statement.options), selected)
  }

  // ---- definitions

  private async define(elements: readonly NewTableElement[]): Promise<TableDefinition> {
    const { statement, context, name } = this
    const { temporary, options } = statement
    const wish = {
      engine: options.engine,
      temporary,
      columnTypes: columnTypeNames(elements),
      hasForeignKeys: hasForeignKeys(elements),
    }
    const { storage, engineAsWritten } = chooseStorage(name, wish, context)
    const traits = {
      ...name,
      id: context.catalog.allocateId(),
      temporary,
      databaseCollation: this.database.collation,
      placements: [primaryPlacement(storage, context)],
      engineAsWritten,
    }
    const table = defineTable(elements, options, traits, await tableContext(context))
    requirePrimaryKey(table, context)
    bindTexts(table, await context.binderEnvironment([table]))
    return table
  }

  private async copyOf(source: TableName): Promise<TableDefinition> {
    const { context, name, statement } = this
    requireTablePrivileges(source, ['SELECT'], context)
    let original = context.temporaryTables.find(source.database, source.name)
    if (original === undefined) {
      const relation = context.catalog.relation(source.database, source.name)
      if (relation !== undefined) await this.locks.shared(relation.id)
      original = requireBaseTable(context.catalog.relation(source.database, source.name), source)
    }
    const { storage } = primaryPlacementOf(original)
    return likeTable(original, {
      ...name,
      id: context.catalog.allocateId(),
      temporary: statement.temporary,
      placements: [primaryPlacement(storage, context)],
      createdAtMicros: context.statement.evaluation.statementTimeMicros,
      allocateId: () => context.catalog.allocateId(),
    })
  }

  private async checkForeignKeys(table: TableDefinition): Promise<void> {
    const { context } = this
    const { snapshot } = context.catalog
    if (table.foreignKeys.length > 0) {
      if (shapeOf(context)(primaryPlacementOf(table).storage) === 'table') {
        throw sqlError('ER_NOT_SUPPORTED_YET', `FOREIGN KEY in storage ${primaryPlacementOf(table).storage}`)
      }
      checkForeignKeyNames(table.foreignKeys, table, snapshot)
    }
    for (const foreignKey of table.foreignKeys) {
      const { referencedDatabase, referencedTable } = foreignKey
      const isSelf = referencedDatabase === table.database && referencedTable === table.name
      if (!isSelf)
        requireTablePrivileges(
          { database: referencedDatabase, name: referencedTable },
          ['REFERENCES'],
          context,
        )
      const parent = isSelf ? table : await this.lockedParent(referencedDatabase, referencedTable)
      checkParent(foreignKey, table, parent, context.foreignKeyChecks)
    }
    if (table.temporary) return
    // Children may have been made before their parent, with foreign_key_checks off.
    for (const { child, foreignKey } of snapshot.referencesTo(table.database, table.name)) {
      checkParent(foreignKey, child, table, context.foreignKeyChecks)
    }
  }

  private async lockedParent(database: string, name: string): Promise<TableDefinition | undefined> {
    const { catalog } = this.context
    const parent = catalog.snapshot.table(database, name)
    if (parent === undefined) return undefined
    await this.locks.shared(parent.id)
    return catalog.snapshot.table(database, name)
  }

  // ---- storing

  private async store(
    table: TableDefinition,
    autoIncrement: ExactValue | undefined,
    selected?: SelectedColumns,
  ): Promise<DefinitionResult> {
    const { context } = this
    const footprint = footprintOf(table, shapeOf(context))
    const isBuiltAhead = table.temporary || selected !== undefined || footprint.some(isDriverTable)
    const noted = isBuiltAhead ? durableOnes(footprint, context) : []
    await noteAhead(context, noted)
    // What lies in memory only needs no note, but its ids must not come again while counters of them are on disk.
    if (isBuiltAhead) await context.catalog.noteIds()
    try {
      await createInDrivers(table, context)
      return await this.fillAndPublish(table, autoIncrement, noted, selected)
    } catch (error) {
      if (isBuiltAhead) context.orphans.remove(footprint)
      throw error
    }
  }

  private async fillAndPublish(
    table: TableDefinition,
    autoIncrement: ExactValue | undefined,
    noted: readonly Orphan[],
    selected: SelectedColumns | undefined,
  ): Promise<DefinitionResult> {
    const { context } = this
    const isDriver = shapeOf(context)(primaryPlacementOf(table).storage) === 'table'
    // Rows in keyspaces are committed with the definition; a table driver commits by itself, before anybody sees the table.
    const rows = context.transactions.beginInternal()
    const publishing = isDriver ? context.transactions.beginInternal() : rows
    let result = DONE
    try {
      if (autoIncrement !== undefined) {
        context.transactions.setAutoIncrement(publishing, table, autoIncrement)
      }
      if (selected !== undefined) result = await this.insertRows(table, selected, rows)
      if (isDriver) await settled(rows.commit())
    } catch (error) {
      rows.rollback()
      publishing.rollback()
      throw error
    }
    await this.publishTable(table, noted, publishing)
    return result
  }

  private async insertRows(
    table: TableDefinition,
    selected: SelectedColumns,
    transaction: CoreTransaction,
  ): Promise<DefinitionResult> {
    const { statement, context } = this
    if (statement.query === undefined) return DONE
    const { affectedRows, records, duplicates, warnings } = await context.insertQuery(
      table,
      selected.columns.map((column) => column.name),
      statement.query,
      statement.duplicates,
      transaction,
    )
    return { affectedRows: Number(affectedRows), info: rowsInfo(records, duplicates, warnings) }
  }

  /** A temporary table stays noted in the catalog: a crash of the server ends its session. */
  private async publishTable(
    table: TableDefinition,
    noted: readonly Orphan[],
    transaction: CoreTransaction,
  ): Promise<void> {
    const { context } = this
    if (!table.temporary) {
      const change = { relations: [table], settledOrphans: noted }
      await publish(context, change, undefined, transaction)
      return
    }
    await settled(transaction.commit())
    context.temporaryTables.put(table)
  }
}

async function settled(pending: MaybePromise<void>): Promise<void> {
  if (pending instanceof Promise) await pending
}

/** "Records: 2  Duplicates: 0  Warnings: 0". */
export function rowsInfo(rows: number, duplicates: number, warnings: number): string {
  return `Records: ${String(rows)}  Duplicates: ${String(duplicates)}  Warnings: ${String(warnings)}`
}

function durableOnes(orphans: readonly Orphan[], context: DefinitionContext): readonly Orphan[] {
  return orphans.filter((orphan) => requireStorage(context, orphan.storage).capabilities.durable)
}

function isDriverTable(orphan: Orphan): boolean {
  return orphan.kind === 'table'
}

/** Table drivers make the table now; keyspaces need no making. */
export async function createInDrivers(table: TableDefinition, context: DefinitionContext): Promise<void> {
  for (const placement of table.placements) {
    const storage = requireStorage(context, placement.storage)
    if (!isTableStorage(storage)) continue
    await settled(storage.createTable(table, context.statement))
  }
}
