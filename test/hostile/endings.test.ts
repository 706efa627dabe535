/**
 * Goal: KILL QUERY and max_execution_time end every statement soon, whatever it is doing, and while it runs others are served.
 *
 * Method: statements that would run for minutes. Each is killed when it is seen to run (error 1317), and run again under
 * max_execution_time (error 3024). A second connection is served in between.
 */
import type { Connection } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { errorNumber, eventually, expectSound, valueOf } from './soundness.js'

const CONFIG = `
init: { sample: false }
limits: { queryMemory: 1G }
`

let server: TestServer
let bystander: Connection
let connection: Connection

beforeAll(async () => {
  server = await TestServer.start({ config: CONFIG })
  bystander = await server.connect()
  await bystander.query('CREATE DATABASE hostile')
  await bystander.query('CREATE TABLE hostile.d (n INT PRIMARY KEY, s VARCHAR(100))')
  await bystander.query(
    `INSERT INTO hostile.d WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 999)
     SELECT i, REPEAT('a', 24) FROM n`,
  )
})
beforeEach(async () => {
  connection = await server.connect({ database: 'hostile' })
  await connection.query('SET cte_max_recursion_depth = 1000000000')
})
afterEach(async () => {
  connection.destroy()
  await expectSound(server, bystander)
})
afterAll(killServers)
afterAll(removeTemporaryFolders)

const BILLION = 'd a JOIN d b JOIN d c'

const STATEMENTS: readonly (readonly [string, string])[] = [
  ['a cross join', `SELECT COUNT(*) FROM ${BILLION} JOIN d e`],
  ['a join on a condition', `SELECT COUNT(*) FROM ${BILLION} JOIN d e ON a.n + b.n = c.n * e.n`],
  ['a long result', `SELECT a.n, b.n, c.n FROM ${BILLION}`],
  ['grouping', `SELECT a.n, COUNT(*), SUM(b.n) FROM ${BILLION} GROUP BY a.n`],
  ['DISTINCT', `SELECT DISTINCT a.n % 10 FROM ${BILLION}`],
  ['a sort', `SELECT a.n FROM ${BILLION} ORDER BY a.n - b.n + c.n LIMIT 5`],
  [
    'a window',
    `SELECT MAX(s) FROM (SELECT SUM(a.n) OVER (PARTITION BY a.n ORDER BY b.n) AS s FROM ${BILLION}) x`,
  ],
  [
    'a window frame that starts anew for each row',
    'SELECT MAX(s) FROM (SELECT MIN(a.n) OVER (ORDER BY b.n ROWS 200000 PRECEDING) AS s FROM d a JOIN d b) x',
  ],
  [
    'a recursion',
    'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i % 9 + 1 FROM n) SELECT COUNT(*) FROM n',
  ],
  ['a correlated sub-query', `SELECT SUM((SELECT COUNT(*) FROM d x, d y WHERE x.n + y.n > a.n)) FROM d a`],
  ['SLEEP', 'SELECT SLEEP(600)'],
  ['SLEEP for each row', 'SELECT SUM(SLEEP(0.01 + n)) FROM d'],
  ['BENCHMARK', "SELECT BENCHMARK(10000000000, SHA2(CONCAT('a', RAND()), 512))"],
  ['BENCHMARK inside BENCHMARK', 'SELECT BENCHMARK(1000000000, BENCHMARK(1000000, RAND()))'],
  [
    'expensive patterns, each below regexp_time_limit',
    `SELECT COUNT(*) FROM ${BILLION} WHERE REGEXP_LIKE(CONCAT(LEFT(a.s, 12), b.n, c.n), '^(a+)+$')`,
  ],
  ['an INSERT of a query', `INSERT INTO other SELECT a.n FROM ${BILLION}`],
  ['an UPDATE', `UPDATE other SET n = (SELECT COUNT(*) FROM ${BILLION} WHERE a.n > other.n)`],
  ['a DELETE', `DELETE FROM other WHERE (SELECT COUNT(*) FROM ${BILLION} WHERE a.n > other.n) > 1`],
]

describe('KILL QUERY', () => {
  test.each(STATEMENTS)('%s', async (_, sql) => {
    await prepareOther(sql)
    const ended = errorNumber(connection.query(sql))
    const id = connection.threadId
    await eventually(
      async () =>
        (await valueOf(
          bystander,
          `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ${id} AND COMMAND = 'Query'`,
        )) === 1,
    )
    await bystander.query(`KILL QUERY ${id}`)
    expect(await ended).toBe(1317)
    // The connection goes on.
    expect(await valueOf(connection, 'SELECT 1')).toBe(1)
  })
})

describe('max_execution_time', () => {
  const reading = STATEMENTS.filter(([, sql]) => /^(SELECT|WITH)/.test(sql))
  test.each(reading)('%s', async (_, sql) => {
    await connection.query('SET max_execution_time = 60')
    const ended = errorNumber(connection.query(sql))
    expect(await valueOf(bystander, 'SELECT 2')).toBe(2)
    expect(await ended).toBe(3024)
  })

  test('as a hint', async () => {
    const sql = `SELECT /*+ MAX_EXECUTION_TIME(60) */ COUNT(*) FROM ${BILLION}`
    expect(await errorNumber(connection.query(sql))).toBe(3024)
    expect(await errorNumber(connection.execute(sql))).toBe(3024)
    expect(await valueOf(connection, 'SELECT /*+ MAX_EXECUTION_TIME(60000) */ COUNT(*) FROM d')).toBe(1000)
  })
})

test('a pattern that would take years is error 3699', async () => {
  const text = 'a'.repeat(100)
  expect(await errorNumber(connection.query(`SELECT '${text}!' REGEXP '^(a+)+$'`))).toBe(3699)
  expect(await errorNumber(connection.query(`SELECT REGEXP_REPLACE('${text}!', '^(a|aa)+$', '')`))).toBe(3699)
  expect(await valueOf(connection, `SELECT '${text}' REGEXP '^(a+)+$'`)).toBe(1)
  await connection.query('SET GLOBAL regexp_stack_limit = 300')
  expect(await errorNumber(connection.query(`SELECT '${text}' REGEXP '^(a|b)+$'`))).toBe(3698)
  await connection.query('SET GLOBAL regexp_stack_limit = DEFAULT')
})

test('a LIKE that would take years', async () => {
  const pattern = '%a'.repeat(30)
  expect(await valueOf(connection, `SELECT '${'a'.repeat(5000)}b' LIKE '${pattern}'`)).toBe(0)
})

test('KILL of a connection that waits for a lock, and of one that holds it', async () => {
  await bystander.query('CREATE TABLE hostile.rows_locked (id INT PRIMARY KEY, v INT)')
  await bystander.query('INSERT INTO hostile.rows_locked VALUES (1, 1)')
  const holder = await server.connect({ database: 'hostile' })
  await holder.query('BEGIN')
  await holder.query('UPDATE rows_locked SET v = 2')
  const waiting = errorNumber(connection.query('UPDATE rows_locked SET v = 3'))
  await bystander.query(`KILL QUERY ${connection.threadId}`)
  expect(await waiting).toBe(1317)
  const again = connection.query('UPDATE rows_locked SET v = 4')
  await bystander.query(`KILL ${holder.threadId}`)
  await again
  expect(await valueOf(bystander, 'SELECT v FROM hostile.rows_locked')).toBe(4)
})

/** The table that statements change, if this one does. */
async function prepareOther(sql: string): Promise<void> {
  if (!sql.includes('other')) return
  await bystander.query('CREATE TABLE IF NOT EXISTS hostile.other (n INT)')
  await bystander.query('DELETE FROM hostile.other')
  await bystander.query('INSERT INTO hostile.other VALUES (1), (2), (3)')
}
