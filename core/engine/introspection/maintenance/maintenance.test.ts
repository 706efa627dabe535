/**
 * Goal: table maintenance tells the truth about tables, FLUSH does what it says, and statements about absent things fail as on MySQL.
 * Method: an engine over the memory storage; for damage, an index that was taken away from under it.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { TestEngine, type TestSession } from '../../../../test/support/engine.js'
import type { TableDefinition } from '../../../plan/schema.js'
import type { LocalCatalog } from '../../../catalog/local-catalog.js'
import type { CoreTransactionManager } from '../../../transaction/transaction-manager.js'
import { isSqlError } from '../../../common/sql-error.js'

let storage: MemoryStorage
let engine: TestEngine
let session: TestSession

beforeEach(async () => {
  storage = new MemoryStorage('memory')
  engine = await TestEngine.start([storage])
  session = await engine.session()
  for (const sql of [
    'CREATE DATABASE d',
    'USE d',
    'CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(9), KEY by_b (b))',
    "INSERT INTO t VALUES (1, 'x'), (2, NULL), (3, '')",
    'CREATE VIEW v AS SELECT a FROM t',
  ])
    await session.run(sql)
})
afterEach(() => engine.stop())

/** Number and message of a statement's error. */
function numbered(error: unknown): readonly [number: number, message: string] {
  if (!isSqlError(error)) throw error
  return [error.number, error.message]
}

const failure = (sql: string) =>
  session.run(sql).then(
    () => undefined,
    (error: unknown) => numbered(error),
  )

/** What the engine keeps to itself. */
function inside() {
  return Reflect.get(engine.engine, 'parts') as {
    readonly catalog: LocalCatalog
    readonly transactions: CoreTransactionManager
  }
}

describe('CHECK TABLE', () => {
  test('finds whole tables whole, and says which are none', async () => {
    const { columns, rows } = await session.run('CHECK TABLE t, v, nope, information_schema.tables')
    expect(columns.map(({ name }) => name)).toEqual(['Table', 'Op', 'Msg_type', 'Msg_text'])
    expect(rows).toEqual([
      ['d.t', 'check', 'status', 'OK'],
      ['d.v', 'check', 'status', 'OK'],
      ['d.nope', 'check', 'Error', "Table 'd.nope' doesn't exist"],
      ['d.nope', 'check', 'status', 'Operation failed'],
      [
        'information_schema.tables',
        'check',
        'note',
        "The storage engine for the table doesn't support check",
      ],
    ])
  })

  test('finds damage', async () => {
    const index = inside().catalog.snapshot.table('d', 't')?.indexes.at(-1)
    await storage.dropKeyspace(index?.id ?? 0)
    await session.run('CREATE TABLE later (a INT)')
    const rows = await session.rows('CHECK TABLE t')
    expect(rows.at(-1)).toEqual(['d.t', 'check', 'error', 'Corrupt'])
    expect(rows.slice(0, -1).map((row) => row.slice(1, 3))).toEqual(Array(3).fill(['check', 'error']))
    expect(rows[0]?.[3]).toMatch(/has no entry in index by_b$/)
  })

  test('finds views that lost their tables', async () => {
    await session.run('DROP TABLE t')
    expect(await session.rows('CHECK TABLE v')).toEqual([
      ['d.v', 'check', 'Error', expect.stringMatching(/^View 'd.v' references invalid table/)],
      ['d.v', 'check', 'error', 'Corrupt'],
    ])
  })
})

test('CHECKSUM TABLE is of the rows, not of their order or table', async () => {
  const checksum = async (table: string) => (await session.rows(`CHECKSUM TABLE ${table}`))[0]?.[1]
  await session.run('CREATE TABLE same (b VARCHAR(9), a INT UNIQUE)')
  await session.run('ALTER TABLE same MODIFY a INT FIRST')
  await session.run("INSERT INTO same (a, b) VALUES (3, ''), (1, 'x'), (2, NULL)")
  const before = await checksum('t')
  expect(Number(before)).toBeGreaterThan(0)
  expect(await checksum('same')).toBe(before)
  await session.run("UPDATE same SET b = '' WHERE a = 2")
  expect(await checksum('same')).not.toBe(before)
  expect(await session.rows('CHECKSUM TABLE t QUICK')).toEqual([['d.t', null]])
  expect(await session.rows('CHECKSUM TABLE nope')).toEqual([['d.nope', null]])
  expect((await session.rows('SHOW WARNINGS')).map(([level, code]) => [level, code])).toEqual([
    ['Error', '1146'],
  ])
  await session.run('CREATE TABLE empty_ (a INT)')
  expect(await checksum('empty_')).toBe('0')
})

test('ANALYZE TABLE counts rows anew, and they are counted on', async () => {
  const rows = async () =>
    (await session.rows("SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_NAME = 't'"))[0]?.[0]
  const { catalog, transactions } = inside()
  const { environment } = transactions
  environment.sizes.set(
    environment.runtimeOf(catalog.snapshot.table('d', 't') as TableDefinition),
    1_000_000,
    5,
  )
  expect(await rows()).toBe('1000000')
  expect(await session.rows('ANALYZE TABLE t, v')).toEqual([
    ['d.t', 'analyze', 'status', 'OK'],
    ['d.v', 'analyze', 'Error', "'d.v' is not BASE TABLE"],
    ['d.v', 'analyze', 'status', 'Operation failed'],
  ])
  expect(await rows()).toBe('3')
  await session.run('TRUNCATE TABLE t')
  expect(await rows()).toBe('0')
  await session.run("INSERT INTO t VALUES (7, 'x'), (8, 'y')")
  await session.run('ALTER TABLE t MODIFY b VARCHAR(20) CHARACTER SET latin1')
  expect(await rows()).toBe('2')
  expect(await failure('ANALYZE TABLE t UPDATE HISTOGRAM ON a')).toMatchObject([1235, expect.anything()])
})

test('OPTIMIZE and REPAIR have nothing to do', async () => {
  for (const operation of ['optimize', 'repair']) {
    expect(await session.rows(`${operation} TABLE t`)).toEqual([
      ['d.t', operation, 'note', `The storage engine for the table doesn't support ${operation}`],
    ])
  }
})

test('FLUSH', async () => {
  const value = async (name: string) => Number((await session.rows(`SHOW STATUS LIKE '${name}'`))[0]?.[1])
  await session.run('SELECT 1')
  expect(await value('Com_select')).toBeGreaterThan(0)
  await session.run('FLUSH STATUS')
  expect(await value('Com_select')).toBe(0)
  expect(Number((await session.rows("SHOW GLOBAL STATUS LIKE 'Com_select'"))[0]?.[1])).toBeGreaterThan(0)
  for (const what of [
    'TABLES',
    'PRIVILEGES',
    'LOGS',
    'ENGINE LOGS',
    'HOSTS, OPTIMIZER_COSTS',
    'LOCAL USER_RESOURCES',
  ]) {
    await session.run(`FLUSH ${what}`)
  }
  expect(await failure('FLUSH TABLES t FOR EXPORT')).toMatchObject([1235, expect.anything()])
})

test.each([
  ['CALL p()', 1305, 'PROCEDURE d.p does not exist'],
  ['DROP PROCEDURE p', 1305, 'PROCEDURE d.p does not exist'],
  ['DROP FUNCTION p', 1305, 'FUNCTION d.p does not exist'],
  ['DROP TRIGGER p', 1360, 'Trigger does not exist'],
  ['DROP EVENT p', 1539, "Unknown event 'p'"],
  ['ALTER EVENT p DISABLE', 1539, "Unknown event 'p'"],
  ['CREATE PROCEDURE p() SELECT 1', 1235, "This version of MySQL doesn't yet support 'CREATE PROCEDURE'"],
  [
    'CREATE TRIGGER p BEFORE INSERT ON t FOR EACH ROW SET @x = 1',
    1235,
    "This version of MySQL doesn't yet support 'CREATE TRIGGER'",
  ],
  ['HANDLER t OPEN', 1235, "This version of MySQL doesn't yet support 'HANDLER'"],
  ["XA START 'x'", 1235, "This version of MySQL doesn't yet support 'XA'"],
  [
    "INSTALL PLUGIN x SONAME 'x.so'",
    1235,
    "This version of MySQL doesn't yet support 'INSTALL and UNINSTALL'",
  ],
  ['SHUTDOWN', 1235, "This version of MySQL doesn't yet support 'SHUTDOWN of an embedded server'"],
])('%s', async (sql, number, message) => {
  expect(await failure(sql)).toEqual([number, message])
})

test('dropping what nobody has is a note with IF EXISTS', async () => {
  for (const [sql, code] of [
    ['DROP PROCEDURE IF EXISTS p', '1305'],
    ['DROP TRIGGER IF EXISTS p', '1360'],
    ['DROP EVENT IF EXISTS p', '1539'],
  ] as const) {
    await session.run(sql)
    expect((await session.rows('SHOW WARNINGS')).map((row) => row.slice(0, 2))).toEqual([['Note', code]])
  }
  expect(await session.rows("HELP 'select'")).toEqual([])
})

test('comments are statements, nothing is none', async () => {
  await session.run('/* nothing */')
  await session.run('-- nothing')
  await session.run('/*M!100100 SET WAIT_TIMEOUT=DEFAULT */')
  expect(await failure(' ')).toMatchObject([1065, 'Query was empty'])
  expect(await failure(';')).toMatchObject([1065, 'Query was empty'])
})
