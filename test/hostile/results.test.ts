/**
 * Goal: clients that stop reading, go away, or send ahead cost little and hold up nobody; what they held is free again; strings of
 * any size have MySQL's limits.
 *
 * Method: results of hundreds of megabytes that nobody reads; connections that are cut in the midst of results, transactions and
 * commits; pipelined commands; strings at and beyond max_allowed_packet.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { packet, parseError, type WireClient } from '../support/wire-client.js'
import { errorNumber, eventually, expectSound, logIn, sessionCount, valueOf } from './soundness.js'

const MEGABYTE = 2 ** 20
const COM_QUERY = 0x03

const CONFIG = `
init: { sample: false }
limits: { packet: 32M, lockWaitTimeout: 10s }
`

let server: TestServer
let bystander: Connection

beforeAll(async () => {
  server = await TestServer.start({ config: CONFIG })
  bystander = await server.connect({ database: 'mysql' })
  await bystander.query('CREATE DATABASE hostile')
  await bystander.query('USE hostile')
  await bystander.query('CREATE TABLE d (n INT PRIMARY KEY)')
  await bystander.query('INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)')
  await bystander.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, wide LONGTEXT)')
})
afterEach(() => expectSound(server, bystander))
afterAll(killServers)
afterAll(removeTemporaryFolders)

/** A gigabyte in rows of 1000 bytes. */
const GIGABYTE = `SELECT REPEAT('x', 1000) FROM ${'abcdef'
  .split('')
  .map((alias) => `hostile.d ${alias}`)
  .join(', ')}`

/** Waits until the statement of a client has sent what it can. */
async function untilStalled(): Promise<void> {
  for (let before = -1, now = 0; before !== now;) {
    before = now
    await delay(300)
    now = await server.residentBytes().then((bytes) => Math.round(bytes / MEGABYTE / 4))
  }
}

async function stalledClients(count: number): Promise<readonly WireClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => logIn(server)))
  for (const client of clients) {
    client.pause()
    client.command(COM_QUERY, GIGABYTE)
  }
  await untilStalled()
  return clients
}

describe('clients that stop reading', () => {
  test('hold little memory, hold up nobody, and can be killed', async () => {
    const before = await server.residentBytes()
    const clients = await stalledClients(5)
    expect(await server.residentBytes()).toBeLessThan(before + 250 * MEGABYTE)
    expect(await valueOf(bystander, 'SELECT COUNT(*) FROM d a, d b, d c')).toBe(1000)
    const [rows] = await bystander.query(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%REPEAT%' AND ID <> CONNECTION_ID()",
    )
    const ids = (rows as { ID: number }[]).map(({ ID }) => ID)
    expect(ids.length).toBe(5)
    for (const id of ids) await bystander.query(`KILL ${id}`)
    for (const client of clients) client.destroy()
    await eventually(async () => (await sessionCount(bystander)) === 1)
  })

  test('may go on reading, and get all of it', async () => {
    const client = await logIn(server)
    client.pause()
    client.command(COM_QUERY, GIGABYTE.replace(', hostile.d f', ''))
    await untilStalled()
    let bytes = 0
    client.detach().on('data', (chunk: Buffer) => (bytes += chunk.length))
    client.resume()
    await eventually(() => bytes > 100_000 * 1003)
    client.destroy()
  })

  test.each(['end', 'reset', 'destroy'] as const)('may go away (%s)', async (how) => {
    const clients = await stalledClients(2)
    for (const client of clients) client[how]()
    // Only the end of the socket tells: a client that has said goodbye may still read.
    for (const client of clients) client.destroy()
    await eventually(async () => (await sessionCount(bystander)) === 1)
  })
})

describe('clients that go away in the midst of something', () => {
  test.each(['end', 'reset'] as const)('release their locks (%s)', async (how) => {
    await bystander.query("REPLACE INTO t VALUES (1, 1, 'x'), (2, 2, 'y')")
    for (let round = 0; round < 10; round++) {
      const client = await logIn(server, { database: 'hostile' })
      client.command(COM_QUERY, 'BEGIN')
      expect((await client.receive())[0]).toBe(0)
      client.command(COM_QUERY, 'UPDATE t SET v = 100')
      expect((await client.receive())[0]).toBe(0)
      client.command(COM_QUERY, round % 2 === 0 ? 'SELECT SLEEP(60) FROM t' : 'SELECT * FROM t FOR UPDATE')
      client[how]()
      // Waits for the locks, and would end with 1205.
      await bystander.query('UPDATE t SET v = v + 1')
      expect(await valueOf(bystander, 'SELECT SUM(v) FROM t')).toBe(String(3 + 2 * (round + 1)))
      client.destroy()
    }
  })

  test('leave whole transactions or none', async () => {
    await bystander.query('CREATE TABLE IF NOT EXISTS whole (id INT AUTO_INCREMENT PRIMARY KEY, v INT)')
    for (let round = 0; round < 15; round++) {
      const client = await logIn(server, { database: 'hostile' })
      const statements = ['BEGIN', `INSERT INTO whole (v) SELECT ${round} FROM d a, d b, d c`, 'COMMIT']
      for (const sql of statements) client.command(COM_QUERY, sql)
      await delay(round * 2)
      client.reset()
    }
    await eventually(async () => (await sessionCount(bystander)) === 1)
    const [rows] = await bystander.query('SELECT v, COUNT(*) AS n FROM whole GROUP BY v')
    expect((rows as { n: number }[]).filter(({ n }) => n !== 1000)).toEqual([])
  })
})

test('pipelined commands are answered in their order', async () => {
  const client = await logIn(server)
  const count = 2000
  const commands = Array.from({ length: count }, (_, i) => packet(Buffer.from(`\x03SELECT ${i}`), 0))
  client.sendRaw(Buffer.concat(commands))
  const answers: number[] = []
  while (answers.length < count) {
    for (let packets = 0; packets < 3; packets++) await client.receive()
    answers.push(Number((await client.receive()).subarray(1)))
    await client.receive()
  }
  expect(answers).toEqual(Array.from({ length: count }, (_, i) => i))
  client.end()
})

describe('strings of 20 MB', () => {
  const long = `${'x'.repeat(20 * MEGABYTE - 2)}é`
  let connection: Connection

  beforeEach(async () => {
    connection = await server.connect({ database: 'hostile' })
    await connection.query('DELETE FROM t')
  })
  afterEach(async () => {
    connection.destroy()
    await eventually(async () => (await sessionCount(bystander)) === 1)
  })

  test('as a literal and as a parameter, stored and read', async () => {
    await connection.query(`INSERT INTO t VALUES (1, 1, '${long}')`)
    await connection.execute('INSERT INTO t VALUES (2, 2, ?)', [long])
    expect(await valueOf(connection, 'SELECT COUNT(*) FROM t WHERE LENGTH(wide) = 20971520')).toBe(2)
    expect((await valueOf(connection, 'SELECT wide FROM t WHERE id = 1')) === long).toBe(true)
  })

  test('many of them in one result, one at a time in memory', async () => {
    await connection.query(`INSERT INTO t VALUES (1, 1, '${long}')`)
    for (let id = 2; id <= 5; id++)
      await connection.query('INSERT INTO t SELECT ?, 1, wide FROM t WHERE id = 1', [id])
    const before = await server.residentBytes()
    const client = await logIn(server, { database: 'hostile' })
    client.pause()
    client.command(COM_QUERY, 'SELECT a.wide FROM t a, t b')
    await untilStalled()
    expect(await server.residentBytes()).toBeLessThan(before + 400 * MEGABYTE)
    client.destroy()
  })

  test('beyond max_allowed_packet: 1153, and the connection ends', async () => {
    const client = await logIn(server)
    client.sendRaw(packet(Buffer.alloc(0xffffff, COM_QUERY), 0))
    client.sendRaw(packet(Buffer.alloc(0xffffff, 0x20), 1))
    client.sendRaw(packet(Buffer.alloc(1000, 0x20), 2))
    const answer = await client.receivePacket()
    expect(parseError(answer.payload)).toMatchObject({ number: 1153, sqlState: '08S01' })
    // It counts on from the packets that were sent.
    expect(answer.sequence).toBe(3)
    await client.closed()
    expect(await errorNumber(connection.query(`SELECT '${'x'.repeat(33 * MEGABYTE)}'`))).toBe(1153)
  })

  test('results of functions beyond max_allowed_packet are NULL with warning 1301', async () => {
    for (const sql of [
      `SELECT REPEAT('x', 33554433)`,
      `SELECT CONCAT(REPEAT('x', 20000000), REPEAT('y', 20000000))`,
      `SELECT LPAD('x', 40000000, 'y')`,
      `SELECT SPACE(40000000)`,
      `SELECT REPLACE(REPEAT('x', 20000000), 'x', 'yy')`,
      `SELECT REPEAT(REPEAT('x', 1000000), 1000000000000)`,
    ]) {
      expect(await valueOf(connection, sql)).toBeNull()
      const [warnings] = await connection.query('SHOW WARNINGS')
      expect((warnings as { Code: number }[])[0]?.Code).toBe(1301)
    }
    expect(await valueOf(connection, `SELECT LENGTH(REPEAT('x', 33554432))`)).toBe(33554432)
  })

  test('a result of a regular expression beyond max_allowed_packet is error 3684', async () => {
    const sql = `SELECT REGEXP_REPLACE(REPEAT('x', 1000000), 'x', REPEAT('y', 1000000))`
    expect(await errorNumber(connection.query(sql))).toBe(3684)
  })

  test('max_allowed_packet of a gigabyte does not lead beyond what a string can hold', async () => {
    await bystander.query('SET GLOBAL max_allowed_packet = 1073741824')
    const wide = await server.connect()
    expect(await valueOf(wide, `SELECT LENGTH(REPEAT('x', 1000000000))`)).toBeNull()
    wide.destroy()
    await bystander.query('SET GLOBAL max_allowed_packet = DEFAULT')
  })
})
