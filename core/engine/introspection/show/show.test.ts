/**
 * Goal: SHOW and DESCRIBE answer with MySQL 8's columns, rows, orders and errors. Method: one schema, statements and what the manual says
 * of them (15.7.7, 15.8.1).
 */
import { TestEngine, type TestSession } from '../../../../test/support/engine.js'

let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  session = await engine.session()
  for (const sql of [
    'CREATE DATABASE d',
    'USE d',
    "CREATE TABLE people (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL DEFAULT 'nobody' COMMENT 'full', age INT, KEY (name(5)))",
    'CREATE TABLE Places (a INT)',
    'CREATE VIEW adults AS SELECT name FROM people WHERE age >= 18',
    "INSERT INTO people (name) VALUES ('x')",
  ])
    await session.run(sql)
})
afterAll(() => engine.stop())

async function show(sql: string) {
  const { columns, rows } = await session.run(sql)
  return [columns.map(({ name }) => name), ...rows]
}

const failure = (sql: string) =>
  session.run(sql).then(
    () => undefined,
    (error: unknown) => error,
  )

test('databases', async () => {
  expect(await show('SHOW DATABASES')).toEqual([
    ['Database'],
    ...['d', 'information_schema', 'mysql', 'performance_schema', 'sys'].map((name) => [name]),
  ])
  expect(await show("SHOW SCHEMAS LIKE '%schema'")).toEqual([
    ['Database (%schema)'],
    ['information_schema'],
    ['performance_schema'],
  ])
  expect(await show("SHOW DATABASES WHERE `Database` IN ('d', 'sys') AND LENGTH(`Database`) > 1")).toEqual([
    ['Database'],
    ['sys'],
  ])
})

test('tables', async () => {
  expect(await show('SHOW TABLES')).toEqual([['Tables_in_d'], ['Places'], ['adults'], ['people']])
  expect(await show("SHOW FULL TABLES LIKE 'p%'")).toEqual([
    ['Tables_in_d (p%)', 'Table_type'],
    ['people', 'BASE TABLE'],
  ])
  expect(await show("SHOW FULL TABLES WHERE Table_type = 'VIEW'")).toEqual([
    ['Tables_in_d', 'Table_type'],
    ['adults', 'VIEW'],
  ])
  expect((await show('SHOW TABLES FROM information_schema')).flat()).toContain('SCHEMATA')
  expect(await failure('SHOW TABLES FROM nope')).toMatchObject({ number: 1049 })
  expect(await failure("SHOW TABLES WHERE nope = 'x'")).toMatchObject({
    number: 1054,
    message: "Unknown column 'nope' in 'where clause'",
  })
})

test('table status', async () => {
  const [columns, people] = await show("SHOW TABLE STATUS LIKE 'people'")
  expect(columns).toEqual([
    ...[
      'Name',
      'Engine',
      'Version',
      'Row_format',
      'Rows',
      'Avg_row_length',
      'Data_length',
      'Max_data_length',
    ],
    ...[
      'Index_length',
      'Data_free',
      'Auto_increment',
      'Create_time',
      'Update_time',
      'Check_time',
      'Collation',
    ],
    ...['Checksum', 'Create_options', 'Comment'],
  ])
  expect(people?.slice(0, 5)).toEqual(['people', 'memory', '10', 'Dynamic', '1'])
  expect(people?.[11]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  expect((await session.rows("SHOW TABLE STATUS WHERE Comment = 'VIEW'")).map(([name]) => name)).toEqual([
    'adults',
  ])
})

test('columns', async () => {
  const columns = [
    ['Field', 'Type', 'Null', 'Key', 'Default', 'Extra'],
    ['id', 'int', 'NO', 'PRI', null, 'auto_increment'],
    ['name', 'varchar(20)', 'NO', 'MUL', 'nobody', ''],
    ['age', 'int', 'YES', '', null, ''],
  ]
  expect(await show('SHOW COLUMNS FROM people')).toEqual(columns)
  expect(await show('SHOW FIELDS IN people IN d')).toEqual(columns)
  expect(await show('DESCRIBE d.people')).toEqual(columns)
  expect(await show('DESC people age')).toEqual([columns[0], columns[3]])
  expect(await show("EXPLAIN people '%a%'")).toEqual([columns[0], columns[2], columns[3]])
  expect(await show("SHOW COLUMNS FROM people WHERE `Null` = 'YES'")).toEqual([columns[0], columns[3]])
  expect(await show("SHOW FULL COLUMNS FROM people LIKE 'NAME'")).toEqual([
    ['Field', 'Type', 'Collation', 'Null', 'Key', 'Default', 'Extra', 'Privileges', 'Comment'],
    [
      'name',
      'varchar(20)',
      'utf8mb4_0900_ai_ci',
      'NO',
      'MUL',
      'nobody',
      '',
      'select,insert,update,references',
      'full',
    ],
  ])
  expect(await show('DESCRIBE adults')).toEqual([columns[0], ['name', 'varchar(20)', 'NO', '', 'nobody', '']])
  expect(await failure('SHOW COLUMNS FROM nope')).toMatchObject({ number: 1146 })
})

test('indexes', async () => {
  const [columns, ...rows] = await show('SHOW INDEX FROM people')
  expect(columns).toEqual([
    ...[
      'Table',
      'Non_unique',
      'Key_name',
      'Seq_in_index',
      'Column_name',
      'Collation',
      'Cardinality',
      'Sub_part',
    ],
    ...['Packed', 'Null', 'Index_type', 'Comment', 'Index_comment', 'Visible', 'Expression'],
  ])
  expect(rows).toEqual([
    ['people', '0', 'PRIMARY', '1', 'id', 'A', '1', null, null, '', 'BTREE', '', '', 'YES', null],
    ['people', '1', 'name', '1', 'name', 'A', null, '5', null, '', 'BTREE', '', '', 'YES', null],
  ])
  expect((await session.rows("SHOW KEYS FROM people WHERE Key_name <> 'PRIMARY'")).length).toBe(1)
})

test('temporary tables hide others, and are not listed', async () => {
  await session.run('CREATE TEMPORARY TABLE people (t INT)')
  expect((await session.rows('SHOW COLUMNS FROM people')).map(([name]) => name)).toEqual(['t'])
  expect((await session.rows('SHOW CREATE TABLE people'))[0]?.[1]).toMatch(/^CREATE TEMPORARY TABLE `people`/)
  expect((await session.rows('SHOW TABLES')).length).toBe(3)
  await session.run('DROP TEMPORARY TABLE people')
})

test('statements that make things', async () => {
  const [[columns], created] = [
    await show('SHOW CREATE TABLE people'),
    await session.rows('SHOW CREATE TABLE people'),
  ]
  expect(columns).toEqual(['Table', 'Create Table'])
  const text = String(created[0]?.[1])
  await session.run('CREATE DATABASE copy')
  await session.run('USE copy')
  await session.run(text)
  expect((await session.rows('SHOW CREATE TABLE people'))[0]?.[1]).toBe(text)
  await session.run('USE d')
  await session.run('DROP DATABASE copy')
  expect((await show('SHOW CREATE TABLE adults'))[0]).toEqual([
    'View',
    'Create View',
    'character_set_client',
    'collation_connection',
  ])
  expect(await show('SHOW CREATE DATABASE IF NOT EXISTS d')).toEqual([
    ['Database', 'Create Database'],
    [
      'd',
      "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */",
    ],
  ])
  expect(await failure('SHOW CREATE VIEW people')).toMatchObject({
    number: 1347,
    message: "'d.people' is not VIEW",
  })
  expect(await failure('SHOW CREATE PROCEDURE p')).toMatchObject({
    number: 1305,
    message: 'PROCEDURE p does not exist',
  })
  expect(await failure('SHOW CREATE TRIGGER p')).toMatchObject({ number: 1360 })
  expect(await failure('SHOW CREATE EVENT p')).toMatchObject({ number: 1539 })
})

test('variables', async () => {
  await session.run('SET SESSION sort_buffer_size = 65536')
  expect(await show("SHOW VARIABLES LIKE 'SORT\\_BUFFER%'")).toEqual([
    ['Variable_name', 'Value'],
    ['sort_buffer_size', '65536'],
  ])
  expect(await session.rows("SHOW GLOBAL VARIABLES WHERE Variable_name = 'sort_buffer_size'")).toEqual([
    ['sort_buffer_size', '262144'],
  ])
  expect(await session.rows("SHOW VARIABLES LIKE 'autocommit'")).toEqual([['autocommit', 'ON']])
  const names = (await session.rows('SHOW VARIABLES')).map(([name]) => String(name))
  expect([...names].sort()).toEqual(names)
  expect(names).not.toContain('tx_isolation')
  expect((await session.rows('SHOW GLOBAL VARIABLES')).flat()).not.toContain('pseudo_thread_id')
})

test('status counts statements', async () => {
  const value = async (scope: string, name: string) =>
    Number((await session.rows(`SHOW ${scope} STATUS LIKE '${name}'`))[0]?.[1])
  const other = await engine.session('d')
  const [before, ours] = [await value('GLOBAL', 'Com_select'), await value('SESSION', 'Com_select')]
  const questions = await value('GLOBAL', 'Questions')
  for (let i = 0; i < 3; i++) await other.run(`SELECT ${i}`)
  await session.run('SELECT 1')
  expect(await value('GLOBAL', 'Com_select')).toBe(before + 4)
  expect(await value('SESSION', 'Com_select')).toBe(ours + 1)
  await other.session.close()
  expect(await value('GLOBAL', 'Com_select')).toBe(before + 4)
  // Four queries, and SHOW itself each time: the one that counts, and the three between.
  expect(await value('GLOBAL', 'Questions')).toBe(questions + 4 + 4)
  expect(await value('GLOBAL', 'Threads_connected')).toBe(1)
  expect(await value('GLOBAL', 'Connections')).toBeGreaterThanOrEqual(2)
})

test('processes', async () => {
  const other = await engine.session('d')
  await other.run("SET PASSWORD FOR root@localhost = ''").catch(() => undefined)
  const running = other.run('SELECT SLEEP(1), ' + '1+'.repeat(100) + '1')
  const [columns, ...rows] = await show('SHOW PROCESSLIST')
  expect(columns).toEqual(['Id', 'User', 'Host', 'db', 'Command', 'Time', 'State', 'Info'])
  expect(rows.map((row) => row.slice(1, 5))).toEqual([
    ['root', 'localhost', 'd', 'Query'],
    ['root', 'localhost', 'd', 'Query'],
  ])
  expect(rows.map((row) => row[7])).toEqual([
    'SHOW PROCESSLIST',
    `SELECT SLEEP(1), ${'1+'.repeat(41)}1`.slice(0, 100),
  ])
  expect((await session.rows('SHOW FULL PROCESSLIST')).at(-1)?.[7]).toMatch(/\+1$/)
  await session.run(`KILL ${other.session.connectionId}`)
  await running.catch(() => undefined)
  await other.session.close()
})

test('engines, plugins, character sets, collations, privileges', async () => {
  expect(await show('SHOW ENGINES')).toEqual([
    ['Engine', 'Support', 'Comment', 'Transactions', 'XA', 'Savepoints'],
    ['memory', 'DEFAULT', expect.any(String), 'YES', 'NO', 'YES'],
  ])
  expect(await show('SHOW ENGINE InnoDB STATUS')).toEqual([['Type', 'Name', 'Status']])
  expect(await failure('SHOW ENGINE nope STATUS')).toMatchObject({ number: 1286 })
  expect((await session.rows('SHOW PLUGINS')).map(([name]) => name)).toEqual([
    'caching_sha2_password',
    'mysql_native_password',
    'memory',
  ])
  expect(await show("SHOW CHARACTER SET LIKE 'UTF8MB4'")).toEqual([
    ['Charset', 'Description', 'Default collation', 'Maxlen'],
    ['utf8mb4', 'UTF-8 Unicode', 'utf8mb4_0900_ai_ci', '4'],
  ])
  expect(await show("SHOW COLLATION WHERE Charset = 'ascii'")).toEqual([
    ['Collation', 'Charset', 'Id', 'Default', 'Compiled', 'Sortlen', 'Pad_attribute'],
    ['ascii_bin', 'ascii', '65', '', 'Yes', '1', 'PAD SPACE'],
    ['ascii_general_ci', 'ascii', '11', 'Yes', 'Yes', '1', 'PAD SPACE'],
  ])
  expect((await show('SHOW PRIVILEGES'))[0]).toEqual(['Privilege', 'Context', 'Comment'])
})

test('what is not there is empty, or MySQL’s error', async () => {
  for (const sql of [
    'SHOW TRIGGERS',
    'SHOW EVENTS',
    "SHOW PROCEDURE STATUS WHERE Db = 'd'",
    'SHOW FUNCTION STATUS',
    'SHOW MASTER STATUS',
    'SHOW REPLICA STATUS',
    'SHOW REPLICAS',
    'SHOW OPEN TABLES',
    'SHOW PROFILES',
  ]) {
    const { columns, rows } = await session.run(sql)
    expect(rows).toEqual([])
    expect(columns.length).toBeGreaterThan(2)
  }
  expect(await failure('SHOW BINARY LOGS')).toMatchObject({ number: 1381 })
})

test('sub-queries in WHERE are refused, not misunderstood', async () => {
  expect(await failure('SHOW TABLES WHERE Tables_in_d IN (SELECT 1)')).toMatchObject({ number: 1235 })
})
