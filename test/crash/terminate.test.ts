/**
 * Goal: SIGTERM under load is an orderly end: the process ends by itself with status 0, within its grace, everything that was
 * acknowledged is there afterwards, and nothing is left to recover.
 *
 * Method: the clients of the kill test, a transaction that never ends, and a statement that would run for a minute. SHUTDOWN, as a
 * statement, does the same for those who may.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { Load } from './load/load.js'
import { Random } from './load/random.js'

const CONFIG = `
init: { sample: false }
limits: { lockWaitTimeout: 1s, shutdownGrace: 500ms }
`

afterEach(killServers)
afterAll(removeTemporaryFolders)

test('SIGTERM under load ends the server in order', async () => {
  const random = new Random(7)
  const load = new Load(random)
  let server = await TestServer.start({ config: CONFIG })
  const { folder } = server
  const connection = await server.connect()
  await Load.createTables(connection)
  for (let round = 0; round < 3; round++) {
    const stopped = new AbortController()
    const before = load.steps
    const running = load.run(server, stopped.signal)
    const idle = await server.connect({ database: 'crash' })
    await idle.query('START TRANSACTION')
    await idle.query('INSERT INTO journal (client, number, account, amount) VALUES (-2, ?, 0, 0)', [round])
    const slow = await server.connect()
    const sleeping = slow.query('SELECT SLEEP(60)').catch((error: unknown) => error)
    await delay(100 + random.next(400))
    const startedAtMs = performance.now()
    expect(await server.stop()).toEqual({ status: 0, signal: null })
    expect(performance.now() - startedAtMs).toBeLessThan(5000)
    stopped.abort()
    await running
    expect(await sleeping).toBeInstanceOf(Error)
    expect(load.steps).toBeGreaterThan(before)
    server = await TestServer.start({ folder })
    await load.verify(server)
    const check = await server.connect({ database: 'crash' })
    const [unfinished] = await check.query<RowDataPacket[]>('SELECT * FROM journal WHERE client = -2')
    expect(unfinished).toEqual([])
  }
}, 60_000)

test('SHUTDOWN ends the server for accounts with the privilege', async () => {
  const server = await TestServer.start({ config: CONFIG })
  const root = await server.connect()
  await root.query('CREATE USER somebody')
  const somebody = await server.connect({ user: 'somebody' })
  await expect(somebody.query('SHUTDOWN')).rejects.toMatchObject({ errno: 1227 })
  await expect(root.query('RESTART')).rejects.toMatchObject({ errno: 3707 })
  await root.query('GRANT SHUTDOWN ON *.* TO somebody')
  await root.query('CREATE DATABASE kept')
  await somebody.query('SHUTDOWN')
  expect(await server.ended).toEqual({ status: 0, signal: null })
  const again = await TestServer.start({ folder: server.folder })
  const [databases] = await (await again.connect()).query<RowDataPacket[]>("SHOW DATABASES LIKE 'kept'")
  expect(databases).toHaveLength(1)
})
