/**
 * Goal: a table that moves to another storage is whole in one of the two, whenever the server is killed. Method: a server with both
 * storages; ALTER TABLE … ENGINE back and forth, kill -9 at random moments, and after each the same rows are asked for again.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'

const KILLS = 3
const ROWS = 30_000
const SUM = 'SELECT COUNT(*) AS n, SUM(id) AS ids, SUM(a) AS a, SUM(LENGTH(b)) AS b FROM d.t'

afterEach(killServers)
afterAll(removeTemporaryFolders)

async function only(connection: Connection, sql: string): Promise<RowDataPacket | undefined> {
  return (await connection.query<RowDataPacket[]>(sql))[0][0]
}

const title = 'ALTER TABLE … ENGINE and kill -9'
const isInstalled = isEngineInstalled()
const runTest = isInstalled ? test : test.skip
runTest(
  title,
  async () => {
    const folder = temporaryFolder()
    const config = 'storage: hybrid\ninit: { sample: false }\n'
    let server = await TestServer.start({ folder, config })
    let connection = await server.connect()
    await connection.query('CREATE DATABASE d')
    await connection.query('CREATE TABLE d.t (id INT PRIMARY KEY, a DECIMAL(9,2), b VARCHAR(40), KEY (a))')
    await connection.query('SET cte_max_recursion_depth = 100000')
    await connection.query(
      `INSERT INTO d.t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
         SELECT i, i / 7, CONCAT('row ', i) FROM n`,
    )
    const expected = await only(connection, SUM)
    expect(expected?.n).toBe(ROWS)
    for (let kill = 0; kill < KILLS; kill++) {
      const mover = connection
      const moves = (async () => {
        for (;;) {
          await mover.query('ALTER TABLE d.t ENGINE=chdb')
          await mover.query('ALTER TABLE d.t ENGINE=lmdb')
        }
      })().catch((error: unknown) => error)
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 1200))
      await server.kill()
      await moves
      server = await TestServer.start({ folder })
      connection = await server.connect()
      expect(await only(connection, SUM)).toEqual(expected)
    }
    // Whichever it is in, it can be changed and moved on.
    await connection.query("INSERT INTO d.t VALUES (0, 0, '')")
    await connection.query('ALTER TABLE d.t ENGINE=lmdb')
    expect(await only(connection, 'CHECK TABLE d.t')).toMatchObject({ Msg_text: 'OK' })
    expect((await only(connection, SUM))?.n).toBe(ROWS + 1)
    connection.destroy()
  },
  60_000,
)
