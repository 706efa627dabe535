/**
 * Names of the select list beside names of columns, in GROUP BY and HAVING (MySQL manual 15.2.13).
 */
import { sqlError } from '../common/sql-error.js'
import type { Expression } from '../plan/expression.js'
import type { ColumnReference, SelectBlock } from '../plan/syntax/index.js'
import type { Binding } from './binding.js'
import { spelled } from './columns.js'
import { sameName, type Scope } from './scope.js'

/** An item of the select list. */
interface NamedItem {
  readonly name: string
  readonly expression: Expression
  /** The statement names it. */
  readonly isAlias: boolean
}

/** GROUP BY takes the column where an alias of the select list has its name too, and says so. */
export function warnOfOvershadowed(
  binding: Binding,
  block: SelectBlock,
  scope: Scope,
  items: readonly NamedItem[],
): void {
  for (const syntax of block.groupBy) {
    if (syntax.kind !== 'column' || syntax.table !== undefined) continue
    const column = scope.visible.find(({ name }) => sameName(name, syntax.name))
    const item = items.find((each) => each.isAlias && sameName(each.name, syntax.name))
    if (column === undefined || item === undefined) continue
    const isSame = item.expression.kind === 'column' && item.expression.column === column.id
    if (!isSame) binding.environment.warn('Warning', 'ER_NON_UNIQ_ERROR', syntax.name, 'group statement')
  }
}

/** HAVING sees what is selected and grouped, no other columns; aggregates in it see all of them. */
export function checkHavingNames(
  binding: Binding,
  block: SelectBlock,
  scope: Scope,
  items: readonly NamedItem[],
  groups: readonly { readonly expression: Expression }[],
): void {
  const seen = [...items, ...groups].map(({ expression }) => expression)
  for (const syntax of columnsOutsideAggregates(binding, block.having)) {
    const { database, table, name } = syntax
    if (table === undefined && items.some((item) => sameName(item.name, name))) continue
    const column = scope.findLocal(database, table, name, 'having clause')
    if (column === undefined) continue
    if (seen.some((each) => each.kind === 'column' && each.column === column.id)) continue
    throw sqlError('ER_BAD_FIELD_ERROR', spelled(syntax), 'having clause')
  }
}

const APART: ReadonlySet<unknown> = new Set([
  'aggregate',
  'window',
  'subquery',
  'exists',
  'inQuery',
  'quantifiedComparison',
])

/** ANY_VALUE and the aggregates of plugins, which the parser takes for functions like any other. */
function isAggregate(binding: Binding, node: object): boolean {
  if (!('kind' in node) || node.kind !== 'function' || !('name' in node)) return false
  return binding.environment.functions.aggregate(String(node.name).toLowerCase()) !== undefined
}

function columnsOutsideAggregates(binding: Binding, node: unknown): readonly ColumnReference[] {
  if (Array.isArray(node)) return node.flatMap((each) => columnsOutsideAggregates(binding, each))
  if (typeof node !== 'object' || node === null) return []
  const kind = 'kind' in node ? node.kind : undefined
  if (kind === 'column') return [node as ColumnReference]
  if (APART.has(kind) || isAggregate(binding, node)) return []
  return Object.values(node).flatMap((each) => columnsOutsideAggregates(binding, each))
}
