/**
 * Binds FROM: tables, views, common table expressions, derived tables and joins (MySQL manual 15.2.13.2).
 */
import { sqlError } from '../common/sql-error.js'
import type { Expression } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import { columnsOf } from '../plan/rewrite.js'
import type { Join, TableReference } from '../plan/syntax/index.js'
import type { Binding } from './binding.js'
import { bindDerivedTable, bindTableFunction } from './derived-tables.js'
import { crossJoined, joined } from './joined-tables.js'
import { bindNamedTable, type FromOptions } from './named-tables.js'
import { beside, type BoundFrom, type BoundReference, type NamedColumns } from './relations.js'
import type { Scope } from './scope.js'

/** MySQL's limit for one join. */
const JOIN_TABLES_MAX = 61

/** Binds a comma list and puts its relations into `scope`. */
export function bindFrom(
  binding: Binding,
  references: readonly TableReference[],
  scope: Scope,
  options: FromOptions,
  fixedOrder: boolean,
): LogicalNode {
  let result: BoundFrom | undefined
  for (const reference of references) {
    const next = bindReference(binding, reference, scope, options, result)
    result = result === undefined ? next.from : crossJoined(result, next, fixedOrder)
  }
  if (result === undefined) return { kind: 'values', rows: [[]], output: [] }
  for (const relation of result.relations) scope.add(relation)
  if (result.relations.length > JOIN_TABLES_MAX) throw sqlError('ER_TOO_MANY_TABLES', JOIN_TABLES_MAX)
  scope.visible = [...result.visible]
  return result.plan
}

function bindReference(
  binding: Binding,
  reference: TableReference,
  scope: Scope,
  options: FromOptions,
  before: NamedColumns | undefined,
): BoundReference {
  switch (reference.kind) {
    case 'table':
      return { from: bindNamedTable(binding, reference, scope, options), correlations: [] }
    case 'derivedTable':
      return bindDerivedTable(binding, reference, scope, before)
    case 'join':
      return bindJoin(binding, reference, scope, options, before)
    case 'jsonTable':
      return bindTableFunction(binding, reference, scope, before)
  }
}

function bindJoin(
  binding: Binding,
  syntax: Join,
  scope: Scope,
  options: FromOptions,
  before: NamedColumns | undefined,
): BoundReference {
  const left = bindReference(binding, syntax.left, scope, options, before)
  const leftAndBefore = before === undefined ? left.from : beside(before, left.from)
  const right = bindReference(binding, syntax.right, scope, options, leftAndBefore)
  const fromLeft = right.correlations.filter(({ outer }) => readsAny(outer, left.from))
  const fromBefore = right.correlations.filter((each) => !fromLeft.includes(each))
  if (syntax.type === 'right' && fromLeft.length > 0) {
    throw sqlError('ER_TF_FORBIDDEN_JOIN_TYPE', right.from.relations[0]?.alias ?? '')
  }
  return {
    from: joined(binding, syntax, scope, left.from, { from: right.from, correlations: fromLeft }),
    // What both sides take from the tables before the join reaches them through it.
    correlations: [...left.correlations, ...fromBefore],
  }
}

function readsAny(expression: Expression, from: BoundFrom): boolean {
  const own = new Set(from.plan.output.map((column) => column.id))
  return [...columnsOf(expression)].some((column) => own.has(column))
}
