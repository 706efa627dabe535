import type { Expression } from '../plan/syntax/expression.js'
import type { QueryExpression } from '../plan/syntax/query.js'

/** What the parts of the printer share; expressions and queries hold one another, so they meet here. */
export interface PrintContext {
  /** Decodes the bytes of string literals without introducer. */
  readonly decodeLiteral: (bytes: string) => string
  /** Whether every result column gets its name as alias, as in stored views. */
  readonly nameColumns: boolean
  readonly expression: (node: Expression) => string
  readonly query: (node: QueryExpression) => string
}

/** A name in backquotes. */
export function quoteName(name: string): string {
  return '`' + name.replaceAll('`', '``') + '`'
}

/** Names with points between; undefined ones are left out. */
export function quoteNames(...names: readonly (string | undefined)[]): string {
  return names
    .filter((name) => name !== undefined)
    .map(quoteName)
    .join('.')
}

/** Names in parentheses, or nothing. */
export function nameList(names: readonly string[]): string {
  return names.length === 0 ? '' : `(${names.map(quoteName).join(',')})`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\x1a': '\\Z',
  '\\': '\\\\',
  "'": "\\'",
}

/** Text as a string literal that every sql_mode but NO_BACKSLASH_ESCAPES reads back. */
export function quoteText(text: string): string {
  return "'" + text.replace(/[\0\n\r\x1a\\']/g, (character) => ESCAPES[character] ?? character) + "'"
}

/** A string literal from its bytes; bytes that are no text become a hex literal. */
export function quoteBytes(
  bytes: string,
  introducer: string | undefined,
  decode: (bytes: string) => string,
): string {
  const prefix = introducer === undefined ? '' : `_${introducer}`
  try {
    return prefix + quoteText(decode(bytes))
  } catch {
    return `${prefix === '' ? '_binary' : prefix} x'${Buffer.from(bytes, 'latin1').toString('hex').toUpperCase()}'`
  }
}
