/** Writes blocks of ClickHouse's format Native (`native-block.ts`): what we insert. */
import type { ApproximateVector, BytesVector, ExactVector, Vector } from '@switchyard/core/spi'
import { typedArray, valueBytesOf } from './native-block.js'
import type { ShortTurns } from './short-turns.js'

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
