/**
 * Rows that INSERT IGNORE and LOAD DATA hand to a table's driver by the block; which of them are duplicates it finds out for all at once. While
 * it is busy with one block the next one is filled.
 */
import { Batch } from '../common/batch.js'
import type { SqlType } from '../common/sql-type.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import { BytesVector } from '../common/vector.js'
import type { DuplicateRow } from '../spi/storage.js'
import type { TableAccess } from '../spi/transaction.js'

/** As many as are worth a write of their own. */
const BLOCK_ROWS = 65_536
const BLOCK_BYTES = 32 * 1024 * 1024

export class InsertBlocks {
  private filling: Batch | undefined
  /** What was stored, to be filled again. */
  private spare: Batch | undefined
  private underWay: Promise<void> | undefined

  constructor(
    private readonly types: readonly SqlType[],
    private readonly access: TableAccess,
    /** Is told of every block in the order of their rows. */
    private readonly stored: (rows: Batch, duplicates: readonly DuplicateRow[]) => void,
  ) {}

  /** Rows that the driver doesn't have yet. */
  get heldRows(): number {
    return this.filling?.rowCount ?? 0
  }

  /** Rejects with what befell the block before. */
  add(rows: Batch): MaybePromise<void> {
    const filling = (this.filling ??= this.empty())
    filling.pushAll(rows)
    if (filling.rowCount >= BLOCK_ROWS || bytesOf(filling) >= BLOCK_BYTES) return this.handOver()
  }

  /** Resolves when all rows are stored. */
  async finish(): Promise<void> {
    await this.handOver()
    await this.settled()
  }

  /** The rows that the driver doesn't have yet; they are the caller's from now on. */
  take(): Batch | undefined {
    const { filling } = this
    this.filling = undefined
    return filling
  }

  /** After a failure: resolves when nothing is under way any more. */
  async abandon(): Promise<void> {
    await this.underWay?.catch(() => undefined)
    this.underWay = undefined
  }

  private async handOver(): Promise<void> {
    await this.settled()
    const rows = this.take()
    if (rows === undefined) return
    const answer = this.access.insertNew(rows)
    if (!isPromise(answer)) {
      this.end(rows, answer)
      return
    }
    this.underWay = answer.then((duplicates) => {
      this.end(rows, duplicates)
    })
    // It is heard of with the next block.
    this.underWay.catch(() => undefined)
  }

  private end(rows: Batch, duplicates: readonly DuplicateRow[]): void {
    this.stored(rows, duplicates)
    rows.clear()
    this.spare = rows
  }

  private empty(): Batch {
    const { spare } = this
    this.spare = undefined
    return spare ?? Batch.ofTypes(this.types)
  }

  private async settled(): Promise<void> {
    const { underWay } = this
    this.underWay = undefined
    if (underWay !== undefined) await underWay
  }
}

/** Bytes of its strings: the rest is little. */
function bytesOf(rows: Batch): number {
  let bytes = 0
  for (const column of rows.columns) if (column instanceof BytesVector) bytes += column.dataSize
  return bytes
}
