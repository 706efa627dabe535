/**
 * Sends rows that the engine made up itself.
 */
import { BATCH_ROWS_MAX, Batch } from '../common/batch.js'
import type { ResultSink } from '../spi/session.js'
import type { PlainResult } from './server-core.js'

export async function sendPlainResult(result: PlainResult, sink: ResultSink): Promise<void> {
  sink.columns(result.columns)
  const batch = Batch.ofTypes(result.columns.map((column) => column.type))
  for (let start = 0; start < result.rows.length; start += BATCH_ROWS_MAX) {
    batch.clear()
    for (const row of result.rows.slice(start, start + BATCH_ROWS_MAX)) batch.pushRow(row)
    const sent = sink.rows(batch)
    if (sent instanceof Promise) await sent
  }
}
