/**
 * Goal: a view reads in the name of its definer, or of its invoker if it says so (MySQL manual 27.6); who may use the view needs no
 * privilege on what is behind it, and learns nothing of it. Method: accounts with privileges on some objects only.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let root: TestSession
let reader: TestSession

async function runAll(session: TestSession, ...statements: readonly string[]): Promise<void> {
  for (const sql of statements) await session.run(sql)
}

beforeEach(async () => {
  engine = await TestEngine.start()
  root = await engine.session()
  await runAll(
    root,
    'CREATE DATABASE d',
    'USE d',
    'CREATE TABLE t (a INT)',
    'INSERT INTO t VALUES (1)',
    'CREATE USER reader@localhost, definer@localhost',
    'GRANT CREATE VIEW, SHOW VIEW ON d.* TO definer@localhost',
    'GRANT SELECT ON d.t TO definer@localhost',
    'GRANT SHOW VIEW ON d.* TO reader@localhost',
  )
  reader = await engine.session('d', 'reader@localhost')
})
afterEach(() => engine.stop())

test('the definer is asked for what is behind a view', async () => {
  const definer = await engine.session('d', 'definer@localhost')
  await definer.run('CREATE VIEW v AS SELECT a FROM t')
  await expect(reader.run('SELECT * FROM v')).rejects.toMatchObject({ number: 1142 })
  await root.run('GRANT SELECT ON d.v TO reader@localhost')
  expect(await reader.rows('SELECT * FROM v')).toEqual([['1']])
  await expect(reader.run('SELECT * FROM t')).rejects.toMatchObject({ number: 1142 })
  await expect(reader.run('SELECT * FROM v JOIN t')).rejects.toMatchObject({ number: 1142 })
  // Privileges are looked at each time, also for plans of the cache.
  await root.run('REVOKE SELECT ON d.t FROM definer@localhost')
  await expect(reader.run('SELECT * FROM v')).rejects.toMatchObject({
    number: 1356,
    message: expect.stringContaining("View 'd.v'") as string,
  })
  await root.run('DROP USER definer@localhost')
  await expect(reader.run('SELECT * FROM v')).rejects.toMatchObject({
    number: 1449,
    message: "The user specified as a definer ('definer'@'localhost') does not exist",
  })
})

test('the invoker is asked with SQL SECURITY INVOKER', async () => {
  await runAll(
    root,
    'CREATE SQL SECURITY INVOKER VIEW v AS SELECT a FROM t',
    'GRANT SELECT ON d.v TO reader@localhost',
  )
  await expect(reader.run('SELECT * FROM v')).rejects.toMatchObject({ number: 1356 })
  await root.run('GRANT SELECT ON d.t TO reader@localhost')
  expect(await reader.rows('SELECT * FROM v')).toEqual([['1']])
})

test('views in views: each definer for what its own view reads', async () => {
  await runAll(
    root,
    'CREATE TABLE hidden (b INT)',
    'CREATE SQL SECURITY INVOKER VIEW own AS SELECT a FROM t',
    'CREATE DEFINER = definer@localhost VIEW outer_view AS SELECT own.a FROM own JOIN hidden',
    'GRANT SELECT ON d.outer_view TO reader@localhost',
  )
  const refused = { number: 1356, message: expect.stringContaining("View 'd.outer_view'") as string }
  await expect(reader.run('SELECT * FROM outer_view')).rejects.toMatchObject(refused)
  await root.run('GRANT SELECT ON d.hidden TO definer@localhost')
  await expect(reader.run('SELECT * FROM outer_view')).rejects.toMatchObject(refused)
  await root.run('GRANT SELECT ON d.own TO definer@localhost')
  expect(await reader.rows('SELECT * FROM outer_view')).toEqual([])
})

test('who defines a view needs privileges on what it names, not on what is behind that', async () => {
  await runAll(
    root,
    'CREATE TABLE secret (s INT)',
    'CREATE VIEW shown AS SELECT s FROM secret',
    'GRANT SELECT ON d.shown TO definer@localhost',
  )
  const definer = await engine.session('d', 'definer@localhost')
  await definer.run('CREATE VIEW mine AS SELECT s FROM shown')
  await expect(definer.run('CREATE VIEW no AS SELECT s FROM secret')).rejects.toMatchObject({ number: 1142 })
})
