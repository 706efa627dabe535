/**
 * # Router
 *
 * Decides where: which placement of a table answers a query, and which storage a new table gets. The optimizer
 * enumerates; the router says which candidates are legal, with a typed reason for each refused one, and what
 * they cost. One router per server.
 *
 * Stability: beta. The default: `plugins/router-placement`.
 */
import type { Placement, TableDefinition } from '../plan/schema.js'
import type { StorageCapabilities } from './storage.js'
import { token, type Token } from './token.js'

export type RefusalReason =
  | { readonly kind: 'not-active'; readonly state: Placement['state'] }
  | { readonly kind: 'stale'; readonly behindCommits: number }
  | { readonly kind: 'unavailable'; readonly detail: string }
  /** The statement writes or locks, and the placement is a secondary. */
  | { readonly kind: 'not-primary' }
  | { readonly kind: 'transaction'; readonly detail: string }

export interface PlacementCandidate {
  readonly placement: Placement
  readonly refused: RefusalReason | undefined
  /** Milliseconds to add to the cost of reading here (flush of a lagging copy, a hop to another process). */
  readonly delayMs: number
}

export interface RoutingRequest {
  readonly table: TableDefinition
  readonly purpose: 'read' | 'lock' | 'write'
  /** Whether the transaction has own writes to this table, which no secondary has. */
  readonly hasOwnWrites: boolean
}

export interface StorageChoice {
  readonly storage: string
  readonly reason: string
}

/** What is known of a table that shall be created. */
export interface NewTable {
  readonly database: string
  readonly name: string
  /** ENGINE clause as written, if any. */
  readonly engine: string | undefined
  readonly columnTypes: readonly string[]
  readonly hasForeignKeys?: boolean
}

export interface StorageEntry {
  readonly name: string
  readonly capabilities: StorageCapabilities
  readonly available: boolean
}

/** What is known of a table whose storage is reconsidered. */
export interface PlacedTable {
  readonly table: TableDefinition
  readonly rows: number
  /** Statements so far: those that read, inserted, updated, deleted; of them those that joined or aggregated. */
  readonly selects: number
  readonly inserts: number
  readonly updates: number
  readonly deletes: number
  readonly joins: number
  readonly aggregations: number
}

export interface Router {
  /** A storage that would suit a table better than the one that it is in, and why; undefined if it is well where it is. */
  advise?(table: PlacedTable, storages: readonly StorageEntry[]): StorageChoice | undefined
  /** The candidates of a table in order of preference, legal ones first. Called at plan time. */
  candidates(request: RoutingRequest, storages: readonly StorageEntry[]): readonly PlacementCandidate[]
  /**
   * The storage for a new table. Throws ER_UNKNOWN_STORAGE_ENGINE (or falls back with a note, if NO_ENGINE_SUBSTITUTION is
   * off, which the caller decides by `strict`) for names that are neither a configured storage nor one of MySQL's own engines.
   */
  choose(table: NewTable, storages: readonly StorageEntry[], strict: boolean): StorageChoice
}

export const Router: Token<Router> = token('router')
