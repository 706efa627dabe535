/**
 * Three-valued logic: AND, OR, XOR, NOT and the IS tests (MySQL manual 14.4.3 "Logical Operators"). AND and OR take any
 * number of operands and stop at the first that decides.
 */
import type { Evaluator } from '../common/evaluation.js'
import {
  BOOLEAN_TYPE,
  DOUBLE_TYPE,
  isBinary,
  isNumeric,
  isTemporal,
  JSON_CONDITION_TYPE,
  type SqlType,
} from '../common/sql-type.js'
import type { ArgumentInfo, ScalarFunction } from '../spi/functions.js'

/**
 * What a condition is converted to so that `value !== 0` says whether it is true: strings become numbers, the rest is
 * one or, as dates are, zero exactly when MySQL's number is.
 */
export function conditionType(argument: Pick<ArgumentInfo, 'type'>): SqlType | undefined {
  return argument.type.name === 'json' ? JSON_CONDITION_TYPE : branchConditionType(argument)
}

/** The same for IF and CASE, which take the number that a JSON value is. */
export function branchConditionType({ type }: Pick<ArgumentInfo, 'type'>): SqlType | undefined {
  const isReady = isNumeric(type) || isTemporal(type) || ['null', 'enum', 'set'].includes(type.name)
  return isReady && !isBinary(type) ? undefined : DOUBLE_TYPE
}

function logical(
  name: string,
  counts: readonly [min: number, max: number],
  nullable: (args: readonly ArgumentInfo[]) => boolean,
  compile: (args: readonly Evaluator[]) => Evaluator,
): ScalarFunction {
  return {
    name,
    argumentsMin: counts[0],
    argumentsMax: counts[1],
    volatility: 'immutable',
    bind: (args) => ({
      type: BOOLEAN_TYPE,
      nullable: nullable(args),
      parameterTypes: args.map(conditionType),
      compile,
    }),
  }
}

const anyNullable = (args: readonly ArgumentInfo[]): boolean => args.some((argument) => argument.nullable)
const never = (): boolean => false

function compileAnd(args: readonly Evaluator[]): Evaluator {
  const [first, second] = args
  if (args.length === 2 && first !== undefined && second !== undefined) return compileAnd2(first, second)
  return (batch, row, context) => {
    let result: 1 | null = 1
    for (const argument of args) {
      const value = argument(batch, row, context)
      if (value === null) result = null
      else if (value === 0) return 0
    }
    return result
  }
}

function compileAnd2(first: Evaluator, second: Evaluator): Evaluator {
  return (batch, row, context) => {
    const a = first(batch, row, context)
    if (a === 0) return 0
    const b = second(batch, row, context)
    if (b === 0) return 0
    return a === null || b === null ? null : 1
  }
}

function compileOr(args: readonly Evaluator[]): Evaluator {
  return (batch, row, context) => {
    let result: 0 | null = 0
    for (const argument of args) {
      const value = argument(batch, row, context)
      if (value === null) result = null
      else if (value !== 0) return 1
    }
    return result
  }
}

function compileXor(args: readonly Evaluator[]): Evaluator {
  return (batch, row, context) => {
    let result = false
    for (const argument of args) {
      const value = argument(batch, row, context)
      if (value === null) return null
      if (value !== 0) result = !result
    }
    return result ? 1 : 0
  }
}

function compileNot([operand]: readonly Evaluator[]): Evaluator {
  const evaluate = operand as Evaluator
  return (batch, row, context) => {
    const value = evaluate(batch, row, context)
    return value === null ? null : value === 0 ? 1 : 0
  }
}

function compileIsTrue([operand]: readonly Evaluator[]): Evaluator {
  const evaluate = operand as Evaluator
  return (batch, row, context) => {
    const value = evaluate(batch, row, context)
    return value !== null && value !== 0 ? 1 : 0
  }
}

function compileIsFalse([operand]: readonly Evaluator[]): Evaluator {
  const evaluate = operand as Evaluator
  return (batch, row, context) => (evaluate(batch, row, context) === 0 ? 1 : 0)
}

/** IS NULL takes its operand as it is: no conversion can make or unmake a NULL. */
function isNullTest(name: string, whenNull: 0 | 1): ScalarFunction {
  return {
    name,
    argumentsMin: 1,
    argumentsMax: 1,
    volatility: 'immutable',
    bind: () => ({
      type: BOOLEAN_TYPE,
      nullable: false,
      parameterTypes: [undefined],
      compile: ([operand]) => {
        const evaluate = operand as Evaluator
        return (batch, row, context) => (evaluate(batch, row, context) === null ? whenNull : 1 - whenNull)
      },
    }),
  }
}

export const truthOperators: readonly ScalarFunction[] = [
  logical('and', [1, Infinity], anyNullable, compileAnd),
  logical('or', [1, Infinity], anyNullable, compileOr),
  logical('xor', [2, Infinity], anyNullable, compileXor),
  logical('not', [1, 1], anyNullable, compileNot),
  logical('is true', [1, 1], never, compileIsTrue),
  logical('is false', [1, 1], never, compileIsFalse),
  isNullTest('is null', 1),
  isNullTest('is not null', 0),
  isNullTest('isnull', 1),
]
