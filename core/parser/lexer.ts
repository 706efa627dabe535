import {
  CHARACTER_CLASS,
  DIGIT,
  IS_IDENTIFIER,
  LETTER,
  SPACE,
  isDigitAt,
  isIdentifierAt,
} from './characters.js'
import { isIntroducer } from './introducers.js'
import { findKeyword, hashStep, isFunctionKeyword } from './keyword-table.js'
import type { ParserOptions } from './options.js'
import {
  isBinaryDigit,
  isHexDigit,
  numberClass,
  scanFraction,
  scanNumber,
  scanQuoted,
  skipComment,
  enterVersionComment,
  skipNestedComment,
} from './scan.js'
import { tokenNumber } from './token.js'

/**
 * Splits SQL text into tokens, held in parallel typed arrays. The text is a byte string (one UTF-16 unit per byte).
 * `fill` reads up to and including the next `;`, because only the grammar knows whether a statement ends there;
 * settings may change between statements, so nothing is read ahead of that.
 *
 * The lexer never fails: what can't be a token becomes an `invalid` one, which no grammar rule accepts, so that the
 * error carries MySQL's text and place.
 */

const END = tokenNumber('end')
const INVALID = tokenNumber('invalid')
const INTEGER = tokenNumber('integer')
const DECIMAL = tokenNumber('decimal')
const FLOAT = tokenNumber('float')
const STRING = tokenNumber('string')
const NATIONAL_STRING = tokenNumber('nationalString')
const HEX = tokenNumber('hex')
const BIT = tokenNumber('bit')
const INTRODUCER = tokenNumber('introducer')
const PARAMETER = tokenNumber('parameter')
const USER_VARIABLE = tokenNumber('userVariable')
const SYSTEM_VARIABLE = tokenNumber('systemVariable')
const HINT = tokenNumber('hint')
const IDENTIFIER = tokenNumber('identifier')
const QUOTED_IDENTIFIER = tokenNumber('quotedIdentifier')
const POINT = tokenNumber('.')
const SEMICOLON = tokenNumber(';')

/** Operators of one byte, by that byte; those that may go on with another byte are handled apart. */
const SINGLE = new Uint8Array(128)
for (const c of ['+', '*', '/', '%', '^', '~', '(', ')', ',', ';', '{', '}', '='] as const) {
  SINGLE[c.charCodeAt(0)] = tokenNumber(c)
}

/** Statements that take optimizer hints right behind their first word. */
const TAKES_HINT = new Uint8Array(1024)
for (const keyword of ['SELECT', 'INSERT', 'REPLACE', 'UPDATE', 'DELETE'] as const) {
  TAKES_HINT[tokenNumber(keyword)] = 1
}

const HAS_ESCAPE = 1
const NOT_ASCII = 1
const DOUBLED = 2

export class Lexer {
  /** Token numbers. */
  numbers = new Uint16Array(256)
  starts = new Int32Array(256)
  ends = new Int32Array(256)
  /**
   * Literals: ordinal × 2, plus 1 if the text has escapes or doubled quotes. Parameters: ordinal. Identifiers: 1 if
   * not ASCII, plus 2 if it has doubled quotes.
   */
  details = new Int32Array(256)
  count = 0
  literalCount = 0
  parameterCount = 0
  /** Whether an executed version comment was seen: source text then isn't what was parsed. */
  hasVersionComment = false

  private text = ''
  private at = 0
  private end = 0
  private options!: ParserOptions
  private commentDepth = 0

  /** Begins to read `text` from `start` to `end`. */
  reset(text: string, start: number, end: number, options: ParserOptions): void {
    this.text = text
    this.at = start
    this.end = end
    this.options = options
    this.count = 0
    this.literalCount = 0
    this.parameterCount = 0
    this.hasVersionComment = false
    this.commentDepth = 0
  }

  /** Lets go of the text, so that a pooled lexer doesn't keep it alive. */
  release(): void {
    this.text = ''
  }

  /** Reads tokens up to and including the next `;` or the `end` token; behind the end only adds `end` tokens. */
  fill(): void {
    for (;;) {
      this.skipSpace()
      const number = this.at >= this.end ? this.scanEnd() : this.scanToken()
      if (number === SEMICOLON || number === END) return
    }
  }

  private add(number: number, start: number, end: number, detail: number): number {
    let n = this.count
    if (n === this.numbers.length) this.grow()
    this.numbers[n] = number
    this.starts[n] = start
    this.ends[n] = end
    this.details[n] = detail
    this.count = ++n
    this.at = end
    return number
  }

  private grow(): void {
    const length = this.count * 2
    const wider = <A extends Uint16Array | Int32Array>(from: A, to: A): A => {
      to.set(from)
      return to
    }
    this.numbers = wider(this.numbers, new Uint16Array(length))
    this.starts = wider(this.starts, new Int32Array(length))
    this.ends = wider(this.ends, new Int32Array(length))
    this.details = wider(this.details, new Int32Array(length))
  }

  private scanEnd(): number {
    if (this.commentDepth > 0) {
      this.commentDepth = 0
      this.add(INVALID, this.end, this.end, 0)
    }
    return this.add(END, this.end, this.end, 0)
  }

  private scanToken(): number {
    const c = this.text.charCodeAt(this.at)
    const characterClass = CHARACTER_CLASS[c]
    if (characterClass === LETTER) return this.scanWordOrPrefixed(c)
    if (characterClass === DIGIT) return this.scanNumberOrWord()
    const single = c < 128 ? SINGLE[c] : 0
    if (single !== undefined && single !== 0) return this.add(single, this.at, this.at + 1, 0)
    switch (c) {
      case 39:
        return this.scanString(STRING, this.at, this.at)
      case 34:
        return this.options.ansiQuotes
          ? this.scanQuotedIdentifier()
          : this.scanString(STRING, this.at, this.at)
      case 96:
        return this.scanQuotedIdentifier()
      case 46:
        return this.scanPoint()
      case 64:
        return this.scanVariable()
      case 63:
        return this.add(PARAMETER, this.at, this.at + 1, this.parameterCount++)
      default:
        return this.scanOperator(c)
    }
  }

  // ---- Words --------------------------------------------------------------------------------------------------

  /** A word, or one of the literals that begin with a letter: N'…', X'…', B'…'. */
  private scanWordOrPrefixed(c: number): number {
    if (this.text.charCodeAt(this.at + 1) === 39) {
      const letter = c | 32
      if (letter === 110) return this.scanString(NATIONAL_STRING, this.at, this.at + 1)
      if (letter === 120) return this.scanPrefixedDigits(HEX, isHexDigit, 2)
      if (letter === 98) return this.scanPrefixedDigits(BIT, isBinaryDigit, 1)
    }
    return this.scanWord(true)
  }

  /**
   * A word from the current place. In front of `.name` a word is an identifier even if it is reserved, and so is the
   * name behind the point (manual, 11.3).
   */
  private scanWord(mayBeKeyword: boolean): number {
    const { text, end, at: start } = this
    let i = start
    let hash = 0
    let bits = 0
    while (i < end) {
      const c = text.charCodeAt(i)
      if (IS_IDENTIFIER[c] !== 1) break
      hash = hashStep(hash, c)
      bits |= c
      i++
    }
    const notAscii = bits >= 128 ? NOT_ASCII : 0
    if (text.charCodeAt(i) === 46 && i + 1 < end && isIdentifierAt(text, i + 1)) {
      this.add(
        mayBeKeyword && this.isBehindSystemVariable(start) ? this.keywordAt(start, i, hash) : IDENTIFIER,
        start,
        i,
        notAscii,
      )
      this.add(POINT, i, i + 1, 0)
      return this.scanWord(false)
    }
    if (!mayBeKeyword || notAscii !== 0) return this.add(IDENTIFIER, start, i, notAscii)
    const number = this.keywordAt(start, i, hash)
    if (number === IDENTIFIER && text.charCodeAt(start) === 95 && isIntroducer(text.slice(start + 1, i))) {
      return this.add(INTRODUCER, start, i, 0)
    }
    this.add(number, start, i, 0)
    if (TAKES_HINT[number] === 1) this.scanHint()
    return number
  }

  private isBehindSystemVariable(start: number): boolean {
    const last = this.count - 1
    return last >= 0 && this.numbers[last] === SYSTEM_VARIABLE && this.ends[last] === start
  }

  /** The keyword's number, or IDENTIFIER. */
  private keywordAt(start: number, end: number, hash: number): number {
    const number = findKeyword(this.text, start, end, hash)
    if (number === 0) return IDENTIFIER
    if (isFunctionKeyword()) {
      let next = end
      if (this.options.ignoreSpace) while (CHARACTER_CLASS[this.text.charCodeAt(next)] === SPACE) next++
      if (next >= this.end || this.text.charCodeAt(next) !== 40) return IDENTIFIER
    }
    return number
  }

  private scanNumberOrWord(): number {
    const start = this.at
    const end = scanNumber(this.text, start, this.end)
    switch (numberClass) {
      case 'integer':
        return this.addLiteral(INTEGER, start, end, 0)
      case 'decimal':
        return this.addLiteral(DECIMAL, start, end, 0)
      case 'float':
        return this.addLiteral(FLOAT, start, end, 0)
      case 'hex':
        return this.addLiteral(HEX, start, end, 0)
      case 'bit':
        return this.addLiteral(BIT, start, end, 0)
      case 'identifier':
        return this.scanWord(false)
      case 'invalid':
        return this.add(INVALID, start, end, 0)
    }
  }

  /** A lone point: of a number, or in front of a name, which directly behind it is no keyword. */
  private scanPoint(): number {
    const start = this.at
    if (start + 1 < this.end && isDigitAt(this.text, start + 1)) {
      const end = scanFraction(this.text, start + 1, this.end)
      if (numberClass === 'invalid') return this.add(INVALID, start, end, 0)
      return this.addLiteral(numberClass === 'float' ? FLOAT : DECIMAL, start, end, 0)
    }
    this.add(POINT, start, start + 1, 0)
    if (this.at < this.end && isIdentifierAt(this.text, this.at)) return this.scanWord(false)
    return POINT
  }

  // ---- Quoted tokens ------------------------------------------------------------------------------------------

  private addLiteral(number: number, start: number, end: number, detail: number): number {
    return this.add(number, start, end, this.literalCount++ * 2 + detail)
  }

  /** A string that starts with a prefix at `start` and its quote at `quote`. */
  private scanString(number: number, start: number, quote: number): number {
    const { text, end } = this
    const close = text.charCodeAt(quote)
    const escapes = !this.options.noBackslashEscapes
    let hasEscape = 0
    for (let i = quote + 1; i < end; i++) {
      const c = text.charCodeAt(i)
      if (c === close) {
        if (i + 1 >= end || text.charCodeAt(i + 1) !== close)
          return this.addLiteral(number, start, i + 1, hasEscape)
        hasEscape = HAS_ESCAPE
        i++
      } else if (c === 92 && escapes) {
        hasEscape = HAS_ESCAPE
        i++
      }
    }
    return this.add(INVALID, start, end, 0)
  }

  private scanQuotedIdentifier(): number {
    const { text, at: start } = this
    const end = scanQuoted(text, start, this.end, false)
    if (end < 0) return this.add(INVALID, start, this.end, 0)
    return this.add(QUOTED_IDENTIFIER, start, end, this.quotedDetail(start, end))
  }

  private quotedDetail(start: number, end: number): number {
    const { text } = this
    const quote = text.charCodeAt(start)
    let bits = 0
    let doubled = 0
    for (let i = start + 1; i < end - 1; i++) {
      const c = text.charCodeAt(i)
      bits |= c
      if (c === quote) doubled = DOUBLED
    }
    return doubled | (bits >= 128 ? NOT_ASCII : 0)
  }

  /** X'…' and B'…': nothing but digits, a multiple of `multiple` of them. */
  private scanPrefixedDigits(number: number, isDigit: (c: number) => boolean, multiple: number): number {
    const { text, at: start } = this
    let i = start + 2
    while (i < this.end && isDigit(text.charCodeAt(i))) i++
    const isComplete = i < this.end && text.charCodeAt(i) === 39 && (i - start - 2) % multiple === 0
    return isComplete ? this.addLiteral(number, start, i + 1, 0) : this.add(INVALID, start, i, 0)
  }

  /** `@@`, `@name`, `@'name'` and the like. The latter three are one token, name and sign. */
  private scanVariable(): number {
    const { text, at: start } = this
    const c = start + 1 < this.end ? text.charCodeAt(start + 1) : 0
    if (c === 64) return this.add(SYSTEM_VARIABLE, start, start + 2, 0)
    if (c === 39 || c === 34 || c === 96) {
      const end = scanQuoted(text, start + 1, this.end, c !== 96 && !this.options.noBackslashEscapes)
      if (end < 0) return this.add(INVALID, start, this.end, 0)
      return this.add(USER_VARIABLE, start, end, this.quotedDetail(start + 1, end))
    }
    let i = start + 1
    let bits = 0
    for (; i < this.end; i++) {
      const next = text.charCodeAt(i)
      if (IS_IDENTIFIER[next] !== 1 && next !== 46) break
      bits |= next
    }
    return this.add(USER_VARIABLE, start, i, bits >= 128 ? NOT_ASCII : 0)
  }

  // ---- Operators ----------------------------------------------------------------------------------------------

  private scanOperator(c: number): number {
    const start = this.at
    const next = start + 1 < this.end ? this.text.charCodeAt(start + 1) : 0
    const third = start + 2 < this.end ? this.text.charCodeAt(start + 2) : 0
    switch (c) {
      case 45: // -
        if (next !== 62) return this.addOperator(MINUS, 1)
        return third === 62 ? this.addOperator(ARROW_UNQUOTE, 3) : this.addOperator(ARROW, 2)
      case 60: // <
        if (next === 61)
          return third === 62 ? this.addOperator(EQUAL_NULL, 3) : this.addOperator(LESS_EQUAL, 2)
        if (next === 62) return this.addOperator(NOT_EQUAL, 2)
        return next === 60 ? this.addOperator(SHIFT_LEFT, 2) : this.addOperator(LESS, 1)
      case 62: // >
        if (next === 61) return this.addOperator(GREATER_EQUAL, 2)
        return next === 62 ? this.addOperator(SHIFT_RIGHT, 2) : this.addOperator(GREATER, 1)
      case 33: // !
        return next === 61 ? this.addOperator(NOT_EQUAL, 2) : this.addOperator(NOT, 1)
      case 38: // &
        return next === 38 ? this.addOperator(DOUBLE_AND, 2) : this.addOperator(BIT_AND, 1)
      case 124: // |
        return next === 124 ? this.addOperator(DOUBLE_OR, 2) : this.addOperator(BIT_OR, 1)
      case 58: // :
        return next === 61 ? this.addOperator(ASSIGN, 2) : this.addOperator(COLON, 1)
      default:
        return this.addOperator(INVALID, 1)
    }
  }

  private addOperator(number: number, length: number): number {
    return this.add(number, this.at, this.at + length, 0)
  }

  // ---- Space and comments -------------------------------------------------------------------------------------

  /** Skips white space and comments, entering and leaving executed version comments. */
  private skipSpace(): void {
    const { text, end } = this
    while (this.at < end) {
      const c = text.charCodeAt(this.at)
      if (CHARACTER_CLASS[c] === SPACE) {
        this.at++
      } else if (c === 35 || c === 45 || c === 47) {
        if (c === 47 && text.charCodeAt(this.at + 1) === 42 && text.charCodeAt(this.at + 2) === 33) {
          if (!this.enterVersionComment()) return
          continue
        }
        const next = skipComment(text, this.at, end)
        if (next === this.at) return
        if (next < 0) {
          this.add(INVALID, this.at, end, 0)
          return
        }
        this.at = next
      } else if (c === 42 && this.commentDepth > 0 && text.charCodeAt(this.at + 1) === 47) {
        this.commentDepth--
        this.at += 2
      } else {
        return
      }
    }
  }

  /** At the start of a version comment: steps into it or over it. False if it is not closed. */
  private enterVersionComment(): boolean {
    this.hasVersionComment = true
    const inside = enterVersionComment(this.text, this.at)
    if (inside > 0) {
      this.commentDepth++
      this.at = inside
      return true
    }
    const next = skipNestedComment(this.text, this.at + 3, this.end)
    if (next < 0) {
      this.add(INVALID, this.at, this.end, 0)
      return false
    }
    this.at = next
    return true
  }

  /** Behind SELECT and the like: a hint comment becomes a token, everything else is left alone. */
  private scanHint(): void {
    const { text } = this
    let i = this.at
    while (i < this.end && CHARACTER_CLASS[text.charCodeAt(i)] === SPACE) i++
    if (!text.startsWith('/*+', i)) return
    const close = text.indexOf('*/', i + 3)
    if (close < 0 || close + 2 > this.end) return
    this.add(HINT, i, close + 2, 0)
  }
}

const MINUS = tokenNumber('-')
const ARROW = tokenNumber('->')
const ARROW_UNQUOTE = tokenNumber('->>')
const LESS = tokenNumber('<')
const LESS_EQUAL = tokenNumber('<=')
const EQUAL_NULL = tokenNumber('<=>')
const GREATER = tokenNumber('>')
const GREATER_EQUAL = tokenNumber('>=')
const NOT_EQUAL = tokenNumber('<>')
const SHIFT_LEFT = tokenNumber('<<')
const SHIFT_RIGHT = tokenNumber('>>')
const NOT = tokenNumber('!')
const BIT_AND = tokenNumber('&')
const DOUBLE_AND = tokenNumber('&&')
const BIT_OR = tokenNumber('|')
const DOUBLE_OR = tokenNumber('||')
const ASSIGN = tokenNumber(':=')
const COLON = tokenNumber(':')
