/**
 * What a transaction writes to tables of table drivers. Most such drivers commit each call by itself, so rows are collected and
 * handed over at the commit, or before the transaction reads such a table, or when they become too many. Until they
 * are handed over they can be rolled back; afterwards they can't, and a rollback says so by a warning, as MySQL does
 * for tables without transactions. A driver with transactions of its own gets the rows when the statement ends, and is told of points
 * to go back to. One transaction can't write both to such tables and to others: nothing could make the two halves one.
 *
 * A driver that has stages gets too many rows there, so that a statement stays one for readers, for a rollback and for a
 * crash, however long it is. A stage holds what one statement writes to one table, or what a transaction hands over at its end.
 */
import { Batch } from '../common/batch.js'
import { sqlError } from '../common/sql-error.js'
import { isPromise, type ExactValue, type MaybePromise, type Value } from '../common/value.js'
import type { TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { DriverTransaction, InsertedWithNumbers, TableStage, TableStorage } from '../spi/storage.js'
import type { KeyedRows } from './keyed-rows.js'
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
  /** Stages that were ever begun. */
  readonly stageCount: number
}

export class TableDriverWrites {
  private readonly pending: PendingOperation[] = []
  private readonly movedCounters = new Set<number>()
  private heldRows = 0
  /** Operations that are pending no more. */
  private handedOver = 0
  /** Rows of those that can't be taken back. */
  private rowsHandedOver = 0
  /** By the ids of their tables. */
  private readonly stages = new Map<number, TableStage>()
  private rowsStaged = 0
  private stageCount = 0
  /** What statements that look for duplicates know of tables; each has a stage. */
  private readonly keyed = new Map<number, KeyedRows>()
  /** A stage writes while the statement collects more rows; the next write waits for it, and hears of its error. */
  private staging: Promise<unknown> | undefined
  /** The last place to which could be rolled back: what is pending before it is another statement's. */
  private lastMark: DriverMark | undefined
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
    return this.pending.length > 0 || this.stages.size > 0
  }

  /** Whether the driver doesn't show all that was written to the table. */
  isPendingFor({ id }: TableDefinition): boolean {
    return this.stages.has(id) || this.pending.some(({ table }) => table.id === id)
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

  /** The rows of a batch from `start` to `end`. */
  insertRows(
    storage: TableStorage,
    table: TableDefinition,
    rows: Batch,
    start: number,
    end = rows.rowCount,
  ): MaybePromise<void> {
    if (end === start) return
    const operation = this.operationFor(storage, table, 'insert', () => ({
      kind: 'insert',
      rows: batchOf(table),
    }))
    if (start === 0 && end === rows.rowCount) operation.rows.pushAll(rows)
    else for (let row = start; row < end; row++) operation.rows.pushFrom(rows, row)
    return this.held(end - start)
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

  /** A change that the driver finds the rows of itself: behind everything else that was written. */
  change(
    storage: TableStorage,
    table: TableDefinition,
    work: (own: DriverTransaction | undefined) => MaybePromise<number>,
  ): MaybePromise<void> {
    this.check(storage, table)
    return run(this.changeInTurn(storage, table, work))
  }

  private *changeInTurn(
    storage: TableStorage,
    table: TableDefinition,
    work: (own: DriverTransaction | undefined) => MaybePromise<number>,
  ): Steps<void> {
    if (this.isPending) yield* this.handOver()
    this.noteWritten(storage, table)
    this.handedOver++
    const changed = work(this.nextCall(storage))
    this.rowsHandedOver += isPromise(changed) ? yield* settled(changed) : changed
  }

  /** What is known of the table's rows, as long as that is so. */
  keyedRows({ id }: TableDefinition): KeyedRows | undefined {
    return this.keyed.get(id)
  }

  /** Begins a stage for a statement that looks for duplicates. */
  *beginKeyed(
    storage: TableStorage,
    table: TableDefinition,
    rowsOf: (stage: TableStage) => KeyedRows,
  ): Steps<KeyedRows> {
    this.check(storage, table)
    // What came before stands, whatever becomes of this statement.
    if (this.stages.size > 0 || this.isPendingFor(table)) yield* this.handOver()
    this.noteWritten(storage, table)
    const rows = rowsOf(yield* this.openStage(storage, table))
    this.keyed.set(table.id, rows)
    return rows
  }

  noteKeyedChange(count = 1): void {
    this.rowsStaged += count
  }

  mark(): DriverMark {
    const last = this.pending[this.pending.length - 1]
    this.isMarked = true
    this.lastMark = {
      calls: this.calls,
      stageCount: this.stageCount,
      operationCount: this.handedOver + this.pending.length,
      rowCount: last === undefined ? 0 : rowCountOf(last.operation),
      rowsTotal: this.rowsHandedOver + this.rowsStaged + this.heldRows,
    }
    return this.lastMark
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
    // A stage is one statement's: it is younger than the mark, or it stays.
    const isStageYounger = this.stageCount > (mark?.stageCount ?? 0)
    if (isStageYounger || this.rowsHandedOver + this.rowsStaged > rowsTotal) this.discardStages()
    const kept = (mark?.operationCount ?? 0) - this.handedOver
    this.pending.length = Math.min(this.pending.length, Math.max(kept, 0))
    const last = this.pending[this.pending.length - 1]
    if (last !== undefined && mark !== undefined) truncate(last.operation, mark.rowCount)
    this.heldRows = rowsOf(this.pending)
    this.lastMark = mark
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
    if (this.keyed.size > 0) return this.writtenParticipant
    const [first] = this.pending
    return first && participantOf(first.storage, first.table)
  }

  private *handOver(): Steps<void> {
    const operations = this.takePending()
    try {
      const persisted = this.persistCounters()
      if (isPromise(persisted)) yield persisted
      for (const rows of this.keyed.values()) yield* rows.put(this.currentStatement)
      this.keyed.clear()
      for (const each of operations) {
        const { id } = each.table
        // Several operations of one table are one, too.
        const isShared = operations.some((other) => other !== each && other.table.id === id)
        if (this.stages.has(id) || (isShared && each.storage.stage !== undefined)) yield* this.stageOne(each)
        else {
          const written = this.perform(each)
          const answer = isPromise(written) ? yield* settled(written) : written
          if (typeof answer === 'object' && this.drawnNumber === 0) this.drawnNumber = answer.generatedId
          this.rowsHandedOver += rowCountOf(each.operation)
        }
      }
      yield* this.publishStages()
    } finally {
      this.discardStages()
    }
  }

  /** There are too many rows to hold them back. */
  private *spill(): Steps<void> {
    const { lastMark } = this
    if (this.pending.some(({ storage }) => storage.stage === undefined)) return yield* this.handOver()
    if (lastMark !== undefined && lastMark.rowsTotal > this.rowsHandedOver)
      yield* this.handOverOlder(lastMark)
    for (const each of this.takePending()) yield* this.stageOne(each)
  }

  /** What came before the mark isn't this statement's: it must not be undone with it. */
  private *handOverOlder(mark: DriverMark): Steps<void> {
    const olderCount = Math.max(mark.operationCount - this.handedOver, 0)
    const younger = this.pending.splice(olderCount)
    const last = this.pending[this.pending.length - 1]
    if (last !== undefined && rowCountOf(last.operation) > mark.rowCount) {
      younger.unshift({ ...last, operation: operationTail(last.operation, mark.rowCount) })
      truncate(last.operation, mark.rowCount)
    }
    yield* this.handOver()
    this.pending.push(...younger)
    this.heldRows = rowsOf(younger)
  }

  private takePending(): readonly PendingOperation[] {
    const operations = this.pending.splice(0)
    this.handedOver += operations.length
    this.heldRows = 0
    const [first] = operations
    if (first !== undefined) this.noteWritten(first.storage, first.table)
    return operations
  }

  private noteWritten(storage: TableStorage, table: TableDefinition): void {
    if (this.writtenStorage !== undefined) return
    this.writtenStorage = storage
    this.writtenParticipant = participantOf(storage, table)
  }

  /** Counters before rows: a crash in between may leave a gap, but never gives a number twice. */
  private persistCounters(): MaybePromise<void> {
    if (this.movedCounters.size === 0) return
    const persisted = this.transaction.persistCounters([...this.movedCounters])
    this.movedCounters.clear()
    return persisted
  }

  private *stageOne(pending: PendingOperation): Steps<void> {
    const { storage, table, operation } = pending
    const statement = this.currentStatement
    yield* this.stagingDone()
    const keyed = this.keyed.get(table.id)
    this.keyed.delete(table.id)
    if (keyed !== undefined) yield* keyed.put(statement)
    const stage = this.stages.get(table.id) ?? (yield* this.openStage(storage, table))
    this.rowsStaged += rowCountOf(operation)
    const written = stageOperation(stage, operation, statement)
    if (!isPromise(written)) return
    written.catch(() => undefined)
    this.staging = written
  }

  private *openStage(storage: TableStorage, table: TableDefinition): Steps<TableStage> {
    const made = storage.stage?.(table, this.currentStatement)
    const stage = isPromise(made) ? yield* settled(made) : made
    if (stage === undefined) throw new Error('invariant: what stages has stage()')
    // Its session may have ended while others wrote.
    if (this.transaction.isOver) {
      stage.discard()
      throw sqlError('ER_QUERY_INTERRUPTED')
    }
    this.stages.set(table.id, stage)
    this.stageCount++
    return stage
  }

  private *stagingDone(): Steps<void> {
    const { staging } = this
    this.staging = undefined
    if (staging !== undefined) yield staging
  }

  private *publishStages(): Steps<void> {
    yield* this.stagingDone()
    for (const [id, stage] of this.stages) {
      const published = stage.publish(this.currentStatement)
      if (isPromise(published)) yield published
      this.stages.delete(id)
    }
    this.rowsHandedOver += this.rowsStaged
    this.rowsStaged = 0
  }

  private discardStages(): void {
    for (const stage of this.stages.values()) stage.discard()
    this.stages.clear()
    this.keyed.clear()
    this.staging = undefined
    this.rowsStaged = 0
  }

  private get currentStatement(): StatementContext {
    const statement = this.transaction.statement ?? this.lastStatement
    if (statement === undefined) throw new Error('invariant: rows are written by statements')
    return statement
  }

  private perform({
    storage,
    table,
    operation,
  }: PendingOperation): MaybePromise<number | InsertedWithNumbers> {
    const statement = this.currentStatement
    const own = this.nextCall(storage)
    switch (operation.kind) {
      case 'insert':
        return storage.insert(table, operation.rows, statement, own)
      case 'delete':
        return storage.delete(table, operation.keys, statement, own)
      case 'update':
        return storage.update(table, operation.keys, operation.rows, statement, own)
    }
  }

  /** The driver's own transaction, told that there may be a way back to before the call that follows. */
  private nextCall(storage: TableStorage): DriverTransaction | undefined {
    const own = this.transaction.driverTransaction(storage, 'writes')
    if (own === undefined) return undefined
    // A statement that is a transaction is undone with it.
    if (this.isMarked && !this.transaction.options.autocommit) own.savepoint(this.calls)
    this.isMarked = false
    this.calls++
    return own
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

  private held(count = 1): MaybePromise<void> {
    this.heldRows += count
    if (this.heldRows >= ROWS_HELD_MAX) return run(this.spill())
  }
}

function stageOperation(
  stage: TableStage,
  operation: DriverOperation,
  statement: StatementContext,
): MaybePromise<number> {
  switch (operation.kind) {
    case 'insert':
      return stage.insert(operation.rows, statement)
    case 'delete':
      return stage.delete(operation.keys, statement)
    case 'update':
      return stage.update(operation.keys, operation.rows, statement)
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

function rowsOf(operations: readonly PendingOperation[]): number {
  return operations.reduce((sum, { operation }) => sum + rowCountOf(operation), 0)
}

function truncate(operation: DriverOperation, rowCount: number): void {
  if (operation.kind !== 'delete') operation.rows.truncate(rowCount)
  if (operation.kind !== 'insert') operation.keys.truncate(rowCount)
}

/** The rows from `start` on. */
function operationTail(operation: DriverOperation, start: number): DriverOperation {
  switch (operation.kind) {
    case 'insert':
      return { kind: 'insert', rows: batchTail(operation.rows, start) }
    case 'delete':
      return { kind: 'delete', keys: batchTail(operation.keys, start) }
    case 'update':
      return {
        kind: 'update',
        keys: batchTail(operation.keys, start),
        rows: batchTail(operation.rows, start),
      }
  }
}

function batchTail(batch: Batch, start: number): Batch {
  const tail = Batch.ofTypes(batch.columns.map((column) => column.type))
  for (let row = start; row < batch.rowCount; row++) tail.pushFrom(batch, row)
  return tail
}
