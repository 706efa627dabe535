/**
 * JSON paths (MySQL manual 13.5 "JSON Path Syntax"): `$.key`, `."quoted key"`, `.*`, `[n]`, `[last-n]`,
 * `[m to n]`, `[*]` and `**`.
 */
import {
  isJsonArray,
  isJsonObject,
  quoteJson,
  type JsonArray,
  type JsonNode,
  type JsonObject,
} from './json.js'
import { sqlError } from './sql-error.js'

/** An index counted from the start, or from the last element. */
export interface JsonIndex {
  readonly fromLast: boolean
  readonly offset: number
}

export type JsonPathLeg =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'cell'; readonly index: JsonIndex }
  | { readonly kind: 'range'; readonly from: JsonIndex; readonly to: JsonIndex }
  | { readonly kind: 'all-members' }
  | { readonly kind: 'all-cells' }
  | { readonly kind: 'ellipsis' }

export interface JsonPath {
  readonly legs: readonly JsonPathLeg[]
  /** Whether it can match more than one value: `*`, `**` and ranges. */
  readonly isWild: boolean
}

/** Where a value stands: in a container, or nowhere for the root. */
export interface JsonMatch {
  readonly node: JsonNode
  readonly parent: JsonArray | JsonObject | undefined
  readonly key: string | number
}

const IDENTIFIER = /[\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$_‌‍]*/uy
const QUOTED = /"(?:[^"\\]|\\.)*"/y
const SPACE = /\s*/y
const CELL_INDEX = /\s*(?:(\d+)|last(?:\s*-\s*(\d+))?)/y
const INDEX_MAX = 4294967295

class PathParser {
  private at = 0

  constructor(private readonly text: string) {}

  parse(): JsonPath {
    this.skipSpace()
    if (this.text.charAt(this.at++) !== '$') this.fail()
    const legs: JsonPathLeg[] = []
    this.skipSpace()
    while (this.at < this.text.length) {
      legs.push(this.leg())
      this.skipSpace()
    }
    if (legs[legs.length - 1]?.kind === 'ellipsis') this.fail()
    return { legs, isWild: legs.some((leg) => leg.kind !== 'member' && leg.kind !== 'cell') }
  }

  private fail(): never {
    throw sqlError('ER_INVALID_JSON_PATH', this.at)
  }

  private skipSpace(): void {
    SPACE.lastIndex = this.at
    SPACE.test(this.text)
    this.at = SPACE.lastIndex
  }

  private leg(): JsonPathLeg {
    const start = this.text.charAt(this.at)
    if (start === '.') {
      this.at++
      return this.member()
    }
    if (start === '[') {
      this.at++
      return this.cell()
    }
    if (!this.text.startsWith('**', this.at)) this.fail()
    this.at += 2
    if (this.text.charAt(this.at) === '*') this.fail()
    return { kind: 'ellipsis' }
  }

  private member(): JsonPathLeg {
    this.skipSpace()
    if (this.text.charAt(this.at) === '*') {
      this.at++
      return { kind: 'all-members' }
    }
    const isQuoted = this.text.charAt(this.at) === '"'
    const pattern = isQuoted ? QUOTED : IDENTIFIER
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (match === null) this.fail()
    this.at += match[0].length
    return { kind: 'member', name: isQuoted ? this.unquote(match[0]) : match[0] }
  }

  private unquote(literal: string): string {
    try {
      return String(JSON.parse(literal))
    } catch {
      return this.fail()
    }
  }

  private cell(): JsonPathLeg {
    this.skipSpace()
    if (this.text.charAt(this.at) === '*') {
      this.at++
      this.closeCell()
      return { kind: 'all-cells' }
    }
    const from = this.index()
    const afterIndex = this.at
    this.skipSpace()
    if (this.at > afterIndex && /^to\s/.test(this.text.slice(this.at))) {
      this.at += 2
      const to = this.index()
      this.closeCell()
      if (
        from.fromLast === to.fromLast &&
        (from.fromLast ? from.offset < to.offset : from.offset > to.offset)
      ) {
        this.fail()
      }
      return { kind: 'range', from, to }
    }
    this.closeCell()
    return { kind: 'cell', index: from }
  }

  private index(): JsonIndex {
    CELL_INDEX.lastIndex = this.at
    const match = CELL_INDEX.exec(this.text)
    if (match === null) this.fail()
    this.at += match[0].length
    const fromLast = match[1] === undefined
    const offset = Number(match[1] ?? match[2] ?? 0)
    if (offset > INDEX_MAX) this.fail()
    return { fromLast, offset }
  }

  private closeCell(): void {
    this.skipSpace()
    if (this.text.charAt(this.at) !== ']') this.fail()
    this.at++
  }
}

/** The path of `text`; throws ER_INVALID_JSON_PATH. */
export function parseJsonPath(text: string): JsonPath {
  return new PathParser(text).parse()
}

/** Position of `index` in an array of `length` elements; may lie outside of it. */
export function resolveIndex(index: JsonIndex, length: number): number {
  return index.fromLast ? length - 1 - index.offset : index.offset
}

/** All matches of `path` in document order. A scalar or object answers to `[0]` and `[last]` as its own first cell. */
export function findMatches(root: JsonNode, path: JsonPath): JsonMatch[] {
  let matches: JsonMatch[] = [{ node: root, parent: undefined, key: '' }]
  let needsUnique = false
  for (const leg of path.legs) {
    const next: JsonMatch[] = []
    for (const match of matches) follow(match, leg, next)
    needsUnique ||= leg.kind === 'ellipsis'
    matches = needsUnique ? uniqueMatches(next) : next
  }
  return matches
}

/** The values that `path` matches. */
export function findNodes(root: JsonNode, path: JsonPath): JsonNode[] {
  if (path.isWild) return findMatches(root, path).map((match) => match.node)
  let node: JsonNode | undefined = root
  for (const leg of path.legs) {
    node = step(node, leg)
    if (node === undefined) return []
  }
  return [node]
}

/** The one value behind a leg that isn't wild. */
function step(node: JsonNode, leg: JsonPathLeg): JsonNode | undefined {
  if (leg.kind === 'member') return isJsonObject(node) ? node.get(leg.name) : undefined
  if (leg.kind !== 'cell') return undefined
  if (isJsonArray(node)) return node[resolveIndex(leg.index, node.length)]
  return resolveIndex(leg.index, 1) === 0 ? node : undefined
}

function follow(match: JsonMatch, leg: JsonPathLeg, found: JsonMatch[]): void {
  const node = match.node
  switch (leg.kind) {
    case 'member':
      if (isJsonObject(node)) {
        const value = node.get(leg.name)
        if (value !== undefined) found.push({ node: value, parent: node, key: leg.name })
      }
      return
    case 'all-members':
      if (isJsonObject(node)) for (const [key, value] of node) found.push({ node: value, parent: node, key })
      return
    case 'cell':
      followCells(match, leg.index, leg.index, found)
      return
    case 'range':
      followCells(match, leg.from, leg.to, found)
      return
    case 'all-cells':
      if (isJsonArray(node)) node.forEach((value, key) => found.push({ node: value, parent: node, key }))
      return
    case 'ellipsis':
      followEverywhere(match, found)
  }
}

function followCells(match: JsonMatch, from: JsonIndex, to: JsonIndex, found: JsonMatch[]): void {
  const node = match.node
  if (!isJsonArray(node)) {
    if (
      resolveIndex(from, 1) <= 0 &&
      resolveIndex(to, 1) >= 0 &&
      !(from === to && resolveIndex(from, 1) !== 0)
    ) {
      found.push(match)
    }
    return
  }
  const first = Math.max(resolveIndex(from, node.length), 0)
  const last = Math.min(resolveIndex(to, node.length), node.length - 1)
  if (from === to && resolveIndex(from, node.length) < 0) return
  for (let key = first; key <= last; key++) found.push({ node: node[key] as JsonNode, parent: node, key })
}

function followEverywhere(match: JsonMatch, found: JsonMatch[]): void {
  const node = match.node
  found.push(match)
  if (isJsonArray(node)) {
    node.forEach((value, key) => {
      followEverywhere({ node: value, parent: node, key }, found)
    })
  } else if (isJsonObject(node)) {
    for (const [key, value] of node) followEverywhere({ node: value, parent: node, key }, found)
  }
}

/** `**` reaches a place in several ways: keeps the first match of each place. */
function uniqueMatches(matches: readonly JsonMatch[]): JsonMatch[] {
  const seen = new Map<JsonArray | JsonObject | undefined, Set<string | number>>()
  return matches.filter(({ parent, key }) => {
    const keys = seen.get(parent)
    if (keys === undefined) {
      seen.set(parent, new Set([key]))
      return true
    }
    const isNew = !keys.has(key)
    keys.add(key)
    return isNew
  })
}

/** Text of a path to one place: members are quoted where they are no identifiers. */
export function jsonPathText(keys: readonly (string | number)[]): string {
  let text = '$'
  for (const key of keys) {
    if (typeof key === 'number') text += `[${key}]`
    else text += isIdentifier(key) ? `.${key}` : `.${quoteJson(key)}`
  }
  return text
}

function isIdentifier(name: string): boolean {
  IDENTIFIER.lastIndex = 0
  return IDENTIFIER.test(name) && IDENTIFIER.lastIndex === name.length
}
