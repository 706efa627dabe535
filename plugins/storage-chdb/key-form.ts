/**
 * Keys of values that ClickHouse compares otherwise than MySQL: text by its collation, prefixes, floating point numbers with their two
 * zeros. Such a key is bytes, equal exactly if the values are, and lies in a column of its own.
 */
import {
  collationByName,
  isApproximate,
  isText,
  type Collation,
  type ColumnDefinition,
  type IndexPart,
  type Value,
} from '@switchyard/core/spi'

export interface KeyForm {
  /** The column that keeps the keys. */
  readonly name: string
  bytesOf(value: Exclude<Value, null>): Buffer
}

/** Undefined where values themselves are fit to be keys. */
export function keyFormOf(column: ColumnDefinition, { prefixLength }: IndexPart): KeyForm | undefined {
  const { type } = column
  const name = `k${column.id}${prefixLength === undefined ? '' : `_${prefixLength}`}`
  if (isApproximate(type)) return { name, bytesOf: (value) => doubleKey(value as number) }
  if (isText(type)) {
    const collation = collationByName(type.collation)
    const isPlain = collation === undefined || (collation.isBinary && collation.padAttribute === 'NO PAD')
    if (prefixLength === undefined) {
      return isPlain ? undefined : { name, bytesOf: (value) => sortKey(collation, value as string) }
    }
    return {
      name,
      bytesOf: (value) => {
        const start = Array.from(value as string)
          .slice(0, prefixLength)
          .join('')
        return isPlain ? Buffer.from(start) : sortKey(collation, start)
      },
    }
  }
  if (prefixLength === undefined) return undefined
  return { name, bytesOf: (value) => Buffer.from((value as Uint8Array).subarray(0, prefixLength)) }
}

function doubleKey(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  // Both zeros are the same number.
  bytes.writeDoubleBE(value + 0)
  return bytes
}

function sortKey(collation: Collation, text: string): Buffer {
  const bytes = Buffer.allocUnsafe(collation.sortKeyBytesMax(text.length))
  return bytes.subarray(0, collation.writeSortKey(text, bytes, 0))
}
