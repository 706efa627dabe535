/**
 * Goal: whatever happens to a remote costs what needs it, in words and in time, and nothing else; when it is back, everything goes on.
 * Method: a MariaDB behind a door that can be shut, cut, or made silent; many sessions on few connections.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { MARIADB_PROGRAMS } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { Door } from './testing/door.js'
import { addressOf, startOnMariaDb, type OnMariaDb, type RemoteSetup } from './testing/remote-databases.js'

const UNAVAILABLE = { number: 9101 }

describeWithCommand(MARIADB_PROGRAMS, 'a remote that fails', () => {
  let started: OnMariaDb
  let there: Connection
  let door: Door
  let setup: RemoteSetup
  let session: TestSession

  beforeAll(async () => {
    started = await startOnMariaDb(
      `CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, a INT);
        INSERT INTO d.t SELECT seq, 0 FROM d.seq_1_to_5000`,
      async (port) => {
        door = await Door.open(port)
        return {
          d: { address: addressOf(door.port) },
          wrong: { address: addressOf(port, { user: 'nobody', password: 'Zq!7secret' }) },
        }
      },
      { connectTimeoutMs: 500, queryTimeoutMs: 1000, connectionsMax: 10, failuresMax: 2, restMs: 100 },
    )
    ;({ there, setup, session } = started)
    await session.run('CREATE DATABASE here')
    await session.run('CREATE TABLE here.t (id INT PRIMARY KEY)')
    await session.run('INSERT INTO here.t VALUES (1), (2)')
  }, 60_000)
  afterAll(async () => {
    await door.shut()
    await started.stop()
  })
  beforeEach(async () => {
    await session.run('ROLLBACK')
    expect(await session.rows('SELECT COUNT(*) FROM t')).toEqual([['5000']])
  })

  test('between two statements is not noticed by the second', async () => {
    door.cut()
    expect(await session.rows('SELECT COUNT(*) FROM t')).toEqual([['5000']])
  })

  test('for good fails what needs it and nothing else, at once, until it is back', async () => {
    await door.shut()
    const startedMs = performance.now()
    for (let i = 0; i < 20; i++)
      await expect(session.run('SELECT COUNT(*) FROM t')).rejects.toMatchObject(UNAVAILABLE)
    expect((await session.rows('SHOW DATABASES')).flat()).toContain('d')
    expect(await session.rows('SELECT COUNT(*) FROM here.t')).toEqual([['2']])
    await expect(session.run('INSERT INTO t VALUES (-1, 1)')).rejects.toMatchObject(UNAVAILABLE)
    const listed = await session.rows(
      "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = 't' ORDER BY 1",
    )
    expect(listed).toContainEqual(['here'])
    expect(performance.now() - startedMs).toBeLessThan(10_000)
    await door.openAgain()
    await until(async () => (await session.execute('SELECT COUNT(*) FROM t'))[0]?.error === undefined)
  })

  test('in the midst of a result fails the statement', async () => {
    const running = session.execute('SELECT BIT_XOR(a.id) FROM t a JOIN t b')
    await until(async () => (await others()) > 0)
    await door.shut()
    const [answer] = await running
    expect(answer?.error).toMatchObject(UNAVAILABLE)
    await door.openAgain()
    await until(async () => (await session.execute('SELECT COUNT(*) FROM t'))[0]?.error === undefined)
  })

  test('in the midst of a transaction undoes all of it', async () => {
    await session.run('START TRANSACTION')
    await session.run('UPDATE t SET a = 1 WHERE id < 10')
    door.cut()
    await expect(session.run('UPDATE t SET a = 2 WHERE id = 10')).rejects.toMatchObject(UNAVAILABLE)
    await expect(session.run('SELECT COUNT(*) FROM t')).rejects.toMatchObject(UNAVAILABLE)
    await expect(session.run('COMMIT')).rejects.toMatchObject(UNAVAILABLE)
    expect(await session.rows('SELECT SUM(a) FROM t')).toEqual([['0']])
    await session.run('UPDATE t SET a = 5 WHERE id = 1')
    expect(await session.rows('SELECT SUM(a) FROM t')).toEqual([['5']])
    await session.run('UPDATE t SET a = 0 WHERE id = 1')
  })

  test('in the midst of a copy leaves nothing of it', async () => {
    await session.run('CREATE TABLE here.copy (id INT, a INT)')
    const copying = session.execute('INSERT INTO here.copy SELECT a.id, b.a FROM t a JOIN t b')
    await until(async () => (await others()) > 0)
    door.cut()
    expect((await copying)[0]?.error).toMatchObject(UNAVAILABLE)
    expect(await session.rows('SELECT COUNT(*) FROM here.copy')).toEqual([['0']])
    await session.run('INSERT INTO here.copy SELECT id, a FROM t')
    expect(await session.rows('SELECT COUNT(*) FROM here.copy')).toEqual([['5000']])
  })

  test('by falling silent is given up in time', async () => {
    door.silence(true)
    await expect(session.run('SELECT MAX(a) FROM t')).rejects.toMatchObject(UNAVAILABLE)
    door.silence(false)
    await until(async () => (await session.execute('SELECT COUNT(*) FROM t'))[0]?.error === undefined)
  })

  test('to let us in says so without the password', async () => {
    const [answer] = await session.execute('SELECT * FROM wrong.t')
    expect(answer?.error).toMatchObject(UNAVAILABLE)
    expect(answer?.error?.message).toMatch(/Access denied for user 'nobody'/)
    expect(answer?.error?.message).not.toContain('Zq!7secret')
  })

  test('is told of KILL', async () => {
    const victim = await setup.engine.session('d')
    const [[id = ''] = []] = await victim.rows('SELECT CONNECTION_ID()')
    const running = victim.execute('SELECT COUNT(*) FROM t a, t b, t c WHERE a.a + b.a + c.a > 5')
    await until(async () => (await others()) > 0)
    await session.run(`KILL QUERY ${id}`)
    expect((await running)[0]?.error).toMatchObject({ number: 1317 })
    await until(async () => (await others()) === 0)
    expect(await victim.rows('SELECT COUNT(*) FROM t')).toEqual([['5000']])
  })

  test('has ten connections for two hundred clients', async () => {
    const sessions = await Promise.all(Array.from({ length: 200 }, () => setup.engine.session('d')))
    const work = sessions.map(async (each, i) => {
      expect(
        await each.rows(
          `SELECT a.id FROM t a JOIN t b ON SOUNDEX(a.id) = SOUNDEX(b.id) WHERE a.id = ${i + 1} AND b.id = ${i + 1}`,
        ),
      ).toEqual([[String(i + 1)]])
      await each.run(`UPDATE t SET a = a + 1 WHERE id = ${(i % 5) + 1}`)
    })
    await Promise.all(work)
    expect(await session.rows('SELECT SUM(a), MAX(a), COUNT(*) FROM t')).toEqual([['200', '40', '5000']])
    const [rows] = await there.query<RowDataPacket[]>('SHOW PROCESSLIST')
    expect(rows.length).toBeLessThanOrEqual(12)
    await session.run('UPDATE t SET a = 0 WHERE a > 0')
  })

  /** Queries of others that run there. */
  async function others(): Promise<number> {
    const [rows] = await there.query<RowDataPacket[]>(
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND ID <> CONNECTION_ID()",
    )
    return Number((rows[0] as unknown as readonly unknown[])[0])
  }
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20))
}
