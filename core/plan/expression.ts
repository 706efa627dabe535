/**
 * Bound expressions: what the binder makes of syntax. Every node has its exact type; names are gone (columns are
 * referred to by plan-wide column ids), functions are resolved, implicit conversions are explicit nodes.
 */
import type { SqlType } from '../common/sql-type.js'
import type { ExactValue, Value } from '../common/value.js'
import type {
  AggregateBinding,
  ScalarBinding,
  Volatility,
  WindowBinding,
} from '../common/function-binding.js'
import type { LogicalNode } from './logical.js'

/** Identifies a column within one statement's plan, across all its operators. */
export type ColumnId = number

interface ExpressionBase {
  readonly type: SqlType
  readonly nullable: boolean
  /** Collation coercibility 0–6 (MySQL manual 12.8.4). */
  readonly coercibility: number
  /** MySQL's canonical text, for error messages and EXPLAIN. */
  readonly text: string
}

export interface ColumnExpression extends ExpressionBase {
  readonly kind: 'column'
  readonly column: ColumnId
}

/** A value that the enclosing query hands to this sub-query: one of the `correlations` of the sub-query's expression. */
export interface CorrelatedExpression extends ExpressionBase {
  readonly kind: 'correlated'
  readonly column: ColumnId
}

/** Under `id` the sub-query sees the value that `outer`, an expression of the enclosing query, has for its current row. */
export interface Correlation {
  readonly id: ColumnId
  readonly outer: Expression
}

export interface ConstantExpression extends ExpressionBase {
  readonly kind: 'constant'
  readonly value: Value
  /** The number that a hex or bit literal is where a number is wanted; its value is a binary string. */
  readonly number?: ExactValue
}

/** A `?`, or a literal that the plan cache took out of the text. */
export interface ParameterExpression extends ExpressionBase {
  readonly kind: 'parameter'
  readonly slot: number
}

/** A call of a scalar function or operator; arguments already have the types that the binding wants. */
export interface CallExpression extends ExpressionBase {
  readonly kind: 'call'
  readonly name: string
  readonly arguments: readonly Expression[]
  readonly binding: ScalarBinding
  readonly volatility: Volatility
}

/** An implicit or explicit conversion to `type`. */
export interface ConvertExpression extends ExpressionBase {
  readonly kind: 'convert'
  readonly operand: Expression
}

/**
 * A sub-query in an expression. `scalar`: its single value (ER_SUBQUERY_NO_1_ROW for more); `exists`: 1 or 0; `in`:
 * whether `operands` equal a row of it (three-valued); `any` / `all`: quantified comparison with `comparison`.
 */
export interface SubqueryExpression extends ExpressionBase {
  readonly kind: 'subquery'
  readonly mode: 'scalar' | 'exists' | 'in' | 'any' | 'all'
  readonly plan: LogicalNode
  /** Result columns of the plan, in order. */
  readonly columns: readonly ColumnId[]
  /** What the plan reads of the enclosing query; empty means: evaluate once. */
  readonly correlations: readonly Correlation[]
  /** Left side of IN, ANY, ALL. */
  readonly operands: readonly Expression[]
  /**
   * For `in`, `any`, `all`: the comparison of each operand with the sub-query's column, as an expression over
   * `operandColumns` and `columns`.
   */
  readonly comparisons: readonly Expression[]
  readonly operandColumns: readonly ColumnId[]
  readonly comparison: '=' | '<>' | '<' | '<=' | '>' | '>=' | undefined
}

export type Expression =
  | ColumnExpression
  | CorrelatedExpression
  | ConstantExpression
  | ParameterExpression
  | CallExpression
  | ConvertExpression
  | SubqueryExpression

/** One aggregate of an Aggregate or Window node. */
export interface AggregateCall {
  readonly output: ColumnId
  readonly name: string
  readonly arguments: readonly Expression[]
  readonly distinct: boolean
  readonly orderBy: readonly SortKey[]
  readonly separator: string | undefined
  readonly binding: AggregateBinding
  readonly text: string
}

export interface SortKey {
  readonly expression: Expression
  readonly descending: boolean
}

export type FrameBound =
  | { readonly kind: 'unbounded preceding' }
  | { readonly kind: 'preceding'; readonly offset: Expression }
  | { readonly kind: 'current row' }
  | { readonly kind: 'following'; readonly offset: Expression }
  | { readonly kind: 'unbounded following' }

export interface WindowFrame {
  readonly unit: 'rows' | 'range'
  readonly start: FrameBound
  readonly end: FrameBound
  /**
   * RANGE with an offset: for each such bound the sort value plus / minus the offset, as an expression over `current` (a column id that
   * holds the current row's sort value), already typed.
   */
  readonly rangeStart: Expression | undefined
  readonly rangeEnd: Expression | undefined
  readonly rangeColumn: ColumnId | undefined
}

/** One window function call; either a window function's binding or an aggregate's. */
export interface WindowCall {
  readonly output: ColumnId
  readonly name: string
  readonly arguments: readonly Expression[]
  readonly window: WindowBinding | undefined
  readonly aggregate: AggregateBinding | undefined
  readonly type: SqlType
  readonly nullable: boolean
  readonly usesFrame: boolean
  readonly frame: WindowFrame
  readonly text: string
}
