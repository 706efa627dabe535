/**
 * The transaction of a session: BEGIN, COMMIT, ROLLBACK, savepoints, autocommit (MySQL manual 15.3).
 */
import { settle, whenSettled } from '../common/settle.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import { isPromise, type MaybePromise } from '../common/value.js'
import type {
  CommitTransaction,
  RollbackTransaction,
  SavepointStatement,
  StartTransaction,
} from '../plan/syntax/index.js'
import type { CoreTransaction } from '../transaction/transaction.js'
import type { CoreTransactionManager } from '../transaction/transaction-manager.js'
import type { PlanDependency } from './query-types.js'
import type { RunningStatement } from './running-statement.js'
import type { SessionTableLocks } from './session-table-locks.js'
import type { SessionState } from './session-state.js'

/** Errors after which the whole transaction is rolled back, not only the statement. */
const FATAL = new Set(['ER_LOCK_DEADLOCK', 'ER_SNAPSHOT_TOO_OLD'])

export class SessionTransactions {
  private current: CoreTransaction | undefined

  constructor(
    private readonly state: SessionState,
    private readonly manager: CoreTransactionManager,
    private readonly tableLocks: SessionTableLocks,
    /** The statement that runs now. */
    private readonly running: () => RunningStatement | undefined,
  ) {}

  get isOpen(): boolean {
    return this.current !== undefined
  }

  /** Throws ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION. */
  refuseIfReadOnly(): void {
    // Before one begins: SET TRANSACTION READ ONLY holds until a transaction has come and gone.
    if (this.current?.options.readOnly ?? this.nextIsReadOnly) {
      throw sqlError('ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION')
    }
  }

  /** The transaction for a statement, which changes `written`; made if there is none. Temporary tables may always be changed. */
  forStatement(running: RunningStatement, written: readonly PlanDependency[] = []): CoreTransaction {
    if (written.some(isKept)) this.refuseIfReadOnly()
    const transaction = this.current ?? this.begin(!this.state.autocommit, undefined, false)
    transaction.beginStatement(running)
    return transaction
  }

  /** Ends a statement that went well; commits if it stood alone. */
  statementDone(transaction: CoreTransaction): MaybePromise<void> {
    const completed = transaction.completeStatement()
    return isPromise(completed)
      ? completed.then(() => this.statementComplete(transaction))
      : this.statementComplete(transaction)
  }

  private statementComplete(transaction: CoreTransaction): MaybePromise<void> {
    transaction.endStatement(true)
    return transaction === this.current ? undefined : this.tableLocks.commit(transaction, this.running())
  }

  /**
   * Ends a statement that failed: what it wrote is undone, or the whole transaction if the error demands it. A promise if drivers need
   * time for it.
   */
  statementFailed(transaction: CoreTransaction, error: unknown): Promise<unknown> | undefined {
    const fatal = isSqlError(error) && FATAL.has(error.code)
    transaction.endStatement(false)
    if (transaction !== this.current) transaction.rollback()
    else if (fatal || transaction.isOver) {
      transaction.rollback()
      this.forget()
    }
    return transaction.undone
  }

  private get nextIsReadOnly(): boolean {
    return this.state.nextReadOnly ?? this.state.readOnly
  }

  private begin(
    keep: boolean,
    accessMode: StartTransaction['accessMode'],
    consistentSnapshot: boolean,
  ): CoreTransaction {
    const { state } = this
    const readOnly = accessMode === undefined ? this.nextIsReadOnly : accessMode === 'readOnly'
    const transaction = this.manager.begin({
      isolation: state.nextIsolation ?? state.isolation,
      readOnly,
      autocommit: !keep,
      consistentSnapshot,
      lockWaitTimeoutMs: state.rowLockTimeoutMs,
      connectionId: state.connectionId,
      startedAtMicros: this.running()?.startedAtMicros,
    })
    state.nextIsolation = undefined
    state.nextReadOnly = undefined
    if (keep) this.current = transaction
    return transaction
  }

  start(statement: StartTransaction): MaybePromise<void> {
    return whenSettled(this.commitOpen(), () => {
      const { options } = this.begin(true, statement.accessMode, statement.consistentSnapshot)
      if (statement.consistentSnapshot && options.isolation !== 'REPEATABLE READ') {
        this.running()?.warn('Warning', 'HA_ERR_UNSUPPORTED')
      }
    })
  }

  commit(statement: CommitTransaction): MaybePromise<void> {
    const options = this.current?.options
    return whenSettled(this.commitOpen(), () => {
      this.chain(statement.chain, options)
    })
  }

  rollback(statement: RollbackTransaction): MaybePromise<void> {
    const { current } = this
    const options = current?.options
    // It is this statement that warns of what can't be undone.
    if (current !== undefined) current.statement = this.running()
    this.rollbackOpen()
    const undone: MaybePromise<unknown> = current?.undone
    return whenSettled(undone, () => {
      this.chain(statement.chain, options)
    })
  }

  /** AND CHAIN: a new transaction like the last one. */
  private chain(chain: boolean | undefined, options: CoreTransaction['options'] | undefined): void {
    const chains = chain ?? this.state.variables.get('completion_type') === 'CHAIN'
    if (!chains) return
    if (options !== undefined) this.state.nextIsolation = options.isolation
    this.begin(true, options?.readOnly === true ? 'readOnly' : 'readWrite', false)
  }

  savepoint(statement: SavepointStatement): void {
    switch (statement.action) {
      case 'set':
        // Without a transaction a savepoint has nothing to mark, and MySQL says nothing.
        if (this.current !== undefined) this.current.savepoint(statement.name)
        else if (!this.state.autocommit) this.begin(true, undefined, false).savepoint(statement.name)
        return
      case 'release':
        if (this.current === undefined) throw sqlError('ER_SP_DOES_NOT_EXIST', 'SAVEPOINT', statement.name)
        this.current.releaseSavepoint(statement.name)
        return
      case 'rollback':
        if (this.current === undefined) throw sqlError('ER_SP_DOES_NOT_EXIST', 'SAVEPOINT', statement.name)
        this.current.statement = this.running()
        try {
          this.current.rollbackToSavepoint(statement.name)
        } finally {
          this.current.statement = undefined
        }
    }
  }

  /** What happens before DDL and its like (MySQL manual 15.3.3 "Statements That Cause an Implicit Commit"). */
  commitOpen(): MaybePromise<void> {
    const transaction = this.current
    if (transaction === undefined) return
    const forget = (): void => {
      // It goes on if it waited in vain for somebody's read lock.
      if (transaction.isOver) this.forget()
    }
    return settle(
      () => this.tableLocks.commit(transaction, this.running()),
      forget,
      (error) => {
        forget()
        throw error
      },
    )
  }

  rollbackOpen(): void {
    const transaction = this.current
    this.forget()
    transaction?.rollback()
  }

  /** SET autocommit = 1 ends a transaction that autocommit = 0 began. */
  async autocommitChanged(): Promise<void> {
    if (this.state.autocommit && this.current !== undefined) await this.commitOpen()
  }

  private forget(): void {
    this.current = undefined
  }
}

/** A table that the statement writes to and that outlives the session. */
function isKept({ privilege, isTemporary }: PlanDependency): boolean {
  return privilege !== 'SELECT' && !isTemporary
}
