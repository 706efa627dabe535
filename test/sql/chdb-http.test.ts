/**
 * Goal: SQL means the same where the column engine is a ClickHouse server, or a cluster, over HTTP. Method: the part of the corpus that is about
 * queries, types and changes, over the engine's process behind ClickHouse's HTTP interface.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { isEngineInstalled } from '@switchyard/storage-chdb'
import { ClickHouseServer } from '../../plugins/storage-chdb/testing/clickhouse-server.js'
import { createTestEngine, createTestStorage } from '../../plugins/storage-chdb/testing/test-storage.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { describeCorpus, readCorpus, type LeftOut } from './corpus.js'
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

async function startOverHttp(folder: string, cluster: string): Promise<SqlServer> {
  const engine = createTestEngine(temporaryFolder(), {
    database: 'switchyard',
    settings:
      'max_block_size = 8192, max_insert_threads = 1, max_query_size = 1073741824, join_use_nulls = 1, enable_positional_arguments = 0, prefer_column_name_to_alias = 1',
    sessionsMax: 40,
  })
  await engine.start()
  const clickhouse = new ClickHouseServer(engine)
  await clickhouse.start()
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

function allBut(parts: readonly string[]): readonly LeftOut[] {
  const others = readCorpus().filter(({ name }) => !parts.some((part) => name.startsWith(part)))
  return [{ reason: 'the same there as in a process of our own', files: others.map(({ name }) => name) }]
}

if (isEngineInstalled()) {
  describe('one server', () => {
    describeCorpus('chdb', allBut(PARTS), (folder) => startOverHttp(folder, ''))
  })
  describe('a cluster', () => {
    describeCorpus('chdb', allBut(CLUSTER_PARTS), (folder) => startOverHttp(folder, 'one'))
  })
} else test.skip('the package chdb is not installed: the corpus over HTTP', () => undefined)
