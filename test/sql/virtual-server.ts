/**
 * A server of ours whose database `test` lies on another server, for the corpus: it is made there and mirrored here.
 */
import { createConnection, type Connection } from 'mysql2/promise'
import { MemoryStorage } from '@switchyard/storage-memory'
import { TestEngine } from '../support/engine.js'
import type { MysqlAddress } from '../support/named-mysql.js'
import { createRemoteParts } from '../support/storages.js'
import { DATABASE, type Outcome, type SqlConnection, type SqlServer } from './sql-server.js'
import { SwitchyardConnection } from './switchyard-server.js'

/** By default root without password, on this machine. */
type Address = Pick<MysqlAddress, 'port'> & Partial<MysqlAddress>

export interface RemoteOfCorpus extends Address {
  readonly stop: () => Promise<unknown>
  /** Behind CREATE DATABASE, over there. */
  readonly collate?: string
}

/** Stopping it stops the remote, too. */
export async function startVirtual(remote: RemoteOfCorpus): Promise<SqlServer> {
  const { engine, there } = await startVirtualEngine(remote)
  return {
    connect: async (database) => {
      const connection = new SwitchyardConnection(await engine.session(database))
      return database === undefined ? new MirroringConnection(connection, there, remote) : connection
    },
    stop: async () => {
      await there.end()
      await engine.stop()
      await remote.stop()
    },
  }
}

/** An engine that knows the server at this address as `remote`, and a connection to that. */
export async function startVirtualEngine({
  host = '127.0.0.1',
  port,
  user = 'root',
  password = '',
}: Address) {
  const there = await createConnection({ host, port, user, password })
  const { catalog, storage } = await createRemoteParts()
  const engine = await TestEngine.start([new MemoryStorage('memory'), storage], {}, [catalog])
  const setup = await engine.session()
  await setup.run(
    `CREATE SERVER remote FOREIGN DATA WRAPPER mysql OPTIONS (HOST '${host}', PORT ${port}, USER '${user}', PASSWORD '${password}')`,
  )
  return { engine, there }
}

/** Makes and drops databases on both sides. */
class MirroringConnection implements SqlConnection {
  constructor(
    private readonly here: SqlConnection,
    private readonly there: Connection,
    private readonly remote: RemoteOfCorpus,
  ) {}

  async run(sql: string): Promise<Outcome> {
    const isCreation = sql.startsWith('CREATE DATABASE')
    if (isCreation || sql.startsWith('DROP DATABASE')) {
      await this.there.query(isCreation ? `${sql} ${this.remote.collate ?? ''}` : sql)
    }
    return this.here.run(isCreation ? `CREATE DATABASE ${DATABASE} FROM SERVER remote` : sql)
  }

  close(): Promise<void> {
    return this.here.close()
  }
}
