/**
 * ON DUPLICATE KEY UPDATE (MySQL manual 15.2.7.2): its assignments see the row in the table, the row to insert, and, behind
 * INSERT … SELECT, the tables of the query.
 */
import { sqlError } from '../common/sql-error.js'
import type { ColumnAssignment } from '../plan/change.js'
import type { Expression } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import { hasSubquery } from '../plan/rewrite.js'
import type { TableDefinition } from '../plan/schema.js'
import type { ColumnReference, InsertStatement, QueryExpression, SelectBlock } from '../plan/syntax/index.js'
import type { Binding, BoundColumn, ExpressionContext } from './binding.js'
import { plainContext } from './binding.js'
import { asExpression, bindAssignmentTo } from './assignments.js'
import { defaultExpression, layoutScope } from './row-rules.js'
import { sameName, type ScopeColumn, type ScopeRelation } from './scope.js'

export interface DuplicateRows {
  readonly table: TableDefinition
  readonly inserted: ScopeRelation
  readonly old: ScopeRelation
  readonly targets: readonly number[]
  /** Tables of the query, with the columns that the assignments name. */
  readonly read: readonly ScopeRelation[]
}

export function bindOnDuplicate(
  binding: Binding,
  syntax: InsertStatement,
  { table, inserted, old, targets, read }: DuplicateRows,
): readonly ColumnAssignment[] {
  const scope = layoutScope(old)
  const alias = syntax.rowAlias
  if (alias !== undefined) {
    const row = aliasedRow(alias.name, alias.columns, inserted, targets)
    scope.relations.push(row)
    // Names of its own can be used alone; without them only the alias tells the two rows apart.
    if (alias.columns.length > 0) scope.visible.push(...row.columns)
  }
  for (const relation of read) {
    scope.relations.push(relation)
    scope.visible.push(...relation.columns.filter(({ name }) => !hasColumn(old, name)))
  }
  const insertedColumn = (name: string): Expression | undefined => {
    const column = inserted.columns.find((each) => sameName(each.name, name))
    if (column === undefined) throw sqlError('ER_BAD_FIELD_ERROR', name, 'field list')
    return asExpression(column)
  }
  const context: ExpressionContext = {
    ...plainContext(scope, 'field list'),
    insertedColumn,
    defaultOf: (name) => {
      const column = table.columns.find((each) => sameName(each.name, name))
      return column === undefined ? undefined : defaultExpression(binding, column, old)
    },
  }
  return syntax.onDuplicateKeyUpdate.map((assignment) => {
    const bound = bindAssignmentTo(binding, assignment, table, old, context)
    if (hasSubquery(bound.expression)) {
      throw sqlError('ER_NOT_SUPPORTED_YET', 'sub-query in ON DUPLICATE KEY UPDATE')
    }
    return bound
  })
}

/** `AS new(a, b)`: the row to insert under a name, its columns in the order of the value list. */
function aliasedRow(
  name: string,
  columns: readonly string[],
  inserted: ScopeRelation,
  targets: readonly number[],
): ScopeRelation {
  if (columns.length !== 0 && columns.length !== targets.length) throw sqlError('ER_VIEW_WRONG_LIST')
  const named =
    columns.length === 0
      ? inserted.columns
      : targets.flatMap((position, i) => {
          const column = inserted.columns[position]
          return column === undefined ? [] : [{ ...column, name: columns[i] ?? column.name }]
        })
  return { alias: name, database: undefined, columns: named }
}

interface QuerySource {
  readonly plan: LogicalNode
  /** Columns of the query itself; those that only ON DUPLICATE KEY UPDATE reads stand behind them. */
  readonly columnCount: number
  readonly read: readonly ScopeRelation[]
}

/** The query of INSERT … SELECT, with columns of its tables that ON DUPLICATE KEY UPDATE names. */
export function bindQuerySource(
  binding: Binding,
  syntax: InsertStatement,
  query: QueryExpression,
  table: TableDefinition,
): QuerySource {
  const names = [...columnsNamed(syntax.onDuplicateKeyUpdate.map(({ value }) => value))].filter(
    (column) => !isOfTable(column, table),
  )
  const { body } = query
  if (names.length === 0 || body.kind !== 'select' || !canBeRead(body)) {
    const { plan, columns } = binding.query(query, undefined, [])
    return { plan, columnCount: columns.length, read: [] }
  }
  const items = [...body.items, { ...WILDCARD, start: body.start, end: body.end }]
  const { plan, columns } = binding.query({ ...query, body: { ...body, items } }, undefined, [])
  const columnCount = binding.query(query, undefined, []).columns.length
  const read = relationsOf(
    columns.slice(columnCount).filter((column) => names.some((name) => isNamed(column, name))),
  )
  const kept = new Set(read.flatMap((relation) => relation.columns.map(({ id }) => id)))
  const output = columns.filter(({ id }, i) => i < columnCount || kept.has(id))
  return {
    plan: { kind: 'project', input: plan, expressions: output.map(asColumn), output },
    columnCount,
    read,
  }
}

const WILDCARD = { kind: 'selectWildcard', database: undefined, table: undefined } as const

/** Rows of groups and distinct rows belong to no row of a table. */
function canBeRead(body: SelectBlock): boolean {
  return body.from.length > 0 && body.groupBy.length === 0 && !body.distinct
}

function isOfTable({ table, name }: ColumnReference, target: TableDefinition): boolean {
  if (table !== undefined) return sameName(table, target.name)
  return target.columns.some((column) => sameName(column.name, name))
}

function isNamed({ name, origin }: BoundColumn, reference: ColumnReference): boolean {
  const { table } = reference
  if (!sameName(name, reference.name)) return false
  return table === undefined || (origin !== undefined && sameName(origin.tableAlias, table))
}

function relationsOf(columns: readonly BoundColumn[]): readonly ScopeRelation[] {
  const byAlias = new Map<string, ScopeColumn[]>()
  for (const column of columns) {
    const alias = column.origin?.tableAlias ?? ''
    const list = byAlias.get(alias) ?? []
    list.push({ ...column, invisible: false })
    byAlias.set(alias, list)
  }
  return [...byAlias].map(([alias, list]) => ({ alias, database: undefined, columns: list }))
}

function hasColumn(relation: ScopeRelation, name: string): boolean {
  return relation.columns.some((column) => sameName(column.name, name))
}

function asColumn({ id, type, nullable, coercibility, name }: BoundColumn): Expression {
  return { kind: 'column', column: id, type, nullable, coercibility, text: name }
}

/** The columns that expressions name, those of sub-queries too. */
function* columnsNamed(node: unknown): Generator<ColumnReference> {
  if (Array.isArray(node)) {
    for (const each of node) yield* columnsNamed(each)
    return
  }
  if (typeof node !== 'object' || node === null) return
  if ('kind' in node && node.kind === 'column') yield node as ColumnReference
  for (const each of Object.values(node)) yield* columnsNamed(each)
}
