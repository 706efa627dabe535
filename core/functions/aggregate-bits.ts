/**
 * BIT_AND, BIT_OR and BIT_XOR (MySQL manual 14.19.1): 64 bits unsigned on numbers, the whole string on binary strings.
 */
import type { Batch } from '../common/batch.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { Accumulator, AggregateBinding } from '../common/function-binding.js'
import { sqlError } from '../common/sql-error.js'
import { BIGINT_TYPE, binaryType, isBinary, UNSIGNED_BIGINT_TYPE } from '../common/sql-type.js'
import { exact, type ExactValue, type Value } from '../common/value.js'
import type { AggregateFunction, ArgumentInfo } from '../spi/functions.js'
import { aggregate, ignoringNulls } from './aggregate-support.js'

type BitName = 'bit_and' | 'bit_or' | 'bit_xor'

const ALL_BITS = 0xffffffffffffffffn
const BYTES_MAX = 511

function combine(name: BitName, a: bigint, b: bigint): bigint {
  return name === 'bit_and' ? a & b : name === 'bit_or' ? a | b : a ^ b
}

class BitAccumulator implements Accumulator {
  private bits: bigint

  constructor(
    private readonly argument: Evaluator,
    private readonly name: BitName,
  ) {
    this.bits = name === 'bit_and' ? ALL_BITS : 0n
  }

  add(batch: Batch, row: number, context: EvaluationContext): void {
    const value = this.argument(batch, row, context) as ExactValue | null
    if (value !== null) this.bits = combine(this.name, this.bits, BigInt.asUintN(64, BigInt(value)))
  }

  result(): Value {
    return exact(this.bits)
  }
}

/** XOR undoes itself, so a moving frame can take rows out. */
class XorAccumulator extends BitAccumulator {
  remove(batch: Batch, row: number, context: EvaluationContext): void {
    this.add(batch, row, context)
  }
}

class BytesAccumulator implements Accumulator {
  private bytes: Uint8Array | undefined

  constructor(
    private readonly argument: Evaluator,
    private readonly name: BitName,
    private readonly length: number,
  ) {}

  add(batch: Batch, row: number, context: EvaluationContext): void {
    const value = this.argument(batch, row, context) as Uint8Array | null
    if (value === null) return
    const bytes = this.bytes
    if (bytes === undefined) {
      this.bytes = value.slice()
      return
    }
    if (bytes.length !== value.length) throw sqlError('ER_INVALID_BITWISE_OPERANDS_SIZE')
    for (let i = 0; i < bytes.length; i++) {
      const x = bytes[i] as number
      const y = value[i] as number
      bytes[i] = this.name === 'bit_and' ? x & y : this.name === 'bit_or' ? x | y : x ^ y
    }
  }

  result(): Value {
    return this.bytes ?? new Uint8Array(this.length).fill(this.name === 'bit_and' ? 0xff : 0)
  }
}

function bindBits(name: BitName, args: readonly ArgumentInfo[]): AggregateBinding {
  const [argument] = args as readonly [ArgumentInfo]
  if (isBinary(argument.type) && !argument.text.startsWith('0x')) {
    const { length } = argument.type
    if (length > BYTES_MAX) throw sqlError('ER_INVALID_BITWISE_AGGREGATE_OPERANDS_SIZE')
    const parts = { type: binaryType(length), nullable: false, parameterTypes: [undefined] }
    return ignoringNulls(parts, ([operand]) => {
      return () => new BytesAccumulator(operand as Evaluator, name, length)
    })
  }
  const isInteger = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'bit', 'year'].includes(
    argument.type.name,
  )
  const parts = {
    type: UNSIGNED_BIGINT_TYPE,
    nullable: false,
    // Signed, so that -1.5 keeps its sign until it is wrapped.
    parameterTypes: [isInteger ? undefined : BIGINT_TYPE],
  }
  return ignoringNulls(parts, ([operand]) => {
    const evaluate = operand as Evaluator
    return () =>
      name === 'bit_xor' ? new XorAccumulator(evaluate, name) : new BitAccumulator(evaluate, name)
  })
}

export const bitAggregates: readonly AggregateFunction[] = [
  aggregate('bit_and', (args) => bindBits('bit_and', args), [1, 1], false),
  aggregate('bit_or', (args) => bindBits('bit_or', args), [1, 1], false),
  aggregate('bit_xor', (args) => bindBits('bit_xor', args), [1, 1], false),
]
