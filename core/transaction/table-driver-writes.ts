/**
 * What a transaction writes to tables of table drivers. Such a driver commits each call by itself, so rows are collected and
 * handed over at the commit, or before the transaction reads such a table, or when they become too many. Until they
 * are handed over they can be rolled back; afterwards they can't, and a rollback says so by a warning, as MySQL does
 * for tables without transactions. One transaction can't write both to such tables and to others: nothing
 * could make the two halves one.
 */
import { Batch } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import type { TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { TableStorage } from '../spi/storage.js'
import { run, type Steps } from './steps.js'
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
}

export class TableDriverWrites {
  private readonly pending: PendingOperation[] = []
  private readonly movedCounters = new Set<number>()
  private heldRows = 0
  private handedOver = 0
  private rowsHandedOver = 0
  /** Where rows were handed over to. */
  private writtenStorage: TableStorage | undefined
  private lastStatement: StatementContext | undefined

  constructor(private readonly transaction: CoreTransaction) {}

  get isPending(): boolean {
    return this.pending.length > 0
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
    return {
      operationCount: this.handedOver + this.pending.length,
      rowCount: last === undefined ? 0 : rowCountOf(last.operation),
      rowsTotal: this.rowsHandedOver + this.heldRows,
    }
  }

  /** Forgets what came after the mark; warns with ER_WARNING_NOT_COMPLETE_ROLLBACK if some of it is written already. */
  rollbackTo(mark: DriverMark | undefined): void {
    const rowsTotal = mark?.rowsTotal ?? 0
    if (this.rowsHandedOver > rowsTotal) {
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
    if (other !== undefined) this.refuseMixed(other.name)
  }

  /** The driver that this transaction writes to. */
  private get participant(): TableStorage | undefined {
    return this.writtenStorage ?? this.pending[0]?.storage
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
    this.writtenStorage ??= operations[0]?.storage
    for (const { storage, table, operation } of operations) {
      const written = this.perform(storage, table, operation)
      if (isPromise(written)) yield written
    }
  }

  private perform(
    storage: TableStorage,
    table: TableDefinition,
    operation: DriverOperation,
  ): MaybePromise<number> {
    const statement = this.transaction.statement ?? this.lastStatement
    if (statement === undefined) throw new Error('invariant: rows are written by statements')
    switch (operation.kind) {
      case 'insert':
        return storage.insert(table, operation.rows, statement)
      case 'delete':
        return storage.delete(table, operation.keys, statement)
      case 'update':
        return storage.update(table, operation.keys, operation.rows, statement)
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
    if (this.transaction.hasKeyspaceWrites) this.refuseMixed(storage.name)
    const other = this.participant
    if (other !== undefined && other !== storage) this.refuseMixed(other.name)
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
