/**
 * The optimizer: rules over immutable plans, in the order given here.
 */
import type { ChangePlan } from '../plan/change.js'
import type { LogicalNode } from '../plan/logical.js'
import type { OptimizerContext } from './context.js'

type Rule = (node: LogicalNode, context: OptimizerContext) => LogicalNode

const RULES: readonly Rule[] = []

export function optimizeQuery(plan: LogicalNode, context: OptimizerContext): LogicalNode {
  return RULES.reduce((node, rule) => rule(node, context), plan)
}

/** The part of a change that finds or computes rows. */
export function optimizeChange(plan: ChangePlan, context: OptimizerContext): ChangePlan {
  if (plan.kind === 'insert') return { ...plan, source: optimizeQuery(plan.source, context) }
  return { ...plan, input: optimizeQuery(plan.input, context) }
}
