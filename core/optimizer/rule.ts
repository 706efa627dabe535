/**
 * What a rule is: a function from plan to plan that keeps the output of the root, ids and order, and the rows.
 */
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import type { OptimizerContext } from './context.js'
import type { ShareCounts } from './share-counts.js'

export interface RuleContext extends OptimizerContext {
  readonly shares: ShareCounts
  /** Scans with an access path, as they were without it: another path may need the conditions that this one satisfies. */
  readonly unplanned: WeakMap<ScanNode, ScanNode>
  /** What EXPLAIN shall say besides the plan. */
  readonly notes: string[]
}

export type Rule = (plan: LogicalNode, context: RuleContext) => LogicalNode
