/**
 * Goal: no bytes that a client can send, at no moment of a connection, take the server down, harm another client, leave
 * anything behind, or get an answer that speaks of our insides.
 *
 * Method: a real server; clients that send random bytes, and packets that are cut, changed, out of order or longer than they
 * say, in each phase: before the login, in its midst, behind it, inside COM_STMT_EXECUTE. A well-behaved connection watches.
 */
import type { Connection } from 'mysql2/promise'
import { Random } from '../crash/load/random.js'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { CAPABILITIES, DEFAULT_CAPABILITIES, packet, parseError, WireClient } from '../support/wire-client.js'
import { TEST_SEED } from '../support/seed.js'
import { expectSound, logIn, mutated, randomBytes } from './soundness.js'

const COM_QUERY = 0x03
const COM_SHUTDOWN = 0x08
const COM_PING = 0x0e
const COM_CHANGE_USER = 0x11
const COM_STMT_PREPARE = 0x16
const COM_STMT_EXECUTE = 0x17
const COM_STMT_SEND_LONG_DATA = 0x18

const CONFIG = `
init: { sample: false }
limits: { connectTimeout: 2s }
plugins: { mysql-wire: { options: { readTimeout: 3s } } }
`

let server: TestServer
let bystander: Connection

beforeAll(async () => {
  server = await TestServer.start({ config: CONFIG })
  bystander = await server.connect()
  await bystander.query("CREATE USER sha IDENTIFIED BY 'secret'")
  await bystander.query('CREATE DATABASE hostile')
  await bystander.query('CREATE TABLE hostile.t (id INT PRIMARY KEY, b VARCHAR(100), d DATETIME, j JSON)')
})
afterEach(() => expectSound(server, bystander))
afterAll(killServers)
afterAll(removeTemporaryFolders)

/** A login that succeeds: failed ones in a row make all others from this host wait. */
async function logInWell(): Promise<void> {
  const client = await logIn(server)
  client.end()
  await client.closed()
}

/** Says goodbye and reads what still comes; an attacker that hears of an internal error has found something. */
async function finish(client: WireClient): Promise<void> {
  client.end()
  for (;;) {
    const payload = await client.receive().catch(() => undefined)
    if (payload === undefined) break
    if (payload[0] === 0xff && payload.length >= 9) expectCivil(parseError(payload).message)
  }
  await client.closed()
}

function expectCivil(message: string): void {
  expect(message).not.toMatch(/internal error|invariant|RangeError|TypeError|undefined|\bat \S+:\d+/i)
}

/** A login as a client of today would send it. */
function loginPayload(): Buffer {
  const head = Buffer.alloc(32)
  const capabilities =
    DEFAULT_CAPABILITIES | CAPABILITIES.connectAttributes | CAPABILITIES.connectWithDatabase
  head.writeUInt32LE(capabilities >>> 0, 0)
  head.writeUInt32LE(0x1000000, 4)
  head[8] = 255
  const attributes = Buffer.from('\x03_os\x05Linux\x04_pid\x0212')
  return Buffer.concat([
    head,
    Buffer.from('root\0'),
    Buffer.of(0),
    Buffer.from('hostile\0'),
    Buffer.from('mysql_native_password\0'),
    Buffer.of(attributes.length),
    attributes,
  ])
}

describe(`before the login, seed ${TEST_SEED}`, () => {
  test('random bytes instead of a login', async () => {
    const random = new Random(TEST_SEED)
    for (let i = 0; i < 60; i++) {
      const client = await WireClient.connect(server)
      if (random.chance(50)) await client.readGreeting()
      client.sendRaw(randomBytes(random, random.next(400)))
      await finish(client)
    }
  })

  test('a login that is cut anywhere', async () => {
    const whole = loginPayload()
    for (let length = 0; length < whole.length; length += 3) {
      const client = await WireClient.connect(server)
      await client.readGreeting()
      client.send(whole.subarray(0, length))
      await finish(client)
    }
  })

  test('a login with changed bytes', async () => {
    const random = new Random(TEST_SEED + 1)
    for (let i = 0; i < 150; i++) {
      const client = await WireClient.connect(server)
      await client.readGreeting()
      client.send(mutated(random, loginPayload()))
      await finish(client)
      await logInWell()
    }
  })

  test('a client that leaves in the midst of its login packet', async () => {
    const whole = packet(loginPayload(), 1)
    for (let length = 1; length < whole.length; length += 7) {
      const client = await WireClient.connect(server)
      client.sendRaw(whole.subarray(0, length))
      if (length % 2 === 0) client.reset()
      else client.end()
      await client.closed()
    }
  })

  test('garbage in the place of a TLS handshake', async () => {
    const random = new Random(TEST_SEED + 2)
    for (let i = 0; i < 20; i++) {
      const client = await WireClient.connect(server)
      await client.readGreeting()
      const head = Buffer.alloc(32)
      head.writeUInt32LE((DEFAULT_CAPABILITIES | CAPABILITIES.ssl) >>> 0, 0)
      client.send(head)
      client.sendRaw(randomBytes(random, 1 + random.next(200)))
      client.end()
      await client.closed()
    }
  })

  test('random answers in the exchange of a password', async () => {
    const random = new Random(TEST_SEED + 3)
    for (let i = 0; i < 40; i++) {
      const client = await WireClient.connect(server)
      await client.readGreeting()
      const method = random.chance(50) ? 'caching_sha2_password' : 'mysql_native_password'
      client.sendLogin({ user: 'sha', method, message: randomBytes(random, random.pick([0, 20, 32]) ?? 0) })
      for (let step = 0; step < 4; step++) {
        const answer = await client.receive().catch(() => undefined)
        if (answer === undefined || answer[0] === 0xff) break
        expect(answer[0]).not.toBe(0)
        client.send(randomBytes(random, random.next(300)))
      }
      await finish(client)
      await logInWell()
    }
  })
})

describe(`behind the login, seed ${TEST_SEED}`, () => {
  test('random commands with random arguments', async () => {
    const random = new Random(TEST_SEED + 4)
    for (let round = 0; round < 10; round++) {
      const client = await logIn(server)
      for (let i = 0; i < 40; i++) {
        const command = random.next(40)
        // Root may shut the server down.
        if (command !== COM_SHUTDOWN) client.command(command, randomBytes(random, random.next(60)))
      }
      await finish(client)
    }
  })

  test('changed texts of statements', async () => {
    const random = new Random(TEST_SEED + 5)
    const texts = [
      "SELECT CONCAT('a', id), b FROM hostile.t WHERE id IN (1, 2) ORDER BY d LIMIT 3",
      "INSERT INTO hostile.t VALUES (1, 'x', '2024-02-29 10:00:00', '{\"a\": [1, 2]}')",
      "SET @v = _utf8mb4 x'61' COLLATE utf8mb4_bin, NAMES utf8mb4",
      "/*!80000 SELECT */ DATE_ADD('2024-01-01', INTERVAL 1 DAY), JSON_EXTRACT('[1]', '$[0]'), 1e308 * 1.5",
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT SUM(i) OVER () FROM n',
    ]
    const client = await logIn(server)
    for (let i = 0; i < 300; i++) {
      client.command(COM_QUERY, mutated(random, Buffer.from(random.pick(texts) ?? '')))
    }
    await finish(client)
    await bystander.query('DELETE FROM hostile.t')
  })

  test('COM_STMT_EXECUTE and its long data, cut and changed', async () => {
    const random = new Random(TEST_SEED + 6)
    const id = '01000000'
    // Flags, iterations, no NULLs, types follow: BIGINT, VARCHAR, DATETIME, DOUBLE, TIME, DECIMAL.
    const types = '0800' + 'fd00' + '0c00' + '0500' + '0b00' + 'f600'
    const values =
      '0100000000000000' +
      '03616263' +
      '07da070a11131b1e' +
      '000000000000f03f' +
      '0801000000000a0b0c' +
      '03312e35'
    const whole = Buffer.from(`${id}00010000000001${types}${values}`, 'hex')
    for (let round = 0; round < 12; round++) {
      const client = await logIn(server)
      client.command(COM_STMT_PREPARE, 'SELECT ?, ?, ?, ?, ?, ?')
      for (let i = 0; i < 40; i++) {
        const [start, body] = [whole.subarray(0, 4), whole.subarray(4)]
        if (random.chance(20)) {
          client.command(COM_STMT_SEND_LONG_DATA, mutated(random, Buffer.from(`${id}0100616263`, 'hex')))
        }
        client.command(COM_STMT_EXECUTE, Buffer.concat([start, mutated(random, body)]))
      }
      client.command(COM_STMT_EXECUTE, whole)
      await finish(client)
    }
  })

  test('a change of user that is cut and changed', async () => {
    const random = new Random(TEST_SEED + 7)
    const whole = Buffer.from('root\0\0hostile\0\xff\x00mysql_native_password\0\x07\x03_os\x02ab', 'latin1')
    for (let i = 0; i < 40; i++) {
      const client = await logIn(server)
      client.command(COM_CHANGE_USER, mutated(random, whole))
      await finish(client)
      await logInWell()
    }
  })

  test('packets in pieces of any size are whole packets', async () => {
    const random = new Random(TEST_SEED + 8)
    const client = await logIn(server)
    const text = Buffer.from("\x03SELECT 'in pieces'")
    const stream = Buffer.concat(Array.from({ length: 50 }, () => packet(text, 0)))
    for (let at = 0; at < stream.length;) {
      const size = 1 + random.next(12)
      client.sendRaw(stream.subarray(at, at + size))
      at += size
      if (random.chance(30)) await new Promise((resolve) => setImmediate(resolve))
    }
    let rows = 0
    while (rows < 50) if ((await client.receive()).toString('latin1') === '\x09in pieces') rows++
    await finish(client)
  })

  test('an empty packet, and one that is continued by nothing', async () => {
    const client = await logIn(server)
    client.sendRaw(packet(Buffer.alloc(0), 0))
    expect(await client.receiveError()).toMatchObject({ number: 1047, sqlState: '08S01' })
    // Full packets may be followed by an empty one: the payload is a text of 16 MiB - 2 then.
    const text = Buffer.alloc(0xffffff, ' ')
    text[0] = COM_QUERY
    text.write('SELECT 1', 1)
    client.sendRaw(Buffer.concat([packet(text, 0), packet(Buffer.alloc(0), 1)]))
    expect((await client.receive())[0]).toBe(1)
    await finish(client)
  })

  test.each([1, 2, 77, 255])('sequence number %i at the start of a command', async (sequence) => {
    const client = await logIn(server)
    client.sendRaw(packet(Buffer.of(COM_PING), sequence))
    expect(await client.receiveError()).toMatchObject({ number: 1156, sqlState: '08S01' })
    await client.closed()
  })

  test('a length far beyond what comes: nothing is reserved for it, and the connection ends', async () => {
    const before = await server.residentBytes()
    const clients = await Promise.all(Array.from({ length: 100 }, () => logIn(server)))
    for (const client of clients) client.sendRaw(Buffer.of(0xff, 0xff, 0xff, 0, COM_QUERY))
    expect(await server.residentBytes()).toBeLessThan(before + 200 * 2 ** 20)
    await Promise.all(clients.map((client) => client.closed()))
  })
})
