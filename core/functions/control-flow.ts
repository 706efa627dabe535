/**
 * CASE, IF, IFNULL, NULLIF, COALESCE, GREATEST and LEAST (MySQL manual 14.5 "Flow Control Functions", 14.4.2). Their
 * branches are united in one type; what isn't chosen isn't evaluated.
 */
import { comparatorOf, resultTypeOf } from '../common/comparison.js'
import { compileConversion } from '../common/conversion.js'
import type { Evaluator } from '../common/evaluation.js'
import type { ScalarBinding } from '../common/function-binding.js'
import { isBinary, isText, sameType, type SqlType } from '../common/sql-type.js'
import type { ArgumentInfo, BindingEnvironment, ScalarFunction } from '../spi/functions.js'
import { bindPair } from './pair-comparison.js'
import { resolveStrings } from './string-domain.js'
import { branchConditionType } from './truth-operators.js'
import { pickingEvaluator, unroundedOf, withUnrounded } from './unrounded.js'

interface Union {
  readonly type: SqlType
  readonly coercibility: number | undefined
}

/** The type that the branches are united in, with the collation of its strings. */
function unite(
  branches: readonly ArgumentInfo[],
  environment: BindingEnvironment,
  operation: string,
  compares: boolean,
): Union {
  const types = branches.map((branch) => branch.type)
  const plain = resultTypeOf(types, environment.connectionCollation)
  if (!isText(plain) && !isBinary(plain)) return { type: plain, coercibility: undefined }
  const strings = resolveStrings(branches, environment, operation, compares)
  if (isBinary(plain)) return { type: plain, coercibility: strings.coercibility }
  const collation = strings.isBinary ? environment.connectionCollation : strings.collation.name
  return { type: resultTypeOf(types, collation), coercibility: strings.coercibility }
}

/** The conversion of a branch to the common type. */
function branchType(branch: ArgumentInfo, type: SqlType): SqlType | undefined {
  return branch.type.name === 'null' || sameType(branch.type, type) ? undefined : type
}

/** `isPicked` tells the operands that the answer is one of. */
function bindingOf(
  union: Union,
  nullable: boolean,
  parameterTypes: readonly (SqlType | undefined)[],
  isPicked: (index: number) => boolean,
  compile: (args: readonly Evaluator[]) => Evaluator,
): ScalarBinding {
  const { type, coercibility } = union
  return {
    type,
    nullable,
    parameterTypes,
    compile: (args) => pickingEvaluator(type, args, isPicked, compile),
    ...(coercibility === undefined ? {} : { coercibility }),
  }
}

const isAny = (): boolean => true

/** Arguments: condition, result, condition, result, … and last, with an odd count, the ELSE. */
function bindCase(args: readonly ArgumentInfo[], environment: BindingEnvironment): ScalarBinding {
  const hasElse = args.length % 2 === 1
  const isCondition = (i: number): boolean => i % 2 === 0 && i < args.length - (hasElse ? 1 : 0)
  const branches = args.filter((_, i) => !isCondition(i))
  const union = unite(branches, environment, 'case', false)
  const nullable = !hasElse || branches.some((branch) => branch.nullable)
  const parameterTypes = args.map((argument, i) =>
    isCondition(i) ? branchConditionType(argument) : branchType(argument, union.type),
  )
  return bindingOf(union, nullable, parameterTypes, (i) => !isCondition(i), compileCase)
}

function compileCase(args: readonly Evaluator[]): Evaluator {
  const count = Math.floor(args.length / 2)
  const otherwise = args.length % 2 === 1 ? args[args.length - 1] : undefined
  return (batch, row, context) => {
    for (let i = 0; i < count; i++) {
      const condition = (args[i * 2] as Evaluator)(batch, row, context)
      if (condition !== null && condition !== 0) return (args[i * 2 + 1] as Evaluator)(batch, row, context)
    }
    return otherwise === undefined ? null : otherwise(batch, row, context)
  }
}

function bindIf(args: readonly ArgumentInfo[], environment: BindingEnvironment): ScalarBinding {
  const [condition, yes, no] = args as readonly [ArgumentInfo, ArgumentInfo, ArgumentInfo]
  const union = unite([yes, no], environment, 'if', false)
  return bindingOf(
    union,
    yes.nullable || no.nullable,
    [branchConditionType(condition), branchType(yes, union.type), branchType(no, union.type)],
    (i) => i > 0,
    compileCase,
  )
}

function bindCoalesce(
  name: string,
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
): ScalarBinding {
  const union = unite(args, environment, name, false)
  return bindingOf(
    union,
    args.every((argument) => argument.nullable),
    args.map((argument) => branchType(argument, union.type)),
    isAny,
    compileCoalesce,
  )
}

function compileCoalesce(args: readonly Evaluator[]): Evaluator {
  return (batch, row, context) => {
    for (const argument of args) {
      const value = argument(batch, row, context)
      if (value !== null) return value
    }
    return null
  }
}

/** NULLIF(a, b) has the type of a; the comparison converts for itself. */
function bindNullif(args: readonly ArgumentInfo[], environment: BindingEnvironment): ScalarBinding {
  const [left, right] = args as readonly [ArgumentInfo, ArgumentInfo]
  const pair = bindPair(left, right, environment, 'nullif')
  const coercibility = isText(left.type) || isBinary(left.type) ? left.coercibility : undefined
  // The first operand is the answer as well, so the comparison gets its own converted copy of it.
  const convert = pair.left === undefined ? undefined : compileConversion(left.type, pair.left)
  const compile = ([first, second]: readonly Evaluator[]): Evaluator => {
    const evaluateLeft = first as Evaluator
    const evaluateRight = second as Evaluator
    return (batch, row, context) => {
      const value = evaluateLeft(batch, row, context)
      if (value === null) return null
      const other = evaluateRight(batch, row, context)
      if (other === null) return value
      const compared = convert === undefined ? value : convert(value, context)
      return compared !== null && pair.compare(compared, other, context) === 0 ? null : value
    }
  }
  return bindingOf({ type: left.type, coercibility }, true, [undefined, pair.right], isNone, (args) =>
    keepingDigits(compile(args), args[0] as Evaluator, left.type),
  )
}

const isNone = (): boolean => false

/** NULLIF compares what its first operand shows and answers with all its digits. */
function keepingDigits(evaluate: Evaluator, operand: Evaluator, type: SqlType): Evaluator {
  const form = unroundedOf(operand, type.scale)
  if (form.scale === type.scale) return evaluate
  const wide: Evaluator = (batch, row, context) =>
    evaluate(batch, row, context) === null ? null : form.evaluate(batch, row, context)
  return withUnrounded(evaluate, { evaluate: wide, scale: form.scale })
}

/** GREATEST and LEAST: NULL if an argument is. */
function bindExtreme(
  name: 'greatest' | 'least',
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
): ScalarBinding {
  const union = unite(args, environment, name, true)
  const compare = comparatorOf(union.type)
  const sign = name === 'greatest' ? 1 : -1
  const compile = (operands: readonly Evaluator[]): Evaluator => {
    const [first, ...others] = operands as [Evaluator, ...Evaluator[]]
    return (batch, row, context) => {
      let best = first(batch, row, context)
      if (best === null) return null
      for (const operand of others) {
        const value = operand(batch, row, context)
        if (value === null) return null
        if (compare(value, best) * sign > 0) best = value
      }
      return best
    }
  }
  return bindingOf(
    union,
    args.some((argument) => argument.nullable),
    args.map((argument) => branchType(argument, union.type)),
    isAny,
    compile,
  )
}

function control(
  name: string,
  counts: readonly [min: number, max: number],
  bind: ScalarFunction['bind'],
): ScalarFunction {
  return { name, argumentsMin: counts[0], argumentsMax: counts[1], volatility: 'immutable', bind }
}

export const controlFlowFunctions: readonly ScalarFunction[] = [
  control('case', [2, Infinity], bindCase),
  control('if', [3, 3], bindIf),
  control('ifnull', [2, 2], (args, environment) => bindCoalesce('ifnull', args, environment)),
  control('coalesce', [1, Infinity], (args, environment) => bindCoalesce('coalesce', args, environment)),
  control('nullif', [2, 2], bindNullif),
  control('greatest', [2, Infinity], (args, environment) => bindExtreme('greatest', args, environment)),
  control('least', [2, Infinity], (args, environment) => bindExtreme('least', args, environment)),
]
