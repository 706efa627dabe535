/**
 * Arguments of JSON functions: documents, values that become JSON, and paths (MySQL manual 14.17).
 */
import { compileJsonNode } from '../common/conversion-json.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { parseJsonArgument, readJson, type JsonNode } from '../common/json.js'
import { parseJsonPath, type JsonPath } from '../common/json-path.js'
import { sqlError } from '../common/sql-error.js'
import { isBinary, isBoolean, isText, NULL_TYPE, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { Call } from './support.js'

/** Turns an argument's value, which isn't NULL, into a tree that belongs to the caller. */
export type DocumentReader = (value: Value) => JsonNode

export function typeAt({ args }: Call, index: number): SqlType {
  return args[index]?.type ?? NULL_TYPE
}

/**
 * Reads argument `index` as a JSON document: a JSON value or text to parse. Throws ER_INVALID_TYPE_FOR_JSON or
 * ER_INVALID_JSON_CHARSET for other types at once, and ER_INVALID_JSON_TEXT_IN_PARAM for text that is no JSON.
 */
export function documentReader(call: Call, index: number): DocumentReader {
  const type = typeAt(call, index)
  if (type.name === 'json') return (value) => readJson(value as string)
  if (type.name === 'null') return () => null
  if (isBinary(type)) throw sqlError('ER_INVALID_JSON_CHARSET', 'binary')
  if (isText(type)) return (value) => parseJsonArgument(value as string, index + 1, call.name)
  throw sqlError('ER_INVALID_TYPE_FOR_JSON', index + 1, call.name)
}

/** Makes the JSON value that argument `index` becomes inside of a document; NULL becomes the null literal. */
export function valueNode(call: Call, index: number): (value: Value, context: EvaluationContext) => JsonNode {
  const type = typeAt(call, index)
  // TRUE, FALSE and the answers of comparisons are JSON's true and false; other integers stay numbers.
  if (isBoolean(type)) return (value) => (value === null ? null : value != 0)
  return compileJsonNode(type)
}

/** Reads a path; the last one is remembered, since most paths are constants. */
function pathReader(): (text: string) => JsonPath {
  let lastText: string | undefined
  let last: JsonPath = { legs: [], isWild: false }
  return (text) => {
    if (text !== lastText) {
      last = parseJsonPath(text)
      lastText = text
    }
    return last
  }
}

/** The evaluators of paths: undefined for NULL. */
export type PathEvaluator = (...row: Parameters<Evaluator>) => JsonPath | undefined

export function pathEvaluators(args: readonly Evaluator[]): PathEvaluator[] {
  return args.map((argument) => {
    const read = pathReader()
    return (batch, row, context) => {
      const text = argument(batch, row, context)
      return text === null ? undefined : read(text as string)
    }
  })
}
