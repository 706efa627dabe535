/**
 * Goal: ANY_VALUE lets columns by that aren't grouped, and is no aggregate (MySQL manual 14.23). Method: statements over an engine,
 * whose rows a table makes certain.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  session = await engine.session()
  await session.run('CREATE DATABASE a')
  await session.run('USE a')
  await session.run('CREATE TABLE t (id INT PRIMARY KEY, g INT, s VARCHAR(9) NOT NULL)')
  await session.run("INSERT INTO t VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'z')")
})
afterAll(() => engine.stop())

test.each<[string, (string | null)[][]]>([
  ['SELECT ANY_VALUE(s) FROM t', [['x'], ['y'], ['z']]],
  ['SELECT id FROM t WHERE ANY_VALUE(g) = 2', [['3']]],
  [
    'SELECT g, ANY_VALUE(s), COUNT(*) FROM t GROUP BY g ORDER BY g',
    [
      ['1', 'x', '2'],
      ['2', 'z', '1'],
    ],
  ],
  ['SELECT ANY_VALUE(s), MAX(id) FROM t', [['x', '3']]],
  ['SELECT ANY_VALUE(s), MAX(id) FROM t WHERE id > 9', [[null, null]]],
  [
    "SELECT g, ANY_VALUE(CONCAT(s, id, COUNT(*))) FROM t GROUP BY g HAVING ANY_VALUE(s) <> 'q' ORDER BY ANY_VALUE(id) DESC",
    [
      ['2', 'z31'],
      ['1', 'x12'],
    ],
  ],
  ['SELECT g + ANY_VALUE(g) FROM t GROUP BY g ORDER BY 1', [['2'], ['4']]],
])('%s', async (sql, rows) => {
  expect(await session.rows(sql)).toEqual(rows)
})

test.each([
  ['SELECT g, ANY_VALUE(s), s FROM t GROUP BY g', 1055],
  ['SELECT ANY_VALUE(MAX(id)), s FROM t', 1140],
  ['SELECT ANY_VALUE() FROM t', 1582],
])('%s fails', async (sql, number) => {
  await expect(session.run(sql)).rejects.toMatchObject({ number })
})
