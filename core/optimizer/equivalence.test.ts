/**
 * Goal: no rule changes what a query answers. Method: random queries over random tables, run by two engines of which only one
 * optimizes; more rounds come with EQUIVALENCE_ROUNDS.
 */
import { inspect } from 'node:util'
import { ChangeGenerator } from '../../test/random-sql/changes.js'
import { QueryGenerator } from '../../test/random-sql/queries.js'
import { Random } from '../../test/random-sql/random.js'
import { randomRows, randomTables } from '../../test/random-sql/schema.js'
import { TEST_SEED } from '../../test/support/seed.js'
import { isOrdered } from '../../test/sql/comparison.js'
import { changeOptimizer, TwinEngines } from './testing/twin-engines.js'

/** Each has tables of its own. */
const ROUNDS = Number(process.env.EQUIVALENCE_ROUNDS ?? 10)
const QUERIES_PER_ROUND = 40
const CHANGES_PER_ROUND = 10
const DIFFERENT_MAX = 5

/** Errors of values that one plan looks at and another doesn't: a bad date or text, a result out of range, too much memory. */
const DEPENDS_ON_PLAN: ReadonlySet<string> = new Set(
  [1292, 1365, 1411, 1441, 1525, 1690, 3170].map((each) => `error ${each}`),
)

let twins: TwinEngines

beforeAll(async () => {
  twins = await TwinEngines.start('test')
}, 60_000)
afterAll(() => twins.stop())

test(
  'random statements answer the same with and without rules',
  async () => {
    const different: string[] = []
    for (let round = 0; round < ROUNDS && different.length < DIFFERENT_MAX; round++) {
      const random = new Random(TEST_SEED * 1_000_003 + round)
      await twins.both('CREATE DATABASE random')
      await twins.both('USE random')
      // What the optimizer asks for must not change what is asked of it.
      const sizes = new Random(TEST_SEED * 7_000_003 + round)
      different.push(...(await runRound(random, sizes)).map((text) => `round ${round}: ${text}`))
      await twins.both('DROP DATABASE random')
    }
    expect(different).toEqual([])
  },
  60_000 + ROUNDS * 5000,
)

async function runRound(random: Random, sizes: Random): Promise<readonly string[]> {
  const tables = randomTables(random)
  for (const table of tables) {
    await twins.both(table.create)
    for (const insert of randomRows(table, random)) await twins.compare(insert, false)
  }
  const queries = new QueryGenerator(random, tables, { lateral: true })
  const changes = new ChangeGenerator(random, tables, queries)
  const different: string[] = []
  for (let i = 0; i < QUERIES_PER_ROUND; i++) {
    pretendSizes(sizes)
    const sql = queries.query()
    different.push(...(await differencesOf(sql, isOrdered(sql))))
  }
  for (let i = 0; i < CHANGES_PER_ROUND; i++) {
    pretendSizes(sizes)
    await twins.both('START TRANSACTION')
    const sql = changes.change()
    different.push(...(await differencesOf(sql, false)))
    for (const { name } of tables) {
      const left = await differencesOf(`SELECT * FROM ${name}`, false)
      different.push(...left.map((text) => `after ${sql}\n${text}`))
    }
    await twins.both('ROLLBACK')
  }
  return different
}

/** Tables are small so that queries are quick; the optimizer shall find them large, or of any size. */
function pretendSizes(random: Random): void {
  const rows = new Map<string, number>()
  changeOptimizer(twins.optimized, {
    statistics: ({ name }) => {
      const known = rows.get(name) ?? random.pick([100, 2000, 20_000, 100_000])
      rows.set(name, known)
      return { rows: known, bytes: known * 100 }
    },
  })
}

async function differencesOf(sql: string, ordered: boolean): Promise<readonly string[]> {
  const { optimized, plain } = await twins.compare(sql, ordered)
  if (JSON.stringify(optimized) === JSON.stringify(plain)) return []
  if ([optimized, plain].some((answer) => DEPENDS_ON_PLAN.has(String(answer)))) return []
  return [`${sql}\noptimized: ${shown(optimized)}\nplain:     ${shown(plain)}\n${await twins.explain(sql)}`]
}

function shown(answer: unknown): string {
  return inspect(answer, { depth: 6 }).slice(0, 600)
}
