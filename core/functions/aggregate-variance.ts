/**
 * Variances and standard deviations (MySQL manual 14.19.1), by Welford's recurrence on doubles as MySQL does.
 */
import type { Batch } from '../common/batch.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { Accumulator } from '../common/function-binding.js'
import { DOUBLE_TYPE, isApproximate } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { AggregateFunction } from '../spi/functions.js'
import { aggregate, ignoringNulls } from './aggregate-support.js'

class VarianceAccumulator implements Accumulator {
  private count = 0
  private mean = 0
  /** Sum of the squared distances from the mean. */
  private squares = 0

  constructor(
    private readonly argument: Evaluator,
    private readonly isSample: boolean,
    private readonly isDeviation: boolean,
  ) {}

  add(batch: Batch, row: number, context: EvaluationContext): void {
    const value = this.argument(batch, row, context) as number | null
    if (value === null) return
    this.count++
    const distance = value - this.mean
    this.mean += distance / this.count
    this.squares += distance * (value - this.mean)
  }

  result(): Value {
    const divisor = this.isSample ? this.count - 1 : this.count
    if (divisor <= 0) return null
    const variance = this.squares / divisor
    return this.isDeviation ? Math.sqrt(variance) : variance
  }
}

function variance(name: string, isSample: boolean, isDeviation: boolean): AggregateFunction {
  return aggregate(
    name,
    (args) => {
      const parameterTypes = args.map(({ type }) =>
        isApproximate(type) || type.name === 'null' ? undefined : DOUBLE_TYPE,
      )
      return ignoringNulls({ type: DOUBLE_TYPE, nullable: true, parameterTypes }, ([operand]) => {
        return () => new VarianceAccumulator(operand as Evaluator, isSample, isDeviation)
      })
    },
    [1, 1],
    false,
  )
}

export const varianceFunctions: readonly AggregateFunction[] = [
  variance('std', false, true),
  variance('stddev', false, true),
  variance('stddev_pop', false, true),
  variance('stddev_samp', true, true),
  variance('variance', false, false),
  variance('var_pop', false, false),
  variance('var_samp', true, false),
]
