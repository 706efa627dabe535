/**
 * Binds derived tables and JSON_TABLE (MySQL manual 15.2.15.8, 15.2.15.9, 14.17.6), with what they take from the tables before them.
 */
import { sqlError } from '../common/sql-error.js'
import type { LogicalNode } from '../plan/logical.js'
import type { DerivedTable, JsonTable } from '../plan/syntax/index.js'
import type { Binding, BoundColumn } from './binding.js'
import { plainContext } from './binding.js'
import { bindJsonTable, jsonTableDocument } from './json-table.js'
import {
  asOutput,
  origin,
  renamed,
  scopeOver,
  underAlias,
  type BoundReference,
  type NamedColumns,
} from './relations.js'
import { QueryBoundary, Scope, type ScopeColumn } from './scope.js'

export function bindDerivedTable(
  binding: Binding,
  syntax: DerivedTable,
  scope: Scope,
  before: NamedColumns | undefined,
): BoundReference {
  const lateral = syntax.lateral ? lateralBoundary(binding, scope, before) : undefined
  const bound = binding.query(syntax.query, lateral ?? scope.boundary, scope.commonTables)
  const columns = renamed(bound.columns, syntax.columns)
  checkUnique(columns)
  const from = underAlias(binding, { plan: bound.plan, columns }, syntax.alias, undefined)
  return { from, correlations: lateral?.correlations ?? [] }
}

/** Lets what stands behind it see the tables before; undefined if there are none. */
function lateralBoundary(
  binding: Binding,
  scope: Scope,
  before: NamedColumns | undefined,
): QueryBoundary | undefined {
  if (before === undefined) return undefined
  return new QueryBoundary(scopeOver(before, scope), () => binding.newColumn())
}

/** JSON_TABLE, which sees the tables before it without LATERAL. */
export function bindTableFunction(
  binding: Binding,
  syntax: JsonTable,
  scope: Scope,
  before: NamedColumns | undefined,
): BoundReference {
  const lateral = lateralBoundary(binding, scope, before)
  const arguments_ = new Scope(lateral ?? scope.boundary, scope.commonTables)
  const document = jsonTableDocument(
    binding.expression(syntax.document, plainContext(arguments_, 'a table function argument')),
  )
  const source = bindJsonTable(binding, syntax)
  const [, ...columns] = source.columns.map((column): ScopeColumn => ({
    id: binding.newColumn(),
    ...column,
    origin: origin('', syntax.alias, '', column.name),
    invisible: false,
  }))
  const plan: LogicalNode = {
    kind: 'virtual',
    source,
    columns: columns.map((_, i) => i + 1),
    alias: syntax.alias,
    equalities: [{ column: 0, value: document }],
    output: columns.map(asOutput),
  }
  const relation = { alias: syntax.alias, database: undefined, columns }
  return {
    from: { plan, relations: [relation], visible: columns },
    correlations: lateral?.correlations ?? [],
  }
}

function checkUnique(columns: readonly BoundColumn[]): void {
  const seen = new Set<string>()
  for (const { name } of columns) {
    const key = name.toLowerCase()
    if (seen.has(key)) throw sqlError('ER_DUP_FIELDNAME', name)
    seen.add(key)
  }
}
