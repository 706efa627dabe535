/**
 * Finds conditions that follow from equalities (MySQL manual 10.2.1.14 "Constant-Folding Optimization" and its equality
 * propagation): `a.x = b.x AND a.x = 5` says `b.x = 5`, and so for every condition on one column of a class of equal ones. The
 * right sides of left, semi and anti joins learn what is known of the left side through their ON equalities.
 */
import { isText } from '../common/sql-type.js'
import type { ColumnExpression, ColumnId, Expression } from '../plan/expression.js'
import type { JoinNode, LogicalNode } from '../plan/logical.js'
import { conjunction, conjuncts, factsOf, sameExpression } from './conditions.js'
import { equalityOf } from './equalities.js'
import { filterNode, joinNode, mapInputs } from './plan-nodes.js'
import type { RuleContext } from './rule.js'
import { substitute } from './substitution.js'

export function inferConditions(plan: LogicalNode, context: RuleContext): LogicalNode {
  return infer(plan, [], context)
}

/** `known`: what holds for the node's rows by conditions above. */
function infer(node: LogicalNode, known: readonly Expression[], context: RuleContext): LogicalNode {
  if (!isGroup(node)) return mapInputs(node, (input) => infer(input, [], context))
  const conditions = [...known, ...collect(node)]
  const pairs = equalityPairs(conditions)
  if (pairs.length === 0 && !hasOuter(node)) {
    return descend(node, conditions, context)
  }
  const derived = consequences(conditions, pairs)
  const inner = descend(node, [...conditions, ...derived], context)
  return filterNode(inner, conjunction(derived, context))
}

/** Inner joins with the filters among them. */
function isGroup(node: LogicalNode): boolean {
  return node.kind === 'join' || (node.kind === 'filter' && isGroup(node.input))
}

function hasOuter(node: LogicalNode): boolean {
  if (node.kind === 'filter') return hasOuter(node.input)
  return node.kind === 'join' && (node.type !== 'inner' || hasOuter(node.left) || hasOuter(node.right))
}

/** Conditions that hold for every row of the group. */
function collect(node: LogicalNode): readonly Expression[] {
  switch (node.kind) {
    case 'filter':
      return [...conjuncts(node.condition), ...collect(node.input)]
    case 'scan':
      return conjuncts(node.filter)
    case 'join':
      if (node.type !== 'inner') return collect(node.left)
      return [
        ...conjuncts(node.condition),
        ...collect(node.left),
        ...(isLateral(node) ? [] : collect(node.right)),
      ]
    default:
      return []
  }
}

/** What the right side reads of the left means nothing outside of it. */
function isLateral(node: JoinNode): boolean {
  return node.correlations.length > 0
}

/** Goes on below the group, and into the outer joins within it with what is known there. */
function descend(node: LogicalNode, known: readonly Expression[], context: RuleContext): LogicalNode {
  if (node.kind === 'filter') return mapInputs(node, (input) => descend(input, known, context))
  if (node.kind !== 'join') return infer(node, [], context)
  const left = descend(node.left, known, context)
  if (node.type === 'inner') {
    const right = isLateral(node) ? infer(node.right, [], context) : descend(node.right, known, context)
    return left === node.left && right === node.right
      ? node
      : joinNode('inner', left, right, node.condition, node)
  }
  return outerJoin(node, left, known, context)
}

function outerJoin(
  node: JoinNode,
  left: LogicalNode,
  known: readonly Expression[],
  context: RuleContext,
): LogicalNode {
  const own = conjuncts(node.condition)
  const rightIds = new Set(node.right.output.map((column) => column.id))
  const pairs = equalityPairs(own)
  const found = node.nullAware ? [] : consequences([...known, ...own], pairs)
  // Only what says something of the right side belongs into ON.
  const derived = found.filter((each) => [...factsOf(each).columns].every((column) => rightIds.has(column)))
  const right = infer(node.right, [], context)
  if (derived.length === 0 && left === node.left && right === node.right) return node
  return joinNode(node.type, left, right, conjunction([...own, ...derived], context), node)
}

interface Pair {
  readonly from: ColumnExpression
  readonly to: ColumnExpression
}

/** All pairs of columns that the conditions make equal, directly or through others. */
function equalityPairs(conditions: readonly Expression[]): readonly Pair[] {
  const neighbours = new Map<ColumnId, ColumnExpression[]>()
  const references = new Map<ColumnId, ColumnExpression>()
  for (const each of conditions) {
    const equality = equalityOf(each)
    if (equality === undefined) continue
    for (const [from, to] of [
      [equality.left, equality.right],
      [equality.right, equality.left],
    ] as const) {
      const known = references.get(from.column)
      // A column that is compared by two collations stays with the first.
      if (known !== undefined && known.type.collation !== from.type.collation) continue
      references.set(from.column, from)
      neighbours.set(from.column, [...(neighbours.get(from.column) ?? []), to])
    }
  }
  const pairs: Pair[] = []
  for (const [column, from] of references) {
    const seen = new Set([column])
    const queue = [column]
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const to of neighbours.get(next) ?? []) {
        if (seen.has(to.column)) continue
        seen.add(to.column)
        queue.push(to.column)
        pairs.push({ from, to })
      }
    }
  }
  return pairs
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>=', 'in', 'between'])

/** The conditions on one column, said of the columns that equal it. */
function consequences(conditions: readonly Expression[], pairs: readonly Pair[]): readonly Expression[] {
  if (pairs.length === 0) return []
  const derived: Expression[] = []
  for (const condition of conditions) {
    const column = comparedColumn(condition)
    if (column === undefined) continue
    for (const { from, to } of pairs) {
      if (from.column !== column.column || from.type.collation !== column.type.collation) continue
      const said = substitute(condition, new Map([[column.column, to]]))
      if (![...conditions, ...derived].some((each) => sameExpression(each, said))) derived.push(said)
    }
  }
  return derived
}

/** The only column of a comparison with values; text by the column's own collation. */
function comparedColumn(condition: Expression): ColumnExpression | undefined {
  if (condition.kind !== 'call' || !COMPARISONS.has(condition.name)) return undefined
  const { columns, isVolatile, hasSubquery } = factsOf(condition)
  if (columns.size !== 1 || isVolatile || hasSubquery) return undefined
  let found: ColumnExpression | undefined
  for (const argument of condition.arguments) {
    const reference = argument.kind === 'convert' ? argument.operand : argument
    if (reference.kind === 'column') {
      if (found !== undefined) return undefined
      found = reference
    } else if (isText(argument.type) && argument.coercibility <= 2) {
      // Another operand that insists on its collation.
      return undefined
    } else if (factsOf(argument).columns.size > 0) return undefined
  }
  return found
}
