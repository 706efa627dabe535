/**
 * Goal: functional key parts are indexes like others: kept up to date, unique, used by queries that have the expression, shown as
 * written, gone with their index; the column behind them is nowhere to be seen. Method: an engine over the memory storage.
 */
import { DefinitionSession } from '../testing/definition-session.js'

let test_: DefinitionSession

beforeEach(async () => {
  test_ = await DefinitionSession.start()
  await test_.run(
    'CREATE TABLE t (id INT PRIMARY KEY, a INT, s VARCHAR(20), KEY by_sum ((a + 1) DESC, s), UNIQUE KEY low ((LOWER(s))))',
    "INSERT INTO t VALUES (1, 10, 'X'), (2, 20, 'y'), (3, NULL, NULL), (4, 5, NULL)",
  )
})
afterEach(() => test_.stop())

const accessOf = async (sql: string) => {
  const [row] = await test_.rows(`EXPLAIN ${sql}`)
  return row?.[6]
}

test('queries with the expression use the index', async () => {
  for (let i = 100; i < 400; i++)
    await test_.run(`INSERT INTO t VALUES (${String(i)}, ${String(i)}, 'n${String(i)}')`)
  expect(await test_.rows('SELECT id FROM t WHERE a + 1 = 11')).toEqual([['1']])
  expect(await accessOf('SELECT id FROM t WHERE a + 1 = 11')).toBe('by_sum')
  expect(await test_.rows("SELECT id FROM t WHERE LOWER(s) = 'x'")).toEqual([['1']])
  expect(await accessOf("SELECT id FROM t WHERE LOWER(s) = 'x'")).toBe('low')
  expect(await accessOf('SELECT id FROM t WHERE a + 2 = 11')).not.toBe('by_sum')
  // A plan of the cache is for its own expression.
  expect(await test_.rows('SELECT id FROM t WHERE a + 2 = 12')).toEqual([['1']])
  await test_.run('UPDATE t SET a = 77 WHERE a + 1 = 11')
  expect(await test_.rows('SELECT id FROM t WHERE a + 1 = 78')).toEqual([['1']])
  await test_.run('DELETE FROM t WHERE a + 1 = 78')
  expect(await test_.rows('SELECT id FROM t WHERE a + 1 = 78')).toEqual([])
  expect(await test_.problems('t')).toEqual([])
})

test('rows that an outer join makes up are not asked for', async () => {
  await test_.run('CREATE TABLE c (k INT, KEY ((COALESCE(k, 0))))', 'INSERT INTO c VALUES (1)')
  const sql = 'SELECT t.id FROM t LEFT JOIN c ON c.k = t.id WHERE COALESCE(c.k, 0) = 0 ORDER BY t.id'
  expect(await test_.rows(sql)).toEqual([['2'], ['3'], ['4']])
})

test('unique expressions', async () => {
  expect(await test_.failure("INSERT INTO t VALUES (5, 1, 'x')")).toBe(1062)
  await test_.run("INSERT INTO t VALUES (5, 1, 'z')")
  expect(await test_.failure("UPDATE t SET s = 'Y' WHERE id = 5")).toBe(1062)
})

test('the column is nowhere to be seen', async () => {
  expect(test_.body('t')).toEqual([
    '`id` int NOT NULL',
    '`a` int DEFAULT NULL',
    '`s` varchar(20) DEFAULT NULL',
    'PRIMARY KEY (`id`)',
    'UNIQUE KEY `low` ((lower(`s`)))',
    'KEY `by_sum` (((`a` + 1)) DESC,`s`)',
  ])
  expect(await test_.rows('SELECT * FROM t WHERE id = 1')).toEqual([['1', '10', 'X']])
  expect((await test_.rows('SHOW COLUMNS FROM t')).map(([name]) => name)).toEqual(['id', 'a', 's'])
  const columns = "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_NAME = 't'"
  expect(await test_.rows(columns)).toEqual([['3']])
  expect(await test_.failure('SELECT `!hidden!low!0!0` FROM t')).toBe(1054)
  expect(await test_.failure('ALTER TABLE t DROP COLUMN `!hidden!low!0!0`')).toBe(1091)
  expect(
    await test_.rows(
      "SELECT COLUMN_NAME, EXPRESSION FROM information_schema.STATISTICS WHERE TABLE_NAME = 't' AND INDEX_NAME = 'by_sum' ORDER BY SEQ_IN_INDEX",
    ),
  ).toEqual([
    [null, '(`a` + 1)'],
    ['s', null],
  ])
})

test('what SHOW CREATE TABLE shows makes the same table', async () => {
  const [row] = await test_.rows('SHOW CREATE TABLE t')
  await test_.run('RENAME TABLE t TO before_')
  await test_.run(row?.[1] ?? '')
  expect(test_.body('t')).toEqual(test_.body('before_'))
  await test_.run('CREATE TABLE copied LIKE t', 'INSERT INTO copied SELECT * FROM before_')
  expect(test_.body('copied')).toEqual(test_.body('t'))
  expect(await test_.rows('SELECT id FROM copied WHERE a + 1 = 21')).toEqual([['2']])
})

test('indexes come and go', async () => {
  await test_.run(
    'CREATE INDEX twice ON t ((a * 2))',
    'ALTER TABLE t ADD INDEX ((a * 3)), ADD INDEX ((a * 4))',
  )
  expect(test_.table('t').indexes.map(({ name }) => name)).toEqual([
    'PRIMARY',
    'low',
    'by_sum',
    'twice',
    'functional_index',
    'functional_index_2',
  ])
  expect(await test_.rows('SELECT id FROM t WHERE a * 2 = 40')).toEqual([['2']])
  expect(await test_.problems('t')).toEqual([])
  await test_.run('ALTER TABLE t ADD COLUMN z INT DEFAULT 4')
  await test_.run("INSERT INTO t VALUES (9, 90, 'q', 1)")
  expect(await test_.rows('SELECT * FROM t WHERE a * 4 = 360')).toEqual([['9', '90', 'q', '1']])
  await test_.run('DROP INDEX by_sum ON t', 'ALTER TABLE t DROP INDEX twice, DROP INDEX functional_index')
  expect(test_.table('t').columns.map(({ name }) => name)).toEqual([
    'id',
    'a',
    's',
    '!hidden!low!0!0',
    '!hidden!functional_index_2!0!0',
    'z',
  ])
  expect(await test_.rows('SELECT * FROM t WHERE a + 1 = 91')).toEqual([['9', '90', 'q', '1']])
  expect(await test_.problems('t')).toEqual([])
})

test('mistakes', async () => {
  expect(await test_.failure('CREATE TABLE u (a INT, KEY ((a)))')).toBe(3762)
  expect(await test_.failure('CREATE TABLE u (a INT, PRIMARY KEY ((a + 1)))')).toBe(3756)
  expect(await test_.failure('CREATE TABLE u (a INT, KEY ((a + RAND())))')).toBe(3758)
  expect(await test_.failure('CREATE TABLE u (j JSON, KEY ((JSON_EXTRACT(j, "$"))))')).toBe(3753)
  expect(await test_.failure('CREATE TABLE u (b TEXT, KEY ((REPEAT(b, 9))))')).toBe(3757)
  expect(await test_.failure('CREATE TABLE u (a INT AUTO_INCREMENT PRIMARY KEY, KEY ((a + 1)))')).toBe(3754)
  expect(await test_.failure('CREATE TABLE u (a INT, KEY ((b + 1)))')).toBe(1054)
  expect(await test_.failure('ALTER TABLE t DROP COLUMN a')).toBe(3837)
  expect(await test_.failure('ALTER TABLE t RENAME COLUMN s TO r')).toBe(3837)
})
