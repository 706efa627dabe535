/** A session of the engine, as programs use it: one statement after the other. */
import { sqlError } from '../../common/sql-error.js'
import { sqlText, type ParameterValue, type Session } from '../../spi/session.js'
import { RowQueue } from './row-queue.js'
import { RowStream, type Row, type StatementStatus } from './row-stream.js'
import { parameterValue, type SqlParameter } from './values.js'

/**
 * Has a transaction, a current database, variables and temporary tables of its own. Statements that are begun while another one runs wait
 * for it; so read or abandon every stream.
 */
export class EngineConnection {
  private tail: Promise<void> = Promise.resolve()
  private isClosed = false

  /** @internal Use `connect` of an engine. */
  constructor(
    private readonly session: Session,
    private readonly closed: () => void,
  ) {}

  /** Runs one statement; resolves when its first rows are there. Rejects with a SqlError (`code`, `number`, `sqlState`). */
  async query<R extends object = Row>(
    sql: string,
    parameters: readonly SqlParameter[] = [],
  ): Promise<RowStream<R>> {
    if (this.isClosed) throw sqlError('ER_SERVER_SHUTDOWN')
    const values = parameters.map(parameterValue)
    const queue = new RowQueue()
    const run = this.tail.then(() => this.run(sql, values, queue))
    this.tail = run.catch((error: unknown) => {
      queue.fail(error as Error)
    })
    await queue.arrived()
    return new RowStream<R>(queue)
  }

  private async run(sql: string, values: readonly ParameterValue[], queue: RowQueue): Promise<void> {
    if (values.length === 0) {
      await this.session.execute(sqlText(sql), false, queue.sink)
      return
    }
    const { id } = await this.session.prepare(sqlText(sql))
    try {
      await this.session.executePrepared(id, values, queue.sink)
    } finally {
      this.session.closePrepared(id)
    }
  }

  /** Runs one statement to its end; its rows, if it has any, are thrown away. */
  async execute(sql: string, parameters: readonly SqlParameter[] = []): Promise<StatementStatus> {
    const stream = await this.query(sql, parameters)
    await stream.all()
    if (stream.status === undefined) throw new Error('invariant: what has ended well has a status')
    return stream.status
  }

  /** Runs `work` between START TRANSACTION and COMMIT; a ROLLBACK takes the latter's place if it throws, which this throws then. */
  async transaction<T>(work: (connection: EngineConnection) => Promise<T>): Promise<T> {
    await this.execute('START TRANSACTION')
    try {
      const result = await work(this)
      await this.execute('COMMIT')
      return result
    } catch (error) {
      // What went wrong first is what counts; a connection that can't roll back has nothing open any more.
      await this.execute('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  /** Rolls back what is open, and ends what runs. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    await this.session.close()
    this.closed()
  }

  /** @internal As if new, for the next one. Rejects if it can't be used any more. */
  async reset(database: string | undefined): Promise<void> {
    await this.tail
    if (this.isClosed || this.session.closed.aborted) throw sqlError('ER_SERVER_SHUTDOWN')
    await this.session.reset()
    if (database !== undefined) await this.session.useDatabase(database)
  }

  /** @internal Resolves when nothing runs. */
  get idle(): Promise<void> {
    return this.tail
  }
}
