/**
 * MIN, MAX and ANY_VALUE (MySQL manual 14.19.1, 14.23). ENUM and SET are compared as the strings that they show.
 */
import type { Batch } from '../common/batch.js'
import { comparatorOf, type Comparator } from '../common/comparison.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { Accumulator, AggregateBinding } from '../common/function-binding.js'
import { isBinary, isText, textType, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { textLengthMax } from '../common/value-text.js'
import type { AggregateFunction, ArgumentInfo } from '../spi/functions.js'
import { aggregate, ignoringNulls } from './aggregate-support.js'

class ExtremeAccumulator implements Accumulator {
  private best: Value = null

  constructor(
    private readonly argument: Evaluator,
    private readonly compare: Comparator,
    /** 1 for MAX, -1 for MIN. */
    private readonly sign: number,
  ) {}

  add(batch: Batch, row: number, context: EvaluationContext): void {
    const value = this.argument(batch, row, context)
    if (value === null) return
    if (this.best === null || this.compare(value, this.best) * this.sign > 0) this.best = value
  }

  result(): Value {
    return this.best
  }
}

class FirstAccumulator implements Accumulator {
  private value: Value = null
  private isSet = false

  constructor(private readonly argument: Evaluator) {}

  add(batch: Batch, row: number, context: EvaluationContext): void {
    if (this.isSet) return
    this.isSet = true
    this.value = this.argument(batch, row, context)
  }

  result(): Value {
    return this.value
  }
}

function bindExtreme(sign: 1 | -1, args: readonly ArgumentInfo[]): AggregateBinding {
  const [argument] = args as readonly [ArgumentInfo]
  const type = comparableType(argument.type)
  const compare = comparatorOf(type)
  const parts = {
    type,
    nullable: true,
    parameterTypes: [type === argument.type ? undefined : type],
    ...coercibilityOf(argument),
  }
  return ignoringNulls(parts, ([operand]) => {
    return () => new ExtremeAccumulator(operand as Evaluator, compare, sign)
  })
}

function comparableType(type: SqlType): SqlType {
  return type.name === 'enum' || type.name === 'set' ? textType(textLengthMax(type), type.collation) : type
}

function coercibilityOf(argument: ArgumentInfo): { readonly coercibility?: number } {
  const { type, coercibility } = argument
  return isText(type) || isBinary(type) || type.name === 'enum' || type.name === 'set' ? { coercibility } : {}
}

function bindAnyValue(args: readonly ArgumentInfo[]): AggregateBinding {
  const [argument] = args as readonly [ArgumentInfo]
  return {
    type: argument.type,
    nullable: true,
    parameterTypes: [undefined],
    ignoresNulls: false,
    ...coercibilityOf(argument),
    compile: ([operand]) => {
      return () => new FirstAccumulator(operand as Evaluator)
    },
  }
}

export const extremeFunctions: readonly AggregateFunction[] = [
  aggregate('min', (args) => bindExtreme(-1, args)),
  aggregate('max', (args) => bindExtreme(1, args)),
  aggregate('any_value', bindAnyValue, [1, 1], false),
]
