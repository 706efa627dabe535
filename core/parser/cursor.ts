import { SqlError, sqlError } from '../common/sql-error.js'
import type { Expression } from '../plan/syntax/expression.js'
import type { QueryBody, QueryExpression } from '../plan/syntax/query.js'
import type { Statement } from '../plan/syntax/statement.js'
import { equalsWord } from './keyword-table.js'
import type { Lexer } from './lexer.js'
import { unquote } from './literal-text.js'
import type { ParserOptions } from './options.js'
import { withoutVersionComments } from './scan.js'
import { FIRST_IDENTIFIER, TOKEN_KINDS, type TokenKind } from './token.js'

/**
 * The grammar's view of the tokens: where it is, what comes next, names, errors. One cursor reads one statement.
 *
 * The grammar is functions `parseSomething(cursor)` spread over files by subject. Where they need one another in a
 * circle (an expression holds queries, which hold expressions), they go through `grammar`.
 */
export interface Grammar {
  /** Operators of at least the level `minimum` (precedence.ts); all if it is left out. */
  expression(cursor: Cursor, minimum?: number): Expression
  /** A query expression at its first token, `(` included. */
  query(cursor: Cursor): QueryExpression
  /** Goes on with a query of which `first`, in parentheses, has been read. */
  queryAfter(cursor: Cursor, first: QueryBody, start: number): QueryExpression
  /** One statement as it may stand in a stored program. */
  programStatement(cursor: Cursor): Statement
}

/**
 * How deep parentheses may nest; a subquery counts as several. Measured: code that is not yet compiled needs 1 kB of
 * stack for each level, of the 984 kB that Node has by default.
 */
export const NESTING_MAX = 400
/** What a query counts for: 60-odd levels of subqueries, as in MySQL. */
export const QUERY_NESTING = 5
/** How high a tree of expressions may grow, chains of operators included, so that its visitors may recurse. */
export const HEIGHT_MAX = 1000

const IDENTIFIER_LENGTH_MAX = 64
const ALIAS_LENGTH_MAX = 256
/** Database names of this form carry a whole remote server and may be long. */
const REMOTE_DATABASE = /^.+?__remote__/s

export class Cursor {
  kind: TokenKind = 'end'
  /** Number of `kind`. */
  number = 0
  /** Index of the current token. */
  index = 0
  /** Nesting of the place where the cursor is. */
  depth = 0
  /** Height of the expressions read since somebody last set this to 0: see `parseExpression`. */
  height = 0
  /** See `ParsedStatement`. */
  readonly limitParameters: number[] = []

  constructor(
    readonly text: string,
    readonly statementStart: number,
    /** End of the text without trailing white space and semicolons. */
    readonly textEnd: number,
    readonly options: ParserOptions,
    readonly grammar: Grammar,
    private readonly lexer: Lexer,
  ) {
    lexer.reset(text, statementStart, textEnd, options)
    lexer.fill()
    this.load()
  }

  private load(): void {
    const number = this.lexer.numbers[this.index] ?? 0
    this.number = number
    this.kind = TOKEN_KINDS[number] ?? 'end'
  }

  // ---- Moving -------------------------------------------------------------------------------------------------

  advance(): void {
    if (++this.index >= this.lexer.count) this.lexer.fill()
    this.load()
  }

  /** Steps over the token if it is of that kind. */
  accept(kind: TokenKind): boolean {
    if (this.kind !== kind) return false
    this.advance()
    return true
  }

  /** Steps over two tokens if both are as said. */
  acceptBoth(first: TokenKind, second: TokenKind): boolean {
    if (this.kind !== first || this.peek(1) !== second) return false
    this.advance()
    this.advance()
    return true
  }

  /** Steps over a token that must be of that kind. */
  expect(kind: TokenKind): void {
    if (this.kind !== kind) this.fail()
    this.advance()
  }

  /** Steps over tokens that must be of those kinds. */
  expectAll(...kinds: readonly TokenKind[]): void {
    for (const kind of kinds) this.expect(kind)
  }

  /** Steps over the token if it is one of `kinds` and says which. */
  acceptOneOf<Kind extends TokenKind>(...kinds: readonly Kind[]): Kind | undefined {
    for (const kind of kinds) {
      if (this.kind === kind) {
        this.advance()
        return kind
      }
    }
    return undefined
  }

  /** Like `acceptOneOf`, but one of them must be there. */
  expectOneOf<Kind extends TokenKind>(...kinds: readonly Kind[]): Kind {
    return this.acceptOneOf(...kinds) ?? this.fail()
  }

  is(kind: TokenKind): boolean {
    return this.kind === kind
  }

  /** The kind of the token `distance` further on. */
  peek(distance: number): TokenKind {
    const at = this.index + distance
    while (at >= this.lexer.count) this.lexer.fill()
    return TOKEN_KINDS[this.lexer.numbers[at] ?? 0] ?? 'end'
  }

  /** Index of the token behind the `)` that closes the `(` at token `index`; or that of the `end` token. */
  indexBehindParentheses(index: number): number {
    let open = 0
    for (let i = index; ; i++) {
      const kind = this.peek(i - this.index)
      if (kind === '(') open++
      else if (kind === ')' && --open === 0) return i + 1
      else if (kind === 'end') return i
    }
  }

  // ---- Places -------------------------------------------------------------------------------------------------

  /** Offset of the current token. */
  get start(): number {
    return this.lexer.starts[this.index] ?? 0
  }

  /** Offset behind the current token. */
  get end(): number {
    return this.lexer.ends[this.index] ?? 0
  }

  /** Offset behind the last token that was stepped over. */
  get previousEnd(): number {
    return this.index === 0 ? this.statementStart : (this.lexer.ends[this.index - 1] ?? 0)
  }

  /** See `Lexer.details`. */
  get detail(): number {
    return this.lexer.details[this.index] ?? 0
  }

  get parameterCount(): number {
    return this.lexer.parameterCount
  }

  get literalCount(): number {
    return this.lexer.literalCount
  }

  /** Source of the current token. */
  tokenText(): string {
    return this.text.slice(this.start, this.end)
  }

  // ---- Names --------------------------------------------------------------------------------------------------

  isIdentifier(): boolean {
    return this.number >= FIRST_IDENTIFIER
  }

  isIdentifierAt(distance: number): boolean {
    const kind = this.peek(distance)
    return kind !== 'end' && (this.lexer.numbers[this.index + distance] ?? 0) >= FIRST_IDENTIFIER
  }

  /** A name of at most 64 characters. */
  identifier(): string {
    return this.checkLength(this.anyIdentifier(), IDENTIFIER_LENGTH_MAX)
  }

  /** A name of a database that CREATE, DROP or USE speaks of. */
  databaseName(): string {
    const name = this.anyIdentifier()
    return REMOTE_DATABASE.test(name) ? name : this.checkLength(name, IDENTIFIER_LENGTH_MAX)
  }

  /** A column's or table's alias. */
  alias(): string {
    return this.checkLength(this.anyIdentifier(), ALIAS_LENGTH_MAX)
  }

  private anyIdentifier(): string {
    if (this.number < FIRST_IDENTIFIER) this.fail()
    const name = this.identifierText()
    this.advance()
    return name
  }

  /** The current token, an identifier or keyword, as a name. */
  identifierText(): string {
    const { detail } = this
    const quoted = this.kind === 'quotedIdentifier'
    const bytes = !quoted
      ? this.text.slice(this.start, this.end)
      : detail & 2
        ? unquote(this.text, this.start, this.end, false)
        : this.text.slice(this.start + 1, this.end - 1)
    const name = detail & 1 && (quoted || this.kind === 'identifier') ? this.options.decode(bytes) : bytes
    if (quoted && name === '') this.fail()
    return name
  }

  private checkLength(name: string, max: number): string {
    if (name.length > max && Array.from(name).length > max) throw sqlError('ER_TOO_LONG_IDENT', name)
    return name
  }

  /** Whether the token is the unquoted word `word` (upper case), which is no keyword. */
  isWord(word: string): boolean {
    return (
      this.kind === 'identifier' &&
      this.end - this.start === word.length &&
      equalsWord(this.text, this.start, word)
    )
  }

  acceptWord(word: string): boolean {
    if (!this.isWord(word)) return false
    this.advance()
    return true
  }

  // ---- Strings ------------------------------------------------------------------------------------------------

  /** Value of the current `string` or `nationalString` token, without stepping over it. */
  stringBytes(): string {
    const start = this.kind === 'nationalString' ? this.start + 1 : this.start
    if ((this.detail & 1) === 0) return this.text.slice(start + 1, this.end - 1)
    return unquote(this.text, start, this.end, !this.options.noBackslashEscapes)
  }

  /** A string literal as text, e.g. of COMMENT. */
  string(): string {
    return this.decode(this.byteString())
  }

  /** A string literal as bytes. */
  byteString(): string {
    if (this.kind !== 'string') this.fail()
    const bytes = this.stringBytes()
    this.advance()
    return bytes
  }

  identifierOrString(): string {
    return this.kind === 'string' ? this.string() : this.identifier()
  }

  decode(bytes: string): string {
    for (let i = 0; i < bytes.length; i++) {
      if (bytes.charCodeAt(i) >= 128) return this.options.decode(bytes)
    }
    return bytes
  }

  /** For names of result columns: bytes that are no valid text become one character each. */
  decodeLoosely(bytes: string): string {
    try {
      return this.decode(bytes)
    } catch {
      return bytes
    }
  }

  /** Source text as MySQL keeps it: comments stay, version comments only with their inside if it was executed. */
  sourceText(start: number, end: number): string {
    const text = this.text.slice(start, end)
    return this.decodeLoosely(this.lexer.hasVersionComment ? withoutVersionComments(text) : text)
  }

  // ---- Nesting ------------------------------------------------------------------------------------------------

  /** To be called on the way into something that may hold itself; `leave` on the way out. */
  enter(levels = 1): void {
    this.depth += levels
    if (this.depth > NESTING_MAX) this.failNesting()
  }

  leave(levels = 1): void {
    this.depth -= levels
  }

  // ---- Errors -------------------------------------------------------------------------------------------------

  /** Rejects the current token: ER_PARSE_ERROR with its place. */
  fail(): never {
    throw this.errorAt(this.start)
  }

  /** The ER_PARSE_ERROR for the text from `offset` on. */
  errorAt(offset: number): SqlError {
    return sqlError('ER_PARSE_ERROR', this.nearText(offset), this.lineOf(offset))
  }

  /** What MySQL says when its parser's stack is full. */
  failNesting(): never {
    const near = this.nearText(this.start)
    throw new SqlError(
      'ER_PARSE_ERROR',
      `memory exhausted near '${near}' at line ${String(this.lineOf(this.start))}`,
    )
  }

  private nearText(offset: number): string {
    const bytes = this.text.slice(offset, Math.min(offset + NEAR_BYTES_MAX, this.textEnd))
    for (let cut = 0; cut < 4; cut++) {
      try {
        return this.decode(cut === 0 ? bytes : bytes.slice(0, -cut))
      } catch {
        // The limit may have split a character: try again without its first bytes.
      }
    }
    return bytes
  }

  private lineOf(offset: number): number {
    let line = 1
    for (let at = this.text.indexOf('\n', this.statementStart); at >= 0 && at < offset; line++) {
      at = this.text.indexOf('\n', at + 1)
    }
    return line
  }
}

const NEAR_BYTES_MAX = 80
