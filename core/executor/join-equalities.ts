/** Takes a join's condition apart: equalities that a hash join can look up by, and what it has to check besides. */
import type { ColumnId, Expression } from '../plan/expression.js'
import type { JoinNode } from '../plan/logical.js'
import { columnsOf, hasSubquery } from '../plan/rewrite.js'
import { conjuncts } from './scan-conditions.js'

interface Equality {
  readonly left: Expression
  readonly right: Expression
}

/** Equalities between an expression of the left side and one of the right side, and what is left. */
export function splitCondition(node: JoinNode): {
  readonly equalities: readonly Equality[]
  readonly rest: Expression | undefined
} {
  if (node.condition === undefined) return { equalities: [], rest: undefined }
  const leftIds = new Set(node.left.output.map((column) => column.id))
  const rightIds = new Set(node.right.output.map((column) => column.id))
  const equalities: Equality[] = []
  const rest: Expression[] = []
  for (const part of conjuncts(node.condition)) {
    const equality = equalityOf(part, leftIds, rightIds)
    if (equality === undefined) rest.push(part)
    else equalities.push(equality)
  }
  return { equalities, rest: conjunctionOf(node.condition, rest) }
}

function equalityOf(
  part: Expression,
  leftIds: ReadonlySet<ColumnId>,
  rightIds: ReadonlySet<ColumnId>,
): Equality | undefined {
  if (part.kind !== 'call' || part.name !== '=') return undefined
  const [a, b] = part.arguments
  if (a === undefined || b === undefined || !isHashable(a, b)) return undefined
  if (readsOnly(a, leftIds) && readsOnly(b, rightIds)) return { left: a, right: b }
  if (readsOnly(b, leftIds) && readsOnly(a, rightIds)) return { left: b, right: a }
  return undefined
}

/** Both sides have one representation and one equality, so equal values have equal keys. */
function isHashable(a: Expression, b: Expression): boolean {
  return a.type.name === b.type.name
    ? a.type.scale === b.type.scale &&
        a.type.collation === b.type.collation &&
        a.type.members === b.type.members
    : INTEGERS.has(a.type.name) && INTEGERS.has(b.type.name)
}

const INTEGERS: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year'])

function readsOnly(expression: Expression, ids: ReadonlySet<ColumnId>): boolean {
  if (hasSubquery(expression)) return false
  const columns = columnsOf(expression)
  return columns.size > 0 && [...columns].every((column) => ids.has(column))
}

/** The conjunction of what is left, as a call like the original's. */
function conjunctionOf(original: Expression, rest: readonly Expression[]): Expression | undefined {
  if (rest.length === 0) return undefined
  if (rest.length === 1) return rest[0]
  if (original.kind !== 'call') return original
  return { ...original, arguments: rest }
}
