/**
 * Logical plans: trees of immutable nodes over bound expressions. The binder emits them, optimizer rules rewrite
 * them, the executor picks operators for them. A node's output is a list of column ids, in order.
 */
import type { Batch } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import type { SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { AggregateCall, ColumnId, Correlation, Expression, SortKey, WindowCall } from './expression.js'
import type { ColumnDefinition, IndexDefinition, Placement, TableDefinition } from './schema.js'

/** A column that a node produces. */
export interface OutputColumn {
  readonly id: ColumnId
  readonly name: string
  readonly type: SqlType
  readonly nullable: boolean
}

interface NodeBase {
  readonly output: readonly OutputColumn[]
}

/** Rows of a stored table. `columns[i]` is the position in the table of `output[i]`. */
export interface ScanNode extends NodeBase {
  readonly kind: 'scan'
  readonly table: TableDefinition
  /** Alias, for EXPLAIN and for DML targets. */
  readonly alias: string
  readonly columns: readonly number[]
  readonly lock: ScanLock | undefined
  readonly indexHints: IndexHints | undefined
  /** Set by the optimizer. */
  readonly access: AccessPath | undefined
  /** Condition that the access path's rows must still pass; set by the optimizer from Filter nodes above. */
  readonly filter: Expression | undefined
  /** Rows to stop after; only without a filter above. */
  readonly limit: Expression | undefined
  /** For DML: also produce this column with the row's identity (bytes). */
  readonly rowKey: ColumnId | undefined
}

export interface ScanLock {
  readonly mode: 'share' | 'exclusive'
  readonly wait: 'wait' | 'nowait' | 'skip'
}

export interface IndexHints {
  readonly use: readonly string[] | undefined
  readonly force: readonly string[] | undefined
  readonly ignore: readonly string[]
}

/** How a scan reads its table. */
export type AccessPath =
  /** All rows of a table driver or keyspace, in row order. */
  | { readonly kind: 'full'; readonly placement: Placement; readonly reverse: boolean; readonly rows: number }
  /** Ranges of an index (or of the primary key, index undefined meaning hidden row order). */
  | {
      readonly kind: 'ranges'
      readonly placement: Placement
      readonly index: IndexDefinition
      readonly ranges: readonly RangeBounds[]
      readonly reverse: boolean
      /** True if the ranges are equality on a whole unique key: at most one row each. */
      readonly unique: boolean
      readonly rows: number
    }

/** Bounds as expressions that don't depend on the scan's own rows; evaluated when the scan opens. */
export interface RangeBounds {
  readonly lower: readonly Expression[] | undefined
  readonly lowerInclusive: boolean
  readonly upper: readonly Expression[] | undefined
  readonly upperInclusive: boolean
  /**
   * A bound whose value is NULL makes the range empty, unless the part is listed here as null-safe (IS NULL, <=>).
   */
  readonly nullSafeParts: readonly number[]
}

/** Literal rows: VALUES, SELECT without FROM (one row, no columns). */
export interface ValuesNode extends NodeBase {
  readonly kind: 'values'
  readonly rows: readonly (readonly Expression[])[]
  /** Rows of an INSERT whose values have several types: each is stored by the rules of assignment into the column of its place. */
  readonly storedIn?: readonly ColumnDefinition[]
}

/** Rows computed by the engine when asked: information_schema, performance_schema, SHOW. */
export interface VirtualTableNode extends NodeBase {
  readonly kind: 'virtual'
  readonly source: VirtualTable
  /** Positions in the source's columns. */
  readonly columns: readonly number[]
  readonly alias: string
  /** Conditions `column = constant` that the source may use to produce less. */
  readonly equalities: readonly { readonly column: number; readonly value: Expression }[]
}

/** The definition of a table whose rows the engine computes. */
export interface VirtualTable {
  readonly database: string
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType; readonly nullable: boolean }[]
  /**
   * Makes the rows of a table function of its arguments, which the scan's `equalities` give to the first columns; absent where
   * the engine knows the rows.
   */
  readonly rowsOf?: (args: readonly Value[], context: EvaluationContext) => Batch
}

export interface FilterNode extends NodeBase {
  readonly kind: 'filter'
  readonly input: LogicalNode
  readonly condition: Expression
}

export interface ProjectNode extends NodeBase {
  readonly kind: 'project'
  readonly input: LogicalNode
  /** `expressions[i]` gives `output[i]`. */
  readonly expressions: readonly Expression[]
}

/**
 * `left` keeps every row of the left input; `semi` and `anti` yield left rows only. `nullAware` on `anti` gives NOT
 * IN's meaning: no row if the right side has a NULL key or the left key is NULL (and the right isn't empty).
 */
export interface JoinNode extends NodeBase {
  readonly kind: 'join'
  readonly type: 'inner' | 'left' | 'semi' | 'anti'
  readonly left: LogicalNode
  readonly right: LogicalNode
  readonly condition: Expression | undefined
  readonly nullAware: boolean
  /**
   * What the right side reads of the left (LATERAL, or an index nested loop after optimization); with any, the right
   * side is opened anew for each left row.
   */
  readonly correlations: readonly Correlation[]
  /** STRAIGHT_JOIN or an order that must not be changed. */
  readonly fixedOrder: boolean
  /** Chosen by the optimizer; undefined lets the executor pick. */
  readonly algorithm: 'hash' | 'nested loop' | 'index nested loop' | undefined
}

export interface AggregateNode extends NodeBase {
  readonly kind: 'aggregate'
  readonly input: LogicalNode
  readonly groupBy: readonly { readonly output: ColumnId; readonly expression: Expression }[]
  readonly aggregates: readonly AggregateCall[]
  readonly rollup: boolean
  /** For ROLLUP: columns that tell GROUPING(), one per group-by item; output 1 where the item is rolled up. */
  readonly groupingOutputs: readonly ColumnId[]
}

/** Adds the outputs of window functions that share one window. */
export interface WindowNode extends NodeBase {
  readonly kind: 'window'
  readonly input: LogicalNode
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly SortKey[]
  readonly calls: readonly WindowCall[]
}

export interface SortNode extends NodeBase {
  readonly kind: 'sort'
  readonly input: LogicalNode
  readonly keys: readonly SortKey[]
  /** Rows wanted at most, including an offset: lets the executor keep only those. */
  readonly top: Expression | undefined
}

export interface LimitNode extends NodeBase {
  readonly kind: 'limit'
  readonly input: LogicalNode
  readonly count: Expression | undefined
  readonly offset: Expression | undefined
  /** SQL_CALC_FOUND_ROWS: read on to count. */
  readonly countAll: boolean
}

export interface DistinctNode extends NodeBase {
  readonly kind: 'distinct'
  readonly input: LogicalNode
}

/** Inputs have the same number of columns and, after the binder's conversions, the same types. */
export interface SetOperationNode extends NodeBase {
  readonly kind: 'set operation'
  readonly operation: 'union' | 'intersect' | 'except'
  readonly all: boolean
  readonly inputs: readonly LogicalNode[]
}

/** A common table expression or derived table that is computed once and read from several places. */
export interface SharedNode extends NodeBase {
  readonly kind: 'shared'
  /** Identity of the shared computation within the statement. */
  readonly shareId: number
  readonly input: LogicalNode
  /** Columns of `input` that `output` renames, in order. */
  readonly columns: readonly ColumnId[]
}

/** WITH RECURSIVE: seed, then step over the rows of the round before until there are none. */
export interface RecursiveNode extends NodeBase {
  readonly kind: 'recursive'
  readonly workId: number
  readonly name: string
  readonly seed: LogicalNode
  readonly step: LogicalNode
  readonly distinct: boolean
  /** LIMIT of the whole: no more rounds once there are so many rows, with those that an offset skips. */
  readonly limit: Pick<LimitNode, 'count' | 'offset'> | undefined
  readonly seedColumns: readonly ColumnId[]
  readonly stepColumns: readonly ColumnId[]
}

/** Inside a recursive step: the rows of the round before. */
export interface WorkTableNode extends NodeBase {
  readonly kind: 'work table'
  readonly workId: number
}

/** A derived table or view under its alias: renames columns, keeps rows. */
export interface RenameNode extends NodeBase {
  readonly kind: 'rename'
  readonly input: LogicalNode
  /** Input column for each output, in order. */
  readonly columns: readonly ColumnId[]
}

/** A sub-plan that a driver runs as a whole. */
export interface FragmentNode extends NodeBase {
  readonly kind: 'fragment'
  readonly storage: string
  readonly root: LogicalNode
  readonly text: string
}

export type LogicalNode =
  | ScanNode
  | ValuesNode
  | VirtualTableNode
  | FilterNode
  | ProjectNode
  | JoinNode
  | AggregateNode
  | WindowNode
  | SortNode
  | LimitNode
  | DistinctNode
  | SetOperationNode
  | SharedNode
  | RecursiveNode
  | WorkTableNode
  | RenameNode
  | FragmentNode
