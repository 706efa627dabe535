/**
 * An engine whose plans tests look at: tables seem to have 100 000 rows, so that plans don't depend on the few that are there.
 */
import type { LogicalNode } from '../../plan/logical.js'
import type { OptimizerContext } from '../context.js'
import { optimizeQuery } from '../optimizer.js'
import { TestEngine, type TestSession } from '../../../test/support/engine.js'
import { changeOptimizer, type OptimizerOptions } from './twin-engines.js'

const LARGE = { rows: 100_000, bytes: 10_000_000 }

export class PlanReader {
  private constructor(
    private readonly engine: TestEngine,
    readonly session: TestSession,
  ) {}

  static async start(...definitions: readonly string[]): Promise<PlanReader> {
    const engine = await TestEngine.start()
    const session = await engine.session()
    const reader = new PlanReader(engine, session)
    await session.run('CREATE DATABASE IF NOT EXISTS test')
    await session.run('USE test')
    reader.change({ statistics: () => LARGE, estimateRange: () => undefined })
    for (const sql of definitions) await session.run(sql)
    return reader
  }

  change(options: OptimizerOptions): void {
    changeOptimizer(this.session, options)
  }

  /** The lines of EXPLAIN FORMAT=TREE, two spaces a level, without costs, storages and the names of database and quotes. */
  async tree(sql: string): Promise<readonly string[]> {
    const answer = await this.session.rows(`EXPLAIN FORMAT=TREE ${sql}`)
    const lines = answer.flatMap((row) => (row[0] ?? '').split('\n')).filter((line) => line !== '')
    return lines.map((line) =>
      line
        .replace(/ {2}\(cost=.*\)$/, '')
        .replace(/, storage memory/, '')
        .replace(/^( *)-> /, (_, indent: string) => ' '.repeat(indent.length / 2))
        .replaceAll('`test`.', '')
        .replaceAll('`', ''),
    )
  }

  rows(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    return this.session.rows(sql)
  }

  /** The plan as it was bound, with a context to optimize it in. */
  private async bound(
    sql: string,
  ): Promise<{ readonly plan: LogicalNode; readonly context: OptimizerContext }> {
    let found: { readonly plan: LogicalNode; readonly context: OptimizerContext } | undefined
    this.change({
      rules: [
        (plan, context) => {
          found ??= {
            plan,
            context: Object.create(context, { rules: { value: undefined } }) as OptimizerContext,
          }
          return plan
        },
      ],
    })
    try {
      await this.session.run(`EXPLAIN FORMAT=TREE ${sql}`)
    } finally {
      changeOptimizer(this.session, { rules: undefined })
    }
    if (found === undefined) throw new Error(`no plan was made for ${sql}`)
    return found
  }

  async optimized(sql: string): Promise<LogicalNode> {
    const { plan, context } = await this.bound(sql)
    return optimizeQuery(plan, context)
  }

  stop(): Promise<void> {
    return this.engine.stop()
  }
}
