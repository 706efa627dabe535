/**
 * Goal: SQL means what MySQL 8 says, on tables of a virtual database that lies on a MySQL server. Method: as on a second server of ours, but on
 * the MySQL server that is named.
 */
import { describeWithMysql } from '../support/named-mysql.js'
import { describeCorpus } from './corpus.js'
import { LEFT_OUT, LEFT_OUT_ON_MYSQL } from './virtual-left-out.js'
import { startVirtual } from './virtual-server.js'

describeWithMysql('a virtual database on MySQL', (address) => {
  describeCorpus('virtual', [...LEFT_OUT, ...LEFT_OUT_ON_MYSQL], () =>
    startVirtual({ ...address, stop: () => Promise.resolve() }),
  )
})
