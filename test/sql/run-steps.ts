/**
 * Runs the steps of a case file against a server, in their order and each in the session that it names.
 */
import { compareRows, isOrdered, showOutcome } from './comparison.js'
import { RESULT, setupStatements, type Expectation, type Step } from './case-file.js'
import { createDatabase, DATABASE, type Outcome, type SqlConnection, type SqlServer } from './sql-server.js'

/** How long a statement must stay unanswered to count as blocked. */
const BLOCKED_AFTER_MS = 100

/** One run of a file: its database, its sessions, and how far it got. */
export class CaseRun {
  private readonly sessions = new Map<string, SqlConnection>()
  private readonly blocked = new Map<string, Promise<Outcome>>()
  private next = 0

  private constructor(
    private readonly server: SqlServer,
    private readonly steps: readonly Step[],
  ) {}

  static async start(server: SqlServer, steps: readonly Step[]): Promise<CaseRun> {
    await createDatabase(server)
    return new CaseRun(server, steps)
  }

  /**
   * The outcome of step `index`, after every earlier one that hasn't run yet, so that one case of a file can be run
   * alone. Undefined for a statement that is blocked. Throws when a set-up fails.
   */
  async outcomeOf(index: number): Promise<Outcome | undefined> {
    while (this.next < index) await this.runNext()
    return this.runNext()
  }

  private async runNext(): Promise<Outcome | undefined> {
    const step = this.steps[this.next++]
    if (step === undefined) throw new Error('there are no more steps')
    if (step.expectation === undefined) {
      await this.setUp(step)
      return undefined
    }
    if (step.sql === RESULT) return this.resultOf(step.session)
    const session = await this.session(step.session)
    const outcome = session.run(step.sql)
    if (!step.expectation.blocks) return outcome
    this.blocked.set(step.session, outcome)
    return Promise.race([outcome, delay(BLOCKED_AFTER_MS)])
  }

  private async setUp(step: Step): Promise<void> {
    const session = await this.session(step.session)
    for (const sql of setupStatements(step.sql)) {
      const { failure } = await session.run(sql)
      if (failure !== undefined) throw new Error(`line ${step.line}: ${sql}: ${failure.message}`)
    }
  }

  private async resultOf(name: string): Promise<Outcome> {
    const outcome = this.blocked.get(name)
    if (outcome === undefined) throw new Error(`session ${name} has no blocked statement`)
    this.blocked.delete(name)
    return outcome
  }

  private async session(name: string): Promise<SqlConnection> {
    const known = this.sessions.get(name)
    if (known !== undefined) return known
    const session = await this.server.connect(DATABASE)
    this.sessions.set(name, session)
    return session
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await session.close()
    await Promise.allSettled(this.blocked.values())
  }
}

function delay(timeMs: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, timeMs, undefined)
  })
}

/** What a comparison looks at; another server's wording and metadata are its own. */
export interface Strictness {
  readonly messages: boolean
  readonly types: boolean
}

/** Why `outcome` isn't what the case expects; undefined if it is. */
export function mismatch(
  { sql, expectation }: { readonly sql: string; readonly expectation: Expectation },
  outcome: Outcome | undefined,
  strictness: Strictness,
): string | undefined {
  if (expectation.record !== undefined) return 'its expectation is not recorded yet'
  if (outcome === undefined) return expectation.blocks ? undefined : 'is blocked'
  if (expectation.blocks) return `expected to be blocked, got ${showOutcome(outcome)}`
  if (expectation.error !== undefined) return errorMismatch(expectation.error, outcome, strictness)
  if (outcome.failure !== undefined) return `unexpected ${showOutcome(outcome)}`
  return resultMismatch(sql, expectation, outcome) ?? detailMismatch(expectation, outcome, strictness)
}

function errorMismatch(
  expected: NonNullable<Expectation['error']>,
  outcome: Outcome,
  strictness: Strictness,
): string | undefined {
  const { failure } = outcome
  if (failure === undefined) return `expected error ${expected.number}, got ${showOutcome(outcome)}`
  if (failure.number !== expected.number)
    return `expected error ${expected.number}, got ${showOutcome(outcome)}`
  if (!strictness.messages || expected.message === undefined) return undefined
  const actual = `${failure.sqlState} ${failure.message}`
  return actual === expected.message ? undefined : `expected message\n  ${expected.message}, got\n  ${actual}`
}

function resultMismatch(sql: string, expectation: Expectation, outcome: Outcome): string | undefined {
  const { rows, affected } = expectation
  if (rows !== undefined) {
    if (outcome.columns === undefined) return `expected rows, got ${showOutcome(outcome)}`
    return compareRows(rows, outcome.rows, outcome.columns, isOrdered(sql))
  }
  if (outcome.columns !== undefined) return `expected no rows, got ${showOutcome(outcome)}`
  if (affected !== undefined && affected !== outcome.affectedRows) {
    return `expected ${affected.toString()} affected rows, got ${String(outcome.affectedRows)}`
  }
  return undefined
}

function detailMismatch(
  expectation: Expectation,
  outcome: Outcome,
  strictness: Strictness,
): string | undefined {
  const { warnings, info } = expectation
  const reason =
    listMismatch('columns', expectation.columns, outcome, 'name') ??
    (strictness.types ? typeMismatch(expectation, outcome) : undefined)
  if (reason !== undefined) return reason
  if (info !== undefined && info !== outcome.info) {
    return `expected info ${info}, got ${outcome.info}`
  }
  const numbers = outcome.warnings.map(({ number }) => number)
  if (warnings.join(' ') !== numbers.join(' ')) {
    return `expected warnings ${warnings.join(' ') || 'none'}, got ${numbers.join(' ') || 'none'}`
  }
  return undefined
}

function typeMismatch(expectation: Expectation, outcome: Outcome): string | undefined {
  return (
    listMismatch('types', expectation.types, outcome, 'type') ??
    listMismatch('flags', expectation.flags, outcome, 'flags') ??
    listMismatch('origins', expectation.origins, outcome, 'origin')
  )
}

function listMismatch(
  title: string,
  expected: readonly string[] | undefined,
  { columns }: Outcome,
  detail: 'name' | 'type' | 'flags' | 'origin',
): string | undefined {
  const actual = columns?.map((column) => column[detail])
  if (expected === undefined || expected.join('\t') === actual?.join('\t')) return undefined
  return `expected ${title} ${expected.join(', ')}, got ${actual?.join(', ') ?? 'none'}`
}
