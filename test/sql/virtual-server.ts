/**
 * A server of ours whose database `test` lies on another server, for the corpus: it is made there and mirrored here.
 */
import { createConnection, type Connection } from 'mysql2/promise'
import { MemoryStorage } from '@switchyard/storage-memory'
import { TestEngine } from '../support/engine.js'
import { createRemoteParts } from '../support/storages.js'
import { DATABASE, type Outcome, type SqlConnection, type SqlServer } from './sql-server.js'
import { SwitchyardConnection } from './switchyard-server.js'

export interface RemoteOfCorpus {
  readonly port: number
  readonly stop: () => Promise<unknown>
  /** Behind CREATE DATABASE, over there. */
  readonly collate?: string
}

/** Stopping it stops the remote, too. */
export async function startVirtual(remote: RemoteOfCorpus): Promise<SqlServer> {
  const { engine, there } = await startVirtualEngine(remote.port)
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

/** An engine that knows the server on this port as `remote`, and a connection to that. */
export async function startVirtualEngine(port: number) {
  const there = await createConnection({ host: '127.0.0.1', port, user: 'root' })
  const { catalog, storage } = await createRemoteParts()
  const engine = await TestEngine.start([new MemoryStorage('memory'), storage], {}, [catalog])
  const setup = await engine.session()
  await setup.run(
    `CREATE SERVER remote FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1', PORT ${port}, USER 'root')`,
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
