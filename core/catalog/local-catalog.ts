/**
 * The local catalog: definitions in the system storage, in memory as one immutable snapshot. Every change is one
 * transaction; readers see the next snapshot when it is durable. Who may change what at the same time is decided by metadata
 * locks, before a change comes here.
 */
import { isPromise, type MaybePromise } from '../common/value.js'
import type {
  DatabaseDefinition,
  ForeignKeyDefinition,
  RelationDefinition,
  TableDefinition,
} from '../plan/schema.js'
import type { CatalogProvider, VirtualDatabaseDefinition } from '../spi/catalog.js'
import { decodeAccount, sameAccount, type Account } from './account.js'
import { decodeOrphan, writeChange, type CatalogChange } from './catalog-change.js'
import {
  CatalogKeyspace,
  textKey,
  type BeginCatalogTransaction,
  type CatalogStore,
  type CatalogTransaction,
} from './catalog-store.js'
import { decodeDatabase, decodeRelation } from './definition-codec.js'
import { isVirtualDatabase } from './names.js'
import { sameOrphan, type Orphan } from './orphan.js'
import { CATALOG_FORMAT_VERSION, encodeRecord, Fields } from './record-codec.js'
import { decodeServer, type ServerDefinition } from './server-definition.js'
import { decodeVirtualDatabase } from './virtual-database.js'
import { CatalogSnapshot, type ForeignKeyReference } from './snapshot.js'

/** Ids below are those of system keyspaces and of the databases that are always there. */
const FIRST_ID = 1000
/** Ids are noted as used so many at a time. */
const IDS_RESERVED = 256
const META_KEY = textKey('catalog')
const EVERYTHING = { lower: undefined, upper: undefined }

/** They exist without a record; what is in them is computed. */
const SYSTEM_DATABASES: readonly DatabaseDefinition[] = [
  systemDatabase(1, 'information_schema', 'utf8mb3', 'utf8mb3_general_ci'),
  systemDatabase(2, 'mysql', 'utf8mb4', 'utf8mb4_0900_ai_ci'),
  systemDatabase(3, 'performance_schema', 'utf8mb4', 'utf8mb4_0900_ai_ci'),
  systemDatabase(4, 'sys', 'utf8mb4', 'utf8mb4_0900_ai_ci'),
  systemDatabase(5, 'switchyard', 'utf8mb4', 'utf8mb4_0900_ai_ci'),
]

const INITIAL = CatalogSnapshot.EMPTY.with({
  databases: SYSTEM_DATABASES,
  droppedDatabases: [],
  relations: [],
  droppedRelations: [],
})

export class LocalCatalog implements CatalogProvider {
  readonly name = 'local'
  private current = INITIAL
  private accountList: readonly Account[] = []
  private serverList: readonly ServerDefinition[] = []
  private virtualDatabaseList: readonly VirtualDatabaseDefinition[] = []
  private readonly scripts = new Set<string>()
  private orphanList: readonly Orphan[] = []
  private nextId = FIRST_ID
  /** Ids below are noted as used on disk. */
  private reservedId = FIRST_ID
  /** True until the first change was committed: the data folder is new. */
  private isNew = true

  private constructor(private readonly begin: BeginCatalogTransaction) {}

  /** Reads everything. Rejects with an Error that tells what is damaged, or that the records are of a later version. */
  static async open(begin: BeginCatalogTransaction): Promise<LocalCatalog> {
    const catalog = new LocalCatalog(begin)
    const transaction = begin()
    try {
      await catalog.load(transaction.store)
    } finally {
      transaction.rollback()
    }
    return catalog
  }

  // ---- CatalogProvider

  get version(): number {
    return this.current.version
  }

  database(name: string): DatabaseDefinition | undefined {
    return this.current.database(isVirtualDatabase(name) ? name.toLowerCase() : name)
  }

  databases(): readonly DatabaseDefinition[] {
    return this.current.databases()
  }

  relation(database: string, name: string): RelationDefinition | undefined {
    return this.current.relation(database, name)
  }

  relationNames(database: string): readonly { readonly name: string; readonly kind: 'table' | 'view' }[] {
    return [...this.current.relations(database)]
  }

  /** Everything is in memory. */
  invalidate(): void {
    return undefined
  }

  // ---- more than other providers have

  get snapshot(): CatalogSnapshot {
    return this.current
  }

  /** True while nothing was ever committed: init scripts are to run, accounts to be made. */
  get isEmpty(): boolean {
    return this.isNew
  }

  get accounts(): readonly Account[] {
    return this.accountList
  }

  account(user: string, host: string): Account | undefined {
    return this.accountList.find((account) => sameAccount(account, { user, host }))
  }

  /** For logins: all accounts of exactly this name. */
  accountsNamed(user: string): readonly Account[] {
    return this.accountList.filter((account) => account.user === user)
  }

  get servers(): readonly ServerDefinition[] {
    return this.serverList
  }

  /** Databases on remote servers, which other providers bring to life. */
  get virtualDatabases(): readonly VirtualDatabaseDefinition[] {
    return this.virtualDatabaseList
  }

  hasRunScript(name: string): boolean {
    return this.scripts.has(name)
  }

  /** What lies in storages without a definition: left by drops that haven't finished, or by a crash. */
  get orphans(): readonly Orphan[] {
    return this.orphanList
  }

  /** The table that a foreign key of `child` refers to, as of now; undefined if there is none. */
  parentOf(_child: TableDefinition, foreignKey: ForeignKeyDefinition): TableDefinition | undefined {
    return this.current.table(foreignKey.referencedDatabase, foreignKey.referencedTable)
  }

  /** Foreign keys of any table, `parent` itself included, that refer to it, as of now. */
  referencesTo(parent: TableDefinition): readonly ForeignKeyReference[] {
    return this.current.referencesTo(parent.database, parent.name)
  }

  /**
   * A fresh id for a database, relation, column, index, placement or foreign key. It is used up for good once the next change is
   * committed; whoever writes to a storage under an id before that calls `noteIds` first.
   */
  allocateId(): number {
    return this.nextId++
  }

  /** Resolves when no id that was given so far can be given again after a crash. */
  async noteIds(): Promise<void> {
    if (this.nextId > this.reservedId) await this.commit({})
  }

  /**
   * Makes a change durable, then visible. With a `transaction` what was written in that commits with it; it is over afterwards,
   * either way.
   */
  commit(change: CatalogChange, transaction: CatalogTransaction = this.begin()): MaybePromise<void> {
    const reserved = this.nextId > this.reservedId ? this.nextId + IDS_RESERVED : this.reservedId
    try {
      writeChange(transaction.store, change)
      if (reserved > this.reservedId || this.isNew) {
        const meta = encodeRecord({ format: CATALOG_FORMAT_VERSION, nextId: reserved })
        transaction.store.put(CatalogKeyspace.meta, META_KEY, meta)
      }
    } catch (error) {
      transaction.rollback()
      throw error
    }
    const committed = transaction.commit()
    const publish = (): void => {
      this.reservedId = Math.max(this.reservedId, reserved)
      this.publish(change)
    }
    if (isPromise(committed)) return committed.then(publish)
    publish()
  }

  private publish(change: CatalogChange): void {
    this.isNew = false
    const { databases, droppedDatabases, relations, droppedRelations } = change
    if (databases ?? droppedDatabases ?? relations ?? droppedRelations) {
      this.current = this.current.with({
        databases: databases ?? [],
        droppedDatabases: (droppedDatabases ?? []).map((database) => database.name),
        relations: relations ?? [],
        droppedRelations: (droppedRelations ?? []).map((relation) => relation.id),
      })
    }
    this.publishAccounts(change)
    this.publishServers(change)
    for (const script of change.scripts ?? []) this.scripts.add(script)
    const settled = change.settledOrphans ?? []
    const remaining = this.orphanList.filter((orphan) => !settled.some((each) => sameOrphan(each, orphan)))
    this.orphanList = [...remaining, ...(change.orphans ?? [])]
  }

  private publishAccounts(change: CatalogChange): void {
    const replaced = [...(change.accounts ?? []), ...(change.droppedAccounts ?? [])]
    if (replaced.length === 0) return
    const others = this.accountList.filter((account) => !replaced.some((each) => sameAccount(each, account)))
    this.accountList = [...others, ...(change.accounts ?? [])]
  }

  private publishServers(change: CatalogChange): void {
    const { virtualDatabases = [], droppedVirtualDatabases = [] } = change
    const changed = new Set([...virtualDatabases.map(({ name }) => name), ...droppedVirtualDatabases])
    if (changed.size > 0) {
      const others = this.virtualDatabaseList.filter(({ name }) => !changed.has(name))
      this.virtualDatabaseList = [...others, ...virtualDatabases]
    }
    const { servers = [], droppedServers = [] } = change
    if (servers.length + droppedServers.length === 0) return
    const replaced = new Set([...servers.map((server) => server.name), ...droppedServers].map(folded))
    this.serverList = [...this.serverList.filter(({ name }) => !replaced.has(folded(name))), ...servers]
  }

  private async load(store: CatalogStore): Promise<void> {
    const read = async <T>(keyspace: number, decode: (bytes: Buffer) => T): Promise<readonly T[]> =>
      (await store.scan(keyspace, EVERYTHING)).map(({ value }) => decode(value))
    const [meta] = await store.scan(CatalogKeyspace.meta, EVERYTHING)
    if (meta === undefined) return
    this.loadMeta(Fields.parse(meta.value, 'head'))
    this.isNew = false
    this.current = INITIAL.with({
      databases: await read(CatalogKeyspace.databases, decodeDatabase),
      droppedDatabases: [],
      relations: await read(CatalogKeyspace.relations, decodeRelation),
      droppedRelations: [],
    })
    this.accountList = await read(CatalogKeyspace.accounts, decodeAccount)
    this.serverList = await read(CatalogKeyspace.servers, decodeServer)
    this.virtualDatabaseList = await read(CatalogKeyspace.virtualDatabases, decodeVirtualDatabase)
    const orphans = await store.scan(CatalogKeyspace.orphans, EVERYTHING)
    this.orphanList = orphans.map(({ key }) => decodeOrphan(key))
    for (const { key } of await store.scan(CatalogKeyspace.scripts, EVERYTHING)) {
      this.scripts.add(key.toString('utf8'))
    }
  }

  private loadMeta(meta: Fields): void {
    const format = meta.number('format')
    if (format > CATALOG_FORMAT_VERSION) {
      throw new Error(
        `the catalog was written by a later version of the server (format ${String(format)}, ` +
          `this one reads up to ${String(CATALOG_FORMAT_VERSION)})`,
      )
    }
    this.nextId = meta.number('nextId')
    this.reservedId = this.nextId
  }
}

function systemDatabase(id: number, name: string, charset: string, collation: string): DatabaseDefinition {
  return Object.freeze({ id, name, charset, collation, isSystem: true })
}

function folded(name: string): string {
  return name.toLowerCase()
}
