import {
  FUNCTION_KEYWORDS,
  KEYWORD_SYNONYMS,
  NONRESERVED_KEYWORDS,
  RESERVED_KEYWORDS,
  type Keyword,
} from './keywords.js'

/**
 * Token kinds and their numbers. The grammar compares kinds by name (interned strings: a pointer comparison), the
 * lexer and the operator table use the numbers. Numbers are ordered so that "may be an identifier" is one `>=`.
 */

const CLASS_KINDS = [
  /** Behind the last token of the text. */
  'end',
  /** Something no statement may contain: an unclosed quote or comment, a stray character. */
  'invalid',
  'integer',
  'decimal',
  'float',
  'string',
  /** N'…' */
  'nationalString',
  'hex',
  'bit',
  /** `_utf8mb4` in front of a literal. */
  'introducer',
  /** `?` */
  'parameter',
  /** `@name` in all its forms; the name may be empty. */
  'userVariable',
  /** `@@`, followed at once by a name. */
  'systemVariable',
  /** The inside of a hint comment. */
  'hint',
] as const

const OPERATOR_KINDS = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '~',
  '&',
  '|',
  '&&',
  '||',
  '!',
  '=',
  '<=>',
  '<',
  '<=',
  '>',
  '>=',
  '<>',
  '<<',
  '>>',
  ':=',
  '->',
  '->>',
  '(',
  ')',
  ',',
  '.',
  ';',
  ':',
  '{',
  '}',
] as const

export type TokenKind =
  (typeof CLASS_KINDS)[number] | (typeof OPERATOR_KINDS)[number] | 'identifier' | 'quotedIdentifier' | Keyword

function words(lines: readonly string[]): Keyword[] {
  return lines.flatMap((line) => line.split(' ')) as Keyword[]
}

const RESERVED = [...words(FUNCTION_KEYWORDS), ...words(RESERVED_KEYWORDS)]
const IDENTIFIERS = ['identifier', 'quotedIdentifier', ...words(NONRESERVED_KEYWORDS)] as const

/** Kind of each token number. */
export const TOKEN_KINDS: readonly TokenKind[] = [
  ...CLASS_KINDS,
  ...OPERATOR_KINDS,
  ...RESERVED,
  ...IDENTIFIERS,
]

const NUMBERS = new Map<TokenKind, number>(TOKEN_KINDS.map((kind, number) => [kind, number]))

export function tokenNumber(kind: TokenKind): number {
  const number = NUMBERS.get(kind)
  if (number === undefined) throw new Error(`Invariant: ${kind} is a token kind`)
  return number
}

/** From this number on a token may be an identifier. */
export const FIRST_IDENTIFIER = tokenNumber('identifier')
/** Numbers from here to `FIRST_RESERVED` are keywords only in front of `(`. */
const FIRST_FUNCTION = tokenNumber('ADDDATE')
const FIRST_RESERVED = tokenNumber('ACCESSIBLE')

/** Whether `word`, in upper case, is a keyword of any sort. */
export function isKeyword(word: string): word is Keyword {
  return NUMBERS.has(word as Keyword) && /^[A-Z]/.test(word)
}

/** Every keyword with the number that the lexer reports for it, and whether it needs a `(` behind it. */
export const KEYWORDS: readonly {
  readonly word: Keyword
  readonly number: number
  readonly isFunction: boolean
}[] = TOKEN_KINDS.slice(FIRST_FUNCTION)
  .filter((kind): kind is Keyword => kind !== 'identifier' && kind !== 'quotedIdentifier')
  .map((word) => ({
    word,
    number: tokenNumber(
      word in KEYWORD_SYNONYMS ? KEYWORD_SYNONYMS[word as keyof typeof KEYWORD_SYNONYMS] : word,
    ),
    isFunction: tokenNumber(word) < FIRST_RESERVED,
  }))
