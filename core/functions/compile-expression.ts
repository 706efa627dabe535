/**
 * Compiles bound expressions to evaluators. Used by the executor for plans, by the binder for constants, and by DDL for
 * defaults and checks.
 */
import { SINGLE_ROW } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import { sameType } from '../common/sql-type.js'
import type { Vector } from '../common/vector.js'
import type { CallExpression, ColumnId, Expression, SubqueryExpression } from '../plan/expression.js'
import { isConstant } from '../plan/rewrite.js'
import { readingColumn } from './column-position.js'
import { bothNeeds, branchNeed, type BranchNeed } from './branch-needs.js'
import { conversionEvaluator, unroundedOf } from './unrounded.js'

/** Where a compiled expression finds its columns. */
export interface ExpressionLayout {
  /** Position of a column in the batches that the evaluator will see. */
  readonly columns: ReadonlyMap<ColumnId, number>
  /** Position of a value in `context.correlated`. */
  readonly correlated: ReadonlyMap<ColumnId, number>
  /** Makes the evaluator of a sub-query, which is run only for rows that come to it. */
  readonly subquery: ((expression: SubqueryExpression, need: BranchNeed | undefined) => Evaluator) | undefined
  /** Which rows come to the expression; all if nothing is said. */
  readonly need?: BranchNeed | undefined
}

export const NO_COLUMNS: ExpressionLayout = { columns: new Map(), correlated: new Map(), subquery: undefined }

export function compileExpression(expression: Expression, layout: ExpressionLayout): Evaluator {
  if ((expression.kind === 'call' || expression.kind === 'convert') && isConstant(expression)) {
    return onceAnExecution(compile(expression, layout, true), expression.type.scale)
  }
  return compile(expression, layout, false)
}

/** Computes a value that no row changes when it is first asked for, and keeps it while the statement runs. */
function onceAnExecution(evaluate: Evaluator, scale: number): Evaluator {
  // The digits beyond a quotient's own are asked for at the evaluator that computes it.
  if (unroundedOf(evaluate, scale).scale !== scale) return evaluate
  const site = {}
  return (_batch, _row, context) =>
    context.state(site, () => ({ value: evaluate(SINGLE_ROW, 0, context) })).value
}

/** `isPart`: of a constant expression, which is kept as a whole. */
function compile(expression: Expression, layout: ExpressionLayout, isPart: boolean): Evaluator {
  const part = (inner: Expression, where = layout) =>
    isPart ? compile(inner, where, true) : compileExpression(inner, where)
  switch (expression.kind) {
    case 'constant': {
      const value = expression.value
      return () => value
    }
    case 'parameter': {
      const slot = expression.slot
      return (_batch, _row, context) => context.parameters[slot] ?? null
    }
    case 'column': {
      const position = layout.columns.get(expression.column)
      if (position === undefined) throw new Error(`invariant: column ${expression.text} is not in the input`)
      return readingColumn((batch, row) => (batch.columns[position] as Vector).get(row), position)
    }
    case 'correlated': {
      const position = layout.correlated.get(expression.column)
      if (position === undefined)
        throw new Error(`invariant: outer column ${expression.text} is not handed in`)
      return (_batch, _row, context) => context.correlated[position] ?? null
    }
    case 'call':
      return expression.binding.compile(compileArguments(expression, layout, part))
    case 'convert': {
      const operand = part(expression.operand)
      if (sameType(expression.operand.type, expression.type)) return operand
      // An implicit conversion has its operand's text, a cast one of its own.
      const isCast = expression.text !== expression.operand.text
      return conversionEvaluator(operand, expression.operand.type, expression.type, expression.text, isCast)
    }
    case 'subquery': {
      if (layout.subquery === undefined) throw new Error('invariant: no sub-query is possible here')
      return layout.subquery(expression, layout.need)
    }
  }
}

function compileArguments(
  call: CallExpression,
  layout: ExpressionLayout,
  part: (inner: Expression, where?: ExpressionLayout) => Evaluator,
): Evaluator[] {
  const evaluators: Evaluator[] = []
  for (const [i, argument] of call.arguments.entries()) {
    const need = branchNeed(call, i, argument, evaluators)
    evaluators.push(
      need === undefined ? part(argument) : part(argument, { ...layout, need: bothNeeds(layout.need, need) }),
    )
  }
  return evaluators
}
