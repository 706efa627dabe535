/**
 * COUNT, SUM and AVG (MySQL manual 14.19.1): exact on integers and DECIMAL, double otherwise.
 */
import type { Batch } from '../common/batch.js'
import { clampToPrecision, divideDecimalsTruncated, quotientScale, rescale } from '../common/decimal.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { Accumulator, AggregateBinding } from '../common/function-binding.js'
import { BIGINT_TYPE, DOUBLE_TYPE } from '../common/sql-type.js'
import { addExact, subtractExact, type ExactValue, type Value } from '../common/value.js'
import type { AggregateFunction, ArgumentInfo, BindingEnvironment } from '../spi/functions.js'
import { aggregate, ignoringNulls } from './aggregate-support.js'
import { commonKind, decimalOfDigits, digitsOf, doubleOf, operandTypes } from './operator-types.js'
import { unroundedOf } from './unrounded.js'

// ---- COUNT

class CountAccumulator implements Accumulator {
  private count = 0

  constructor(private readonly args: readonly Evaluator[]) {}

  add(batch: Batch, row: number, context: EvaluationContext): void {
    if (this.isCounted(batch, row, context)) this.count++
  }

  remove(batch: Batch, row: number, context: EvaluationContext): void {
    if (this.isCounted(batch, row, context)) this.count--
  }

  result(): Value {
    return this.count
  }

  private isCounted(batch: Batch, row: number, context: EvaluationContext): boolean {
    for (const argument of this.args) if (argument(batch, row, context) === null) return false
    return true
  }
}

/** COUNT(*) comes without arguments; with several (DISTINCT), rows with a NULL in any of them aren't counted. */
const count: AggregateFunction = aggregate(
  'count',
  (args) =>
    ignoringNulls(
      { type: BIGINT_TYPE, nullable: false, parameterTypes: args.map(() => undefined) },
      (operands) => {
        return () => new CountAccumulator(operands)
      },
    ),
  [0, Infinity],
)

// ---- SUM and AVG

/** Digits that SUM adds to those of its argument: any number of rows fits. */
const SUM_EXTRA_DIGITS = 22

abstract class ExactAccumulator implements Accumulator {
  protected sum: ExactValue = 0
  protected count = 0

  constructor(private readonly argument: Evaluator) {}

  add(batch: Batch, row: number, context: EvaluationContext): void {
    const value = this.argument(batch, row, context) as ExactValue | null
    if (value === null) return
    this.count++
    this.sum = addExact(this.sum, value)
  }

  remove(batch: Batch, row: number, context: EvaluationContext): void {
    const value = this.argument(batch, row, context) as ExactValue | null
    if (value === null) return
    this.count--
    this.sum = subtractExact(this.sum, value)
  }

  abstract result(context: EvaluationContext): Value
}

class ExactSum extends ExactAccumulator {
  constructor(
    argument: Evaluator,
    private readonly scale: number,
    private readonly declaredScale: number,
    private readonly precision: number,
  ) {
    super(argument)
  }

  result(): Value {
    if (this.count === 0) return null
    return clampToPrecision(rescale(this.sum, this.scale, this.declaredScale), this.precision)
  }
}

class ExactAverage extends ExactAccumulator {
  constructor(
    argument: Evaluator,
    private readonly scale: number,
    private readonly resultScale: number,
  ) {
    super(argument)
  }

  result(): Value {
    return divideDecimalsTruncated(this.sum, this.scale, this.count, 0, this.resultScale) ?? null
  }
}

/** Sums of doubles can't take a row back exactly, so there is no `remove`. */
class DoubleAccumulator implements Accumulator {
  private sum = 0
  private count = 0

  constructor(
    private readonly argument: Evaluator,
    private readonly isAverage: boolean,
  ) {}

  add(batch: Batch, row: number, context: EvaluationContext): void {
    const value = this.argument(batch, row, context) as number | null
    if (value === null) return
    this.count++
    this.sum += value
  }

  result(): Value {
    if (this.count === 0) return null
    const value = this.isAverage ? this.sum / this.count : this.sum
    return Number.isFinite(value) ? value : Math.sign(value) * Number.MAX_VALUE
  }
}

function bindSum(args: readonly ArgumentInfo[]): AggregateBinding {
  const [argument] = args as readonly [ArgumentInfo]
  const kind = commonKind(args)
  const parameterTypes = operandTypes(args, kind)
  if (kind === 'double') {
    return ignoringNulls({ type: doubleOf(args), nullable: true, parameterTypes }, ([operand]) => {
      return () => new DoubleAccumulator(operand as Evaluator, false)
    })
  }
  const { whole, scale } = digitsOf(argument.type)
  const type = decimalOfDigits(whole + scale + SUM_EXTRA_DIGITS, scale, false)
  return ignoringNulls({ type, nullable: true, parameterTypes }, ([operand]) => {
    const wide = unroundedOf(operand as Evaluator, scale)
    return () => new ExactSum(wide.evaluate, wide.scale, scale, type.length)
  })
}

function bindAverage(args: readonly ArgumentInfo[], environment: BindingEnvironment): AggregateBinding {
  const [argument] = args as readonly [ArgumentInfo]
  const kind = commonKind(args)
  const increment = environment.divPrecisionIncrement
  const parameterTypes = operandTypes(args, kind)
  if (kind === 'double') {
    const type = argument.type.name === 'null' ? DOUBLE_TYPE : doubleOf(args, increment)
    return ignoringNulls({ type, nullable: true, parameterTypes }, ([operand]) => {
      return () => new DoubleAccumulator(operand as Evaluator, true)
    })
  }
  const { whole, scale } = digitsOf(argument.type)
  const shownType = decimalOfDigits(whole + scale + increment, scale + increment, false)
  const resultScale = quotientScale(scale, 0, increment)
  const length = shownType.length - shownType.scale + resultScale
  const type = Object.freeze({ ...shownType, length, scale: resultScale })
  return ignoringNulls({ type, shownType, nullable: true, parameterTypes }, ([operand]) => {
    const wide = unroundedOf(operand as Evaluator, scale)
    return () => new ExactAverage(wide.evaluate, wide.scale, resultScale)
  })
}

export const sumFunctions: readonly AggregateFunction[] = [
  count,
  aggregate('sum', bindSum),
  aggregate('avg', bindAverage),
]
