/**
 * Goal: a ClickHouse server over HTTP is as good an engine as our own process, on a cluster too; what goes wrong on the way is an error of
 * its tables that tells why, and no password is part of it. Method: the suite for table drivers over a server that is the
 * engine's process behind ClickHouse's HTTP interface; that server refuses logins, stands still, is killed and moves away.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { runTableConformance } from '../../test/conformance/storage/table-conformance.js'
import { newStatement, request, rowsOf, sampleTable } from '../../test/conformance/storage/table-fixtures.js'
import { removeTemporaryFolders, temporaryFolder } from '../../test/support/temporary-folder.js'
import { ChdbStorage } from './chdb-storage.js'
import { EngineError, EngineGone } from './column-engine.js'
import { HttpEngine, type HttpEngineOptions } from './http-engine.js'
import { isEngineInstalled } from './index.js'
import { ClickHouseServer, type ClickHouseServerOptions } from './testing/clickhouse-server.js'
import { createTestEngine, createTestStorage, QUIET } from './testing/test-storage.js'

const describeWithEngine = isEngineInstalled() ? describe : describe.skip

/** Works for hours. */
const ENDLESS = 'SELECT sum(cityHash64(number)) AS s FROM numbers(1000000000000)'
const PASSWORD = 'correct horse'

afterAll(removeTemporaryFolders)

const LOGIN = { user: 'app', password: PASSWORD }

/** A server of its own for each suite: their tables have the same names. */
async function startServer(options: Partial<ClickHouseServerOptions> = {}): Promise<ClickHouseServer> {
  const engine = createTestEngine(temporaryFolder(), {
    database: 'switchyard',
    settings:
      'max_block_size = 8192, max_insert_threads = 1, max_query_size = 1073741824, join_use_nulls = 1',
    sessionsMax: 40,
  })
  await engine.start()
  const server = new ClickHouseServer(engine, { ...LOGIN, ...options })
  await server.start()
  return server
}

async function stopServer(server: ClickHouseServer): Promise<void> {
  await server.stop()
  await server.engine.stop()
}

describeWithEngine.each(['', 'one', 'two'])('over HTTP, cluster "%s"', (cluster) => {
  let server: ClickHouseServer

  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(() => stopServer(server))

  runTableConformance('chdb', {
    create: (folder) => createTestStorage(folder, { ...LOGIN, url: server.url, cluster }),
  })
})
