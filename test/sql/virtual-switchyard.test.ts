/**
 * Goal: SQL means what MySQL 8 says, on tables of a virtual database. Method: the corpus in this folder, without what isn't claimed, on a
 * database that lies on a second server of ours.
 */
import { killServers, TestServer } from '../support/server.js'
import { describeCorpus } from './corpus.js'
import { LEFT_OUT } from './virtual-left-out.js'
import { startVirtual } from './virtual-server.js'

describeCorpus('virtual', LEFT_OUT, async () => {
  const { port } = await TestServer.start({ args: ['--storage', 'memory'] })
  return startVirtual({ port, stop: killServers })
})
