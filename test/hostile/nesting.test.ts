/**
 * Goal: a statement of any depth, length or width has a right answer or one of MySQL's errors; never the end of the process, nor a
 * message about a stack of ours.
 *
 * Method: every construct that can be nested or repeated, ten thousand deep and up to a hundred thousand long. What is answered
 * is compared; what is refused must be refused with one of the expected errors.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'
import { expectSound } from './soundness.js'

let server: TestServer
let bystander: Connection
let connection: Connection

beforeAll(async () => {
  server = await TestServer.start()
  bystander = await server.connect()
  connection = await server.connect()
  await connection.query('CREATE DATABASE hostile')
  await connection.query('USE hostile')
  await connection.query('CREATE TABLE t (a INT PRIMARY KEY, b INT, KEY (b))')
  await connection.query('INSERT INTO t VALUES (1, 1), (2, 2)')
})
afterAll(async () => {
  connection.destroy()
  await expectSound(server, bystander)
  await killServers()
  removeTemporaryFolders()
})

const DEEP = 10_000

/** ER_PARSE_ERROR ("memory exhausted"), ER_STACK_OVERRUN, ER_TOO_HIGH_LEVEL_OF_NESTING_FOR_SELECT, ER_JSON_DOCUMENT_TOO_DEEP. */
const REFUSALS = [1064, 1119, 1473, 3157]

const times = (count: number, text: (i: number) => string, separator = ''): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(separator)

/** Values of the first row, or the error's number. */
async function outcomeOf(sql: string): Promise<unknown> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>({ sql, rowsAsArray: true })
    return Array.isArray(rows) ? rows[0] : rows
  } catch (error) {
    const { errno, message } = error as { errno?: number; message: string }
    expect(message).not.toMatch(/call stack|internal error|RangeError|invariant/i)
    return errno
  }
}

describe(`${DEEP} deep`, () => {
  const nested = (open: string, inner: string, close: string): string =>
    open.repeat(DEEP) + inner + close.repeat(DEEP)
  test.each([
    ['parentheses', `SELECT ${nested('(', '1', ')')}`, 1],
    ['NOT', `SELECT ${nested('NOT ', '1', '')}`, 1],
    ['!', `SELECT ${nested('!', '1', '')}`, 1],
    ['unary minus', `SELECT ${nested('- ', '1', '')}`, 1],
    ['~', `SELECT ${nested('~', '1', '')}`, 1],
    ['function calls', `SELECT ${nested('ABS(', '1', ')')}`, 1],
    ['second arguments', `SELECT LENGTH(${nested("CONCAT('a', ", "''", ')')})`, DEEP],
    ['CASE', `SELECT ${nested('CASE WHEN 1 THEN ', '1', ' END')}`, 1],
    ['CAST', `SELECT ${nested('CAST(', '1', ' AS SIGNED)')}`, 1],
    ['INTERVAL', `SELECT ${nested('INTERVAL(', '1, 1', ', 1)')}`, 1],
    ['rows', `SELECT ${nested('(1, ', '1', ')')} = 1`, 0],
    ['scalar sub-queries', `SELECT ${nested('(SELECT ', '1', ')')}`, 1],
    ['EXISTS', `SELECT ${nested('EXISTS (SELECT ', '1', ')')}`, 1],
    ['IN (SELECT', `SELECT ${nested('1 IN (SELECT ', '1', ')')}`, 1],
    ['derived tables', `SELECT COUNT(*) FROM ${nested('(SELECT * FROM ', 't', ') x')}`, 2],
    ['joins', `SELECT COUNT(*) FROM ${nested('(t JOIN ', 't', ')')}`, 1],
    ['tables in parentheses', `SELECT COUNT(*) FROM ${nested('(', 't', ')')}`, 2],
    ['queries in parentheses', nested('(', 'SELECT 1', ')'), 1],
    ['WITH', nested('WITH x AS (', 'SELECT 1', ') SELECT * FROM x'), 1],
    ['AND under OR', `SELECT COUNT(*) FROM t WHERE ${nested('(a = 1 AND (b = 1 OR ', '1', '))')}`, 1],
    ['JSON_ARRAY', `SELECT JSON_DEPTH(${nested('JSON_ARRAY(', '1', ')')})`, DEEP],
    ['a JSON text of arrays', `SELECT CAST('${nested('[', '', ']')}' AS JSON)`, 0],
    ['a JSON text of objects', `SELECT JSON_DEPTH('${nested('{"a":', '1', '}')}')`, 0],
    ['a JSON path', `SELECT JSON_EXTRACT('[]', '$${'[0]'.repeat(DEEP)}')`, null],
    ['a regular expression', `SELECT 'a' REGEXP '${nested('(', 'a', ')')}'`, 1],
    ['comments', `SELECT ${nested('/*!50000 ', '1', '*/')}`, 1],
    ['a view', `CREATE OR REPLACE VIEW v AS SELECT ${nested('(', '1', ')')} AS x`, 1],
    ['PREPARE', `PREPARE s FROM 'SELECT ${nested('(', '1', ')')}'`, 1],
  ])('%s', async (_, sql, answer) => {
    const outcome = await outcomeOf(sql)
    if (Array.isArray(outcome)) expect(outcome).toEqual([answer])
    // 3700: ER_REGEXP_PATTERN_TOO_BIG.
    else expect([...REFUSALS, 3700]).toContain(outcome)
  })

  test.each([
    ['+', `SELECT 1${' + 1'.repeat(50_000)}`, 50_001],
    ['=', `SELECT 1${' = 1'.repeat(50_000)}`, 1],
    ['INTERVAL', `SELECT '2024-01-01'${' + INTERVAL 0 DAY'.repeat(DEEP)}`, '2024-01-01'],
    ['COLLATE', `SELECT 'a'${' COLLATE utf8mb4_bin'.repeat(DEEP)}`, 'a'],
    ['BETWEEN', `SELECT ${'1 BETWEEN 0 AND '.repeat(DEEP)}1`, 1],
    [
      'common tables',
      `WITH ${times(3000, (i) => `c${i} AS (SELECT ${i > 0 ? `* FROM c${i - 1}` : '1'})`, ', ')} SELECT * FROM c2999`,
      1,
    ],
  ])('a chain of %s', async (_, sql, answer) => {
    const outcome = await outcomeOf(sql)
    if (Array.isArray(outcome)) expect(outcome).toEqual([answer])
    else expect(REFUSALS).toContain(outcome)
  })
})

describe('long lists are answered', () => {
  test.each([
    ['50 000 AND', `SELECT COUNT(*) FROM t WHERE a = 1${' AND b > 0'.repeat(50_000)}`, [1]],
    ['50 000 OR', `SELECT COUNT(*) FROM t WHERE a = 1 ${times(50_000, (i) => `OR a = ${i + 3}`, ' ')}`, [1]],
    ['50 000 XOR', `SELECT 1${' XOR 1'.repeat(50_000)}`, [1]],
    ['50 000 ||', `SELECT 0${' || 0'.repeat(50_000)}`, [0]],
    [
      'IN of 100 000 values',
      `SELECT COUNT(*) FROM t WHERE a IN (${times(100_000, (i) => String(i + 2), ',')})`,
      [1],
    ],
    [
      'IN of 100 000 texts',
      `SELECT COUNT(*) FROM t WHERE CONCAT(b) IN (${times(100_000, (i) => `'${i + 2}'`, ',')})`,
      [1],
    ],
    ['CONCAT of 100 000 parts', `SELECT LENGTH(CONCAT(${times(100_000, () => "'a'", ',')}))`, [100_000]],
    [
      'CASE of 20 000 branches',
      `SELECT CASE 19999 ${times(20_000, (i) => `WHEN ${i} THEN ${i}`, ' ')} END`,
      [19_999],
    ],
    [
      '2 000 UNION',
      `SELECT COUNT(*) FROM (SELECT 0 AS n${times(2000, (i) => ` UNION SELECT ${i}`)}) x`,
      [2000],
    ],
    ['10 000 sort keys', `SELECT a FROM t ORDER BY ${times(10_000, () => 'a', ',')}`, [1]],
    ['10 000 assignments', `SET ${times(10_000, (i) => `@v${i % 100} = ${i}`, ',')}`, undefined],
    [
      '200 windows',
      `SELECT ${times(200, (i) => `SUM(a) OVER (ORDER BY b ROWS ${i} PRECEDING)`, ',')} FROM t`,
      undefined,
    ],
    [
      '61 tables',
      `SELECT COUNT(*) FROM t x0 ${times(60, (i) => `JOIN t x${i + 1} ON x${i + 1}.a = x${i}.a`, ' ')}`,
      [2],
    ],
    [
      '20 000 rows of VALUES',
      `INSERT INTO t VALUES ${times(20_000, (i) => `(${i + 1000}, 7)`, ',')}`,
      undefined,
    ],
  ])('%s', async (_, sql, answer) => {
    const outcome = await outcomeOf(sql)
    if (answer !== undefined) expect(outcome).toEqual(answer)
    else expect(typeof outcome).toBe('object')
  })

  test('5 000 columns of a result', async () => {
    const [rows] = await connection.query<RowDataPacket[][]>({
      sql: `SELECT ${times(5000, String, ',')}`,
      rowsAsArray: true,
    })
    expect(rows[0]).toEqual(Array.from({ length: 5000 }, (_, i) => i))
  })

  test('62 tables are too many, as are columns and parameters beyond the limits', async () => {
    expect(await outcomeOf(`SELECT 1 FROM t x0 ${times(61, (i) => `JOIN t x${i + 1}`, ' ')}`)).toBe(1116)
    expect(await outcomeOf(`CREATE TABLE w (${times(4097, (i) => `c${i} INT`, ',')})`)).toBe(1117)
    expect(await outcomeOf(`SELECT 1 AS \`${'x'.repeat(1_000_000)}\``)).toBe(1059)
    await expect(connection.prepare(`SELECT ${times(65_536, () => '?', ',')}`)).rejects.toMatchObject({
      errno: 1390,
    })
  })
})
