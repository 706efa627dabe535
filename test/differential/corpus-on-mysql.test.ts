/**
 * Goal: the expectations of the corpus are MySQL's answers, and Switchyard's in everything else that a client sees. Method: run its cases
 * on both; a case marked `---- mysql` must differ there, so that no mark outlives its reason.
 */
import { caseName, readCorpus } from '../sql/corpus.js'
import { killServers, TestServer } from '../support/server.js'
import { ComparedFile } from './corpus-on-mysql.js'
import { describeWithMysql } from '../support/named-mysql.js'
import { NamedMysql, WireServer } from './mysql-rival.js'

const START_TIMEOUT_MS = 60_000

describeWithMysql('the corpus on MySQL', (address) => {
  let ours: WireServer
  let theirs: NamedMysql
  beforeAll(async () => {
    ours = new WireServer((await TestServer.start({ config: 'storage: memory\n' })).address)
    theirs = await NamedMysql.start(address)
  }, START_TIMEOUT_MS)
  afterAll(async () => {
    await theirs.stop()
    await killServers()
  })
  for (const file of readCorpus()) {
    describe(file.name, () => {
      let compared: ComparedFile
      beforeAll(async () => {
        await theirs.sweep()
        compared = await ComparedFile.start(file.steps, ours, theirs)
      })
      afterAll(() => compared.close())
      file.steps.forEach((step, index) => {
        if (step.expectation === undefined) return
        test(caseName(file, step), async () => {
          const reason = await compared.mismatchOf(index)
          if (reason !== undefined) throw new Error(`${file.path}:${step.line}\n${step.sql}\n${reason}`)
        })
      })
    })
  }
})
