/**
 * `&`, `|`, `^`, `~`, `<<`, `>>` (MySQL manual 14.12 "Bit Functions and Operators"): on numbers 64 bits, unsigned; on
 * binary strings the bits of the strings. A literal such as 0xFF is a number here.
 */
import type { Evaluator } from '../common/evaluation.js'
import type { ScalarBinding } from '../common/function-binding.js'
import { sqlError } from '../common/sql-error.js'
import {
  BIGINT_TYPE,
  binaryType,
  isBinary,
  isInteger,
  UNSIGNED_BIGINT_TYPE,
  type SqlType,
} from '../common/sql-type.js'
import { exact, type ExactValue, type Value } from '../common/value.js'
import type { ArgumentInfo, ScalarFunction } from '../spi/functions.js'

type BitSymbol = '&' | '|' | '^' | '<<' | '>>'

const UINT64_MASK = 0xffffffffffffffffn

function isByteLiteral(argument: ArgumentInfo): boolean {
  return isBinary(argument.type) && argument.isConstant && argument.text.startsWith('0x')
}

/** Whether the operation works on strings of bytes: all operands are, and not all of them literals. */
function worksOnBytes(args: readonly ArgumentInfo[]): boolean {
  return args.every(({ type }) => isBinary(type)) && !args.every(isByteLiteral)
}

/** Integers stay as they are and are wrapped by the evaluator; byte literals are read by it. */
function numberType(argument: ArgumentInfo): SqlType | undefined {
  const { type } = argument
  const isReady = isInteger(type) || ['bit', 'year', 'null', 'enum', 'set'].includes(type.name)
  // Signed, so that -1.5 and '-1' keep their sign until they are wrapped.
  return isReady || isByteLiteral(argument) ? undefined : BIGINT_TYPE
}

/** An operand as 64 bits: a number below 2^53 or a bigint. */
function unsigned64(value: Value): ExactValue {
  if (typeof value === 'number') return value >= 0 ? value : exact(BigInt.asUintN(64, BigInt(value)))
  if (typeof value === 'bigint') return exact(BigInt.asUintN(64, value))
  const digits = Buffer.from(value as Uint8Array).toString('hex')
  return digits === '' ? 0 : exact(BigInt(`0x${digits}`) & UINT64_MASK)
}

const BITS_31 = 0x7fffffff

/** Both fit in 31 bits: JavaScript's own operators do. */
function areSmall(a: ExactValue, b: ExactValue): boolean {
  return a <= BITS_31 && b <= BITS_31
}

function compute(symbol: BitSymbol, a: ExactValue, b: ExactValue): ExactValue {
  switch (symbol) {
    case '&':
      return areSmall(a, b) ? Number(a) & Number(b) : exact(BigInt(a) & BigInt(b))
    case '|':
      return areSmall(a, b) ? Number(a) | Number(b) : exact(BigInt(a) | BigInt(b))
    case '^':
      return areSmall(a, b) ? Number(a) ^ Number(b) : exact(BigInt(a) ^ BigInt(b))
    case '<<':
      return b >= 64 ? 0 : exact(BigInt.asUintN(64, BigInt(a) << BigInt(b)))
    case '>>':
      return b >= 64 ? 0 : exact(BigInt(a) >> BigInt(b))
  }
}

function bindBitOperator(symbol: BitSymbol, args: readonly ArgumentInfo[]): ScalarBinding {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo]
  const isShift = symbol === '<<' || symbol === '>>'
  const nullable = left.nullable || right.nullable
  if (worksOnBytes(isShift ? [left] : args)) {
    const type = binaryType(isShift ? left.type.length : Math.max(left.type.length, right.type.length))
    return {
      type,
      nullable,
      parameterTypes: [undefined, isShift ? numberType(right) : undefined],
      compile: (operands) => compileBytes(symbol, operands),
    }
  }
  return {
    type: UNSIGNED_BIGINT_TYPE,
    nullable,
    parameterTypes: args.map(numberType),
    compile: ([first, second]) => {
      const evaluateLeft = first as Evaluator
      const evaluateRight = second as Evaluator
      return (batch, row, context) => {
        const a = evaluateLeft(batch, row, context)
        if (a === null) return null
        const b = evaluateRight(batch, row, context)
        return b === null ? null : compute(symbol, unsigned64(a), unsigned64(b))
      }
    },
  }
}

function compileBytes(symbol: BitSymbol, operands: readonly Evaluator[]): Evaluator {
  const [left, right] = operands as [Evaluator, Evaluator]
  return (batch, row, context) => {
    const a = left(batch, row, context) as Uint8Array | null
    if (a === null) return null
    const b = right(batch, row, context)
    if (b === null) return null
    if (symbol === '<<' || symbol === '>>') return shiftBytes(symbol, a, unsigned64(b))
    return combineBytes(symbol, a, b as Uint8Array)
  }
}

function combineBytes(symbol: '&' | '|' | '^', a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length !== b.length) throw sqlError('ER_INVALID_BITWISE_OPERANDS_SIZE')
  const result = new Uint8Array(a.length)
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number
    const y = b[i] as number
    result[i] = symbol === '&' ? x & y : symbol === '|' ? x | y : x ^ y
  }
  return result
}

/** Shifts the whole string as one number; its length stays. */
function shiftBytes(symbol: '<<' | '>>', bytes: Uint8Array, count: ExactValue): Uint8Array {
  const bits = bytes.length * 8
  const result = new Uint8Array(bytes.length)
  if (count >= bits) return result
  const shift = Number(count)
  const whole = Math.floor(shift / 8)
  const part = shift % 8
  for (let i = 0; i < bytes.length; i++) {
    const at = symbol === '<<' ? i + whole : i - whole
    const near = bytes[at] ?? 0
    const far = bytes[symbol === '<<' ? at + 1 : at - 1] ?? 0
    result[i] = symbol === '<<' ? (near << part) | (far >> (8 - part)) : (near >> part) | (far << (8 - part))
  }
  return result
}

const inversion: ScalarFunction = {
  name: '~',
  argumentsMin: 1,
  argumentsMax: 1,
  volatility: 'immutable',
  bind: (args) => {
    const [argument] = args as readonly [ArgumentInfo]
    const isBytes = worksOnBytes(args)
    return {
      type: isBytes ? binaryType(argument.type.length) : UNSIGNED_BIGINT_TYPE,
      nullable: argument.nullable,
      parameterTypes: [isBytes ? undefined : numberType(argument)],
      compile: ([operand]) => {
        const evaluate = operand as Evaluator
        return (batch, row, context) => {
          const value = evaluate(batch, row, context)
          if (value === null) return null
          if (isBytes) return (value as Uint8Array).map((byte) => ~byte)
          return exact(BigInt(unsigned64(value)) ^ UINT64_MASK)
        }
      },
    }
  },
}

function bitOperator(name: BitSymbol): ScalarFunction {
  return {
    name,
    argumentsMin: 2,
    argumentsMax: 2,
    volatility: 'immutable',
    bind: (args) => bindBitOperator(name, args),
  }
}

export const bitOperators: readonly ScalarFunction[] = [
  bitOperator('&'),
  bitOperator('|'),
  bitOperator('^'),
  bitOperator('<<'),
  bitOperator('>>'),
  inversion,
]
