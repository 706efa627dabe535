/**
 * Goal: the expectations of the corpus are true. Method: run its cases on MariaDB; a case marked `---- mariadb` must
 * differ there, so that no mark outlives its reason, and every other case must answer what the file says. Wording of
 * errors and metadata are each server's own and are left out.
 */
import { describeFile, readCorpus } from '../sql/corpus.js'
import { mismatch } from '../sql/run-steps.js'
import type { SqlServer } from '../sql/sql-server.js'
import { describeWithCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { MARIADB_PROGRAMS, startMariaDb } from './mariadb-server.js'

const START_TIMEOUT_MS = 60_000

describeWithCommand(MARIADB_PROGRAMS, 'the corpus on MariaDB', () => {
  let server: SqlServer
  beforeAll(async () => {
    server = await startMariaDb(temporaryFolder())
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await server.stop()
    removeTemporaryFolders()
  })
  for (const file of readCorpus()) {
    describeFile(
      file,
      () => server,
      { messages: false, types: false },
      (step, outcome, strictness) => {
        const reason = mismatch(step, outcome, strictness)
        const { mariadb } = step.expectation
        if (mariadb === undefined) return reason
        return reason === undefined ? `no longer differs on MariaDB (${mariadb})` : undefined
      },
    )
  }
})
