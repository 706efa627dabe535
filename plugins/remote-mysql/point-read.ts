/** Which queries read one row by a unique key: short ones, that may share a connection with others. */
import { readsColumns, type Expression, type Fragment, type LogicalNode } from '@switchyard/core/spi'
import { conjuncts } from './scan-sql.js'

/** For what it costs only: whether it really is one row is up to the remote. */
export function isPointRead({ root, wanted }: Fragment): boolean {
  if (wanted !== undefined) return false
  const known = new Set<number>()
  let node: LogicalNode = root
  while (node.kind === 'project' || node.kind === 'filter') {
    if (node.kind === 'filter') addKnown(node.condition, known)
    node = node.input
  }
  if (node.kind !== 'scan' || node.lock !== undefined || node.rowKey !== undefined) return false
  if (node.filter !== undefined) addKnown(node.filter, known)
  const { columns, output, table } = node
  const positions = new Set(columns.filter((_, i) => known.has(output[i]?.id ?? -1)))
  return table.indexes.some(
    ({ unique, parts }) =>
      unique &&
      parts.every(({ column, prefixLength }) => prefixLength === undefined && positions.has(column)),
  )
}

/** Adds the columns that have to equal a value. */
function addKnown(condition: Expression, known: Set<number>): void {
  for (const part of conjuncts(condition)) {
    if (part.kind !== 'call' || part.name !== '=') continue
    const [left, right] = part.arguments
    if (left === undefined || right === undefined) continue
    if (left.kind === 'column' && !readsColumns(right)) known.add(left.column)
    if (right.kind === 'column' && !readsColumns(left)) known.add(right.column)
  }
}
