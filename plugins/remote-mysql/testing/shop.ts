/** A shop on a MariaDB, with databases beside it: what tests of remotes read and write. */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { addressOf, startOnMariaDb, type OnMariaDb } from './remote-databases.js'

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
  CREATE TABLE strange (id UUID PRIMARY KEY, place POINT, host INET6, word VARCHAR(9) COLLATE utf8mb4_uca1400_ai_ci);
  INSERT INTO strange VALUES ('123e4567-e89b-12d3-a456-426655440000', POINT(1, 2), '::1', 'Ä');
  CREATE TABLE other.t (id INT PRIMARY KEY, a INT);
`

/** `shop`, the same one read only (`frozen`), and `other` by two ways, which is one server (`beside`) and might be another (`elsewhere`). */
export async function startShop(): Promise<OnMariaDb> {
  const started = await startOnMariaDb(SCHEMA, (port) => ({
    shop: { address: addressOf(port) },
    frozen: { address: addressOf(port), database: 'shop', readOnly: true },
    elsewhere: { address: addressOf(port, { host: 'localhost' }), database: 'other' },
    beside: { address: addressOf(port), database: 'other' },
  }))
  const { session } = started
  await session.run('CREATE DATABASE here')
  await session.run('CREATE TABLE here.note (item INT PRIMARY KEY, text VARCHAR(20))')
  await session.run("INSERT INTO here.note VALUES (1, 'first'), (3, 'third'), (9, 'ninth')")
  return started
}

/** What a client of MariaDB sees. */
export async function rowsAt(there: Connection, sql: string): Promise<unknown[]> {
  const [rows] = await there.query<RowDataPacket[]>(sql)
  return rows
}
