/**
 * Rounds of random statements against two servers: each makes tables of its own, fills them, and then asks and changes
 * them. A round depends on nothing but its seed.
 */
import { isOrdered } from '../sql/comparison.js'
import { createDatabase, DATABASE, type SqlConnection, type SqlServer } from '../sql/sql-server.js'
import { ChangeGenerator } from '../random-sql/changes.js'
import { QueryGenerator } from '../random-sql/queries.js'
import { Random } from '../random-sql/random.js'
import { randomRows, randomTables, type Table } from '../random-sql/schema.js'
import { outcomeDifference } from './compare-outcomes.js'
import type { Answers } from './known-differences.js'
import { reduce } from './reduce.js'
import type { Rival } from './rival.js'

const STATEMENTS_PER_ROUND = 60
const CHANGE_PERCENT = 25

export interface Finding {
  /** Of its round: `npm run differential -- --seed N --queries 1` runs it alone. */
  readonly seed: number
  readonly statement: string
  readonly reduced: string
  /** Makes the tables as they were. */
  readonly history: readonly string[]
  readonly difference: string
}

export interface RunReport {
  readonly statements: number
  readonly failed: number
  readonly known: ReadonlyMap<string, number>
  readonly findings: readonly Finding[]
}

export interface RunOptions {
  readonly seed: number
  readonly statements: number
  readonly findingsMax: number
  onFinding?(finding: Finding): void
}

export async function runRandomStatements(
  ours: SqlServer,
  theirs: Rival,
  { seed, statements, findingsMax, onFinding }: RunOptions,
): Promise<RunReport> {
  const run = new Run(ours, theirs, onFinding)
  for (let round = 0; run.statements < statements && run.findings.length < findingsMax; round++) {
    await run.round(seed + round)
  }
  return run
}

interface Pair {
  readonly ours: SqlConnection
  readonly theirs: SqlConnection
}

class Run implements RunReport {
  statements = 0
  failed = 0
  readonly known = new Map<string, number>()
  readonly findings: Finding[] = []
  private seed = 0
  private tables: readonly Table[] = []
  private history: string[] = []

  constructor(
    private readonly ours: SqlServer,
    private readonly theirs: Rival,
    private readonly onFinding: ((finding: Finding) => void) | undefined,
  ) {}

  async round(seed: number): Promise<void> {
    this.seed = seed
    const pair = await this.connect()
    const random = new Random(Math.imul(seed, 0x9e3779b1))
    this.tables = randomTables(random)
    this.history = []
    const isReady = await this.fill(pair, random)
    const queries = new QueryGenerator(random, this.tables, {
      lateral: this.theirs.hasLateral,
    })
    const changes = new ChangeGenerator(random, this.tables, queries)
    for (let i = 0; isReady && i < STATEMENTS_PER_ROUND; i++) {
      this.statements++
      if (random.chance(CHANGE_PERCENT)) await this.change(pair, changes.change())
      else await this.query(pair, queries.query())
    }
    await pair.ours.close()
    await pair.theirs.close()
  }

  private async connect(): Promise<Pair> {
    await createDatabase(this.ours)
    await createDatabase(this.theirs.server)
    const theirs = await this.theirs.server.connect(DATABASE)
    for (const sql of this.theirs.preparation) await theirs.run(sql)
    return { ours: await this.ours.connect(DATABASE), theirs }
  }

  private async fill(pair: Pair, random: Random): Promise<boolean> {
    for (const table of this.tables) {
      for (const sql of [table.create, ...randomRows(table, random)]) {
        const answers = await ask(pair, sql)
        this.statements++
        const difference = outcomeDifference(sql, answers.ours, answers.theirs)
        if (answers.ours.failure === undefined) this.history.push(sql)
        if (difference === undefined) continue
        this.report({ statement: sql, reduced: sql, difference })
        return false
      }
    }
    return true
  }

  private async query(pair: Pair, sql: string): Promise<void> {
    const answers = await ask(pair, sql)
    if (answers.ours.failure !== undefined) this.failed++
    const difference = this.unknownDifference(answers)
    if (difference === undefined) return
    const sign = signature(answers)
    const reduced = await reduce(sql, async (candidate) => {
      const shorter = await ask(pair, candidate)
      if (isOrdered(sql) !== isOrdered(candidate)) return false
      return signature(shorter) === sign && this.unknownDifference(shorter) !== undefined
    })
    const shown = this.unknownDifference(await ask(pair, reduced)) ?? difference
    this.report({ statement: sql, reduced, difference: shown })
  }

  /** Runs it for good if both servers agree on it, so that they hold the same rows. */
  private async change(pair: Pair, sql: string): Promise<void> {
    const { answers, difference } = await this.tried(pair, sql, true)
    if (answers.ours.failure !== undefined) this.failed++
    if (difference === undefined) return
    const sign = signature(answers)
    const reduced = await reduce(sql, async (candidate) => {
      const shorter = await this.tried(pair, candidate, false)
      return shorter.difference !== undefined && signature(shorter.answers) === sign
    })
    const shown = (await this.tried(pair, reduced, false)).difference ?? difference
    this.report({ statement: sql, reduced, difference: shown })
  }

  private async tried(pair: Pair, sql: string, keeps: boolean): Promise<Trial> {
    await ask(pair, 'START TRANSACTION')
    const answers = await ask(pair, sql)
    const isKnown = this.knownDifference(answers) !== undefined
    const difference =
      this.unknownDifference(answers) ?? (isKnown ? undefined : await this.contentDifference(pair))
    const isSame = difference === undefined && !isKnown
    await ask(pair, isSame && keeps ? 'COMMIT' : 'ROLLBACK')
    if (isSame && keeps && answers.ours.failure === undefined) this.history.push(sql)
    return { answers, difference }
  }

  private async contentDifference(pair: Pair): Promise<string | undefined> {
    for (const { name } of this.tables) {
      const sql = `SELECT * FROM ${name}`
      const { ours, theirs } = await ask(pair, sql)
      const difference = outcomeDifference(sql, ours, theirs)
      if (difference !== undefined) return `${name} afterwards: ${difference}`
    }
    return undefined
  }

  private unknownDifference(answers: Answers): string | undefined {
    const difference = outcomeDifference(answers.sql, answers.ours, answers.theirs)
    if (difference === undefined) return undefined
    const known = this.knownDifference(answers)
    if (known === undefined) return difference
    this.known.set(known, (this.known.get(known) ?? 0) + 1)
    return undefined
  }

  private knownDifference(answers: Answers): string | undefined {
    return this.theirs.differences.find((each) => each.matches(answers))?.name
  }

  private report(finding: Pick<Finding, 'statement' | 'reduced' | 'difference'>): void {
    const complete = { ...finding, seed: this.seed, history: [...this.history] }
    this.findings.push(complete)
    this.onFinding?.(complete)
  }
}

interface Trial {
  readonly answers: Answers
  readonly difference: string | undefined
}

async function ask({ ours, theirs }: Pair, sql: string): Promise<Answers> {
  const answers = await Promise.all([ours.run(sql), theirs.run(sql)])
  return { sql, ours: answers[0], theirs: answers[1] }
}

/** What kind of difference it is: a shorter statement shall show the same. */
function signature({ sql, ours, theirs }: Answers): string {
  const kind = outcomeDifference(sql, ours, theirs)?.split(' ')[0] ?? ''
  return `${ours.failure?.number ?? kind} ${theirs.failure?.number ?? kind}`
}
