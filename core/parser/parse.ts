import { sqlError } from '../common/sql-error.js'
import type { Expression } from '../plan/syntax/expression.js'
import type { Statement } from '../plan/syntax/statement.js'
import { CHARACTER_CLASS, SPACE } from './characters.js'
import { Cursor } from './cursor.js'
import { GRAMMAR } from './grammar.js'
import { Lexer } from './lexer.js'
import { DEFAULT_PARSER_OPTIONS, type ParserOptions } from './options.js'
import { parseStatement } from './statement.js'

/** SQL text to syntax trees. Text is a byte string: see `toByteString`. */

export interface ParsedStatement {
  readonly statement: Statement
  /** Offset of the next statement; the text's length if there is none. */
  readonly end: number
  /** Number of `?`, whose ordinals are 0 to this minus 1. */
  readonly parameterCount: number
  /** Ordinals of those `?` that are a LIMIT or OFFSET, which take no negative numbers. */
  readonly limitParameters: readonly number[]
  /** Number of literal tokens, whose ordinals are 0 to this minus 1. */
  readonly literalCount: number
}

/**
 * The statement at `start`. Throws a SqlError: ER_EMPTY_QUERY if there is nothing but comments, ER_PARSE_ERROR and
 * what else the grammar checks. Settings may change between statements, so only one is read at a time.
 */
export function parseNext(text: string, start: number, options: ParserOptions): ParsedStatement {
  const textEnd = endWithoutGarbage(text, start)
  const lexer = takeLexer()
  try {
    const cursor = new Cursor(text, start, textEnd, options, GRAMMAR, lexer)
    if (cursor.is('end')) throw sqlError('ER_EMPTY_QUERY')
    const statement = parseStatement(cursor)
    const end = endOfStatement(cursor, text.length)
    const { parameterCount, limitParameters, literalCount } = cursor
    return { statement, end, parameterCount, limitParameters, literalCount }
  } finally {
    giveLexer(lexer)
  }
}

/** A text of exactly one statement. */
export function parseSingle(text: string, options: ParserOptions = DEFAULT_PARSER_OPTIONS): ParsedStatement {
  return parseNext(text, 0, options.multiStatements ? { ...options, multiStatements: false } : options)
}

/** An expression alone, e.g. of a stored default or check. */
export function parseExpressionText(
  text: string,
  options: ParserOptions = DEFAULT_PARSER_OPTIONS,
): Expression {
  const lexer = takeLexer()
  try {
    const cursor = new Cursor(text, 0, text.length, options, GRAMMAR, lexer)
    const expression = GRAMMAR.expression(cursor)
    if (!cursor.is('end')) cursor.fail()
    return expression
  } finally {
    giveLexer(lexer)
  }
}

/** White space, semicolons and the zero byte that some clients send along mean nothing at the end of a text. */
function endWithoutGarbage(text: string, start: number): number {
  let end = text.length
  while (end > start) {
    const c = text.charCodeAt(end - 1)
    if (c !== 59 && c !== 0 && CHARACTER_CLASS[c] !== SPACE) break
    end--
  }
  return end
}

/** Behind a statement there is the end, or a `;` with another statement behind it. */
function endOfStatement(cursor: Cursor, textLength: number): number {
  if (cursor.is('end')) return textLength
  if (!cursor.is(';')) cursor.fail()
  const end = cursor.end
  if (cursor.options.multiStatements) return end
  cursor.advance()
  if (!cursor.is('end')) cursor.fail()
  return textLength
}

// ---- Lexers are reused ----------------------------------------------------------------------------------------

let spare: Lexer | undefined

/** Parsing is synchronous and never nested, so one spare lexer is enough; nesting would only make another. */
function takeLexer(): Lexer {
  const lexer = spare ?? new Lexer()
  spare = undefined
  return lexer
}

/** Tokens of a lexer that is kept; what a huge INSERT needed is given back to the heap. */
const KEPT_TOKENS_MAX = 65536

function giveLexer(lexer: Lexer): void {
  if (lexer.numbers.length > KEPT_TOKENS_MAX) return
  lexer.release()
  spare = lexer
}
