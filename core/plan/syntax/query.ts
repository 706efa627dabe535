import type { Expression, IntervalUnit, JsonOnResponse, StringLiteral, UserVariable } from './expression.js'
import type { ColumnDataType } from './data-type.js'
import type { QualifiedName, SyntaxNode } from './node.js'

/**
 * Query expressions (manual, 15.2.13 to 15.2.20). A `QueryExpression` is a whole query with its WITH, ORDER BY,
 * LIMIT and locking clauses; its `body` is one block or a set operation over blocks. It is itself a body where it
 * was written in parentheses inside a larger one.
 */
export interface QueryExpression extends SyntaxNode {
  readonly kind: 'query'
  readonly with: WithClause | undefined
  readonly body: QueryBody
  readonly orderBy: readonly OrderItem[]
  readonly limit: Limit | undefined
  readonly locking: readonly LockingClause[]
  /** Only on the outermost query of a statement. */
  readonly into: IntoClause | undefined
}

export type QueryBody = SelectBlock | SetOperation | ValuesBlock | TableBlock | QueryExpression

export interface SetOperation extends SyntaxNode {
  readonly kind: 'setOperation'
  readonly operator: 'union' | 'intersect' | 'except'
  /** False for ALL. */
  readonly distinct: boolean
  /** Two or more, combined from left to right. INTERSECT already binds tighter than UNION and EXCEPT. */
  readonly operands: readonly QueryBody[]
}

/** `VALUES ROW(…), ROW(…)`; its columns are called column_0, column_1, … */
export interface ValuesBlock extends SyntaxNode {
  readonly kind: 'valuesBlock'
  readonly rows: readonly (readonly Expression[])[]
}

/** `TABLE t`. */
export interface TableBlock extends SyntaxNode {
  readonly kind: 'tableBlock'
  readonly table: QualifiedName
}

export interface SelectBlock extends SyntaxNode {
  readonly kind: 'select'
  readonly hints: readonly OptimizerHint[]
  readonly distinct: boolean
  readonly straightJoin: boolean
  readonly calcFoundRows: boolean
  /** The remaining modifiers, which change no result: HIGH_PRIORITY, SQL_NO_CACHE and so on, in lower case. */
  readonly modifiers: readonly string[]
  readonly items: readonly SelectItem[]
  /** The comma list; empty without FROM and for FROM DUAL. */
  readonly from: readonly TableReference[]
  readonly where: Expression | undefined
  readonly groupBy: readonly Expression[]
  readonly rollup: boolean
  readonly having: Expression | undefined
  readonly windows: readonly NamedWindow[]
}

/** One hint of the comment behind SELECT, INSERT …: name in lower case, arguments as written. */
export interface OptimizerHint {
  readonly name: string
  readonly arguments: string
}

export type SelectItem = SelectExpression | SelectWildcard

export interface SelectExpression extends SyntaxNode {
  readonly kind: 'selectExpression'
  readonly expression: Expression
  readonly alias: string | undefined
  /**
   * The result column's name: the alias, or else what MySQL calls it: a column's own name, a string's value, the
   * source text of anything else (256 characters at most). `start` and `end` span the expression, not the alias.
   */
  readonly name: string
}

/** `*`, `table.*` and `database.table.*`. */
export interface SelectWildcard extends SyntaxNode {
  readonly kind: 'selectWildcard'
  readonly database: string | undefined
  readonly table: string | undefined
}

export interface WithClause extends SyntaxNode {
  readonly recursive: boolean
  readonly elements: readonly CommonTableExpression[]
}

export interface CommonTableExpression extends SyntaxNode {
  readonly name: string
  readonly columns: readonly string[]
  readonly query: QueryExpression
}

export interface OrderItem extends SyntaxNode {
  readonly expression: Expression
  readonly descending: boolean
}

/** Both are literals, parameters or, in stored programs, variables. */
export interface Limit extends SyntaxNode {
  readonly count: Expression
  readonly offset: Expression | undefined
}

export interface LockingClause extends SyntaxNode {
  /** LOCK IN SHARE MODE is `share`. */
  readonly strength: 'update' | 'share'
  /** Aliases named by OF; empty means every table. */
  readonly tables: readonly QualifiedName[]
  readonly wait: 'wait' | 'nowait' | 'skipLocked'
}

export type IntoClause = IntoVariables | IntoOutfile | IntoDumpfile

/** A local variable of a stored program, where a user variable could stand too. */
export interface LocalVariable extends SyntaxNode {
  readonly kind: 'localVariable'
  readonly name: string
}

export interface IntoVariables extends SyntaxNode {
  readonly kind: 'intoVariables'
  readonly targets: readonly (UserVariable | LocalVariable)[]
}

export interface IntoOutfile extends SyntaxNode {
  readonly kind: 'intoOutfile'
  readonly file: string
  readonly charset: string | undefined
  readonly format: FileFormat
}

export interface IntoDumpfile extends SyntaxNode {
  readonly kind: 'intoDumpfile'
  readonly file: string
}

/** FIELDS and LINES of LOAD DATA and INTO OUTFILE, as byte strings; undefined means the default. */
export interface FileFormat {
  readonly fieldsTerminatedBy: string | undefined
  readonly fieldsEnclosedBy: string | undefined
  readonly fieldsOptionallyEnclosed: boolean
  readonly fieldsEscapedBy: string | undefined
  readonly linesStartingBy: string | undefined
  readonly linesTerminatedBy: string | undefined
}

// ---- FROM -----------------------------------------------------------------------------------------------------

export type TableReference = TableFactor | DerivedTable | JsonTable | Join

export interface TableFactor extends SyntaxNode {
  readonly kind: 'table'
  readonly name: QualifiedName
  readonly partitions: readonly string[]
  readonly alias: string | undefined
  readonly indexHints: readonly IndexHint[]
}

export interface IndexHint extends SyntaxNode {
  readonly action: 'use' | 'ignore' | 'force'
  readonly purpose: 'join' | 'orderBy' | 'groupBy' | undefined
  /** `PRIMARY` names the primary key; empty only for USE INDEX (). */
  readonly indexes: readonly string[]
}

export interface DerivedTable extends SyntaxNode {
  readonly kind: 'derivedTable'
  readonly lateral: boolean
  readonly query: QueryExpression
  readonly alias: string
  readonly columns: readonly string[]
}

export interface JsonTable extends SyntaxNode {
  readonly kind: 'jsonTable'
  readonly document: Expression
  readonly path: StringLiteral
  readonly columns: readonly JsonTableColumn[]
  readonly alias: string
}

export type JsonTableColumn =
  | (SyntaxNode & { readonly kind: 'ordinality'; readonly name: string })
  | (SyntaxNode & {
      readonly kind: 'path'
      readonly name: string
      readonly type: ColumnDataType
      readonly path: StringLiteral
      readonly onEmpty: JsonOnResponse | undefined
      readonly onError: JsonOnResponse | undefined
    })
  | (SyntaxNode & {
      readonly kind: 'exists'
      readonly name: string
      readonly type: ColumnDataType
      readonly path: StringLiteral
    })
  | (SyntaxNode & {
      readonly kind: 'nested'
      readonly path: StringLiteral
      readonly columns: readonly JsonTableColumn[]
    })

/** Parentheses have become the shape of the tree; a comma inside them is a `cross` join. */
export interface Join extends SyntaxNode {
  readonly kind: 'join'
  /** `inner` is JOIN and INNER JOIN; with neither ON nor USING it equals `cross`, as in MySQL. */
  readonly type: 'inner' | 'cross' | 'left' | 'right' | 'straight'
  readonly natural: boolean
  readonly left: TableReference
  readonly right: TableReference
  readonly on: Expression | undefined
  readonly using: readonly string[] | undefined
}

// ---- Windows --------------------------------------------------------------------------------------------------

export interface NamedWindow extends SyntaxNode {
  readonly name: string
  readonly specification: WindowSpecification
}

/** What follows OVER: a window's name or a specification of its own. */
export type WindowReference = WindowName | WindowSpecification

export interface WindowName extends SyntaxNode {
  readonly kind: 'windowName'
  readonly name: string
}

export interface WindowSpecification extends SyntaxNode {
  readonly kind: 'windowSpecification'
  /** The named window that this one refines. */
  readonly base: string | undefined
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly OrderItem[]
  readonly frame: WindowFrame | undefined
}

export interface WindowFrame extends SyntaxNode {
  readonly unit: 'rows' | 'range' | 'groups'
  readonly from: FrameBound
  /** CURRENT ROW where the short form leaves it out. */
  readonly to: FrameBound
  /** Parsed only: MySQL supports none. */
  readonly exclude: 'currentRow' | 'group' | 'ties' | 'noOthers' | undefined
}

export type FrameBound =
  | { readonly kind: 'currentRow' }
  | { readonly kind: 'unboundedPreceding' }
  | { readonly kind: 'unboundedFollowing' }
  | {
      readonly kind: 'preceding' | 'following'
      readonly offset: Expression
      /** Of `INTERVAL offset unit`. */
      readonly unit: IntervalUnit | undefined
    }
