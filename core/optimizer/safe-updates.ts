/**
 * sql_safe_updates (MySQL manual 6.5.1.6 "--safe-updates"): UPDATE and DELETE have to find their rows by a key, or to say with LIMIT how
 * many there are at most.
 */
import { sqlError } from '../common/sql-error.js'
import type { ForeignChangePlan, ChangePlan } from '../plan/change.js'
import type { ColumnId } from '../plan/expression.js'
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import { visitExpression } from '../plan/rewrite.js'
import { inputsOf } from '../plan/node-inputs.js'

/** Throws ER_UPDATE_WITHOUT_KEY_IN_SAFE_MODE. */
export function requireKeyedChange(plan: ChangePlan | ForeignChangePlan): void {
  const change = plan.kind === 'foreign change' ? plan.here : plan
  if (change.kind === 'insert') return
  const targets = new Set<ColumnId>(change.targets.map(({ rowKey }) => rowKey))
  if (hasLimit(change.input)) return
  for (const scan of scansOf(change.input)) {
    if (scan.rowKey === undefined || !targets.has(scan.rowKey)) continue
    if (!isBounded(scan) && !isFilteredByKey(scan)) throw sqlError('ER_UPDATE_WITHOUT_KEY_IN_SAFE_MODE', '')
  }
}

/** LIMIT of the statement itself: it stands above all that finds rows. */
function hasLimit(node: LogicalNode): boolean {
  if (node.kind === 'limit') return true
  return (
    (node.kind === 'project' || node.kind === 'sort') &&
    ((node.kind === 'sort' && node.top !== undefined) || hasLimit(node.input))
  )
}

function scansOf(node: LogicalNode): readonly ScanNode[] {
  return node.kind === 'scan' ? [node] : inputsOf(node).flatMap(scansOf)
}

function isBounded({ access, limit }: ScanNode): boolean {
  if (limit !== undefined) return true
  return (
    access?.kind === 'ranges' &&
    access.ranges.every(({ lower, upper }) => lower !== undefined || upper !== undefined)
  )
}

/** Small tables, and those of drivers without ranges, are read as a whole although a key could find the rows. */
function isFilteredByKey({ table, columns, output, filter }: ScanNode): boolean {
  if (filter === undefined) return false
  const firsts = new Set(table.indexes.map(({ parts: [part] }) => part?.column))
  let found = false
  visitExpression(filter, (part) => {
    if (part.kind !== 'column') return
    const position = output.findIndex(({ id }) => id === part.column)
    found ||= firsts.has(columns[position])
  })
  return found
}
