/** Joins in fragments: by equal columns, which is what the engine's hash joins look rows up by. */
import { isInteger, readsColumns, type Expression, type JoinNode } from '@switchyard/core/spi'
import { conditionSql } from './fragment-expression.js'
import { isDistinguishable, Refusal } from './fragment-render.js'
import type { FragmentScope } from './fragment-scope.js'
import { derivedColumns, EMPTY, listOf, plain, textOf, type Select } from './fragment-select.js'

export function joinSql(node: JoinNode, left: Select, right: Select, scope: FragmentScope): Select {
  const columns = new Map([...derivedColumns(left), ...derivedColumns(right)])
  const { equalities, ofRight, others } = sorted(conjuncts(node.condition), left, right)
  const sql = (parts: readonly Expression[]): readonly string[] =>
    parts.map((part) => conditionSql(part, columns, scope))
  if (node.type === 'inner') {
    const on = equalities.length === 0 ? '' : ` ON ${sql(equalities).join(' AND ')}`
    const word = equalities.length === 0 ? 'CROSS JOIN' : 'INNER JOIN'
    const from = `${derivedTable(left, 'a')} ${word} ${derivedTable(right, 'b')}${on}`
    return { ...EMPTY, from, columns, where: sql([...ofRight, ...others]) }
  }
  if (equalities.length === 0 || others.length > 0) throw new Refusal(`no entry for such a ${node.type} join`)
  if (node.nullAware && equalities.some(isNullable)) throw new Refusal('no entry for NOT IN with NULLs')
  // What the condition says of the right side alone decides which of its rows there are.
  const base = ofRight.length === 0 ? right : plain(right)
  const filtered = {
    ...base,
    where: [...base.where, ...ofRight.map((part) => conditionSql(part, base.columns, scope))],
  }
  const from = `${derivedTable(left, 'a')} ${WORDS[node.type]} ${derivedTable(filtered, 'b')} ON ${sql(equalities).join(' AND ')}`
  // Only those of the left side come out of the others.
  return { ...EMPTY, from, columns: node.type === 'left' ? columns : derivedColumns(left) }
}

const WORDS = { left: 'LEFT JOIN', semi: 'LEFT SEMI JOIN', anti: 'LEFT ANTI JOIN' } as const

function derivedTable(select: Select, name: string): string {
  return `(${textOf(select, listOf(select))}) AS ${name}`
}

interface SortedConditions {
  readonly equalities: readonly Expression[]
  /** Those that read nothing of the left side. */
  readonly ofRight: readonly Expression[]
  readonly others: readonly Expression[]
}

function sorted(parts: readonly Expression[], left: Select, right: Select): SortedConditions {
  const equalities: Expression[] = []
  const ofRight: Expression[] = []
  const others: Expression[] = []
  for (const part of parts) {
    if (isWithin(part, right)) ofRight.push(part)
    else if (isEquality(part, left, right)) equalities.push(part)
    else others.push(part)
  }
  return { equalities, ofRight, others }
}

function conjuncts(condition: Expression | undefined): readonly Expression[] {
  if (condition === undefined) return []
  if (condition.kind === 'call' && condition.name === 'and') return condition.arguments.flatMap(conjuncts)
  return [condition]
}

/** Whether it reads columns of this side only. */
function isWithin(expression: Expression, side: Select): boolean {
  switch (expression.kind) {
    case 'column':
      return side.columns.has(expression.column)
    case 'convert':
      return isWithin(expression.operand, side)
    case 'call':
      return expression.arguments.every((each) => isWithin(each, side))
    default:
      return !readsColumns(expression)
  }
}

/** Whether it can be what a join looks rows up by: two sides of one type there. */
function isEquality(part: Expression, left: Select, right: Select): boolean {
  if (part.kind !== 'call' || part.name !== '=') return false
  const [a, b] = part.arguments
  if (a === undefined || b === undefined || !readsColumns(a) || !readsColumns(b)) return false
  const isAcross = (isWithin(a, left) && isWithin(b, right)) || (isWithin(b, left) && isWithin(a, right))
  if (!isAcross) return false
  if (isInteger(a.type) && isInteger(b.type)) return a.type.unsigned === b.type.unsigned
  return a.type.name === b.type.name && isDistinguishable(a.type)
}

function isNullable(equality: Expression): boolean {
  return equality.kind === 'call' && equality.arguments.some((each) => each.nullable)
}
