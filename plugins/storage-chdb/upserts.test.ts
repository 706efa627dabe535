/**
 * Goal: INSERT IGNORE, REPLACE, ON DUPLICATE KEY UPDATE and UPDATE IGNORE do to tables in chDB what they do to tables in memory, count and warn the
 * same, and are wholly there or not at all. Method: the same statements, made by chance from a seed that a failure prints, on both;
 * statements of so many rows that they are written in several blocks; one that fails behind its first block.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestSession } from '../../test/support/engine.js'
import { TEST_SEED } from '../../test/support/seed.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { isEngineInstalled } from './index.js'
import { ENGINES, startBoth, type BothEngines } from './testing/both-engines.js'
import { createTestStorage } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip

/** Statements by chance; more of them by an environment variable. */
const STATEMENTS = Number(process.env.UPSERT_STATEMENTS ?? 60)

/** With their keys: one integer; two unique ones, of which one is text by collation and can be NULL; no primary key; none. */
const TABLES = [
  'id INT AUTO_INCREMENT PRIMARY KEY, a INT, b VARCHAR(10)',
  'id INT, a INT NOT NULL DEFAULT 7, b VARCHAR(10), PRIMARY KEY (b, a), UNIQUE (id), CHECK (a <> 13)',
  'id INT UNIQUE, a INT, b VARCHAR(10) COLLATE utf8mb4_bin, UNIQUE (b(2))',
  'id INT AUTO_INCREMENT PRIMARY KEY, a INT UNIQUE, b VARCHAR(10) UNIQUE, g INT AS (a + 1) STORED',
]

/** Keys that are there, and that come twice; a line that is too long, a value that isn't a number. */
const LINES = '1\t5\tone\n2\t6\n1\t7\tuno\n3\t5\ttres\textra\n4\tx\tfour\n2\t8\tb\n'

/** Of rows that are loaded by the block: their keys ascend at first, or they have two; or one is a text, which can be NULL. */
const BLOCK_TABLES = [
  'id INT PRIMARY KEY, a INT, b VARCHAR(30)',
  'id INT, a INT UNIQUE, b VARCHAR(30) UNIQUE',
]

/** More than go into a block: in order at first, then not, some twice, and a few that something is to be said of. */
function manyLines(first: number, count: number): string {
  let text = ''
  for (let i = 0; i < count; i++) {
    const id = first + (i < 67_000 ? i : (i * 7919) % 80_000)
    const extra = i === 70_000 ? '\tbehind' : ''
    text += `${id}\t${(id * 3) % 60_000}\t${id % 9 === 0 ? '\\N' : `${i % 2 === 0 ? 'Text' : 'text'} ${id % 65_000}`}${extra}\n`
  }
  return text
}

let both: BothEngines
let folder: string
let session: TestSession

beforeAll(async () => {
  if (!isEngineInstalled()) return
  folder = temporaryFolder()
  both = await startBoth(createTestStorage(folder), folder, { files: { folder, local: false } })
  session = both.session
  writeFileSync(join(folder, 'rows.txt'), LINES)
}, 60_000)
afterAll(async () => {
  if (isEngineInstalled()) await both.engine.stop()
  removeTemporaryFolders()
})

/** What both answer, and what they warn of. */
async function onBoth(sql: string): Promise<boolean> {
  const outcomes: unknown[] = []
  for (const [suffix] of ENGINES) {
    const placed = sql.replaceAll(/@(t\d?|big)/g, `$1_${suffix}`)
    const [answer] = await session.execute(placed)
    const { affectedRows, lastInsertId, info } = answer?.status ?? {}
    const warnings = await session.rows('SHOW WARNINGS')
    const outcome = {
      error: answer?.error?.message,
      rows: answer?.rows,
      affectedRows,
      lastInsertId,
      info,
      warnings,
    }
    outcomes.push(
      JSON.parse(JSON.stringify(outcome).replaceAll(new RegExp(`(t\\d?|big)_${suffix}`, 'g'), '$1')),
    )
  }
  expect([sql, outcomes[1]]).toEqual([sql, outcomes[0]])
  return outcomes.every((outcome) => (outcome as { error?: string }).error === undefined)
}

async function onBothTables(definition: (suffix: string) => string): Promise<void> {
  for (const [suffix, name] of ENGINES) await session.run(`${definition(suffix)} ENGINE=${name}`)
}

/** The same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function randomStatement(random: () => number): string {
  const one = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? ''
  const upTo = (count: number): number => Math.floor(random() * count)
  const number = upTo(TABLES.length)
  const table = `@t${number}`
  // Rows draw their numbers in blocks here: a number that an update gives in between may come before or behind them.
  const drawsNumbers = TABLES[number]?.includes('AUTO_INCREMENT') === true
  const id = () => one([String(1 + upTo(9)), String(1 + upTo(9)), 'NULL', 'DEFAULT'])
  const a = () => one([String(1 + upTo(6)), String(10 + upTo(5)), 'NULL', "'x'", '2'])
  const b = () => one(["'a'", "'A '", "'ab'", "'ABC'", "'ä'", 'NULL', "''", "'much too long'", "'b'"])
  const rows = Array.from({ length: 1 + upTo(6) }, () => `(${id()}, ${a()}, ${b()})`).join()
  const source = one([
    `(id, a, b) VALUES ${rows}`,
    `(id, a, b) VALUES ${rows}`,
    `(id, a, b) SELECT id + ${upTo(3)}, a + ${upTo(2)}, b FROM ${table} ORDER BY id, a, b LIMIT 7`,
  ])
  const assignments = ['a = VALUES(a)', 'a = a + 1', "b = CONCAT(b, 'z')", 'b = b', 'a = NULL']
  if (!drawsNumbers) assignments.push('id = id + 1', 'id = VALUES(id)')
  const assignment = () => one(assignments)
  const changes = [`a = ${a()}`, 'a = a + 1', `b = ${b()}`, "b = CONCAT(b, 'b')", 'a = a']
  if (!drawsNumbers) changes.push('id = id + 1', `id = ${1 + upTo(9)}`)
  const order = `ORDER BY id, a, b LIMIT ${1 + upTo(9)}`
  const update = ` ON DUPLICATE KEY UPDATE ${assignment()}, ${assignment()}`
  return one([
    `INSERT IGNORE INTO ${table} ${source}`,
    `REPLACE INTO ${table} ${source}`,
    `INSERT INTO ${table} ${source}${update}`,
    `INSERT IGNORE INTO ${table} ${source}${update}`,
    `DELETE FROM ${table} WHERE id % 4 = ${upTo(4)}`,
    `UPDATE IGNORE ${table} SET ${one(changes)}, ${one(changes)} ${order}`,
    `UPDATE IGNORE ${table} SET ${one(changes)} ${order}`,
  ])
}

describeWithEngine('upserts', () => {
  test(
    'made by chance do the same in both',
    async () => {
      const random = generator(TEST_SEED)
      for (const [i, columns] of TABLES.entries()) {
        await onBothTables((suffix) => `CREATE TABLE t${i}_${suffix} (${columns})`)
      }
      await session.run("SET sql_mode = ''")
      for (let i = 0; i < STATEMENTS; i++) {
        if (i === STATEMENTS / 2) await session.run('SET sql_mode = DEFAULT')
        const sql = randomStatement(random)
        try {
          const table = /@t\d/.exec(sql)?.[0] ?? ''
          // How many numbers a failed statement has drawn may differ.
          if (!(await onBoth(sql))) await onBoth(`REPLACE INTO ${table} (id, b) VALUES (${1000 + i}, '')`)
          await onBoth(`SELECT * FROM ${table} ORDER BY id, a, b`)
        } catch (error) {
          throw new Error(`seed ${TEST_SEED}, statement ${i}: ${sql}`, { cause: error })
        }
      }
    },
    30_000 + STATEMENTS * 500,
  )

  test('of many rows are one, and see their own rows', async () => {
    await session.run('SET cte_max_recursion_depth = 100000')
    await onBothTables((suffix) => `CREATE TABLE big_${suffix} (id INT PRIMARY KEY, u INT UNIQUE, n INT)`)
    const numbers = (count: number): string =>
      `WITH RECURSIVE s AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM s WHERE i < ${count})`
    const state = 'SELECT COUNT(*), SUM(id), SUM(u), SUM(n), COUNT(DISTINCT u) FROM @big'
    const statements = [
      `REPLACE INTO @big ${numbers(20_000)} SELECT i % 15000, i, 1 FROM s`,
      `INSERT INTO @big ${numbers(20_000)} SELECT i, i % 12000, i FROM s ON DUPLICATE KEY UPDATE n = n + VALUES(n)`,
      `INSERT IGNORE INTO @big ${numbers(20_000)} SELECT i * 2, -i, 0 FROM s`,
      'UPDATE IGNORE @big SET u = u + 3, n = 5 ORDER BY id',
    ]
    for (const sql of statements) {
      await onBoth(sql)
      await onBoth(state)
    }
    // Its second block fails: nothing of the first is left.
    const failing = `REPLACE INTO @big ${numbers(20_000)} SELECT i, -i, IF(i = 18000, 'no number', 0) FROM s`
    await onBoth(failing)
    await onBoth(state)
    await onBoth('REPLACE INTO @big VALUES (1, 1, 1)')
  }, 60_000)

  test.each(['REPLACE', 'IGNORE'])('of LOAD DATA … %s', async (word) => {
    await session.run("SET sql_mode = ''")
    const columns = 'id INT PRIMARY KEY, a INT, b VARCHAR(4), UNIQUE (b)'
    for (const [suffix] of ENGINES) await session.run(`DROP TABLE IF EXISTS t9_${suffix}`)
    await onBothTables((suffix) => `CREATE TABLE t9_${suffix} (${columns})`)
    await onBoth("INSERT INTO @t9 VALUES (3, 1, 'uno'), (9, 2, 'nine')")
    await onBoth(`LOAD DATA INFILE 'rows.txt' ${word} INTO TABLE @t9`)
    await onBoth('SELECT * FROM @t9 ORDER BY id')
    await onBoth(`LOAD DATA INFILE 'rows.txt' ${word} INTO TABLE @t9 (@id, a) SET id = @id + 5, b = UPPER(a)`)
    await onBoth('SELECT * FROM @t9 ORDER BY id')
    await session.run('SET sql_mode = DEFAULT')
  })

  test('of LOAD DATA … IGNORE by the block', async () => {
    await session.run("SET sql_mode = ''")
    writeFileSync(join(folder, 'many.txt'), manyLines(0, 75_000))
    writeFileSync(join(folder, 'more.txt'), manyLines(60_000, 10_000))
    for (const [i, columns] of BLOCK_TABLES.entries()) {
      await onBothTables((suffix) => `CREATE TABLE t${i + 5}_${suffix} (${columns})`)
      const table = `@t${i + 5}`
      // Into an empty table; into one that has some of the rows.
      for (const file of ['many', 'more']) {
        await onBoth(`LOAD DATA INFILE '${file}.txt' IGNORE INTO TABLE ${table} (id, a, b)`)
        await onBoth(`SELECT COUNT(*), SUM(id), SUM(a), SUM(LENGTH(b)), SUM(CRC32(b)) FROM ${table}`)
      }
      await onBoth(
        `INSERT IGNORE INTO ${table} (id, a, b) SELECT id + 70000, -a, CONCAT(b, '!') FROM ${table} WHERE id % 7 = 0`,
      )
      await onBoth(`SELECT COUNT(*), SUM(id), SUM(a), SUM(LENGTH(b)), SUM(CRC32(b)) FROM ${table}`)
      await session.run('BEGIN')
      await session.run(`LOAD DATA INFILE 'many.txt' IGNORE INTO TABLE t${i + 5}_c (id, a, b)`)
      await session.run('ROLLBACK')
      await onBoth(`SELECT COUNT(*), SUM(id), SUM(a), SUM(LENGTH(b)), SUM(CRC32(b)) FROM ${table}`)
      for (const [suffix] of ENGINES) await session.run(`DROP TABLE t${i + 5}_${suffix}`)
    }
    await session.run('SET sql_mode = DEFAULT')
  }, 60_000)

  test('can be rolled back, and are seen by their own transaction', async () => {
    await session.run('CREATE TABLE own (id INT PRIMARY KEY, n INT) ENGINE=chdb')
    await session.run('INSERT INTO own VALUES (1, 1), (2, 2)')
    await session.run('CREATE TABLE beside (id INT PRIMARY KEY) ENGINE=chdb')
    await session.run('BEGIN')
    await session.run('INSERT INTO beside VALUES (1)')
    await session.run('REPLACE INTO own VALUES (1, 10), (3, 30)')
    await expect(
      session.run("INSERT INTO own VALUES (4, 'x') ON DUPLICATE KEY UPDATE n = 1"),
    ).rejects.toMatchObject({ code: 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD' })
    await session.run('ROLLBACK')
    expect(await session.rows('SHOW WARNINGS')).toEqual([])
    expect(await session.rows('SELECT * FROM beside')).toEqual([])
    expect(await session.rows('SELECT * FROM own ORDER BY id')).toEqual([
      ['1', '1'],
      ['2', '2'],
    ])
    await session.run('BEGIN')
    await session.run('REPLACE INTO own VALUES (1, 11)')
    await session.run('INSERT INTO own VALUES (9, 9)')
    await session.run('DELETE FROM own WHERE id = 9')
    await session.run('INSERT INTO own VALUES (2, 5), (4, 4) ON DUPLICATE KEY UPDATE n = own.n + VALUES(n)')
    expect(await session.rows('SELECT id, n FROM own WHERE id <> 3 ORDER BY id')).toEqual([
      ['1', '11'],
      ['2', '7'],
      ['4', '4'],
    ])
    await session.run('COMMIT')
    // Nobody is kept waiting by a statement that found nothing to do.
    await session.run('INSERT IGNORE INTO own VALUES (1, 0)')
    const other = await both.engine.session()
    await other.run('DELETE FROM d.own')
    expect(await session.rows('SELECT COUNT(*) FROM own')).toEqual([['0']])
  }, 30_000)
})
