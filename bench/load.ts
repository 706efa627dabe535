/**
 * LOAD DATA LOCAL of a click-stream file into each storage, and into MariaDB: `npm run bench -- load [--rows 1000000]`. Prints rows per
 * second as the client in C sees it, and the most memory that the server took.
 */
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { runClient, startMariaDb, startSwitchyard, type Rival } from './rivals.js'

const at = process.argv.indexOf('--rows')
const rows = at < 0 ? 1_000_000 : Number(process.argv[at + 1])
const LINES_PER_WRITE = 1000

const TABLE = `(id BIGINT PRIMARY KEY, user_id INT NOT NULL, session_id INT NOT NULL, day DATE NOT NULL, at DATETIME NOT NULL,
  page VARCHAR(100) NOT NULL, agent VARCHAR(60), country CHAR(4), revenue DECIMAL(10,2), duration INT, is_new TINYINT)`
const PAGES = ['/', '/home', '/product/1', '/cart', '/checkout', '/search?q=shoes', '/blog/2024/summer']
const AGENTS = ['Firefox 126', 'Chrome 125 on Android', 'Safari 17', 'Edge']

async function writeClicks(path: string): Promise<void> {
  const file = createWriteStream(path)
  let seed = 1
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
  for (let id = 1; id <= rows;) {
    let text = ''
    for (let i = 0; i < LINES_PER_WRITE && id <= rows; i++, id++) {
      const moment = new Date(1704067200000 + id * 1000).toISOString()
      const day = moment.slice(0, 10)
      const fields = [id, random(1e6), random(5000), day, `${day} ${moment.slice(11, 19)}`, PAGES[random(7)]]
      const more = [AGENTS[random(4)], `DE${random(99)}`, random(100000) / 100, random(30000), random(2)]
      text += `${[...fields, ...more].join('\t')}\n`
    }
    if (!file.write(text)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

function load(rival: Rival, engine: string, path: string): void {
  runClient(rival, `CREATE DATABASE IF NOT EXISTS bench; CREATE TABLE bench.clicks ${TABLE} ENGINE=${engine}`)
  const startMs = performance.now()
  runClient(rival, `LOAD DATA LOCAL INFILE '${path}' INTO TABLE bench.clicks`, '--local-infile=1')
  const seconds = (performance.now() - startMs) / 1000
  runClient(rival, 'DROP TABLE bench.clicks')
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${rival.pid}/status`, 'utf8'))?.[1]
  const memory = `${Math.round(Number(peak) / 1024)} MB`
  console.log(
    `${engine.padEnd(8)} ${Math.round(rows / seconds).toLocaleString('en')} rows/s, server at most ${memory}`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'))
const path = join(folder, 'clicks.txt')
await writeClicks(path)
const ours = await startSwitchyard(isEngineInstalled() ? 'hybrid' : 'lmdb')
const theirs = await startMariaDb()
try {
  runClient(ours, 'SET GLOBAL local_infile = ON')
  for (const engine of ['lmdb', ...(isEngineInstalled() ? ['chdb'] : [])]) load(ours, engine, path)
  load(theirs, 'InnoDB', path)
} finally {
  await ours.stop()
  await theirs.stop()
  rmSync(folder, { recursive: true })
}
