/**
 * max_join_size (MySQL manual 7.1.8): SELECTs that would look at more rows than that, by the estimates that EXPLAIN shows, are refused.
 */
import { sqlError } from '../common/sql-error.js'
import type { LogicalNode } from '../plan/logical.js'
import { explainRows } from './explain-rows.js'

/** Throws ER_TOO_BIG_SELECT. */
export function requireJoinSize(plan: LogicalNode, rowsMax: number): void {
  /** Rows that have come together before the next table of a SELECT is read. */
  const combined = new Map<number | undefined, number>()
  for (const { id, rows, filtered } of explainRows(plan)) {
    if (rows === undefined) continue
    const examined = (combined.get(id) ?? 1) * rows
    if (examined > rowsMax) throw sqlError('ER_TOO_BIG_SELECT')
    combined.set(id, (examined * (filtered ?? 100)) / 100)
  }
}
