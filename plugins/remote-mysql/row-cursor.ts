/**
 * The rows of one query as batches. The remote is held up while nobody takes them, so that a large result never lies in memory as
 * a whole; unless somebody else needs the connection: then the rest is read at once and kept here.
 */
import type { Batch, BatchCursor, MaybePromise, StatementContext } from '@switchyard/core/spi'
import type { RemoteConnection } from './connection.js'
import { ConnectionLost, RemoteAnswer } from './remote-error.js'
import type { RowReader } from './row-reader.js'
import type { RowSource } from './row-source.js'
import { FilledTemplate } from './sql-template.js'
import type { AnswerReceiver, StatementCommand } from './statement-command.js'

/** Full batches that wait before the remote is held up. */
const BATCHES_AHEAD_MAX = 2

/** It isn't prepared any more, by whatever lies between. */
const ER_UNKNOWN_STMT_HANDLER = 1243

/** What becomes of the connection and of errors. */
export interface CursorHost {
  /** Whether others' answers may come before and behind on the same connection, which must therefore not be held up. */
  readonly isShared?: boolean
  /** Answers whether the cursor has gone without its answer: others are under way on the connection. */
  leave?(cursor: RowCursor, connection: RemoteConnection): boolean
  /** Ends what runs on the connection; resolves when that is done. */
  kill(connection: RemoteConnection): Promise<void>
  /** The answer is complete, or has failed: the connection is free. Once for each that the cursor was given. */
  freed(cursor: RowCursor, connection: RemoteConnection): void
  /** Another connection in the place of one that turned out to be gone; undefined if the query must not be run twice. */
  replaced(connection: RemoteConnection): Promise<RemoteConnection> | undefined
  translated(error: unknown, source: RowSource): unknown
}

interface Asker {
  readonly resolve: (batch: Batch | undefined) => void
  readonly reject: (error: unknown) => void
}

export class RowCursor implements BatchCursor, AnswerReceiver {
  private reader: RowReader
  private command: StatementCommand
  private readonly ready: Batch[] = []
  private filling: Batch | undefined
  private lent: Batch | undefined
  /** Of those that came back, one to fill next. */
  private spare: Batch | undefined
  private hasStarted = false
  private isEnded = false
  private isPaused = false
  private isHeld: boolean
  private isClosed = false
  /** Its connection is gone, and the next one isn't there yet. */
  private isBetween = false
  private error: Error | undefined
  private charged = 0
  private killing: Promise<void> | undefined
  /** Who waits for the next batch. */
  private asker: Asker | undefined
  private wakers: (() => void)[] | undefined
  private readonly onStop = (): void => {
    this.kill()
  }

  constructor(
    private readonly query: string | FilledTemplate,
    private readonly source: RowSource,
    private connection: RemoteConnection,
    readonly statement: StatementContext,
    private host: CursorHost,
    /** Statements that go before it, in the same packet. */
    before = '',
  ) {
    this.reader = source.text
    this.isHeld = host.isShared === true
    statement.onStop(this.onStop)
    this.command = this.begin(before)
  }

  /** Resolves when the first rows are there, or the end is; rejects with what the remote has to say instead. */
  async started(): Promise<void> {
    while (!this.hasStarted && !this.isEnded) await this.woken()
    if (!this.hasStarted && this.error !== undefined) throw this.error
  }

  private begin(before: string): StatementCommand {
    const { query, connection, source } = this
    if (typeof query === 'string') return connection.query(before + query, this)
    const { template } = query
    const prepared = before === '' ? connection.preparedFor(template) : undefined
    if (prepared !== undefined) {
      this.reader = source.binary
      return connection.execute(prepared, query.values, this)
    }
    const command = connection.query(before + query.text, this)
    connection.prepareFor(template)
    return command
  }

  // ── For its host ────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether it waits for the answers to others. */
  get isBehindOthers(): boolean {
    return !this.isEnded && !this.isBetween && !this.connection.isAnswering(this.command)
  }

  dropAnswer(ended: () => void): void {
    this.command.drop(ended)
  }

  /** Runs once more, on another connection; nothing has come yet. */
  goOn(connection: Promise<RemoteConnection>, host: CursorHost): void {
    this.isBetween = true
    this.host = host
    connection.then(
      (other) => {
        this.isBetween = false
        if (this.isEnded) {
          this.host.freed(this, other)
          return
        }
        this.connection = other
        this.reader = this.source.text
        this.command = this.begin('')
      },
      (failure: unknown) => {
        this.endWithout(failure as Error)
      },
    )
  }

  // ── From the connection ─────────────────────────────────────────────────────────────────────────────────────

  column(index: number, wireType: number): void {
    this.reader = this.reader.withColumn(index, wireType)
  }

  row(bytes: Buffer, from: number, to: number): void {
    if (this.isClosed || this.killing !== undefined || !this.reader.isComplete) return
    const filling = (this.filling ??= this.emptyBatch())
    this.reader.read(bytes, from, to, filling)
    if (!this.hasStarted) {
      this.hasStarted = true
      if (this.wakers !== undefined) this.wake()
    }
    if (filling.isFull) this.put(filling)
  }

  ended(error: Error | undefined): void {
    if (this.isRunAgain(error)) return
    const { filling, source } = this
    this.isEnded = true
    this.error ??= error
    this.statement.offStop(this.onStop)
    if (this.reader !== source.text) source.binary = this.reader
    if (filling !== undefined && filling.rowCount > 0 && !this.isClosed) this.ready.push(filling)
    this.filling = undefined
    // Only then nothing of this statement can hit the next one on the connection.
    if (this.killing === undefined) this.free()
    else {
      void this.killing.then(() => {
        this.free()
      })
    }
  }

  private emptyBatch(): Batch {
    const { spare } = this
    this.spare = undefined
    return spare ?? this.source.newBatch()
  }

  private free(): void {
    this.host.freed(this, this.connection)
    this.wake()
  }

  /** Before the first row: as text, if what came in binary form can't be read; on another connection, if this one had gone away. */
  private isRunAgain(error: Error | undefined): boolean {
    const { query, connection } = this
    if (this.hasStarted || this.isClosed || this.killing !== undefined) return false
    const isUnfit =
      error === undefined
        ? !this.reader.isComplete
        : error instanceof RemoteAnswer && error.number === ER_UNKNOWN_STMT_HANDLER
    if (isUnfit && typeof query !== 'string') {
      query.template.keepToText()
      this.reader = this.source.text
      this.command = this.begin('')
      return true
    }
    const replaced = error instanceof ConnectionLost ? this.host.replaced(connection) : undefined
    if (replaced === undefined) return false
    this.host.freed(this, connection)
    this.goOn(replaced, this.host)
    return true
  }

  /** It has no connection to give back. */
  private endWithout(error: Error | undefined): void {
    if (this.isEnded) return
    this.isEnded = true
    this.error ??= error
    this.statement.offStop(this.onStop)
    this.wake()
  }

  private put(filled: Batch): void {
    this.ready.push(filled)
    this.filling = undefined
    if (this.isHeld) this.charge(filled.byteSize)
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

  next(): MaybePromise<Batch | undefined> {
    this.recycle()
    if (this.isEnded || this.ready.length > 0) return this.taken()
    this.statement.checkKilled()
    return new Promise((resolve, reject) => {
      this.asker = { resolve, reject }
    })
  }

  close(): MaybePromise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.recycle()
    for (const batch of this.ready.splice(0)) this.source.takeBack(batch)
    if (this.charged > 0) this.statement.memory.charge(-this.charged, 'rows of a remote server')
    this.charged = 0
    if (this.isEnded) return this.killing
    this.kill()
    return this.whenEnded()
  }

  /** Reads the rest, so that the connection comes free; resolves when it has. */
  async hold(): Promise<void> {
    this.isHeld = true
    this.resumeIfWanted()
    await this.whenEnded()
  }

  /** There is a batch, or the end. */
  private taken(): Batch | undefined {
    this.statement.checkKilled()
    const batch = this.ready.shift()
    if (batch !== undefined) {
      this.lent = batch
      this.resumeIfWanted()
      return batch
    }
    if (this.error !== undefined) throw this.host.translated(this.error, this.source)
    return undefined
  }

  private async whenEnded(): Promise<void> {
    while (!this.isEnded) await this.woken()
    await this.killing
  }

  private kill(): void {
    if (this.isEnded || this.killing !== undefined) return
    if (this.isBetween || this.host.leave?.(this, this.connection) === true) {
      this.endWithout(undefined)
      return
    }
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
    if (lent === undefined) return
    if (this.isEnded) this.source.takeBack(lent)
    else {
      lent.clear()
      this.spare = lent
    }
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => {
      this.wakers ??= []
      this.wakers.push(resolve)
    })
  }

  private wake(): void {
    const { asker, wakers } = this
    if (wakers !== undefined) {
      this.wakers = undefined
      for (const resolve of wakers) resolve()
    }
    if (asker === undefined || (!this.isEnded && this.ready.length === 0)) return
    this.asker = undefined
    try {
      asker.resolve(this.taken())
    } catch (error) {
      asker.reject(error)
    }
  }
}
