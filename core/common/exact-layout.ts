/**
 * How many bytes the exact types take when they are stored, in rows and in keys alike: a fixed number for each type, so
 * that columns lie at static offsets.
 */
import { powerOfTen } from './decimal.js'
import { TIME_SECONDS_MAX } from './temporal.js'
import type { SqlType } from './sql-type.js'
import { exact, type ExactValue } from './value.js'

export interface ExactLayout {
  /** 1 to 8, or up to 28 for DECIMAL of more than 18 digits. */
  readonly width: number
  readonly signed: boolean
}

/** The greatest DATE, DATETIME: year 9999. */
const DATE_MAX = BigInt((9999 * 16 + 12) * 32 + 31)
const DATETIME_SECONDS_MAX = BigInt(((9999 * 13 + 12) * 32 + 31) * 86400 + 86399)

const INTEGER_WIDTH: Readonly<Record<string, number>> = {
  tinyint: 1,
  smallint: 2,
  mediumint: 3,
  int: 4,
  bigint: 8,
  year: 2,
  null: 1,
}

export function exactLayoutOf(type: SqlType): ExactLayout {
  const width = INTEGER_WIDTH[type.name]
  if (width !== undefined) return { width, signed: !type.unsigned }
  switch (type.name) {
    case 'decimal':
      return layoutFor(powerOfTen(type.length) - 1n, true)
    case 'date':
      return layoutFor(DATE_MAX, false)
    case 'time':
      return layoutFor(BigInt(TIME_SECONDS_MAX) * powerOfTen(type.scale), true)
    case 'datetime':
    case 'timestamp':
      return layoutFor((DATETIME_SECONDS_MAX + 1n) * powerOfTen(type.scale) - 1n, false)
    case 'bit':
      return { width: Math.max(1, Math.ceil(type.length / 8)), signed: false }
    case 'enum':
      return { width: (type.members?.length ?? 0) < 256 ? 1 : 2, signed: false }
    case 'set':
      return { width: Math.max(1, Math.ceil((type.members?.length ?? 0) / 8)), signed: false }
    default:
      throw new Error(`invariant: ${type.name} is an exact type`)
  }
}

function layoutFor(largest: bigint, signed: boolean): ExactLayout {
  const bits = largest.toString(2).length + (signed ? 1 : 0)
  return { width: Math.ceil(bits / 8), signed }
}

const TWO_POWER_32 = 4294967296

/** Upper part of a value of at most 64 bits: the floor of `value / 2^32`. */
export function highWord(value: ExactValue): number {
  return typeof value === 'number' ? Math.floor(value / TWO_POWER_32) : Number(value >> 32n)
}

/** Lower 32 bits as an unsigned number. */
export function lowWord(value: ExactValue): number {
  return typeof value === 'number' ? value >>> 0 : Number(value & 0xffffffffn)
}

/** The value of two words. */
export function joinWords(high: number, low: number): ExactValue {
  const value = high * TWO_POWER_32 + low
  return Number.isSafeInteger(value) ? value : exact((BigInt(high) << 32n) | BigInt(low))
}

/** Two's complement, big endian; `flipSign` makes signed numbers order as unsigned bytes do. */
export function writeWide(
  value: ExactValue,
  width: number,
  flipSign: boolean,
  bytes: Uint8Array,
  at: number,
): void {
  let rest = BigInt.asUintN(width * 8, BigInt(value))
  for (let i = width - 1; i >= 0; i--) {
    bytes[at + i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  if (flipSign) bytes[at] = (bytes[at] as number) ^ 0x80
}

/** Reads what `writeWide` wrote. */
export function readWide(bytes: Uint8Array, at: number, width: number, flipSign: boolean): ExactValue {
  let value = BigInt(flipSign ? (bytes[at] as number) ^ 0x80 : (bytes[at] as number))
  for (let i = 1; i < width; i++) value = (value << 8n) | BigInt(bytes[at + i] as number)
  return exact(BigInt.asIntN(width * 8, value))
}
