/**
 * Plans of statements that change rows. The binder emits them; the executor runs the query part, builds the new
 * rows, and writes them through the transaction.
 *
 * A *row layout* is a list of column ids, one per column of the table, under which expressions see a row: the new
 * row of an INSERT, the row that is being updated.
 */
import type { ColumnId, Expression } from './expression.js'
import type { LoadRules } from './file.js'
import type { LogicalNode } from './logical.js'
import type { TableDefinition } from './schema.js'

/** Computes one column of a row; `expression` has any type and is stored by the rules of assignment. */
export interface ColumnAssignment {
  /** Position in the table's columns. */
  readonly column: number
  readonly expression: Expression
}

/** What a column gets that the statement doesn't name. */
export type MissingValue =
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'auto increment' }
  /** Without DEFAULT (NOT NULL, or after ALTER … DROP DEFAULT): ER_NO_DEFAULT_FOR_FIELD in strict mode, else the type's implicit default with a warning. */
  | { readonly kind: 'no default' }

export interface CheckCondition {
  readonly name: string
  readonly condition: Expression
}

/** What must be computed and hold whenever a row of the table is written; expressions over the row layout. */
export interface RowRules {
  readonly table: TableDefinition
  readonly layout: readonly ColumnId[]
  readonly generated: readonly ColumnAssignment[]
  readonly checks: readonly CheckCondition[]
}

export interface InsertPlan {
  readonly kind: 'insert'
  readonly rules: RowRules
  /** Rows to insert; VALUES lists are a `values` node. */
  readonly source: LogicalNode
  /** For each column that the statement names: the output of `source` that it gets. */
  readonly targets: readonly { readonly column: number; readonly source: ColumnId }[]
  /**
   * DEFAULT written in a VALUES list: `source` then has NULL there, and this says at which (row, target) places.
   */
  readonly defaultPlaces: ReadonlyMap<number, readonly number[]> | undefined
  /** Generated columns, by position, that the statement gives values for in vain. */
  readonly ignored: readonly number[]
  /** For every column of the table, whether named or not (a named one may get DEFAULT). */
  readonly missing: readonly MissingValue[]
  readonly mode: 'insert' | 'replace'
  readonly ignore: boolean
  /** ON DUPLICATE KEY UPDATE: over `oldLayout` (the row in the table) and `rules.layout` (the row to insert, for VALUES()). */
  readonly onDuplicate: readonly ColumnAssignment[] | undefined
  /** Outputs of `source` that `onDuplicate` reads beside the two rows. */
  readonly readForDuplicate: readonly ColumnId[]
  /** ON UPDATE CURRENT_TIMESTAMP columns that it leaves alone, done if it changes the row. */
  readonly onUpdate: readonly ColumnAssignment[]
  readonly oldLayout: readonly ColumnId[]
  /** Generated columns and checks of the updated row, over `oldLayout`. */
  readonly oldRules: RowRules
  /** LOAD DATA: the rows are lines of a file. */
  readonly load?: LoadRules
}

/** One table of an UPDATE. */
export interface UpdateTarget {
  /** Layout: outputs of the input that hold the old row; assignments see earlier assignments' values there. */
  readonly rules: RowRules
  readonly alias: string
  /** Output of the input with the row's identity; NULL where an outer join found no row. */
  readonly rowKey: ColumnId
  readonly assignments: readonly ColumnAssignment[]
  /** ON UPDATE CURRENT_TIMESTAMP columns that the statement leaves alone; done if the assignments change the row. */
  readonly onUpdate: readonly ColumnAssignment[]
}

export interface UpdatePlan {
  readonly kind: 'update'
  readonly input: LogicalNode
  readonly targets: readonly UpdateTarget[]
  readonly ignore: boolean
}

export interface DeleteTarget {
  readonly table: TableDefinition
  readonly alias: string
  readonly rowKey: ColumnId
}

export interface DeletePlan {
  readonly kind: 'delete'
  readonly input: LogicalNode
  readonly targets: readonly DeleteTarget[]
  readonly ignore: boolean
}

export type ChangePlan = InsertPlan | UpdatePlan | DeletePlan

/** A change that a driver runs as a whole, made by the optimizer. */
export interface ForeignChangePlan {
  readonly kind: 'foreign change'
  readonly storage: string
  readonly change: ChangePlan
  readonly isStrict: boolean
  readonly keepsZero: boolean
  /** What the driver says of it, for EXPLAIN. */
  readonly text: string
  /** The same, row by row: for values with which the driver can't. */
  readonly here: ChangePlan
}
