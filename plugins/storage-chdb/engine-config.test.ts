/**
 * Goal: what the engine does without being asked follows our settings, above all that merged parts are on disk before the parts that
 * they are made of go. Method: what the engine says of itself, and the flushes that the system sees while it merges.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { DICTIONARY_TEXTS_MAX } from './engine-config.js'
import { isEngineInstalled } from './index.js'
import type { SupervisedEngine } from './supervised-engine.js'
import { createTestEngine } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip
const canTrace = spawnSync('strace', ['-V']).status === 0
if (!canTrace && process.env.SWITCHYARD_REQUIRE_SYSTEM_PACKAGES === '1') throw new Error('strace is missing')

describeWithEngine('the engine', () => {
  let engine: SupervisedEngine

  beforeAll(async () => {
    engine = createTestEngine(temporaryFolder())
    await engine.start()
  }, 60_000)
  afterAll(async () => {
    await engine.stop()
    removeTemporaryFolders()
  })

  test.each([
    ['merge_tree_settings', 'min_rows_to_fsync_after_merge', 1],
    ['settings', 'low_cardinality_max_dictionary_size', DICTIONARY_TEXTS_MAX],
  ])('%s: %s', async (table, name, value) => {
    await engine.run(`SELECT throwIf(value != '${value}') FROM system.${table} WHERE name = '${name}'`)
    await engine.run(`SELECT throwIf(count() != 1) FROM system.${table} WHERE name = '${name}'`)
  })

  const testTraced = canTrace ? test : test.skip
  testTraced('flushes what it merges, also of tables that were made without it', async () => {
    await engine.run('CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a')
    for (let i = 0; i < 3; i++) await engine.run(`INSERT INTO t VALUES (${i})`)
    const file = join(temporaryFolder(), 'trace')
    const child = String(await engine.processId())
    const tracer = spawn('strace', ['-f', '-y', '-e', 'trace=fsync,fdatasync', '-o', file, '-p', child])
    // It says so for each of the threads, in one go.
    await once(tracer.stderr, 'data')
    await engine.run('OPTIMIZE TABLE t FINAL')
    tracer.kill('SIGINT')
    await once(tracer, 'close')
    expect(readFileSync(file, 'latin1')).toMatch(/sync\(\d+<[^>]*\/tmp_merge_[^>]*>/)
  })
})
