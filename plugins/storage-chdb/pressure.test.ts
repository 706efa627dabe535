/**
 * Goal: what is too much ends with an error, for whoever asked for it and nobody else: groups that don't fit into memory spill, what
 * can't spill fails, queries are killed where they run, and clients that read nothing or go away hold nothing for ever.
 * Method: the real server with little memory and two sessions of the engine.
 */
import { createConnection } from 'mysql2'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../../test/support/server.js'
import { removeTemporaryFolders } from '../../test/support/temporary-folder.js'
import { isEngineInstalled } from './index.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip
const CONFIG = `
init: { sample: false }
plugins:
  chdb:
    package: '@switchyard/storage-chdb'
    options: { memory: 512M, queryMemory: 32M, sessions: 2, sessionWait: 300ms, threads: 1 }
`
const ROWS = 200_000

describeWithEngine('a server with little', () => {
  let server: TestServer
  let client: Connection

  beforeAll(async () => {
    server = await TestServer.start({ config: CONFIG })
    client = await server.connect({ multipleStatements: true })
    await client.query(`CREATE DATABASE d; USE d; SET cte_max_recursion_depth = 1000000;
      CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(80) COLLATE utf8mb4_bin NOT NULL) ENGINE=chdb;
      INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
        SELECT i, i % 1000, CONCAT('some text that is long enough to take memory, number ', i) FROM n`)
  }, 60_000)
  afterAll(async () => {
    client.destroy()
    await killServers()
    removeTemporaryFolders()
  })

  async function row(sql: string): Promise<unknown> {
    const [[found]] = await client.query<RowDataPacket[]>({ sql, rowsAsArray: true })
    return found
  }

  test('groups that do not fit spill, what can not spill fails, and both processes live on', async () => {
    const groups = (column: string) =>
      `SELECT COUNT(*), SUM(n) FROM (SELECT ${column}, COUNT(*) AS n FROM t GROUP BY ${column}) AS g`
    expect(await row(groups('b'))).toEqual([ROWS, String(ROWS)])
    const wide = 'SELECT COUNT(*) FROM t AS x JOIN t AS y ON x.b = y.b'
    await expect(row(wide)).rejects.toMatchObject({ errno: 1041 })
    expect(await row(groups('a'))).toEqual([1000, String(ROWS)])
    expect(server.log).not.toContain('the column engine ended')
  })

  test('an analytical query ends where it runs when it is killed or its time is over', async () => {
    const long = 'SELECT COUNT(*) FROM t AS x JOIN t AS y ON x.a = y.a WHERE x.b < y.b'
    await expect(row(long.replace('SELECT', 'SELECT /*+ MAX_EXECUTION_TIME(50) */'))).rejects.toMatchObject({
      errno: 3024,
    })
    const other = await server.connect()
    const killed = client.query(long).catch((error: unknown) => error)
    await other.query('SELECT SLEEP(0.05)')
    await other.query(`KILL QUERY ${client.threadId}`)
    expect(await killed).toMatchObject({ errno: 1317 })
    // Neither holds a session any more.
    expect(await Promise.all([row('SELECT COUNT(*) FROM t'), row('SELECT MAX(id) FROM t')])).toEqual([
      [ROWS],
      [ROWS],
    ])
    other.destroy()
  })

  test('sessions that slow clients hold are waited for, and free when these go away', async () => {
    const slow = [1, 2].map(() => createConnection({ ...server.address, database: 'd' }))
    for (const connection of slow) {
      connection.on('error', () => undefined)
      const rows = connection.query('SELECT x.id, x.b FROM t AS x, t AS y WHERE y.id < 100').stream()
      rows.on('error', () => undefined)
      await new Promise((resolve) => rows.once('readable', resolve))
      connection.pause()
    }
    const busy = {
      errno: 9101,
      message: expect.stringContaining('all of its 2 sessions are busy') as unknown,
    }
    await expect(row('SELECT COUNT(*) FROM t')).rejects.toMatchObject(busy)
    expect(await row('SELECT 1')).toEqual([1])
    slow[0]?.destroy()
    const answer = async (): Promise<unknown> => row('SELECT COUNT(*) FROM t').catch(() => answer())
    expect(await answer()).toEqual([ROWS])
    slow[1]?.destroy()
  })
})
