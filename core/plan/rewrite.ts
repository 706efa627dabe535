/**
 * Walking and rewriting bound expressions without changing them in place.
 */
import type { ColumnId, Expression } from './expression.js'

/**
 * Replaces parts of an expression, from the outside in: where `replace` answers an expression, that stands instead, where it
 * answers undefined, the parts are looked at. Plans of sub-queries are left alone; what they take from outside is rewritten.
 */
export function rewriteExpression(
  expression: Expression,
  replace: (part: Expression) => Expression | undefined,
): Expression {
  const replaced = replace(expression)
  if (replaced !== undefined) return replaced
  switch (expression.kind) {
    case 'call': {
      const args = rewriteAll(expression.arguments, replace)
      return args === expression.arguments ? expression : { ...expression, arguments: args }
    }
    case 'convert': {
      const operand = rewriteExpression(expression.operand, replace)
      return operand === expression.operand ? expression : { ...expression, operand }
    }
    case 'subquery': {
      const operands = rewriteAll(expression.operands, replace)
      const correlations = expression.correlations.map(({ id, outer }) => ({
        id,
        outer: rewriteExpression(outer, replace),
      }))
      const isSame =
        operands === expression.operands &&
        correlations.every(({ outer }, i) => outer === expression.correlations[i]?.outer)
      return isSame ? expression : { ...expression, operands, correlations }
    }
    default:
      return expression
  }
}

/** The same list if nothing changed. */
export function rewriteAll(
  expressions: readonly Expression[],
  replace: (part: Expression) => Expression | undefined,
): readonly Expression[] {
  const result = expressions.map((each) => rewriteExpression(each, replace))
  return result.some((each, i) => each !== expressions[i]) ? result : expressions
}

/** Visits every part of an expression, without the plans of sub-queries but with what these take from outside. */
export function visitExpression(expression: Expression, visit: (part: Expression) => void): void {
  visit(expression)
  switch (expression.kind) {
    case 'call':
      for (const argument of expression.arguments) visitExpression(argument, visit)
      break
    case 'convert':
      visitExpression(expression.operand, visit)
      break
    case 'subquery':
      for (const operand of expression.operands) visitExpression(operand, visit)
      for (const correlation of expression.correlations) visitExpression(correlation.outer, visit)
      break
    default:
  }
}

/** The columns of its own input that an expression reads. */
export function columnsOf(expression: Expression): Set<ColumnId> {
  const columns = new Set<ColumnId>()
  visitExpression(expression, (part) => {
    if (part.kind === 'column') columns.add(part.column)
  })
  return columns
}

/** Whether the expression has one value for one execution of the statement: no columns, nothing volatile. */
export function isConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
    case 'parameter':
      return true
    case 'convert':
      return isConstant(expression.operand)
    case 'call':
      return expression.volatility !== 'volatile' && expression.arguments.every(isConstant)
    default:
      return false
  }
}

/** Whether a sub-query stands anywhere in the expression. */
export function hasSubquery(expression: Expression): boolean {
  switch (expression.kind) {
    case 'subquery':
      return true
    case 'call':
      return expression.arguments.some(hasSubquery)
    case 'convert':
      return hasSubquery(expression.operand)
    default:
      return false
  }
}
