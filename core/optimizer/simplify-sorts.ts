/**
 * Drops sorting that nobody sees: keys that are constant or come twice, ORDER BY where the order is lost again (derived tables,
 * grouping, sides of joins), DISTINCT over rows that are distinct anyway.
 */
import type { ColumnId, SortKey } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import { isConstant, sameExpression } from './conditions.js'
import { mapInputs, withInputs } from './plan-nodes.js'

export function simplifySorts(plan: LogicalNode): LogicalNode {
  return simplify(plan, true)
}

/** `isOrdered`: whether the order of the node's rows counts. */
function simplify(node: LogicalNode, isOrdered: boolean): LogicalNode {
  switch (node.kind) {
    case 'sort': {
      const keys = neededKeys(node.keys)
      const input = simplify(node.input, false)
      if (!isOrdered || keys.length === 0) return input
      const sorted = withInputs(node, [input])
      return keys.length === node.keys.length || sorted.kind !== 'sort' ? sorted : { ...sorted, keys }
    }
    case 'limit':
      return withInputs(node, [simplify(node.input, true)])
    case 'filter':
    case 'project':
    case 'rename':
      return withInputs(node, [simplify(node.input, isOrdered)])
    case 'distinct': {
      const input = simplify(node.input, isOrdered)
      return isDistinct(input) ? input : withInputs(node, [input])
    }
    default:
      return mapInputs(node, (input) => simplify(input, false))
  }
}

function neededKeys(keys: readonly SortKey[]): readonly SortKey[] {
  const needed: SortKey[] = []
  for (const key of keys) {
    if (isConstant(key.expression)) continue
    if (needed.some((each) => sameExpression(each.expression, key.expression))) continue
    needed.push(key)
  }
  return needed
}

/** Whether no two rows of the node are equal. */
function isDistinct(node: LogicalNode): boolean {
  const ids = new Set(node.output.map((column) => column.id))
  return uniqueKeys(node).some((key) => key.every((column) => ids.has(column)))
}

/** Sets of columns of which no two rows have the same values, none of them NULL twice. */
export function uniqueKeys(node: LogicalNode): readonly (readonly ColumnId[])[] {
  switch (node.kind) {
    case 'scan': {
      const byPosition = new Map(node.columns.map((position, i) => [position, node.output[i]?.id ?? -1]))
      return node.table.indexes.flatMap((index) => {
        const columns = index.parts.map((part) => byPosition.get(part.column))
        const isKey =
          index.unique &&
          index.parts.every(
            (part) => part.prefixLength === undefined && node.table.columns[part.column]?.nullable === false,
          )
        const known = columns.filter((column) => column !== undefined)
        return isKey && known.length === columns.length ? [known] : []
      })
    }
    case 'filter':
    case 'sort':
    case 'limit':
    case 'window':
      return uniqueKeys(node.input)
    case 'project': {
      const names = new Map<ColumnId, ColumnId>()
      node.expressions.forEach((expression, i) => {
        const output = node.output[i]
        if (expression.kind === 'column' && output !== undefined) names.set(expression.column, output.id)
      })
      return uniqueKeys(node.input).flatMap((key) => {
        const columns = key.map((column) => names.get(column))
        const known = columns.filter((column) => column !== undefined)
        return known.length === columns.length ? [known] : []
      })
    }
    case 'join':
      return node.type === 'semi' || node.type === 'anti' ? uniqueKeys(node.left) : []
    case 'aggregate':
      return node.rollup ? [] : [node.groupBy.map((item) => item.output)]
    case 'distinct':
      return [node.output.map((column) => column.id)]
    default:
      return []
  }
}
