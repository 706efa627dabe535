/** Queries outside of transactions on one server: each on a connection of the pool, which is free again when the last row has come. */
import { isPromise, type MaybePromise, type StatementContext } from '@switchyard/core/spi'
import type { RemoteConnection } from './connection.js'
import type { RemoteServer } from './remote-server.js'
import { RowCursor, type CursorHost } from './row-cursor.js'
import type { RowSource } from './row-source.js'
import type { FilledTemplate } from './sql-template.js'

export class LooseReads implements CursorHost {
  /** Those that have a connection, or wait for another. */
  private readonly open = new Set<RowCursor>()

  constructor(
    private readonly server: RemoteServer,
    /** What a `SqlError` is for the tables that the query reads. */
    private readonly told: (error: unknown, source: RowSource) => unknown,
  ) {}

  run(
    query: string | FilledTemplate,
    source: RowSource,
    statement: StatementContext,
  ): MaybePromise<RowCursor> {
    statement.checkKilled()
    const connection = this.server.pool.take() ?? this.connectionFor(statement)
    return isPromise(connection)
      ? connection.then((opened) => this.begin(query, source, statement, opened))
      : this.begin(query, source, statement, connection)
  }

  /** Who holds connections must not wait for one: others might do the same. */
  private async connectionFor(statement: StatementContext): Promise<RemoteConnection> {
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
  ): RowCursor {
    const cursor = new RowCursor(query, source, connection, statement, this)
    this.open.add(cursor)
    return cursor
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
