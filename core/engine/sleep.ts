/**
 * Waits for SLEEP() (MySQL manual 14.24).
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Batch } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import type { Value } from '../common/value.js'
import { SLEEP_TABLE } from '../plan/sleep-table.js'
import type { StatementContext } from '../spi/statement-context.js'

/** The longest delay of a timer in Node, about 24 days. */
const TIMER_MS_MAX = 0x7fffffff

/** The row of SLEEP_TABLE for some seconds. Rejects with the statement's own error when it is killed meanwhile. */
export async function sleepRow(seconds: Value, statement: StatementContext): Promise<Batch> {
  if (seconds === null || Number(seconds) < 0) throw sqlError('ER_WRONG_ARGUMENTS', 'sleep.')
  try {
    await delay(Math.min(Number(seconds) * 1000, TIMER_MS_MAX), undefined, { signal: statement.signal })
  } catch (error) {
    statement.checkKilled()
    throw error
  }
  const row = Batch.ofTypes(SLEEP_TABLE.columns.map((column) => column.type))
  row.pushRow([seconds, 0])
  return row
}
