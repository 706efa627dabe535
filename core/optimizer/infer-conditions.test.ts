/**
 * Goal: what is said of a column is known of all columns that equal it. Method: filters and look-ups that EXPLAIN shows.
 */
import { PlanReader } from './testing/plans.js'

let plans: PlanReader

beforeAll(async () => {
  plans = await PlanReader.start(
    'CREATE TABLE a (id INT PRIMARY KEY, x INT, s VARCHAR(20))',
    'CREATE TABLE b (id INT PRIMARY KEY, x INT, s VARCHAR(20))',
    'CREATE TABLE c (id BIGINT PRIMARY KEY, x DOUBLE, s VARCHAR(20) COLLATE utf8mb4_bin)',
  )
})
afterAll(() => plans.stop())

async function scanOf(table: string, sql: string): Promise<string> {
  return (await plans.tree(sql)).find((line) => line.includes(` on ${table}`))?.trim() ?? ''
}

test('equality with a value goes from column to column', async () => {
  const sql = 'SELECT * FROM a JOIN b ON a.x = b.x WHERE a.x = 5'
  expect(await scanOf('a', sql)).toContain('(a.x = 5)')
  expect(await scanOf('b', sql)).toContain('(b.x = 5)')
})

test('so do ranges and lists', async () => {
  expect(await scanOf('b', 'SELECT * FROM a JOIN b ON a.x = b.x WHERE a.x > 5')).toContain('(b.x > 5)')
  expect(await scanOf('b', 'SELECT * FROM a, b WHERE a.x = b.x AND a.x IN (1, 2)')).toContain('b.x in (1,2)')
})

test('the right side of a left join learns of the left, not the other way', async () => {
  const sql = 'SELECT * FROM a LEFT JOIN b ON a.x = b.x WHERE a.x = 5'
  expect(await scanOf('b', sql)).toContain('(b.x = 5)')
  expect(await scanOf('a', 'SELECT * FROM a LEFT JOIN b ON a.x = b.x AND b.x = 5')).not.toContain('= 5')
})

test('other types and collations are other equalities', async () => {
  expect(await scanOf('c', 'SELECT * FROM a JOIN c ON a.x = c.x WHERE a.x = 5')).not.toContain('= 5')
  expect(await scanOf('c', "SELECT * FROM a JOIN c ON a.s = c.s WHERE a.s = 'x'")).not.toContain("= 'x'")
})
