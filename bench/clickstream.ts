/**
 * Ten analytical queries over a click-stream table in chDB: through the server's engine, and the SQL that it generates run in the column
 * engine directly, which is what the server adds. Prints milliseconds, the best of some runs, and whether all of a query ran there.
 *
 *     npm run bench -- bench/clickstream.ts [millions of rows] [runs] [collation of texts]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStorage } from '@switchyard/storage-memory'
import { Batch, sqlText, type ResultSink, type TableDefinition } from '@switchyard/core/spi'
import { createTestStorage } from '../plugins/storage-chdb/testing/test-storage.js'
import { newStatement } from '../test/conformance/storage/table-fixtures.js'
import { TestEngine, type TestSession } from '../test/support/engine.js'
import { COUNTRY, countryOf, countryRows, HIT, QUERIES } from './clickstream-table.js'

const MILLIONS = Number(process.argv[2] ?? 1)
const RUNS = Number(process.argv[3] ?? 5)
const COLLATION = process.argv[4] ?? 'utf8mb4_0900_ai_ci'
const ROWS = MILLIONS * 1_000_000
const BATCH_ROWS = 65_536

class CountingSink implements ResultSink {
  ok(): void {
    return
  }
  columns(): void {
    return
  }
  rows(): void {
    return
  }
  end(): void {
    return
  }
  fail(error: Error): void {
    throw error
  }
}

const folder = await mkdtemp(join(tmpdir(), 'switchyard-bench-'))
const storage = createTestStorage(folder, { memory: 4 * 2 ** 30 })
const sent: string[] = []
const engineOf = storage as unknown as {
  readonly engine: {
    query(sql: string): Promise<{ next(): Promise<Buffer | undefined>; close(): Promise<void> }>
  }
}
try {
  const engine = await TestEngine.start([new MemoryStorage('memory'), storage])
  const session = await engine.session()
  await createTables(session)
  await load(session)
  console.log(`${ROWS} rows, texts ${COLLATION}`)
  const { engine: columns } = engineOf
  const query = columns.query.bind(columns)
  columns.query = (sql, ...rest: []) => {
    sent.push(sql)
    return query(sql, ...rest)
  }
  for (const [name, sql] of QUERIES) {
    sent.length = 0
    const server = await best(() => session.session.execute(sqlText(sql), false, new CountingSink()))
    const generated = sent.at(-1) ?? ''
    const direct = await best(() => drain(query, generated))
    const plan = (await session.rows(`EXPLAIN FORMAT=TREE ${sql}`))[0]?.[0] ?? ''
    const refusal = /doesn't run the whole: (.*)/.exec(plan)?.[1] ?? ''
    const ratio = (server / direct).toFixed(2)
    console.log(
      `${name.padEnd(20)} ${server.toFixed(1).padStart(8)} ms, there ${direct.toFixed(1).padStart(8)} ms, ${ratio} ${refusal}`,
    )
  }
  await engine.stop()
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function createTables(session: TestSession): Promise<void> {
  await session.run(`CREATE DATABASE d COLLATE ${COLLATION}`)
  await session.run('USE d')
  await session.run(`CREATE TABLE hit ${HIT} ENGINE=chdb`)
  await session.run(`CREATE TABLE country ${COUNTRY} ENGINE=chdb`)
  await session.run(`INSERT INTO country VALUES ${countryRows()}`)
}

/** As a driver gets rows, without parsing any SQL. */
async function load(session: TestSession): Promise<void> {
  // The definition that the server made comes along with a first write.
  let table: TableDefinition | undefined
  const insert = storage.insert.bind(storage)
  storage.insert = (definition, rows, statement) => {
    table = definition
    return insert(definition, rows, statement)
  }
  await session.run(
    `INSERT INTO hit VALUES (0, 0, 0, '2024-01-01', '2024-01-01', 'AA', 'https://example.com/', NULL, 200, 1, 1)`,
  )
  if (table === undefined) throw new Error('nothing was written')
  const start = performance.now()
  const batch = Batch.ofTypes(table.columns.map((column) => column.type))
  let seed = 1
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  for (let id = 1; id < ROWS; id++) {
    const [month, dayOfMonth] = [1 + random(12), 1 + random(28)]
    const moment = ((2024 * 13 + month) * 32 + dayOfMonth) * 86_400 + random(86_400)
    batch.pushRow([
      id,
      random(100_000),
      random(2 ** 30),
      (2024 * 16 + month) * 32 + dayOfMonth,
      moment,
      countryOf(random(50)),
      `https://example.com/Page/${random(20_000)}`,
      random(10) === 0 ? null : `Mozilla/5.0 (agent ${random(200)})`,
      random(20) === 0 ? 404 : 200,
      random(1000),
      random(1_000_000),
    ])
    if (batch.rowCount < BATCH_ROWS && id < ROWS - 1) continue
    await insert(table, batch, newStatement())
    batch.clear()
  }
  const seconds = (performance.now() - start) / 1000
  console.log(`loaded ${Math.round(ROWS / seconds / 1000)}k rows/s`)
}

async function drain(query: (typeof engineOf)['engine']['query'], sql: string): Promise<void> {
  const stream = await query(sql)
  while ((await stream.next()) !== undefined);
  await stream.close()
}

async function best(work: () => unknown): Promise<number> {
  let least = Infinity
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now()
    await work()
    least = Math.min(least, performance.now() - start)
  }
  return least
}
