/**
 * Goal: LOCK TABLES, FLUSH TABLES WITH READ LOCK and LOCK INSTANCE stop exactly whom they shall, for as long as they are held, and
 * leave nothing behind. Method: several sessions of one engine; a statement that must wait is started, seen to wait, and let go.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let one: TestSession
let two: TestSession
const extra: TestSession[] = []

beforeEach(async () => {
  engine = await TestEngine.start()
  one = await engine.session()
  await one.run('CREATE DATABASE d')
  await one.run('USE d')
  two = await engine.session('d')
  for (const sql of [
    'CREATE TABLE t (a INT PRIMARY KEY)',
    'CREATE TABLE u (a INT PRIMARY KEY)',
    'CREATE VIEW v AS SELECT a FROM t',
    'INSERT INTO t VALUES (1)',
  ])
    await one.run(sql)
})
afterEach(async () => {
  for (const session of extra.splice(0)) await session.session.close()
  await engine.stop()
})

const failure = (session: TestSession, sql: string) =>
  session.run(sql).then(
    () => undefined,
    (error: unknown) => (error as { readonly number: number }).number,
  )

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Starts a statement and sees that it doesn't end; what it answers then waits for its end. */
async function waiting(session: TestSession, sql: string) {
  let ended = false
  const released = session.run(sql).finally(() => {
    ended = true
  })
  released.catch(() => undefined)
  await pause(50)
  expect(ended).toBe(false)
  return () => released
}

const count = async (session: TestSession, table = 't') =>
  (await session.rows(`SELECT COUNT(*) FROM ${table}`))[0]?.[0]

describe('LOCK TABLES … WRITE', () => {
  test('keeps others from reading, writing and defining until UNLOCK', async () => {
    await one.run('LOCK TABLES t WRITE')
    const read = await waiting(two, 'SELECT * FROM t')
    const third = await another()
    const defined = await waiting(third, 'ALTER TABLE t ADD COLUMN b INT')
    await one.run('INSERT INTO t VALUES (2)')
    await one.run('ALTER TABLE t DISABLE KEYS')
    await one.run('UNLOCK TABLES')
    await read()
    await defined()
    expect(await count(one)).toBe('2')
  })

  test('waits for transactions that use the table, and takes what they wrote', async () => {
    await two.run('BEGIN')
    await two.run('INSERT INTO t VALUES (2)')
    const locked = await waiting(one, 'LOCK TABLES t WRITE')
    await two.run('COMMIT')
    await locked()
    expect(await count(one)).toBe('2')
  })

  test('lets the session use only what it locked', async () => {
    await one.run('LOCK TABLES t WRITE')
    expect(await failure(one, 'SELECT * FROM u')).toBe(1100)
    expect(await failure(one, 'INSERT INTO t SELECT * FROM u')).toBe(1100)
    expect(await failure(one, 'SELECT * FROM v')).toBe(1100)
    expect(await failure(one, 'CREATE TABLE w (a INT)')).toBe(1100)
    expect(await failure(one, 'DROP TABLE u')).toBe(1100)
    expect(await failure(one, 'CREATE DATABASE e')).toBe(1192)
    expect(await failure(one, 'FLUSH TABLES WITH READ LOCK')).toBe(1192)
    // Neither computed nor temporary tables need locks.
    await one.run('SELECT * FROM information_schema.TABLES')
    await one.run('CREATE TEMPORARY TABLE w (a INT)')
    await one.run('INSERT INTO w VALUES (1)')
    await one.run('TRUNCATE TABLE t')
    await one.run('UNLOCK TABLES')
    expect(await count(one, 'u')).toBe('0')
  })

  test('alters the table under its own lock and keeps it', async () => {
    await one.run('LOCK TABLES t WRITE')
    await one.run('ALTER TABLE t ADD COLUMN b INT DEFAULT 7')
    const read = await waiting(two, 'SELECT b FROM t')
    await one.run('INSERT INTO t VALUES (2, 8)')
    await one.run('UNLOCK TABLES')
    await read()
    expect(await two.rows('SELECT b FROM t ORDER BY a')).toEqual([['7'], ['8']])
  })

  test('takes the table that has the name when it is its turn', async () => {
    await two.run('LOCK TABLES t WRITE')
    const locked = await waiting(one, 'LOCK TABLES t WRITE')
    await two.run('RENAME TABLE t TO old')
    await two.run('UNLOCK TABLES')
    await expect(locked()).rejects.toMatchObject({ number: 1146 })
    await two.run('INSERT INTO old VALUES (2)')
    expect(await count(one, 'old')).toBe('2')
  })

  test('locks the tables behind a view', async () => {
    await one.run('LOCK TABLES v WRITE')
    const write = await waiting(two, 'INSERT INTO t VALUES (2)')
    expect(await count(one, 'v')).toBe('1')
    await one.run('UNLOCK TABLES')
    await write()
  })
})

describe('LOCK TABLES … READ', () => {
  test('lets everybody read and nobody write', async () => {
    await one.run('LOCK TABLES t READ, u WRITE')
    expect(await count(two)).toBe('1')
    expect(await failure(one, 'INSERT INTO t VALUES (2)')).toBe(1099)
    expect(await failure(one, 'SELECT * FROM t FOR UPDATE')).toBe(1099)
    expect(await failure(one, 'ALTER TABLE t ADD COLUMN b INT')).toBe(1099)
    await one.run('INSERT INTO u SELECT a FROM t')
    const write = await waiting(two, 'DELETE FROM t')
    await one.run('UNLOCK TABLES')
    await write()
    expect(await count(one)).toBe('0')
  })

  test('is shared by several sessions; the last one lets writers go', async () => {
    await one.run('LOCK TABLES t READ LOCAL')
    const third = await another()
    await third.run('LOCK TABLES t READ')
    const write = await waiting(two, 'INSERT INTO t VALUES (2)')
    await one.run('UNLOCK TABLES')
    await pause(20)
    expect(await count(third)).toBe('1')
    await third.run('UNLOCK TABLES')
    await write()
    expect(await count(one)).toBe('2')
  })

  test('keeps what an open transaction wrote from being committed', async () => {
    await two.run('BEGIN')
    await two.run('INSERT INTO t VALUES (2)')
    await one.run('LOCK TABLES t READ')
    const committed = await waiting(two, 'COMMIT')
    expect(await count(one)).toBe('1')
    await one.run('UNLOCK TABLES')
    await committed()
    expect(await count(one)).toBe('2')
  })

  test('leaves writers of other tables alone', async () => {
    await one.run('LOCK TABLES t READ')
    await two.run('BEGIN')
    await two.run('INSERT INTO u VALUES (1)')
    await two.run('COMMIT')
    expect(await count(two, 'u')).toBe('1')
  })
})

describe('ends of locks', () => {
  test('by BEGIN, by another LOCK TABLES, and by the end of the session', async () => {
    await one.run('LOCK TABLES t WRITE')
    await one.run('BEGIN')
    await two.run('INSERT INTO t VALUES (2)')
    await one.run('COMMIT')
    await one.run('LOCK TABLES t WRITE')
    await one.run('LOCK TABLES u READ')
    await two.run('INSERT INTO t VALUES (3)')
    const write = await waiting(two, 'INSERT INTO u VALUES (1)')
    await one.session.close()
    await write()
  })

  test('LOCK TABLES that fails holds nothing', async () => {
    expect(await failure(one, 'LOCK TABLES t WRITE, nope READ')).toBe(1146)
    await two.run('INSERT INTO t VALUES (2)')
    await two.run('BEGIN')
    await two.run('SELECT * FROM u')
    await one.run('SET lock_wait_timeout = 1')
    expect(await failure(one, 'LOCK TABLES t READ, u WRITE')).toBe(1205)
    const third = await another()
    await third.run('INSERT INTO t VALUES (3)')
    await third.run('INSERT INTO u VALUES (3)')
  })

  test('writers give up after lock_wait_timeout, or when they are killed', async () => {
    await one.run('LOCK TABLES t READ')
    await two.run('SET lock_wait_timeout = 1')
    expect(await failure(two, 'INSERT INTO t VALUES (2)')).toBe(1205)
    await two.run('SET lock_wait_timeout = 100')
    const write = await waiting(two, 'INSERT INTO t VALUES (2)')
    await one.run(`KILL QUERY ${two.session.connectionId}`)
    await expect(write()).rejects.toMatchObject({ number: 1317 })
    await one.run('UNLOCK TABLES')
    await two.run('INSERT INTO t VALUES (2)')
  })

  test('a COMMIT that waits in vain leaves its transaction open', async () => {
    await two.run('BEGIN')
    await two.run('INSERT INTO t VALUES (2)')
    await one.run('FLUSH TABLES WITH READ LOCK')
    await two.run('SET lock_wait_timeout = 1')
    expect(await failure(two, 'COMMIT')).toBe(1205)
    await one.run('UNLOCK TABLES')
    await two.run('COMMIT')
    expect(await count(one)).toBe('2')
  })
})

describe('FLUSH TABLES WITH READ LOCK', () => {
  test('stops writers, commits and definitions of others everywhere', async () => {
    await two.run('BEGIN')
    await two.run('INSERT INTO t VALUES (2)')
    await one.run('FLUSH TABLES WITH READ LOCK')
    const committed = await waiting(two, 'COMMIT')
    const third = await another()
    const written = await waiting(third, 'INSERT INTO u VALUES (1)')
    const fourth = await another()
    const defined = await waiting(fourth, 'CREATE TABLE w (a INT)')
    expect(await count(one)).toBe('1')
    expect(await count(await another(), 'u')).toBe('0')
    await one.run('UNLOCK TABLES')
    await Promise.all([committed(), written(), defined()])
    expect(await count(one)).toBe('2')
  })

  test('refuses writes of its own session, but for temporary tables', async () => {
    await one.run('FLUSH TABLES WITH READ LOCK')
    await one.run('FLUSH TABLES WITH READ LOCK')
    expect(await failure(one, 'INSERT INTO t VALUES (2)')).toBe(1223)
    expect(await failure(one, 'DROP TABLE t')).toBe(1223)
    await one.run('CREATE TEMPORARY TABLE w (a INT)')
    await one.run('INSERT INTO w VALUES (1)')
    await one.run('UNLOCK TABLES')
    await one.run('INSERT INTO t VALUES (2)')
  })

  test('ends with the session', async () => {
    await one.run('FLUSH TABLES WITH READ LOCK')
    const write = await waiting(two, 'INSERT INTO t VALUES (2)')
    await one.session.close()
    await write()
  })

  test('with names it locks these', async () => {
    await one.run('FLUSH TABLES t WITH READ LOCK')
    await two.run('INSERT INTO u VALUES (1)')
    const write = await waiting(two, 'INSERT INTO t VALUES (2)')
    await one.run('UNLOCK TABLES')
    await write()
  })
})

test('LOCK INSTANCE FOR BACKUP lets rows change but no definitions of others', async () => {
  await one.run('LOCK INSTANCE FOR BACKUP')
  await two.run('INSERT INTO t VALUES (2)')
  await one.run('CREATE TABLE w (a INT)')
  const defined = await waiting(two, 'DROP TABLE w')
  await one.run('UNLOCK INSTANCE')
  await defined()
})

test('statements that waited for a definition see it', async () => {
  await two.run('SELECT * FROM t')
  await two.run("PREPARE every FROM 'SELECT * FROM t'")
  await one.run('LOCK TABLES t WRITE')
  await one.run('ALTER TABLE t ADD COLUMN b INT DEFAULT 7')
  const cached = await waiting(two, 'SELECT * FROM t')
  const third = await another()
  const fresh = await waiting(third, 'SELECT *, 1 FROM t')
  await one.run('UNLOCK TABLES')
  expect((await cached()).rows).toEqual([['1', '7']])
  expect((await fresh()).rows).toEqual([['1', '7', '1']])
  await one.run('LOCK TABLES t WRITE')
  const prepared = await waiting(two, 'EXECUTE every')
  await one.run('ALTER TABLE t DROP COLUMN b')
  await one.run('UNLOCK TABLES')
  expect((await prepared()).rows).toEqual([['1']])
})

test('SET of something else than autocommit leaves a transaction open', async () => {
  await one.run('BEGIN')
  await one.run('INSERT INTO t VALUES (2)')
  await one.run("SET sql_mode = '', @x = 1")
  await one.run('ROLLBACK')
  expect(await count(one)).toBe('1')
})

async function another(): Promise<TestSession> {
  const session = await engine.session('d')
  extra.push(session)
  return session
}
