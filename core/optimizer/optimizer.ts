/**
 * The optimizer: rules over immutable plans, in the order given here. A rule keeps the rows of a plan and the columns of its root; plans
 * inside a plan (sub-queries that stay, shared common table expressions) go through the same rules on their own.
 */
import type { ChangePlan, ForeignChangePlan } from '../plan/change.js'
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import type { OptimizerContext } from './context.js'
import { changeStorage, foreignChange } from './run-changes.js'
import { findExtremes } from './find-extremes.js'
import { sortByIndex } from './index-order.js'
import { inferConditions } from './infer-conditions.js'
import { mergeProjections } from './merge-projections.js'
import { orderJoins } from './order-joins.js'
import { lookUpValues } from './look-up-values.js'
import { keepNotes } from './plan-notes.js'
import { keepOutput } from './plan-nodes.js'
import { narrowColumns, pruneColumns } from './prune-columns.js'
import { pushDownFilters } from './push-down-filters.js'
import { pushDownLimits } from './push-down-limits.js'
import type { Rule, RuleContext } from './rule.js'
import { runFragments } from './run-fragments.js'
import { countShares } from './share-counts.js'
import { simplifyOuterJoins } from './simplify-outer-joins.js'
import { simplifySorts } from './simplify-sorts.js'
import { SubPlans } from './sub-plans.js'
import { unnestSubqueries } from './unnest-subqueries.js'

const RULES: readonly Rule[] = [
  mergeProjections,
  unnestSubqueries,
  mergeProjections,
  lookUpValues,
  simplifyOuterJoins,
  inferConditions,
  pushDownFilters,
  simplifySorts,
  pruneColumns,
  runFragments,
  findExtremes,
  orderJoins,
  sortByIndex,
  pushDownLimits,
  narrowColumns,
]

export function optimizeQuery(plan: LogicalNode, context: OptimizerContext): LogicalNode {
  const rules: RuleContext = Object.assign(Object.create(context) as OptimizerContext, {
    shares: countShares(plan),
    unplanned: new WeakMap<ScanNode, ScanNode>(),
    notes: [],
  })
  const subPlans = new SubPlans((each) => optimize(each))
  const optimize = (root: LogicalNode): LogicalNode =>
    subPlans.finish(keepOutput(applyRules(root, rules), root.output))
  const optimized = optimize(plan)
  keepNotes(optimized, rules.notes)
  return optimized
}

function applyRules(plan: LogicalNode, context: RuleContext): LogicalNode {
  return (context.rules ?? RULES).reduce((node, rule) => rule(node, context), plan)
}

/** The part of a change that finds or computes rows; or all of it, if a driver runs that. */
export function optimizeChange(plan: ChangePlan, context: OptimizerContext): ChangePlan | ForeignChangePlan {
  const here = withInput(plan, optimizeQuery(inputOf(plan), context))
  const storage = changeStorage(plan, context)
  if (storage === undefined) return here
  const rules = PORTABLE_RULES.filter((rule) => context.rules?.includes(rule) !== false)
  const portable = optimizeQuery(
    inputOf(plan),
    Object.assign(Object.create(context) as OptimizerContext, { rules }),
  )
  return foreignChange(storage, withInput(plan, portable), here, context) ?? here
}

/** Up to where fragments are looked for. */
const PORTABLE_RULES = RULES.slice(0, RULES.indexOf(runFragments))

function inputOf(plan: ChangePlan): LogicalNode {
  return plan.kind === 'insert' ? plan.source : plan.input
}

function withInput(plan: ChangePlan, input: LogicalNode): ChangePlan {
  return plan.kind === 'insert' ? { ...plan, source: input } : { ...plan, input }
}
