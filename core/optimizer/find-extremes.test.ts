/**
 * Goal: MIN and MAX read one entry of an index. Method: plans as EXPLAIN shows them, and answers with NULLs and no rows.
 */
import { PlanReader } from './testing/plans.js'

let plans: PlanReader

beforeAll(async () => {
  plans = await PlanReader.start(
    "CREATE TABLE t (id INT PRIMARY KEY, x INT, e ENUM('b', 'a'), z INT, KEY kx (x), KEY ke (e))",
    "INSERT INTO t VALUES (1, NULL, 'a', 1), (2, 5, 'b', 2), (3, 9, 'a', 3)",
  )
})
afterAll(() => plans.stop())

test('each extreme stops after one row', async () => {
  const tree = await plans.tree('SELECT MIN(x), MAX(x) FROM t')
  expect(tree.filter((line) => line.includes('stop after 1 row'))).toHaveLength(2)
  expect(await plans.rows('SELECT MIN(x), MAX(x), MAX(id) FROM t')).toEqual([['5', '9', '3']])
})

test('no rows make NULL', async () => {
  expect(await plans.rows('SELECT MAX(x) FROM t WHERE x > 100')).toEqual([[null]])
  expect(await plans.rows('SELECT MIN(x) FROM t WHERE x IS NULL')).toEqual([[null]])
})

test('ENUM is compared as text, and columns without an index are read through', async () => {
  expect(await plans.rows('SELECT MIN(e), MAX(e) FROM t')).toEqual([['a', 'b']])
  for (const sql of ['SELECT MIN(e) FROM t', 'SELECT MAX(z) FROM t', 'SELECT MAX(x), COUNT(*) FROM t']) {
    expect((await plans.tree(sql)).some((line) => line.includes('stop after'))).toBe(false)
  }
})
