/**
 * Goal: what the server acknowledged of tables of columns is there, and each statement wholly or not at all, whether the engine's process
 * is killed or the server; the engine is back at once. Method: clients insert, update and delete batches, replace all rows of a table, load
 * files of more rows than go into one block, and move a table between the storages; now the one, now the other process is killed at random
 * moments; then everything is compared with what the clients were told.
 *
 * CHAOS_ROUNDS=50 kills each of them fifty times, and prints how it went.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Readable } from 'node:stream'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { isConnectionLost } from './load/book.js'

const ROUNDS = Number(process.env.CHAOS_ROUNDS ?? 1)
const CONFIG = 'storage: hybrid\ninit: { sample: false }\nfiles: { local: true }\n'
const BATCH_ROWS = 100
/** More than one block. */
const FILE_ROWS = 70_000
const MOVED_ROWS = 20_000
/** More than are looked for at once. */
const REPLACED_ROWS = 20_000
const WORK_MS = 900
/** What the book of rounds calls the only table. */
const REPLACED = 0

afterEach(killServers)
afterAll(removeTemporaryFolders)

const TABLES = [
  'CREATE DATABASE d',
  'CREATE TABLE d.batches (id INT PRIMARY KEY, batch INT, state INT, token VARCHAR(20), UNIQUE (token)) ENGINE=chdb',
  'CREATE TABLE d.files (file INT, line INT, text VARCHAR(40), PRIMARY KEY (file, line)) ENGINE=chdb',
  'CREATE TABLE d.replaced (id INT PRIMARY KEY, round INT, twice INT UNIQUE) ENGINE=chdb',
  'CREATE TABLE d.numbers (id INT PRIMARY KEY)',
  'CREATE TABLE d.moved (id INT PRIMARY KEY, a DECIMAL(9,2), b VARCHAR(40), KEY (a))',
]
const MOVED_STATE = 'SELECT COUNT(*) AS n, SUM(id) AS ids, SUM(a) AS a, SUM(LENGTH(b)) AS b FROM d.moved'

/** What a batch may look like: one of these, where nobody knows which. Undefined: it isn't there. */
type States = readonly (number | undefined)[]

/** What the clients were told. */
class Book {
  readonly batches = new Map<number, States>()
  readonly files = new Map<number, 'there' | 'unknown'>()
  /** Statements that were acknowledged. */
  acknowledged = 0
  private last = 0

  nextNumber(): number {
    return ++this.last
  }

  /** Runs a statement that takes a batch from its one state to the next. */
  async change(batch: number, next: number | undefined, statement: () => Promise<unknown>): Promise<void> {
    const before = this.batches.get(batch) ?? [undefined]
    this.batches.set(batch, [...before, next])
    await statement()
    this.batches.set(batch, [next])
    this.acknowledged++
  }

  async load(file: number, statement: () => Promise<unknown>): Promise<void> {
    this.files.set(file, 'unknown')
    await statement()
    this.files.set(file, 'there')
    this.acknowledged++
  }
}

async function changeBatches(connection: Connection, book: Book): Promise<void> {
  const batch = book.nextNumber()
  const rows = Array.from({ length: BATCH_ROWS }, (_, i) => {
    const id = batch * BATCH_ROWS + i
    return `(${id}, ${batch}, 1, 'token ${id}')`
  })
  await book.change(batch, 1, () => connection.query(`INSERT INTO d.batches VALUES ${rows.join()}`))
  const change = (sql: string) => connection.query(`${sql} WHERE batch = ${batch}`)
  await book.change(batch, 2, () => change('UPDATE d.batches SET state = 2'))
  if (batch % 3 === 0) await book.change(batch, undefined, () => change('DELETE FROM d.batches'))
}

/** Each row gets the number of the round: by REPLACE, by ON DUPLICATE KEY UPDATE, or as a new row. */
async function replaceRows(connection: Connection, rounds: Book): Promise<void> {
  const round = rounds.nextNumber()
  const rows = `INTO d.replaced SELECT id, ${round}, 2 * id FROM d.numbers`
  const sql = round % 2 === 0 ? `REPLACE ${rows}` : `INSERT ${rows} ON DUPLICATE KEY UPDATE round = ${round}`
  await rounds.change(REPLACED, round, () => connection.query(sql))
}

async function loadFile(connection: Connection, book: Book): Promise<void> {
  const file = book.nextNumber()
  const lines = Array.from({ length: FILE_ROWS }, (_, line) => `${file}\t${line}\tline ${line}\n`)
  const options = {
    sql: "LOAD DATA LOCAL INFILE 'lines' INTO TABLE d.files",
    infileStreamFactory: () => Readable.from([Buffer.from(lines.join(''))]),
  }
  await book.load(file, () => connection.query(options))
}

async function moveTable(connection: Connection, book: Book): Promise<void> {
  for (const storage of ['chdb', 'lmdb']) {
    await connection.query(`ALTER TABLE d.moved ENGINE=${storage}`)
    book.acknowledged++
  }
}

/** Goes on after errors of the engine, until it is told to stop or the server is gone. */
async function work(
  server: TestServer,
  book: Book,
  stopped: AbortSignal,
  step: (connection: Connection, book: Book) => Promise<void>,
): Promise<void> {
  let connection: Connection | undefined
  try {
    connection = await server.connect()
    while (!stopped.aborted) await step(connection, book).catch(throwUnlessUnavailable)
  } catch (error) {
    if (!isGone(error)) throw error
  } finally {
    connection?.destroy()
  }
}

function throwUnlessUnavailable(error: unknown): void {
  if ((error as { errno?: number }).errno !== 9101) throw error
}

function isGone(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return isConnectionLost(error) || code === 'ECONNREFUSED' || message?.includes('closed state') === true
}

async function numbers(connection: Connection, sql: string): Promise<readonly (readonly number[])[]> {
  const [rows] = await connection.query<RowDataPacket[]>({ sql, rowsAsArray: true })
  return (rows as unknown as (string | number)[][]).map((row) => row.map(Number))
}

async function verifyRound(connection: Connection, rounds: Book): Promise<void> {
  const sums = 'SELECT COUNT(*), MIN(round), MAX(round), SUM(twice) / 2 - SUM(id) FROM d.replaced'
  const [[count = 0, low = 0, high, difference] = []] = await numbers(connection, sums)
  const round = count === 0 ? undefined : low
  if (round !== undefined) expect([count, high, difference]).toEqual([REPLACED_ROWS, low, 0])
  const states = rounds.batches.get(REPLACED) ?? [undefined]
  expect([round, states, states.includes(round)]).toEqual([round, states, true])
  rounds.batches.set(REPLACED, [round])
}

async function verify(connection: Connection, book: Book, moved: RowDataPacket | undefined): Promise<void> {
  const found = new Map<number, number>()
  const groups = 'SELECT batch, COUNT(*), MIN(state), MAX(state) FROM d.batches GROUP BY batch'
  for (const [batch = 0, count, low = 0, high] of await numbers(connection, groups)) {
    expect([batch, count, low]).toEqual([batch, BATCH_ROWS, high])
    found.set(batch, low)
  }
  for (const [batch, states] of book.batches) {
    const state = found.get(batch)
    expect([batch, states.includes(state), states, state]).toEqual([batch, true, states, state])
    book.batches.set(batch, [state])
    found.delete(batch)
  }
  expect([...found]).toEqual([])
  const files = 'SELECT file, COUNT(*), SUM(line) FROM d.files GROUP BY file'
  const whole = [FILE_ROWS, (FILE_ROWS * (FILE_ROWS - 1)) / 2]
  const present = new Set<number>()
  for (const [file = 0, ...counted] of await numbers(connection, files)) {
    expect([file, counted]).toEqual([file, whole])
    present.add(file)
  }
  for (const [file, state] of book.files) {
    if (state === 'there') expect([file, present.has(file)]).toEqual([file, true])
    else book.files.delete(file)
  }
  const [[again]] = await connection.query<RowDataPacket[]>(MOVED_STATE)
  expect(again).toEqual(moved)
}

/** The engine's process of a server; Linux tells. Undefined where it has none now. */
function engineOf(server: TestServer): number | undefined {
  const path = `/proc/${server.processId}/task`
  const children = readdirSync(path).flatMap((thread) =>
    readFileSync(`${path}/${thread}/children`, 'latin1').split(' ').filter(Boolean),
  )
  return children
    .map(Number)
    .find((id) => readFileSync(`/proc/${id}/cmdline`, 'latin1').includes('engine-child'))
}

/** Kills the engine; answers how long it takes until it answers again. */
async function killEngine(server: TestServer): Promise<number> {
  const connection = await server.connect()
  try {
    let engine = engineOf(server)
    for (; engine === undefined; engine = engineOf(server)) await delay(5)
    process.kill(engine, 'SIGKILL')
    const killedMs = performance.now()
    while (engineOf(server) === engine) await delay(1)
    await connection.query('SELECT COUNT(*) FROM d.batches WHERE id = 1').catch(throwUnlessUnavailable)
    await connection.query('SELECT COUNT(*) FROM d.batches WHERE id = 1')
    return performance.now() - killedMs
  } finally {
    connection.destroy()
  }
}

const runTest = isEngineInstalled() && process.platform === 'linux' ? test : test.skip
runTest(
  'columns and kill -9',
  async () => {
    const book = new Book()
    const rounds = new Book()
    let server = await TestServer.start({ config: CONFIG })
    const { folder } = server
    let connection = await server.connect()
    for (const sql of TABLES) await connection.query(sql)
    await connection.query('SET cte_max_recursion_depth = 100000')
    await connection.query(
      `INSERT INTO d.moved WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${MOVED_ROWS})
         SELECT i, i / 7, CONCAT('row ', i) FROM n`,
    )
    await connection.query(`INSERT INTO d.numbers SELECT id FROM d.moved WHERE id <= ${REPLACED_ROWS}`)
    const [[moved]] = await connection.query<RowDataPacket[]>(MOVED_STATE)
    const awayMs: number[] = []
    for (let round = 0; round < 2 * ROUNDS; round++) {
      const stopped = new AbortController()
      const before = book.acknowledged
      const replace = (each: Connection): Promise<void> => replaceRows(each, rounds)
      const steps = [changeBatches, replace, loadFile, moveTable]
      const working = Promise.all(steps.map((step) => work(server, book, stopped.signal, step)))
      while (book.acknowledged === before) await delay(5)
      await delay(Math.random() * WORK_MS)
      connection.destroy()
      if (round % 2 === 0) {
        awayMs.push(await killEngine(server))
        await delay(Math.random() * WORK_MS)
        stopped.abort()
        await working
      } else {
        await server.kill()
        stopped.abort()
        await working
        server = await TestServer.start({ folder })
      }
      connection = await server.connect()
      await verify(connection, book, moved)
      await verifyRound(connection, rounds)
      await connection.query('TRUNCATE TABLE d.files')
      book.files.clear()
    }
    connection.destroy()
    expect(await server.stop()).toMatchObject({ status: 0 })
    if (process.env.CHAOS_ROUNDS !== undefined) {
      const sorted = awayMs.map(Math.round).sort((a, b) => a - b)
      const said = `${ROUNDS} kills of each, ${book.acknowledged + rounds.acknowledged} statements acknowledged, ${rounds.acknowledged} of them upserts; the engine was back after ${sorted.join(', ')} ms\n`
      process.stderr.write(said)
    }
  },
  60_000 + ROUNDS * 20_000,
)
