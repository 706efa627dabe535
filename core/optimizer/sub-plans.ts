/**
 * Plans inside plans: those of sub-queries in expressions, and those that several places share. Each is optimized as a plan of its
 * own, once.
 */
import type { Expression, SubqueryExpression } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import { rewriteExpression } from '../plan/rewrite.js'
import { factsOf } from './conditions.js'
import { inputsOf } from '../plan/node-inputs.js'
import { mapExpressions, mapList, withInputs } from './plan-nodes.js'

export class SubPlans {
  private readonly subqueries = new Map<SubqueryExpression, SubqueryExpression>()
  private readonly shared = new Map<number, LogicalNode>()

  constructor(private readonly optimize: (plan: LogicalNode) => LogicalNode) {}

  /** The plan with all plans inside it optimized. */
  finish(node: LogicalNode): LogicalNode {
    if (node.kind === 'fragment') return node
    if (node.kind === 'shared') {
      let input = this.shared.get(node.shareId)
      if (input === undefined) {
        input = this.optimize(node.input)
        this.shared.set(node.shareId, input)
      }
      return withInputs(node, [input])
    }
    const rewritten = mapExpressions(node, (expression) => this.finishExpression(expression))
    return withInputs(
      rewritten,
      inputsOf(rewritten).map((input) => this.finish(input)),
    )
  }

  private finishExpression(expression: Expression): Expression {
    if (!factsOf(expression).hasSubquery) return expression
    return rewriteExpression(expression, (part) =>
      part.kind === 'subquery' ? this.finishSubquery(part) : undefined,
    )
  }

  /** One that stands in several places stays one: its rows are then computed once. */
  private finishSubquery(subquery: SubqueryExpression): SubqueryExpression {
    let finished = this.subqueries.get(subquery)
    if (finished === undefined) {
      finished = {
        ...subquery,
        plan: this.optimize(subquery.plan),
        operands: mapList(subquery.operands, (each) => this.finishExpression(each)),
        correlations: mapList(subquery.correlations, (each) => {
          const outer = this.finishExpression(each.outer)
          return outer === each.outer ? each : { ...each, outer }
        }),
      }
      this.subqueries.set(subquery, finished)
    }
    return finished
  }
}
