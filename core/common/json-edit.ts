/**
 * Changes to JSON trees: what JSON_SET, JSON_REMOVE, JSON_MERGE_PATCH and their kin do. A tree belongs to its caller
 * and is changed in place; the functions return the root, which may be another one than before.
 */
import { compareJson } from './json-compare.js'
import { isJsonArray, isJsonObject, sortedKeys, type JsonNode } from './json.js'
import { findMatches, jsonPathText, resolveIndex, type JsonPath, type JsonPathLeg } from './json-path.js'
import { sqlError } from './sql-error.js'

/** `set` inserts and replaces, `insert` leaves what exists, `replace` adds nothing. */
export type JsonSetMode = 'set' | 'insert' | 'replace'

function withoutLast(path: JsonPath): JsonPath {
  return { legs: path.legs.slice(0, -1), isWild: path.isWild }
}

function refuseWild(path: JsonPath): void {
  if (path.isWild) throw sqlError('ER_INVALID_JSON_PATH_WILDCARD')
}

/** Puts `value` in the place of a match and returns the root. */
function replaceAt(
  root: JsonNode,
  match: { parent: JsonNode | undefined; key: string | number },
  value: JsonNode,
): JsonNode {
  const { parent, key } = match
  if (parent === undefined) return value
  if (isJsonArray(parent)) parent[key as number] = value
  else if (isJsonObject(parent)) parent.set(key as string, value)
  return root
}

/**
 * JSON_SET, JSON_INSERT, JSON_REPLACE of one path. A missing member or a cell behind the end is added if its parent
 * exists; a scalar parent of a cell is wrapped as an array. Throws ER_INVALID_JSON_PATH_WILDCARD.
 */
export function setJson(root: JsonNode, path: JsonPath, value: JsonNode, mode: JsonSetMode): JsonNode {
  refuseWild(path)
  const existing = findMatches(root, path)[0]
  if (existing !== undefined) return mode === 'insert' ? root : replaceAt(root, existing, value)
  const leg = path.legs[path.legs.length - 1]
  if (mode === 'replace' || leg === undefined) return root
  const parent = findMatches(root, withoutLast(path))[0]
  if (parent === undefined) return root
  if (leg.kind === 'member') {
    if (isJsonObject(parent.node)) parent.node.set(leg.name, value)
    return root
  }
  if (leg.kind !== 'cell') return root
  if (isJsonArray(parent.node)) {
    if (resolveIndex(leg.index, parent.node.length) < 0) parent.node.unshift(value)
    else parent.node.push(value)
    return root
  }
  const isBefore = resolveIndex(leg.index, 1) < 0
  return replaceAt(root, parent, isBefore ? [value, parent.node] : [parent.node, value])
}

/** JSON_REMOVE of one path; the root itself can't be removed (ER_JSON_VACUOUS_PATH). */
export function removeJson(root: JsonNode, path: JsonPath): JsonNode {
  refuseWild(path)
  const leg = path.legs[path.legs.length - 1]
  if (leg === undefined) throw sqlError('ER_JSON_VACUOUS_PATH')
  const parent = findMatches(root, withoutLast(path))[0]?.node
  if (parent === undefined) return root
  if (leg.kind === 'member' && isJsonObject(parent)) parent.delete(leg.name)
  else if (leg.kind === 'cell' && isJsonArray(parent)) {
    const index = resolveIndex(leg.index, parent.length)
    if (index >= 0 && index < parent.length) parent.splice(index, 1)
  }
  return root
}

/** JSON_ARRAY_APPEND of one path: what isn't an array is wrapped. */
export function appendJson(root: JsonNode, path: JsonPath, value: JsonNode): JsonNode {
  refuseWild(path)
  const match = findMatches(root, path)[0]
  if (match === undefined) return root
  if (isJsonArray(match.node)) {
    match.node.push(value)
    return root
  }
  return replaceAt(root, match, [match.node, value])
}

/** JSON_ARRAY_INSERT of one path, which must end in a cell (ER_INVALID_JSON_PATH_ARRAY_CELL). */
export function insertJsonCell(root: JsonNode, path: JsonPath, value: JsonNode): JsonNode {
  refuseWild(path)
  const leg: JsonPathLeg | undefined = path.legs[path.legs.length - 1]
  if (leg?.kind !== 'cell') throw sqlError('ER_INVALID_JSON_PATH_ARRAY_CELL')
  const parent = findMatches(root, withoutLast(path))[0]?.node
  if (parent !== undefined && isJsonArray(parent)) {
    // An index counted from the end inserts before the element that it names.
    const index = resolveIndex(leg.index, parent.length)
    parent.splice(Math.min(Math.max(index, 0), parent.length), 0, value)
  }
  return root
}

/** JSON_MERGE_PRESERVE: arrays are joined, objects merged member by member, scalars become arrays. */
export function mergePreserve(a: JsonNode, b: JsonNode): JsonNode {
  if (isJsonObject(a) && isJsonObject(b)) {
    for (const [key, value] of b) {
      const mine = a.get(key)
      a.set(key, mine === undefined ? value : mergePreserve(mine, value))
    }
    return a
  }
  return [...(isJsonArray(a) ? a : [a]), ...(isJsonArray(b) ? b : [b])]
}

/** JSON_MERGE_PATCH (RFC 7396): members of the patch replace, null members remove. */
export function mergePatch(target: JsonNode, patch: JsonNode): JsonNode {
  if (!isJsonObject(patch)) return patch
  const result = isJsonObject(target) ? target : new Map<string, JsonNode>()
  for (const [key, value] of patch) {
    if (value === null) result.delete(key)
    else result.set(key, mergePatch(result.get(key) ?? null, value))
  }
  return result
}

/** JSON_CONTAINS: whether `candidate` is contained in `target`. */
export function containsJson(target: JsonNode, candidate: JsonNode): boolean {
  if (isJsonArray(target)) {
    const wanted = isJsonArray(candidate) ? candidate : [candidate]
    return wanted.every((item) => target.some((element) => elementContains(element, item)))
  }
  if (isJsonObject(target)) {
    if (!isJsonObject(candidate)) return false
    for (const [key, value] of candidate) {
      const mine = target.get(key)
      if (mine === undefined || !containsJson(mine, value)) return false
    }
    return true
  }
  return !isJsonArray(candidate) && !isJsonObject(candidate) && compareJson(target, candidate) === 0
}

function elementContains(element: JsonNode, item: JsonNode): boolean {
  // A scalar is never looked for inside of nested arrays.
  if (isJsonArray(element) && !isJsonArray(item)) return false
  return containsJson(element, item)
}

/** JSON_OVERLAPS: a common element of two arrays, a common member of two objects, or equal scalars. */
export function overlapsJson(a: JsonNode, b: JsonNode): boolean {
  if (isJsonObject(a) && isJsonObject(b)) {
    for (const [key, value] of a) {
      const other = b.get(key)
      if (other !== undefined && compareJson(value, other) === 0) return true
    }
    return false
  }
  if (isJsonArray(a) || isJsonArray(b)) {
    const left = isJsonArray(a) ? a : [a]
    const right = isJsonArray(b) ? b : [b]
    return left.some((x) => right.some((y) => compareJson(x, y) === 0))
  }
  return compareJson(a, b) === 0
}

/**
 * JSON_SEARCH: paths of the strings that `matches` accepts, below the places of `paths` (the root if there are none);
 * with `one` the first only. A place is reported once.
 */
export function searchJson(
  root: JsonNode,
  matches: (text: string) => boolean,
  one: boolean,
  paths: readonly JsonPath[],
): string[] {
  const found = new Set<string>()
  const keysOf = paths.length === 0 ? [[]] : paths.flatMap((path) => placesOf(root, path))
  for (const keys of keysOf) {
    let node: JsonNode | undefined = root
    for (const key of keys) node = childOf(node, key)
    if (node !== undefined) collect(node, keys, matches, one, found)
    if (one && found.size > 0) break
  }
  return [...found]
}

function childOf(node: JsonNode | undefined, key: string | number): JsonNode | undefined {
  if (node === undefined) return undefined
  if (isJsonArray(node)) return node[key as number]
  return isJsonObject(node) ? node.get(key as string) : undefined
}

/** Keys from the root to every match of a path. */
function placesOf(root: JsonNode, path: JsonPath): (string | number)[][] {
  const parents = new Map<JsonNode, { parent: JsonNode; key: string | number }>()
  indexParents(root, parents)
  return findMatches(root, path).map((match) => {
    if (match.parent === undefined) return []
    const keys: (string | number)[] = [match.key]
    for (let at = parents.get(match.parent); at !== undefined; at = parents.get(at.parent))
      keys.unshift(at.key)
    return keys
  })
}

function indexParents(
  node: JsonNode,
  parents: Map<JsonNode, { parent: JsonNode; key: string | number }>,
): void {
  const entries: Iterable<[string | number, JsonNode]> = isJsonArray(node)
    ? node.entries()
    : isJsonObject(node)
      ? node.entries()
      : []
  for (const [key, child] of entries) {
    if (!isJsonArray(child) && !isJsonObject(child)) continue
    parents.set(child, { parent: node, key })
    indexParents(child, parents)
  }
}

function collect(
  node: JsonNode,
  keys: readonly (string | number)[],
  matches: (text: string) => boolean,
  one: boolean,
  found: Set<string>,
): void {
  if (one && found.size > 0) return
  if (typeof node === 'string') {
    if (matches(node)) found.add(jsonPathText(keys))
  } else if (isJsonArray(node)) {
    node.forEach((child, key) => {
      collect(child, [...keys, key], matches, one, found)
    })
  } else if (isJsonObject(node)) {
    for (const key of sortedKeys(node)) collect(node.get(key) ?? null, [...keys, key], matches, one, found)
  }
}
