/**
 * The files of the corpus, and the jest tests of one storage: one test a case, named by file and line, so that
 * `npm run jest -- test/sql/memory -t 'joins/natural:12 '` runs one case with the steps before it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { parseCaseFile, type Step } from './case-file.js'
import { CaseRun, mismatch, type Strictness } from './run-steps.js'
import type { SqlServer } from './sql-server.js'
import { startSwitchyard } from './switchyard-server.js'

export interface CaseFile {
  /** `area/topic`. */
  readonly name: string
  readonly path: string
  readonly steps: readonly Step[]
}

export function readCorpus(): readonly CaseFile[] {
  const root = import.meta.dirname
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test'))
    .sort()
    .map((path) => {
      const name = relative(root, join(root, path)).replace(/\.test$/, '')
      return { name, path: join(root, path), steps: parseCaseFile(readFileSync(join(root, path), 'utf8')) }
    })
}

/** What a storage doesn't claim, by the reason: files that are about it, and single cases by file and text. */
export interface LeftOut {
  readonly reason: string
  /** Names of files, or beginnings of them. */
  readonly files?: readonly string[]
  /** Files whose preparing statements need what these match. */
  readonly needing?: RegExp
  readonly cases?: readonly (readonly [file: string, sql: string])[]
}

/** Declares the tests of all files on one storage, or on what `start` gives. */
export function describeCorpus(
  storageName: string,
  leftOut: readonly LeftOut[] = [],
  start: (folder: string) => Promise<SqlServer> = (folder) => startSwitchyard(storageName, folder),
): void {
  let server: SqlServer
  beforeAll(async () => {
    server = await start(temporaryFolder())
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await server.stop()
    removeTemporaryFolders()
  })
  for (const file of readCorpus()) {
    const reason = leftOut.find((each) => isLeftOut(file, each))?.reason
    if (reason !== undefined) test.skip(`${file.name}: ${reason}`, () => undefined)
    else {
      const sqls = leftOut
        .flatMap(({ cases = [] }) => cases.filter(([name]) => name === file.name))
        .map(([, sql]) => sql)
      const unknown = sqls.find((sql) => !file.steps.some((step) => step.sql.startsWith(sql)))
      if (unknown !== undefined) throw new Error(`${file.name} has no case ${unknown}`)
      const applies = ({ sql }: Step) => !sqls.some((each) => sql.startsWith(each))
      describeFile(file, () => server, { messages: true, types: true }, mismatch, applies)
    }
  }
}

const START_TIMEOUT_MS = 60_000

function isLeftOut({ name, steps }: CaseFile, { files = [], needing }: LeftOut): boolean {
  if (files.some((each) => name.startsWith(each))) return true
  return (
    needing !== undefined && steps.some((step) => step.expectation === undefined && needing.test(step.sql))
  )
}

/** Declares one test for each case of a file; those to which `applies` says no run as steps of the others at most. */
export function describeFile(
  file: CaseFile,
  server: () => SqlServer,
  strictness: Strictness,
  check = mismatch,
  applies: (step: Step) => boolean = () => true,
): void {
  describe(file.name, () => {
    let run: CaseRun
    beforeAll(async () => {
      run = await CaseRun.start(server(), file.steps)
    })
    afterAll(() => run.close())
    file.steps.forEach((step, index) => {
      const { expectation, line, sql } = step
      if (expectation === undefined) return
      const name = caseName(file, step)
      if (!applies(step)) {
        test.skip(name, () => undefined)
        return
      }
      test(name, async () => {
        const reason = check({ sql, expectation }, await run.outcomeOf(index), strictness)
        if (reason !== undefined) throw new Error(`${file.path}:${line}\n${sql}\n${reason}`)
      })
    })
  })
}

const NAME_LENGTH_MAX = 80

export function caseName(file: CaseFile, { line, sql }: Step): string {
  return `${file.name}:${line} ${sql.replace(/\s+/g, ' ').slice(0, NAME_LENGTH_MAX)}`
}
