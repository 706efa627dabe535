/**
 * Functions between strings and the numbers of their characters and bytes: ASCII, ORD, CHAR, LENGTH and the like
 * (MySQL manual 14.8 "String Functions and Operators").
 */
import { requireCharset } from '../common/charsets.js'
import type { Collation } from '../common/collation.js'
import { defaultCollationOf } from '../common/collations.js'
import type { Evaluator } from '../common/evaluation.js'
import { STRICT_MODES } from '../common/sql-mode.js'
import { binaryType, textType, type SqlType } from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import type { ScalarFunction } from '../spi/functions.js'
import { characterCount, firstCharacters } from './code-points.js'
import { encodedLength } from './packet-limit.js'
import { integerType } from './result-types.js'
import type { StringDomain } from './string-domain.js'
import { evaluateAll, evaluator1, scalarFunction, synonyms, type Call } from './support.js'

function encodeFirst(strings: StringDomain, text: string): Uint8Array {
  const first = firstCharacters(text, 1)
  return strings.isBinary ? Buffer.from(first, 'latin1') : strings.collation.charset.encode(first)
}

/** Number of the bytes of a character, the first byte counting most. */
function codeOf(bytes: Uint8Array): number {
  return bytes.reduce((code, byte) => code * 256 + byte, 0)
}

/** A text function of one argument that needs to know its character set. */
function measured(measure: (text: string, strings: StringDomain) => number) {
  return ([argument]: readonly Evaluator[], { strings }: Call) =>
    evaluator1(argument as Evaluator, (text: string) => measure(text, strings))
}

/** The bytes of the numbers, each without leading zero bytes; NULLs are left out. */
function bytesOfNumbers(numbers: readonly (ExactValue | null)[]): Buffer {
  const bytes: number[] = []
  for (const number of numbers) {
    if (number === null) continue
    const unit = Number(BigInt.asUintN(32, BigInt(number)))
    if (unit > 0xffffff) bytes.push(unit >>> 24)
    if (unit > 0xffff) bytes.push((unit >>> 16) & 0xff)
    if (unit > 0xff) bytes.push((unit >>> 8) & 0xff)
    bytes.push(unit & 0xff)
  }
  return Buffer.from(bytes)
}

/** CHAR: the last argument is the name of the character set, a constant, `binary` without USING. */
function charCollation(call: Call): Collation {
  return defaultCollationOf(requireCharset(String(call.args.at(-1)?.constant?.value)))
}

function charType(call: Call): SqlType {
  const collation = charCollation(call)
  const length = (call.args.length - 1) * 4
  return collation.name === 'binary' ? binaryType(length) : textType(length, collation.name)
}

function compileChar(args: readonly Evaluator[], call: Call): Evaluator {
  const numbers = args.slice(0, -1)
  const { charset } = charCollation(call)
  const bytesOf = (...row: Parameters<Evaluator>) =>
    bytesOfNumbers(evaluateAll(numbers, ...row) as (ExactValue | null)[])
  if (charset.name === 'binary') return bytesOf
  return (batch, row, context) => {
    const bytes = bytesOf(batch, row, context)
    const invalid = charset.firstInvalid(bytes)
    if (invalid < 0) return charset.decode(bytes)
    const rest = bytes
      .subarray(invalid, invalid + 6)
      .toString('hex')
      .toUpperCase()
    context.warn('Warning', 'ER_INVALID_CHARACTER_STRING', charset.name, rest)
    return (context.sqlMode & STRICT_MODES) === 0 ? charset.decode(bytes, 0, invalid) : null
  }
}

export const stringLengthFunctions: readonly ScalarFunction[] = [
  scalarFunction('ascii', {
    parameters: ['string'],
    type: integerType(3),
    compile: measured((text, strings) => (text === '' ? 0 : (encodeFirst(strings, text)[0] ?? 0))),
  }),
  scalarFunction('ord', {
    parameters: ['string'],
    type: integerType(7),
    compile: measured((text, strings) => (text === '' ? 0 : codeOf(encodeFirst(strings, text)))),
  }),
  ...synonyms(['length', 'octet_length'], {
    parameters: ['string'],
    type: integerType(10),
    compile: measured((text, strings) => encodedLength(strings, text)),
  }),
  scalarFunction('bit_length', {
    parameters: ['string'],
    type: integerType(11),
    compile: measured((text, strings) => encodedLength(strings, text) * 8),
  }),
  ...synonyms(['char_length', 'character_length'], {
    parameters: ['string'],
    type: integerType(10),
    compile: measured((text) => characterCount(text)),
  }),
  scalarFunction('char', {
    parameters: ['integer', 'any'],
    repeats: 1,
    kinds: (args) => args.map((_, index) => (index < args.length - 1 ? 'integer' : 'any')),
    type: charType,
    nullable: (call) => charCollation(call).name !== 'binary',
    compile: compileChar,
  }),
]
