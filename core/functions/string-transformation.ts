/**
 * Functions that rewrite a string as a whole: LOWER, UPPER, REVERSE, QUOTE, SOUNDEX, WEIGHT_STRING (MySQL manual 14.8
 * "String Functions and Operators").
 */
import type { Collation } from '../common/collation.js'
import type { Evaluator } from '../common/evaluation.js'
import { binaryType } from '../common/sql-type.js'
import type { ScalarFunction } from '../spi/functions.js'
import { characterCount, firstCharacters, hasOnlySingleUnits } from './code-points.js'
import { constantInteger, lengthOf, likeArgument, stringOf } from './result-types.js'
import { evaluator1, scalarFunction, strict1, synonyms, type Call } from './support.js'

/** A function that maps one text to another by its collation; binary strings have no case and stay as they are. */
function folded(fold: (collation: Collation, text: string) => string) {
  return ([text]: readonly Evaluator[], { strings: { collation, isBinary } }: Call): Evaluator =>
    evaluator1(text as Evaluator, (value: string) => (isBinary ? value : fold(collation, value)))
}

function reverse(text: string): string {
  const characters = hasOnlySingleUnits(text) ? text.split('') : Array.from(text)
  return characters.reverse().join('')
}

const QUOTED: Readonly<Record<string, string>> = { '\0': '\\0', '\x1a': '\\Z', "'": "\\'", '\\': '\\\\' }
const QUOTABLE = new RegExp("[\\0\\x1a'\\\\]", 'g')

/** A string literal that reads back as `text`. */
function quote(text: string): string {
  return `'${text.replace(QUOTABLE, (character) => QUOTED[character] ?? character)}'`
}

/** Digits of the letters A to Z; 0 for vowels and for H, W and Y. */
const SOUNDEX_DIGITS = '01230120022455012623010202'

function soundexDigit(letter: string): string {
  return SOUNDEX_DIGITS[letter.toUpperCase().charCodeAt(0) - 65] ?? '0'
}

/** Letters are A to Z and everything from U+00C0 on, which counts as a vowel. */
function isSoundexLetter(character: string): boolean {
  return /^[A-Za-z]$/.test(character) || (character.codePointAt(0) ?? 0) >= 0xc0
}

/**
 * The original Soundex, which drops vowels before it drops repetitions, without its limit of four characters
 * but filled up to them.
 */
function soundex(text: string): string {
  let result = ''
  let last = ''
  for (const character of text) {
    if (!isSoundexLetter(character)) continue
    const digit = soundexDigit(character)
    if (result === '') {
      result = /[a-z]/.test(character) ? character.toUpperCase() : character
      last = digit
    } else if (digit !== '0' && digit !== last) {
      result += digit
      last = digit
    }
  }
  return result === '' ? '' : result + '0'.repeat(Math.max(4 - characterCount(result), 0))
}

/**
 * WEIGHT_STRING(string [, 'char' or 'binary', length]): the key by which the collation sorts. AS CHAR(n) takes n
 * characters, filled up with spaces; AS BINARY(n) takes n bytes, filled up with zero bytes.
 */
function compileWeightString([text]: readonly Evaluator[], call: Call): Evaluator {
  const { collation, isBinary } = call.strings
  const kind = call.args[1]?.constant?.value
  const length = constantInteger(call, 2) ?? 0
  if (kind === 'binary') {
    return evaluator1(text as Evaluator, (value: string) => {
      const bytes = isBinary ? Buffer.from(value, 'latin1') : collation.charset.encode(value)
      const fixed = Buffer.alloc(length)
      fixed.set(bytes.subarray(0, length))
      return fixed
    })
  }
  return evaluator1(text as Evaluator, (value: string) => {
    const shown = kind === 'char' ? firstCharacters(value.padEnd(length, ' '), length) : value
    return isBinary ? shown : collation.weightString(shown)
  })
}

export const stringTransformationFunctions: readonly ScalarFunction[] = [
  ...synonyms(['lower', 'lcase'], {
    parameters: ['string'],
    type: likeArgument(0),
    compile: folded((collation, text) => collation.toLowerCase(text)),
  }),
  ...synonyms(['upper', 'ucase'], {
    parameters: ['string'],
    type: likeArgument(0),
    compile: folded((collation, text) => collation.toUpperCase(text)),
  }),
  scalarFunction('reverse', { parameters: ['string'], type: likeArgument(0), compile: strict1(reverse) }),
  scalarFunction('quote', {
    parameters: ['string'],
    type: stringOf((call) => lengthOf(call, 0) * 2 + 2),
    nullable: false,
    compile:
      ([text]) =>
      (batch, row, context) => {
        const value = text?.(batch, row, context) as string | null
        return value === null ? 'NULL' : quote(value)
      },
  }),
  scalarFunction('soundex', {
    parameters: ['string'],
    type: stringOf((call) => Math.max(lengthOf(call, 0), 4)),
    compile: strict1(soundex),
  }),
  scalarFunction('weight_string', {
    parameters: ['string', 'any', 'any'],
    constants: [1, 2],
    optional: 2,
    type: (call) => binaryType(call.strings.collation.sortKeyBytesMax(lengthOf(call, 0))),
    nullable: true,
    compile: compileWeightString,
  }),
]
