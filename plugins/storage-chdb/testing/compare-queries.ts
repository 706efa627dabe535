/**
 * Compares queries by chance: `npm run fragments -- [--queries 50000] [--seed 1]`. Prints each that differs, and how many ran in chDB as a
 * whole.
 */
import { removeTemporaryFolders, temporaryFolder } from '../../../test/support/temporary-folder.js'
import { Random } from '../../../test/random-sql/random.js'
import { FragmentComparison } from './fragment-comparison.js'
import { randomQuery } from './random-fragments.js'

const args = process.argv.slice(2)

function numberAfter(name: string, otherwise: number): number {
  const at = args.indexOf(name)
  return at < 0 ? otherwise : Number(args[at + 1])
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

const queries = numberAfter('--queries', 50_000)
const seed = numberAfter('--seed', Date.now() % 1_000_000)
const random = new Random(seed)
const comparison = await FragmentComparison.start(temporaryFolder())
const refusals = new Map<string, number>()
let started = 0
let ended = 0
let whole = 0
let differences = 0
let upToPlan = 0
let upToZeros = 0
print(`seed ${seed}`)

async function compareSome(own: FragmentComparison): Promise<void> {
  while (started < queries) {
    const number = ++started
    const sql = randomQuery(random)
    const { difference, refusal, isUpToPlan, isUpToZeros } = await own.compare(sql)
    if (refusal === '') whole++
    else refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1)
    if (isUpToPlan) upToPlan++
    if (isUpToZeros) {
      upToZeros++
      print(`query ${number} takes 0 for -0: ${sql}`)
    }
    if (difference !== undefined) {
      differences++
      print(`query ${number}: ${sql}\n  ${difference}`)
    }
    if (++ended % 1000 === 0) print(`${ended} queries, ${differences} differ, ${whole} ran as a whole`)
  }
}

const AT_ONCE = 4
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    await compareSome(await comparison.beside())
  }),
)
await comparison.stop()
removeTemporaryFolders()
const commonest = [...refusals].sort((a, b) => b[1] - a[1]).slice(0, 12)
for (const [refusal, count] of commonest) print(`${count} times: ${refusal}`)
print(
  `${upToPlan} failed in one of both, by their plans; ${upToZeros} took 0 for -0 where equal values are merged`,
)
print(
  `seed ${seed}: ${queries} queries, ${differences} differ, ${((whole / queries) * 100).toFixed(1)}% ran as a whole`,
)
process.exitCode = differences === 0 ? 0 : 1
