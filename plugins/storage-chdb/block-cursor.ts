/** Rows of a query there, batch by batch. */
import { Batch, INT_TYPE, type BatchCursor, type SqlType } from '@switchyard/core/spi'
import type { BlockStream } from './column-engine.js'
import { BlockReader } from './block-reader.js'
import { ShortTurns } from './short-turns.js'

/** Rows that come in one batch: few enough that none holds up the server for long. Blocks of sums may have more. */
export const BLOCK_ROWS = 8192

export class BlockCursor implements BatchCursor {
  private readonly batch: Batch
  private readonly turns = new ShortTurns()
  /** What the engine sends: at least one column. */
  private readonly received: Batch
  /** What has come and isn't read yet. */
  private reader: BlockReader | undefined

  constructor(
    private readonly stream: BlockStream,
    types: readonly SqlType[],
    private readonly guarded: <T>(work: () => Promise<T>) => Promise<T>,
  ) {
    this.batch = Batch.ofTypes(types)
    this.received = types.length === 0 ? Batch.ofTypes([INT_TYPE]) : this.batch
  }

  next(): Promise<Batch | undefined> {
    return this.guarded(async () => {
      // Blocks that have all arrived are read without anything to wait for.
      await this.turns.pause()
      if (this.reader === undefined || this.reader.isAtEnd) {
        const block = await this.stream.next()
        if (block === undefined) return undefined
        this.reader = new BlockReader(block)
      }
      const { received, batch, reader } = this
      received.clear()
      while (!reader.isAtEnd && received.rowCount < BLOCK_ROWS) {
        received.rowCount += reader.next(received.columns, BLOCK_ROWS - received.rowCount)
      }
      batch.rowCount = received.rowCount
      return batch
    })
  }

  close(): Promise<void> {
    return this.guarded(() => this.stream.close())
  }
}
