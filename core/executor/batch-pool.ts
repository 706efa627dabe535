/**
 * Spare batches of a compiled operator. A point query would otherwise spend much of its time on making and collecting
 * the few vectors of its answer.
 */
import { Batch } from '../common/batch.js'
import type { SqlType } from '../common/sql-type.js'

/** A batch that grew beyond this isn't worth keeping. */
export const KEPT_BYTES_MAX = 64 * 1024

export class BatchPool {
  private spare: Batch | undefined

  constructor(private readonly types: readonly SqlType[]) {}

  /** An empty batch that is the caller's until it gives it back. */
  take(): Batch {
    const { spare } = this
    if (spare === undefined) return Batch.ofTypes(this.types)
    this.spare = undefined
    spare.clear()
    return spare
  }

  /** Nobody reads the batch any more. */
  give(batch: Batch): void {
    if (batch.byteSize <= KEPT_BYTES_MAX) this.spare = batch
  }
}
