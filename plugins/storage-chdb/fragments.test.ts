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

/** Queries by chance; more of them by an environment variable. */
const ROUNDS = Number(process.env.FRAGMENT_QUERIES ?? 80)

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
      `CREATE TABLE item_${suffix} (id SMALLINT PRIMARY KEY, price DECIMAL(8, 2), kind VARCHAR(10),
        label VARCHAR(10) COLLATE utf8mb4_0900_ai_ci, tag VARCHAR(10) COLLATE utf8mb4_bin) ENGINE=${name}`,
    )
    await session.run(
      `INSERT INTO item_${suffix} VALUES (0, 0.99, 'a', 'Anna', 'x'), (1, 12.50, 'b', 'anna', 'x '),
        (2, NULL, 'a', 'b_b', 'a'), (3, -1.25, NULL, NULL, NULL), (4, 7, '', '', '')`,
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
      one(["'anna'", "'Anna'", "'ÄNNA'", "'bob'", "'anna\\t'", "'\\0b'", "'straße 😀'", 'NULL']),
      one(["'a'", "'a '", "'a  '", "'b'", "'a\\t'", "'a \\t'", 'NULL']),
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

/** Compares the answers of both; answers why chDB didn't run the whole of it, or an empty text. */
async function compare(sql: string): Promise<string> {
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
  const refusal = /doesn't run the whole: (.*)/.exec(plan)?.[1]
  return refusal ?? (plan.includes('Run in storage chdb') ? '' : 'it was not asked')
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
  'SELECT COUNT(*), COUNT(DISTINCT name), MIN(LENGTH(name)) FROM @sale GROUP BY name',
  "SELECT COUNT(*) FROM @sale WHERE name = 'ANNA' OR name > 'annb' OR name BETWEEN 'ä' AND 'b'",
  "SELECT id FROM @sale WHERE name LIKE 'a%n_' OR name LIKE '%É%' OR padded LIKE 'a %' OR code LIKE '_'",
  "SELECT id FROM @sale WHERE padded < 'b' AND padded >= 'a' AND name NOT LIKE 'bob'",
  'SELECT s.id, t.id FROM @sale s JOIN @sale t ON s.name = t.name AND s.padded = t.padded WHERE t.id < 30',
  'SELECT id FROM @sale ORDER BY name, padded, code, id LIMIT 50',
  'SELECT COUNT(*) FROM (SELECT DISTINCT name, item FROM @sale) x',
  'SELECT i.kind, COUNT(s.id) FROM @item i LEFT JOIN @sale s ON s.item = i.id GROUP BY i.kind',
  'SELECT i.id FROM @item i WHERE EXISTS (SELECT 1 FROM @sale s WHERE s.item = i.id AND s.amount > 1)',
  'SELECT s.id FROM @sale s WHERE NOT EXISTS (SELECT 1 FROM @item i WHERE s.item = i.id)',
  'SELECT s.id, i.price FROM @sale s LEFT JOIN @item i ON i.id = s.item AND i.price > 1',
  'SELECT item, SUM(amount) / COUNT(*), ROUND(SUM(amount) / COUNT(*), 2), SUM(amount) / COUNT(*) * 100 FROM @sale GROUP BY item',
  'SELECT ROUND(amount, 1), ROUND(amount), TRUNCATE(amount, 2), amount / 7, pieces DIV 7, pieces % 7, ROUND(item, -1) FROM @sale ',
  'SELECT amount / NULLIF(pieces, 0), FLOOR(amount), CEIL(amount), ABS(item) FROM @sale ',
  "SELECT CASE WHEN amount > 1 THEN 'big' WHEN amount < 0 THEN code ELSE 'small' END, CASE item WHEN 1 THEN 'x' END FROM @sale ",
  "SELECT NULLIF(code, 'a'), COALESCE(item, pieces, 0), IF(item > 2, day, NULL) FROM @sale ",
  "SELECT DATE_FORMAT(at, '%Y-%m-%d %H:%i:%s %p %h it''s \\\\'), DATE(at), HOUR(at), MINUTE(at), SECOND(at) FROM @sale ",
  "SELECT DATE_FORMAT(day, '%Y-%m') AS m, COUNT(*) FROM @sale GROUP BY m ORDER BY m",
  'SELECT DAYOFWEEK(day), WEEKDAY(at), DAYOFYEAR(day), TO_DAYS(day), DATEDIFF(at, day), EXTRACT(YEAR_MONTH FROM at) FROM @sale ',
  "SELECT CONCAT(code, '-', padded), LEFT(code, 2), RIGHT(name, 2), SUBSTRING(name, 2), SUBSTRING(name, -2, 1), CHAR_LENGTH(name), TRIM(padded) FROM @sale ",
  'SELECT id, item FROM @sale WHERE id < 20 UNION ALL SELECT id, id FROM @item ',
  'SELECT code FROM @sale UNION SELECT kind FROM @item ',
  'SELECT id, RANK() OVER (PARTITION BY item ORDER BY amount DESC), DENSE_RANK() OVER (ORDER BY day), ROW_NUMBER() OVER (PARTITION BY code ORDER BY id) FROM @sale ',
  'SELECT id, SUM(pieces) OVER (PARTITION BY item ORDER BY id), AVG(amount) OVER (PARTITION BY item), COUNT(*) OVER (ORDER BY day) FROM @sale ',
]

describeWithEngine('fragments', () => {
  test.each(WHOLE)('run as a whole and answer alike: %s', async (sql) => {
    expect([sql, await compare(sql)]).toEqual([sql, ''])
  })

  test.each([
    'SELECT big + 1 FROM @sale WHERE id = 3',
    'SELECT amount / pieces FROM @sale ',
    'SELECT LOWER(code) FROM @sale ',
    'SELECT COUNT(*) FROM @sale GROUP BY LEFT(name, 2)',
    'SELECT DATE_ADD(day, INTERVAL 1 DAY) FROM @sale ',
    'SELECT s.id FROM @sale s LEFT JOIN @item i ON i.id = s.item AND i.price < s.amount',
    "SELECT id FROM @sale WHERE name LIKE '|%' ESCAPE '|'",
  ])('are refused where the answer could differ: %s', async (sql) => {
    expect([sql, await compare(sql)]).not.toEqual([sql, ''])
  })

  test.each([
    "SELECT id FROM @sale WHERE name LIKE '%\\_%'",
    'SELECT UPPER(name) FROM @sale ',
    'SELECT amount / 0 FROM @sale ',
    'SELECT amount / NULLIF(pieces, 3) FROM @sale ',
    "SELECT DATE_FORMAT(day, '%W %M') AS m, COUNT(*) FROM @sale GROUP BY m",
    "SELECT TRIM(BOTH 'a' FROM name) FROM @sale ",
    'SELECT pieces DIV 3, pieces DIV -7 FROM @sale WHERE pieces < 4',
  ])('go back to the server where a value decides: %s', async (sql) => {
    expect([sql, await compare(sql)]).toEqual([sql, ''])
  })

  test(
    'made by chance answer alike',
    async () => {
      const seed = Date.now() % 1_000_000
      const random = generator(seed)
      let whole = 0
      for (let i = 0; i < ROUNDS; i++) {
        const sql = randomQuery(random)
        try {
          if ((await compare(sql)) === '') whole++
        } catch (error) {
          throw new Error(`seed ${seed}, query ${i}: ${sql}`, { cause: error })
        }
      }
      expect(whole).toBeGreaterThan(ROUNDS / 2)
    },
    60_000 + ROUNDS * 100,
  )
})

const NUMBERS = ['item', 'pieces', 'amount', 'big', 'huge', 'weight', 's.id']
const SMALL_NUMBERS = ['item', 'pieces', 'amount', 's.id', 'i.price']
const TEXTS = ['code', 'name', 'padded', 'i.kind', 'i.label', 'i.tag']
const DATES = ['day', 'at']
/** Equal texts of these may be shown by any of them: only something that is the same of all is shown. */
const LOOSE = /name|padded|label|tag/

function randomQuery(random: () => number): string {
  const one = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? ''
  const maybe = (chance: number, text: () => string): string => (random() < chance ? text() : '')
  const column = () => one([...NUMBERS, ...TEXTS, ...DATES, 'i.price'])
  const shown = (): string => {
    const of = column()
    return LOOSE.test(of) ? `UPPER(RTRIM(${of})) IS NULL` : of
  }
  const number = () => one([...NUMBERS, 'i.price'])
  const small = () => one(SMALL_NUMBERS)
  const text = () => one(TEXTS)
  const date = () => one(DATES)
  const textLiteral = () => one(["'a'", "'A'", "''", "'anna'", "'a '", "'ÄN'", "'\\t'"])
  const literal = (of: string) =>
    TEXTS.includes(of)
      ? textLiteral()
      : DATES.includes(of)
        ? one(["'2024-02-29'", "'0001-01-01'", "'2024-02-29 12:30:00.5'"])
        : one(['0', '1', '-1', '1.5', '12.345', '3000000000', '1e3'])
  const computed = (): string =>
    one([
      `${small()} ${one(['+', '-', '*'])} ${small()}`,
      `${small()} / ${one(['3', '7.25', '-12', 'NULLIF(pieces, 0)', 'NULLIF(amount, 0)'])}`,
      `(${small()} / 7) ${one(['+', '*'])} ${small()}`,
      `${one(['ROUND', 'TRUNCATE'])}(${one([small(), `${small()} / 3`])}, ${one(['0', '1', '2', '-1'])})`,
      `${one(['FLOOR', 'CEIL', 'ROUND', 'ABS'])}(${one(['item', 'amount', 'i.price'])})`,
      `${one(['item', 'pieces', 's.id'])} ${one(['DIV', '%'])} ${one(['3', '10'])}`,
      `CASE WHEN ${condition(0)} THEN ${small()} ELSE 0 END`,
      `CASE item WHEN 1 THEN 'one' WHEN 2 THEN code END`,
      `COALESCE(${small()}, ${small()}, 0)`,
      `-${one(['item', 'amount', 'i.price'])}`,
      `${one(['GREATEST', 'LEAST'])}(${one(['item', 'amount'])}, ${one(['i.price', '1', 's.id'])})`,
      `NULLIF(${one(['item', 'code', 'day', 'amount'])}, ${one(["'a'", '1', '2'])})`,
      `${one(['YEAR', 'MONTH', 'DAY', 'QUARTER', 'DAYOFWEEK', 'WEEKDAY', 'DAYOFYEAR', 'TO_DAYS', 'DATE', 'HOUR', 'SECOND'])}(${date()})`,
      `DATE_FORMAT(${date()}, ${one(["'%Y-%m'", "'%d.%m.%y %H:%i'", "'%c/%e %l %p %T'", "'%W'"])})`,
      `DATEDIFF(${date()}, ${one(["'2024-01-01'", 'day'])})`,
      `CONCAT(code, '/', i.kind)`,
      `${one(['LEFT', 'RIGHT', 'SUBSTRING'])}(code, ${one(['0', '1', '2'])})`,
      `${one(['CHAR_LENGTH', 'LENGTH'])}(${one(['code', 'i.kind'])})`,
    ])
  const pattern = () => one(["'a%'", "'%N_a'", "'%'", "'_'", "'%ä%'", "'an%a'", "''", "'%😀'", "'a '"])
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
      `${text()} ${maybe(0.3, () => 'NOT ')}LIKE ${pattern()}`,
      `${one(['name', 'padded', 'i.label', 'i.tag'])} ${one(['<', '=', '>='])} ${textLiteral()}`,
      `name ${one(['<', '=', '>='])} i.label`,
      `padded ${one(['<', '=', '>='])} i.tag`,
      `YEAR(${date()}) ${one(['=', '>'])} 2023`,
      `${one(['name', 'padded', 'code'])} ${one(['=', '<'])} ${textLiteral()} COLLATE ${one(['utf8mb4_bin', 'utf8mb4_0900_ai_ci'])}`,
      `name COLLATE utf8mb4_bin ${one(['=', '>', 'LIKE'])} ${textLiteral()}`,
    ])
  }
  const join = one([
    '@sale s JOIN @item i ON i.id = s.item',
    '@sale s LEFT JOIN @item i ON i.id = s.item',
    `@sale s LEFT JOIN @item i ON i.id = s.item AND i.price > ${one(['0', '5'])}`,
  ])
  const exists = () =>
    `${maybe(0.5, () => 'NOT ')}EXISTS (SELECT 1 FROM @item j WHERE j.id = s.${one(['item', 'id'])}${maybe(0.5, () => ' AND j.price > 1')})`
  const where = one([
    '',
    ` WHERE ${condition(2)}`,
    ` WHERE ${condition(1)}`,
    ` WHERE ${condition(1)} AND ${exists()}`,
  ])
  const kind = random()
  if (kind < 0.5) {
    const key = one([
      'item',
      'code',
      'day',
      'i.kind',
      'YEAR(at)',
      'name',
      'padded',
      'i.label',
      'i.tag',
      'name COLLATE utf8mb4_bin',
      "DATE_FORMAT(day, '%Y-%m')",
    ])
    const totals = Array.from({ length: 2 }, () =>
      one([
        'COUNT(*)',
        `COUNT(${column()})`,
        `COUNT(DISTINCT ${one([...TEXTS, ...DATES, 'amount', 'big'])})`,
        `COUNT(DISTINCT ${one(['item', 'code'])}, ${one(['name', 'day'])})`,
        `SUM(${number()})`,
        `AVG(${small()})`,
        `MIN(${one([...NUMBERS, 'code', ...DATES])})`,
        `MAX(${one([...NUMBERS, 'i.kind', ...DATES])})`,
        `CHAR_LENGTH(RTRIM(${one(['MIN', 'MAX'])}(${one(['padded', 'i.label', 'i.tag'])})))`,
        'SUM(pieces * i.price)',
        'SUM(IF(amount > 1, amount, 0))',
        'SUM(amount) / COUNT(*)',
        'ROUND(SUM(amount) / COUNT(*) * 100, 2)',
        'SUM(CASE WHEN item > 1 THEN 1 ELSE 0 END)',
      ]),
    )
    const having = maybe(0.2, () => ' HAVING COUNT(*) > 3')
    // How long equal names are differs, too.
    const shownKey = key.includes('name') ? '0' : LOOSE.test(key) ? `CHAR_LENGTH(RTRIM(${key}))` : key
    return `SELECT ${[shownKey, ...totals].join(', ')} FROM ${join}${where} GROUP BY ${key}${having}`
  }
  if (kind < 0.6) {
    const calls = one([
      `RANK() OVER (PARTITION BY ${one(['item', 'code', 'name', 'padded'])} ORDER BY ${one([...SMALL_NUMBERS, 'name', 'day'])} DESC)`,
      `ROW_NUMBER() OVER (PARTITION BY ${one(['item', 'name'])} ORDER BY s.id, i.id)`,
      `SUM(${one(['pieces', 'amount'])}) OVER (PARTITION BY ${one(['item', 'name'])} ORDER BY ${one(['s.id', 'day'])})`,
      `${one(['AVG', 'MAX', 'COUNT'])}(amount) OVER (PARTITION BY ${one(['item', 'day'])})`,
      `SUM(pieces) OVER (ORDER BY s.id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`,
    ])
    return `SELECT s.id, ${calls} AS w FROM ${join}${where}`
  }
  if (kind < 0.7) {
    const [first, second] = one([
      'item, code|id, kind',
      'name, item|kind, id',
      'amount, day|price, NULL',
    ]).split('|')
    const union = `SELECT ${first} FROM @sale s WHERE s.id < 60 UNION ${maybe(0.6, () => 'ALL ')}SELECT ${second} FROM @item`
    return one([
      `SELECT COUNT(*) FROM (${union}) u`,
      first?.includes('name') ? `SELECT COUNT(*) FROM (${union}) u` : union,
    ])
  }
  const distinct = maybe(0.3, () => 'DISTINCT ')
  const items = [shown(), computed(), computed()]
  const order = maybe(0.4, () => ' ORDER BY 1, 2, 3 LIMIT 1000')
  return `SELECT ${distinct}${items.map((each, i) => `${each} AS r${i}`).join(', ')} FROM ${join}${where}${order}`
}
