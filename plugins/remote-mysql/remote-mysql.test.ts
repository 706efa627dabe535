/**
 * Goal: a database on a real MariaDB is used as if it were here: read, changed, joined, in transactions, each as far there as is right.
 * Method: MariaDB's general log tells what arrives; what is read and written is compared with what a client there sees.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { addressOf, direct, startWithRemotes, type RemoteSetup } from './testing/remote-databases.js'

const SCHEMA = `
  CREATE DATABASE shop COLLATE utf8mb4_general_ci; CREATE DATABASE other COLLATE utf8mb4_bin; USE shop;
  CREATE TABLE item (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(30) NOT NULL, price DECIMAL(10,2),
    since DATE, changed DATETIME(3), stamp TIMESTAMP NULL DEFAULT NULL, weight DOUBLE, ratio FLOAT, kind ENUM('a','b','it''s'),
    tags SET('x','y','z'), raw VARBINARY(10), bits BIT(10), notes TEXT, total DECIMAL(12,2) AS (price * 2) STORED,
    UNIQUE KEY name (name), KEY since (since));
  INSERT INTO item (id, name, price, since, changed, stamp, weight, ratio, kind, tags, raw, bits, notes) VALUES
    (1, 'nut', 1.50, '2024-01-31', '2024-01-31 10:11:12.345', '2024-06-01 12:00:00', 0.1, 0.1, 'a', 'x,z', x'00ff27', b'1000000001', 'o''ne\\\\'),
    (2, 'Bolt', 2.25, NULL, NULL, NULL, 1e300, -3.4028234e38, 'it''s', '', '', 0, NULL),
    (3, 'screw 🔩', NULL, '0001-01-01', '9999-12-31 23:59:59.999', '1970-01-01 00:00:01', -0.0, 123456.789, NULL, NULL, NULL, NULL, '');
  CREATE TABLE sale (id INT PRIMARY KEY, item INT, pieces INT, at DATE);
  INSERT INTO sale SELECT seq, seq % 3 + 1, seq % 7, '2024-01-01' + INTERVAL seq DAY FROM seq_1_to_2000;
  CREATE TABLE keyless (a INT, b VARCHAR(10));
  INSERT INTO keyless VALUES (1, 'one');
  CREATE TABLE moment (id INT PRIMARY KEY, at DATETIME DEFAULT CURRENT_TIMESTAMP, word VARCHAR(9) DEFAULT 'it''s', n INT DEFAULT 7);
  CREATE TABLE other.t (id INT PRIMARY KEY, a INT);
`

describeWithCommand(MARIADB_PROGRAMS, 'a virtual database on MariaDB', () => {
  let server: MariaDbServer
  let there: Connection
  let setup: RemoteSetup
  let session: TestSession

  beforeAll(async () => {
    server = await startMariaDb(temporaryFolder())
    there = await direct(server.port)
    await there.query(SCHEMA)
    await there.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
    setup = await startWithRemotes({
      shop: { address: addressOf(server.port) },
      frozen: { address: addressOf(server.port), database: 'shop', readOnly: true },
      elsewhere: { address: addressOf(server.port), database: 'other' },
    })
    session = await setup.engine.session('shop')
    await session.run('CREATE DATABASE here')
    await session.run('CREATE TABLE here.note (item INT PRIMARY KEY, text VARCHAR(20))')
    await session.run("INSERT INTO here.note VALUES (1, 'first'), (3, 'third'), (9, 'ninth')")
  }, 60_000)
  afterAll(async () => {
    await there.end()
    await setup.engine.stop()
    await server.stop()
    removeTemporaryFolders()
  })

  const read = async (sql: string): Promise<unknown[]> => {
    const [rows] = await there.query<RowDataPacket[]>(sql)
    return rows
  }

  /** What reached MariaDB meanwhile, but for what every connection begins with. */
  async function received(work: () => Promise<unknown>): Promise<string[]> {
    await there.query('TRUNCATE TABLE mysql.general_log')
    await work()
    const rows = await read(
      "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type = 'Query' ORDER BY event_time",
    )
    return rows
      .map((row) => String((row as unknown[])[0]))
      .filter((sql) => !/general_log|^SET NAMES|VERSION\(\)/.test(sql))
  }

  describe('its tables', () => {
    test('are listed and described', async () => {
      expect((await session.rows('SHOW DATABASES')).flat()).toEqual(
        expect.arrayContaining(['shop', 'frozen', 'elsewhere', 'here']),
      )
      expect((await session.rows('SHOW TABLES')).flat().sort()).toEqual(['item', 'keyless', 'moment', 'sale'])
      const columns = await session.rows('DESCRIBE item')
      expect(columns[0]).toEqual(['id', 'int', 'NO', 'PRI', null, 'auto_increment'])
      expect(columns[8]).toEqual(['kind', "enum('a','b','it''s')", 'YES', '', null, ''])
      const [[, definition = ''] = []] = await session.rows('SHOW CREATE TABLE item')
      expect(definition).toContain('UNIQUE KEY `name` (`name`)')
      expect((await session.rows('SHOW COLUMNS FROM moment LIKE "word"'))[0]?.[4]).toBe("it's")
      expect(
        await session.rows(
          "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'item' ORDER BY 1",
        ),
      ).toEqual([
        ['name', 'name'],
        ['PRIMARY', 'id'],
        ['since', 'since'],
      ])
    })

    test('give every type of value as it is', async () => {
      const rows = await session.rows(
        'SELECT *, HEX(raw), bits + 0, kind + 0, tags + 0 FROM item ORDER BY id',
      )
      expect(rows.map((row) => row.filter((_, i) => i !== 10 && i !== 11))).toEqual([
        [
          '1',
          'nut',
          '1.50',
          '2024-01-31',
          '2024-01-31 10:11:12.345',
          '2024-06-01 12:00:00',
          '0.1',
          '0.1',
          'a',
          'x,z',
          "o'ne\\",
          '3.00',
          '00FF27',
          '513',
          '1',
          '5',
        ],
        [
          '2',
          'Bolt',
          '2.25',
          null,
          null,
          null,
          '1e300',
          '-3.40282e38',
          "it's",
          '',
          null,
          '4.50',
          '',
          '0',
          '3',
          '0',
        ],
        [
          '3',
          'screw 🔩',
          null,
          '0001-01-01',
          '9999-12-31 23:59:59.999',
          '1970-01-01 00:00:01',
          '0',
          '123457',
          null,
          null,
          '',
          null,
          null,
          null,
          null,
          null,
        ],
      ])
    })
  })
})
