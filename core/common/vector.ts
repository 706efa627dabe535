/**
 * Columns of values in memory. A vector has one exact SQL type; numbers lie in typed arrays, strings as bytes with
 * end offsets (text and JSON as UTF-8 whatever the column's character set is, binary strings as they are), NULLs
 * as one byte a row. Vectors are append-only and reused: an operator clears its output and fills it again.
 */
import './node-buffer.js'
import { copyBytes } from './bytes.js'
import { representationOf, type SqlType } from './sql-type.js'
import type { ExactValue, Value } from './value.js'

const INITIAL_CAPACITY = 8

export abstract class Vector {
  length = 0
  /** 1 where the row is NULL; entries at and after `length` mean nothing. */
  nulls = new Uint8Array(INITIAL_CAPACITY)
  hasNulls = false

  constructor(readonly type: SqlType) {}

  isNull(row: number): boolean {
    return this.nulls[row] === 1
  }

  /** The value in the representation of `type`; strings are decoded anew at each call. */
  abstract get(row: number): Value

  /** Appends a value in the representation of `type`. */
  abstract push(value: Value): void

  /** Appends row `row` of `source`, a vector of the same representation. */
  abstract pushFrom(source: Vector, row: number): void

  abstract pushNull(): void

  /** Appends the first `count` rows of `source`, a vector of the same representation. */
  pushAll(source: Vector, count: number): void {
    for (let row = 0; row < count; row++) this.pushFrom(source, row)
  }

  /** As `pushFrom`, but strings stay where they are: `source` lives and keeps its rows until this vector is cleared. */
  borrowFrom(source: Vector, row: number): void {
    this.pushFrom(source, row)
  }

  /** Drops the rows from `length` on. */
  truncate(length: number): void {
    if (length < this.length) this.length = length
    if (length === 0) this.hasNulls = false
  }

  clear(): void {
    this.truncate(0)
  }

  /** Bytes of memory held, for accounting. */
  abstract get byteSize(): number

  /** Ends appending so many rows, for which there is room. */
  protected pushNulls(source: Vector, count: number): void {
    this.nulls.set(source.nulls.subarray(0, count), this.length)
    this.hasNulls ||= source.hasNulls
    this.length += count
  }

  protected growNulls(): void {
    const grown = new Uint8Array(this.nulls.length * 2)
    grown.set(this.nulls)
    this.nulls = grown
  }
}

/** FLOAT and DOUBLE. */
export class ApproximateVector extends Vector {
  values = new Float64Array(INITIAL_CAPACITY)

  get(row: number): number | null {
    return this.nulls[row] === 1 ? null : (this.values[row] as number)
  }

  push(value: Value): void {
    if (value === null) this.pushNull()
    else this.pushNumber(value as number)
  }

  pushNumber(value: number): void {
    const at = this.length++
    if (at >= this.values.length) this.grow()
    this.values[at] = value
    this.nulls[at] = 0
  }

  pushNull(): void {
    const at = this.length++
    if (at >= this.values.length) this.grow()
    this.nulls[at] = 1
    this.hasNulls = true
  }

  pushFrom(source: Vector, row: number): void {
    if (source.nulls[row] === 1) this.pushNull()
    else this.pushNumber((source as ApproximateVector).values[row] as number)
  }

  override pushAll(source: Vector, count: number): void {
    while (this.length + count > this.values.length) this.grow()
    this.values.set((source as ApproximateVector).values.subarray(0, count), this.length)
    this.pushNulls(source, count)
  }

  get byteSize(): number {
    return this.values.byteLength + this.nulls.byteLength
  }

  private grow(): void {
    const grown = new Float64Array(this.values.length * 2)
    grown.set(this.values)
    this.values = grown
    this.growNulls()
  }
}

/**
 * Exact integers. They lie in a Float64Array while all of them are safe integers; the first bigint moves the
 * vector to `wide`, an ordinary array, until it is cleared.
 */
export class ExactVector extends Vector {
  values = new Float64Array(INITIAL_CAPACITY)
  wide: (number | bigint)[] | undefined

  get(row: number): ExactValue | null {
    if (this.nulls[row] === 1) return null
    return this.wide === undefined ? (this.values[row] as number) : (this.wide[row] as ExactValue)
  }

  push(value: Value): void {
    if (typeof value === 'number') this.pushNumber(value)
    else if (value === null) this.pushNull()
    else this.pushWide(value as bigint)
  }

  pushNumber(value: number): void {
    const at = this.length++
    if (at >= this.values.length) this.grow()
    this.nulls[at] = 0
    if (this.wide === undefined) this.values[at] = value
    else this.wide[at] = value
  }

  pushNull(): void {
    const at = this.length++
    if (at >= this.values.length) this.grow()
    this.nulls[at] = 1
    this.hasNulls = true
    if (this.wide !== undefined) this.wide[at] = 0
  }

  pushFrom(source: Vector, row: number): void {
    const from = source as ExactVector
    if (from.nulls[row] === 1) this.pushNull()
    else if (from.wide === undefined) this.pushNumber(from.values[row] as number)
    else this.push(from.wide[row] as ExactValue)
  }

  override pushAll(source: Vector, count: number): void {
    const from = source as ExactVector
    if (this.wide !== undefined || from.wide !== undefined) {
      super.pushAll(source, count)
      return
    }
    while (this.length + count > this.values.length) this.grow()
    this.values.set(from.values.subarray(0, count), this.length)
    this.pushNulls(source, count)
  }

  override truncate(length: number): void {
    super.truncate(length)
    if (length === 0) this.wide = undefined
    else if (this.wide !== undefined && this.wide.length > length) this.wide.length = length
  }

  get byteSize(): number {
    return this.values.byteLength + this.nulls.byteLength + (this.wide?.length ?? 0) * 24
  }

  private pushWide(value: bigint): void {
    const at = this.length++
    if (at >= this.values.length) this.grow()
    this.nulls[at] = 0
    this.wide ??= Array.from(this.values.subarray(0, at))
    this.wide[at] = value
  }

  private grow(): void {
    const grown = new Float64Array(this.values.length * 2)
    grown.set(this.values)
    this.values = grown
    this.growNulls()
  }
}

const EMPTY_BUFFER: Buffer = Buffer.alloc(0)
/** Strings that take up less than one part in so many of where they lie are copied one by one. */
const SPARSE = 4

/**
 * Text, JSON and binary strings: row `i` is `data[starts[i], ends[i])`. The bytes are the vector's own, one string behind the
 * other, or somebody else's who keeps them until the vector is cleared (`borrow`).
 */
export class BytesVector extends Vector {
  data: Buffer = EMPTY_BUFFER
  starts = new Uint32Array(INITIAL_CAPACITY)
  ends = new Uint32Array(INITIAL_CAPACITY)
  /** Bytes of its strings. */
  dataSize = 0
  private own: Buffer = EMPTY_BUFFER
  private isBorrowed = false
  private readonly isText: boolean

  constructor(type: SqlType) {
    super(type)
    this.isText = representationOf(type) !== 'bytes'
  }

  start(row: number): number {
    return this.starts[row] as number
  }

  end(row: number): number {
    return this.ends[row] as number
  }

  get(row: number): string | Uint8Array | null {
    if (this.nulls[row] === 1) return null
    const start = this.starts[row] as number
    const end = this.ends[row] as number
    return this.isText
      ? this.data.utf8Slice(start, end)
      : Uint8Array.prototype.slice.call(this.data, start, end)
  }

  push(value: Value): void {
    if (value === null) this.pushNull()
    else if (typeof value === 'string') this.pushText(value)
    else this.pushBytes(value as Uint8Array, 0, (value as Uint8Array).length)
  }

  pushText(text: string): void {
    // A UTF-16 unit takes at most three bytes in UTF-8.
    const start = this.reserve(text.length * 3)
    this.pushSlice(start, start + this.data.utf8Write(text, start))
  }

  pushBytes(source: Uint8Array, from: number, to: number): void {
    const size = to - from
    const start = this.reserve(size)
    copyBytes(source, from, to, this.data, start)
    this.pushSlice(start, start + size)
  }

  pushNull(): void {
    const at = this.next()
    const end = at === 0 ? 0 : (this.ends[at - 1] as number)
    this.starts[at] = end
    this.ends[at] = end
    this.nulls[at] = 1
    this.hasNulls = true
  }

  pushFrom(source: Vector, row: number): void {
    const from = source as BytesVector
    if (from.nulls[row] === 1) this.pushNull()
    else this.pushBytes(from.data, from.starts[row] as number, from.ends[row] as number)
  }

  /** Strings that lie near each other are copied together with what is between them. */
  override pushAll(source: Vector, count: number): void {
    const from = source as BytesVector
    const { starts, ends, nulls, data } = from
    const first = count === 0 ? 0 : (starts[0] as number)
    const last = count === 0 ? 0 : (ends[count - 1] as number)
    if (last - first > from.dataSize * SPARSE || !from.isAscending(count)) {
      super.pushAll(source, count)
      return
    }
    const start = this.reserve(last - first)
    copyBytes(data, first, last, this.data, start)
    const offset = start - first
    for (let row = 0; row < count; row++) {
      if (nulls[row] === 1) this.pushNull()
      else this.pushSlice((starts[row] as number) + offset, (ends[row] as number) + offset)
    }
  }

  override borrowFrom(source: Vector, row: number): void {
    const from = source as BytesVector
    if (this.length === 0) this.borrow(from.data)
    if (this.data !== from.data) this.pushFrom(source, row)
    else if (from.nulls[row] === 1) this.pushNull()
    else this.pushSlice(from.starts[row] as number, from.ends[row] as number)
  }

  /**
   * Lets the vector show parts of `data`, which has at the same places what it borrowed before. Answers false, and does nothing, if it
   * has strings of its own.
   */
  borrow(data: Buffer): boolean {
    if (this.length > 0 && !this.isBorrowed) return false
    this.data = data
    this.isBorrowed = true
    return true
  }

  /** Appends `data[start, end)`: bytes that were borrowed, or have just been written behind the last string. */
  pushSlice(start: number, end: number): void {
    const at = this.next()
    this.starts[at] = start
    this.ends[at] = end
    this.nulls[at] = 0
    this.dataSize += end - start
  }

  override truncate(length: number): void {
    if (length === 0) {
      this.dataSize = 0
      this.data = this.own
      this.isBorrowed = false
    } else {
      for (let row = length; row < this.length; row++) this.dataSize -= this.end(row) - this.start(row)
    }
    super.truncate(length)
  }

  /** Besides what is borrowed. */
  get byteSize(): number {
    return this.own.length + this.starts.byteLength + this.ends.byteLength + this.nulls.byteLength
  }

  private next(): number {
    const at = this.length++
    if (at >= this.ends.length) {
      this.starts = doubled(this.starts)
      this.ends = doubled(this.ends)
      this.growNulls()
    }
    return at
  }

  /** Makes room behind the last string; answers where that is. */
  private reserve(size: number): number {
    if (this.isBorrowed) this.takeOver()
    const start = this.length === 0 ? 0 : (this.ends[this.length - 1] as number)
    if (start + size <= this.data.length) return start
    const grown = Buffer.allocUnsafe(Math.max(this.data.length * 2, start + size, 1024))
    this.data.copy(grown, 0, 0, start)
    this.data = this.own = grown
    return start
  }

  /** Copies what was borrowed. */
  private takeOver(): void {
    const { data, starts, ends } = this
    if (this.own.length < this.dataSize) this.own = Buffer.allocUnsafe(this.dataSize)
    let at = 0
    for (let row = 0; row < this.length; row++) {
      const copied = data.copy(this.own, at, starts[row], ends[row])
      starts[row] = at
      ends[row] = at += copied
    }
    this.data = this.own
    this.isBorrowed = false
  }

  private isAscending(count: number): boolean {
    const { starts, ends } = this
    for (let row = 1; row < count; row++) {
      if ((starts[row] as number) < (ends[row - 1] as number)) return false
    }
    return true
  }
}

function doubled(places: Uint32Array): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(places.length * 2)
  grown.set(places)
  return grown
}

export function createVector(type: SqlType): Vector {
  switch (representationOf(type)) {
    case 'exact':
      return new ExactVector(type)
    case 'approximate':
      return new ApproximateVector(type)
    default:
      return new BytesVector(type)
  }
}
