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
import { EngineSession } from '../../core/engine/session.js'
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

type Step = () => void | Promise<void>

async function steps(sql: string, parameters: () => ParameterValue[]): Promise<Step> {
  const { id } = await session.prepare(sqlText(sql))
  const isRange = sql.includes('BETWEEN')
  return () => {
    const values = parameters()
    if (isRange) values[1] = int((values[0]?.value as number) + 99)
    return session.executePrepared(id, values, sink)
  }
}

/** Processor time a statement in the quickest tenth of many short slices: other work on the machine disturbs those least. */
async function measure(step: Step, ms: number): Promise<number> {
  const end = performance.now() + ms
  const slices: number[] = []
  while (performance.now() < end) {
    const before = process.cpuUsage()
    const runs = 256
    for (let i = 0; i < runs; i++) {
      const ran = step()
      if (ran instanceof Promise) await ran
    }
    const { user, system } = process.cpuUsage(before)
    slices.push((user + system) / runs)
    await new Promise(setImmediate)
  }
  slices.sort((first, second) => first - second)
  return slices[Math.floor(slices.length / 10)] ?? 0
}

function alternately(all: readonly Step[]): Step {
  let turn = 0
  return () => (all[turn++ % all.length] as Step)()
}

async function print(name: string, step: Step): Promise<void> {
  if (!name.includes(WANTED)) return
  await measure(step, 1000)
  const micros = await measure(step, SECONDS * 1000)
  console.log(`${name.padEnd(20)} ${micros.toFixed(1).padStart(7)} µs`)
}

// What was inserted is read from the data file, as it is most of the time.
if (!(session instanceof EngineSession)) throw new Error('sessions are the engine’s')
await session.core.transactions.checkpoint()
const made: Step[] = []
for (const [name, sql, parameters] of TESTS) {
  const step = await steps(sql, parameters)
  made.push(step)
  await print(name, step)
}
// oltp_read_only: a transaction of ten points and one of each range.
const begin: Step = () => session.execute(sqlText('BEGIN'), false, sink)
const commit: Step = () => session.execute(sqlText('COMMIT'), false, sink)
const mix = [begin, ...Array.from({ length: 10 }, () => made[0] as Step), ...made.slice(1, 5), commit]
await print('begin, commit', alternately([begin, commit]))
await print('read only', alternately(mix))
// What oltp_read_write has besides: the row that is deleted is inserted again.
const text = digits(10)
let victim = 0
const deletes = await steps('DELETE FROM sbtest1 WHERE id=?', () => [int((victim = random()))])
const inserts = await steps(`INSERT INTO sbtest1 (id, k, c, pad) VALUES (?, 1, '${text}', 'pad')`, () => [
  int(victim),
])
const writes = [begin, ...made.slice(5, 7), deletes, inserts, commit]
await print('write only', alternately(writes))
await engine.stop()
await rm(folder, { recursive: true })
