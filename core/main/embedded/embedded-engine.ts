/** An engine inside of a program: no port, no accounts, no files but those that it is told of. */
import type { ErrorCode } from '../../common/error-catalogue.js'
import { isSqlError } from '../../common/sql-error.js'
import { LOCAL_CLIENT } from '../../engine/connections.js'
import type { ClientInfo, Server } from '../../spi/session.js'
import { CachedTable, quoted, type LoadTableOptions } from './cached-table.js'
import { EngineConnection } from './engine-connection.js'
import type { Row, RowStream, StatementStatus } from './row-stream.js'
import type { SqlParameter } from './values.js'

/** Where a remote MySQL server is, and which of its databases to show. */
export interface RemoteOptions {
  readonly host?: string
  readonly port?: number
  /** Path of a Unix socket, in the place of host and port. */
  readonly socket?: string
  readonly user: string
  readonly password?: string
  /** What the database is called there; by default as here. */
  readonly database?: string
  readonly readOnly?: boolean
}

export class EmbeddedEngine {
  private readonly spare: EngineConnection[] = []
  private readonly open = new Set<EngineConnection>()
  private closing: Promise<void> | undefined

  /** @internal Use `openEngine`. */
  constructor(
    private readonly server: Server,
    private readonly stop: () => Promise<void>,
    private readonly database: string | undefined,
  ) {}

  /** MySQL's version and ours. */
  get version(): string {
    return this.server.version
  }

  /** A connection of its own, for transactions and session state. */
  async connect(database = this.database): Promise<EngineConnection> {
    const connectionId = this.server.reserveConnection()
    const request = { user: 'root', database, client: CLIENT, nonce: new Uint8Array(20) }
    const session = await this.server.openSession(request, 'root@localhost', connectionId)
    const connection: EngineConnection = new EngineConnection(session, () => {
      this.open.delete(connection)
    })
    this.open.add(connection)
    return connection
  }

  /** Runs one statement on its own; resolves when its first rows are there. */
  async query<R extends object = Row>(
    sql: string,
    parameters: readonly SqlParameter[] = [],
  ): Promise<RowStream<R>> {
    const connection = await this.borrow()
    try {
      return await connection.query<R>(sql, parameters)
    } finally {
      void connection.idle.then(() => this.giveBack(connection)).catch(() => undefined)
    }
  }

  /** Runs one statement to its end. */
  async execute(sql: string, parameters: readonly SqlParameter[] = []): Promise<StatementStatus> {
    return this.with((connection) => connection.execute(sql, parameters))
  }

  /** Runs `work` in a transaction, which is rolled back if it throws. */
  async transaction<T>(work: (connection: EngineConnection) => Promise<T>): Promise<T> {
    return this.with((connection) => connection.transaction(work))
  }

  /**
   * Shows a database of a remote server under `name`, from now on and after a restart; called again with other options it replaces them.
   * Needs the plugin `@switchyard/remote-mysql`. The server isn't asked yet.
   */
  async attachRemote(name: string, remote: RemoteOptions): Promise<void> {
    const { host = 'localhost', port = 3306, socket = '', user, password = '', readOnly = false } = remote
    const quotedName = quoted(name)
    const options = [
      `HOST ${literal(socket === '' ? host : '')}, PORT ${port}, SOCKET ${literal(socket)}`,
      `USER ${literal(user)}, PASSWORD ${literal(password)}, DATABASE ${literal(remote.database ?? name)}`,
    ].join(', ')
    const create = `CREATE SERVER ${quotedName} FOREIGN DATA WRAPPER mysql OPTIONS (${options})`
    await this.with(async (connection) => {
      if (!(await succeeds(connection.execute(create), 'ER_FOREIGN_SERVER_EXISTS'))) {
        // Only a server without databases can be dropped.
        if (!(await succeeds(connection.execute(`DROP SERVER ${quotedName}`), 'ER_NOT_SUPPORTED_YET'))) {
          await connection.execute(`ALTER SERVER ${quotedName} OPTIONS (${options})`)
          await connection.execute(`ALTER DATABASE ${quotedName} READ ONLY = ${Number(readOnly)}`)
          return
        }
        await connection.execute(create)
      }
      try {
        const access = readOnly ? ' READ ONLY' : ''
        await connection.execute(`CREATE DATABASE ${quotedName} FROM SERVER ${quotedName}${access}`)
      } catch (error) {
        await connection.execute(`DROP SERVER ${quotedName}`)
        throw error
      }
    })
  }

  /** Forgets a remote; nothing happens there. */
  async detachRemote(name: string): Promise<void> {
    await this.with(async (connection) => {
      await connection.execute(`DROP DATABASE ${quoted(name)}`)
      await connection.execute(`DROP SERVER ${quoted(name)}`)
    })
  }

  /**
   * Copies a table, usually of a remote (`source` is `database.table`), so that queries find its rows here. The copy stays as it is
   * until `refresh` is called on what this answers; it outlives the program if its storage does.
   */
  async loadTable(source: string, options: LoadTableOptions = {}): Promise<CachedTable> {
    const table = new CachedTable(source, options, (work) => this.with(work))
    await table.refresh()
    return table
  }

  /** Ends what runs, and frees everything. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      for (const connection of [...this.open]) await connection.close()
      await this.stop()
    })()
    return this.closing
  }

  private async with<T>(work: (connection: EngineConnection) => Promise<T>): Promise<T> {
    const connection = await this.borrow()
    try {
      return await work(connection)
    } finally {
      await this.giveBack(connection)
    }
  }

  private async borrow(): Promise<EngineConnection> {
    return this.spare.pop() ?? (await this.connect())
  }

  /** What was done with it has gone as it went: one that can't be used again (killed, its database dropped) is closed. */
  private async giveBack(connection: EngineConnection): Promise<void> {
    if (this.closing !== undefined) return
    if (this.spare.length < SPARE_MAX) {
      try {
        await connection.reset(this.database)
        this.spare.push(connection)
        return
      } catch {
        // Closed below.
      }
    }
    await connection.close()
  }
}

const SPARE_MAX = 8

const CLIENT: ClientInfo = { ...LOCAL_CLIENT, attributes: { program_name: 'embedded' } }

/** Whether it goes well; false for this error, throws others. */
async function succeeds(work: Promise<unknown>, code: ErrorCode): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (isSqlError(error) && error.code === code) return false
    throw error
  }
}

function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
