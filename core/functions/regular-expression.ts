/**
 * MySQL's regular expressions are ICU's (manual 14.8.2 "Regular Expressions"); this translates a pattern to one of
 * JavaScript with the same meaning, or throws the error that MySQL has for it. What JavaScript can't do (possessive
 * quantifiers, atomic groups, set arithmetic) is ER_REGEXP_UNIMPLEMENTED.
 */
import { sqlError, type SqlError } from '../common/sql-error.js'

/** Letters of MySQL's match_type. */
export interface MatchType {
  readonly ignoreCase: boolean
  /** `^` and `$` at every line. */
  readonly multiLine: boolean
  /** `.` matches line ends. */
  readonly dotAll: boolean
  /** Only \n ends a line. */
  readonly unixLines: boolean
}

/** What POSIX classes are as Unicode properties, as ICU has them. */
const POSIX_CLASSES: ReadonlyMap<string, string> = new Map([
  ['alpha', '\\p{Alphabetic}'],
  ['digit', '\\p{Nd}'],
  ['alnum', '\\p{Alphabetic}\\p{Nd}'],
  ['upper', '\\p{Uppercase}'],
  ['lower', '\\p{Lowercase}'],
  ['space', '\\s'],
  ['blank', '\\p{Zs}\\t'],
  ['punct', '\\p{P}'],
  ['cntrl', '\\p{Cc}'],
  ['xdigit', '\\p{Nd}A-Fa-f'],
  ['print', '\\P{C}'],
  ['graph', '\\P{C}'],
  ['word', '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}'],
])

/** ICU's \d and \w know all scripts, JavaScript's only ASCII. */
const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['d', '\\p{Nd}'],
  ['D', '\\P{Nd}'],
  ['s', '\\s'],
  ['S', '\\S'],
  ['h', '\\p{Zs}\\t'],
  ['v', '\\n\\v\\f\\r\\x85\\u2028\\u2029'],
  ['n', '\\n'],
  ['r', '\\r'],
  ['t', '\\t'],
  ['f', '\\f'],
  ['a', '\\x07'],
  ['e', '\\x1b'],
])
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}'
/** Characters that mean something in a JavaScript pattern with the flag `u`. */
const SYNTAX = /[\\^$.*+?()[\]{}|/]/
const PATTERN_LENGTH_MAX = 100_000

class Translator {
  private at = 0
  private output = ''
  private depth = 0
  private groups = 0
  private highestReference = 0
  private ignoreCase: boolean
  private multiLine: boolean
  private dotAll: boolean
  /** Whether a quantifier may follow. */
  private hasAtom = false

  constructor(
    private readonly pattern: string,
    private readonly type: MatchType,
  ) {
    this.ignoreCase = type.ignoreCase
    this.multiLine = type.multiLine
    this.dotAll = type.dotAll
  }

  translate(): RegExp {
    this.leadingFlags()
    while (this.at < this.pattern.length) this.token()
    if (this.depth > 0) throw sqlError('ER_REGEXP_MISMATCHED_PAREN')
    if (this.highestReference > this.groups) throw sqlError('ER_REGEXP_INVALID_BACK_REF')
    const flags = `u${this.ignoreCase ? 'i' : ''}${this.multiLine ? 'm' : ''}`
    try {
      return new RegExp(this.output, flags)
    } catch {
      throw this.syntaxError()
    }
  }

  private syntaxError(): SqlError {
    return sqlError('ER_REGEXP_RULE_SYNTAX', 1, Math.max(this.at, 1))
  }

  /** `(?i)` and the like at the start; further in they would hold for a part only, which JavaScript lacks. */
  private leadingFlags(): void {
    const match = /^\(\?([ims]*)(?:-([ims]*))?\)/.exec(this.pattern)
    if (match === null) return
    const [all, on = '', off = ''] = match
    for (const letter of on) this.setFlag(letter, true)
    for (const letter of off) this.setFlag(letter, false)
    this.at = all.length
  }

  private setFlag(letter: string, value: boolean): void {
    if (letter === 'i') this.ignoreCase = value
    else if (letter === 'm') this.multiLine = value
    else this.dotAll = value
  }

  private emit(text: string, isAtom = true): void {
    this.output += text
    this.hasAtom = isAtom
  }

  private token(): void {
    const character = String.fromCodePoint(this.pattern.codePointAt(this.at) ?? 0)
    switch (character) {
      case '\\':
        this.escape()
        return
      case '[':
        this.at++
        this.emit(this.set())
        return
      case '(':
        this.openGroup()
        return
      case ')':
        if (this.depth-- === 0) throw sqlError('ER_REGEXP_MISMATCHED_PAREN')
        this.at++
        this.emit(')')
        return
      case '*':
      case '+':
      case '?':
        this.at++
        this.quantifier(character)
        return
      case '{':
        this.interval()
        return
      case '.':
        this.at++
        this.emit(this.dotAll ? '[^]' : this.type.unixLines ? '[^\\n]' : '[^\\n\\r\\x85\\u2028\\u2029]')
        return
      case '|':
      case '^':
        this.at++
        this.emit(character, false)
        return
      case '$':
        this.at++
        // Without lines, `$` also stands before a line end that is the last thing.
        this.emit(this.multiLine ? '$' : '(?=(?:\\r\\n|[\\n\\r\\x85\\u2028\\u2029])?$)', false)
        return
      default:
        this.at += character.length
        this.emit(SYNTAX.test(character) ? `\\${character}` : character)
    }
  }

  private openGroup(): void {
    const rest = this.pattern.slice(this.at, this.at + 4)
    this.depth++
    if (!rest.startsWith('(?')) {
      this.groups++
      this.at++
      this.emit('(', false)
      return
    }
    if (rest.startsWith('(?#')) {
      const end = this.pattern.indexOf(')', this.at)
      if (end < 0) throw sqlError('ER_REGEXP_MISMATCHED_PAREN')
      this.depth--
      this.at = end + 1
      return
    }
    const plain = ['(?:', '(?=', '(?!', '(?<=', '(?<!'].find((opening) => rest.startsWith(opening))
    if (plain !== undefined) {
      this.at += plain.length
      this.emit(plain, false)
      return
    }
    const named = /^\(\?<([A-Za-z][A-Za-z0-9]*)>/.exec(this.pattern.slice(this.at))
    if (named === null)
      throw sqlError(
        /^\(\?[>imsxw-]/.test(rest) ? 'ER_REGEXP_UNIMPLEMENTED' : 'ER_REGEXP_RULE_SYNTAX',
        1,
        this.at + 2,
      )
    this.groups++
    this.at += named[0].length
    this.emit(named[0], false)
  }

  private quantifier(symbol: string): void {
    if (!this.hasAtom) throw this.syntaxError()
    const next = this.pattern.charAt(this.at)
    if (next === '+') throw sqlError('ER_REGEXP_UNIMPLEMENTED')
    if (next === '?') this.at++
    this.emit(next === '?' ? `${symbol}?` : symbol, false)
  }

  private interval(): void {
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.pattern.slice(this.at))
    if (match === null || !this.hasAtom) throw sqlError('ER_REGEXP_BAD_INTERVAL')
    const [all, min = '0', , max = ''] = match
    if (max !== '' && Number(max) < Number(min)) throw sqlError('ER_REGEXP_MAX_LT_MIN')
    this.at += all.length
    this.quantifier(all)
  }

  private escape(): void {
    const letter = this.pattern.charAt(this.at + 1)
    if (letter === '') throw sqlError('ER_REGEXP_BAD_ESCAPE_SEQUENCE')
    if (letter === 'Q') {
      this.quoted()
      return
    }
    const property = /^\\[pP]\{[^}]+\}/.exec(this.pattern.slice(this.at))
    if (property !== null) {
      this.at += property[0].length
      this.emit(this.property(property[0]))
      return
    }
    const boundary = BOUNDARIES.get(letter)
    if (boundary !== undefined) {
      this.at += 2
      this.emit(boundary, false)
      return
    }
    if (letter >= '1' && letter <= '9') {
      this.at += 2
      this.highestReference = Math.max(this.highestReference, Number(letter))
      this.emit(`\\${letter}(?:)`)
      return
    }
    const members = this.escapedMember()
    this.emit(members.length > 2 && !/^\\[ux]/.test(members) ? `[${members}]` : members)
  }

  /** `\p{…}` with the names that JavaScript knows; ICU's loose spelling is tightened where it is plain. */
  private property(text: string): string {
    const name = text.slice(3, -1)
    const known = POSIX_CLASSES.get(name.toLowerCase())
    if (known !== undefined) return text.startsWith('\\P') ? `[^${known}]` : `[${known}]`
    for (const candidate of [text, `${text.slice(0, 3)}Script=${name}}`]) {
      try {
        new RegExp(candidate, 'u')
        return candidate
      } catch {
        continue
      }
    }
    throw sqlError('ER_REGEXP_ILLEGAL_ARGUMENT')
  }

  private quoted(): void {
    const end = this.pattern.indexOf('\\E', this.at)
    const text = this.pattern.slice(this.at + 2, end < 0 ? undefined : end)
    this.at = end < 0 ? this.pattern.length : end + 2
    for (const character of text) this.emit(SYNTAX.test(character) ? `\\${character}` : character)
  }

  /** An escape that stands for one character or a class of them, in a form that may stand in a set. */
  private escapedMember(): string {
    const rest = this.pattern.slice(this.at)
    const code =
      /^\\(?:x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|0([0-7]{1,3}))/.exec(
        rest,
      )
    if (code !== null) {
      this.at += code[0].length
      const hexadecimal = code[1] ?? code[2] ?? code[3] ?? code[4]
      const point = hexadecimal === undefined ? parseInt(code[5] ?? '0', 8) : parseInt(hexadecimal, 16)
      return `\\u{${point.toString(16)}}`
    }
    const letter = String.fromCodePoint(this.pattern.codePointAt(this.at + 1) ?? 0)
    this.at += 1 + letter.length
    if (letter === 'w') return WORD
    if (letter === 'W') return `\\P{Alphabetic}`
    const shorthand = SHORTHANDS.get(letter)
    if (shorthand !== undefined) return shorthand
    if (/[A-Za-z]/.test(letter)) throw sqlError('ER_REGEXP_BAD_ESCAPE_SEQUENCE')
    return SYNTAX.test(letter) || letter === '-' ? `\\${letter}` : letter
  }

  /** A bracket expression after its `[`. */
  private set(): string {
    let members = ''
    const isNegated = this.pattern.charAt(this.at) === '^'
    if (isNegated) this.at++
    const start = this.at
    for (;;) {
      const character = String.fromCodePoint(this.pattern.codePointAt(this.at) ?? 0)
      if (this.at >= this.pattern.length) throw sqlError('ER_REGEXP_MISSING_CLOSE_BRACKET')
      if (character === ']' && this.at > start) {
        this.at++
        return `[${isNegated ? '^' : ''}${members}]`
      }
      members += this.setMember(character)
    }
  }

  private setMember(character: string): string {
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.pattern.slice(this.at))
    if (posix !== null) {
      const members = POSIX_CLASSES.get(posix[2] ?? '')
      if (members === undefined) throw sqlError('ER_REGEXP_ILLEGAL_ARGUMENT')
      this.at += posix[0].length
      return posix[1] === '^' ? negated(members) : members
    }
    if (character === '[' || (character === '&' && this.pattern.startsWith('&&', this.at))) {
      throw sqlError('ER_REGEXP_UNIMPLEMENTED')
    }
    const first = this.single(character)
    if (this.pattern.charAt(this.at) !== '-' || [']', ''].includes(this.pattern.charAt(this.at + 1)))
      return first
    if (first.length > 2 && !first.startsWith('\\u')) return first
    this.at++
    const last = this.single(String.fromCodePoint(this.pattern.codePointAt(this.at) ?? 0))
    if (pointOf(first) > pointOf(last)) throw sqlError('ER_REGEXP_INVALID_RANGE')
    return `${first}-${last}`
  }

  private single(character: string): string {
    if (character === '\\') {
      if (this.at + 1 >= this.pattern.length) throw sqlError('ER_REGEXP_MISSING_CLOSE_BRACKET')
      const property = /^\\[pP]\{[^}]+\}/.exec(this.pattern.slice(this.at))
      if (property === null) return this.escapedMember()
      this.at += property[0].length
      return this.property(property[0]).replace(/^\[\^?(.*)\]$/, '$1')
    }
    this.at += character.length
    return SYNTAX.test(character) || character === '-' ? `\\${character}` : character
  }
}

function negated(members: string): string {
  const inverse = members.replace(/\\p\{/g, '\\P{').replace('\\s', '\\S')
  if (members.split('\\').length > 2 || inverse === members) throw sqlError('ER_REGEXP_UNIMPLEMENTED')
  return inverse
}

function pointOf(member: string): number {
  const code = /^\\u\{([0-9a-f]+)\}$/.exec(member)
  if (code !== null) return parseInt(code[1] ?? '0', 16)
  return (member.startsWith('\\') ? member.codePointAt(1) : member.codePointAt(0)) ?? 0
}

const BOUNDARIES: ReadonlyMap<string, string> = new Map([
  ['b', `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`],
  ['B', `(?:(?<=[${WORD}])(?=[${WORD}])|(?<![${WORD}])(?![${WORD}]))`],
  ['A', '(?<![^])'],
  ['z', '(?![^])'],
  ['Z', '(?=(?:\\r\\n|[\\n\\r\\x85\\u2028\\u2029])?(?![^]))'],
])

/**
 * A JavaScript expression that matches what `pattern` matches in MySQL. Throws ER_REGEXP_ILLEGAL_ARGUMENT for an empty
 * pattern and the errors 3686 to 3700 for malformed ones.
 */
export function translatePattern(pattern: string, type: MatchType): RegExp {
  if (pattern === '') throw sqlError('ER_REGEXP_ILLEGAL_ARGUMENT')
  if (pattern.length > PATTERN_LENGTH_MAX) throw sqlError('ER_REGEXP_PATTERN_TOO_BIG')
  return new Translator(pattern, type).translate()
}

/** The flags of match_type's letters (c, i, m, n, u; the last of c and i wins). Throws ER_WRONG_ARGUMENTS. */
export function parseMatchType(letters: string, ignoresCase: boolean, functionName: string): MatchType {
  let ignoreCase = ignoresCase
  for (const letter of letters) {
    if (letter === 'c') ignoreCase = false
    else if (letter === 'i') ignoreCase = true
    else if (!'mnu'.includes(letter)) throw sqlError('ER_WRONG_ARGUMENTS', functionName)
  }
  return {
    ignoreCase,
    multiLine: letters.includes('m'),
    dotAll: letters.includes('n'),
    unixLines: letters.includes('u'),
  }
}
