/**
 * How long point reads of a table of rows take while columns keep the machine busy: `npm run bench -- bench/beside.ts [--rows 3000000]`. One
 * client reads by key, one read after the other; beside it an analytical query of about two seconds runs, a file is loaded into
 * columns, rows are copied into them, and a large result goes to another client. Prints the reads' times, and the CPU time of
 * the server and of the engine's process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { clientArguments, startSwitchyard } from './rivals.js'

const at = process.argv.indexOf('--rows')
const rows = Number(at < 0 ? 3_000_000 : process.argv[at + 1])
const KEYS = 50_000
const LOADED = 500_000

const server = await startSwitchyard('hybrid')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-beside-'))
const connect = () =>
  createConnection({ host: '127.0.0.1', port: server.port, user: 'root', multipleStatements: true })

/** A client in C, which throws away what it gets. */
async function client(sql: string): Promise<void> {
  const child = spawn('mariadb', clientArguments(server, sql, '--quick', '--batch'), { stdio: 'ignore' })
  await once(child, 'exit')
}

function childOf(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean),
  )
  return Number(children[0])
}

/** Milliseconds of CPU time so far. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

try {
  const worker = await connect()
  const reader = await connect()
  await worker.query('SET cte_max_recursion_depth = 10000000; SET GLOBAL local_infile = 1; CREATE DATABASE b')
  await worker.query(`USE b; CREATE TABLE points (id INT PRIMARY KEY, a VARCHAR(40)) ENGINE=lmdb;
    CREATE TABLE digits (d INT PRIMARY KEY) ENGINE=memory; INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
    CREATE TABLE facts (id INT PRIMARY KEY, k INT NOT NULL, amount DECIMAL(10, 2) NOT NULL, name VARCHAR(20) NOT NULL, at DATETIME NOT NULL) ENGINE=chdb;
    CREATE TABLE copies LIKE facts`)
  const digits = Array.from({ length: 7 }, (_, i) => `d${i}.d * ${10 ** i}`).join(' + ')
  const from = Array.from({ length: 7 }, (_, i) => `digits d${i}`).join(', ')
  await worker.query(
    `INSERT INTO points SELECT n, CONCAT('point ', n) FROM (SELECT ${digits} AS n FROM ${from} LIMIT ${KEYS}) AS x`,
  )
  await worker.query(
    `INSERT INTO facts SELECT n, n * 7919 % 1000, (n * 31 % 100000) / 100, CONCAT('name ', n * 17 % 1000),
      TIMESTAMP('2024-01-01') + INTERVAL n % 31536000 SECOND FROM (SELECT ${digits} AS n FROM ${from} LIMIT ${rows}) AS x`,
  )
  const file = join(folder, 'facts.tsv')
  const line = (i: number) => `${i}\t${i % 1000}\t${i % 977}.25\tname ${i % 1000}\t2024-03-01 10:11:12\n`
  writeFileSync(file, Array.from({ length: LOADED }, (_, i) => line(i)).join(''))
  const [found] = await worker.query('SELECT MIN(id) AS id FROM points')
  const first = (found as { id: number }[])[0]?.id ?? 0

  const works: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['nothing', () => new Promise((resolve) => setTimeout(resolve, 2000))],
    [
      'an analytical query',
      () =>
        worker.query(
          'SELECT COUNT(*), SUM(x.amount) FROM facts AS x JOIN facts AS y ON x.k = y.k WHERE y.id < 60000 AND x.name <> y.name',
        ),
    ],
    [
      'LOAD DATA',
      () =>
        worker.query({
          sql: `TRUNCATE copies; LOAD DATA LOCAL INFILE '${file}' INTO TABLE copies`,
          infileStreamFactory: () => createReadStream(file),
        }),
    ],
    [
      'INSERT … SELECT',
      () => worker.query(`TRUNCATE copies; INSERT INTO copies SELECT * FROM facts WHERE id < 1000000`),
    ],
    ['a result of a million rows', () => client('SELECT * FROM b.facts LIMIT 1000000')],
  ]
  for (const [name, work] of works) {
    const before = [cpuOf(server.pid), cpuOf(childOf(server.pid))] as const
    const startedMs = performance.now()
    const state = { isOver: false }
    const working = work().finally(() => {
      state.isOver = true
    })
    const times: number[] = []
    for (let i = 0; !state.isOver; i++) {
      const start = performance.now()
      await reader.query(`SELECT a FROM b.points WHERE id = ${first + ((i * 7919) % 1000)}`)
      times.push(performance.now() - start)
    }
    await working
    times.sort((a, b) => a - b)
    const part = (share: number) =>
      `${(times[Math.floor(times.length * share)] ?? 0).toFixed(2)} ms`.padStart(9)
    const cpu = [cpuOf(server.pid) - before[0], cpuOf(childOf(server.pid)) - before[1]]
    const wallMs = performance.now() - startedMs
    console.log(
      `${name.padEnd(28)} ${(wallMs / 1000).toFixed(2).padStart(6)} s | reads ${String(times.length).padStart(6)}, p50 ${part(0.5)}, p99 ${part(0.99)}, p99.9 ${part(0.999)} | CPU server ${cpu[0]} ms, engine ${cpu[1]} ms`,
    )
  }
  worker.destroy()
  reader.destroy()
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
