import { isDigitAt, isIdentifierAt, skipDigits } from './characters.js'
import { DIALECT_VERSION } from './options.js'

/**
 * The rules for the ends of literals and comments, shared by the lexer and by the fingerprint, which must agree on
 * what a literal is. Everything works on offsets; `end` is the end of the text that may be read.
 */

/** Offset behind the quoted text that opens at `at`, or -1 if it isn't closed. A doubled quote stands for one. */
export function scanQuoted(text: string, at: number, end: number, backslashEscapes: boolean): number {
  const quote = text.charCodeAt(at)
  for (let i = at + 1; i < end; i++) {
    const c = text.charCodeAt(i)
    if (c === quote) {
      if (i + 1 >= end || text.charCodeAt(i + 1) !== quote) return i + 1
      i++
    } else if (c === 92 && backslashEscapes) {
      i++
    }
  }
  return -1
}

export type NumberClass = 'integer' | 'decimal' | 'float' | 'hex' | 'bit' | 'identifier' | 'invalid'

/** What the latest `scanNumber` found. */
export let numberClass: NumberClass = 'integer'

/**
 * Offset behind the number that starts with a digit at `at`; `numberClass` says which. Identifiers may start with
 * digits (`1a`, `0xZZ`); of those only the class is meant, not the offset.
 */
export function scanNumber(text: string, at: number, end: number): number {
  if (text.charCodeAt(at) === 48 && at + 1 < end) {
    const next = text.charCodeAt(at + 1)
    if (next === 120) return scanRadix(text, at + 2, end, isHexDigit, 'hex')
    if (next === 98) return scanRadix(text, at + 2, end, isBinaryDigit, 'bit')
  }
  const i = skipDigits(text, at, end)
  if (i < end) {
    const c = text.charCodeAt(i)
    if (c === 46) return scanFraction(text, i + 1, end)
    if (c === 101 || c === 69) {
      const exponentEnd = scanExponent(text, i + 1, end)
      if (exponentEnd >= 0) {
        numberClass = 'float'
        return exponentEnd
      }
    }
    if (isIdentifierAt(text, i)) {
      numberClass = 'identifier'
      return i
    }
  }
  numberClass = 'integer'
  return i
}

/** Offset behind a number's fraction and exponent; `at` is behind the point. */
export function scanFraction(text: string, at: number, end: number): number {
  const i = skipDigits(text, at, end)
  numberClass = 'decimal'
  if (i >= end || (text.charCodeAt(i) | 32) !== 101) return i
  const exponentEnd = scanExponent(text, i + 1, end)
  numberClass = exponentEnd < 0 ? 'invalid' : 'float'
  return exponentEnd < 0 ? i + 1 : exponentEnd
}

/** Offset behind an exponent's digits, or -1 if there are none; `at` is behind the `e`. */
function scanExponent(text: string, at: number, end: number): number {
  const c = at < end ? text.charCodeAt(at) : 0
  const digits = c === 43 || c === 45 ? at + 1 : at
  const i = skipDigits(text, digits, end)
  return i > digits ? i : -1
}

function scanRadix(
  text: string,
  at: number,
  end: number,
  isDigit: (c: number) => boolean,
  found: NumberClass,
): number {
  let i = at
  while (i < end && isDigit(text.charCodeAt(i))) i++
  numberClass = i === at || (i < end && isIdentifierAt(text, i)) ? 'identifier' : found
  return i
}

export function isHexDigit(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102)
}

export function isBinaryDigit(c: number): boolean {
  return c === 48 || c === 49
}

/**
 * Offset behind the comment at `at`: from `#` or `-- ` to the end of the line, or a plain comment in `/*` signs. The
 * same offset if there is none, -1 if it isn't closed. Hint and version comments are plain comments here.
 */
export function skipComment(text: string, at: number, end: number): number {
  const c = text.charCodeAt(at)
  if (c === 35 || (c === 45 && isDashComment(text, at, end))) {
    const lineEnd = text.indexOf('\n', at)
    return lineEnd < 0 || lineEnd >= end ? end : lineEnd + 1
  }
  if (c === 47 && text.charCodeAt(at + 1) === 42) {
    const close = text.indexOf('*/', at + 2)
    return close < 0 || close + 2 > end ? -1 : close + 2
  }
  return at
}

/** `--` begins a comment only in front of white space, a control character or the end (manual, 11.7). */
function isDashComment(text: string, at: number, end: number): boolean {
  return text.charCodeAt(at + 1) === 45 && (at + 2 >= end || text.charCodeAt(at + 2) <= 32)
}

/**
 * At the start of a version comment (manual, 11.7): the offset of its inside if this dialect executes it, or 0. The
 * version is 5 or 6 digits; without one the inside is always executed.
 */
export function enterVersionComment(text: string, at: number): number {
  let i = at + 3
  for (let digits = 0; digits < 6 && isDigitAt(text, i); digits++) i++
  const digits = i - at - 3
  if (digits < 5) return at + 3
  return Number(text.slice(at + 3, i)) <= DIALECT_VERSION ? i : 0
}

/** Offset behind the comment that is open at `at`, which may hold one further level of comments; -1 if unclosed. */
export function skipNestedComment(text: string, at: number, end: number): number {
  for (let i = at; i + 1 < end; i++) {
    const c = text.charCodeAt(i)
    const next = text.charCodeAt(i + 1)
    if (c === 42 && next === 47) return i + 2
    if (c === 47 && next === 42) {
      const close = text.indexOf('*/', i + 2)
      if (close < 0 || close + 2 > end) return -1
      i = close + 1
    }
  }
  return -1
}

/** A piece of executed source without version comments: only the inside of those that were executed stays. */
export function withoutVersionComments(text: string): string {
  if (!text.includes('/*!') && !text.includes('*/')) return text
  let result = ''
  let at = 0
  while (at < text.length) {
    const next = stepOver(text, at)
    if (text.startsWith('/*!', at)) {
      const inside = enterVersionComment(text, at)
      const behind = inside > 0 ? inside : skipNestedComment(text, at + 3, text.length)
      at = behind < 0 ? text.length : behind
    } else if (text.startsWith('*/', at)) {
      at += 2
    } else {
      result += text.slice(at, next)
      at = next
    }
  }
  return result.trimEnd()
}

/** Offset behind the string, quoted name, comment or single byte at `at`. */
function stepOver(text: string, at: number): number {
  const c = text.charCodeAt(at)
  const isQuote = c === 39 || c === 34 || c === 96
  const behind = isQuote ? scanQuoted(text, at, text.length, c !== 96) : skipComment(text, at, text.length)
  if (behind < 0) return text.length
  return behind === at ? at + 1 : behind
}
