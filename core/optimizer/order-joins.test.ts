/**
 * Goal: joins start where few rows are, use indexes for few and hash tables for many, and are planned in no time. Method: plans as
 * EXPLAIN shows them, with table sizes made up; time measured generously.
 */
import { PlanReader } from './testing/plans.js'

let plans: PlanReader
const TABLES = Array.from({ length: 40 }, (_, i) => `j${i}`)

beforeAll(async () => {
  plans = await PlanReader.start(
    'CREATE TABLE small (id INT PRIMARY KEY, x INT, s VARCHAR(20))',
    'CREATE TABLE big (id INT PRIMARY KEY, x INT, y INT, s VARCHAR(20) COLLATE utf8mb4_bin, KEY kx (x), KEY ks (s))',
    'CREATE TABLE huge (id INT PRIMARY KEY, x INT, y INT)',
    ...TABLES.map((name) => `CREATE TABLE ${name} (id INT PRIMARY KEY, x INT, KEY kx (x))`),
  )
  const rows: Readonly<Record<string, number>> = { small: 1000, big: 100_000, huge: 1_000_000 }
  plans.change({ statistics: ({ name }) => ({ rows: rows[name] ?? 10_000, bytes: 0 }) })
}, 60_000)
afterAll(() => plans.stop())

const scans = async (sql: string) =>
  (await plans.tree(sql)).filter((line) => / on (small|big|huge)\b/.test(line)).map((line) => line.trim())

test('one row looks the others up', async () => {
  expect(
    await plans.tree(
      'SELECT * FROM huge, big, small WHERE small.id = 7 AND big.id = small.x AND huge.id = big.y',
    ),
  ).toEqual([
    'Nested loop inner join',
    '  Nested loop inner join',
    '    Single-row index lookup on small using PRIMARY (id=7)',
    '    Single-row index lookup on big using PRIMARY (id=small.x)',
    '  Single-row index lookup on huge using PRIMARY (id=big.y)',
  ])
})

test('many rows are joined by hash, the smaller side kept in memory', async () => {
  expect(await plans.tree('SELECT * FROM small JOIN big ON small.x = big.y')).toEqual([
    'Inner hash join on (small.x = big.y)',
    '  Table scan on big',
    '  Table scan on small',
  ])
})

test('STRAIGHT_JOIN keeps the order, LEFT JOIN its sides', async () => {
  const straight = await scans(
    'SELECT * FROM huge STRAIGHT_JOIN small ON huge.x = small.x WHERE small.id = 3',
  )
  expect(straight).toHaveLength(2)
  const tree = await plans.tree('SELECT * FROM small LEFT JOIN big ON small.x = big.y')
  expect(tree).toEqual([
    'Left hash join on (small.x = big.y)',
    '  Table scan on small',
    '  Table scan on big',
  ])
})

test('tables without a condition between them are multiplied last', async () => {
  const order = await scans('SELECT * FROM small, huge, big WHERE small.x = big.x AND small.id < 10')
  expect(order.findIndex((line) => line.includes(' on huge'))).not.toBe(1)
})

test('columns of another collation or type are not looked up', async () => {
  for (const sql of [
    'SELECT * FROM small JOIN big ON small.s COLLATE utf8mb4_0900_ai_ci = big.s WHERE small.id = 1',
    'SELECT * FROM small JOIN big ON small.x = big.s WHERE small.id = 1',
  ]) {
    expect((await scans(sql)).find((line) => line.includes(' on big'))).toMatch(/^Table scan/)
  }
})

test('a grouped derived table is computed for the one row that asks', async () => {
  const tree = await plans.tree(
    'SELECT * FROM small JOIN (SELECT x, COUNT(*) AS n FROM big GROUP BY x) g ON g.x = small.x WHERE small.id = 1',
  )
  expect(tree.some((line) => line.includes('lookup on big using kx (x=small.x)'))).toBe(true)
})

test('LATERAL follows what it reads', async () => {
  const sql =
    'SELECT small.id, l.y FROM small, LATERAL (SELECT y FROM big WHERE big.x = small.x ORDER BY y LIMIT 2) l WHERE small.id = 4'
  const tree = await plans.tree(sql)
  expect(tree[0]).toBe('Nested loop inner join')
  expect(tree.some((line) => line.includes('lookup on big using kx'))).toBe(true)
})

const chain = TABLES.slice(1).map((name, i) => `${name}.x = j${i}.id`)
const star = TABLES.slice(1).map((name) => `${name}.x = j0.id`)

test.each([
  ['a chain', [...chain, 'j20.id = 5']],
  ['a star', [...star, 'j0.x = 5']],
  ['no conditions', ['1 = 1']],
])('%s of 40 tables is planned, each table once', async (_, conditions) => {
  // How long that takes is measured by `bench/engine/planning.ts`; trying all orders would never end.
  const tree = await plans.tree(`SELECT COUNT(*) FROM ${TABLES.join(', ')} WHERE ${conditions.join(' AND ')}`)
  for (const name of TABLES)
    expect(tree.filter((line) => line.includes(` on ${name} `) || line.endsWith(` on ${name}`))).toHaveLength(
      1,
    )
})
