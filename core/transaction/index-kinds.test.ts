/**
 * Goal: every kind of index part works end to end: descending, prefixes, NULLs, decimals, collations, keys near and beyond
 * the driver's limit. Method: rows through transactions, scans compared with sorted arrays.
 */
import {
  BIGINT_TYPE,
  binaryType,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  INT_TYPE,
} from '../common/sql-type.js'
import { textType, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { IndexPart, TableDefinition } from '../plan/schema.js'
import { CrashingStorage } from './testing/crashing-storage.js'
import type { CoreTransactionManager } from './transaction-manager.js'
import {
  beginTest,
  defineTable,
  deleteRow,
  insertRows,
  rowsOf,
  startManager,
  testStatement,
  TEXT,
  updateRow,
} from './testing/test-tables.js'

let manager: CoreTransactionManager
beforeEach(async () => {
  manager = await startManager({ storages: [new CrashingStorage('memory')] })
})
afterEach(() => manager.stop())

function tableWith(
  types: readonly SqlType[],
  parts: readonly Partial<IndexPart>[],
  unique = false,
): TableDefinition {
  const columns = Object.fromEntries(types.map((type, i) => [`c${i}`, type]))
  const table = defineTable({
    name: 't',
    columns: { id: INT_TYPE, ...columns },
    primary: [0],
    indexes: [{ name: 'i', columns: parts.map((_, i) => i + 1), unique }],
  })
  const [primary, index] = table.indexes
  if (primary === undefined || index === undefined) throw new Error('both are there')
  return {
    ...table,
    indexes: [primary, { ...index, parts: index.parts.map((part, i) => ({ ...part, ...parts[i] })) }],
  }
}

async function fill(table: TableDefinition, rows: readonly (readonly Value[])[]): Promise<void> {
  const writer = beginTest(manager)
  await insertRows(writer, table, rows)
  await writer.commit()
}

test('descending parts: NULL last, and ranges in the order of the index', async () => {
  const table = tableWith([INT_TYPE, DOUBLE_TYPE], [{ descending: true }, {}])
  await fill(table, [
    [1, 5, 1.5],
    [2, null, 0],
    [3, 7, -2],
    [4, 7, -3],
    [5, 6, null],
  ])
  const index = table.indexes[1]
  const reader = beginTest(manager)
  expect((await rowsOf(reader, table, { index, columns: [0] })).flat()).toEqual([4, 3, 5, 1, 2])
  // 7 down to 6: the greater value is the lower end of a descending part.
  const ranges = [{ lower: [7], lowerInclusive: true, upper: [6], upperInclusive: true }]
  expect((await rowsOf(reader, table, { index, columns: [0], ranges })).flat()).toEqual([4, 3, 5])
})

test('covered columns: NULLs, negative and wide numbers, dates, the primary key behind them', async () => {
  const types = [BIGINT_TYPE, decimalType(30, 2), decimalType(5, 2), datetimeType(6)]
  const table = tableWith(types, [{}, {}, {}, {}])
  const rows: Value[][] = [
    [-5, -9223372036854775808n, -(10n ** 29n), -99999, 1n + 2n ** 57n],
    [-4, null, null, null, null],
    [2147483647, 9223372036854775807n, 10n ** 29n, 99999, 5],
    [0, -1, -1, -1, 0],
  ]
  await fill(table, rows)
  const found = await rowsOf(beginTest(manager), table, { index: table.indexes[1], columns: [4, 2, 0, 1, 3] })
  const order = [1, 0, 3, 2].map((i) => rows[i] as Value[])
  expect(found).toEqual(order.map((row) => [row[4], row[2], row[0], row[1], row[3]]))
})

test('a prefix index finds candidates, and is unique by its prefix', async () => {
  const table = tableWith([TEXT], [{ prefixLength: 3 }], true)
  await fill(table, [
    [1, 'abcd'],
    [2, 'abd'],
    [3, 'ab'],
  ])
  const writer = beginTest(manager)
  await expect(insertRows(writer, table, [[4, 'ABCx']])).rejects.toMatchObject({
    message: "Duplicate entry 'ABC' for key 't.i'",
  })
  const ranges = [{ lower: ['abcz'], lowerInclusive: true, upper: ['abcz'], upperInclusive: true }]
  expect((await rowsOf(writer, table, { index: table.indexes[1], ranges, columns: [0] })).flat()).toEqual([1])
})

test('binary keys and PAD SPACE collations', async () => {
  const table = tableWith([binaryType(10), textType(10, 'utf8mb4_general_ci')], [{}, {}], true)
  await fill(table, [[1, Uint8Array.of(0, 255), 'a']])
  const writer = beginTest(manager)
  await expect(insertRows(writer, table, [[2, Uint8Array.of(0, 255), 'A  ']])).rejects.toMatchObject({
    message: "Duplicate entry '\\x00\\xFF-A  ' for key 't.i'",
  })
  await insertRows(writer, table, [[2, Uint8Array.of(0), 'a']])
  expect((await rowsOf(writer, table, { index: table.indexes[1], columns: [0] })).flat()).toEqual([2, 1])
})

test('keys too long for the driver: a row key is hashed, parts are refused', async () => {
  const long = textType(2000, 'utf8mb4_bin')
  const table = defineTable({
    name: 't',
    columns: { id: long, k: long },
    primary: [0],
    indexes: [{ name: 'k', columns: [1] }],
  })
  const ids = Array.from({ length: 20 }, (_, i) => 'x'.repeat(1500) + String.fromCharCode(97 + i))
  const k = 'k'.repeat(1200)
  await fill(
    table,
    ids.map((id) => [id, k]),
  )
  const writer = beginTest(manager)
  const point = [{ lower: [k], lowerInclusive: true, upper: [k], upperInclusive: true }]
  const found = await rowsOf(writer, table, { index: table.indexes[1], ranges: point, columns: [0] })
  expect(found.flat().sort()).toEqual(ids)
  expect(await deleteRow(writer, table, ids[3] ?? null)).toBe(true)
  expect(await updateRow(writer, table, ids[4] ?? null, (row) => [row[0] ?? null, 'short'])).toBe(true)
  await expect(insertRows(writer, table, [['y', 'k'.repeat(2000)]])).rejects.toMatchObject({
    code: 'ER_TOO_LONG_KEY',
  })
  await expect(insertRows(writer, table, [['y'.repeat(2000), 'k']])).rejects.toMatchObject({
    code: 'ER_TOO_LONG_KEY',
  })
  await writer.commit()
  expect(await manager.verifyTable(table, testStatement())).toEqual([])
  expect(await rowsOf(beginTest(manager), table, { index: table.indexes[1], ranges: point })).toHaveLength(18)
})
