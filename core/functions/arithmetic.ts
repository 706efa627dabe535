/**
 * `+`, `-`, `*` and unary `-` (MySQL manual 14.6.1): exact on integers and DECIMAL, double otherwise. A result that
 * its type can't hold is ER_DATA_OUT_OF_RANGE.
 */
import { fitsPrecision, multiplyDecimals, rescale, addDecimals, subtractDecimals } from '../common/decimal.js'
import type { Evaluator } from '../common/evaluation.js'
import type { ScalarBinding } from '../common/function-binding.js'
import { SqlMode } from '../common/sql-mode.js'
import {
  BIGINT_TYPE,
  DECIMAL_PRECISION_MAX,
  DECIMAL_SCALE_MAX,
  decimalType,
  isTemporal,
  type SqlType,
} from '../common/sql-type.js'
import { addExact, multiplyExact, negateExact, subtractExact, type ExactValue } from '../common/value.js'
import type { ArgumentInfo, BindingEnvironment, ScalarFunction } from '../spi/functions.js'
import { numericTypeOf } from './numeric-types.js'
import {
  bigintOfDigits,
  checkFinite,
  checkInteger,
  commonKind,
  decimalOfDigits,
  digitsOf,
  doubleOf,
  isUnsigned,
  operandTypes,
  rangeError,
} from './operator-types.js'
import { unroundedOf, withUnrounded } from './unrounded.js'

type Symbol = '+' | '-' | '*'

function arithmetic(symbol: Symbol): ScalarFunction {
  return {
    name: symbol,
    argumentsMin: 2,
    argumentsMax: 2,
    volatility: 'immutable',
    bind: (args, environment) => bindArithmetic(symbol, args, environment),
  }
}

function bindArithmetic(
  symbol: Symbol,
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
): ScalarBinding {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo]
  const kind = commonKind(args)
  const text = `(${left.text} ${symbol} ${right.text})`
  const parameterTypes = operandTypes(args, kind)
  const nullable = left.nullable || right.nullable
  if (kind === 'double') {
    const compile = (operands: readonly Evaluator[]) => compileDouble(symbol, operands, text)
    return { type: doubleOf(args), nullable, parameterTypes, compile }
  }
  const type =
    kind === 'integer'
      ? integerResult(symbol, left.type, right.type, environment.sqlMode)
      : decimalResult(symbol, left.type, right.type)
  if (kind === 'integer') {
    return {
      type,
      nullable,
      parameterTypes,
      compile: (operands) => compileInteger(symbol, operands, type.unsigned, text),
    }
  }
  const scales = [digitsOf(left.type).scale, digitsOf(right.type).scale] as const
  return {
    type,
    nullable,
    parameterTypes,
    compile: (operands) => compileDecimal(symbol, operands, scales, type, text),
  }
}

function integerResult(symbol: Symbol, left: SqlType, right: SqlType, sqlMode: number): SqlType {
  const a = digitsOf(left).whole
  const b = digitsOf(right).whole
  const keepsSign = symbol === '-' && (sqlMode & SqlMode.NO_UNSIGNED_SUBTRACTION) !== 0
  const unsigned = (isUnsigned(left) || isUnsigned(right)) && !keepsSign
  return bigintOfDigits(symbol === '*' ? a + b : Math.max(a, b) + 1, unsigned)
}

function decimalResult(symbol: Symbol, left: SqlType, right: SqlType): SqlType {
  const a = digitsOf(left)
  const b = digitsOf(right)
  const unsigned = isUnsigned(left) && isUnsigned(right) && symbol !== '-'
  if (symbol === '*') {
    return decimalOfDigits(a.whole + a.scale + b.whole + b.scale, a.scale + b.scale, unsigned)
  }
  const scale = Math.max(a.scale, b.scale)
  return decimalOfDigits(Math.max(a.whole, b.whole) + 1 + scale, scale, unsigned)
}

// ---- integers: one closure per operator, so that each keeps its own type feedback

function compileInteger(
  symbol: Symbol,
  operands: readonly Evaluator[],
  unsigned: boolean,
  text: string,
): Evaluator {
  const [left, right] = operands as [Evaluator, Evaluator]
  switch (symbol) {
    case '+':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : checkInteger(addExact(a, b), unsigned, text)
      }
    case '-':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : checkInteger(subtractExact(a, b), unsigned, text)
      }
    case '*':
      return (batch, row, context) => {
        const a = left(batch, row, context) as ExactValue | null
        if (a === null) return null
        const b = right(batch, row, context) as ExactValue | null
        return b === null ? null : checkInteger(multiplyExact(a, b), unsigned, text)
      }
  }
}

// ---- doubles

function compileDouble(symbol: Symbol, operands: readonly Evaluator[], text: string): Evaluator {
  const [left, right] = operands as [Evaluator, Evaluator]
  switch (symbol) {
    case '+':
      return (batch, row, context) => {
        const a = left(batch, row, context) as number | null
        if (a === null) return null
        const b = right(batch, row, context) as number | null
        return b === null ? null : checkFinite(a + b, text)
      }
    case '-':
      return (batch, row, context) => {
        const a = left(batch, row, context) as number | null
        if (a === null) return null
        const b = right(batch, row, context) as number | null
        return b === null ? null : checkFinite(a - b, text)
      }
    case '*':
      return (batch, row, context) => {
        const a = left(batch, row, context) as number | null
        if (a === null) return null
        const b = right(batch, row, context) as number | null
        return b === null ? null : checkFinite(a * b, text)
      }
  }
}

// ---- DECIMAL

type DecimalOperation = (a: ExactValue, scaleA: number, b: ExactValue, scaleB: number) => ExactValue

const DECIMAL_OPERATIONS: Readonly<Record<Symbol, DecimalOperation>> = {
  '+': addDecimals,
  '-': subtractDecimals,
  '*': multiplyDecimals,
}

function compileDecimal(
  symbol: Symbol,
  operands: readonly Evaluator[],
  declared: readonly [number, number],
  type: SqlType,
  text: string,
): Evaluator {
  const left = unroundedOf(operands[0] as Evaluator, declared[0])
  const right = unroundedOf(operands[1] as Evaluator, declared[1])
  const scale =
    symbol === '*' ? Math.min(left.scale + right.scale, DECIMAL_SCALE_MAX) : Math.max(left.scale, right.scale)
  const evaluate = decimalEvaluator(DECIMAL_OPERATIONS[symbol], left, right, text)
  if (scale === type.scale) return evaluate
  return roundedEvaluator(evaluate, scale, type.scale)
}

/** The declared form of an evaluator that computes more decimals. */
export function roundedEvaluator(evaluate: Evaluator, scale: number, declaredScale: number): Evaluator {
  const rounded: Evaluator = (batch, row, context) => {
    const value = evaluate(batch, row, context) as ExactValue | null
    return value === null ? null : rescale(value, scale, declaredScale)
  }
  return withUnrounded(rounded, { evaluate, scale })
}

function decimalEvaluator(
  operation: DecimalOperation,
  left: { readonly evaluate: Evaluator; readonly scale: number },
  right: { readonly evaluate: Evaluator; readonly scale: number },
  text: string,
): Evaluator {
  const { evaluate: evaluateLeft, scale: scaleLeft } = left
  const { evaluate: evaluateRight, scale: scaleRight } = right
  return (batch, row, context) => {
    const a = evaluateLeft(batch, row, context) as ExactValue | null
    if (a === null) return null
    const b = evaluateRight(batch, row, context) as ExactValue | null
    return b === null ? null : checkDecimal(operation(a, scaleLeft, b, scaleRight), text)
  }
}

/** Throws ER_DATA_OUT_OF_RANGE for more than 65 digits. */
export function checkDecimal(value: ExactValue, text: string): ExactValue {
  if (typeof value === 'number' || fitsPrecision(value, DECIMAL_PRECISION_MAX)) return value
  throw rangeError('DECIMAL', text)
}

// ---- unary minus

const INT64_LIMIT = 9223372036854775808n

const negation: ScalarFunction = {
  name: 'unary -',
  argumentsMin: 1,
  argumentsMax: 1,
  volatility: 'immutable',
  bind: (args) => {
    const [argument] = args as readonly [ArgumentInfo]
    const kind = commonKind(args)
    const parameterTypes = operandTypes(args, kind)
    const text = `-(${argument.text})`
    const { nullable } = argument
    if (kind === 'double') {
      const compile = ([operand]: readonly Evaluator[]) => negateDouble(operand as Evaluator)
      return { type: doubleOf(args), nullable, parameterTypes, compile }
    }
    const { whole, scale } = digitsOf(argument.type)
    const type =
      kind === 'decimal' || isTooLarge(argument)
        ? decimalType(whole + scale, scale)
        : Object.freeze({ ...BIGINT_TYPE, length: negatedLength(argument.type, whole) })
    return {
      type,
      nullable,
      parameterTypes,
      compile: ([operand]) => negateExactly(operand as Evaluator, type, text),
    }
  },
}

/** One more than the operand is wide, for the sign. */
function negatedLength(type: SqlType, digits: number): number {
  return Math.min((isTemporal(type) ? digits : numericTypeOf(type).length) + 1, 21)
}

/** The negative of a constant beyond 2^63 is a DECIMAL. */
function isTooLarge(argument: ArgumentInfo): boolean {
  if (!argument.isConstant || argument.type.name !== 'bigint') return false
  const value = argument.constant?.value
  return typeof value === 'bigint' && (value > INT64_LIMIT || value === -INT64_LIMIT)
}

function negateDouble(operand: Evaluator): Evaluator {
  return (batch, row, context) => {
    const value = operand(batch, row, context) as number | null
    return value === null ? null : -value
  }
}

function negateExactly(operand: Evaluator, type: SqlType, text: string): Evaluator {
  if (type.name !== 'decimal') {
    return (batch, row, context) => {
      const value = operand(batch, row, context) as ExactValue | null
      return value === null ? null : checkInteger(negateExact(value), false, text)
    }
  }
  const { evaluate, scale } = unroundedOf(operand, type.scale)
  const negate: Evaluator = (batch, row, context) => {
    const value = evaluate(batch, row, context) as ExactValue | null
    return value === null ? null : negateExact(value)
  }
  return scale === type.scale ? negate : roundedEvaluator(negate, scale, type.scale)
}

export const arithmeticFunctions: readonly ScalarFunction[] = [
  arithmetic('+'),
  arithmetic('-'),
  arithmetic('*'),
  negation,
]
