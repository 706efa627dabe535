/**
 * Goal: whatever part of a query runs in chDB, the answer is the one that the server itself would give. Method: the same rows in
 * memory storage and in chDB, whose awkward values are many; the same queries on both, some written down, most made by chance from a seed
 * that a failure prints.
 */
import { Random } from '../../test/random-sql/random.js'
import { TEST_SEED } from '../../test/support/seed.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { isEngineInstalled } from './index.js'
import { FragmentComparison } from './testing/fragment-comparison.js'
import { randomQuery } from './testing/random-fragments.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip

/** Queries by chance. `npm run fragments` compares more of them. */
const ROUNDS = 150

let comparison: FragmentComparison

beforeAll(async () => {
  if (isEngineInstalled()) comparison = await FragmentComparison.start(temporaryFolder())
}, 60_000)
afterAll(async () => {
  if (isEngineInstalled()) await comparison.stop()
  removeTemporaryFolders()
})

/** Compares the answers of both; answers why chDB didn't run the whole of it, or an empty text. */
async function compare(sql: string): Promise<string> {
  const { difference, refusal } = await comparison.compare(sql)
  expect([sql, difference]).toEqual([sql, undefined])
  return refusal
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
  "SELECT REPLACE(code, 'a', 'bc'), CONCAT_WS('-', code, padded), LPAD(code, 5, 'xy'), RPAD(name, 3, '*'), REVERSE(name), INSTR(code, 'b'), LOCATE('a', padded) FROM @sale ",
  'SELECT TIMESTAMPDIFF(MONTH, day, at), TIMESTAMPDIFF(SECOND, at, day), TIMESTAMPDIFF(YEAR, day, at) FROM @sale ',
  "SELECT seen, COUNT(*) FROM @sale WHERE seen >= '2024-01-01' OR seen < '1971-01-01 00:00:00' GROUP BY seen",
  'SELECT s.id FROM @sale s JOIN @sale t ON s.seen = t.seen WHERE t.id < 20 ORDER BY s.seen, s.id, t.id LIMIT 40',
  'SELECT state, flags, COUNT(*), SUM(DISTINCT item) FROM @sale GROUP BY state, flags ORDER BY state DESC, flags',
  'SELECT id, LAG(item) OVER (PARTITION BY code ORDER BY id), LEAD(name, 2) OVER (ORDER BY id), FIRST_VALUE(amount) OVER (PARTITION BY item ORDER BY id), LAST_VALUE(day) OVER (ORDER BY id DESC) IS NULL FROM @sale ',
  'SELECT id, SUM(amount) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING), MAX(day) OVER (ORDER BY id ROWS BETWEEN CURRENT ROW AND 3 FOLLOWING) FROM @sale ',
  'SELECT item, code, COUNT(*), SUM(item), GROUPING(code) FROM @sale GROUP BY item, code WITH ROLLUP',
  'SELECT item, MAX(item), COUNT(*) FROM @sale WHERE id < 0 GROUP BY item WITH ROLLUP',
  'SELECT id FROM @sale WHERE (item > 2) IS TRUE XOR (amount > 1) IS FALSE',
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
    'SELECT MIN(state), MAX(flags) FROM @sale ',
    'SELECT CEIL(tiny / -12) FROM @sale ',
    'SELECT id FROM @sale WHERE -big <= NULL',
    'SELECT name, COUNT(*) FROM @sale GROUP BY name WITH ROLLUP',
    "SELECT id FROM @sale WHERE state = 'new' OR flags = 'x'",
    'SELECT general, COUNT(*) FROM @sale GROUP BY general',
    "SELECT id FROM @sale WHERE name LIKE '|%' ESCAPE '|'",
  ])('are refused where the answer could differ: %s', async (sql) => {
    expect([sql, await compare(sql)]).not.toEqual([sql, ''])
  })

  test.each([
    "SELECT id FROM @sale WHERE name LIKE '%\\_%'",
    'SELECT UPPER(name) FROM @sale ',
    'SELECT amount / 0 FROM @sale ',
    'SELECT ROUND(big, -1) FROM @sale ',
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
      const random = new Random(TEST_SEED)
      let whole = 0
      for (let i = 0; i < ROUNDS; i++) {
        const sql = randomQuery(random)
        try {
          if ((await compare(sql)) === '') whole++
        } catch (error) {
          throw new Error(`seed ${TEST_SEED}, query ${i}: ${sql}`, { cause: error })
        }
      }
      expect(whole).toBeGreaterThan(ROUNDS / 4)
    },
    60_000 + ROUNDS * 100,
  )
})
