/**
 * What every table driver must do (see `core/spi/storage.ts`): whatever parts of a scan it says that it takes over exactly, it must
 * do as MySQL would; of what it takes over partially or not at all it may leave too much, never too little.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  collationByName,
  Batch,
  isSqlError,
  UNSIGNED_BIGINT_TYPE,
  type ColumnCondition,
  type ScanRequest,
  type TableDefinition,
  type TableStorage,
  type Value,
} from '@switchyard/core/spi'
import {
  ALL_COLUMNS,
  batchOf,
  BIG,
  CODE,
  DATA,
  drain,
  ID,
  MOMENT,
  NAME,
  newStatement,
  NUMBER,
  PRICE,
  RATIO,
  request,
  rowsOf,
  SAMPLE_ROWS,
  sampleTable,
  shown,
} from './table-fixtures.js'

export interface TableHarness {
  /** Makes a storage, not started, whose files (if any) are in `folder`, which exists. */
  create(folder: string): TableStorage
}

export function runTableConformance(name: string, harness: TableHarness): void {
  describe(`table storage ${name}`, () => {
    let folder = ''
    let storage: TableStorage
    let table: TableDefinition

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'switchyard-conformance-'))
      storage = harness.create(folder)
      await storage.start()
    })
    afterAll(async () => {
      await storage.stop()
      rmSync(folder, { recursive: true, force: true })
    })
    beforeEach(async () => {
      table = sampleTable(storage.name)
      await storage.createTable(table, newStatement())
    })
    afterEach(async () => {
      await storage.dropTable(table.id)
    })

    const insert = async (rows: Iterable<readonly Value[]>): Promise<number> => {
      const inserted = await storage.insert(table, batchOf(table, ALL_COLUMNS, rows), newStatement())
      return typeof inserted === 'number' ? inserted : inserted.rowCount
    }
    const scan = (parts: Partial<ScanRequest> = {}) => rowsOf(storage, table, request(parts))
    const ids = async (parts: Partial<ScanRequest> = {}): Promise<number[]> =>
      (await scan({ columns: [ID], ...parts })).map(([id]) => Number(id))

    test('says what it is', () => {
      expect(storage.capabilities.shape).toBe('table')
      expect(storage.capabilities.fragments).toBe(storage.planFragment !== undefined)
    })

    test('gives back values of every kind as they were stored', async () => {
      expect(await insert(SAMPLE_ROWS)).toBe(SAMPLE_ROWS.length)
      expect(shown(await scan()).sort()).toEqual(shown(SAMPLE_ROWS).sort())
    })

    test('yields the columns that were asked for, in the order asked', async () => {
      await insert(SAMPLE_ROWS)
      for (const columns of [[NAME, ID], [DATA], [MOMENT, MOMENT, BIG], []]) {
        const expected = SAMPLE_ROWS.map((row) => columns.map((column) => row[column] ?? null))
        const found = await scan({ columns })
        expect(shown(found).sort()).toEqual(shown(expected).sort())
      }
    })

    test('an empty table has no rows, and empty batches change nothing', async () => {
      expect(await scan()).toEqual([])
      expect(await insert([])).toBe(0)
      expect(await storage.delete(table, batchOf(table, [ID], []), newStatement())).toBe(0)
      expect(await scan()).toEqual([])
    })

    test('creates a table once, keeps tables apart, and drops what may be gone', async () => {
      await insert(SAMPLE_ROWS)
      await storage.createTable(table, newStatement())
      expect((await ids()).length).toBe(SAMPLE_ROWS.length)
      const other = sampleTable(storage.name)
      await storage.createTable(other, newStatement())
      expect(await rowsOf(storage, other, request())).toEqual([])
      await storage.dropTable(other.id)
      await storage.dropTable(other.id)
      expect((await ids()).length).toBe(SAMPLE_ROWS.length)
      await storage.truncateTable(table, newStatement())
      expect(await ids()).toEqual([])
      await insert(SAMPLE_ROWS.slice(0, 1))
      expect(await ids()).toEqual([1])
    })

    test.each(CONDITIONS)('filters by $name', async ({ condition, expected }) => {
      await insert(SAMPLE_ROWS)
      await expectFiltered([condition], expected)
    })

    test('filters by several conditions at once', async () => {
      await insert(SAMPLE_ROWS)
      const first: ColumnCondition = { column: NUMBER, operator: '=', values: [10] }
      const second: ColumnCondition = { column: PRICE, operator: '<=>', values: [12_500] }
      await expectFiltered([first, second], [1, 8])
      await expectFiltered([first, second, { column: NAME, operator: 'is null', values: [] }], [])
    })

    /** Checks the answer of a filtered scan against what the driver promised for it. */
    async function expectFiltered(
      conditions: readonly ColumnCondition[],
      expected: readonly number[],
    ): Promise<void> {
      const wanted = request({ columns: [ID], conditions })
      const answer = storage.planScan(table, wanted)
      expect(answer.conditions.length).toBe(conditions.length)
      const found = (await ids({ conditions })).sort((left, right) => left - right)
      expect(new Set(found).size).toBe(found.length)
      if (answer.conditions.every((part) => part === 'exact')) expect(found).toEqual(expected)
      else expect(found).toEqual(expect.arrayContaining([...expected]))
    }

    test('keeps an order that it promises, NULL first', async () => {
      await insert(SAMPLE_ROWS)
      for (const column of [ID, NUMBER, BIG, PRICE, RATIO, CODE, DATA, MOMENT]) {
        for (const descending of [false, true]) {
          const order = [
            { column, descending },
            { column: ID, descending: false },
          ]
          const { order: promise } = storage.planScan(table, request({ order }))
          const found = await ids({ order })
          if (promise === 'exact') expect(found).toEqual(sortedIds(column, descending))
          else expect(found.length).toBe(SAMPLE_ROWS.length)
        }
      }
    })

    test('stops at a limit that it promises', async () => {
      await insert(Array.from({ length: 100 }, (_, index) => rowOf(index)))
      for (const limit of [0, 1, 7, 100, 1000]) {
        const promise = storage.planScan(table, request({ limit })).limit
        const found = await ids({ limit })
        if (promise === 'exact') expect(found.length).toBe(Math.min(limit, 100))
        else expect(found.length).toBeGreaterThanOrEqual(Math.min(limit, 100))
        expect(new Set(found).size).toBe(found.length)
      }
      const order = [{ column: ID, descending: true }]
      const answer = storage.planScan(table, request({ order, limit: 3 }))
      if (answer.order === 'exact' && answer.limit === 'exact') {
        expect(await ids({ order, limit: 3 })).toEqual([99, 98, 97])
      }
    })

    test('deletes and updates the rows that keys name, and says how many', async () => {
      await insert(SAMPLE_ROWS)
      const keys = (...wanted: number[]) =>
        batchOf(
          table,
          [ID],
          wanted.map((id) => [id]),
        )
      expect(await storage.delete(table, keys(2, 4, 77), newStatement())).toBe(2)
      expect((await ids()).sort()).toEqual([1, 3, 5, 6, 7, 8])
      const changed = [
        [1, 1, null, 5, 2.5, 'new', 'NEW', null, null, '[1]'],
        [30, null, 7, null, null, 'moved', null, null, null, null],
      ]
      expect(
        await storage.update(table, keys(1, 3), batchOf(table, ALL_COLUMNS, changed), newStatement()),
      ).toBe(2)
      const rest = SAMPLE_ROWS.filter(([id]) => ![1, 2, 3, 4].includes(Number(id)))
      expect(shown(await scan()).sort()).toEqual(shown([...rest, ...changed]).sort())
      expect(await storage.delete(table, keys(3), newStatement())).toBe(0)
    })

    test('refuses a key that is there already, and then changes nothing', async () => {
      await insert(SAMPLE_ROWS.slice(0, 3))
      const duplicate = { code: 'ER_DUP_ENTRY' }
      await expect(insert([rowOf(50), rowOf(2)])).rejects.toMatchObject(duplicate)
      await expect(insert([rowOf(51), rowOf(51)])).rejects.toMatchObject(duplicate)
      const keys = batchOf(table, [ID], [[3]])
      const onto = batchOf(table, ALL_COLUMNS, [rowOf(1)])
      await expect(storage.update(table, keys, onto, newStatement())).rejects.toMatchObject(duplicate)
      expect(shown(await scan()).sort()).toEqual(shown(SAMPLE_ROWS.slice(0, 3)).sort())
    })

    test('changes rows without primary key by their ids, if it gives them ids', async () => {
      if (storage.capabilities.rowIds !== true) return
      const keyless = { ...sampleTable(storage.name), indexes: [] }
      const rowId = keyless.columns.length
      const wanted = request({ columns: [ID, rowId] })
      await storage.createTable(keyless, newStatement())
      const twice = [rowOf(1), rowOf(2), rowOf(1), rowOf(3)]
      await storage.insert(keyless, batchOf(keyless, ALL_COLUMNS, twice), newStatement())
      const before = await rowsOf(storage, keyless, wanted)
      const idsOf = (id: number) => before.filter((row) => row[0] === id).map((row) => row[1] ?? null)
      expect(new Set(before.map((row) => row[1])).size).toBe(4)
      const keys = (...values: Value[]) => {
        const batch = Batch.ofTypes([UNSIGNED_BIGINT_TYPE])
        for (const value of values) batch.pushRow([value])
        return batch
      }
      expect(await storage.delete(keyless, keys(...idsOf(2), 77_777), newStatement())).toBe(1)
      const [first = null, second = null] = idsOf(1)
      const changed = batchOf(keyless, ALL_COLUMNS, [rowOf(9)])
      expect(await storage.update(keyless, keys(first), changed, newStatement())).toBe(1)
      await storage.insert(keyless, batchOf(keyless, ALL_COLUMNS, [rowOf(4)]), newStatement())
      const after = await rowsOf(storage, keyless, wanted)
      expect(after.map(([id]) => Number(id)).sort()).toEqual([1, 3, 4, 9])
      expect(after.find(([id]) => id === 1)?.[1]).toEqual(second)
      expect(after.find(([id]) => id === 9)?.[1]).toEqual(first)
      const byId = { column: rowId, operator: '=', values: [second] } as const
      const found = await rowsOf(storage, keyless, request({ columns: [ID], conditions: [byId] }))
      expect(found).toContainEqual([1])
      await storage.dropTable(keyless.id)
    })

    test('takes and gives many rows, in batches, also to several readers at once', async () => {
      const count = 20_000
      for (let from = 0; from < count; from += 1000) {
        await insert(Array.from({ length: 1000 }, (_, index) => rowOf(from + index)))
      }
      const cursors = await Promise.all(
        [1, 2, 3].map(async () => storage.openScan(table, request({ columns: [ID] }), newStatement())),
      )
      const found = await Promise.all(cursors.map(drain))
      for (const cursor of cursors) await cursor.close()
      for (const rows of found) {
        expect(rows.length).toBe(count)
        expect(new Set(rows.map(([id]) => id)).size).toBe(count)
      }
      const { rows } = await storage.statistics(table)
      expect(rows).toBeGreaterThan(count / 10)
      expect(rows).toBeLessThan(count * 10)
    })

    test('a reader may stop early', async () => {
      await insert(Array.from({ length: 5000 }, (_, index) => rowOf(index)))
      const cursor = await storage.openScan(table, request(), newStatement())
      expect((await cursor.next())?.rowCount).toBeGreaterThan(0)
      await cursor.close()
      const unread = await storage.openScan(table, request(), newStatement())
      await unread.close()
      expect((await ids()).length).toBe(5000)
    })

    test('a killed statement ends with its error', async () => {
      await insert(Array.from({ length: 5000 }, (_, index) => rowOf(index)))
      const statement = newStatement()
      const cursor = await storage.openScan(table, request(), statement)
      await cursor.next()
      statement.kill()
      const error: unknown = await drain(cursor).catch((reason: unknown) => reason)
      await cursor.close()
      // Nothing is left to end if the driver had given everything.
      if (Array.isArray(error)) expect(error).toEqual([])
      else expect(isSqlError(error) && error.code).toBe('ER_QUERY_INTERRUPTED')
      expect((await ids()).length).toBe(5000)
    })

    test('durable drivers keep their rows over a restart', async () => {
      await insert(SAMPLE_ROWS)
      await storage.stop()
      storage = harness.create(folder)
      await storage.start()
      if (!storage.capabilities.durable) await storage.createTable(table, newStatement())
      const expected = storage.capabilities.durable ? shown(SAMPLE_ROWS) : []
      expect(shown(await scan()).sort()).toEqual([...expected].sort())
    })
  })
}

/** Conditions, and the ids of the sample rows that MySQL would find. */
const CONDITIONS: readonly {
  readonly name: string
  readonly condition: ColumnCondition
  readonly expected: readonly number[]
}[] = [
  condition(ID, '=', [3], [3]),
  condition(ID, '=', [99], []),
  condition(ID, 'in', [1, 5, 99], [1, 5]),
  condition(NUMBER, '=', [10], [1, 5, 8]),
  condition(NUMBER, '=', [null], []),
  condition(NUMBER, '<=>', [null], [4]),
  condition(NUMBER, '<=>', [10], [1, 5, 8]),
  condition(NUMBER, '<>', [10], [2, 3, 6, 7]),
  condition(NUMBER, '<', [0], [2, 7]),
  condition(NUMBER, '<=', [0], [2, 3, 7]),
  condition(NUMBER, '>', [10], [6]),
  condition(NUMBER, '>=', [10], [1, 5, 6, 8]),
  condition(NUMBER, 'is null', [], [4]),
  condition(NUMBER, 'is not null', [], [1, 2, 3, 5, 6, 7, 8]),
  condition(NUMBER, 'in', [0, null, 10], [1, 3, 5, 8]),
  condition(BIG, '=', [2n ** 63n - 1n], [5]),
  condition(BIG, '>', [9_007_199_254_740_990], [5, 7]),
  condition(BIG, '<', [-1], [6]),
  condition(PRICE, '=', [12_500], [1, 8]),
  condition(PRICE, '>', [10n ** 20n - 2n], [5]),
  condition(RATIO, '>', [0], [1, 5, 6, 8]),
  condition(RATIO, '=', [0.1], [8]),
  condition(NAME, '=', ['anna'], [1, 2, 3]),
  condition(NAME, '<>', ['ANNA'], [5, 6, 7, 8]),
  condition(NAME, 'in', ['ZOE 😀', ''], [5, 6]),
  condition(CODE, '=', ['a'], [1]),
  condition(CODE, '<', ['a'], [2, 5, 8]),
  condition(CODE, '=', ['b\'\\"`;--'], [7]),
  condition(CODE, '=', [''], [5]),
  condition(DATA, '=', [Uint8Array.of(0)], [5]),
  condition(DATA, '<', [Uint8Array.of(0, 2)], [1, 3, 5]),
  condition(MOMENT, '=', [SAMPLE_ROWS[0]?.[MOMENT] ?? null], [1, 8]),
  condition(MOMENT, '<', [SAMPLE_ROWS[4]?.[MOMENT] ?? null], [2]),
]

function condition(
  column: number,
  operator: ColumnCondition['operator'],
  values: readonly Value[],
  expected: readonly number[],
): (typeof CONDITIONS)[number] {
  const name = `column ${column} ${operator} ${shown([values]).join()}`
  return { name, condition: { column, operator, values }, expected }
}

/** Ids of the sample rows ordered by a column, then by id, as MySQL does it. */
function sortedIds(column: number, descending: boolean): number[] {
  const sorted = SAMPLE_ROWS.map((row) => ({ id: Number(row[ID]), value: row[column] ?? null })).sort(
    (left, right) => {
      const order = compareValues(left.value, right.value)
      return (descending ? -order : order) || left.id - right.id
    },
  )
  return sorted.map(({ id }) => id)
}

/** The collation of the texts that are ordered. */
const CODES = collationByName('utf8mb4_bin')

function compareValues(left: Value, right: Value): number {
  if (left === null || right === null) return Number(right === null) - Number(left === null)
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right)
  if (typeof left === 'string' && typeof right === 'string') return CODES?.compare(left, right) ?? 0
  return left < right ? -1 : Number(left > right)
}

function rowOf(id: number): Value[] {
  return [id, id % 7, id * 1000, id, id / 3, `name ${id}`, `code ${id}`, Uint8Array.of(id % 256), null, null]
}
