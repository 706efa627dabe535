/**
 * Goal: whatever part of a query runs in chDB, the answer is the one that the server itself would give. Method: the same rows in
 * memory storage and in chDB, whose awkward values are many; the same queries on both, some written down, most made by chance from a seed
 * that a failure prints.
 */
import { TestEngine, type TestSession } from '../../test/support/engine.js'
import { createStorage } from '../../test/support/storages.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { isEngineInstalled } from './index.js'
import { createTestStorage } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip

let engine: TestEngine
let session: TestSession

beforeAll(async () => {
  if (!isEngineInstalled()) return
  const folder = temporaryFolder()
  engine = await TestEngine.start([await createStorage('memory', folder), createTestStorage(folder)])
  session = await engine.session()
  await session.run('CREATE DATABASE d COLLATE utf8mb4_0900_bin')
  await session.run('USE d')
  for (const [suffix, name] of ENGINES) {
    await session.run(`CREATE TABLE sale_${suffix} (id INT PRIMARY KEY, item SMALLINT, pieces INT UNSIGNED,
      amount DECIMAL(12, 3), weight DOUBLE, code VARCHAR(20), name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci,
      padded VARCHAR(20) COLLATE utf8mb4_bin, day DATE, at DATETIME(2), big BIGINT, huge DECIMAL(60, 5)) ENGINE=${name}`)
    await session.run(
      `CREATE TABLE item_${suffix} (id SMALLINT PRIMARY KEY, price DECIMAL(8, 2), kind VARCHAR(10)) ENGINE=${name}`,
    )
    await session.run(
      `INSERT INTO item_${suffix} VALUES (0, 0.99, 'a'), (1, 12.50, 'b'), (2, NULL, 'a'), (3, -1.25, NULL), (4, 7, '')`,
    )
    await session.run(`INSERT INTO sale_${suffix} VALUES ${saleRows()}`)
    // Some rows get further versions.
    await session.run(`UPDATE sale_${suffix} SET pieces = pieces + 7, code = 'changed' WHERE id % 17 = 3`)
    await session.run(`DELETE FROM sale_${suffix} WHERE id % 23 = 5`)
    await session.run(`INSERT INTO sale_${suffix} (id, item) VALUES (5, 1)`)
  }
}, 60_000)
afterAll(async () => {
  if (isEngineInstalled()) await engine.stop()
  removeTemporaryFolders()
})

const ENGINES = [
  ['m', 'memory'],
  ['c', 'chdb'],
] as const

function saleRows(): string {
  const random = generator(7)
  const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  const day = () =>
    one(["'2024-02-29'", "'0001-01-01'", "'9999-12-31'", "'2023-07-14'", "'2024-02-01'", 'NULL'])
  return Array.from({ length: 400 }, (_, id) => {
    const date = day()
    return `(${[
      id,
      one([0, 1, 2, 3, 4, 5, 'NULL']),
      one([0, 1, 3, 4294967288, 'NULL']),
      one(['0', '-0.001', '1.5', '999999999.999', '-12.345', 'NULL']),
      one(['0', '-1.5', '0.25', '1e10', 'NULL']),
      one(["''", "'a'", "'A'", "'a '", "'é'", "'😀'", 'NULL']),
      one(["'anna'", "'Anna'", "'ÄNNA'", "'bob'", 'NULL']),
      one(["'a'", "'a '", "'a  '", "'b'", 'NULL']),
      date,
      date === 'NULL' ? 'NULL' : `CONCAT(${date}, ' ', '${one(['00:00:00', '23:59:59.99', '12:30:00.5'])}')`,
      one(['0', '9223372036854775807', '-9223372036854775808', '9007199254740993', 'NULL']),
      one(['0', '1234567890123456789012345678901234567890123456789012345.67891', '-0.00001', 'NULL']),
    ].join()})`
  }).join()
}

/** The same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Answers of both, and whether chDB ran the whole of it. */
async function compare(sql: string): Promise<boolean> {
  const [onMemory, onChdb] = await Promise.all(
    ENGINES.map(async ([suffix]) => {
      const [answer] = await session.execute(placed(sql, suffix))
      return answer
    }),
  )
  expect([sql, onChdb?.error?.message]).toEqual([sql, onMemory?.error?.message.replaceAll('_m', '_c')])
  expect([sql, onChdb?.columns.map(({ type }) => type)]).toEqual([
    sql,
    onMemory?.columns.map(({ type }) => type),
  ])
  expect([sql, sorted(onChdb?.rows)]).toEqual([sql, sorted(onMemory?.rows)])
  const plan = (await session.rows(`EXPLAIN FORMAT=TREE ${placed(sql, 'c')}`))[0]?.[0] ?? ''
  return plan.includes('Run in storage chdb') && !plan.includes("doesn't run the whole")
}

function placed(sql: string, suffix: string): string {
  return sql.replaceAll(/@(sale|item)/g, `$1_${suffix}`)
}

function sorted(rows: readonly (readonly (string | null)[])[] = []): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}

const WHOLE = [
  'SELECT COUNT(*) FROM @sale WHERE amount > 1',
  'SELECT item_id, COUNT(*), SUM(amount), AVG(amount), MIN(at), MAX(day) FROM (SELECT item AS item_id, amount, at, day FROM @sale) x GROUP BY item_id',
  'SELECT SUM(pieces), SUM(big), SUM(huge), AVG(pieces), COUNT(DISTINCT code), COUNT(day) FROM @sale ',
  'SELECT SUM(amount), MIN(amount), AVG(weight), COUNT(*) FROM @sale WHERE id < 0',
  'SELECT code, SUM(pieces * amount) AS s FROM @sale GROUP BY code HAVING s > 10 ORDER BY s DESC, code LIMIT 3',
  'SELECT YEAR(day), MONTH(at), QUARTER(day), DAYOFMONTH(at), COUNT(*) FROM @sale GROUP BY 1, 2, 3, 4',
  "SELECT id FROM @sale WHERE padded = 'a' AND day >= '2024-01-01'",
  "SELECT id FROM @sale WHERE code IN ('a', NULL) OR code BETWEEN 'b' AND 'z'",
  "SELECT id FROM @sale WHERE NOT (code IN ('a', NULL))",
  'SELECT DISTINCT x.kind, day FROM (SELECT kind, id FROM @item) x, @sale WHERE x.id = 1',
  'SELECT i.kind, SUM(s.amount), COUNT(*) FROM @sale s JOIN @item i ON i.id = s.item WHERE i.price > 0 GROUP BY i.kind',
  'SELECT s.id, i.price FROM @sale s JOIN @item i ON i.id = s.item AND i.price < s.amount ORDER BY s.id DESC LIMIT 7 OFFSET 2',
  'SELECT big, huge FROM @sale WHERE big > 9007199254740992 OR huge < 0',
  'SELECT SUM(IF(amount > 0, amount, 0)), COUNT(IFNULL(code, NULL)), SUM(amount > 0) FROM @sale ',
  'SELECT id, at FROM @sale WHERE at >= day AND amount <=> NULL',
]

describeWithEngine('fragments', () => {
  test.each(WHOLE)('run as a whole and answer alike: %s', async (sql) => {
    expect([sql, await compare(sql)]).toEqual([sql, true])
  })

  test.each([
    'SELECT COUNT(*) FROM @sale GROUP BY name',
    'SELECT big + 1 FROM @sale WHERE id = 3',
    'SELECT UPPER(code), amount / 3 FROM @sale ',
    "SELECT id FROM @sale WHERE padded < 'b'",
    'SELECT i.kind, COUNT(s.id) FROM @item i LEFT JOIN @sale s ON s.item = i.id GROUP BY i.kind',
  ])('are refused where the answer could differ: %s', async (sql) => {
    expect([sql, await compare(sql)]).toEqual([sql, false])
  })

  test('made by chance answer alike', async () => {
    const seed = Date.now() % 1_000_000
    const random = generator(seed)
    let whole = 0
    for (let i = 0; i < ROUNDS; i++) {
      const sql = randomQuery(random)
      try {
        if (await compare(sql)) whole++
      } catch (error) {
        throw new Error(`seed ${seed}, query ${i}: ${sql}`, { cause: error })
      }
    }
    expect(whole).toBeGreaterThan(ROUNDS / 5)
  }, 60_000)
})

/** Queries by chance; more of them by an environment variable. */
const ROUNDS = Number(process.env.FRAGMENT_QUERIES ?? 80)

const NUMBERS = ['item', 'pieces', 'amount', 'big', 'huge', 'weight', 's.id']
const OTHERS = ['code', 'name', 'padded', 'day', 'at']
/** Equal texts of these may be shown by any of them. */
const LOOSE = /^(name|padded)$/

function randomQuery(random: () => number): string {
  const one = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? ''
  const maybe = (chance: number, text: () => string): string => (random() < chance ? text() : '')
  const column = () => one([...NUMBERS, ...OTHERS, 'i.price', 'i.kind'])
  const shown = (): string => {
    const of = column()
    return LOOSE.test(of) ? shown() : of
  }
  const number = () => one([...NUMBERS, 'i.price'])
  const literal = (of: string) =>
    /code|name|padded|kind/.test(of)
      ? one(["'a'", "'A'", "''", "'anna'", "'a '"])
      : of === 'day' || of === 'at'
        ? one(["'2024-02-29'", "'0001-01-01'", "'2024-02-29 12:30:00.5'"])
        : one(['0', '1', '-1', '1.5', '12.345', '3000000000', '1e3'])
  const condition = (depth: number): string => {
    const of = column()
    if (depth > 0 && random() < 0.4) {
      return `(${condition(depth - 1)} ${one(['AND', 'OR'])} ${condition(depth - 1)})`
    }
    return one([
      `${of} ${one(['=', '<>', '<', '<=', '>', '>=', '<=>'])} ${literal(of)}`,
      `${of} IS ${maybe(0.5, () => 'NOT ')}NULL`,
      `${maybe(0.5, () => 'NOT ')}${of} IN (${literal(of)}, ${literal(of)}${maybe(0.3, () => ', NULL')})`,
      `${of} ${maybe(0.3, () => 'NOT ')}BETWEEN ${literal(of)} AND ${literal(of)}`,
      `${number()} ${one(['<', '=', '>='])} ${number()}`,
    ])
  }
  const from = `@sale s JOIN @item i ON i.id = s.item`
  const where = maybe(0.7, () => ` WHERE ${condition(2)}`)
  if (random() < 0.6) {
    const keys = [one(['item', 'code', 'day', 'i.kind', 'YEAR(at)'])]
    const totals = Array.from({ length: 2 }, () =>
      one([
        'COUNT(*)',
        `COUNT(${column()})`,
        `COUNT(DISTINCT ${column()})`,
        `SUM(${number()})`,
        `AVG(${one(['item', 'pieces', 'amount', 'i.price'])})`,
        `MIN(${shown()})`,
        `MAX(${shown()})`,
        'SUM(pieces * i.price)',
        'SUM(IF(amount > 1, amount, 0))',
      ]),
    )
    return `SELECT ${[...keys, ...totals].join(', ')} FROM ${from}${where} GROUP BY ${keys.join()}`
  }
  const distinct = maybe(0.3, () => 'DISTINCT ')
  const items = [shown(), shown(), one(['pieces + item', 'amount - i.price', 'item * 2', 'MONTH(day)'])]
  const order = maybe(0.4, () => ' ORDER BY 1, 2, 3 LIMIT 1000')
  return `SELECT ${distinct}${items.map((each, i) => `${each} AS r${i}`).join(', ')} FROM ${from}${where}${order}`
}
