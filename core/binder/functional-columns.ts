/**
 * Finds the expressions of functional key parts in queries: what is written as such a part is, reads its hidden column instead, so that
 * the index can be used (MySQL manual 10.3.11 "Optimizer Use of Generated Column Indexes").
 */
import type { ColumnExpression, Expression } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import { rewriteExpression } from '../plan/rewrite.js'
import type { Binding } from './binding.js'
import { expressionKey } from './expression-keys.js'
import { rowRules } from './row-rules.js'
import type { Scope } from './scope.js'

/** A rewriting for expressions of the scope's block; undefined if none of its tables has functional key parts. */
export function functionalColumns(
  binding: Binding,
  scope: Scope,
  from: LogicalNode,
): ((expression: Expression) => Expression) | undefined {
  // The hidden column of a row that an outer join made up is NULL, whatever the expression would be.
  if (hasOuterJoin(from)) return undefined
  const columns = new Map<string, ColumnExpression>()
  for (const relation of scope.relations) {
    const table = relation.columns[0]?.origin?.definedIn
    if (table?.columns.some((column) => column.hidden === true) !== true) continue
    for (const { column, expression } of rowRules(binding, table, relation).generated) {
      const own = relation.columns[column]
      if (own === undefined || table.columns[column]?.hidden !== true) continue
      columns.set(expressionKey(binding, expression), {
        kind: 'column',
        column: own.id,
        type: own.type,
        nullable: true,
        coercibility: expression.coercibility,
        text: expression.text,
      })
    }
  }
  if (columns.size === 0) return undefined
  return (expression) =>
    rewriteExpression(expression, (part) => {
      if (part.kind !== 'call' && part.kind !== 'convert') return undefined
      const found = columns.get(expressionKey(binding, part))
      return found !== undefined && isSameType(found, part) ? found : undefined
    })
}

function hasOuterJoin(node: LogicalNode): boolean {
  if (node.kind !== 'join') return false
  return node.type === 'left' || hasOuterJoin(node.left) || hasOuterJoin(node.right)
}

function isSameType(column: ColumnExpression, part: Expression): boolean {
  return column.type.name === part.type.name && column.type.collation === part.type.collation
}
