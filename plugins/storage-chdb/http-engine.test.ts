/**
 * Goal: a ClickHouse server over HTTP is as good an engine as our own process, on a cluster too; what goes wrong on the way is an error of
 * its tables that tells why, and no password is part of it. Method: the suite for table drivers over a server that is the
 * engine's process behind ClickHouse's HTTP interface; that server refuses logins, stands still, is killed and moves away.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { runTableConformance } from '../../test/conformance/storage/table-conformance.js'
import { newStatement, request, rowsOf, sampleTable } from '../../test/conformance/storage/table-fixtures.js'
import { killServers, TestServer } from '../../test/support/server.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { EngineError, EngineGone } from './column-engine.js'
import { HttpEngine, type HttpEngineOptions } from './http-engine.js'
import { makeSelfSignedCertificate } from '../protocol-mysql/self-signed-certificate.js'
import { isEngineInstalled } from './index.js'
import { NativeSplitter } from './native-splitter.js'
import { ClickHouseServer, type ClickHouseServerOptions } from './testing/clickhouse-server.js'
import { createTestEngine, createTestStorage, QUIET } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip

/** Works for hours. */
const ENDLESS = 'SELECT sum(cityHash64(number)) AS s FROM numbers(1000000000000)'
const PASSWORD = 'correct horse'

/** What a test that failed left running. */
const started = new Set<ClickHouseServer | HttpEngine>()

afterAll(async () => {
  await killServers()
  for (const each of started) await (each instanceof HttpEngine ? each.stop() : stopServer(each))
  removeTemporaryFolders()
})

const LOGIN = { user: 'app', password: PASSWORD }

/** A server of its own for each suite: their tables have the same names. */
async function startServer(options: Partial<ClickHouseServerOptions> = {}): Promise<ClickHouseServer> {
  const engine = createTestEngine(temporaryFolder(), {
    database: 'switchyard',
    settings:
      'max_block_size = 8192, max_insert_threads = 1, max_query_size = 1073741824, join_use_nulls = 1',
    sessionsMax: 40,
  })
  await engine.start()
  const server = new ClickHouseServer(engine, { ...LOGIN, ...options })
  started.add(server)
  await server.start()
  return server
}

async function stopServer(server: ClickHouseServer): Promise<void> {
  started.delete(server)
  await server.stop()
  await server.engine.stop()
}

describeWithEngine.each(['', 'two'])('over HTTP, cluster "%s"', (cluster) => {
  let server: ClickHouseServer

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => stopServer(server))

  runTableConformance('chdb', {
    create: (folder) => createTestStorage(folder, { ...LOGIN, url: server.url, cluster }),
  })
})

describeWithEngine('a server over HTTP', () => {
  let server: ClickHouseServer
  let engine: HttpEngine

  beforeAll(async () => {
    server = await startServer()
    engine = newEngine(server.url)
    await engine.start()
    await engine.run('CREATE TABLE kept (a Int32) ENGINE = MergeTree ORDER BY a')
  })
  afterAll(async () => {
    await engine.stop()
    await stopServer(server)
  })

  test('gets settings and ids with each query, and the login never in its text', async () => {
    await blocksOf(engine, 'SELECT 1 AS one')
    const parameters = Object.fromEntries(server.lastParameters)
    expect(parameters).toMatchObject({ database: 'switchyard', max_threads: '1' })
    expect(parameters.query_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(JSON.stringify([parameters, server.statements])).not.toContain(PASSWORD)
  })

  test('says what is wrong, before an answer and in the middle of it', async () => {
    const unknown = { number: 47, message: expect.stringContaining('nonsense') as unknown }
    await expect(blocksOf(engine, 'SELECT nonsense')).rejects.toMatchObject(unknown)
    await expect(engine.run('ALTER TABLE kept DROP COLUMN nonsense')).rejects.toBeInstanceOf(EngineError)
    const stream = await engine.query('SELECT throwIf(number = 500000) AS a FROM numbers(1000000)')
    expect(await stream.next()).toBeInstanceOf(Buffer)
    const rest = async () => {
      while ((await stream.next()) !== undefined);
    }
    await expect(rest()).rejects.toMatchObject({ number: 395 })
    await stream.close()
    expect(await blocksOf(engine, 'SELECT 1 AS one')).toEqual(['\x01\x01\x03one\x05UInt8\x01'])
  })

  test('cuts blocks where they end, however they arrive', async () => {
    const sql =
      'SELECT number AS n, toString(number) AS t, nullIf(number, 3) AS x FROM numbers(100000) ORDER BY n'
    const ours = Buffer.from((await blocksOf(engine, sql)).join(''), 'latin1')
    const stream = await server.engine.query(sql)
    const theirs: Buffer[] = []
    for (let block = await stream.next(); block !== undefined; block = await stream.next()) theirs.push(block)
    expect(ours.equals(Buffer.concat(theirs))).toBe(true)
    for (const size of [1, 7, 1000]) {
      const splitter = new NativeSplitter()
      const found: Buffer[] = []
      for (let at = 0; at < 200_000; at += size) {
        splitter.push(ours.subarray(at, Math.min(at + size, 200_000)))
        for (let block = splitter.take(); block !== undefined; block = splitter.take()) found.push(block)
      }
      const taken = Buffer.concat(found)
      expect(Buffer.concat([taken, splitter.rest()]).equals(ours.subarray(0, 200_000))).toBe(true)
      expect(taken.length).toBeGreaterThan(0)
    }
  })

  test('is told when nobody waits for a statement any more', async () => {
    for (const start of [
      (signal: AbortSignal) => engine.query(ENDLESS, signal).then((stream) => stream.next()),
      (signal: AbortSignal) => engine.run(`INSERT INTO kept ${ENDLESS}`, signal),
    ]) {
      const abort = new AbortController()
      const ended = start(abort.signal).catch((error: unknown) => error)
      await until(() => server.runningCount > 0)
      abort.abort()
      expect(await ended).toMatchObject({ number: 394 })
      await until(() => server.runningCount === 0)
    }
    const stream = await engine.query('SELECT number FROM numbers(1000000000)')
    await stream.next()
    await stream.close()
    await until(() => server.runningCount === 0)
    const aborted = AbortSignal.abort()
    await expect(engine.query('SELECT 1', aborted)).rejects.toMatchObject({ number: 394 })
    await expect(engine.run('SELECT 1', aborted)).rejects.toMatchObject({ number: 394 })
  })

  test('keeps what a slow reader does not take', async () => {
    const slow = await engine.query('SELECT number FROM numbers(100000000)')
    await slow.next()
    await until(() => server.isHeldUp)
    expect(server.sentBytes).toBeLessThan(64 * 2 ** 20)
    for (let i = 0; i < 10; i++) expect(await blocksOf(engine, `SELECT ${i} AS n`)).toHaveLength(1)
    await slow.close()
  })

  test('lets no second server into its database', async () => {
    const other = newEngine(server.url)
    await expect(other.start()).rejects.toThrow('the database switchyard at localhost')
    await other.stop()
  })

  test('says what it does not accept, but no password', async () => {
    for (const [options, reason] of [
      [{ password: 'a wrong one' }, 'Authentication failed'],
      [{ cluster: 'missing' }, 'there is no cluster missing'],
    ] as const) {
      const other = newEngine(server.url, options)
      const failure: unknown = await other.start().catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(EngineGone)
      expect(String(failure)).toContain(reason)
      expect(String(failure)).not.toMatch(/wrong one|correct horse/)
      await other.stop()
    }
  })
})

describeWithEngine('Switchyard before a server over HTTP', () => {
  test('has its tables there, tells nobody the password, and works on when it is gone', async () => {
    const clickhouse = await startServer()
    const plugin = `{ package: '@switchyard/storage-chdb', options: { url: '${clickhouse.url}', user: app } }`
    const server = await TestServer.start({
      config: `init: { sample: false }\nlog: { level: trace }\nplugins: { chdb: ${plugin} }\n`,
      environment: { CHDB_PASSWORD: PASSWORD },
    })
    const client = await server.connect({ multipleStatements: true })
    await client.query(`CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY, a INT) ENGINE=chdb;
      CREATE TABLE r (id INT PRIMARY KEY) ENGINE=lmdb; INSERT INTO r VALUES (2);
      INSERT INTO t VALUES (1, 10), (2, 20), (3, 30); UPDATE t SET a = 21 WHERE id = 2`)
    const joined = 'SELECT SUM(t.a) AS s FROM t JOIN r ON r.id = t.id'
    expect((await client.query(joined))[0]).toEqual([{ s: '21' }])
    expect(Object.fromEntries(clickhouse.lastParameters)).toMatchObject({
      result_overflow_mode: 'throw',
      async_insert: '0',
    })
    await clickhouse.stop()
    await expect(client.query(joined)).rejects.toMatchObject({ errno: 9101 })
    expect((await client.query('SELECT COUNT(*) AS n FROM r'))[0]).toEqual([{ n: 1 }])
    await clickhouse.start(clickhouse.port)
    expect((await client.query(joined))[0]).toEqual([{ s: '21' }])
    client.destroy()
    expect(await server.stop()).toMatchObject({ status: 0 })
    expect(server.log).not.toContain(PASSWORD)
    expect(server.log).not.toContain(Buffer.from(PASSWORD).toString('base64').slice(0, 12))
    await stopServer(clickhouse)
  })
})

describeWithEngine('a server over HTTPS', () => {
  test('is believed only by its certificate', async () => {
    const { certificate, key } = await makeSelfSignedCertificate()
    const server = await startServer({ tls: { cert: certificate, key } })
    const engine = newEngine(server.url, { tls: { authority: Buffer.from(certificate), pair: undefined } })
    await engine.start()
    expect(await blocksOf(engine, 'SELECT 1 AS one')).toHaveLength(1)
    const stranger = newEngine(server.url)
    await expect(stranger.start()).rejects.toThrow(/self.signed certificate/)
    await stranger.stop()
    await engine.stop()
    await stopServer(server)
  })
})

describeWithEngine('a server over HTTP that goes away', () => {
  test('fails what is under way, keeps no start waiting, and is there again when it is', async () => {
    const server = await startServer()
    const folder = temporaryFolder()
    const storage = createTestStorage(folder, { ...LOGIN, url: server.url, heartbeat: 50 })
    const table = sampleTable('chdb')
    await storage.start()
    await storage.createTable(table)
    await server.stop()
    const gone = { code: 'ER_STORAGE_UNAVAILABLE' }
    await expect(
      storage.openScan(table, request(), newStatement()).then((scan) => scan.next()),
    ).rejects.toMatchObject(gone)
    await storage.stop()
    const again = createTestStorage(folder, { ...LOGIN, url: server.url })
    await again.start()
    await expect(again.createTable(sampleTable('chdb'))).rejects.toMatchObject(gone)
    await server.start(server.port)
    expect(await rowsOf(again, table, request())).toEqual([])
    await again.stop()
    await stopServer(server)
  })

  test('counts as gone when it stands still, before an answer and in the middle of it', async () => {
    const server = await startServer()
    const proxy = await Proxy.before(server.port)
    const engine = newEngine(proxy.url, { silenceMaxMs: 300, heartbeatMs: 50 })
    await engine.start()
    await engine.run('CREATE TABLE slow (a Int32) ENGINE = MergeTree ORDER BY a')
    const stream = await engine.query('SELECT number FROM numbers(100000000)')
    await stream.next()
    proxy.isStill = true
    const rest = async () => {
      while ((await stream.next()) !== undefined);
    }
    const failures = await Promise.all([
      rest().catch((error: unknown) => error),
      engine.run('INSERT INTO slow VALUES (1)').catch((error: unknown) => error),
      blocksOf(engine, 'SELECT 1').catch((error: unknown) => error),
    ])
    for (const failure of failures) expect(String(failure)).toContain('did not answer for')
    await stream.close()
    const other = newEngine(proxy.url, { connectTimeoutMs: 200, silenceMaxMs: 300, heartbeatMs: 50 })
    expect(await other.open()).toBe(false)
    await other.stop()
    await engine.stop()
    await proxy.stop()
    await stopServer(server)
  })

  test('writes nothing before a statement whose end nobody saw has ended', async () => {
    const server = await startServer()
    const proxy = await Proxy.before(server.port)
    const engine = newEngine(proxy.url)
    await engine.start()
    await engine.run('CREATE TABLE slow (a UInt64) ENGINE = MergeTree ORDER BY a')
    const cut = engine.run(`INSERT INTO slow ${ENDLESS}`).catch((error: unknown) => error)
    await until(() => server.runningCount > 0)
    proxy.cut()
    expect(await cut).toBeInstanceOf(EngineGone)
    await engine.run('INSERT INTO slow VALUES (1)')
    expect(server.runningCount).toBe(0)
    expect(server.statements.some((sql) => sql.startsWith('KILL QUERY'))).toBe(true)
    await engine.stop()
    await proxy.stop()
    await stopServer(server)
  })
})

function newEngine(url: string, options: Partial<HttpEngineOptions> = {}): HttpEngine {
  const engine = new HttpEngine(
    {
      ...LOGIN,
      url,
      database: 'switchyard',
      cluster: '',
      tls: undefined,
      partBytes: 2 ** 20,
      folder: temporaryFolder(),
      sessionsMax: 8,
      settings: { max_threads: 1 },
      connectTimeoutMs: 5000,
      heartbeatMs: 1000,
      silenceMaxMs: 15_000,
      ...options,
    },
    QUIET,
  )
  started.add(engine)
  return engine
}

async function blocksOf(engine: HttpEngine, sql: string): Promise<readonly string[]> {
  const stream = await engine.query(sql)
  const blocks: string[] = []
  try {
    for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
      blocks.push(block.toString('latin1'))
    }
  } finally {
    await stream.close()
  }
  return blocks
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** What lies between: it may stand still, or cut off what goes through it. */
class Proxy {
  isStill = false
  private readonly sockets = new Set<Socket>()

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async before(port: number): Promise<Proxy> {
    const server = createServer()
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const proxy = new Proxy(server, `http://localhost:${(server.address() as AddressInfo).port}`)
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1')
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        proxy.sockets.add(from)
        from.on('error', () => undefined)
        from.on('close', () => to.destroy())
        from.on('data', (bytes) => {
          if (!proxy.isStill && !to.write(bytes)) from.pause()
        })
        to.on('drain', () => from.resume())
      }
    })
    return proxy
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.cut()
    await closed
  }
}
