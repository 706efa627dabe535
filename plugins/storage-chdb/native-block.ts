/**
 * Blocks of ClickHouse's format Native: how many columns, how many rows, and for each column its name, its type, and its values one behind
 * the other; a Nullable one has a byte a row in front that says which are NULL. It is both what we insert and what we read.
 */
import {
  BytesVector,
  exact,
  type ApproximateVector,
  type ExactVector,
  type Vector,
} from '@switchyard/core/spi'
import type { ShortTurns } from './short-turns.js'

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** A column of a block, not yet encoded. */
export interface BlockColumn {
  readonly name: string
  /** ClickHouse's type, without Nullable. */
  readonly type: string
  readonly isNullable: boolean
  readonly values: BlockValues
}

/** Values of a column by row; `null` is read only where the column may be NULL. */
export type BlockValues =
  | { readonly kind: 'vector'; readonly vector: Vector }
  /** The value in the rows from `from` on, 0 in those before. */
  | { readonly kind: 'same'; readonly value: number; readonly from?: number }
  | { readonly kind: 'bytes'; readonly values: readonly (Uint8Array | null)[] }

export function encodeBlock(columns: readonly BlockColumn[], rowCount: number): Buffer {
  const parts: Buffer[] = [varint(columns.length), varint(rowCount)]
  for (const column of columns) parts.push(...encodeColumn(column, rowCount))
  return Buffer.concat(parts)
}

/** As `encodeBlock`, in turns, and in pieces to be put one behind the other. Nobody may change the values meanwhile. */
export async function encodeLargeBlock(
  columns: readonly BlockColumn[],
  rowCount: number,
  turns: ShortTurns,
): Promise<readonly Buffer[]> {
  const parts: Buffer[] = [varint(columns.length), varint(rowCount)]
  for (const column of columns) {
    await turns.pause()
    parts.push(...encodeColumn(column, rowCount))
  }
  return parts
}

function encodeColumn({ name, type, isNullable, values }: BlockColumn, rowCount: number): readonly Buffer[] {
  const head = [text(name), text(isNullable ? `Nullable(${type})` : type)]
  if (isNullable) head.push(nullBytes(values, rowCount))
  return [...head, encodeValues(type, values, rowCount)]
}

function nullBytes(values: BlockValues, rowCount: number): Buffer {
  const bytes = Buffer.alloc(rowCount)
  if (values.kind === 'vector') bytes.set(values.vector.nulls.subarray(0, rowCount))
  if (values.kind === 'bytes') {
    for (let row = 0; row < rowCount; row++) if (values.values[row] === null) bytes[row] = 1
  }
  return bytes
}

function encodeValues(type: string, values: BlockValues, rowCount: number): Buffer {
  if (type === 'String') return encodeStrings(values, rowCount)
  const width = valueBytesOf(type)
  // It begins where a typed array can begin, and NULL is 0.
  const bytes = Buffer.from(new ArrayBuffer(rowCount * width))
  if (values.kind === 'bytes') throw new Error(`invariant: bytes are no ${type}`)
  if (values.kind === 'same') {
    if (values.value !== 0)
      for (let row = values.from ?? 0; row < rowCount; row++)
        writeInteger(bytes, row * width, width, values.value)
    return bytes
  }
  const { vector } = values
  if (type.startsWith('Float')) encodeFloats(vector as ApproximateVector, bytes, rowCount, width)
  else encodeIntegers(vector as ExactVector, bytes, rowCount, width)
  return bytes
}

function encodeFloats(vector: ApproximateVector, bytes: Buffer, rowCount: number, width: number): void {
  for (let row = 0; row < rowCount; row++) {
    if (vector.nulls[row] === 1) continue
    const value = vector.values[row] as number
    if (width === 4) bytes.writeFloatLE(value, row * 4)
    else bytes.writeDoubleLE(value, row * 8)
  }
}

function encodeIntegers(vector: ExactVector, bytes: Buffer, rowCount: number, width: number): void {
  const { wide, values, nulls, hasNulls } = vector
  if (wide === undefined && width <= 8) {
    if (width === 8) encodeWords(values, bytes, rowCount)
    // What is too large for a signed one comes out as the unsigned one of the same bits.
    else typedArray(bytes.buffer as ArrayBuffer, width, true).set(values.subarray(0, rowCount))
    if (hasNulls) clearNulls(nulls, bytes, rowCount, width)
    return
  }
  for (let row = 0; row < rowCount; row++) {
    if (nulls[row] === 1) continue
    writeInteger(
      bytes,
      row * width,
      width,
      wide === undefined ? (values[row] as number) : (wide[row] as number | bigint),
    )
  }
}

/** What a vector has where it is NULL means nothing. */
function clearNulls(nulls: Uint8Array, bytes: Buffer, rowCount: number, width: number): void {
  for (let row = 0; row < rowCount; row++) {
    if (nulls[row] === 1) bytes.fill(0, row * width, (row + 1) * width)
  }
}

/** Safe integers as 64 bits. */
function encodeWords(values: Float64Array, bytes: Buffer, rowCount: number): void {
  const words = new Int32Array(bytes.buffer, 0, rowCount * 2)
  for (let row = 0; row < rowCount; row++) {
    const value = values[row] as number
    words[row * 2] = value
    words[row * 2 + 1] = Math.floor(value / 2 ** 32)
  }
}

/** Two's complement, so signed and unsigned are the same. */
function writeInteger(bytes: Buffer, at: number, width: number, value: number | bigint): void {
  if (width <= 4) {
    const number = Number(value)
    for (let i = 0; i < width; i++) bytes[at + i] = (number >> (i * 8)) & 0xff
    return
  }
  if (typeof value === 'number') {
    // A safe integer has 53 bits: two words, and the sign in the rest.
    const high = Math.floor(value / 2 ** 32)
    bytes.writeUInt32LE(value - high * 2 ** 32, at)
    bytes.writeInt32LE(high, at + 4)
    if (value < 0 && width > 8) bytes.fill(0xff, at + 8, at + width)
    return
  }
  let rest = value
  for (let i = 0; i < width; i += 8) {
    bytes.writeBigInt64LE(BigInt.asIntN(64, rest), at + i)
    rest >>= 64n
  }
}

function encodeStrings(values: BlockValues, rowCount: number): Buffer {
  if (values.kind === 'same') throw new Error('invariant: no string is a number')
  return values.kind === 'vector'
    ? encodeVectorStrings(values.vector as BytesVector, rowCount)
    : encodeListedStrings(values.values, rowCount)
}

function encodeVectorStrings({ data, starts, ends, dataSize }: BytesVector, rowCount: number): Buffer {
  const bytes = Buffer.allocUnsafe(dataSize + rowCount * VARINT_BYTES_MAX)
  let at = 0
  for (let row = 0; row < rowCount; row++) {
    const start = starts[row] as number
    const end = ends[row] as number
    at = writeVarint(bytes, at, end - start)
    if (end - start <= SHORT_BYTES) for (let i = start; i < end; i++) bytes[at++] = data[i] as number
    else at += data.copy(bytes, at, start, end)
  }
  return bytes.subarray(0, at)
}

function encodeListedStrings(values: readonly (Uint8Array | null)[], rowCount: number): Buffer {
  let size = 0
  for (let row = 0; row < rowCount; row++) size += values[row]?.length ?? 0
  const bytes = Buffer.allocUnsafe(size + rowCount * VARINT_BYTES_MAX)
  let at = 0
  for (let row = 0; row < rowCount; row++) {
    const value = values[row] ?? EMPTY
    at = writeVarint(bytes, at, value.length)
    bytes.set(value, at)
    at += value.length
  }
  return bytes.subarray(0, at)
}

const EMPTY = new Uint8Array(0)
/** Shorter ones are copied byte by byte: a call costs more. */
const SHORT_BYTES = 64
const VARINT_BYTES_MAX = 5

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 268_435_456 ? 4 : 5
}

function varint(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(varintBytes(value))
  writeVarint(bytes, 0, value)
  return bytes
}

/** Answers the offset behind it. */
function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value
  while (rest >= 128) {
    bytes[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────

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

function typedArray(bytes: ArrayBuffer, width: number, isSigned: boolean): NarrowArray {
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

/** Bytes of a value of fixed width. */
export function valueBytesOf(type: string): number {
  const bits = /^(?:UInt|Int|Float)(\d+)$/.exec(type)?.[1]
  if (bits !== undefined) return Number(bits) / 8
  const precision = Number(/^Decimal\((\d+), \d+\)$/.exec(type)?.[1])
  if (Number.isNaN(precision)) throw new Error(`invariant: no such stored type: ${type}`)
  return precision <= 9 ? 4 : precision <= 18 ? 8 : precision <= 38 ? 16 : 32
}
