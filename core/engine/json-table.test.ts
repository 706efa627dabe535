/**
 * Goal: JSON_TABLE gives the rows that MySQL gives, wherever it stands in FROM; JSON_VALUE answers what is missing or wrong as
 * it is told; WEIGHT_STRING takes its lengths. Method: statements over an engine, with results from the manual or worked out
 * by its rules.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'

let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  engine = await TestEngine.start()
  session = await engine.session()
  await session.run('CREATE DATABASE j')
  await session.run('USE j')
  await session.run('CREATE TABLE d (id INT PRIMARY KEY, doc JSON)')
  await session.run(`INSERT INTO d VALUES (1, '[{"n":1},{"n":2}]'), (2, '[]'), (3, NULL), (4, '[{"n":9}]')`)
})
afterAll(() => engine.stop())

const TABLE = (document: string, rest: string) => `SELECT * FROM JSON_TABLE('${document}', ${rest}) AS t`

test.each<[string, string, (string | null)[][]]>([
  [
    'columns of all kinds',
    TABLE(
      '[{"a":"3"},{"a":2},{"b":1},{"a":0},{"a":[1,2]}]',
      `'$[*]' COLUMNS (i FOR ORDINALITY, a VARCHAR(9) PATH '$.a' DEFAULT '"none"' ON EMPTY
        DEFAULT '999' ON ERROR, j JSON PATH '$.a' DEFAULT '{"x":3}' ON EMPTY, b INT EXISTS PATH '$.b')`,
    ),
    [
      ['1', '3', '"3"', '0'],
      ['2', '2', '2', '0'],
      ['3', 'none', '{"x": 3}', '1'],
      ['4', '0', '0', '0'],
      ['5', '999', '[1, 2]', '0'],
    ],
  ],
  [
    'values that several types can have',
    TABLE(
      '[{"v":"2024-02-30"},{"v":1.75},{"v":true},{"v":null},{"v":"12abc"},{"v":300}]',
      `'$[*]' COLUMNS (i INT PATH '$.v', t TINYINT PATH '$.v', d DECIMAL(5,1) PATH '$.v', s CHAR(4) PATH '$.v')`,
    ),
    [
      [null, null, null, null],
      ['2', '2', '1.8', '1.75'],
      ['1', '1', '1.0', 'true'],
      [null, null, null, null],
      [null, null, null, null],
      ['300', null, '300.0', '300'],
    ],
  ],
  [
    'several values of a path',
    TABLE('[{"v":[1,2]},{"v":[3]}]', `'$[*]' COLUMNS (j JSON PATH '$.v[*]', n INT PATH '$.v[*]')`),
    [
      ['[1, 2]', null],
      ['3', '3'],
    ],
  ],
  [
    'nested paths beside and below each other',
    TABLE(
      '[{"a":1,"b":[11,111]},{"a":2,"b":[22],"c":[{"d":[5,6]},{}]},{"a":3}]',
      `'$[*]' COLUMNS (a INT PATH '$.a', NESTED PATH '$.b[*]' COLUMNS (n FOR ORDINALITY, b INT PATH '$'),
        NESTED '$.c[*]' COLUMNS (c FOR ORDINALITY, NESTED PATH '$.d[*]' COLUMNS (d INT PATH '$')))`,
    ),
    [
      ['1', '1', '11', null, null],
      ['1', '2', '111', null, null],
      ['2', '1', '22', null, null],
      ['2', null, null, '1', '5'],
      ['2', null, null, '1', '6'],
      ['2', null, null, '2', null],
      ['3', null, null, null, null],
    ],
  ],
  ['a path that finds nothing', TABLE('{}', `'$.a[*]' COLUMNS (a INT PATH '$')`), []],
  [
    'tables before it',
    `SELECT id, n FROM d, JSON_TABLE(doc, '$[*]' COLUMNS (n INT PATH '$.n')) t ORDER BY id, n`,
    [
      ['1', '1'],
      ['1', '2'],
      ['4', '9'],
    ],
  ],
  [
    'LEFT JOIN',
    `SELECT id, n FROM d LEFT JOIN JSON_TABLE(doc, '$[*]' COLUMNS (n INT PATH '$.n')) t ON n > 1 ORDER BY id`,
    [
      ['1', '2'],
      ['2', null],
      ['3', null],
      ['4', '9'],
    ],
  ],
  [
    'a join behind it',
    `SELECT d.id, t.n, e.id FROM d, JSON_TABLE(d.doc, '$[*]' COLUMNS (n INT PATH '$.n')) t JOIN d e ON e.id = t.n
     ORDER BY 1, 2`,
    [
      ['1', '1', '1'],
      ['1', '2', '2'],
    ],
  ],
  [
    'one after the other',
    `SELECT id, a.n, b.m FROM d, JSON_TABLE(doc, '$[*]' COLUMNS (o JSON PATH '$', n INT PATH '$.n')) a,
     JSON_TABLE(a.o, '$.n' COLUMNS (m INT PATH '$')) b WHERE id = 1 ORDER BY 2`,
    [
      ['1', '1', '1'],
      ['1', '2', '2'],
    ],
  ],
  [
    'a sub-query around it',
    `SELECT id, (SELECT SUM(n) FROM JSON_TABLE(d.doc, '$[*]' COLUMNS (n INT PATH '$.n')) t) FROM d ORDER BY id`,
    [
      ['1', '3'],
      ['2', null],
      ['3', null],
      ['4', '9'],
    ],
  ],
  [
    'a query that restricts and groups it',
    `SELECT COUNT(*), MAX(s) FROM JSON_TABLE('["a","b","b"]', '$[*]' COLUMNS (s CHAR(1) PATH '$')) t WHERE s = 'b'`,
    [['2', 'b']],
  ],
  [
    'LATERAL behind a comma and before a join',
    `SELECT d.id, l.x, e.id FROM d, LATERAL (SELECT d.id + 1 AS x) l JOIN d e ON e.id = l.x ORDER BY 1`,
    [
      ['1', '2', '2'],
      ['2', '3', '3'],
      ['3', '4', '4'],
    ],
  ],
])('%s', async (_title, sql, rows) => {
  expect(await session.rows(sql)).toEqual(rows)
  // The second time the plan comes from the cache.
  expect(await session.rows(sql)).toEqual(rows)
})

test('plans are kept apart by paths and defaults, and serve other documents', async () => {
  const sql = (document: string, path: string, value: string) =>
    `SELECT v FROM JSON_TABLE('${document}', '$' COLUMNS (v INT PATH '${path}' DEFAULT '${value}' ON EMPTY)) t`
  expect(await session.rows(sql('{"a":1}', '$.a', '7'))).toEqual([['1']])
  expect(await session.rows(sql('{"b":2}', '$.a', '7'))).toEqual([['7']])
  expect(await session.rows(sql('{"b":2}', '$.b', '7'))).toEqual([['2']])
  expect(await session.rows(sql('{"b":2}', '$.a', '8'))).toEqual([['8']])
})

test('views keep JSON_TABLE', async () => {
  await session.run(
    `CREATE VIEW v AS SELECT id, n FROM d, JSON_TABLE(doc, '$[*]' COLUMNS (o FOR ORDINALITY,
     n INT PATH '$.n' DEFAULT '5' ON EMPTY NULL ON ERROR, NESTED PATH '$.x' COLUMNS (x INT EXISTS PATH '$'))) t`,
  )
  expect(await session.rows('SELECT * FROM v WHERE id = 4')).toEqual([['4', '9']])
})

test.each([
  [TABLE('[1', `'$' COLUMNS (a INT PATH '$')`), 3141],
  [TABLE('{}', `'$.a[' COLUMNS (a INT PATH '$')`), 3143],
  [TABLE('{}', `'$' COLUMNS (a INT PATH '$.a' ERROR ON EMPTY)`), 3665],
  [TABLE('{"a":[1]}', `'$' COLUMNS (a INT PATH '$.a' ERROR ON ERROR)`), 3666],
  [TABLE('{"a":300}', `'$' COLUMNS (a TINYINT PATH '$.a' ERROR ON ERROR)`), 3669],
  [TABLE('{"a":"long"}', `'$' COLUMNS (a CHAR(2) PATH '$.a' ERROR ON ERROR)`), 3669],
  [TABLE('{}', `'$' COLUMNS (a INT PATH '$.a' DEFAULT '"x"' ON EMPTY)`), 1067],
  [TABLE('{}', `'$' COLUMNS (a INT PATH '$.a', A INT PATH '$.b')`), 1060],
  [`SELECT * FROM JSON_TABLE(1, '$' COLUMNS (a INT PATH '$')) t`, 3146],
  [`SELECT * FROM d RIGHT JOIN JSON_TABLE(doc, '$' COLUMNS (a INT PATH '$')) t ON TRUE`, 3668],
  [`SELECT * FROM JSON_TABLE(d.doc, '$' COLUMNS (a INT PATH '$')) t, d`, 1109],
])('%s fails', async (sql, number) => {
  await expect(session.run(sql)).rejects.toMatchObject({ number })
})

test.each<[string, string | null]>([
  [`JSON_VALUE('{"a":"1.50"}', '$.a')`, '1.50'],
  [`JSON_VALUE('{"a":"1.50"}', '$.a' RETURNING DECIMAL(4,1))`, '1.5'],
  [`JSON_VALUE('{"a":{"b":1}}', '$.a' RETURNING JSON)`, '{"b": 1}'],
  [`JSON_VALUE('{"a":{"b":1}}', '$.a')`, '{"b": 1}'],
  [`JSON_VALUE('{}', '$.a' DEFAULT 7 ON EMPTY)`, '7'],
  [`JSON_VALUE('{}', '$.a' RETURNING UNSIGNED DEFAULT 7 ON EMPTY DEFAULT 8 ON ERROR)`, '7'],
  [`JSON_VALUE('{"a":"x"}', '$.a' RETURNING UNSIGNED DEFAULT 7 ON EMPTY DEFAULT 8 ON ERROR)`, '8'],
  [`JSON_VALUE('{"a":"x"}', '$.a' RETURNING SIGNED NULL ON ERROR)`, null],
  [`JSON_VALUE('{"a":"${'x'.repeat(600)}"}', '$.a' RETURNING CHAR)`, 'x'.repeat(600)],
  [`HEX(WEIGHT_STRING('ab' COLLATE utf8mb4_bin AS CHAR(3)))`, '000061000062000020'],
  [`HEX(WEIGHT_STRING('abc' COLLATE utf8mb4_bin AS CHAR(1)))`, '000061'],
  [`HEX(WEIGHT_STRING('ab' AS BINARY(4)))`, '61620000'],
])('%s', async (expression, value) => {
  expect(await session.rows(`SELECT ${expression}`)).toEqual([[value]])
})

test.each([
  [`JSON_VALUE('{}', '$.a' ERROR ON EMPTY)`, 3966],
  [`JSON_VALUE('[1,2]', '$[*]' ERROR ON ERROR)`, 3967],
])('%s fails', async (expression, number) => {
  await expect(session.run(`SELECT ${expression}`)).rejects.toMatchObject({ number })
})
