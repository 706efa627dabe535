/**
 * Queries outside of transactions on one server, each on a connection of the pool, which is free again when the last row has come. Point reads
 * that come while others are under way share their connections (`Lane`), as long as this thread is what there is too little of: a remote that
 * is slow in answering does more on several connections at once.
 */
import { performance } from 'node:perf_hooks'
import { isPromise, type MaybePromise, type StatementContext } from '@switchyard/core/spi'
import type { RemoteConnection } from './connection.js'
import { Lane } from './lane.js'
import type { RemoteServer } from './remote-server.js'
import { RowCursor, type CursorHost } from './row-cursor.js'
import type { RowSource } from './row-source.js'
import { FilledTemplate } from './sql-template.js'

/** Time in which the first of several reads must be answered, lest the others go elsewhere: between one of these and two. */
const LOOK_MS = 10
/** Looks without anybody sharing after which there are no more. */
const LOOKS_KEPT = 100

export class LooseReads implements CursorHost {
  /** Those that have a connection, or wait for another. */
  private readonly open = new Set<RowCursor>()
  /** Connections with point reads. */
  private readonly lanes: Lane[] = []
  /** How many may be under way on one. */
  private depth = 1
  private watch: NodeJS.Timeout | undefined
  private looksLeft = 0

  constructor(
    readonly server: RemoteServer,
    /** What a `SqlError` is for the tables that the query reads. */
    private readonly told: (error: unknown, source: RowSource) => unknown,
  ) {}

  run(
    query: string | FilledTemplate,
    source: RowSource,
    statement: StatementContext,
  ): MaybePromise<RowCursor> {
    statement.checkKilled()
    const lane = this.lanes.length === 0 ? undefined : this.laneFor(query)
    if (lane !== undefined) return this.begin(query, source, statement, lane.connection, lane)
    const connection = this.server.pool.take() ?? this.connectionFor(statement)
    return isPromise(connection)
      ? connection.then((opened) => this.begin(query, source, statement, opened))
      : this.begin(query, source, statement, connection)
  }

  /** One that has room, if the query is one that may share it. */
  private laneFor(query: string | FilledTemplate): Lane | undefined {
    if (typeof query === 'string' || !query.template.isPointRead) return undefined
    this.looksLeft = LOOKS_KEPT
    if (this.watch === undefined) this.startLooking()
    const { lanes, depth } = this
    // Who shares keeps a connection from coming free.
    if (depth < 2 || this.server.pool.isWaitedFor) return undefined
    for (const lane of lanes) {
      if (lane.hasRoom(depth) && lane.connection.isPreparedFor(query.template)) return lane
    }
    return undefined
  }

  private startLooking(): void {
    this.depth = this.server.pool.limits.readsPerConnectionMax
    let before = performance.eventLoopUtilization()
    this.watch = setInterval(() => {
      const now = performance.eventLoopUtilization()
      this.look(performance.eventLoopUtilization(now, before).utilization)
      before = now
    }, LOOK_MS).unref()
  }

  /** `usedShare`: of this thread's time since the last look. */
  private look(usedShare: number): void {
    const { pool } = this.server
    const { readsPerConnectionMax, busyShareMin } = pool.limits
    const depth = usedShare < busyShareMin ? this.depth >> 1 : this.depth + 1
    this.depth = Math.max(1, Math.min(depth, readsPerConnectionMax))
    for (const lane of this.lanes) {
      if (pool.isWorn(lane.connection)) lane.close()
      lane.look()
    }
    if (--this.looksLeft > 0 || this.lanes.length > 0) return
    clearInterval(this.watch)
    this.watch = undefined
  }

  /** Who holds connections must not wait for one: others might do the same. */
  async connectionFor(statement: StatementContext): Promise<RemoteConnection> {
    const { server } = this
    if (server.pool.isExhausted) {
      for (const cursor of [...this.open]) if (cursor.statement === statement) await cursor.hold()
    }
    const connection = await server.connection()
    try {
      statement.checkKilled()
    } catch (error) {
      server.giveBack(connection)
      throw error
    }
    return connection
  }

  private begin(
    query: string | FilledTemplate,
    source: RowSource,
    statement: StatementContext,
    connection: RemoteConnection,
    shared?: Lane,
  ): RowCursor {
    const lane = shared ?? this.newLane(query, connection)
    const cursor = new RowCursor(query, source, connection, statement, lane ?? this)
    lane?.add(cursor)
    this.open.add(cursor)
    return cursor
  }

  private newLane(query: string | FilledTemplate, connection: RemoteConnection): Lane | undefined {
    if (typeof query === 'string' || !query.template.isPointRead) return undefined
    const lane = new Lane(connection, this)
    this.lanes.push(lane)
    return lane
  }

  // ── For its lanes ───────────────────────────────────────────────────────────────────────────────────────────

  closed(cursor: RowCursor): void {
    this.open.delete(cursor)
  }

  /** Nothing is under way on it. */
  emptied(lane: Lane): void {
    this.lanes.splice(this.lanes.indexOf(lane), 1)
    this.server.giveBack(lane.connection)
  }

  // ── For its cursors ─────────────────────────────────────────────────────────────────────────────────────────

  kill(connection: RemoteConnection): Promise<void> {
    return this.server.pool.kill(connection)
  }

  freed(cursor: RowCursor, connection: RemoteConnection): void {
    this.open.delete(cursor)
    this.server.giveBack(connection)
  }

  replaced(connection: RemoteConnection): Promise<RemoteConnection> | undefined {
    return this.server.replaced(connection)
  }

  translated(error: unknown, source: RowSource): unknown {
    return this.told(this.server.translated(error), source)
  }
}
