/** The answer of one statement, as programs read it. */
import type { TypeName } from '../../common/sql-type.js'
import type { RowQueue } from './row-queue.js'
import type { SqlValue } from './values.js'

export interface ResultColumnInfo {
  readonly name: string
  /** MySQL's name of the type, in small letters. */
  readonly type: TypeName
  readonly nullable: boolean
}

/** What a statement did. */
export interface StatementStatus {
  readonly affectedRows: number | bigint
  /** The first number that AUTO_INCREMENT gave, 0 for none. */
  readonly lastInsertId: number | bigint
  readonly warningCount: number
  /** "Rows matched: 1  Changed: 1  Warnings: 0" and the like. */
  readonly info: string
}

export type Row = Record<string, SqlValue>

/**
 * The rows of one statement: objects with the columns' names as keys. They are read once, by `for await` or `all`; the engine waits while
 * nobody does. Whoever leaves the loop early ends the statement.
 */
export class RowStream<R extends object = Row> implements AsyncIterable<R> {
  /** @internal Use `query` of an engine or a connection. */
  constructor(private readonly queue: RowQueue) {}

  /** Empty for statements without a result. */
  get columns(): readonly ResultColumnInfo[] {
    return this.queue.resultColumns.map(({ name, type, nullable }) => ({ name, type: type.name, nullable }))
  }

  /** Undefined until the last row was read. */
  get status(): StatementStatus | undefined {
    const { status } = this.queue
    if (status === undefined) return undefined
    const { affectedRows, lastInsertId, warningCount, info } = status
    return { affectedRows, lastInsertId, warningCount, info }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    const { queue } = this
    try {
      for (;;) {
        await queue.arrived()
        const rows = queue.take()
        if (rows.length === 0) return
        for (const row of rows) yield row as R
      }
    } finally {
      queue.abandon()
    }
  }

  /** All rows that are left. */
  async all(): Promise<R[]> {
    const rows: R[] = []
    for await (const row of this) rows.push(row)
    return rows
  }

  /** Reads nothing more; the statement ends. */
  abandon(): void {
    this.queue.abandon()
  }
}
