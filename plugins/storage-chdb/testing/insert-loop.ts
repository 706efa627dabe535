/**
 * The process that is killed: inserts batches into a table, updates and deletes in between, and prints what was acknowledged.
 * Argument: folder. When the engine ends under it, it says so and goes on with the next batch.
 */
import { writeSync } from 'node:fs'
import { isSqlError } from '@switchyard/core/spi'
import { ALL_COLUMNS, batchOf, ID, newStatement } from '../../../test/conformance/storage/table-fixtures.js'
import { createTestStorage } from './test-storage.js'
import { BATCH_ROWS, crashRow, crashTable } from './crash-table.js'

function print(line: string): void {
  // Written before anything else happens, so that a kill right behind it does not lose it.
  writeSync(1, `${line}\n`)
}

const [folder = '', first = '0'] = process.argv.slice(2)
const storage = createTestStorage(folder)
await storage.start()
const table = crashTable()
await storage.createTable(table)
print('started')
for (let batch = Number(first); ; batch++) {
  const ids = Array.from({ length: BATCH_ROWS }, (_, i) => batch * BATCH_ROWS + i)
  const rows = (round: number) =>
    batchOf(
      table,
      ALL_COLUMNS,
      ids.map((id) => crashRow(id, round)),
    )
  const keys = batchOf(
    table,
    [ID],
    ids.map((id) => [id]),
  )
  const steps = [
    ['inserted', () => storage.insert(table, rows(1), newStatement())],
    ['updated', () => storage.update(table, keys, rows(2), newStatement())],
    ['deleted', () => (batch % 3 === 0 ? storage.delete(table, keys, newStatement()) : undefined)],
  ] as const
  try {
    for (const [done, step] of steps) {
      const changed = await step()
      if (changed !== undefined) print(`${done} ${batch}`)
    }
  } catch (error) {
    if (!isSqlError(error) || error.code !== 'ER_STORAGE_UNAVAILABLE') throw error
    print(`failed ${batch}`)
  }
}
