/**
 * Goal: built indexes and copied tables are exactly what inserts would have made, and CHECK TABLE finds any damage.
 * Method: build beside a table that was filled through transactions, compare reads; damage the storage behind
 * the manager's back.
 */
import { BIGINT_TYPE, INT_TYPE } from '../common/sql-type.js'
import { WriteSetBuilder } from '../common/write-set.js'
import type { TableDefinition } from '../plan/schema.js'
import type { CoreTransactionManager } from './transaction-manager.js'
import {
  beginTest,
  defineTable,
  insertRows,
  newId,
  rowsOf,
  startManager,
  testStatement,
  TEXT,
} from './testing/test-tables.js'

let manager: CoreTransactionManager
const ROWS = Array.from({ length: 5000 }, (_, i) => [i, (i * 7919) % 1000, `n${(i * 31) % 5000}`])

beforeEach(async () => {
  manager = await startManager()
})
afterEach(() => manager.stop())

async function filled(): Promise<TableDefinition> {
  const table = defineTable({ name: 't', columns: { id: INT_TYPE, k: INT_TYPE, name: TEXT }, primary: [0] })
  const writer = beginTest(manager)
  await insertRows(writer, table, ROWS)
  await writer.commit()
  return table
}

const indexOn = (
  table: TableDefinition,
  columns: readonly number[],
  unique: boolean,
): TableDefinition['indexes'][number] => ({
  ...(table.indexes[0] as TableDefinition['indexes'][number]),
  id: newId(),
  name: `i${columns.join('_')}`,
  primary: false,
  unique,
  parts: columns.map((column) => ({ column, prefixLength: undefined, descending: false })),
})

test('an index built later equals one that grew with the rows', async () => {
  const table = await filled()
  const indexes = [indexOn(table, [1], false), indexOn(table, [2], true)]
  await manager.buildIndexes(table, indexes, testStatement())
  const altered = { ...table, version: 2, indexes: [...table.indexes, ...indexes] }
  expect(await manager.verifyTable(altered, testStatement())).toEqual([])
  const rows = await rowsOf(beginTest(manager), altered, { index: indexes[0] })
  expect(rows).toEqual([...ROWS].sort((a, b) => Number(a[1]) - Number(b[1]) || Number(a[0]) - Number(b[0])))
})

test('a unique index is refused if values repeat, also in different chunks', async () => {
  const table = await filled()
  const writer = beginTest(manager)
  await insertRows(writer, table, [[99_999, 1, 'N31']])
  await writer.commit()
  await expect(
    manager.buildIndexes(table, [indexOn(table, [2], true)], testStatement()),
  ).rejects.toMatchObject({
    code: 'ER_DUP_ENTRY',
    message: "Duplicate entry 'N31' for key 't.i2'",
  })
})

test('a copy has transformed rows and all of its indexes; its storage can be dropped', async () => {
  const table = await filled()
  const target = defineTable({
    name: 't',
    columns: { id: BIGINT_TYPE, name: TEXT, double: INT_TYPE },
    primary: [0],
    indexes: [{ name: 'double', columns: [2] }],
  })
  const size = await manager.copyTable(
    table,
    target,
    ([id, k, name]) => [id ?? null, name ?? null, Number(k) * 2],
    testStatement(),
  )
  expect(size.rows).toBe(5000)
  expect(await manager.verifyTable(target, testStatement())).toEqual([])
  const reader = beginTest(manager)
  expect((await rowsOf(reader, target))[17]).toEqual([17, 'n527', ((17 * 7919) % 1000) * 2])
  expect(reader.table(target).statistics().rows).toBe(5000)
  await manager.dropKeyspaces(target)
  await insertRows(reader, table, [[-1, 0, 'x']])
  await reader.commit()
  expect(await rowsOf(beginTest(manager), target)).toEqual([])
})

test('a copy whose new primary key collides is refused', async () => {
  const table = await filled()
  const target = defineTable({ name: 't', columns: { k: INT_TYPE, name: TEXT }, primary: [0] })
  await expect(
    manager.copyTable(table, target, ([, k, name]) => [k ?? null, name ?? null], testStatement()),
  ).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' })
})

test('a table without primary key keeps its hidden keys, and later rows come behind them', async () => {
  const heap = defineTable({ name: 'heap', columns: { a: INT_TYPE } })
  const writer = beginTest(manager)
  await insertRows(writer, heap, [[3], [3], [1]])
  await writer.commit()
  const copy = defineTable({ name: 'heap', columns: { a: INT_TYPE } })
  await manager.copyTable(heap, copy, (row) => row, testStatement())
  const second = beginTest(manager)
  await insertRows(second, copy, [[9]])
  expect(await rowsOf(second, copy)).toEqual([[3], [3], [1], [9]])
})

test('a transaction whose snapshot is older than the build is told so, instead of finding nothing', async () => {
  const table = await filled()
  const reader = beginTest(manager)
  expect(await rowsOf(reader, table)).toHaveLength(5000)
  const index = indexOn(table, [1], false)
  await manager.buildIndexes(table, [index], testStatement())
  const altered = { ...table, version: 2, indexes: [...table.indexes, index] }
  expect(() => reader.table(altered)).toThrow(expect.objectContaining({ code: 'ER_TABLE_DEF_CHANGED' }))
  expect(await rowsOf(beginTest(manager), altered, { index })).toHaveLength(5000)
})

test('a build can be killed', async () => {
  const table = await filled()
  const kill = new AbortController()
  kill.abort(new Error('killed'))
  await expect(
    manager.buildIndexes(table, [indexOn(table, [1], false)], testStatement({ signal: kill.signal })),
  ).rejects.toThrow('killed')
})

test('CHECK TABLE finds a lost entry, a wrong one, and one without a row', async () => {
  const table = await filled()
  const index = indexOn(table, [1], false)
  await manager.buildIndexes(table, [index], testStatement())
  const altered = { ...table, version: 2, indexes: [...table.indexes, index] }
  const runtime = manager.environment.runtimeOf(altered)
  const entryOf = (row: readonly (string | number)[], id: number): Buffer => {
    const rowKey = runtime.rowKeyOf([id, 0, '']) as Buffer
    return runtime.indexes[0]?.entryKey(row, rowKey).bytes as Buffer
  }
  const damage = new WriteSetBuilder()
  const lost = entryOf(ROWS[5] as (string | number)[], 5)
  damage.remove(index.id, lost, 0, lost.length)
  const [wrong, wrongRow] = [entryOf([6, 123, ''], 6), runtime.rowKeyOf([6, 0, '']) as Buffer]
  damage.put(index.id, wrong, 0, wrong.length, wrongRow, 0, wrongRow.length)
  const [dangling, noRow] = [entryOf([77_777, 5, ''], 77_777), runtime.rowKeyOf([77_777, 0, '']) as Buffer]
  damage.put(index.id, dangling, 0, dangling.length, noRow, 0, noRow.length)
  await runtime.state.storage.load(index.id, damage)
  manager.environment.noteLoad(runtime.state, [index.id])
  const problems = await manager.verifyTable(altered, testStatement())
  expect(problems).toHaveLength(3)
  expect([...problems].sort()).toEqual([
    expect.stringContaining("which isn't there"),
    expect.stringContaining('has other values than row'),
    expect.stringContaining('has no entry in index i1'),
  ])
})
