/**
 * Goal: statements without tables work from text to answer. Method: a whole engine over the memory storage, without a network.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  session = await engine.session()
})
afterAll(() => engine.stop())

test.each([
  ['SELECT 1', [['1']]],
  ["SELECT 1 + 1, 'a', NULL, 1.50 * 2", [['2', 'a', null, '3.00']]],
  ['SELECT 7 / 2, 7 DIV 2, 7 % 2, -5', [['3.5000', '3', '1', '-5']]],
  ["SELECT CONCAT('a', 'b'), UPPER('x'), LENGTH('äö')", [['ab', 'X', '4']]],
  ['SELECT 1 UNION SELECT 2 UNION SELECT 1', [['1'], ['2']]],
  ['SELECT COUNT(*), SUM(a), AVG(a) FROM (SELECT 1 AS a UNION ALL SELECT 2) t', [['2', '3', '1.5000']]],
  [
    'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT SUM(i) FROM n',
    [['15']],
  ],
  ["SELECT CASE WHEN 1 = 2 THEN 'x' ELSE 'y' END, IF(1, 'a', 'b'), COALESCE(NULL, 3)", [['y', 'a', '3']]],
  [
    'SELECT a, ROW_NUMBER() OVER (ORDER BY a DESC) FROM (SELECT 1 AS a UNION ALL SELECT 2) t ORDER BY a',
    [
      ['1', '2'],
      ['2', '1'],
    ],
  ],
  ['SELECT 1 WHERE EXISTS (SELECT 1) AND 2 IN (SELECT 2 UNION SELECT 3)', [['1']]],
  ['SELECT (SELECT MAX(b) FROM (SELECT 3 AS b UNION ALL SELECT a) u) FROM (SELECT 5 AS a) t', [['5']]],
])('%s', async (sql, rows) => {
  expect(await session.rows(sql)).toEqual(rows)
  // The second time the plan comes from the cache.
  expect(await session.rows(sql)).toEqual(rows)
})

test('errors have their numbers', async () => {
  await expect(session.run('SELECT x')).rejects.toMatchObject({
    number: 1054,
    message: "Unknown column 'x' in 'field list'",
  })
  await expect(session.run('SELEC 1')).rejects.toMatchObject({ number: 1064 })
  await expect(session.run('SELECT (SELECT 1 UNION SELECT 2)')).rejects.toMatchObject({ number: 1242 })
})

test('a cached plan serves other literals', async () => {
  expect(await session.rows('SELECT a FROM (SELECT 1 AS a UNION ALL SELECT 2) t WHERE a = 1')).toEqual([
    ['1'],
  ])
  expect(await session.rows('SELECT a FROM (SELECT 1 AS a UNION ALL SELECT 2) t WHERE a = 2')).toEqual([
    ['2'],
  ])
})

test('sql_select_limit limits SELECT statements that have no LIMIT, and nothing inside of them', async () => {
  const rows = 'SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 3'
  const three = [['1'], ['2'], ['3']]
  expect(await session.rows(rows)).toEqual(three)
  await session.run('SET sql_select_limit = 2')
  expect(await session.rows(rows)).toEqual([['1'], ['2']])
  expect(await session.rows(`${rows} LIMIT 3`)).toEqual(three)
  expect(await session.rows(`SELECT COUNT(*) FROM (${rows}) t`)).toEqual([['3']])
  await session.run('SET sql_select_limit = 0')
  await session.run(`SET @three = (SELECT COUNT(*) FROM (${rows}) t)`)
  expect(await session.rows('SELECT @three LIMIT 1')).toEqual([['3']])
  await session.run('SET sql_select_limit = DEFAULT')
  expect(await session.rows(rows)).toEqual(three)
})

test('SLEEP waits, for each row, and ends when the statement is killed', async () => {
  const startedAtMs = performance.now()
  expect(await session.rows('SELECT SLEEP(0.05) FROM (SELECT 1 UNION ALL SELECT 2) t')).toEqual([
    ['0'],
    ['0'],
  ])
  expect(performance.now() - startedAtMs).toBeGreaterThan(95)
  const sleeping = session.run('SELECT SLEEP(60)')
  const other = await engine.session()
  await other.run(`KILL QUERY ${session.session.connectionId}`)
  await expect(sleeping).rejects.toMatchObject({ number: 1317 })
  await session.run('DO SLEEP(0)')
  await session.run('SET @slept = SLEEP(0)')
  await expect(session.run('SELECT SLEEP(-1)')).rejects.toMatchObject({ number: 1210 })
})

test('innodb_lock_wait_timeout holds from when it is set, also within a transaction', async () => {
  const other = await engine.session()
  await session.run('CREATE DATABASE waits')
  await session.run('CREATE TABLE waits.t (id INT PRIMARY KEY)')
  await session.run('INSERT INTO waits.t VALUES (1)')
  await session.run('START TRANSACTION')
  await session.run('SELECT * FROM waits.t FOR UPDATE')
  await other.run('START TRANSACTION')
  await other.run('SET innodb_lock_wait_timeout = 1')
  await expect(other.run('DELETE FROM waits.t')).rejects.toMatchObject({ number: 1205 })
  await other.run('ROLLBACK')
  await session.run('ROLLBACK')
})
