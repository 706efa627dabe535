/**
 * Metadata locks (MySQL manual 10.11.4): a statement holds the tables and databases that it names shared until its
 * transaction ends; DDL takes them exclusively, and waits for the transactions that use them. Requests are served in the
 * order of asking, so a waiting ALTER TABLE also holds up later statements, as in MySQL.
 */
import { type MaybePromise } from '../common/value.js'
import { StatementPatience, type LockKey, type LockOwner } from './lock-owner.js'
import { LockTable } from './lock-table.js'

/** What a metadata lock is on: a table by its id, or by `database.name` while it doesn't exist; a database by name. */
export type MetadataObject =
  | { readonly kind: 'table'; readonly id: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'database'; readonly name: string }

/** Tables whose locks stay in memory when nobody holds them; about 200 bytes each. */
const OBJECTS_KEPT = 4096

const TABLE_SPACE = 0
const NAME_SPACE = 1
const DATABASE_SPACE = 2

export class MetadataLocks {
  private readonly table = new LockTable(OBJECTS_KEPT)

  /**
   * Held until `releaseAll`, which the end of a transaction calls. Throws or rejects with ER_LOCK_WAIT_TIMEOUT
   * (lock_wait_timeout), ER_LOCK_DEADLOCK or ER_QUERY_INTERRUPTED.
   */
  acquire(
    owner: LockOwner,
    object: MetadataObject,
    mode: 'shared' | 'exclusive',
    timeoutMs: number,
    statement: { readonly signal: AbortSignal } | undefined,
  ): MaybePromise<void> {
    const granted = this.table.acquire(
      owner,
      spaceOf(object),
      keyOf(object),
      mode === 'exclusive',
      new StatementPatience('wait', timeoutMs, statement),
    )
    return granted instanceof Promise ? granted.then(() => undefined) : undefined
  }

  holds(owner: LockOwner, object: MetadataObject): boolean {
    return this.table.holds(owner, spaceOf(object), keyOf(object))
  }

  releaseAll(owner: LockOwner): void {
    this.table.releaseAll(owner)
  }
}

function spaceOf({ kind }: MetadataObject): number {
  if (kind === 'table') return TABLE_SPACE
  return kind === 'name' ? NAME_SPACE : DATABASE_SPACE
}

function keyOf(object: MetadataObject): LockKey {
  return object.kind === 'table' ? object.id : object.name
}
