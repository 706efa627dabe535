/**
 * What a transaction writes to tables of table drivers. Most such drivers commit each call by itself, so rows are collected and
 * handed over at the commit, or before the transaction reads such a table, or when they become too many. Until they
 * are handed over they can be rolled back; afterwards they can't, and a rollback says so by a warning, as MySQL does
 * for tables without transactions. A driver with transactions of its own gets the rows when the statement ends, and is told of points
 * to go back to. One transaction can't write both to such tables and to others: nothing could make the two halves one.
 */
import { Batch } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import { isPromise, type ExactValue, type MaybePromise, type Value } from '../common/value.js'
import type { TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { InsertedWithNumbers, TableStorage } from '../spi/storage.js'
import { run, settled, type Steps } from './steps.js'
import type { CoreTransaction } from './transaction.js'

/** Rows held back at most. */
const ROWS_HELD_MAX = 65_536

type DriverOperation =
  | { readonly kind: 'insert'; readonly rows: Batch }
  | { readonly kind: 'delete'; readonly keys: Batch }
  | { readonly kind: 'update'; readonly keys: Batch; readonly rows: Batch }

interface PendingOperation {
  readonly storage: TableStorage
  readonly table: TableDefinition
  readonly operation: DriverOperation
}

export interface DriverMark {
  readonly operationCount: number
  /** Rows of the last operation. */
  readonly rowCount: number
  /** Rows of all operations, those that were handed over included. */
  readonly rowsTotal: number
  /** Calls to a driver with transactions of its own. */
  readonly calls: number
}

export class TableDriverWrites {
  private readonly pending: PendingOperation[] = []
  private readonly movedCounters = new Set<number>()
  private heldRows = 0
  private handedOver = 0
  private rowsHandedOver = 0
  /** Where rows were handed over to. */
  private writtenStorage: TableStorage | undefined
  private writtenParticipant: string | undefined
  /** Calls to a driver with transactions of its own, and whether one could be asked to go back to before the next one. */
  private calls = 0
  private isMarked = true
  private drawnNumber: ExactValue = 0
  private lastStatement: StatementContext | undefined

  constructor(private readonly transaction: CoreTransaction) {}

  get isPending(): boolean {
    return this.pending.length > 0
  }

  /** Whether rows must go to their driver before the statement ends: it is there that they are checked. */
  get endsWithStatement(): boolean {
    return this.pending[0]?.storage.capabilities.transactions === 'full'
  }

  /** The first number that the driver drew since it was last asked; 0 for none. */
  takeDrawnNumber(): ExactValue {
    const number = this.drawnNumber
    this.drawnNumber = 0
    return number
  }

  /** Whether anything was written, be it handed over or not. */
  get hasWrites(): boolean {
    return this.isPending || this.rowsHandedOver > 0
  }

  noteCounter(tableId: number): void {
    this.movedCounters.add(tableId)
  }

  insert(storage: TableStorage, table: TableDefinition, row: readonly Value[]): MaybePromise<void> {
    const operation = this.operationFor(storage, table, 'insert', () => ({
      kind: 'insert',
      rows: batchOf(table),
    }))
    operation.rows.pushRow(row)
    return this.held()
  }

  update(
    storage: TableStorage,
    table: TableDefinition,
    keyBatch: () => Batch,
    key: readonly Value[],
    row: readonly Value[],
  ): MaybePromise<void> {
    const operation = this.operationFor(storage, table, 'update', () => ({
      kind: 'update',
      keys: keyBatch(),
      rows: batchOf(table),
    }))
    operation.keys.pushRow(key)
    operation.rows.pushRow(row)
    return this.held()
  }

  delete(
    storage: TableStorage,
    table: TableDefinition,
    keyBatch: () => Batch,
    key: readonly Value[],
  ): MaybePromise<void> {
    const operation = this.operationFor(storage, table, 'delete', () => ({
      kind: 'delete',
      keys: keyBatch(),
    }))
    operation.keys.pushRow(key)
    return this.held()
  }

  mark(): DriverMark {
    const last = this.pending[this.pending.length - 1]
    this.isMarked = true
    return {
      calls: this.calls,
      operationCount: this.handedOver + this.pending.length,
      rowCount: last === undefined ? 0 : rowCountOf(last.operation),
      rowsTotal: this.rowsHandedOver + this.heldRows,
    }
  }

  /** Forgets what came after the mark; warns with ER_WARNING_NOT_COMPLETE_ROLLBACK if some of it is written already. */
  rollbackTo(mark: DriverMark | undefined): void {
    const rowsTotal = mark?.rowsTotal ?? 0
    const own = this.writtenStorage && this.transaction.driverTransaction(this.writtenStorage, 'present')
    if (own !== undefined) {
      if (this.calls > (mark?.calls ?? 0)) own.rollbackTo(mark?.calls ?? 0)
      this.calls = mark?.calls ?? 0
      this.isMarked = true
      this.rowsHandedOver = Math.min(this.rowsHandedOver, rowsTotal)
      this.handedOver = Math.min(this.handedOver, mark?.operationCount ?? 0)
    } else if (this.rowsHandedOver > rowsTotal) {
      this.transaction.statement?.warn('Warning', 'ER_WARNING_NOT_COMPLETE_ROLLBACK')
    }
    const kept = (mark?.operationCount ?? 0) - this.handedOver
    this.pending.length = Math.min(this.pending.length, Math.max(kept, 0))
    const last = this.pending[this.pending.length - 1]
    if (last !== undefined && mark !== undefined) truncate(last.operation, mark.rowCount)
    this.heldRows = Math.max(rowsTotal - this.rowsHandedOver, 0)
  }

  /** Hands everything over, in order. Throws or rejects with the driver's error; then what is left is dropped. */
  flush(): MaybePromise<void> {
    return run(this.handOver())
  }

  refuseKeyspaceWrites(): void {
    const other = this.participant
    if (other !== undefined) this.refuseMixed(other)
  }

  /** Who commits what this transaction writes: a driver, or one of several stores behind it. */
  private get participant(): string | undefined {
    if (this.calls > 0 || this.rowsHandedOver > 0) return this.writtenParticipant
    const [first] = this.pending
    return first && participantOf(first.storage, first.table)
  }

  private *handOver(): Steps<void> {
    if (this.movedCounters.size > 0) {
      // First the counters: a crash in between may leave a gap, but never gives a number twice.
      const persisted = this.transaction.persistCounters([...this.movedCounters])
      this.movedCounters.clear()
      if (isPromise(persisted)) yield persisted
    }
    const operations = this.pending.splice(0)
    this.handedOver += operations.length
    this.rowsHandedOver += this.heldRows
    this.heldRows = 0
    const [first] = operations
    if (first !== undefined) {
      this.writtenStorage = first.storage
      this.writtenParticipant = participantOf(first.storage, first.table)
    }
    for (const { storage, table, operation } of operations) {
      const written = this.perform(storage, table, operation)
      const answer = isPromise(written) ? yield* settled(written) : written
      if (typeof answer === 'object' && this.drawnNumber === 0) this.drawnNumber = answer.generatedId
    }
  }

  private perform(
    storage: TableStorage,
    table: TableDefinition,
    operation: DriverOperation,
  ): MaybePromise<number | InsertedWithNumbers> {
    const statement = this.transaction.statement ?? this.lastStatement
    if (statement === undefined) throw new Error('invariant: rows are written by statements')
    const own = this.transaction.driverTransaction(storage, 'writes')
    if (own !== undefined) {
      // A statement that is a transaction is undone with it.
      if (this.isMarked && !this.transaction.options.autocommit) own.savepoint(this.calls)
      this.isMarked = false
      this.calls++
    }
    switch (operation.kind) {
      case 'insert':
        return storage.insert(table, operation.rows, statement, own)
      case 'delete':
        return storage.delete(table, operation.keys, statement, own)
      case 'update':
        return storage.update(table, operation.keys, operation.rows, statement, own)
    }
  }

  private operationFor<K extends DriverOperation['kind']>(
    storage: TableStorage,
    table: TableDefinition,
    kind: K,
    create: () => Extract<DriverOperation, { kind: K }>,
  ): Extract<DriverOperation, { kind: K }> {
    this.check(storage, table)
    const last = this.pending[this.pending.length - 1]
    if (last?.table === table && last.operation.kind === kind) {
      return last.operation as Extract<DriverOperation, { kind: K }>
    }
    const operation = create()
    this.pending.push({ storage, table, operation })
    return operation
  }

  private check(storage: TableStorage, table: TableDefinition): void {
    this.transaction.refuseIfReadOnly(table)
    if (!storage.capabilities.writable) throw sqlError('ER_ILLEGAL_HA', table.name)
    const participant = participantOf(storage, table)
    if (this.transaction.hasKeyspaceWrites) this.refuseMixed(participant)
    const other = this.participant
    if (other !== undefined && other !== participant) this.refuseMixed(other)
    this.lastStatement = this.transaction.statement ?? this.lastStatement
  }

  private refuseMixed(name: string): never {
    throw sqlError(
      'ER_NOT_SUPPORTED_YET',
      `a transaction that writes to ${name} and to another storage engine`,
    )
  }

  private held(): MaybePromise<void> {
    if (++this.heldRows >= ROWS_HELD_MAX) return this.flush()
  }
}

/** Names of drivers and of what is behind them are kept apart. */
function participantOf(storage: TableStorage, table: TableDefinition): string {
  const behind = storage.participantOf?.(table)
  return behind === undefined ? storage.name : `${storage.name} (${behind})`
}

function batchOf(table: TableDefinition): Batch {
  return Batch.ofTypes(table.columns.map((column) => column.type))
}

function rowCountOf(operation: DriverOperation): number {
  return operation.kind === 'insert' ? operation.rows.rowCount : operation.keys.rowCount
}

function truncate(operation: DriverOperation, rowCount: number): void {
  if (operation.kind !== 'delete') operation.rows.truncate(rowCount)
  if (operation.kind !== 'insert') operation.keys.truncate(rowCount)
}
