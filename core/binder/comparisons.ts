/**
 * Binds comparisons of values and of rows, BETWEEN and IN (MySQL manual 14.4.2). A hex or bit literal beside a number is a number.
 */
import { sqlError } from '../common/sql-error.js'
import { isNumeric } from '../common/sql-type.js'
import type { Expression } from '../plan/expression.js'
import type { Comparison, Expression as Syntax } from '../plan/syntax/index.js'
import type { Binding, ExpressionContext } from './binding.js'
import { bindCall } from './calls.js'
import { numericForm } from './literals.js'
import { bindScalarSubquery } from './subqueries.js'

export function negate(binding: Binding, expression: Expression, negated: boolean): Expression {
  return negated ? bindCall(binding, 'not', [expression]) : expression
}

export function bindComparison(binding: Binding, syntax: Comparison, context: ExpressionContext): Expression {
  const { left, right, operator } = syntax
  if (left.kind === 'row' || right.kind === 'row') {
    const members = rowMembers(left) ?? rowMembers(right) ?? []
    return compareRows(
      binding,
      operator,
      membersOf(binding, left, members.length, context),
      membersOf(binding, right, members.length, context),
      context,
    )
  }
  return compare(binding, operator, binding.expression(left, context), binding.expression(right, context))
}

export function compare(binding: Binding, operator: string, left: Expression, right: Expression): Expression {
  const a = isNumeric(right.type) ? numericForm(left) : left
  const b = isNumeric(left.type) ? numericForm(right) : right
  return bindCall(binding, operator, [a, b])
}

function rowMembers(syntax: Syntax): readonly Syntax[] | undefined {
  return syntax.kind === 'row' ? syntax.items : undefined
}

/** The members of a row, each bound by its place: those of a row constructor or the columns of a sub-query. */
interface RowMembers {
  readonly count: number
  /** The member's syntax, unless it is a sub-query's column. */
  readonly syntax: (i: number) => Syntax | undefined
  readonly bind: (i: number) => Expression
}

function membersOf(binding: Binding, syntax: Syntax, count: number, context: ExpressionContext): RowMembers {
  if (syntax.kind === 'subquery') {
    return {
      count,
      syntax: () => undefined,
      bind: (i) => bindScalarSubquery(binding, syntax.query, context, i, count),
    }
  }
  const items = rowMembers(syntax)
  if (items?.length !== count) throw sqlError('ER_OPERAND_COLUMNS', count)
  return { count, syntax: (i) => items[i], bind: (i) => binding.expression(items[i] as Syntax, context) }
}

/** Row comparisons mean what their expansion over the members means (MySQL manual 14.4.2). */
function compareRows(
  binding: Binding,
  operator: Comparison['operator'],
  left: RowMembers,
  right: RowMembers,
  context: ExpressionContext,
): Expression {
  const one = (name: string, i: number): Expression => {
    const a = left.syntax(i)
    const b = right.syntax(i)
    if (a !== undefined && b !== undefined && (a.kind === 'row' || b.kind === 'row')) {
      return bindComparison(
        binding,
        {
          kind: 'comparison',
          operator: name as Comparison['operator'],
          left: a,
          right: b,
          start: a.start,
          end: b.end,
        },
        context,
      )
    }
    return compare(binding, name, left.bind(i), right.bind(i))
  }
  const places = Array.from({ length: left.count }, (_, i) => i)
  if (operator === '=' || operator === '<=>')
    return conjunction(
      binding,
      places.map((i) => one(operator, i)),
    )
  if (operator === '<>')
    return negate(
      binding,
      conjunction(
        binding,
        places.map((i) => one('=', i)),
      ),
      true,
    )
  const strict = operator === '<' || operator === '<=' ? '<' : '>'
  const last = left.count - 1
  let result = one(operator, last)
  for (let i = last - 1; i >= 0; i--) {
    result = bindCall(binding, 'or', [one(strict, i), bindCall(binding, 'and', [one('=', i), result])])
  }
  return result
}

export function conjunction(binding: Binding, conditions: readonly Expression[]): Expression {
  return conditions.length === 1 ? (conditions[0] as Expression) : bindCall(binding, 'and', conditions)
}

export function bindBetween(
  binding: Binding,
  operand: Syntax,
  low: Syntax,
  high: Syntax,
  bind: (node: Syntax) => Expression,
): Expression {
  const value = bind(operand)
  const bound = (syntax: Syntax) => (isNumeric(value.type) ? numericForm(bind(syntax)) : bind(syntax))
  return bindCall(binding, 'between', [value, bound(low), bound(high)])
}

export function bindIn(
  binding: Binding,
  operand: Syntax,
  items: readonly Syntax[],
  context: ExpressionContext,
): Expression {
  if (operand.kind === 'row') {
    const count = operand.items.length
    const members = membersOf(binding, operand, count, context)
    const rows = items.map((item) =>
      compareRows(binding, '=', members, membersOf(binding, item, count, context), context),
    )
    return rows.length === 1 ? (rows[0] as Expression) : bindCall(binding, 'or', rows)
  }
  const value = binding.expression(operand, context)
  const bound = items.map((item) => {
    const each = binding.expression(item, context)
    return isNumeric(value.type) ? numericForm(each) : each
  })
  return bindCall(binding, 'in', [value, ...bound])
}
