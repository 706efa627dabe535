/**
 * Builders for scalar functions. A function states what its parameters are, what type it answers with and how one row
 * is computed; the builder derives the rest of a binding: conversions of the arguments, nullability, the collation
 * that string arguments share, and the handling of binary strings.
 *
 * Binary strings: a function over strings is written once, for JavaScript strings. When its strings are binary, the
 * builder hands it each byte as the character of the same number (Latin-1) and turns a string result back to bytes,
 * so "character" means byte there, as in MySQL.
 */
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { isBinary, isString, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { latin1Bytes, latin1Text } from '../common/value-text.js'
import type {
  ArgumentInfo,
  BindingEnvironment,
  ScalarBinding,
  ScalarFunction,
  Volatility,
} from '../spi/functions.js'
import { parameterType, type ParameterKind } from './parameters.js'
import { resolveStrings, type StringDomain } from './string-domain.js'

/**
 * One call of a function in a statement, as seen while it binds and compiles. A compiled plan may outlive the statement
 * and the session that bound it, so a call keeps nothing of the binder: constants are read while binding or never.
 */
export interface Call {
  readonly name: string
  readonly args: readonly ArgumentInfo[]
  readonly environment: BindingEnvironment
  /** What the arguments of kind `string` share; of the connection's collation if there are none. */
  readonly strings: StringDomain
}

/** Turns the evaluators of the arguments into the evaluator of the call. */
export type Compile = (args: readonly Evaluator[], call: Call) => Evaluator

export interface FunctionShape {
  /** Kinds of the parameters in order. */
  readonly parameters: readonly ParameterKind[]
  /** How many of `parameters`, counted from the last, may be left out. */
  readonly optional?: number
  /** How many of the last `parameters` repeat together without end; undefined for a fixed number of arguments. */
  readonly repeats?: number
  /** The kinds of all arguments, where `parameters` and `repeats` can't say them. */
  readonly kinds?: (args: readonly ArgumentInfo[]) => readonly ParameterKind[]
  readonly type: SqlType | ((call: Call) => SqlType)
  /** False if the answer is never NULL; true if it can be NULL though no argument is; by default, as the arguments. */
  readonly nullable?: boolean | ((call: Call) => boolean)
  /** Whether the function compares its strings and so needs one collation for all of them. */
  readonly compares?: boolean
  readonly coercibility?: number
  readonly volatility?: Volatility
  /** Arguments whose constants `compile` looks at though `type` doesn't. */
  readonly constants?: readonly number[]
  /** Refuses arguments that never make sense. */
  readonly check?: (call: Call) => void
  readonly compile: Compile
}

/** Makes a scalar function of its shape. */
export function scalarFunction(name: string, shape: FunctionShape): ScalarFunction {
  const declared = shape.parameters.length
  return {
    name,
    argumentsMin: declared - (shape.optional ?? 0),
    argumentsMax: shape.repeats === undefined ? declared : Infinity,
    volatility: shape.volatility ?? 'immutable',
    bind: (args, environment) => bindShape(name, shape, args, environment),
  }
}

/** The same function under several names. */
export function synonyms(names: readonly string[], shape: FunctionShape): ScalarFunction[] {
  return names.map((name) => scalarFunction(name, shape))
}

function kindsOf(shape: FunctionShape, args: readonly ArgumentInfo[]): readonly ParameterKind[] {
  const { parameters, repeats = 1 } = shape
  if (shape.kinds !== undefined) return shape.kinds(args)
  const repeatedFrom = parameters.length - repeats
  return args.map((_, index) => {
    const at = index < parameters.length ? index : repeatedFrom + ((index - repeatedFrom) % repeats)
    return parameters[at] ?? 'any'
  })
}

/** An argument without the binder behind it. */
class RecordedArgument implements ArgumentInfo {
  readonly type: SqlType
  readonly nullable: boolean
  readonly coercibility: number
  readonly isConstant: boolean
  readonly text: string
  private source: ArgumentInfo | undefined
  private recorded: ArgumentInfo['constant']
  private isRecorded = false

  constructor(source: ArgumentInfo) {
    this.type = source.type
    this.nullable = source.nullable
    this.coercibility = source.coercibility
    this.isConstant = source.isConstant
    this.text = source.text
    this.source = source
  }

  get constant(): ArgumentInfo['constant'] {
    this.record()
    return this.recorded
  }

  /** Reads the constant; only the first call asks the binder. */
  record(): void {
    if (this.isRecorded) return
    if (this.source === undefined) throw new Error('invariant: constants are read while binding')
    this.recorded = this.source.constant
    this.isRecorded = true
  }

  /** Lets the binder's argument go. */
  release(): void {
    this.source = undefined
  }
}

function recordEnvironment(environment: BindingEnvironment): BindingEnvironment {
  const { sqlMode, connectionCollation, database, divPrecisionIncrement } = environment
  return { sqlMode, connectionCollation, database, divPrecisionIncrement, userVariable: () => undefined }
}

function bindShape(
  name: string,
  shape: FunctionShape,
  bound: readonly ArgumentInfo[],
  binderEnvironment: BindingEnvironment,
): ScalarBinding {
  const args = bound.map((argument) => new RecordedArgument(argument))
  const environment = recordEnvironment(binderEnvironment)
  const binding = bindCall(name, shape, args, environment)
  for (const index of shape.constants ?? []) args[index]?.record()
  for (const argument of args) argument.release()
  return binding
}

function bindCall(
  name: string,
  shape: FunctionShape,
  args: readonly ArgumentInfo[],
  environment: BindingEnvironment,
): ScalarBinding {
  const kinds = kindsOf(shape, args)
  const strings = resolveStrings(
    args.filter((_, index) => kinds[index] === 'string'),
    environment,
    name,
    shape.compares ?? false,
  )
  const call: Call = { name, args, environment, strings }
  shape.check?.(call)
  const type = typeof shape.type === 'function' ? shape.type(call) : shape.type
  return {
    type,
    nullable: isNullable(shape, call),
    ...(isString(type) ? { coercibility: shape.coercibility ?? strings.coercibility } : {}),
    parameterTypes: args.map((argument, index) =>
      parameterType(kinds[index] ?? 'any', argument, strings, environment),
    ),
    compile: (evaluators) => compileShape(shape, call, kinds, type, evaluators),
  }
}

function isNullable(shape: FunctionShape, call: Call): boolean {
  const { nullable } = shape
  const own = typeof nullable === 'function' ? nullable(call) : nullable
  if (own !== undefined) return own
  return call.args.some((argument) => argument.nullable)
}

function compileShape(
  shape: FunctionShape,
  call: Call,
  kinds: readonly ParameterKind[],
  type: SqlType,
  evaluators: readonly Evaluator[],
): Evaluator {
  if (!call.strings.isBinary) return shape.compile(evaluators, call)
  const asText = evaluators.map((evaluator, index) =>
    kinds[index] === 'string' ? latin1Evaluator(evaluator) : evaluator,
  )
  const evaluate = shape.compile(asText, call)
  return isBinary(type) ? bytesEvaluator(evaluate) : evaluate
}

function latin1Evaluator(evaluator: Evaluator): Evaluator {
  return (batch, row, context) => {
    const value = evaluator(batch, row, context)
    return value instanceof Uint8Array ? latin1Text(value) : value
  }
}

function bytesEvaluator(evaluator: Evaluator): Evaluator {
  return (batch, row, context) => {
    const value = evaluator(batch, row, context)
    return typeof value === 'string' ? latin1Bytes(value) : value
  }
}

// ---- Compilers for functions that answer NULL when an argument is NULL -----------------------------------------

export function strict1<A>(compute: (a: A, context: EvaluationContext) => Value): Compile {
  return ([first]) => evaluator1(first as Evaluator, compute)
}

export function strict2<A, B>(compute: (a: A, b: B, context: EvaluationContext) => Value): Compile {
  return ([first, second]) => evaluator2(first as Evaluator, second as Evaluator, compute)
}

export function strict3<A, B, C>(compute: (a: A, b: B, c: C, context: EvaluationContext) => Value): Compile {
  return ([first, second, third]) =>
    evaluator3(first as Evaluator, second as Evaluator, third as Evaluator, compute)
}

export function evaluator1<A>(
  first: Evaluator,
  compute: (a: A, context: EvaluationContext) => Value,
): Evaluator {
  return (batch, row, context) => {
    const a = first(batch, row, context)
    return a === null ? null : compute(a as A, context)
  }
}

export function evaluator2<A, B>(
  first: Evaluator,
  second: Evaluator,
  compute: (a: A, b: B, context: EvaluationContext) => Value,
): Evaluator {
  return (batch, row, context) => {
    const a = first(batch, row, context)
    if (a === null) return null
    const b = second(batch, row, context)
    return b === null ? null : compute(a as A, b as B, context)
  }
}

export function evaluator3<A, B, C>(
  first: Evaluator,
  second: Evaluator,
  third: Evaluator,
  compute: (a: A, b: B, c: C, context: EvaluationContext) => Value,
): Evaluator {
  return (batch, row, context) => {
    const a = first(batch, row, context)
    if (a === null) return null
    const b = second(batch, row, context)
    if (b === null) return null
    const c = third(batch, row, context)
    return c === null ? null : compute(a as A, b as B, c as C, context)
  }
}

/** For any number of arguments; the array of values is new for each row. */
export function strictAll<A>(compute: (values: A[], context: EvaluationContext) => Value): Compile {
  return (args) => (batch, row, context) => {
    const values: A[] = []
    for (const argument of args) {
      const value = argument(batch, row, context)
      if (value === null) return null
      values.push(value as A)
    }
    return compute(values, context)
  }
}

/** All values of a row's arguments, NULLs included. */
export function evaluateAll(
  args: readonly Evaluator[],
  ...[batch, row, context]: Parameters<Evaluator>
): Value[] {
  const values: Value[] = []
  for (const argument of args) values.push(argument(batch, row, context))
  return values
}
