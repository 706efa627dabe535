/**
 * Equalities between columns, and what follows from them.
 */
import { isText, type SqlType } from '../common/sql-type.js'
import type { ColumnExpression, Expression } from '../plan/expression.js'

/** `left = right`, by an equality that is the same for both columns alone. */
export interface ColumnEquality {
  readonly left: ColumnExpression
  readonly right: ColumnExpression
  readonly expression: Expression
}

export function equalityOf(condition: Expression): ColumnEquality | undefined {
  if (condition.kind !== 'call' || condition.name !== '=') return undefined
  const [left, right] = condition.arguments
  if (left?.kind !== 'column' || right?.kind !== 'column' || left.column === right.column) return undefined
  return sameEquality(left.type, right.type) ? { left, right, expression: condition } : undefined
}

/**
 * Whether values of both types are equal exactly if they are the same, or equal under one collation: equality is then transitive
 * across columns of these types.
 */
export function sameEquality(a: SqlType, b: SqlType): boolean {
  if (a.name !== b.name || a.unsigned !== b.unsigned || a.scale !== b.scale) return false
  if (a.name === 'json' || a.name === 'float') return false
  if (a.name === 'enum' || a.name === 'set') return a.members === b.members
  return !isText(a) || a.collation === b.collation
}
