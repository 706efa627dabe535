/**
 * Which common table expressions are read from one place only, and so need no rows of their own.
 */
import type { LogicalNode, SharedNode } from '../plan/logical.js'
import { visitExpression } from '../plan/rewrite.js'
import { factsOf } from './conditions.js'
import { inputsOf } from '../plan/node-inputs.js'
import { visitExpressions } from './plan-nodes.js'

export interface ShareCounts {
  /** Whether the reference may be replaced by what it refers to. */
  isInlinable(node: SharedNode): boolean
}

export function countShares(plan: LogicalNode): ShareCounts {
  const references = new Map<number, number>()
  /** Shared sub-plans that are read anew for each row of something: inlined, they would be computed as often. */
  const repeated = new Set<number>()
  const visit = (node: LogicalNode, isRepeated: boolean): void => {
    if (node.kind === 'shared') {
      const count = references.get(node.shareId) ?? 0
      references.set(node.shareId, count + 1)
      if (isRepeated) repeated.add(node.shareId)
      if (count > 0) return
      visit(node.input, false)
      return
    }
    visitExpressions(node, (expression) => {
      if (!factsOf(expression).hasSubquery) return
      visitExpression(expression, (part) => {
        if (part.kind === 'subquery') visit(part.plan, isRepeated || part.correlations.length > 0)
      })
    })
    if (node.kind === 'join') {
      visit(node.left, isRepeated)
      visit(node.right, isRepeated || node.correlations.length > 0)
    } else if (node.kind === 'recursive') {
      visit(node.seed, isRepeated)
      visit(node.step, true)
    } else {
      for (const input of inputsOf(node)) visit(input, isRepeated)
    }
  }
  visit(plan, false)
  return {
    isInlinable: (node) =>
      references.get(node.shareId) === 1 && (!repeated.has(node.shareId) || isPlain(node.input)),
  }
}

/** Tables under filters and projections: conditions of the place where it is read may find it an index. */
function isPlain(node: LogicalNode): boolean {
  switch (node.kind) {
    case 'scan':
      return true
    case 'rename':
    case 'project':
    case 'filter':
      return isPlain(node.input)
    default:
      return false
  }
}
