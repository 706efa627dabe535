/**
 * All computed tables, by database and name. Names are found in any case, as in MySQL's information_schema; the tables of
 * `mysql` only in theirs.
 */
import type { VirtualTable } from '../../plan/logical.js'
import type { ComputedTable } from './computed-table.js'
import { INFORMATION_SCHEMA_TABLES } from './information-schema/index.js'
import { MYSQL_TABLES } from './mysql-tables.js'
import { SWITCHYARD_TABLES } from './switchyard-tables.js'
import { PERFORMANCE_SCHEMA_TABLES } from './performance-schema/tables.js'

const TABLES = [
  ...INFORMATION_SCHEMA_TABLES,
  ...PERFORMANCE_SCHEMA_TABLES,
  ...MYSQL_TABLES,
  ...SWITCHYARD_TABLES,
]

const BY_NAME: ReadonlyMap<string, ComputedTable> = new Map(
  TABLES.map((table) => [keyOf(table.database, table.name), table] as const),
)

const BY_DATABASE: ReadonlyMap<string, readonly ComputedTable[]> = new Map(
  ['information_schema', 'performance_schema', 'mysql', 'switchyard'].map((database) => [
    database,
    TABLES.filter((table) => table.database === database).sort((a, b) => (a.name < b.name ? -1 : 1)),
  ]),
)

function keyOf(database: string, name: string): string {
  return database === 'mysql' ? `${database}.${name}` : `${database}.${name}`.toLowerCase()
}

export function findComputedTable(database: string, name: string): ComputedTable | undefined {
  return BY_NAME.get(keyOf(database, name))
}

export function computedTablesOf(database: string): readonly ComputedTable[] {
  return BY_DATABASE.get(database.toLowerCase()) ?? []
}

/** Throws if the table isn't one of ours. */
export function requireComputedTable(table: VirtualTable): ComputedTable {
  const found = findComputedTable(table.database, table.name)
  if (found === undefined) throw new Error(`invariant: ${table.database}.${table.name} is computed here`)
  return found
}
