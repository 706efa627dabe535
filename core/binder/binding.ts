/**
 * The binding pass as its parts see it: the parts (expressions, FROM, query blocks, changes) call each other through this
 * interface, and `binder.ts` puts them together.
 */
import type { EvaluationContext } from '../common/evaluation.js'
import type { Value } from '../common/value.js'
import type { AggregateCall, ColumnId, Expression, WindowCall } from '../plan/expression.js'
import type { LogicalNode, OutputColumn } from '../plan/logical.js'
import type { Expression as ExpressionSyntax, NamedWindow, QueryExpression } from '../plan/syntax/index.js'
import type { BinderEnvironment } from './environment.js'
import type { ColumnOrigin, CommonTable, QueryBoundary, Scope } from './scope.js'

/** A column of a bound query, with what its metadata needs. */
export interface BoundColumn extends OutputColumn {
  readonly origin: ColumnOrigin | undefined
  readonly coercibility: number
}

export interface BoundQuery {
  readonly plan: LogicalNode
  readonly columns: readonly BoundColumn[]
}

/** Windows that a block's expressions use: calls are grouped by equal specification. */
export interface PendingWindow {
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly { readonly expression: Expression; readonly descending: boolean }[]
  readonly key: string
  readonly calls: WindowCall[]
}

/** Where an expression stands: which names, aggregates and windows it may use. */
export interface ExpressionContext {
  readonly scope: Scope
  /** MySQL's name of the clause for error messages: 'field list', 'where clause', … */
  readonly clause: string
  /** Receives aggregate calls; undefined where they are not allowed (ER_INVALID_GROUP_FUNC_USE). */
  readonly aggregates: AggregateCall[] | undefined
  /** Receives window calls; undefined where they are not allowed. */
  readonly windows: PendingWindow[] | undefined
  readonly namedWindows: readonly NamedWindow[]
  /** Select aliases: tried after (`after`) or before (`before`) the columns of FROM. */
  readonly alias: ((name: string) => Expression | undefined) | undefined
  readonly aliasOrder: 'before' | 'after'
  /** The column that tells whether a GROUP BY item is rolled up; undefined if the expression is none. */
  readonly grouping?: ((item: Expression) => Expression | undefined) | undefined
  /** Whether literals show in metadata, so that their types must be exact: in select lists. */
  readonly exactLiterals?: boolean
  /** VALUES(column) and the row alias of INSERT … ON DUPLICATE KEY UPDATE. */
  readonly insertedColumn?: (name: string) => Expression | undefined
  /** DEFAULT(column). */
  readonly defaultOf?: (name: string) => Expression | undefined
}

export interface Binding {
  readonly environment: BinderEnvironment
  newColumn(): ColumnId
  newShareId(): number
  /** The environment's evaluation context, with the values of literals that became parameters. */
  readonly evaluation: EvaluationContext
  /** Ties the plan to the value of a parameter or literal. */
  pin(slot: number): void
  /** Notes the value that a literal has in this statement. */
  noteLiteral(slot: number, value: Value): void
  /** The statement's plan depends on something that no key of the plan cache has. */
  forbidCaching(): void
  /**
   * The same pass for a text that a definition keeps (a view, a default, a check): its literals are in UTF-8, no literals of the
   * statement, and never become parameters. `collation` is that of its strings.
   */
  forStoredText(collation?: string): Binding
  expression(syntax: ExpressionSyntax, context: ExpressionContext): Expression
  query(
    syntax: QueryExpression,
    boundary: QueryBoundary | undefined,
    commonTables: readonly CommonTable[],
  ): BoundQuery
}

/** A context for an expression that is no part of a query block's list: WHERE, ON, VALUES. */
export function plainContext(scope: Scope, clause: string): ExpressionContext {
  return {
    scope,
    clause,
    aggregates: undefined,
    windows: undefined,
    namedWindows: [],
    alias: undefined,
    aliasOrder: 'after',
  }
}
