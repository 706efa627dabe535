/**
 * What a statement may do itself to rows that it has read and not yet come to: a cascade of a foreign key deletes or changes them, and a
 * table that it names twice has each row twice.
 */
import { Batch } from '../common/batch.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import type { ColumnDefinition, ForeignKeyDefinition, TableDefinition } from '../plan/schema.js'
import type { RowKey, TableAccess } from '../spi/transaction.js'

/** Whether a row of this one of the tables can be deleted by the deletion of another. */
export function mayVanish(table: TableDefinition, accesses: readonly TableAccess[]): boolean {
  return isReferenced(accesses) && table.foreignKeys.some(({ onDelete }) => onDelete === 'CASCADE')
}

/** Whether a row of this one of the tables can be changed by the update of another. */
export function mayChange(table: TableDefinition, accesses: readonly TableAccess[]): boolean {
  if (accesses.length === 1) return false
  const isTwice = accesses.filter((each) => each.table.id === table.id).length > 1
  return isTwice || (isReferenced(accesses) && table.foreignKeys.some(isCascadedUpdate))
}

function isReferenced(accesses: readonly TableAccess[]): boolean {
  return accesses.some((access) => access.isReferenced)
}

function isCascadedUpdate({ onUpdate }: ForeignKeyDefinition): boolean {
  return onUpdate === 'CASCADE' || onUpdate === 'SET NULL'
}

/** Reads rows again as the statement has left them so far. */
export class CurrentRows {
  private readonly row: Batch

  /** `columns` are positions in the table. */
  constructor(
    private readonly access: TableAccess,
    private readonly columns: readonly number[] = access.table.columns.map((_, i) => i),
  ) {
    this.row = Batch.ofTypes(columns.map((column) => (access.table.columns[column] as ColumnDefinition).type))
  }

  /** The values of the columns; undefined if the row is gone. */
  read(rowKey: RowKey): MaybePromise<readonly Value[] | undefined> {
    const { access, columns, row } = this
    row.clear()
    const found = access.fetch(rowKey, columns, row)
    const values = (isFound: boolean) => (isFound ? row.row(0) : undefined)
    return isPromise(found) ? found.then(values) : values(found)
  }
}
