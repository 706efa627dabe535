/**
 * Goal: tables of table drivers behave within transactions as far as their drivers let them, and what can't be kept is
 * refused or warned of. Method: a driver that is a list, beside memory storage.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { Batch } from '../common/batch.js'
import { INT_TYPE } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { MemoryCommitLog } from './commit-log.js'
import { CoreTransactionManager } from './transaction-manager.js'
import { ListStorage } from './testing/list-storage.js'
import {
  accountsTable,
  beginTest,
  defineTable,
  deleteRow,
  insertRows,
  readOne,
  rowsOf,
  testStatement,
  TEXT,
  updateRow,
} from './testing/test-tables.js'

let list: ListStorage
let manager: CoreTransactionManager
const events = defineTable({
  name: 'events',
  columns: { id: INT_TYPE, name: TEXT },
  primary: [0],
  storage: 'list',
})
const accounts = accountsTable()

beforeEach(async () => {
  list = new ListStorage('list')
  manager = await CoreTransactionManager.start({
    storages: [new MemoryStorage('memory'), list],
    systemStorage: 'memory',
    log: new MemoryCommitLog(),
  })
})
afterEach(() => manager.stop())

test('rows are handed over together, at the commit', async () => {
  const writer = beginTest(manager)
  await insertRows(writer, events, [
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ])
  expect(writer.hasWrites).toBe(true)
  expect(list.rows).toEqual([])
  await writer.commit()
  expect(list.rows).toHaveLength(3)
  expect(list.calls).toEqual(['insert'])
})

test('reads hand over first, so that own writes are seen', async () => {
  const writer = beginTest(manager)
  await insertRows(writer, events, [
    [1, 'a'],
    [2, 'b'],
  ])
  expect(await readOne(writer, events, 2)).toEqual([2, 'b'])
  expect(await updateRow(writer, events, 1, () => [1, 'changed'])).toBe(true)
  expect(await deleteRow(writer, events, 2)).toBe(true)
  expect(await rowsOf(writer, events)).toEqual([[1, 'changed']])
  const output = Batch.ofTypes([TEXT])
  const key = [1]
  expect(await writer.table(events).lookup(undefined, key, [1], output)).toBe(1)
  expect(await writer.table(events).lookup(undefined, [7], [1], output)).toBe(0)
})

test('ranges, filters and limits hold although the driver ignores them', async () => {
  list.rows = Array.from({ length: 20 }, (_, i) => [i, `n${i % 3}`])
  const reader = beginTest(manager)
  const found = await rowsOf(reader, events, {
    ranges: [{ lower: [5], lowerInclusive: false, upper: [15], upperInclusive: true }],
    filter: { columns: [1], condition: (batch, row) => (batch.columns[1]?.get(row) === 'n0' ? 1 : 0) },
    columns: [0, 1],
    limit: 3,
  })
  expect(found).toEqual([
    [6, 'n0'],
    [9, 'n0'],
    [12, 'n0'],
  ])
})

test('what is not handed over can be rolled back, to a savepoint too; the rest warns', async () => {
  const writer = beginTest(manager)
  await insertRows(writer, events, [[1, 'a']])
  writer.savepoint('s')
  await insertRows(writer, events, [[2, 'b']])
  await deleteRowsBlindly(writer)
  writer.rollbackToSavepoint('s')
  await writer.commit()
  expect(list.rows).toEqual([[1, 'a']])

  const second = beginTest(manager)
  const warnings: string[] = []
  second.beginStatement({ ...testStatement(), warn: (_level, code) => warnings.push(code) })
  await insertRows(second, events, [[3, 'c']])
  await rowsOf(second, events)
  second.rollback()
  expect(list.rows).toHaveLength(2)
  expect(warnings).toEqual(['ER_WARNING_NOT_COMPLETE_ROLLBACK'])
})

/** A delete whose row key is made without reading, so that nothing is handed over. */
async function deleteRowsBlindly(transaction: ReturnType<typeof beginTest>): Promise<void> {
  const access = transaction.table(events) as unknown as {
    rowKeys: { encode(values: readonly number[]): Buffer }
    delete(key: Uint8Array): void | Promise<void>
  }
  await access.delete(access.rowKeys.encode([1]))
}

/** More than are held back. */
const MANY_ROWS = 66_000

const manyRows = (first: number): [number, string][] =>
  Array.from({ length: MANY_ROWS }, (_, i) => [first + i, 'many'])

test('a long statement is staged, and published or forgotten as one', async () => {
  const writer = beginTest(manager)
  await insertRows(writer, events, manyRows(0))
  expect(list.rows).toEqual([])
  writer.rollback()
  expect(list.calls).toEqual(['stage', 'discard'])
  const second = beginTest(manager)
  await insertRows(second, events, manyRows(0))
  await second.commit()
  expect(list.rows).toHaveLength(MANY_ROWS)
  expect(list.calls.slice(2)).toEqual(['stage', 'publish'])
})

test('a long statement that fails takes nothing of earlier ones with it', async () => {
  const warnings: string[] = []
  const statement = { ...testStatement(), warn: (_level: string, code: string) => warnings.push(code) }
  const writer = beginTest(manager)
  writer.beginStatement(statement)
  await insertRows(writer, events, [[-1, 'early']])
  writer.endStatement(true)
  writer.beginStatement(statement)
  await insertRows(writer, events, manyRows(0))
  writer.endStatement(false)
  expect(warnings).toEqual([])
  writer.beginStatement(statement)
  await insertRows(writer, events, [[-2, 'late']])
  writer.endStatement(true)
  await writer.commit()
  expect(list.rows).toEqual([
    [-1, 'early'],
    [-2, 'late'],
  ])
})

test('what several statements wrote to one table is published together; a failure leaves nothing of it', async () => {
  list.rows = [[1, 'a']]
  const writer = beginTest(manager)
  await insertRows(writer, events, [[2, 'b']])
  await deleteRowsBlindly(writer)
  list.failsNext = true
  await expect(writer.commit()).rejects.toMatchObject({ code: 'ER_STORAGE_UNAVAILABLE' })
  expect(list.rows).toEqual([[1, 'a']])
  expect(list.calls).toEqual(['stage', 'publish', 'discard'])
})

test('one transaction does not write on both sides', async () => {
  const first = beginTest(manager)
  await insertRows(first, events, [[1, 'a']])
  await expect(insertRows(first, accounts, [[1, 1, 'a']])).rejects.toMatchObject({
    code: 'ER_NOT_SUPPORTED_YET',
  })
  const second = beginTest(manager)
  await insertRows(second, accounts, [[1, 1, 'a']])
  await expect(insertRows(second, events, [[1, 'a']])).rejects.toMatchObject({ code: 'ER_NOT_SUPPORTED_YET' })
  expect(await readOne(second, events, 1)).toBeUndefined()
})

test("a driver's failure fails the commit, and ends the transaction", async () => {
  const writer = beginTest(manager)
  await insertRows(writer, events, [[1, 'a']])
  list.failsNext = true
  await expect(writer.commit()).rejects.toMatchObject({ code: 'ER_STORAGE_UNAVAILABLE' })
  expect(writer.isOver).toBe(true)
  expect(manager.activeTransactions()).toEqual([])
})

test('AUTO_INCREMENT is written before the rows that use it', async () => {
  const writer = beginTest(manager)
  const id = await writer.table(events).reserveAutoIncrement(2)
  await insertRows(writer, events, [[Number(id), 'a']])
  await writer.commit()
  const key = Buffer.alloc(4)
  key.writeUInt32BE(events.id)
  const stored = await manager.systemStore(manager.beginInternal()).get(900, key)
  expect(stored?.readBigUInt64LE()).toBe(3n)
})

test('rows that ascend in an empty table are not looked for one by one, others are', async () => {
  const writer = beginTest(manager)
  const access = writer.table(events)
  writer.beginStatement(testStatement())
  const batchOf = (rows: readonly (readonly Value[])[]): Batch => {
    const batch = Batch.ofTypes(events.columns.map((column) => column.type))
    for (const row of rows) batch.pushRow(row)
    return batch
  }
  const first = batchOf([
    [1, 'a'],
    [5, 'b'],
    [3, 'c'],
    [5, 'd'],
    [9, 'e'],
  ])
  expect(await access.insertRows(first, 0, 'report')).toBe(2)
  expect(await access.insert([3, 'c'], 'report')).toEqual({ kind: 'inserted' })
  expect(await access.insertRows(first, 3, 'report')).toBe(3)
  expect(await access.insert([5, 'd'], 'report')).toMatchObject({ kind: 'duplicate' })
  expect(await access.insertRows(first, 4, 'report')).toBe(5)
  writer.endStatement(true)
  await writer.commit()
  expect(list.rows).toEqual([
    [1, 'a'],
    [5, 'b'],
    [3, 'c'],
    [9, 'e'],
  ])

  const second = beginTest(manager)
  second.beginStatement(testStatement())
  expect(await second.table(events).insertRows(batchOf([[11, 'f']]), 0, 'report')).toBe(0)
  second.endStatement(true)
  second.rollback()
})
