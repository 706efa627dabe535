/**
 * Goal: each packet of the connection and command phases is what MySQL's protocol says. Method: a raw client looks at
 * every byte that the listener answers over an engine that does as it is told.
 */
import { randomUUID } from 'node:crypto'
import { writeFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Batch, INT_TYPE, sqlError, textType, type ResultSink } from '@switchyard/core/spi'
import { CAPABILITIES, DEFAULT_CAPABILITIES, parseError, WireClient } from '../../test/support/wire-client.js'
import { makeSelfSignedCertificate } from './self-signed-certificate.js'
import { column, STATUS, type FakeSession, type Script } from './testing/fake-server.js'
import { eventually, startListener, type Listener } from './testing/listener.js'
import { makeTlsAcceptor } from './tls-acceptor.js'
import type { MysqlProtocolOptions } from './mysql-protocol.js'

let listener: Listener

async function listen(script: Script = {}, overrides: Partial<MysqlProtocolOptions> = {}): Promise<Listener> {
  listener = await startListener(script, overrides)
  return listener
}

afterEach(async () => {
  await listener.stop()
  expect(listener.log).toEqual([])
  expect([...listener.server.reserved]).toEqual([])
})

const NEW_CLIENT = DEFAULT_CAPABILITIES | CAPABILITIES.deprecateEof
const COLUMNS = [column('id', INT_TYPE), column('name', textType(10, 'utf8mb4_0900_ai_ci'))]

function sendRows(sink: ResultSink, rows: readonly (readonly [number, string | null])[]): void {
  const batch = Batch.ofTypes(COLUMNS.map((each) => each.type))
  for (const row of rows) batch.pushRow(row)
  sink.columns(COLUMNS)
  void sink.rows(batch)
  sink.end(STATUS)
}

const OK = '00000002000000'

describe('the connection phase', () => {
  it('greets with version 10, a nonce without zeros and its capabilities', async () => {
    const { port, server } = await listen()
    const client = await WireClient.connect({ port })
    const greeting = await client.readGreeting()
    expect(greeting.version).toBe(server.version)
    expect(greeting.method).toBe('mysql_native_password')
    expect(greeting.nonce).toHaveLength(20)
    expect(greeting.nonce.every((byte) => byte > 0 && byte < 128)).toBe(true)
    const offered = ['protocol41', 'pluginAuth', 'deprecateEof', 'sessionTrack', 'multiStatements'] as const
    for (const name of offered) expect(greeting.capabilities & CAPABILITIES[name]).not.toBe(0)
    for (const name of ['ssl', 'localFiles'] as const) {
      expect(greeting.capabilities & CAPABILITIES[name]).toBe(0)
    }
    client.destroy()
  })

  it('tells the engine who comes', async () => {
    const { port, server } = await listen()
    const client = await WireClient.connect({ port })
    const { nonce } = await client.readGreeting()
    client.sendLogin({
      user: 'bøb',
      database: 'shop',
      capabilities: DEFAULT_CAPABILITIES | CAPABILITIES.foundRows | CAPABILITIES.interactive,
    })
    expect((await client.receive()).toString('hex')).toBe(OK)
    expect(server.requests[0]).toMatchObject({
      user: 'bøb',
      database: 'shop',
      client: { host: '127.0.0.1', isLoopback: true, isSecure: false, isInteractive: true, collationId: 255 },
    })
    expect(Buffer.from(server.requests[0]?.nonce ?? [])).toEqual(nonce)
    expect([...server.sessions][0]?.foundRows).toBe(true)
    client.end()
  })

  it('carries an exchange of several messages, and a switch of methods', async () => {
    const seen: [string | undefined, string][] = []
    const steps = [
      { kind: 'switch', method: 'other', data: Buffer.from('nonce\0') } as const,
      { kind: 'send', data: Buffer.from('more'), expectAnswer: true } as const,
      { kind: 'send', data: Buffer.of(3), expectAnswer: false } as const,
      { kind: 'welcome', account: 'bob@%' } as const,
    ]
    const { port } = await listen({
      beginLogin: () => ({
        receive: async (method, message) => {
          seen.push([method, Buffer.from(message).toString()])
          return steps[seen.length - 1] ?? { kind: 'denied', error: sqlError('ER_HANDSHAKE_ERROR') }
        },
      }),
    })
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    client.sendLogin({ message: Buffer.from('proof') })
    expect((await client.receive()).toString()).toBe('\ufffdother\0nonce\0')
    client.send(Buffer.from('second'))
    expect((await client.receive()).toString()).toBe('\x01more')
    client.send(Buffer.from('third'))
    expect((await client.receive()).toString()).toBe('\x01\x03')
    const ok = await client.receivePacket()
    expect(ok.payload.toString('hex')).toBe(OK)
    expect(ok.sequence).toBe(7)
    expect(seen).toEqual([
      ['mysql_native_password', 'proof'],
      [undefined, 'second'],
      [undefined, 'third'],
      [undefined, ''],
    ])
    client.end()
  })

  it('says why a login is denied, and hangs up', async () => {
    const error = sqlError('ER_ACCESS_DENIED_ERROR', 'bob', 'localhost', 'YES')
    const { port } = await listen({ beginLogin: () => ({ receive: () => ({ kind: 'denied', error }) }) })
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    client.sendLogin({ user: 'bob' })
    expect(await client.receiveError()).toEqual({
      number: 1045,
      sqlState: '28000',
      message: "Access denied for user 'bob'@'localhost' (using password: YES)",
    })
    await client.closed()
  })

  it('reports an unknown database after the login', async () => {
    const { port } = await listen({
      openSession: ({ database }) => {
        if (database !== undefined) throw sqlError('ER_BAD_DB_ERROR', database)
      },
    })
    await expect(WireClient.login({ port }, { database: 'nowhere' })).rejects.toThrow(
      "Unknown database 'nowhere'",
    )
  })

  it('refuses more connections than the engine takes, without an SQLSTATE that nobody could expect', async () => {
    const { port, server } = await listen()
    server.connectionsMax = 1
    const first = await WireClient.login({ port })
    const second = await WireClient.connect({ port })
    expect(await second.receiveError()).toEqual({
      number: 1040,
      sqlState: '',
      message: 'Too many connections',
    })
    await second.closed()
    first.end()
    await eventually(() => server.reserved.size === 0, 'the first connection is given back')
    const third = await WireClient.login({ port })
    third.end()
  })

  it('refuses clients of before MySQL 4.1', async () => {
    const { port } = await listen()
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    client.sendLogin({ capabilities: DEFAULT_CAPABILITIES & ~CAPABILITIES.protocol41 })
    expect(await client.receiveError()).toMatchObject({ number: 1251, sqlState: '08004' })
    await client.closed()
  })

  it('closes clients that do not log in in time', async () => {
    const { port, server } = await listen({}, { connectTimeoutMs: 100 })
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    await client.closed()
    await eventually(() => server.reserved.size === 0, 'the connection is given back')
  })

  it('upgrades to TLS, also if the client does not wait', async () => {
    const { certificate, key } = await makeSelfSignedCertificate()
    const { port, server } = await listen(
      {},
      { loadTls: async () => makeTlsAcceptor({ cert: certificate, key }), requireTls: true },
    )
    const plain = await WireClient.connect({ port })
    await plain.readGreeting()
    plain.sendLogin()
    expect(await plain.receiveError()).toMatchObject({ number: 3159 })
    const client = await WireClient.connect({ port })
    expect((await client.readGreeting()).capabilities & CAPABILITIES.ssl).not.toBe(0)
    await client.upgrade()
    client.sendLogin({ capabilities: DEFAULT_CAPABILITIES | CAPABILITIES.ssl })
    expect((await client.receive()).toString('hex')).toBe(OK)
    expect(server.requests[0]?.client.isSecure).toBe(true)
    client.command(0x0e)
    expect((await client.receive()).toString('hex')).toBe(OK)
    client.reset()
    await eventually(() => server.sessions.size === 0, 'the session is closed')
  })

  it('ignores what is said in the clear behind a request for TLS', async () => {
    const { certificate, key } = await makeSelfSignedCertificate()
    const { port, server } = await listen(
      {},
      { loadTls: async () => makeTlsAcceptor({ cert: certificate, key }) },
    )
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    const request = Buffer.alloc(32)
    request.writeUInt32LE(DEFAULT_CAPABILITIES | CAPABILITIES.ssl)
    client.send(request)
    client.sendLogin()
    await client.closed()
    expect(server.requests).toEqual([])
  })
})

describe('listening', () => {
  it('listens on a Unix socket, which counts as secure, and clears away a stale one', async () => {
    const path = join(tmpdir(), `switchyard-${randomUUID()}.sock`)
    // A listener that dies without cleaning up leaves its file behind.
    const { spawnSync } = await import('node:child_process')
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script])
    const { protocol, server } = await listen({}, { tcp: undefined, socketPath: path })
    expect(protocol.addresses).toEqual([path])
    const client = await WireClient.login({ path })
    expect(server.requests[0]?.client).toMatchObject({ host: 'localhost', isLoopback: true, isSecure: true })
    client.end()
  })

  it('says in one line what is wrong with an address', async () => {
    await listen()
    const taken = startListener({}, { tcp: { host: '127.0.0.1', port: listener.port } })
    await expect(taken).rejects.toThrow(`127.0.0.1:${listener.port} is in use by another program`)
    const file = join(tmpdir(), `switchyard-${randomUUID()}`)
    await writeFile(file, '')
    await expect(startListener({}, { tcp: undefined, socketPath: file })).rejects.toThrow(
      `${file} exists and is no socket`,
    )
    await rm(file)
    const busy = createServer().listen(file)
    await expect(startListener({}, { tcp: undefined, socketPath: file })).rejects.toThrow('in use')
    busy.close()
  })

  it('stops accepting first, and says goodbye when it stops', async () => {
    const { port, protocol } = await listen()
    const client = await WireClient.login({ port })
    await protocol.stopAccepting()
    await expect(WireClient.connect({ port })).rejects.toThrow('ECONNREFUSED')
    client.command(0x0e)
    expect((await client.receive())[0]).toBe(0)
    await protocol.stop()
    expect(await client.receiveError()).toMatchObject({ number: 1053, sqlState: '08S01' })
    await client.closed()
  })
})

describe('COM_QUERY', () => {
  it('sends a result set with EOF packets to old clients', async () => {
    const { port } = await listen({
      execute: (_text, sink) =>
        sendRows(sink, [
          [1, 'one'],
          [-2, null],
        ]),
    })
    const client = await WireClient.login({ port })
    client.command(3, 'SELECT id, name FROM t')
    const packets = []
    for (let i = 0; i < 7; i++) packets.push((await client.receive()).toString('hex'))
    expect(packets[0]).toBe('02')
    expect(packets[1]).toBe('03646566' + '000000' + '026964' + '00' + '0c3f000b000000038000000000')
    expect(packets[2]).toBe('03646566' + '000000' + '046e616d65' + '00' + '0cff0028000000fd00001f0000')
    expect(packets.slice(3)).toEqual(['fe00000200', '0131036f6e65', '022d32fb', 'fe00000200'])
    expect(client.sequence).toBe(8)
    client.end()
  })

  it('ends a result set with an OK packet for clients that know it', async () => {
    const { port } = await listen({ execute: (_text, sink) => sendRows(sink, [[1, 'one']]) })
    const client = await WireClient.login({ port }, { capabilities: NEW_CLIENT })
    client.command(3, 'SELECT')
    const packets = []
    for (let i = 0; i < 5; i++) packets.push((await client.receive()).toString('hex'))
    expect(packets.slice(3)).toEqual(['0131036f6e65', 'fe000002000000'])
    client.end()
  })

  it('reports affected rows, insert id, warnings and the info text', async () => {
    const status = {
      ...STATUS,
      affectedRows: 300,
      lastInsertId: 2n ** 63n,
      warningCount: 70_000,
      info: 'Rows matched: 300',
      inTransaction: true,
      noBackslashEscapes: true,
    }
    const { port } = await listen({ execute: (_text, sink) => sink.ok(status) })
    const client = await WireClient.login({ port })
    client.command(3, 'UPDATE')
    const info = Buffer.from('Rows matched: 300').toString('hex')
    expect((await client.receive()).toString('hex')).toBe(`00fc2c01fe00000000000000800302ffff${info}`)
    client.end()
  })

  it('tells clients that track it how the session changed', async () => {
    const changes = [
      { kind: 'database', name: 'shop' },
      { kind: 'variable', name: 'autocommit', value: 'ON' },
    ] as const
    const { port } = await listen({ execute: (_text, sink) => sink.ok({ ...STATUS, changes }) })
    const tracking = await WireClient.login(
      { port },
      { capabilities: NEW_CLIENT | CAPABILITIES.sessionTrack },
    )
    tracking.command(3, 'USE shop')
    const state = '01' + '05' + '04' + Buffer.from('shop').toString('hex')
    const variable = '00' + '0e' + '0a' + Buffer.from('autocommit').toString('hex') + '02' + '4f4e'
    expect((await tracking.receive()).toString('hex')).toBe(`0000000240000000` + '17' + state + variable)
    tracking.end()
    const other = await WireClient.login({ port })
    other.command(3, 'USE shop')
    expect((await other.receive()).toString('hex')).toBe(OK)
    other.end()
  })

  it('hands over the text byte for byte', async () => {
    const seen: string[] = []
    const { port } = await listen({
      execute: (text, sink) => {
        seen.push(text)
        sink.ok(STATUS)
      },
    })
    const client = await WireClient.login({ port })
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    client.command(3, bytes)
    await client.receive()
    expect(Buffer.from(seen[0] ?? '', 'latin1')).toEqual(bytes)
    client.end()
  })

  it('answers several statements one after the other, as they are done', async () => {
    let release: (() => void) | undefined
    const { port } = await listen({
      execute: async (_text, sink, _session, multi) => {
        expect(multi).toBe(true)
        sink.ok({ ...STATUS, affectedRows: 1, moreResults: true })
        await new Promise<void>((resolve) => (release = resolve))
        sink.ok({ ...STATUS, affectedRows: 2, moreResults: true })
        await new Promise<void>((resolve) => (release = resolve))
        sendRows(sink, [[3, 'three']])
      },
    })
    const client = await WireClient.login(
      { port },
      { capabilities: NEW_CLIENT | CAPABILITIES.multiStatements },
    )
    client.command(3, 'A; B; C')
    expect((await client.receive()).toString('hex')).toBe('0001000a000000')
    release?.()
    expect((await client.receive()).toString('hex')).toBe('0002000a000000')
    release?.()
    for (let i = 0; i < 4; i++) await client.receive()
    expect((await client.receivePacket()).sequence).toBe(7)
    client.end()
  })

  it('sends errors, also in the midst of rows, in the character set of the results', async () => {
    const { port } = await listen({
      execute: (text, sink, session) => {
        session.resultCharset = 'latin1'
        if (text === 'rows') {
          sink.columns(COLUMNS)
          const batch = Batch.ofTypes(COLUMNS.map((each) => each.type))
          batch.pushRow([1, 'é'])
          void sink.rows(batch)
        }
        sink.fail(sqlError('ER_NO_SUCH_TABLE', 'café', 't'))
      },
    })
    const client = await WireClient.login({ port }, { capabilities: NEW_CLIENT })
    client.command(3, 'none')
    const error = await client.receive()
    expect(parseError(error)).toMatchObject({ number: 1146, sqlState: '42S02' })
    expect(error.toString('latin1')).toContain("Table 'café.t' doesn't exist")
    client.command(3, 'rows')
    for (let i = 0; i < 3; i++) await client.receive()
    expect((await client.receive()).toString('hex')).toBe('013101e9')
    expect(parseError(await client.receive()).number).toBe(1146)
    client.end()
  })

  it('cuts error texts at 512 bytes', async () => {
    const { port } = await listen({
      execute: (_text, sink) => sink.fail(sqlError('ER_UNKNOWN_ERROR', 'x'.repeat(1000))),
    })
    const client = await WireClient.login({ port })
    client.command(3, '')
    expect((await client.receiveError()).message).toHaveLength(512)
    client.end()
  })

  it('answers small results in one write', async () => {
    const { port } = await listen({ execute: (_text, sink) => sendRows(sink, [[1, 'one']]) })
    const client = await WireClient.login({ port }, { capabilities: NEW_CLIENT })
    const socket = client.detach()
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    client.command(3, 'SELECT')
    await eventually(() => chunks.length > 0, 'an answer')
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(chunks).toHaveLength(1)
    socket.end()
  })

  it('runs pipelined commands in order, whether they are done at once or later', async () => {
    const { port } = await listen({
      execute: async (text, sink) => {
        if (text === 'slow') await new Promise((resolve) => setTimeout(resolve, 20))
        sink.ok({ ...STATUS, info: text })
      },
    })
    const client = await WireClient.login({ port })
    for (const text of ['slow', 'a', 'slow', 'b']) client.command(3, text)
    client.command(0x0e)
    const answers = []
    for (let i = 0; i < 5; i++) answers.push((await client.receive()).subarray(7).toString())
    expect(answers).toEqual(['slow', 'a', 'slow', 'b', ''])
    client.end()
  })
})

describe('prepared statements', () => {
  const PREPARED: Script = {
    prepare: (text, id) => ({
      id,
      parameterCount: text.split('?').length - 1,
      columns: COLUMNS,
      warningCount: 1,
    }),
    executePrepared: (_text, parameters, sink) => sendRows(sink, [[Number(parameters[0]?.value ?? 0), 'x']]),
  }

  function execute(id: number, parameters: Buffer = Buffer.alloc(0)): Buffer {
    const head = Buffer.alloc(9)
    head.writeUInt32LE(id, 0)
    head.writeUInt32LE(1, 5)
    return Buffer.concat([head, parameters])
  }

  it('prepares, executes in the binary protocol, closes', async () => {
    const { port, server } = await listen(PREPARED)
    const client = await WireClient.login({ port })
    client.command(0x16, 'SELECT ?')
    expect((await client.receive()).toString('hex')).toBe('000100000002000100000100')
    expect((await client.receive()).toString('hex')).toBe('03646566000000013f000c3f0000000000fd8000000000')
    expect((await client.receive()).toString('hex')).toBe('fe00000200')
    for (let i = 0; i < 3; i++) await client.receive()
    client.command(0x17, execute(1, Buffer.from('0001' + '0300' + '07000000', 'hex')))
    for (let i = 0; i < 4; i++) await client.receive()
    expect((await client.receive()).toString('hex')).toBe('0000' + '07000000' + '0178')
    await client.receive()
    // Types stay bound.
    client.command(0x17, execute(1, Buffer.from('0000' + '08000000', 'hex')))
    for (let i = 0; i < 4; i++) await client.receive()
    expect((await client.receive()).toString('hex')).toBe('0000' + '08000000' + '0178')
    await client.receive()
    client.command(0x19, Buffer.of(1, 0, 0, 0))
    client.command(0x17, execute(1))
    expect(await client.receiveError()).toMatchObject({
      number: 1243,
      message: 'Unknown prepared statement handler (1) given to mysqld_stmt_execute',
    })
    expect([...server.sessions][0]?.prepared.size).toBe(0)
    client.end()
  })

  it('leaves EOF packets out for new clients', async () => {
    const { port } = await listen(PREPARED)
    const client = await WireClient.login({ port }, { capabilities: NEW_CLIENT })
    client.command(0x16, 'SELECT ?')
    for (let i = 0; i < 4; i++) expect((await client.receive()).length).toBeGreaterThan(5)
    client.command(0x0e)
    expect((await client.receive()).toString('hex')).toBe(OK)
    client.end()
  })

  it('takes long values in pieces, and forgets them after use and on reset', async () => {
    const values: unknown[] = []
    const { port } = await listen({
      executePrepared: (_text, parameters, sink) => {
        values.push(...parameters.map((parameter) => parameter.value))
        sink.ok(STATUS)
      },
    })
    const client = await WireClient.login({ port })
    client.command(0x16, 'INSERT ?')
    for (let i = 0; i < 3; i++) await client.receive()
    const piece = (text: string) => Buffer.concat([Buffer.of(1, 0, 0, 0, 0, 0), Buffer.from(text)])
    const run = Buffer.from('0001' + 'fd00', 'hex')
    client.command(0x18, piece('long '))
    client.command(0x18, piece('value'))
    client.command(0x17, execute(1, run))
    await client.receive()
    client.command(0x18, piece('dropped'))
    client.command(0x1a, Buffer.of(1, 0, 0, 0))
    await client.receive()
    client.command(0x17, execute(1, Buffer.concat([run, Buffer.from('\x05short')])))
    await client.receive()
    expect(values).toEqual(['long value', 'short'])
    client.end()
  })

  it('refuses long values beyond max_allowed_packet when they are used', async () => {
    const { port, server } = await listen()
    const client = await WireClient.login({ port })
    client.command(0x16, 'INSERT ?')
    for (let i = 0; i < 3; i++) await client.receive()
    const session = [...server.sessions][0] as FakeSession
    session.packetBytesMax = 1000
    for (let i = 0; i < 3; i++)
      client.command(0x18, Buffer.concat([Buffer.of(1, 0, 0, 0, 0, 0), Buffer.alloc(400)]))
    client.command(0x17, execute(1, Buffer.from('0001' + 'fc00', 'hex')))
    expect(await client.receiveError()).toMatchObject({ number: 1153 })
    client.end()
  })

  it('has no cursors to fetch from', async () => {
    const { port } = await listen(PREPARED)
    const client = await WireClient.login({ port }, { capabilities: NEW_CLIENT })
    client.command(0x16, 'SELECT 1')
    for (let i = 0; i < 3; i++) await client.receive()
    client.command(0x1c, Buffer.of(1, 0, 0, 0, 10, 0, 0, 0))
    expect(await client.receiveError()).toMatchObject({ number: 1421 })
    client.command(0x1c, Buffer.of(9, 0, 0, 0, 10, 0, 0, 0))
    expect(await client.receiveError()).toMatchObject({ number: 1243 })
    client.end()
  })
})

describe('other commands', () => {
  it('answers each of them', async () => {
    const { port, server } = await listen({
      fieldList: (table, pattern) =>
        table === 't' && pattern === 'i%' ? [COLUMNS[0] ?? column('x', INT_TYPE)] : [],
    })
    const client = await WireClient.login({ port })
    const session = [...server.sessions][0] as FakeSession
    const answer = async (code: number, argument: string | Buffer = ''): Promise<string> => {
      client.command(code, argument)
      return (await client.receive()).toString('hex')
    }
    expect(await answer(0x0e)).toBe(OK)
    expect(await answer(0x02, 'shöp')).toBe(OK)
    expect(session.database).toBe('shöp')
    client.command(0x02, 'nowhere')
    expect(await client.receiveError()).toMatchObject({ number: 1049, sqlState: '42000' })
    expect(Buffer.from(await answer(0x09), 'hex').toString()).toBe('Uptime: 1  Threads: 1')
    expect(await answer(0x0d)).toBe('fe00000200')
    expect(await answer(0x1b, Buffer.of(0, 0))).toBe('fe00000200')
    expect(await answer(0x0c, Buffer.of(5, 0, 0, 0))).toBe(OK)
    expect(server.killed).toEqual([5])
    expect(await answer(0x1f)).toBe(OK)
    expect(session.resets).toBe(1)
    expect((await answer(0x04, 't\0i%')).endsWith('0c3f000b000000038000000000fb')).toBe(true)
    expect((await client.receive()).toString('hex')).toBe('fe00000200')
    client.command(0x01)
    await client.closed()
  })

  it('says old commands in SQL', async () => {
    const seen: string[] = []
    const { port } = await listen({
      execute: (text, sink) => {
        seen.push(text)
        sink.ok(STATUS)
      },
    })
    const client = await WireClient.login({ port })
    for (const [code, argument] of [[0x0a], [0x07, 0x17], [0x07, 0x08], [0x08]] as const) {
      client.command(code, argument === undefined ? '' : Buffer.of(argument))
      expect((await client.receive()).toString('hex')).toBe(OK)
    }
    expect(seen).toEqual([
      'SHOW PROCESSLIST',
      'FLUSH PRIVILEGES',
      'FLUSH LOGS',
      'FLUSH TABLES',
      'FLUSH STATUS',
      'SHUTDOWN',
    ])
    client.end()
  })

  it('refuses statements with more parameters than the protocol can count', async () => {
    const { port, server } = await listen({
      prepare: (_text, id) => ({ id, parameterCount: 65_536, columns: [], warningCount: 0 }),
    })
    const client = await WireClient.login({ port })
    client.command(0x16, 'SELECT')
    expect(await client.receiveError()).toMatchObject({ number: 1390 })
    expect([...server.sessions][0]?.prepared.size).toBe(0)
    client.end()
  })

  it('answers every unknown command with an error, and lives on', async () => {
    const { port } = await listen()
    const client = await WireClient.login({ port })
    const known = [1, 2, 3, 4, 7, 8, 9, 10, 12, 13, 14, 17, 22, 23, 24, 25, 26, 27, 28, 31]
    for (let code = 0; code < 256; code++) {
      if (known.includes(code)) continue
      client.command(code, 'whatever')
      expect(await client.receiveError()).toEqual({
        number: 1047,
        sqlState: '08S01',
        message: 'Unknown command',
      })
    }
    client.sequence = 0
    client.send(Buffer.alloc(0))
    expect(await client.receiveError()).toMatchObject({ number: 1047 })
    client.command(0x0e)
    expect((await client.receive()).toString('hex')).toBe(OK)
    client.end()
  })

  it('turns several statements on and off', async () => {
    const seen: boolean[] = []
    const { port } = await listen({
      execute: (_text, sink, _session, multi) => {
        seen.push(multi)
        sink.ok(STATUS)
      },
    })
    const client = await WireClient.login({ port })
    for (const option of [undefined, 0, 1]) {
      if (option !== undefined) client.command(0x1b, Buffer.of(option, 0))
      if (option !== undefined) await client.receive()
      client.command(3, 'x')
      await client.receive()
    }
    expect(seen).toEqual([false, true, false])
    client.end()
  })

  it('changes the user in a new session under the same id', async () => {
    const { port, server } = await listen()
    const client = await WireClient.login({ port }, { user: 'first' })
    const before = [...server.sessions][0] as FakeSession
    client.command(0x11, Buffer.from('second\0\0shop\0\xff\0mysql_native_password\0', 'latin1'))
    expect((await client.receive()).toString('hex')).toBe(OK)
    const after = [...server.sessions][0] as FakeSession
    expect(before.isClosed).toBe(true)
    expect(after).not.toBe(before)
    expect(after.connectionId).toBe(before.connectionId)
    expect(server.requests[1]).toMatchObject({
      user: 'second',
      database: 'shop',
      client: { collationId: 255 },
    })
    expect(server.requests[1]?.nonce).toEqual(server.requests[0]?.nonce)
    // The end of the session before is not the end of the connection.
    before.killer.abort()
    client.command(0x0e)
    expect((await client.receive()).toString('hex')).toBe(OK)
    client.end()
  })

  it('hangs up when a change of the user fails', async () => {
    let logins = 0
    const { port } = await listen({
      beginLogin: () => ({
        receive: () =>
          ++logins === 1
            ? { kind: 'welcome', account: 'a@%' }
            : { kind: 'denied', error: sqlError('ER_ACCESS_DENIED_ERROR', 'b', 'h', 'NO') },
      }),
    })
    const client = await WireClient.login({ port })
    client.command(0x11, Buffer.from('b\0\0\0', 'latin1'))
    expect(await client.receiveError()).toMatchObject({ number: 1045 })
    await client.closed()
  })
})

describe('LOAD DATA LOCAL', () => {
  const LOCAL = DEFAULT_CAPABILITIES | CAPABILITIES.localFiles

  function loading(read: (content: AsyncIterable<Buffer>) => Promise<string>): Script {
    return {
      execute: async (_text, sink) => {
        if (sink.requestFile === undefined) {
          sink.fail(sqlError('ER_NOT_ALLOWED_COMMAND'))
          return
        }
        sink.ok({ ...STATUS, info: await read(sink.requestFile('/tmp/dätä.csv')) })
      },
    }
  }

  async function readAll(content: AsyncIterable<Buffer>): Promise<string> {
    let text = ''
    for await (const chunk of content) text += chunk.toString()
    return text
  }

  it("asks for the client's file and reads it to its end", async () => {
    const { port } = await listen(loading(readAll), { localFiles: true })
    const client = await WireClient.login({ port }, { capabilities: LOCAL })
    client.command(3, 'LOAD DATA LOCAL')
    expect((await client.receive()).toString()).toBe('\ufffd/tmp/dätä.csv')
    for (const part of ['a,b\n', 'c,d\n', '']) client.send(Buffer.from(part))
    const ok = await client.receivePacket()
    expect(ok.payload.subarray(7).toString()).toBe('a,b\nc,d\n')
    expect(ok.sequence).toBe(5)
    client.end()
  })

  it('lets the client finish when the rest is not wanted', async () => {
    const first = async (content: AsyncIterable<Buffer>): Promise<string> => {
      for await (const chunk of content) return chunk.toString()
      return ''
    }
    const { port } = await listen(loading(first), { localFiles: true })
    const client = await WireClient.login({ port }, { capabilities: LOCAL })
    client.command(3, 'LOAD DATA LOCAL')
    await client.receive()
    for (const part of ['one', 'two', 'three', '']) client.send(Buffer.from(part))
    expect((await client.receive()).subarray(7).toString()).toBe('one')
    client.command(0x0e)
    expect((await client.receive()).toString('hex')).toBe(OK)
    client.end()
  })

  it('is not offered unless both sides allow it', async () => {
    const { port } = await listen(loading(readAll))
    const client = await WireClient.login({ port }, { capabilities: LOCAL })
    client.command(3, 'LOAD DATA LOCAL')
    expect(await client.receiveError()).toMatchObject({ number: 1148 })
    client.end()
  })
})
