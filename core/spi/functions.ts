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
import type { TypedValue } from '../common/evaluation.js'
import type {
  AggregateBinding,
  ScalarBinding,
  Volatility,
  WindowBinding,
} from '../common/function-binding.js'
import type { SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { token, type Token } from './token.js'

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
  /** True for a column as it is, of this query or of one around it; absent for anything else. */
  readonly isColumn?: boolean
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

export interface ScalarFunction {
  readonly name: string
  readonly argumentsMin: number
  readonly argumentsMax: number
  readonly volatility: Volatility
  /** Throws ER_WRONG_ARGUMENTS, ER_CANT_AGGREGATE_2COLLATIONS and the like. */
  bind(args: readonly ArgumentInfo[], environment: BindingEnvironment): ScalarBinding
}

export interface AggregateFunction {
  readonly name: string
  readonly argumentsMin: number
  readonly argumentsMax: number
  readonly allowsDistinct: boolean
  bind(args: readonly ArgumentInfo[], environment: BindingEnvironment): AggregateBinding
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

/** A source of functions. Built-in names win over plugins' names, as in MySQL. */
export interface FunctionLibrary {
  scalar(name: string): ScalarFunction | undefined
  aggregate(name: string): AggregateFunction | undefined
  window(name: string): WindowFunction | undefined
  /** All names, for SHOW and completion. */
  names(): readonly string[]
}

/** Multi-injection: the libraries that plugins add. */
export const FunctionLibrary: Token<FunctionLibrary> = token('functions')

export type {
  Accumulator,
  AccumulatorFactory,
  AggregateBinding,
  AggregateOptions,
  AggregateOrder,
  ScalarBinding,
  Volatility,
  WindowBinding,
  WindowEvaluator,
  WindowPartition,
} from '../common/function-binding.js'
