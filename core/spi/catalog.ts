/**
 * # Catalog
 *
 * A source of databases and tables. Providers form a chain: the local catalog first, then those that plugins add (virtual databases
 * on remote servers). The engine asks for names, never walks everything; a provider that is down fails for *its* tables only.
 *
 * A statement sees one immutable set of definitions: what `resolve` answered stays valid for that statement, and plans
 * remember `id` and `version` of each object and ask again when they run.
 *
 * Ids of the local catalog are positive; those of providers are negative, and no two providers' are the same. A provider may keep
 * definitions that change elsewhere: when its storage finds one outdated it forgets it, counts `version` up, and throws
 * ER_TABLE_DEF_CHANGED (see `TableStorage.openScan`). A source that can't be reached rejects with ER_STORAGE_UNAVAILABLE.
 *
 * Stability: beta.
 */
import type { MaybePromise } from '../common/value.js'
import type { DatabaseDefinition, RelationDefinition } from '../plan/schema.js'
import type { StatementContext } from './statement-context.js'
import { token, type Token } from './token.js'

export interface CatalogProvider {
  readonly name: string
  /** Changes with every change of any definition; lets cached plans be checked with one comparison. */
  readonly version: number
  /** Names are compared as lower_case_table_names says (case-sensitively by default). Undefined if it isn't this provider's. */
  database(name: string): MaybePromise<DatabaseDefinition | undefined>
  databases(): MaybePromise<readonly DatabaseDefinition[]>
  relation(database: string, name: string): MaybePromise<RelationDefinition | undefined>
  /** Names and kinds only; cheap. */
  relationNames(
    database: string,
  ): MaybePromise<readonly { readonly name: string; readonly kind: 'table' | 'view' }[]>
  /** FLUSH TABLES: forget what was cached. */
  invalidate(): void
  /** Only of providers that make databases of remote servers. */
  readonly virtualDatabaseHost?: VirtualDatabaseHost
}

/** A remote server, as CREATE SERVER defined it. */
export interface RemoteServerDefinition {
  readonly name: string
  /** The foreign data wrapper: which kind of server it is. */
  readonly wrapper: string
  readonly host: string
  /** 0 for the default port. */
  readonly port: number
  /** '' for none, as for all texts here. */
  readonly socket: string
  readonly user: string
  /** In the clear. Secret: it stays in memory, and out of every message. */
  readonly password: string
  /** The database that virtual databases show which name none. */
  readonly database: string
}

/** CREATE DATABASE name FROM SERVER server [DATABASE remote] [READ ONLY]. */
export interface VirtualDatabaseDefinition {
  readonly name: string
  readonly server: string
  /** Name over there; '' for the server's own. */
  readonly database: string
  readonly readOnly: boolean
}

/** Databases that lie on remote servers. Core keeps their definitions; the provider brings them to life. */
export interface VirtualDatabaseHost {
  /** Foreign data wrappers that it knows, in small letters. */
  readonly wrappers: readonly string[]
  /**
   * All servers of those wrappers and all databases on them, from now on: called before the first statement, and behind each change.
   * Must not wait for any server.
   */
  define(servers: readonly RemoteServerDefinition[], databases: readonly VirtualDatabaseDefinition[]): void
  /** What a virtual database is called over there; undefined if it isn't one of this provider's. */
  nameThere(database: string): string | undefined
  /**
   * Runs a data definition statement there, whose tables have the names that they have there, and forgets what it may have changed.
   * Rejects with ER_SCHEMA_READ_ONLY for READ ONLY databases, and with the remote's errors.
   */
  runDefinition(database: string, sql: string, statement: StatementContext): Promise<void>
}

/** Multi-injection. */
export const CatalogProvider: Token<CatalogProvider> = token('catalog-provider')
