/**
 * Goal: derived tables, views and common table expressions leave no trace where they needn't be computed, and stay where they must.
 * Method: plans as EXPLAIN shows them.
 */
import { PlanReader } from './testing/plans.js'

let plans: PlanReader

beforeAll(async () => {
  plans = await PlanReader.start(
    'CREATE TABLE t (id INT PRIMARY KEY, x INT, s VARCHAR(20), KEY kx (x))',
    'CREATE TABLE u (id INT PRIMARY KEY, t INT, KEY kt (t))',
    'CREATE VIEW v AS SELECT id AS i, x + 1 AS y FROM t WHERE s IS NOT NULL',
    "INSERT INTO t VALUES (1, 10, 'a'), (2, 20, NULL), (3, 10, 'b')",
    'INSERT INTO u VALUES (1, 1), (2, 1), (3, 3)',
  )
})
afterAll(() => plans.stop())

test('a condition reaches the table through derived tables and views', async () => {
  expect(await plans.tree('SELECT * FROM (SELECT id AS k FROM t) d WHERE k = 5')).toEqual([
    'Single-row index lookup on t using PRIMARY (id=5)',
  ])
  expect(await plans.tree('SELECT y FROM v WHERE i = 5')).toEqual([
    'Single-row index lookup on t using PRIMARY (id=5), filter: (not((t.s is null)))',
  ])
})

test('joins of derived tables are ordered with the others', async () => {
  const tree = await plans.tree(
    'SELECT * FROM (SELECT u.t AS ut FROM u JOIN t ON u.id = t.x) d JOIN t ON t.id = d.ut WHERE t.id = 1',
  )
  expect(tree.filter((line) => line.includes('join'))).toHaveLength(2)
  expect(tree.some((line) => line.includes('lookup on t using PRIMARY (id=1)'))).toBe(true)
})

test('a common table expression with one reference is no table of its own', async () => {
  expect(await plans.tree('WITH c AS (SELECT id, x FROM t) SELECT x FROM c WHERE id = 2')).toEqual([
    'Single-row index lookup on t using PRIMARY (id=2)',
  ])
  const twice = await plans.tree('WITH c AS (SELECT id, x FROM t) SELECT * FROM c a, c b WHERE a.id = b.x')
  expect(twice.filter((line) => line.includes('shared result'))).toHaveLength(2)
})

test('volatile expressions are evaluated once a row, however often they are read', async () => {
  const rows = await plans.rows('SELECT r, r FROM (SELECT RAND() AS r FROM t) d')
  for (const [a, b] of rows) expect(a).toBe(b)
  expect(new Set(rows.map(([a]) => a)).size).toBe(3)
})

test('columns of the NULL side of an outer join are computed before it', async () => {
  const sql =
    'SELECT u.id, d.one FROM u LEFT JOIN (SELECT id, 1 AS one FROM t WHERE x = 10) d ON d.id = u.id ORDER BY u.id'
  expect(await plans.rows(sql)).toEqual([
    ['1', '1'],
    ['2', null],
    ['3', '1'],
  ])
})

test('a sub-query of the select list runs for the rows that LIMIT leaves', async () => {
  const sql = 'SELECT id, (SELECT COUNT(*) FROM u WHERE u.t = t.id) FROM t ORDER BY x LIMIT 1'
  const tree = await plans.tree(sql)
  expect(tree[0]).toBe('Compute select list')
  expect(tree[1]).toBe(' Limit: 1 row(s)'.replace(' ', '  '))
})

test('a join with a row that has no columns is no join', async () => {
  expect(await plans.tree('SELECT * FROM (SELECT 5 AS five) d JOIN t ON t.id = d.five')).toEqual([
    'Single-row index lookup on t using PRIMARY (id=5)',
  ])
})
