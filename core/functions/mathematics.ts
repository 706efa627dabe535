/**
 * Exponents, logarithms, trigonometry and signs (MySQL manual 14.6.2 "Mathematical Functions").
 */
import { raise } from '../common/conditions.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { DOUBLE_TYPE, type SqlType } from '../common/sql-type.js'
import { negateExact, type ExactValue } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import {
  bigintLike,
  checkBigint,
  checkDouble,
  doubleType,
  numericKindOf,
  numericTypeOf,
} from './numeric-types.js'
import { acos, asin, atan, atan2, cos, exp, log, pow, sin, tan } from './precise-mathematics.js'
import { integerType } from './result-types.js'
import { evaluator1, evaluator2, scalarFunction, synonyms, type Call, type Compile } from './support.js'

/** A function of one DOUBLE; null is NULL, infinity and NaN are errors. */
function real(name: string, compute: (x: number) => number | null): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['double'],
    type: DOUBLE_TYPE,
    nullable: true,
    compile: ([x], call) =>
      evaluator1(x as Evaluator, (value: number) => {
        const result = compute(value)
        return result === null ? null : checkDouble(call, result)
      }),
  })
}

/** NULL with a warning where the logarithm has no value. */
function noLogarithm(context: EvaluationContext): null {
  raise(context, 'ER_INVALID_ARGUMENT_FOR_LOGARITHM')
  return null
}

function logarithm(compute: (x: number) => number): Compile {
  return ([x]) =>
    evaluator1(x as Evaluator, (value: number, context) =>
      value <= 0 ? noLogarithm(context) : compute(value),
    )
}

/** LOG(base, x). */
function compileLogarithmToBase([base, x]: readonly Evaluator[]): Evaluator {
  return evaluator2(base as Evaluator, x as Evaluator, (b: number, value: number, context) =>
    b <= 0 || b === 1 || value <= 0 ? noLogarithm(context) : log(value) / log(b),
  )
}

/** ABS keeps the numeric type of its argument. */
function sameNumericType({ args }: Call): SqlType {
  const type = args[0]?.type ?? DOUBLE_TYPE
  const kind = numericKindOf(type)
  if (kind === 'integer') return bigintLike(type)
  return kind === 'decimal' ? numericTypeOf(type) : doubleType(numericTypeOf(type).scale)
}

function compileAbs([x]: readonly Evaluator[], call: Call): Evaluator {
  const type = sameNumericType(call)
  if (type.name === 'double') return evaluator1(x as Evaluator, (value: number) => Math.abs(value))
  const magnitude = (value: ExactValue) => (value < 0 ? negateExact(value) : value)
  if (type.name === 'decimal') return evaluator1(x as Evaluator, magnitude)
  return evaluator1(x as Evaluator, (value: ExactValue) => checkBigint(call, magnitude(value), type.unsigned))
}

/** The error of both names says `pow`. */
function compilePower([base, exponent]: readonly Evaluator[], call: Call): Evaluator {
  const powCall: Call = { ...call, name: 'pow' }
  return evaluator2(base as Evaluator, exponent as Evaluator, (x: number, y: number) =>
    checkDouble(powCall, pow(x, y)),
  )
}

const DEGREES_PER_RADIAN = 180 / Math.PI
const RADIANS_PER_DEGREE = Math.PI / 180

export const mathematicalFunctions: readonly ScalarFunction[] = [
  scalarFunction('abs', { parameters: ['number'], type: sameNumericType, compile: compileAbs }),
  scalarFunction('sign', {
    parameters: ['number'],
    type: integerType(21),
    compile: ([x]) => evaluator1(x as Evaluator, (value: ExactValue) => (value > 0 ? 1 : value < 0 ? -1 : 0)),
  }),
  ...synonyms(['pow', 'power'], {
    parameters: ['double', 'double'],
    type: DOUBLE_TYPE,
    compile: compilePower,
  }),
  real('sqrt', (x) => (x < 0 ? null : Math.sqrt(x))),
  real('exp', exp),
  scalarFunction('ln', {
    parameters: ['double'],
    type: DOUBLE_TYPE,
    nullable: true,
    compile: logarithm(log),
  }),
  scalarFunction('log', {
    parameters: ['double', 'double'],
    optional: 1,
    type: DOUBLE_TYPE,
    nullable: true,
    compile: (args, call) => (args.length === 1 ? logarithm(log)(args, call) : compileLogarithmToBase(args)),
  }),
  scalarFunction('log2', {
    parameters: ['double'],
    type: DOUBLE_TYPE,
    nullable: true,
    // MySQL divides, which differs from the exact binary logarithm in the last digit.
    compile: logarithm((x) => log(x) / Math.LN2),
  }),
  scalarFunction('log10', {
    parameters: ['double'],
    type: DOUBLE_TYPE,
    nullable: true,
    compile: logarithm(Math.log10),
  }),
  real('sin', sin),
  real('cos', cos),
  real('tan', tan),
  real('cot', (x) => 1 / tan(x)),
  real('asin', (x) => (x < -1 || x > 1 ? null : asin(x))),
  real('acos', (x) => (x < -1 || x > 1 ? null : acos(x))),
  ...synonyms(['atan', 'atan2'], {
    parameters: ['double', 'double'],
    optional: 1,
    type: DOUBLE_TYPE,
    compile: ([y, x]) =>
      x === undefined
        ? evaluator1(y as Evaluator, (value: number) => atan(value))
        : evaluator2(y as Evaluator, x, (a: number, b: number) => atan2(a, b)),
  }),
  real('degrees', (x) => x * DEGREES_PER_RADIAN),
  real('radians', (x) => x * RADIANS_PER_DEGREE),
  scalarFunction('pi', {
    parameters: [],
    type: Object.freeze({ ...DOUBLE_TYPE, length: 8, scale: 6 }),
    nullable: false,
    compile: () => () => Math.PI,
  }),
]
