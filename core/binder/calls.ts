/**
 * Binds calls of functions and operators: looks the function up, lets it bind to the types of its arguments, and puts the
 * conversions in that it wants.
 */
import { sqlError } from '../common/sql-error.js'
import { isNumeric, isString, sameType, type SqlType } from '../common/sql-type.js'
import { conditionType } from '../functions/truth-operators.js'
import type { CallExpression, Expression } from '../plan/expression.js'
import type { Volatility } from '../common/function-binding.js'
import type { Evaluator } from '../common/evaluation.js'
import type { Binding } from './binding.js'
import { BoundArgument } from './constants.js'
import { numericForm } from './literals.js'

const INFIX = new Set([
  '+',
  '-',
  '*',
  '/',
  'div',
  '%',
  '&',
  '|',
  '^',
  '<<',
  '>>',
  '=',
  '<=>',
  '<',
  '<=',
  '>',
  '>=',
  '<>',
  'and',
  'or',
  'xor',
  'like',
])

/** `written` is the function's name as the statement has it, for errors. */
export function bindCall(
  binding: Binding,
  name: string,
  args: readonly Expression[],
  written = name,
): CallExpression {
  const fn = binding.environment.functions.scalar(name)
  if (fn === undefined) throw unknownFunction(binding, name)
  if (args.length < fn.argumentsMin || args.length > fn.argumentsMax) {
    throw sqlError('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', written)
  }
  const bound = fn.bind(
    args.map((argument) => new BoundArgument(binding, argument)),
    binding.environment,
  )
  return {
    kind: 'call',
    name: fn.name,
    arguments: convertAll(args, bound.parameterTypes),
    binding: bound,
    volatility: fn.volatility,
    type: bound.type,
    nullable: bound.nullable,
    coercibility: bound.coercibility ?? (isString(bound.type) ? 4 : 5),
    text: callText(name, args),
  }
}

export function unknownFunction(binding: Binding, name: string): Error {
  const database = binding.environment.database
  if (database === null) return sqlError('ER_NO_DB_ERROR')
  return sqlError('ER_SP_DOES_NOT_EXIST', 'FUNCTION', `${database}.${name}`)
}

export function convertAll(
  args: readonly Expression[],
  types: readonly (SqlType | undefined)[],
): readonly Expression[] {
  return args.map((argument, i) => convertTo(argument, types[i]))
}

/** The expression as a value of `type`; the expression itself if it has that type already. */
export function convertTo(expression: Expression, type: SqlType | undefined): Expression {
  if (type === undefined || sameType(expression.type, type)) return expression
  if (isNumeric(type)) {
    const number = numericForm(expression)
    if (number !== expression) return convertTo(number, type)
  }
  return {
    kind: 'convert',
    operand: expression,
    type,
    nullable: expression.nullable || !isLossless(expression.type, type),
    coercibility: expression.coercibility,
    text: expression.text,
  }
}

/** The expression as WHERE, ON and CHECK test it: strings are read as numbers. */
export function asCondition(expression: Expression): Expression {
  return convertTo(expression, conditionType(expression))
}

/** Conversions to temporal types and JSON can fail to NULL; the others always have an answer. */
function isLossless(from: SqlType, to: SqlType): boolean {
  if (
    to.name === 'year' ||
    to.name === 'date' ||
    to.name === 'time' ||
    to.name === 'datetime' ||
    to.name === 'timestamp'
  ) {
    return from.name === to.name
  }
  return to.name !== 'json'
}

/** A call that no library has: variables and other things of the session. */
export function specialCall(
  name: string,
  text: string,
  args: readonly Expression[],
  result: { type: SqlType; nullable: boolean; coercibility: number; volatility: Volatility },
  compile: (args: readonly Evaluator[]) => Evaluator,
): CallExpression {
  return {
    kind: 'call',
    name,
    arguments: args,
    binding: {
      type: result.type,
      nullable: result.nullable,
      parameterTypes: args.map(() => undefined),
      compile,
    },
    volatility: result.volatility,
    type: result.type,
    nullable: result.nullable,
    coercibility: result.coercibility,
    text,
  }
}

function callText(name: string, args: readonly Expression[]): string {
  const texts = args.map((argument) => argument.text)
  if (INFIX.has(name) && texts.length >= 2) return `(${texts.join(` ${name} `)})`
  if (name === 'unary -') return `-(${texts[0] ?? ''})`
  if (name === 'not') return `(not(${texts[0] ?? ''}))`
  if (name.startsWith('is ')) return `(${texts[0] ?? ''} ${name})`
  return `${name}(${texts.join(',')})`
}
