/**
 * Goal: user locks behave as MySQL's: several for a session, taken several times, freed one by one, all, or with the session;
 * waits end by time, KILL or deadlock. Method: sessions of an engine that wait for each other; no wait is timed.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let first: TestSession
let second: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
})
afterAll(() => engine.stop())
beforeEach(async () => {
  first = await engine.session()
  second = await engine.session()
})
afterEach(async () => {
  await first.session.close()
  await second.session.close()
})

async function value(session: TestSession, sql: string): Promise<string | null | undefined> {
  return (await session.rows(`SELECT ${sql}`))[0]?.[0]
}

const connection = (session: TestSession): string => String(session.session.connectionId)

test('a lock is for one session, whatever the case of its name', async () => {
  expect(await value(first, "GET_LOCK('Job', 10)")).toBe('1')
  expect(await value(second, "GET_LOCK('jOB', 0)")).toBe('0')
  expect(await value(second, "IS_FREE_LOCK('job')")).toBe('0')
  expect(await value(second, "IS_USED_LOCK('JOB')")).toBe(connection(first))
  expect(await value(second, "RELEASE_LOCK('job')")).toBe('0')
  expect(await value(first, "RELEASE_LOCK('job')")).toBe('1')
  expect(await value(first, "RELEASE_LOCK('job')")).toBeNull()
  expect(await value(second, "IS_FREE_LOCK('job')")).toBe('1')
  expect(await value(second, "IS_USED_LOCK('job')")).toBeNull()
})

test('a session takes several locks, and one several times', async () => {
  expect(await value(first, "GET_LOCK('a', 0) + GET_LOCK('a', 0) + GET_LOCK('b', 0)")).toBe('3')
  expect(await value(first, "RELEASE_LOCK('a')")).toBe('1')
  expect(await value(second, "GET_LOCK('a', 0)")).toBe('0')
  expect(await value(first, 'RELEASE_ALL_LOCKS()')).toBe('2')
  expect(await value(first, 'RELEASE_ALL_LOCKS()')).toBe('0')
  expect(await value(second, "GET_LOCK('a', 0) AND GET_LOCK('b', 0)")).toBe('1')
})

test('locks have nothing to do with transactions', async () => {
  await first.run('START TRANSACTION')
  await first.run("DO GET_LOCK('kept', 0)")
  await first.run('ROLLBACK')
  expect(await value(second, "GET_LOCK('kept', 0)")).toBe('0')
})

test.each([
  ['the release', async () => first.run("DO RELEASE_LOCK('x')")],
  ['the end of the session', async () => first.session.close()],
  ['the reset of the session', async () => first.session.reset()],
])('who waits gets the lock at %s', async (_title, release) => {
  await first.run("DO GET_LOCK('x', 0)")
  const waiting = value(second, "GET_LOCK('x', -1)")
  await release()
  expect(await waiting).toBe('1')
  const third = await engine.session()
  expect(await value(third, "IS_USED_LOCK('x')")).toBe(connection(second))
  await third.session.close()
})

test('waits end by time and by KILL', async () => {
  await first.run("DO GET_LOCK('x', 0)")
  expect(await value(second, "GET_LOCK('x', 1)")).toBe('0')
  const waiting = second.run("SELECT GET_LOCK('x', -1)")
  await first.run(`KILL QUERY ${connection(second)}`)
  await expect(waiting).rejects.toMatchObject({ number: 1317 })
  await first.run("DO RELEASE_LOCK('x')")
  expect(await value(first, "IS_FREE_LOCK('x')")).toBe('1')
})

test('who closes a circle of waits fails, and keeps its locks', async () => {
  await first.run("DO GET_LOCK('a', 0)")
  await second.run("DO GET_LOCK('b', 0)")
  const waiting = value(first, "GET_LOCK('b', -1)")
  await expect(second.run("SELECT GET_LOCK('a', -1)")).rejects.toMatchObject({
    number: 3058,
    sqlState: 'HY000',
  })
  expect(await value(second, "IS_USED_LOCK('b')")).toBe(connection(second))
  await second.run("DO RELEASE_LOCK('b')")
  expect(await waiting).toBe('1')
})

test('names have one to 64 characters', async () => {
  const calls = ['GET_LOCK(?, 0)', 'RELEASE_LOCK(?)', 'IS_FREE_LOCK(?)', 'IS_USED_LOCK(?)']
  for (const call of calls) {
    const failing = (name: string) => first.run(`SELECT ${call.replace('?', name)}`)
    await expect(failing('NULL')).rejects.toMatchObject({ number: 3057, sqlState: '42000' })
    await expect(failing("''")).rejects.toMatchObject({ number: 3057 })
    await expect(failing("REPEAT('n', 65)")).rejects.toMatchObject({ number: 4163, sqlState: '42000' })
  }
  expect(await value(first, "GET_LOCK(REPEAT('🔒', 64), 0)")).toBe('1')
})

test('names may come from rows, in their order', async () => {
  const rows = "(SELECT 'a' AS name UNION ALL SELECT 'b' UNION ALL SELECT 'a') n"
  await first.run("DO GET_LOCK('b', 0)")
  expect(await second.rows(`SELECT name, GET_LOCK(name, 0) FROM ${rows}`)).toEqual([
    ['a', '1'],
    ['b', '0'],
    ['a', '1'],
  ])
  expect(await value(second, 'RELEASE_ALL_LOCKS()')).toBe('2')
})

test.each([
  ['IF(n = 2, GET_LOCK(name, 0), 5)', ['5', '1', '5']],
  ['CASE n WHEN 1 THEN 6 WHEN 2 THEN GET_LOCK(name, 0) ELSE 7 END', ['6', '1', '7']],
  ['CASE WHEN n = 1 THEN 6 WHEN n = 3 THEN 7 ELSE IFNULL(NULL, GET_LOCK(name, 0)) END', ['6', '1', '7']],
  ['COALESCE(NULLIF(n, 2), NULL, GET_LOCK(name, 0))', ['1', '1', '3']],
  ['n = 2 AND GET_LOCK(name, 0)', ['0', '1', '0']],
  ['n <> 2 OR GET_LOCK(name, 0)', ['1', '1', '1']],
  ['IF(n = 2, IF(n = 1, GET_LOCK("x", 0), GET_LOCK(name, 0)), GET_LOCK("b", 0) AND 0)', ['0', '1', '0']],
  ['IF((SELECT n = 2), GET_LOCK(name, 0), 8)', ['8', '1', '8']],
])('%s takes locks only where it is chosen', async (expression, answers) => {
  const rows = "(SELECT 1 AS n, 'a' AS name UNION ALL SELECT 2, 'b' UNION ALL SELECT 3, 'c') rows_of_names"
  expect((await first.rows(`SELECT ${expression} FROM ${rows}`)).flat()).toEqual(answers)
  expect(await value(second, "CONCAT_WS(',', IS_USED_LOCK('a'), IS_USED_LOCK('b'), IS_USED_LOCK('c'))")).toBe(
    connection(first),
  )
})

test('a branch that is not taken warns of nothing', async () => {
  expect(await value(first, "IF(1 / 0, GET_LOCK('a', 0), 9)")).toBe('9')
  expect(await first.rows('SHOW WARNINGS')).toEqual([['Warning', '1365', 'Division by 0']])
  expect(await value(first, "IS_FREE_LOCK('a')")).toBe('1')
})

test('arguments are counted', async () => {
  await expect(first.run("SELECT GET_LOCK('a')")).rejects.toMatchObject({ number: 1582 })
  await expect(first.run('SELECT RELEASE_ALL_LOCKS(1)')).rejects.toMatchObject({ number: 1582 })
})
