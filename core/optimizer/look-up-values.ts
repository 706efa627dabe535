/**
 * Lets an index look for the value of a sub-query that reads nothing outside (`WHERE id = (SELECT MAX(id) FROM u)`): the sub-query
 * becomes a row of its own, to which the table is joined. Elsewhere it stays in the condition, which is as good.
 */
import type { ColumnId, Expression, SubqueryExpression } from '../plan/expression.js'
import type { LogicalNode, ValuesNode } from '../plan/logical.js'
import { isVolatilePlan } from '../plan/volatility.js'
import { usableIndexes } from './access-paths.js'
import { conjunction, conjuncts } from './conditions.js'
import { hasIndexes } from './placements.js'
import { columnOf, filterNode, joinNode, mapInputs, projectNode } from './plan-nodes.js'
import type { RuleContext } from './rule.js'
import { replaceParts } from './substitution.js'

export function lookUpValues(plan: LogicalNode, context: RuleContext): LogicalNode {
  const node = mapInputs(plan, (input) => lookUpValues(input, context))
  if (node.kind !== 'filter') return node
  let { input } = node
  const rest: Expression[] = []
  for (const condition of conjuncts(node.condition)) {
    const subquery = comparedValue(condition, input, context)
    if (subquery === undefined) rest.push(condition)
    else input = joined(input, condition, subquery, context)
  }
  return input === node.input ? node : filterNode(input, conjunction(rest, context))
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>='])

/** The sub-query that an indexed column is compared with. */
function comparedValue(
  condition: Expression,
  input: LogicalNode,
  context: RuleContext,
): SubqueryExpression | undefined {
  if (condition.kind !== 'call' || !COMPARISONS.has(condition.name)) return undefined
  const operands = condition.arguments.map((each) => (each.kind === 'convert' ? each.operand : each))
  const subquery = operands.find((each) => each.kind === 'subquery')
  const column = operands.find((each) => each.kind === 'column')
  if (subquery?.kind !== 'subquery' || column?.kind !== 'column') return undefined
  if (subquery.mode !== 'scalar' || subquery.correlations.length > 0) return undefined
  if (isVolatilePlan(subquery.plan) || !isIndexed(column.column, input, context)) return undefined
  return subquery
}

/** Whether the column begins an index of a table that the node reads. */
function isIndexed(column: ColumnId, node: LogicalNode, context: RuleContext): boolean {
  switch (node.kind) {
    case 'scan': {
      const position = node.columns[node.output.findIndex((each) => each.id === column)]
      if (position === undefined || !hasIndexes(node.table, context)) return false
      return usableIndexes(node).some((index) => index.parts[0]?.column === position)
    }
    case 'filter':
      return isIndexed(column, node.input, context)
    case 'join':
      if (node.type === 'inner') {
        return isIndexed(column, node.left, context) || isIndexed(column, node.right, context)
      }
      return isIndexed(column, node.left, context)
    default:
      return false
  }
}

function joined(
  input: LogicalNode,
  condition: Expression,
  subquery: SubqueryExpression,
  context: RuleContext,
): LogicalNode {
  const { type, text, coercibility } = subquery
  const value = { id: context.newColumn(), name: text, type, nullable: true }
  const nothing: ValuesNode = { kind: 'values', rows: [[]], output: [] }
  const row = projectNode(nothing, [subquery], [value])
  const on = replaceParts(condition, (part) =>
    part === subquery ? columnOf(value, coercibility) : undefined,
  )
  return joinNode('inner', row, input, on)
}
