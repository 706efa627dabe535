/**
 * JSON_VALUE (MySQL manual 14.17.3): a scalar of a document as a value of SQL.
 */
import { compileConversion, type Conversion } from '../common/conversion.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { isJsonArray, isJsonObject, parseJson, printJson, type JsonNode } from '../common/json.js'
import { findNodes } from '../common/json-path.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import { isString, JSON_TYPE, textType, type SqlType, type TypeName } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { documentReader, pathEvaluators, typeAt } from './json-arguments.js'
import { scalarFunction, type Call } from './support.js'

/** Where the optional arguments of a call stand. */
const RETURNING = 2
const ON_EMPTY = 3
const EMPTY_DEFAULT = 4
const ON_ERROR = 5
const ERROR_DEFAULT = 6

/** Without RETURNING the answer is VARCHAR(512). */
const DEFAULT_TYPE = textType(512, 'utf8mb4_0900_ai_ci')

function resultType(call: Call): SqlType {
  return call.args.length > RETURNING ? typeAt(call, RETURNING) : DEFAULT_TYPE
}

type Response = (...row: Parameters<Evaluator>) => Value

/** What ON EMPTY or ON ERROR asks for: NULL, the error, or a default value. */
function responseOf(
  call: Call,
  args: readonly Evaluator[],
  at: number,
  defaultAt: number,
  fail: () => never,
): Response {
  const wanted = call.args[at]?.constant?.value
  if (wanted === 'error') return fail
  const value = args[defaultAt]
  if (wanted !== 'default' || value === undefined) return () => null
  const convert = compileConversion(typeAt(call, defaultAt), resultType(call))
  return (batch, row, context) => convert(value(batch, row, context), context)
}

/** Converts as strict mode does, so that what doesn't fit is an error that ON ERROR can answer. */
function strictly(convert: Conversion, value: Value, context: EvaluationContext): Value {
  const strict = Object.create(context, { strict: { value: true } }) as EvaluationContext
  return convert(value, strict)
}

function failEmpty(): never {
  throw sqlError('ER_MISSING_JSON_VALUE', 'json_value')
}

function failConversion(type: SqlType): () => never {
  return () => {
    throw sqlError('ER_DATA_OUT_OF_RANGE', TARGET_NAMES[type.name] ?? type.name.toUpperCase(), 'json_value')
  }
}

/** What messages call the types of RETURNING where it isn't their name. */
const TARGET_NAMES: Partial<Record<TypeName, string>> = {
  bigint: 'SIGNED',
  varchar: 'STRING',
  char: 'STRING',
  varbinary: 'STRING',
  binary: 'STRING',
}

function failMultiple(): never {
  throw sqlError('ER_MULTIPLE_JSON_VALUES', 'json_value')
}

/**
 * JSON_VALUE(document, path [, a value of the RETURNING type, 'null' | 'error' | 'default', its default for ON EMPTY,
 * and the same two for ON ERROR]).
 */
function compileValue(args: readonly Evaluator[], call: Call): Evaluator {
  const [document, pathArg] = args
  const read = documentReader(call, 0)
  const [path] = pathEvaluators(pathArg === undefined ? [] : [pathArg])
  const type = resultType(call)
  const onEmpty = responseOf(call, args, ON_EMPTY, EMPTY_DEFAULT, failEmpty)
  const onMultiple = responseOf(call, args, ON_ERROR, ERROR_DEFAULT, failMultiple)
  const onUnfit = responseOf(call, args, ON_ERROR, ERROR_DEFAULT, failConversion(type))
  const raisesErrors = call.args[ON_ERROR]?.constant?.value === 'error'
  const isText = isString(type)
  const convert = scalarConverter(type)
  return (batch, row, context) => {
    const value = document?.(batch, row, context) ?? null
    const parsed = path?.(batch, row, context)
    if (value === null || parsed === undefined) return null
    let tree: JsonNode
    try {
      tree = read(value)
    } catch (error) {
      if (raisesErrors || !isSqlError(error)) throw error
      noteBadText(value as string, context)
      return onUnfit(batch, row, context)
    }
    const [node, ...others] = findNodes(tree, parsed)
    if (node === undefined) return onEmpty(batch, row, context)
    if (others.length > 0) return onMultiple(batch, row, context)
    if (node === null) return null
    // An array or object is its text; no number or date is in it.
    if (isContainer(node) && type.name !== 'json' && !isText) return onUnfit(batch, row, context)
    try {
      return convert(node, context)
    } catch (error) {
      if (!isSqlError(error)) throw error
      return onUnfit(batch, row, context)
    }
  }
}

/** What ON ERROR answers for still is a warning. */
function noteBadText(text: string, context: EvaluationContext): void {
  const parsed = parseJson(text)
  if ('node' in parsed) return
  context.warn('Warning', 'ER_INVALID_JSON_TEXT_IN_PARAM', 1, 'json_value', parsed.reason, parsed.position)
}

function isContainer(node: JsonNode): boolean {
  return isJsonArray(node) || isJsonObject(node)
}

/** Strings convert by their content, other scalars as JSON does. */
function scalarConverter(type: SqlType): (node: JsonNode, context: EvaluationContext) => Value {
  if (type.name === 'json') return printJson
  const ofText = compileConversion(textType(65535, 'utf8mb4_bin'), type)
  const ofJson = compileConversion(JSON_TYPE, type)
  return (node, context) =>
    typeof node === 'string' ? strictly(ofText, node, context) : strictly(ofJson, printJson(node), context)
}

export const jsonValueFunctions: readonly ScalarFunction[] = [
  scalarFunction('json_value', {
    parameters: ['any', 'text', 'any', 'any', 'any', 'any', 'any'],
    optional: 5,
    constants: [ON_EMPTY, ON_ERROR],
    type: resultType,
    nullable: true,
    compile: compileValue,
  }),
]
