/**
 * LIKE (MySQL manual 14.8.1). A pattern is cut at its `%` into segments, each a row of characters and `_`. The first
 * segment must stand at the text's start, the last at its end, and each between at the first place after the one
 * before it: taking the first place never spoils a match, so nothing is ever tried twice.
 *
 * Characters are compared one by one, so that a letter never matches two (`ß` isn't LIKE `ss`), and nothing is padded.
 */

export interface CharacterClasses {
  /** A number that is equal for two characters exactly if the collation holds them equal; not negative. */
  classOf(codePoint: number): number
  /** Whether characters are equal only if they are the same. */
  readonly isBinary: boolean
}

/** Class of `_`, which any character belongs to. */
const ANY = -1

/** One segment of the pattern: classes, or ANY. */
type Segment = readonly number[]

type Matcher = (text: string) => boolean

/** A prepared pattern. */
export interface LikePattern {
  readonly matches: Matcher
  /** The same for a text that lies in memory as UTF-8; undefined unless it is ASCII. */
  readonly matchesAscii: (bytes: Uint8Array, start: number, end: number) => boolean | undefined
}

/** Prepares a pattern. `escape` is one character, or empty if none escapes. */
export function compileLike(pattern: string, escape: string, classes: CharacterClasses): LikePattern {
  const { literals, segments } = parsePattern(pattern, escape, classes)
  const ascii = new AsciiMatcher(segments, classes)
  return {
    matches:
      classes.isBinary && literals !== undefined ? literalMatcher(literals) : matcher(segments, classes),
    matchesAscii: (bytes, start, end) => ascii.matches(bytes, start, end),
  }
}

function matcher(segments: readonly Segment[], classes: CharacterClasses): Matcher {
  const text = new ClassReader(classes)
  const [first = [], ...rest] = segments
  const last = rest.pop()
  if (last === undefined) return (subject) => text.matchAt(first, subject, 0) === subject.length
  return (subject) => matchSegments(text, first, rest, last, subject)
}

interface ParsedPattern {
  readonly segments: readonly Segment[]
  /** The segments as strings, if the pattern has no `_`. */
  readonly literals: readonly string[] | undefined
}

function parsePattern(pattern: string, escape: string, classes: CharacterClasses): ParsedPattern {
  const segments: number[][] = [[]]
  const literals = ['']
  let hasAny = false
  const characters = Array.from(pattern)
  for (let i = 0; i < characters.length; i++) {
    let character = characters[i] as string
    if (character === escape && i + 1 < characters.length) {
      // An escape at the pattern's end stands for itself.
      character = characters[++i] as string
    } else if (character === '%') {
      segments.push([])
      literals.push('')
      continue
    } else if (character === '_') {
      hasAny = true
      segments.at(-1)?.push(ANY)
      continue
    }
    segments.at(-1)?.push(classes.classOf(character.codePointAt(0) as number))
    literals.push(`${literals.pop() ?? ''}${character}`)
  }
  return { segments, literals: hasAny ? undefined : literals }
}

/** For collations where equal means identical, JavaScript's own searches do. */
function literalMatcher(literals: readonly string[]): Matcher {
  const [first = '', ...rest] = literals
  const last = rest.pop()
  if (last === undefined) return (text) => text === first
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
      return false
    const end = text.length - last.length
    let at = first.length
    for (const literal of rest) {
      const found = text.indexOf(literal, at)
      if (found < 0 || found + literal.length > end) return false
      at = found + literal.length
    }
    return true
  }
}

function matchSegments(
  text: ClassReader,
  first: Segment,
  middle: readonly Segment[],
  last: Segment,
  subject: string,
): boolean {
  let at = text.matchAt(first, subject, 0)
  if (at < 0) return false
  const end = text.matchBefore(last, subject, at)
  if (end < 0) return false
  for (const segment of middle) {
    at = text.find(segment, subject, at, end)
    if (at < 0) return false
  }
  return true
}

/** As `matchSegments`, where each byte is a character: nothing is decoded. */
class AsciiMatcher {
  private readonly classes: Float64Array
  private readonly first: Segment
  private readonly middle: readonly Segment[]
  /** Undefined if the pattern has no `%`. */
  private readonly last: Segment | undefined

  constructor(segments: readonly Segment[], classes: CharacterClasses) {
    this.classes = asciiClassesOf(classes)
    const [first = [], ...rest] = segments
    this.first = first
    this.last = rest.pop()
    this.middle = rest
  }

  matches(bytes: Uint8Array, start: number, end: number): boolean | undefined {
    for (let at = start; at < end; at++) if ((bytes[at] as number) >= 0x80) return undefined
    const { first, middle, last = [] } = this
    const size = end - start
    if (this.last === undefined) return size === first.length && this.standsAt(first, bytes, start)
    if (size < first.length + last.length) return false
    let at = start + first.length
    const stop = end - last.length
    if (!this.standsAt(first, bytes, start) || !this.standsAt(last, bytes, stop)) return false
    for (const segment of middle) {
      while (at + segment.length <= stop && !this.standsAt(segment, bytes, at)) at++
      at += segment.length
      if (at > stop) return false
    }
    return true
  }

  private standsAt(segment: Segment, bytes: Uint8Array, at: number): boolean {
    const { classes } = this
    for (let i = 0; i < segment.length; i++) {
      const wanted = segment[i] as number
      if (wanted !== classes[bytes[at + i] as number] && wanted !== ANY) return false
    }
    return true
  }
}

function asciiClassesOf(classes: CharacterClasses): Float64Array {
  return Float64Array.from({ length: 0x80 }, (_, codePoint) => classes.classOf(codePoint))
}

/** Reads a text as classes. Most characters are ASCII, whose classes are kept in an array. */
class ClassReader {
  private readonly asciiClasses: Float64Array

  constructor(private readonly classes: CharacterClasses) {
    this.asciiClasses = asciiClassesOf(classes)
  }

  /** Where the segment's match at `at` ends, or -1. */
  matchAt(segment: Segment, text: string, at: number): number {
    let position = at
    for (const wanted of segment) {
      if (position >= text.length) return -1
      const codePoint = text.codePointAt(position) as number
      if (wanted !== ANY && wanted !== this.classOf(codePoint)) return -1
      position += codePoint > 0xffff ? 2 : 1
    }
    return position
  }

  /** Where the segment's match at the text's end begins, not before `start`; or -1. */
  matchBefore(segment: Segment, text: string, start: number): number {
    let position = text.length
    for (let i = segment.length - 1; i >= 0; i--) {
      if (position <= start) return -1
      const codePoint = codePointBefore(text, position)
      const wanted = segment[i] as number
      if (wanted !== ANY && wanted !== this.classOf(codePoint)) return -1
      position -= codePoint > 0xffff ? 2 : 1
    }
    return position
  }

  /** Where the segment's first match in `text[start, end)` ends, or -1. */
  find(segment: Segment, text: string, start: number, end: number): number {
    const first = segment[0]
    if (first === undefined) return start
    for (let at = start; at < end;) {
      const codePoint = text.codePointAt(at) as number
      if (first === ANY || first === this.classOf(codePoint)) {
        const matchEnd = this.matchAt(segment, text, at)
        if (matchEnd >= 0 && matchEnd <= end) return matchEnd
      }
      at += codePoint > 0xffff ? 2 : 1
    }
    return -1
  }

  private classOf(codePoint: number): number {
    return codePoint < 0x80 ? (this.asciiClasses[codePoint] as number) : this.classes.classOf(codePoint)
  }
}

function codePointBefore(text: string, position: number): number {
  const unit = text.charCodeAt(position - 1)
  if (unit < 0xdc00 || unit > 0xdfff || position < 2) return unit
  const codePoint = text.codePointAt(position - 2) as number
  return codePoint > 0xffff ? codePoint : unit
}
