/**
 * Goal: random statements answer what MariaDB answers. Method: tables, rows, queries and changes are made from a seed and run on
 * both servers; where MySQL 8 is known to differ, `known-differences.ts` says so. One seed is fixed, one is new in every run
 * and named in the test's title: `npm run differential -- --seed N` repeats it.
 */
import { startSwitchyard } from '../sql/switchyard-server.js'
import { describeWithCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { MARIADB_PROGRAMS } from './mariadb-server.js'
import { runRandomStatements } from './random-run.js'
import { mariaDbRival, type Rival } from './rival.js'

const START_TIMEOUT_MS = 90_000
const FIXED_SEED = 20_000
const NEW_SEED = Number(process.env.DIFFERENTIAL_SEED ?? Date.now() % 1_000_000_000)

describeWithCommand(MARIADB_PROGRAMS, 'random statements on MariaDB', () => {
  let theirs: Rival
  beforeAll(async () => {
    theirs = await mariaDbRival(temporaryFolder())
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await theirs.server.stop()
    removeTemporaryFolders()
  })
  test.each([
    ['lmdb', FIXED_SEED, 400],
    ['memory', NEW_SEED, 200],
  ])(
    '%s, seed %i',
    async (storage, seed, statements) => {
      const ours = await startSwitchyard(storage, temporaryFolder())
      try {
        const report = await runRandomStatements(ours, theirs, { seed, statements, findingsMax: 3 })
        expect(report.findings).toEqual([])
        expect(report.statements).toBeGreaterThanOrEqual(statements)
        // Most must have something to compare.
        expect(report.failed).toBeLessThan(report.statements / 5)
      } finally {
        await ours.stop()
      }
    },
    START_TIMEOUT_MS,
  )
})
