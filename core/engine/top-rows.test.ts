/**
 * Goal: ORDER BY with LIMIT gives the first rows of what ORDER BY gives alone, whichever rows are thrown away in between.
 * Method: more rows than are kept at once, in no order, with NULLs, ties, and texts that differ late or only by case; each limit against the
 * whole.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

const ROWS = 20_000

let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  session = await engine.session()
  await session.run('CREATE DATABASE t')
  await session.run('USE t')
  await session.run(
    'CREATE TABLE r (id INT PRIMARY KEY, few INT, wide BIGINT UNSIGNED, real_number DOUBLE, exact DECIMAL(30, 4), name VARCHAR(40), at DATETIME(3))',
  )
  await session.run('SET cte_max_recursion_depth = 100000')
  await session.run(`INSERT INTO r WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS - 1}),
    m AS (SELECT i * 7919 % ${ROWS} AS i FROM n)
    SELECT i, NULLIF(i % 5, 0), i * 400719925474099 + 7, IF(i % 100 = 7, NULL, SIN(i)), i * 12345678901234.5678,
      IF(i % 300 = 1, NULL, CONCAT(IF(i % 2, 'Same beginning ', 'same beginning '), i % 977)),
      TIMESTAMP('2024-01-01') + INTERVAL i * 37 % 5000 SECOND FROM m`)
})
afterAll(() => engine.stop())

const ORDERS = ['few', 'wide', 'real_number', 'exact', 'name', 'at', 'few DESC, name', 'at, few', 'few + 1']

describe.each(ORDERS)('ORDER BY %s', (order) => {
  test.each(['', ' DESC'])('%s', async (direction) => {
    const sql = `SELECT id, ${order.split(/ DESC|,/)[0] ?? ''} FROM r ORDER BY ${order}${direction}, id`
    const all = await session.rows(sql)
    expect(all.length).toBe(ROWS)
    for (const limit of [1, 10, 1000, 9000]) {
      expect(await session.rows(`${sql} LIMIT ${limit}`)).toEqual(all.slice(0, limit))
    }
    expect(await session.rows(`${sql} LIMIT 5 OFFSET 70`)).toEqual(all.slice(70, 75))
  })
})

test('DISTINCT below it', async () => {
  const sql = 'SELECT DISTINCT name FROM r ORDER BY name DESC'
  const all = await session.rows(sql)
  expect(await session.rows(`${sql} LIMIT 20`)).toEqual(all.slice(0, 20))
})
