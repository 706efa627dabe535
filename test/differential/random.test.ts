/**
 * Goal: random statements answer what MariaDB answers. Method: tables, rows, queries and changes are made from a seed and run on
 * both servers; where MySQL 8 is known to differ, `known-differences.ts` says so. `npm run differential -- --seed N` repeats a seed,
 * and tries a new one without it.
 */
import { startSwitchyard } from '../sql/switchyard-server.js'
import { TEST_SEED } from '../support/seed.js'
import { describeWithCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { MARIADB_PROGRAMS } from './mariadb-server.js'
import { runRandomStatements } from './random-run.js'
import { mariaDbRival, type Rival } from './rival.js'

const START_TIMEOUT_MS = 90_000

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
    ['lmdb', TEST_SEED, 400],
    ['memory', TEST_SEED + 1000, 200],
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
