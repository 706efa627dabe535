/**
 * Goal: what the engine does without being asked follows our settings, above all that merged parts are on disk before the parts that
 * they are made of go. Method: what the engine says of itself, and the flushes that the system sees while it merges.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { TestEngine } from '../../test/support/engine.js'
import { DICTIONARY_TEXTS_MAX } from './engine-config.js'
import { isEngineInstalled } from './index.js'
import { createTestStorage } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip
const canTrace = spawnSync('strace', ['-V']).status === 0
if (!canTrace && process.env.SWITCHYARD_REQUIRE_SYSTEM_PACKAGES === '1') throw new Error('strace is missing')

afterAll(() => {
  removeTemporaryFolders()
})

describeWithEngine('the engine', () => {
  interface Inside {
    numbers(sql: string, count: number): Promise<number[][]>
    readonly engine: { processId(): Promise<number | undefined> }
  }
  const storage = createTestStorage(temporaryFolder())
  const inside = storage as unknown as Inside
  let engine: TestEngine

  beforeAll(async () => {
    engine = await TestEngine.start([storage], { storage: 'chdb' })
  }, 60_000)
  afterAll(() => engine.stop())

  test('has our settings', async () => {
    const merges =
      "SELECT toInt64(value) FROM system.merge_tree_settings WHERE name = 'min_rows_to_fsync_after_merge'"
    expect(await inside.numbers(merges, 1)).toEqual([[1]])
    const texts =
      "SELECT toInt64(value) FROM system.settings WHERE name = 'low_cardinality_max_dictionary_size'"
    expect(await inside.numbers(texts, 1)).toEqual([[DICTIONARY_TEXTS_MAX]])
  })

  const testTraced = canTrace ? test : test.skip
  testTraced('flushes what it merges', async () => {
    const session = await engine.session()
    await session.run('CREATE DATABASE d')
    await session.run('USE d')
    await session.run('CREATE TABLE t (id INT PRIMARY KEY, v INT)')
    for (let i = 0; i < 3; i++) await session.run(`INSERT INTO t VALUES (${i}, ${i})`)
    const file = join(temporaryFolder(), 'trace')
    const child = await inside.engine.processId()
    const tracer = spawn('strace', [
      '-f',
      '-y',
      '-e',
      'trace=fsync,fdatasync',
      '-o',
      file,
      '-p',
      String(child),
    ])
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10))
    await session.run('OPTIMIZE TABLE t')
    tracer.kill('SIGINT')
    await once(tracer, 'close')
    const flushed = readFileSync(file, 'latin1').match(/f(?:data)?sync\(\d+<[^>]*\/tmp_merge_[^>]*>/g) ?? []
    expect(flushed.length).toBeGreaterThan(0)
  })
})
