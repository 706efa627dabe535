/** One client of the load: a connection at a time, a part of the rows that nobody else touches, and a book of them. */
import type { Connection } from 'mysql2/promise'
import type { Random } from './random.js'

export interface LoadClient {
  /** A statement or a transaction. Rejects when the connection ends; goes on after a lock conflict. */
  step(connection: Connection, random: Random): Promise<void>
  /** Expects the server to have what was acknowledged, and nothing else but, wholly, what was unanswered. Goes on from there. */
  verify(connection: Connection): Promise<void>
}
