/**
 * Functions that answer attributes of JSON documents: JSON_DEPTH, JSON_LENGTH, JSON_TYPE, JSON_VALID and
 * JSON_STORAGE_SIZE (MySQL manual 14.17.5 "Functions That Return JSON Value Attributes" and 14.17.8).
 */
import type { Evaluator } from '../common/evaluation.js'
import {
  isJsonArray,
  isJsonObject,
  isValidJson,
  JsonDecimal,
  JsonDouble,
  type JsonNode,
  type JsonObject,
} from '../common/json.js'
import { findNodes } from '../common/json-path.js'
import { sqlError } from '../common/sql-error.js'
import { BOOLEAN_TYPE, isText, textType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { documentReader, pathEvaluators, typeAt } from './json-arguments.js'
import { JSON_COLLATION } from './json-creation.js'
import { integerType } from './result-types.js'
import { evaluator1, scalarFunction, type Call, type Compile } from './support.js'

/** A function of one document. */
function ofDocument(compute: (node: JsonNode) => Value): Compile {
  return ([document], call) => {
    const read = documentReader(call, 0)
    return evaluator1(document as Evaluator, (value: string) => compute(read(value)))
  }
}

function childrenOf(node: JsonNode): readonly JsonNode[] {
  if (isJsonArray(node)) return node
  return isJsonObject(node) ? [...node.values()] : []
}

function depth(node: JsonNode): number {
  return childrenOf(node).reduce<number>((deepest, child) => Math.max(deepest, depth(child)), 0) + 1
}

function length(node: JsonNode): number {
  return isJsonArray(node) || isJsonObject(node) ? childrenOf(node).length : 1
}

const SIGNED_MAX = 9223372036854775807n

function typeName(node: JsonNode): string {
  if (node === null) return 'NULL'
  if (typeof node === 'boolean') return 'BOOLEAN'
  if (typeof node === 'string') return 'STRING'
  if (node instanceof JsonDouble) return 'DOUBLE'
  if (node instanceof JsonDecimal) return 'DECIMAL'
  if (isJsonArray(node)) return 'ARRAY'
  if (isJsonObject(node)) return 'OBJECT'
  return node > SIGNED_MAX ? 'UNSIGNED INTEGER' : 'INTEGER'
}

function compileLength([document, pathArg]: readonly Evaluator[], call: Call): Evaluator {
  const read = documentReader(call, 0)
  const [path] = pathEvaluators(pathArg === undefined ? [] : [pathArg])
  return (batch, row, context) => {
    const value = document?.(batch, row, context) ?? null
    if (value === null) return null
    const root = read(value)
    if (path === undefined) return length(root)
    const parsed = path(batch, row, context)
    if (parsed === undefined) return null
    if (parsed.isWild) throw sqlError('ER_INVALID_JSON_PATH_WILDCARD')
    const found = findNodes(root, parsed)[0]
    return found === undefined ? null : length(found)
  }
}

/** Only JSON and text can be valid; other types never are. */
function compileValid([document]: readonly Evaluator[], call: Call): Evaluator {
  const type = typeAt(call, 0)
  if (type.name === 'json') return evaluator1(document as Evaluator, () => 1)
  if (isText(type)) return evaluator1(document as Evaluator, (text: string) => Number(isValidJson(text)))
  return evaluator1(document as Evaluator, () => 0)
}

// ---- storage size ---------------------------------------------------------------------------------------------

/** Offsets of two bytes serve documents up to 64 KiB; larger ones take four. */
const SMALL_SIZE_MAX = 65535

/** Bytes of a length in seven-bit groups. */
function lengthBytes(size: number): number {
  let bytes = 1
  for (let rest = size; rest > 127; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Bytes that MySQL's binary JSON format takes for the value, without its type byte. */
function valueBytes(node: JsonNode): number {
  if (node === null || typeof node === 'boolean') return 1
  if (typeof node === 'string') return lengthBytes(Buffer.byteLength(node)) + Buffer.byteLength(node)
  if (node instanceof JsonDouble) return 8
  if (node instanceof JsonDecimal) return decimalBytes(node)
  if (isJsonArray(node) || isJsonObject(node)) {
    const small = containerBytes(node, 2)
    return small <= SMALL_SIZE_MAX ? small : containerBytes(node, 4)
  }
  return integerBytes(node)
}

function integerBytes(value: number | bigint): number {
  if (value >= -32768 && value <= 65535) return 2
  return value >= -2147483648 && value <= 4294967295 ? 4 : 8
}

/** Type, length, precision and scale, then MySQL's packed digits: four bytes for nine. */
function decimalBytes({ unscaled, scale }: JsonDecimal): number {
  const digits = Math.max(String(unscaled).replace('-', '').length, scale)
  const packed = (count: number) => Math.floor(count / 9) * 4 + Math.ceil((count % 9) / 2)
  return 4 + packed(digits - scale) + packed(scale)
}

/** Count and size, an entry of type and offset for each value, one of offset and length for each key. */
function containerBytes(node: JsonNode[] | JsonObject, offsetBytes: 2 | 4): number {
  let total = 2 * offsetBytes
  for (const child of childrenOf(node)) {
    total += 1 + offsetBytes + (isInlined(child, offsetBytes) ? 0 : valueBytes(child))
  }
  if (isJsonObject(node)) {
    for (const key of node.keys()) total += offsetBytes + 2 + Buffer.byteLength(key)
  }
  return total
}

/** Literals and small integers lie in the entry itself. */
function isInlined(node: JsonNode, offsetBytes: 2 | 4): boolean {
  if (node === null || typeof node === 'boolean') return true
  return (typeof node === 'number' || typeof node === 'bigint') && integerBytes(node) <= offsetBytes
}

export const jsonAttributeFunctions: readonly ScalarFunction[] = [
  scalarFunction('json_depth', { parameters: ['any'], type: integerType(21), compile: ofDocument(depth) }),
  scalarFunction('json_length', {
    parameters: ['any', 'text'],
    optional: 1,
    type: integerType(21),
    nullable: true,
    compile: compileLength,
  }),
  scalarFunction('json_type', {
    parameters: ['any'],
    type: textType(17, JSON_COLLATION),
    compile: ofDocument(typeName),
  }),
  scalarFunction('json_valid', { parameters: ['any'], type: BOOLEAN_TYPE, compile: compileValid }),
  scalarFunction('json_storage_size', {
    parameters: ['any'],
    type: integerType(21),
    compile: ofDocument((node) => 1 + valueBytes(node)),
  }),
  // Documents are always rewritten as a whole, so that no update in place leaves space free.
  scalarFunction('json_storage_free', {
    parameters: ['any'],
    type: integerType(21),
    compile: ofDocument(() => 0),
  }),
]
