/**
 * Goal: accounts and what they may do are as their statements say, and decide what statements of others do. Method: account
 * statements on an engine over the memory storage; SHOW texts, and sessions of the accounts.
 */
import { createUserText, grantTexts } from '../../catalog/show-account.js'
import { DefinitionSession } from '../testing/definition-session.js'

let engine: DefinitionSession

beforeEach(async () => {
  engine = await DefinitionSession.start()
  await engine.run('CREATE TABLE t (a INT)')
})
afterEach(() => engine.stop())

function account(user: string, host = '%') {
  const found = engine.catalog.account(user, host)
  if (found === undefined) throw new Error(`no account ${user}`)
  return found
}

test('root may come from elsewhere if the operator says so', async () => {
  const other = await DefinitionSession.start(undefined, { rootHost: '192.0.2.%', rootPassword: 'secret' })
  const [local, remote] = ['localhost', '192.0.2.%'].map((host) => other.catalog.account('root', host))
  expect(local?.storedHash).toMatch(/^\$A\$/)
  expect(remote).toEqual({ ...local, host: '192.0.2.%' })
  await other.stop()
  expect(engine.catalog.account('root', '192.0.2.%')).toBeUndefined()
})

test('a new server has root, who may do everything', () => {
  const [global, dynamic] = grantTexts(account('root', 'localhost'))
  expect(global).toMatch(
    /^GRANT SELECT, INSERT, .* CREATE ROLE, DROP ROLE ON \*\.\* TO `root`@`localhost` WITH GRANT OPTION$/,
  )
  expect(dynamic).toMatch(
    /^GRANT APPLICATION_PASSWORD_ADMIN,.* ON \*\.\* TO `root`@`localhost` WITH GRANT OPTION$/,
  )
})

test('accounts are made, changed, renamed and dropped', async () => {
  await engine.run(
    "CREATE USER u IDENTIFIED BY 'secret', 'v'@'LOCALHOST' IDENTIFIED WITH mysql_native_password BY 'x' ACCOUNT LOCK",
  )
  expect(account('u').storedHash).toMatch(/^\$A\$005\$/)
  expect(account('v', 'localhost').storedHash).toMatch(/^\*[0-9A-F]{40}$/)
  expect(await engine.failure('CREATE USER u')).toBe(1396)
  expect(await engine.failure("CREATE USER w IDENTIFIED WITH nope BY 'x'")).toBe(1524)
  expect(await engine.failure("CREATE USER w IDENTIFIED WITH mysql_native_password AS 'x'")).toBe(1827)
  expect(await engine.failure(`CREATE USER ${'w'.repeat(33)}`)).toBe(1470)
  const before = account('u').storedHash
  await engine.run(
    "ALTER USER u IDENTIFIED BY 'other' REQUIRE SSL WITH MAX_USER_CONNECTIONS 3 PASSWORD EXPIRE NEVER COMMENT 'me'",
  )
  expect(account('u').storedHash).not.toBe(before)
  await engine.run(
    "CREATE USER x IDENTIFIED WITH mysql_native_password AS '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9' REQUIRE SSL PASSWORD EXPIRE NEVER COMMENT 'me'",
  )
  expect(createUserText(account('x'))).toBe(
    "CREATE USER `x`@`%` IDENTIFIED WITH 'mysql_native_password' AS '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9' REQUIRE SSL " +
      'PASSWORD EXPIRE NEVER ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT ' +
      `ATTRIBUTE '{"comment": "me"}'`,
  )
  expect(await engine.failure('RENAME USER x TO u')).toBe(1396)
  await engine.run('RENAME USER x TO y@10.0.0.1', 'DROP USER y@10.0.0.1, v@localhost')
  expect(await engine.failure('DROP USER u, nobody')).toBe(1396)
  expect(engine.catalog.accounts.map(({ user }) => user).sort()).toEqual(['root', 'u'])
  await engine.run('DROP USER IF EXISTS u, nobody')
  expect(await engine.warnings()).toEqual(["Note 3162 Authorization ID 'nobody'@'%' does not exist."])
})

test('random passwords are shown once', async () => {
  const [row] = await engine.rows('CREATE USER u IDENTIFIED BY RANDOM PASSWORD')
  expect(row?.slice(0, 2)).toEqual(['u', '%'])
  expect(row?.[2]).toHaveLength(20)
})

test('privileges are granted and revoked on their levels', async () => {
  await engine.run(
    'CREATE USER u',
    'GRANT RELOAD, BACKUP_ADMIN ON *.* TO u',
    'GRANT INSERT, SELECT ON d.* TO u WITH GRANT OPTION',
    'GRANT ALL ON `x\\_y`.* TO u',
    'GRANT SELECT ON t TO u',
  )
  expect(grantTexts(account('u'))).toEqual([
    'GRANT RELOAD ON *.* TO `u`@`%`',
    'GRANT BACKUP_ADMIN ON *.* TO `u`@`%`',
    'GRANT SELECT, INSERT ON `d`.* TO `u`@`%` WITH GRANT OPTION',
    'GRANT ALL PRIVILEGES ON `x\\_y`.* TO `u`@`%`',
    'GRANT SELECT ON `d`.`t` TO `u`@`%`',
  ])
  await engine.run(
    'REVOKE INSERT, GRANT OPTION ON d.* FROM u',
    'REVOKE ALL ON d.t FROM u',
    'REVOKE RELOAD ON *.* FROM u',
  )
  expect(grantTexts(account('u')).slice(2)).toEqual([
    'GRANT SELECT ON `d`.* TO `u`@`%`',
    'GRANT ALL PRIVILEGES ON `x\\_y`.* TO `u`@`%`',
  ])
  await engine.run('REVOKE ALL PRIVILEGES, GRANT OPTION FROM u')
  expect(grantTexts(account('u'))).toEqual(['GRANT USAGE ON *.* TO `u`@`%`'])
})

test.each([
  [1410, 'GRANT SELECT ON d.* TO nobody'],
  [1146, 'GRANT SELECT ON d.nope TO u'],
  [1221, 'GRANT FILE ON d.* TO u'],
  [1144, 'GRANT LOCK TABLES ON d.t TO u'],
  [3619, 'GRANT BACKUP_ADMIN ON d.* TO u'],
  [3929, 'GRANT NO_SUCH_ADMIN ON *.* TO u'],
  [1141, 'REVOKE SELECT ON d.* FROM u'],
  [1147, 'REVOKE SELECT ON d.t FROM u'],
  [1141, 'REVOKE SELECT ON *.* FROM nobody'],
  [1235, 'GRANT SELECT (a) ON d.t TO u'],
])('error %d of %s', async (number, sql) => {
  await engine.run('CREATE USER u')
  expect(await engine.failure(sql)).toBe(number)
})

describe('privileges of others', () => {
  async function as(user: string, sql: string): Promise<number> {
    const test = await engine.engine.session(undefined, `${user}@%`)
    const [answer] = await test.execute(sql)
    await test.session.close()
    return answer?.error?.number ?? 0
  }

  test('decide what definition statements do', async () => {
    await engine.run(
      'CREATE USER u',
      'CREATE DATABASE e',
      'GRANT CREATE, ALTER, INDEX, INSERT, SELECT ON e.* TO u',
      'CREATE TABLE e.p (id INT PRIMARY KEY)',
    )
    expect(await as('u', 'CREATE DATABASE x')).toBe(1044)
    expect(await as('u', 'CREATE TABLE d.x (a INT)')).toBe(1142)
    expect(await as('u', 'CREATE TABLE e.x (a INT)')).toBe(0)
    expect(await as('u', 'ALTER TABLE e.x ADD b INT')).toBe(0)
    expect(await as('u', 'CREATE INDEX i ON e.x (a)')).toBe(0)
    expect(await as('u', 'ALTER TABLE d.t ADD b INT')).toBe(1142)
    expect(await as('u', 'DROP TABLE e.x')).toBe(1142)
    expect(await as('u', 'TRUNCATE e.x')).toBe(1142)
    expect(await as('u', 'ALTER TABLE e.x RENAME e.y')).toBe(1142)
    expect(await as('u', 'RENAME TABLE e.x TO e.y')).toBe(1142)
    expect(await as('u', 'CREATE TABLE e.c (x INT, FOREIGN KEY (x) REFERENCES e.p (id))')).toBe(1142)
    expect(await as('u', 'CREATE TEMPORARY TABLE e.c (x INT)')).toBe(1044)
    expect(await as('u', 'CREATE VIEW e.v AS SELECT 1')).toBe(1142)
    expect(await as('u', 'DROP DATABASE e')).toBe(1044)
    expect(await as('u', 'CREATE USER v')).toBe(1227)
    expect(await as('u', 'GRANT SELECT ON e.* TO u')).toBe(1044)
    expect(await as('u', "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')")).toBe(1227)
  })

  test('to grant go as far as the own ones', async () => {
    await engine.run('CREATE USER u', 'CREATE USER v', 'GRANT SELECT ON d.* TO u WITH GRANT OPTION')
    expect(await as('u', 'GRANT SELECT ON d.t TO v')).toBe(0)
    expect(await as('u', 'GRANT INSERT ON d.t TO v')).toBe(1142)
    expect(await as('u', 'GRANT SELECT ON *.* TO v')).toBe(1045)
    expect(await as('v', "ALTER USER CURRENT_USER() IDENTIFIED BY 'x'")).toBe(0)
    expect(await as('v', "SET PASSWORD FOR u = 'x'")).toBe(1227)
    expect(await as('v', 'ALTER USER CURRENT_USER() ACCOUNT LOCK')).toBe(1227)
  })
})
