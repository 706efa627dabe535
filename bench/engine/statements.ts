/**
 * What statements cost the engine's thread, without a network: sysbench's table in LMDB, its statements prepared and as texts, rows
 * counted and thrown away. Prints processor time a statement.
 *
 *     npm run bench -- bench/engine/statements.ts [part of a name] [seconds] [clients]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStorage } from '@switchyard/storage-memory'
import { LmdbStorage } from '../../plugins/storage-lmdb/lmdb-storage.js'
import { EngineSession } from '../../core/engine/session.js'
import {
  INT_TYPE,
  sqlText,
  type Batch,
  type MaybePromise,
  type ParameterValue,
  type ResultSink,
  type Session,
} from '@switchyard/core/spi'
import { QUIET_LOGGER, TestEngine } from '../../test/support/engine.js'

const WANTED = process.argv[2] ?? ''
const SECONDS = Number(process.argv[3] ?? 2)
const CLIENTS = Number(process.argv[4] ?? 8)
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

type Step = () => MaybePromise<void>

/** A session and the statements that it has prepared. */
class Client {
  private constructor(private readonly session: Session) {}

  static async open(): Promise<Client> {
    return new Client((await engine.session('sbtest')).session)
  }

  text(sql: string): Step {
    return () => this.session.execute(sqlText(sql), false, sink)
  }

  async statement(sql: string, ...parameters: (() => number)[]): Promise<Step> {
    const { id } = await this.session.prepare(sqlText(sql))
    const values = (): ParameterValue[] => parameters.map((parameter) => int(parameter()))
    return () => this.session.executePrepared(id, values(), sink)
  }

  async range(sql: string): Promise<Step> {
    let start = 0
    return this.statement(
      sql,
      () => (start = random()),
      () => start + 99,
    )
  }
}

/** The statements of sysbench's transactions, each to be run over and over. */
async function stepsOf(client: Client) {
  const between = 'FROM sbtest1 WHERE id BETWEEN ? AND ?'
  const point = await client.statement('SELECT c FROM sbtest1 WHERE id=?', random)
  const reads = {
    point,
    range: await client.range(`SELECT c ${between}`),
    sum: await client.range(`SELECT SUM(k) ${between}`),
    order: await client.range(`SELECT c ${between} ORDER BY c`),
    distinct: await client.range(`SELECT DISTINCT c ${between} ORDER BY c`),
  }
  const updates = {
    'update index': await client.statement('UPDATE sbtest1 SET k=k+1 WHERE id=?', random),
    'update non index': await client.statement(`UPDATE sbtest1 SET c='${digits(10)}' WHERE id=?`, random),
  }
  let victim = 0
  const deletes = await client.statement('DELETE FROM sbtest1 WHERE id=?', () => (victim = random()))
  // Two clients may choose the same victim.
  const inserts = await client.statement(
    `INSERT IGNORE INTO sbtest1 (id, k, c, pad) VALUES (?, 1, '${digits(10)}', '${digits(5)}')`,
    () => victim,
  )
  const [begin, commit] = [client.text('BEGIN'), client.text('COMMIT')]
  const { range, sum, order, distinct } = reads
  const queries = [...Array.from({ length: 10 }, () => point), range, sum, order, distinct]
  const changes = [...Object.values(updates), deletes, inserts]
  return {
    ...reads,
    ...updates,
    'begin, commit': alternately([begin, commit]),
    'read only': alternately([begin, ...queries, commit]),
    'write only': alternately([begin, ...changes, commit]),
    'read write': alternately([begin, ...queries, ...changes, commit]),
  }
}

function alternately(all: readonly Step[]): Step {
  let turn = 0
  return () => (all[turn++ % all.length] as Step)()
}

/**
 * Processor time a statement, of all threads, in the quickest tenth of many short slices: other work on the machine disturbs
 * those least. The steps run side by side.
 */
async function measure(steps: readonly Step[], ms: number): Promise<number> {
  const end = performance.now() + ms
  const slices: number[] = []
  // Whole transactions: one that stays open between two slices keeps its locks.
  const runs = 240
  const repeat = async (step: Step): Promise<void> => {
    for (let i = 0; i < runs; i++) {
      const ran = step()
      if (ran instanceof Promise) await ran
    }
  }
  while (performance.now() < end) {
    const before = process.cpuUsage()
    await Promise.all(steps.map(repeat))
    const { user, system } = process.cpuUsage(before)
    slices.push((user + system) / runs / steps.length)
    await new Promise(setImmediate)
  }
  slices.sort((first, second) => first - second)
  return slices[Math.floor(slices.length / 10)] ?? 0
}

// What was inserted is read from the data file, as it is most of the time.
if (session instanceof EngineSession) await session.core.transactions.checkpoint()
const clients = await Promise.all(Array.from({ length: CLIENTS }, () => Client.open()))
const all = await Promise.all(clients.map(stepsOf))
for (const name of Object.keys(all[0] ?? {}) as (keyof Awaited<ReturnType<typeof stepsOf>>)[]) {
  if (!name.includes(WANTED)) continue
  const steps = all.map((each) => each[name])
  await measure(steps, 1000)
  const micros = await measure(steps, SECONDS * 1000)
  console.log(`${name.padEnd(20)} ${micros.toFixed(1).padStart(7)} µs`)
}
await engine.stop()
await rm(folder, { recursive: true })
