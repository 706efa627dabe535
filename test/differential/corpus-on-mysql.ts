/**
 * One file of the corpus on MySQL and on Switchyard at once, both over the wire. MySQL must answer what the file says, and
 * in everything that the file doesn't say, as types of columns and texts of warnings, Switchyard must answer what MySQL does.
 */
import type { Step } from '../sql/case-file.js'
import { CaseRun, mismatch } from '../sql/run-steps.js'
import {
  withoutEngine,
  type Condition,
  type Outcome,
  type OutcomeColumn,
  type SqlFailure,
  type SqlServer,
} from '../sql/sql-server.js'
import { metadataDifference } from './compare-metadata.js'
import { isAboutDefinitions } from './mariadb-syntax.js'

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
    const step = this.steps[index]
    const ours = inCommonWords(step, await this.ours.outcomeOf(index))
    const theirs = inCommonWords(step, await this.theirs.outcomeOf(index))
    if (step?.expectation === undefined) return undefined
    const { sql, expectation } = step
    const reason =
      mismatch({ sql, expectation }, theirs, { messages: true, types: false }) ??
      detailDifference(sql, ours, theirs)
    if (expectation.mysql === undefined) return reason
    return reason === undefined ? `no longer differs on MySQL (${expectation.mysql})` : undefined
  }

  async close(): Promise<void> {
    await this.ours.close()
    await this.theirs.close()
  }
}

/** What MySQL says will go away with a later version, which Switchyard says nothing of. */
const DEPRECATIONS: ReadonlySet<number> = new Set([1287, 1681, 3005, 3135, 3719, 3720, 4095])

/** What MySQL 9 added to messages of MySQL 8, or says otherwise. */
const WORDS_OF_MYSQL_9: readonly (readonly [RegExp, string])[] = [
  [/ \(User account (already exists|does not exist)\)$/, ''],
  [/(?<=exactly one )deterministic /, ''],
  [/(?<=^Invalid JSON text: .* for column ')\w+\./s, ''],
]

function inWordsOfMysql8(failure: SqlFailure): SqlFailure {
  const message = WORDS_OF_MYSQL_9.reduce(
    (text, [pattern, words]) => text.replace(pattern, words),
    failure.message,
  )
  return { ...failure, message }
}

/** Without what is each server's own: deprecations and the name of the storage engine. */
export function inCommonWords(step: Step | undefined, outcome: Outcome | undefined): Outcome | undefined {
  if (outcome === undefined || step === undefined) return undefined
  const warnings = outcome.warnings.filter(({ number }) => !DEPRECATIONS.has(number))
  const left = outcome.warnings.length - warnings.length
  const info = outcome.info.replace(/(?<=Warnings: )\d+$/, (count) => String(Number(count) - left))
  const failure = outcome.failure && inWordsOfMysql8(outcome.failure)
  return { ...outcome, failure, warnings, info, rows: withoutEngine(step.sql, outcome.rows) }
}

type Detail = readonly [title: string, text: (outcome: Outcome) => string]

const DETAILS: readonly Detail[] = [
  ['error', ({ failure }) => (failure === undefined ? '' : `${failure.sqlState} ${failure.message}`)],
  ['columns', listed(({ name }) => nameOnMysql(name))],
  ['warnings', ({ warnings }) => warnings.map(conditionText).join('\n')],
]
function detailDifference(
  sql: string,
  ours: Outcome | undefined,
  theirs: Outcome | undefined,
): string | undefined {
  if (ours === undefined || theirs === undefined) return undefined
  // How many rows an ALTER TABLE has to copy is each server's own.
  const isAlteration = /^(ALTER TABLE|CREATE\b.*\bINDEX|DROP INDEX)\b/.test(sql)
  if (!isAlteration && ours.info !== theirs.info)
    return `info\n  MySQL: ${theirs.info}\n  ours:  ${ours.info}`
  for (const [title, text] of DETAILS) {
    if (text(ours) !== text(theirs)) return `${title}\n  MySQL: ${text(theirs)}\n  ours:  ${text(ours)}`
  }
  // Columns of MySQL's own tables and lists tell how its dictionary keeps them.
  if (isAboutDefinitions(sql) || ours.columns === undefined || theirs.columns === undefined) return undefined
  return metadataDifference(sql, ours.columns, theirs.columns)
}

function listed(detail: (column: OutcomeColumn) => string): (outcome: Outcome) => string {
  return ({ columns }) => columns?.map(detail).join(', ') ?? ''
}

/** Names of expressions lose characters of four bytes there, end at a NUL and keep a blank behind their last word. */
function nameOnMysql(name: string): string {
  return name
    .replace(/[\u{10000}-\u{10ffff}]/gu, '?')
    .replace(/\u0000.*$/s, '')
    .trimEnd()
}

/** Which of two texts tells of a wrong date, time or DATETIME hangs on the function, and on the version. */
function conditionText({ level, number, message }: Condition): string {
  const text = message.replace(
    /^(Truncated incorrect|Incorrect) (date|time|datetime) value/,
    'Incorrect value',
  )
  return `${level} ${number} ${text}`
}
