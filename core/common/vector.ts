/**
 * Columns of values in memory. A vector has one exact SQL type; numbers lie in typed arrays, strings as bytes with
 * end offsets (text and JSON as UTF-8 whatever the column's character set is, binary strings as they are), NULLs
 * as one byte a row. Vectors are append-only and reused: an operator clears its output and fills it again.
 */
import './node-buffer.js'
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

  /** Appends all rows of `source` from `start` on, a vector of the same representation. */
  pushRange(source: Vector, start: number): void {
    for (let row = start; row < source.length; row++) this.pushFrom(source, row)
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

  override pushRange(source: Vector, start: number): void {
    const from = source as ExactVector
    if (this.wide !== undefined || from.wide !== undefined) {
      super.pushRange(source, start)
      return
    }
    const count = from.length - start
    while (this.length + count > this.values.length) this.grow()
    this.values.set(from.values.subarray(start, from.length), this.length)
    this.nulls.set(from.nulls.subarray(start, from.length), this.length)
    this.hasNulls ||= from.hasNulls
    this.length += count
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

/** Text, JSON and binary strings: row `i` is `data[start(i), end(i))`. */
export class BytesVector extends Vector {
  data: Buffer = EMPTY_BUFFER
  ends = new Uint32Array(INITIAL_CAPACITY)
  private readonly isText: boolean

  constructor(type: SqlType) {
    super(type)
    this.isText = representationOf(type) !== 'bytes'
  }

  start(row: number): number {
    return row === 0 ? 0 : (this.ends[row - 1] as number)
  }

  end(row: number): number {
    return this.ends[row] as number
  }

  get(row: number): string | Uint8Array | null {
    if (this.nulls[row] === 1) return null
    const start = row === 0 ? 0 : (this.ends[row - 1] as number)
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
    const at = this.next()
    const start = at === 0 ? 0 : (this.ends[at - 1] as number)
    // A UTF-16 unit takes at most three bytes in UTF-8.
    this.reserve(start, text.length * 3)
    this.ends[at] = start + this.data.utf8Write(text, start)
    this.nulls[at] = 0
  }

  pushBytes(source: Uint8Array, from: number, to: number): void {
    const at = this.next()
    const start = at === 0 ? 0 : (this.ends[at - 1] as number)
    const size = to - from
    this.reserve(start, size)
    const data = this.data
    if (size <= 32) for (let i = 0; i < size; i++) data[start + i] = source[from + i] as number
    else data.set(source.subarray(from, to), start)
    this.ends[at] = start + size
    this.nulls[at] = 0
  }

  pushNull(): void {
    const at = this.next()
    this.ends[at] = at === 0 ? 0 : (this.ends[at - 1] as number)
    this.nulls[at] = 1
    this.hasNulls = true
  }

  pushFrom(source: Vector, row: number): void {
    const from = source as BytesVector
    if (from.nulls[row] === 1) this.pushNull()
    else this.pushBytes(from.data, from.start(row), from.end(row))
  }

  override pushRange(source: Vector, start: number): void {
    const from = source as BytesVector
    if (from.length === start) return
    const base = this.dataSize
    const first = from.start(start)
    const size = from.end(from.length - 1) - first
    this.reserve(base, size)
    from.data.copy(this.data, base, first, first + size)
    for (let row = start; row < from.length; row++) {
      const at = this.next()
      this.ends[at] = base + (from.ends[row] as number) - first
      this.nulls[at] = from.nulls[row] as number
    }
    this.hasNulls ||= from.hasNulls
  }

  /** Bytes of its strings. */
  get dataSize(): number {
    return this.length === 0 ? 0 : (this.ends[this.length - 1] as number)
  }

  get byteSize(): number {
    return this.data.length + this.ends.byteLength + this.nulls.byteLength
  }

  private next(): number {
    const at = this.length++
    if (at >= this.ends.length) {
      const grown = new Uint32Array(this.ends.length * 2)
      grown.set(this.ends)
      this.ends = grown
      this.growNulls()
    }
    return at
  }

  private reserve(start: number, size: number): void {
    if (start + size <= this.data.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.data.length * 2, start + size, 1024))
    this.data.copy(grown, 0, 0, start)
    this.data = grown
  }
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
