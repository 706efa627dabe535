/**
 * Changes by a statement that meets duplicates, in a table whose driver looks for many at once. What becomes of its rows is settled among
 * `KeyedRows`, which last as long as the statement; here they are begun when they are needed, and told to learn what they don't know.
 */
import type { Batch } from '../common/batch.js'
import { UNSIGNED_BIGINT_TYPE } from '../common/sql-type.js'
import { isPromise, type MaybePromise, type Value } from '../common/value.js'
import { duplicateEntry } from '../spi/duplicate-entry.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { DuplicateRow } from '../spi/storage.js'
import type { InsertOutcome } from '../spi/transaction.js'
import type { DriverTable } from './driver-table.js'
import { INSERTED, KeyedRows, type KeyedRow } from './keyed-rows.js'
import { run, settled, type Steps } from './steps.js'
import type { TableDriverWrites } from './table-driver-writes.js'

export class KeyedChanges {
  /** Whose rows are known. */
  private statement: StatementContext | undefined

  constructor(
    private readonly driverTable: DriverTable,
    private readonly writes: TableDriverWrites,
  ) {}

  /** Looks for the rows that have a key of these, and for those that have these row keys. */
  lookAhead(
    rows: readonly (readonly Value[])[],
    wantsRows: boolean,
    rowKeys: readonly Uint8Array[],
  ): MaybePromise<void> {
    const keys = rowKeys.map((rowKey) => this.keyOnly(rowKey))
    return run(this.lookUp([...keys, ...rows], wantsRows))
  }

  private *lookUp(rows: readonly (readonly Value[])[], wantsRows: boolean): Steps<void> {
    yield* (yield* this.begunRows()).lookUp(rows, wantsRows, this.driverTable.statement)
  }

  insert(row: readonly Value[]): MaybePromise<InsertOutcome> {
    return this.change(row, (keyed) => keyed.insert(row))
  }

  /** Rows whose duplicates the driver leaves out. */
  insertNew(rows: Batch): MaybePromise<readonly DuplicateRow[]> {
    return run(this.insertAllNew(rows))
  }

  private *insertAllNew(rows: Batch): Steps<readonly DuplicateRow[]> {
    const keyed = yield* this.begunRows()
    this.writes.noteKeyedChange(rows.rowCount)
    return yield* keyed.insertNew(rows, this.driverTable.statement)
  }

  update(
    known: KeyedRow,
    row: readonly Value[],
    onDuplicate: 'throw' | 'report',
  ): MaybePromise<InsertOutcome> {
    const check = (outcome: InsertOutcome): InsertOutcome => {
      if (outcome.kind === 'inserted' || onDuplicate === 'report') return outcome
      const { table, statement } = this.driverTable
      throw duplicateEntry(table, outcome.index, row, statement.evaluation)
    }
    const outcome = this.change(row, (keyed) => keyed.update(known, row))
    return isPromise(outcome) ? outcome.then(check) : check(outcome)
  }

  /** As `update`, for a row that is known by its key. It is as it was found: a statement changes no row twice. */
  updateFound(rowKey: Uint8Array, row: readonly Value[]): MaybePromise<InsertOutcome> {
    return run(this.findAndUpdate(rowKey, row))
  }

  private *findAndUpdate(rowKey: Uint8Array, row: readonly Value[]): Steps<InsertOutcome> {
    const before = this.keyOnly(rowKey)
    const keyed = yield* this.begunRows()
    if (keyed.found(before) === undefined) yield* keyed.learn([before], false, this.driverTable.statement)
    const known = keyed.found(before)
    // Somebody has deleted it since it was read.
    if (known === undefined) return INSERTED
    const outcome = this.change(row, (rows) => rows.update(known, row))
    return isPromise(outcome) ? yield* settled(outcome) : outcome
  }

  delete(known: KeyedRow): void {
    this.knownRows.delete(known)
    this.writes.noteKeyedChange()
  }

  /** Appends the row's columns; false if it is gone. */
  read(known: KeyedRow, columns: readonly number[], output: Batch): boolean {
    return this.knownRows.read(known, columns, output)
  }

  // ── The rows ────────────────────────────────────────────────────────────────────────────────────────────────

  private get knownRows(): KeyedRows {
    const keyed = this.writes.keyedRows(this.driverTable.table)
    if (keyed === undefined) throw new Error('invariant: rows are known while their statement runs')
    return keyed
  }

  private *begunRows(): Steps<KeyedRows> {
    const { driverTable, writes } = this
    const { storage, table, statement } = driverTable
    const present = writes.keyedRows(table)
    // Another statement's may not be undone with this one's.
    if (present !== undefined && this.statement === statement) return present
    const keyed = yield* writes.beginKeyed(
      storage,
      table,
      (stage) => new KeyedRows(table, stage, UNSIGNED_BIGINT_TYPE),
    )
    this.statement = statement
    return keyed
  }

  /** What `change` doesn't know is looked for. */
  private change(
    row: readonly Value[],
    change: (keyed: KeyedRows) => InsertOutcome | undefined,
  ): MaybePromise<InsertOutcome> {
    const { table, statement } = this.driverTable
    const keyed = this.statement === statement ? this.writes.keyedRows(table) : undefined
    const outcome = keyed && change(keyed)
    if (outcome === undefined) return run(this.learnAndChange(row, change))
    if (outcome.kind === 'inserted') this.writes.noteKeyedChange()
    return outcome
  }

  private *learnAndChange(
    row: readonly Value[],
    change: (keyed: KeyedRows) => InsertOutcome | undefined,
  ): Steps<InsertOutcome> {
    const keyed = yield* this.begunRows()
    yield* keyed.learn([row], true, this.driverTable.statement)
    const outcome = change(keyed)
    if (outcome === undefined) throw new Error('invariant: what was looked for is known')
    if (outcome.kind === 'inserted') this.writes.noteKeyedChange()
    return outcome
  }

  /** A row that has nothing but its primary key. */
  private keyOnly(rowKey: Uint8Array): Value[] {
    const { table, rowKeys } = this.driverTable
    const row = new Array<Value>(table.columns.length).fill(null)
    const key = rowKeys.decode(rowKey)
    rowKeys.columns.forEach((column, i) => {
      row[column] = key[i] ?? null
    })
    return row
  }
}
