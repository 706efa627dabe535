/**
 * How long one turn of the event loop takes while big statements run: what another client waits at worst. Run with
 * `npm run bench -- bench/event-loop.ts [rows] [part of a statement …]`; figures: RESULTS.md.
 */
import { fileURLToPath } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnection } from 'mysql2'
import { killServers, TestServer } from '../test/support/server.js'
import { removeTemporaryFolders } from '../test/support/temporary-folder.js'

const [rows = 1_000_000] = process.argv
  .slice(2)
  .filter((each) => /^\d+$/.test(each))
  .map(Number)
const wanted = process.argv.slice(2).filter((each) => !/^\d+$/.test(each))

const CONFIG = `
init: { sample: false }
limits: { queryMemory: 2G }
`

const numbers = (count: number): string =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i FROM n`

/** Statements in this order; those before the first empty line of the report make the tables. */
const STATEMENTS: readonly (readonly [name: string, sql: string])[] = [
  [
    'fill',
    `INSERT INTO big SELECT i, i * 7919 % ${rows}, i % 1000, CONCAT('name ', i * 31 % 10007), i / 7 FROM (${numbers(rows)}) AS n`,
  ],
  ['fill small', `INSERT INTO small SELECT id, a, b, c, d FROM big WHERE id <= ${rows / 10}`],
  ['scan', 'SELECT COUNT(*) FROM big WHERE c LIKE "%77%"'],
  ['send all rows', 'SELECT * FROM big'],
  ['sort by integer', 'SELECT id FROM big ORDER BY a, id LIMIT 900000, 1'],
  ['sort by text', 'SELECT id FROM big ORDER BY c, id LIMIT 900000, 1'],
  ['sort, few wanted', 'SELECT id FROM big ORDER BY c LIMIT 10'],
  ['group, few groups', 'SELECT b, COUNT(*), SUM(d) FROM big GROUP BY b'],
  ['group, many groups', 'SELECT COUNT(*) FROM (SELECT a, COUNT(*), MAX(c) FROM big GROUP BY a) AS g'],
  ['distinct', 'SELECT COUNT(DISTINCT a), COUNT(DISTINCT c) FROM big'],
  ['rollup', 'SELECT b, c, COUNT(*) FROM small GROUP BY b, c WITH ROLLUP LIMIT 1'],
  ['hash join', 'SELECT COUNT(*) FROM big JOIN small ON small.a = big.b WHERE big.d + small.d > 0'],
  ['look-up join', 'SELECT COUNT(*) FROM small JOIN big ON big.id = small.a'],
  [
    'nested loop',
    'SELECT COUNT(*) FROM (SELECT * FROM small LIMIT 2000) x JOIN (SELECT * FROM small LIMIT 2000) y ON x.a < y.b',
  ],
  ['window', 'SELECT SUM(s) FROM (SELECT SUM(d) OVER (PARTITION BY b ORDER BY id) AS s FROM big) AS w'],
  [
    'window, one partition',
    'SELECT MAX(s) FROM (SELECT AVG(d) OVER (ORDER BY id ROWS BETWEEN 50 PRECEDING AND CURRENT ROW) AS s FROM big) AS w',
  ],
  ['window, all peers', 'SELECT MAX(s) FROM (SELECT RANK() OVER (ORDER BY b) AS s FROM big) AS w'],
  ['union', 'SELECT COUNT(*) FROM (SELECT a FROM big UNION SELECT b FROM big) AS u'],
  ['group_concat', 'SELECT LENGTH(GROUP_CONCAT(c)) FROM big'],
  ['json_arrayagg', 'SELECT LENGTH(JSON_ARRAYAGG(id)) FROM small'],
  ['in sub-query', 'SELECT COUNT(*) FROM big WHERE a IN (SELECT a + 1 FROM small)'],
  ['correlated', 'SELECT SUM((SELECT COUNT(*) FROM small WHERE small.id = big.b)) FROM big'],
  ['recursive', `SELECT COUNT(*) FROM (${numbers(300_000)}) AS n`],
  ['update', 'UPDATE big SET d = d + 1 WHERE b < 100'],
  ['update of an index', 'UPDATE small SET a = a + 1'],
  ['create index', 'CREATE INDEX by_a ON big (a)'],
  ['create index on text', 'CREATE INDEX by_c ON big (c)'],
  ['add column', 'ALTER TABLE big ADD COLUMN e INT DEFAULT 5'],
  ['change of type', 'ALTER TABLE small MODIFY b BIGINT'],
  ['check table', 'CHECK TABLE small'],
  ['analyze', 'ANALYZE TABLE big'],
  ['create as select', 'CREATE TABLE other AS SELECT * FROM small'],
  ['begin', 'BEGIN'],
  ['insert 100 000', `INSERT INTO small SELECT id + ${rows}, a, b, c, d FROM big WHERE id <= 100000`],
  ['commit 100 000', 'COMMIT'],
  ['begin again', 'BEGIN'],
  ['delete all', 'DELETE FROM small'],
  ['rollback', 'ROLLBACK'],
  ['delete all, committed', 'DELETE FROM small'],
  ['truncate', 'TRUNCATE TABLE big'],
]

const server = await TestServer.start({
  config: CONFIG,
  nodeFlags: ['--import', fileURLToPath(new URL('turn-monitor.mjs', import.meta.url))],
})
const connection = createConnection({ ...server.address, rowsAsArray: true })

/** The longest turn since the last call. */
async function longestTurnMs(): Promise<number> {
  const before = server.log.length
  server.signal('SIGUSR2')
  for (;;) {
    const match = /longest turn ([\d.]+) ms/.exec(server.log.slice(before))
    if (match !== null) return Number(match[1])
    await delay(1)
  }
}

/** Runs a statement; rows are thrown away as they come: this process shall not be what the server waits for. */
function run(sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection
      .query(sql)
      .on('result', () => undefined)
      .on('error', reject)
      .on('end', resolve)
  })
}

async function measure(name: string, sql: string): Promise<void> {
  await longestTurnMs()
  const started = performance.now()
  let problem = ''
  try {
    await run(sql)
  } catch (error) {
    problem = (error as Error).message
  }
  const totalMs = performance.now() - started
  const turnMs = await longestTurnMs()
  const times = `${turnMs.toFixed(0).padStart(6)} ms of ${totalMs.toFixed(0).padStart(7)} ms`
  console.log(`${name.padEnd(24)} ${times}  ${problem}`)
}

try {
  const columns = 'id INT PRIMARY KEY, a INT, b INT, c VARCHAR(50), d DECIMAL(12,2)'
  for (const sql of [
    'CREATE DATABASE bench',
    'USE bench',
    'SET cte_max_recursion_depth = 10000000',
    `CREATE TABLE big (${columns})`,
    `CREATE TABLE small (${columns}, KEY (a))`,
  ])
    await run(sql)
  console.log('longest turn of the event loop, time of the statement')
  for (const [name, sql] of STATEMENTS) {
    if (wanted.length === 0 || name.startsWith('fill') || wanted.some((part) => name.includes(part))) {
      await measure(name, sql)
    }
  }
} finally {
  connection.destroy()
  await killServers()
  removeTemporaryFolders()
}
