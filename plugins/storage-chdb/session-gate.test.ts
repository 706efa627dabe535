/**
 * Goal: a query that can't get a session is told so, at once if it would wait for its own statement, else in time; nobody who
 * waits is passed over. Method: the gate before the real engine, with two sessions.
 */
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { EngineGone } from './column-engine.js'
import { isEngineInstalled } from './index.js'
import { SessionGate } from './session-gate.js'
import { createTestEngine } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip
const ROWS = 'SELECT number FROM numbers(100000000)'

describeWithEngine('two sessions', () => {
  const engine = createTestEngine(temporaryFolder(), { sessionsMax: 2 })
  const gate = (waitMaxMs: number) => new SessionGate(engine, { sessionsMax: 2, waitMaxMs })

  beforeAll(() => engine.start())
  afterAll(async () => {
    await engine.stop()
    removeTemporaryFolders()
  })

  test('are too few for three queries of one statement, and enough for two', async () => {
    const { signal } = new AbortController()
    const both = gate(60_000)
    const streams = await Promise.all([1, 2].map(() => both.query(ROWS, signal)))
    for (const stream of streams) expect(await stream.next()).toBeInstanceOf(Buffer)
    await expect(both.query('SELECT 1', signal)).rejects.toThrow('needs more than 2 queries at one time')
    await expect(both.run('SELECT 1', signal)).rejects.toThrow('needs more than 2 queries at one time')
    await streams[0]?.close()
    await both.run('SELECT 1', signal)
    await streams[1]?.close()
  })

  test('serve who waits in turn, whatever became of who was before', async () => {
    const both = gate(60_000)
    const streams = await Promise.all([1, 2].map(() => both.query(ROWS, new AbortController().signal)))
    const given = new AbortController()
    const order: number[] = []
    const waiting = [1, 2, 3].map(async (i) => {
      await both.run('SELECT 1', i === 2 ? given.signal : undefined)
      order.push(i)
    })
    given.abort()
    await expect(waiting[1]).rejects.toMatchObject({ number: 394 })
    await streams[0]?.close()
    await Promise.all([waiting[0], waiting[2]])
    expect(order).toEqual([1, 3])
    await streams[1]?.close()
    await expect(both.run('SELECT nonsense')).rejects.toMatchObject({ number: 47 })
    await expect(both.query('SELECT nonsense').then((stream) => stream.next())).rejects.toMatchObject({
      number: 47,
    })
    // A failed one that nobody closes would hold its session: the reader always closes.
    expect(order).toHaveLength(2)
  })

  test('are waited for no longer than is said', async () => {
    const both = gate(50)
    const streams = await Promise.all([1, 2].map(() => both.query(ROWS)))
    await expect(both.query('SELECT 1')).rejects.toThrow(EngineGone)
    await expect(both.run('SELECT 1')).rejects.toThrow('all of its 2 sessions are busy')
    for (const stream of streams) await stream.close()
    await both.run('SELECT 1')
  })
})
