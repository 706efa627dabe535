/** Reads blocks of ClickHouse's format Native (`native-block.ts`): what queries answer. */
import {
  BytesVector,
  exact,
  type ApproximateVector,
  type ExactVector,
  type Vector,
} from '@switchyard/core/spi'
import { typedArray, valueBytesOf } from './native-block.js'

/** A column of a block of which only some rows have been read. */
interface OpenColumn {
  /** ClickHouse's type, without Nullable. */
  readonly type: string
  readonly nulls: Uint8Array | undefined
  /** Where its next value lies. */
  at: number
}

/** Reads the blocks that lie one behind the other in `bytes`. */
export class BlockReader {
  private at = 0
  /** Of a block that is read in pieces. */
  private columns: readonly OpenColumn[] = []
  private rowsRead = 0
  private rowCount = 0

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length && this.rowsRead === this.rowCount
  }

  /**
   * Appends the rows of the next block to `vectors`, one for each of its columns, at most `rowsMax`: then the next call goes on with the
   * rest of them. Answers how many.
   */
  next(vectors: readonly Vector[], rowsMax = Infinity): number {
    if (this.rowsRead < this.rowCount) return this.piece(vectors, rowsMax)
    const columnCount = this.varint()
    const rowCount = this.varint()
    if (columnCount !== vectors.length) {
      throw new Error(`invariant: a block of ${columnCount} columns for ${vectors.length}`)
    }
    if (rowCount > rowsMax) {
      this.rowCount = rowCount
      this.rowsRead = 0
      this.columns = vectors.map(() => {
        const column = this.head(rowCount)
        this.skipValues(column.type, rowCount)
        return column
      })
      return this.piece(vectors, rowsMax)
    }
    for (const vector of vectors) {
      const { type, nulls } = this.head(rowCount)
      this.values(vector, rowCount, nulls, type)
    }
    return rowCount
  }

  private piece(vectors: readonly Vector[], rowsMax: number): number {
    const from = this.rowsRead
    const count = Math.min(this.rowCount - from, rowsMax)
    const end = this.at
    this.columns.forEach((column, i) => {
      this.at = column.at
      this.values(vectors[i] as Vector, count, column.nulls?.subarray(from, from + count), column.type)
      column.at = this.at
    })
    this.at = end
    this.rowsRead += count
    return count
  }

  /** Name, type and NULLs of the next column, in front of its values. */
  private head(rowCount: number): OpenColumn {
    this.skip(this.varint())
    const type = this.text()
    const inner = /^Nullable\((.*)\)$/.exec(type)?.[1]
    if (inner === undefined) return { type, nulls: undefined, at: this.at }
    const nulls = this.bytes.subarray(this.at, this.at + rowCount)
    this.skip(rowCount)
    return { type: inner, nulls, at: this.at }
  }

  private skipValues(type: string, rowCount: number): void {
    if (type !== 'String') this.skip(rowCount * valueBytesOf(type))
    else for (let row = 0; row < rowCount; row++) this.skip(this.varint())
  }

  private values(vector: Vector, rowCount: number, nulls: Uint8Array | undefined, stored: string): void {
    if (stored === 'String') this.strings(vector as BytesVector, rowCount, nulls)
    else if (stored === 'Float64' || stored === 'Float32') {
      this.floats(vector as ApproximateVector, rowCount, nulls, valueBytesOf(stored))
    } else this.integers(vector as ExactVector, rowCount, nulls, stored)
  }

  private strings(vector: BytesVector, rowCount: number, nulls: Uint8Array | undefined): void {
    const { bytes } = this
    for (let row = 0; row < rowCount; row++) {
      const length = this.varint()
      if (nulls?.[row] === 1) vector.pushNull()
      else vector.pushBytes(bytes, this.at, this.at + length)
      this.at += length
    }
  }

  private floats(
    vector: ApproximateVector,
    rowCount: number,
    nulls: Uint8Array | undefined,
    width: number,
  ): void {
    const { bytes } = this
    for (let row = 0; row < rowCount; row++) {
      if (nulls?.[row] === 1) vector.pushNull()
      else vector.pushNumber(width === 4 ? bytes.readFloatLE(this.at) : bytes.readDoubleLE(this.at))
      this.at += width
    }
  }

  private integers(vector: ExactVector, rowCount: number, nulls: Uint8Array | undefined, type: string): void {
    const width = valueBytesOf(type)
    const isSigned = !type.startsWith('UInt')
    if (width <= 4)
      this.narrow(vector, rowCount, nulls, typedArray(this.copy(rowCount * width), width, isSigned))
    else if (width === 8) this.words(vector, rowCount, nulls, isSigned)
    else {
      for (let row = 0; row < rowCount; row++) {
        if (nulls?.[row] === 1) vector.pushNull()
        else vector.push(this.wide(width))
        this.at += width
      }
    }
  }

  /** The next bytes where a typed array can begin. The engine's numbers and ours are little-endian. */
  private copy(byteCount: number): ArrayBuffer {
    const copy = new ArrayBuffer(byteCount)
    new Uint8Array(copy).set(this.bytes.subarray(this.at, this.at + byteCount))
    this.at += byteCount
    return copy
  }

  private narrow(
    vector: ExactVector,
    rowCount: number,
    nulls: Uint8Array | undefined,
    values: ArrayLike<number>,
  ): void {
    for (let row = 0; row < rowCount; row++) {
      if (nulls?.[row] === 1) vector.pushNull()
      else vector.pushNumber(values[row] as number)
    }
  }

  /** 64 bits, which are a number while that is safe. */
  private words(
    vector: ExactVector,
    rowCount: number,
    nulls: Uint8Array | undefined,
    isSigned: boolean,
  ): void {
    const copy = this.copy(rowCount * 8)
    const low = new Uint32Array(copy)
    const high = isSigned ? new Int32Array(copy) : low
    for (let row = 0; row < rowCount; row++) {
      if (nulls?.[row] === 1) {
        vector.pushNull()
        continue
      }
      const value = (high[row * 2 + 1] as number) * 2 ** 32 + (low[row * 2] as number)
      if (Number.isSafeInteger(value)) vector.pushNumber(value)
      else vector.push((isSigned ? new BigInt64Array(copy) : new BigUint64Array(copy))[row] as bigint)
    }
  }

  /** 128 bits and more. */
  private wide(width: number): number | bigint {
    const { bytes, at } = this
    let value = bytes.readBigInt64LE(at + width - 8)
    for (let i = width - 16; i >= 0; i -= 8) value = (value << 64n) | bytes.readBigUInt64LE(at + i)
    return exact(value)
  }

  private varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) throw new Error('invariant: a block ends in the middle')
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
  }

  private text(): string {
    const length = this.varint()
    const start = this.at
    this.skip(length)
    return this.bytes.latin1Slice(start, start + length)
  }

  private skip(count: number): void {
    this.at += count
  }
}
