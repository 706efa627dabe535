/**
 * Goal: SQL means the same where the column engine is a ClickHouse server, or a cluster, over HTTP. Method: the part of the corpus that is about
 * queries, types and changes, over the engine's process behind ClickHouse's HTTP interface.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { ClickHouseServer } from '../../plugins/storage-chdb/testing/clickhouse-server.js'
import { createTestEngine, createTestStorage } from '../../plugins/storage-chdb/testing/test-storage.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { describeFilesOn, readCorpus } from './corpus.js'
import type { SqlServer } from './sql-server.js'
import { startSwitchyardOn } from './switchyard-server.js'

const PARTS = [
  'queries/group-by',
  'queries/joins',
  'queries/windows',
  'types/decimals',
  'types/strings',
  'types/temporal',
]
const CLUSTER_PARTS = ['queries/subqueries', 'changes/update', 'changes/multi-table']

async function startOverHttp(cluster: string): Promise<SqlServer> {
  const engine = createTestEngine(temporaryFolder(), {
    database: 'switchyard',
    settings:
      'max_block_size = 8192, max_insert_threads = 1, max_query_size = 1073741824, join_use_nulls = 1, enable_positional_arguments = 0, prefer_column_name_to_alias = 1',
    sessionsMax: 40,
  })
  await engine.start()
  const clickhouse = new ClickHouseServer(engine)
  await clickhouse.start()
  const folder = temporaryFolder()
  const storages = [new MemoryStorage('memory'), createTestStorage(folder, { url: clickhouse.url, cluster })]
  const server = await startSwitchyardOn(storages, 'chdb', folder)
  return {
    connect: (database) => server.connect(database),
    stop: async () => {
      await server.stop()
      await clickhouse.stop()
      await engine.stop()
    },
  }
}

const filesOf = (parts: readonly string[]) =>
  readCorpus().filter(({ name }) => parts.some((part) => name.startsWith(part)))

if (isEngineInstalled()) {
  describe('one server', () => {
    describeFilesOn(() => startOverHttp(''), filesOf(PARTS))
  })
  describe('a cluster', () => {
    describeFilesOn(() => startOverHttp('two'), filesOf(CLUSTER_PARTS))
  })
} else test.skip('the package chdb is not installed: the corpus over HTTP', () => undefined)
