/**
 * Functions that look into JSON documents: JSON_EXTRACT, JSON_VALUE, JSON_CONTAINS, JSON_SEARCH and the like (MySQL
 * manual 14.17.3 "Functions That Search JSON Values").
 */
import { requireCollation } from '../common/collations.js'
import { compareJson } from '../common/json-compare.js'
import { containsJson, overlapsJson, searchJson } from '../common/json-edit.js'
import { isJsonArray, isJsonObject, printJson, sortedKeys, type JsonNode } from '../common/json.js'
import { findMatches, findNodes, type JsonPath } from '../common/json-path.js'
import type { Evaluator } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { BOOLEAN_TYPE, JSON_TYPE } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { ArgumentInfo, ScalarFunction } from '../spi/functions.js'
import { documentReader, pathEvaluators, valueNode } from './json-arguments.js'
import { JSON_COLLATION, JSON_TEXT_TYPE, unquoteJson } from './json-creation.js'
import type { ParameterKind } from './parameters.js'
import { scalarFunction, synonyms, type Call } from './support.js'

// ---- JSON_EXTRACT ---------------------------------------------------------------------------------------------

/** One exact path gives the value itself; several paths or wildcards give an array of what they match. */
function compileExtract([document, ...pathArgs]: readonly Evaluator[], call: Call): Evaluator {
  const read = documentReader(call, 0)
  const paths = pathEvaluators(pathArgs)
  return (batch, row, context) => {
    const value = document?.(batch, row, context) ?? null
    if (value === null) return null
    const chosen: JsonPath[] = []
    for (const path of paths) {
      const parsed = path(batch, row, context)
      if (parsed === undefined) return null
      chosen.push(parsed)
    }
    return extract(read(value), chosen)
  }
}

function extract(root: JsonNode, paths: readonly JsonPath[]): string | null {
  const found = paths.flatMap((path) => findNodes(root, path))
  const [first] = found
  if (first === undefined) return null
  return printJson(paths.length === 1 && paths[0]?.isWild === false ? first : found)
}

// ---- containment ----------------------------------------------------------------------------------------------

function compileContains([target, candidate, pathArg]: readonly Evaluator[], call: Call): Evaluator {
  const readTarget = documentReader(call, 0)
  const readCandidate = documentReader(call, 1)
  const [path] = pathEvaluators(pathArg === undefined ? [] : [pathArg])
  return (batch, row, context) => {
    const a = target?.(batch, row, context) ?? null
    const b = candidate?.(batch, row, context) ?? null
    if (a === null || b === null) return null
    let root: JsonNode | undefined = readTarget(a)
    if (path !== undefined) {
      const parsed = path(batch, row, context)
      if (parsed === undefined) return null
      refuseWild(parsed)
      root = findNodes(root, parsed)[0]
    }
    return root === undefined ? null : Number(containsJson(root, readCandidate(b)))
  }
}

function refuseWild(path: JsonPath): void {
  if (path.isWild) throw sqlError('ER_INVALID_JSON_PATH_WILDCARD')
}

/** Reads the selector 'one' or 'all'; throws ER_INVALID_JSON_CONTAINS_PATH_TYPE. */
function selectsOne(selector: Value, name: string): boolean {
  const text = String(selector).toLowerCase()
  if (text !== 'one' && text !== 'all') throw sqlError('ER_INVALID_JSON_CONTAINS_PATH_TYPE', name)
  return text === 'one'
}

function compileContainsPath([document, selector, ...pathArgs]: readonly Evaluator[], call: Call): Evaluator {
  const read = documentReader(call, 0)
  const paths = pathEvaluators(pathArgs)
  return (batch, row, context) => {
    const value = document?.(batch, row, context) ?? null
    const which = selector?.(batch, row, context) ?? null
    if (value === null || which === null) return null
    const one = selectsOne(which, call.name)
    const root = read(value)
    for (const path of paths) {
      const parsed = path(batch, row, context)
      if (parsed === undefined) return null
      const exists = findMatches(root, parsed).length > 0
      if (exists === one) return Number(one)
    }
    return Number(!one)
  }
}

function compileOverlaps([first, second]: readonly Evaluator[], call: Call): Evaluator {
  const readFirst = documentReader(call, 0)
  const readSecond = documentReader(call, 1)
  return (batch, row, context) => {
    const a = first?.(batch, row, context) ?? null
    const b = second?.(batch, row, context) ?? null
    return a === null || b === null ? null : Number(overlapsJson(readFirst(a), readSecond(b)))
  }
}

/** `value MEMBER OF (array)`: a document that isn't an array counts as its only element. */
function compileMemberOf([value, array]: readonly Evaluator[], call: Call): Evaluator {
  const node = valueNode(call, 0)
  const read = documentReader(call, 1)
  return (batch, row, context) => {
    const wanted = value?.(batch, row, context) ?? null
    const document = array?.(batch, row, context) ?? null
    if (wanted === null || document === null) return null
    const item = node(wanted, context)
    const root = read(document)
    const elements = isJsonArray(root) ? root : [root]
    return Number(elements.some((element) => compareJson(element, item) === 0))
  }
}

// ---- JSON_KEYS and JSON_SEARCH --------------------------------------------------------------------------------

function compileKeys([document, pathArg]: readonly Evaluator[], call: Call): Evaluator {
  const read = documentReader(call, 0)
  const [path] = pathEvaluators(pathArg === undefined ? [] : [pathArg])
  return (batch, row, context) => {
    const value = document?.(batch, row, context) ?? null
    if (value === null) return null
    let root: JsonNode | undefined = read(value)
    if (path !== undefined) {
      const parsed = path(batch, row, context)
      if (parsed === undefined) return null
      refuseWild(parsed)
      root = findNodes(root, parsed)[0]
    }
    return root !== undefined && isJsonObject(root) ? printJson([...sortedKeys(root)]) : null
  }
}

const DEFAULT_ESCAPE = '\\'

/** The escape character; NULL and the empty string mean the backslash. Throws ER_WRONG_ARGUMENTS for longer ones. */
function escapeOf(value: Value): string {
  const text = value === null ? '' : String(value)
  if (Array.from(text).length > 1) throw sqlError('ER_WRONG_ARGUMENTS', 'ESCAPE')
  return text === '' ? DEFAULT_ESCAPE : text
}

/** JSON_SEARCH(document, 'one' or 'all', pattern [, escape [, path …]]). */
function compileSearch(args: readonly Evaluator[], call: Call): Evaluator {
  const [document, selector, pattern, escape, ...pathArgs] = args
  const read = documentReader(call, 0)
  const paths = pathEvaluators(pathArgs)
  const collation = requireCollation(JSON_COLLATION)
  return (batch, row, context) => {
    const value = document?.(batch, row, context) ?? null
    const which = selector?.(batch, row, context) ?? null
    const like = pattern?.(batch, row, context) ?? null
    if (value === null || which === null || like === null) return null
    const one = selectsOne(which, call.name)
    const { matches } = collation.likePattern(like as string, escapeOf(escape?.(batch, row, context) ?? null))
    const chosen: JsonPath[] = []
    for (const path of paths) {
      const parsed = path(batch, row, context)
      if (parsed === undefined) return null
      chosen.push(parsed)
    }
    const [first, ...others] = searchJson(read(value), matches, one, chosen)
    if (first === undefined) return null
    return printJson(others.length === 0 ? first : [first, ...others])
  }
}

function textAfterDocument(args: readonly ArgumentInfo[]): readonly ParameterKind[] {
  return args.map((_, index) => (index === 0 ? 'any' : 'text'))
}

export const jsonSearchFunctions: readonly ScalarFunction[] = [
  ...synonyms(['json_extract', '->'], {
    parameters: ['any', 'text'],
    repeats: 1,
    type: JSON_TYPE,
    nullable: true,
    compile: (args, call) => compileExtract(args, { ...call, name: 'json_extract' }),
  }),
  scalarFunction('->>', {
    parameters: ['any', 'text'],
    type: JSON_TEXT_TYPE,
    nullable: true,
    compile: (args, call) => {
      const evaluate = compileExtract(args, { ...call, name: 'json_extract' })
      return (batch, row, context) => {
        const value = evaluate(batch, row, context)
        return value === null ? null : unquoteJson(value as string)
      }
    },
  }),
  scalarFunction('json_contains', {
    parameters: ['any', 'any', 'text'],
    optional: 1,
    type: BOOLEAN_TYPE,
    nullable: true,
    compile: compileContains,
  }),
  scalarFunction('json_contains_path', {
    parameters: ['any', 'text', 'text'],
    repeats: 1,
    type: BOOLEAN_TYPE,
    nullable: true,
    compile: compileContainsPath,
  }),
  scalarFunction('json_overlaps', {
    parameters: ['any', 'any'],
    type: BOOLEAN_TYPE,
    compile: compileOverlaps,
  }),
  scalarFunction('member of', { parameters: ['any', 'any'], type: BOOLEAN_TYPE, compile: compileMemberOf }),
  scalarFunction('json_keys', {
    parameters: ['any', 'text'],
    optional: 1,
    type: JSON_TYPE,
    nullable: true,
    compile: compileKeys,
  }),
  scalarFunction('json_search', {
    parameters: ['any', 'text', 'text', 'text', 'text'],
    optional: 2,
    repeats: 1,
    kinds: textAfterDocument,
    type: JSON_TYPE,
    nullable: true,
    compile: compileSearch,
  }),
]
