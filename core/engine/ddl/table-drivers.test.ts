/**
 * Goal: definition statements work on table drivers as on keyspaces, and move tables between the two. Method: an engine over the
 * memory storage and a table driver that answers with promises; failures of the driver in between.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { WaitingTableStorage } from '../../../test/conformance/storage/waiting-table-storage.js'
import type { Batch } from '../../common/batch.js'
import { sqlError } from '../../common/sql-error.js'
import type { TableDefinition } from '../../plan/schema.js'
import { DefinitionSession } from '../testing/definition-session.js'

/** Knows which tables exist in it, and can refuse the next one. */
class ObservedDriver extends WaitingTableStorage {
  readonly present = new Set<number>()
  refusesNext = false
  losesRows = false

  override async createTable(table: TableDefinition): Promise<void> {
    if (this.refusesNext) throw sqlError('ER_NOT_SUPPORTED_YET', 'this table')
    await super.createTable(table)
    this.present.add(table.id)
  }

  override async insert(table: TableDefinition, rows: Batch): Promise<number> {
    if (this.losesRows) rows.truncate(rows.rowCount - 1)
    return super.insert(table, rows)
  }

  override async dropTable(tableId: number): Promise<void> {
    await super.dropTable(tableId)
    this.present.delete(tableId)
  }
}

let driver: ObservedDriver
let engine: DefinitionSession

beforeEach(async () => {
  driver = new ObservedDriver('columns')
  engine = await DefinitionSession.start([new MemoryStorage('memory'), driver])
  await engine.run(
    'CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(10), KEY (a)) ENGINE=columns',
    "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, NULL)",
  )
})
afterEach(async () => {
  // The driver has exactly the tables that the catalog names.
  await engine.cleanedUp()
  const named = [...engine.catalog.snapshot.relations('d')].filter(
    (relation) => relation.kind === 'table' && relation.placements[0]?.storage === 'columns',
  )
  expect([...driver.present].sort()).toEqual(named.map((table) => table.id).sort())
  expect(engine.catalog.orphans).toEqual([])
  await engine.stop()
})

const ROWS = [
  ['1', 'one'],
  ['2', 'two'],
  ['3', null],
]

test('a copy that is not what it should be is thrown away', async () => {
  await engine.run('CREATE TABLE u (id INT PRIMARY KEY) ENGINE=memory', 'INSERT INTO u VALUES (1), (2)')
  driver.losesRows = true
  await expect(engine.run('ALTER TABLE u ENGINE=columns')).rejects.toThrow(
    /^The copy of u in columns has 1 rows with the checksum \d+ instead of 2 rows/,
  )
  expect(await engine.rows('SELECT * FROM u ORDER BY id')).toEqual([['1'], ['2']])
})

test('tables are made, emptied and dropped', async () => {
  expect(await engine.rows('SELECT * FROM t ORDER BY id')).toEqual(ROWS)
  await engine.run('CREATE TABLE u ENGINE=columns SELECT * FROM t', 'CREATE TABLE v LIKE t', 'TRUNCATE t')
  expect(await engine.rows('SELECT COUNT(*) FROM t')).toEqual([['0']])
  expect(await engine.rows('SELECT COUNT(*) FROM u')).toEqual([['3']])
  expect(driver.present.size).toBe(3)
  await engine.run('DROP TABLE t, u')
})

test('a table that the driver refuses is not there', async () => {
  driver.refusesNext = true
  expect(await engine.failure('CREATE TABLE u (a INT) ENGINE=columns')).toBe(1235)
  expect(engine.catalog.relation('d', 'u')).toBeUndefined()
})

test('rows that do not fit leave no table', async () => {
  expect(await engine.failure("CREATE TABLE u (a INT) ENGINE=columns SELECT 'x' AS a")).toBe(1366)
  expect(engine.catalog.relation('d', 'u')).toBeUndefined()
})

test('ALTER TABLE copies what the driver does not change itself', async () => {
  const { id } = engine.table('t')
  await engine.run('ALTER TABLE t ADD b INT DEFAULT 5 FIRST, MODIFY a VARCHAR(20)')
  expect(engine.table('t').id).not.toBe(id)
  expect(await engine.rows('SELECT * FROM t ORDER BY id')).toEqual(ROWS.map((row) => ['5', ...row]))
  expect(await engine.failure('ALTER TABLE t MODIFY a VARCHAR(1)')).toBe(1406)
  await engine.run("ALTER TABLE t COMMENT 'c', RENAME u")
  expect(await engine.rows('SELECT COUNT(*) FROM u')).toEqual([['3']])
})

test('tables move between storages', async () => {
  await engine.run('ALTER TABLE t ENGINE=memory')
  expect(engine.table('t').placements[0]?.storage).toBe('memory')
  expect(await engine.rows("SELECT * FROM t WHERE a = 'two'")).toEqual([['2', 'two']])
  expect(await engine.problems('t')).toEqual([])
  await engine.run("INSERT INTO t VALUES (4, 'four')", 'ALTER TABLE t ENGINE=columns, ADD b INT')
  expect(await engine.rows('SELECT * FROM t WHERE id > 2 ORDER BY id')).toEqual([
    ['3', null, null],
    ['4', 'four', null],
  ])
})

test('a move that fails leaves the table where it was', async () => {
  await engine.run('ALTER TABLE t ENGINE=memory')
  driver.refusesNext = true
  expect(await engine.failure('ALTER TABLE t ENGINE=columns')).toBe(1235)
  expect(engine.table('t').placements[0]?.storage).toBe('memory')
  expect(await engine.rows('SELECT COUNT(*) FROM t')).toEqual([['3']])
  await engine.run('CREATE TABLE c (x INT, FOREIGN KEY (x) REFERENCES t (id))')
  driver.refusesNext = false
  expect(await engine.failure('ALTER TABLE t ENGINE=columns')).toBe(3776)
  expect(
    await engine.failure('CREATE TABLE e (x INT, FOREIGN KEY (x) REFERENCES t (id)) ENGINE=columns'),
  ).toBe(1235)
})

test('AUTO_INCREMENT goes on after a copy and a move', async () => {
  await engine.run(
    'CREATE TABLE n (id INT AUTO_INCREMENT PRIMARY KEY, x INT) ENGINE=columns AUTO_INCREMENT=10',
    'INSERT INTO n (x) VALUES (1)',
    'ALTER TABLE n ADD y INT FIRST',
    'INSERT INTO n (x) VALUES (2)',
    'ALTER TABLE n ENGINE=memory',
    'INSERT INTO n (x) VALUES (3)',
  )
  expect(await engine.rows('SELECT id FROM n ORDER BY id')).toEqual([['10'], ['11'], ['12']])
})

test('a new unique key is one for the rows that are there, too', async () => {
  await engine.run("INSERT INTO t VALUES (4, 'two')")
  expect(await engine.failure('ALTER TABLE t ADD UNIQUE (a)')).toBe(1062)
  await engine.run('DELETE FROM t WHERE id = 4', 'ALTER TABLE t ADD UNIQUE (a)')
  expect(await engine.failure("INSERT INTO t VALUES (4, 'two')")).toBe(1062)
  const { id } = engine.table('t')
  await engine.run('CREATE INDEX plain ON t (a, id)')
  expect(engine.table('t').id).toBe(id)
})

test('AUTO_INCREMENT never goes below what the driver has', async () => {
  await engine.run('CREATE TABLE u (id INT AUTO_INCREMENT PRIMARY KEY, a INT) ENGINE=columns')
  await engine.run('INSERT INTO u VALUES (-3, 1), (40, 2)', 'ALTER TABLE u AUTO_INCREMENT = 5')
  await engine.run('INSERT INTO u (a) VALUES (3)', 'ALTER TABLE u AUTO_INCREMENT = 100')
  await engine.run('INSERT INTO u (a) VALUES (4)')
  expect(await engine.rows('SELECT id FROM u ORDER BY a')).toEqual([['-3'], ['40'], ['41'], ['100']])
  await engine.run('DROP TABLE u')
})
