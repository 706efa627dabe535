/**
 * The storages side by side, on what each is good and bad at: point query, range, scan, aggregate and join. `npm run bench -- backends
 * [--rows 200000] [--picture backends.svg]` prints a table and draws a picture. chdb takes part where its package is installed,
 * MariaDB where the system has it.
 */
import { writeFileSync } from 'node:fs'
import { createConnection, type Connection } from 'mysql2/promise'
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { findCommand } from '../test/support/system-packages.js'
import { startMariaDb, startSwitchyard } from './rivals.js'

function argument(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}

const rows = Number(argument('rows', '200000'))
const picture = argument('picture', 'backends.svg')
/** At least so long and so often, then the median counts. */
const MEASURED_MS = 1500
const RUNS_MIN = 5
const RUNS_MAX = 2000

interface Backend {
  readonly name: string
  readonly engine: string
  readonly connection: Connection
}

const COLUMNS = `(id INT PRIMARY KEY, customer INT NOT NULL, product INT NOT NULL, amount DECIMAL(10,2) NOT NULL,
  at DATETIME NOT NULL, note VARCHAR(40) NOT NULL)`
const DIGITS = Math.ceil(Math.log10(rows))
const number = Array.from({ length: DIGITS }, (_, i) => `d${i}.d * ${10 ** i}`).join(' + ')
const from = Array.from({ length: DIGITS }, (_, i) => `digits d${i}`).join(', ')
const FILL = `SELECT n, n * 7919 % 1000, n * 31 % 100, (n * 37 % 100000) / 100,
  TIMESTAMP('2024-01-01') + INTERVAL n SECOND, CONCAT('note ', n * 17 % 5000)
  FROM (SELECT ${number} AS n FROM ${from}) numbers WHERE n < ${rows}`

/** Parameters make each run another one, so that no cache answers. */
const OPERATIONS: readonly (readonly [name: string, sql: (run: number) => string])[] = [
  ['point query', (run) => `SELECT * FROM facts WHERE id = ${(run * 7907) % rows}`],
  [
    'range',
    (run) => {
      const start = (run * 7907) % Math.max(rows - 1000, 1)
      return `SELECT id, amount FROM facts WHERE id BETWEEN ${start} AND ${start + 999}`
    },
  ],
  ['scan', (run) => `SELECT COUNT(*), SUM(amount) FROM facts WHERE product <> ${run % 100}`],
  [
    'aggregate',
    (run) =>
      `SELECT customer, COUNT(*), SUM(amount), MAX(at) FROM facts WHERE product <> ${run % 100} GROUP BY customer`,
  ],
  [
    'join',
    (run) =>
      `SELECT c.region, COUNT(*), SUM(f.amount) FROM facts f JOIN customers c ON c.id = f.customer
       WHERE f.product <> ${run % 100} GROUP BY c.region`,
  ],
]

async function connect(port: number): Promise<Connection> {
  const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' })
  await connection.query('CREATE DATABASE IF NOT EXISTS bench')
  await connection.query('USE bench')
  await connection.query('CREATE TABLE IF NOT EXISTS digits (d INT PRIMARY KEY)')
  await connection.query('INSERT IGNORE INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)')
  return connection
}

/** Milliseconds that filling took. */
async function fill({ connection, engine }: Backend): Promise<number> {
  await connection.query(`CREATE TABLE facts ${COLUMNS} ENGINE=${engine}`)
  await connection.query(`CREATE TABLE customers (id INT PRIMARY KEY, region INT NOT NULL) ENGINE=${engine}`)
  await connection.query(
    'INSERT INTO customers SELECT a.d + 10 * b.d + 100 * c.d, b.d FROM digits a, digits b, digits c',
  )
  const startMs = performance.now()
  await connection.query(`INSERT INTO facts ${FILL}`)
  return performance.now() - startMs
}

/** The median time of an operation in milliseconds. */
async function measure(connection: Connection, sql: (run: number) => string): Promise<number> {
  await connection.query(sql(0))
  const times: number[] = []
  const untilMs = performance.now() + MEASURED_MS
  for (let run = 1; run <= RUNS_MAX && (run <= RUNS_MIN || performance.now() < untilMs); run++) {
    const startMs = performance.now()
    await connection.query(sql(run))
    times.push(performance.now() - startMs)
  }
  times.sort((a, b) => a - b)
  return times[times.length >> 1] ?? 0
}

interface Measured {
  readonly backend: string
  /** In the order of the operations, filling first. */
  readonly timesMs: readonly number[]
}

const TITLES = ['fill', ...OPERATIONS.map(([name]) => name)]

async function measureBackend(backend: Backend): Promise<Measured> {
  const timesMs = [await fill(backend)]
  for (const [, sql] of OPERATIONS) timesMs.push(await measure(backend.connection, sql))
  for (const table of ['facts', 'customers']) await backend.connection.query(`DROP TABLE ${table}`)
  return { backend: backend.name, timesMs }
}

function shown(timeMs: number): string {
  return timeMs < 10 ? `${timeMs.toFixed(2)} ms` : `${Math.round(timeMs)} ms`
}

function table(results: readonly Measured[]): string {
  const lines = [['', ...TITLES], ...results.map(({ backend, timesMs }) => [backend, ...timesMs.map(shown)])]
  return lines.map((line) => line.map((cell) => cell.padStart(12)).join('')).join('\n')
}

const COLORS = ['#4e79a7', '#f28e2b', '#59a14f', '#e15759']
const BAR_HEIGHT = 18
const LABEL_WIDTH = 110
const PLOT_WIDTH = 520

/** Bars on a logarithmic scale, a group for each operation. */
function svg(results: readonly Measured[]): string {
  const all = results.flatMap(({ timesMs }) => timesMs)
  const least = Math.floor(Math.log10(Math.min(...all)))
  const greatest = Math.ceil(Math.log10(Math.max(...all)))
  const x = (timeMs: number): number =>
    LABEL_WIDTH + ((Math.log10(timeMs) - least) / (greatest - least)) * PLOT_WIDTH
  const groupHeight = results.length * BAR_HEIGHT + 14
  const height = TITLES.length * groupHeight + 70
  const decades = Array.from({ length: greatest - least + 1 }, (_, i) => 10 ** (least + i))
  const grid = decades.map(
    (timeMs) => `<line x1="${x(timeMs)}" x2="${x(timeMs)}" y1="40" y2="${height - 20}" stroke="#ddd"/>
<text x="${x(timeMs)}" y="${height - 5}" text-anchor="middle">${timeMs} ms</text>`,
  )
  const bars = TITLES.flatMap((title, group) => {
    const top = 48 + group * groupHeight
    const label = `<text x="${LABEL_WIDTH - 8}" y="${top + (results.length * BAR_HEIGHT) / 2 + 4}" text-anchor="end">${title}</text>`
    return [
      label,
      ...results.map(({ timesMs }, i) => {
        const timeMs = timesMs[group] ?? 0
        const y = top + i * BAR_HEIGHT
        const width = Math.max(1, x(timeMs) - LABEL_WIDTH)
        return `<rect x="${LABEL_WIDTH}" y="${y}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 3}" fill="${COLORS[i] ?? '#888'}"/>
<text x="${(LABEL_WIDTH + width + 4).toFixed(1)}" y="${y + BAR_HEIGHT - 6}">${shown(timeMs)}</text>`
      }),
    ]
  })
  const legend = results.map(
    ({ backend }, i) =>
      `<rect x="${LABEL_WIDTH + i * 120}" y="12" width="12" height="12" fill="${COLORS[i] ?? '#888'}"/>
<text x="${LABEL_WIDTH + i * 120 + 17}" y="22">${backend}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL_WIDTH + PLOT_WIDTH + 90}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${[...grid, ...bars, ...legend].join('\n')}
</svg>
`
}

const hasColumns = isEngineInstalled()
const ours = await startSwitchyard(hasColumns ? 'hybrid' : 'lmdb')
const theirs = findCommand('mariadbd') === undefined ? undefined : await startMariaDb()
const results: Measured[] = []
try {
  const connection = await connect(ours.port)
  for (const engine of ['memory', 'lmdb', ...(hasColumns ? ['chdb'] : [])]) {
    results.push(await measureBackend({ name: engine, engine, connection }))
  }
  connection.destroy()
  if (theirs !== undefined) {
    const other = await connect(theirs.port)
    results.push(await measureBackend({ name: 'mariadb', engine: 'InnoDB', connection: other }))
    other.destroy()
  }
} finally {
  await ours.stop()
  await theirs?.stop()
}
console.log(`${rows} rows, the median of each; every time as one client sees it\n`)
console.log(table(results))
writeFileSync(picture, svg(results))
console.log(`\nthe picture: ${picture}`)
