/**
 * Blocks of ClickHouse's format Native: how many columns, how many rows, and for each column its name, its type, and its values one behind
 * the other; a Nullable one has a byte a row in front that says which are NULL. It is both what we insert (`block-writer.ts`) and what we
 * read (`block-reader.ts`). Here is how wide values are.
 */

/** Bytes of a value of fixed width. */
export function valueBytesOf(type: string): number {
  const bits = /^(?:UInt|Int|Float)(\d+)$/.exec(type)?.[1]
  if (bits !== undefined) return Number(bits) / 8
  const precision = Number(/^Decimal\((\d+), \d+\)$/.exec(type)?.[1])
  if (Number.isNaN(precision)) throw new Error(`invariant: no such stored type: ${type}`)
  return precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32
}

/** Integers of up to four bytes, as they lie in a block. */
export function typedArray(bytes: ArrayBuffer, width: number, isSigned: boolean): NarrowArray {
  switch (width) {
    case 1:
      return isSigned ? new Int8Array(bytes) : new Uint8Array(bytes)
    case 2:
      return isSigned ? new Int16Array(bytes) : new Uint16Array(bytes)
    default:
      return isSigned ? new Int32Array(bytes) : new Uint32Array(bytes)
  }
}

type NarrowArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array
