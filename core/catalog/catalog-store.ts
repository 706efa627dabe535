/**
 * How the catalog's records are kept: keyspaces of the system storage, changed in transactions. `SystemStore` of
 * `core/transaction` is a `CatalogStore`; the engine puts the two together.
 */
import type { MaybePromise } from '../common/value.js'

export interface CatalogStore {
  /** All entries of a range in key order. */
  scan(
    keyspace: number,
    range: { readonly lower: Uint8Array | undefined; readonly upper: Uint8Array | undefined },
  ): Promise<readonly { readonly key: Buffer; readonly value: Buffer }[]>
  put(keyspace: number, key: Uint8Array, value: Uint8Array): void
  remove(keyspace: number, key: Uint8Array): void
}

/** One transaction over the records; what else is written in it commits with them. */
export interface CatalogTransaction {
  readonly store: CatalogStore
  /** Resolves when it is durable. */
  commit(): MaybePromise<void>
  rollback(): void
}

export type BeginCatalogTransaction = () => CatalogTransaction

/** Keyspaces of the catalog's records. Numbers are part of the format; those below 900 are the catalog's. */
export const CatalogKeyspace = {
  /** Key: a name. Format version and the mark below which ids may be in use. */
  meta: 1,
  /** Key: id (u32). */
  databases: 2,
  /** Key: id (u32). Tables and views. */
  relations: 3,
  /** Key: user, NUL, host. */
  accounts: 4,
  /** Key: storage, NUL, kind, NUL, id. Things in storages that no definition names (see `Orphan`). */
  orphans: 5,
  /** Key: name of an init script that has run. */
  scripts: 6,
  /** Key: name, folded to lower case. CREATE SERVER. */
  servers: 7,
  /** Key: name. CREATE DATABASE … FROM SERVER. */
  virtualDatabases: 8,
} as const

export function idKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt32BE(id)
  return key
}

export function textKey(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.join('\0'), 'utf8')
}
