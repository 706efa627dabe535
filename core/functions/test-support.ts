/**
 * For the tests of functions: calls a function the way a statement would (bind, convert the arguments, compile,
 * evaluate) and shows the result as text together with its type and warnings.
 */
import { SINGLE_ROW } from '../common/batch.js'
import { compileConversion } from '../common/conversion.js'
import type { ErrorCode } from '../common/error-catalogue.js'
import type { EvaluationContext, EvaluationSession, Evaluator, TypedValue } from '../common/evaluation.js'
import { formatMessage } from '../common/sql-error.js'
import { DEFAULT_SQL_MODE } from '../common/sql-mode.js'
import {
  BIGINT_TYPE,
  DATE_TYPE,
  datetimeType,
  decimalType,
  DOUBLE_TYPE,
  isText,
  isBinary,
  JSON_TYPE,
  binaryType,
  NULL_TYPE,
  textType,
  timeType,
  type SqlType,
} from '../common/sql-type.js'
import { UTC_TIME_ZONE } from '../common/time-zones.js'
import { exact, type Value } from '../common/value.js'
import { latin1Text, textOf } from '../common/value-text.js'
import type { ArgumentInfo, BindingEnvironment, ScalarFunction } from '../spi/functions.js'

const COLLATION = 'utf8mb4_0900_ai_ci'

/** An argument with its exact type. */
export interface TypedArgument {
  readonly type: SqlType
  readonly value: Value
  /** False for what stands for a column: the binding doesn't see its value. */
  readonly isConstant?: boolean
  readonly coercibility?: number
}

/** JavaScript values stand for literals: whole numbers BIGINT, strings VARCHAR, buffers VARBINARY. */
export type TestArgument = null | number | bigint | string | Uint8Array | TypedArgument

/** The argument as a column would give it. */
export function column(argument: TestArgument): TypedArgument {
  return { ...typed(argument), isConstant: false, coercibility: 2 }
}

function converted(text: string, type: SqlType): TypedArgument {
  const source = textType(text.length, COLLATION)
  return { type, value: compileConversion(source, type)(text, testContext()) }
}

export function decimal(text: string): TypedArgument {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  return converted(text, decimalType(whole.length + fraction.length, fraction.length))
}

export function double(value: number): TypedArgument {
  return { type: DOUBLE_TYPE, value }
}

export function date(text: string): TypedArgument {
  return converted(text, DATE_TYPE)
}

export function datetime(text: string, fractionDigits = 0): TypedArgument {
  return converted(text, datetimeType(fractionDigits))
}

export function time(text: string, fractionDigits = 0): TypedArgument {
  return converted(text, timeType(fractionDigits))
}

export function json(text: string): TypedArgument {
  return converted(text, JSON_TYPE)
}

function typed(argument: TestArgument): TypedArgument {
  if (argument === null) return { type: NULL_TYPE, value: null }
  if (typeof argument === 'string')
    return { type: textType(Array.from(argument).length, COLLATION), value: argument }
  if (typeof argument === 'number' || typeof argument === 'bigint') {
    const type = { ...BIGINT_TYPE, length: String(argument).length, unsigned: argument > 2n ** 63n - 1n }
    return { type, value: exact(BigInt(argument)) }
  }
  if (argument instanceof Uint8Array) return { type: binaryType(argument.length), value: argument }
  return argument
}

function describe({ type, value, isConstant = true, coercibility }: TypedArgument): ArgumentInfo {
  return {
    type,
    nullable: value === null || !isConstant,
    coercibility: coercibility ?? (isText(type) || isBinary(type) ? 4 : type.name === 'null' ? 6 : 5),
    constant: isConstant ? { value } : undefined,
    isConstant,
    isColumn: !isConstant,
    text: isText(type) ? `'${String(value)}'` : value === null ? 'NULL' : textOf(type)(value),
  }
}

/** What tests may set of the statement. */
export interface TestSettings {
  readonly context?: Partial<EvaluationContext>
  readonly session?: Partial<EvaluationSession>
  readonly environment?: Partial<BindingEnvironment>
}

/** A context at 2024-02-29 12:34:56.789012 UTC; `warnings` receives "Level number message". */
export function testContext(settings: TestSettings = {}, warnings: string[] = []): EvaluationContext {
  const states = new Map<object, unknown>()
  const variables = new Map<string, TypedValue>()
  const session: EvaluationSession = {
    connectionId: 42,
    database: 'shop',
    user: 'ann@host.example',
    currentUser: 'ann@%',
    currentRole: 'NONE',
    version: '8.0.43-test',
    lastInsertId: 7,
    rowCount: -1,
    foundRows: 3,
    userLocks: { release: () => undefined, releaseAll: () => 0, holderOf: () => undefined },
    insertId: 0,
    random: () => Math.random(),
    getUserVariable: (name) => variables.get(name),
    setUserVariable: (name, value) => {
      variables.set(name, value)
    },
    systemVariable: (name) => (name === 'block_encryption_mode' ? 'aes-128-ecb' : null),
    ...settings.session,
  }
  return {
    sqlMode: DEFAULT_SQL_MODE,
    strict: false,
    timeZone: UTC_TIME_ZONE,
    statementTimeMicros: Date.UTC(2024, 1, 29, 12, 34, 56, 789) * 1000 + 12,
    session,
    parameters: [],
    correlated: [],
    packetBytesMax: 67108864,
    divPrecisionIncrement: 4,
    groupConcatMaxLength: 1024,
    defaultWeekFormat: 0,
    localeName: 'en_US',
    state: <T>(key: object, create: () => T): T => {
      if (!states.has(key)) states.set(key, create())
      return states.get(key) as T
    },
    checkKilled: () => undefined,
    warn: (level, code: ErrorCode, ...args) => {
      warnings.push(`${level} ${formatMessage(code, args)}`)
    },
    ...settings.context,
  }
}

export function testEnvironment(settings: TestSettings = {}): BindingEnvironment {
  return {
    sqlMode: DEFAULT_SQL_MODE,
    connectionCollation: COLLATION,
    database: 'shop',
    divPrecisionIncrement: 4,
    userVariable: () => undefined,
    ...settings.environment,
  }
}

/** What a call came to. */
export interface CallResult {
  /** As the text protocol shows it; bytes as `0x…`; null for NULL. */
  readonly text: string | null
  readonly value: Value
  /** Such as `varchar(10)`, `bigint(21) unsigned`, `decimal(5,2)`. */
  readonly type: string
  readonly collation: string
  readonly nullable: boolean
  readonly warnings: readonly string[]
}

/** Makes a caller for functions of the families. */
export function functionCaller(...families: (readonly ScalarFunction[])[]) {
  const functions = new Map(families.flat().map((definition) => [definition.name, definition]))
  return (name: string, args: readonly TestArgument[], settings: TestSettings = {}): CallResult => {
    const definition = functions.get(name)
    if (definition === undefined) throw new Error(`no function ${name}`)
    return call(definition, args.map(typed), settings)
  }
}

function call(
  definition: ScalarFunction,
  args: readonly TypedArgument[],
  settings: TestSettings,
): CallResult {
  const environment = testEnvironment(settings)
  if (args.length < definition.argumentsMin || args.length > definition.argumentsMax) {
    throw new Error(`${definition.name} takes no ${args.length} arguments`)
  }
  const binding = definition.bind(args.map(describe), environment)
  if (binding.parameterTypes.length !== args.length) throw new Error('one parameter type per argument')
  const evaluators = args.map(({ type, value }, index): Evaluator => {
    const target = binding.parameterTypes[index]
    if (target === undefined || value === null) return () => value
    const convert = compileConversion(type, target)
    return (_batch, _row, context) => convert(value, context)
  })
  const evaluate = binding.compile(evaluators)
  const warnings: string[] = []
  const value = evaluate(SINGLE_ROW, 0, testContext(settings, warnings))
  return {
    text: show(value, binding.type),
    value,
    type: typeText(binding.type),
    collation: binding.type.collation,
    nullable: binding.nullable,
    warnings,
  }
}

function show(value: Value, type: SqlType): string | null {
  if (value === null) return null
  if (value instanceof Uint8Array)
    return `0x${Buffer.from(latin1Text(value), 'latin1').toString('hex').toUpperCase()}`
  return textOf(type)(value)
}

function typeText(type: SqlType): string {
  const scaled = type.name === 'decimal' || (type.name === 'double' && type.scale < 31)
  const length = scaled ? `${type.length},${type.scale}` : String(type.length)
  const fixed = type.name === 'double' && !scaled ? type.name : `${type.name}(${length})`
  return type.unsigned ? `${fixed} unsigned` : fixed
}

/** One line of a table of calls; without a type, the type is not looked at. */
export type Case = [name: string, args: TestArgument[], text: string | null, type?: string]

type Caller = (name: string, args: readonly TestArgument[], settings?: TestSettings) => CallResult

/** Rows for `test.each('%s')`: a title, what the call came to, and what it should have come to. */
export function tabulate(
  call: Caller,
  cases: readonly Case[],
  settings?: TestSettings,
): [title: string, actual: () => object, expected: object][] {
  return cases.map(([name, args, text, type]) => [
    `${name}(${args.map((argument) => describe(typed(argument)).text).join(', ')})`,
    () => {
      const result = call(name, args, settings)
      const couldBe = result.value === null ? result.nullable : true
      return { text: result.text, couldBe, ...(type === undefined ? {} : { type: result.type }) }
    },
    { text, couldBe: true, ...(type === undefined ? {} : { type }) },
  ])
}
