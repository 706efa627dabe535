/**
 * Binds the select list, and finds the items of it that other clauses name: by alias, by column, or by position (MySQL manual 15.2.13).
 */
import { sqlError } from '../common/sql-error.js'
import type { Expression } from '../plan/expression.js'
import type { Expression as Syntax, SelectExpression, SelectItem } from '../plan/syntax/index.js'
import type { Binding, ExpressionContext } from './binding.js'
import { columnExpression, sameName, sameTable, type ColumnOrigin, type Scope } from './scope.js'

/** A select item after `*` is expanded. */
export interface BoundItem {
  readonly name: string
  readonly expression: Expression
  readonly origin: ColumnOrigin | undefined
  readonly isAlias: boolean
}

export function bindItem(
  binding: Binding,
  item: SelectItem,
  context: ExpressionContext,
): readonly BoundItem[] {
  if (item.kind === 'selectExpression') return [bindSelectExpression(binding, item, context)]
  const { scope } = context
  if (item.table === undefined) {
    if (scope.relations.length === 0) throw sqlError('ER_NO_TABLES_USED')
    return scope.visible.map((column) => ({
      name: column.name,
      expression: columnExpression(column),
      origin: column.origin,
      isAlias: false,
    }))
  }
  const table = item.table
  const relation = scope.relations.find((each) => sameTable(each, item.database, table))
  if (relation === undefined) throw sqlError('ER_BAD_TABLE_ERROR', table)
  return relation.columns
    .filter((column) => !column.invisible)
    .map((column) => ({
      name: column.name,
      expression: columnExpression(column),
      origin: column.origin,
      isAlias: false,
    }))
}

function bindSelectExpression(
  binding: Binding,
  item: SelectExpression,
  context: ExpressionContext,
): BoundItem {
  const expression = binding.expression(item.expression, context)
  const origin = expression.kind === 'column' ? originOf(context.scope, expression.column) : undefined
  const name =
    item.alias ?? (item.expression.kind === 'column' ? columnTitle(item.expression.name, origin) : item.name)
  return { name, expression, origin, isAlias: item.alias !== undefined }
}

/** Columns go by the name that the statement writes; those of information_schema by their own, as they are a view's in MySQL. */
function columnTitle(written: string, origin: ColumnOrigin | undefined): string {
  return origin?.database === 'information_schema' ? origin.column : written
}

function originOf(scope: Scope, id: number): ColumnOrigin | undefined {
  for (const relation of scope.relations) {
    const column = relation.columns.find((each) => each.id === id)
    if (column !== undefined) return column.origin
  }
  return undefined
}

export function lookupItem(items: readonly BoundItem[], name: string, clause: string): BoundItem | undefined {
  let found: BoundItem | undefined
  for (const item of items) {
    if (!sameName(item.name, name)) continue
    if (found !== undefined && !sameExpression(found.expression, item.expression)) {
      // An explicit alias wins over a column that happens to have the name.
      if (found.isAlias === item.isAlias) throw sqlError('ER_NON_UNIQ_ERROR', name, clause)
      if (found.isAlias) continue
    }
    found = item
  }
  return found
}

export function sameExpression(a: Expression, b: Expression): boolean {
  return a === b || (a.kind === 'column' && b.kind === 'column' && a.column === b.column)
}

/** A bare name in ORDER BY is looked for in the select list before the tables. */
export function bareName(syntax: Syntax, items: readonly BoundItem[]): Expression | undefined {
  if (syntax.kind !== 'column' || syntax.table !== undefined) return undefined
  return lookupItem(items, syntax.name, 'order clause')?.expression
}

/** `ORDER BY 2`: the second select item. */
export function ordinal(
  binding: Binding,
  syntax: Syntax,
  items: readonly BoundItem[],
  clause: string,
): Expression | undefined {
  if (syntax.kind !== 'number' || syntax.class !== 'integer') return undefined
  binding.pin(syntax.ordinal)
  const item = items[Number(syntax.text) - 1]
  if (item === undefined) throw sqlError('ER_BAD_FIELD_ERROR', syntax.text, clause)
  return item.expression
}
