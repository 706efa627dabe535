/**
 * Finds what a column's name means: a column of the query's tables, an alias, or a column of a query around it (MySQL manual 11.2.2).
 */
import { sqlError } from '../common/sql-error.js'
import type { Expression } from '../plan/expression.js'
import type { ColumnReference } from '../plan/syntax/index.js'
import type { ExpressionContext } from './binding.js'
import { columnExpression, type Scope } from './scope.js'

export function bindColumn(syntax: ColumnReference, context: ExpressionContext): Expression {
  if (syntax.table === undefined && context.alias !== undefined && context.aliasOrder === 'before') {
    const aliased = context.alias(syntax.name)
    if (aliased !== undefined) return aliased
  }
  const local = context.scope.findLocal(syntax.database, syntax.table, syntax.name, context.clause)
  if (local !== undefined) return columnExpression(local)
  if (syntax.table === undefined && context.alias !== undefined && context.aliasOrder === 'after') {
    const aliased = context.alias(syntax.name)
    if (aliased !== undefined) return aliased
  }
  const outer = findOuter(syntax, context.scope, context.clause)
  if (outer !== undefined) return outer
  const { relations, boundary } = context.scope
  if (syntax.table !== undefined && relations.length === 0 && boundary === undefined) {
    throw sqlError('ER_UNKNOWN_TABLE', syntax.table, context.clause)
  }
  throw sqlError('ER_BAD_FIELD_ERROR', spelled(syntax), context.clause)
}

/** The column in an enclosing query, handed down through every sub-query on the way. */
function findOuter(syntax: ColumnReference, scope: Scope, clause: string): Expression | undefined {
  const boundary = scope.boundary
  if (boundary === undefined) return undefined
  const found = boundary.outer.findLocal(syntax.database, syntax.table, syntax.name, clause)
  const outer = found === undefined ? findOuter(syntax, boundary.outer, clause) : columnExpression(found)
  return outer === undefined ? undefined : boundary.correlate(outer)
}

/** The name as the statement has it. */
export function spelled({ database, table, name }: ColumnReference): string {
  return [database, table, name].filter((part) => part !== undefined).join('.')
}
