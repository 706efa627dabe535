/**
 * One transaction: its view of the data, its own writes, its locks, and the marks to which it can go back.
 */
import { sqlError } from '../common/sql-error.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import { WriteSetBuilder, type WriteSet } from '../common/write-set.js'
import { primaryPlacementOf, type TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { DriverTransaction, KeyspaceSnapshot, TableStorage } from '../spi/storage.js'
import type { TableAccess, Transaction, TransactionInfo, TransactionOptions } from '../spi/transaction.js'
import type { ActiveTransaction, ChangedParent, TransactionEnvironment } from './environment.js'
import { KeyspaceTableAccess } from './keyspace-table-access.js'
import { LockOwner, StatementPatience, type LockPatience } from './lock-owner.js'
import { Overlay, type OverlayMark } from './overlay.js'
import type { ReadView, StorageState } from './read-view.js'
import { TableDriverAccess } from './table-driver-access.js'
import { TableDriverWrites, type DriverMark } from './table-driver-writes.js'
import { canStage, StagedTable } from './staged-table.js'
import type { TableRuntime } from './table-runtime.js'

/** What a transaction has changed of a table's size. */
export interface SizeChange {
  readonly runtime: TableRuntime
  rows: number
  bytes: number
}

/** A point to go back to: the start of a statement, or a savepoint. */
interface TransactionMark {
  readonly overlays: readonly (OverlayMark | undefined)[]
  readonly driver: DriverMark | undefined
  readonly sizeChangeCount: number
  readonly writeCount: number
}

interface Savepoint {
  readonly name: string
  readonly mark: TransactionMark
}

/** What the manager does for its transactions. */
export interface TransactionHost {
  readonly environment: TransactionEnvironment
  commit(transaction: CoreTransaction): MaybePromise<void>
  /** Writes AUTO_INCREMENT counters in a transaction of their own. */
  persistCounters(tableIds: readonly number[]): MaybePromise<void>
  forget(transaction: CoreTransaction): void
}

type State = 'active' | 'committing' | 'over'

export class CoreTransaction implements Transaction, ActiveTransaction {
  listPosition = -1
  statement: StatementContext | undefined
  /** Rows whose children are being looked after, from the one that the statement changes on down its cascades. */
  readonly changedParents: ChangedParent[] = []
  /** Tables whose AUTO_INCREMENT counter was moved. */
  movedCounters: Set<TableRuntime> | undefined
  readonly environment: TransactionEnvironment
  private overlays: (Overlay | undefined)[] = []
  private ownDriverWrites: TableDriverWrites | undefined
  private driverTransactions: Map<TableStorage, DriverTransaction> | undefined
  private undoing: Promise<unknown> | undefined
  private tables: TableAccess[] = []
  /** What a statement has inserted beside the overlays. */
  private readonly staged: StagedTable[] = []
  private readonly savepoints: Savepoint[] = []
  private readonly sizeChanges: SizeChange[] = []
  private view: ReadView | undefined
  private owner: LockOwner | undefined
  private statementMark: TransactionMark | undefined
  private state: State = 'active'
  private readonly startedAtMicros: number

  constructor(
    private readonly host: TransactionHost,
    readonly id: number,
    readonly options: TransactionOptions,
  ) {
    this.environment = host.environment
    this.startedAtMicros = options.startedAtMicros ?? Date.now() * 1000
    if (options.consistentSnapshot && options.isolation === 'REPEATABLE READ') this.readView()
  }

  // ---- SPI

  get hasWrites(): boolean {
    return this.hasKeyspaceWrites || this.ownDriverWrites?.hasWrites === true
  }

  beginStatement(statement: StatementContext): void {
    this.statement = statement
    this.statementMark = this.hasWrites ? this.mark() : undefined
    if (this.renewsView) this.releaseView()
  }

  endStatement(keep: boolean): void {
    if (this.state === 'active') {
      if (!keep) this.rollbackTo(this.statementMark)
      if (this.renewsView) this.releaseView()
    }
    this.statement = undefined
    this.statementMark = undefined
  }

  table(table: TableDefinition): TableAccess {
    for (const access of this.tables) if (access.table === table) return access
    const storage = this.environment.tableStorage(primaryPlacementOf(table).storage)
    const access =
      storage === undefined
        ? this.keyspaceTable(table)
        : new TableDriverAccess(this, this.driverWrites, table, storage)
    if (storage !== undefined) this.tables.push(access)
    return access
  }

  handOverWrites(): MaybePromise<void> {
    if (this.ownDriverWrites?.isPending === true) return this.ownDriverWrites.flush()
  }

  driverTransaction(
    storage: TableStorage,
    use: 'reads' | 'writes' | 'present',
  ): DriverTransaction | undefined {
    if (storage.begin === undefined) return undefined
    const present = this.driverTransactions?.get(storage)
    if (present !== undefined || use === 'present') return present
    if (use === 'reads' && this.options.autocommit) return undefined
    if (this.state === 'over') throw sqlError('ER_QUERY_INTERRUPTED')
    const begun = storage.begin(this.options)
    this.driverTransactions ??= new Map()
    this.driverTransactions.set(storage, begun)
    return begun
  }

  changeByDriver(
    storage: TableStorage,
    table: TableDefinition,
    change: (own: DriverTransaction | undefined) => MaybePromise<number>,
  ): MaybePromise<void> {
    return this.driverWrites.change(storage, table, change)
  }

  /** What drivers must have before the statement has gone well. */
  completeStatement(): MaybePromise<void> {
    if (this.staged.length > 0) return this.finishStages()
    if (this.ownDriverWrites?.endsWithStatement === true) return this.ownDriverWrites.flush()
  }

  private async finishStages(): Promise<void> {
    for (const table of this.staged) await table.finish()
  }

  savepoint(name: string): void {
    const at = this.findSavepoint(name)
    if (at >= 0) this.savepoints.splice(at, 1)
    this.savepoints.push({ name, mark: this.mark() })
  }

  rollbackToSavepoint(name: string): void {
    const at = this.requireSavepoint(name)
    this.rollbackTo((this.savepoints[at] as Savepoint).mark)
    this.savepoints.length = at + 1
  }

  releaseSavepoint(name: string): void {
    this.savepoints.length = this.requireSavepoint(name)
  }

  commit(): MaybePromise<void> {
    if (this.state !== 'active') return
    const { ownDriverWrites } = this
    if (this.driverTransactions !== undefined) return this.commitDriverTransactions(ownDriverWrites)
    if (ownDriverWrites?.isPending === true) return this.commitDriverWrites(ownDriverWrites)
    return this.commitKeyspaces()
  }

  rollback(): void {
    if (this.state !== 'active') return
    if (this.driverTransactions === undefined) this.ownDriverWrites?.rollbackTo(undefined)
    this.finish()
  }

  // ---- for tables, writers and the manager

  get isOver(): boolean {
    return this.state === 'over'
  }

  get hasKeyspaceWrites(): boolean {
    for (const overlay of this.overlays) if (overlay !== undefined && overlay.entryCount > 0) return true
    return false
  }

  get locks(): LockOwner {
    this.owner ??= new LockOwner(this.id, () => {
      this.rollback()
    })
    return this.owner
  }

  get evaluation(): EvaluationContext | undefined {
    return this.statement?.evaluation
  }

  /** Whether plain reads take shared locks. */
  get locksPlainReads(): boolean {
    return this.options.isolation === 'SERIALIZABLE' && !this.options.autocommit
  }

  /** Whether locking reads lock the gaps that they pass, and keep the locks of rows that don't match. */
  get locksRanges(): boolean {
    return this.options.isolation === 'REPEATABLE READ' || this.options.isolation === 'SERIALIZABLE'
  }

  get checksForeignKeys(): boolean {
    return this.statement?.foreignKeyChecks ?? true
  }

  patience(wait: LockPatience['wait'] = 'wait'): LockPatience {
    const { statement, options } = this
    return new StatementPatience(wait, statement?.rowLockTimeoutMs ?? options.lockWaitTimeoutMs, statement)
  }

  /** What plain reads see, besides own writes. */
  snapshotOf(state: StorageState): KeyspaceSnapshot {
    return this.readView().snapshot(state)
  }

  /** The last committed state; valid until control goes back to the event loop. */
  latestOf(state: StorageState): KeyspaceSnapshot {
    return this.environment.views.current.snapshot(state)
  }

  /** The view of plain reads if one was taken and later commits exist. */
  get outdatedView(): ReadView | undefined {
    return this.view === this.environment.views.current ? undefined : this.view
  }

  private get driverWrites(): TableDriverWrites {
    this.ownDriverWrites ??= new TableDriverWrites(this)
    return this.ownDriverWrites
  }

  noteCounter(runtime: TableRuntime): void {
    this.movedCounters ??= new Set()
    this.movedCounters.add(runtime)
  }

  overlayAt(ordinal: number): Overlay | undefined {
    return this.overlays[ordinal]
  }

  keyspaceTable(table: TableDefinition): KeyspaceTableAccess {
    for (const access of this.tables) {
      if (access.table === table && access instanceof KeyspaceTableAccess) return access
    }
    const runtime = this.environment.runtimeOf(table)
    if (this.view !== undefined) this.environment.checkLoaded(runtime, this.view)
    const access = new KeyspaceTableAccess(this, runtime)
    this.tables.push(access)
    return access
  }

  /** The overlay to write to. Throws ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, and when the transaction is over. */
  overlayForWrite(state: StorageState): Overlay {
    // A statement may run on for a moment after its transaction's end.
    if (this.state !== 'active') throw sqlError('ER_QUERY_INTERRUPTED')
    const present = this.overlays[state.ordinal]
    if (present !== undefined) return present
    const overlay = new Overlay(this.environment.settings.writeBytesMax)
    this.overlays[state.ordinal] = overlay
    return overlay
  }

  /**
   * A place beside the overlay for rows of a statement that only inserts: undefined if there is none, or the transaction goes on behind
   * the statement and would have to read them.
   */
  stageFor(runtime: TableRuntime): StagedTable | undefined {
    const { state } = runtime
    const { storage } = state
    if (!this.options.autocommit || !canStage(storage)) return undefined
    // The view that new readers share must not keep what was rewritten from being used again.
    const staged = new StagedTable(storage, runtime, () => {
      this.environment.noteLoad(state, [])
    })
    this.staged.push(staged)
    return staged
  }

  /** What the commit has to adopt in a storage. */
  adoptions(state: StorageState): WriteSet | undefined {
    const adoptions = new WriteSetBuilder()
    for (const table of this.staged) if (table.runtime.state === state) table.adopt(adoptions)
    return adoptions.entryCount > 0 ? adoptions : undefined
  }

  /** The commit is applied: what it has adopted isn't this transaction's any more. */
  handOverStages(): void {
    for (const table of this.staged.splice(0)) table.close()
  }

  refuseIfReadOnly(table: TableDefinition): void {
    if (this.options.readOnly && !table.temporary) throw sqlError('ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION')
  }

  /** Refuses a write to a keyspace table before it locks anything. */
  beforeWrite(table: TableDefinition): void {
    this.refuseIfReadOnly(table)
    this.ownDriverWrites?.refuseKeyspaceWrites()
  }

  /** `rows` and `bytes` that a table has more now; `written` rows were inserted, changed or deleted for it. */
  countRows(runtime: TableRuntime, rows: number, bytes: number, written = 1): void {
    this.locks.writeCount += written
    const last = this.sizeChanges.at(-1)
    const isMarked = this.sizeChanges.length === this.markedSizeChanges
    if (last?.runtime === runtime && !isMarked) {
      last.rows += rows
      last.bytes += bytes
    } else this.sizeChanges.push({ runtime, rows, bytes })
  }

  /** Undoes what `work` has written if it throws. */
  undoPoint(): () => void {
    const mark = this.mark()
    return () => {
      this.rollbackTo(mark)
    }
  }

  get sizes(): readonly SizeChange[] {
    return this.sizeChanges
  }

  beginCommit(): void {
    this.state = 'committing'
  }

  /** What a rollback has left to do where drivers hold locks, which others must not meet any more once it is answered. */
  get undone(): Promise<unknown> | undefined {
    return this.undoing
  }

  /** Committed or rolled back: gives everything back. */
  finish(): void {
    if (this.state === 'over') return
    this.state = 'over'
    this.releaseView()
    // Those that have committed are over, and do nothing.
    this.rollbackDriverTransactions()
    // Before its locks go: who waits for them looks whose writes are left.
    this.host.forget(this)
    if (this.owner !== undefined) {
      this.owner.isFinished = true
      // A session can end while its statement waits.
      this.owner.waiting?.fail(sqlError('ER_QUERY_INTERRUPTED'))
      this.environment.locks.releaseAll(this.owner)
      this.environment.metadataLocks.releaseAll(this.owner)
    }
    this.discardStages()
    // Cutting an array is a call out of compiled code; most transactions are one statement.
    this.overlays = []
    this.tables = []
    if (this.savepoints.length > 0) this.savepoints.length = 0
  }

  persistCounters(tableIds: readonly number[]): MaybePromise<void> {
    return this.host.persistCounters(tableIds)
  }

  info(): TransactionInfo {
    let bytesWritten = 0
    for (const overlay of this.overlays) bytesWritten += overlay?.byteSize ?? 0
    for (const table of this.staged) bytesWritten += table.byteSize
    return {
      id: this.id,
      connectionId: this.options.connectionId,
      startedAtMicros: this.startedAtMicros,
      rowsLocked: this.owner === undefined ? 0 : this.environment.locks.heldCount(this.owner),
      bytesWritten,
      waiting: this.owner?.waiting !== undefined,
    }
  }

  // ---- inside

  private markedSizeChanges = 0

  private get renewsView(): boolean {
    const { isolation } = this.options
    return isolation === 'READ COMMITTED' || isolation === 'READ UNCOMMITTED'
  }

  private readView(): ReadView {
    if (this.view === undefined) {
      // A statement that runs on after its transaction's end must not hold on to anything.
      if (this.state === 'over') throw sqlError('ER_QUERY_INTERRUPTED')
      this.view = this.environment.views.current.retain()
    }
    return this.view
  }

  private rollbackDriverTransactions(): void {
    const undoing = [...(this.driverTransactions?.values() ?? [])]
      .map((transaction) => transaction.rollback())
      .filter(isPromise)
    this.driverTransactions = undefined
    if (undoing.length > 0) this.undoing = Promise.all(undoing)
  }

  private releaseView(): void {
    this.view?.release()
    this.view = undefined
  }

  private mark(): TransactionMark {
    this.markedSizeChanges = this.sizeChanges.length
    return {
      overlays: this.overlays.map((overlay) => overlay?.mark()),
      driver: this.ownDriverWrites?.mark(),
      sizeChangeCount: this.sizeChanges.length,
      writeCount: this.owner?.writeCount ?? 0,
    }
  }

  private discardStages(): void {
    if (this.staged.length > 0) for (const table of this.staged.splice(0)) table.discard()
  }

  private rollbackTo(mark: TransactionMark | undefined): void {
    // A statement that stages is the transaction's only one, and has no points in it to go back to.
    this.discardStages()
    for (const [ordinal, overlay] of this.overlays.entries()) {
      if (overlay === undefined) continue
      const to = mark?.overlays[ordinal]
      if (to !== undefined) overlay.rollbackTo(to)
      else this.overlays[ordinal] = undefined
    }
    this.ownDriverWrites?.rollbackTo(mark?.driver)
    this.sizeChanges.length = mark?.sizeChangeCount ?? 0
    this.markedSizeChanges = this.sizeChanges.length
    if (this.owner !== undefined) this.owner.writeCount = mark?.writeCount ?? 0
  }

  private commitDriverWrites(writes: TableDriverWrites): MaybePromise<void> {
    this.state = 'committing'
    let flushed: MaybePromise<void>
    try {
      flushed = writes.flush()
    } catch (error) {
      this.finish()
      throw error
    }
    if (!isPromise(flushed)) this.finish()
    else {
      return flushed.finally(() => {
        this.finish()
      })
    }
  }

  /** One participant has been written to at most. Where it wasn't one of these, they have only read. */
  private async commitDriverTransactions(writes: TableDriverWrites | undefined): Promise<void> {
    if (this.hasKeyspaceWrites) {
      this.rollbackDriverTransactions()
      await this.commitKeyspaces()
      await this.undoing
      return
    }
    this.state = 'committing'
    try {
      if (writes?.isPending === true) await writes.flush()
      for (const transaction of this.driverTransactions?.values() ?? []) await transaction.commit()
    } finally {
      this.finish()
    }
  }

  private commitKeyspaces(): MaybePromise<void> {
    if (this.staged.some((table) => !table.isFinished)) return this.commitStaged()
    if (this.hasKeyspaceWrites) return this.host.commit(this)
    this.finish()
  }

  private async commitStaged(): Promise<void> {
    try {
      await this.finishStages()
    } catch (error) {
      this.finish()
      throw error
    }
    await this.commitKeyspaces()
  }

  private findSavepoint(name: string): number {
    const wanted = name.toLowerCase()
    return this.savepoints.findIndex((savepoint) => savepoint.name.toLowerCase() === wanted)
  }

  private requireSavepoint(name: string): number {
    const at = this.findSavepoint(name)
    if (at < 0) throw sqlError('ER_SP_DOES_NOT_EXIST', 'SAVEPOINT', name)
    return at
  }
}
