/**
 * The catalog of virtual databases. Definitions are read from the remote when they are first asked for and read again in the background
 * while they are in use, so that nobody waits for a remote but those who first name a table there. What a remote's complaints show
 * to be outdated is forgotten at once.
 */
import { isDeepStrictEqual } from 'node:util'
import {
  collationByName,
  sqlError,
  type CatalogProvider,
  type DatabaseDefinition,
  type MaybePromise,
  type RemoteServerDefinition,
  type StatementContext,
  type TableDefinition,
  type VirtualDatabaseDefinition,
  type VirtualDatabaseHost,
} from '@switchyard/core/spi'
import { namesSql, readColumns, readIndexes, tableSql } from './catalog-rows.js'
import type { RemoteAddress } from './connection.js'
import type { PoolLimits } from './connection-pool.js'
import { MirroredServer } from './mirrored-server.js'
import { RemoteServer } from './remote-server.js'
import type { RemoteTables } from './remote-table.js'

/** A virtual database of the configuration. */
export interface ConfiguredDatabase {
  readonly name: string
  readonly address: RemoteAddress
  /** Name over there. */
  readonly database: string
  readonly readOnly: boolean
}

interface VirtualDatabase {
  readonly definition: DatabaseDefinition
  readonly server: RemoteServer
  readonly remoteName: string
  readonly isReadOnly: boolean
  readonly tables: Map<string, KnownTable>
  /** Of queries that are under way. */
  readonly loading: Map<string, Promise<TableDefinition | undefined>>
}

interface KnownTable {
  definition: TableDefinition
  /** Since the definitions were last read again. */
  wasUsed: boolean
}

export interface RemoteCatalogOptions {
  /** Name of the storage that the tables lie in. */
  readonly storage: string
  readonly limits: PoolLimits
  /** Time after which definitions in use are read again. */
  readonly refreshMs: number
  readonly configured: readonly ConfiguredDatabase[]
  /** A server of which all databases are shown, or one. */
  readonly mirrored: Pick<ConfiguredDatabase, 'address' | 'database' | 'readOnly'> | undefined
  /** TLS of servers that CREATE SERVER defines. */
  readonly tls: RemoteAddress['tls']
}

const DEFAULT_PORT = 3306
const CHARSET = { charset: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' } as const

export class RemoteCatalog implements CatalogProvider {
  readonly name: string
  version = 1
  readonly virtualDatabaseHost: VirtualDatabaseHost = {
    wrappers: ['mysql', 'mariadb'],
    define: (servers, databases) => {
      this.define(servers, databases)
    },
    nameThere: (database) => this.byName.get(database)?.remoteName,
    runDefinition: (database, sql, statement) => this.runDefinition(database, sql, statement),
  }
  private readonly byName = new Map<string, VirtualDatabase>()
  /** Of CREATE SERVER, by what decides their connections. */
  private readonly servers = new Map<string, RemoteServer>()
  /** Ids of tables stay with their names. */
  private readonly ids = new Map<string, number>()
  private lastVersion = 0
  private refresh: NodeJS.Timeout | undefined
  private readonly configuredNames: ReadonlySet<string>
  private readonly mirrored: MirroredServer | undefined
  private readonly mirroredNames = new Set<string>()

  constructor(
    private readonly options: RemoteCatalogOptions,
    private readonly tables: RemoteTables,
  ) {
    this.name = options.storage
    const byAddress = new Map<string, RemoteServer>()
    for (const { name, address, database, readOnly } of options.configured) {
      // Databases of one server are joined there, and written in one transaction.
      const key = JSON.stringify(address)
      const server = byAddress.get(key) ?? new RemoteServer(name, address, options.limits)
      byAddress.set(key, server)
      this.byName.set(name, this.newDatabase(name, server, database, readOnly))
    }
    this.configuredNames = new Set(this.byName.keys())
    const { mirrored, limits } = options
    if (mirrored === undefined) return
    const server =
      byAddress.get(JSON.stringify(mirrored.address)) ??
      new RemoteServer(options.storage, mirrored.address, limits)
    this.mirrored = new MirroredServer(server, mirrored.readOnly, mirrored.database, (names) => {
      this.mirror(names)
    })
  }

  /** Asks the mirrored server what it has; a remote that is away must not keep this server from starting. */
  start(): void {
    this.mirrored?.list().catch(() => undefined)
  }

  database(name: string): MaybePromise<DatabaseDefinition | undefined> {
    const known = this.byName.get(name)?.definition
    if (known !== undefined || this.mirrored === undefined) return known
    return this.mirrored.list().then(() => this.byName.get(name)?.definition)
  }

  databases(): MaybePromise<readonly DatabaseDefinition[]> {
    const all = () => [...this.byName.values()].map(({ definition }) => definition)
    return this.mirrored === undefined ? all() : this.mirrored.listIfItAnswers().then(all)
  }

  relation(
    database: string,
    name: string,
  ): TableDefinition | undefined | Promise<TableDefinition | undefined> {
    const found = this.byName.get(database)
    if (found === undefined) {
      const appeared = this.database(database)
      if (!(appeared instanceof Promise)) return undefined
      return appeared.then((each) => (each === undefined ? undefined : this.relation(database, name)))
    }
    const known = found.tables.get(name)
    if (known === undefined) return this.load(found, name)
    known.wasUsed = true
    return known.definition
  }

  async relationNames(
    database: string,
  ): Promise<readonly { readonly name: string; readonly kind: 'table' }[]> {
    if (!this.byName.has(database)) await this.database(database)
    const found = this.byName.get(database)
    if (found === undefined) return []
    const { rows } = await found.server.read(namesSql(found.remoteName))
    return rows.map(([name]) => ({ name: name?.toString() ?? '', kind: 'table' }))
  }

  invalidate(): void {
    for (const { tables } of this.byName.values()) tables.clear()
    this.version++
  }

  /** The remote doesn't know the table as we do: the next one to ask for it asks there. */
  forget({ database, name }: TableDefinition): void {
    this.byName.get(database)?.tables.delete(name)
    this.version++
  }

  private async runDefinition(name: string, sql: string, statement: StatementContext): Promise<void> {
    const database = this.byName.get(name)
    if (database === undefined) throw sqlError('ER_BAD_DB_ERROR', name)
    if (database.isReadOnly) throw sqlError('ER_SCHEMA_READ_ONLY', name)
    statement.checkKilled()
    try {
      await database.server.runOnce(sql, statement)
    } catch (error) {
      statement.checkKilled()
      throw error
    } finally {
      database.tables.clear()
      this.version++
    }
  }

  /** Closes all connections. */
  stop(): void {
    clearInterval(this.refresh)
    this.refresh = undefined
    this.mirrored?.server.pool.destroy()
    for (const { server } of this.byName.values()) server.pool.destroy()
    for (const server of this.servers.values()) server.pool.destroy()
  }

  // ── Which databases there are ───────────────────────────────────────────────────────────────────────────────

  private define(
    servers: readonly RemoteServerDefinition[],
    databases: readonly VirtualDatabaseDefinition[],
  ): void {
    const wanted = new Set<string>()
    const used = new Set<string>()
    for (const { name, server: serverName, database, readOnly } of databases) {
      const server = servers.find((each) => each.name.toLowerCase() === serverName.toLowerCase())
      if (server === undefined || this.isKept(name)) continue
      wanted.add(name)
      const remoteName = database === '' ? server.database || name : database
      const remote = this.serverFor(server, used)
      const present = this.byName.get(name)
      const isSame =
        present?.server === remote && present.remoteName === remoteName && present.isReadOnly === readOnly
      if (!isSame) this.byName.set(name, this.newDatabase(name, remote, remoteName, readOnly))
    }
    for (const name of this.byName.keys()) {
      if (!wanted.has(name) && !this.isKept(name)) this.byName.delete(name)
    }
    for (const [key, server] of this.servers) {
      if (used.has(key)) continue
      server.pool.close()
      this.servers.delete(key)
    }
    this.version++
  }

  /** Whether a database is none of CREATE DATABASE. */
  private isKept(name: string): boolean {
    return this.configuredNames.has(name) || this.mirroredNames.has(name)
  }

  private mirror(names: readonly string[]): void {
    const { mirrored, mirroredNames } = this
    if (mirrored === undefined) return
    const gone = [...mirroredNames].filter((name) => !names.includes(name))
    const come = names.filter((name) => !this.byName.has(name))
    if (gone.length === 0 && come.length === 0) return
    for (const name of gone) {
      this.byName.delete(name)
      mirroredNames.delete(name)
    }
    for (const name of come) {
      this.byName.set(name, this.newDatabase(name, mirrored.server, name, mirrored.isReadOnly))
      mirroredNames.add(name)
    }
    this.version++
  }

  /** Changed definitions get connections of their own; those of the old ones close when they are given back. */
  private serverFor(definition: RemoteServerDefinition, used: Set<string>): RemoteServer {
    const { name, host, port, socket, user, password } = definition
    const key = JSON.stringify([name, host, port, socket, user, password])
    used.add(key)
    const present = this.servers.get(key)
    if (present !== undefined) return present
    const address: RemoteAddress = {
      host: host === '' ? 'localhost' : host,
      port: port === 0 ? DEFAULT_PORT : port,
      socket,
      user,
      password,
      tls: this.options.tls,
    }
    const server = new RemoteServer(name, address, this.options.limits)
    this.servers.set(key, server)
    return server
  }

  private newDatabase(
    name: string,
    server: RemoteServer,
    remoteName: string,
    isReadOnly: boolean,
  ): VirtualDatabase {
    return {
      definition: { id: this.idOf(name), name, ...CHARSET, isSystem: false },
      server,
      remoteName,
      isReadOnly,
      tables: new Map(),
      loading: new Map(),
    }
  }

  private idOf(...names: readonly string[]): number {
    const key = JSON.stringify(names)
    const id = this.ids.get(key) ?? idBase(this.options.storage) - this.ids.size
    this.ids.set(key, id)
    return id
  }

  // ── Definitions ─────────────────────────────────────────────────────────────────────────────────────────────

  private load(database: VirtualDatabase, name: string): Promise<TableDefinition | undefined> {
    const underWay = database.loading.get(name)
    if (underWay !== undefined) return underWay
    const loading = this.read(database, name)
      .then((definition) => {
        if (definition !== undefined) {
          database.tables.set(name, { definition, wasUsed: true })
          this.refresh ??= setInterval(() => {
            void this.refreshAll()
          }, this.options.refreshMs).unref()
        }
        return definition
      })
      .finally(() => {
        database.loading.delete(name)
      })
    database.loading.set(name, loading)
    return loading
  }

  private async read(database: VirtualDatabase, name: string): Promise<TableDefinition | undefined> {
    const { server, remoteName } = database
    const sql = tableSql(remoteName, name)
    const [about] = (await server.read(sql.table)).rows
    if (about === undefined) return undefined
    const { dialect } = server
    if (dialect === undefined) throw new Error('invariant: a server that has answered is known')
    const [, rows, bytes, collation, comment] = about.map((cell) => cell?.toString())
    const { columns, foreignColumns } = readColumns((await server.read(sql.columns)).rows, dialect)
    const indexes = readIndexes((await server.read(sql.indexes)).rows, columns)
    const known = collation === undefined ? undefined : collationByName(collation)
    const id = this.idOf(database.definition.name, name)
    this.tables.set(id, {
      server,
      database: remoteName,
      name,
      isReadOnly: database.isReadOnly,
      foreignColumns,
      rows: Number(rows ?? 0),
      bytes: Number(bytes ?? 0),
    })
    return {
      kind: 'table',
      id,
      version: ++this.lastVersion,
      database: database.definition.name,
      name,
      columns,
      indexes,
      foreignKeys: [],
      checks: [],
      placements: [{ id: 1, storage: this.options.storage, role: 'primary', feed: 'none', state: 'active' }],
      charset: known?.charset.name ?? CHARSET.charset,
      collation: known?.name ?? CHARSET.collation,
      comment: comment ?? '',
      temporary: false,
      engineAsWritten: undefined,
      options: {},
      createdAtMicros: 0,
    }
  }

  /** A remote that is away changes nothing: its tables stay as they were last seen. */
  private async refreshAll(): Promise<void> {
    for (const database of this.byName.values()) {
      for (const [name, known] of database.tables) {
        if (known.wasUsed) await this.refreshTable(database, name, known).catch(() => undefined)
        else {
          database.tables.delete(name)
          this.version++
        }
      }
    }
  }

  private async refreshTable(database: VirtualDatabase, name: string, known: KnownTable): Promise<void> {
    known.wasUsed = false
    const definition = await this.read(database, name)
    if (definition !== undefined && sameDefinition(definition, known.definition)) return
    if (definition === undefined) database.tables.delete(name)
    else known.definition = definition
    this.version++
  }
}

function sameDefinition(a: TableDefinition, b: TableDefinition): boolean {
  return isDeepStrictEqual({ ...a, version: 0 }, { ...b, version: 0 })
}

/** Two instances of the plugin have ids far from each other. */
function idBase(instance: string): number {
  let hash = 7
  for (const character of instance) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % IDS_RANGES
  return -1 - hash * IDS_PER_RANGE
}

const IDS_RANGES = 2 ** 16
const IDS_PER_RANGE = 2 ** 30
