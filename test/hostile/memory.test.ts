/**
 * Goal: no statement takes more memory than limits.queryMemory allows by much: it ends with an error that says so, the server
 * lives, others are served, and the memory comes back.
 *
 * Method: statements that would need gigabytes, on a server with a small heap and a small limit. The heap would burst if they got
 * what they ask for: V8 ends the process then. Resident memory is measured after each.
 */
import type { Connection } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { errorNumber, expectSound, valueOf } from './soundness.js'

const MEGABYTE = 2 ** 20

const CONFIG = `
init: { sample: false }
limits: { queryMemory: 32M, packet: 32M }
`

let server: TestServer
let connection: Connection
let bystander: Connection
let residentAtFirst = 0

beforeAll(async () => {
  server = await TestServer.start({ config: CONFIG, nodeFlags: ['--max-old-space-size=300'] })
  bystander = await server.connect()
  await bystander.query('CREATE DATABASE hostile')
  const filling = await server.connect({ database: 'hostile' })
  await filling.query('CREATE TABLE d (n INT PRIMARY KEY)')
  await filling.query('INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)')
  await filling.query('CREATE TABLE t (id INT PRIMARY KEY, k INT, wide MEDIUMTEXT)')
  await filling.query(
    `INSERT INTO t SELECT a.n + b.n * 10 + c.n * 100 + e.n * 1000, 1, REPEAT('w', IF(a.n = 0, 2000, 1))
     FROM d a, d b, d c, d e`,
  )
  await filling.end()
  residentAtFirst = await server.residentBytes()
})
beforeEach(async () => {
  connection = await server.connect({ database: 'hostile' })
  await connection.query('SET group_concat_max_len = 1000000000, cte_max_recursion_depth = 1000000000')
})
afterEach(async () => {
  connection.destroy()
  await expectSound(server, bystander)
})
afterAll(killServers)
afterAll(removeTemporaryFolders)

/** 10^8 rows of t with itself. */
const PAIRS = 't a JOIN t b'

describe('3170 instead of gigabytes', () => {
  test.each([
    ['GROUP BY of long keys', `SELECT COUNT(*) FROM ${PAIRS} GROUP BY CONCAT(a.id, '-', b.id)`],
    ['GROUP BY of huge keys', `SELECT COUNT(*) FROM t GROUP BY CONCAT(id, REPEAT('x', 10000000))`],
    ['many aggregates', `SELECT COUNT(*), SUM(b.id), MIN(b.id), AVG(a.id) FROM ${PAIRS} GROUP BY a.id, b.id`],
    ['many keys', `SELECT 1 FROM t GROUP BY ${Array.from({ length: 3000 }, (_, i) => `id + ${i}`).join()}`],
    ['WITH ROLLUP', `SELECT COUNT(*) FROM ${PAIRS} GROUP BY a.id, b.id WITH ROLLUP`],
    ['COUNT(DISTINCT)', `SELECT COUNT(DISTINCT a.id, b.id, a.wide) FROM ${PAIRS}`],
    ['ORDER BY', `SELECT a.id, b.wide FROM ${PAIRS} ORDER BY a.id + b.id`],
    ['ORDER BY of huge keys', `SELECT id FROM t ORDER BY CONCAT(id, REPEAT('x', 10000000))`],
    ['DISTINCT', `SELECT DISTINCT a.id, b.id FROM ${PAIRS}`],
    ['UNION', `SELECT a.id, b.id FROM ${PAIRS} UNION SELECT 1, 2`],
    ['EXCEPT', `SELECT 1, 2 EXCEPT SELECT a.id, b.id FROM ${PAIRS}`],
    [
      'a shared table',
      `WITH x AS (SELECT a.id, b.wide FROM ${PAIRS}) SELECT COUNT(*) FROM x, x y WHERE x.id < y.id`,
    ],
    [
      'a hash join',
      `SELECT COUNT(*) FROM d LEFT JOIN (SELECT a.id + b.id AS s, b.wide FROM ${PAIRS}) x ON x.s = d.n`,
    ],
    ['a window', `SELECT SUM(a.id) OVER (ORDER BY b.id) FROM ${PAIRS}`],
    [
      'a recursion that doubles',
      'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT n.i FROM n, d WHERE d.n < 2) SELECT COUNT(*) FROM n',
    ],
    [
      'a recursion of long texts',
      `WITH RECURSIVE n AS (SELECT REPEAT('x', 1000000) AS s UNION ALL SELECT s FROM n)
       SELECT MAX(LENGTH(s)) FROM n`,
    ],
    ['GROUP_CONCAT', `SELECT LENGTH(GROUP_CONCAT(a.wide)) FROM ${PAIRS}`],
    ['JSON_ARRAYAGG', `SELECT JSON_LENGTH(JSON_ARRAYAGG(a.wide)) FROM ${PAIRS}`],
    ['IN of a sub-query', `SELECT COUNT(*) FROM d WHERE n + RAND() IN (SELECT a.id + b.id FROM ${PAIRS})`],
    [
      'a temporary result of an UPDATE',
      `UPDATE t JOIN (SELECT a.id, b.wide FROM ${PAIRS}) x ON x.id = t.id SET k = 2`,
    ],
  ])('%s', async (_, sql) => {
    expect(await errorNumber(connection.query(sql))).toBe(3170)
    expect(await server.residentBytes()).toBeLessThan(residentAtFirst + 400 * MEGABYTE)
  })
})

describe('what needs no memory is answered', () => {
  test.each([
    ['a cross join', `SELECT COUNT(*) FROM t a JOIN d b JOIN d c`, 1_000_000],
    ['one row with very many', `SELECT COUNT(*) FROM d JOIN t ON t.k = 1 AND d.n = 1`, 10_000],
    [
      'a sub-query that groups, for each of many rows',
      `SELECT SUM((SELECT COUNT(*) FROM (SELECT DISTINCT LEFT(wide, 100), id % 500 + t.id % 2 FROM t u WHERE u.id < 300) x))
       FROM t WHERE id < 2000`,
      600_000,
    ],
    [
      'huge strings, row by row',
      `SELECT SUM(LENGTH(REPEAT(wide, 1000))) FROM t WHERE id % 40 = 0`,
      500_000_000,
    ],
    [
      'huge strings in a derived table',
      `SELECT SUM(LENGTH(s)) FROM (SELECT REPEAT('x', 1000000 + id) AS s FROM t LIMIT 500) x`,
      500_124_750,
    ],
    [
      'the best rows of very many',
      `SELECT MAX(x.s) FROM (SELECT a.id + b.n AS s FROM t a JOIN d b ORDER BY s DESC LIMIT 10) x`,
      10_008,
    ],
  ])('%s', async (_, sql, answer) => {
    expect(Number(await valueOf(connection, sql))).toBe(answer)
    expect(await server.residentBytes()).toBeLessThan(residentAtFirst + 400 * MEGABYTE)
  })
})
