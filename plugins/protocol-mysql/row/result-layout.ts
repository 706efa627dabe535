/**
 * Everything about a result that follows from its columns and the client: the packets of its column definitions and the encoders
 * of its rows. Plans hand out the same columns at each execution, so layouts are kept beside them.
 */
import type { Batch, BytesVector, ResultColumn, SqlType, Vector } from '@switchyard/core/spi'
import { Capability } from '../wire/capabilities.js'
import type { PacketOutput } from '../wire/packet-output.js'
import { PayloadWriter } from '../wire/payload-writer.js'
import type { ResultCharset } from '../wire/result-charset.js'
import { binaryCellEncoder } from './binary-cell-encoder.js'
import type { CellEncoder, EncodeCell } from './cell-encoder.js'
import { columnDefinition, sentColumn } from './column-definition.js'
import { textCellEncoder } from './text-cell-encoder.js'

export interface ResultLayout {
  /** Column count and definitions with their headers, numbered from 1; an EOF packet, if the client wants one, is not among them. */
  readonly definitions: Buffer
  readonly definitionCount: number
  readonly rows: RowEncoder
}

/** Writes rows of batches as packets. */
export interface RowEncoder {
  /** Writes rows from `row` on until the batch ends or one buffer was handed over; returns the next row to be written. */
  writeRows(batch: Batch, row: number, output: PacketOutput): number
}

interface Key {
  readonly charset: ResultCharset
  readonly isBinary: boolean
}

interface KeptLayout extends Key {
  readonly layout: ResultLayout
}

/** Few combinations meet one plan: text or prepared, and mostly one character set. */
const kept = new WeakMap<readonly ResultColumn[], KeptLayout[]>()

export function resultLayout(
  columns: readonly ResultColumn[],
  charset: ResultCharset,
  isBinary: boolean,
): ResultLayout {
  const layouts = kept.get(columns)
  if (layouts !== undefined) {
    for (const candidate of layouts) {
      if (candidate.charset === charset && candidate.isBinary === isBinary) return candidate.layout
    }
  }
  const layout = makeLayout(columns, { charset, isBinary })
  if (layouts === undefined) kept.set(columns, [{ charset, isBinary, layout }])
  else layouts.push({ charset, isBinary, layout })
  return layout
}

function makeLayout(columns: readonly ResultColumn[], { charset, isBinary }: Key): ResultLayout {
  const types = columns.map((column) => sentColumn(column).type)
  const count = new PayloadWriter().lengthEncoded(columns.length).take()
  return {
    definitions: numberedPackets([count, ...columns.map((column) => columnDefinition(column, charset))]),
    definitionCount: columns.length + 1,
    rows: isBinary ? new BinaryRowEncoder(types, charset) : new TextRowEncoder(types, charset),
  }
}

function numberedPackets(payloads: readonly Buffer[]): Buffer {
  const writer = new PayloadWriter()
  payloads.forEach((payload, i) => {
    writer.uint24(payload.length)
    writer.uint8((i + 1) & 0xff)
    writer.raw(payload)
  })
  return writer.take()
}

/** Whether result sets end with an OK packet, and column definitions without an EOF packet. */
export function deprecatesEof(capabilities: number): boolean {
  return (capabilities & Capability.DeprecateEof) !== 0
}

/** The part that both protocols share: how much room a row may need. */
abstract class SizedRowEncoder {
  protected readonly encoders: readonly EncodeCell[]
  private readonly fixedBytesMax: number
  /** Positions of string columns, and what a stored byte of each may become. */
  private readonly strings: readonly number[]
  private readonly growth: readonly number[]

  constructor(cells: readonly CellEncoder[], headBytes: number) {
    this.encoders = cells.map((cell) => cell.encode)
    this.fixedBytesMax = cells.reduce((sum, cell) => sum + cell.fixedBytesMax, headBytes)
    this.strings = cells.flatMap((cell, i) => (cell.bytesPerStoredByte > 0 ? [i] : []))
    this.growth = this.strings.map((column) => cells[column]?.bytesPerStoredByte ?? 1)
  }

  protected rowBytesMax(columns: readonly Vector[], row: number): number {
    const { strings } = this
    let size = this.fixedBytesMax
    for (let i = 0; i < strings.length; i++) {
      const { starts, ends } = columns[strings[i] as number] as BytesVector
      size += ((ends[row] as number) - (starts[row] as number)) * (this.growth[i] as number)
    }
    return size
  }
}

const NULL_CELL = 0xfb

class TextRowEncoder extends SizedRowEncoder implements RowEncoder {
  constructor(types: readonly SqlType[], charset: ResultCharset) {
    super(
      types.map((type) => textCellEncoder(type, charset)),
      types.length,
    )
  }

  writeRows(batch: Batch, row: number, output: PacketOutput): number {
    const { encoders } = this
    const { columns, rowCount } = batch
    const { buffer } = output
    let next = row
    while (next < rowCount) {
      output.begin(this.rowBytesMax(columns, next))
      const target = output.buffer
      // Another buffer now means that one was handed over: the caller looks how the client keeps up.
      const isFresh = target !== buffer
      let at = output.at
      for (let i = 0; i < encoders.length; i++) {
        const vector = columns[i] as Vector
        if (vector.nulls[next] === 1) target[at++] = NULL_CELL
        else at = (encoders[i] as EncodeCell)(vector, next, target, at)
      }
      output.at = at
      output.end()
      next++
      if (isFresh) break
    }
    return next
  }
}

/** The first two bits of the NULL bitmap are reserved. */
const NULL_BIT_OFFSET = 2

class BinaryRowEncoder extends SizedRowEncoder implements RowEncoder {
  private readonly headBytes: number

  constructor(types: readonly SqlType[], charset: ResultCharset) {
    const bitmapBytes = (types.length + NULL_BIT_OFFSET + 7) >> 3
    super(
      types.map((type) => binaryCellEncoder(type, charset)),
      1 + bitmapBytes,
    )
    this.headBytes = 1 + bitmapBytes
  }

  writeRows(batch: Batch, row: number, output: PacketOutput): number {
    const { encoders, headBytes } = this
    const { columns, rowCount } = batch
    const { buffer } = output
    let next = row
    while (next < rowCount) {
      output.begin(this.rowBytesMax(columns, next))
      const target = output.buffer
      const isFresh = target !== buffer
      const bitmap = output.at + 1
      let at = output.at + headBytes
      for (let i = output.at; i < at; i++) target[i] = 0
      for (let i = 0; i < encoders.length; i++) {
        const vector = columns[i] as Vector
        if (vector.nulls[next] === 1) {
          const bit = i + NULL_BIT_OFFSET
          const byte = bitmap + (bit >> 3)
          target[byte] = (target[byte] as number) | (1 << (bit & 7))
        } else at = (encoders[i] as EncodeCell)(vector, next, target, at)
      }
      output.at = at
      output.end()
      next++
      if (isFresh) break
    }
    return next
  }
}
