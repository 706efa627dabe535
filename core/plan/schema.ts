/**
 * Definitions of databases, tables, columns and indexes: immutable data that a catalog hands out and that plans
 * point to. Ids are permanent: they are given once, never reused, and survive renames. A change of a table makes a
 * new definition with the next `version`.
 */
import type { SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'

export interface DatabaseDefinition {
  readonly id: number
  readonly name: string
  readonly charset: string
  readonly collation: string
  /** True for information_schema and its like: no DDL, no writes. */
  readonly isSystem: boolean
}

/** What a column gets when INSERT names no value for it. */
export type ColumnDefault =
  | { readonly kind: 'none' }
  /** A literal, already converted to the column's type; `null` is an explicit or implicit DEFAULT NULL. */
  | { readonly kind: 'value'; readonly value: Value }
  /** CURRENT_TIMESTAMP[(n)]. */
  | { readonly kind: 'now' }
  /** DEFAULT (expression), as canonical SQL text. */
  | { readonly kind: 'expression'; readonly sql: string }

export interface GeneratedColumn {
  /** Canonical SQL text of the expression. */
  readonly sql: string
  readonly stored: boolean
}

export interface ColumnDefinition {
  readonly id: number
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
  readonly default: ColumnDefault
  readonly autoIncrement: boolean
  /** ON UPDATE CURRENT_TIMESTAMP. */
  readonly onUpdateNow: boolean
  readonly generated: GeneratedColumn | undefined
  readonly comment: string
  readonly invisible: boolean
  /** Made for a functional key part: nobody can name it, nothing shows it. */
  readonly hidden?: true
  /** What rows have that were written before the column was there, and never since; absent if there are no such rows. */
  readonly absentValue?: Value
}

/** How the rows look that were written before columns were added, dropped, moved, or allowed to be NULL. */
export interface RowHistory {
  /** Oldest first: the columns of rows of this version, and of later ones until the next entry. */
  readonly schemas: readonly {
    readonly version: number
    readonly columns: readonly Pick<ColumnDefinition, 'id' | 'type' | 'nullable'>[]
  }[]
  /** Rows of this version and later ones are as the table's columns say. */
  readonly presentFrom: number
}

export interface IndexPart {
  /** Position in the table's `columns`. */
  readonly column: number
  /** Characters (text) or bytes (binary) of the prefix that is indexed; undefined for the whole column. */
  readonly prefixLength: number | undefined
  readonly descending: boolean
}

export interface IndexDefinition {
  readonly id: number
  readonly name: string
  /** True for the primary key, whose name is PRIMARY. */
  readonly primary: boolean
  readonly unique: boolean
  readonly parts: readonly IndexPart[]
  readonly visible: boolean
  readonly comment: string
  /** BTREE or HASH as written; every index is ordered. */
  readonly algorithm: 'BTREE' | 'HASH' | undefined
  /** Version of each part's collation weights when the index was built; a difference means: rebuild. */
  readonly collationVersions: readonly number[]
}

export type ReferentialAction = 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'NO ACTION' | 'SET DEFAULT'

export interface ForeignKeyDefinition {
  readonly id: number
  readonly name: string
  /** Positions in the table's `columns`. */
  readonly columns: readonly number[]
  readonly referencedDatabase: string
  readonly referencedTable: string
  readonly referencedColumns: readonly string[]
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
}

export interface CheckDefinition {
  readonly name: string
  /** Canonical SQL text of the condition. */
  readonly sql: string
  readonly enforced: boolean
}

/** One stored copy of a table. */
export interface Placement {
  readonly id: number
  /** Engine name: the name of the configured storage instance. */
  readonly storage: string
  readonly role: 'primary' | 'secondary'
  readonly feed: 'none' | 'changes' | 'interval' | 'manual' | 'binlog'
  readonly state: 'active' | 'loading' | 'failed'
}

export interface TableDefinition {
  readonly kind: 'table'
  readonly id: number
  /** Schema version, kept with every stored row. */
  readonly version: number
  readonly database: string
  readonly name: string
  readonly columns: readonly ColumnDefinition[]
  /** The primary key, if any, first. */
  readonly indexes: readonly IndexDefinition[]
  readonly foreignKeys: readonly ForeignKeyDefinition[]
  readonly checks: readonly CheckDefinition[]
  readonly placements: readonly Placement[]
  readonly charset: string
  readonly collation: string
  readonly comment: string
  readonly temporary: boolean
  /** ENGINE as written, kept for dumps, if it was another name than the storage's. */
  readonly engineAsWritten: string | undefined
  /** Further table options as written (ROW_FORMAT, …), for SHOW CREATE TABLE. */
  readonly options: Readonly<Record<string, string>>
  /** Microseconds since 1970 UTC. */
  readonly createdAtMicros: number
  /** Absent while all rows are as the columns say. */
  readonly rowHistory?: RowHistory
}

export interface ViewDefinition {
  readonly kind: 'view'
  readonly id: number
  readonly version: number
  readonly database: string
  readonly name: string
  /** Canonical SQL text of the SELECT. */
  readonly sql: string
  /** Explicit column list, if given. */
  readonly columnNames: readonly string[] | undefined
  readonly algorithm: 'UNDEFINED' | 'MERGE' | 'TEMPTABLE'
  readonly definer: string
  readonly sqlSecurity: 'DEFINER' | 'INVOKER'
  readonly checkOption: 'NONE' | 'LOCAL' | 'CASCADED'
  /** sql_mode and collation that the text was written under. */
  readonly sqlMode: number
  readonly connectionCollation: string
}

export type RelationDefinition = TableDefinition | ViewDefinition

export function primaryKeyOf(table: TableDefinition): IndexDefinition | undefined {
  const first = table.indexes[0]
  return first?.primary === true ? first : undefined
}

export function primaryPlacementOf(table: TableDefinition): Placement {
  const placement = table.placements.find((candidate) => candidate.role === 'primary')
  if (placement === undefined) throw new Error(`invariant: table ${table.name} has no primary placement`)
  return placement
}
