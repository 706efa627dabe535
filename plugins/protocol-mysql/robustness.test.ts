/**
 * Goal: whatever a client does, nobody else is harmed: no crash, no unbounded memory, no session left behind, nothing in
 * the log that isn't a fault of ours. Method: clients that misbehave in every way we can think of, beside one that doesn't.
 */
import { deflateSync } from 'node:zlib'
import {
  Batch,
  BIGINT_TYPE,
  INT_TYPE,
  isPromise,
  textType,
  type MaybePromise,
  type ResultColumn,
  type ResultSink,
} from '@switchyard/core/spi'
import { CAPABILITIES, DEFAULT_CAPABILITIES, packet, WireClient } from '../../test/support/wire-client.js'
import { column, STATUS, type FakeSession, type Script } from './testing/fake-server.js'
import { eventually, startListener, type Listener } from './testing/listener.js'
import type { MysqlProtocolOptions } from './mysql-protocol.js'

let listener: Listener
const rejections: unknown[] = []
const onRejection = (reason: unknown): void => {
  rejections.push(reason)
}

async function listen(script: Script = {}, overrides: Partial<MysqlProtocolOptions> = {}): Promise<number> {
  listener = await startListener(script, overrides)
  return listener.port
}

beforeAll(() => process.on('unhandledRejection', onRejection))
afterAll(() => process.off('unhandledRejection', onRejection))

afterEach(async () => {
  await listener.stop()
  expect(listener.server.sessions.size).toBe(0)
  expect([...listener.server.reserved]).toEqual([])
  expect(rejections).toEqual([])
})

async function expectAlive(port: number): Promise<void> {
  const client = await WireClient.login({ port })
  client.command(0x0e)
  expect((await client.receive())[0]).toBe(0)
  client.end()
}

/** A whole result, without a promise where the client keeps up: as an engine answers. */
function answer(sink: ResultSink, columns: readonly ResultColumn[], batch: Batch): MaybePromise<void> {
  sink.columns(columns)
  const written = sink.rows(batch)
  if (written !== undefined && isPromise(written)) return written.then(() => sink.end(STATUS))
  sink.end(STATUS)
  return undefined
}

function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

function randomBytes(random: () => number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
}

describe('before the login', () => {
  it('survives random bytes', async () => {
    const port = await listen()
    const random = randomNumbers(42)
    for (let i = 0; i < 50; i++) {
      const client = await WireClient.connect({ port })
      client.sendRaw(randomBytes(random, Math.floor(random() * 300)))
      client.end()
      await client.closed()
    }
    expect(listener.log).toEqual([])
    await expectAlive(port)
  })

  it('answers a login that is cut anywhere, and one with broken lengths, with a bad handshake', async () => {
    const port = await listen()
    const capabilities = DEFAULT_CAPABILITIES | CAPABILITIES.connectAttributes
    const head = Buffer.alloc(32)
    head.writeUInt32LE(capabilities, 0)
    const whole = Buffer.concat([
      head,
      Buffer.from('root\0'),
      Buffer.of(3),
      Buffer.from('abc'),
      Buffer.from('method\0'),
    ])
    const broken = [
      ...Array.from({ length: 41 }, (_, length) => whole.subarray(0, length)).filter(
        (cut) => cut.length < 38 || cut.length === 40,
      ),
      Buffer.concat([whole, Buffer.of(0xfe, 255, 255, 255, 255, 255, 255, 255, 255)]),
      Buffer.concat([whole, Buffer.of(0xfd, 0, 0, 1)]),
      Buffer.concat([whole, Buffer.of(3, 9, 65, 66)]),
      Buffer.concat([head, Buffer.from('root\0'), Buffer.of(200), Buffer.from('abc')]),
    ]
    for (const payload of broken) {
      const client = await WireClient.connect({ port })
      await client.readGreeting()
      client.send(payload)
      const error = await client.receiveError().catch(() => undefined)
      if (error !== undefined) expect([1043, 1251]).toContain(error.number)
      await client.closed()
    }
    expect(listener.log).toEqual([])
  })

  it('takes no large packet from strangers', async () => {
    const port = await listen()
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    const before = process.memoryUsage().rss
    client.sendRaw(Buffer.from([0xff, 0xff, 0xff, 1]))
    const chunk = Buffer.alloc(1024 * 1024)
    for (let i = 0; i < 64 && !client.isClosed; i++) {
      client.sendRaw(chunk)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await client.receiveError()).toMatchObject({ number: 1153 })
    client.destroy()
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
    await expectAlive(port)
  })

  it('refuses packets out of order', async () => {
    const port = await listen()
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    client.sequence = 7
    client.sendLogin()
    expect(await client.receiveError()).toMatchObject({ number: 1156, sqlState: '08S01' })
    await client.closed()
  })

  it('limits how many may wait without logging in', async () => {
    const port = await listen({}, { pendingLoginsMax: 5 })
    const waiting = await Promise.all(Array.from({ length: 5 }, () => WireClient.connect({ port })))
    for (const client of waiting) await client.readGreeting()
    const sixth = await WireClient.connect({ port })
    expect(await sixth.receiveError()).toMatchObject({ number: 1040 })
    for (const client of waiting) client.destroy()
    await eventually(() => listener.server.reserved.size === 0, 'they are gone')
    await expectAlive(port)
  })

  it('gives back what a client leaves that goes while its login is decided', async () => {
    let decide: (() => void) | undefined
    const port = await listen({ openSession: () => new Promise<void>((resolve) => (decide = resolve)) })
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    client.sendLogin()
    await eventually(() => decide !== undefined, 'the login is being decided')
    client.reset()
    await new Promise((resolve) => setTimeout(resolve, 20))
    decide?.()
    await eventually(() => listener.server.reserved.size === 0, 'the session is closed')
  })

  it('hides its own faults, and logs them', async () => {
    const port = await listen({
      beginLogin: () => {
        throw new Error('secret detail')
      },
    })
    const client = await WireClient.connect({ port })
    await client.readGreeting()
    client.sendLogin()
    const error = await client.receiveError()
    expect(error.number).toBe(1105)
    expect(error.message).not.toContain('secret')
    expect(listener.log).toHaveLength(1)
    expect(listener.log[0]?.fields).toMatchObject({ err: { message: 'secret detail' } })
  })
})

describe('after the login', () => {
  it('survives random commands', async () => {
    const port = await listen()
    const random = randomNumbers(7)
    let client = await WireClient.login({ port })
    client.command(0x16, 'SELECT ?, ?, ?')
    for (let i = 0; i < 400; i++) {
      if (client.isClosed) client = await WireClient.login({ port })
      const code = Math.floor(random() * 32)
      const size = Math.floor(random() * 40)
      // Often a statement's id stands in front, so that parameters are reached.
      const id = random() < 0.7 ? Buffer.of(1, 0, 0, 0) : randomBytes(random, 4)
      client.command(code === 1 ? 0x17 : code, Buffer.concat([id, randomBytes(random, size)]))
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    }
    client.destroy()
    expect(listener.log).toEqual([])
    await expectAlive(port)
  })

  it('refuses parameters that are cut anywhere', async () => {
    const port = await listen()
    const client = await WireClient.login({ port })
    client.command(0x16, 'SELECT ?, ?, ?')
    for (let i = 0; i < 5; i++) await client.receive()
    const whole = Buffer.from(
      '01000000' +
        '00' +
        '01000000' +
        '00' +
        '01' +
        '0800' +
        'fd00' +
        '0c00' +
        '0100000000000000' +
        '03616263' +
        '07da070a11131b1e',
      'hex',
    )
    for (let length = 4; length < whole.length; length++) {
      client.command(0x17, whole.subarray(0, length))
      expect([1835, 1210]).toContain((await client.receiveError()).number)
    }
    client.command(0x17, whole)
    expect((await client.receive())[0]).toBe(0)
    client.end()
  })

  it('refuses a packet beyond max_allowed_packet and hangs up', async () => {
    const port = await listen()
    const client = await WireClient.login({ port })
    const session = [...listener.server.sessions][0] as FakeSession
    session.packetBytesMax = 100_000
    client.command(0x0e)
    await client.receive()
    client.command(3, Buffer.alloc(200_000))
    expect(await client.receiveError()).toMatchObject({
      number: 1153,
      message: "Got a packet bigger than 'max_allowed_packet' bytes",
    })
    await client.closed()
  })

  it('hangs up on a client that breaks the order in the midst of a file', async () => {
    let failure: unknown
    const port = await listen(
      {
        execute: async (_text, sink) => {
          try {
            for await (const part of sink.requestFile?.('f') ?? []) expect(part.toString()).toBe('one')
          } catch (error) {
            failure = error
            throw error
          }
        },
      },
      { localFiles: true },
    )
    const client = await WireClient.login(
      { port },
      { capabilities: DEFAULT_CAPABILITIES | CAPABILITIES.localFiles },
    )
    client.command(3, 'LOAD')
    await client.receive()
    client.send(Buffer.from('one'))
    client.sequence += 3
    client.send(Buffer.from('two'))
    expect(await client.receiveError()).toMatchObject({ number: 1156 })
    await client.closed()
    expect(failure).toMatchObject({ name: 'ConnectionLost' })
    expect(listener.log).toEqual([])
  })

  it('takes payloads of more than 16 MiB', async () => {
    let length = 0
    const port = await listen({
      execute: (text, sink) => {
        length = text.length
        sink.ok(STATUS)
      },
    })
    const client = await WireClient.login({ port })
    const whole = Buffer.alloc(0xffffff + 100, 'x')
    whole[0] = 3
    client.sendRaw(
      Buffer.concat([packet(whole.subarray(0, 0xffffff), 0), packet(whole.subarray(0xffffff), 1)]),
    )
    const answer = await client.receivePacket()
    expect(answer.sequence).toBe(2)
    expect(length).toBe(whole.length - 1)
    client.end()
  })

  it('refuses compressed packets that are none, or larger than they say', async () => {
    const port = await listen()
    const bomb = deflateSync(Buffer.alloc(1_000_000))
    for (const [content, declared] of [
      [Buffer.from('nonsense'), 1000],
      [bomb, 100],
      [deflateSync(Buffer.of(1, 0, 0, 0, 0x0e)), 6],
    ] as const) {
      const client = await WireClient.login(
        { port },
        { capabilities: DEFAULT_CAPABILITIES | CAPABILITIES.compress },
      )
      const header = Buffer.alloc(7)
      header.writeUIntLE(content.length, 0, 3)
      header.writeUIntLE(declared, 4, 3)
      client.sendRaw(Buffer.concat([header, content]))
      await client.closed()
    }
    expect(listener.log).toEqual([])
  })

  it('sends rows of more than 16 MiB', async () => {
    const type = textType(20_000_000, 'utf8mb4_0900_ai_ci')
    const batch = Batch.ofTypes([type])
    batch.pushRow(['z'.repeat(0xffffff + 1000)])
    const port = await listen({
      execute: (_text, sink) => answer(sink, [column('c', type)], batch),
    })
    const client = await WireClient.login({ port })
    client.command(3, '')
    for (let i = 0; i < 3; i++) await client.receive()
    const first = await client.receive()
    const second = await client.receive()
    expect(first.length).toBe(0xffffff)
    // The length of the value takes nine bytes.
    expect(second.length).toBe(1000 + 9)
    expect((await client.receive()).toString('hex')).toBe('fe00000200')
    client.end()
  })

  it.each(['throws', 'rejects'])('hides a fault when the engine %s, logs it, and goes on', async (how) => {
    const port = await listen({
      execute: (text, sink) => {
        if (text !== 'boom') sink.ok(STATUS)
        else if (how === 'throws') throw new TypeError('x is not a function')
        else return Promise.reject(new TypeError('x is not a function'))
        return undefined
      },
    })
    const client = await WireClient.login({ port })
    client.command(3, 'boom')
    const error = await client.receiveError()
    expect(error.number).toBe(1105)
    expect(error.message).not.toContain('function')
    client.command(3, 'fine')
    expect((await client.receive())[0]).toBe(0)
    client.end()
    expect(listener.log).toHaveLength(1)
  })
})

/** Answers with rows until somebody stops it. */
function endlessRows(progress: { rows: number; closed: boolean }): NonNullable<Script['execute']> {
  const type = textType(1000, 'utf8mb4_0900_ai_ci')
  const batch = Batch.ofTypes([BIGINT_TYPE, type])
  for (let i = 0; i < 500; i++) batch.pushRow([i, 'r'.repeat(1000)])
  return async (_text: string, sink: ResultSink, session: FakeSession) => {
    sink.columns([column('n', BIGINT_TYPE), column('t', type)])
    while (!session.isClosed) {
      await sink.rows(batch)
      progress.rows += batch.rowCount
      await new Promise((resolve) => setImmediate(resolve))
    }
    progress.closed = true
  }
}

describe('slow and vanishing clients', () => {
  it('stops producing for a client that stops reading, and nobody else waits', async () => {
    const progress = { rows: 0, closed: false }
    const port = await listen({ execute: endlessRows(progress) })
    const client = await WireClient.login({ port })
    client.pause()
    client.command(3, 'SELECT')
    let last = -1
    while (last !== progress.rows) {
      last = progress.rows
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    // What the system's buffers take, and a quarter of a megabyte of ours.
    const bytesBuffered = progress.rows * 1000
    expect(bytesBuffered).toBeLessThan(32 * 1024 * 1024)
    await expectAlive(port)
    client.resume()
    await eventually(() => progress.rows > last + 20_000, 'it goes on when the client reads again')
    client.reset()
    await eventually(() => progress.closed, 'the query is cancelled')
  })

  it('hangs up on a client that takes nothing for net_write_timeout', async () => {
    const progress = { rows: 0, closed: false }
    const port = await listen({ execute: endlessRows(progress) })
    const client = await WireClient.login({ port })
    const session = [...listener.server.sessions][0] as FakeSession
    session.netWriteTimeoutSeconds = 1
    client.pause()
    client.command(3, 'SELECT')
    await eventually(() => progress.closed, 'the query is cancelled', 8000)
    client.destroy()
  })

  it.each(['end', 'reset', 'destroy'] as const)(
    'cancels the query of a client that is gone (%s)',
    async (how) => {
      let isRunning = false
      let session: FakeSession | undefined
      const port = await listen({
        execute: async (_text, _sink, runner) => {
          session = runner
          isRunning = true
          while (!runner.isClosed) await new Promise((resolve) => setTimeout(resolve, 5))
          isRunning = false
        },
      })
      const client = await WireClient.login({ port })
      client.command(3, 'SELECT SLEEP(1000)')
      await eventually(() => isRunning, 'the query runs')
      client[how]()
      await eventually(() => !isRunning, 'the query is cancelled')
      expect(session?.isClosed).toBe(true)
    },
  )

  it('does not let pipelined commands pile up answers', async () => {
    const type = textType(60_000, 'utf8mb4_0900_ai_ci')
    const batch = Batch.ofTypes([type])
    batch.pushRow(['p'.repeat(50_000)])
    let executed = 0
    const port = await listen({
      execute: (_text, sink) => {
        executed++
        return answer(sink, [column('c', type)], batch)
      },
    })
    const client = await WireClient.login({ port })
    client.pause()
    const many = Buffer.concat(Array.from({ length: 2000 }, () => packet(Buffer.from('\x03x'), 0)))
    client.sendRaw(many)
    let last = -1
    while (last !== executed) {
      last = executed
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
    expect(executed).toBeLessThan(700)
    client.resume()
    await eventually(() => executed === 2000, 'all are answered')
    client.end()
  })

  it('stops reading a client that sends ahead without end', async () => {
    let release: (() => void) | undefined
    const port = await listen({
      execute: async (_text, sink) => {
        await new Promise<void>((resolve) => (release = resolve))
        sink.ok(STATUS)
      },
    })
    const client = await WireClient.login({ port })
    client.command(3, 'wait')
    await eventually(() => release !== undefined, 'the query runs')
    const before = process.memoryUsage().arrayBuffers
    const flood = packet(Buffer.alloc(100_000, 0x0e), 0)
    const socket = client.detach()
    for (let i = 0; i < 300; i++) {
      socket.write(flood)
      await new Promise((resolve) => setImmediate(resolve))
    }
    // What was not taken waits on the client's side.
    expect(socket.writableLength).toBeGreaterThan(10 * 1024 * 1024)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024)
    release?.()
    await eventually(() => socket.writableLength === 0, 'the rest is read')
    socket.destroy()
  })

  it('closes idle connections after wait_timeout, and says why', async () => {
    const port = await listen()
    const client = await WireClient.login({ port })
    const session = [...listener.server.sessions][0] as FakeSession
    session.waitTimeoutSeconds = 1
    expect(await client.receiveError()).toMatchObject({ number: 4031, sqlState: 'HY000' })
    await client.closed()
  })

  it('closes connections that pause in the midst of a packet', async () => {
    const port = await listen({}, { readTimeoutMs: 500 })
    const client = await WireClient.login({ port })
    client.sendRaw(Buffer.from([100, 0, 0, 0, 3]))
    await client.closed()
  })

  it('closes a killed connection: an idle one at once, a busy one after its answer', async () => {
    let release: (() => void) | undefined
    const port = await listen({
      execute: async (_text, sink) => {
        await new Promise<void>((resolve) => (release = resolve))
        sink.ok(STATUS)
      },
    })
    const idle = await WireClient.login({ port })
    const first = [...listener.server.sessions][0] as FakeSession
    first.killer.abort()
    await idle.closed()
    const busy = await WireClient.login({ port })
    const second = [...listener.server.sessions].at(-1) as FakeSession
    busy.command(3, 'x')
    await eventually(() => release !== undefined, 'the query runs')
    second.killer.abort()
    release?.()
    expect((await busy.receive())[0]).toBe(0)
    await busy.closed()
  })

  it('serves a thousand connections at once', async () => {
    const batch = Batch.ofTypes([INT_TYPE])
    batch.pushRow([1])
    const port = await listen({
      execute: (_text, sink) => answer(sink, [column('one', INT_TYPE)], batch),
    })
    const clients = await Promise.all(Array.from({ length: 1000 }, () => WireClient.login({ port })))
    expect(listener.server.sessions.size).toBe(1000)
    for (const client of clients) client.command(3, 'SELECT 1')
    for (const client of clients) {
      for (let i = 0; i < 3; i++) await client.receive()
      expect((await client.receive()).toString('hex')).toBe('0131')
    }
    for (const client of clients) client.destroy()
    await eventually(() => listener.server.sessions.size === 0, 'all sessions are closed')
  })
})
