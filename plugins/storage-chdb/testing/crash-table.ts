/** The table that crash tests write to: who killed what can be told from its rows. */
import type { TableDefinition, Value } from '@switchyard/core/spi'
import { sampleTable } from '../../../test/conformance/storage/table-fixtures.js'

export const BATCH_ROWS = 50

/** Always the same table, in whichever process. */
export function crashTable(): TableDefinition {
  return { ...sampleTable('chdb'), id: 77, name: 'crash' }
}

/** A row in its first or second state. */
export function crashRow(id: number, round: number): Value[] {
  return [id, round, id * 1000, id, id / 3, `name ${id}`, `code ${round}`, null, null, null]
}
