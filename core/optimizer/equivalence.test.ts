/**
 * Goal: no rule changes what a query answers. Method: random queries over random rows, run by two engines of which only one optimizes;
 * the seeds are fixed, more rounds come with EQUIVALENCE_ROUNDS and another start with EQUIVALENCE_SEED.
 */
import { inspect } from 'node:util'
import { QueryGenerator, Random, rowsOf, SCHEMA } from './testing/random-queries.js'
import { changeOptimizer, TwinEngines } from './testing/twin-engines.js'

const ROUNDS = Number(process.env.EQUIVALENCE_ROUNDS ?? 400)
const SEED = Number(process.env.EQUIVALENCE_SEED ?? 1)

/** Errors of values that one plan looks at and another doesn't: a bad date, a result out of range, too much memory. */
const DEPENDS_ON_PLAN: ReadonlySet<string> = new Set(['error 1292', 'error 1525', 'error 1690', 'error 3170'])

let twins: TwinEngines

beforeAll(async () => {
  twins = await TwinEngines.start('test')
  const random = new Random(SEED)
  for (const [i, sql] of SCHEMA.entries()) {
    await twins.both(sql)
    const table = ['a', 'b', 'c', 'w'][i] ?? ''
    for (const insert of rowsOf(table, 24, random)) await twins.both(insert)
  }
}, 60_000)
afterAll(() => twins.stop())

test(
  'random queries answer the same with and without rules',
  async () => {
    const different: string[] = []
    for (let round = 0; round < ROUNDS && different.length < 5; round++) {
      // Tables are small so that queries are quick; the optimizer shall find them large, or of any size.
      const size = new Random(SEED * 7_000_003 + round)
      const rows = new Map<string, number>()
      changeOptimizer(twins.optimized, {
        statistics: ({ name }) => {
          const known = rows.get(name) ?? size.pick([100, 2000, 20_000, 100_000])
          rows.set(name, known)
          return { rows: known, bytes: known * 100 }
        },
      })
      const { sql, isOrdered } = new QueryGenerator(new Random(SEED * 1_000_003 + round)).query()
      const { optimized, plain } = await twins.compare(sql, isOrdered)
      if (JSON.stringify(optimized) === JSON.stringify(plain)) continue
      if ([optimized, plain].some((answer) => DEPENDS_ON_PLAN.has(String(answer)))) continue
      different.push(
        `${sql}\noptimized: ${shown(optimized)}\nplain:     ${shown(plain)}\n${await twins.explain(sql)}`,
      )
    }
    expect(different).toEqual([])
  },
  60_000 + ROUNDS * 200,
)

test(
  'random changes leave the same rows',
  async () => {
    const different: string[] = []
    for (let round = 0; round < ROUNDS / 4 && different.length < 5; round++) {
      const { sql, table } = new QueryGenerator(new Random(SEED * 2_000_003 + round)).change()
      await twins.both('START TRANSACTION')
      const answers = await twins.compare(sql, false)
      const left = await twins.compare(`SELECT * FROM ${table}`, false)
      await twins.both('ROLLBACK')
      if ([answers.optimized, answers.plain].some((answer) => DEPENDS_ON_PLAN.has(String(answer)))) continue
      if (JSON.stringify(answers.optimized) !== JSON.stringify(answers.plain)) {
        different.push(`${sql}\n${shown(answers.optimized)}\n${shown(answers.plain)}`)
      }
      if (JSON.stringify(left.optimized) === JSON.stringify(left.plain)) continue
      different.push(`${sql}\n${shown(left.optimized)}\n${shown(left.plain)}`)
    }
    expect(different).toEqual([])
  },
  60_000 + ROUNDS * 200,
)

function shown(answer: unknown): string {
  return inspect(answer, { depth: 6 }).slice(0, 600)
}
