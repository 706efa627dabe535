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
  return replaceParts(expression, (part) => {
    if (part.kind !== 'column') return undefined
    const found = by.get(part.column)
    return found === undefined ? part : standIn(part, found)
  })
}

/** As `rewriteExpression`; an implicit conversion goes on having its operand's text, by which it is told from a cast. */
export function replaceParts(
  expression: Expression,
  replace: (part: Expression) => Expression | undefined,
): Expression {
  return rewriteExpression(expression, (part) => {
    const replaced = replace(part)
    if (replaced !== undefined || part.kind !== 'convert') return replaced
    const operand = replaceParts(part.operand, replace)
    if (operand === part.operand) return part
    return { ...part, operand, text: part.text === part.operand.text ? operand.text : part.text }
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

/** Hands values of the enclosing row in: columns become correlated values. */
export function correlate(expression: Expression, ids: ReadonlyMap<ColumnId, ColumnId>): Expression {
  return replaceParts(expression, (part) => {
    if (part.kind !== 'column') return undefined
    const id = ids.get(part.column)
    return id === undefined ? part : { ...part, kind: 'correlated', column: id }
  })
}

/** Takes values of the enclosing row from columns again. */
export function decorrelate(expression: Expression, by: ReadonlyMap<ColumnId, Expression>): Expression {
  return replaceParts(expression, (part) => {
    if (part.kind !== 'correlated') return undefined
    const outer = by.get(part.column)
    return outer === undefined ? part : standIn(part, outer)
  })
}
