/**
 * # Functions
 *
 * A family of SQL functions that a plugin (or the built-in library in `core/functions`) adds: scalar functions and
 * operators, aggregates, window functions. The binder looks a name up, asks the function to *bind* itself to the
 * types of its arguments, inserts the conversions that the binding wants, and later the executor *compiles* it once
 * per plan. An instance lives as long as the server and is shared by all sessions; it must not keep state.
 *
 * Names are looked up without regard to case. Operators are functions whose name is the operator's spelling
 * (`+`, `<=>`, `like`, `is null`, `case`, …).
 *
 * Stability: beta. Example: `examples/`; suite: `test/conformance`.
 */
import type { Batch } from '../common/batch.js'
import type { Collation } from '../common/collation.js'
import type { EvaluationContext, Evaluator, TypedValue } from '../common/evaluation.js'
import type { SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'

/** What a function learns of an argument when it binds. */
export interface ArgumentInfo {
  readonly type: SqlType
  readonly nullable: boolean
  /** Collation coercibility 0–6 (MySQL manual 12.8.4). */
  readonly coercibility: number
  /**
   * The argument's value if it is a constant, else undefined. Reading it ties the plan to this very value, so read
   * it only where types, names or errors depend on it (the scale in ROUND(x, 2)).
   */
  readonly constant: { readonly value: Value } | undefined
  /** True if the argument is a constant expression, without tying the plan to its value. */
  readonly isConstant: boolean
  /** SQL text for error messages, MySQL's canonical form. */
  readonly text: string
}

/** What binding may depend on; the plan records that it did. */
export interface BindingEnvironment {
  readonly sqlMode: number
  readonly connectionCollation: string
  readonly database: string | null
  readonly divPrecisionIncrement: number
  userVariable(name: string): TypedValue | undefined
}

/**
 * How often a function's answer changes: `immutable`, same answer for same arguments; `statement`, constant within
 * a statement (NOW()); `volatile`, may differ at each call (RAND(), @a := …).
 */
export type Volatility = 'immutable' | 'statement' | 'volatile'

export interface ScalarFunction {
  readonly name: string
  readonly argumentsMin: number
  readonly argumentsMax: number
  readonly volatility: Volatility
  /** Throws ER_WRONG_ARGUMENTS, ER_CANT_AGGREGATE_2COLLATIONS and the like. */
  bind(args: readonly ArgumentInfo[], environment: BindingEnvironment): ScalarBinding
}

export interface ScalarBinding {
  readonly type: SqlType
  readonly nullable: boolean
  /** Coercibility of a text result; 5 (ignorable) for non-text by default, 4 for text by default. */
  readonly coercibility?: number
  /** The type each argument is converted to before the call; undefined leaves it as it is. Same length as the arguments. */
  readonly parameterTypes: readonly (SqlType | undefined)[]
  /** Makes the evaluator; it may leave arguments unevaluated (AND, IF, COALESCE). */
  compile(args: readonly Evaluator[]): Evaluator
}

export interface AggregateFunction {
  readonly name: string
  readonly argumentsMin: number
  readonly argumentsMax: number
  readonly allowsDistinct: boolean
  bind(args: readonly ArgumentInfo[], environment: BindingEnvironment): AggregateBinding
}

/** ORDER BY inside GROUP_CONCAT and friends. */
export interface AggregateOrder {
  readonly evaluate: Evaluator
  readonly type: SqlType
  readonly descending: boolean
}

export interface AggregateOptions {
  readonly orderBy: readonly AggregateOrder[]
  /** GROUP_CONCAT's SEPARATOR. */
  readonly separator: string | undefined
}

export interface AggregateBinding {
  readonly type: SqlType
  readonly nullable: boolean
  readonly coercibility?: number
  readonly parameterTypes: readonly (SqlType | undefined)[]
  /** True if a row whose argument is NULL never changes the result; DISTINCT then drops such rows at once. */
  readonly ignoresNulls: boolean
  compile(args: readonly Evaluator[], options: AggregateOptions): AccumulatorFactory
}

export type AccumulatorFactory = () => Accumulator

/** The state of one aggregate for one group. */
export interface Accumulator {
  add(batch: Batch, row: number, context: EvaluationContext): void
  /** Takes a row out again (moving window frames); absent if that isn't possible exactly. */
  remove?(batch: Batch, row: number, context: EvaluationContext): void
  result(context: EvaluationContext): Value
  /** Bytes held beyond a small constant (GROUP_CONCAT, JSON_ARRAYAGG); absent for constant size. */
  readonly byteSize?: number
}

/** ROW_NUMBER, RANK, LAG, FIRST_VALUE, NTILE, …; every aggregate can also be used as a window function. */
export interface WindowFunction {
  readonly name: string
  readonly argumentsMin: number
  readonly argumentsMax: number
  /** Whether the frame clause changes the answer (FIRST_VALUE) or is ignored (RANK). */
  readonly usesFrame: boolean
  bind(args: readonly ArgumentInfo[], environment: BindingEnvironment): WindowBinding
}

export interface WindowBinding {
  readonly type: SqlType
  readonly nullable: boolean
  readonly coercibility?: number
  readonly parameterTypes: readonly (SqlType | undefined)[]
  compile(args: readonly Evaluator[]): WindowEvaluator
}

/** The sorted rows of one partition, all in one batch. */
export interface WindowPartition {
  readonly batch: Batch
  /** First row of the partition, and the row after its last. */
  readonly start: number
  readonly end: number
  /** Whether two rows are peers (equal in the window's ORDER BY). */
  peers(a: number, b: number): boolean
}

/**
 * Value for row `row`; frame is [frameStart, frameEnd) in row numbers of the batch (the whole partition if the
 * function doesn't use frames). Rows are asked in order, so state for a partition may be kept by `context.state`.
 */
export type WindowEvaluator = (
  partition: WindowPartition,
  row: number,
  frameStart: number,
  frameEnd: number,
  context: EvaluationContext,
) => Value

/** A source of functions. Built-in names win over plugins' names, as in MySQL. */
export interface FunctionLibrary {
  scalar(name: string): ScalarFunction | undefined
  aggregate(name: string): AggregateFunction | undefined
  window(name: string): WindowFunction | undefined
  /** All names, for SHOW and completion. */
  names(): readonly string[]
}

export type { Collation }
