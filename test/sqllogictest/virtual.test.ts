/**
 * Goal: the classic corpus answers as MySQL does on tables of a virtual database. Method: as `sample.test.ts`, on a database that lies on
 * MariaDB, on one that lies on a second server of ours, and on one that lies on the MySQL server that is named.
 */
import { MARIADB_PROGRAMS, startMariaDb, type MariaDbServer } from '../differential/mariadb-server.js'
import { startVirtualEngine } from '../sql/virtual-server.js'
import { describeWithMysql, type MysqlAddress } from '../support/named-mysql.js'
import { killServers, TestServer } from '../support/server.js'
import { describeWithCommand } from '../support/system-packages.js'
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js'
import { corpusPath, hasCorpus } from './corpus.js'
import { runFile } from './run-file.js'

// Views aren't made in remote databases, and REPLACE of rows without primary key isn't done there.
const SAMPLES = ['evidence/in1', 'evidence/in2', 'evidence/slt_lang_aggfunc', 'evidence/slt_lang_update']

const each = hasCorpus ? test.each(SAMPLES) : test.skip.each(SAMPLES)

async function check(
  address: Pick<MysqlAddress, 'port'> & Partial<MysqlAddress>,
  file: string,
): Promise<void> {
  const { engine, there } = await startVirtualEngine(address)
  try {
    await there.query('DROP DATABASE IF EXISTS slt')
    await there.query('CREATE DATABASE slt COLLATE utf8mb4_bin')
    await (await engine.session()).run('CREATE DATABASE slt FROM SERVER remote')
    const session = await engine.session('slt')
    const result = await runFile(corpusPath(file), session)
    expect(result.failures).toEqual([])
    expect(result.passed).toBeGreaterThan(0)
  } finally {
    await there.end()
    await engine.stop()
  }
}

afterAll(async () => {
  await killServers()
  removeTemporaryFolders()
})

describe('on a second server of ours', () => {
  let port = 0
  beforeAll(async () => {
    if (hasCorpus) ({ port } = await TestServer.start({ args: ['--storage', 'memory'] }))
  })
  each('%s', (file) => check({ port }, file), 120_000)
})

describeWithCommand(MARIADB_PROGRAMS, 'on MariaDB', () => {
  let server: MariaDbServer | undefined
  beforeAll(async () => {
    if (hasCorpus) server = await startMariaDb(temporaryFolder())
  }, 60_000)
  afterAll(() => server?.stop())
  each('%s', (file) => check({ port: server?.port ?? 0 }, file), 120_000)
  if (hasCorpus) test('much', () => check({ port: server?.port ?? 0 }, 'random/groupby/slt_good_13'), 120_000)
})

describeWithMysql('on MySQL', (address) => {
  each('%s', (file) => check(address, file), 120_000)
  if (hasCorpus) test('much', () => check(address, 'random/groupby/slt_good_13'), 120_000)
})
