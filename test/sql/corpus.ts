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

/** Declares the tests of all files on one storage. */
export function describeCorpus(storageName: string): void {
  let server: SqlServer
  beforeAll(async () => {
    server = await startSwitchyard(storageName, temporaryFolder())
  })
  afterAll(async () => {
    await server.stop()
    removeTemporaryFolders()
  })
  for (const file of readCorpus()) {
    describeFile(file, () => server, { messages: true, types: true })
  }
}

/** Declares one test for each case of a file; `applies` can leave cases out. */
export function describeFile(
  file: CaseFile,
  server: () => SqlServer,
  strictness: Strictness,
  check = mismatch,
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
      test(`${file.name}:${line} ${firstLine(sql)}`, async () => {
        const reason = check({ sql, expectation }, await run.outcomeOf(index), strictness)
        if (reason !== undefined) throw new Error(`${file.path}:${line}\n${sql}\n${reason}`)
      })
    })
  })
}

const NAME_LENGTH_MAX = 80

function firstLine(sql: string): string {
  return sql.replace(/\s+/g, ' ').slice(0, NAME_LENGTH_MAX)
}
