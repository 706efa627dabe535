/** A server of ours with virtual databases on servers that a test has started, or that are named. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { startMariaDb, type MariaDbServer } from '../../../test/differential/mariadb-server.js'
import { namedMysql, type MysqlAddress } from '../../../test/support/named-mysql.js'
import { killServers, TestServer } from '../../../test/support/server.js'
import { createStorage } from '../../../test/support/storages.js'
import { TEST_SETTINGS, TestEngine, type TestSession } from '../../../test/support/engine.js'
import { removeTemporaryFolders, temporaryFolder } from '../../../test/support/temporary-folder.js'
import { plugin, RemoteCatalog, RemoteStorage } from '../index.js'
import type { RemoteAddress } from '../connection.js'
import type { PoolLimits } from '../connection-pool.js'
import { RemoteTables } from '../remote-table.js'

export const LIMITS: PoolLimits = {
  connectionsMax: plugin.options.connections.default,
  readsPerConnectionMax: plugin.options.readsPerConnection.default,
  busyShareMin: 0.7,
  queueMax: 1000,
  queueTimeoutMs: 15_000,
  idleMax: 1000,
  idleMaxMs: 60_000,
  lifetimeMaxMs: 60_000,
  connectTimeoutMs: 2000,
  queryTimeoutMs: 10_000,
  failuresMax: 3,
  restMs: 200,
}

/** Room for crowds. */
const SETTINGS = { limits: { ...TEST_SETTINGS.limits, connectionsMax: 400 } }

export function addressOf(port: number, more: Partial<RemoteAddress> = {}): RemoteAddress {
  return { host: '127.0.0.1', port, socket: '', user: 'root', password: '', tls: undefined, ...more }
}

export interface RemoteSetup {
  readonly engine: TestEngine
  readonly catalog: RemoteCatalog
}

/** Databases by their names here: where each is, and what it is called there. */
type RemoteDatabases = Readonly<
  Record<string, { readonly address: RemoteAddress; readonly database?: string; readonly readOnly?: boolean }>
>

export async function startWithRemotes(
  databases: RemoteDatabases,
  limits: Partial<PoolLimits> = {},
  refreshMs = 60_000,
): Promise<RemoteSetup> {
  const tables = new RemoteTables()
  const configured = Object.entries(databases).map(([name, { address, database, readOnly }]) => ({
    name,
    address,
    database: database ?? name,
    readOnly: readOnly ?? false,
  }))
  const catalog = new RemoteCatalog(
    {
      storage: 'remote',
      limits: { ...LIMITS, ...limits },
      refreshMs,
      configured,
      mirrored: undefined,
      tls: undefined,
    },
    tables,
  )
  const storages = [await createStorage('memory', ''), new RemoteStorage('remote', catalog, tables)]
  return { engine: await TestEngine.start(storages, SETTINGS, [catalog]), catalog }
}

/** A client at the remote itself. */
export function direct(port: number, more: Partial<MysqlAddress> = {}): Promise<Connection> {
  return createConnection({
    host: '127.0.0.1',
    port,
    user: 'root',
    ...more,
    multipleStatements: true,
    rowsAsArray: true,
    charset: 'utf8mb4',
    dateStrings: true,
    timezone: 'Z',
  })
}

export interface OnMariaDb {
  readonly mariadb: MariaDbServer
  /** At MariaDB itself, which keeps what it is asked, for `received`. */
  readonly there: Connection
  readonly setup: RemoteSetup
  readonly session: TestSession
  stop(): Promise<void>
}

/** Databases on a MariaDB whose content these statements make; the session is in the first of them. */
export async function startOnMariaDb(
  schema: string,
  databasesAt: (port: number) => RemoteDatabases | Promise<RemoteDatabases>,
  limits: Partial<PoolLimits> = {},
): Promise<OnMariaDb> {
  const mariadb = await startMariaDb(temporaryFolder())
  const there = await direct(mariadb.port)
  await there.query(schema)
  await keepStatements(there)
  const databases = await databasesAt(mariadb.port)
  const setup = await startWithRemotes(databases, limits)
  return {
    ...{ mariadb, there, setup, session: await setup.engine.session(Object.keys(databases)[0]) },
    stop: async () => {
      there.destroy()
      await setup.engine.stop()
      await killServers()
      await mariadb.stop()
      removeTemporaryFolders()
    },
  }
}

export interface Compared extends OnMariaDb {
  /** `maria`, `second` on a server of ours, and `genuine` on a MySQL if one is named. */
  readonly remotes: readonly string[]
}

/** The same tables in `here`, and in databases on several remotes. */
export async function startCompared(
  tables: readonly string[],
  moreAt: (mariaPort: number, secondPort: number) => RemoteDatabases = () => ({}),
): Promise<Compared> {
  const { port } = await TestServer.start({ args: ['--storage', 'memory'] })
  const named = namedMysql()
  const others: Record<string, { readonly address: RemoteAddress; readonly database: string }> = {
    second: { address: addressOf(port), database: 'd' },
    // Others may be at the same server.
    ...(named && { genuine: { address: addressOf(named.port, named), database: `d_${process.pid}` } }),
  }
  for (const { address, database } of Object.values(others)) {
    await runAt(address, definitionsOf(database, tables))
  }
  const started = await startOnMariaDb(definitionsOf('d', tables).join('; '), (mariaPort) => ({
    maria: { address: addressOf(mariaPort), database: 'd' },
    ...others,
    ...moreAt(mariaPort, port),
  }))
  const { session } = started
  const remotes = ['maria', ...Object.keys(others)]
  await session.run('CREATE DATABASE here COLLATE utf8mb4_bin')
  await session.run('USE here')
  for (const sql of tables) await session.run(sql)
  // What can be sent is known when they have answered something.
  for (const database of remotes) await session.run(`SHOW TABLES FROM ${database}`)
  return {
    ...started,
    remotes,
    stop: async () => {
      const { genuine } = others
      if (genuine !== undefined) await runAt(genuine.address, [`DROP DATABASE ${genuine.database}`])
      await started.stop()
    },
  }
}

function definitionsOf(database: string, tables: readonly string[]): readonly string[] {
  return [
    `DROP DATABASE IF EXISTS ${database}`,
    `CREATE DATABASE ${database} COLLATE utf8mb4_bin`,
    `USE ${database}`,
    ...tables,
  ]
}

export async function runAt(
  { port, host, user, password }: RemoteAddress,
  statements: readonly string[],
): Promise<void> {
  const client = await direct(port, { host, user, password })
  for (const sql of statements) await client.query(sql)
  await client.end()
}

/** From now on MariaDB keeps what it is asked, for `received`. */
async function keepStatements(there: Connection): Promise<void> {
  await there.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
}

/** What reached MariaDB while `work` was done, but for what every connection begins with. */
export async function received(there: Connection, work: () => Promise<unknown>): Promise<string[]> {
  await there.query('TRUNCATE TABLE mysql.general_log')
  await work()
  const [rows] = await there.query<RowDataPacket[]>(
    "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type IN ('Query', 'Execute') ORDER BY event_time",
  )
  return rows
    .map((row) => String((row as unknown[])[0]))
    .filter((sql) => !/general_log|^SET NAMES|VERSION\(\)/.test(sql))
}
