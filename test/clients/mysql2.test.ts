/**
 * Goal: mysql2, the usual client of Node, works with the server: pools, statements prepared on the server, transactions, large
 * rows, several statements at once, streams, types both ways. Method: mysql2 against the real server.
 */
import {
  createPool,
  type Connection,
  type Pool,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise'
import { createConnection as createStreamingConnection } from 'mysql2'
import { killServers, TestServer } from '../support/server.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'

let server: TestServer
let connection: Connection

beforeAll(async () => {
  server = await TestServer.start()
  connection = await server.connect({ multipleStatements: true })
  await connection.query('CREATE DATABASE node')
  await connection.query('USE node')
})
afterAll(async () => {
  connection.destroy()
  await killServers()
  removeTemporaryFolders()
})

async function rowsOf(
  sql: string,
  values: (string | number | bigint | Date | Buffer | null)[] = [],
): Promise<RowDataPacket[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql, values)
  return rows
}

const MOMENT = new Date('2024-02-29T12:34:56.789Z')

test('values of every type go in and come back, as text and prepared', async () => {
  await connection.query(`CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, tiny TINYINT, wide BIGINT, uwide BIGINT UNSIGNED,
    amount DECIMAL(30, 10), ratio DOUBLE, small FLOAT, day DATE, moment DATETIME(3), stamp TIMESTAMP(3) NULL, span TIME, year YEAR,
    name VARCHAR(50), body LONGTEXT, raw VARBINARY(50), piece LONGBLOB, mood ENUM('good', 'bad'), flags SET('a', 'b'),
    bits BIT(12), document JSON)`)
  const row = {
    tiny: -128,
    wide: '-9223372036854775808',
    uwide: '18446744073709551615',
    amount: '-12345678901234567890.0123456789',
    ratio: 1e-300,
    small: 0.5,
    day: '2024-02-29',
    moment: MOMENT,
    stamp: MOMENT,
    span: '-838:59:59',
    year: 1999,
    name: "grüße 😀 'x' \\ \"",
    body: 'x'.repeat(100_000),
    raw: Buffer.from([0, 1, 255]),
    piece: Buffer.alloc(70_000, 7),
    mood: 'bad',
    flags: 'a,b',
    bits: Buffer.from([0x0a, 0x55]),
    document: { list: [1, null, 'é'] },
  }
  const stored = { ...row, document: JSON.stringify(row.document) }
  await connection.query('INSERT INTO kinds SET ?', stored)
  const places = Object.keys(stored)
    .map(() => '?')
    .join(', ')
  await connection.execute(
    `INSERT INTO kinds (${Object.keys(stored).join(', ')}) VALUES (${places})`,
    Object.values(stored),
  )
  await connection.query('INSERT INTO kinds () VALUES ()')
  const options = {
    sql: 'SELECT * FROM kinds ORDER BY id',
    dateStrings: ['DATE' as const],
    supportBigNumbers: true,
  }
  const [asText] = await connection.query<RowDataPacket[]>(options)
  const [prepared] = await connection.execute<RowDataPacket[]>(options)
  for (const rows of [asText, prepared]) {
    expect(rows).toHaveLength(3)
    expect(rows[0]).toEqual({ id: 1, ...row })
    expect(rows[1]).toEqual({ id: 2, ...row })
    const empty = Object.fromEntries(Object.keys(row).map((key) => [key, null]))
    expect(rows[2]).toEqual({ id: 3, ...empty })
  }
})

test('a pool serves many callers with few connections', async () => {
  await connection.query('CREATE TABLE counters (id INT PRIMARY KEY, n INT NOT NULL)')
  await connection.query('INSERT INTO counters VALUES (1, 0), (2, 0)')
  const pool: Pool = createPool({ ...server.address, database: 'node', connectionLimit: 5 })
  try {
    await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        pool.execute('UPDATE counters SET n = n + 1 WHERE id = ?', [1 + (i % 2)]),
      ),
    )
    const [rows] = await pool.query('SELECT n FROM counters ORDER BY id')
    expect(rows).toEqual([{ n: 100 }, { n: 100 }])
    const threads = await rowsOf(
      "SELECT COUNT(*) AS count FROM information_schema.processlist WHERE db = 'node'",
    )
    expect(threads[0]?.count).toBeLessThanOrEqual(6)
  } finally {
    await pool.end()
  }
})

test('transactions commit, roll back, and see their own writes', async () => {
  await connection.query('CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100))')
  const other = await server.connect({ database: 'node' })
  await connection.beginTransaction()
  const [{ insertId }] = await connection.execute<ResultSetHeader>('INSERT INTO notes (text) VALUES (?)', [
    'one',
  ])
  expect(await rowsOf('SELECT text FROM notes WHERE id = ?', [insertId])).toEqual([{ text: 'one' }])
  expect((await other.query('SELECT * FROM notes'))[0]).toEqual([])
  await connection.rollback()
  expect(await rowsOf('SELECT * FROM notes')).toEqual([])
  await connection.beginTransaction()
  await connection.query("INSERT INTO notes (text) VALUES ('two'), ('three')")
  await connection.commit()
  expect((await other.query('SELECT text FROM notes ORDER BY id'))[0]).toEqual([
    { text: 'two' },
    { text: 'three' },
  ])
  other.destroy()
})

test('several statements give several results, up to the one that fails', async () => {
  const [results] = await connection.query<never>('SELECT 1 AS a; SELECT 2 AS b, 3 AS c; DO 0; SELECT 4 AS d')
  expect(results).toMatchObject([[{ a: 1 }], [{ b: 2, c: 3 }], { affectedRows: 0 }, [{ d: 4 }]])
  await expect(
    connection.query('CREATE TABLE two_a (a INT); SELECT nothing; CREATE TABLE two_b (a INT)'),
  ).rejects.toMatchObject({ errno: 1054 })
  expect(await rowsOf("SHOW TABLES LIKE 'two%'")).toHaveLength(1)
})

test('large rows and many rows arrive whole', async () => {
  await connection.query('CREATE TABLE large (id INT PRIMARY KEY, body LONGBLOB)')
  const body = Buffer.alloc(20 * 2 ** 20, 'large ')
  await connection.query('INSERT INTO large VALUES (1, ?)', [body])
  const [[row]] = await connection.execute<RowDataPacket[]>('SELECT body FROM large WHERE id = 1')
  expect(body.equals(row?.body as Buffer)).toBe(true)
  const list = Array.from({ length: 20_000 }, (_, i) => [i + 10, Buffer.from(String(i))])
  const [{ affectedRows }] = await connection.query<ResultSetHeader>('INSERT INTO large VALUES ?', [list])
  expect(affectedRows).toBe(20_000)
  const rows = await rowsOf('SELECT id, CAST(body AS CHAR) AS text FROM large WHERE id >= 10 ORDER BY id')
  expect(rows).toHaveLength(20_000)
  expect(rows[12_345]).toEqual({ id: 12_355, text: '12345' })
})

test('a result is streamed row by row', async () => {
  const streaming = createStreamingConnection({ ...server.address, database: 'node' })
  let sum = 0
  const rows = streaming
    .query('WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n')
    .stream({ highWaterMark: 10 })
  for await (const { i } of rows as AsyncIterable<{ i: number }>) sum += i
  expect(sum).toBe(500_500)
  streaming.destroy()
})

test('a statement is prepared once and closed', async () => {
  const statement = await connection.prepare('SELECT ? + 1 AS n, ? AS text, ? IS NULL AS missing')
  for (let i = 0; i < 50; i++) {
    const [rows] = (await statement.execute([i, `text ${i}`, null])) as unknown as [RowDataPacket[]]
    expect(Number(rows[0]?.n)).toBe(i + 1)
    expect(rows[0]).toMatchObject({ text: `text ${i}`, missing: 1 })
  }
  await statement.close()
  await expect(connection.prepare('SELECT * FROM nothing')).rejects.toMatchObject({ errno: 1146 })
})

test('errors carry number, state and text, and the connection goes on', async () => {
  await connection.query('CREATE TABLE once (id INT PRIMARY KEY, name VARCHAR(3) NOT NULL)')
  await connection.query("INSERT INTO once VALUES (1, 'a')")
  await expect(connection.query("INSERT INTO once VALUES (1, 'b')")).rejects.toMatchObject({
    errno: 1062,
    sqlState: '23000',
    sqlMessage: "Duplicate entry '1' for key 'once.PRIMARY'",
  })
  await expect(connection.execute("INSERT INTO once VALUES (2, 'long')")).rejects.toMatchObject({
    errno: 1406,
  })
  await expect(connection.query('SELEC 1')).rejects.toMatchObject({ errno: 1064, sqlState: '42000' })
  await expect(server.connect({ password: 'wrong' })).rejects.toMatchObject({
    errno: 1045,
    sqlState: '28000',
  })
  await expect(server.connect({ database: 'nothing' })).rejects.toMatchObject({ errno: 1049 })
  expect(await rowsOf('SELECT COUNT(*) AS count FROM once')).toEqual([{ count: 1 }])
})

test('changeUser and reset give a session as new', async () => {
  const changing = await server.connect({ database: 'node' })
  await changing.query("CREATE USER 'guest'@'%' IDENTIFIED BY 'secret'")
  await changing.query("GRANT SELECT ON node.* TO 'guest'@'%'")
  await changing.query('SET @kept = 1')
  await changing.changeUser({ user: 'guest', password: 'secret', database: 'node' })
  const [[row]] = await changing.query<RowDataPacket[]>('SELECT CURRENT_USER() AS user, @kept AS kept')
  expect(row).toEqual({ user: 'guest@%', kept: null })
  await expect(changing.query('CREATE TABLE node.mine (a INT)')).rejects.toMatchObject({ errno: 1142 })
  changing.destroy()
})

test('compression and TLS', async () => {
  const compressed = await server.connect({ compress: true, database: 'node' })
  const [[row]] = await compressed.query<RowDataPacket[]>("SELECT REPEAT('compress me ', 100000) AS text")
  expect(String(row?.text)).toHaveLength(1_200_000)
  compressed.destroy()
  const secure = await server.connect({ ssl: { rejectUnauthorized: false } })
  const [[cipher]] = await secure.query<RowDataPacket[]>("SHOW STATUS LIKE 'Ssl_cipher'")
  expect(cipher?.Value).toMatch(/TLS|AES|CHACHA/)
  secure.destroy()
})

test('a client says whether spaces may stand behind names of functions', async () => {
  const query = 'SELECT COUNT (*) AS n, @@sql_mode AS mode'
  // mysql2 asks for it by itself.
  const [row] = await rowsOf(query)
  expect(row?.n).toBe(1)
  expect(String(row?.mode)).toMatch(/IGNORE_SPACE/)
  const strict = await server.connect({ flags: ['-IGNORE_SPACE'] })
  await expect(strict.query(query)).rejects.toMatchObject({ errno: 1064 })
  strict.destroy()
})
