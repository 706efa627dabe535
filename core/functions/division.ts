/**
 * `/`, DIV and `%` (MySQL manual 14.6.1). Division by zero is NULL, with a warning or an error by sql_mode.
 */
import { raiseDivisionByZero } from '../common/conditions.js'
import {
  divideDecimals,
  divideDecimalsTruncated,
  divideToInteger,
  moduloDecimals,
  quotientScale,
} from '../common/decimal.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { ScalarBinding } from '../common/function-binding.js'
import { BIGINT_TYPE, decimalType, isApproximate, type SqlType } from '../common/sql-type.js'
import type { ExactValue, Value } from '../common/value.js'
import type { ArgumentInfo, BindingEnvironment, ScalarFunction } from '../spi/functions.js'
import { checkDecimal, roundedEvaluator } from './arithmetic.js'
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
} from './operator-types.js'
import { unroundedOf, withUnrounded } from './unrounded.js'

type Compute = (a: Value, b: Value, context: EvaluationContext) => Value

/** NULL in, NULL out. */
function strict(left: Evaluator, right: Evaluator, compute: Compute): Evaluator {
  return (batch, row, context) => {
    const a = left(batch, row, context)
    if (a === null) return null
    const b = right(batch, row, context)
    return b === null ? null : compute(a, b, context)
  }
}

function bindDivision(args: readonly ArgumentInfo[], environment: BindingEnvironment): ScalarBinding {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo]
  const text = `(${left.text} / ${right.text})`
  const kind = commonKind(args)
  const increment = environment.divPrecisionIncrement
  if (kind === 'double') {
    return {
      type: doubleOf(args, increment),
      nullable: true,
      parameterTypes: operandTypes(args, 'double'),
      compile: (operands) => compileDoubleDivision(operands, text),
    }
  }
  const a = digitsOf(left.type)
  const b = digitsOf(right.type)
  const unsigned =
    kind === 'integer'
      ? isUnsigned(left.type) || isUnsigned(right.type)
      : isUnsigned(left.type) && isUnsigned(right.type)
  const scale = Math.min(a.scale + increment, 30)
  const type = decimalOfDigits(a.whole + a.scale + b.scale + increment, scale, unsigned)
  return {
    type,
    nullable: true,
    parameterTypes: operandTypes(args, kind),
    compile: (operands) => compileDecimalDivision(operands, [a.scale, b.scale], scale, increment, text),
  }
}

function compileDoubleDivision(operands: readonly Evaluator[], text: string): Evaluator {
  const [left, right] = operands as [Evaluator, Evaluator]
  return strict(left, right, (a, b, context) => {
    if (b === 0) return raiseDivisionByZero(context)
    return checkFinite((a as number) / (b as number), text)
  })
}

function compileDecimalDivision(
  operands: readonly Evaluator[],
  declared: readonly [number, number],
  scale: number,
  increment: number,
  text: string,
): Evaluator {
  const left = unroundedOf(operands[0] as Evaluator, declared[0])
  const right = unroundedOf(operands[1] as Evaluator, declared[1])
  const wideScale = quotientScale(left.scale, right.scale, increment)
  const wide = strict(left.evaluate, right.evaluate, (a, b, context) => {
    const quotient = divideDecimalsTruncated(
      a as ExactValue,
      left.scale,
      b as ExactValue,
      right.scale,
      wideScale,
    )
    return quotient ?? raiseDivisionByZero(context)
  })
  // Without a digit beyond the declared ones there is nothing to round by.
  const divide = wideScale > scale ? divideDecimals : divideDecimalsTruncated
  const rounded = strict(left.evaluate, right.evaluate, (a, b, context) => {
    const quotient = divide(a as ExactValue, left.scale, b as ExactValue, right.scale, scale)
    return quotient === undefined ? raiseDivisionByZero(context) : checkDecimal(quotient, text)
  })
  return withUnrounded(rounded, { evaluate: wide, scale: wideScale })
}

// ---- DIV

function bindIntegerDivision(args: readonly ArgumentInfo[]): ScalarBinding {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo]
  const text = `(${left.text} DIV ${right.text})`
  const unsigned = isUnsigned(left.type) || isUnsigned(right.type)
  const kind = commonKind(args)
  const type =
    kind === 'double'
      ? Object.freeze({ ...BIGINT_TYPE, unsigned })
      : bigintOfDigits(digitsOf(left.type).whole + digitsOf(right.type).scale, unsigned)
  // A double beside anything else is divided as a decimal, so that no digit of an integer operand is lost.
  const parameterTypes =
    kind === 'double' ? args.map(({ type }) => divisionOperand(type)) : operandTypes(args, kind)
  const scales = args.map(({ type }, i) => parameterTypes[i]?.scale ?? digitsOf(type).scale)
  return {
    type,
    nullable: true,
    parameterTypes,
    compile: (operands) => compileIntegerDivision(operands, scales, unsigned, text),
  }
}

function divisionOperand(type: SqlType): SqlType | undefined {
  if (type.name === 'null') return undefined
  return isApproximate(type) || operandTypesOf(type) !== undefined ? decimalType(65, 30) : undefined
}

function operandTypesOf(type: SqlType): SqlType | undefined {
  return ['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year', 'bit'].includes(type.name)
    ? undefined
    : type
}

function compileIntegerDivision(
  operands: readonly Evaluator[],
  scales: readonly number[],
  unsigned: boolean,
  text: string,
): Evaluator {
  const [left, right] = operands as [Evaluator, Evaluator]
  const a = unroundedOf(left, scales[0] ?? 0)
  const b = unroundedOf(right, scales[1] ?? 0)
  return strict(a.evaluate, b.evaluate, (x, y, context) => {
    const quotient = divideToInteger(x as ExactValue, a.scale, y as ExactValue, b.scale)
    return quotient === undefined ? raiseDivisionByZero(context) : checkInteger(quotient, unsigned, text)
  })
}

// ---- MOD

function bindModulo(args: readonly ArgumentInfo[]): ScalarBinding {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo]
  const text = `(${left.text} % ${right.text})`
  const kind = commonKind(args)
  const parameterTypes = operandTypes(args, kind)
  if (kind === 'double') {
    return {
      type: doubleOf(args),
      nullable: true,
      parameterTypes,
      compile: (operands) => compileDoubleModulo(operands),
    }
  }
  const a = digitsOf(left.type)
  const b = digitsOf(right.type)
  const whole = Math.max(a.whole, b.whole)
  const scale = Math.max(a.scale, b.scale)
  const unsigned = isUnsigned(left.type)
  const type =
    kind === 'integer' ? bigintOfDigits(whole, unsigned) : decimalOfDigits(whole + scale, scale, unsigned)
  return {
    type,
    nullable: true,
    parameterTypes,
    compile: (operands) => compileExactModulo(operands, [a.scale, b.scale], text),
  }
}

function compileDoubleModulo(operands: readonly Evaluator[]): Evaluator {
  const [left, right] = operands as [Evaluator, Evaluator]
  return strict(left, right, (a, b, context) => {
    return b === 0 ? raiseDivisionByZero(context) : (a as number) % (b as number)
  })
}

function compileExactModulo(
  operands: readonly Evaluator[],
  scales: readonly [number, number],
  text: string,
): Evaluator {
  const left = unroundedOf(operands[0] as Evaluator, scales[0])
  const right = unroundedOf(operands[1] as Evaluator, scales[1])
  const evaluate = strict(left.evaluate, right.evaluate, (a, b, context) => {
    const rest = moduloDecimals(a as ExactValue, left.scale, b as ExactValue, right.scale)
    if (rest === undefined) return raiseDivisionByZero(context)
    return typeof rest === 'number' ? rest : checkDecimal(rest, text)
  })
  const declared = Math.max(...scales)
  const scale = Math.max(left.scale, right.scale)
  return scale === declared ? evaluate : roundedEvaluator(evaluate, scale, declared)
}

function operator(name: string, bind: ScalarFunction['bind']): ScalarFunction {
  return { name, argumentsMin: 2, argumentsMax: 2, volatility: 'immutable', bind }
}

export const divisionFunctions: readonly ScalarFunction[] = [
  operator('/', bindDivision),
  operator('div', bindIntegerDivision),
  operator('%', bindModulo),
  operator('mod', bindModulo),
]
