/**
 * What one catalog commit changes: all or nothing, on disk and for readers.
 */
import type { DatabaseDefinition, RelationDefinition } from '../plan/schema.js'
import { encodeAccount, type Account } from './account.js'
import { CatalogKeyspace, idKey, textKey, type CatalogStore } from './catalog-store.js'
import { encodeDatabase, encodeRelation } from './definition-codec.js'
import type { Orphan } from './orphan.js'
import type { VirtualDatabaseDefinition } from '../spi/catalog.js'
import { encodeServer, type ServerDefinition } from './server-definition.js'
import { encodeVirtualDatabase } from './virtual-database.js'

export interface CatalogChange {
  /** New or changed. */
  readonly databases?: readonly DatabaseDefinition[]
  /** Databases to drop; the relations in them must be among `droppedRelations`. */
  readonly droppedDatabases?: readonly DatabaseDefinition[]
  /** New or changed. */
  readonly relations?: readonly RelationDefinition[]
  readonly droppedRelations?: readonly RelationDefinition[]
  /** Things in storages that nothing names from now on, or not yet. */
  readonly orphans?: readonly Orphan[]
  /** Notes taken back: the things are gone, or this change names them. */
  readonly settledOrphans?: readonly Orphan[]
  readonly accounts?: readonly Account[]
  readonly droppedAccounts?: readonly { readonly user: string; readonly host: string }[]
  readonly servers?: readonly ServerDefinition[]
  readonly droppedServers?: readonly string[]
  /** New or changed. */
  readonly virtualDatabases?: readonly VirtualDatabaseDefinition[]
  readonly droppedVirtualDatabases?: readonly string[]
  /** Names of init scripts that have run. */
  readonly scripts?: readonly string[]
}

const NOTHING = Buffer.alloc(0)

/** Writes the records of a change. */
export function writeChange(store: CatalogStore, change: CatalogChange): void {
  for (const { id } of change.droppedDatabases ?? []) store.remove(CatalogKeyspace.databases, idKey(id))
  for (const database of change.databases ?? []) {
    store.put(CatalogKeyspace.databases, idKey(database.id), encodeDatabase(database))
  }
  for (const { id } of change.droppedRelations ?? []) store.remove(CatalogKeyspace.relations, idKey(id))
  for (const relation of change.relations ?? []) {
    store.put(CatalogKeyspace.relations, idKey(relation.id), encodeRelation(relation))
  }
  for (const orphan of change.settledOrphans ?? []) store.remove(CatalogKeyspace.orphans, orphanKey(orphan))
  for (const orphan of change.orphans ?? []) store.put(CatalogKeyspace.orphans, orphanKey(orphan), NOTHING)
  for (const account of change.droppedAccounts ?? []) {
    store.remove(CatalogKeyspace.accounts, accountKey(account))
  }
  for (const account of change.accounts ?? []) {
    store.put(CatalogKeyspace.accounts, accountKey(account), encodeAccount(account))
  }
  for (const name of change.droppedServers ?? []) store.remove(CatalogKeyspace.servers, serverKey(name))
  for (const server of change.servers ?? []) {
    store.put(CatalogKeyspace.servers, serverKey(server.name), encodeServer(server))
  }
  for (const name of change.droppedVirtualDatabases ?? []) {
    store.remove(CatalogKeyspace.virtualDatabases, textKey(name))
  }
  for (const database of change.virtualDatabases ?? []) {
    store.put(CatalogKeyspace.virtualDatabases, textKey(database.name), encodeVirtualDatabase(database))
  }
  for (const script of change.scripts ?? []) store.put(CatalogKeyspace.scripts, textKey(script), NOTHING)
}

function accountKey(account: { readonly user: string; readonly host: string }): Buffer {
  return textKey(account.user, account.host.toLowerCase())
}

/** Server names compare without case. */
function serverKey(name: string): Buffer {
  return textKey(name.toLowerCase())
}

function orphanKey(orphan: Orphan): Buffer {
  return textKey(orphan.storage, orphan.kind, String(orphan.id))
}

export function decodeOrphan(key: Buffer): Orphan {
  const [storage, kind, id] = key.toString('utf8').split('\0')
  if (storage === undefined || (kind !== 'keyspace' && kind !== 'table') || id === undefined) {
    throw new Error('the catalog is damaged: a note of an orphan is not readable')
  }
  return { storage, kind, id: Number(id) }
}
