/**
 * What a rule is: a function from plan to plan that keeps the output of the root, ids and order, and the rows.
 */
import type { LogicalNode } from '../plan/logical.js'
import type { OptimizerContext } from './context.js'
import type { ShareCounts } from './share-counts.js'

export interface RuleContext extends OptimizerContext {
  readonly shares: ShareCounts
}

export type Rule = (plan: LogicalNode, context: RuleContext) => LogicalNode
