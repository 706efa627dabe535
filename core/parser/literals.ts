import type { BitLiteral, HexLiteral, Literal, StringLiteral } from '../plan/syntax/expression.js'
import type { Cursor } from './cursor.js'
import { bitBytes, hexBytes, radixDigits } from './literal-text.js'
import type { TokenKind } from './token.js'

/** Literals (manual, 11.1). */

/** The literal at the cursor, or undefined if there is none. Temporal ones are in `primary.ts`. */
export function parseLiteral(cursor: Cursor): Literal | undefined {
  const { start } = cursor
  switch (cursor.kind) {
    case 'integer':
    case 'decimal':
    case 'float': {
      const { kind } = cursor
      const ordinal = cursor.detail >> 1
      const text = cursor.tokenText()
      cursor.advance()
      return { kind: 'number', class: kind, text, ordinal, start, end: cursor.previousEnd }
    }
    case 'string':
      return parseString(cursor, undefined, start)
    case 'nationalString':
      return parseString(cursor, 'utf8mb3', start)
    case 'hex':
    case 'bit':
      return parseRadix(cursor, undefined, start)
    case 'introducer':
      return parseIntroduced(cursor)
    case 'NULL':
      cursor.advance()
      return { kind: 'null', start, end: cursor.previousEnd }
    case 'TRUE':
    case 'FALSE': {
      const value = cursor.kind === 'TRUE'
      cursor.advance()
      return { kind: 'boolean', value, start, end: cursor.previousEnd }
    }
    default:
      return undefined
  }
}

function parseIntroduced(cursor: Cursor): StringLiteral | HexLiteral | BitLiteral {
  const { start } = cursor
  const introducer = cursor.text.slice(start + 1, cursor.end).toLowerCase()
  cursor.advance()
  if (cursor.is('string')) return parseString(cursor, introducer, start)
  if (cursor.is('hex') || cursor.is('bit')) return parseRadix(cursor, introducer, start)
  return cursor.fail()
}

/** One or more adjacent strings. */
function parseString(cursor: Cursor, introducer: string | undefined, start: number): StringLiteral {
  const ordinal = cursor.detail >> 1
  let bytes = cursor.stringBytes()
  let tokenCount = 1
  cursor.advance()
  while (cursor.is('string')) {
    bytes += cursor.stringBytes()
    tokenCount++
    cursor.advance()
  }
  return { kind: 'string', bytes, introducer, tokenCount, ordinal, start, end: cursor.previousEnd }
}

function parseRadix(cursor: Cursor, introducer: string | undefined, start: number): HexLiteral | BitLiteral {
  const ordinal = cursor.detail >> 1
  const digits = radixDigits(cursor.text, cursor.start, cursor.end)
  const isHex = cursor.is('hex')
  cursor.advance()
  const end = cursor.previousEnd
  return isHex
    ? { kind: 'hex', bytes: hexBytes(digits), introducer, ordinal, start, end }
    : { kind: 'bit', bytes: bitBytes(digits), introducer, ordinal, start, end }
}

/** A string where the grammar wants nothing but a string, hex or bit literal. */
export function parseTextLiteral(cursor: Cursor): StringLiteral | HexLiteral | BitLiteral {
  const literal = parseLiteral(cursor)
  if (literal?.kind === 'string' || literal?.kind === 'hex' || literal?.kind === 'bit') return literal
  return cursor.fail()
}

/** A plain string literal without introducer; adjacent strings are not joined. */
export function parseStringLiteral(cursor: Cursor): StringLiteral {
  const { start } = cursor
  const ordinal = cursor.detail >> 1
  const bytes = cursor.byteString()
  return {
    kind: 'string',
    bytes,
    introducer: undefined,
    tokenCount: 1,
    ordinal,
    start,
    end: cursor.previousEnd,
  }
}

const TEMPORAL_TYPES: Partial<Record<TokenKind, 'date' | 'time' | 'timestamp'>> = {
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
}

/** DATE '…', TIME '…' or TIMESTAMP '…' if they are at the cursor. */
export function parseTemporalLiteral(cursor: Cursor): Literal | undefined {
  const type = TEMPORAL_TYPES[cursor.kind]
  if (type === undefined || cursor.peek(1) !== 'string') return undefined
  const { start } = cursor
  cursor.advance()
  const { bytes, ordinal } = parseStringLiteral(cursor)
  return { kind: 'temporal', type, bytes, ordinal, start, end: cursor.previousEnd }
}
