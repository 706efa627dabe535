/**
 * Turns sub-queries of conditions into joins (MySQL manual 10.2.2.1): IN and EXISTS into semi joins, NOT EXISTS and NOT IN into anti
 * joins. A join can be ordered with the others, use hash tables and indexes; a sub-query runs for each combination of outer values.
 *
 * What a sub-query compares with the enclosing row becomes the join's condition, so it must stand where conditions can be taken
 * out: in WHERE and inner joins of the sub-query itself. NOT IN is unknown where a NULL is compared. It becomes a plain anti join only
 * if nothing compared can be NULL, and a null-aware one only for a single column of a sub-query that reads nothing outside.
 * Everything else stays what it is.
 */
import type { ColumnId, Expression, SubqueryExpression } from '../plan/expression.js'
import type { JoinNode, LogicalNode } from '../plan/logical.js'
import { isVolatilePlan } from '../plan/volatility.js'
import { conjunction, conjuncts, factsOf } from './conditions.js'
import { isHashable } from './hashable.js'
import { mergeProjections } from './merge-projections.js'
import { inputsOf } from '../plan/node-inputs.js'
import { columnOf, filterNode, joinNode, mapInputs, visitExpressions, withInputs } from './plan-nodes.js'
import type { RuleContext } from './rule.js'
import { decorrelate, substitute } from './substitution.js'

export function unnestSubqueries(plan: LogicalNode, context: RuleContext): LogicalNode {
  const node = mapInputs(plan, (input) => unnestSubqueries(input, context))
  if (node.kind === 'join' && node.type === 'inner') return unnestCondition(node, context)
  return node.kind === 'filter' ? unnestFilter(node.input, node.condition, context) : node
}

/** A sub-query in the ON clause of an inner join is a condition of the joined rows. */
function unnestCondition(node: JoinNode, context: RuleContext): LogicalNode {
  const parts = conjuncts(node.condition)
  const dear = parts.filter((each) => factsOf(each).hasSubquery)
  if (dear.length === 0) return node
  const rest = parts.filter((each) => !dear.includes(each))
  const join = joinNode('inner', node.left, node.right, conjunction(rest, context), node)
  const condition = conjunction(dear, context)
  return condition === undefined ? join : unnestFilter(join, condition, context)
}

function unnestFilter(input: LogicalNode, condition: Expression, context: RuleContext): LogicalNode {
  let node = input
  const rest: Expression[] = []
  const joins: Unnested[] = []
  for (const part of conjuncts(condition)) {
    const join = unnested(part, context)
    if (join === undefined) rest.push(part)
    else joins.push(join)
  }
  node = filterNode(node, conjunction(rest, context))
  for (const { type, right, on, nullAware } of joins) {
    node = joinNode(type, node, right, conjunction(on, context), { nullAware })
  }
  return node
}

interface Unnested {
  readonly type: 'semi' | 'anti'
  readonly right: LogicalNode
  readonly on: readonly Expression[]
  readonly nullAware: boolean
}

function unnested(condition: Expression, context: RuleContext): Unnested | undefined {
  const [negated, subquery] = subqueryOf(condition)
  if (!subquery?.operands.every(isPlain)) return undefined
  if (isVolatilePlan(subquery.plan)) return undefined
  switch (subquery.mode) {
    case 'exists':
      // One that reads nothing outside is asked once, for one row.
      if (subquery.correlations.length === 0) return undefined
      return opened(subquery, negated ? 'anti' : 'semi', context)
    case 'in':
      return negated ? notIn(subquery, context) : opened(subquery, 'semi', context)
    default:
      return undefined
  }
}

function subqueryOf(condition: Expression): readonly [boolean, SubqueryExpression | undefined] {
  if (condition.kind === 'subquery') return [false, condition]
  if (condition.kind !== 'call' || condition.name !== 'not') return [false, undefined]
  const [operand] = condition.arguments
  return [true, operand?.kind === 'subquery' ? operand : undefined]
}

function isPlain(expression: Expression): boolean {
  const { hasSubquery, isVolatile } = factsOf(expression)
  return !hasSubquery && !isVolatile
}

function notIn(subquery: SubqueryExpression, context: RuleContext): Unnested | undefined {
  if (subquery.comparisons.every((each) => !each.nullable)) return opened(subquery, 'anti', context)
  const join = opened(subquery, 'anti', context)
  const [comparison] = join?.on ?? []
  const isSingle = join?.on.length === 1 && subquery.comparisons.length === 1
  if (join === undefined || !isSingle || subquery.correlations.length > 0) return undefined
  if (comparison === undefined || !isHashEquality(comparison, join.right)) return undefined
  return { ...join, nullAware: true }
}

/** Whether a hash join can use the equality: only that knows of NULLs. */
function isHashEquality(comparison: Expression, right: LogicalNode): boolean {
  if (comparison.kind !== 'call' || comparison.name !== '=') return false
  const [a, b] = comparison.arguments
  if (a === undefined || b === undefined || !isHashable(a.type, b.type)) return false
  const rightIds = new Set(right.output.map((column) => column.id))
  const isRight = (side: Expression) => {
    const { columns } = factsOf(side)
    return columns.size > 0 && [...columns].every((column) => rightIds.has(column))
  }
  const isLeft = (side: Expression) => {
    const { columns } = factsOf(side)
    return columns.size > 0 && ![...columns].some((column) => rightIds.has(column))
  }
  return (isLeft(a) && isRight(b)) || (isRight(a) && isLeft(b))
}

// ── Taking the sub-query apart ──────────────────────────────────────────────────────────────────────────────────

function opened(
  subquery: SubqueryExpression,
  type: 'semi' | 'anti',
  context: RuleContext,
): Unnested | undefined {
  const plan = unnestSubqueries(mergeProjections(subquery.plan, context), context)
  const outer = new Map(subquery.correlations.map((each) => [each.id, each.outer] as const))
  const operands = new Map(
    subquery.operandColumns.map((column, i) => [column, subquery.operands[i] as Expression] as const),
  )
  const comparisons = subquery.comparisons.map((each) => substitute(each, operands))
  if (outer.size === 0) return { type, right: withoutOrder(plan), on: comparisons, nullAware: false }
  const { node, columns } = peeled(plan)
  const taken: Expression[] = []
  const right = takeConditions(node, outer, taken, context)
  if (!taken.every(isPlain) || readsCorrelated(right, outer)) return undefined
  const on = [...comparisons.map((each) => substitute(each, columns)), ...taken]
  // The select list may read the enclosing row as well.
  return { type, right, on: on.map((each) => decorrelate(each, outer)), nullAware: false }
}

/** How often a row comes, and when, is nothing to a semi or an anti join. */
function withoutOrder(plan: LogicalNode): LogicalNode {
  return plan.kind === 'sort' || plan.kind === 'distinct' ? withoutOrder(plan.input) : plan
}

/** The plan below its select list, and what the select list is. */
function peeled(plan: LogicalNode): {
  readonly node: LogicalNode
  readonly columns: ReadonlyMap<ColumnId, Expression>
} {
  const node = withoutOrder(plan)
  if (node.kind !== 'project' || !node.expressions.every(isPlain)) {
    return { node, columns: new Map(node.output.map((column) => [column.id, columnOf(column)])) }
  }
  const columns = new Map(
    node.output.map((column, i) => [column.id, node.expressions[i] as Expression] as const),
  )
  const below = peeled(node.input)
  return {
    node: below.node,
    columns: new Map([...columns].map(([id, each]) => [id, substitute(each, below.columns)])),
  }
}

/** Takes the conditions that read the enclosing row out of a tree of filters and inner joins. */
function takeConditions(
  node: LogicalNode,
  outer: ReadonlyMap<ColumnId, Expression>,
  taken: Expression[],
  context: RuleContext,
): LogicalNode {
  const reads = (each: Expression) => [...factsOf(each).correlated].some((id) => outer.has(id))
  if (node.kind === 'filter') {
    const parts = conjuncts(node.condition)
    taken.push(...parts.filter(reads))
    const input = takeConditions(node.input, outer, taken, context)
    const rest = parts.filter((each) => !reads(each))
    return filterNode(input, conjunction(rest, context))
  }
  if (node.kind !== 'join' || node.correlations.length > 0) return node
  const left = takeConditions(node.left, outer, taken, context)
  if (node.type !== 'inner') return withInputs(node, [left, node.right])
  const parts = conjuncts(node.condition)
  taken.push(...parts.filter(reads))
  const right = takeConditions(node.right, outer, taken, context)
  const rest = parts.filter((each) => !reads(each))
  return joinNode('inner', left, right, conjunction(rest, context), node)
}

/** Whether anything in the plan still reads the enclosing row. */
function readsCorrelated(node: LogicalNode, outer: ReadonlyMap<ColumnId, Expression>): boolean {
  const read = new Set<ColumnId>()
  visitExpressions(node, (expression) => {
    for (const id of factsOf(expression).correlated) if (outer.has(id)) read.add(id)
  })
  return read.size > 0 || inputsOf(node).some((input) => readsCorrelated(input, outer))
}
