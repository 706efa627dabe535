/** What the answers to one query have in common, however often it is run. */
import { Batch, type SqlType, type TableDefinition } from '@switchyard/core/spi'
import { BinaryRowReader, TextRowReader, type RowReader } from './row-reader.js'

/** Small batches that are kept for later answers, and what counts as small. */
const SPARE_MAX = 16
const SPARE_BYTES_MAX = 16 * 1024

export class RowSource {
  readonly text: RowReader
  /** As the last answer's columns were. */
  binary: RowReader
  private readonly spare: Batch[] = []

  constructor(
    readonly types: readonly SqlType[],
    /** That it reads. */
    readonly tables: readonly TableDefinition[],
  ) {
    this.text = new TextRowReader(types)
    this.binary = new BinaryRowReader(types)
  }

  newBatch(): Batch {
    return this.spare.pop() ?? Batch.ofTypes(this.types)
  }

  /** Nobody reads the batch any more. */
  takeBack(batch: Batch): void {
    if (this.spare.length >= SPARE_MAX || batch.byteSize > SPARE_BYTES_MAX) return
    batch.clear()
    this.spare.push(batch)
  }
}
