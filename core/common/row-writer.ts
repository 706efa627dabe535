/**
 * Writing one column of a stored row (`row-codec.ts`): the counterpart of `row-reader.ts`.
 */
import { copyBytes, type ByteBuffer } from './bytes.js'
import { highWord, lowWord, writeWide } from './exact-layout.js'
import type { ColumnSlot } from './row-reader.js'
import { representationOf } from './sql-type.js'
import type { ExactValue, Value } from './value.js'
import type { BytesVector, ExactVector, Vector } from './vector.js'

export interface ColumnWriter {
  /** The row begins at `start`; `target` has room for all of it, and ends where the next variable bytes go. */
  write(value: Value, target: ByteBuffer, start: number, isWide: boolean): void
  /** As `write`, for a row of the column's vector. */
  writeFrom(column: Vector, row: number, target: ByteBuffer, start: number, isWide: boolean): void
  /** As `writeFrom`, for several rows that are not wide, each at its place. */
  writeAll(column: Vector, places: RowPlaces, bytes: Buffer): void
}

/** Rows of vectors, and where they are to be stored. */
export class RowPlaces {
  count = 0
  /** In the vectors. */
  rows = new Uint32Array(ROWS_INITIAL)
  starts = new Uint32Array(ROWS_INITIAL)
  /** Where the next bytes of variable width go. */
  ends = new Uint32Array(ROWS_INITIAL)

  add(row: number, start: number): void {
    const at = this.count++
    if (at >= this.rows.length) {
      this.rows = grown(this.rows)
      this.starts = grown(this.starts)
      this.ends = grown(this.ends)
    }
    this.rows[at] = row
    this.starts[at] = start
  }
}

const ROWS_INITIAL = 1024

function grown(places: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(places.length * 2)
  larger.set(places)
  return larger
}

export function writerFor(slot: ColumnSlot): ColumnWriter {
  switch (representationOf(slot.type)) {
    case 'exact':
      return slot.width > 8 ? new WideColumnWriter(slot) : new ExactColumnWriter(slot)
    case 'approximate':
      return new ApproximateColumnWriter(slot)
    default:
      return new VariableColumnWriter(slot)
  }
}

function setNull(slot: ColumnSlot, bytes: Buffer, start: number): void {
  if (slot.nullAt < 0) throw new Error('invariant: a NOT NULL column holds no NULL')
  const at = start + slot.nullAt
  bytes[at] = (bytes[at] as number) | slot.nullMask
}

class ExactColumnWriter implements ColumnWriter {
  constructor(private readonly slot: ColumnSlot) {}

  writeAll(column: Vector, { count, rows, starts }: RowPlaces, bytes: Buffer): void {
    const { values, nulls, wide } = column as ExactVector
    const { offset, width } = this.slot
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      const at = (starts[i] as number) + offset
      if (nulls[row] === 1) setNull(this.slot, bytes, starts[i] as number)
      const value = wide === undefined ? (values[row] as number) : (wide[row] as ExactValue)
      const low = typeof value === 'bigint' ? lowWord(value) : value | 0
      bytes[at] = low
      if (width > 1) bytes[at + 1] = low >>> 8
      if (width > 2) bytes[at + 2] = low >>> 16
      if (width > 3) bytes[at + 3] = low >>> 24
      if (width > 4) {
        const high = typeof value === 'bigint' ? highWord(value) : Math.floor(value / TWO_POWER_32)
        for (let byte = 4; byte < width; byte++) bytes[at + byte] = high >>> ((byte - 4) * 8)
      }
    }
  }

  writeFrom(column: Vector, row: number, target: ByteBuffer, start: number): void {
    this.write(column.get(row), target, start)
  }

  write(value: Value, target: ByteBuffer, start: number): void {
    const bytes = target.bytes
    if (value === null) {
      setNull(this.slot, bytes, start)
      value = 0
    }
    const width = this.slot.width
    const at = start + this.slot.offset
    const low = lowWord(value as ExactValue)
    bytes[at] = low
    if (width > 1) bytes[at + 1] = low >>> 8
    if (width > 2) bytes[at + 2] = low >>> 16
    if (width > 3) bytes[at + 3] = low >>> 24
    if (width > 4) {
      const high = highWord(value as ExactValue)
      for (let i = 4; i < width; i++) bytes[at + i] = high >>> ((i - 4) * 8)
    }
  }
}

const TWO_POWER_32 = 4294967296

class WideColumnWriter implements ColumnWriter {
  constructor(private readonly slot: ColumnSlot) {}

  writeAll(column: Vector, { count, rows, starts }: RowPlaces, bytes: Buffer): void {
    for (let i = 0; i < count; i++) this.store(column.get(rows[i] as number), bytes, starts[i] as number)
  }

  writeFrom(column: Vector, row: number, target: ByteBuffer, start: number): void {
    this.write(column.get(row), target, start)
  }

  write(value: Value, target: ByteBuffer, start: number): void {
    this.store(value, target.bytes, start)
  }

  private store(value: Value, bytes: Buffer, start: number): void {
    if (value === null) setNull(this.slot, bytes, start)
    writeWide((value ?? 0) as ExactValue, this.slot.width, false, bytes, start + this.slot.offset)
  }
}

class ApproximateColumnWriter implements ColumnWriter {
  constructor(private readonly slot: ColumnSlot) {}

  writeAll(column: Vector, { count, rows, starts }: RowPlaces, bytes: Buffer): void {
    for (let i = 0; i < count; i++) this.store(column.get(rows[i] as number), bytes, starts[i] as number)
  }

  writeFrom(column: Vector, row: number, target: ByteBuffer, start: number): void {
    this.write(column.get(row), target, start)
  }

  write(value: Value, target: ByteBuffer, start: number): void {
    this.store(value, target.bytes, start)
  }

  private store(value: Value, bytes: Buffer, start: number): void {
    if (value === null) setNull(this.slot, bytes, start)
    const at = start + this.slot.offset
    if (this.slot.width === 8) bytes.writeDoubleLE((value ?? 0) as number, at)
    else bytes.writeFloatLE((value ?? 0) as number, at)
  }
}

class VariableColumnWriter implements ColumnWriter {
  constructor(private readonly slot: ColumnSlot) {}

  writeAll(column: Vector, { count, rows, starts, ends }: RowPlaces, bytes: Buffer): void {
    const { data, nulls, starts: froms, ends: tos } = column as BytesVector
    const { endsAt, variableCount, variableIndex } = this.slot
    const dataAt = endsAt + variableCount * 2
    const endAt = endsAt + variableIndex * 2
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      const start = starts[i] as number
      let at = ends[i] as number
      if (nulls[row] === 1) setNull(this.slot, bytes, start)
      else {
        const from = froms[row] as number
        const to = tos[row] as number
        copyBytes(data, from, to, bytes, at)
        at += to - from
        ends[i] = at
      }
      const end = at - start - dataAt
      bytes[start + endAt] = end
      bytes[start + endAt + 1] = end >>> 8
    }
  }

  writeFrom(column: Vector, row: number, target: ByteBuffer, start: number, isWide: boolean): void {
    const { data, nulls } = column as BytesVector
    if (nulls[row] === 1) setNull(this.slot, target.bytes, start)
    else target.append(data, (column as BytesVector).start(row), (column as BytesVector).end(row))
    this.writeEnd(target, start, isWide)
  }

  write(value: Value, target: ByteBuffer, start: number, isWide: boolean): void {
    const bytes = target.bytes
    if (value === null) setNull(this.slot, bytes, start)
    else if (typeof value === 'string') target.length += bytes.utf8Write(value, target.length)
    else target.append(value as Uint8Array, 0, (value as Uint8Array).length)
    this.writeEnd(target, start, isWide)
  }

  private writeEnd(target: ByteBuffer, start: number, isWide: boolean): void {
    const { slot } = this
    const { bytes } = target
    const end = target.length - (start + slot.endsAt + slot.variableCount * (isWide ? 4 : 2))
    if (isWide) bytes.writeUInt32LE(end, start + slot.endsAt + slot.variableIndex * 4)
    else bytes.writeUInt16LE(end, start + slot.endsAt + slot.variableIndex * 2)
  }
}
