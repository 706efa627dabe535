/**
 * Goal: accounts see what they have privileges on and nothing else, and administer only what they may. Method: an account with a few
 * grants, beside root, on one engine.
 */
import { TestEngine, type TestSession } from '../../../test/support/engine.js'
import { isSqlError } from '../../common/sql-error.js'

let engine: TestEngine
let root: TestSession
let clerk: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  root = await engine.session()
  for (const sql of [
    'CREATE DATABASE open_',
    'CREATE DATABASE partly',
    'CREATE DATABASE hidden',
    'CREATE TABLE open_.t (a INT PRIMARY KEY)',
    'CREATE TABLE partly.shown (a INT PRIMARY KEY)',
    'CREATE TABLE partly.secret (a INT PRIMARY KEY)',
    'CREATE VIEW partly.v AS SELECT a FROM partly.secret',
    'CREATE TABLE hidden.t (a INT PRIMARY KEY)',
    "CREATE USER clerk IDENTIFIED BY 's3cret'",
    'GRANT SELECT, INSERT ON open_.* TO clerk',
    'GRANT SELECT ON partly.shown TO clerk',
    'GRANT SELECT ON partly.v TO clerk',
  ])
    await root.run(sql)
  clerk = await engine.session('open_', 'clerk@%')
})
afterAll(() => engine.stop())

/** Number and message of a statement's error. */
function numbered(error: unknown): readonly [number: number, message: string] {
  if (!isSqlError(error)) throw error
  return [error.number, error.message]
}

const denied = (sql: string) =>
  clerk.run(sql).then(
    () => undefined,
    (error: unknown) => numbered(error),
  )

test('databases', async () => {
  expect((await clerk.rows('SHOW DATABASES')).flat()).toEqual([
    'information_schema',
    'open_',
    'partly',
    'performance_schema',
  ])
  expect((await clerk.rows('SELECT SCHEMA_NAME FROM information_schema.SCHEMATA')).flat()).not.toContain(
    'hidden',
  )
  expect(await denied('SHOW TABLES FROM hidden')).toEqual([
    1044,
    "Access denied for user 'clerk'@'%' to database 'hidden'",
  ])
  expect(await denied('SHOW CREATE DATABASE hidden')).toMatchObject([1044, expect.anything()])
  await root.run('GRANT SHOW DATABASES ON *.* TO clerk')
  expect((await clerk.rows('SHOW DATABASES')).flat()).toContain('hidden')
  await root.run('REVOKE SHOW DATABASES ON *.* FROM clerk')
})

test('tables', async () => {
  expect((await clerk.rows('SHOW TABLES FROM partly')).flat()).toEqual(['shown', 'v'])
  expect(
    await clerk.rows(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT LIKE '%schema' ORDER BY 1, 2",
    ),
  ).toEqual([
    ['open_', 't'],
    ['partly', 'shown'],
    ['partly', 'v'],
  ])
  for (const table of ['COLUMNS', 'STATISTICS', 'TABLE_CONSTRAINTS', 'KEY_COLUMN_USAGE', 'PARTITIONS']) {
    const names = await clerk.rows(
      `SELECT TABLE_NAME FROM information_schema.${table} WHERE TABLE_SCHEMA = 'partly'`,
    )
    expect(names.flat()).not.toContain('secret')
    expect(names.flat()).toContain('shown')
  }
  expect(await denied('SHOW COLUMNS FROM partly.secret')).toEqual([
    1142,
    "SELECT command denied to user 'clerk'@'%' for table 'secret'",
  ])
  expect(await denied('SHOW CREATE TABLE partly.secret')).toMatchObject([
    1142,
    expect.stringMatching(/^SHOW command/),
  ])
  // Whether there is such a table is told only to those who may see it.
  expect(await denied('SHOW COLUMNS FROM partly.nope')).toMatchObject([1142, expect.anything()])
  expect(await denied('SHOW COLUMNS FROM open_.nope')).toMatchObject([1146, expect.anything()])
})

test('the text of a view needs SHOW VIEW', async () => {
  expect(await denied('SHOW CREATE VIEW partly.v')).toMatchObject([
    1142,
    expect.stringMatching(/^SHOW VIEW command/),
  ])
  expect((await clerk.rows('SHOW COLUMNS FROM partly.v')).length).toBe(1)
})

test('privileges of columns are the account’s own', async () => {
  expect(
    await clerk.rows(
      'SELECT PRIVILEGES FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN ("open_", "partly")',
    ),
  ).toEqual([['select,insert'], ['select'], ['select']])
})

test('accounts', async () => {
  expect(await clerk.rows('SHOW GRANTS')).toEqual([
    ['GRANT USAGE ON *.* TO `clerk`@`%`'],
    ['GRANT SELECT, INSERT ON `open_`.* TO `clerk`@`%`'],
    ['GRANT SELECT ON `partly`.`shown` TO `clerk`@`%`'],
    ['GRANT SELECT ON `partly`.`v` TO `clerk`@`%`'],
  ])
  expect(await clerk.rows('SHOW GRANTS FOR CURRENT_USER')).toHaveLength(4)
  expect(await denied('SHOW GRANTS FOR root@localhost')).toMatchObject([1044, expect.anything()])
  expect(await denied('SHOW CREATE USER root@localhost')).toMatchObject([1044, expect.anything()])
  expect(await denied('SELECT * FROM mysql.user')).toEqual([
    1142,
    "SELECT command denied to user 'clerk'@'%' for table 'user'",
  ])
  expect(await clerk.rows('SELECT * FROM information_schema.USER_PRIVILEGES')).toEqual([
    ["'clerk'@'%'", 'def', 'USAGE', 'NO'],
  ])
  expect(
    await clerk.rows('SELECT TABLE_SCHEMA, PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES'),
  ).toEqual([
    ['open_', 'SELECT'],
    ['open_', 'INSERT'],
  ])
  const seen = await root.rows('SELECT DISTINCT GRANTEE FROM information_schema.USER_PRIVILEGES ORDER BY 1')
  expect(seen).toEqual([["'clerk'@'%'"], ["'root'@'localhost'"]])
  expect(await root.rows('SELECT User, Select_priv FROM mysql.user ORDER BY User')).toEqual([
    ['clerk', 'N'],
    ['root', 'Y'],
  ])
  await expect(root.run('SHOW GRANTS FOR nobody')).rejects.toMatchObject({ number: 1141 })
})

test('roles, for those who may read the grant tables', async () => {
  for (const sql of [
    'CREATE ROLE teller',
    'GRANT teller TO clerk WITH ADMIN OPTION',
    'ALTER USER clerk DEFAULT ROLE teller',
  ])
    await root.run(sql)
  expect(await root.rows('SELECT * FROM mysql.role_edges')).toEqual([['%', 'teller', '%', 'clerk', 'Y']])
  expect(await root.rows('SELECT * FROM mysql.default_roles')).toEqual([['%', 'clerk', '%', 'teller']])
  expect(await denied('SELECT * FROM mysql.role_edges')).toMatchObject([1142, expect.anything()])
  await root.run('DROP ROLE teller')
})

test('processes and transactions of others need PROCESS', async () => {
  expect((await clerk.rows('SHOW PROCESSLIST')).map((row) => row[1])).toEqual(['clerk'])
  expect((await clerk.rows('SELECT USER FROM information_schema.PROCESSLIST')).flat()).toEqual(['clerk'])
  expect((await root.rows('SHOW PROCESSLIST')).map((row) => row[1]).sort()).toEqual(['clerk', 'root'])
  expect(await denied('SELECT * FROM information_schema.INNODB_TRX')).toMatchObject([1227, expect.anything()])
  expect(await denied('SHOW ENGINE INNODB STATUS')).toMatchObject([1227, expect.anything()])
})

test('passwords of running statements are hidden from everybody', async () => {
  const [shown] = await root.rows(
    "SELECT INFO, \"IDENTIFIED BY 'open sesame'\" FROM information_schema.PROCESSLIST WHERE USER = 'root'",
  )
  expect(shown?.[0]).toContain('IDENTIFIED BY <secret>')
})

test('administration needs privileges', async () => {
  const reload =
    /^Access denied; you need \(at least one of\) the RELOAD or FLUSH_TABLES privilege\(s\) for this operation$/
  expect(await denied('FLUSH TABLES')).toMatchObject([1227, expect.stringMatching(reload)])
  expect(await denied('FLUSH STATUS')).toMatchObject([1227, expect.anything()])
  expect(await denied('LOCK INSTANCE FOR BACKUP')).toMatchObject([1227, expect.anything()])
  expect(await denied('SHUTDOWN')).toMatchObject([1227, expect.anything()])
  expect(await denied('LOCK TABLES t READ')).toMatchObject([1044, expect.anything()])
  expect(await denied('CHECKSUM TABLE partly.secret')).toMatchObject([1142, expect.anything()])
  expect(await denied('ANALYZE TABLE partly.shown')).toMatchObject([1142, expect.anything()])
  await root.run('GRANT FLUSH_TABLES ON *.* TO clerk')
  await clerk.run('FLUSH TABLES')
  await root.run('GRANT LOCK TABLES ON open_.* TO clerk')
  await clerk.run('LOCK TABLES t READ')
  await clerk.run('UNLOCK TABLES')
})
