/**
 * Name resolution. A `Scope` holds the relations of one query block; a `QueryBoundary` joins a sub-query's blocks to
 * the scope around them and collects what they take from there.
 */
import { sqlError } from '../common/sql-error.js'
import type { SqlType } from '../common/sql-type.js'
import type { ColumnId, Correlation, Expression } from '../plan/expression.js'
import type { LogicalNode, OutputColumn } from '../plan/logical.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type { QueryExpression } from '../plan/syntax/index.js'
import type { ExpressionContext } from './binding.js'

/** Where a result column comes from, for column definitions on the wire. */
export interface ColumnOrigin {
  readonly database: string
  readonly tableAlias: string
  readonly table: string
  readonly column: string
  readonly definition: ColumnDefinition | undefined
  readonly definedIn: TableDefinition | undefined
  /** Of a column of a view or derived table that is a table's column as it is: whose flags clients are told. */
  readonly base?: ColumnBase | undefined
}

interface ColumnBase {
  readonly definition: ColumnDefinition
  readonly definedIn: TableDefinition
}

/** The column of a table that a column is, itself or through views and derived tables. */
export function baseOf(origin: ColumnOrigin | undefined): ColumnBase | undefined {
  if (origin?.definition === undefined || origin.definedIn === undefined) return origin?.base
  return { definition: origin.definition, definedIn: origin.definedIn }
}

export interface ScopeColumn {
  readonly id: ColumnId
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  readonly origin: ColumnOrigin | undefined
  /** The value, if it isn't the plain column: a coalesced column of USING over a right join. */
  readonly expression?: Expression
  /** Not part of `*` (invisible columns). */
  readonly invisible: boolean
}

export interface ScopeRelation {
  readonly alias: string
  readonly database: string | undefined
  readonly columns: readonly ScopeColumn[]
}

/** A common table expression that FROM may name. */
export interface CommonTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly query: QueryExpression
  readonly recursive: boolean
  /** The environment of the WITH clause that defines it. */
  readonly visible: readonly CommonTable[]
  /** Filled when it is bound first. */
  bound: BoundCommonTable | undefined
  /** Set while its own recursive step is being bound. */
  work: WorkTable | undefined
  binding: boolean
}

export interface BoundCommonTable {
  readonly shareId: number
  readonly plan: LogicalNode
  readonly columns: readonly OutputColumn[]
}

export interface WorkTable {
  readonly workId: number
  readonly columns: readonly OutputColumn[]
  references: number
}

/** The edge between a sub-query and the block around it. */
export class QueryBoundary {
  readonly correlations: Correlation[] = []

  constructor(
    readonly outer: Scope,
    private readonly newColumn: () => ColumnId,
    /** Where the sub-query stands; undefined for derived tables, whose aggregates are all their own. */
    readonly context?: ExpressionContext,
  ) {}

  /** The inner form of a value of the outer query; the same outer column gets the same id. */
  correlate(outer: Expression): Expression {
    const known =
      outer.kind === 'column' || outer.kind === 'correlated'
        ? this.correlations.find(
            (each) =>
              each.outer.kind === outer.kind && 'column' in each.outer && each.outer.column === outer.column,
          )
        : undefined
    let id = known?.id
    if (id === undefined) {
      id = this.newColumn()
      this.correlations.push({ id, outer })
    }
    return {
      kind: 'correlated',
      column: id,
      type: outer.type,
      nullable: outer.nullable,
      coercibility: outer.coercibility,
      text: outer.text,
    }
  }
}

export class Scope {
  readonly relations: ScopeRelation[] = []
  /** What `*` and unqualified names see: columns that USING merged appear once. */
  visible: ScopeColumn[] = []

  constructor(
    readonly boundary: QueryBoundary | undefined,
    readonly commonTables: readonly CommonTable[],
  ) {}

  add(relation: ScopeRelation): void {
    const clash = this.relations.some(
      (other) =>
        sameName(other.alias, relation.alias) && (other.database ?? '') === (relation.database ?? ''),
    )
    if (clash) throw sqlError('ER_NONUNIQ_TABLE', relation.alias)
    this.relations.push(relation)
  }

  /** The column that a reference names in this block, or undefined. Throws ER_NON_UNIQ_ERROR. */
  findLocal(
    database: string | undefined,
    table: string | undefined,
    name: string,
    clause: string,
  ): ScopeColumn | undefined {
    if (table === undefined) {
      return findUnique(this.visible, name, name, clause) ?? this.findInvisible(name, clause)
    }
    let found: ScopeColumn | undefined
    for (const relation of this.relations) {
      if (!sameTable(relation, database, table)) continue
      const column = findUnique(relation.columns, name, `${table}.${name}`, clause)
      if (column === undefined) continue
      if (found !== undefined && found.id !== column.id)
        throw sqlError('ER_NON_UNIQ_ERROR', `${table}.${name}`, clause)
      found = column
    }
    return found
  }

  /** Invisible columns are no part of `*`, but can be named. */
  private findInvisible(name: string, clause: string): ScopeColumn | undefined {
    const invisible = this.relations.flatMap((relation) =>
      relation.columns.filter((column) => column.invisible),
    )
    return findUnique(invisible, name, name, clause)
  }
}

export function columnExpression(column: ScopeColumn): Expression {
  if (column.expression !== undefined) return column.expression
  return {
    kind: 'column',
    column: column.id,
    type: column.type,
    nullable: column.nullable,
    coercibility: 2,
    text: columnText(column),
  }
}

function columnText(column: ScopeColumn): string {
  const origin = column.origin
  if (origin === undefined) return `\`${column.name}\``
  if (origin.database === '') return `\`${origin.tableAlias}\`.\`${column.name}\``
  return `\`${origin.database}\`.\`${origin.tableAlias}\`.\`${column.name}\``
}

function findUnique(
  columns: readonly ScopeColumn[],
  name: string,
  spelled: string,
  clause: string,
): ScopeColumn | undefined {
  let found: ScopeColumn | undefined
  for (const column of columns) {
    if (column.name !== name && !sameName(column.name, name)) continue
    if (found !== undefined && found.id !== column.id) throw sqlError('ER_NON_UNIQ_ERROR', spelled, clause)
    found = column
  }
  return found
}

/** Whether `table` or `database.table` names the relation. Aliases compare without case for convenience of clients. */
export function sameTable(relation: ScopeRelation, database: string | undefined, table: string): boolean {
  if (!sameName(relation.alias, table)) return false
  return database === undefined || relation.database === undefined || relation.database === database
}

/** Column names and aliases compare without case. */
export function sameName(a: string, b: string): boolean {
  return a === b || (a.length === b.length && a.toLowerCase() === b.toLowerCase())
}
