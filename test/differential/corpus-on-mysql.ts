/**
 * One file of the corpus on MySQL and on Switchyard at once, both over the wire. MySQL must answer what the file says, and
 * in everything that the file doesn't say, as types of columns and texts of warnings, Switchyard must answer what MySQL does.
 */
import type { Step } from '../sql/case-file.js'
import { CaseRun, mismatch } from '../sql/run-steps.js'
import type { Condition, Outcome, OutcomeColumn, SqlServer } from '../sql/sql-server.js'

export class ComparedFile {
  private constructor(
    private readonly steps: readonly Step[],
    private readonly ours: CaseRun,
    private readonly theirs: CaseRun,
  ) {}

  static async start(steps: readonly Step[], ours: SqlServer, theirs: SqlServer): Promise<ComparedFile> {
    return new ComparedFile(steps, await CaseRun.start(ours, steps), await CaseRun.start(theirs, steps))
  }

  /** Why a case isn't true of MySQL, or of Switchyard only; undefined if it is of both. */
  async mismatchOf(index: number): Promise<string | undefined> {
    const ours = await this.ours.outcomeOf(index)
    const theirs = await this.theirs.outcomeOf(index)
    const step = this.steps[index]
    if (step?.expectation === undefined) return undefined
    const { sql, expectation } = step
    const reason =
      mismatch({ sql, expectation }, theirs, { messages: true, types: false }) ??
      detailDifference(ours, theirs)
    if (expectation.mysql === undefined) return reason
    return reason === undefined ? `no longer differs on MySQL (${expectation.mysql})` : undefined
  }

  async close(): Promise<void> {
    await this.ours.close()
    await this.theirs.close()
  }
}

function detailDifference(ours: Outcome | undefined, theirs: Outcome | undefined): string | undefined {
  if (ours === undefined || theirs === undefined) return undefined
  const details: readonly (readonly [string, (outcome: Outcome) => string])[] = [
    ['error', ({ failure }) => (failure === undefined ? '' : `${failure.sqlState} ${failure.message}`)],
    ['columns', listed(({ name }) => name)],
    ['types', listed(({ type }) => type)],
    ['flags', listed(({ flags }) => flags)],
    ['origins', listed(({ origin }) => origin)],
    ['info', ({ info }) => info],
    ['warnings', ({ warnings }) => warnings.map(conditionText).join('\n')],
  ]
  for (const [title, detail] of details) {
    if (detail(ours) !== detail(theirs))
      return `${title}\n  MySQL: ${detail(theirs)}\n  ours:  ${detail(ours)}`
  }
  return undefined
}

function listed(detail: (column: OutcomeColumn) => string): (outcome: Outcome) => string {
  return ({ columns }) => columns?.map(detail).join(', ') ?? ''
}

function conditionText({ level, number, message }: Condition): string {
  return `${level} ${number} ${message}`
}
