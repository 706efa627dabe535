import type { ColumnReference, Expression, UserVariable } from './expression.js'
import type { QualifiedName, SyntaxNode } from './node.js'
import type {
  FileFormat,
  Limit,
  OptimizerHint,
  OrderItem,
  QueryExpression,
  TableReference,
  WithClause,
} from './query.js'

/** Statements that change rows, and CALL, DO and HANDLER (manual, 15.2). */
export type DataChangeStatement =
  | InsertStatement
  | UpdateStatement
  | DeleteStatement
  | LoadStatement
  | CallStatement
  | DoStatement
  | HandlerStatement

/** A value may be the bare word DEFAULT. */
export interface Assignment extends SyntaxNode {
  readonly column: ColumnReference
  readonly value: Expression
}

/** INSERT and REPLACE. `INSERT … SET a = 1` arrives as columns and one row. */
export interface InsertStatement extends SyntaxNode {
  readonly kind: 'insert'
  readonly replace: boolean
  readonly priority: 'low' | 'high' | 'delayed' | undefined
  readonly ignore: boolean
  readonly hints: readonly OptimizerHint[]
  readonly table: QualifiedName
  readonly partitions: readonly string[]
  /** Undefined without a list; `()` is the empty list. */
  readonly columns: readonly ColumnReference[] | undefined
  readonly source: InsertSource
  /** `AS new(a, b)` behind VALUES and SET. */
  readonly rowAlias: RowAlias | undefined
  readonly onDuplicateKeyUpdate: readonly Assignment[]
}

export type InsertSource =
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Expression[])[] }
  | { readonly kind: 'query'; readonly query: QueryExpression }

export interface RowAlias extends SyntaxNode {
  readonly name: string
  readonly columns: readonly string[]
}

export interface UpdateStatement extends SyntaxNode {
  readonly kind: 'update'
  readonly with: WithClause | undefined
  readonly lowPriority: boolean
  readonly ignore: boolean
  readonly hints: readonly OptimizerHint[]
  /** One `TableFactor` is the single-table form; more, or a join, the multi-table form. */
  readonly tables: readonly TableReference[]
  readonly assignments: readonly Assignment[]
  readonly where: Expression | undefined
  readonly orderBy: readonly OrderItem[]
  readonly limit: Limit | undefined
}

export interface DeleteStatement extends SyntaxNode {
  readonly kind: 'delete'
  readonly with: WithClause | undefined
  readonly lowPriority: boolean
  readonly quick: boolean
  readonly ignore: boolean
  readonly hints: readonly OptimizerHint[]
  /** The tables or aliases to delete from, multi-table forms only; undefined is the single-table form. */
  readonly targets: readonly QualifiedName[] | undefined
  readonly from: readonly TableReference[]
  readonly where: Expression | undefined
  readonly orderBy: readonly OrderItem[]
  readonly limit: Limit | undefined
}

/** LOAD DATA and LOAD XML. */
export interface LoadStatement extends SyntaxNode {
  readonly kind: 'load'
  readonly format: 'data' | 'xml'
  readonly priority: 'low' | 'concurrent' | undefined
  readonly local: boolean
  readonly file: string
  readonly duplicates: 'replace' | 'ignore' | undefined
  readonly table: QualifiedName
  readonly partitions: readonly string[]
  readonly charset: string | undefined
  readonly fileFormat: FileFormat
  /** ROWS IDENTIFIED BY of LOAD XML. */
  readonly rowTag: string | undefined
  readonly ignoreLines: number
  readonly targets: readonly (ColumnReference | UserVariable)[]
  readonly assignments: readonly Assignment[]
}

export interface CallStatement extends SyntaxNode {
  readonly kind: 'call'
  readonly name: QualifiedName
  readonly arguments: readonly Expression[]
}

export interface DoStatement extends SyntaxNode {
  readonly kind: 'do'
  readonly expressions: readonly Expression[]
}

export interface HandlerStatement extends SyntaxNode {
  readonly kind: 'handler'
  readonly table: QualifiedName
  readonly action: HandlerAction
}

export type HandlerAction =
  | { readonly kind: 'open'; readonly alias: string | undefined }
  | { readonly kind: 'close' }
  | {
      readonly kind: 'read'
      readonly index: string | undefined
      readonly position: 'first' | 'next' | 'previous' | 'last' | '=' | '<=' | '>=' | '<' | '>'
      readonly values: readonly Expression[]
      readonly where: Expression | undefined
      readonly limit: Limit | undefined
    }
