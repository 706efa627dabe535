/**
 * Functions that change JSON documents: JSON_SET, JSON_REMOVE, JSON_ARRAY_APPEND, JSON_MERGE_PATCH and the like (MySQL
 * manual 14.17.4 "Functions That Modify JSON Values").
 */
import {
  appendJson,
  insertJsonCell,
  mergePatch,
  mergePreserve,
  removeJson,
  setJson,
  type JsonSetMode,
} from '../common/json-edit.js'
import { isJsonObject, printJson, type JsonNode } from '../common/json.js'
import type { JsonPath } from '../common/json-path.js'
import type { Evaluator } from '../common/evaluation.js'
import { JSON_TYPE } from '../common/sql-type.js'
import type { ScalarFunction } from '../spi/functions.js'
import { documentReader, pathEvaluators, valueNode } from './json-arguments.js'
import { checkPairs } from './json-creation.js'
import { scalarFunction, synonyms, type Call } from './support.js'

type Edit = (root: JsonNode, path: JsonPath, value: JsonNode) => JsonNode

/** A function of a document and pairs of path and value, which are applied from left to right. */
function editFunction(name: string, edit: Edit): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['any', 'text', 'any'],
    repeats: 2,
    type: JSON_TYPE,
    nullable: true,
    check: (call) => {
      checkPairs(call, 1)
    },
    compile: (args, call) => compileEdit(args, call, edit),
  })
}

function compileEdit(args: readonly Evaluator[], call: Call, edit: Edit): Evaluator {
  const [document, ...pairs] = args
  const read = documentReader(call, 0)
  const paths = pathEvaluators(pairs.filter((_, index) => index % 2 === 0))
  const values = pairs.filter((_, index) => index % 2 === 1)
  const nodes = values.map((_, index) => valueNode(call, index * 2 + 2))
  return (batch, row, context) => {
    const value = document?.(batch, row, context) ?? null
    if (value === null) return null
    let root = read(value)
    for (const [index, path] of paths.entries()) {
      const parsed = path(batch, row, context)
      if (parsed === undefined) return null
      const node = nodes[index]?.(values[index]?.(batch, row, context) ?? null, context) ?? null
      root = edit(root, parsed, node)
    }
    return printJson(root)
  }
}

function setting(mode: JsonSetMode): Edit {
  return (root, path, value) => setJson(root, path, value, mode)
}

function compileRemove([document, ...pathArgs]: readonly Evaluator[], call: Call): Evaluator {
  const read = documentReader(call, 0)
  const paths = pathEvaluators(pathArgs)
  return (batch, row, context) => {
    const value = document?.(batch, row, context) ?? null
    if (value === null) return null
    let root = read(value)
    for (const path of paths) {
      const parsed = path(batch, row, context)
      if (parsed === undefined) return null
      root = removeJson(root, parsed)
    }
    return printJson(root)
  }
}

function compileMergePreserve(args: readonly Evaluator[], call: Call): Evaluator {
  const readers = args.map((_, index) => documentReader(call, index))
  return (batch, row, context) => {
    if (call.name === 'json_merge') {
      context.warn(
        'Warning',
        'ER_WARN_DEPRECATED_SYNTAX',
        'JSON_MERGE',
        'JSON_MERGE_PRESERVE/JSON_MERGE_PATCH',
      )
    }
    let merged: JsonNode | undefined
    for (const [index, argument] of args.entries()) {
      const value = argument(batch, row, context)
      if (value === null) return null
      const node = readers[index]?.(value) ?? null
      merged = merged === undefined ? node : mergePreserve(merged, node)
    }
    return printJson(merged ?? null)
  }
}

/** A NULL makes the answer NULL, unless a later document that is no object replaces all before it. */
function compileMergePatch(args: readonly Evaluator[], call: Call): Evaluator {
  const readers = args.map((_, index) => documentReader(call, index))
  return (batch, row, context) => {
    let merged: JsonNode | undefined
    for (const [index, argument] of args.entries()) {
      const value = argument(batch, row, context)
      if (value === null) {
        merged = undefined
        continue
      }
      const node = readers[index]?.(value) ?? null
      if (index === 0 || !isJsonObject(node)) merged = node
      else if (merged !== undefined) merged = mergePatch(merged, node)
    }
    return merged === undefined ? null : printJson(merged)
  }
}

export const jsonModificationFunctions: readonly ScalarFunction[] = [
  editFunction('json_set', setting('set')),
  editFunction('json_insert', setting('insert')),
  editFunction('json_replace', setting('replace')),
  editFunction('json_array_append', appendJson),
  editFunction('json_array_insert', insertJsonCell),
  scalarFunction('json_remove', {
    parameters: ['any', 'text'],
    repeats: 1,
    type: JSON_TYPE,
    nullable: true,
    compile: compileRemove,
  }),
  ...synonyms(['json_merge_preserve', 'json_merge'], {
    parameters: ['any', 'any'],
    repeats: 1,
    type: JSON_TYPE,
    compile: compileMergePreserve,
  }),
  scalarFunction('json_merge_patch', {
    parameters: ['any', 'any'],
    repeats: 1,
    type: JSON_TYPE,
    nullable: true,
    compile: compileMergePatch,
  }),
]
