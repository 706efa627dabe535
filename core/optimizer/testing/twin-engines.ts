/**
 * Two engines with the same data, one of which runs plans as they were bound: what the optimizer does must not be seen in the rows.
 */
import { isApproximate } from '../../common/sql-type.js'
import { EngineSession } from '../../engine/session.js'
import type { OptimizerContext } from '../context.js'
import { TestEngine, type TestSession } from '../../../test/support/engine.js'

type Replaceable = Pick<OptimizerContext, 'rules' | 'storage' | 'estimateRange' | 'statistics'>
/** `undefined` gives an option back to the optimizer. */
export type OptimizerOptions = { readonly [Name in keyof Replaceable]?: Replaceable[Name] | undefined }

export class TwinEngines {
  private constructor(
    private readonly engines: readonly [TestEngine, TestEngine],
    readonly optimized: TestSession,
    readonly plain: TestSession,
  ) {}

  static async start(database: string): Promise<TwinEngines> {
    const engines = [await TestEngine.start(), await TestEngine.start()] as const
    const [optimized, plain] = await Promise.all(engines.map((engine) => engine.session()))
    if (optimized === undefined || plain === undefined) throw new Error('two engines have two sessions')
    const twins = new TwinEngines([...engines], optimized, plain)
    changeOptimizer(plain, { rules: [] })
    await twins.both(`CREATE DATABASE IF NOT EXISTS ${database}`)
    await twins.both(`USE ${database}`)
    return twins
  }

  /** Runs a statement on both. */
  async both(sql: string): Promise<void> {
    await this.optimized.run(sql)
    await this.plain.run(sql)
  }

  /** Rows of both, sorted unless their order counts; an error counts as its number. */
  async compare(sql: string, isOrdered: boolean): Promise<{ optimized: unknown; plain: unknown }> {
    return {
      optimized: await rows(this.optimized, sql, isOrdered),
      plain: await rows(this.plain, sql, isOrdered),
    }
  }

  async explain(sql: string): Promise<string> {
    const found = await this.optimized.rows(`EXPLAIN FORMAT=TREE ${sql}`)
    return found.map((row) => row.join(' ')).join('\n')
  }

  async stop(): Promise<void> {
    for (const engine of this.engines) await engine.stop()
  }
}

export function changeOptimizer(session: TestSession, options: OptimizerOptions): void {
  if (!(session.session instanceof EngineSession)) throw new Error('sessions are the engine’s')
  Object.assign(session.session.core.planner.optimizer, options)
}

/** The last digits of sums of floating point numbers depend on the order of rows. */
const EXACT_DIGITS = 12

async function rows(session: TestSession, sql: string, isOrdered: boolean): Promise<unknown> {
  try {
    const { columns, rows: found } = await session.run(sql)
    const isRough = columns.map((column) => isApproximate(column.type))
    const texts = found.map((row) =>
      JSON.stringify(row.map((cell, i) => (isRough[i] === true ? rounded(cell) : cell))),
    )
    return isOrdered ? texts : texts.sort()
  } catch (error) {
    const { number } = error as { number?: number }
    if (number === undefined) return (error as Error).stack
    return `error ${number}`
  }
}

function rounded(cell: string | null): string | null {
  return cell === null ? null : Number(cell).toPrecision(EXACT_DIGITS)
}
