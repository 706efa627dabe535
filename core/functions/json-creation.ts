/**
 * Functions that make JSON documents and texts of them: JSON_ARRAY, JSON_OBJECT, JSON_QUOTE, JSON_UNQUOTE, JSON_PRETTY
 * (MySQL manual 14.17.2 "Functions That Create JSON Values").
 */
import type { Evaluator } from '../common/evaluation.js'
import {
  isJsonArray,
  isJsonObject,
  jsonNumberText,
  parseJsonArgument,
  printJson,
  quoteJson,
  readJson,
  sortedKeys,
  type JsonNode,
} from '../common/json.js'
import { sqlError } from '../common/sql-error.js'
import {
  isBinary,
  isNumeric,
  isTemporal,
  isText,
  JSON_TYPE,
  NULL_TYPE,
  textType,
  type SqlType,
} from '../common/sql-type.js'
import type { ScalarFunction } from '../spi/functions.js'
import { documentReader, typeAt, valueNode } from './json-arguments.js'
import type { ParameterKind } from './parameters.js'
import { charactersOf, STRING_LENGTH_MAX } from './result-types.js'
import { evaluator1, scalarFunction, strict1, type Call } from './support.js'

/** JSON text has one character set and compares byte by byte. */
export const JSON_COLLATION = 'utf8mb4_bin'
export const JSON_TEXT_TYPE: SqlType = textType(STRING_LENGTH_MAX, JSON_COLLATION)

function compileArray(args: readonly Evaluator[], call: Call): Evaluator {
  const nodes = args.map((_, index) => valueNode(call, index))
  return (batch, row, context) =>
    printJson(nodes.map((node, index) => node(args[index]?.(batch, row, context) ?? null, context)))
}

function compileObject(args: readonly Evaluator[], call: Call): Evaluator {
  const nodes = args.map((_, index) => valueNode(call, index))
  return (batch, row, context) => {
    const object = new Map<string, JsonNode>()
    for (let i = 0; i < args.length; i += 2) {
      const key = args[i]?.(batch, row, context) ?? null
      if (key === null) throw sqlError('ER_JSON_DOCUMENT_NULL_KEY')
      object.set(key as string, nodes[i + 1]?.(args[i + 1]?.(batch, row, context) ?? null, context) ?? null)
    }
    return printJson(object)
  }
}

/** Throws ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT unless the arguments after the first `fixed` come in pairs. */
export function checkPairs(call: Call, fixed: number): void {
  if ((call.args.length - fixed) % 2 !== 0) throw sqlError('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', call.name)
}

function checkText(call: Call): void {
  const { name } = typeAt(call, 0)
  if (!isText(typeAt(call, 0)) && name !== 'null' && name !== 'enum' && name !== 'set') {
    throw sqlError('ER_INCORRECT_TYPE', 1, call.name)
  }
}

/** The string that a JSON string literal stands for; other texts stay as they are. */
function unquoteText(text: string, name: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text
  const node = parseJsonArgument(text, 1, name)
  return typeof node === 'string' ? node : text
}

/** A string's content, or the text of another value of type JSON. */
export function unquoteJson(json: string): string {
  if (!json.startsWith('"')) return json
  const node = readJson(json)
  return typeof node === 'string' ? node : json
}

/** JSON and strings only; binary strings have no characters to unquote. */
function checkUnquoted(call: Call): void {
  const { type } = call.args[0] ?? { type: NULL_TYPE }
  if (isBinary(type)) throw sqlError('ER_INVALID_JSON_CHARSET', 'binary')
  if (isNumeric(type) || isTemporal(type)) throw sqlError('ER_INCORRECT_TYPE', 1, call.name)
}

function compileUnquote([value]: readonly Evaluator[], call: Call): Evaluator {
  if (typeAt(call, 0).name === 'json') return evaluator1(value as Evaluator, unquoteJson)
  return evaluator1(value as Evaluator, (text: string) => unquoteText(text, call.name))
}

/** Indented by two spaces a level, one element or member a line. */
function pretty(node: JsonNode, indent: string): string {
  const inner = `${indent}  `
  if (isJsonArray(node)) {
    if (node.length === 0) return '[]'
    return `[\n${node.map((item) => inner + pretty(item, inner)).join(',\n')}\n${indent}]`
  }
  if (isJsonObject(node)) {
    if (node.size === 0) return '{}'
    const members = sortedKeys(node).map(
      (key) => `${inner}${quoteJson(key)}: ${pretty(node.get(key) ?? null, inner)}`,
    )
    return `{\n${members.join(',\n')}\n${indent}}`
  }
  if (typeof node === 'string') return quoteJson(node)
  return node === null || typeof node === 'boolean' ? String(node) : jsonNumberText(node)
}

export const jsonCreationFunctions: readonly ScalarFunction[] = [
  scalarFunction('json_array', {
    parameters: ['any'],
    optional: 1,
    repeats: 1,
    type: JSON_TYPE,
    nullable: false,
    compile: compileArray,
  }),
  scalarFunction('json_object', {
    parameters: ['text', 'any'],
    optional: 2,
    repeats: 2,
    type: JSON_TYPE,
    nullable: false,
    check: (call) => {
      checkPairs(call, 0)
    },
    compile: compileObject,
  }),
  scalarFunction('json_quote', {
    parameters: ['text'],
    type: (call) => textType(Math.min(charactersOf(call, 0) * 6 + 2, STRING_LENGTH_MAX), JSON_COLLATION),
    check: checkText,
    compile: strict1(quoteJson),
  }),
  scalarFunction('json_unquote', {
    parameters: ['text'],
    kinds: (args) => args.map(({ type }): ParameterKind => (type.name === 'json' ? 'any' : 'text')),
    type: JSON_TEXT_TYPE,
    check: checkUnquoted,
    compile: compileUnquote,
  }),
  scalarFunction('json_pretty', {
    parameters: ['any'],
    type: JSON_TEXT_TYPE,
    compile: ([document], call) => {
      const read = documentReader(call, 0)
      return evaluator1(document as Evaluator, (value: string) => pretty(read(value), ''))
    },
  }),
]
