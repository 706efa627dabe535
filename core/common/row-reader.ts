/**
 * Reading one column of a stored row (`row-codec.ts`): a reader for each way that a column can lie there.
 */
import { copyRange } from './bytes.js'
import { exactLayoutOf, joinWords, readWide } from './exact-layout.js'
import { representationOf, type SqlType } from './sql-type.js'
import type { Value } from './value.js'
import type { ApproximateVector, BytesVector, ExactVector, Vector } from './vector.js'

/** Flag in a row's fourth byte: end offsets take four bytes instead of two. */
export const WIDE_OFFSETS = 1

/** Where a column lies in the rows of one schema. Offsets count from the start of the row. */
export interface ColumnSlot {
  readonly type: SqlType
  /** Byte and bit of the NULL flag; -1 and 0 for NOT NULL. */
  readonly nullAt: number
  readonly nullMask: number
  /** Bytes of a fixed column, 0 for others. */
  readonly width: number
  /** Static offset of a fixed column, -1 for others. */
  readonly offset: number
  /** Which of the columns of variable width it is; -1 for fixed ones. */
  readonly variableIndex: number
  readonly endsAt: number
  readonly variableCount: number
}

export interface ColumnReader {
  /** Whether `appendAll` lets vectors borrow. */
  readonly borrows: boolean
  append(bytes: Uint8Array, start: number, end: number, output: Vector): void
  /** Appends the column of the rows that begin at the first `count` of `starts`; see `RowDecoder.decodeAll`. */
  appendAll(bytes: Buffer, starts: Uint32Array, count: number, output: Vector): void
  value(bytes: Uint8Array, start: number, end: number): Value
}

/** The reader of a slot; without one (the row's schema lacks the column) it always reads `absent`. */
export function readerFor(slot: ColumnSlot | undefined, absent: () => Value): ColumnReader {
  if (slot === undefined) return new AbsentReader(absent())
  switch (representationOf(slot.type)) {
    case 'exact':
      return exactReader(slot)
    case 'approximate':
      return new ApproximateReader(slot)
    case 'bytes':
      return new VariableReader(slot, false)
    default:
      return new VariableReader(slot, true)
  }
}

function exactReader(slot: ColumnSlot): ColumnReader {
  const { width, signed } = exactLayoutOf(slot.type)
  if (width > 8) return new WideReader(slot)
  return width > 4 ? new LongReader(slot, signed) : new IntegerReader(slot, signed)
}

class AbsentReader implements ColumnReader {
  readonly borrows = false

  constructor(private readonly absent: Value) {}

  append(_bytes: Uint8Array, _start: number, _end: number, output: Vector): void {
    output.push(this.absent)
  }

  appendAll(_bytes: Buffer, _starts: Uint32Array, count: number, output: Vector): void {
    for (let i = 0; i < count; i++) output.push(this.absent)
  }

  value(): Value {
    return this.absent
  }
}

abstract class FixedReader {
  readonly borrows = false
  protected readonly offset: number
  protected readonly width: number
  private readonly nullAt: number
  private readonly nullMask: number

  constructor(slot: ColumnSlot) {
    this.offset = slot.offset
    this.width = slot.width
    this.nullAt = slot.nullAt
    this.nullMask = slot.nullMask
  }

  protected isNull(bytes: Uint8Array, start: number): boolean {
    return this.nullMask !== 0 && ((bytes[start + this.nullAt] as number) & this.nullMask) !== 0
  }
}

/** Little-endian unsigned number of 1 to 4 bytes. */
function readWord(bytes: Uint8Array, at: number, width: number): number {
  let word = bytes[at] as number
  if (width > 1) word |= (bytes[at + 1] as number) << 8
  if (width > 2) word |= (bytes[at + 2] as number) << 16
  if (width > 3) word |= (bytes[at + 3] as number) << 24
  return word >>> 0
}

class IntegerReader extends FixedReader implements ColumnReader {
  private readonly shift: number

  constructor(
    slot: ColumnSlot,
    private readonly signed: boolean,
  ) {
    super(slot)
    this.shift = 32 - 8 * slot.width
  }

  append(bytes: Uint8Array, start: number, _end: number, output: Vector): void {
    if (this.isNull(bytes, start)) output.pushNull()
    else (output as ExactVector).pushNumber(this.read(bytes, start))
  }

  appendAll(bytes: Buffer, starts: Uint32Array, count: number, output: Vector): void {
    for (let i = 0; i < count; i++) this.append(bytes, starts[i] as number, 0, output)
  }

  value(bytes: Uint8Array, start: number): Value {
    return this.isNull(bytes, start) ? null : this.read(bytes, start)
  }

  private read(bytes: Uint8Array, start: number): number {
    const word = readWord(bytes, start + this.offset, this.width)
    return this.signed ? (word << this.shift) >> this.shift : word
  }
}

class LongReader extends FixedReader implements ColumnReader {
  private readonly shift: number

  constructor(
    slot: ColumnSlot,
    private readonly signed: boolean,
  ) {
    super(slot)
    this.shift = 64 - 8 * slot.width
  }

  append(bytes: Uint8Array, start: number, _end: number, output: Vector): void {
    if (this.isNull(bytes, start)) {
      output.pushNull()
      return
    }
    const value = this.read(bytes, start)
    if (typeof value === 'number') (output as ExactVector).pushNumber(value)
    else output.push(value)
  }

  appendAll(bytes: Buffer, starts: Uint32Array, count: number, output: Vector): void {
    for (let i = 0; i < count; i++) this.append(bytes, starts[i] as number, 0, output)
  }

  value(bytes: Uint8Array, start: number): Value {
    return this.isNull(bytes, start) ? null : this.read(bytes, start)
  }

  private read(bytes: Uint8Array, start: number): number | bigint {
    const at = start + this.offset
    const low = readWord(bytes, at, 4)
    const word = readWord(bytes, at + 4, this.width - 4)
    return joinWords(this.signed ? (word << this.shift) >> this.shift : word, low)
  }
}

class WideReader extends FixedReader implements ColumnReader {
  append(bytes: Uint8Array, start: number, end: number, output: Vector): void {
    output.push(this.value(bytes, start, end))
  }

  appendAll(bytes: Buffer, starts: Uint32Array, count: number, output: Vector): void {
    for (let i = 0; i < count; i++) this.append(bytes, starts[i] as number, 0, output)
  }

  value(bytes: Uint8Array, start: number, _end: number): Value {
    return this.isNull(bytes, start) ? null : readWide(bytes, start + this.offset, this.width, false)
  }
}

const scratchBytes = new Uint8Array(8)
const scratchDouble = new Float64Array(scratchBytes.buffer)
const scratchFloat = new Float32Array(scratchBytes.buffer)

class ApproximateReader extends FixedReader implements ColumnReader {
  append(bytes: Uint8Array, start: number, _end: number, output: Vector): void {
    if (this.isNull(bytes, start)) output.pushNull()
    else (output as ApproximateVector).pushNumber(this.read(bytes, start))
  }

  appendAll(bytes: Buffer, starts: Uint32Array, count: number, output: Vector): void {
    for (let i = 0; i < count; i++) this.append(bytes, starts[i] as number, 0, output)
  }

  value(bytes: Uint8Array, start: number): Value {
    return this.isNull(bytes, start) ? null : this.read(bytes, start)
  }

  /** Stored little endian, as every machine that Node runs on keeps numbers. */
  private read(bytes: Uint8Array, start: number): number {
    const at = start + this.offset
    for (let i = 0; i < this.width; i++) scratchBytes[i] = bytes[at + i] as number
    return (this.width === 8 ? scratchDouble[0] : scratchFloat[0]) as number
  }
}

const TEXT_DECODER = new TextDecoder()

class VariableReader implements ColumnReader {
  readonly borrows = true
  private readonly nullAt: number
  private readonly nullMask: number
  private readonly endsAt: number
  private readonly index: number
  private readonly count: number

  constructor(
    slot: ColumnSlot,
    private readonly isText: boolean,
  ) {
    this.nullAt = slot.nullAt
    this.nullMask = slot.nullMask
    this.endsAt = slot.endsAt
    this.index = slot.variableIndex
    this.count = slot.variableCount
  }

  append(bytes: Uint8Array, start: number, _end: number, output: Vector): void {
    if (this.isNull(bytes, start)) {
      output.pushNull()
      return
    }
    const isWide = bytes[start + 3] === WIDE_OFFSETS
    const dataAt = start + this.endsAt + this.count * (isWide ? 4 : 2)
    const from = this.index === 0 ? 0 : this.endOf(bytes, start, isWide, this.index - 1)
    const to = this.endOf(bytes, start, isWide, this.index)
    ;(output as BytesVector).pushBytes(bytes, dataAt + from, dataAt + to)
  }

  appendAll(bytes: Buffer, starts: Uint32Array, count: number, output: Vector): void {
    const vector = output as BytesVector
    const { index, endsAt } = this
    if (!vector.borrow(bytes)) {
      for (let i = 0; i < count; i++) this.append(bytes, starts[i] as number, 0, output)
      return
    }
    for (let i = 0; i < count; i++) {
      const start = starts[i] as number
      if (this.isNull(bytes, start)) {
        vector.pushNull()
        continue
      }
      const isWide = bytes[start + 3] === WIDE_OFFSETS
      const dataAt = start + endsAt + this.count * (isWide ? 4 : 2)
      const from = index === 0 ? 0 : this.endOf(bytes, start, isWide, index - 1)
      vector.pushSlice(dataAt + from, dataAt + this.endOf(bytes, start, isWide, index))
    }
  }

  value(bytes: Uint8Array, start: number): Value {
    if (this.isNull(bytes, start)) return null
    const isWide = bytes[start + 3] === WIDE_OFFSETS
    const dataAt = start + this.endsAt + this.count * (isWide ? 4 : 2)
    const from = dataAt + (this.index === 0 ? 0 : this.endOf(bytes, start, isWide, this.index - 1))
    const to = dataAt + this.endOf(bytes, start, isWide, this.index)
    if (!this.isText) return copyRange(bytes, from, to)
    return bytes instanceof Buffer ? bytes.utf8Slice(from, to) : TEXT_DECODER.decode(bytes.subarray(from, to))
  }

  private isNull(bytes: Uint8Array, start: number): boolean {
    return this.nullMask !== 0 && ((bytes[start + this.nullAt] as number) & this.nullMask) !== 0
  }

  private endOf(bytes: Uint8Array, start: number, isWide: boolean, index: number): number {
    const endsAt = start + this.endsAt
    return isWide ? readWord(bytes, endsAt + index * 4, 4) : readWord(bytes, endsAt + index * 2, 2)
  }
}
