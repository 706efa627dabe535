/**
 * Goal: a remote whose packets get lost costs the statements that need it a limited time, and nobody else any; it is told of nothing, and yet
 * KILL ends what waits for it; when the network is back, so is the remote. Method: a MariaDB behind a network of the tests' own whose cable is
 * pulled, and, on every machine, behind a proxy that passes nothing on any more.
 */
import type { RowDataPacket } from 'mysql2/promise'
import { join } from 'node:path'
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { Door } from './testing/door.js'
import { hasNetworkNamespaces, NetworkNamespace } from './testing/network-namespace.js'
import { addressOf, direct, startWithRemotes, type RemoteSetup } from './testing/remote-databases.js'

interface Line {
  readonly host?: string
  readonly port: number
  silence(isSilent: boolean): void
  close(): Promise<void>
}

const LINES: Readonly<Record<string, (server: MariaDbServer, folder: string) => Promise<Line>>> = {
  'a silent proxy': async ({ port }) => {
    const door = await Door.open(port)
    return {
      port: door.port,
      silence: (isSilent) => {
        door.silence(isSilent)
      },
      close: () => door.shut(),
    }
  },
  ...(hasNetworkNamespaces()
    ? { 'a pulled cable': (_server, folder) => NetworkNamespace.open(join(folder, 'mariadb', 'socket')) }
    : {}),
}

const UNAVAILABLE = { number: 9101 }

describeWithCommand(MARIADB_PROGRAMS, 'a remote whose packets get lost', () => {
  let server: MariaDbServer
  let folder: string

  beforeAll(async () => {
    folder = temporaryFolder()
    server = await startMariaDb(folder)
    const there = await direct(server.port)
    await there.query(
      'CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, a INT); INSERT INTO d.t VALUES (1, 10)',
    )
    await there.end()
  }, 60_000)
  afterAll(async () => {
    await server.stop()
    removeTemporaryFolders()
  })

  describe.each(Object.entries(LINES))('by %s', (_name, open) => {
    let line: Line
    let setup: RemoteSetup
    let session: TestSession
    const read = () => session.rows('SELECT a FROM t WHERE id = 1')

    beforeAll(async () => {
      line = await open(server, folder)
      const address = addressOf(line.port, { host: line.host ?? '127.0.0.1' })
      setup = await startWithRemotes(
        { d: { address } },
        { connectTimeoutMs: 400, queryTimeoutMs: 800, failuresMax: 2, restMs: 50 },
      )
      session = await setup.engine.session('d')
      await session.run('CREATE DATABASE here')
      await session.run('CREATE TABLE here.t (id INT PRIMARY KEY)')
    })
    afterAll(async () => {
      await setup.engine.stop()
      await line.close()
    })
    beforeEach(async () => {
      for (let i = 0; i < 5; i++) expect(await read()).toEqual([['10']])
    })
    afterEach(async () => {
      line.silence(false)
      while ((await session.execute('SELECT a FROM t WHERE id = 1'))[0]?.error !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })

    test('fails what was asked and what is asked, and nothing else', async () => {
      const other = await setup.engine.session('here')
      line.silence(true)
      const waiting = session.execute('SELECT a FROM t WHERE id = 1')
      expect(await other.rows('SELECT COUNT(*) FROM t')).toEqual([['0']])
      expect((await waiting)[0]?.error).toMatchObject(UNAVAILABLE)
      await expect(read()).rejects.toMatchObject(UNAVAILABLE)
      expect((await other.rows('SHOW DATABASES')).flat()).toContain('d')
    })

    test('fails the transaction that it had', async () => {
      await session.run('START TRANSACTION')
      await session.run('UPDATE t SET a = 11 WHERE id = 1')
      line.silence(true)
      await expect(session.run('UPDATE t SET a = 12 WHERE id = 1')).rejects.toMatchObject(UNAVAILABLE)
      await expect(session.run('COMMIT')).rejects.toMatchObject(UNAVAILABLE)
      line.silence(false)
      // The remote may hold the row's lock until it learns that nobody is there.
      const there = await direct(server.port)
      const [rows] = await there.query<RowDataPacket[]>(
        'SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id <> CONNECTION_ID()',
      )
      for (const row of rows) await there.query(`KILL ${String((row as unknown as number[])[0])}`)
      await there.end()
    })

    test('is waited for no longer when the statement is killed', async () => {
      const victim = await setup.engine.session('d')
      const [[id = ''] = []] = await victim.rows('SELECT CONNECTION_ID()')
      await victim.rows('SELECT a FROM t WHERE id = 1')
      line.silence(true)
      const running = victim.execute('SELECT SUM(a) FROM t')
      // Long enough for it to be sent, and not long enough to be given up.
      await new Promise((resolve) => setTimeout(resolve, 150))
      await session.run(`KILL QUERY ${id}`)
      expect((await running)[0]?.error).toMatchObject({ number: 1317 })
    })
  })
})
