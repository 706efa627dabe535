/**
 * A transaction of ours on the remotes that it touches: on each a transaction of the remote's own, on a connection that is kept until
 * the end. Statements come one after the other; what answers nothing (BEGIN, SAVEPOINT, ROLLBACK TO) goes along with the next one, in
 * one packet.
 */
import {
  sqlError,
  type BatchCursor,
  type DriverTransaction,
  type StatementContext,
  type TransactionOptions,
} from '@switchyard/core/spi'
import type { RemoteAnswerRows, RemoteConnection } from './connection.js'
import { clientError, ConnectionLost } from './remote-error.js'
import type { RemoteServer } from './remote-server.js'
import type { RemoteTable } from './remote-table.js'
import { RowCursor, type CursorHost } from './row-cursor.js'
import type { RowSource } from './row-source.js'
import type { FilledTemplate } from './sql-template.js'

export class RemoteTransaction implements DriverTransaction {
  private readonly branches = new Map<RemoteServer, TransactionBranch>()
  /** Where it writes: to one remote at a time. What it wrote to another before that was undone. */
  private writer: TransactionBranch | undefined
  private readonly written = new Set<TransactionBranch>()
  /** They come before a write, and belong where that goes. */
  private readonly points: number[] = []
  /** Rows that tables have gained, or lost. */
  private readonly growth = new Map<RemoteTable, number>()

  constructor(private readonly options: TransactionOptions) {}

  on(server: RemoteServer): TransactionBranch {
    let branch = this.branches.get(server)
    if (branch === undefined) {
      branch = new TransactionBranch(server, this.options)
      this.branches.set(server, branch)
    }
    return branch
  }

  forWriting(server: RemoteServer): TransactionBranch {
    const branch = this.on(server)
    this.writer = branch
    this.written.add(branch)
    for (const number of this.points.splice(0)) branch.defer(`SAVEPOINT ${savepointName(number)}`)
    return branch
  }

  /** Rows of a table were inserted, or deleted: the optimizer needn't wait until the remote tells. */
  grew(table: RemoteTable, rowCount: number): void {
    this.growth.set(table, (this.growth.get(table) ?? 0) + rowCount)
  }

  savepoint(number: number): void {
    this.points.push(number)
  }

  rollbackTo(number: number): void {
    this.writer?.defer(`ROLLBACK TO SAVEPOINT ${savepointName(number)}`)
  }

  async commit(): Promise<void> {
    // Others have only read: whatever becomes of them, nothing is lost.
    const read = [...this.branches.values()].filter((branch) => !this.written.has(branch))
    const undone = read.map((branch) => branch.rollback())
    for (const branch of this.written) await branch.commit()
    for (const [table, rowCount] of this.growth) table.rows = Math.max(0, table.rows + rowCount)
    await Promise.all(undone)
  }

  async rollback(): Promise<void> {
    await Promise.all([...this.branches.values()].map((branch) => branch.rollback()))
  }
}

function savepointName(number: number): string {
  return `switchyard_${number}`
}

/** The part on one remote. */
export class TransactionBranch {
  private connection: RemoteConnection | undefined
  private readonly deferred: string[] = []
  /** Results that are still being read. */
  private readonly cursors = new Set<RowCursor>()
  /** What is under way, and what waits behind it. */
  private tail: Promise<unknown> = Promise.resolve()
  private isOver = false
  private failure: Error | undefined

  constructor(
    private readonly server: RemoteServer,
    options: TransactionOptions,
  ) {
    const kinds = [
      ...(options.consistentSnapshot ? ['WITH CONSISTENT SNAPSHOT'] : []),
      ...(options.readOnly ? ['READ ONLY'] : []),
    ]
    const lockSeconds = Math.max(1, Math.round(options.lockWaitTimeoutMs / 1000))
    this.deferred.push(
      `SET SESSION innodb_lock_wait_timeout = ${lockSeconds}`,
      `SET TRANSACTION ISOLATION LEVEL ${options.isolation}`,
      ['START TRANSACTION', kinds.join(', ')].join(' ').trimEnd(),
    )
  }

  /** Done with the next statement, before it. */
  defer(sql: string): void {
    this.deferred.push(sql)
  }

  /** Runs a statement; rejects with a SqlError. */
  run(sql: string, statement: StatementContext | undefined): Promise<RemoteAnswerRows> {
    return this.inTurn(async (connection) => {
      const onStop = (): void => {
        killing = this.server.pool.kill(connection)
      }
      let killing: Promise<void> | undefined
      statement?.onStop(onStop)
      try {
        return await connection.run(this.takeDeferred() + sql)
      } finally {
        statement?.offStop(onStop)
        if (killing !== undefined) await killing
      }
    }, statement)
  }

  query(
    query: string | FilledTemplate,
    source: RowSource,
    statement: StatementContext,
  ): Promise<BatchCursor> {
    return this.inTurn(async (connection) => {
      const host: CursorHost = {
        kill: (each) => this.server.pool.kill(each),
        freed: (each) => {
          this.cursors.delete(each)
        },
        replaced: () => undefined,
        translated: (error) => this.translated(error),
      }
      const cursor = new RowCursor(query, source, connection, statement, host, this.takeDeferred())
      this.cursors.add(cursor)
      await cursor.started()
      return cursor
    }, statement)
  }

  async commit(): Promise<void> {
    if (this.connection === undefined && this.failure === undefined) {
      this.isOver = true
      return
    }
    try {
      await this.run('COMMIT', undefined)
    } finally {
      this.finish()
    }
  }

  /** Resolves when the remote has answered, or the connection is gone. */
  async rollback(): Promise<void> {
    if (this.isOver) return
    this.isOver = true
    await this.tail
      .then(async () => {
        const { connection } = this
        if (connection === undefined || connection.isBroken) return
        for (const cursor of this.cursors) await cursor.close()
        await connection.run('ROLLBACK')
      })
      .catch(() => this.connection?.destroy())
      .finally(() => {
        this.giveBack()
      })
  }

  private takeDeferred(): string {
    return this.deferred
      .splice(0)
      .map((each) => `${each}; `)
      .join('')
  }

  /** One after the other; who comes while a result is still read has the rest of it kept in memory. */
  private inTurn<T>(
    work: (connection: RemoteConnection) => Promise<T>,
    statement: StatementContext | undefined,
  ): Promise<T> {
    const turn = this.tail.then(async () => {
      if (this.failure !== undefined) throw this.failure
      if (this.isOver) throw sqlError('ER_QUERY_INTERRUPTED')
      for (const cursor of [...this.cursors]) await cursor.hold()
      statement?.checkKilled()
      this.connection ??= await this.server.connection()
      try {
        return await work(this.connection)
      } catch (error) {
        statement?.checkKilled()
        throw this.translated(error)
      }
    })
    this.tail = turn.catch(() => undefined)
    return turn
  }

  /** What was done on a connection that is gone is undone; the transaction can't go on as if nothing were. */
  private translated(error: unknown): unknown {
    const translated = clientError(error, this.server.name)
    if (error instanceof ConnectionLost) this.failure = translated as Error
    return translated
  }

  private finish(): void {
    this.isOver = true
    this.giveBack()
  }

  private giveBack(): void {
    const { connection } = this
    this.connection = undefined
    if (connection !== undefined) this.server.giveBack(connection)
  }
}
