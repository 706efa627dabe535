/**
 * Transactions as the executor and the engine see them. `core/transaction` implements these over keyspace drivers;
 * for table drivers it adapts what the driver offers. One `Transaction` belongs to one session and is used by one
 * statement at a time.
 *
 * Plain reads see the transaction's snapshot plus its own writes. Locking reads, UPDATE and DELETE lock a row, then
 * read its latest committed version (MySQL manual 17.7.2).
 */
import type { Batch } from '../common/batch.js'
import type { Evaluator } from '../common/evaluation.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { BytesVector, Vector } from '../common/vector.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import type {
  BatchCursor,
  DriverTransaction,
  DuplicateRow,
  PlannedFilter,
  ScanRequest,
  TableStorage,
} from './storage.js'
import type { StatementContext } from './statement-context.js'

export type IsolationLevel = 'READ UNCOMMITTED' | 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE'

export interface TransactionOptions {
  readonly isolation: IsolationLevel
  readonly readOnly: boolean
  /** True for a statement outside BEGIN with autocommit on: its end is the transaction's end. */
  readonly autocommit: boolean
  /** START TRANSACTION WITH CONSISTENT SNAPSHOT takes the snapshot at once, otherwise the first read does. */
  readonly consistentSnapshot: boolean
  readonly lockWaitTimeoutMs: number
  readonly connectionId: number
  /** Microseconds since 1970, if a clock has just been read. */
  readonly startedAtMicros?: number | undefined
}

export interface TransactionManager {
  begin(options: TransactionOptions): Transaction
  /** Number of the last commit that new snapshots see. */
  readonly commitNumber: number
  /** Rows of INFORMATION_SCHEMA.INNODB_TRX and the like. */
  activeTransactions(): readonly TransactionInfo[]
}

export interface TransactionInfo {
  readonly id: number
  readonly connectionId: number
  readonly startedAtMicros: number
  readonly rowsLocked: number
  readonly bytesWritten: number
  readonly waiting: boolean
}

export interface Transaction {
  readonly id: number
  readonly options: TransactionOptions
  /** Whether anything was written and not rolled back. */
  readonly hasWrites: boolean
  /** How plain reads of this statement see tables. With READ COMMITTED each call of `beginStatement` renews the snapshot. */
  beginStatement(statement: StatementContext): void
  /** Ends the statement; with `keep` false everything it wrote is undone (its row locks stay, as in InnoDB). */
  endStatement(keep: boolean): void
  table(table: TableDefinition): TableAccess
  /**
   * Hands the rows that table drivers get only at the commit over to them now, so that what such a driver runs by itself (a
   * fragment) sees them. From then on they can't be rolled back.
   */
  handOverWrites(): MaybePromise<void>
  /**
   * A driver's own part of this transaction, for drivers that have one; made if it is needed. What a single statement reads needs none
   * (`reads`) unless it locks or writes there (`writes`).
   */
  driverTransaction(storage: TableStorage, use: 'reads' | 'writes'): DriverTransaction | undefined
  /**
   * Has a table driver change rows by itself as a part of this transaction; `change` answers how many rows it changed. Throws what a write to
   * the table throws.
   */
  changeByDriver(
    storage: TableStorage,
    table: TableDefinition,
    change: (own: DriverTransaction | undefined) => MaybePromise<number>,
  ): MaybePromise<void>
  savepoint(name: string): void
  /** Throws ER_SP_DOES_NOT_EXIST ("SAVEPOINT x does not exist"). */
  rollbackToSavepoint(name: string): void
  releaseSavepoint(name: string): void
  /** Resolves when the commit is on disk (or at once if nothing was written). The transaction is over either way. */
  commit(): MaybePromise<void>
  rollback(): void
}

export type LockMode = 'none' | 'share' | 'exclusive'
/** `skip` leaves out rows that are locked, `nowait` throws ER_LOCK_NOWAIT. */
export type LockWait = 'wait' | 'nowait' | 'skip'

/**
 * A contiguous part of an index. Bounds are values of a prefix of the index's parts, each in its column's own
 * type; `undefined` leaves that side open. A bound that has fewer parts than the index covers every continuation of it: with
 * `lowerInclusive` the range starts before the first entry with that prefix, without it behind the last.
 * NULL sorts before everything (after everything for a descending part).
 */
export interface IndexRange {
  readonly lower: readonly Value[] | undefined
  readonly lowerInclusive: boolean
  readonly upper: readonly Value[] | undefined
  readonly upperInclusive: boolean
}

export const FULL_RANGE: IndexRange = Object.freeze({
  lower: undefined,
  lowerInclusive: true,
  upper: undefined,
  upperInclusive: true,
})

/** A condition evaluated while rows are decoded, before the columns that it doesn't need are. */
export interface ScanFilter {
  /** Positions within the request's `columns` that the condition reads. */
  readonly columns: readonly number[]
  /** Reads a batch laid out as the request's `columns`; a row stays if the value is neither NULL nor 0. */
  readonly condition: Evaluator
}

export interface TableScan {
  /** The index to walk; undefined walks the rows in the order of their primary (or hidden) key. */
  readonly index: IndexDefinition | undefined
  /** Disjoint and ascending. */
  readonly ranges: readonly IndexRange[]
  readonly reverse: boolean
  /** Columns wanted, as positions in the table's columns; the order of the answer. */
  readonly columns: readonly number[]
  readonly filter: ScanFilter | undefined
  readonly lock: LockMode
  readonly lockWait: LockWait
  /** Stop after so many rows (after the filter); undefined for all. */
  readonly limit: number | undefined
  /** Whether `RowCursor.rowKey` is wanted. */
  readonly wantRowKeys: boolean
  /** What a table driver may be told of the filter. */
  readonly planned?: PlannedFilter | undefined
  /** An empty batch of the columns' types that the cursor may fill, again and again, until it is closed; saves making one. */
  readonly output?: Batch | undefined
  /** Where the rows' identities go if `output` is filled, in place of `RowCursor.rowKey`. */
  readonly keyOutput?: BytesVector | undefined
}

/** A cursor over rows of one table. */
export interface RowCursor extends BatchCursor {
  /**
   * Identity of row `row` of the batch that `next` gave last; only with `wantRowKeys`, and unless `keyOutput` has them. The bytes are the
   * caller's to keep.
   */
  rowKey(row: number): Uint8Array
}

/** Identity of a row: bytes, or what an outcome of the same statement named. */
export type RowKey = Uint8Array | KnownRow

/** A row that was looked for ahead; what it is only its `TableAccess` knows. */
export interface KnownRow {
  readonly isKnownRow: true
}

/** Rows of one table that get other values: row for row of some vectors. */
export interface RowUpdates {
  /** Rows that change, as places in the vectors, ascending; only the first `count` mean something. */
  readonly rows: Uint32Array
  readonly count: number
  /** Identities, as for `update`. */
  readonly rowKeys: BytesVector
  /** All columns of the table as they are now, … */
  readonly before: readonly Vector[]
  /** … and as they will be: the same vectors where nothing is written. */
  readonly after: readonly Vector[]
  /** Positions of the other ones. */
  readonly written: readonly number[]
}

/** What became of a row that should be inserted. */
export type InsertOutcome =
  | { readonly kind: 'inserted' }
  /** A unique index already has these values; the row that has them is locked exclusively now. */
  | { readonly kind: 'duplicate'; readonly index: IndexDefinition; readonly rowKey: RowKey }

/** One table within one transaction. */
export interface TableAccess {
  readonly table: TableDefinition
  /** Whether foreign keys of tables refer to it, and are checked: a row that is deleted and comes back is not the same to them. */
  readonly isReferenced: boolean
  /**
   * Point lookup: appends to `output` (laid out as `columns`) the rows whose index parts equal `key`, which
   * names a prefix of the index (undefined index: the primary key). Answers how many. For a unique index with a full key that
   * holds no NULL it is at most one. No locks.
   */
  lookup(
    index: IndexDefinition | undefined,
    key: readonly Value[],
    columns: readonly number[],
    output: Batch,
  ): MaybePromise<number>
  scan(scan: TableScan): RowCursor
  /** Scan of a table driver with conditions, order and limit handed down as planned. */
  foreignScan(request: ScanRequest): MaybePromise<BatchCursor>
  /** Reads one row again by its identity: its latest version if it is locked by us. Answers false if it is gone. */
  fetch(rowKey: RowKey, columns: readonly number[], output: Batch): MaybePromise<boolean>
  /**
   * Inserts a row given in the order of the table's columns, in the columns' own types, complete and checked by the
   * caller (NOT NULL, CHECK, generated columns, AUTO_INCREMENT). Foreign keys and unique indexes are checked here.
   * With `onDuplicate` 'throw' a duplicate is ER_DUP_ENTRY.
   */
  insert(row: readonly Value[], onDuplicate: 'throw' | 'report'): MaybePromise<InsertOutcome>
  /**
   * As `insert`, for the rows of a batch laid out as the table from row `start` on. Answers where it stopped: behind the last row, or
   * at a row that `insert` must be asked for alone. A row that is a duplicate is such a row with 'report', an error with 'throw'.
   */
  insertRows(rows: Batch, start: number, onDuplicate: 'throw' | 'report'): MaybePromise<number>
  /** Whether `lookAhead` spares work: duplicates are reported of rows that were named before. */
  readonly looksAhead: boolean
  /**
   * Only with `looksAhead`. Looks for the duplicates of all these rows at once, before `insert` is asked to report those of each; `wantsRows`
   * if `fetch` will be asked for rows that are found. What was named before is forgotten. `updated`, of a table with a primary key, are rows that
   * `update` will be asked to make these.
   */
  lookAhead(
    rows: readonly (readonly Value[])[],
    wantsRows: boolean,
    updated?: readonly RowKey[],
  ): MaybePromise<void>
  /**
   * Only with `looksAhead`. As `insert` with 'report' for all rows of a batch, of which it answers the duplicates. Nothing else may be asked
   * until then, nor may the batch change.
   */
  insertNew(rows: Batch): MaybePromise<readonly DuplicateRow[]>
  /** The statement will insert many rows and do nothing else, nor read what it has inserted: so this need not stay at hand. */
  expectInserts?(): void
  /** Replaces a row that the caller has locked; unique and foreign keys are checked, cascades are done. Same outcome rule as insert. */
  update(rowKey: RowKey, row: readonly Value[], onDuplicate: 'throw' | 'report'): MaybePromise<InsertOutcome>
  /**
   * As `update` with 'throw' for the rows of `changes` from number `start` on, which were read under their locks, keep their primary keys, and come
   * once. Answers the number where it stopped: behind the last one, or at a row that `update` must be asked for alone.
   */
  updateRows(changes: RowUpdates, start: number): number
  /** Deletes a row that the caller has locked; foreign keys are checked, cascades are done. */
  delete(rowKey: RowKey): MaybePromise<void>
  /** As `delete` for rows from number `start` on; answers as `updateRows`. */
  deleteRows(rowKeys: BytesVector, start: number): number
  /** Whether the table's driver draws AUTO_INCREMENT numbers when it gets the rows, which have NULL there until then. */
  readonly drawsNumbers: boolean
  /** Hands the inserted rows over; answers the first number that the driver drew for them, 0 for none. */
  drawnNumber(): MaybePromise<number | bigint>
  /** Next AUTO_INCREMENT value(s): the first of `count` consecutive ones. Never given twice, never going back. */
  reserveAutoIncrement(count: number): MaybePromise<number | bigint>
  /** Makes sure that later reservations are above `value`. */
  noteAutoIncrement(value: number | bigint): void
  /** Cheap online estimates for the optimizer. */
  statistics(): { readonly rows: number; readonly bytes: number }
  /** Estimated number of index entries in a range (for choosing an index), or undefined. */
  estimateRange(index: IndexDefinition | undefined, range: IndexRange): number | undefined
}
