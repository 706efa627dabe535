/**
 * Goal: left joins become inner joins exactly where no row with NULLs could pass. Method: the joins that EXPLAIN names.
 */
import { PlanReader } from './testing/plans.js'

let plans: PlanReader

beforeAll(async () => {
  plans = await PlanReader.start(
    'CREATE TABLE a (id INT PRIMARY KEY, x INT)',
    'CREATE TABLE b (id INT PRIMARY KEY, x INT, y INT)',
    'CREATE TABLE c (id INT PRIMARY KEY, x INT)',
  )
})
afterAll(() => plans.stop())

test.each([
  ['b.y = 1', 'inner'],
  ['b.y > a.x', 'inner'],
  ['b.y IS NOT NULL', 'inner'],
  ['NOT b.y = 3', 'inner'],
  ['b.y IN (1, 2) AND a.x = 1', 'inner'],
  ['b.y = 1 OR b.x = 2', 'left'],
  ['b.y = 1 OR b.y = 2', 'inner'],
  ['b.y IS NULL', 'left'],
  ['b.y <=> 1', 'left'],
  ['COALESCE(b.y, 1) = 1', 'left'],
  ['a.x = 1', 'left'],
  ['NOT (b.y IS NULL)', 'inner'],
])('WHERE %s', async (where, type) => {
  const tree = await plans.tree(`SELECT * FROM a LEFT JOIN b ON a.x = b.x WHERE ${where}`)
  const join = tree.find((line) => line.toLowerCase().includes('join'))?.toLowerCase()
  expect(join).toContain(type)
})

test('a join above can turn one below', async () => {
  const tree = await plans.tree('SELECT * FROM a LEFT JOIN b ON a.x = b.x JOIN c ON c.x = b.y')
  expect(tree.filter((line) => line.includes('eft hash join'))).toEqual([])
  const kept = await plans.tree('SELECT * FROM a LEFT JOIN b ON a.x = b.x LEFT JOIN c ON c.x = b.y')
  expect(kept.filter((line) => line.includes('Left hash join'))).toHaveLength(2)
})
