/**
 * Begins and commits transactions, recovers the storages from the commit log at start, and makes checkpoints.
 */
import { isPromise, type MaybePromise } from '../common/value.js'
import {
  primaryPlacementOf,
  type ForeignKeyDefinition,
  type IndexDefinition,
  type TableDefinition,
} from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import { isKeyspaceStorage, type Storage } from '../spi/storage.js'
import type { TransactionInfo, TransactionManager, TransactionOptions } from '../spi/transaction.js'
import { buildIndexes, copyTable, dropKeyspaces, type CopiedSize, type RowTransform } from './bulk.js'
import { Checkpointer } from './checkpointer.js'
import type { CommitLog } from './commit-log.js'
import { CommitPipeline, type PendingCommit, type StorageWrites } from './commit-pipeline.js'
import {
  DEFAULT_TRANSACTION_SETTINGS,
  NO_FOREIGN_KEYS,
  TransactionEnvironment,
  type ForeignKeySource,
  type TransactionSettings,
} from './environment.js'
import type { MetadataLocks } from './metadata-locks.js'
import { recover, type Recovery } from './recovery.js'
import { SystemStore } from './system-store.js'
import { verifyForeignKey, verifyTable } from './verify-table.js'
import { CoreTransaction, type TransactionHost } from './transaction.js'

export interface TransactionManagerOptions {
  /** Started already. */
  readonly storages: readonly Storage[]
  /** Name of the keyspace storage that holds the catalog and the counters. */
  readonly systemStorage: string
  readonly log: CommitLog
  readonly foreignKeys?: ForeignKeySource
  readonly settings?: Partial<TransactionSettings>
  /** Told of background failures (a checkpoint that didn't succeed), for the server's log. */
  readonly onProblem?: (problem: Error) => void
}

const SNAPSHOT_CHECK_MS = 1000

/** Options of the transactions that the server runs for itself. */
const INTERNAL: TransactionOptions = Object.freeze({
  isolation: 'READ COMMITTED',
  readOnly: false,
  autocommit: true,
  consistentSnapshot: false,
  lockWaitTimeoutMs: 50_000,
  connectionId: 0,
})

export class CoreTransactionManager implements TransactionManager, TransactionHost {
  readonly environment: TransactionEnvironment
  private readonly pipeline: CommitPipeline
  private readonly checkpointer: Checkpointer
  private readonly snapshotTimer: NodeJS.Timeout
  private lastId = 0

  /**
   * Replays what the storages lack of the log. Rejects with ER_ERROR_ON_READ for a damaged log, ER_STORAGE_UNAVAILABLE if a
   * storage of the log isn't configured any more.
   */
  static async start(options: TransactionManagerOptions): Promise<CoreTransactionManager> {
    const storages = options.storages.filter(isKeyspaceStorage)
    const manager = new CoreTransactionManager(options, await recover(storages, options.log))
    await manager.environment.sizes.load()
    for (const storage of storages) {
      storage.dropLostStages?.().catch((error: unknown) => {
        options.onProblem?.(error instanceof Error ? error : new Error(String(error)))
      })
    }
    return manager
  }

  private constructor(options: TransactionManagerOptions, { commitNumber, sizes }: Recovery) {
    const settings = { ...DEFAULT_TRANSACTION_SETTINGS, ...options.settings }
    this.environment = new TransactionEnvironment(
      options.storages,
      options.systemStorage,
      settings,
      options.foreignKeys ?? NO_FOREIGN_KEYS,
      commitNumber,
      sizes,
    )
    this.checkpointer = new Checkpointer(
      this.environment.states.map((state) => state.storage),
      options.log,
      settings,
      () => this.prepareCheckpoint(),
      options.onProblem ?? (() => undefined),
    )
    const { states, views } = this.environment
    this.pipeline = new CommitPipeline(states, options.log, views, commitNumber, () => {
      this.checkpointer.noteCommits()
    })
    this.snapshotTimer = setInterval(() => {
      this.environment.views.giveUpOld(performance.now())
    }, SNAPSHOT_CHECK_MS)
    this.snapshotTimer.unref()
  }

  get commitNumber(): number {
    return this.pipeline.publishedCommitNumber
  }

  get metadataLocks(): MetadataLocks {
    return this.environment.metadataLocks
  }

  begin(options: TransactionOptions): CoreTransaction {
    const transaction = new CoreTransaction(this, ++this.lastId, options)
    this.environment.active.add(transaction)
    return transaction
  }

  /** A transaction of the server itself. */
  beginInternal(): CoreTransaction {
    return this.begin(INTERNAL)
  }

  activeTransactions(): readonly TransactionInfo[] {
    return [...this.environment.active]
      .sort((first, second) => first.id - second.id)
      .map((transaction) => transaction.info())
  }

  /** Key-value access to the system storage inside a transaction: where the catalog keeps its records. */
  systemStore(transaction: CoreTransaction): SystemStore {
    return new SystemStore(transaction)
  }

  /** The next AUTO_INCREMENT value of a table, for SHOW CREATE TABLE. */
  nextAutoIncrement(table: TableDefinition): MaybePromise<number | bigint> {
    return this.environment.autoIncrement.peek(table.id)
  }

  /**
   * CREATE TABLE or ALTER TABLE … AUTO_INCREMENT = `next`, TRUNCATE TABLE with 1; written with the transaction. The
   * caller holds the table's metadata lock exclusively.
   */
  setAutoIncrement(transaction: CoreTransaction, table: TableDefinition, next: number | bigint): void {
    const { environment } = this
    environment.autoIncrement.set(table.id, next)
    if (environment.tableStorage(primaryPlacementOf(table).storage) !== undefined) {
      environment.autoIncrement.persist(table.id, transaction.overlayForWrite(environment.system))
    } else if (this.isDurable(table)) transaction.noteCounter(environment.runtimeOf(table))
  }

  /** DROP TABLE: removes the counters of a table with the transaction. Its keyspaces are dropped by the caller, after the commit. */
  forgetTable(transaction: CoreTransaction, tableId: number): void {
    this.environment.autoIncrement.forget(tableId)
    this.environment.sizes.forget(tableId)
    new SystemStore(transaction).removeCounters(tableId)
  }

  // ---- whole tables, see `bulk.ts` and `verify-table.ts`

  buildIndexes(
    table: TableDefinition,
    indexes: readonly IndexDefinition[],
    statement: StatementContext,
  ): Promise<void> {
    return buildIndexes(this.environment, table, indexes, statement)
  }

  copyTable(
    from: TableDefinition,
    to: TableDefinition,
    transform: RowTransform,
    statement: StatementContext,
  ): Promise<CopiedSize> {
    return copyTable(this.environment, from, to, transform, statement)
  }

  dropKeyspaces(table: TableDefinition): Promise<void> {
    return dropKeyspaces(this.environment, table)
  }

  verifyTable(table: TableDefinition, statement: StatementContext): Promise<readonly string[]> {
    return verifyTable(this.environment, table, statement)
  }

  verifyForeignKey(
    child: TableDefinition,
    foreignKey: ForeignKeyDefinition,
    parent: TableDefinition,
    statement: StatementContext,
  ): Promise<void> {
    return verifyForeignKey(this.environment, child, foreignKey, parent, statement)
  }

  // ---- for transactions

  commit(transaction: CoreTransaction): MaybePromise<void> {
    for (const runtime of transaction.movedCounters ?? []) {
      if (!this.isDurable(runtime.table)) continue
      this.environment.autoIncrement.persist(
        runtime.table.id,
        transaction.overlayForWrite(this.environment.system),
      )
    }
    for (const { runtime, rows, bytes } of transaction.sizes) this.environment.sizes.add(runtime, rows, bytes)
    transaction.beginCommit()
    return this.pipeline.commit(this.pendingOf(transaction))
  }

  persistCounters(tableIds: readonly number[]): MaybePromise<void> {
    const transaction = this.beginInternal()
    const overlay = transaction.overlayForWrite(this.environment.system)
    for (const tableId of tableIds) this.environment.autoIncrement.persist(tableId, overlay)
    return transaction.commit()
  }

  forget(transaction: CoreTransaction): void {
    this.environment.active.remove(transaction)
  }

  // ---- life

  /** Writes a checkpoint now: BACKUP, FLUSH LOGS, tests. */
  async checkpoint(): Promise<void> {
    await this.checkpointer.run()
  }

  /**
   * Rolls back what is open, waits for commits under way, writes a last checkpoint (unless a storage is stuck). The storages
   * and the log stay open.
   */
  async stop(): Promise<void> {
    clearInterval(this.snapshotTimer)
    for (const transaction of [...this.environment.active]) transaction.rollback()
    await this.pipeline.stop()
    await this.checkpointer.stop(!this.pipeline.isStuck)
    this.environment.views.close(this.environment.states)
  }

  private pendingOf(transaction: CoreTransaction): PendingCommit {
    const writes: StorageWrites[] = []
    for (const state of this.environment.states) {
      const overlay = transaction.overlayAt(state.ordinal)
      const adoptions = transaction.adoptions(state)
      const written = overlay !== undefined && overlay.entryCount > 0 ? overlay.writeSets() : []
      const writeSets = adoptions === undefined ? written : [adoptions, ...written]
      if (writeSets.length > 0) writes.push({ state, writeSets })
    }
    return {
      writes,
      committed: () => {
        transaction.handOverStages()
        transaction.finish()
      },
      failed: () => {
        for (const { runtime, rows, bytes } of transaction.sizes)
          this.environment.sizes.add(runtime, -rows, -bytes)
        transaction.finish()
      },
    }
  }

  private isDurable(table: TableDefinition): boolean {
    return this.environment.requireState(primaryPlacementOf(table).storage).storage.capabilities.durable
  }

  private get isAnyLagging(): boolean {
    return this.environment.states.some(
      ({ storage }) => storage.capabilities.durable && storage.appliedCommitNumber < this.commitNumber,
    )
  }

  private async prepareCheckpoint(): Promise<void> {
    this.pipeline.advanceAll()
    const transaction = this.beginInternal()
    const { sizes, system } = this.environment
    const isAny = sizes.persist(transaction.overlayForWrite(system))
    // A storage that lags takes its number from a commit, of nothing if need be.
    if (!isAny && this.isAnyLagging) sizes.persistNothing(transaction.overlayForWrite(system))
    else if (!isAny) {
      transaction.rollback()
      return
    }
    const committed = transaction.commit()
    if (isPromise(committed)) await committed
  }
}
