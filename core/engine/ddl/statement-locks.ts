/**
 * Metadata locks of one definition statement. Names are locked before what they name, always exclusively, so that two
 * statements that create, drop or rename the same name come one after the other; those that only use a table lock its id shared.
 */
import type { LocalCatalog } from '../../catalog/local-catalog.js'
import { isPromise } from '../../common/value.js'
import type { RelationDefinition } from '../../plan/schema.js'
import { LockOwner } from '../../transaction/lock-owner.js'
import type { MetadataLocks, MetadataObject } from '../../transaction/metadata-locks.js'

export interface TableName {
  readonly database: string
  readonly name: string
}

let lastOwnerId = 0

export class StatementLocks {
  /** A definition statement that loses a deadlock fails where it waits; there is nothing to roll back. */
  private readonly owner = new LockOwner(--lastOwnerId, () => undefined)

  constructor(
    private readonly locks: MetadataLocks,
    private readonly catalog: LocalCatalog,
    private readonly timeoutMs: number,
    readonly signal: AbortSignal,
    /** What the session has for itself by LOCK TABLES, and what therefore needs no other lock. */
    private readonly isHeld: (object: MetadataObject) => boolean = () => false,
  ) {}

  async database(name: string, mode: 'shared' | 'exclusive'): Promise<void> {
    await this.acquire({ kind: 'database', name }, mode)
  }

  /**
   * Locks names for good, whether something has them or not, and what has them now. In a fixed order, so that statements
   * that take several don't block each other.
   */
  async relations(names: readonly TableName[]): Promise<readonly (RelationDefinition | undefined)[]> {
    const keys = [...new Set(names.map(({ database, name }) => `${database}.${name}`))].sort()
    for (const key of keys) await this.acquire({ kind: 'name', name: key }, 'exclusive')
    const found = names.map(({ database, name }) => this.catalog.relation(database, name))
    const ids = new Set(found.flatMap((relation) => (relation === undefined ? [] : [relation.id])))
    for (const id of [...ids].sort((a, b) => a - b)) await this.acquire({ kind: 'table', id }, 'exclusive')
    // The definitions may have changed while another statement had the table.
    return names.map(({ database, name }) => this.catalog.relation(database, name))
  }

  async relation(name: TableName): Promise<RelationDefinition | undefined> {
    const [relation] = await this.relations([name])
    return relation
  }

  /** Locks a table that is only read, or whose definition must not change meanwhile. */
  async shared(id: number): Promise<void> {
    await this.acquire({ kind: 'table', id }, 'shared')
  }

  /** Locks a further table for a change: the other end of a foreign key. */
  async exclusive(id: number): Promise<void> {
    await this.acquire({ kind: 'table', id }, 'exclusive')
  }

  release(): void {
    this.locks.releaseAll(this.owner)
  }

  private async acquire(object: MetadataObject, mode: 'shared' | 'exclusive'): Promise<void> {
    if (this.isHeld(object)) return
    const granted = this.locks.acquire(this.owner, object, mode, this.timeoutMs, this)
    if (isPromise(granted)) await granted
  }
}
