/**
 * Keys of rows and index entries: bytes whose unsigned order is the order of the values, so that any ordered
 * byte map can hold an index.
 *
 * A key is its parts one after the other. A part is, in this order:
 * - a marker, 0 for NULL (then nothing follows) and 1 otherwise; the primary key, which can't be NULL, has none;
 * - exact types: big endian in the type's fixed width, sign bit flipped;
 * - FLOAT and DOUBLE: IEEE bits, made to order as unsigned, -0 as 0;
 * - text: the collation's sort key, which ends itself (`collation.ts`);
 * - binary strings: 00 as 00 FF, and 00 00 for the end.
 *
 * No part is the beginning of another, so bounds of a prefix of parts cover exactly its continuations. Every byte of
 * a descending part is inverted, the marker too: NULL comes last there. A prefix part holds the first
 * characters (bytes of a binary string) only; what is read through it must be checked against the whole value.
 *
 * The bytes are part of the format of stored data. A change of a column's type, collation, or number of ENUM members
 * past 255 changes them, and means: build the index anew.
 */
import { ByteBuffer, successorOfPrefix } from './bytes.js'
import type { Collation } from './collation.js'
import { requireCollation } from './collations.js'
import { exactLayoutOf, highWord, lowWord, writeWide } from './exact-layout.js'
import { sqlError } from './sql-error.js'
import { representationOf, type SqlType } from './sql-type.js'
import { firstCodePoints } from './value-text.js'
import type { ExactValue, Value } from './value.js'

/** What the codec needs to know of a table; `TableDefinition` is one. */
export interface KeyTable {
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
}

/** What the codec needs to know of an index; `IndexDefinition` is one. */
export interface KeyIndex {
  readonly primary: boolean
  readonly parts: readonly {
    readonly column: number
    readonly prefixLength: number | undefined
    readonly descending: boolean
  }[]
}

/** A range of keys: `lower` ≤ key < `upper`; undefined means open. */
export interface EncodedRange {
  readonly lower: Buffer | undefined
  readonly upper: Buffer | undefined
}

/** A range of values of index parts; see `IndexRange` of the transaction SPI. */
export interface ValueRange {
  readonly lower: readonly Value[] | undefined
  readonly lowerInclusive: boolean
  readonly upper: readonly Value[] | undefined
  readonly upperInclusive: boolean
}

/** Writes one value, not NULL, in ascending form. */
interface PartWriter {
  write(target: ByteBuffer, value: Value): void
}

interface KeyPart {
  readonly column: number
  readonly writer: PartWriter
  readonly descending: boolean
  readonly isPrefix: boolean
}

/** Throws ER_JSON_USED_AS_KEY for a JSON column. */
export function compileKeyEncoder(table: KeyTable, index: KeyIndex): KeyEncoder {
  const parts = index.parts.map((part) => {
    const column = table.columns[part.column]
    if (column === undefined) throw new Error('invariant: an index part names a column of its table')
    return {
      column: part.column,
      writer: writerFor(column.name, column.type, part.prefixLength),
      descending: part.descending,
      isPrefix: part.prefixLength !== undefined,
    }
  })
  return new KeyEncoder(parts, !index.primary)
}

export class KeyEncoder {
  readonly partCount: number
  private readonly hasPrefixPart: boolean

  constructor(
    private readonly parts: readonly KeyPart[],
    private readonly hasMarkers: boolean,
  ) {
    this.partCount = parts.length
    this.hasPrefixPart = parts.some((part) => part.isPrefix)
  }

  /** Appends the key of a row given in the order of the table's columns. Answers whether a part is NULL. */
  writeRow(target: ByteBuffer, row: readonly Value[]): boolean {
    let hasNull = false
    for (const part of this.parts) {
      const value = row[part.column] as Value
      if (value === null) hasNull = true
      this.writePart(target, part, value)
    }
    return hasNull
  }

  /** Appends the key of the first `values.length` parts. Answers whether one is NULL. */
  writeValues(target: ByteBuffer, values: readonly Value[]): boolean {
    let hasNull = false
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as Value
      if (value === null) hasNull = true
      this.writePart(target, this.part(i), value)
    }
    return hasNull
  }

  /**
   * Bytes that hold all entries of a range, and no others unless a bound is on a prefix part: what has the bound's
   * prefix is then inside.
   */
  encodeRange(range: ValueRange): EncodedRange {
    // One value for both ends is the usual case.
    if (range.lower === range.upper && range.lowerInclusive && range.upperInclusive) {
      const lower = this.bound(range.lower, true, false)
      return { lower, upper: lower && successorOfPrefix(lower) }
    }
    return {
      lower: this.bound(range.lower, range.lowerInclusive, false),
      upper: this.bound(range.upper, range.upperInclusive, true),
    }
  }

  private bound(
    values: readonly Value[] | undefined,
    inclusive: boolean,
    isUpper: boolean,
  ): Buffer | undefined {
    if (values === undefined || values.length === 0) return undefined
    boundBuffer.clear()
    this.writeValues(boundBuffer, values)
    const key = boundBuffer.copy()
    const isWidened = this.hasPrefixPart && this.parts.slice(0, values.length).some((part) => part.isPrefix)
    const includes = inclusive || isWidened
    if (includes !== isUpper) return key
    const successor = successorOfPrefix(key)
    // Behind everything: an open upper end is that already, a lower bound needs a key that nothing reaches.
    return successor ?? (isUpper ? undefined : Buffer.concat([key, AFTER_EVERYTHING]))
  }

  private part(index: number): KeyPart {
    const part = this.parts[index]
    if (part === undefined) throw new Error('invariant: a key has no more values than its index has parts')
    return part
  }

  private writePart(target: ByteBuffer, part: KeyPart, value: Value): void {
    const start = target.length
    if (this.hasMarkers) {
      target.reserve(1)
      target.bytes[target.length++] = value === null ? 0 : 1
    }
    if (value !== null) part.writer.write(target, value)
    else if (!this.hasMarkers) throw new Error('invariant: a part of a primary key is not NULL')
    if (part.descending) invert(target.bytes, start, target.length)
  }
}

const boundBuffer = new ByteBuffer()

/** Longer than the run of FF that a key can begin with. */
const AFTER_EVERYTHING = Buffer.alloc(64, 0xff)

function invert(bytes: Buffer, start: number, end: number): void {
  for (let i = start; i < end; i++) bytes[i] = (bytes[i] as number) ^ 0xff
}

function writerFor(name: string, type: SqlType, prefixLength: number | undefined): PartWriter {
  switch (representationOf(type)) {
    case 'exact':
      return exactWriter(type)
    case 'approximate':
      return type.name === 'float' ? new FloatWriter() : new DoubleWriter()
    case 'text':
      return new TextWriter(requireCollation(type.collation), prefixLength)
    case 'bytes':
      return new BytesWriter(prefixLength)
    case 'json':
      throw sqlError('ER_JSON_USED_AS_KEY', name)
  }
}

function exactWriter(type: SqlType): PartWriter {
  const { width, signed } = exactLayoutOf(type)
  if (width > 8) return new WideWriter(width)
  if (width > 4) return new LongWriter(width, signed ? 2 ** (8 * (width - 4) - 1) : 0)
  return new IntegerWriter(width, signed ? 2 ** (8 * width - 1) : 0)
}

/** Up to 32 bits. */
class IntegerWriter implements PartWriter {
  constructor(
    private readonly width: number,
    private readonly bias: number,
  ) {}

  write(target: ByteBuffer, value: Value): void {
    target.reserve(4)
    const bytes = target.bytes
    const word = (value as number) + this.bias
    const width = this.width
    let at = target.length
    if (width > 3) bytes[at++] = word >>> 24
    if (width > 2) bytes[at++] = word >>> 16
    if (width > 1) bytes[at++] = word >>> 8
    bytes[at++] = word
    target.length = at
  }
}

/** 40 to 64 bits. */
class LongWriter implements PartWriter {
  constructor(
    private readonly width: number,
    private readonly highBias: number,
  ) {}

  write(target: ByteBuffer, value: Value): void {
    target.reserve(8)
    const bytes = target.bytes
    const high = highWord(value as ExactValue) + this.highBias
    const low = lowWord(value as ExactValue)
    let at = target.length
    for (let shift = (this.width - 5) * 8; shift >= 0; shift -= 8) bytes[at++] = high >>> shift
    bytes[at++] = low >>> 24
    bytes[at++] = low >>> 16
    bytes[at++] = low >>> 8
    bytes[at++] = low
    target.length = at
  }
}

class WideWriter implements PartWriter {
  constructor(private readonly width: number) {}

  write(target: ByteBuffer, value: Value): void {
    target.reserve(this.width)
    writeWide(value as ExactValue, this.width, true, target.bytes, target.length)
    target.length += this.width
  }
}

const scratchBytes = Buffer.alloc(8)
const scratchView = new DataView(scratchBytes.buffer, scratchBytes.byteOffset, 8)

/** Appends IEEE bits from the scratch: negative numbers inverted, others with the sign bit set. */
function appendOrderedBits(target: ByteBuffer, size: number): void {
  const isNegative = ((scratchBytes[0] as number) & 0x80) !== 0
  target.reserve(size)
  const bytes = target.bytes
  const at = target.length
  for (let i = 0; i < size; i++) bytes[at + i] = (scratchBytes[i] as number) ^ (isNegative ? 0xff : 0)
  if (!isNegative) bytes[at] = (bytes[at] as number) | 0x80
  target.length = at + size
}

class DoubleWriter implements PartWriter {
  write(target: ByteBuffer, value: Value): void {
    // Adding 0 makes 0 of -0.
    scratchView.setFloat64(0, (value as number) + 0)
    appendOrderedBits(target, 8)
  }
}

class FloatWriter implements PartWriter {
  write(target: ByteBuffer, value: Value): void {
    scratchView.setFloat32(0, (value as number) + 0)
    appendOrderedBits(target, 4)
  }
}

class TextWriter implements PartWriter {
  constructor(
    private readonly collation: Collation,
    private readonly prefixLength: number | undefined,
  ) {}

  write(target: ByteBuffer, value: Value): void {
    const text =
      this.prefixLength === undefined
        ? (value as string)
        : firstCodePoints(value as string, this.prefixLength)
    target.reserve(this.collation.sortKeyBytesMax(text.length))
    target.length = this.collation.writeSortKey(text, target.bytes, target.length)
  }
}

class BytesWriter implements PartWriter {
  constructor(private readonly prefixLength: number | undefined) {}

  write(target: ByteBuffer, value: Value): void {
    const source = value as Uint8Array
    const length = Math.min(source.length, this.prefixLength ?? source.length)
    target.reserve(length * 2 + 2)
    const bytes = target.bytes
    let at = target.length
    for (let i = 0; i < length; i++) {
      const byte = source[i] as number
      bytes[at++] = byte
      if (byte === 0) bytes[at++] = 0xff
    }
    bytes[at++] = 0
    bytes[at++] = 0
    target.length = at
  }
}
