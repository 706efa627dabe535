/**
 * Numbers in other bases, checksums and random numbers: CONV, BIN, OCT, CRC32, RAND (MySQL manual 14.6.2
 * "Mathematical Functions").
 */
import type { Evaluator } from '../common/evaluation.js'
import { DOUBLE_TYPE, isBinary } from '../common/sql-type.js'
import type { ExactValue } from '../common/value.js'
import type { ArgumentInfo, ScalarFunction } from '../spi/functions.js'
import type { ParameterKind } from './parameters.js'
import { connectionText, integerType, unsignedIntegerType } from './result-types.js'
import { evaluator1, evaluator3, scalarFunction, strict1 } from './support.js'
import { compileRandom } from './random.js'

// ---- CONV -----------------------------------------------------------------------------------------------------

const SIGNED_MIN = -(2n ** 63n)
const SIGNED_MAX = 2n ** 63n - 1n
const UNSIGNED_MAX = 2n ** 64n - 1n

function isBase(base: ExactValue): boolean {
  const magnitude = Math.abs(Number(base))
  return magnitude >= 2 && magnitude <= 36
}

/** The digits at the start of `text` as a number; text after them doesn't count. */
function leadingDigits(text: string, base: number): bigint {
  let value = 0n
  for (const character of text) {
    const digit = /^[0-9a-zA-Z]$/.test(character) ? parseInt(character, 36) : base
    if (digit >= base || value > UNSIGNED_MAX) break
    value = value * BigInt(base) + BigInt(digit)
  }
  return value
}

/** `text` read in `base`: 64 bits, signed if the base is negative; too large numbers become the nearest. */
function parseInBase(text: string, base: number): bigint {
  const trimmed = text.trimStart()
  const negative = trimmed.startsWith('-')
  const magnitude = leadingDigits(/^[+-]/.test(trimmed) ? trimmed.slice(1) : trimmed, Math.abs(base))
  if (base < 0) {
    const signed = negative ? -magnitude : magnitude
    return signed < SIGNED_MIN ? SIGNED_MIN : signed > SIGNED_MAX ? SIGNED_MAX : signed
  }
  if (magnitude > UNSIGNED_MAX) return UNSIGNED_MAX
  return negative ? BigInt.asUintN(64, -magnitude) : magnitude
}

/** `value` in `base`: read as signed if the base is negative, as unsigned otherwise. */
function formatInBase(value: bigint, base: number): string {
  const shown = base < 0 ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value)
  return shown.toString(Math.abs(base)).toUpperCase()
}

function convert(number: string | ExactValue, from: ExactValue, to: ExactValue): string | null {
  if (!isBase(from) || !isBase(to) || number === '') return null
  const value = typeof number === 'string' ? parseInBase(number, Number(from)) : BigInt(number)
  return formatInBase(value, Number(to))
}

/** Numbers are read as the text that they print as; only BIT counts as the number it is. */
function numberKinds(args: readonly ArgumentInfo[]): readonly ParameterKind[] {
  return args.map(({ type }, index) => (index > 0 ? 'integer' : type.name === 'bit' ? 'any' : 'text'))
}

/** BIN and OCT: CONV from 10. */
function baseFunction(name: string, base: number): ScalarFunction {
  return scalarFunction(name, {
    parameters: ['text'],
    kinds: numberKinds,
    type: connectionText(64),
    nullable: true,
    compile: strict1((number: string | ExactValue) => convert(number, 10, base)),
  })
}

// ---- BIT_COUNT ------------------------------------------------------------------------------------------------

const NIBBLE_BITS = [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4]

function countBits(bytes: Uint8Array): number {
  let count = 0
  for (const byte of bytes) count += (NIBBLE_BITS[byte & 15] ?? 0) + (NIBBLE_BITS[byte >> 4] ?? 0)
  return count
}

/** Bits of a number as 64 bits in two's complement, or of all bytes of a binary string. */
function bitCount(value: ExactValue | Uint8Array): number {
  if (value instanceof Uint8Array) return countBits(value)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)))
  return countBits(bytes)
}

// ---- CRC32 ----------------------------------------------------------------------------------------------------

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1
  return rest
})

/** The cyclic redundancy check of IEEE 802.3, as an unsigned number. */
export function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff
  for (const byte of bytes) rest = (CRC_TABLE[(rest ^ byte) & 0xff] ?? 0) ^ (rest >>> 8)
  return (rest ^ 0xffffffff) >>> 0
}

export const numberConversionFunctions: readonly ScalarFunction[] = [
  scalarFunction('conv', {
    parameters: ['text', 'integer', 'integer'],
    kinds: numberKinds,
    type: connectionText(64),
    nullable: true,
    compile: ([number, from, to]) =>
      evaluator3(number as Evaluator, from as Evaluator, to as Evaluator, convert),
  }),
  baseFunction('bin', 2),
  baseFunction('oct', 8),
  scalarFunction('bit_count', {
    parameters: ['integer'],
    kinds: (args) => args.map(({ type }): ParameterKind => (isBinary(type) ? 'any' : 'integer')),
    type: integerType(2),
    compile: strict1(bitCount),
  }),
  scalarFunction('crc32', {
    parameters: ['bytes'],
    type: unsignedIntegerType(10),
    compile: ([data]) => evaluator1(data as Evaluator, crc32),
  }),
  scalarFunction('rand', {
    parameters: ['integer'],
    optional: 1,
    type: DOUBLE_TYPE,
    nullable: false,
    volatility: 'volatile',
    compile: (args, call) => compileRandom(args, call.args[0]?.isConstant ?? false),
  }),
]
