/**
 * Goal: whole databases move from MariaDB to Switchyard and back with mariadb-dump, and nothing is lost. Method: a real server of each; what
 * both answer to the same questions is compared. Collations are such as both have.
 */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from '../differential/mariadb-server.js'
import { outputOf } from '../support/run-command.js'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'

const PROGRAMS = ['mariadb', 'mariadb-dump', ...MARIADB_PROGRAMS]

/** Of each kind that both servers have; generated columns too, whose values such dumps contain. */
const SCHEMA = [
  'CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
  'USE shop',
  `CREATE TABLE customers (
     id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60) NOT NULL, email VARCHAR(100) CHARACTER SET latin1,
     notes MEDIUMTEXT, joined TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, status ENUM('a','it''s') DEFAULT 'a',
     tags SET('x','y'), bits BIT(5) DEFAULT b'101', born YEAR, price DECIMAL(20,5), ratio FLOAT, weight DOUBLE, at DATETIME(6),
     span TIME(3), photo LONGBLOB, raw BINARY(4), UNIQUE KEY (email), KEY by_name (name(10))
   ) ENGINE=InnoDB COMMENT='who ''buys'''`,
  `CREATE TABLE orders (
     id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, total DECIMAL(12,2) NOT NULL DEFAULT 0.00,
     twice DECIMAL(13,2) AS (total * 2) VIRTUAL, thrice DECIMAL(13,2) AS (total * 3) STORED,
     CONSTRAINT positive CHECK (total >= 0),
     CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE
   ) ENGINE=InnoDB AUTO_INCREMENT=500`,
  'CREATE TABLE old (a INT, t TEXT, KEY (a)) ENGINE=MyISAM',
  `CREATE DEFINER = root@localhost VIEW totals AS SELECT c.name, SUM(o.total) AS total, COUNT(0) AS orders FROM customers c LEFT JOIN orders o ON o.customer = c.id
     GROUP BY c.name`,
  `INSERT INTO customers (name, email, notes, joined, status, tags, born, price, ratio, weight, at, span, photo, raw) VALUES
     ('Ada', 'a@x', 'line\\n''q'' "d" \\\\ tab\\t nul\\0 end', '2024-02-29 10:00:00', 'it''s', 'x,y', 1999, 1234.5, 1.5, -1e300,
       '2024-02-29 12:00:00.123456', '-12:34:56.789', x'000102FF5C27220A0D1A', 'ab'),
     ('Zo\u00eb \u{1F600}', 'zo\u00e9@x', NULL, '2000-01-01 00:00:00', NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  'INSERT INTO orders (customer, total) VALUES (1, 5), (2, 7.5), (1, 9999999999.99)',
  "INSERT INTO old VALUES (1, 'one'), (NULL, NULL)",
]

const QUESTIONS = [
  'SELECT * FROM customers ORDER BY id',
  'SELECT * FROM orders ORDER BY id',
  'SELECT * FROM old ORDER BY a',
  'SELECT * FROM totals ORDER BY name',
  'SELECT id, HEX(photo), bits + 0, tags + 0, status + 0, HEX(notes) FROM customers ORDER BY id',
]

interface Address {
  readonly port: number
}

const access = ({ port }: Address) => ['--no-defaults', '-h127.0.0.1', `-P${port}`, '-uroot']

/** Bytes of a dump are kept as they are. */
const take = (from: Address, ...options: readonly string[]) =>
  outputOf(findCommand('mariadb-dump') ?? '', [...access(from), ...options], { encoding: 'latin1' })

const load = (into: Address, dump: string) =>
  outputOf(findCommand('mariadb') ?? '', access(into), { input: dump, encoding: 'latin1' })

const connect = ({ port }: Address): Promise<Connection> =>
  createConnection({ host: '127.0.0.1', port, user: 'root', database: 'shop', dateStrings: true })

async function answers(address: Address): Promise<unknown[]> {
  const connection = await connect(address)
  const results: unknown[] = []
  for (const sql of QUESTIONS) results.push((await connection.query(sql))[0])
  connection.destroy()
  return results
}

async function fill(address: Address): Promise<void> {
  const connection = await createConnection({ host: '127.0.0.1', port: address.port, user: 'root' })
  for (const sql of SCHEMA) await connection.query(sql)
  const rows = Array.from({ length: 2000 }, (_, i) => [1 + (i % 2), i / 4])
  await connection.query('INSERT INTO orders (customer, total) VALUES ?', [rows])
  connection.destroy()
}

describeWithCommand(PROGRAMS, 'migration', () => {
  let mariadb: MariaDbServer
  let server: TestServer
  beforeAll(async () => {
    ;[mariadb, server] = await Promise.all([startMariaDb(temporaryFolder()), TestServer.start()])
  }, 60_000)
  afterAll(async () => {
    await mariadb.stop()
    await killServers()
    removeTemporaryFolders()
  })
  afterEach(async () => {
    for (const { port } of [mariadb, server]) {
      const connection = await createConnection({ host: '127.0.0.1', port, user: 'root' })
      await connection.query('DROP DATABASE shop')
      connection.destroy()
    }
  })

  test('from MariaDB to here', async () => {
    await fill(mariadb)
    await load(server, await take(mariadb, '--databases', 'shop'))
    expect(await answers(server)).toEqual(await answers(mariadb))
    const connection = await connect(server)
    const [[given]] = await connection.query<RowDataPacket[]>(
      'SELECT AUTO_INCREMENT AS next FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = "orders"',
    )
    expect(given?.next).toBe(2503)
    await expect(connection.query('INSERT INTO orders (customer) VALUES (9)')).rejects.toMatchObject({
      errno: 1452,
    })
    await expect(connection.query('UPDATE orders SET total = -1 LIMIT 1')).rejects.toMatchObject({
      errno: 3819,
    })
    await connection.query('DELETE FROM customers WHERE id = 1')
    const [rest] = await connection.query<RowDataPacket[]>('SELECT DISTINCT customer FROM orders')
    expect(rest).toEqual([{ customer: 2 }])
    connection.destroy()
  }, 60_000)

  test.each([
    ['as it comes', []],
    ['in one transaction, blobs as hex', ['--single-transaction', '--hex-blob', '--skip-extended-insert']],
  ])(
    'from here to MariaDB, %s',
    async (_title, options) => {
      await fill(server)
      await load(mariadb, await take(server, ...options, '--databases', 'shop'))
      expect(await answers(mariadb)).toEqual(await answers(server))
    },
    60_000,
  )
})
