/**
 * Changes of columns that leave the rows as they are: each row says by which version it was written, and the table remembers
 * how rows of earlier versions look. So columns are added, dropped, moved and allowed to be NULL at once, however many rows
 * there are; a row takes its new form when it is next changed.
 */
import type { Value } from '../common/value.js'
import type { ColumnDefinition, RowHistory, TableDefinition } from '../plan/schema.js'

/** Forms of rows that a table may have at a time; reading gets dearer with each. Then it is copied. */
export const ROW_FORMS_MAX = 64

/**
 * The table with the note of how rows looked before; `absentValues` by the ids of columns that they don't have.
 */
export function withRowHistory(
  table: TableDefinition,
  former: TableDefinition,
  absentValues: ReadonlyMap<number, Value>,
): TableDefinition {
  const before = former.rowHistory
  const rowHistory: RowHistory = Object.freeze({
    schemas: [
      ...(before?.schemas ?? []),
      {
        version: before?.presentFrom ?? 0,
        columns: former.columns.map(({ id, type, nullable }) => ({ id, type, nullable })),
      },
    ],
    presentFrom: table.version,
  })
  return Object.freeze({
    ...table,
    columns: table.columns.map((column) => withAbsentValue(column, absentValues.get(column.id))),
    rowHistory,
  })
}

function withAbsentValue(column: ColumnDefinition, value: Value | undefined): ColumnDefinition {
  return value === undefined ? column : Object.freeze({ ...column, absentValue: value })
}

/** The table when all its rows are written anew, or are none. */
export function withoutRowHistory(table: TableDefinition): TableDefinition {
  const { rowHistory, ...rest } = table
  if (rowHistory === undefined) return table
  return Object.freeze({
    ...rest,
    columns: table.columns.map((column) => {
      const { absentValue, ...plain } = column
      return absentValue === undefined ? column : Object.freeze(plain)
    }),
  })
}
