/**
 * Finds the conditions of a scan that a table driver can be told: comparisons of a plain column with a constant of the column's
 * own type.
 */
import { SINGLE_ROW } from '../common/batch.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { sameType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { compileExpression, type ExpressionLayout } from '../functions/compile-expression.js'
import type { CallExpression, Expression } from '../plan/expression.js'
import type { ScanNode } from '../plan/logical.js'
import { columnsOf } from '../plan/rewrite.js'
import type { ColumnCondition } from '../spi/storage.js'

interface ConditionTemplate {
  readonly column: number
  readonly operator: ColumnCondition['operator']
  readonly values: readonly Evaluator[]
}

const FLIPPED = { '=': '=', '<=>': '<=>', '<': '>', '<=': '>=', '>': '<', '>=': '<=', '<>': '<>' } as const

export function columnConditions(
  filter: Expression,
  node: ScanNode,
  layout: ExpressionLayout,
): (context: EvaluationContext) => readonly ColumnCondition[] {
  const templates: ConditionTemplate[] = []
  for (const part of conjuncts(filter)) {
    const template = part.kind === 'call' ? conditionOf(part, node, layout) : undefined
    if (template !== undefined) templates.push(template)
  }
  return (context) =>
    templates.map((template) => ({
      column: template.column,
      operator: template.operator,
      values: template.values.map((evaluate): Value => evaluate(SINGLE_ROW, 0, context)),
    }))
}

export function conjuncts(condition: Expression): readonly Expression[] {
  if (condition.kind === 'call' && condition.name === 'and') return condition.arguments.flatMap(conjuncts)
  return [condition]
}

function conditionOf(
  call: CallExpression,
  node: ScanNode,
  layout: ExpressionLayout,
): ConditionTemplate | undefined {
  const [left, right] = call.arguments
  if (left === undefined) return undefined
  if (call.name === 'is null') {
    const column = tableColumn(left, node)
    return column === undefined ? undefined : { column, operator: 'is null', values: [] }
  }
  if (right === undefined) return undefined
  if (call.name === 'in') {
    const column = tableColumn(left, node)
    const items = call.arguments.slice(1)
    if (column === undefined || !items.every((item) => isValueFor(item, left))) return undefined
    return { column, operator: 'in', values: items.map((item) => compileExpression(item, layout)) }
  }
  if (!(call.name in FLIPPED)) return undefined
  const operator = call.name as keyof typeof FLIPPED
  const leftColumn = tableColumn(left, node)
  if (leftColumn !== undefined && isValueFor(right, left)) {
    return { column: leftColumn, operator, values: [compileExpression(right, layout)] }
  }
  const rightColumn = tableColumn(right, node)
  if (rightColumn !== undefined && isValueFor(left, right)) {
    return { column: rightColumn, operator: FLIPPED[operator], values: [compileExpression(left, layout)] }
  }
  return undefined
}

function tableColumn(expression: Expression, node: ScanNode): number | undefined {
  if (expression.kind !== 'column') return undefined
  const position = node.output.findIndex((column) => column.id === expression.column)
  return position < 0 ? undefined : node.columns[position]
}

function isValueFor(value: Expression, column: Expression): boolean {
  return columnsOf(value).size === 0 && sameType(value.type, column.type)
}
