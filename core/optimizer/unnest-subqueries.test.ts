/**
 * Goal: sub-queries of conditions become joins where that means the same, above all with NULLs. Method: the joins that EXPLAIN
 * names, and rows where NULLs decide.
 */
import { PlanReader } from './testing/plans.js'

let plans: PlanReader

beforeAll(async () => {
  plans = await PlanReader.start(
    'CREATE TABLE a (id INT PRIMARY KEY, x INT, n INT NOT NULL)',
    'CREATE TABLE b (id INT PRIMARY KEY, x INT, n INT NOT NULL)',
    'INSERT INTO a VALUES (1, 1, 1), (2, 2, 2), (3, NULL, 3)',
    'INSERT INTO b VALUES (1, 1, 1), (2, NULL, 5)',
  )
})
afterAll(() => plans.stop())

test.each([
  ['x IN (SELECT x FROM b)', 'Hash semijoin'],
  ['x = ANY (SELECT x FROM b)', 'Hash semijoin'],
  ['EXISTS (SELECT 1 FROM b WHERE b.x = a.x)', 'Hash semijoin'],
  ['x IN (SELECT x FROM b WHERE b.n = a.n)', 'Hash semijoin'],
  ['NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.x)', 'Hash antijoin'],
  ['n NOT IN (SELECT n FROM b)', 'Hash antijoin on'],
  ['x NOT IN (SELECT x FROM b)', 'Hash antijoin (null-aware)'],
  ['(x, n) IN (SELECT x, n FROM b)', 'Hash semijoin'],
])('%s', async (condition, join) => {
  // Small tables: with large ones indexes are looked up instead.
  const tree = await plans.tree(`SELECT * FROM a WHERE ${condition}`)
  expect(tree[0]).toContain(join)
})

test.each([
  ['a correlated NOT IN that may meet NULL', 'x NOT IN (SELECT x FROM b WHERE b.n = a.n)'],
  ['NOT IN of several columns that may be NULL', '(x, n) NOT IN (SELECT x, n FROM b)'],
  ['a sub-query under OR', 'x IN (SELECT x FROM b) OR n = 1'],
  ['LIMIT in a correlated sub-query', 'EXISTS (SELECT 1 FROM b WHERE b.x = a.x LIMIT 1 OFFSET 1)'],
  ['grouping over what is correlated', 'EXISTS (SELECT COUNT(*) FROM b WHERE b.x = a.x HAVING COUNT(*) > 1)'],
  ['a volatile sub-query', 'x IN (SELECT RAND() FROM b)'],
  ['EXISTS that reads nothing outside', 'EXISTS (SELECT 1 FROM b)'],
])('%s stays', async (_, condition) => {
  const tree = await plans.tree(`SELECT * FROM a WHERE ${condition}`)
  expect(tree.some((line) => line.includes('Select #'))).toBe(true)
})

test('NOT IN is unknown where NULL is compared', async () => {
  expect(await plans.rows('SELECT id FROM a WHERE x NOT IN (SELECT x FROM b)')).toEqual([])
  expect(await plans.rows('SELECT id FROM a WHERE x NOT IN (SELECT x FROM b WHERE x IS NOT NULL)')).toEqual([
    ['2'],
  ])
  expect(await plans.rows('SELECT id FROM a WHERE x NOT IN (SELECT x FROM b WHERE n > 99)')).toEqual([
    ['1'],
    ['2'],
    ['3'],
  ])
  expect(await plans.rows('SELECT id FROM a WHERE x NOT IN (SELECT 7 FROM b) ORDER BY id')).toEqual([
    ['1'],
    ['2'],
  ])
  expect(await plans.rows('SELECT id FROM a WHERE 7 NOT IN (SELECT x FROM b)')).toEqual([])
})

test('every row comes once, however often its value is found', async () => {
  const sql = 'SELECT id FROM a WHERE n IN (SELECT b.n FROM b JOIN b c ON c.id > 0) ORDER BY id'
  expect(await plans.rows(sql)).toEqual([['1']])
})

test('a selective IN starts from its list', async () => {
  plans.change({ estimateRange: () => 2 })
  const few = await plans.tree('SELECT * FROM a WHERE id IN (SELECT n FROM b WHERE id < 4 AND id > 1)')
  plans.change({ estimateRange: () => 90_000 })
  const many = await plans.tree('SELECT * FROM a WHERE id IN (SELECT n FROM b WHERE id < 5 AND id > 1)')
  plans.change({ estimateRange: () => undefined })
  expect(few).toEqual([
    'Nested loop inner join',
    '  Deduplicate rows in memory',
    '    Index range scan on b using PRIMARY over (1 <= id <= 4)',
    '  Single-row index lookup on a using PRIMARY (id=b.n)',
  ])
  expect(many[0]).toBe('Hash semijoin on (a.id = b.n)')
})
