/**
 * A table of a table driver within a transaction. The driver scans and writes; here its answers are fitted to `TableAccess`:
 * what it doesn't do exactly is checked again, rows are known by their primary keys.
 */
import { Batch } from '../common/batch.js'
import { ByteBuffer, compareBytes } from '../common/bytes.js'
import { compileKeyEncoder, type EncodedRange, type KeyEncoder } from '../common/key-codec.js'
import { compileRowDecoder, compileRowEncoder, type RowColumn, type RowSchema } from '../common/row-codec.js'
import { sqlError } from '../common/sql-error.js'
import { UNSIGNED_BIGINT_TYPE } from '../common/sql-type.js'
import { isPromise, type ExactValue, type MaybePromise, type Value } from '../common/value.js'
import type { BytesVector, Vector } from '../common/vector.js'
import { primaryKeyOf, type IndexDefinition, type TableDefinition } from '../plan/schema.js'
import { duplicateEntry } from '../spi/duplicate-entry.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { BatchCursor, ColumnCondition, DuplicateRow, ScanRequest, TableStorage } from '../spi/storage.js'
import type {
  IndexRange,
  InsertOutcome,
  RowUpdates,
  RowCursor,
  RowKey,
  TableAccess,
  TableScan,
} from '../spi/transaction.js'
import { drainInto } from './drain-cursor.js'
import { KeyedRow, KeyedRows } from './keyed-rows.js'
import { run, settled, type Steps } from './steps.js'
import type { TableDriverWrites } from './table-driver-writes.js'
import type { CoreTransaction } from './transaction.js'

const keyBuffer = new ByteBuffer()
const INSERTED: InsertOutcome = Object.freeze({ kind: 'inserted' })

export class TableDriverAccess implements TableAccess {
  /** Core keeps no foreign keys for drivers of tables. */
  readonly isReferenced = false

  constructor(
    private readonly transaction: CoreTransaction,
    private readonly writes: TableDriverWrites,
    readonly table: TableDefinition,
    private readonly storage: TableStorage,
  ) {}

  lookup(
    index: IndexDefinition | undefined,
    key: readonly Value[],
    columns: readonly number[],
    output: Batch,
  ): MaybePromise<number> {
    const cursor = this.scan(pointScan(index, key, columns))
    return readAndClose(cursor, () => drainInto(output, cursor))
  }

  get drawsNumbers(): boolean {
    return this.storage.capabilities.drawsNumbers === true
  }

  drawnNumber(): MaybePromise<ExactValue> {
    const flushed = this.writes.flush()
    return isPromise(flushed)
      ? flushed.then(() => this.writes.takeDrawnNumber())
      : this.writes.takeDrawnNumber()
  }

  /** Rows come in the driver's order: plans sort what comes from a table driver. Locks exist where the driver has transactions. */
  scan(scan: TableScan): RowCursor {
    return new DriverScanCursor(this, scan)
  }

  foreignScan(request: ScanRequest): MaybePromise<BatchCursor> {
    const open = (): MaybePromise<BatchCursor> => {
      const use = request.lock === undefined ? 'reads' : 'writes'
      const own = this.transaction.driverTransaction(this.storage, use)
      return this.storage.openScan(this.table, request, this.statement, own)
    }
    if (!this.writes.isPendingFor(this.table)) return open()
    const flushed = this.writes.flush()
    return isPromise(flushed) ? flushed.then(open) : open()
  }

  fetch(rowKey: RowKey, columns: readonly number[], output: Batch): MaybePromise<boolean> {
    if (rowKey instanceof KeyedRow) return this.knownRows.read(rowKey, columns, output)
    const key = this.rowKeys.decode(bytesOf(rowKey))
    const primaryKey = primaryKeyOf(this.table)
    if (primaryKey === undefined) return run(this.fetchById(key, columns, output))
    const found = this.lookup(primaryKey, key, columns, output)
    return isPromise(found) ? found.then((count) => count > 0) : found > 0
  }

  private *fetchById(
    [rowId = null]: readonly Value[],
    columns: readonly number[],
    output: Batch,
  ): Steps<boolean> {
    const column = this.table.columns.length
    const request: ScanRequest = {
      columns: [...columns, column],
      conditions: [{ column, operator: '=', values: [rowId] }],
      order: [],
      limit: undefined,
    }
    const opened = this.foreignScan(request)
    const cursor = isPromise(opened) ? yield* settled(opened) : opened
    try {
      for (;;) {
        const next = cursor.next()
        const batch = isPromise(next) ? yield* settled(next) : next
        if (batch === undefined) return false
        for (let row = 0; row < batch.rowCount; row++) {
          if (batch.columns[columns.length]?.get(row) !== rowId) continue
          output.pushFrom(batch, row)
          return true
        }
      }
    } finally {
      const closed = cursor.close()
      if (isPromise(closed)) yield closed
    }
  }

  /**
   * The driver refuses duplicates when rows are handed over. Who wants to be told of them has them looked for: ahead, where the driver
   * can, or row by row.
   */
  insert(row: readonly Value[], onDuplicate: 'throw' | 'report'): MaybePromise<InsertOutcome> {
    if (onDuplicate === 'throw') return this.hold(row)
    if (this.looksAhead) return this.changeKeyed(row, (keyed) => keyed.insert(row))
    return run(
      this.unlessDuplicate(
        row,
        () => false,
        () => this.hold(row),
      ),
    )
  }

  get looksAhead(): boolean {
    return this.storage.capabilities.upserts === true && this.table.indexes.some((index) => index.unique)
  }

  lookAhead(
    rows: readonly (readonly Value[])[],
    wantsRows: boolean,
    updated: readonly RowKey[] = [],
  ): MaybePromise<void> {
    const keys = updated.map((rowKey) => this.keyOnly(bytesOf(rowKey)))
    return run(this.lookUp([...keys, ...rows], wantsRows))
  }

  private *lookUp(rows: readonly (readonly Value[])[], wantsRows: boolean): Steps<void> {
    yield* (yield* this.keyedRows()).lookUp(rows, wantsRows, this.statement)
  }

  /** A row that has nothing but its primary key. */
  private keyOnly(rowKey: Uint8Array): Value[] {
    const row = new Array<Value>(this.table.columns.length).fill(null)
    const key = this.rowKeys.decode(rowKey)
    this.rowKeys.columns.forEach((column, i) => {
      row[column] = key[i] ?? null
    })
    return row
  }

  insertNew(rows: Batch): MaybePromise<readonly DuplicateRow[]> {
    return run(this.insertAllNew(rows))
  }

  private *insertAllNew(rows: Batch): Steps<readonly DuplicateRow[]> {
    const keyed = yield* this.keyedRows()
    this.writes.noteKeyedChange(rows.rowCount)
    return yield* keyed.insertNew(rows, this.statement)
  }

  private *keyedRows(): Steps<KeyedRows> {
    const { table, writes } = this
    const present = writes.keyedRows(table)
    // Another statement's may not be undone with this one's.
    if (present !== undefined && this.keyedStatement === this.statement) return present
    const keyed = yield* writes.beginKeyed(
      this.storage,
      table,
      (stage) => new KeyedRows(table, stage, UNSIGNED_BIGINT_TYPE),
    )
    this.keyedStatement = this.statement
    return keyed
  }

  private keyedStatement: StatementContext | undefined

  /** What `change` doesn't know is looked for. */
  private changeKeyed(
    row: readonly Value[],
    change: (keyed: KeyedRows) => InsertOutcome | undefined,
  ): MaybePromise<InsertOutcome> {
    const keyed = this.keyedStatement === this.statement ? this.writes.keyedRows(this.table) : undefined
    const outcome = keyed && change(keyed)
    if (outcome === undefined) return run(this.learnAndChange(row, change))
    if (outcome.kind === 'inserted') this.writes.noteKeyedChange()
    return outcome
  }

  private *learnAndChange(
    row: readonly Value[],
    change: (keyed: KeyedRows) => InsertOutcome | undefined,
  ): Steps<InsertOutcome> {
    const keyed = yield* this.keyedRows()
    yield* keyed.learn([row], true, this.statement)
    const outcome = change(keyed)
    if (outcome === undefined) throw new Error('invariant: what was looked for is known')
    if (outcome.kind === 'inserted') this.writes.noteKeyedChange()
    return outcome
  }

  insertRows(rows: Batch, start: number, onDuplicate: 'throw' | 'report'): MaybePromise<number> {
    if (onDuplicate === 'report' && this.table.indexes.some((index) => index.unique)) {
      return run(this.appendRows(rows, start))
    }
    this.appending = undefined
    const written = this.writes.insertRows(this.storage, this.table, rows, start)
    return isPromise(written) ? written.then(() => rows.rowCount) : rows.rowCount
  }

  /**
   * Rows whose keys ascend from above all keys of the table can't be duplicates; others have to be looked for one by one. Asked of tables
   * with one unique index that were empty when the transaction first wrote here.
   */
  private *appendRows(rows: Batch, start: number): Steps<number> {
    const unique = this.table.indexes.filter((index) => index.unique)
    const [index] = unique
    if (index?.primary !== true || unique.length > 1) return start
    this.appending ??= { encoder: compileKeyEncoder(this.table, index), last: yield* this.emptyKey() }
    const { appending } = this
    if (appending.last === undefined) return start
    const row = new Array<Value>(this.table.columns.length).fill(null)
    let end = start
    for (; end < rows.rowCount; end++) {
      for (const { column } of index.parts) row[column] = (rows.columns[column] as Vector).get(end)
      const key = keyOf(appending.encoder, row)
      if (compareBytes(appending.last, key) >= 0) break
      appending.last = key
    }
    const written = this.writes.insertRows(this.storage, this.table, rows, start, end)
    if (isPromise(written)) yield written
    return end
  }

  private noteKey(row: readonly Value[]): void {
    const { appending } = this
    if (appending?.last === undefined) return
    const key = keyOf(appending.encoder, row)
    if (compareBytes(appending.last, key) < 0) appending.last = key
  }

  private appending: { readonly encoder: KeyEncoder; last: Buffer | undefined } | undefined

  /** The key below all keys if the table has no rows, undefined if it has some. */
  private *emptyKey(): Steps<Buffer | undefined> {
    const opened = this.foreignScan({ columns: [], conditions: [], order: [], limit: 1 })
    const cursor = isPromise(opened) ? yield* settled(opened) : opened
    try {
      for (;;) {
        const next = cursor.next()
        const batch = isPromise(next) ? yield* settled(next) : next
        if (batch === undefined) return Buffer.alloc(0)
        if (batch.rowCount > 0) return undefined
      }
    } finally {
      const closed = cursor.close()
      if (isPromise(closed)) yield closed
    }
  }

  private hold(row: readonly Value[]): MaybePromise<InsertOutcome> {
    this.noteKey(row)
    const written = this.writes.insert(this.storage, this.table, row)
    return isPromise(written) ? written.then(() => INSERTED) : INSERTED
  }

  update(
    rowKey: RowKey,
    row: readonly Value[],
    onDuplicate: 'throw' | 'report',
  ): MaybePromise<InsertOutcome> {
    if (rowKey instanceof KeyedRow) return this.updateKeyed(rowKey, row, onDuplicate)
    const key = bytesOf(rowKey)
    if (onDuplicate === 'throw') return this.holdUpdate(key, row)
    if (this.looksAhead && primaryKeyOf(this.table) !== undefined) return run(this.updateFound(key, row))
    const isItself = (found: Uint8Array): boolean => compareBytes(found, key) === 0
    return run(this.unlessDuplicate(row, isItself, () => this.holdUpdate(key, row)))
  }

  /** As `updateKeyed`, for a row that is known by its key. It is as it was found: a statement changes no row twice. */
  private *updateFound(rowKey: Uint8Array, row: readonly Value[]): Steps<InsertOutcome> {
    const before = this.keyOnly(rowKey)
    const keyed = yield* this.keyedRows()
    if (keyed.found(before) === undefined) yield* keyed.learn([before], false, this.statement)
    const known = keyed.found(before)
    // Somebody has deleted it since it was read.
    if (known === undefined) return INSERTED
    const outcome = this.changeKeyed(row, (rows) => rows.update(known, row))
    return isPromise(outcome) ? yield* settled(outcome) : outcome
  }

  private updateKeyed(
    known: KeyedRow,
    row: readonly Value[],
    onDuplicate: 'throw' | 'report',
  ): MaybePromise<InsertOutcome> {
    const check = (outcome: InsertOutcome): InsertOutcome => {
      if (outcome.kind === 'inserted' || onDuplicate === 'report') return outcome
      throw duplicateEntry(this.table, outcome.index, row, this.statement.evaluation)
    }
    const outcome = this.changeKeyed(row, (keyed) => keyed.update(known, row))
    return isPromise(outcome) ? outcome.then(check) : check(outcome)
  }

  private holdUpdate(rowKey: Uint8Array, row: readonly Value[]): MaybePromise<InsertOutcome> {
    this.appending = undefined
    const key = this.rowKeys.decode(rowKey)
    const written = this.writes.update(this.storage, this.table, () => this.rowKeys.batch(), key, row)
    return isPromise(written) ? written.then(() => INSERTED) : INSERTED
  }

  private *unlessDuplicate(
    row: readonly Value[],
    isItself: (rowKey: Uint8Array) => boolean,
    write: () => MaybePromise<InsertOutcome>,
  ): Steps<InsertOutcome> {
    for (const index of this.table.indexes) {
      if (!index.unique) continue
      const key = index.parts.map((part) => row[part.column] ?? null)
      if (key.includes(null)) continue
      const found = this.rowKeyOf(index, key)
      const rowKey = isPromise(found) ? yield* settled(found) : found
      if (rowKey !== undefined && !isItself(rowKey)) return { kind: 'duplicate', index, rowKey }
    }
    const written = write()
    return isPromise(written) ? yield* settled(written) : written
  }

  /** The row that has these values in a unique index. */
  private rowKeyOf(index: IndexDefinition, key: readonly Value[]): MaybePromise<Uint8Array | undefined> {
    // What is found is going to be changed.
    const scan = { ...pointScan(index, key, []), limit: 1, wantRowKeys: true, lock: 'exclusive' } as const
    const cursor = this.scan(scan)
    return readAndClose(cursor, () => {
      const next = cursor.next()
      const keyOf = (batch: Batch | undefined) => (batch === undefined ? undefined : cursor.rowKey(0))
      return isPromise(next) ? next.then(keyOf) : keyOf(next)
    })
  }

  /** Rows are handed over by many anyway. */
  updateRows(_changes: RowUpdates, start: number): number {
    return start
  }

  deleteRows(_rowKeys: BytesVector, start: number): number {
    return start
  }

  delete(rowKey: RowKey): MaybePromise<void> {
    if (rowKey instanceof KeyedRow) {
      this.knownRows.delete(rowKey)
      this.writes.noteKeyedChange()
      return
    }
    const key = this.rowKeys.decode(bytesOf(rowKey))
    return this.writes.delete(this.storage, this.table, () => this.rowKeys.batch(), key)
  }

  private get knownRows(): KeyedRows {
    const keyed = this.writes.keyedRows(this.table)
    if (keyed === undefined) throw new Error('invariant: rows are known while their statement runs')
    return keyed
  }

  reserveAutoIncrement(count: number): MaybePromise<number | bigint> {
    this.writes.noteCounter(this.table.id)
    return this.transaction.environment.autoIncrement.reserve(this.table.id, count)
  }

  noteAutoIncrement(value: number | bigint): void {
    this.writes.noteCounter(this.table.id)
    const noted = this.transaction.environment.autoIncrement.note(this.table.id, value)
    // The counter is being read: should that fail, so does whoever draws a number next.
    if (isPromise(noted)) noted.catch(() => undefined)
  }

  statistics(): { readonly rows: number; readonly bytes: number } {
    const answer = this.storage.planScan(this.table, {
      columns: [],
      conditions: [],
      order: [],
      limit: undefined,
    })
    return { rows: answer.rows, bytes: 0 }
  }

  estimateRange(): undefined {
    return undefined
  }

  private keys: DriverRowKeys | undefined

  get rowKeys(): DriverRowKeys {
    this.keys ??= this.newRowKeys()
    return this.keys
  }

  private newRowKeys(): DriverRowKeys {
    const { table, storage } = this
    const primaryKey = primaryKeyOf(table)
    if (primaryKey !== undefined) {
      const columns = primaryKey.parts.map((part) => part.column)
      return new DriverRowKeys(
        columns,
        columns.flatMap((column) => table.columns[column] ?? []),
      )
    }
    if (storage.capabilities.rowIds !== true) {
      throw sqlError('ER_NOT_SUPPORTED_YET', `changing rows of a ${storage.name} table without primary key`)
    }
    return new DriverRowKeys([table.columns.length], [ROW_ID])
  }

  get statement(): StatementContext {
    const { statement } = this.transaction
    if (statement === undefined) throw new Error('invariant: tables are read by statements')
    return statement
  }
}

function keyOf(encoder: KeyEncoder, row: readonly Value[]): Buffer {
  keyBuffer.clear()
  encoder.writeRow(keyBuffer, row)
  return keyBuffer.copy()
}

function bytesOf(rowKey: RowKey): Uint8Array {
  if ('isKnownRow' in rowKey) throw new Error('invariant: known rows are told apart before')
  return rowKey
}

/** The id of a row without primary key, as the only column of a stored row. */
const ROW_ID: RowColumn = { id: 0, type: UNSIGNED_BIGINT_TYPE, nullable: false }

/** Row keys of a table driver's rows: the primary key's values, or the row's id, as a stored row. */
class DriverRowKeys {
  private readonly schema: RowSchema
  private readonly buffer = new ByteBuffer(64)

  constructor(
    /** Positions at which they are scanned. */
    readonly columns: readonly number[],
    definitions: readonly RowColumn[],
  ) {
    this.schema = { version: 1, columns: definitions }
  }

  batch(): Batch {
    return Batch.ofTypes(this.schema.columns.map((column) => column.type))
  }

  encode(values: readonly Value[]): Buffer {
    this.buffer.clear()
    compileRowEncoder(this.schema).encode(values, this.buffer)
    return this.buffer.copy()
  }

  decode(rowKey: Uint8Array): Value[] {
    const decoder = compileRowDecoder(this.schema, [...this.schema.columns.keys()])
    return decoder.values(rowKey, 0, rowKey.length)
  }
}

/** Walks the ranges one after the other: the driver gets what it understands, and every row is checked against its range. */
class DriverScanCursor implements RowCursor {
  private readonly output: Batch
  private readonly encoder: KeyEncoder | undefined
  private readonly columns: readonly number[]
  /** Positions within `columns` of the index's parts, and of the primary key's. */
  private readonly indexColumns: readonly number[]
  private readonly keyColumns: readonly number[]
  private rowKeys: Buffer[] = []
  private rangeIndex = 0
  private cursor: BatchCursor | undefined
  private range: EncodedRange | undefined
  private total = 0
  private readonly keyBuffer = new ByteBuffer(64)

  constructor(
    private readonly access: TableDriverAccess,
    private readonly request: TableScan,
  ) {
    const { table } = access
    const index = request.index ?? primaryKeyOf(table)
    this.encoder = index && compileKeyEncoder(table, index)
    const indexColumns = index?.parts.map((part) => part.column) ?? []
    const keyColumns = request.wantRowKeys ? access.rowKeys.columns : []
    this.columns = [...new Set([...request.columns, ...indexColumns, ...keyColumns])]
    this.indexColumns = indexColumns.map((column) => this.columns.indexOf(column))
    this.keyColumns = keyColumns.map((column) => this.columns.indexOf(column))
    this.output = Batch.ofTypes(request.columns.flatMap((column) => table.columns[column]?.type ?? []))
  }

  next(): MaybePromise<Batch | undefined> {
    this.output.clear()
    this.rowKeys = []
    return this.advance()
  }

  rowKey(row: number): Uint8Array {
    const key = this.rowKeys[row]
    if (key === undefined) throw new Error('invariant: row keys were asked for with the scan')
    return key
  }

  close(): MaybePromise<void> {
    this.rangeIndex = Infinity
    return this.endRange()
  }

  private advance(): MaybePromise<Batch | undefined> {
    for (;;) {
      if (this.isComplete) return this.result()
      if (this.cursor === undefined) {
        const opened = this.openRange()
        if (opened === undefined) return this.result()
        if (isPromise(opened)) return opened.then((cursor) => this.opened(cursor))
        this.cursor = opened
      }
      const batch = this.cursor.next()
      if (isPromise(batch)) return batch.then((each) => this.taken(each))
      if (batch === undefined) {
        const closed = this.endRange()
        if (isPromise(closed)) return closed.then(() => this.advance())
        continue
      }
      const result = this.take(batch)
      if (result !== undefined) return result
    }
  }

  private taken(batch: Batch | undefined): MaybePromise<Batch | undefined> {
    if (batch !== undefined) return this.take(batch) ?? this.advance()
    const closed = this.endRange()
    return isPromise(closed) ? closed.then(() => this.advance()) : this.advance()
  }

  private endRange(): MaybePromise<void> {
    const { cursor } = this
    this.cursor = undefined
    return cursor?.close()
  }

  private opened(cursor: BatchCursor): MaybePromise<Batch | undefined> {
    this.cursor = cursor
    return this.advance()
  }

  private get isComplete(): boolean {
    return this.request.limit !== undefined && this.total >= this.request.limit
  }

  private result(): Batch | undefined {
    return this.output.rowCount > 0 ? this.output : undefined
  }

  private openRange(): MaybePromise<BatchCursor> | undefined {
    const range = this.request.ranges[this.rangeIndex++]
    if (range === undefined) return undefined
    this.range = this.encoder?.encodeRange(range)
    const { lock, lockWait, planned } = this.request
    const index = this.request.index ?? primaryKeyOf(this.access.table)
    return this.access.foreignScan({
      columns: this.columns,
      conditions: index === undefined ? [] : conditionsOf(index, range),
      order: [],
      limit: undefined,
      planned,
      ...(lock === 'none' ? {} : { lock, lockWait }),
    })
  }

  /** Keeps the rows of a driver's batch that are in the range and pass the filter; undefined: read on. */
  private take(batch: Batch): Batch | undefined {
    const { output } = this
    for (let row = 0; row < batch.rowCount && !this.isComplete; row++) {
      if (!this.isInRange(batch, row)) continue
      for (const [i, column] of output.columns.entries()) column.pushFrom(batch.columns[i] as Vector, row)
      if (!this.passes()) {
        for (const column of output.columns) column.truncate(output.rowCount)
        continue
      }
      output.rowCount++
      this.total++
      if (this.request.wantRowKeys)
        this.rowKeys.push(this.access.rowKeys.encode(valuesAt(batch, row, this.keyColumns)))
    }
    return this.result()
  }

  private passes(): boolean {
    const { filter } = this.request
    if (filter === undefined) return true
    const value = filter.condition(this.output, this.output.rowCount, this.access.statement.evaluation)
    return value !== null && Number(value) !== 0
  }

  private isInRange(batch: Batch, row: number): boolean {
    if (this.encoder === undefined || this.range === undefined) return true
    const { lower, upper } = this.range
    if (lower === undefined && upper === undefined) return true
    this.keyBuffer.clear()
    this.encoder.writeValues(this.keyBuffer, valuesAt(batch, row, this.indexColumns))
    const key = this.keyBuffer.copy()
    return (
      (lower === undefined || compareBytes(lower, key) <= 0) &&
      (upper === undefined || compareBytes(key, upper) < 0)
    )
  }
}

function valuesAt(batch: Batch, row: number, columns: readonly number[]): Value[] {
  return columns.map((column) => (batch.columns[column] as Vector).get(row))
}

/** The conditions that surely hold for every row of a range: equal leading values, and bounds of a first part. */
function conditionsOf(index: IndexDefinition, range: IndexRange): readonly ColumnCondition[] {
  const conditions: ColumnCondition[] = []
  for (const [i, part] of index.parts.entries()) {
    const low = range.lower?.[i]
    const high = range.upper?.[i]
    if (part.prefixLength !== undefined) break
    if (low !== undefined && low === high) {
      conditions.push(
        low === null
          ? { column: part.column, operator: 'is null', values: [] }
          : { column: part.column, operator: '=', values: [low] },
      )
      continue
    }
    if (part.descending || low === null || high === null) break
    if (low !== undefined) conditions.push({ column: part.column, operator: '>=', values: [low] })
    if (high !== undefined) conditions.push({ column: part.column, operator: '<=', values: [high] })
    break
  }
  return conditions
}

/** All rows whose index parts equal the key. */
function pointScan(
  index: IndexDefinition | undefined,
  key: readonly Value[],
  columns: readonly number[],
): TableScan {
  return {
    index,
    ranges: [{ lower: key, lowerInclusive: true, upper: key, upperInclusive: true }],
    reverse: false,
    columns,
    filter: undefined,
    lock: 'none',
    lockWait: 'wait',
    limit: undefined,
    wantRowKeys: false,
  }
}

/** Closes the cursor behind the reading, whether that went well or not. */
function readAndClose<T>(cursor: RowCursor, read: () => MaybePromise<T>): MaybePromise<T> {
  return run(
    (function* (): Steps<T> {
      try {
        const result = read()
        return isPromise(result) ? yield* settled(result) : result
      } finally {
        const closed = cursor.close()
        if (isPromise(closed)) yield closed
      }
    })(),
  )
}
