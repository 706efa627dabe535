/**
 * Goal: information_schema tells what was defined, and queries find it with conditions, joins and groupings. Method: one schema with
 * every kind of thing in it.
 */
import { TestEngine, type TestSession } from '../../../../test/support/engine.js'

let engine: TestEngine
let session: TestSession

const SCHEMA = [
  'CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
  'USE shop',
  `CREATE TABLE customers (
     id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
     name VARCHAR(100) CHARACTER SET latin1 NOT NULL DEFAULT 'it''s',
     kind ENUM('private', 'firm') DEFAULT 'firm',
     tags SET('a', 'b'),
     balance DECIMAL(12,3) UNSIGNED,
     ratio DOUBLE, share FLOAT(7,2), flags BIT(6) DEFAULT b'101', active TINYINT(1) NOT NULL DEFAULT 1,
     born DATE, seen DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), lap TIME(6), built YEAR,
     photo VARBINARY(20) DEFAULT 'ab', notes MEDIUMTEXT, document JSON,
     label VARCHAR(30) AS (CONCAT(name, '-')) STORED COMMENT 'made',
     code CHAR(4) INVISIBLE,
     UNIQUE KEY by_name (name(10), kind), KEY by_balance (balance DESC) COMMENT 'rich first', UNIQUE KEY (code),
     CONSTRAINT positive CHECK (balance > 0) NOT ENFORCED
   ) COMMENT 'who buys'`,
  `CREATE TABLE orders (
     id BIGINT PRIMARY KEY, customer INT UNSIGNED,
     CONSTRAINT orders_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE SET NULL ON UPDATE CASCADE
   )`,
  'CREATE TABLE plain (a INT NOT NULL, b INT NOT NULL, UNIQUE (b))',
  'CREATE VIEW firms AS SELECT id, name AS firm, balance * 2 AS twice FROM customers WHERE kind = 2 WITH CHECK OPTION',
  "INSERT INTO customers (name) VALUES ('x'), ('y')",
]

beforeAll(async () => {
  engine = await TestEngine.start()
  session = await engine.session()
  for (const sql of SCHEMA) await session.run(sql)
})
afterAll(() => engine.stop())

test('SCHEMATA', async () => {
  expect(await session.rows("SELECT * FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'shop'")).toEqual([
    ['def', 'shop', 'utf8mb4', 'utf8mb4_bin', null, 'NO'],
  ])
})

test('TABLES', async () => {
  expect(
    await session.rows(
      `SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, AUTO_INCREMENT, TABLE_COLLATION, TABLE_COMMENT,
              CREATE_TIME BETWEEN NOW() - INTERVAL 1 HOUR AND NOW()
       FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1`,
    ),
  ).toEqual([
    ['customers', 'BASE TABLE', 'memory', '2', '3', 'utf8mb4_bin', 'who buys', '1'],
    ['firms', 'VIEW', null, null, null, null, 'VIEW', null],
    ['orders', 'BASE TABLE', 'memory', '0', null, 'utf8mb4_bin', '', '1'],
    ['plain', 'BASE TABLE', 'memory', '0', null, 'utf8mb4_bin', '', '1'],
  ])
})

test('COLUMNS: types', async () => {
  expect(
    await session.rows(
      `SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION,
              NUMERIC_SCALE, DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'customers' ORDER BY ORDINAL_POSITION`,
    ),
  ).toEqual([
    ['id', 'int', 'int unsigned', null, null, '10', '0', null, null, null],
    ['name', 'varchar', 'varchar(100)', '100', '100', null, null, null, 'latin1', 'latin1_swedish_ci'],
    ['kind', 'enum', "enum('private','firm')", '7', '28', null, null, null, 'utf8mb4', 'utf8mb4_bin'],
    ['tags', 'set', "set('a','b')", '3', '12', null, null, null, 'utf8mb4', 'utf8mb4_bin'],
    ['balance', 'decimal', 'decimal(12,3) unsigned', null, null, '12', '3', null, null, null],
    ['ratio', 'double', 'double', null, null, '22', null, null, null, null],
    ['share', 'float', 'float(7,2)', null, null, '7', '2', null, null, null],
    ['flags', 'bit', 'bit(6)', null, null, '6', null, null, null, null],
    ['active', 'tinyint', 'tinyint(1)', null, null, '3', '0', null, null, null],
    ['born', 'date', 'date', null, null, null, null, null, null, null],
    ['seen', 'datetime', 'datetime(3)', null, null, null, null, '3', null, null],
    ['lap', 'time', 'time(6)', null, null, null, null, '6', null, null],
    ['built', 'year', 'year', null, null, null, null, null, null, null],
    ['photo', 'varbinary', 'varbinary(20)', '20', '20', null, null, null, null, null],
    ['notes', 'mediumtext', 'mediumtext', '16777215', '16777215', null, null, null, 'utf8mb4', 'utf8mb4_bin'],
    ['document', 'json', 'json', null, null, null, null, null, null, null],
    ['label', 'varchar', 'varchar(30)', '30', '120', null, null, null, 'utf8mb4', 'utf8mb4_bin'],
    ['code', 'char', 'char(4)', '4', '16', null, null, null, 'utf8mb4', 'utf8mb4_bin'],
  ])
})

test('COLUMNS: defaults, keys and what is special', async () => {
  expect(
    await session.rows(
      `SELECT COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, COLUMN_KEY, EXTRA, COLUMN_COMMENT
       FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'customers' AND (EXTRA <> '' OR COLUMN_KEY <> '' OR COLUMN_DEFAULT IS NOT NULL)
       ORDER BY ORDINAL_POSITION`,
    ),
  ).toEqual([
    ['id', null, 'NO', 'PRI', 'auto_increment', ''],
    ['name', "it's", 'NO', 'MUL', '', ''],
    ['kind', 'firm', 'YES', '', '', ''],
    ['balance', null, 'YES', 'MUL', '', ''],
    ['flags', "b'101'", 'YES', '', '', ''],
    ['active', '1', 'NO', '', '', ''],
    ['seen', 'CURRENT_TIMESTAMP(3)', 'YES', '', 'DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3)', ''],
    ['photo', '0x6162', 'YES', '', '', ''],
    ['label', null, 'YES', '', 'STORED GENERATED', 'made'],
    ['code', null, 'YES', 'UNI', 'INVISIBLE', ''],
  ])
  expect(
    await session.rows(
      "SELECT COLUMN_NAME, COLUMN_KEY FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'plain'",
    ),
  ).toEqual([
    ['a', ''],
    ['b', 'PRI'],
  ])
})

test('COLUMNS of a view have the types of its query', async () => {
  expect(
    await session.rows(
      "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_KEY FROM information_schema.COLUMNS WHERE TABLE_NAME = 'firms'",
    ),
  ).toEqual([
    ['id', 'int unsigned', 'NO', ''],
    ['firm', 'varchar(100)', 'NO', ''],
    ['twice', 'decimal(13,3)', 'YES', ''],
  ])
})

test('a view that lost its table has no columns, and a warning', async () => {
  await session.run('CREATE TABLE gone (a INT)')
  await session.run('CREATE VIEW dangling AS SELECT a FROM gone')
  await session.run('DROP TABLE gone')
  const sql =
    "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'dangling'"
  expect(await session.rows(sql)).toEqual([['0']])
  expect((await session.rows('SHOW WARNINGS')).map(([level, code]) => [level, code])).toEqual([
    ['Warning', '1356'],
  ])
  await session.run('DROP VIEW dangling')
})

test('STATISTICS', async () => {
  expect(
    await session.rows(
      `SELECT INDEX_NAME, SEQ_IN_INDEX, NON_UNIQUE, COLUMN_NAME, COLLATION, CARDINALITY, SUB_PART, NULLABLE, INDEX_COMMENT
       FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'customers' ORDER BY 1, 2`,
    ),
  ).toEqual([
    ['by_balance', '1', '1', 'balance', 'D', null, null, 'YES', 'rich first'],
    ['by_name', '1', '0', 'name', 'A', null, '10', '', ''],
    ['by_name', '2', '0', 'kind', 'A', '2', null, 'YES', ''],
    ['code', '1', '0', 'code', 'A', '2', null, 'YES', ''],
    ['PRIMARY', '1', '0', 'id', 'A', '2', null, '', ''],
  ])
})

test('constraints', async () => {
  expect(
    await session.rows(
      `SELECT CONSTRAINT_NAME, TABLE_NAME, CONSTRAINT_TYPE, ENFORCED FROM information_schema.TABLE_CONSTRAINTS
       WHERE CONSTRAINT_SCHEMA = 'shop' AND TABLE_NAME <> 'plain' ORDER BY 2, 1`,
    ),
  ).toEqual([
    ['by_name', 'customers', 'UNIQUE', 'YES'],
    ['code', 'customers', 'UNIQUE', 'YES'],
    ['positive', 'customers', 'CHECK', 'NO'],
    ['PRIMARY', 'customers', 'PRIMARY KEY', 'YES'],
    ['orders_customer', 'orders', 'FOREIGN KEY', 'YES'],
    ['PRIMARY', 'orders', 'PRIMARY KEY', 'YES'],
  ])
  expect(await session.rows('SELECT * FROM information_schema.REFERENTIAL_CONSTRAINTS')).toEqual([
    [
      'def',
      'shop',
      'orders_customer',
      'def',
      'shop',
      'PRIMARY',
      'NONE',
      'CASCADE',
      'SET NULL',
      'orders',
      'customers',
    ],
  ])
  expect(
    await session.rows(
      `SELECT COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME, POSITION_IN_UNIQUE_CONSTRAINT
       FROM information_schema.KEY_COLUMN_USAGE WHERE CONSTRAINT_NAME = 'orders_customer'`,
    ),
  ).toEqual([['customer', 'shop', 'customers', 'id', '1']])
  expect(
    await session.rows('SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS'),
  ).toEqual([['positive', '(`balance` > 0)']])
})

test('VIEWS and what they read', async () => {
  expect(
    await session.rows(
      'SELECT TABLE_NAME, CHECK_OPTION, DEFINER, SECURITY_TYPE, CHARACTER_SET_CLIENT FROM information_schema.VIEWS',
    ),
  ).toEqual([['firms', 'CASCADED', 'root@localhost', 'DEFINER', 'utf8mb4']])
  expect(
    await session.rows('SELECT VIEW_NAME, TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEW_TABLE_USAGE'),
  ).toEqual([['firms', 'shop', 'customers']])
})

test('conditions find what they would find without help', async () => {
  const count = async (condition: string) =>
    (await session.rows(`SELECT COUNT(*) FROM information_schema.TABLES WHERE ${condition}`))[0]?.[0]
  expect(await count("TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'orders'")).toBe('1')
  expect(await count("TABLE_NAME = 'orders' AND 'shop' = TABLE_SCHEMA")).toBe('1')
  expect(await count("TABLE_SCHEMA = 'shop ' AND TABLE_NAME = 'orders'")).toBe('1')
  expect(await count("TABLE_SCHEMA = 'SHOP' AND TABLE_NAME = 'orders'")).toBe('0')
  const ignoringCase = "_utf8mb3'ORDERS' COLLATE utf8mb3_general_ci"
  expect(await count(`TABLE_SCHEMA = 'shop' AND TABLE_NAME = ${ignoringCase}`)).toBe('1')
  expect(await count("TABLE_SCHEMA = 'shop' AND TABLE_NAME COLLATE utf8mb3_general_ci = 'ORDERS'")).toBe('1')
  expect(await count("TABLE_SCHEMA LIKE 'sho%' AND TABLE_NAME IN ('orders', 'plain')")).toBe('2')
  expect(await count("TABLE_SCHEMA = 'shop' AND TABLE_SCHEMA = 'mysql'")).toBe('0')
  expect(await count("TABLE_SCHEMA = 'shop' OR TABLE_SCHEMA = 'nope'")).toBe('4')
  expect(await count('TABLE_SCHEMA = NULL')).toBe('0')
  expect(await count("TABLE_SCHEMA = 0 AND TABLE_NAME = 'orders'")).toBe('1')
})

test('tables join and group', async () => {
  expect(
    await session.rows(
      `SELECT t.TABLE_NAME, COUNT(c.COLUMN_NAME) FROM information_schema.TABLES t
       LEFT JOIN information_schema.COLUMNS c USING (TABLE_SCHEMA, TABLE_NAME)
       WHERE t.TABLE_SCHEMA = 'shop' GROUP BY t.TABLE_NAME ORDER BY 2, 1`,
    ),
  ).toEqual([
    ['orders', '2'],
    ['plain', '2'],
    ['firms', '3'],
    ['customers', '18'],
  ])
})

test('prepared statements read anew each time', async () => {
  await session.run(
    "PREPARE tables_of FROM 'SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?'",
  )
  await session.run("SET @name = 'shop'")
  expect(await session.rows('EXECUTE tables_of USING @name')).toEqual([['4']])
  await session.run('CREATE TABLE another (a INT)')
  expect(await session.rows('EXECUTE tables_of USING @name')).toEqual([['5']])
  await session.run('DROP TABLE another')
})
