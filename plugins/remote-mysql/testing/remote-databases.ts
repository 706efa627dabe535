/** A server of ours with virtual databases on a server that a test has started. */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { createStorage } from '../../../test/support/storages.js'
import { TEST_SETTINGS, TestEngine } from '../../../test/support/engine.js'
import { plugin, RemoteCatalog, RemoteStorage } from '../index.js'
import type { RemoteAddress } from '../connection.js'
import type { PoolLimits } from '../connection-pool.js'
import { RemoteTables } from '../remote-table.js'

export const LIMITS: PoolLimits = {
  connectionsMax: plugin.options.connections.default,
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
export async function startWithRemotes(
  databases: Readonly<
    Record<
      string,
      { readonly address: RemoteAddress; readonly database?: string; readonly readOnly?: boolean }
    >
  >,
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
export function direct(port: number): Promise<Connection> {
  return createConnection({
    host: '127.0.0.1',
    port,
    user: 'root',
    multipleStatements: true,
    rowsAsArray: true,
    charset: 'utf8mb4',
    dateStrings: true,
    timezone: 'Z',
  })
}

/** Makes database `d` and its tables on a server. */
export async function createTables(port: number, tables: readonly string[]): Promise<void> {
  const client = await direct(port)
  for (const sql of ['CREATE DATABASE d COLLATE utf8mb4_bin', 'USE d', ...tables]) await client.query(sql)
  await client.end()
}

/** From now on MariaDB keeps what it is asked, for `received`. */
export async function keepStatements(there: Connection): Promise<void> {
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
