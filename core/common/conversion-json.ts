/**
 * Values of SQL as JSON (MySQL manual 14.17.2 and CAST … AS JSON). CAST parses a string; functions that build
 * documents (JSON_ARRAY, JSON_OBJECT, the aggregates) take it as a JSON string instead.
 */
import type { NonNullConversion } from './conversion.js'
import type { EvaluationContext } from './evaluation.js'
import { JsonDecimal, JsonDouble, normalizeJson, printJson, readJson, type JsonNode } from './json.js'
import { isBinary, isBoolean, isText, type SqlType } from './sql-type.js'
import { bitBytes, textOf } from './value-text.js'
import type { ExactValue, Value } from './value.js'

/** Field type codes of the protocol, which MySQL puts before binary data in JSON. */
const FIELD_TYPE_CODES: Readonly<Record<string, number>> = {
  bit: 16,
  tinyblob: 249,
  mediumblob: 250,
  longblob: 251,
  blob: 252,
  varbinary: 15,
  binary: 254,
}

/** A value, which may be NULL, as a JSON value; strings become JSON strings. */
export type JsonNodeOf = (value: Value, context: EvaluationContext) => JsonNode

export function compileJsonNode(from: SqlType): JsonNodeOf {
  const convert = compileNonNull(from)
  return (value, context) => (value === null ? null : convert(value, context))
}

function compileNonNull(from: SqlType): (value: Value, context: EvaluationContext) => JsonNode {
  switch (from.name) {
    case 'json':
      return (value) => readJson(value as string)
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
      return (value) => value as ExactValue
    case 'decimal':
      return (value) => new JsonDecimal(value as ExactValue, from.scale)
    case 'float':
    case 'double':
      return (value) => new JsonDouble(value as number)
    case 'time':
    case 'datetime':
    case 'timestamp': {
      // JSON always shows six decimals.
      const text = textOf(from)
      const zeros = '0'.repeat(6 - from.scale)
      const tail = from.scale === 0 ? `.${zeros}` : zeros
      return (value, context) => text(value, context) + tail
    }
    case 'bit':
      return (value) => base64(bitBytes(value as ExactValue, from.length), from)
    default:
      if (isBinary(from)) return (value) => base64(value as Uint8Array, from)
      return textOf(from)
  }
}

function base64(bytes: Uint8Array, type: SqlType): string {
  return `base64:type${FIELD_TYPE_CODES[type.name] ?? 252}:${Buffer.from(bytes).toString('base64')}`
}

/** CAST(… AS JSON): text is parsed, binary data becomes a JSON string that says so. */
export function compileToJson(from: SqlType): NonNullConversion | undefined {
  if (from.name === 'json') return undefined
  if (isBoolean(from)) return (value) => (value == 0 ? 'false' : 'true')
  if (isText(from)) return (value) => normalizeJson(value as string, 1, 'cast_as_json')
  const node = compileNonNull(from)
  return (value, context) => printJson(node(value, context))
}
