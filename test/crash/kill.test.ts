/**
 * Goal: whatever the server has acknowledged survives its process, nothing is torn, indexes agree with their tables, and no
 * AUTO_INCREMENT value comes twice.
 *
 * Method: clients that keep books of what was acknowledged work on a server that is killed (SIGKILL) twenty times at random
 * moments, sometimes again while it recovers, and started on what it left. The overlay of the storage is small, so that
 * its data file is being written all the time; tables come and go beside the load, which makes checkpoints.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { Load } from './load/load.js'
import { Random } from './load/random.js'

const KILLS = 20

const CONFIG = `
init: { sample: false }
limits: { lockWaitTimeout: 1s }
plugins: { lmdb: { options: { overlayBytes: 256K } } }
`

afterEach(killServers)
afterAll(removeTemporaryFolders)

/** Creating and dropping a table makes a checkpoint. */
async function makeCheckpoints(server: TestServer, stopped: AbortSignal): Promise<void> {
  try {
    const connection = await server.connect({ database: 'crash' })
    while (!stopped.aborted) {
      await connection.query('DROP TABLE IF EXISTS passing')
      await connection.query('CREATE TABLE passing (id INT PRIMARY KEY)')
      await connection.query('INSERT INTO passing VALUES (1)')
      await delay(20)
    }
    connection.destroy()
  } catch {
    // The server is gone.
  }
}

test(`${KILLS} kills under load lose and tear nothing`, async () => {
  const random = new Random(20240229)
  const load = new Load(random)
  let server = await TestServer.start({ config: CONFIG })
  const { folder } = server
  const connection = await server.connect()
  await Load.createTables(connection)
  connection.destroy()
  for (let kills = 0; kills < KILLS; kills++) {
    const stopped = new AbortController()
    const before = load.steps
    const running = Promise.all([load.run(server, stopped.signal), makeCheckpoints(server, stopped.signal)])
    // A busy machine may take its time to begin.
    while (load.steps === before) await delay(5)
    await delay(50 + random.next(700))
    await server.kill()
    stopped.abort()
    await running
    expect(load.steps).toBeGreaterThan(before)
    if (random.chance(30)) await TestServer.startAndKill({ folder }, 300 + random.next(900))
    server = await TestServer.start({ folder })
    await load.verify(server)
  }
  expect(await server.stop()).toEqual({ status: 0, signal: null })
  server = await TestServer.start({ folder })
  await load.verify(server)
}, 240_000)
