/**
 * The rows of one query as batches. The remote is held up while nobody takes them, so that a large result never lies in memory as
 * a whole; unless somebody else needs the connection: then the rest is read at once and kept here.
 */
import { Batch, type BatchCursor, type SqlType, type StatementContext } from '@switchyard/core/spi'
import { cellReader, type CellReader } from './cell-reader.js'
import type { Cells, RemoteConnection, RowReceiver } from './connection.js'

/** Full batches that wait before the remote is held up. */
const BATCHES_AHEAD_MAX = 2

/** What becomes of the connection and of errors. */
export interface CursorHost {
  /** Ends what runs on the connection; resolves when that is done. */
  kill(connection: RemoteConnection): Promise<void>
  /** The answer is complete, or has failed: the connection is free. Once. */
  freed(cursor: RowCursor, connection: RemoteConnection): void
  translated(error: unknown): unknown
}

export class RowCursor implements BatchCursor, RowReceiver {
  /** Resolves when the first rows are there, or the end is; rejects with what the remote has to say instead. */
  readonly started: Promise<void>
  private readonly readers: readonly CellReader[]
  private readonly ready: Batch[] = []
  private filling: Batch
  private lent: Batch | undefined
  private isEnded = false
  private isPaused = false
  private isHeld = false
  private isClosed = false
  private error: Error | undefined
  private charged = 0
  private killing: Promise<void> | undefined
  private readonly wakers: (() => void)[] = []
  private start!: { resolve: () => void; reject: (error: Error) => void }
  private readonly onAbort = (): void => {
    this.kill()
  }

  constructor(
    sql: string,
    private readonly types: readonly SqlType[],
    private readonly connection: RemoteConnection,
    private readonly statement: StatementContext,
    private readonly host: CursorHost,
  ) {
    this.readers = types.map(cellReader)
    this.filling = Batch.ofTypes(types)
    this.started = new Promise((resolve, reject) => {
      this.start = { resolve, reject }
    })
    statement.signal.addEventListener('abort', this.onAbort)
    connection.stream(sql, this)
    if (statement.signal.aborted) this.kill()
  }

  // ── From the connection ─────────────────────────────────────────────────────────────────────────────────────

  row(cells: Cells): void {
    this.start.resolve()
    if (this.isClosed || this.killing !== undefined) return
    const { filling, readers } = this
    for (let i = 0; i < readers.length; i++) {
      const cell = cells[i]
      const vector = filling.columns[i]
      if (vector === undefined) continue
      if (cell === null || cell === undefined) vector.pushNull()
      else readers[i]?.(cell, vector)
    }
    filling.rowCount++
    if (filling.isFull) this.put()
  }

  ended(error: Error | undefined): void {
    this.isEnded = true
    this.error ??= error
    this.statement.signal.removeEventListener('abort', this.onAbort)
    if (this.filling.rowCount > 0 && !this.isClosed) this.ready.push(this.filling)
    if (error === undefined) this.start.resolve()
    else this.start.reject(error)
    // Only then nothing of this statement can hit the next one on the connection.
    const free = (): void => {
      this.host.freed(this, this.connection)
      this.wake()
    }
    if (this.killing === undefined) free()
    else void this.killing.then(free)
  }

  private put(): void {
    const { filling } = this
    this.ready.push(filling)
    this.filling = Batch.ofTypes(this.types)
    if (this.isHeld) this.charge(filling.byteSize)
    else if (this.ready.length >= BATCHES_AHEAD_MAX) {
      this.isPaused = true
      this.connection.pause()
    }
    this.wake()
  }

  private charge(bytes: number): void {
    try {
      this.statement.memory.charge(bytes, 'rows of a remote server')
      this.charged += bytes
    } catch (error) {
      this.error ??= error as Error
      this.kill()
    }
  }

  // ── For the statement ───────────────────────────────────────────────────────────────────────────────────────

  async next(): Promise<Batch | undefined> {
    this.recycle()
    for (;;) {
      this.statement.checkKilled()
      const batch = this.ready.shift()
      if (batch !== undefined) {
        this.lent = batch
        this.resumeIfWanted()
        return batch
      }
      if (this.isEnded) {
        if (this.error !== undefined) throw this.host.translated(this.error)
        return undefined
      }
      await this.woken()
    }
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.ready.length = 0
    if (this.charged > 0) this.statement.memory.charge(-this.charged, 'rows of a remote server')
    this.charged = 0
    if (this.isEnded) return
    this.kill()
    await this.whenEnded()
  }

  /** Reads the rest, so that the connection comes free; resolves when it has. */
  async hold(): Promise<void> {
    this.isHeld = true
    this.resumeIfWanted()
    await this.whenEnded()
  }

  private async whenEnded(): Promise<void> {
    while (!this.isEnded) await this.woken()
    await this.killing
  }

  private kill(): void {
    if (this.isEnded || this.killing !== undefined) return
    this.killing = this.host.kill(this.connection)
    // What comes until the remote stops is thrown away.
    this.isHeld = true
    this.resumeIfWanted()
  }

  private resumeIfWanted(): void {
    if (!this.isPaused || (!this.isHeld && this.ready.length >= BATCHES_AHEAD_MAX)) return
    this.isPaused = false
    this.connection.resume()
  }

  private recycle(): void {
    const { lent } = this
    this.lent = undefined
    if (lent !== undefined && this.filling.rowCount === 0 && !this.isEnded) {
      lent.clear()
      this.filling = lent
    }
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => this.wakers.push(resolve))
  }

  private wake(): void {
    for (const resolve of this.wakers.splice(0)) resolve()
  }
}
