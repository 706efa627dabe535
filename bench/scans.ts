/**
 * Long queries on a million rows, against both servers in one run: `npm run bench -- bench/scans.ts [--rows 1000000] [--runs 3] [--storage
 * lmdb]`. Prints the best time of each statement on each server and the ratio (MariaDB's time over ours). The whole table goes to
 * the `mariadb` command, a client in C, which throws it away.
 */
import { runClient, startMariaDb, startSwitchyard, type Rival } from './rivals.js'

function argument(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}

const rows = Number(argument('rows', '1000000'))
const runs = Number(argument('runs', '3'))

const DIGITS = Math.ceil(Math.log10(rows))
const number = Array.from({ length: DIGITS }, (_, i) => `d${i}.d * ${10 ** i}`).join(' + ')
const from = Array.from({ length: DIGITS }, (_, i) => `digits d${i}`).join(', ')

const FILL = `INSERT INTO facts SELECT n, n * 7919 % 1000, (n * 31 % 100000) / 100, CONCAT('name ', n * 17 % 1000),
  TIMESTAMP('2024-01-01') + INTERVAL n % 31536000 SECOND FROM (SELECT ${number} AS n FROM ${from}) numbers WHERE n < ${rows}`

const SETUP = `CREATE DATABASE bench CHARACTER SET utf8mb4; USE bench;
  CREATE TABLE digits (d INT PRIMARY KEY); INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
  CREATE TABLE facts (id INT PRIMARY KEY, k INT NOT NULL, amount DECIMAL(10, 2) NOT NULL, name VARCHAR(20) NOT NULL, at DATETIME NOT NULL)`

const QUERIES: readonly [name: string, sql: string][] = [
  ['count', 'SELECT COUNT(*) FROM facts'],
  [
    'filter, sum, average',
    "SELECT COUNT(*), SUM(amount), AVG(k) FROM facts WHERE k < 300 AND at >= '2024-01-03'",
  ],
  ['sum of all', 'SELECT SUM(amount), MIN(at), MAX(k) FROM facts'],
  ['group by number', 'SELECT k % 100, COUNT(*), SUM(amount) FROM facts GROUP BY k % 100'],
  ['group by text', 'SELECT name, COUNT(*), MAX(amount) FROM facts GROUP BY name'],
  ['like', "SELECT COUNT(*) FROM facts WHERE name LIKE '%99%'"],
  ['top ten', 'SELECT id, amount FROM facts ORDER BY amount DESC, id LIMIT 10'],
  [
    'join',
    'SELECT a.k % 10, COUNT(*) FROM facts a JOIN facts b ON b.id = a.k WHERE a.id % 10 = 0 GROUP BY a.k % 10',
  ],
]

function seconds(action: () => void): number {
  const start = performance.now()
  action()
  return (performance.now() - start) / 1000
}

const rivals = [await startSwitchyard(argument('storage', 'lmdb')), await startMariaDb()] as const

function report(name: string, [ours, theirs]: readonly [number, number]): void {
  const show = (time: number): string => `${time.toFixed(2)} s`.padStart(9)
  const ratio = (theirs / ours).toFixed(2)
  console.log(`${name.padEnd(26)} ours ${show(ours)} | mariadb ${show(theirs)} | ratio ${ratio}`)
}

try {
  for (const rival of rivals) runClient(rival, SETUP)
  const [ours, theirs] = rivals
  const times = (action: (rival: Rival) => void): [number, number] => [
    seconds(() => {
      action(ours)
    }),
    seconds(() => {
      action(theirs)
    }),
  ]
  report(
    'insert … select',
    times((rival) => {
      runClient(rival, `USE bench; ${FILL}`)
    }),
  )
  const statements: readonly [string, string, ...string[]][] = [
    ...QUERIES,
    ['all rows to a client', 'SELECT * FROM facts', '--quick', '--batch'],
  ]
  for (const [name, sql, ...options] of statements) {
    const measured = Array.from({ length: runs }, () =>
      times((rival) => {
        runClient(rival, `USE bench; ${sql}`, ...options)
      }),
    )
    report(name, [Math.min(...measured.map(([time]) => time)), Math.min(...measured.map(([, time]) => time))])
  }
} finally {
  for (const rival of rivals) await rival.stop()
}
