/**
 * Goal: reads and writes of one transaction at a time, as the executor uses them. Method: the real manager over memory
 * storage; every answer is compared with plain values.
 */
import { Batch } from '../common/batch.js'
import { INT_TYPE } from '../common/sql-type.js'
import { FULL_RANGE } from '../spi/transaction.js'
import type { CoreTransactionManager } from './transaction-manager.js'
import {
  accountsTable,
  beginTest,
  defineTable,
  deleteRow,
  insertRows,
  readOne,
  rowsOf,
  startManager,
  testStatement,
  TEXT,
  updateRow,
} from './testing/test-tables.js'

let manager: CoreTransactionManager
const accounts = accountsTable()
const [, byK, byName] = accounts.indexes

beforeEach(async () => {
  manager = await startManager()
})
afterEach(() => manager.stop())

const point = (...values: (number | string | null)[]) => ({
  lower: values,
  lowerInclusive: true,
  upper: values,
  upperInclusive: true,
})

test('what is committed is seen by later transactions, through every access path', async () => {
  const writer = beginTest(manager)
  await insertRows(writer, accounts, [
    [3, 30, 'c'],
    [1, 10, 'a'],
    [2, 10, 'B'],
  ])
  expect(writer.hasWrites).toBe(true)
  expect(writer.commit()).toBeUndefined()
  const reader = beginTest(manager)
  expect(await rowsOf(reader, accounts)).toEqual([
    [1, 10, 'a'],
    [2, 10, 'B'],
    [3, 30, 'c'],
  ])
  expect(await rowsOf(reader, accounts, { reverse: true, columns: [2, 0] })).toEqual([
    ['c', 3],
    ['B', 2],
    ['a', 1],
  ])
  expect(await rowsOf(reader, accounts, { index: byK, ranges: [point(10)] })).toEqual([
    [1, 10, 'a'],
    [2, 10, 'B'],
  ])
  expect(await rowsOf(reader, accounts, { index: byK, reverse: true, limit: 2 })).toEqual([
    [3, 30, 'c'],
    [2, 10, 'B'],
  ])
  expect(await readOne(reader, accounts, 2)).toEqual([2, 10, 'B'])
  expect(await readOne(reader, accounts, 9)).toBeUndefined()
  const output = Batch.ofTypes([TEXT])
  expect(await reader.table(accounts).lookup(byName, ['b'], [2], output)).toBe(1)
  expect(await reader.table(accounts).lookup(byK, [10], [2], output)).toBe(2)
  expect([0, 1, 2].map((row) => output.row(row))).toEqual([['B'], ['a'], ['B']])
  expect(reader.table(accounts).statistics().rows).toBe(3)
  expect(manager.commitNumber).toBe(1)
})

test('own writes are seen at once, by nobody else, and are gone after a rollback', async () => {
  const setup = beginTest(manager)
  await insertRows(setup, accounts, [
    [1, 10, 'a'],
    [2, 20, 'b'],
    [3, 30, 'c'],
  ])
  await setup.commit()
  const [own, other] = [beginTest(manager), beginTest(manager)]
  await updateRow(own, accounts, 2, () => [2, 5, 'bb'])
  await deleteRow(own, accounts, 3)
  await insertRows(own, accounts, [[4, 15, 'd']])
  expect(await rowsOf(own, accounts, { index: byK })).toEqual([
    [2, 5, 'bb'],
    [1, 10, 'a'],
    [4, 15, 'd'],
  ])
  expect(await rowsOf(own, accounts, { index: byK, reverse: true, columns: [0] })).toEqual([[4], [1], [2]])
  expect(await rowsOf(own, accounts)).toEqual([
    [1, 10, 'a'],
    [2, 5, 'bb'],
    [4, 15, 'd'],
  ])
  expect(await rowsOf(other, accounts, { columns: [0, 1] })).toEqual([
    [1, 10],
    [2, 20],
    [3, 30],
  ])
  own.rollback()
  expect(await rowsOf(other, accounts, { index: byName, columns: [2] })).toEqual([['a'], ['b'], ['c']])
})

test('a filter drops rows before their other columns are decoded, and limits count what is left', async () => {
  const writer = beginTest(manager)
  await insertRows(
    writer,
    accounts,
    Array.from({ length: 3000 }, (_, i) => [i, i % 7, `n${i}`]),
  )
  await writer.commit()
  const reader = beginTest(manager)
  const filter = {
    columns: [1],
    condition: (batch: Batch, row: number) => (batch.columns[1]?.get(row) === 3 ? 1 : 0),
  }
  const all = await rowsOf(reader, accounts, { filter })
  expect(all).toHaveLength(429)
  expect(all[0]).toEqual([3, 3, 'n3'])
  expect(await rowsOf(reader, accounts, { filter, limit: 2, reverse: true })).toEqual([
    [2999, 3, 'n2999'],
    [2992, 3, 'n2992'],
  ])
  expect(await rowsOf(reader, accounts, { index: byK, filter, columns: [2, 1] })).toHaveLength(429)
  const counted = await rowsOf(reader, accounts, {
    index: byK,
    columns: [],
    wantRowKeys: false,
    ranges: [point(3)],
  })
  expect(counted).toHaveLength(429)
})

test('several ranges, in any order and overlapping, give each row once', async () => {
  const writer = beginTest(manager)
  await insertRows(
    writer,
    accounts,
    Array.from({ length: 50 }, (_, i) => [i, i, `n${i}`]),
  )
  await writer.commit()
  const reader = beginTest(manager)
  const ranges = [
    point(40),
    point(3),
    { lower: [2], lowerInclusive: false, upper: [5], upperInclusive: true },
    point(40),
    { lower: [48], lowerInclusive: true, upper: undefined, upperInclusive: true },
  ]
  expect(await rowsOf(reader, accounts, { ranges, columns: [0] })).toEqual([[3], [4], [5], [40], [48], [49]])
  expect(await rowsOf(reader, accounts, { ranges, columns: [0], reverse: true, index: byK })).toEqual([
    [49],
    [48],
    [40],
    [5],
    [4],
    [3],
  ])
})

describe('unique keys', () => {
  test('duplicates are refused by primary and unique index, with the text of MySQL', async () => {
    const writer = beginTest(manager)
    await insertRows(writer, accounts, [[1, 1, 'Ann']])
    await expect(insertRows(writer, accounts, [[1, 2, 'x']])).rejects.toMatchObject({
      code: 'ER_DUP_ENTRY',
      message: "Duplicate entry '1' for key 'accounts.PRIMARY'",
    })
    await writer.commit()
    const second = beginTest(manager)
    await expect(insertRows(second, accounts, [[2, 2, 'ANN']])).rejects.toMatchObject({
      message: "Duplicate entry 'ANN' for key 'accounts.name'",
    })
    await insertRows(second, accounts, [[2, 2, 'Bob']])
    await expect(updateRow(second, accounts, 2, () => [2, 2, 'ann'])).rejects.toMatchObject({
      code: 'ER_DUP_ENTRY',
    })
    await expect(updateRow(second, accounts, 2, () => [1, 2, 'Bob'])).rejects.toMatchObject({
      code: 'ER_DUP_ENTRY',
    })
    const outcome = await second.table(accounts).insert([3, 3, 'ann'], 'report')
    expect(outcome).toMatchObject({ kind: 'duplicate', index: { name: 'name' } })
    const output = Batch.ofTypes([INT_TYPE])
    if (outcome.kind === 'duplicate') await second.table(accounts).fetch(outcome.rowKey, [0], output)
    expect(output.row(0)).toEqual([1])
  })

  test('NULLs never collide, and a deleted key is free again', async () => {
    const writer = beginTest(manager)
    await insertRows(writer, accounts, [
      [1, 1, null],
      [2, 2, null],
      [3, 3, 'c'],
    ])
    await deleteRow(writer, accounts, 3)
    await insertRows(writer, accounts, [[4, 4, 'C']])
    await writer.commit()
    const reader = beginTest(manager)
    expect(await rowsOf(reader, accounts, { index: byName, ranges: [point(null)], columns: [0] })).toEqual([
      [1],
      [2],
    ])
    expect(await rowsOf(reader, accounts, { index: byName, columns: [2] })).toEqual([[null], [null], ['C']])
  })
})

test('a changed primary key moves the row in every index', async () => {
  const writer = beginTest(manager)
  await insertRows(writer, accounts, [[1, 10, 'a']])
  await writer.commit()
  const mover = beginTest(manager)
  await updateRow(mover, accounts, 1, () => [7, 10, 'a'])
  for (const transaction of [mover, mover]) {
    expect(await rowsOf(transaction, accounts, { index: byK })).toEqual([[7, 10, 'a']])
    expect(await rowsOf(transaction, accounts, { index: byName })).toEqual([[7, 10, 'a']])
  }
  await mover.commit()
  expect(await rowsOf(beginTest(manager), accounts, { index: byName })).toEqual([[7, 10, 'a']])
})

test('tables without primary key keep equal rows apart', async () => {
  const heap = defineTable({ name: 'heap', columns: { a: INT_TYPE }, indexes: [{ name: 'a', columns: [0] }] })
  const writer = beginTest(manager)
  await insertRows(writer, heap, [[1], [1], [2]])
  await writer.commit()
  const second = beginTest(manager)
  await insertRows(second, heap, [[1]])
  expect(await rowsOf(second, heap, { index: heap.indexes[0] })).toEqual([[1], [1], [1], [2]])
  expect(await rowsOf(second, heap)).toEqual([[1], [1], [2], [1]])
})

describe('marks', () => {
  test('a failed statement leaves no trace, earlier ones stay', async () => {
    const writer = beginTest(manager)
    await insertRows(writer, accounts, [[1, 1, 'a']])
    writer.endStatement(true)
    writer.beginStatement(testStatement())
    await insertRows(writer, accounts, [[2, 2, 'b']])
    await deleteRow(writer, accounts, 1)
    writer.endStatement(false)
    writer.beginStatement(testStatement())
    expect(await rowsOf(writer, accounts)).toEqual([[1, 1, 'a']])
    await writer.commit()
    expect(beginTest(manager).table(accounts).statistics().rows).toBe(1)
  })

  test('savepoints nest, are replaced by name, and vanish with what came after them', async () => {
    const writer = beginTest(manager)
    await insertRows(writer, accounts, [[1, 1, 'a']])
    writer.savepoint('one')
    await insertRows(writer, accounts, [[2, 2, 'b']])
    writer.savepoint('Two')
    await insertRows(writer, accounts, [[3, 3, 'c']])
    writer.rollbackToSavepoint('two')
    expect(await rowsOf(writer, accounts, { columns: [0] })).toEqual([[1], [2]])
    writer.rollbackToSavepoint('ONE')
    expect(await rowsOf(writer, accounts, { columns: [0] })).toEqual([[1]])
    expect(() => {
      writer.rollbackToSavepoint('two')
    }).toThrow(
      expect.objectContaining({ code: 'ER_SP_DOES_NOT_EXIST', message: 'SAVEPOINT two does not exist' }),
    )
    writer.releaseSavepoint('one')
    expect(() => {
      writer.releaseSavepoint('one')
    }).toThrow('SAVEPOINT one does not exist')
    await insertRows(writer, accounts, [[2, 2, 'b']])
    await writer.commit()
    expect(await rowsOf(beginTest(manager), accounts, { columns: [0] })).toEqual([[1], [2]])
  })
})

test('READ ONLY refuses writes', async () => {
  const reader = beginTest(manager, 'REPEATABLE READ', { readOnly: true })
  await expect(insertRows(reader, accounts, [[1, 1, 'a']])).rejects.toMatchObject({
    code: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  })
})

test('AUTO_INCREMENT never gives a number twice and goes beyond noted ones', async () => {
  const writer = beginTest(manager)
  const access = writer.table(accounts)
  expect(await access.reserveAutoIncrement(1)).toBe(1)
  expect(await access.reserveAutoIncrement(10)).toBe(2)
  access.noteAutoIncrement(5)
  expect(await access.reserveAutoIncrement(1)).toBe(12)
  access.noteAutoIncrement(100)
  expect(await access.reserveAutoIncrement(1)).toBe(101)
  access.noteAutoIncrement(9223372036854775806n)
  expect(await access.reserveAutoIncrement(1)).toBe(9223372036854775807n)
  writer.rollback()
  expect(await beginTest(manager).table(accounts).reserveAutoIncrement(1)).toBe(9223372036854775808n)
  beginTest(manager).table(accounts).noteAutoIncrement(18446744073709551615n)
  await expect(async () => beginTest(manager).table(accounts).reserveAutoIncrement(1)).rejects.toMatchObject({
    code: 'ER_AUTOINC_READ_FAILED',
  })
})

test('the catalog reads and writes through the system store within a transaction', async () => {
  const transaction = manager.beginInternal()
  const store = manager.systemStore(transaction)
  store.put(10, Buffer.from('b'), Buffer.from('2'))
  store.put(10, Buffer.from('a'), Buffer.from('1'))
  store.put(10, Buffer.from('c'), Buffer.from('3'))
  store.remove(10, Buffer.from('b'))
  expect((await store.get(10, Buffer.from('a')))?.toString()).toBe('1')
  await transaction.commit()
  const later = manager.systemStore(manager.beginInternal())
  const entries = await later.scan(10, { lower: undefined, upper: undefined })
  expect(entries.map((entry) => [entry.key.toString(), entry.value.toString()])).toEqual([
    ['a', '1'],
    ['c', '3'],
  ])
  expect(await later.get(10, Buffer.from('b'))).toBeUndefined()
})

test('a range estimate is near the truth', async () => {
  const writer = beginTest(manager)
  await insertRows(
    writer,
    accounts,
    Array.from({ length: 100 }, (_, i) => [i, i % 10, `n${i}`]),
  )
  await writer.commit()
  const access = beginTest(manager).table(accounts)
  expect(access.estimateRange(byK, point(3))).toBe(10)
  expect(access.estimateRange(undefined, FULL_RANGE)).toBe(100)
})
