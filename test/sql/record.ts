/**
 * Fills in what cases answer, to be reviewed as any other change: write a case with `---- ?` below its statement, then run
 *
 *     node --import ./test/typescript-loader.mjs test/sql/record.ts test/sql/area/topic.test …
 *
 * `---- ? columns types flags origins info` record those details too. Where MariaDB (if it is installed) answers something else, both answers
 * are shown and the case is marked `---- mariadb ?`, which fails the run against MariaDB until somebody has found out
 * who is wrong: mend Switchyard and record again, or say in the mark's place what MySQL 8 does differently.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { MARIADB_PROGRAMS, startMariaDb } from '../differential/mariadb-server.js'
import { findCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { parseCaseFile, printStep, RESULT, type Expectation, type Step } from './case-file.js'
import { showOutcome } from './comparison.js'
import { CaseRun, mismatch } from './run-steps.js'
import type { Outcome, SqlServer } from './sql-server.js'
import { startSwitchyard } from './switchyard-server.js'

const UNREVIEWED = '?'
const CHANGES_ROWS = /^\s*(WITH\b.*)?(INSERT|UPDATE|DELETE|REPLACE|EXECUTE|LOAD)\b/is

function expectationOf(step: Step, outcome: Outcome | undefined): Expectation {
  const wanted = step.expectation
  const failure = outcome?.failure
  const columns = outcome?.columns
  return {
    record: undefined,
    blocks: outcome === undefined,
    mariadb: undefined,
    mysql: wanted?.mysql,
    error:
      failure === undefined
        ? undefined
        : { number: failure.number, message: `${failure.sqlState} ${failure.message}` },
    columns: wants(wanted, 'columns') ? columns?.map((column) => column.name) : undefined,
    types: wants(wanted, 'types') ? columns?.map((column) => column.type) : undefined,
    flags: wants(wanted, 'flags') ? columns?.map((column) => column.flags) : undefined,
    origins: wants(wanted, 'origins') ? columns?.map((column) => column.origin) : undefined,
    info: wants(wanted, 'info') ? outcome?.info : undefined,
    affected: CHANGES_ROWS.test(step.sql) || step.sql === RESULT ? outcome?.affectedRows : undefined,
    warnings: numbersOf(outcome),
    rows: columns === undefined ? undefined : outcome?.rows,
  }
}

function numbersOf(outcome: Outcome | undefined): readonly number[] {
  return outcome?.warnings.map(({ number }) => number) ?? []
}

type Detail = 'columns' | 'types' | 'flags' | 'origins' | 'info'

/** Details that the case asks for, or has from an earlier recording. */
function wants(expectation: Expectation | undefined, detail: Detail): boolean {
  return expectation?.record?.includes(detail) === true || expectation?.[detail] !== undefined
}

function needsRecording({ expectation }: Step): boolean {
  return expectation?.record !== undefined || expectation?.mariadb === UNREVIEWED
}

async function record(path: string, switchyard: SqlServer, oracle: SqlServer | undefined): Promise<void> {
  const steps = parseCaseFile(readFileSync(path, 'utf8'))
  const run = await CaseRun.start(switchyard, steps)
  const oracleRun = oracle === undefined ? undefined : await CaseRun.start(oracle, steps)
  const printed: string[] = []
  for (const [index, step] of steps.entries()) {
    const outcome = await run.outcomeOf(index).catch(complain)
    const other = await oracleRun?.outcomeOf(index).catch(complain)
    if (!needsRecording(step)) {
      printed.push(printStep(step))
      continue
    }
    let expectation = expectationOf(step, outcome)
    if (oracleRun !== undefined) {
      const reason = mismatch({ sql: step.sql, expectation }, other, { messages: false, types: false })
      if (reason !== undefined) {
        expectation = { ...expectation, mariadb: UNREVIEWED }
        print(`${path}:${step.line}\n${step.sql}\n  ${reason}`)
        if (other !== undefined)
          print(`  MariaDB: ${showOutcome(other)} warnings ${numbersOf(other).join(' ')}`)
      } else {
        const wording = mismatch({ sql: step.sql, expectation }, other, { messages: true, types: true })
        if (wording !== undefined) print(`${path}:${step.line} (only shown)\n${step.sql}\n  ${wording}`)
      }
    }
    printed.push(printStep({ ...step, expectation }))
  }
  await run.close()
  await oracleRun?.close()
  writeFileSync(path, printed.join('\n'))
}

function complain(error: unknown): undefined {
  print(String(error))
}

const folder = temporaryFolder()
const switchyard = await startSwitchyard('memory', folder)
const hasOracle = MARIADB_PROGRAMS.every((program) => findCommand(program) !== undefined)
const oracle = hasOracle ? await startMariaDb(folder) : undefined
try {
  for (const path of process.argv.slice(2)) await record(path, switchyard, oracle)
} finally {
  await switchyard.stop()
  await oracle?.stop()
  removeTemporaryFolders()
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
