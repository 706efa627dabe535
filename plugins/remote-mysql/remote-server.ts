/**
 * One remote server: its connections, and what kind of server it turned out to be. Statements that only read are tried again on
 * a fresh connection when the one they were given had gone away unnoticed.
 */
import type { RemoteAddress, RemoteAnswerRows, RemoteConnection } from './connection.js'
import type { StatementContext } from '@switchyard/core/spi'
import { ConnectionPool, type PoolLimits } from './connection-pool.js'
import { dialectOf, type Dialect } from './dialect.js'
import { clientError, ConnectionLost } from './remote-error.js'
import { passOnWarnings } from './warnings.js'

export class RemoteServer {
  readonly pool: ConnectionPool
  private known: Dialect | undefined

  constructor(
    /** For messages. */
    readonly name: string,
    readonly address: RemoteAddress,
    limits: PoolLimits,
  ) {
    this.pool = new ConnectionPool(address, limits)
  }

  /** What it is; known from the first connection on. */
  get dialect(): Dialect | undefined {
    return this.known
  }

  async connection(): Promise<RemoteConnection> {
    try {
      const connection = await this.pool.acquire()
      this.known ??= dialectOf(connection.version)
      return connection
    } catch (error) {
      throw this.translated(error)
    }
  }

  /** Runs statements that change nothing, of which the last one's answer counts. Rejects with a SqlError. */
  read(sql: string): Promise<RemoteAnswerRows> {
    return this.retried((connection) => this.watched(connection, connection.run(sql)))
  }

  /** Runs a statement that must not be repeated and is no part of a transaction. Rejects with a SqlError. */
  async runOnce(sql: string, statement: StatementContext): Promise<void> {
    const connection = await this.connection()
    let killing: Promise<void> | undefined
    const onStop = (): void => {
      killing = this.pool.kill(connection)
    }
    statement.onStop(onStop)
    try {
      const { warningCount } = await connection.run(sql)
      if (warningCount > 0) passOnWarnings(await connection.run('SHOW WARNINGS'), statement)
    } catch (error) {
      throw this.translated(error)
    } finally {
      statement.offStop(onStop)
      await killing
      this.giveBack(connection)
    }
  }

  /** Work that may be done twice. */
  async retried<T>(work: (connection: RemoteConnection) => Promise<T>): Promise<T> {
    const connection = await this.connection()
    let second: RemoteConnection
    try {
      return await work(connection)
    } catch (error) {
      const replaced = error instanceof ConnectionLost ? this.replaced(connection) : undefined
      if (replaced === undefined) throw this.translated(error)
      second = await replaced
    }
    try {
      return await work(second)
    } catch (error) {
      throw this.translated(error)
    }
  }

  /** Another connection, if this one has been idle before it was found to be gone; undefined for fresh ones. */
  replaced(connection: RemoteConnection): Promise<RemoteConnection> | undefined {
    if (connection.idleSinceMs === connection.openedAtMs) return undefined
    // The others have been idle no shorter.
    this.pool.dropIdle()
    return this.connection()
  }

  /** Gives the connection back when the answer is there. */
  async watched<T>(connection: RemoteConnection, answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } finally {
      this.giveBack(connection)
    }
  }

  translated(error: unknown): unknown {
    return clientError(error, this.name)
  }

  giveBack(connection: RemoteConnection): void {
    if (connection.isBroken) this.pool.discard(connection)
    else this.pool.release(connection)
  }
}
