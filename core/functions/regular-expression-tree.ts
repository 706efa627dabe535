/**
 * The structure of a translated regular expression: what its parts are, and how many ways there may be to match them. Only what
 * `regular-expression.ts` writes is read here; it is JavaScript's syntax with the flag `u`.
 */
import { sqlError } from '../common/sql-error.js'

export type RegularTree =
  /** One code point that the JavaScript atom `source` matches. */
  | { readonly kind: 'set'; readonly source: string }
  | { readonly kind: 'sequence'; readonly items: readonly RegularTree[] }
  | { readonly kind: 'choice'; readonly branches: readonly RegularTree[] }
  /** `max` is Infinity without an upper bound. */
  | {
      readonly kind: 'repeat'
      readonly body: RegularTree
      readonly min: number
      readonly max: number
      readonly lazy: boolean
    }
  /** A capturing group; the first has the number 1. */
  | { readonly kind: 'group'; readonly body: RegularTree; readonly number: number }
  | {
      readonly kind: 'look'
      readonly body: RegularTree
      readonly behind: boolean
      readonly negative: boolean
    }
  | { readonly kind: 'edge'; readonly edge: '^' | '$' }
  | { readonly kind: 'reference'; readonly group: number }

/** Deeper patterns would recurse too far, here and in whoever walks the tree. */
const DEPTH_MAX = 250

const OPENING = /\((?:\?(?:<?[=!]|:|<[A-Za-z]\w*>))?/y
const QUANTIFIER = /(?:([*+?])|\{(\d+)(,(\d*))?\})(\??)/y
const ESCAPE = /\\(?:u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[pP]\{[^}]*\}|[^])/uy

/** Reads a translated pattern. Throws ER_REGEXP_PATTERN_TOO_BIG if it is nested too deeply. */
export function parseTree(source: string): RegularTree {
  return new TreeParser(source).parse()
}

class TreeParser {
  private at = 0
  private depth = 0
  private groups = 0

  constructor(private readonly source: string) {}

  parse(): RegularTree {
    return this.choice()
  }

  private choice(): RegularTree {
    if (++this.depth > DEPTH_MAX) throw sqlError('ER_REGEXP_PATTERN_TOO_BIG')
    const branches = [this.sequence()]
    while (this.source.charAt(this.at) === '|') {
      this.at++
      branches.push(this.sequence())
    }
    this.depth--
    return branches.length === 1 ? (branches[0] as RegularTree) : { kind: 'choice', branches }
  }

  private sequence(): RegularTree {
    const items: RegularTree[] = []
    while (this.at < this.source.length && !'|)'.includes(this.source.charAt(this.at))) {
      items.push(this.quantified(this.atom()))
    }
    return items.length === 1 ? (items[0] as RegularTree) : { kind: 'sequence', items }
  }

  private atom(): RegularTree {
    const character = String.fromCodePoint(this.source.codePointAt(this.at) ?? 0)
    switch (character) {
      case '(':
        return this.parenthesis()
      case '[':
        return { kind: 'set', source: this.bracket() }
      case '^':
      case '$':
        this.at++
        return { kind: 'edge', edge: character }
      case '\\': {
        const escape = this.read(ESCAPE)[0]
        return /^\\[1-9]$/.test(escape)
          ? { kind: 'reference', group: Number(escape.charAt(1)) }
          : { kind: 'set', source: escape }
      }
      default:
        this.at += character.length
        return { kind: 'set', source: character }
    }
  }

  private parenthesis(): RegularTree {
    const opening = this.read(OPENING)[0]
    const isCapture = opening === '(' || opening.endsWith('>')
    const number = isCapture ? ++this.groups : 0
    const body = this.choice()
    this.at++
    if (isCapture) return { kind: 'group', body, number }
    if (opening === '(?:') return body
    return { kind: 'look', body, behind: opening.includes('<'), negative: opening.endsWith('!') }
  }

  private bracket(): string {
    const start = this.at
    for (this.at++; this.source.charAt(this.at) !== ']'; this.at++) {
      if (this.source.charAt(this.at) === '\\') this.at++
    }
    this.at++
    return this.source.slice(start, this.at)
  }

  private quantified(body: RegularTree): RegularTree {
    QUANTIFIER.lastIndex = this.at
    const match = QUANTIFIER.exec(this.source)
    if (match === null) return body
    this.at += match[0].length
    const [, symbol, from = '0', comma, to = '', mark] = match
    const lazy = mark === '?'
    if (symbol !== undefined) {
      return { kind: 'repeat', body, min: symbol === '+' ? 1 : 0, max: symbol === '?' ? 1 : Infinity, lazy }
    }
    const min = Number(from)
    const max = comma === undefined ? min : to === '' ? Infinity : Number(to)
    return { kind: 'repeat', body, min, max, lazy }
  }

  private read(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.source)
    if (match === null) throw new Error('invariant: translated patterns have no other syntax')
    this.at += match[0].length
    return match
  }
}

/** The parts of a node. */
export function childrenOf(tree: RegularTree): readonly RegularTree[] {
  switch (tree.kind) {
    case 'sequence':
      return tree.items
    case 'choice':
      return tree.branches
    case 'repeat':
    case 'group':
    case 'look':
      return [tree.body]
    default:
      return []
  }
}

/**
 * Whether JavaScript may match it otherwise than ICU: where a group is captured anew in each round of a repetition, where what is
 * repeated may be empty, and where a reference may be to a group that captured nothing.
 */
export function differsFromIcu(tree: RegularTree, isRepeated = false): boolean {
  if (tree.kind === 'reference' || (tree.kind === 'group' && isRepeated)) return true
  if (tree.kind === 'repeat' && lengthsOf(tree.body)[0] === 0) return true
  return childrenOf(tree).some((child) => differsFromIcu(child, isRepeated || tree.kind === 'repeat'))
}

/** How many groups capture. */
export function groupsIn(tree: RegularTree): number {
  return childrenOf(tree).reduce((sum, child) => sum + groupsIn(child), tree.kind === 'group' ? 1 : 0)
}

/** The fewest and the most code points that a match takes; references may take any number. */
export function lengthsOf(tree: RegularTree): readonly [min: number, max: number] {
  switch (tree.kind) {
    case 'set':
      return [1, 1]
    case 'edge':
    case 'look':
      return [0, 0]
    case 'reference':
      return [0, Infinity]
    case 'group':
      return lengthsOf(tree.body)
    case 'repeat': {
      const [min, max] = lengthsOf(tree.body)
      return [min * tree.min, max === 0 ? 0 : max * tree.max]
    }
    case 'choice': {
      const lengths = tree.branches.map(lengthsOf)
      return [Math.min(...lengths.map(([min]) => min)), Math.max(...lengths.map(([, max]) => max))]
    }
    case 'sequence':
      return tree.items.map(lengthsOf).reduce(([min, max], [from, to]) => [min + from, max + to], [0, 0])
  }
}

/**
 * An upper bound of the steps that a backtracking engine takes to find out that nothing matches in a text of `length`: the
 * starting points, times the ways to match a part of the pattern from there, times its size.
 */
export function stepsAtWorst(tree: RegularTree, length: number, flags: string): number {
  const starts = isAnchored(tree) && !flags.includes('m') ? 1 : length + 1
  return starts * waysToMatch(tree, length) * sizeOf(tree)
}

function isAnchored(tree: RegularTree): boolean {
  switch (tree.kind) {
    case 'edge':
      return tree.edge === '^'
    case 'sequence':
      return tree.items.length > 0 && isAnchored(tree.items[0] as RegularTree)
    case 'choice':
      return tree.branches.every(isAnchored)
    case 'group':
      return isAnchored(tree.body)
    default:
      return false
  }
}

/** How many paths lead through the tree at most; a repetition of something that has several has no bound worth a name. */
function waysToMatch(tree: RegularTree, length: number): number {
  switch (tree.kind) {
    case 'sequence':
      return tree.items.reduce((ways, item) => ways * waysToMatch(item, length), 1)
    case 'choice':
      return tree.branches.reduce((ways, branch) => ways + waysToMatch(branch, length), 0)
    case 'group':
      return waysToMatch(tree.body, length)
    case 'look':
      return waysToMatch(tree.body, length) + 1
    case 'reference':
      return length
    case 'repeat': {
      const ways = waysToMatch(tree.body, length)
      if (ways === 1) return Math.min(tree.max - tree.min, length) + 1
      return tree.max === Infinity ? Infinity : ways ** (tree.max + 1)
    }
    default:
      return 1
  }
}

function sizeOf(tree: RegularTree): number {
  const size = childrenOf(tree).reduce((sum, child) => sum + sizeOf(child), 1)
  return tree.kind === 'repeat' ? size * Math.max(1, tree.max === Infinity ? tree.min : tree.max) : size
}
