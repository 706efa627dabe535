/**
 * What stands in FROM becomes relations: columns under an alias, each with an id of its own and with where it comes from.
 */
import { sqlError } from '../common/sql-error.js'
import type { Correlation } from '../plan/expression.js'
import type { LogicalNode, OutputColumn } from '../plan/logical.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type { Binding, BoundColumn } from './binding.js'
import { baseOf, Scope, type ScopeColumn, type ScopeRelation } from './scope.js'

/** MySQL's limit for tables, and for queries that stand for one. */
const COLUMNS_MAX = 4096

/** What names may mean; `visible` is what `*` stands for. */
export interface NamedColumns {
  readonly relations: readonly ScopeRelation[]
  readonly visible: readonly ScopeColumn[]
}

export interface BoundFrom extends NamedColumns {
  readonly plan: LogicalNode
}

export interface BoundReference {
  readonly from: BoundFrom
  /** What a LATERAL table takes from the tables before it. */
  readonly correlations: readonly Correlation[]
}

export function beside(left: NamedColumns, right: NamedColumns): NamedColumns {
  return {
    relations: [...left.relations, ...right.relations],
    visible: [...left.visible, ...right.visible],
  }
}

/** A scope that sees these columns in place of those of `scope`. */
export function scopeOver(columns: NamedColumns, scope: Scope): Scope {
  const over = new Scope(scope.boundary, scope.commonTables)
  over.relations.push(...columns.relations)
  over.visible = [...columns.visible]
  return over
}

/** Columns under the names of a list; without one they keep theirs. */
export function renamed(columns: readonly BoundColumn[], names: readonly string[]): readonly BoundColumn[] {
  if (names.length === 0) return columns
  if (names.length !== columns.length) throw sqlError('ER_VIEW_WRONG_LIST')
  return columns.map((column, i) => ({ ...column, name: names[i] ?? column.name }))
}

/** Columns that are not of a table yet. */
export function columnsRelation(binding: Binding, columns: readonly ColumnDefinition[]): ScopeRelation {
  const named = columns.map((column): ScopeColumn => ({
    id: binding.newColumn(),
    name: column.name,
    type: column.type,
    nullable: column.nullable,
    origin: undefined,
    invisible: column.invisible,
  }))
  return { alias: '', database: undefined, columns: named }
}

/** A table's columns under an alias, with new column ids. Hidden ones have no name there. */
export function tableRelation(binding: Binding, table: TableDefinition, alias: string): ScopeRelation {
  const columns = table.columns.map((column): ScopeColumn => ({
    id: binding.newColumn(),
    name: column.hidden === true ? '' : column.name,
    type: column.type,
    nullable: column.nullable,
    origin: {
      database: table.database,
      tableAlias: alias,
      table: table.name,
      column: column.name,
      definition: column,
      definedIn: table,
    },
    invisible: column.invisible,
  }))
  return { alias, database: table.database, columns }
}

/** The rows of a query as a relation of their own, with new column ids. */
export function underAlias(
  binding: Binding,
  bound: {
    readonly plan: LogicalNode
    readonly columns: readonly (OutputColumn & { origin?: ScopeColumn['origin'] })[]
  },
  alias: string,
  view: { readonly database: string; readonly table: string } | undefined,
): BoundFrom {
  if (bound.columns.length > COLUMNS_MAX) throw sqlError('ER_TOO_MANY_FIELDS')
  const columns = bound.columns.map((column): ScopeColumn => ({
    id: binding.newColumn(),
    name: column.name,
    type: column.type,
    nullable: column.nullable,
    origin:
      view === undefined
        ? derivedOrigin(alias, column)
        : { ...origin(view.database, alias, view.table, column.name), base: baseOf(column.origin) },
    invisible: false,
  }))
  const plan: LogicalNode = {
    kind: 'rename',
    input: bound.plan,
    columns: bound.columns.map((column) => column.id),
    output: columns.map(asOutput),
  }
  return { plan, relations: [{ alias, database: view?.database, columns }], visible: columns }
}

function derivedOrigin(alias: string, column: OutputColumn & { origin?: ScopeColumn['origin'] }) {
  return { ...origin('', alias, column.origin?.table ?? '', column.name), base: baseOf(column.origin) }
}

export function origin(database: string, tableAlias: string, table: string, column: string) {
  return { database, tableAlias, table, column, definition: undefined, definedIn: undefined }
}

export function asOutput(column: ScopeColumn): OutputColumn {
  return { id: column.id, name: column.name, type: column.type, nullable: column.nullable }
}
