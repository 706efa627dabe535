/**
 * OPTIMIZE TABLE and CHECK TABLE. Optimizing merges what lies in parts; where rows have versions or tombstones, the rows that count are written
 * into a table of the same form, which then changes places with the old one: a renaming of two files at once, which a crash
 * can't tear. From then on reads need no FINAL.
 */
import type { StatementContext } from '@switchyard/core/spi'
import { EngineError, EngineErrorNumber, type ColumnEngine } from './column-engine.js'
import { columnName, DELETED_COLUMN, stageName, tableName, VERSION_COLUMN } from './sql-text.js'
import type { StoredTable, UniqueKey } from './stored-table.js'
import { creationOf, dropOf, onCluster, rowsName } from './table-ddl.js'
import type { TableState } from './table-state.js'

/** Nobody else writes to the table meanwhile. */
export async function optimizeTable(
  engine: ColumnEngine,
  stored: StoredTable,
  state: TableState,
  { signal }: StatementContext,
): Promise<void> {
  const { id } = stored.table
  const { cluster } = await engine.layout()
  const [table, stage] = [rowsName(tableName(id), cluster), rowsName(stageName(id), cluster)]
  if (!state.hasVersions) {
    await engine.run(
      `OPTIMIZE TABLE ${table}${onCluster(cluster)} FINAL SETTINGS optimize_skip_merged_partitions = 1`,
      signal,
    )
    return
  }
  const drop = async (): Promise<void> => {
    for (const sql of dropOf(stageName(id), cluster)) await engine.run(sql)
  }
  await drop()
  try {
    for (const sql of creationOf(stored, cluster, stageName(id))) await engine.run(sql)
    const names = [
      ...stored.columns.map(columnName),
      ...stored.keyColumns.map(({ form }) => form.name),
      ...stored.textColumns.map(({ name }) => name),
    ].join(', ')
    const into = `INSERT INTO ${stageName(id)} (${names}, ${VERSION_COLUMN}, ${DELETED_COLUMN})`
    await engine.run(`${into} SELECT ${names}, 0, 0 FROM ${tableName(id)} FINAL`, signal)
    await engine.run(`EXCHANGE TABLES ${table} AND ${stage}${onCluster(cluster)}`)
    await engine.flushTable(table)
    state.forgetVersions()
  } finally {
    // Once they have changed places this is what was there before.
    await drop()
  }
}

/** Reads all of it; answers what is wrong. `count` gives the first number of a query's answer. */
export async function checkTable(
  { table, uniqueKeys }: StoredTable,
  stateOf: () => Promise<TableState>,
  count: (sql: string) => Promise<number>,
): Promise<readonly string[]> {
  const name = tableName(table.id)
  const damage = await damageOf(() => count(`SELECT max(cityHash64(*)) FROM ${name}`))
  if (damage !== undefined) return [`The rows can't be read: ${damage}`]
  const { hasVersions } = await stateOf()
  const problems: string[] = []
  for (const key of uniqueKeys) {
    const names = key.names.join(', ')
    const present = key.names.map((each) => `isNotNull(${each})`).join(' AND ')
    const groups = `SELECT 1 FROM ${name}${hasVersions ? ' FINAL' : ''} WHERE ${present} GROUP BY ${names} HAVING count() > 1`
    const twice = await count(`SELECT count() FROM (${groups})`)
    if (twice > 0) problems.push(`${twice} keys of ${nameOf(key)} are there more than once`)
  }
  return problems
}

/** What is read is compared with its checksums; the engine says so if they differ. */
async function damageOf(read: () => Promise<number>): Promise<string | undefined> {
  try {
    await read()
    return undefined
  } catch (error) {
    if (!(error instanceof EngineError) || isKnownError(error.number)) throw error
    return error.message.split('\n')[0] ?? ''
  }
}

function isKnownError(number: number): boolean {
  return Object.values(EngineErrorNumber).some((known) => known === number)
}

function nameOf({ index }: UniqueKey): string {
  return `index '${index?.name ?? ''}'`
}
