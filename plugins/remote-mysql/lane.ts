/**
 * A connection with point reads, of which several may be under way at once: the remote finds the next one in its buffer when it has answered
 * the one before, and neither side sleeps and wakes for each. They are answered in the order in which they were sent. Who waits behind
 * one that isn't answered goes to a connection of its own: nothing is lost by asking twice.
 */
import type { RemoteConnection } from './connection.js'
import type { LooseReads } from './loose-reads.js'
import type { CursorHost, RowCursor } from './row-cursor.js'
import type { RowSource } from './row-source.js'

export class Lane implements CursorHost {
  readonly isShared = true
  private readonly cursors: RowCursor[] = []
  /** Answers to come that nobody waits for. */
  private dropped = 0
  private answered = 0
  /** Of them, at the last look. */
  private answeredBefore = -1
  private isClosed = false

  constructor(
    readonly connection: RemoteConnection,
    private readonly reads: LooseReads,
  ) {}

  hasRoom(depth: number): boolean {
    return !this.isClosed && !this.connection.isBroken && this.cursors.length + this.dropped < depth
  }

  add(cursor: RowCursor): void {
    this.cursors.push(cursor)
  }

  /** No more are added: the connection is free when those that there are have been answered. */
  close(): void {
    this.isClosed = true
  }

  /** Now and then: whether answers still come. */
  look(): void {
    const { answered } = this
    const isStill = answered === this.answeredBefore
    this.answeredBefore = answered
    if (!isStill) return
    // Timers come before what the sockets have: this thread may have been the one that was busy.
    setImmediate(() => {
      if (this.answered === answered) this.part()
    })
  }

  /** Nobody waits any longer for another one's answer. */
  private part(): void {
    for (const cursor of [...this.cursors]) {
      if (!cursor.isBehindOthers) continue
      this.close()
      this.drop(cursor)
      cursor.goOn(this.reads.connectionFor(cursor.statement), this.reads)
    }
    if (this.cursors.length > 0 || this.dropped === 0) return
    void this.reads.server.pool.end(this.connection)
  }

  private drop(cursor: RowCursor): void {
    this.remove(cursor)
    this.dropped++
    cursor.dropAnswer(() => {
      this.dropped--
      this.settle()
    })
  }

  private remove(cursor: RowCursor): void {
    this.cursors.splice(this.cursors.indexOf(cursor), 1)
    this.reads.closed(cursor)
  }

  private settle(): void {
    this.answered++
    if (this.cursors.length === 0 && this.dropped === 0) this.reads.emptied(this)
  }

  // ── For its cursors ─────────────────────────────────────────────────────────────────────────────────────────

  leave(cursor: RowCursor, connection: RemoteConnection): boolean {
    if (connection !== this.connection || this.cursors.length + this.dropped === 1) return false
    this.drop(cursor)
    return true
  }

  kill(connection: RemoteConnection): Promise<void> {
    if (connection === this.connection) this.close()
    return this.reads.kill(connection)
  }

  freed(cursor: RowCursor, connection: RemoteConnection): void {
    if (connection !== this.connection) {
      this.reads.freed(cursor, connection)
      return
    }
    this.remove(cursor)
    this.settle()
  }

  replaced(connection: RemoteConnection): Promise<RemoteConnection> | undefined {
    return this.reads.replaced(connection)
  }

  translated(error: unknown, source: RowSource): unknown {
    return this.reads.translated(error, source)
  }
}
