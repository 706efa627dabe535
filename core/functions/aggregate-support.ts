/**
 * What aggregates share: a builder, and the type that an argument is summed in.
 */
import type { AccumulatorFactory, AggregateBinding, AggregateOptions } from '../common/function-binding.js'
import type { Evaluator } from '../common/evaluation.js'
import type { AggregateFunction } from '../spi/functions.js'

/** An aggregate of one argument. */
export function aggregate(
  name: string,
  bind: AggregateFunction['bind'],
  counts: readonly [min: number, max: number] = [1, 1],
  allowsDistinct = true,
): AggregateFunction {
  return { name, argumentsMin: counts[0], argumentsMax: counts[1], allowsDistinct, bind }
}

/** A binding whose rows with a NULL argument count for nothing. */
export function ignoringNulls(
  parts: Pick<AggregateBinding, 'type' | 'shownType' | 'nullable' | 'parameterTypes' | 'coercibility'>,
  compile: (args: readonly Evaluator[], options: AggregateOptions) => AccumulatorFactory,
): AggregateBinding {
  return { ...parts, ignoresNulls: true, compile }
}
