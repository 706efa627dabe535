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
}

/** Multi-injection. */
export const CatalogProvider: Token<CatalogProvider> = token('catalog-provider')
