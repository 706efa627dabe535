/**
 * Goal: a definition statement that is killed has happened or has not: every acknowledged one is there after a restart, the
 * one under way is there wholly or not at all, and each table works, with all its rows, in every index.
 *
 * Method: a few clients create, alter, fill, truncate, rename and drop tables of their own and keep books of shape and rows; the
 * server is killed at random moments. Statements that aren't transactional in MySQL either (a definition) are one step of the book.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { DefinitionClient } from './load/definition-client.js'
import { runClients } from './load/load.js'
import { Random } from './load/random.js'

const KILLS = 6

const CONFIG = `
init: { sample: false }
plugins: { lmdb: { options: { overlayBytes: 256K } } }
`

afterEach(killServers)
afterAll(removeTemporaryFolders)

test('kills in the midst of definitions leave each table as it was or as it was to be', async () => {
  const random = new Random(19)
  const clients = [1, 2, 3].map((client) => new DefinitionClient(client))
  let server = await TestServer.start({ config: CONFIG })
  const { folder } = server
  const connection = await server.connect()
  await connection.query('CREATE DATABASE crash')
  for (let kills = 0; kills < KILLS; kills++) {
    const running = runClients(clients, server, random)
    await delay(100 + random.next(900))
    await server.kill()
    await running
    if (random.chance(30)) await TestServer.startAndKill({ folder }, 300 + random.next(900))
    server = await TestServer.start({ folder })
    const check = await server.connect({ database: 'crash' })
    for (const client of clients) await client.verify(check)
    check.destroy()
  }
  expect(clients.reduce((sum, { definitions }) => sum + definitions, 0)).toBeGreaterThan(KILLS * 5)
  expect(await server.stop()).toEqual({ status: 0, signal: null })
}, 120_000)
