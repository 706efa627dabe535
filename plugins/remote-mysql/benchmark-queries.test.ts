/**
 * Goal: queries of the kind of TPC-H go to the server that has their tables as one statement each, with its answers; of a query over
 * two places the remote sends little more than is needed. Method: a MariaDB with small tables of that benchmark's names; its general log
 * tells what arrived, its status how many rows it sent.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { MARIADB_PROGRAMS } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { addressOf, received, startOnMariaDb, type OnMariaDb } from './testing/remote-databases.js'

const SCHEMA = `
  CREATE DATABASE tpch COLLATE utf8mb4_general_ci; USE tpch;
  CREATE TABLE nation (n_key INT PRIMARY KEY, n_name VARCHAR(25), n_region INT);
  INSERT INTO nation SELECT seq, CONCAT('NATION ', seq), seq % 5 FROM seq_1_to_25;
  CREATE TABLE customer (c_key INT PRIMARY KEY, c_name VARCHAR(25), c_nation INT, c_segment VARCHAR(10), c_balance DECIMAL(15, 2));
  INSERT INTO customer SELECT seq, CONCAT('Customer ', seq), seq % 25 + 1, ELT(seq % 3 + 1, 'BUILDING', 'AUTO', 'HOME'), CAST(seq * 7 % 1000 AS SIGNED) - 200 FROM seq_1_to_300;
  CREATE TABLE orders (o_key INT PRIMARY KEY, o_customer INT, o_total DECIMAL(15, 2), o_date DATE, o_priority VARCHAR(15), KEY (o_customer));
  INSERT INTO orders SELECT seq, seq * 7 % 300 + 1, seq * 13 % 5000, '1995-01-01' + INTERVAL seq % 700 DAY, CONCAT(seq % 5 + 1, '-LEVEL') FROM seq_1_to_1000;
  CREATE TABLE part (p_key INT PRIMARY KEY, p_name VARCHAR(55), p_brand VARCHAR(10), p_size INT);
  INSERT INTO part SELECT seq, CONCAT('part ', IF(seq % 4, 'green', 'forest'), ' ', seq), CONCAT('Brand#', seq % 5), seq % 50 FROM seq_1_to_200;
  CREATE TABLE lineitem (l_order INT, l_line INT, l_part INT, l_quantity DECIMAL(15, 2), l_price DECIMAL(15, 2), l_discount DECIMAL(15, 2),
    l_tax DECIMAL(15, 2), l_flag CHAR(1), l_status CHAR(1), l_ship DATE, l_commit DATE, l_mode VARCHAR(10), PRIMARY KEY (l_order, l_line));
  INSERT INTO lineitem SELECT (seq - 1) DIV 4 + 1, seq % 4, seq * 11 % 200 + 1, seq % 50, seq * 17 % 10000, seq % 10 / 100, seq % 8 / 100,
    ELT(seq % 3 + 1, 'A', 'N', 'R'), IF(seq % 2, 'F', 'O'), '1995-01-01' + INTERVAL seq % 720 DAY, '1995-01-01' + INTERVAL seq % 713 DAY,
    ELT(seq % 4 + 1, 'MAIL', 'SHIP', 'AIR', 'RAIL') FROM seq_1_to_4000;
`

const QUERIES = [
  `SELECT l_flag, l_status, SUM(l_quantity), SUM(l_price), SUM(l_price * (1 - l_discount)), SUM(l_price * (1 - l_discount) * (1 + l_tax)),
     AVG(l_quantity), AVG(l_price), AVG(l_discount), COUNT(*) FROM lineitem WHERE l_ship <= DATE '1996-12-01' - INTERVAL 90 DAY
     GROUP BY l_flag, l_status ORDER BY l_flag, l_status`,
  `SELECT l_order, SUM(l_price * (1 - l_discount)) AS revenue, o_date FROM customer, orders, lineitem WHERE c_segment = 'BUILDING'
     AND c_key = o_customer AND l_order = o_key AND o_date < '1995-06-15' AND l_ship > '1995-06-15'
     GROUP BY l_order, o_date ORDER BY revenue DESC, o_date, l_order LIMIT 10`,
  `SELECT o_priority, COUNT(*) FROM orders WHERE o_date >= '1995-07-01' AND o_date < DATE '1995-07-01' + INTERVAL 3 MONTH
     AND EXISTS (SELECT * FROM lineitem WHERE l_order = o_key AND l_commit < l_ship) GROUP BY o_priority ORDER BY o_priority`,
  `SELECT n_name, SUM(l_price * (1 - l_discount)) AS revenue FROM customer, orders, lineitem, nation WHERE c_key = o_customer
     AND l_order = o_key AND c_nation = n_key AND n_region = 2 AND o_date >= '1995-01-01' GROUP BY n_name ORDER BY revenue DESC, n_name`,
  `SELECT SUM(l_price * l_discount) FROM lineitem WHERE l_ship >= '1995-01-01' AND l_ship < DATE '1995-01-01' + INTERVAL 1 YEAR
     AND l_discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01 AND l_quantity < 24`,
  `SELECT EXTRACT(YEAR FROM o_date) AS y, SUM(CASE WHEN n_name = 'NATION 3' THEN l_price ELSE 0 END), SUM(l_price)
     FROM lineitem, orders, customer, nation WHERE l_order = o_key AND o_customer = c_key AND c_nation = n_key GROUP BY y ORDER BY y`,
  `SELECT c_key, c_name, SUM(l_price * (1 - l_discount)) AS revenue, c_balance, n_name FROM customer, orders, lineitem, nation
     WHERE c_key = o_customer AND l_order = o_key AND l_flag = 'R' AND c_nation = n_key
     GROUP BY c_key, c_name, c_balance, n_name ORDER BY revenue DESC, c_key LIMIT 20`,
  `SELECT l_mode, SUM(CASE WHEN o_priority = '1-LEVEL' OR o_priority = '2-LEVEL' THEN 1 ELSE 0 END),
     SUM(CASE WHEN o_priority <> '1-LEVEL' AND o_priority <> '2-LEVEL' THEN 1 ELSE 0 END) FROM orders, lineitem
     WHERE o_key = l_order AND l_mode IN ('MAIL', 'SHIP') AND l_commit < l_ship GROUP BY l_mode ORDER BY l_mode`,
  `SELECT c_count, COUNT(*) AS d FROM (SELECT c_key, COUNT(o_key) AS c_count FROM customer LEFT JOIN orders ON c_key = o_customer
     AND o_priority NOT LIKE '%LEVEL%9' GROUP BY c_key) x GROUP BY c_count ORDER BY d DESC, c_count DESC`,
  `SELECT p_brand, COUNT(DISTINCT p_size) FROM part WHERE p_name LIKE '%forest%' AND p_size IN (4, 8, 12, 16) GROUP BY p_brand ORDER BY p_brand`,
  `SELECT c_name, o_key, o_total, SUM(l_quantity) FROM customer, orders, lineitem WHERE o_key IN (SELECT l_order FROM lineitem
     GROUP BY l_order HAVING SUM(l_quantity) > 150) AND c_key = o_customer AND o_key = l_order
     GROUP BY c_name, o_key, o_total ORDER BY o_total DESC, o_key LIMIT 100`,
  `SELECT SUM(l_price * (1 - l_discount)) FROM lineitem, part WHERE p_key = l_part AND ((p_brand = 'Brand#1' AND l_quantity >= 1 AND
     l_quantity <= 11 AND p_size BETWEEN 1 AND 5) OR (p_brand = 'Brand#2' AND l_quantity >= 10 AND p_size BETWEEN 1 AND 40))`,
]

describeWithCommand(MARIADB_PROGRAMS, 'queries of a benchmark', () => {
  let started: OnMariaDb
  let there: Connection
  let session: TestSession

  beforeAll(async () => {
    started = await startOnMariaDb(SCHEMA, (port) => ({ tpch: { address: addressOf(port) } }))
    ;({ there, session } = started)
  }, 60_000)
  afterAll(() => started.stop())

  test.each(QUERIES.map((sql) => sql.replace(/\s+/g, ' ')))('%s', async (sql) => {
    const [wanted] = await there.query<RowDataPacket[]>(sql)
    // Definitions are read with the first one.
    await session.rows(sql)
    let rows: readonly (readonly (string | null)[])[] = []
    const arrived = await received(there, async () => {
      rows = await session.rows(sql)
    })
    expect(rows).toEqual(
      wanted.map((row) =>
        (row as unknown as (string | number | null)[]).map((cell) => (cell === null ? null : String(cell))),
      ),
    )
    expect([arrived.length, arrived]).toEqual([1, arrived])
  })

  test('a join with a table of ours has few rows sent', async () => {
    await session.run('CREATE DATABASE here')
    await session.run('CREATE TABLE here.wanted (id INT PRIMARY KEY)')
    await session.run('INSERT INTO here.wanted VALUES (5), (50), (500), (5000)')
    const sent = async (): Promise<number> => {
      const [[row]] = await there.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Rows_sent'")
      return Number((row as unknown as unknown[])[1])
    }
    const sql = `SELECT o.o_key, SUM(l.l_price) FROM here.wanted w JOIN orders o ON o.o_key = w.id JOIN lineitem l ON l.l_order = o.o_key
      WHERE l.l_quantity > 3 GROUP BY o.o_key`
    const answer = await session.rows(sql)
    const before = await sent()
    expect(await session.rows(sql)).toEqual(answer)
    const [[needed]] = await there.query<RowDataPacket[]>(
      'SELECT COUNT(*) FROM tpch.orders o JOIN tpch.lineitem l ON l.l_order = o.o_key WHERE o.o_key IN (5, 50, 500) AND l.l_quantity > 3',
    )
    // Two for what this test asks itself.
    expect((await sent()) - before - 2).toBeLessThanOrEqual(2 * Number((needed as unknown as unknown[])[0]))
  })
})
