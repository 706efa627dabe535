/**
 * Joins and filters of which a driver refuses some conditions: the driver gets them with the others, and what it refused is checked on the rows that
 * are left. Only for drivers that say so (`FragmentAnswer.divisible`), and where it doesn't matter when a condition is checked: inside of
 * inner joins, and on the side of other joins whose rows they keep.
 */
import type { ColumnId, Expression } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import { visitExpression } from '../plan/rewrite.js'
import { conjunction, conjuncts } from './conditions.js'
import type { OptimizerContext } from './context.js'

export interface SplitFragment {
  /** Without what is refused. */
  readonly rest: LogicalNode
  readonly refused: Expression
}

/** Undefined if there is nothing to refuse, or what is refused can't be checked above the node. */
export function splitConditions(
  node: LogicalNode,
  accepts: (part: LogicalNode) => boolean,
  context: OptimizerContext,
): SplitFragment | undefined {
  if (node.kind !== 'join' && node.kind !== 'filter') return undefined
  const refused: Expression[] = []
  const rest = stripped(node, refused, accepts, context)
  const condition = conjunction(refused, context)
  if (condition === undefined || !isAbout(condition, node) || hasProduct(rest)) return undefined
  return { rest, refused: condition }
}

/** Every row of one side with every row of the other would be too many to send. */
function hasProduct(node: LogicalNode): boolean {
  if (node.kind === 'filter') return hasProduct(node.input)
  if (node.kind !== 'join') return false
  const isProduct = node.type === 'inner' && node.condition === undefined
  return isProduct || hasProduct(node.left) || (node.type === 'inner' && hasProduct(node.right))
}

function stripped(
  node: LogicalNode,
  refused: Expression[],
  accepts: (part: LogicalNode) => boolean,
  context: OptimizerContext,
): LogicalNode {
  const sorted = (condition: Expression | undefined, withPart: (part: Expression) => LogicalNode) => {
    const accepted: Expression[] = []
    for (const part of conjuncts(condition)) (accepts(withPart(part)) ? accepted : refused).push(part)
    return conjunction(accepted, context)
  }
  switch (node.kind) {
    case 'scan':
      // It stops after so many rows that pass.
      if (node.limit !== undefined) return node
      return { ...node, filter: sorted(node.filter, (filter) => ({ ...node, filter })) }
    case 'filter': {
      const input = stripped(node.input, refused, accepts, context)
      const condition = sorted(node.condition, (part) => ({ ...node, input, condition: part }))
      return condition === undefined ? input : { ...node, input, condition }
    }
    case 'join': {
      const left = stripped(node.left, refused, accepts, context)
      // What a row of the right side must fulfil decides what becomes of the left one.
      if (node.type !== 'inner') return { ...node, left }
      const right = stripped(node.right, refused, accepts, context)
      const condition = sorted(node.condition, (part) => ({ ...node, left, right, condition: part }))
      return { ...node, left, right, condition }
    }
    default:
      return node
  }
}

/** Whether the columns that it reads are among what the node gives. */
function isAbout(condition: Expression, node: LogicalNode): boolean {
  const given = new Set<ColumnId>(node.output.map(({ id }) => id))
  let isGiven = true
  visitExpression(condition, (part) => {
    if (part.kind === 'column' && !given.has(part.column)) isGiven = false
  })
  return isGiven
}
