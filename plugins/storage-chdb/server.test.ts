/**
 * Goal: a server whose configuration names the plugin has tables in chDB beside its own, keeps them, ends in order, and lives
 * on when the engine dies; one where the package isn't installed says so and does everything else. Method: the real server and
 * real clients; storages without an engine.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { RowDataPacket } from 'mysql2/promise'
import { newStatement, request, sampleTable } from '../../test/conformance/storage/table-fixtures.js'
import { TestServer } from '../../test/support/server.js'
import { removeTemporaryFolders } from '../../test/support/temporary-folder.js'
import { ChdbStorage } from './chdb-storage.js'
import { isEngineInstalled } from './index.js'
import { QUIET } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip
const config = "plugins:\n  chdb: { package: '@switchyard/storage-chdb', options: { memory: 512M } }\n"

afterAll(removeTemporaryFolders)

describeWithEngine('a server with tables in chDB', () => {
  test('joins them with its own, keeps them, and ends in order', async () => {
    const first = await TestServer.start({ config })
    const one = await first.connect({ multipleStatements: true })
    const [engines] = await one.query<RowDataPacket[]>('SHOW ENGINES')
    expect(engines).toContainEqual(expect.objectContaining({ Engine: 'chdb', Support: 'YES' }))
    await one.query(`CREATE DATABASE d; USE d;
      CREATE TABLE sale (id INT PRIMARY KEY, item INT, amount DECIMAL(10, 2), at DATETIME(3)) ENGINE=chdb;
      CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(20));
      INSERT INTO item VALUES (1, 'nut'), (2, 'bolt');
      INSERT INTO sale VALUES (1, 1, 1.50, '2024-01-01'), (2, 2, 2.25, NULL), (3, 1, 0.75, '0001-01-01 10:11:12.345')`)
    const joined =
      'SELECT name, SUM(amount) AS total, MIN(at) AS first FROM d.sale JOIN d.item ON item.id = sale.item GROUP BY name ORDER BY 1'
    const [before] = await one.query<RowDataPacket[]>({ sql: joined, rowsAsArray: true })
    expect(before).toHaveLength(2)
    await one.query(
      'UPDATE sale SET amount = 10 WHERE id = 3; ALTER TABLE item ENGINE=chdb; DELETE FROM sale WHERE id = 2',
    )
    await one.end()
    expect(await first.stop()).toMatchObject({ status: 0 })

    const second = await TestServer.start({ folder: first.folder })
    const two = await second.connect({ dateStrings: true })
    const [after] = await two.query<RowDataPacket[]>({ sql: joined, rowsAsArray: true })
    expect(after).toEqual([['nut', '11.50', '0001-01-01 10:11:12.345']])
    await two.end()
    expect(await second.stop()).toMatchObject({ status: 0 })
  }, 60_000)

  test('keeps a statement of very many rows whole', async () => {
    const server = await TestServer.start({ config })
    const client = await server.connect({ multipleStatements: true })
    await client.query(`CREATE DATABASE d; USE d; SET cte_max_recursion_depth = 200000;
      CREATE TABLE t (id INT PRIMARY KEY, u INT UNIQUE, name VARCHAR(20) UNIQUE) ENGINE=chdb;
      INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 140000)
        SELECT i, -i, CONCAT('name ', i) FROM n`)
    const state = async (): Promise<unknown> => {
      const sums = 'SELECT COUNT(*), SUM(id), SUM(u), COUNT(DISTINCT name), MAX(name) FROM t'
      return (await client.query<RowDataPacket[]>({ sql: sums, rowsAsArray: true }))[0]
    }
    const sum = (140_000 * 140_001) / 2
    expect(await state()).toEqual([[140_000, String(sum), String(-sum), 140_000, 'name 99999']])
    // The last row's key is taken: nothing of the statement is left, and nobody warns.
    const duplicate = "INSERT INTO t SELECT id + 200000, u - 200000, IF(id = 140000, 'NAME 7', id) FROM t"
    await expect(client.query(duplicate)).rejects.toMatchObject({ errno: 1062 })
    await expect(client.query('UPDATE t SET u = IF(id = 139999, -1, u - 1)')).rejects.toMatchObject({
      errno: 1062,
    })
    expect(await state()).toEqual([[140_000, String(sum), String(-sum), 140_000, 'name 99999']])
    // From below, so that no row takes what another one still has.
    await client.query('UPDATE t SET u = u - 1 ORDER BY u')
    expect(await state()).toEqual([[140_000, String(sum), String(-sum - 140_000), 140_000, 'name 99999']])
    await client.query('DELETE FROM t WHERE id > 1000; INSERT INTO t VALUES (5000, 0, NULL)')
    const left = [[1001, '505500', '-501500', 1000, 'name 999']]
    expect(await state()).toEqual(left)
    // Now what was deleted goes, and so do the versions.
    for (const operation of ['OPTIMIZE', 'CHECK', 'OPTIMIZE']) {
      const [[answer]] = await client.query<RowDataPacket[]>(`${operation} TABLE t`)
      expect(answer).toMatchObject({ Op: operation.toLowerCase(), Msg_text: 'OK' })
      expect(await state()).toEqual(left)
    }
    await client.query('UPDATE t SET u = 1 WHERE id = 5000; DELETE FROM t WHERE id = 1')
    expect(await state()).toEqual([[1000, '505499', '-501497', 999, 'name 999']])
    await client.end()
    await server.stop()
  }, 60_000)

  test('lives on when the engine is killed under a query', async () => {
    const server = await TestServer.start({ config })
    const client = await server.connect({ multipleStatements: true })
    await client.query(`CREATE DATABASE d; USE d; CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT) ENGINE=chdb;
      INSERT INTO t (a) VALUES (1), (2), (3)`)
    process.kill(engineOf(server.processId), 'SIGKILL')
    // It is noticed at once or by the next query; then the engine is there again.
    const answers = await Promise.allSettled([1, 2].map(() => client.query('SELECT COUNT(*) AS n FROM t')))
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ errno: 9101 })
    }
    const [rows] = await client.query<RowDataPacket[]>('SELECT SUM(a) AS n FROM t')
    expect(rows).toEqual([{ n: '6' }])
    expect(server.log).toContain('the column engine ended')
    await client.end()
    await server.stop()
  }, 60_000)
})

/** The child process of a server; Linux tells. */
function engineOf(server: number): number {
  const threads = readdirSync(`/proc/${server}/task`)
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/${server}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean),
  )
  return Number(children[0])
}

test('without the package it starts, says so once, and refuses its own tables only', async () => {
  const said: string[] = []
  const logger = { ...QUIET, warn: (_fields: object, message: string) => said.push(message) }
  const storage = new ChdbStorage('chdb', { reason: 'the package is not installed' }, logger)
  await storage.start()
  expect(said).toEqual(['tables of storage chdb are not available: the package is not installed'])
  const table = sampleTable('chdb')
  const unavailable = { code: 'ER_STORAGE_UNAVAILABLE' }
  await expect(storage.createTable(table)).rejects.toMatchObject(unavailable)
  await expect(storage.openScan(table, request(), newStatement())).rejects.toMatchObject(unavailable)
  expect(storage.planScan(table, request()).rows).toBe(0)
  await storage.stop()
})
