/**
 * Goal: a view means what its tables were when it was made, whoever reads it from wherever. Method: views on an engine over the
 * memory storage, read after their surroundings changed.
 */
import { DefinitionSession } from '../testing/definition-session.js'

let engine: DefinitionSession

beforeEach(async () => {
  engine = await DefinitionSession.start()
  await engine.run('CREATE TABLE t (a INT, b VARCHAR(5))', "INSERT INTO t VALUES (1, 'x'), (2, 'y')")
})
afterEach(() => engine.stop())

test('does not grow with its tables', async () => {
  await engine.run(
    'CREATE VIEW v AS SELECT *, 5 AS five FROM t WHERE a > 1',
    'CREATE VIEW w AS SELECT x.*, y.b AS c FROM (SELECT * FROM t) x JOIN t y USING (a)',
    'ALTER TABLE t ADD c INT FIRST',
  )
  expect(await engine.rows('SELECT * FROM v')).toEqual([['2', 'y', '5']])
  expect(await engine.rows('SELECT * FROM w WHERE a = 1')).toEqual([['1', 'x', 'x']])
})

test('names its tables whatever the default database is', async () => {
  await engine.run(
    'CREATE VIEW v AS WITH q AS (SELECT a FROM t) SELECT q.a, (SELECT MAX(t.b) FROM t) AS m FROM q',
    'CREATE DATABASE e',
    'CREATE TABLE e.t (a INT)',
    'USE e',
  )
  expect(await engine.rows('SELECT * FROM d.v ORDER BY a')).toEqual([
    ['1', 'y'],
    ['2', 'y'],
  ])
})

test('its literals are its own', async () => {
  await engine.run("CREATE VIEW v AS SELECT a, 'lit' AS s FROM t WHERE a < 2 OR b = 'y'")
  for (const [wanted, rows] of [
    [1, [['lit']]],
    [7, []],
    [2, [['lit']]],
  ] as const) {
    expect(await engine.rows(`SELECT s FROM v WHERE a = ${String(wanted)} AND s = 'lit'`)).toEqual(rows)
  }
})

test('views on views, replaced and altered', async () => {
  await engine.run(
    'CREATE VIEW v (p, q) AS SELECT a, b FROM t',
    'CREATE VIEW w AS SELECT q FROM v WHERE p = 2',
  )
  expect(await engine.rows('SELECT * FROM w')).toEqual([['y']])
  await engine.run("CREATE OR REPLACE VIEW v (p, q) AS SELECT 2, 'z'")
  expect(await engine.rows('SELECT * FROM w')).toEqual([['z']])
  await engine.run('ALTER VIEW v AS SELECT 2 AS p, 3 AS q')
  expect(await engine.rows('SELECT * FROM w')).toEqual([['3']])
})

test('is invalid when something is missing, and can be dropped', async () => {
  await engine.run(
    'CREATE VIEW v AS SELECT a FROM t',
    'CREATE VIEW w AS SELECT a FROM v',
    'ALTER TABLE t RENAME COLUMN a TO z',
  )
  await expect(engine.run('SELECT * FROM v')).rejects.toThrow("View 'd.v' references invalid table(s)")
  await engine.run('DROP TABLE t')
  await expect(engine.run('SELECT * FROM w')).rejects.toThrow("View 'd.w' references invalid table(s)")
  await engine.run('DROP VIEW w, v')
})

test('a common table expression may have the name of the view', async () => {
  await engine.run('CREATE VIEW v AS WITH v AS (SELECT 4 AS four) SELECT * FROM v')
  expect(await engine.rows('SELECT * FROM v')).toEqual([['4']])
})

test.each([
  [1050, 'CREATE VIEW t AS SELECT 1'],
  [1347, 'CREATE OR REPLACE VIEW t AS SELECT 1'],
  [1146, 'ALTER VIEW nope AS SELECT 1'],
  [1146, 'CREATE VIEW v AS SELECT * FROM nope'],
  [1146, 'CREATE OR REPLACE VIEW v AS SELECT * FROM v'],
  [1054, 'CREATE VIEW v AS SELECT nope FROM t'],
  [1060, 'CREATE VIEW v AS SELECT a, a FROM t'],
  [1353, 'CREATE VIEW v (x) AS SELECT a, b FROM t'],
  [1351, 'CREATE VIEW v AS SELECT @x'],
  [1049, 'CREATE VIEW nope.v AS SELECT 1'],
  [1051, 'DROP VIEW nope'],
])('error %d of %s', async (number, sql) => {
  expect(await engine.failure(sql)).toBe(number)
})
