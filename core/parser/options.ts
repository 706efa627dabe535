import { sqlError } from '../common/sql-error.js'

/** What of the session decides how text is read. */
export interface ParserOptions {
  /** Parts of sql_mode (manual, 7.1.11) that change the grammar. */
  readonly ansiQuotes: boolean
  readonly pipesAsConcat: boolean
  readonly noBackslashEscapes: boolean
  readonly highNotPrecedence: boolean
  readonly ignoreSpace: boolean
  readonly realAsFloat: boolean
  /** Whether `?` is allowed: only in text to be prepared. */
  readonly parameters: boolean
  /** Whether another statement may follow a `;` (CLIENT_MULTI_STATEMENTS). */
  readonly multiStatements: boolean
  /** Decodes a byte string of character_set_client; called only for text that isn't ASCII. */
  readonly decode: (bytes: string) => string
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** Decodes UTF-8; anything else is ER_INVALID_CHARACTER_STRING. */
export function decodeUtf8(bytes: string): string {
  try {
    return UTF8.decode(Buffer.from(bytes, 'latin1'))
  } catch (cause) {
    const error = sqlError('ER_INVALID_CHARACTER_STRING', 'utf8mb4', escapeBytes(bytes))
    error.cause = cause
    throw error
  }
}

/** The first six bytes that are not ASCII and what follows, as MySQL shows them: `\xE4\xF6`. */
function escapeBytes(bytes: string): string {
  const first = /[^\0-\x7f]/.exec(bytes)?.index ?? 0
  return bytes
    .slice(first, first + 6)
    .replace(
      /[^\x20-\x7e]/g,
      (byte) => '\\x' + byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0'),
    )
}

/** For tests and embedding: JavaScript text as the UTF-8 byte string that the parser reads. */
export function toByteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

export const DEFAULT_PARSER_OPTIONS: ParserOptions = {
  ansiQuotes: false,
  pipesAsConcat: false,
  noBackslashEscapes: false,
  highNotPrecedence: false,
  ignoreSpace: false,
  realAsFloat: false,
  parameters: false,
  multiStatements: true,
  decode: decodeUtf8,
}

/** The options that a value of sql_mode (upper case, comma separated, ANSI already expanded or not) asks for. */
export function parserOptionsOf(sqlMode: string, other: Partial<ParserOptions> = {}): ParserOptions {
  const modes = new Set(sqlMode.toUpperCase().split(','))
  const ansi = modes.has('ANSI')
  return {
    ...DEFAULT_PARSER_OPTIONS,
    ansiQuotes: ansi || modes.has('ANSI_QUOTES'),
    pipesAsConcat: ansi || modes.has('PIPES_AS_CONCAT'),
    noBackslashEscapes: modes.has('NO_BACKSLASH_ESCAPES'),
    highNotPrecedence: modes.has('HIGH_NOT_PRECEDENCE'),
    ignoreSpace: ansi || modes.has('IGNORE_SPACE'),
    realAsFloat: ansi || modes.has('REAL_AS_FLOAT'),
    ...other,
  }
}

/** Versioned comments up to this version are executed: that of the MySQL 8.0 whose dialect we speak. */
export const DIALECT_VERSION = 80042
