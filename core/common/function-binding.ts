/**
 * Functions that have been bound to the types of their arguments: what bound expressions carry and the executor
 * compiles. The functions themselves are described in `spi/functions.ts`.
 */
import type { Batch } from './batch.js'
import type { EvaluationContext, Evaluator } from './evaluation.js'
import type { SqlType } from './sql-type.js'
import type { Value } from './value.js'

/**
 * How often a function's answer changes: `immutable`, same answer for same arguments; `statement`, constant within
 * a statement (NOW()); `volatile`, may differ at each call (RAND(), `@a := …`).
 */
export type Volatility = 'immutable' | 'statement' | 'volatile'

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
  /**
   * What the result looks like in expressions, if `type` has more decimals: AVG hands all digits of its quotient to the
   * arithmetic around it (AVG(x) * 100) and shows some. The binder converts references to it, implicitly.
   */
  readonly shownType?: SqlType
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
