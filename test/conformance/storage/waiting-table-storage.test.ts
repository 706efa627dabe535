/**
 * Goal: the suite for table drivers accepts what the interface allows, from taking over all it can to nothing at all. Method: it
 * runs over a driver in memory that answers late, and over the same one when it promises nothing.
 */
import type { ScanAnswer, ScanRequest, TableDefinition } from '@switchyard/core/spi'
import { runTableConformance } from './table-conformance.js'
import {
  batchOf,
  ALL_COLUMNS,
  ID,
  NAME,
  request,
  rowsOf,
  SAMPLE_ROWS,
  sampleTable,
} from './table-fixtures.js'
import { WaitingTableStorage } from './waiting-table-storage.js'

runTableConformance('that waits', { create: () => new WaitingTableStorage('waiting') })

/** Promises nothing at all: core does everything. */
class ModestStorage extends WaitingTableStorage {
  override planScan(table: TableDefinition, wanted: ScanRequest): ScanAnswer {
    const answer = super.planScan(table, wanted)
    return { ...answer, conditions: wanted.conditions.map(() => 'no'), order: 'no', limit: 'no' }
  }
}

runTableConformance('that takes nothing over', { create: () => new ModestStorage('modest') })

test('what a driver leaves to core it leaves whole', async () => {
  const storage = new WaitingTableStorage('waiting')
  const table = sampleTable('waiting')
  await storage.createTable(table)
  await storage.insert(table, batchOf(table, ALL_COLUMNS, SAMPLE_ROWS))
  const wanted = request({
    columns: [ID],
    conditions: [{ column: NAME, operator: '=', values: ['anna'] }],
    limit: 1,
  })
  // A limit below a filter that isn't done would lose rows.
  expect(storage.planScan(table, wanted)).toMatchObject({ conditions: ['no'], limit: 'no' })
  expect((await rowsOf(storage, table, wanted)).length).toBe(SAMPLE_ROWS.length)
})
