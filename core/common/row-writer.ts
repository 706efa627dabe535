/**
 * Writing one column of a stored row (`row-codec.ts`): the counterpart of `row-reader.ts`.
 */
import type { ByteBuffer } from './bytes.js'
import { highWord, lowWord, writeWide } from './exact-layout.js'
import type { ColumnSlot } from './row-reader.js'
import { representationOf } from './sql-type.js'
import type { ExactValue, Value } from './value.js'
import type { BytesVector, Vector } from './vector.js'

export interface ColumnWriter {
  /** The row begins at `start`; `target` has room for all of it, and ends where the next variable bytes go. */
  write(value: Value, target: ByteBuffer, start: number, isWide: boolean): void
  /** As `write`, for a row of the column's vector. */
  writeFrom(column: Vector, row: number, target: ByteBuffer, start: number, isWide: boolean): void
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

class WideColumnWriter implements ColumnWriter {
  constructor(private readonly slot: ColumnSlot) {}

  writeFrom(column: Vector, row: number, target: ByteBuffer, start: number): void {
    this.write(column.get(row), target, start)
  }

  write(value: Value, target: ByteBuffer, start: number): void {
    if (value === null) setNull(this.slot, target.bytes, start)
    const at = start + this.slot.offset
    writeWide((value ?? 0) as ExactValue, this.slot.width, false, target.bytes, at)
  }
}

class ApproximateColumnWriter implements ColumnWriter {
  constructor(private readonly slot: ColumnSlot) {}

  writeFrom(column: Vector, row: number, target: ByteBuffer, start: number): void {
    this.write(column.get(row), target, start)
  }

  write(value: Value, target: ByteBuffer, start: number): void {
    if (value === null) setNull(this.slot, target.bytes, start)
    const at = start + this.slot.offset
    if (this.slot.width === 8) target.bytes.writeDoubleLE((value ?? 0) as number, at)
    else target.bytes.writeFloatLE((value ?? 0) as number, at)
  }
}

class VariableColumnWriter implements ColumnWriter {
  constructor(private readonly slot: ColumnSlot) {}

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
