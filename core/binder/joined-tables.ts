/**
 * Makes a join of two sides that are bound: its condition, from ON, USING or NATURAL, and what its columns are called (MySQL manual
 * 15.2.13.2).
 */
import { sqlError } from '../common/sql-error.js'
import type { Correlation, Expression } from '../plan/expression.js'
import type { JoinNode, LogicalNode } from '../plan/logical.js'
import type { Join } from '../plan/syntax/index.js'
import { plainContext, type Binding } from './binding.js'
import { asCondition, bindCall } from './calls.js'
import { conjunction } from './comparisons.js'
import { beside, scopeOver, type BoundFrom, type BoundReference, type NamedColumns } from './relations.js'
import { columnExpression, sameName, type Scope, type ScopeColumn } from './scope.js'

/** Tables of a comma list. */
export function crossJoined(left: BoundFrom, right: BoundReference, fixedOrder: boolean): BoundFrom {
  const plan = join('inner', left.plan, right.from.plan, undefined, right.correlations, fixedOrder)
  return { plan, ...beside(left, right.from) }
}

/** `right` with what it takes from `left`. */
export function joined(
  binding: Binding,
  syntax: Join,
  scope: Scope,
  left: BoundFrom,
  right: BoundReference,
): BoundFrom {
  const { type } = syntax
  const isOuter = type === 'left' || type === 'right'
  const l = type === 'right' ? nullableSide(left) : left
  const r = type === 'left' ? nullableSide(right.from) : right.from
  const both = beside(l, r)
  const names = usingNames(syntax, l, r)
  const merged = names === undefined ? undefined : mergeColumns(binding, names, l, r, type === 'right')
  const condition = merged?.condition ?? bindOn(binding, syntax, scope, both)
  if (isOuter && condition === undefined) throw sqlError('ER_PARSE_ERROR', '', 1)
  const plan =
    type === 'right'
      ? join('left', right.from.plan, left.plan, condition, [], false)
      : join(
          type === 'left' ? 'left' : 'inner',
          left.plan,
          right.from.plan,
          condition,
          right.correlations,
          type === 'straight',
        )
  return { plan, relations: both.relations, visible: merged?.visible ?? both.visible }
}

function join(
  type: JoinNode['type'],
  left: LogicalNode,
  right: LogicalNode,
  condition: Expression | undefined,
  correlations: readonly Correlation[],
  fixedOrder: boolean,
): JoinNode {
  const rightOutput =
    type === 'left' ? right.output.map((column) => ({ ...column, nullable: true })) : right.output
  return {
    kind: 'join',
    type,
    left,
    right,
    condition: condition === undefined ? undefined : asCondition(condition),
    nullAware: false,
    correlations,
    fixedOrder,
    algorithm: undefined,
    output: type === 'semi' || type === 'anti' ? left.output : [...left.output, ...rightOutput],
  }
}

function bindOn(binding: Binding, syntax: Join, scope: Scope, both: NamedColumns): Expression | undefined {
  if (syntax.on === undefined) return undefined
  return binding.expression(syntax.on, plainContext(scopeOver(both, scope), 'on clause'))
}

function nullableSide(side: NamedColumns): NamedColumns {
  const nullable = (column: ScopeColumn): ScopeColumn => ({ ...column, nullable: true })
  return {
    relations: side.relations.map((relation) => ({ ...relation, columns: relation.columns.map(nullable) })),
    visible: side.visible.map(nullable),
  }
}

function usingNames(syntax: Join, left: NamedColumns, right: NamedColumns): readonly string[] | undefined {
  if (syntax.using !== undefined) return syntax.using
  if (!syntax.natural) return undefined
  return left.visible
    .filter((column) => right.visible.some((other) => sameName(other.name, column.name)))
    .map((column) => column.name)
}

/** USING and NATURAL: equality of the named columns, each of which shows up once and first. */
function mergeColumns(
  binding: Binding,
  names: readonly string[],
  left: NamedColumns,
  right: NamedColumns,
  preferRight: boolean,
): { readonly condition: Expression | undefined; readonly visible: readonly ScopeColumn[] } {
  const find = (side: NamedColumns, name: string): ScopeColumn => {
    const found = side.visible.filter((column) => sameName(column.name, name))
    const column = found[0]
    if (column === undefined) throw sqlError('ER_BAD_FIELD_ERROR', name, 'from clause')
    if (found.length > 1) throw sqlError('ER_NON_UNIQ_ERROR', name, 'from clause')
    return column
  }
  const pairs = names.map((name) => ({ left: find(left, name), right: find(right, name) }))
  const equalities = pairs.map((pair) =>
    bindCall(binding, '=', [columnExpression(pair.left), columnExpression(pair.right)]),
  )
  const isMerged = (column: ScopeColumn) =>
    pairs.some((pair) => pair.left === column || pair.right === column)
  const first = preferRight ? right : left
  const second = preferRight ? left : right
  return {
    condition: equalities.length === 0 ? undefined : conjunction(binding, equalities),
    visible: [
      ...pairs.map((pair) => (preferRight ? pair.right : pair.left)),
      ...first.visible.filter((column) => !isMerged(column)),
      ...second.visible.filter((column) => !isMerged(column)),
    ],
  }
}
