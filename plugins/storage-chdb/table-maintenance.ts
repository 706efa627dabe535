/**
 * OPTIMIZE TABLE and CHECK TABLE. Optimizing merges what lies in parts; where rows have versions or tombstones, the rows that count are written
 * into a table of the same form, which then changes places with the old one: a renaming of two files at once, which a crash
 * can't tear. From then on reads need no FINAL. The same is done where columns would be laid out otherwise today.
 */
import type { StatementContext } from '@switchyard/core/spi'
import { EngineError, EngineErrorNumber, type ColumnEngine, type Layout } from './column-engine.js'
import { columnName, DELETED_COLUMN, stageName, tableName, VERSION_COLUMN } from './sql-text.js'
import { deservesDictionary, dictionaryCandidates } from './dictionary-columns.js'
import type { StoredTable, UniqueKey } from './stored-table.js'
import { codecOf } from './stored-type.js'
import { creationOf, dropOf, onCluster, rowsName } from './table-ddl.js'
import type { TableState } from './table-state.js'

/** Nobody else writes to the table meanwhile. */
export async function optimizeTable(
  engine: ColumnEngine,
  stored: StoredTable,
  state: TableState,
  numbers: Numbers,
  { signal }: StatementContext,
): Promise<void> {
  const { id } = stored.table
  const layout = await engine.layout()
  const { cluster } = layout
  const [table, stage] = [rowsName(tableName(id), cluster), rowsName(stageName(id), cluster)]
  const dictionaries = await dictionariesFor(stored, state, layout, numbers)
  const isLaidOut = sameIds(dictionaries, state.dictionaries) && (await hasCodecs(stored, table, numbers))
  if (!state.hasVersions && isLaidOut) {
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
    for (const sql of creationOf(stored, { name: stageName(id), dictionaries, cluster }))
      await engine.run(sql)
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
    state.replaceDictionaries(dictionaries)
  } finally {
    // Once they have changed places this is what was there before.
    await drop()
  }
}

/** A small answer that is all numbers, row by row. */
type Numbers = (sql: string, columnCount: number) => Promise<readonly (readonly number[])[]>

const NO_DICTIONARIES: ReadonlySet<number> = new Set()

/** The columns that should have dictionaries by what they hold now. */
async function dictionariesFor(
  stored: StoredTable,
  state: TableState,
  layout: Layout,
  numbers: Numbers,
): Promise<ReadonlySet<number>> {
  const candidates = dictionaryCandidates(stored)
  if (candidates.length === 0 || layout.dictionaryTexts === 0) return NO_DICTIONARIES
  const counts = candidates.map((column) => `uniqCombined(${columnName(column)})`).join(', ')
  const sql = `SELECT count(), ${counts} FROM ${tableName(stored.table.id)}`
  const [[rows = 0, ...texts] = []] = await numbers(sql, 1 + candidates.length)
  const ids = candidates.map(({ id }) => id)
  return new Set(
    ids.filter((id, i) => deservesDictionary(state.dictionaries.has(id), texts[i] ?? Infinity, rows, layout)),
  )
}

function sameIds(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id))
}

/** Whether its columns are compressed as they would be today: not in a table of an earlier version. */
async function hasCodecs({ columns }: StoredTable, table: string, numbers: Numbers): Promise<boolean> {
  const reduced = columns.filter((column) => codecOf(column).startsWith('T64'))
  if (reduced.length === 0) return true
  const names = reduced.map((column) => `'${columnName(column)}'`).join(', ')
  const where = `database = currentDatabase() AND table = '${table}' AND name IN (${names})`
  const old = `SELECT count() FROM system.columns WHERE ${where} AND position(compression_codec, 'T64') = 0`
  return (await numbers(old, 1))[0]?.[0] === 0
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
