/** Rows of an answer into batches: as texts, or in the binary form of prepared statements. */
import type { Batch, SqlType, Vector } from '@switchyard/core/spi'
import { binaryCellReader, type BinaryCellReader } from './binary-cell-reader.js'
import { cellReader, type CellReader } from './cell-reader.js'
import { longNumber, NULL_CELL, numberBytes } from './payload.js'

export interface RowReader {
  /** The reader for rows of which a column has this type on the wire. */
  withColumn(index: number, wireType: number): RowReader
  /** Whether every column can be read. */
  readonly isComplete: boolean
  read(bytes: Buffer, from: number, to: number, batch: Batch): void
}

export class TextRowReader implements RowReader {
  readonly isComplete = true
  private readonly readers: readonly CellReader[]

  constructor(types: readonly SqlType[]) {
    this.readers = types.map(cellReader)
  }

  withColumn(): this {
    return this
  }

  read(bytes: Buffer, from: number, _to: number, batch: Batch): void {
    const { readers } = this
    const { columns } = batch
    let at = from
    for (let i = 0; i < readers.length; i++) {
      const first = bytes[at] as number
      const vector = columns[i] as Vector
      if (first === NULL_CELL) {
        vector.pushNull()
        at++
        continue
      }
      const start = at + numberBytes(first)
      at = start + (first < NULL_CELL ? first : longNumber(bytes, at))
      ;(readers[i] as CellReader)(bytes, start, at, vector)
    }
    batch.rowCount++
  }
}

/** The first two bits of the bitmap of NULLs are reserved; a zero comes before it. */
const NULL_BIT_OFFSET = 2

/** What it reads never changes: connections share it, and a table may be altered between two of them. */
export class BinaryRowReader implements RowReader {
  readonly isComplete: boolean
  private readonly headBytes: number

  constructor(
    private readonly types: readonly SqlType[],
    private readonly wireTypes: readonly number[] = [],
    private readonly readers: readonly (BinaryCellReader | undefined)[] = [],
  ) {
    this.isComplete = readers.length === types.length && !readers.includes(undefined)
    this.headBytes = 1 + ((types.length + NULL_BIT_OFFSET + 7) >> 3)
  }

  withColumn(index: number, wireType: number): BinaryRowReader {
    if (this.wireTypes[index] === wireType) return this
    const type = this.types[index]
    const wireTypes = [...this.wireTypes]
    const readers = [...this.readers]
    wireTypes[index] = wireType
    readers[index] = type === undefined ? undefined : binaryCellReader(wireType, type)
    return new BinaryRowReader(this.types, wireTypes, readers)
  }

  read(bytes: Buffer, from: number, _to: number, batch: Batch): void {
    const { readers } = this
    const { columns } = batch
    let at = from + this.headBytes
    for (let i = 0; i < readers.length; i++) {
      const bit = i + NULL_BIT_OFFSET
      const vector = columns[i] as Vector
      const isNull = (((bytes[from + 1 + (bit >> 3)] as number) >> (bit & 7)) & 1) === 1
      if (isNull) vector.pushNull()
      else at = (readers[i] as BinaryCellReader)(bytes, at, vector)
    }
    batch.rowCount++
  }
}
