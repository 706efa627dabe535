/**
 * What one session has locked with LOCK TABLES and FLUSH TABLES WITH READ LOCK, and what it may do under these locks (MySQL manual
 * 15.3.6, 15.7.8.3). A WRITE lock is the table's metadata lock, exclusive and kept until UNLOCK TABLES; a READ lock is the shared
 * one, and a mark that stops writers. Aliases aren't told apart: a lock on a table is one on it under every alias.
 */
import { sqlError } from '../common/sql-error.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import { LockOwner } from '../transaction/lock-owner.js'
import type { MetadataLocks, MetadataObject } from '../transaction/metadata-locks.js'
import type { CoreTransaction } from '../transaction/transaction.js'
import type { PlanDependency } from './query-types.js'
import type { LockWaiter, TableLocks } from './table-locks.js'

export type TableLockMode = 'read' | 'write'

export interface TableLockRequest {
  readonly id: number
  /** `database.table`. */
  readonly name: string
  readonly mode: TableLockMode
}

/** Owners of sessions count down from here; those of definition statements from -1. */
const OWNER_ID_FIRST = -1_000_000_000
let lastOwnerId = OWNER_ID_FIRST

export class SessionTableLocks {
  /** Undefined while LOCK TABLES isn't in force. */
  private tables: Map<number, TableLockMode> | undefined
  /** Names of the tables that are locked for writing. */
  private readonly names = new Set<string>()
  private holdsEverything = false
  private holdsDefinitions = false
  /** A LOCK TABLES that loses a deadlock fails where it waits, and gives up what it has. */
  private readonly owner = new LockOwner(--lastOwnerId, () => undefined)

  constructor(
    private readonly server: TableLocks,
    private readonly metadata: MetadataLocks,
  ) {}

  /** Whether LOCK TABLES is in force. */
  get isLocking(): boolean {
    return this.tables !== undefined
  }

  /** Takes the locks in the place of those before, all or none. Rejects with ER_LOCK_WAIT_TIMEOUT and the like. */
  async lock(requests: readonly TableLockRequest[], waiter: LockWaiter): Promise<void> {
    this.unlockTables()
    const modes = strongestModes(requests)
    this.tables = new Map()
    try {
      // In the order of definition statements: names, then ids, so that nobody waits for whom he keeps waiting.
      const written = requests.filter(({ mode }) => mode === 'write').map(({ name }) => name)
      for (const name of [...new Set(written)].sort()) {
        await this.acquire({ kind: 'name', name }, 'exclusive', waiter)
        this.names.add(name)
      }
      for (const id of [...modes.keys()].sort((a, b) => a - b)) {
        await this.lockTable(id, modes.get(id) ?? 'read', waiter)
      }
      await this.server.untilCommitted(waiter)
    } catch (error) {
      this.unlockTables()
      throw error
    }
  }

  private async lockTable(id: number, mode: TableLockMode, waiter: LockWaiter): Promise<void> {
    if (mode === 'read') {
      this.server.lockTable(id)
      this.tables?.set(id, mode)
    }
    await this.acquire({ kind: 'table', id }, mode === 'write' ? 'exclusive' : 'shared', waiter)
    this.tables?.set(id, mode)
  }

  private async acquire(
    object: MetadataObject,
    mode: 'shared' | 'exclusive',
    waiter: LockWaiter,
  ): Promise<void> {
    const granted = this.metadata.acquire(this.owner, object, mode, waiter.lockTimeoutMs, waiter)
    if (isPromise(granted)) await granted
  }

  /** UNLOCK TABLES, or what implies it. Answers whether LOCK TABLES was in force. */
  unlockTables(): boolean {
    const { tables } = this
    if (tables === undefined) return false
    this.tables = undefined
    this.names.clear()
    for (const [id, mode] of tables) if (mode === 'read') this.server.unlockTable(id)
    this.metadata.releaseAll(this.owner)
    return true
  }

  /** FLUSH TABLES WITH READ LOCK. Throws ER_LOCK_OR_ACTIVE_TRANSACTION under LOCK TABLES. */
  async lockEverything(waiter: LockWaiter): Promise<void> {
    if (this.isLocking) throw sqlError('ER_LOCK_OR_ACTIVE_TRANSACTION')
    if (this.holdsEverything) return
    await this.server.lockEverything(waiter)
    this.holdsEverything = true
  }

  unlockEverything(): void {
    if (!this.holdsEverything) return
    this.holdsEverything = false
    this.server.unlockEverything()
  }

  /** LOCK INSTANCE FOR BACKUP. */
  async lockDefinitions(waiter: LockWaiter): Promise<void> {
    if (this.holdsDefinitions) return
    await this.server.lockDefinitions(waiter)
    this.holdsDefinitions = true
  }

  unlockDefinitions(): void {
    if (!this.holdsDefinitions) return
    this.holdsDefinitions = false
    this.server.unlockDefinitions()
  }

  /** The session is over. */
  releaseAll(): void {
    this.unlockTables()
    this.unlockEverything()
    this.unlockDefinitions()
  }

  // ---- For statements

  /**
   * Whether a statement may use the tables so, as far as this session's locks go; then, when other sessions let it write. Throws
   * ER_TABLE_NOT_LOCKED, ER_TABLE_NOT_LOCKED_FOR_WRITE, ER_CANT_UPDATE_WITH_READLOCK.
   */
  admit(dependencies: readonly PlanDependency[], locksRows: boolean, waiter: LockWaiter): MaybePromise<void> {
    if (this.tables === undefined && !this.holdsEverything && !this.server.isAny) return
    const stored = dependencies.filter((dependency) => !dependency.isTemporary)
    const written = stored.filter(({ privilege }) => privilege !== 'SELECT')
    if (this.tables !== undefined) {
      this.checkLocked(stored, locksRows)
      return
    }
    if (written.length === 0) return
    if (this.holdsEverything) throw sqlError('ER_CANT_UPDATE_WITH_READLOCK')
    return this.server.untilWritable(
      written.map(({ id }) => id),
      waiter,
    )
  }

  private checkLocked(dependencies: readonly PlanDependency[], locksRows: boolean): void {
    for (const { id, name, privilege } of dependencies) {
      const mode = this.tables?.get(id)
      if (mode === undefined) throw sqlError('ER_TABLE_NOT_LOCKED', name)
      if (mode === 'read' && (locksRows || privilege !== 'SELECT')) {
        throw sqlError('ER_TABLE_NOT_LOCKED_FOR_WRITE', name)
      }
    }
  }

  commit(transaction: CoreTransaction, waiter: LockWaiter | undefined): MaybePromise<void> {
    return this.server.commit(transaction, waiter)
  }

  /** Runs a definition statement when other sessions let it. Throws ER_CANT_UPDATE_WITH_READLOCK under the own global lock. */
  define<T>(action: () => Promise<T>, waiter: LockWaiter): Promise<T> {
    if (this.holdsEverything) throw sqlError('ER_CANT_UPDATE_WITH_READLOCK')
    return this.server.define(action, this.holdsDefinitions, waiter)
  }

  /** Whether the session has the object for itself, so that its own definition statements needn't lock it again. */
  holds(object: MetadataObject): boolean {
    if (object.kind === 'name') return this.names.has(object.name)
    return object.kind === 'table' && this.tables?.get(object.id) === 'write'
  }

  /** How LOCK TABLES has locked a table, if it has. */
  modeOf(id: number): TableLockMode | undefined {
    return this.tables?.get(id)
  }
}

function strongestModes(requests: readonly TableLockRequest[]): ReadonlyMap<number, TableLockMode> {
  const modes = new Map<number, TableLockMode>()
  for (const { id, mode } of requests) if (modes.get(id) !== 'write') modes.set(id, mode)
  return modes
}
