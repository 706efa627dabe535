/**
 * What all transactions of a server share: storages, views, locks, counters. Made by the transaction manager.
 */
import type { EvaluationContext } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import type { Value } from '../common/value.js'
import type { ForeignKeyDefinition, TableDefinition } from '../plan/schema.js'
import { primaryPlacementOf } from '../plan/schema.js'
import type { TransactionInfo } from '../spi/transaction.js'
import { isKeyspaceStorage, isTableStorage, type Storage, type TableStorage } from '../spi/storage.js'
import { AutoIncrementCounters } from './auto-increment.js'
import type { LockOwner } from './lock-owner.js'
import { MemberList, type Member } from './member-list.js'
import { LockManager } from './lock-manager.js'
import { MetadataLocks } from './metadata-locks.js'
import type { Overlay } from './overlay.js'
import { ReadViews, StorageState, type ReadView } from './read-view.js'
import type { RecoveredSizes } from './recovered-sizes.js'
import { RowIds } from './row-ids.js'
import { TableRuntime } from './table-runtime.js'
import { TableSizes } from './table-sizes.js'

export interface TransactionSettings {
  /** Most bytes that one transaction writes before it commits; then ER_TRANS_CACHE_FULL. Default 1 GiB. */
  readonly writeBytesMax: number
  /** Age at which a snapshot is given up once later commits exist. Default one hour. */
  readonly snapshotAgeSecondsMax: number
  /** A checkpoint is made when the log has grown by so many bytes, default 256 MiB, … */
  readonly checkpointLogBytes: number
  /** … and after this time if anything was committed. Default one minute. */
  readonly checkpointIntervalMs: number
}

export const DEFAULT_TRANSACTION_SETTINGS: TransactionSettings = Object.freeze({
  writeBytesMax: 2 ** 30,
  snapshotAgeSecondsMax: 3600,
  checkpointLogBytes: 256 * 2 ** 20,
  checkpointIntervalMs: 60_000,
})

/** A row that is about to be deleted or changed, and may have children. */
export interface ChangedParent {
  readonly tableId: number
  readonly rowKey: Uint8Array
  readonly isDeleted: boolean
}

/** A foreign key seen from its parent. */
export interface ForeignKeyReference {
  readonly child: TableDefinition
  readonly foreignKey: ForeignKeyDefinition
}

/** What transactions ask the catalog about foreign keys; answered from memory, as of now. */
export interface ForeignKeySource {
  /** The table that a foreign key of `child` refers to, or undefined if there is none (foreign_key_checks was off). */
  parentOf(child: TableDefinition, foreignKey: ForeignKeyDefinition): TableDefinition | undefined
  /** Foreign keys of any table, `parent` itself included, that refer to it. */
  referencesTo(parent: TableDefinition): readonly ForeignKeyReference[]
  /** Computes the generated columns of a child's row anew, in place, when a cascade has changed what they are made of. */
  computeGenerated(child: TableDefinition, row: Value[], evaluation: EvaluationContext): void
}

export const NO_FOREIGN_KEYS: ForeignKeySource = {
  parentOf: () => undefined,
  referencesTo: () => [],
  computeGenerated: () => undefined,
}

/** A transaction as others have to see it. */
export interface ActiveTransaction extends Member {
  readonly id: number
  readonly locks: LockOwner
  /** What it has written to a storage and not committed. */
  overlayAt(ordinal: number): Overlay | undefined
  info(): TransactionInfo
  rollback(): void
}

export class TransactionEnvironment {
  readonly states: readonly StorageState[]
  /** Where the catalog and the counters lie. */
  readonly system: StorageState
  readonly views: ReadViews
  readonly locks = new LockManager()
  readonly metadataLocks = new MetadataLocks()
  readonly autoIncrement: AutoIncrementCounters
  readonly rowIds = new RowIds()
  readonly sizes: TableSizes
  /** Transactions until their locks are released. */
  readonly active = new MemberList<ActiveTransaction>()
  /** Generation of the first view that has what was loaded into a keyspace. */
  private readonly loadedAt = new Map<number, number>()
  private readonly byName = new Map<string, StorageState>()
  private readonly tableStorages = new Map<string, TableStorage>()
  private readonly runtimes = new WeakMap<TableDefinition, TableRuntime>()

  constructor(
    storages: readonly Storage[],
    systemStorage: string,
    readonly settings: TransactionSettings,
    readonly foreignKeys: ForeignKeySource,
    commitNumber: number,
    recoveredSizes: ReadonlyMap<string, RecoveredSizes>,
  ) {
    this.states = storages.filter(isKeyspaceStorage).map((storage, i) => new StorageState(storage, i))
    for (const state of this.states) this.byName.set(state.storage.name, state)
    for (const storage of storages) if (isTableStorage(storage)) this.tableStorages.set(storage.name, storage)
    this.system = this.requireState(systemStorage)
    this.views = new ReadViews(commitNumber, settings.snapshotAgeSecondsMax * 1000)
    this.autoIncrement = new AutoIncrementCounters(this.system, this.views)
    this.sizes = new TableSizes(this.system, this.views, recoveredSizes)
  }

  /** The table driver of this name, or undefined if it is a keyspace driver. Throws ER_STORAGE_UNAVAILABLE for neither. */
  tableStorage(name: string): TableStorage | undefined {
    const storage = this.tableStorages.get(name)
    if (storage === undefined) this.requireState(name)
    return storage
  }

  runtimeOf(table: TableDefinition): TableRuntime {
    let runtime = this.runtimes.get(table)
    if (runtime === undefined) {
      runtime = new TableRuntime(table, this.requireState(primaryPlacementOf(table).storage))
      this.runtimes.set(table, runtime)
    }
    return runtime
  }

  requireState(name: string): StorageState {
    const state = this.byName.get(name)
    if (state === undefined) throw sqlError('ER_STORAGE_UNAVAILABLE', name, 'it is not configured')
    return state
  }

  /**
   * Keyspaces of `state` were filled by a bulk load: new readers get a view that has it, and those whose view is older
   * can't use them.
   */
  noteLoad(state: StorageState, keyspaces: readonly number[]): void {
    const { views } = this
    views.afterApply([state], views.current.commitNumber)
    for (const keyspace of keyspaces) this.loadedAt.set(keyspace, views.current.generation)
  }

  /** Throws ER_TABLE_DEF_CHANGED if a view is from before the table (or one of its indexes) was built. */
  checkLoaded(runtime: TableRuntime, view: ReadView): void {
    if (this.loadedAt.size === 0) return
    for (const keyspace of [runtime.rowKeyspace, ...runtime.indexes.map((index) => index.keyspace)]) {
      if ((this.loadedAt.get(keyspace) ?? 0) > view.generation) throw sqlError('ER_TABLE_DEF_CHANGED')
    }
  }

  /** Others who have put entries into a key range and not committed them. */
  writersInto(
    state: StorageState,
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    except: LockOwner,
  ): readonly LockOwner[] {
    const owners: LockOwner[] = []
    for (const writer of this.active) {
      if (writer.locks === except) continue
      if (writer.overlayAt(state.ordinal)?.mayHavePut(keyspace, lower, upper) === true)
        owners.push(writer.locks)
    }
    const claimant = this.locks.claimantIn(keyspace, lower, upper)
    if (claimant !== undefined && claimant !== except) owners.push(claimant)
    return owners
  }
}
