/**
 * What statements cost the engine's thread, without a network: sysbench's table in LMDB, its statements prepared and as texts, rows
 * counted and thrown away. Prints processor time a statement.
 *
 *     npm run bench -- bench/engine/statements.ts [part of a name] [seconds]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStorage } from '@switchyard/storage-memory'
import { LmdbStorage } from '../../plugins/storage-lmdb/lmdb-storage.js'
import { INT_TYPE, sqlText, type Batch, type ParameterValue, type ResultSink } from '@switchyard/core/spi'
import { QUIET_LOGGER, TestEngine } from '../../test/support/engine.js'

const WANTED = process.argv[2] ?? ''
const SECONDS = Number(process.argv[3] ?? 2)
const ROWS = 20_000

class CountingSink implements ResultSink {
  rowCount = 0
  ok(): void {
    return
  }
  columns(): void {
    return
  }
  rows(batch: Batch): void {
    this.rowCount += batch.rowCount
  }
  end(): void {
    return
  }
  fail(error: Error): void {
    throw error
  }
}

const folder = await mkdtemp(join(tmpdir(), 'switchyard-bench-'))
const engine = await TestEngine.start(
  [
    new MemoryStorage('memory'),
    new LmdbStorage(
      'lmdb',
      { folder: join(folder, 'lmdb'), mapBytes: 2 ** 34, overlayBytes: 2 ** 25 },
      QUIET_LOGGER,
    ),
  ],
  { storage: 'lmdb', dataFolder: folder },
)
const { session } = await engine.session()
const sink = new CountingSink()
const run = async (sql: string) => {
  await session.execute(sqlText(sql), false, sink)
}
await run('CREATE DATABASE sbtest')
await run('USE sbtest')
await run(
  "CREATE TABLE sbtest1 (id INT NOT NULL AUTO_INCREMENT, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', PRIMARY KEY (id), KEY k_1 (k))",
)
const digits = (groups: number) =>
  Array.from({ length: groups }, () => String(Math.floor(Math.random() * 1e11)).padStart(11, '0')).join('-')
for (let i = 0; i < ROWS; i += 500) {
  const rows = Array.from(
    { length: 500 },
    () => `(${Math.floor(Math.random() * ROWS)}, '${digits(10)}', '${digits(5)}')`,
  )
  await run(`INSERT INTO sbtest1 (k, c, pad) VALUES ${rows.join(',')}`)
}
const int = (value: number): ParameterValue => ({ type: INT_TYPE, value })
const random = () => 1 + Math.floor(Math.random() * (ROWS - 100))

const TESTS: readonly [name: string, sql: string, parameters: () => ParameterValue[]][] = [
  ['point', 'SELECT c FROM sbtest1 WHERE id=?', () => [int(random())]],
  ['range', 'SELECT c FROM sbtest1 WHERE id BETWEEN ? AND ?', () => [int(random()), int(0)]],
  ['sum', 'SELECT SUM(k) FROM sbtest1 WHERE id BETWEEN ? AND ?', () => [int(random()), int(0)]],
  ['order', 'SELECT c FROM sbtest1 WHERE id BETWEEN ? AND ? ORDER BY c', () => [int(random()), int(0)]],
  [
    'distinct',
    'SELECT DISTINCT c FROM sbtest1 WHERE id BETWEEN ? AND ? ORDER BY c',
    () => [int(random()), int(0)],
  ],
  ['update', 'UPDATE sbtest1 SET k=k+1 WHERE id=?', () => [int(random())]],
  ['update_non_index', "UPDATE sbtest1 SET c='xx' WHERE id=?", () => [int(random())]],
]
for (const [name, sql, parameters] of TESTS) {
  if (!name.includes(WANTED)) continue
  const prepared = await session.prepare(sqlText(sql))
  const isRange = sql.includes('BETWEEN')
  const measure = async (ms: number) => {
    const end = performance.now() + ms
    const before = process.cpuUsage()
    let count = 0
    while (performance.now() < end) {
      for (let i = 0; i < 50; i++) {
        const values = parameters()
        if (isRange) values[1] = int((values[0]?.value as number) + 99)
        const ran = session.executePrepared(prepared.id, values, sink)
        if (ran instanceof Promise) await ran
        count++
      }
      await new Promise(setImmediate)
    }
    const { user, system } = process.cpuUsage(before)
    return { count, micros: (user + system) / count }
  }
  await measure(1000)
  const { count, micros } = await measure(SECONDS * 1000)
  console.log(`${name.padEnd(20)} ${micros.toFixed(1).padStart(7)} µs CPU (${count} runs)`)
}
await engine.stop()
await rm(folder, { recursive: true })
