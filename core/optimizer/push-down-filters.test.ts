/**
 * Goal: conditions are evaluated where rows are read, and nowhere else. Method: plans as EXPLAIN shows them.
 */
import { PlanReader } from './testing/plans.js'

let plans: PlanReader

beforeAll(async () => {
  plans = await PlanReader.start(
    'CREATE TABLE t (id INT PRIMARY KEY, x INT, y INT, s VARCHAR(20))',
    'CREATE TABLE u (id INT PRIMARY KEY, x INT, y INT)',
  )
})
afterAll(() => plans.stop())

/** Where the filter stands that has `part` in it. */
async function place(sql: string, part: string): Promise<string | undefined> {
  const line = (await plans.tree(sql)).find((each) => each.includes(part))
  return line?.trim()
}

test('conditions on one table go into its scan', async () => {
  const tree = await plans.tree('SELECT * FROM t JOIN u ON t.x = u.x WHERE t.y > 1 AND u.y < 2')
  expect(tree).toEqual([
    'Inner hash join on (t.x = u.x)',
    '  Table scan on t, filter: (t.y > 1)',
    '  Table scan on u, filter: (u.y < 2)',
  ])
})

test('ON conditions of a left join reach the right side, WHERE conditions only the left', async () => {
  expect(await place('SELECT * FROM t LEFT JOIN u ON t.x = u.x AND u.y = 3', 'u.y = 3')).toMatch(
    /^Table scan on u/,
  )
  expect(await place('SELECT * FROM t LEFT JOIN u ON t.x = u.x WHERE t.y = 3', 't.y = 3')).toMatch(
    /^Table scan on t/,
  )
  expect(await place('SELECT * FROM t LEFT JOIN u ON t.x = u.x AND t.y = 3', 't.y = 3')).toMatch(
    /^Left hash join/,
  )
  expect(await place('SELECT * FROM t LEFT JOIN u ON t.x = u.x WHERE u.y IS NULL', 'u.y is null')).toMatch(
    /^Filter/,
  )
})

test('conditions on grouping keys go below the grouping, those on aggregates do not', async () => {
  const sql = 'SELECT * FROM (SELECT x, COUNT(*) AS n FROM t GROUP BY x) d WHERE x = 3 AND n > 1'
  expect(await place(sql, 't.x = 3')).toMatch(/^Table scan on t, filter/)
  expect(await place(sql, 'count(*) > 1')).toMatch(/^Filter/)
  const whole = "SELECT * FROM (SELECT COUNT(*) AS n FROM t HAVING 'a' = 'b') d"
  expect((await plans.rows(whole)).length).toBe(0)
})

test('text of a group is one of several equal ones, so only its own collation may look at it below', async () => {
  const grouped = 'SELECT * FROM (SELECT s FROM t GROUP BY s) d WHERE'
  expect(await place(`${grouped} s = 'a'`, "s = 'a'")).toMatch(/^Table scan/)
  expect(await place(`${grouped} LENGTH(s) = 1`, 'length')).toMatch(/^Filter/)
  expect(await place(`${grouped} s COLLATE utf8mb4_bin = 'a'`, "= 'a'")).toMatch(/^Filter/)
})

test('ROLLUP makes rows of its own, which are looked at above it', async () => {
  const sql = 'SELECT * FROM (SELECT x, COUNT(*) FROM t GROUP BY x WITH ROLLUP) d WHERE x = 3'
  expect(await place(sql, '= 3')).toMatch(/^Filter/)
})

test('set operations filter their inputs', async () => {
  const tree = await plans.tree('SELECT * FROM (SELECT x FROM t UNION ALL SELECT y FROM u) d WHERE x = 3')
  expect(tree).toEqual([
    'Append',
    '  Table scan on t, filter: (t.x = 3)',
    '  Table scan on u, filter: (u.y = 3)',
  ])
})

test('partitions of a window are filtered before it, ranks after it', async () => {
  const ranked = 'SELECT * FROM (SELECT x, y, RANK() OVER (PARTITION BY x ORDER BY y) AS r FROM t) d WHERE'
  expect(await place(`${ranked} x = 3`, 't.x = 3')).toMatch(/^Table scan/)
  expect(await place(`${ranked} r = 1`, '= 1')).toMatch(/^Filter/)
  expect(await place(`${ranked} y = 1`, '= 1')).toMatch(/^Filter/)
})

test('nothing passes a LIMIT', async () => {
  expect(await place('SELECT * FROM (SELECT x FROM t LIMIT 5) d WHERE x = 3', '= 3')).toMatch(/^Filter/)
})

test('sub-queries wait above the scan, and above what is cheap', async () => {
  const sql = 'SELECT * FROM t WHERE y > (SELECT MAX(y) FROM u WHERE u.x = t.x) AND x = 1'
  const tree = await plans.tree(sql)
  expect(tree[0]).toMatch(/^Filter: \(t.y > \(select …\)\)/)
  expect(tree[1]).toBe('  Table scan on t, filter: (t.x = 1)')
})

test('volatile conditions stay where they were written', async () => {
  expect(await place('SELECT * FROM t JOIN u ON t.x = u.x WHERE RAND() < t.y', 'rand')).toMatch(/^Filter/)
})

test('constant conditions are decided while planning', async () => {
  expect(await plans.tree('SELECT * FROM t WHERE 1 = 1')).toEqual(['Table scan on t'])
  expect(await plans.tree('SELECT x FROM t WHERE 1 = 0')).toEqual([
    'Zero rows (no matching row in const table)',
  ])
  expect(await plans.rows('SELECT COUNT(*) FROM t WHERE 0')).toEqual([['0']])
})
