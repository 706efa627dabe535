/**
 * Goal: zeros of both signs are equal where they are compared, and two values where they are stored, as in MySQL: who sets the other one has changed
 * the row. Method: a whole engine over the memory storage; rows one by one and by the batch.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  session = await engine.session()
  await session.run('CREATE DATABASE d')
  await session.run('USE d')
})
beforeEach(async () => {
  await session.run('DROP TABLE IF EXISTS t')
  await session.run('CREATE TABLE t (id INT PRIMARY KEY, a DOUBLE, KEY (a))')
  await session.run('INSERT INTO t VALUES (1, -0e0), (2, 0), (3, -0e0)')
})
afterAll(() => engine.stop())

test.each([
  ['UPDATE t SET a = 0 WHERE id = 1', 1, '0 0 -0'],
  ['UPDATE t SET a = 0', 2, '0 0 0'],
  ['UPDATE t SET a = -0e0 ORDER BY id LIMIT 2', 1, '-0 -0 -0'],
  ['UPDATE t x JOIN t y USING (id) SET x.a = 0', 2, '0 0 0'],
  ['INSERT INTO t VALUES (2, 1) ON DUPLICATE KEY UPDATE a = -0e0', 2, '-0 -0 -0'],
])('%s', async (sql, affectedRows, after) => {
  expect((await session.run(sql)).status?.affectedRows).toBe(affectedRows)
  const rows = await session.rows('SELECT a FROM t WHERE a = 0 ORDER BY id')
  expect(rows.join(' ')).toBe(after)
})
