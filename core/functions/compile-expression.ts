/**
 * Compiles bound expressions to evaluators. Used by the executor for plans, by the binder for constants, and by DDL for
 * defaults and checks.
 */
import { compileConversion } from '../common/conversion.js'
import type { Evaluator } from '../common/evaluation.js'
import { sameType } from '../common/sql-type.js'
import type { Vector } from '../common/vector.js'
import type { ColumnId, Expression, SubqueryExpression } from '../plan/expression.js'

/** Where a compiled expression finds its columns. */
export interface ExpressionLayout {
  /** Position of a column in the batches that the evaluator will see. */
  readonly columns: ReadonlyMap<ColumnId, number>
  /** Position of a value in `context.correlated`. */
  readonly correlated: ReadonlyMap<ColumnId, number>
  /** Makes the evaluator of a sub-query. */
  readonly subquery: ((expression: SubqueryExpression) => Evaluator) | undefined
}

export const NO_COLUMNS: ExpressionLayout = { columns: new Map(), correlated: new Map(), subquery: undefined }

export function compileExpression(expression: Expression, layout: ExpressionLayout): Evaluator {
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
      return (batch, row) => (batch.columns[position] as Vector).get(row)
    }
    case 'correlated': {
      const position = layout.correlated.get(expression.column)
      if (position === undefined)
        throw new Error(`invariant: outer column ${expression.text} is not handed in`)
      return (_batch, _row, context) => context.correlated[position] ?? null
    }
    case 'call':
      return expression.binding.compile(
        expression.arguments.map((argument) => compileExpression(argument, layout)),
      )
    case 'convert': {
      const operand = compileExpression(expression.operand, layout)
      if (sameType(expression.operand.type, expression.type)) return operand
      const convert = compileConversion(expression.operand.type, expression.type)
      return (batch, row, context) => {
        const value = operand(batch, row, context)
        return value === null ? null : convert(value, context)
      }
    }
    case 'subquery': {
      if (layout.subquery === undefined) throw new Error('invariant: no sub-query is possible here')
      return layout.subquery(expression)
    }
  }
}
