/**
 * Long queries on a million rows, against both servers in one run: `npm run bench -- bench/scans.ts [--rows 1000000] [--runs 3] [--storage
 * lmdb]`. Prints the best time of each statement on each server and the ratio (MariaDB's time over ours). The whole table goes to
 * the `mariadb` command, a client in C, which throws it away.
 */
import { argument, fillStatement, report, secondsOf, SETUP } from './facts.js'
import { runClient, startMariaDb, startSwitchyard } from './rivals.js'

const rows = Number(argument('rows', '1000000'))
const runs = Number(argument('runs', '3'))

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

const rivals = [await startSwitchyard(argument('storage', 'lmdb')), await startMariaDb()] as const

try {
  for (const rival of rivals) runClient(rival, SETUP)
  const [ours, theirs] = rivals
  const times = (sql: string, ...options: readonly string[]): readonly [number, number] => [
    secondsOf(ours, sql, ...options),
    secondsOf(theirs, sql, ...options),
  ]
  report('insert … select', ...times(fillStatement(rows)))
  const statements: readonly [string, string, ...string[]][] = [
    ...QUERIES,
    ['all rows to a client', 'SELECT * FROM facts', '--quick', '--batch'],
  ]
  for (const [name, sql, ...options] of statements) {
    const measured = Array.from({ length: runs }, () => times(sql, ...options))
    report(name, Math.min(...measured.map(([time]) => time)), Math.min(...measured.map(([, time]) => time)))
  }
} finally {
  for (const rival of rivals) await rival.stop()
}
