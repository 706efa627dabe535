/**
 * The statements that write rows to a remote, cut so that none is larger than a packet that every server takes.
 */
import { primaryKeyOf, type Batch, type ColumnDefinition, type TableDefinition } from '@switchyard/core/spi'
import { tableName, type RemoteTable } from './remote-table.js'
import { identifier, literal } from './sql-text.js'

/** MySQL 5.7 takes packets of 4 MiB unless it is told otherwise. */
const TEXT_LENGTH_MAX = 2 ** 19
const KEYS_MAX = 1000

export interface InsertStatement {
  readonly sql: string
  /** Whether the remote is to draw a number for one of the rows. */
  readonly draws: boolean
}

export function* insertStatements(
  table: TableDefinition,
  remote: RemoteTable,
  rows: Batch,
): Generator<InsertStatement> {
  // The remote computes generated columns itself.
  const written = [...table.columns.entries()].filter(([, column]) => column.generated === undefined)
  const names = written.map(([, column]) => identifier(column.name))
  const head = `INSERT INTO ${tableName(remote)} (${names.join(', ')}) VALUES `
  let tuples: string[] = []
  let length = 0
  let draws = false
  for (let row = 0; row < rows.rowCount; row++) {
    const values = written.map(([position, column]) => {
      const value = rows.columns[position]?.get(row) ?? null
      if (value === null && column.autoIncrement) draws = true
      return literal(value, column.type)
    })
    const tuple = `(${values.join(', ')})`
    tuples.push(tuple)
    length += tuple.length
    if (length < TEXT_LENGTH_MAX && row < rows.rowCount - 1) continue
    yield { sql: head + tuples.join(', '), draws }
    tuples = []
    length = 0
    draws = false
  }
}

export function* deleteStatements(
  table: TableDefinition,
  remote: RemoteTable,
  keys: Batch,
): Generator<string> {
  const columns = keyColumns(table)
  const names = columns.map(({ name }) => identifier(name))
  const left = names.length === 1 ? names[0] : `(${names.join(', ')})`
  const head = `DELETE FROM ${tableName(remote)} WHERE ${left} IN `
  for (let from = 0; from < keys.rowCount; from += KEYS_MAX) {
    const items: string[] = []
    for (let row = from; row < Math.min(from + KEYS_MAX, keys.rowCount); row++) {
      const values = keys.row(row).map((value, i) => literal(value, typeAt(columns, i)))
      items.push(values.length === 1 ? (values[0] ?? 'NULL') : `(${values.join(', ')})`)
    }
    yield `${head}(${items.join(', ')})`
  }
}

/** Several statements go in one packet. */
export function* updateStatements(
  table: TableDefinition,
  remote: RemoteTable,
  keys: Batch,
  rows: Batch,
): Generator<string> {
  const columns = keyColumns(table)
  const head = `UPDATE ${tableName(remote)} SET `
  let statements: string[] = []
  let length = 0
  for (let row = 0; row < keys.rowCount; row++) {
    const values = rows.row(row)
    const assignments = table.columns.flatMap((column, position) => {
      if (column.generated !== undefined) return []
      return [`${identifier(column.name)} = ${literal(values[position] ?? null, column.type)}`]
    })
    const where = keys
      .row(row)
      .map((value, i) => `${identifier(columns[i]?.name ?? '')} = ${literal(value, typeAt(columns, i))}`)
    const sql = `${head}${assignments.join(', ')} WHERE ${where.join(' AND ')}`
    statements.push(sql)
    length += sql.length
    if (length < TEXT_LENGTH_MAX && statements.length < KEYS_MAX && row < keys.rowCount - 1) continue
    yield statements.join('; ')
    statements = []
    length = 0
  }
}

function keyColumns(table: TableDefinition): readonly ColumnDefinition[] {
  const key = primaryKeyOf(table)
  if (key === undefined) throw new Error('invariant: rows are changed by their primary keys')
  return key.parts.flatMap((part) => table.columns[part.column] ?? [])
}

function typeAt(columns: readonly ColumnDefinition[], i: number): ColumnDefinition['type'] {
  const type = columns[i]?.type
  if (type === undefined) throw new Error('invariant: keys have as many values as parts')
  return type
}
