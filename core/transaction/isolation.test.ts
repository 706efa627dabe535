/**
 * Goal: what each isolation level promises holds, and what none may show never happens. Method: two or three
 * interleaved transactions over memory storage; each test is one anomaly (or the proof that a level allows it).
 */
import type { IsolationLevel } from '../spi/transaction.js'
import type { CoreTransaction } from './transaction.js'
import type { CoreTransactionManager } from './transaction-manager.js'
import {
  accountsTable,
  beginTest,
  deleteRow,
  insertRows,
  isPending,
  lockRow,
  readAll,
  readOne,
  rowsOf,
  scanOf,
  startManager,
  testStatement,
  updateRow,
} from './testing/test-tables.js'

const LEVELS: readonly IsolationLevel[] = [
  'READ UNCOMMITTED',
  'READ COMMITTED',
  'REPEATABLE READ',
  'SERIALIZABLE',
]
const accounts = accountsTable()
const byK = accounts.indexes[1]
const byName = accounts.indexes[2]
let manager: CoreTransactionManager

beforeEach(async () => {
  manager = await startManager()
  const setup = beginTest(manager)
  await insertRows(setup, accounts, [
    [10, 1, 'ten'],
    [20, 2, 'twenty'],
    [30, 3, 'thirty'],
  ])
  await setup.commit()
})
afterEach(() => manager.stop())

const between = (low: number, high: number) => ({
  lower: [low],
  lowerInclusive: true,
  upper: [high],
  upperInclusive: true,
})

function nextStatement(transaction: CoreTransaction): void {
  transaction.endStatement(true)
  transaction.beginStatement(testStatement())
}

describe.each(LEVELS)('%s', (level) => {
  const begin = (): CoreTransaction => beginTest(manager, level)

  test('no dirty read: nobody sees what is not committed, nor what is rolled back', async () => {
    const [writer, reader] = [
      begin(),
      beginTest(manager, level === 'SERIALIZABLE' ? 'REPEATABLE READ' : level),
    ]
    await updateRow(writer, accounts, 10, () => [10, 99, 'dirty'])
    await insertRows(writer, accounts, [[15, 5, 'new']])
    expect(await rowsOf(reader, accounts, { columns: [0, 1] })).toEqual([
      [10, 1],
      [20, 2],
      [30, 3],
    ])
    writer.rollback()
    nextStatement(reader)
    expect(await rowsOf(reader, accounts, { index: byK, columns: [1] })).toEqual([[1], [2], [3]])
  })

  test('no lost update between locking writers', async () => {
    const [first, second] = [begin(), begin()]
    const one = await lockRow(first, accounts, 10)
    const two = updateRow(second, accounts, 10, (row) => [10, Number(row[1]) + 100, row[2] ?? null])
    expect(await isPending(two)).toBe(true)
    await first.table(accounts).update(one?.key as Uint8Array, [10, Number(one?.row[1]) + 10, 'ten'], 'throw')
    await first.commit()
    await two
    await second.commit()
    expect(await readOne(beginTest(manager), accounts, 10)).toEqual([10, 111, 'ten'])
  })

  test('a statement sees one state, also while others commit between its slices', async () => {
    const many = beginTest(manager)
    await insertRows(
      many,
      accounts,
      Array.from({ length: 4000 }, (_, i) => [100 + i, 7, `many${i}`]),
    )
    await many.commit()
    if (level === 'SERIALIZABLE') return
    const reader = begin()
    const cursor = reader.table(accounts).scan(scanOf(accounts, { columns: [1] }))
    const first = await cursor.next()
    let [count, changed] = [first?.rowCount ?? 0, 0]
    const writer = beginTest(manager)
    await updateRow(writer, accounts, 4000, (row) => [4000, 8, row[2] ?? null])
    await deleteRow(writer, accounts, 4001)
    await writer.commit()
    for (;;) {
      const batch = await cursor.next()
      if (batch === undefined) break
      count += batch.rowCount
      for (let row = 0; row < batch.rowCount; row++) if (batch.columns[0]?.get(row) === 8) changed++
    }
    expect([count, changed]).toEqual([4003, 0])
  })

  test('who waited for a row gets its last version, or none if it is gone', async () => {
    const [first, second] = [begin(), begin()]
    await deleteRow(first, accounts, 10)
    const waiting = lockRow(second, accounts, 10)
    expect(await isPending(waiting)).toBe(true)
    await first.commit()
    expect(await waiting).toBeUndefined()
  })

  test('a row that left the range while it was waited for is not touched', async () => {
    const [first, second] = [begin(), begin()]
    await updateRow(first, accounts, 20, () => [20, 50, 'twenty'])
    const found = readAll(
      second
        .table(accounts)
        .scan(scanOf(accounts, { index: byK, ranges: [between(2, 3)], lock: 'exclusive' })),
    )
    expect(await isPending(found)).toBe(true)
    await first.commit()
    expect((await found).rows).toEqual([[30, 3, 'thirty']])
  })
})

test.each(['READ UNCOMMITTED', 'READ COMMITTED'] as const)(
  '%s sees what is committed meanwhile',
  async (level) => {
    const [reader, writer] = [beginTest(manager, level), beginTest(manager)]
    expect(await readOne(reader, accounts, 10)).toEqual([10, 1, 'ten'])
    await updateRow(writer, accounts, 10, () => [10, 2, 'ten'])
    await writer.commit()
    expect(await readOne(reader, accounts, 10)).toEqual([10, 1, 'ten'])
    nextStatement(reader)
    expect(await readOne(reader, accounts, 10)).toEqual([10, 2, 'ten'])
  },
)

describe('REPEATABLE READ', () => {
  test('reads repeat, and phantoms do not appear to plain reads', async () => {
    const [reader, writer] = [beginTest(manager), beginTest(manager)]
    const before = await rowsOf(reader, accounts)
    await updateRow(writer, accounts, 10, () => [10, 2, 'changed'])
    await insertRows(writer, accounts, [[15, 5, 'new']])
    await deleteRow(writer, accounts, 30)
    await writer.commit()
    nextStatement(reader)
    expect(await rowsOf(reader, accounts)).toEqual(before)
    expect(await rowsOf(reader, accounts, { index: byK, columns: [0] })).toEqual([[10], [20], [30]])
    expect(await rowsOf(beginTest(manager), accounts, { columns: [0] })).toEqual([[10], [15], [20]])
  })

  test('the snapshot is taken by the first read, or at the start WITH CONSISTENT SNAPSHOT', async () => {
    const [lazy, eager] = [
      beginTest(manager),
      beginTest(manager, 'REPEATABLE READ', { consistentSnapshot: true }),
    ]
    const writer = beginTest(manager)
    await deleteRow(writer, accounts, 10)
    await writer.commit()
    expect(await readOne(lazy, accounts, 10)).toBeUndefined()
    expect(await readOne(eager, accounts, 10)).toEqual([10, 1, 'ten'])
  })

  test('UPDATE works on the last version, and plain reads then see the own one through every index', async () => {
    const [own, other] = [beginTest(manager), beginTest(manager)]
    await rowsOf(own, accounts)
    await updateRow(other, accounts, 20, () => [20, 9, 'zwanzig'])
    await insertRows(other, accounts, [[25, 4, 'neu']])
    await other.commit()
    await updateRow(own, accounts, 20, (row) => [20, Number(row[1]) + 1, row[2] ?? null])
    await updateRow(own, accounts, 25, (row) => [25, row[1] ?? null, 'mine'])
    const expected = [
      [10, 1, 'ten'],
      [30, 3, 'thirty'],
      [25, 4, 'mine'],
      [20, 10, 'zwanzig'],
    ]
    expect(await rowsOf(own, accounts, { index: byK })).toEqual(expected)
    expect(await rowsOf(own, accounts, { index: byK, reverse: true })).toEqual([...expected].reverse())
    expect(await rowsOf(own, accounts, { index: byK, ranges: [between(2, 2)] })).toEqual([])
    expect((await rowsOf(own, accounts, { index: byName, columns: [2] })).flat()).toEqual([
      'mine',
      'ten',
      'thirty',
      'zwanzig',
    ])
  })

  test('a unique value that others moved and we moved on: both rows stay visible under the index', async () => {
    const [own, other] = [beginTest(manager), beginTest(manager)]
    await rowsOf(own, accounts)
    // Others free 'ten' and give it to row 20; our snapshot still has it on row 10.
    await updateRow(other, accounts, 10, () => [10, 1, 'freed'])
    await updateRow(other, accounts, 20, () => [20, 2, 'ten'])
    await other.commit()
    await updateRow(own, accounts, 20, () => [20, 2, 'moved on'])
    const names = await rowsOf(own, accounts, { index: byName, columns: [2, 0] })
    expect(names).toEqual([
      ['moved on', 20],
      ['ten', 10],
      ['thirty', 30],
    ])
  })

  test.each(['primary', 'k', 'name'] as const)(
    'locking reads of a range keep phantoms out (%s)',
    async (path) => {
      const [locker, inserter] = [beginTest(manager), beginTest(manager)]
      const scan =
        path === 'primary'
          ? { ranges: [between(10, 25)] }
          : path === 'k'
            ? { index: byK, ranges: [between(1, 2)] }
            : { index: byName, ranges: [{ ...between(0, 0), lower: ['te'], upper: ['tz'] }] }
      const first = await readAll(
        locker.table(accounts).scan(scanOf(accounts, { ...scan, lock: 'exclusive' })),
      )
      await insertRows(inserter, accounts, [[99, 99, 'zz']])
      const blocked = insertRows(inserter, accounts, [[15, 2, 'tm']])
      expect(await isPending(blocked)).toBe(true)
      const again = await readAll(
        locker.table(accounts).scan(scanOf(accounts, { ...scan, lock: 'exclusive' })),
      )
      expect(again.rows).toEqual(first.rows)
      await locker.commit()
      await blocked
      await inserter.commit()
      expect(await readOne(beginTest(manager), accounts, 15)).toEqual([15, 2, 'tm'])
    },
  )

  test('a locking read waits for rows that others have put into its range', async () => {
    const [inserter, locker] = [beginTest(manager), beginTest(manager)]
    await insertRows(inserter, accounts, [[15, 5, 'new']])
    const found = readAll(
      locker
        .table(accounts)
        .scan(scanOf(accounts, { ranges: [between(10, 20)], columns: [0], lock: 'share' })),
    )
    expect(await isPending(found)).toBe(true)
    await inserter.commit()
    expect((await found).rows).toEqual([[10], [15], [20]])
  })

  test('a search for one key locks its absence', async () => {
    const [locker, inserter] = [beginTest(manager), beginTest(manager)]
    expect(await lockRow(locker, accounts, 15)).toBeUndefined()
    await insertRows(inserter, accounts, [[16, 6, 'other key']])
    const blocked = insertRows(inserter, accounts, [[15, 5, 'new']])
    expect(await isPending(blocked)).toBe(true)
    locker.rollback()
    await blocked
  })

  test('a scan that stops at its limit locks no more than it has walked', async () => {
    const [locker, inserter] = [beginTest(manager), beginTest(manager)]
    const first = await readAll(
      locker.table(accounts).scan(scanOf(accounts, { lock: 'exclusive', limit: 1 })),
    )
    expect(first.rows).toEqual([[10, 1, 'ten']])
    await insertRows(inserter, accounts, [[15, 5, 'behind']])
    const blocked = insertRows(inserter, accounts, [[5, 0, 'before']])
    expect(await isPending(blocked)).toBe(true)
    locker.rollback()
    await blocked
  })

  test('write skew is possible with plain reads, as in InnoDB', async () => {
    const [a, b] = [beginTest(manager), beginTest(manager)]
    expect(await readOne(a, accounts, 20)).toEqual([20, 2, 'twenty'])
    expect(await readOne(b, accounts, 10)).toEqual([10, 1, 'ten'])
    await updateRow(a, accounts, 10, () => [10, 0, 'ten'])
    await updateRow(b, accounts, 20, () => [20, 0, 'twenty'])
    await a.commit()
    await b.commit()
    expect(await rowsOf(beginTest(manager), accounts, { columns: [1] })).toEqual([[0], [0], [3]])
  })
})

describe('READ COMMITTED', () => {
  test('locks no ranges', async () => {
    const [locker, inserter] = [beginTest(manager, 'READ COMMITTED'), beginTest(manager)]
    await readAll(locker.table(accounts).scan(scanOf(accounts, { lock: 'exclusive' })))
    await insertRows(inserter, accounts, [[15, 5, 'new']])
    await inserter.commit()
    const again = await readAll(
      locker.table(accounts).scan(scanOf(accounts, { lock: 'exclusive', columns: [0] })),
    )
    expect(again.rows).toEqual([[10], [15], [20], [30]])
  })

  test.each([undefined, byK])(
    'passes by rows that its filter rejects, without locking them',
    async (index) => {
      const [locker, other] = [beginTest(manager, 'READ COMMITTED'), beginTest(manager, 'READ COMMITTED')]
      const filter = (k: number) => ({
        columns: [1],
        condition: (batch: { columns: readonly { get(row: number): unknown }[] }, row: number) =>
          batch.columns[1]?.get(row) === k ? 1 : 0,
      })
      const first = await readAll(
        locker.table(accounts).scan(scanOf(accounts, { index, filter: filter(1), lock: 'exclusive' })),
      )
      expect(first.rows).toEqual([[10, 1, 'ten']])
      const second = await readAll(
        other.table(accounts).scan(scanOf(accounts, { index, filter: filter(2), lock: 'exclusive' })),
      )
      expect(second.rows).toEqual([[20, 2, 'twenty']])
    },
  )
})

describe('SERIALIZABLE', () => {
  test('plain reads lock, so write skew is a deadlock', async () => {
    const [a, b] = [beginTest(manager, 'SERIALIZABLE'), beginTest(manager, 'SERIALIZABLE')]
    await readOne(a, accounts, 20)
    await readOne(b, accounts, 10)
    const results = await Promise.allSettled([
      updateRow(a, accounts, 10, () => [10, 0, 'ten']),
      updateRow(b, accounts, 20, () => [20, 0, 'twenty']),
    ])
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
    const lost = results.find((result) => result.status === 'rejected')
    expect(lost).toMatchObject({ reason: { code: 'ER_LOCK_DEADLOCK' } })
    expect([a.isOver, b.isOver].filter(Boolean)).toHaveLength(1)
  })

  test('a plain range read keeps phantoms out; an autocommit read locks nothing', async () => {
    const [reader, writer] = [beginTest(manager, 'SERIALIZABLE'), beginTest(manager)]
    await rowsOf(reader, accounts, { ranges: [between(10, 20)] })
    const blocked = insertRows(writer, accounts, [[15, 5, 'new']])
    expect(await isPending(blocked)).toBe(true)
    await reader.commit()
    await blocked
    const alone = beginTest(manager, 'SERIALIZABLE', { autocommit: true })
    expect(await rowsOf(alone, accounts, { columns: [0] })).toEqual([[10], [20], [30]])
  })
})

describe('locking reads', () => {
  test('SKIP LOCKED leaves out what is locked, NOWAIT fails', async () => {
    const [first, second] = [beginTest(manager), beginTest(manager)]
    await lockRow(first, accounts, 20)
    const rest = await readAll(
      second.table(accounts).scan(scanOf(accounts, { columns: [0], lock: 'exclusive', lockWait: 'skip' })),
    )
    expect(rest.rows).toEqual([[10], [30]])
    await expect(lockRow(second, accounts, 20, { lockWait: 'nowait' })).rejects.toMatchObject({
      code: 'ER_LOCK_NOWAIT',
    })
  })

  test('two workers take different jobs from a queue', async () => {
    const take = async (): Promise<unknown> => {
      const worker = beginTest(manager)
      const scan = scanOf(accounts, {
        index: byK,
        columns: [0],
        lock: 'exclusive',
        lockWait: 'skip',
        limit: 1,
      })
      return (await readAll(worker.table(accounts).scan(scan))).rows[0]?.[0]
    }
    expect([await take(), await take(), await take(), await take()]).toEqual([10, 20, 30, undefined])
  })

  test('a time-out fails the statement and keeps the transaction', async () => {
    const first = beginTest(manager)
    const second = beginTest(manager, 'REPEATABLE READ', { lockWaitTimeoutMs: 30 })
    await updateRow(second, accounts, 30, () => [30, 33, 'kept'])
    await lockRow(first, accounts, 10)
    await expect(lockRow(second, accounts, 10)).rejects.toMatchObject({ code: 'ER_LOCK_WAIT_TIMEOUT' })
    expect(second.isOver).toBe(false)
    await second.commit()
    expect(await readOne(beginTest(manager), accounts, 30)).toEqual([30, 33, 'kept'])
  })

  test('share locks go together and keep writers out', async () => {
    const [a, b, writer] = [beginTest(manager), beginTest(manager), beginTest(manager)]
    expect(await lockRow(a, accounts, 10, { lock: 'share' })).toBeDefined()
    expect(await lockRow(b, accounts, 10, { lock: 'share' })).toBeDefined()
    const blocked = deleteRow(writer, accounts, 10)
    a.rollback()
    expect(await isPending(blocked)).toBe(true)
    b.rollback()
    expect(await blocked).toBe(true)
  })

  test('a deleted unique value can be taken back by its deleter while another waits for it', async () => {
    const [own, other] = [beginTest(manager), beginTest(manager)]
    await deleteRow(own, accounts, 10)
    const waiting = insertRows(other, accounts, [[11, 1, 'ten']])
    expect(await isPending(waiting)).toBe(true)
    await insertRows(own, accounts, [[10, 1, 'ten']])
    await own.commit()
    await expect(waiting).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' })
  })

  test('an insert waits for another insert of its key, and goes through if that is rolled back', async () => {
    const [first, second] = [beginTest(manager), beginTest(manager)]
    await insertRows(first, accounts, [[15, 5, 'new']])
    const waiting = insertRows(second, accounts, [[15, 6, 'mine']])
    expect(await isPending(waiting)).toBe(true)
    first.rollback()
    await waiting
    await second.commit()
    expect(await readOne(beginTest(manager), accounts, 15)).toEqual([15, 6, 'mine'])
  })
})

test('a snapshot beyond its age is given up, with a clear error', async () => {
  const aging = await startManager({ settings: { snapshotAgeSecondsMax: 0.5 } })
  const reader = beginTest(aging)
  expect(await rowsOf(reader, accounts)).toEqual([])
  const writer = beginTest(aging)
  await insertRows(writer, accounts, [[1, 1, 'a']])
  await writer.commit()
  expect(await rowsOf(reader, accounts)).toEqual([])
  aging.environment.views.giveUpOld(performance.now() + 1000)
  await expect(rowsOf(reader, accounts)).rejects.toMatchObject({ code: 'ER_SNAPSHOT_TOO_OLD' })
  await aging.stop()
})

test('a killed statement ends its wait', async () => {
  const [first, second] = [beginTest(manager), beginTest(manager)]
  await lockRow(first, accounts, 10)
  const kill = new AbortController()
  second.beginStatement(testStatement({ signal: kill.signal }))
  const waiting = lockRow(second, accounts, 10)
  expect(await isPending(waiting)).toBe(true)
  kill.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'ER_QUERY_INTERRUPTED' })
})

test('a session that ends while it waits takes nothing with it', async () => {
  const [first, second, third] = [beginTest(manager), beginTest(manager), beginTest(manager)]
  await lockRow(first, accounts, 10)
  const waiting = lockRow(second, accounts, 10)
  expect(await isPending(waiting)).toBe(true)
  second.rollback()
  await expect(waiting).rejects.toMatchObject({ code: 'ER_QUERY_INTERRUPTED' })
  await expect(lockRow(second, accounts, 20)).rejects.toMatchObject({ code: 'ER_QUERY_INTERRUPTED' })
  await expect(rowsOf(second, accounts)).rejects.toMatchObject({ code: 'ER_QUERY_INTERRUPTED' })
  first.rollback()
  expect(await lockRow(third, accounts, 10)).toBeDefined()
})

test('what runs is listed', async () => {
  const [first, second] = [beginTest(manager), beginTest(manager)]
  await updateRow(first, accounts, 10, () => [10, 5, 'ten'])
  const waiting = lockRow(second, accounts, 10)
  const infos = manager.activeTransactions()
  expect(infos.find((info) => info.id === first.id)).toMatchObject({ waiting: false, rowsLocked: 1 })
  expect(infos.find((info) => info.id === first.id)?.bytesWritten).toBeGreaterThan(0)
  expect(infos.find((info) => info.id === second.id)).toMatchObject({ waiting: true })
  first.rollback()
  await waiting
  second.rollback()
  expect(manager.activeTransactions()).toEqual([])
})
