/**
 * max_join_size (MySQL manual 7.1.8): SELECTs that would look at more rows than that, by the estimates that EXPLAIN shows, are refused.
 */
import { sqlError } from '../common/sql-error.js'
import type { LogicalNode } from '../plan/logical.js'
import { inputsOf } from '../plan/node-inputs.js'
import { explainRows } from './explain-rows.js'
import { estimateOf } from './plan-estimates.js'

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
  if (rowsInFragments(plan) > rowsMax) throw sqlError('ER_TOO_BIG_SELECT')
}

/** EXPLAIN shows what a driver runs as a whole as one table: the most rows that come together within. */
function rowsInFragments(node: LogicalNode): number {
  return node.kind === 'fragment'
    ? mostRows(node.root)
    : Math.max(0, ...inputsOf(node).map((input) => rowsInFragments(input)))
}

function mostRows(node: LogicalNode): number {
  return Math.max(estimateOf(node).rows, ...inputsOf(node).map((input) => mostRows(input)))
}
