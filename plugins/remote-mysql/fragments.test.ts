/**
 * Goal: whatever part of a query a remote runs, the answer is the one that the server itself would give. Method: the same rows in memory, on
 * a MariaDB and on a second server of ours (and on a MySQL that is named), whose awkward values are many; the same queries on all, some
 * written down, most made by chance from a seed that a failure prints.
 */
import { MARIADB_PROGRAMS } from '../../test/differential/mariadb-server.js'
import type { TestSession } from '../../test/support/engine.js'
import { TEST_SEED } from '../../test/support/seed.js'
import { describeWithCommand } from '../../test/support/system-packages.js'
import { addressOf, startCompared, type Compared } from './testing/remote-databases.js'

const TABLES = [
  `CREATE TABLE sale (id INT PRIMARY KEY, item SMALLINT, pieces INT UNSIGNED, amount DECIMAL(12, 3), weight DOUBLE, ratio FLOAT,
    code VARCHAR(20) COLLATE utf8mb4_bin, name VARCHAR(20) COLLATE utf8mb4_general_ci, word VARCHAR(20) COLLATE utf8mb4_unicode_ci,
    old VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci, day DATE, at DATETIME(2), big BIGINT, huge DECIMAL(60, 5), time TIME(1),
    stamp TIMESTAMP NULL, KEY (item), KEY (code)) COLLATE utf8mb4_bin`,
  'CREATE TABLE item (id SMALLINT PRIMARY KEY, price DECIMAL(8, 2), kind VARCHAR(10)) COLLATE utf8mb4_bin',
]

describeWithCommand(MARIADB_PROGRAMS, 'fragments', () => {
  let compared: Compared
  let session: TestSession
  let databases: readonly string[]

  beforeAll(async () => {
    compared = await startCompared(TABLES, (_, port) => ({
      distrusted: {
        address: addressOf(port, { tls: { authority: undefined, verify: true } }),
        database: 'd',
      },
    }))
    session = compared.session
    databases = ['here', ...compared.remotes]
    for (const database of databases) {
      await session.run(
        `INSERT INTO ${database}.item VALUES (0, 0.99, 'a'), (1, 12.50, 'b'), (2, NULL, 'a'), (3, -1.25, NULL), (4, 7, '')`,
      )
      await session.run(`INSERT INTO ${database}.sale VALUES ${saleRows()}`)
      await session.run(`UPDATE ${database}.sale SET pieces = pieces + 7, code = 'changed' WHERE id % 17 = 3`)
      await session.run(`DELETE FROM ${database}.sale WHERE id % 23 = 5`)
    }
  }, 60_000)
  afterAll(() => compared.stop())

  /** Answers of all, and whether each remote ran the whole of it. */
  async function compare(sql: string): Promise<boolean> {
    const answers = []
    for (const database of [...databases, 'mixed']) {
      const [answer] = await session.execute(placed(sql, database))
      answers.push({
        database,
        sql,
        error: answer?.error?.number,
        types: answer?.columns.map(({ type }) => type),
        rows: sorted(answer?.rows),
      })
    }
    const [here] = answers
    for (const answer of answers) expect(answer).toEqual({ ...here, database: answer.database })
    const plans = await Promise.all(
      compared.remotes.map(
        async (each) => (await session.rows(`EXPLAIN FORMAT=TREE ${placed(sql, each)}`))[0]?.[0] ?? '',
      ),
    )
    return plans.every((plan) => plan.startsWith('-> Run in storage remote'))
  }

  test('a server that nobody vouches for is not spoken to, if certificates are checked', async () => {
    await expect(session.run('SELECT * FROM distrusted.item')).rejects.toMatchObject({
      number: 9101,
      message: expect.stringMatching(/certificate/) as string,
    })
  })

  test('the rows themselves are the same', async () => {
    expect(await compare('SELECT * FROM @sale')).toBe(false)
  })

  test.each([
    'SELECT COUNT(*) FROM @sale WHERE amount > 1',
    'SELECT item, COUNT(*), SUM(amount), AVG(amount), MIN(at), MAX(day) FROM @sale GROUP BY item',
    'SELECT SUM(pieces), SUM(big), SUM(huge), AVG(pieces), COUNT(DISTINCT code), COUNT(day) FROM @sale',
    'SELECT SUM(amount), MIN(amount), COUNT(*) FROM @sale WHERE id < 0',
    'SELECT code, SUM(pieces * amount) AS s FROM @sale GROUP BY code HAVING s > 10 ORDER BY s DESC, code LIMIT 3',
    "SELECT id FROM @sale WHERE name = 'ANNA' AND day >= '2024-01-01'",
    "SELECT id FROM @sale WHERE name IN ('änna', NULL) OR code BETWEEN 'b' AND 'z'",
    "SELECT id FROM @sale WHERE NOT (code IN ('a', NULL))",
    'SELECT name, COUNT(*) FROM @sale WHERE word IS NULL GROUP BY name HAVING COUNT(*) < 0',
    'SELECT i.kind, COUNT(s.id), SUM(s.amount) FROM @item i LEFT JOIN @sale s ON s.item = i.id AND s.amount > 0 GROUP BY i.kind',
    'SELECT i.id, x.n + 1 FROM @item i LEFT JOIN (SELECT item, COUNT(*) + 0 AS n FROM @sale GROUP BY item) x ON x.item = i.id ORDER BY 1',
    'SELECT s.id, i.price FROM @sale s JOIN @item i ON i.id = s.item AND i.price < s.amount ORDER BY s.id DESC LIMIT 7 OFFSET 2',
    'SELECT id FROM @item i WHERE EXISTS (SELECT 1 FROM @sale s WHERE s.item = i.id AND s.amount > 900) ORDER BY id',
    'SELECT id FROM @item i WHERE NOT EXISTS (SELECT 1 FROM @sale s WHERE s.item = i.id AND s.pieces = 3 AND s.amount IS NULL)',
    'SELECT kind FROM @item UNION ALL SELECT kind FROM @item ORDER BY 1 LIMIT 3',
    'SELECT big, huge FROM @sale WHERE big > 9007199254740992 OR huge < 0',
    'SELECT SUM(IF(amount > 0, amount, 0)), COUNT(IFNULL(code, NULL)), SUM(amount > 0) FROM @sale',
    'SELECT id, RANK() OVER (PARTITION BY item ORDER BY amount), SUM(pieces) OVER (ORDER BY id), COUNT(*) OVER () FROM @sale WHERE id < 50',
    "SELECT id, stamp FROM @sale WHERE stamp >= '2024-01-01' ORDER BY stamp, id",
    "SELECT id FROM @sale WHERE name LIKE 'a%' OR code LIKE '_' OR name NOT LIKE '%B'",
    'SELECT SUM(CASE WHEN amount > 0 THEN 1 WHEN amount IS NULL THEN 2 ELSE 0 END), COUNT(CASE item WHEN 1 THEN amount END) FROM @sale',
    'SELECT id, ROUND(amount, 1), ROUND(amount), ROUND(amount, -2), ABS(amount), FLOOR(amount), CEILING(amount * 2) FROM @sale',
    "SELECT id, SUBSTRING(code, 1, 2), LEFT(name, 1), RIGHT(name, 2), CONCAT(code, '-', code), SUBSTRING(name, -2) FROM @sale",
    'SELECT EXTRACT(YEAR FROM day), EXTRACT(MONTH FROM at), SUM(amount) FROM @sale GROUP BY 1, 2',
    'SELECT id, code COLLATE utf8mb4_general_ci AS c FROM @sale ORDER BY code COLLATE utf8mb4_general_ci, id',
    'SELECT DISTINCT YEAR(day), LENGTH(code), CHAR_LENGTH(code) FROM @sale',
    "SELECT id, CASE WHEN amount > 0 THEN 'high' WHEN amount IS NULL THEN code ELSE 'it''s' END AS c, IFNULL(name, '?') FROM @sale",
    "SELECT COALESCE(code, 'none') AS c, COUNT(*) FROM @sale WHERE IF(item > 1, name, 'Bob') >= 'anna' GROUP BY c ORDER BY c",
  ])('run as a whole and answer alike: %s', async (sql) => {
    expect([sql, await compare(sql)]).toEqual([sql, true])
  })

  test.each([
    "SELECT id FROM @sale WHERE IF(time IS NULL, TIME '12:30:00', time)",
    'SELECT id FROM @sale WHERE time OR day',
    "SELECT id, IFNULL(day, DATE '2024-01-01') AS d FROM @sale HAVING d > '2024-01-02'",
    "SELECT id FROM @sale WHERE CASE WHEN item > 1 THEN 'a' ELSE 'B' END = 'b'",
  ])('are computed here as far as a remote might not: %s', async (sql) => {
    await compare(sql)
  })

  test('made by chance answer alike', async () => {
    const random = generator(TEST_SEED)
    let whole = 0
    for (let i = 0; i < ROUNDS; i++) {
      const sql = randomQuery(random)
      try {
        if (await compare(sql)) whole++
      } catch (error) {
        throw new Error(`seed ${TEST_SEED}, query ${i}: ${sql}`, { cause: error })
      }
    }
    expect(whole).toBeGreaterThan(ROUNDS / 5)
  }, 60_000)
})

/** Queries by chance; more of them by an environment variable. */
const ROUNDS = Number(process.env.FRAGMENT_QUERIES ?? 40)

function saleRows(): string {
  const random = generator(7)
  const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T
  return Array.from({ length: 300 }, (_, id) => {
    const date = one(["'2024-02-29'", "'0001-01-01'", "'9999-12-31'", "'2023-07-14'", "'2024-02-01'", 'NULL'])
    return `(${[
      id,
      one([0, 1, 2, 3, 4, 5, 'NULL']),
      one([0, 1, 3, 4294967288, 'NULL']),
      one(['0', '-0.001', '1.5', '999999999.999', '-12.345', 'NULL']),
      one(['0', '-1.5', '0.25', '1e10', 'NULL']),
      one(['0', '0.1', '-3.4e38', '123456.789', 'NULL']),
      one(["''", "'a'", "'A'", "'a '", "'é'", "'😀'", 'NULL']),
      one(["'anna'", "'Anna'", "'ÄNNA'", "'bob'", "'anna '", 'NULL']),
      one(["'a'", "'ß'", "'SS'", "'ss '", "'b'", 'NULL']),
      one(["'a'", "'Ä'", "'ä'", "'z'", 'NULL']),
      date,
      date === 'NULL' ? 'NULL' : `CONCAT(${date}, ' ', '${one(['00:00:00', '23:59:59.99', '12:30:00.5'])}')`,
      one(['0', '9223372036854775807', '-9223372036854775808', '9007199254740993', 'NULL']),
      one(['0', '1234567890123456789012345678901234567890123456789012345.67891', '-0.00001', 'NULL']),
      one(["'00:00:00'", "'-838:59:59.0'", "'12:30:00.5'", 'NULL']),
      one(["'2024-02-29 12:30:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", 'NULL']),
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

/** `mixed` has one table on each of the two servers. */
function placed(sql: string, database: string): string {
  if (database === 'mixed') return sql.replaceAll('@sale', 'maria.sale').replaceAll('@item', 'second.item')
  return sql.replaceAll(/@(sale|item)/g, `${database}.$1`)
}

function sorted(rows: readonly (readonly (string | null)[])[] = []): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}

const NUMBERS = ['item', 'pieces', 'amount', 'big', 'huge', 'weight', 'ratio', 's.id']
const TEXTS = ['code', 'name', 'word', 'old']
const TIMES = ['day', 'at', 'time', 'stamp']
/** Equal texts of these may be shown by any of them. */
const LOOSE = /^(name|word|old|code|i\.kind)$/

function randomQuery(random: () => number): string {
  const one = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? ''
  const maybe = (chance: number, text: () => string): string => (random() < chance ? text() : '')
  const column = () => one([...NUMBERS, ...TEXTS, ...TIMES, 'i.price', 'i.kind'])
  const shown = (): string => {
    const of = column()
    return LOOSE.test(of) ? shown() : of
  }
  const number = () => one([...NUMBERS, 'i.price'])
  const literal = (of: string): string => {
    if (/code|name|word|old|kind/.test(of)) return one(["'a'", "'A'", "''", "'anna'", "'a '", "'ss'", "'ä'"])
    if (of === 'time') return one(["'12:30:00.5'", "'-838:59:59'", "'00:00:00.05'"])
    if (TIMES.includes(of))
      return one(["'2024-02-29'", "'0001-01-01'", "'2024-02-29 12:30:00.5'", "'1999-09-09 09:09:09'"])
    return one(['0', '1', '-1', '1.5', '12.345', '3000000000', '1e3', '0.1'])
  }
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
      `${one(['code', 'name', 'word', 'i.kind'])} ${maybe(0.3, () => 'NOT ')}LIKE ${one(["'a%'", "'_'", "'%A%'", "'a\\\\_'", "''"])}`,
      `ROUND(amount, ${one(['0', '1', '-1'])}) = ${one(['0', '1.5', '-12.3'])}`,
      `CONCAT(LEFT(code, 1), RIGHT(code, 1)) = ${one(["'aa'", "'AA'"])}`,
      `CASE WHEN amount > 1 THEN item ELSE pieces END > ${one(['0', '2'])}`,
    ])
  }
  const join = one(['JOIN', 'JOIN', 'LEFT JOIN'])
  const from = `@sale s ${join} @item i ON i.id = s.item`
  const where = maybe(0.7, () => ` WHERE ${condition(2)}`)
  if (random() < 0.6) {
    const keys = [one(['item', 'day', 'i.price', 'YEAR(at)', 'stamp'])]
    const totals = Array.from({ length: 2 }, () =>
      one([
        'COUNT(*)',
        `COUNT(${column()})`,
        `COUNT(DISTINCT ${column()})`,
        `SUM(${one(['item', 'pieces', 'amount', 'big', 'huge', 'i.price'])})`,
        `AVG(${one(['item', 'pieces', 'amount', 'i.price'])})`,
        `AVG(${one(['item', 'amount'])}) * 3`,
        `MIN(${shown()})`,
        `MAX(${shown()})`,
        'SUM(pieces * i.price)',
        'SUM(IF(amount > 1, amount, 0))',
      ]),
    )
    return `SELECT ${[...keys, ...totals].join(', ')} FROM ${from}${where} GROUP BY ${keys.join()}`
  }
  const distinct = maybe(0.3, () => 'DISTINCT ')
  const items = [
    shown(),
    shown(),
    one(['pieces + item', 'amount - i.price', 'item * 2', 'MONTH(day)', 'weight + 1']),
  ]
  const order = maybe(0.4, () => ' ORDER BY 1, 2, 3 LIMIT 1000')
  return `SELECT ${distinct}${items.map((each, i) => `${each} AS r${i}`).join(', ')} FROM ${from}${where}${order}`
}
