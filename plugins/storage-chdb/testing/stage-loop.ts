/**
 * The process that is killed while statements of several writes are under way. Each stage inserts a batch in three writes; every second
 * one updates the batch before in two more. What was published is printed. Argument: folder.
 */
import { writeSync } from 'node:fs'
import { isSqlError } from '@switchyard/core/spi'
import { ALL_COLUMNS, batchOf, ID, newStatement } from '../../../test/conformance/storage/table-fixtures.js'
import { BATCH_ROWS, crashRow, crashTable } from './crash-table.js'
import { createTestStorage } from './test-storage.js'

const [folder = '', first = '0'] = process.argv.slice(2)
const storage = createTestStorage(folder)
await storage.start()
const table = crashTable()
await storage.createTable(table)

function range(batch: number, parts: number, part: number): readonly number[] {
  const count = BATCH_ROWS / parts
  return Array.from({ length: count }, (_, i) => batch * BATCH_ROWS + part * count + i)
}

const rowsOf = (ids: readonly number[], round: number) =>
  batchOf(
    table,
    ALL_COLUMNS,
    ids.map((id) => crashRow(id, round)),
  )
const keysOf = (ids: readonly number[]) =>
  batchOf(
    table,
    [ID],
    ids.map((id) => [id]),
  )

writeSync(1, 'started\n')
for (let batch = Number(first); ; batch++) {
  const stage = await storage.stage(table, newStatement()).catch(() => undefined)
  try {
    for (const part of [0, 1, 2, 3, 4]) await stage?.insert(rowsOf(range(batch, 5, part), 1), newStatement())
    for (const part of batch % 2 === 1 ? [0, 1] : []) {
      const ids = range(batch - 1, 2, part)
      await stage?.update(keysOf(ids), rowsOf(ids, 2), newStatement())
    }
    await stage?.publish(newStatement())
    writeSync(1, `${stage === undefined ? 'failed' : 'published'} ${batch}\n`)
  } catch (error) {
    stage?.discard()
    if (!isSqlError(error) || error.code !== 'ER_STORAGE_UNAVAILABLE') throw error
    writeSync(1, `failed ${batch}\n`)
  }
}
