/**
 * Goal: columns whose texts lie in dictionaries answer as MySQL does, and get and lose them by what they hold. Method: the same rows in
 * memory storage and in chDB, and the same queries on both; what the engine says of its columns.
 */
import { BytesVector, textType } from '@switchyard/core/spi'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import type { TestSession } from '../../test/support/engine.js'
import { likelyTexts } from './dictionary-columns.js'
import { isEngineInstalled } from './index.js'
import { ENGINES, startBoth, type BothEngines } from './testing/both-engines.js'
import { createTestStorage } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip
const ROWS = 3000

let engines: BothEngines
let session: TestSession
const storage = createTestStorage(temporaryFolder())

beforeAll(async () => {
  if (!isEngineInstalled()) return
  engines = await startBoth(storage, temporaryFolder())
  session = engines.session
}, 60_000)
afterAll(async () => {
  if (isEngineInstalled()) await engines.engine.stop()
  removeTemporaryFolders()
})

/** Which stored columns of the latest tables are of a type of dictionaries, as the engine says. */
async function dictionaries(table: string): Promise<readonly string[]> {
  const [plan = []] = await session.rows(`EXPLAIN FORMAT=TREE SELECT COUNT(*) FROM ${table}`)
  const name = /FROM (t\d+)/.exec(String(plan[0]))?.[1] ?? ''
  const inside = storage as unknown as { numbers(sql: string, count: number): Promise<number[][]> }
  const where = `table = '${name}' AND startsWith(type, 'LowCardinality')`
  const sql = `SELECT position - 1 FROM system.columns WHERE ${where} AND database = currentDatabase()`
  const columns = await session.rows(`SHOW COLUMNS FROM ${table}`)
  return (await inside.numbers(sql, 1)).map(([position = 0]) => String(columns[position]?.[0]))
}

function likely(texts: readonly (string | null)[]): number {
  const vector = new BytesVector(textType(10, 'utf8mb4_0900_ai_ci'))
  for (const text of texts) vector.push(text)
  return likelyTexts(vector, texts.length)
}

const pick = (values: readonly (string | null)[], at: number): string => {
  const value = values[at % values.length] ?? null
  return value === null ? 'NULL' : `'${value}'`
}

const AWKWARD = ['anna', 'Anna', 'ÄNNA', '', 'b ', 'b', 'straße', 'STRASSE', null, 'a\\tb', '😀', '\\0b']
const ASCII = ['us', 'US', 'de', '', 'De', 'f', 'F ', 'f ', null, 'zz']
const CONTROLS = ['a', 'a ', 'A', 'a\\t', 'a \\t', '', ' ', null, 'é']

const COLUMNS = `(id INT PRIMARY KEY, loose VARCHAR(20), short VARCHAR(3), must CHAR(2) NOT NULL,
  padded VARCHAR(10) COLLATE utf8mb4_bin, two VARCHAR(2) COLLATE utf8mb4_bin, plain VARCHAR(10) COLLATE utf8mb4_0900_bin, many VARCHAR(30),
  day DATE NOT NULL, amount DECIMAL(10, 2), pieces INT NOT NULL, big DECIMAL(18, 2))`

function rowsFrom(first: number, count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const id = first + i
    const texts = [
      pick(AWKWARD, id * 7 + (id >> 4)),
      pick(ASCII, id * 3 + (id >> 5)),
      pick(['us', 'US', 'x', ''], id * 5 + (id >> 3)),
      pick(CONTROLS, id + (id >> 4)),
      pick(['a', 'a ', 'B', '', 'éé'], id + (id >> 6)),
      pick(['a', 'A', 'a ', null], id + (id >> 3)),
      pick([`text ${id * 31}`], 0),
    ]
    const day = `'2024-0${1 + (id % 9)}-1${id % 7}'`
    const amount = id % 11 === 0 ? 'NULL' : ((id * 7919) % 100_000) / 100
    return `(${id}, ${texts.join()}, ${day}, ${amount}, ${(id % 3) * 2_000_000_000 - 2_000_000_000}, ${id % 2 === 0 ? '' : '-'}9999999999999999.99)`
  }).join()
}

const COUNTRIES = `('us', 'America', 1), ('DE', 'Europe', 2), ('f', 'Europe', 3), ('', 'nowhere', 4), ('f ', 'islands', 5)`

/** What is shown of equal texts may be any of them: so only what is the same of all. */
const QUERIES = [
  'SELECT LOWER(HEX(MIN(loose = "anna"))), COUNT(*), SUM(amount), AVG(amount), MIN(amount), MAX(day) FROM @hit GROUP BY loose',
  'SELECT COUNT(*), COUNT(amount), SUM(pieces), AVG(pieces), SUM(big), AVG(big) FROM @hit GROUP BY loose, day',
  'SELECT UPPER(short), day, COUNT(*), SUM(amount) FROM @hit GROUP BY short, day',
  'SELECT UPPER(short), UPPER(must), COUNT(*), COUNT(DISTINCT pieces), COUNT(DISTINCT day, loose) FROM @hit GROUP BY short, must',
  'SELECT UPPER(must), MONTH(day), SUM(amount) FROM @hit GROUP BY must, MONTH(day) HAVING SUM(amount) > 1 ORDER BY 3 DESC, 1, 2 LIMIT 5',
  'SELECT UPPER(must), MONTH(day), STDDEV(amount) IS NULL FROM @hit GROUP BY must, MONTH(day)',
  'SELECT RTRIM(two), must = "us", COUNT(*) FROM @hit GROUP BY two, must',
  'SELECT RTRIM(padded), COUNT(*), SUM(pieces) FROM @hit GROUP BY padded ORDER BY padded',
  'SELECT RTRIM(padded), day, COUNT(*) FROM @hit GROUP BY padded, day',
  'SELECT plain, COUNT(*) FROM @hit GROUP BY plain',
  'SELECT plain, must = "x", COUNT(*) FROM @hit GROUP BY plain, must',
  'SELECT COUNT(*), SUM(id) FROM @hit GROUP BY short, pieces',
  'SELECT COUNT(*), MIN(loose) = "anna", MAX(padded) < "b" FROM @hit GROUP BY short',
  'SELECT UPPER(short), r FROM (SELECT short, day, RANK() OVER (PARTITION BY short ORDER BY SUM(amount) DESC) AS r FROM @hit GROUP BY short, day) x WHERE r < 3',
  'SELECT COUNT(*) FROM @hit WHERE loose = "ANNA" OR short IN ("US", "f") OR padded = "a" OR loose LIKE "%SS%"',
  'SELECT COUNT(DISTINCT loose), COUNT(DISTINCT short), COUNT(DISTINCT padded), COUNT(DISTINCT plain) FROM @hit',
  'SELECT id, loose, short, must, padded, two, plain, many FROM @hit WHERE id < 40 OR loose > "b" ORDER BY id',
  'SELECT id FROM @hit WHERE id < 200 ORDER BY loose, short DESC, padded, id',
  'SELECT c.region, COUNT(*), SUM(h.amount), AVG(h.pieces), COUNT(DISTINCT h.day) FROM @hit h JOIN @country c ON c.code = h.short GROUP BY c.region',
  'SELECT c.region, COUNT(*), MAX(h.amount) FROM @country c JOIN @hit h ON c.code = h.short AND h.day > "2024-05-01" GROUP BY c.region',
  'SELECT UPPER(h.must), c.region, SUM(h.amount), MIN(h.amount) FROM @hit h JOIN @country c ON c.code = h.short GROUP BY h.must, c.region',
  'SELECT c.region, SUM(h.amount * c.weight) FROM @hit h JOIN @country c ON c.code = h.short GROUP BY c.region',
  'SELECT c.region, COUNT(*) FROM @hit h JOIN @country c ON c.code = h.short AND c.weight < h.id WHERE h.loose LIKE "a%" GROUP BY c.region',
  'SELECT c.region, COUNT(h.id), SUM(h.amount) FROM @country c LEFT JOIN @hit h ON c.code = h.short GROUP BY c.region',
  'SELECT h.short = "us", COUNT(*) FROM @hit h JOIN @hit o ON o.short = h.short AND o.id < 30 GROUP BY h.short',
  'SELECT COUNT(*) FROM @hit h JOIN @country c ON c.code = h.short GROUP BY h.short COLLATE utf8mb4_bin',
  'SELECT short IS NULL, COUNT(*), SUM(amount) FROM @hit WHERE id < 0 GROUP BY short',
]

async function both(sql: string): Promise<readonly (readonly string[])[]> {
  return Promise.all(
    ENGINES.map(async ([suffix]) => {
      const rows = await session.rows(sql.replaceAll(/@(hit|country)/g, `$1_${suffix}`))
      return rows.map((row) => JSON.stringify(row)).sort()
    }),
  )
}

async function compareAll(): Promise<void> {
  for (const sql of QUERIES) {
    const [memory, chdb] = await both(sql)
    expect([sql, chdb]).toEqual([sql, memory])
  }
}

describe('how many different texts there are', () => {
  test.each([10, 1000, 20_000, 200_000])('is told by a sample: of %i', (count) => {
    let seed = 1
    const sample = Array.from({ length: 16_384 }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return `text ${Math.floor((seed / 2 ** 32) * count)}`
    })
    expect(likely(sample)).toBeGreaterThan(count * 0.85)
    expect(likely(sample)).toBeLessThan(count * 1.15)
  })

  test('is not told by texts that are all different, or by a few', () => {
    expect(likely(Array.from({ length: 5000 }, (_, i) => String(i)))).toBe(Infinity)
    expect(likely([...Array.from({ length: 5000 }, () => null), 'a', 'b'])).toBe(Infinity)
    expect(likely(Array.from({ length: 5000 }, () => null))).toBe(Infinity)
  })
})

describeWithEngine('dictionaries', () => {
  beforeAll(async () => {
    for (const [suffix, name] of ENGINES) {
      await session.run(`CREATE TABLE hit_${suffix} ${COLUMNS} ENGINE=${name}`)
      await session.run(
        `CREATE TABLE country_${suffix} (code VARCHAR(3), region VARCHAR(20), weight INT) ENGINE=${name}`,
      )
      await session.run(`INSERT INTO country_${suffix} VALUES ${COUNTRIES}`)
      // The first row says nothing, the next ones do, and those that come then are of all kinds.
      await session.run(`INSERT INTO hit_${suffix} VALUES ${rowsFrom(0, 1)}`)
      await session.run(`INSERT INTO hit_${suffix} VALUES ${rowsFrom(1, ROWS)}`)
    }
  }, 60_000)

  test('are for columns of few texts', async () => {
    expect(await dictionaries('hit_c')).toEqual(['loose', 'short', 'must', 'padded', 'two', 'plain'])
    expect(await dictionaries('country_c')).toEqual([])
  })

  test('answer as MySQL does', compareAll, 30_000)

  test('group by them in two phases', async () => {
    const explain = async (sql: string): Promise<string> =>
      String(
        (
          await session.rows(`EXPLAIN FORMAT=TREE ${sql.replaceAll('@', '').replaceAll('hit', 'hit_c')}`)
        )[0]?.[0],
      )
    expect(await explain('SELECT COUNT(*) FROM hit GROUP BY loose')).toMatch(/GROUP BY c\d+\) GROUP BY/)
    expect(await explain('SELECT COUNT(*) FROM hit GROUP BY short, day')).toContain('reinterpretAsUInt')
    // Twice as many groups would cost more than it saves.
    expect(await explain('SELECT COUNT(*) FROM hit GROUP BY loose, pieces')).not.toMatch(
      /GROUP BY .* GROUP BY/,
    )
  })

  test('answer so when rows change, come and go', async () => {
    for (const [suffix] of ENGINES) {
      await session.run(
        `UPDATE hit_${suffix} SET short = 'été', must = 'é', loose = 'annä' WHERE id % 13 = 1`,
      )
      await session.run(`DELETE FROM hit_${suffix} WHERE id % 17 = 3`)
      await session.run(`INSERT INTO hit_${suffix} VALUES ${rowsFrom(10_000, 20)}`)
    }
    await compareAll()
    await session.run('OPTIMIZE TABLE hit_c')
    await compareAll()
    expect(await dictionaries('hit_c')).toEqual(['loose', 'short', 'must', 'padded', 'two', 'plain'])
  }, 60_000)

  test('come with OPTIMIZE TABLE, where rows came one by one', async () => {
    await session.run(
      'CREATE TABLE late (id INT PRIMARY KEY, word VARCHAR(10), other VARCHAR(40)) ENGINE=chdb',
    )
    const rows = (first: number): string =>
      Array.from(
        { length: 600 },
        (_, i) => `(${first + i}, '${['x', 'X', 'é'][i % 3] ?? ''}', '${first + i}')`,
      ).join()
    await session.run(`INSERT INTO late VALUES ${rows(0)}`)
    await session.run(`INSERT INTO late VALUES ${rows(600)}`)
    expect(await dictionaries('late')).toEqual([])
    await session.run('OPTIMIZE TABLE late')
    expect(await dictionaries('late')).toEqual(['word'])
    expect(await session.rows('SELECT MIN(id), COUNT(*) FROM late GROUP BY word ORDER BY 1')).toEqual([
      ['0', '800'],
      ['2', '400'],
    ])
  })

  test('are for rows of LOAD DATA and INSERT … SELECT, too', async () => {
    await session.run('CREATE TABLE copied LIKE hit_c')
    await session.run('INSERT INTO copied SELECT * FROM hit_m')
    expect(await dictionaries('copied')).toContain('loose')
    await session.run('TRUNCATE TABLE copied')
    await session.run('INSERT INTO copied SELECT * FROM hit_m WHERE id < 100')
    expect(await session.rows('SELECT COUNT(*) FROM copied WHERE loose = "anna"')).toEqual(
      await session.rows('SELECT COUNT(*) FROM hit_m WHERE id < 100 AND loose = "anna"'),
    )
  })
})
