/**
 * Binds sub-queries in expressions (MySQL manual 15.2.15).
 */
import { sqlError } from '../common/sql-error.js'
import { BOOLEAN_TYPE } from '../common/sql-type.js'
import type { ColumnId, Expression, SubqueryExpression } from '../plan/expression.js'
import type {
  Exists,
  Expression as Syntax,
  InQuery,
  QuantifiedComparison,
  QueryExpression,
} from '../plan/syntax/index.js'
import type { Binding, BoundQuery, ExpressionContext } from './binding.js'
import { bindCall } from './calls.js'
import { QueryBoundary } from './scope.js'

interface BoundSubquery extends BoundQuery {
  readonly boundary: QueryBoundary
}

function bindSubquery(binding: Binding, query: QueryExpression, context: ExpressionContext): BoundSubquery {
  const boundary = new QueryBoundary(context.scope, () => binding.newColumn(), context)
  const bound = binding.query(query, boundary, context.scope.commonTables)
  return { ...bound, boundary }
}

/** A sub-query's value; of one that makes rows of `width` columns, the member at `position`. */
export function bindScalarSubquery(
  binding: Binding,
  query: QueryExpression,
  context: ExpressionContext,
  position = 0,
  width = 1,
): Expression {
  const bound = bindSubquery(binding, query, context)
  const column = bound.columns[position]
  if (column === undefined || bound.columns.length !== width) throw sqlError('ER_OPERAND_COLUMNS', width)
  return {
    ...plain(bound),
    columns: [column.id],
    mode: 'scalar',
    type: column.type,
    nullable: true,
    coercibility: column.coercibility,
  }
}

export function bindExists(binding: Binding, syntax: Exists, context: ExpressionContext): Expression {
  const bound = bindSubquery(binding, syntax.query, context)
  return { ...plain(bound), mode: 'exists', nullable: false, text: 'exists(select …)' }
}

export function bindInQuery(binding: Binding, syntax: InQuery, context: ExpressionContext): Expression {
  return bindMembership(binding, operandsOf(syntax.operand), syntax.query, '=', 'in', context)
}

export function bindQuantified(
  binding: Binding,
  syntax: QuantifiedComparison,
  context: ExpressionContext,
): Expression {
  const operands = operandsOf(syntax.left)
  if (syntax.operator === '=' && syntax.quantifier === 'any') {
    return bindMembership(binding, operands, syntax.query, '=', 'in', context)
  }
  if (operands.length !== 1) throw sqlError('ER_OPERAND_COLUMNS', 1)
  return bindMembership(binding, operands, syntax.query, syntax.operator, syntax.quantifier, context)
}

function operandsOf(syntax: Syntax): readonly Syntax[] {
  return syntax.kind === 'row' ? syntax.items : [syntax]
}

function bindMembership(
  binding: Binding,
  operandSyntax: readonly Syntax[],
  query: QueryExpression,
  comparison: '=' | '<>' | '<' | '<=' | '>' | '>=',
  mode: 'in' | 'any' | 'all',
  context: ExpressionContext,
): Expression {
  if (query.limit !== undefined) {
    throw sqlError('ER_NOT_SUPPORTED_YET', 'LIMIT & IN/ALL/ANY/SOME subquery')
  }
  const operands = operandSyntax.map((syntax) => binding.expression(syntax, context))
  const bound = bindSubquery(binding, query, context)
  if (bound.columns.length !== operands.length) throw sqlError('ER_OPERAND_COLUMNS', operands.length)
  const operandColumns: ColumnId[] = operands.map(() => binding.newColumn())
  const comparisons = operands.map((operand, i) => {
    const column = bound.columns[i]
    if (column === undefined) throw new Error('invariant: as many columns as operands')
    const left: Expression = {
      kind: 'column',
      column: operandColumns[i] ?? -1,
      type: operand.type,
      nullable: operand.nullable,
      coercibility: operand.coercibility,
      text: operand.text,
    }
    const right: Expression = {
      kind: 'column',
      column: column.id,
      type: column.type,
      nullable: column.nullable,
      coercibility: column.coercibility,
      text: column.name,
    }
    return bindCall(binding, comparison, [left, right])
  })
  return {
    ...plain(bound),
    mode,
    nullable: true,
    operands,
    operandColumns,
    comparisons,
    comparison,
    text: `${operands.map((operand) => operand.text).join(',')} ${mode === 'in' ? 'in' : `${comparison} ${mode}`} (select …)`,
  }
}

function plain(bound: BoundSubquery): Omit<SubqueryExpression, 'mode'> {
  return {
    kind: 'subquery',
    type: BOOLEAN_TYPE,
    nullable: true,
    coercibility: 5,
    text: '(select …)',
    plan: bound.plan,
    columns: bound.columns.map((column) => column.id),
    correlations: bound.boundary.correlations,
    operands: [],
    comparisons: [],
    operandColumns: [],
    comparison: undefined,
  }
}
