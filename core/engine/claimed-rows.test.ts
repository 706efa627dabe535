/**
 * Goal: a statement that locks very many rows, and claims them instead of locking each, keeps others out of exactly these, and
 * gives them back. Method: two sessions, of which the second never waits (NOWAIT, SKIP LOCKED) or for a second at most.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let first: TestSession
let second: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  first = await engine.session()
  await first.run('CREATE DATABASE d')
  for (const session of [first, (second = await engine.session())]) {
    await session.run('USE d')
    await session.run('SET innodb_lock_wait_timeout = 1')
  }
  await first.run('SET cte_max_recursion_depth = 10000')
  await first.run('CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL)')
  await first.run(
    'INSERT INTO t WITH RECURSIVE n AS (SELECT 2 AS i UNION ALL SELECT i + 2 FROM n WHERE i < 10000) SELECT i, 0 FROM n',
  )
})
beforeEach(async () => {
  await first.run('BEGIN')
  await second.run('BEGIN')
})
afterEach(async () => {
  await first.run('ROLLBACK')
  await second.run('ROLLBACK')
})
afterAll(() => engine.stop())

const UPDATE = 'UPDATE t SET v = v + 1 WHERE id BETWEEN 1000 AND 8000'
const locked = (id: number, how = 'NOWAIT') =>
  second.rows(`SELECT id FROM t WHERE id = ${id} FOR UPDATE ${how}`)
const NOWAIT_ERROR = { code: 'ER_LOCK_NOWAIT' }

test('the rows are locked, and no others', async () => {
  await first.run(UPDATE)
  for (const id of [1000, 4000, 7000, 8000]) await expect(locked(id)).rejects.toMatchObject(NOWAIT_ERROR)
  expect(await locked(4000, 'SKIP LOCKED')).toEqual([])
  for (const id of [998, 8002]) expect(await locked(id)).toEqual([[String(id)]])
})

test('nothing is inserted between them', async () => {
  await first.run(UPDATE)
  await expect(second.run('INSERT INTO t VALUES (5001, 0)')).rejects.toMatchObject({
    code: 'ER_LOCK_WAIT_TIMEOUT',
  })
  await second.run('INSERT INTO t VALUES (999, 0), (8003, 0)')
})

test('they are free when it ends', async () => {
  await first.run(UPDATE)
  await first.run('ROLLBACK')
  expect(await locked(4000)).toEqual([['4000']])
  expect(await second.rows('SELECT SUM(v) FROM t')).toEqual([['0']])
})

test('who waits for one goes on then', async () => {
  await first.run(UPDATE)
  const waiting = second.rows('SELECT v FROM t WHERE id = 6000 FOR UPDATE')
  await first.run('ROLLBACK')
  expect(await waiting).toEqual([['0']])
})

test('rows that others have are waited for, behind the claimed ones as well', async () => {
  expect(await locked(7000)).toEqual([['7000']])
  await expect(first.run(UPDATE)).rejects.toMatchObject({ code: 'ER_LOCK_WAIT_TIMEOUT' })
  await second.run('ROLLBACK')
  await first.run('UPDATE t SET v = v + 1 WHERE id BETWEEN 1000 AND 5000')
  await second.run('BEGIN')
  expect(await locked(7000)).toEqual([['7000']])
  await expect(first.run(UPDATE)).rejects.toMatchObject({ code: 'ER_LOCK_WAIT_TIMEOUT' })
})

test('a deadlock is found', async () => {
  await locked(9000)
  await first.run(UPDATE)
  const waiting = first.run('UPDATE t SET v = 1 WHERE id = 9000').catch((error: unknown) => error)
  const other = locked(4000, '').catch((error: unknown) => error)
  const outcomes = [await waiting, await other]
  expect(outcomes).toContainEqual(expect.objectContaining({ code: 'ER_LOCK_DEADLOCK' }))
})

test('READ COMMITTED claims nothing: rows that are not wanted stay free', async () => {
  await first.run('ROLLBACK')
  await first.run('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
  await first.run('BEGIN')
  await first.run('UPDATE t SET v = v + 1 WHERE id % 4 = 0')
  await expect(locked(4000)).rejects.toMatchObject(NOWAIT_ERROR)
  expect(await locked(4002)).toEqual([['4002']])
})
