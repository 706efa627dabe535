/** The same tables in memory and in chDB, and the answers of both to the same query compared. */
import type { Answer, TestEngine, TestSession } from '../../../test/support/engine.js'
import { ENGINES, startBoth } from './both-engines.js'
import { placed, tableStatements } from './random-fragments.js'
import { createTestStorage } from './test-storage.js'

export interface Comparison {
  /** How the answers differ, or undefined. */
  readonly difference: string | undefined
  /** Why chDB didn't run the whole of it, or an empty text. */
  readonly refusal: string
  /** Whether one of both failed, or otherwise than the other one, in a plan of several parts. */
  readonly isUpToPlan: boolean
  /** Whether they are alike but for the signs of zeros, in a query that lets one of several equal values stand for all. */
  readonly isUpToZeros: boolean
}

/** What merges equal values: of 0 and -0, either may stand for both, by the order in which the rows come. */
const MERGES = /\b(?:DISTINCT|GROUP BY|INTERSECT|EXCEPT|UNION(?! ALL)|(?:MIN|MAX)\s*\()/i

export class FragmentComparison {
  private constructor(
    private readonly engine: TestEngine,
    private readonly session: TestSession,
  ) {}

  /** The same tables in a session of its own, so that several queries run at once. */
  async beside(): Promise<FragmentComparison> {
    const session = await this.engine.session()
    await session.run('USE d')
    return new FragmentComparison(this.engine, session)
  }

  static async start(folder: string): Promise<FragmentComparison> {
    const storage = createTestStorage(folder)
    const { engine, session } = await startBoth(storage, folder, {}, 'utf8mb4_0900_bin')
    for (const [suffix, name] of ENGINES) {
      for (const sql of tableStatements(name)) await session.run(placed(sql, suffix))
    }
    return new FragmentComparison(engine, session)
  }

  stop(): Promise<void> {
    return this.engine.stop()
  }

  async compare(sql: string): Promise<Comparison> {
    const refusal = await this.refusal(sql)
    const texts: string[] = []
    const failures: boolean[] = []
    for (const [suffix] of ENGINES) {
      const [answer] = await this.session.execute(placed(sql, suffix))
      texts.push(answerText(answer, suffix, refusal === ''))
      failures.push(answer?.error !== undefined)
    }
    const [onMemory = '', onChdb = ''] = texts
    // Of which rows a filter warns or fails is up to the plan, unless the engine has all of it.
    const isUpToPlan = refusal !== '' && failures.includes(true) && onMemory !== onChdb
    const isUpToZeros =
      onMemory !== onChdb && MERGES.test(sql) && withoutSigns(onMemory) === withoutSigns(onChdb)
    const isSame = onMemory === onChdb || isUpToPlan || isUpToZeros
    const difference = isSame ? undefined : firstDifference(onMemory, onChdb)
    return { difference, refusal, isUpToPlan, isUpToZeros }
  }

  /** Why chDB doesn't run the whole of it, or an empty text. */
  private async refusal(sql: string): Promise<string> {
    const [answer] = await this.session.execute(`EXPLAIN FORMAT=TREE ${placed(sql, 'c')}`)
    const plan = answer?.rows[0]?.[0] ?? ''
    const refusal = /doesn't run the whole: (.*)/.exec(plan)?.[1]
    if (answer?.error !== undefined) return 'it is an error'
    if (refusal !== undefined) return refusal
    if (plan.startsWith('-> Run in storage chdb')) return ''
    return plan.includes('Run in storage chdb') ? 'it was asked for parts' : 'it was not asked'
  }
}

/** Rows in no order, with what the client is told beside them. */
function answerText(answer: Answer | undefined, suffix: string, showsWarnings: boolean): string {
  if (answer === undefined) return 'none'
  const { error, columns, rows, status } = answer
  if (error !== undefined)
    return `error ${error.message.replaceAll(new RegExp(`(sale|item)_${suffix}`, 'g'), '$1')}`
  const types = columns.map(({ type }) => `${type.name}(${type.length},${type.scale})`).join()
  const sorted = rows.map((row) => JSON.stringify(row)).sort()
  const warnings = showsWarnings && status?.warningCount !== 0 ? ' with warnings' : ''
  return [`${types}${warnings}`, ...sorted].join('\n')
}

/** The text of an answer with 0 for -0; sorted again, because the rows were by their signs. */
function withoutSigns(text: string): string {
  return text.replaceAll('"-0"', '"0"').split('\n').sort().join('\n')
}

function firstDifference(memory: string, chdb: string): string {
  const [expected, actual] = [memory.split('\n'), chdb.split('\n')]
  const other = expected.filter((line) => !actual.includes(line)).slice(0, 3)
  const added = actual.filter((line) => !expected.includes(line)).slice(0, 3)
  return `${expected.length} and ${actual.length} lines; in memory ${other.join(' ')}; in chDB ${added.join(' ')}`
}
