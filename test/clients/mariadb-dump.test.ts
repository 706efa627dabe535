/**
 * Goal: a dump taken with mariadb-dump makes an equal database on a fresh server, and a dump of that is the same, byte for byte.
 * Method: the real mariadb-dump and mariadb against two real servers; a schema with every kind of object and type.
 */
import type { RowDataPacket } from 'mysql2/promise'
import { killServers, TestServer } from '../support/server.js'
import { outputOf } from '../support/run-command.js'
import { describeWithCommand, findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders } from '../support/temporary-folder.js'

const SCHEMA = `
CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;
USE shop;
CREATE TABLE customers (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT, name VARCHAR(60) NOT NULL, email VARCHAR(100) CHARACTER SET latin1 DEFAULT NULL,
  notes TEXT, joined TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, changed DATETIME(6) DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(6),
  status ENUM('new','it''s','gone') NOT NULL DEFAULT 'new', tags SET('a','b','c') DEFAULT 'a,c', born YEAR, bits BIT(5) DEFAULT b'101',
  PRIMARY KEY (id), UNIQUE KEY by_email (email), KEY by_name (name(10), joined DESC)
) COMMENT='who ''buys''';
CREATE TABLE orders (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer INT UNSIGNED NOT NULL, total DECIMAL(12,2) NOT NULL DEFAULT '0.00',
  items JSON, weight DOUBLE, ratio FLOAT, day DATE DEFAULT '2024-01-01', span TIME(2), raw VARBINARY(20), photo LONGBLOB,
  CONSTRAINT not_negative CHECK (total >= 0),
  CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE CASCADE,
  KEY by_day (day, total)
) AUTO_INCREMENT=1000;
CREATE TABLE empty_one (a INT, b CHAR(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'x y');
CREATE TABLE \`odd \`\`name\` (\`a b\` INT PRIMARY KEY, \`select\` INT DEFAULT '-1');
CREATE VIEW totals AS SELECT c.name, SUM(o.total) AS total FROM customers c JOIN orders o ON o.customer = c.id GROUP BY c.name;
INSERT INTO customers (name, email, notes, joined, changed, status, tags, born, bits) VALUES
  ('Ada', 'ada@example.com', 'line\\nbreak \\'quote\\' "double" \\\\ tab\\t nul\\0 end', '2024-02-29 10:00:00', NULL, 'it''s', 'b', 1915, 3),
  ('Zoë 😀', 'zoé@example.com', NULL, '2024-03-01 00:00:00', '2024-03-01 12:00:00.123456', 'gone', '', NULL, NULL),
  ('', NULL, '', '2000-01-01 00:00:00', NULL, 'new', NULL, 2155, 31);
INSERT INTO orders (customer, total, items, weight, ratio, day, span, raw, photo) VALUES
  (1, 12.50, '{"b": [1, 2.5, null], "a": "é"}', 0.1, 1.5, '2024-02-29', '-12:34:56.78', x'00FF27', x'0001020304FF5C27220A0D1A'),
  (2, 99999999.99, NULL, -1e300, NULL, NULL, NULL, NULL, NULL);
INSERT INTO \`odd \`\`name\` VALUES (1, 2), (-5, NULL);
CREATE TABLE made (a INT PRIMARY KEY, b INT AS (a + 1), c INT AS (a * 2) STORED UNIQUE);
INSERT INTO made (a) VALUES (1), (20);
CREATE USER 'clerk'@'%' IDENTIFIED BY 'pw';
GRANT SELECT, INSERT ON shop.* TO 'clerk'@'%';
`

describeWithCommand(['mariadb', 'mariadb-dump'], 'mariadb-dump', () => {
  let first: TestServer
  let second: TestServer
  beforeAll(async () => {
    ;[first, second] = await Promise.all([TestServer.start(), TestServer.start()])
  }, 60_000)
  afterAll(async () => {
    await killServers()
    removeTemporaryFolders()
  })
  afterEach(async () => {
    for (const server of [first, second]) {
      const connection = await server.connect()
      await connection.query('DROP DATABASE shop')
      await connection.query('DROP USER IF EXISTS clerk')
      connection.destroy()
    }
  })

  const access = (server: TestServer) => [
    ...['-h127.0.0.1', `-P${server.port}`, '-uroot', '--default-character-set=utf8mb4'],
  ]
  const load = (server: TestServer, input: string) =>
    outputOf(findCommand('mariadb') ?? '', access(server), { input, encoding: 'latin1' })
  const loadSchema = (server: TestServer) => load(server, Buffer.from(SCHEMA).toString('latin1'))
  const dump = (server: TestServer, ...options: readonly string[]) => {
    const args = [...access(server), '--skip-dump-date', ...options]
    return outputOf(findCommand('mariadb-dump') ?? '', args, { encoding: 'latin1' })
  }

  test.each([
    ['as it comes', []],
    ['one row a statement, blobs as hex', ['--skip-extended-insert', '--hex-blob', '--complete-insert']],
    [
      'in one transaction',
      ['--single-transaction', '--skip-lock-tables', '--routines', '--triggers', '--events'],
    ],
  ])(
    'a round trip, %s',
    async (_title, options) => {
      await loadSchema(first)
      const original = await first.connect({ database: 'shop' })
      const rows = Array.from({ length: 1000 }, (_, i) => [
        ...[1 + (i % 3), (i * 7) % 1000, `{"n": ${i}}`, Buffer.from([i & 255])],
      ])
      await original.query('INSERT INTO orders (customer, total, items, photo) VALUES ?', [rows])
      const taken = await dump(first, ...options, '--databases', 'shop')
      expect(taken).toContain('-- Dump completed')

      await load(second, taken)
      const again = await dump(second, ...options, '--databases', 'shop')
      expect(again.split('\n')).toEqual(taken.split('\n'))

      const copy = await second.connect({ database: 'shop' })
      for (const table of ['customers', 'orders', 'empty_one', '`odd ``name`', 'made', 'totals']) {
        const sql = `SELECT * FROM ${table} ORDER BY 1`
        expect((await copy.query(sql))[0]).toEqual((await original.query(sql))[0])
      }
      await expect(copy.query('INSERT INTO orders (customer, total) VALUES (77, 1)')).rejects.toMatchObject({
        errno: 1452,
      })
      await expect(copy.query('INSERT INTO orders (customer, total) VALUES (1, -1)')).rejects.toMatchObject({
        errno: 3819,
      })
      const [[last]] = await copy.query<RowDataPacket[]>('SELECT MAX(id) AS id FROM orders')
      await copy.query('DELETE FROM orders WHERE id = ?', [last?.id])
      await copy.query('INSERT INTO orders (customer) VALUES (2)')
      const [[given]] = await copy.query<RowDataPacket[]>('SELECT LAST_INSERT_ID() AS id')
      expect(Number(given?.id)).toBeGreaterThan(Number(last?.id))
      original.destroy()
      copy.destroy()
    },
    60_000,
  )

  test('only definitions, only rows, some rows of one table', async () => {
    await loadSchema(first)
    const definitions = await dump(first, '--no-data', '--databases', 'shop')
    const rows = await dump(first, '--no-create-info', '--no-create-db', '--databases', 'shop')
    expect(definitions).not.toContain('INSERT INTO')
    expect(rows).not.toContain('CREATE TABLE')
    await load(second, definitions)
    await load(second, rows)
    const whole = (server: TestServer) => dump(server, '--databases', 'shop')
    expect((await whole(second)).split('\n')).toEqual((await whole(first)).split('\n'))
    const one = await dump(first, 'shop', 'orders', '--where=total > 1000')
    expect(one).toContain('99999999.99')
    expect(one).not.toContain('12.50')
  }, 60_000)
})
