/**
 * The ten queries over a click-stream table against MariaDB's InnoDB: both load the same file, then each query runs some times by way of
 * a client in Node. Prints rows per second, the size on disk, the best time of each, and the geometric mean of the ratios.
 *
 *     npm run bench -- analytics [--rows 1000000] [--runs 3] [--collation utf8mb4_bin]
 */
import { createWriteStream, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, type Connection } from 'mysql2/promise'
import { COUNTRY, countryOf, countryRows, HIT, QUERIES } from './clickstream-table.js'
import { runClient, startMariaDb, startSwitchyard, type Rival } from './rivals.js'

function argument(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}

const rows = Number(argument('rows', '1000000'))
const runs = Number(argument('runs', '3'))
/** MariaDB doesn't know MySQL 8's default. */
const collation = argument('collation', '')
const LINES_PER_WRITE = 1000
const QUIET_SECONDS = 40
const SETTLE_SECONDS_MAX = 120

async function writeHits(path: string): Promise<void> {
  const file = createWriteStream(path)
  let seed = 1
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const two = (number: number): string => String(number).padStart(2, '0')
  for (let id = 0; id < rows;) {
    let text = ''
    for (let i = 0; i < LINES_PER_WRITE && id < rows; i++, id++) {
      const day = `2024-${two(1 + random(12))}-${two(1 + random(28))}`
      const at = `${day} ${two(random(24))}:${two(random(60))}:${two(random(60))}`
      const agent = random(10) === 0 ? '\\N' : `Mozilla/5.0 (agent ${random(200)})`
      const url = `https://example.com/Page/${random(20_000)}`
      const numbers = [random(20) === 0 ? 404 : 200, random(1000), random(1_000_000) / 100]
      const fields = [id, random(100_000), random(2 ** 30), day, at, countryOf(random(50)), url, agent]
      text += `${[...fields, ...numbers].join('\t')}\n`
    }
    if (!file.write(text)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

function bytesOf(folder: string, matching: RegExp): number {
  let bytes = 0
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!matching.test(path)) continue
    const status = statSync(join(folder, path), { throwIfNoEntry: false })
    if (status?.isFile() === true) bytes += status.size
  }
  return bytes
}

/** What was merged goes from the disk some time later. */
async function settledBytesOf(folder: string, matching: RegExp): Promise<number> {
  let bytes = bytesOf(folder, matching)
  for (let quiet = 0, left = SETTLE_SECONDS_MAX; quiet < QUIET_SECONDS && left > 0; left--) {
    await setTimeout(1000)
    const now = bytesOf(folder, matching)
    quiet = now === bytes ? quiet + 1 : 0
    bytes = now
  }
  return bytes
}

interface Prepared {
  readonly connection: Connection
  readonly bytes: number
}

async function prepare(rival: Rival, engine: string, path: string, files: RegExp): Promise<Prepared> {
  const texts = collation === '' ? '' : `DEFAULT COLLATE ${collation}`
  runClient(rival, `CREATE DATABASE bench CHARACTER SET utf8mb4 ${texts}`)
  runClient(rival, `CREATE TABLE bench.hit ${HIT} ENGINE=${engine}`)
  runClient(rival, `CREATE TABLE bench.country ${COUNTRY} ENGINE=${engine}`)
  runClient(rival, `INSERT INTO bench.country VALUES ${countryRows()}`)
  const startMs = performance.now()
  runClient(rival, `LOAD DATA LOCAL INFILE '${path}' INTO TABLE bench.hit`, '--local-infile=1')
  const seconds = (performance.now() - startMs) / 1000
  // Once more what merges in the background would still do.
  if (engine !== 'InnoDB') runClient(rival, 'OPTIMIZE TABLE bench.hit')
  const bytes = await settledBytesOf(rival.folder, files)
  console.log(
    `${engine.padEnd(8)} ${Math.round(rows / seconds).toLocaleString('en')} rows/s, ${(bytes / 2 ** 20).toFixed(0)} MB`,
  )
  const connection = await createConnection({
    host: '127.0.0.1',
    port: rival.port,
    user: 'root',
    database: 'bench',
  })
  return { connection, bytes }
}

async function best(connection: Connection, sql: string): Promise<number> {
  let least = Infinity
  for (let run = 0; run < runs; run++) {
    const start = performance.now()
    await connection.query(sql)
    least = Math.min(least, performance.now() - start)
  }
  return least
}

const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
const path = join(folder, 'hits.txt')
await writeHits(path)
const ours = await startSwitchyard('hybrid')
const theirs = await startMariaDb()
try {
  runClient(ours, 'SET GLOBAL local_infile = ON')
  // Beside the files there are links to them.
  const columns = await prepare(ours, 'chdb', path, /chdb\/engine\/store\//)
  const innodb = await prepare(theirs, 'InnoDB', path, /hit\.ibd$/)
  console.log(`size: ${(innodb.bytes / columns.bytes).toFixed(1)} times smaller`)
  let product = 1
  for (const [name, sql] of QUERIES) {
    const [our, their] = [await best(columns.connection, sql), await best(innodb.connection, sql)]
    product *= their / our
    const ratio = (their / our).toFixed(1)
    console.log(
      `${name.padEnd(20)} ${our.toFixed(1).padStart(8)} ms, MariaDB ${their.toFixed(0).padStart(7)} ms, ${ratio}`,
    )
  }
  console.log(`geometric mean ${(product ** (1 / QUERIES.length)).toFixed(1)}`)
  await columns.connection.end()
  await innodb.connection.end()
} finally {
  await ours.stop()
  await theirs.stop()
  rmSync(folder, { recursive: true })
}
