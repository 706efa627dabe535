/**
 * Goal: roles do what MySQL's do: what is granted to one counts while it is active, roles of roles included; who may hand them on;
 * what SHOW GRANTS and CURRENT_ROLE() tell. Method: sessions of accounts that have nothing but roles.
 */
import { TestEngine, type TestSession } from '../../../test/support/engine.js'

let engine: TestEngine
let root: TestSession

const sessionOf = (user: string): Promise<TestSession> => engine.session(undefined, `${user}@localhost`)

async function runAll(session: TestSession, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) await session.run(sql)
}

async function grantsOf(session: TestSession, sql: string): Promise<readonly (string | null | undefined)[]> {
  return (await session.rows(sql)).map(([line]) => line)
}

const currentRole = async (session: TestSession) => (await session.rows('SELECT CURRENT_ROLE()'))[0]?.[0]

beforeEach(async () => {
  engine = await TestEngine.start()
  root = await engine.session()
  await runAll(
    root,
    'CREATE DATABASE d',
    'CREATE TABLE d.t (a INT)',
    'CREATE ROLE reader, writer',
    'GRANT SELECT ON d.* TO reader',
    'GRANT INSERT ON d.t TO writer',
    'CREATE USER ann@localhost, bob@localhost',
  )
})
afterEach(() => engine.stop())

test('a role counts while it is active', async () => {
  await root.run('GRANT reader, writer TO ann@localhost')
  const ann = await sessionOf('ann')
  expect(await currentRole(ann)).toBe('NONE')
  await expect(ann.run('SELECT * FROM d.t')).rejects.toMatchObject({ number: 1142 })
  await ann.run('SET ROLE reader')
  expect(await currentRole(ann)).toBe('`reader`@`%`')
  expect(await ann.rows('SELECT * FROM d.t')).toEqual([])
  await expect(ann.run('INSERT INTO d.t VALUES (1)')).rejects.toMatchObject({ number: 1142 })
  await ann.run('SET ROLE ALL EXCEPT reader')
  await ann.run('INSERT INTO d.t VALUES (1)')
  await expect(ann.run('SELECT * FROM d.t')).rejects.toMatchObject({ number: 1142 })
  await ann.run('SET ROLE ALL')
  expect(await currentRole(ann)).toBe('`reader`@`%`,`writer`@`%`')
  await ann.run('USE d')
  // What is taken from an account is gone at once, also in sessions where it is active.
  await root.run('REVOKE reader FROM ann@localhost')
  await expect(ann.run('SELECT * FROM d.t')).rejects.toMatchObject({ number: 1142 })
  await ann.run('SET ROLE NONE')
  await expect(ann.run('INSERT INTO d.t VALUES (1)')).rejects.toMatchObject({ number: 1142 })
  await expect(ann.run('SET ROLE reader')).rejects.toMatchObject({
    number: 3530,
    message: '`reader`@`%` is not granted to `ann`@`localhost`',
  })
})

test('default roles are active after login, and after a reset', async () => {
  await runAll(root, 'GRANT reader, writer TO ann@localhost', 'SET DEFAULT ROLE reader TO ann@localhost')
  const ann = await sessionOf('ann')
  expect(await currentRole(ann)).toBe('`reader`@`%`')
  await ann.run('SET ROLE NONE')
  await ann.run('SET ROLE DEFAULT')
  expect(await currentRole(ann)).toBe('`reader`@`%`')
  await ann.run('SET ROLE writer')
  await ann.session.reset()
  expect(await currentRole(ann)).toBe('`reader`@`%`')
  await ann.run('SET DEFAULT ROLE ALL TO CURRENT_USER')
  expect(await currentRole(await sessionOf('ann'))).toBe('`reader`@`%`,`writer`@`%`')
  await expect(ann.run('SET DEFAULT ROLE NONE TO bob@localhost')).rejects.toMatchObject({ number: 1227 })
  await expect(root.run('SET DEFAULT ROLE reader TO bob@localhost')).rejects.toMatchObject({ number: 3530 })
  await root.run('ALTER USER ann@localhost DEFAULT ROLE NONE')
  expect(await currentRole(await sessionOf('ann'))).toBe('NONE')
  await root.run('CREATE USER cid@localhost DEFAULT ROLE writer')
  expect(await currentRole(await sessionOf('cid'))).toBe('`writer`@`%`')
  await root.run('SET GLOBAL activate_all_roles_on_login = ON')
  expect(await currentRole(await sessionOf('ann'))).toBe('`reader`@`%`,`writer`@`%`')
})

test('roles of roles', async () => {
  await runAll(root, 'GRANT reader TO writer', 'GRANT writer TO ann@localhost')
  const ann = await sessionOf('ann')
  await ann.run('SET ROLE writer')
  expect(await ann.rows('SELECT * FROM d.t')).toEqual([])
  expect(await ann.rows('SELECT ROLE_NAME, IS_DEFAULT FROM information_schema.ENABLED_ROLES')).toEqual([
    ['writer', 'NO'],
    ['reader', 'NO'],
  ])
  expect(
    await ann.rows('SELECT GRANTEE, ROLE_NAME, IS_GRANTABLE FROM information_schema.APPLICABLE_ROLES'),
  ).toEqual([
    ['ann', 'writer', 'NO'],
    ['writer', 'reader', 'NO'],
  ])
  await expect(root.run('GRANT writer TO reader')).rejects.toMatchObject({ number: 4027 })
  await expect(root.run('GRANT reader TO reader')).rejects.toMatchObject({ number: 4027 })
})

test('mandatory roles are everybody’s', async () => {
  await root.run("SET GLOBAL mandatory_roles = 'reader, `none`@`%`'")
  const bob = await sessionOf('bob')
  await bob.run('SET ROLE reader')
  expect(await bob.rows('SELECT * FROM d.t')).toEqual([])
  await expect(root.run('DROP ROLE reader')).rejects.toMatchObject({ number: 3628 })
  await root.run("SET GLOBAL mandatory_roles = ''")
  await expect(bob.run('SELECT * FROM d.t')).rejects.toMatchObject({ number: 1142 })
})

test('who may hand roles on', async () => {
  await root.run('GRANT reader TO ann@localhost')
  const ann = await sessionOf('ann')
  await expect(ann.run('GRANT reader TO bob@localhost')).rejects.toMatchObject({
    number: 1227,
    message: expect.stringContaining('WITH ADMIN, ROLE_ADMIN, SUPER') as string,
  })
  await root.run('GRANT reader TO ann@localhost WITH ADMIN OPTION')
  await ann.run('GRANT reader TO bob@localhost')
  await expect(ann.run('GRANT writer TO bob@localhost')).rejects.toMatchObject({ number: 1227 })
  await expect(ann.run('CREATE ROLE x')).rejects.toMatchObject({ number: 1227 })
  await ann.run('REVOKE reader FROM bob@localhost')
  await expect((await sessionOf('bob')).run('SET ROLE reader')).rejects.toMatchObject({ number: 3530 })
})

test('SHOW GRANTS', async () => {
  await runAll(
    root,
    'GRANT UPDATE ON d.* TO ann@localhost',
    'GRANT reader TO ann@localhost WITH ADMIN OPTION',
    'GRANT writer TO ann@localhost',
  )
  const plain = [
    'GRANT USAGE ON *.* TO `ann`@`localhost`',
    'GRANT UPDATE ON `d`.* TO `ann`@`localhost`',
    'GRANT `writer`@`%` TO `ann`@`localhost`',
    'GRANT `reader`@`%` TO `ann`@`localhost` WITH ADMIN OPTION',
  ]
  expect(await grantsOf(root, 'SHOW GRANTS FOR ann@localhost')).toEqual(plain)
  expect(await grantsOf(root, 'SHOW GRANTS FOR ann@localhost USING reader, writer')).toEqual([
    'GRANT USAGE ON *.* TO `ann`@`localhost`',
    'GRANT SELECT, UPDATE ON `d`.* TO `ann`@`localhost`',
    'GRANT INSERT ON `d`.`t` TO `ann`@`localhost`',
    ...plain.slice(2),
  ])
  const ann = await sessionOf('ann')
  expect(await grantsOf(ann, 'SHOW GRANTS')).toEqual(plain)
  await ann.run('SET ROLE reader')
  expect((await grantsOf(ann, 'SHOW GRANTS'))[1]).toBe('GRANT SELECT, UPDATE ON `d`.* TO `ann`@`localhost`')
  await expect(root.run('SHOW GRANTS FOR bob@localhost USING reader')).rejects.toMatchObject({ number: 3530 })
})

test('names: what is there, what is gone, what is renamed', async () => {
  await expect(root.run('CREATE ROLE reader')).rejects.toMatchObject({ number: 1396 })
  await root.run('CREATE ROLE IF NOT EXISTS reader')
  await expect(root.run('GRANT nobody TO ann@localhost')).rejects.toMatchObject({
    number: 3523,
    message: 'Unknown authorization ID `nobody`@`%`',
  })
  await expect(root.run('GRANT reader TO nobody')).rejects.toMatchObject({ number: 3523 })
  await runAll(root, 'GRANT reader TO ann@localhost', 'SET DEFAULT ROLE reader TO ann@localhost')
  await root.run('RENAME USER reader TO viewer')
  const ann = await sessionOf('ann')
  expect(await currentRole(ann)).toBe('`viewer`@`%`')
  expect(await ann.rows('SELECT * FROM d.t')).toEqual([])
  await root.run('DROP ROLE viewer')
  expect(await grantsOf(root, 'SHOW GRANTS FOR ann@localhost')).toEqual([
    'GRANT USAGE ON *.* TO `ann`@`localhost`',
  ])
  await expect(root.run('DROP ROLE viewer')).rejects.toMatchObject({ number: 1396 })
  await root.run('DROP ROLE IF EXISTS viewer')
})

test('views read with the default roles of their definer', async () => {
  await runAll(
    root,
    'GRANT reader TO ann@localhost',
    'CREATE DEFINER = ann@localhost VIEW d.v AS SELECT a FROM d.t',
    'GRANT SELECT ON d.v TO bob@localhost',
  )
  const bob = await sessionOf('bob')
  await expect(bob.run('SELECT * FROM d.v')).rejects.toMatchObject({ number: 1356 })
  await root.run('SET DEFAULT ROLE reader TO ann@localhost')
  expect(await bob.rows('SELECT * FROM d.v')).toEqual([])
})
