/**
 * # Storage
 *
 * A driver: one configured instance is one engine name (`ENGINE=lmdb`). The loader makes an instance from the
 * plugin's options, the engine calls `start` once before anything else and `stop` once after everything else, and
 * all sessions share it in between. The catalog, not the driver, owns definitions; the driver stores rows.
 *
 * A driver comes in one of two shapes, declared as `capabilities.shape`:
 *
 * - **keyspace** — an ordered map of bytes with snapshots (`KeyspaceStorage`). Core does everything else once for all
 *   such drivers: row and key encoding, secondary indexes, locks, transactions, the commit log, constraints.
 *   Choose it for a row store. `storage-memory` is the one to copy.
 * - **table** — tables that the driver itself understands (`TableStorage`): scans that may take over filters, order
 *   and limits, batches of rows to write, and optionally whole sub-plans (`fragments`). Choose it for column stores,
 *   files, remote servers.
 *
 * Abilities are declared in `capabilities` and never sniffed from the presence of a method, because wrappers hide
 * methods. Every method may answer at once or with a promise; a driver that can answer at once should, because a
 * promise per row costs more than the row.
 *
 * Errors: throw `SqlError`s. Wrap foreign errors once, at the driver's edge: ER_STORAGE_UNAVAILABLE when the store can't
 * be reached, ER_RECORD_FILE_FULL or ER_DISK_FULL when there is no room. Anything else that is thrown counts as a fault.
 *
 * Stability: beta. Suite: `test/conformance/storage`.
 */
import type { Batch } from '../common/batch.js'
import type { SqlError } from '../common/sql-error.js'
import type { ExactValue, MaybePromise, Value } from '../common/value.js'
import type { WriteSet } from '../common/write-set.js'
import type { ScanNode } from '../plan/logical.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { ChangeAnswer, ChangedRows, ChangeValues, DriverChange } from './change.js'
import type { Fragment, FragmentAnswer, FragmentValues } from './fragment.js'
import type { StatementContext } from './statement-context.js'
import type { LockWait, TransactionOptions } from './transaction.js'
import { token, type Token } from './token.js'

export interface StorageCapabilities {
  readonly shape: 'keyspace' | 'table'
  /** Whether rows outlive the process. */
  readonly durable: boolean
  /**
   * `full`: takes part in multi-statement transactions (always for keyspace drivers; table drivers have `begin` for it).
   * `autocommit`: each write stands alone; a transaction that has written elsewhere is refused before it writes here.
   */
  readonly transactions: 'full' | 'autocommit'
  /** Whether `runFragment` exists and takes whole sub-plans. */
  readonly fragments: boolean
  /** Whether rows can be written at all. */
  readonly writable: boolean
  /**
   * For table drivers: whether rows of a table without a primary key have an id by which they can be changed, an unsigned
   * BIGINT that stays with the row. It is scanned as the column behind the table's last one (position `columns.length`), may stand in
   * conditions, and is what `delete` and `update` get as the key. Without it such rows can be read and inserted only.
   */
  readonly rowIds?: boolean
  /** For table drivers: whether `stage` exists, so that several writes can become one. */
  readonly stages?: boolean
  /**
   * For table drivers with stages: whether those have `insertNew`, `find` and `put`, so that INSERT IGNORE, REPLACE and ON DUPLICATE KEY
   * UPDATE look for the duplicates of many rows at once. Without it core looks for those of each row by a scan.
   */
  readonly upserts?: boolean
  /**
   * For table drivers: whether the driver draws AUTO_INCREMENT numbers itself. Rows come with NULL where it shall, and `insert` says which
   * it drew.
   */
  readonly drawsNumbers?: boolean
  /** For table drivers: whether `planChange` and `runChange` exist, so that statements that change rows can be run as a whole. */
  readonly changes?: boolean
  /** Longest key in bytes that a keyspace driver stores; 0 for table drivers. */
  readonly keyBytesMax: number
}

export interface StorageBase {
  /** Engine name, as configured. */
  readonly name: string
  /** One line for SHOW ENGINES. */
  readonly comment: string
  readonly capabilities: StorageCapabilities
  /** Opens files, connects, checks what it finds. Rejects with a SqlError whose one line tells an operator what to do. */
  start(): Promise<void>
  /** Flushes and closes; no calls are under way and none follow. */
  stop(): Promise<void>
}

export type Storage = KeyspaceStorage | TableStorage

/** Multi-injection: every configured storage registers under this token. */
export const Storage: Token<Storage> = token('storage')

export type { WriteSet }

// ── Keyspace drivers ────────────────────────────────────────────────────────────────────────────────────────────

/**
 * An ordered map from (keyspace, key) to a value, all bytes. A keyspace is the rows of a table or the entries of one
 * index; its id is permanent and never reused, and needs no creation: it exists once something was put into it.
 * Keys order as unsigned bytes, shorter first.
 */
export interface KeyspaceStorage extends StorageBase {
  readonly capabilities: StorageCapabilities & { readonly shape: 'keyspace' }

  /**
   * Number of the last commit whose write set is wholly applied, 0 for a new store; valid after `start`. Core replays
   * the commit log from there.
   */
  readonly appliedCommitNumber: number

  /**
   * Applies write sets in the order given, all or nothing for readers: no snapshot taken meanwhile or later sees a
   * part of them. `commitNumber` is the number of the last one and becomes `appliedCommitNumber`. After the call (or its promise),
   * new snapshots see all of it. Idempotent: applying the same sets again leaves the same state. Called by one caller at a time.
   *
   * Durability isn't asked for here: the commit log has it. A durable driver must only come back after a crash in
   * the state of some commit number ≥ that of its last `checkpoint`.
   */
  apply(writeSets: readonly WriteSet[], commitNumber: number): MaybePromise<void>

  /**
   * Set while the driver has no room for more commits (a full disk): core refuses new ones with this error before it logs
   * them, because what is logged must be applied. Those that are logged already still come to `apply`. A driver without it is
   * asked to `apply` until it can, and the sessions wait.
   */
  readonly refusal?: SqlError | undefined

  /** Makes everything applied so far durable; resolves to the commit number that would survive a power cut. */
  checkpoint(): Promise<number>

  /** A stable view of the last applied commit; many may be open. Cheap: taken once per commit and shared. */
  snapshot(): KeyspaceSnapshot

  /**
   * Writes entries straight into keyspaces that no reader knows yet (bulk load, copy, index build): no commit number,
   * not visible through published definitions, need not be sorted. Resolves when they are stored;
   * `checkpoint` makes them durable. The entries must not change before.
   */
  load(keyspace: number, entries: WriteSet): MaybePromise<void>

  /**
   * Only where `load` makes entries durable at once: what a transaction writes need not wait in memory until the commit. Answers a
   * keyspace that nobody uses, to be filled by `load`. When a write set is applied that says so (`ADOPT`), its entries are put into
   * the keyspace of a table, before what follows in the write set; `dropKeyspace` takes it back. After a crash, entries that no commit in the log
   * adopts are nobody's.
   */
  newStage?(): number
  /** Removes the stages that were there when the driver was started and are not adopted: called once, after recovery. */
  dropLostStages?(): Promise<void>

  /** Removes every entry of a keyspace that no definition names any more; may take its time, in the background. */
  dropKeyspace(keyspace: number): Promise<void>

  /**
   * Number of entries and bytes; undefined if unknown. Must be cheap, may be approximate; right after a start it is taken for
   * what is there, and core counts on from it.
   */
  size(keyspace: number): { readonly entries: number; readonly bytes: number } | undefined
}

/** A key range inside one keyspace: `lower` ≤ key < `upper`; undefined means open. */
export interface KeyRange {
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/**
 * Sees one entry. The bytes belong to the driver and are valid only during the call, and only up to the next read of the same
 * storage that it makes itself; copy what you keep. Answers false to stop the scan after this entry. It must not apply anything.
 */
export type EntryVisitor = (
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
) => boolean

/**
 * Sees some neighbouring entries at once. Entry `i` has the key `bytes[start + places[at + 2 * i], start + places[at + 2 * i + 2])` and
 * the value `bytes[start + places[at + 2 * i + 1], start + places[at + 2 * i + 3])`: keys lie one behind the other, and so do
 * values. All of it is valid as long as what an `EntryVisitor` sees. Answers how many of them it takes; if not all `count`, the
 * scan stops behind these.
 */
export type RunVisitor = (
  bytes: Buffer,
  start: number,
  places: Uint16Array,
  at: number,
  count: number,
) => number

/** Keys and bounds are bytes of the caller's, never those that a visitor was shown. */
export interface KeyspaceSnapshot {
  readonly commitNumber: number
  /** Calls the visitor with the entry of exactly this key, if there is one; answers whether there is. */
  get(keyspace: number, key: Uint8Array, visit: EntryVisitor): MaybePromise<boolean>
  /**
   * Visits the entries of a range in key order, or backwards, at most `limit` of them and until the visitor answers
   * false. Answers how many were visited: fewer than `limit` without a stop means that the range is exhausted. Callers
   * scan in slices of about a thousand and resume behind the last key, so the driver need not remember anything. With `visitRun` a
   * driver may show entries that lie side by side to that instead, in a forward scan.
   */
  scan(
    keyspace: number,
    range: KeyRange,
    reverse: boolean,
    limit: number,
    visit: EntryVisitor,
    visitRun?: RunVisitor,
  ): MaybePromise<number>
  /** Number of entries in a range, or undefined if counting isn't cheaper than scanning; may be an estimate. */
  estimate(keyspace: number, range: KeyRange): number | undefined
  release(): void
}

// ── Table drivers ───────────────────────────────────────────────────────────────────────────────────────────────

export interface TableStorage extends StorageBase {
  readonly capabilities: StorageCapabilities & { readonly shape: 'table' }

  /**
   * Creates the table named by its id, or finds that it is there already (DDL is repeated after a crash). Rejects with
   * ER_NOT_SUPPORTED_YET and the like for a definition that it can't store exactly.
   */
  createTable(table: TableDefinition, statement: StatementContext): MaybePromise<void>
  /** Drops a table by its id; no error if it is gone. */
  dropTable(tableId: number): MaybePromise<void>
  /** Changes stored rows from one definition to the next, or rejects: then core copies the table. */
  alterTable?(from: TableDefinition, to: TableDefinition, statement: StatementContext): MaybePromise<void>
  truncateTable(table: TableDefinition, statement: StatementContext): MaybePromise<void>

  /** Asked at plan time, without a promise: which parts of a scan the driver takes over. */
  planScan(table: TableDefinition, request: ScanRequest): ScanAnswer
  /**
   * Runs a scan as it was planned. The cursor yields the requested columns in order. A driver that finds that its table isn't any
   * more as `table` says throws ER_TABLE_DEF_CHANGED, after it let its catalog forget the definition: while no row has
   * left, the statement is planned anew, a few times at most.
   */
  openScan(
    table: TableDefinition,
    request: ScanRequest,
    statement: StatementContext,
    transaction?: DriverTransaction,
  ): MaybePromise<BatchCursor>

  /**
   * Only with `transactions: 'full'`. The driver's part of a transaction: made when a transaction of several statements first
   * touches the driver, or before a single one writes or locks. What is done in it gets it along; what comes without reads the last
   * committed state. Never waits.
   */
  begin?(options: TransactionOptions): DriverTransaction
  /** Which of several stores that commit apart has the table: a transaction writes to one. The driver itself if absent. */
  participantOf?(table: TableDefinition): string

  /**
   * Writes; each call is atomic and durable when it resolves. Answers the number of rows changed. Throws ER_DUP_ENTRY and
   * changes nothing if a unique index would have a key twice, also within `rows`; NULLs are never equal. Core looks
   * for duplicates itself only where the statement has a use for them (IGNORE, REPLACE, ON DUPLICATE KEY UPDATE).
   *
   * Rows of a transaction wait in core until the commit, until they are too many, or until the transaction reads what the driver
   * has; so one statement may come in several calls, and one call may bring the rows of several statements. Where the driver
   * has `stage`, the calls of one statement for one table go there. (A driver with transactions of its own gets them at the end of each
   * statement at the latest.) A transaction writes to one table driver or to keyspace drivers; the second participant is refused
   * before its first write.
   */
  insert(
    table: TableDefinition,
    rows: Batch,
    statement: StatementContext,
    transaction?: DriverTransaction,
  ): MaybePromise<number | InsertedWithNumbers>
  /** Rows are identified by primary key values, `keys` holding the key columns in index order (or by row ids). */
  delete(
    table: TableDefinition,
    keys: Batch,
    statement: StatementContext,
    transaction?: DriverTransaction,
  ): MaybePromise<number>
  update(
    table: TableDefinition,
    keys: Batch,
    rows: Batch,
    statement: StatementContext,
    transaction?: DriverTransaction,
  ): MaybePromise<number>

  /**
   * Only with `capabilities.stages`: a place for several writes to one table that shall be one. Other writes to the table may wait
   * until it is published or discarded; those that wait in vain are refused with ER_LOCK_WAIT_TIMEOUT.
   */
  stage?(table: TableDefinition, statement: StatementContext): MaybePromise<TableStage>

  statistics(table: TableDefinition): MaybePromise<TableStatistics>

  /** OPTIMIZE TABLE: whatever makes reading cheaper, or gives back room. Absent where nothing would. */
  optimizeTable?(table: TableDefinition, statement: StatementContext): MaybePromise<void>
  /** CHECK TABLE: what is wrong with the stored table, a line each. Absent where the driver can't tell. */
  checkTable?(table: TableDefinition, statement: StatementContext): MaybePromise<readonly string[]>

  /**
   * Only with `capabilities.fragments`. Asked at plan time: would you run this whole sub-plan exactly as MySQL would? The answer
   * holds for every value that its parameters may have (see `fragment.ts`).
   */
  planFragment?(fragment: Fragment): FragmentAnswer
  /**
   * Own writes of the transaction have been handed over before. For ER_TABLE_DEF_CHANGED see `openScan`. Undefined: not with these
   * values, or not with what the tables hold by now; core runs it then.
   */
  runFragment?(
    fragment: Fragment,
    statement: StatementContext,
    values: FragmentValues,
    transaction?: DriverTransaction,
  ): MaybePromise<BatchCursor | undefined>

  /**
   * Only with `capabilities.changes`. Asked at plan time: would you run this whole statement exactly as MySQL would? All of its tables have
   * their primary copies in this storage. The answer holds for every value that its parameters may have (see `change.ts`).
   */
  planChange?(change: DriverChange): ChangeAnswer
  /** Undefined: not with these values, and nothing was done; core runs it then. */
  runChange?(
    change: DriverChange,
    statement: StatementContext,
    values: ChangeValues,
    transaction?: DriverTransaction,
  ): MaybePromise<ChangedRows | undefined>
}

/**
 * Writes to one table that no reader sees yet. They see one another: what is unique is so among all of them and the table. One call at a
 * time; after one that failed nothing but `discard` follows.
 */
export interface TableStage {
  /** As the methods of `TableStorage`. */
  insert(rows: Batch, statement: StatementContext): MaybePromise<number>
  delete(keys: Batch, statement: StatementContext): MaybePromise<number>
  update(keys: Batch, rows: Batch, statement: StatementContext): MaybePromise<number>
  /**
   * Only with `capabilities.upserts`. As `insert`, but that a row is left out whose values in a unique index are those of a row of the
   * table, of this stage or before it in the batch. Answers these, ascending.
   */
  insertNew?(rows: Batch, statement: StatementContext): MaybePromise<readonly DuplicateRow[]>
  /**
   * Only with `capabilities.upserts`. The rows, as the table and this stage have them by now, whose values in a unique index are among
   * `keys` (the columns of its parts in their order, no NULLs); `columns` as for scans, in no particular order of rows.
   */
  find?(
    index: IndexDefinition,
    keys: Batch,
    columns: readonly number[],
    statement: StatementContext,
  ): MaybePromise<BatchCursor>
  /** Only with `capabilities.upserts`. Core has seen to it that nothing is there twice thereafter; the driver need not look. */
  put?(changes: RowChanges, statement: StatementContext): MaybePromise<void>
  /** Makes all of it visible and durable at once; a crash on the way leaves all or nothing. Ends the stage if it succeeds. */
  publish(statement: StatementContext): MaybePromise<void>
  /** Forgets it. What has to be cleaned up may take its time. */
  discard(): void
}

/** A row of a batch, and the first of the table's unique indexes in which it is a duplicate. */
export interface DuplicateRow {
  readonly row: number
  readonly index: IndexDefinition
}

/** What is to become of a table's rows; no primary key (or row id) occurs twice. The batches are the receiver's to keep. */
export interface RowChanges {
  /** Rows whose primary keys the table doesn't have. */
  readonly added: Batch
  /** Rows in place of those with the same primary key; of a table whose rows have ids, with the id behind the last column. */
  readonly replaced: Batch
  /** Keys of the rows that go, as for `delete`. */
  readonly gone: Batch
}

/** Only with `capabilities.drawsNumbers`. */
export interface InsertedWithNumbers {
  readonly rowCount: number
  /** The first number that was drawn; 0 for none. */
  readonly generatedId: ExactValue
}

/**
 * A driver's part of one transaction. Calls that answer nothing don't wait: the driver does them in the order in which they came,
 * before whatever comes next. ER_LOCK_DEADLOCK of a call means that the transaction is rolled back.
 */
export interface DriverTransaction {
  /** A point to go back to; a later one of the same number takes its place. */
  savepoint(number: number): void
  /** Undoes what was written since; the point stays. */
  rollbackTo(number: number): void
  /** Resolves when what was written is durable. The transaction is over either way. */
  commit(): MaybePromise<void>
  /** Resolves when its locks are free, and never rejects. */
  rollback(): MaybePromise<void>
}

/** `exact`: done by the driver, as MySQL would; `partial`: it may leave too much, core checks again; `no`. */
export type PushDown = 'exact' | 'partial' | 'no'

/** A condition in a form that drivers without an expression compiler understand. */
export interface ColumnCondition {
  /** Position in the table's columns. */
  readonly column: number
  readonly operator: '=' | '<=>' | '<' | '<=' | '>' | '>=' | '<>' | 'in' | 'is null' | 'is not null'
  /** Values in the column's own type; one for comparisons, several for `in`, none for the null tests. */
  readonly values: readonly Value[]
}

export interface ScanRequest {
  /** Columns wanted, as positions in the table's columns; the order of the answer. */
  readonly columns: readonly number[]
  /** All must hold. */
  readonly conditions: readonly ColumnCondition[]
  readonly order: readonly { readonly column: number; readonly descending: boolean }[]
  /** Undefined for all. Counts rows after conditions. */
  readonly limit: number | undefined
  /** Only for drivers of fragments: a condition that only some of the rows pass, which core checks again. The driver leaves out what it can. */
  readonly planned?: PlannedFilter | undefined
  /** Rows that are read are locked as by SELECT … FOR UPDATE or FOR SHARE. Of no concern to drivers without transactions. */
  readonly lock?: 'share' | 'exclusive'
  readonly lockWait?: LockWait
}

/** A filter as it was planned: `node.filter`, over the columns that `node.output` gives to `node.columns`. */
export interface PlannedFilter {
  readonly node: ScanNode
  readonly values: FragmentValues
}

export interface ScanAnswer {
  readonly conditions: readonly PushDown[]
  readonly order: 'exact' | 'no'
  readonly limit: PushDown
  /** Estimates for the optimizer: rows that the scan yields, and cost in units of one row read from memory. */
  readonly rows: number
  readonly cost: number
}

/**
 * Yields batches until undefined. Pull-based: the driver does nothing between two calls that can't be dropped.
 *
 * Core never leaves a `next` that is under way: a driver that waits for somebody else listens to `statement.signal`, gives up, and
 * throws what `statement.checkKilled()` throws. Errors of `next` end the statement, and `close` still follows.
 */
export interface BatchCursor {
  /** The batch is valid until the next call. */
  next(): MaybePromise<Batch | undefined>
  /** Called once, also after an error or before the end; frees everything. */
  close(): MaybePromise<void>
}

export interface TableStatistics {
  readonly rows: number
  readonly bytes: number
  /** What the rows would take without compression, if that is known. */
  readonly uncompressedBytes?: number
  /** Distinct values per column position, where known. */
  readonly cardinality: readonly (number | undefined)[]
}

export function isTableStorage(storage: Storage): storage is TableStorage {
  return storage.capabilities.shape === 'table'
}

export function isKeyspaceStorage(storage: Storage): storage is KeyspaceStorage {
  return storage.capabilities.shape === 'keyspace'
}
