/**
 * Goal: a statement that inserts more than is held in memory (`core/transaction/staged-table.ts`) is one transaction all the same: whole or not
 * at all after an error, KILL and kill -9; unique keys hold, whatever their order; others wait for its keys and see nothing of it before.
 *
 * Method: files of some megabytes for LOAD DATA, and queries that make as many rows, on a server that lives; then one that is killed at random
 * moments of a load.
 */
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'

/** Of about 110 bytes each: more than is held in memory. */
const ROWS = 60_000
const PAD = 'p'.repeat(80)
const KILLS = 4

let folder: string
let server: TestServer
let connection: Connection

/** Numbers up to `count`, each once, in no order. */
const scattered = (count: number) => (i: number) => (i * 7919) % count
const ascending = (i: number): number => i

async function writeFile(name: string, key: (i: number) => number, count = ROWS): Promise<void> {
  const file = createWriteStream(join(folder, name))
  for (let i = 0; i < count; i += 1000) {
    let text = ''
    for (let j = i; j < Math.min(count, i + 1000); j++) text += `${key(j)}\t${j}\t${PAD}\n`
    file.write(text)
  }
  file.end()
  await finished(file)
}

async function only(sql: string, on = connection): Promise<RowDataPacket | undefined> {
  return (await on.query<RowDataPacket[]>(sql))[0][0]
}

const load = (name: string, options = ''): string =>
  `LOAD DATA INFILE '${name}' ${options} INTO TABLE t (id, other, pad)`

async function table(definition: string): Promise<void> {
  await connection.query('DROP TABLE IF EXISTS t')
  await connection.query(`CREATE TABLE t (id INT, other INT, pad VARCHAR(100), ${definition})`)
}

async function expectRows(count: number): Promise<void> {
  expect((await only('SELECT COUNT(*) AS n FROM t'))?.n).toBe(count)
  expect(await only('CHECK TABLE t')).toMatchObject({ Msg_text: 'OK' })
}

/** Resolves when a statement of somebody else has come so far. */
async function untilStaged(rows: number): Promise<void> {
  for (;;) {
    const found = await only(
      "SELECT state FROM information_schema.processlist WHERE state LIKE '%loading%' OR state LIKE '%inserting%'",
    )
    const done = Number(/\d+/.exec(String(found?.state ?? found?.STATE ?? '').replaceAll(',', ''))?.[0] ?? 0)
    if (done >= rows) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

beforeAll(async () => {
  folder = join(temporaryFolder(), 'files')
  mkdirSync(folder)
  await writeFile('ascending', ascending)
  await writeFile('scattered', scattered(ROWS))
  await writeFile('last again', (i) => (i === ROWS - 1 ? 5 : i))
  server = await TestServer.start({ config: config() })
  connection = await open(server)
}, 60_000)
afterAll(async () => {
  connection.destroy()
  await killServers()
  removeTemporaryFolders()
})

const config = (): string => `init: { sample: false }\nfiles: { folder: '${folder}', local: true }\n`

async function open(on: TestServer): Promise<Connection> {
  const opened = await on.connect()
  await opened.query('CREATE DATABASE IF NOT EXISTS d')
  await opened.query('USE d')
  return opened
}

test.each([
  ['a primary key that ascends', 'ascending', 'PRIMARY KEY (id)'],
  ['a primary key in no order', 'scattered', 'PRIMARY KEY (id)'],
  ['no key at all', 'scattered', 'KEY (id)'],
  ['other indexes', 'scattered', 'PRIMARY KEY (other), UNIQUE u (id), KEY k (id, other)'],
])(
  '%s: all rows are there, also behind others',
  async (_title, name, definition) => {
    await table(definition)
    await connection.query(load(name))
    await expectRows(ROWS)
    expect(await only('SELECT SUM(id) AS a, SUM(other) AS b FROM t')).toEqual({
      a: String((ROWS * (ROWS - 1)) / 2),
      b: String((ROWS * (ROWS - 1)) / 2),
    })
    await connection.query(
      `LOAD DATA INFILE '${name}' INTO TABLE t (@id, @other, pad) SET id = @id - 1000000, other = @other - 1000000`,
    )
    await expectRows(2 * ROWS)
    expect((await only('SELECT COUNT(*) AS n FROM t WHERE id = -999983 OR id = 17'))?.n).toBe(2)
  },
  60_000,
)

test('a duplicate at the end undoes all of it; with IGNORE it is one warning', async () => {
  await table('PRIMARY KEY (id), KEY (other)')
  await expect(connection.query(load('last again'))).rejects.toMatchObject({
    code: 'ER_DUP_ENTRY',
    message: "Duplicate entry '5' for key 't.PRIMARY'",
  })
  await expectRows(0)
  const [ignored] = await connection.query(load('last again', 'IGNORE'))
  expect(ignored).toMatchObject({ affectedRows: ROWS - 1, warningStatus: 1 })
  await expectRows(ROWS - 1)
  await table('PRIMARY KEY (other), UNIQUE u (id)')
  await expect(connection.query(load('last again'))).rejects.toMatchObject({
    message: "Duplicate entry '5' for key 't.u'",
  })
  await expectRows(0)
})

test('rows of the table itself, with AUTO_INCREMENT, and CREATE TABLE … SELECT', async () => {
  await connection.query('DROP TABLE IF EXISTS t, copy')
  await connection.query('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, other INT, pad VARCHAR(100))')
  await connection.query(`LOAD DATA INFILE 'ascending' INTO TABLE t (@i, other, pad)`)
  await connection.query('INSERT INTO t (other, pad) SELECT other, pad FROM t')
  await expectRows(2 * ROWS)
  expect(await only('SELECT MAX(id) AS greatest, COUNT(DISTINCT other) AS others FROM t')).toEqual({
    greatest: 2 * ROWS,
    others: ROWS,
  })
  await connection.query('CREATE TABLE copy AS SELECT * FROM t')
  expect(await only('SELECT COUNT(*) AS n, SUM(other) AS other FROM copy')).toEqual({
    n: 2 * ROWS,
    other: String(ROWS * (ROWS - 1)),
  })
}, 60_000)

test('others see nothing of it, wait for its keys only, and KILL leaves nothing', async () => {
  await table('PRIMARY KEY (id)')
  await writeFile('long', ascending, 12 * ROWS)
  const [loader, other] = [await open(server), await open(server)]
  try {
    const loaded = loader.query(load('long')).catch((error: unknown) => error)
    await untilStaged(ROWS)
    expect((await only('SELECT COUNT(*) AS n FROM t'))?.n).toBe(0)
    // Before and behind its keys nobody waits.
    await other.query("INSERT INTO t VALUES (-1, 0, ''), (100000000, 0, '')")
    await other.query('SET innodb_lock_wait_timeout = 1')
    const taken = other.query("INSERT INTO t VALUES (7, 0, '')")
    await expect(taken).rejects.toMatchObject({ code: 'ER_LOCK_WAIT_TIMEOUT' })
    await connection.query(`KILL QUERY ${loader.threadId}`)
    expect(await loaded).toMatchObject({ code: 'ER_QUERY_INTERRUPTED' })
    await other.query("INSERT INTO t VALUES (7, 0, '')")
    await expectRows(3)
    const again = loader.query(load('long')).catch((error: unknown) => error)
    expect(await again).toMatchObject({ code: 'ER_DUP_ENTRY' })
    await expectRows(3)
  } finally {
    loader.destroy()
    other.destroy()
  }
}, 60_000)

test(`${KILLS} kills during loads leave all or nothing`, async () => {
  const victim = await TestServer.start({ config: config() })
  const { folder: data } = victim
  let running = victim
  let on = await open(running)
  await on.query('CREATE TABLE t (id INT PRIMARY KEY, other INT, pad VARCHAR(100), KEY k (other))')
  await on.query("INSERT INTO t VALUES (-1, -1, '')")
  for (let kill = 0; kill < KILLS; kill++) {
    const ending = on
    const loaded = (async () => {
      for (;;) {
        await ending.query(load('ascending'))
        await ending.query('DELETE FROM t WHERE id >= 0')
      }
    })().catch((error: unknown) => error)
    await new Promise((resolve) => setTimeout(resolve, 100 + 300 * kill))
    await running.kill()
    await loaded
    running = await TestServer.start({ folder: data })
    on = await open(running)
    const count = Number((await only('SELECT COUNT(*) AS n FROM t', on))?.n)
    expect([1, ROWS + 1]).toContain(count)
    expect(await only('CHECK TABLE t', on)).toMatchObject({ Msg_text: 'OK' })
    await on.query('DELETE FROM t WHERE id >= 0')
  }
  on.destroy()
  expect(await running.stop()).toEqual({ status: 0, signal: null })
}, 240_000)
