/**
 * Turns left joins into inner joins where a condition above takes no row whose right side is NULL (MySQL manual 10.2.1.9 and
 * 10.2.1.10). Inner joins can be ordered freely and hand conditions to both sides.
 */
import type { ColumnId, Expression } from '../plan/expression.js'
import type { JoinNode, LogicalNode, ProjectNode } from '../plan/logical.js'
import { conjuncts } from './conditions.js'
import { rejectedNulls, strictColumns } from './null-rejection.js'
import { joinNode, mapInputs, outputIds, withInputs } from './plan-nodes.js'

type Columns = ReadonlySet<ColumnId>

const NONE: Columns = new Set()

export function simplifyOuterJoins(plan: LogicalNode): LogicalNode {
  return simplify(plan, NONE)
}

/** `rejected`: columns of the node's output that are NULL in no row that is wanted. */
function simplify(node: LogicalNode, rejected: Columns): LogicalNode {
  switch (node.kind) {
    case 'filter':
      return withInputs(node, [simplify(node.input, plus(rejected, conjuncts(node.condition)))])
    case 'join':
      return simplifyJoin(node, rejected)
    case 'sort':
    case 'distinct':
      return withInputs(node, [simplify(node.input, rejected)])
    case 'project':
      return withInputs(node, [simplify(node.input, throughProject(node, rejected))])
    default:
      return mapInputs(node, (input) => simplify(input, NONE))
  }
}

function simplifyJoin(node: JoinNode, rejected: Columns): LogicalNode {
  const rightIds = outputIds(node.right)
  const isInner = node.type === 'left' && [...rejected].some((column) => rightIds.has(column))
  const type = isInner ? 'inner' : node.type
  // What the join's own condition rejects never gets through an inner or a semi join, nor from the right side of any.
  const own = node.nullAware ? NONE : plus(NONE, conjuncts(node.condition))
  const fromLeft = type === 'inner' || type === 'semi' ? union(rejected, own) : rejected
  const fromRight = type === 'inner' ? union(rejected, own) : own
  const left = simplify(node.left, fromLeft)
  const right = simplify(node.right, fromRight)
  if (type === node.type && left === node.left && right === node.right) return node
  return joinNode(type, left, right, node.condition, node)
}

function throughProject(node: ProjectNode, rejected: Columns): Columns {
  const below = new Set<ColumnId>()
  node.output.forEach((column, i) => {
    const expression = node.expressions[i]
    if (expression === undefined || !rejected.has(column.id)) return
    for (const strict of strictColumns(expression)) below.add(strict)
  })
  return below
}

function plus(columns: Columns, conditions: readonly Expression[]): Columns {
  const all = new Set(columns)
  for (const each of conditions) for (const column of rejectedNulls(each)) all.add(column)
  return all
}

function union(a: Columns, b: Columns): Columns {
  return new Set([...a, ...b])
}
