/**
 * How MySQL's values lie in ClickHouse's columns. Nothing is lost and nothing is rounded:
 *
 * - integers, YEAR, BIT, ENUM (the member's number) and SET (its bits) are integers of the least width
 * - DECIMAL is Decimal of the same digits, 76 at most there, 65 here
 * - DATE, TIME, DATETIME and TIMESTAMP are the packed integers that the server computes with: ClickHouse's own types know neither
 *   zero and partial dates, nor years outside 1900–2299, nor times beyond a day. Packed ones order, group and compare as they should
 * - text and JSON are String in UTF-8, binary strings are String
 *
 * NULL is Nullable, which costs a byte a row before compression.
 */
import { isText, type ColumnDefinition, type SqlType } from '@switchyard/core/spi'
import { textFormOf } from './text-form.js'

/** ClickHouse's type for the values of a column, without Nullable. */
export function storedType(type: SqlType): string {
  switch (type.name) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
      return `${type.unsigned ? 'UInt' : 'Int'}${INTEGER_BITS[type.name]}`
    case 'year':
    case 'enum':
      return 'UInt16'
    case 'bit':
    case 'set':
      return 'UInt64'
    case 'decimal':
      return `Decimal(${type.length}, ${type.scale})`
    case 'float':
      return 'Float32'
    case 'double':
      return 'Float64'
    case 'date':
      return 'Int32'
    case 'time':
    case 'datetime':
    case 'timestamp':
      return 'Int64'
    case 'null':
      return 'UInt8'
    default:
      return 'String'
  }
}

const INTEGER_BITS = { tinyint: 8, smallint: 16, mediumint: 32, int: 32, bigint: 64 } as const

/**
 * How a column is compressed. What is an integer of up to 64 bits there is first reduced to the bits that differ within a block, which is
 * smaller and faster to read than without, for random numbers as well as ascending ones (decision 018).
 */
export function codecOf({ type }: ColumnDefinition): string {
  const stored = storedType(type)
  if (stored === 'String' || stored.startsWith('Float')) return 'ZSTD'
  return type.name === 'decimal' && type.length > WORD_DIGITS_MAX ? 'ZSTD' : 'T64, ZSTD'
}

/** Digits of a DECIMAL that is 64 bits there. */
const WORD_DIGITS_MAX = 18

export function nullable(type: string, isNullable: boolean): string {
  return isNullable ? `Nullable(${type})` : type
}

/**
 * How the stored values of a type compare there against how MySQL compares them: `exact`; `equal`, only as far as they are equal or not;
 * `no`.
 */
export type Comparability = 'exact' | 'equal' | 'no'

/** Padding more characters than these for an order costs too much. */
export const PADDED_CHARACTERS_MAX = 255

export function comparabilityOf(type: SqlType): Comparability {
  if (type.name === 'json' || type.name === 'enum' || type.name === 'set') return 'no'
  if (!isText(type)) return 'exact'
  const form = textFormOf(type.collation)
  if (form === undefined) return 'no'
  return form.kind === 'padded' && type.length > PADDED_CHARACTERS_MAX ? 'equal' : 'exact'
}
