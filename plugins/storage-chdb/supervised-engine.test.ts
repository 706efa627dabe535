/**
 * Goal: whatever happens to the engine's process, the server gets an error it can tell and an engine that works again; no reader
 * holds up another. Method: the real engine, which is killed, stopped, stuffed and asked for what it can't do.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { EngineError, EngineGone } from './column-engine.js'
import { isEngineInstalled } from './index.js'
import type { SupervisedEngine, SupervisedEngineOptions } from './supervised-engine.js'
import { createTestEngine } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip

function newEngine(options: Partial<SupervisedEngineOptions> = {}): SupervisedEngine {
  return createTestEngine(temporaryFolder(), options)
}

async function bytesOf(engine: SupervisedEngine, sql: string): Promise<string> {
  const stream = await engine.query(sql)
  const blocks: Buffer[] = []
  try {
    for (let block = await stream.next(); block !== undefined; block = await stream.next()) blocks.push(block)
  } finally {
    await stream.close()
  }
  return Buffer.concat(blocks).toString('latin1')
}

/** Works for hours. */
const ENDLESS = 'SELECT sum(cityHash64(number)) FROM numbers(1000000000000)'

afterAll(removeTemporaryFolders)

describeWithEngine('the engine', () => {
  let engine: SupervisedEngine

  beforeAll(async () => {
    engine = newEngine()
    await engine.start()
  })
  afterAll(() => engine.stop())

  test('answers, and says what is wrong', async () => {
    expect(await bytesOf(engine, "SELECT 'here'")).toContain('\x04here')
    const failure: unknown = await engine.run('SELECT nonsense').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(EngineError)
    expect((failure as EngineError).number).toBe(47)
  })

  test('gives no query what another one left behind', async () => {
    const failing = 'SELECT throwIf(number = 5000) FROM numbers(10000)'
    for (let i = 0; i < 8; i++) {
      await expect(bytesOf(engine, failing)).rejects.toMatchObject({ number: 395 })
      expect(await bytesOf(engine, 'SELECT 1 AS one')).toBe('\x01\x01\x03one\x05UInt8\x01')
    }
  })

  test('a slow reader holds up none but itself', async () => {
    const slow = await Promise.all([1, 2, 3].map(() => engine.query('SELECT number FROM numbers(100000000)')))
    for (const stream of slow) expect(await stream.next()).toBeInstanceOf(Buffer)
    const others = Array.from({ length: 20 }, (_, i) => bytesOf(engine, `SELECT ${i}`))
    expect(await Promise.all(others)).toHaveLength(20)
    for (const stream of slow) await stream.close()
  })

  test('tells who waits for a block that the query was closed', async () => {
    const stream = await engine.query(ENDLESS)
    const next = stream.next().catch((error: unknown) => error)
    await stream.close()
    expect(await next).toMatchObject({ number: 394 })
  })

  test('more queries than sessions wait for one another', async () => {
    const many = Array.from({ length: 50 }, (_, i) => bytesOf(engine, `SELECT ${i} + sleep(0.01) AS n`))
    expect((await Promise.all(many)).every((bytes) => bytes.includes('n'))).toBe(true)
  })

  test('ends what is aborted: while it computes, waits for a session, or was never begun', async () => {
    const abort = new AbortController()
    const running = Array.from({ length: 8 }, () => bytesOfAborted(abort.signal))
    const command = engine.run(ENDLESS.replace('SELECT', 'SELECT 1,'), abort.signal).catch((e: unknown) => e)
    // Once others had their turn, the first ones run.
    await new Promise((resolve) => setTimeout(resolve, 100))
    abort.abort()
    const late = bytesOfAborted(abort.signal)
    for (const failure of [...(await Promise.all(running)), await command, await late]) {
      expect(failure).toMatchObject({ name: expect.stringMatching(/EngineError|EngineGone/) as unknown })
    }
    expect(await bytesOf(engine, 'SELECT 1')).not.toBe('')
  })

  async function bytesOfAborted(signal: AbortSignal): Promise<unknown> {
    try {
      const stream = await engine.query(ENDLESS, signal)
      try {
        return await stream.next()
      } finally {
        await stream.close()
      }
    } catch (error) {
      return error
    }
  }

  test('that is killed fails what is under way, and is back for what comes', async () => {
    await engine.run('CREATE TABLE IF NOT EXISTS kept (a Int32) ENGINE = MergeTree ORDER BY a')
    await engine.run('INSERT INTO kept VALUES (41), (42)')
    for (let i = 0; i < 3; i++) {
      const stream = await engine.query(ENDLESS)
      const next = stream.next()
      process.kill((await engine.processId()) ?? 0, 'SIGKILL')
      await expect(next).rejects.toThrow(EngineGone)
      await stream.close()
      expect(await bytesOf(engine, 'SELECT sum(a) AS s FROM kept')).toContain('S')
    }
  })
})

describeWithEngine('supervision', () => {
  test('an engine that stands still is killed and started again', async () => {
    const engine = newEngine({ silenceMaxMs: 400 })
    await engine.start()
    const first = (await engine.processId()) ?? 0
    process.kill(first, 'SIGSTOP')
    await expect(bytesOf(engine, 'SELECT 1')).rejects.toThrow('did not answer')
    expect(await bytesOf(engine, 'SELECT 1')).not.toBe('')
    expect(await engine.processId()).not.toBe(first)
    await engine.stop()
  })

  test('an engine that takes too much memory is killed', async () => {
    const engine = newEngine({ residentBytesMax: 2 ** 20 })
    await engine.start()
    await expect(bytesOf(engine, ENDLESS)).rejects.toThrow(/took \d+ MiB of memory/)
    await engine.stop()
  })

  test('an engine that can not be opened says why', async () => {
    const path = join(temporaryFolder(), 'engine')
    const first = newEngine({ path })
    await first.start()
    const second = newEngine({ path })
    // One process has the folder; another one would write over it.
    await expect(second.start()).rejects.toThrow('Failed to create connection')
    await first.stop()
    await second.start()
    await second.stop()
  })

  test('who waits for an engine that does not come back is told so', async () => {
    const path = join(temporaryFolder(), 'engine')
    const engine = newEngine({ path, waitMaxMs: 300 })
    await engine.start()
    const stream = await engine.query(ENDLESS)
    // With a file where its folder was it can not be opened again.
    rmSync(path, { recursive: true })
    writeFileSync(path, '')
    process.kill((await engine.processId()) ?? 0, 'SIGKILL')
    await expect(stream.next()).rejects.toThrow(EngineGone)
    await expect(bytesOf(engine, 'SELECT 1')).rejects.toThrow('it is being started')
    rmSync(path)
    // Until it can be again.
    for (let answer = ''; answer === '';) answer = await bytesOf(engine, 'SELECT 1').catch(() => '')
    await engine.stop()
  })

  test('stopping ends what is under way', async () => {
    const engine = newEngine()
    await engine.start()
    const stream = await engine.query(ENDLESS)
    const next = stream.next().catch((error: unknown) => error)
    await engine.stop()
    expect(await next).toBeInstanceOf(Error)
    await expect(engine.run('SELECT 1')).rejects.toThrow(EngineGone)
  })
})

describeWithEngine('an engine that has kept nothing', () => {
  test('has no process before its first query, and has one at once when it is opened again', async () => {
    const engine = newEngine({ database: 'kept' })
    expect(await engine.open()).toBe(false)
    expect(await engine.processId()).toBeUndefined()
    await Promise.all([1, 2].map((i) => engine.run(`CREATE TABLE kept.t${i} (a Int32) ENGINE = Memory`)))
    await engine.stop()
    await expect(engine.run('SELECT 1')).rejects.toThrow('it is not started')
    expect(await engine.open()).toBe(true)
    expect(await engine.processId()).toBeGreaterThan(0)
    await engine.stop()
  })
})
