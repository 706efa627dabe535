/**
 * Goal: rows are sorted only where no index has the order, and LIMIT stops early. Method: plans as EXPLAIN shows them, and the
 * rows that come.
 */
import { PlanReader } from './testing/plans.js'

let plans: PlanReader

beforeAll(async () => {
  plans = await PlanReader.start(
    `CREATE TABLE t (id INT PRIMARY KEY, x INT, y INT NOT NULL, s VARCHAR(20), l VARCHAR(500), u INT NOT NULL,
       KEY kxy (x, y), KEY ks (s), KEY kd (y DESC, x), KEY kl (l(5)), UNIQUE KEY ku (u))`,
    'CREATE TABLE o (id INT PRIMARY KEY, t INT, KEY kt (t))',
    "INSERT INTO t VALUES (1, 5, 1, 'b', 'b', 3), (2, NULL, 2, 'A', 'a', 1), (3, 5, 0, NULL, 'c', 2), (4, 1, 9, 'a', 'd', 4)",
  )
})
afterAll(() => plans.stop())

const isSorted = async (sql: string) => (await plans.tree(sql)).some((line) => line.includes('Sort'))

test.each([
  ['SELECT * FROM t ORDER BY id', false],
  ['SELECT * FROM t ORDER BY id DESC', false],
  ['SELECT id FROM t ORDER BY x, y LIMIT 5', false],
  ['SELECT id FROM t ORDER BY x DESC, y DESC LIMIT 5', false],
  ['SELECT id FROM t ORDER BY x, y DESC LIMIT 5', true],
  ['SELECT id FROM t ORDER BY y DESC, x LIMIT 5', false],
  ['SELECT id FROM t ORDER BY y, x DESC LIMIT 5', false],
  ['SELECT id FROM t WHERE x = 5 ORDER BY y', false],
  ['SELECT id FROM t WHERE x = 5 ORDER BY x, y DESC', false],
  ['SELECT id FROM t WHERE x = 5 AND y = 1 ORDER BY id', false],
  ['SELECT id FROM t WHERE x IN (1, 5) ORDER BY x, y', false],
  ['SELECT id FROM t WHERE x IN (1, 5) ORDER BY y', true],
  ['SELECT id FROM t WHERE x > 1 ORDER BY y', false],
  ['SELECT id FROM t ORDER BY s LIMIT 5', false],
  ['SELECT id FROM t ORDER BY s COLLATE utf8mb4_bin LIMIT 5', true],
  ['SELECT id FROM t ORDER BY l LIMIT 5', true],
  ['SELECT id FROM t ORDER BY u, x LIMIT 5', false],
  ['SELECT id FROM t WHERE id = 3 ORDER BY s', false],
  ['SELECT id FROM t ORDER BY x + 1 LIMIT 5', true],
  ['SELECT t.id FROM t JOIN o ON o.t = t.id WHERE t.x = 5 ORDER BY t.y', false],
])('%s sorts: %s', async (sql, sorts) => {
  expect(await isSorted(sql)).toBe(sorts)
})

test('NULL comes first, last when descending', async () => {
  const ids = async (sql: string) => (await plans.rows(sql)).map(([id]) => id)
  expect(await ids('SELECT id FROM t ORDER BY x, y LIMIT 5')).toEqual(['2', '4', '3', '1'])
  expect(await ids('SELECT id FROM t ORDER BY x DESC, y DESC LIMIT 5')).toEqual(['1', '3', '4', '2'])
  expect(await ids('SELECT id FROM t WHERE x < 9 ORDER BY x DESC, y DESC LIMIT 2')).toEqual(['1', '3'])
})

test('LIMIT is told to the scan, with what OFFSET skips', async () => {
  expect(await plans.tree('SELECT * FROM t LIMIT 5, 3')).toEqual([
    'Limit/Offset: 3/5 row(s)',
    '  Table scan on t, stop after 3 + 5 row(s)',
  ])
  expect(await plans.rows('SELECT id FROM t ORDER BY id LIMIT 1, 2')).toEqual([['2'], ['3']])
})

test('FORCE INDEX and IGNORE INDEX are obeyed', async () => {
  expect(await isSorted('SELECT id FROM t IGNORE INDEX (kxy) ORDER BY x, y LIMIT 5')).toBe(true)
  const [line] = await plans.tree('SELECT * FROM t FORCE INDEX (kxy) WHERE x > 0')
  expect(line).toMatch(/^Index range scan on t using kxy/)
})
