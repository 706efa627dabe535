/**
 * Carries out one ALTER TABLE whose result has been worked out and checked.
 */
import type { AlteredTable } from '../../catalog/alter-table.js'
import type { AlterationWork } from '../../catalog/alteration-work.js'
import { renamedColumns } from '../../catalog/alter-constraints.js'
import { footprintOf, leftBehind, type Orphan } from '../../catalog/orphan.js'
import { withRowHistory, withoutRowHistory } from '../../catalog/row-history.js'
import { renamed, withParentRenamed } from '../../catalog/rename-table.js'
import { checkCheckNames } from '../../catalog/define-check.js'
import { checkForeignKeyNames } from '../../catalog/define-foreign-key.js'
import { sqlError } from '../../common/sql-error.js'
import { isPromise, type ExactValue, type Value } from '../../common/value.js'
import type { IndexDefinition, TableDefinition } from '../../plan/schema.js'
import { primaryPlacementOf } from '../../plan/schema.js'
import { isTableStorage } from '../../spi/storage.js'
import { FULL_RANGE } from '../../spi/transaction.js'
import { buildIndexes } from '../../transaction/bulk.js'
import type { CoreTransaction } from '../../transaction/transaction.js'
import { createInDrivers, rowsInfo } from './create-table.js'
import type { DefinitionContext, DefinitionResult } from './definition-context.js'
import { verifyRows, type AddedForeignKey } from './foreign-key-checks.js'
import { moveRows, readRows } from './move-rows.js'
import { noteAhead, publish, requireStorage, shapeOf } from './publish.js'
import { RowChecksum, verifyCopy } from './row-checksum.js'
import { RowConversion } from './row-conversion.js'
import type { StatementLocks, TableName } from './statement-locks.js'

const ROWS_PER_REPORT = 1024

export class Alteration {
  private warnings = 0
  private copiedRows = 0
  /** Greatest AUTO_INCREMENT value that a copy met. */
  private greatest: ExactValue = 0

  constructor(
    private readonly altered: AlteredTable,
    private readonly work: AlterationWork,
    private readonly target: TableName | undefined,
    private readonly addedForeignKeys: readonly AddedForeignKey[],
    private readonly context: DefinitionContext,
    private readonly locks: StatementLocks,
  ) {}

  async run(): Promise<DefinitionResult> {
    const { context, altered } = this
    this.checkTarget()
    const table = this.placedAnew()
    const before = footprintOf(altered.former, shapeOf(context))
    const after = footprintOf(table, shapeOf(context))
    const built = leftBehind(after, before)
    const noted = built.filter(({ storage }) => requireStorage(context, storage).capabilities.durable)
    await noteAhead(context, noted)
    if (built.length > 0) await context.catalog.noteIds()
    try {
      await this.build(table)
      await verifyRows(table, this.addedForeignKeys, context)
      await this.publish(table, leftBehind(before, after), noted)
    } catch (error) {
      context.orphans.remove(built)
      throw error
    }
    return {
      affectedRows: this.copiedRows,
      info: rowsInfo(this.copiedRows, 0, this.warnings),
    }
  }

  private checkTarget(): void {
    const { target, context, altered } = this
    if (target === undefined) return
    const isTaken = altered.former.temporary
      ? context.temporaryTables.find(target.database, target.name)
      : context.catalog.relation(target.database, target.name)
    if (isTaken !== undefined && isTaken.id !== altered.former.id) {
      throw sqlError('ER_TABLE_EXISTS_ERROR', target.name)
    }
  }

  // ---- ids

  /** New ids for whatever is built anew, so that the old stays readable until the commit. */
  private placedAnew(): TableDefinition {
    const { altered, work, context } = this
    const { former } = altered
    const table =
      work.kind !== 'copy' && work.rows.form === 'older'
        ? withRowHistory(altered.table, former, work.rows.absentValues)
        : altered.table
    const freshIndex = (index: IndexDefinition): IndexDefinition => ({
      ...index,
      id: former.indexes.some((each) => each.id === index.id) ? context.catalog.allocateId() : index.id,
    })
    if (work.kind === 'definition') return table
    if (work.kind === 'indexes') {
      const indexes = table.indexes.map((index) => (work.build.includes(index) ? freshIndex(index) : index))
      return Object.freeze({ ...table, indexes })
    }
    const { storage } = primaryPlacementOf(table)
    const isDriver = shapeOf(context)(storage) === 'table'
    const isMoved = storage !== primaryPlacementOf(former).storage
    return Object.freeze({
      ...withoutRowHistory(table),
      // A driver knows its tables by their ids, and may have had one of this id that is still to be removed.
      id: isDriver ? context.catalog.allocateId() : table.id,
      placements: table.placements.map((placement) =>
        placement.role === 'primary' && !isMoved
          ? { ...placement, id: context.catalog.allocateId() }
          : placement,
      ),
      indexes: table.indexes.map(freshIndex),
    })
  }

  // ---- rows and entries

  private async build(table: TableDefinition): Promise<void> {
    const { work, context } = this
    if (work.kind === 'copy') await this.copy(table)
    else {
      if (this.hasNewChecks) await this.checkRows(table)
      if (work.kind === 'indexes') await this.buildIndexes(table, work.build)
    }
    const isDurable = requireStorage(context, primaryPlacementOf(table).storage).capabilities.durable
    // Loads aren't in the commit log: they are made durable before the commit that publishes them.
    if (work.kind !== 'definition' && isDurable) await context.transactions.checkpoint()
  }

  private async copy(table: TableDefinition): Promise<void> {
    const conversion = await this.conversion(table)
    const { storage } = primaryPlacementOf(table)
    if (shapeOf(this.context)(storage) === 'table') await createInDrivers(table, this.context)
    const { former } = this.altered
    // A table that changes its storage is compared with what it was before the old one goes.
    const isMoved = storage !== primaryPlacementOf(former).storage
    const checksum = isMoved ? new RowChecksum(table) : undefined
    const convert = (row: readonly Value[]): readonly Value[] => {
      const converted = conversion.convert(row)
      checksum?.add(converted)
      if (conversion.rows % ROWS_PER_REPORT === 0) {
        this.context.statement.reportProgress?.('copying rows', conversion.rows)
      }
      return converted
    }
    await moveRows(former, table, convert, this.context)
    if (checksum !== undefined) await verifyCopy(table, checksum, this.context)
    this.copiedRows = conversion.rows
    this.warnings = conversion.warnings
    this.greatest = conversion.greatest
  }

  /** The indexes by their new ids; table drivers keep no entries. */
  private async buildIndexes(table: TableDefinition, build: readonly IndexDefinition[]): Promise<void> {
    const { context } = this
    if (shapeOf(context)(primaryPlacementOf(table).storage) === 'table') return
    const names = new Set(build.map((index) => index.name))
    const indexes = table.indexes.filter((index) => names.has(index.name))
    await buildIndexes(context.transactions.environment, table, indexes, context.statement)
  }

  private get hasNewChecks(): boolean {
    const { former, table } = this.altered
    return table.checks.some(
      (check) => check.enforced && !former.checks.some((each) => each.name === check.name && each.enforced),
    )
  }

  /** Rejects with ER_CHECK_CONSTRAINT_VIOLATED. */
  private async checkRows(table: TableDefinition): Promise<void> {
    const conversion = await this.conversion(table)
    await readRows(this.altered.former, this.context, (rows) => {
      for (const row of rows) conversion.convert(row)
      return undefined
    })
  }

  private async conversion(table: TableDefinition): Promise<RowConversion> {
    const { context, altered } = this
    const environment = await context.binderEnvironment([table])
    return new RowConversion({ ...altered, table }, environment, context.statement.evaluation)
  }

  // ---- publishing

  private async publish(
    table: TableDefinition,
    orphans: readonly Orphan[],
    settledOrphans: readonly Orphan[],
  ): Promise<void> {
    const { context, altered, target } = this
    const next = await this.nextAutoIncrement(table)
    const named =
      target === undefined ? table : (renamed(table, target.database, target.name) as TableDefinition)
    const setCounter = (transaction: CoreTransaction): void => {
      if (next !== undefined) context.transactions.setAutoIncrement(transaction, named, next)
      if (named.id !== altered.former.id) context.transactions.forgetTable(transaction, altered.former.id)
    }
    if (named.temporary) {
      await publish(context, { settledOrphans: [], orphans: [] }, setCounter)
      if (named.id !== altered.former.id) context.temporaryTables.remove(altered.former)
      context.temporaryTables.put(named)
      context.orphans.remove(orphans)
      return
    }
    if (target !== undefined) {
      checkForeignKeyNames(named.foreignKeys, named, context.catalog.snapshot)
      checkCheckNames(named.checks, named, context.catalog.snapshot)
    }
    const children = await this.changedChildren(named)
    const self = children.find((child) => child.id === named.id) ?? named
    const others = children.filter((child) => child.id !== named.id)
    const droppedRelations = named.id === altered.former.id ? [] : [altered.former]
    await publish(
      context,
      { relations: [self, ...others], droppedRelations, orphans, settledOrphans },
      setCounter,
    )
    if (named.id !== altered.former.id) context.tableMoved(altered.former.id, named.id)
  }

  /** Tables whose foreign keys name this table or columns of it by names that change. */
  private async changedChildren(named: TableDefinition): Promise<readonly TableDefinition[]> {
    const { altered, context } = this
    const { former, columns } = altered
    const isRenamed = this.target !== undefined
    const hasRenamedColumn = columns.some(({ from, name }) => {
      return from !== undefined && former.columns[from]?.name !== name
    })
    if (!isRenamed && !hasRenamedColumn) return []
    const children = new Map<number, TableDefinition>()
    for (const { child } of context.catalog.referencesTo(former)) {
      if (children.has(child.id)) continue
      if (child.id === former.id) {
        children.set(child.id, withParentRenamed(named, former, named))
        continue
      }
      await this.locks.exclusive(child.id)
      const foreignKeys = child.foreignKeys.map((foreignKey) =>
        foreignKey.referencedDatabase === former.database && foreignKey.referencedTable === former.name
          ? {
              ...foreignKey,
              referencedColumns: renamedColumns(foreignKey.referencedColumns, former, columns),
            }
          : foreignKey,
      )
      const changed = { ...child, version: child.version + 1, foreignKeys }
      children.set(child.id, withParentRenamed(changed, former, named))
    }
    return [...children.values()]
  }

  // ---- AUTO_INCREMENT

  /** The counter as it is to be; undefined if it stays. It is never below a value that is in the table. */
  private async nextAutoIncrement(table: TableDefinition): Promise<ExactValue | undefined> {
    const { altered, context, work } = this
    const column = table.columns.findIndex((each) => each.autoIncrement)
    if (column < 0) return undefined
    const asked = altered.autoIncrement
    const isSameCounter = altered.former.id === table.id
    const greatest = work.kind === 'copy' ? this.greatest : await this.greatestValue(table, column)
    const above = typeof greatest === 'number' ? greatest + 1 : greatest + 1n
    if (asked !== undefined) return asked > above ? asked : above
    const wasAuto = altered.former.columns.some((each) => each.autoIncrement)
    if (wasAuto && isSameCounter) return undefined
    const present = wasAuto ? await context.transactions.nextAutoIncrement(altered.former) : 1
    return present > above ? present : above
  }

  /** The first column of some index, so that its end tells. */
  private async greatestValue(table: TableDefinition, column: number): Promise<ExactValue> {
    const { context } = this
    if (this.altered.autoIncrement === undefined) return 0
    if (shapeOf(context)(primaryPlacementOf(table).storage) === 'table') {
      return this.greatestInDriver(table, column)
    }
    const index = table.indexes.find((each) => each.parts[0]?.column === column)
    if (index === undefined) return 0
    const transaction = context.transactions.beginInternal()
    transaction.beginStatement(context.statement)
    try {
      const cursor = transaction.table(table).scan({
        index: index.primary ? undefined : index,
        ranges: [FULL_RANGE],
        reverse: index.parts[0]?.descending !== true,
        columns: [column],
        filter: undefined,
        lock: 'none',
        lockWait: 'wait',
        limit: 1,
        wantRowKeys: false,
      })
      const pending = cursor.next()
      const batch = isPromise(pending) ? await pending : pending
      const value = batch !== undefined && batch.rowCount > 0 ? (batch.row(0)[0] as ExactValue | null) : null
      const closed = cursor.close()
      if (isPromise(closed)) await closed
      return value ?? 0
    } finally {
      transaction.rollback()
    }
  }
  /** Drivers have no indexes that we could walk: they order by the column, or all of it is read. */
  private async greatestInDriver(table: TableDefinition, column: number): Promise<ExactValue> {
    const { context } = this
    const storage = requireStorage(context, primaryPlacementOf(table).storage)
    if (!isTableStorage(storage)) throw new Error('invariant: the table is in a table driver')
    const ordered = { columns: [column], conditions: [], order: [{ column, descending: true }], limit: 1 }
    const answer = storage.planScan(table, ordered)
    const isTop = answer.order === 'exact' && answer.limit === 'exact'
    const request = isTop ? ordered : { ...ordered, order: [], limit: undefined }
    let greatest: ExactValue = 0
    const cursor = await storage.openScan(table, request, context.statement)
    try {
      for (let batch = await cursor.next(); batch !== undefined; batch = await cursor.next()) {
        for (let row = 0; row < batch.rowCount; row++) {
          const value = batch.columns[0]?.get(row) as ExactValue | null | undefined
          if (value !== null && value !== undefined && value > greatest) greatest = value
        }
      }
    } finally {
      await cursor.close()
    }
    return greatest
  }
}
