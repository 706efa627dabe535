/**
 * Goal: SQL means what MySQL 8 says, on tables of a virtual database whose server isn't one. Method: as on a second server of ours, but
 * on MariaDB: what that answers otherwise must not be left to it.
 */
import { MARIADB_PROGRAMS, startMariaDb } from '../differential/mariadb-server.js'
import { describeWithCommand } from '../support/system-packages.js'
import { describeCorpus } from './corpus.js'
import { LEFT_OUT, LEFT_OUT_ON_MARIADB } from './virtual-left-out.js'
import { startVirtual } from './virtual-server.js'

describeWithCommand(MARIADB_PROGRAMS, 'a virtual database on MariaDB', () => {
  describeCorpus('virtual', [...LEFT_OUT, ...LEFT_OUT_ON_MARIADB], async (folder) =>
    startVirtual(await startMariaDb(folder)),
  )
})
