/**
 * Goal: definition statements wait for transactions that use their tables, and the other way round; nobody works with a
 * definition that is no more. Method: several sessions of one engine over the memory storage.
 */
import type { TestSession } from '../../../test/support/engine.js'
import { DefinitionSession } from '../testing/definition-session.js'

let engine: DefinitionSession
let one: TestSession
let two: TestSession

beforeEach(async () => {
  engine = await DefinitionSession.start()
  await engine.run('CREATE TABLE t (a INT PRIMARY KEY)', 'INSERT INTO t VALUES (1)')
  one = await engine.other()
  two = await engine.other()
})
afterEach(() => engine.stop())

/** Whether a promise is still open after others had their turns. */
async function isWaiting(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  promise.then(
    () => (done = true),
    () => (done = true),
  )
  await new Promise((resolve) => setTimeout(resolve, 30))
  return !done
}

test.each([
  'ALTER TABLE t ADD b INT',
  'ALTER TABLE t RENAME u',
  'RENAME TABLE t TO u',
  'TRUNCATE t',
  'DROP TABLE t',
  'DROP DATABASE d',
  'CREATE INDEX i ON t (a)',
  'CREATE TABLE c (x INT PRIMARY KEY) SELECT 1 AS x FROM t',
])('%s waits for transactions that have read the table, or not', async (sql) => {
  await one.run('START TRANSACTION')
  await one.run('SELECT * FROM t')
  const change = two.run(sql)
  // A query only reads it too.
  expect(await isWaiting(change)).toBe(!sql.startsWith('CREATE TABLE'))
  await one.run('COMMIT')
  await change
})

test('lock_wait_timeout ends the wait, and so does KILL', async () => {
  await one.run('START TRANSACTION')
  await one.run('SELECT * FROM t')
  await two.run('SET lock_wait_timeout = 1')
  await expect(two.run('DROP TABLE t')).rejects.toMatchObject({ number: 1205 })
  await two.run('SET lock_wait_timeout = 100')
  const [row] = await two.rows('SELECT CONNECTION_ID()')
  const change = two.run('DROP TABLE t')
  expect(await isWaiting(change)).toBe(true)
  await engine.run(`KILL QUERY ${row?.[0] ?? ''}`)
  await expect(change).rejects.toMatchObject({ number: 1317 })
  await one.run('COMMIT')
  expect(await two.rows('SELECT * FROM t')).toEqual([['1']])
})

test('a definition statement ends the transaction of its own session', async () => {
  await one.run('START TRANSACTION')
  await one.run('INSERT INTO t VALUES (2)')
  await one.run('ALTER TABLE t ADD b INT')
  await one.run('ROLLBACK')
  expect(await two.rows('SELECT * FROM t')).toEqual([
    ['1', null],
    ['2', null],
  ])
})

test('of statements that make the same name one succeeds', async () => {
  const outcomes = await Promise.allSettled([
    one.run('CREATE TABLE n (a INT)'),
    two.run('CREATE TABLE n (b INT)'),
    engine.run('RENAME TABLE t TO n'),
  ])
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ number: 1050 })
  }
})

test('statements that wait see what they waited for', async () => {
  await one.run('START TRANSACTION')
  await one.run('SELECT * FROM t')
  const change = two.run('ALTER TABLE t ADD b INT DEFAULT 5')
  expect(await isWaiting(change)).toBe(true)
  const read = engine.rows('SELECT * FROM t')
  expect(await isWaiting(read)).toBe(true)
  await one.run('COMMIT')
  await change
  // Either it sees the new definition, or it is told to try again.
  const seen = await read.catch((error: unknown) => error)
  if (Array.isArray(seen)) expect(seen).toEqual([['1', '5']])
  else expect(seen).toMatchObject({ number: 1412 })
  expect(await engine.rows('SELECT * FROM t')).toEqual([['1', '5']])
})

test('renames in opposite directions do not block each other for good', async () => {
  await engine.run('CREATE TABLE u (a INT)', 'CREATE TABLE v (a INT)')
  for (let i = 0; i < 10; i++) {
    await Promise.all([
      one.run('RENAME TABLE t TO x, u TO t, x TO u'),
      two.run('RENAME TABLE u TO y, v TO u, y TO v'),
      engine.run('ALTER TABLE v ADD z INT', 'ALTER TABLE v DROP z').catch(() => undefined),
    ])
  }
  expect(
    engine.catalog
      .relationNames('d')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['t', 'u', 'v'])
})
