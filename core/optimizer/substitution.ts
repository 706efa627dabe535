/**
 * Replacing columns by the expressions that they stand for.
 */
import { sameType } from '../common/sql-type.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import { rewriteExpression } from '../plan/rewrite.js'

export type Substitution = ReadonlyMap<ColumnId, Expression>

export const NO_SUBSTITUTION: Substitution = new Map()

export function substitute(expression: Expression, by: Substitution): Expression {
  if (by.size === 0) return expression
  return rewriteExpression(expression, (part) => {
    if (part.kind !== 'column') return undefined
    const found = by.get(part.column)
    return found === undefined ? part : standIn(part, found)
  })
}

/**
 * What stands for a reference to a column. The reference keeps what the binder gave it beyond the value: a collation of
 * its own (COLLATE), its coercibility, and that an outer join may make it NULL.
 */
export function standIn(reference: Expression, value: Expression): Expression {
  const { type, coercibility } = reference
  const nullable = reference.nullable || value.nullable
  if (sameType(value.type, type)) {
    if (value.coercibility === coercibility && value.nullable === nullable) return value
    return { ...value, nullable, coercibility }
  }
  if (sameType({ ...value.type, collation: type.collation }, type)) {
    return { ...value, type, nullable, coercibility }
  }
  return { kind: 'convert', operand: value, type, nullable, coercibility, text: value.text }
}
