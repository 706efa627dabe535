/**
 * Goal: UPDATE and DELETE that change rows by the batch do what they do row by row: the same rows, indexes, counts, warnings and errors. Method:
 * statements made by chance, from a seed that a failure prints, on two equal tables, of which one can only be changed row by row; sessions
 * that are in each other's way.
 */
import { Random } from '../../test/random-sql/random.js'
import { TestEngine, type TestSession } from '../../test/support/engine.js'
import { TEST_SEED } from '../../test/support/seed.js'
import { createStorage } from '../../test/support/storages.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'

afterAll(removeTemporaryFolders)

const STATEMENTS = Number(process.env.CHANGE_STATEMENTS ?? 12)
const ROWS = 1500

/** With all that depends on a row; without a primary key; with one of two columns; with rows that are large. */
const TABLES = [
  `id INT PRIMARY KEY, a INT NOT NULL, b VARCHAR(20), c DECIMAL(6, 2), u INT UNIQUE, g INT AS (a + 1) STORED,
   w VARCHAR(40) AS (CONCAT(b, '-', a)), at TIMESTAMP(3) NULL ON UPDATE CURRENT_TIMESTAMP(3),
   KEY (a), KEY (b(3), a), KEY (g), CONSTRAINT CHECK (a <> 13)`,
  'id INT, a INT NOT NULL, b VARCHAR(20) COLLATE utf8mb4_bin, c DECIMAL(6, 2), u INT UNIQUE, KEY (c)',
  'id INT, a INT NOT NULL, b VARCHAR(20) NOT NULL, c DECIMAL(6, 2), u INT UNIQUE, PRIMARY KEY (b, id), KEY (a DESC)',
  'id INT PRIMARY KEY, a INT NOT NULL, b MEDIUMTEXT, c DOUBLE, u INT, UNIQUE (u, a), KEY (b(5))',
]

const ROW = `i * 2, 20 + i % 50, ELT(1 + i % 7, 'a', 'A ', 'abc', 'ä', '', '12', 'zz'),
  IF(i % 11 = 0, NULL, i / 7), IF(i % 13 = 0, NULL, i * 3)`

const ASSIGNMENTS = [
  ...['a = a + 1', 'a = a + 1', 'a = 20 + a % 7', 'a = a * 100000', 'a = b', 'a = NULL', 'a = a'],
  ...[
    "b = CONCAT(b, 'x')",
    'b = UPPER(b)',
    'b = NULL',
    "b = REPEAT('y', id % 30)",
    "b = REPEAT('z', (id % 256 = 0) * 70000)",
  ],
  ...['c = c * 1.37', 'c = a', 'c = NULL', 'c = c + 9000', 'a = IF(id % 977 = 0, 13, a)'],
  ...[
    'u = u + 1',
    'u = -u',
    'u = u + 10000',
    'u = NULL',
    'u = IF(id > 2000, 7, u)',
    'u = u + 1000000 * (id % 2)',
  ],
]

const CONDITIONS = [
  ...[
    '',
    '',
    '',
    'WHERE id > 500',
    'WHERE id = 64',
    'WHERE u = 30',
    'WHERE id % 3 = 0',
    'WHERE id BETWEEN 100 AND 2700',
    'WHERE a BETWEEN 22 AND 29',
  ],
  ...[
    "WHERE b LIKE 'a%'",
    'WHERE u < 900',
    'WHERE c IS NULL',
    'WHERE c < 100',
    'WHERE id IN (2, 4, 8, 16, 32, 64, 128, 256, 512)',
  ],
]

const ENDS = ['', '', '', '', 'LIMIT 50', 'ORDER BY id, b LIMIT 700', 'ORDER BY u DESC LIMIT 1200']

/** The statement for each of both tables. A value that chance has a say in is computed when its row's turn comes. */
function randomChange(random: Random): readonly [string, string] {
  const rest = `${random.pick(CONDITIONS)} ${random.pick(ENDS)}`
  if (random.chance(12)) return [`DELETE FROM batch ${rest}`, `DELETE FROM single ${rest}`]
  const assignments = random.sample(ASSIGNMENTS, 1 + random.next(3))
  const alone = assignments.map((each) => each.replace(/ = (.*)/, ' = IF(RAND() < 2, $1, NULL)'))
  return [`UPDATE batch SET ${assignments.join()} ${rest}`, `UPDATE single SET ${alone.join()} ${rest}`]
}

/** One that changes rows in any case. */
const SURE = [
  'UPDATE batch SET a = a + 1, c = a',
  'UPDATE single SET a = a + 1 + (RAND() > 2), c = a',
] as const

const WAITS = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"

async function outcome(session: TestSession, sql: string): Promise<unknown> {
  const [answer] = await session.execute(sql)
  const { affectedRows, info } = answer?.status ?? {}
  const warnings = await session.rows('SHOW WARNINGS')
  const said = JSON.stringify([answer?.error?.code, answer?.error?.message, affectedRows, info, warnings])
  return said.replaceAll('single', 'batch').replaceAll(/if\(\(?rand\(\) < 2\)?,(.*?),NULL\)/gi, '$1')
}

async function contents(session: TestSession, table: string, indexes: readonly string[]): Promise<unknown> {
  const rows = await session.rows(`SELECT * FROM ${table} ORDER BY id, b`)
  const counts: unknown[] = []
  for (const index of indexes) {
    const all = 'COUNT(*), SUM(id), COUNT(b)'
    counts.push(await session.rows(`SELECT ${all} FROM ${table} FORCE INDEX (${index})`))
    counts.push(
      await session.rows(
        `SELECT ${all} FROM ${table} FORCE INDEX (${index}) WHERE a > 25 AND b > 'a' AND u > 30 AND c > 5`,
      ),
    )
  }
  return [rows.map((row) => JSON.stringify(row)), counts]
}

describe.each(['memory', 'lmdb'])('in %s', (storage) => {
  let engine: TestEngine
  let session: TestSession

  beforeAll(async () => {
    const folder = temporaryFolder()
    engine = await TestEngine.start([await createStorage(storage, folder)], { storage, dataFolder: folder })
    session = await engine.session()
    await session.run('CREATE DATABASE d')
    await session.run('USE d')
    await session.run('SET cte_max_recursion_depth = 10000')
  })
  afterAll(() => engine.stop())

  async function fill(): Promise<void> {
    const numbers = `WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})`
    await session.run(`INSERT INTO batch (id, a, b, c, u) ${numbers} SELECT ${ROW} FROM n`)
    await session.run('INSERT INTO single (id, a, b, c, u) SELECT id, a, b, c, u FROM batch ORDER BY id')
  }

  test.each(TABLES)('by chance: %s', async (columns) => {
    const random = new Random(TEST_SEED)
    await session.run('DROP TABLE IF EXISTS child, batch, single')
    for (const name of ['batch', 'single']) await session.run(`CREATE TABLE ${name} (${columns})`)
    // Rows that others may refer to are looked at one by one.
    await session.run('CREATE TABLE child (u INT, FOREIGN KEY (u) REFERENCES single (u))')
    await fill()
    const indexes = (await session.rows('SHOW INDEX FROM batch')).map((row) => `\`${row[2] ?? ''}\``)
    let changed = 0
    for (let i = 0; i < STATEMENTS; i++) {
      const [batch, single] = i === 0 ? SURE : randomChange(random)
      try {
        await session.run(
          `SET sql_mode = ${random.chance(50) ? 'DEFAULT' : "''"}, timestamp = ${1_700_000_000 + i}`,
        )
        const point = random.pick(['', '', 'BEGIN', 'SAVEPOINT s', 'ROLLBACK TO s', 'ROLLBACK', 'COMMIT'])
        if (point !== '') await session.execute(point)
        const done = await outcome(session, batch)
        expect(done).toEqual(await outcome(session, single))
        if (/Changed: [1-9]/.test(String(done))) changed++
        expect(await contents(session, 'batch', [...new Set(indexes)])).toEqual(
          await contents(session, 'single', [...new Set(indexes)]),
        )
        const [left] = await session.rows('SELECT COUNT(*) FROM batch')
        if (Number(left?.[0]) > ROWS / 2) continue
        await session.run('COMMIT')
        for (const name of ['batch', 'single']) await session.run(`DELETE FROM ${name}`)
        await fill()
      } catch (error) {
        throw new Error(`seed ${TEST_SEED}, statement ${i}: ${batch}`, { cause: error })
      }
    }
    await session.run('COMMIT')
    expect(changed).toBeGreaterThan(0)
  })

  test('a key that somebody else has is waited for, and a duplicate then', async () => {
    await session.run('CREATE TABLE t (id INT PRIMARY KEY, u INT UNIQUE, v INT NOT NULL DEFAULT 0)')
    await session.run(
      'INSERT INTO t (id, u) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i, i FROM n',
    )
    const other = await engine.session('d')
    await other.run('BEGIN')
    await other.run('INSERT INTO t VALUES (5000, 11500, 0)')
    const update = 'UPDATE t SET u = u + 10000, v = 1 WHERE id <= 1900'
    const waiting = session.run(update)
    while ((await other.rows(WAITS))[0]?.[0] !== '1') await new Promise(setImmediate)
    // Rows before it are locked, and what was written of them is nobody else's to see.
    await expect(other.rows('SELECT id FROM t WHERE id = 3 FOR UPDATE NOWAIT')).rejects.toMatchObject({
      code: 'ER_LOCK_NOWAIT',
    })
    expect(await other.rows('SELECT SUM(v) FROM t')).toEqual([['0']])
    await other.run('COMMIT')
    await expect(waiting).rejects.toMatchObject({ message: "Duplicate entry '11500' for key 't.u'" })
    expect(await session.rows('SELECT SUM(v), SUM(u) FROM t')).toEqual([['0', String(2001000 + 11500)]])
    await other.run('DELETE FROM t WHERE id = 5000')
    expect((await session.run(update)).status?.affectedRows).toBe(1900)
    expect(await session.rows('SELECT COUNT(*) FROM t WHERE u > 10000')).toEqual([['1900']])
    await session.run('DROP TABLE t')
  })

  test('who has locked a range of an index is waited for', async () => {
    await session.run('CREATE TABLE t (id INT PRIMARY KEY, v INT, KEY (v))')
    const numbers = 'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2000)'
    await session.run(`INSERT INTO t ${numbers} SELECT i, i FROM n`)
    const other = await engine.session('d')
    await other.run('BEGIN')
    expect(await other.rows('SELECT id FROM t WHERE v BETWEEN 5000 AND 6000 FOR UPDATE')).toEqual([])
    const waiting = session.run('UPDATE t SET v = v + 4000')
    while ((await other.rows(WAITS))[0]?.[0] !== '1') await new Promise(setImmediate)
    expect(await other.rows('SELECT id FROM t WHERE v BETWEEN 5000 AND 6000 FOR UPDATE')).toEqual([])
    await other.run('COMMIT')
    expect((await waiting).status?.affectedRows).toBe(2000)
    expect(await session.rows('SELECT COUNT(*) FROM t WHERE v BETWEEN 5000 AND 6000')).toEqual([['1001']])
    await session.run('DROP TABLE t')
  })

  test('rows that the snapshot has otherwise are found through every index', async () => {
    await session.run('CREATE TABLE t (id INT PRIMARY KEY, v INT, u INT UNIQUE, n INT, m INT, KEY (v))')
    const numbers = 'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 2000)'
    await session.run(`INSERT INTO t ${numbers} SELECT i, i, i, 0, NULL FROM n`)
    const other = await engine.session('d')
    await session.run('BEGIN')
    expect(await session.rows('SELECT COUNT(*) FROM t')).toEqual([['2000']])
    await other.run('UPDATE t SET v = v + 10000, u = -u WHERE id IN (5, 7, 1500)')
    // One row by its key, which stays as it is in every index.
    expect((await session.run('UPDATE t SET m = 1 WHERE id = 7')).status?.affectedRows).toBe(1)
    expect(await session.rows('SELECT id, m FROM t FORCE INDEX (v) WHERE v = 10007')).toEqual([['7', '1']])
    expect(await session.rows('SELECT id, m FROM t WHERE u = -7')).toEqual([['7', '1']])
    expect(await session.rows('SELECT id FROM t FORCE INDEX (v) WHERE v = 7')).toEqual([])
    expect(await session.rows('SELECT id FROM t WHERE u = 7')).toEqual([])
    expect((await session.run('UPDATE t SET n = n + 1')).status?.affectedRows).toBe(2000)
    for (const [range, found] of [
      ['v > 9000', '3'],
      ['v IN (5, 7, 1500)', '0'],
      ['v > 0', '2000'],
    ] as const) {
      const sql = `SELECT COUNT(*), SUM(n) FROM t FORCE INDEX (v) WHERE ${range}`
      expect(await session.rows(sql)).toEqual([[found, found === '0' ? null : found]])
    }
    await session.run('COMMIT')
    await session.run('DROP TABLE t')
  })

  test('a kill ends it, and nothing of it is left', async () => {
    await session.run('CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, KEY (v))')
    const numbers = 'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9000)'
    await session.run(`INSERT INTO t ${numbers} SELECT i, 0 FROM n`)
    const [own] = await session.rows('SELECT CONNECTION_ID()')
    const other = await engine.session('d')
    for (const sql of [
      'UPDATE t SET v = v + LENGTH(MD5(REPEAT(id, 900))) - 31',
      'DELETE FROM t WHERE LENGTH(MD5(REPEAT(id, 900))) = 32',
    ]) {
      const killed = session.run(sql)
      await new Promise(setImmediate)
      await other.run(`KILL QUERY ${own?.[0] ?? ''}`)
      await expect(killed).rejects.toMatchObject({ code: 'ER_QUERY_INTERRUPTED' })
      expect(await session.rows('SELECT COUNT(*), SUM(v) FROM t')).toEqual([['9000', '0']])
      expect(await session.rows('SELECT COUNT(*) FROM t FORCE INDEX (v) WHERE v = 0')).toEqual([['9000']])
    }
    await session.run('DROP TABLE t')
  })
})
