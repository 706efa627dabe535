/**
 * What tests of transactions need: a manager over memory storage, short ways to define tables, and to read and write
 * rows as plain values.
 */
import { MemoryStorage } from '@switchyard/storage-memory'
import { Batch } from '../../common/batch.js'
import type { SqlType } from '../../common/sql-type.js'
import { INT_TYPE, textType } from '../../common/sql-type.js'
import type { Value } from '../../common/value.js'
import type {
  ColumnDefinition,
  ForeignKeyDefinition,
  IndexDefinition,
  TableDefinition,
} from '../../plan/schema.js'
import type { KeyspaceStorage } from '../../spi/storage.js'
import type { IsolationLevel, RowCursor, TableScan, TransactionOptions } from '../../spi/transaction.js'
import { FULL_RANGE } from '../../spi/transaction.js'
import type { StatementContext } from '../../spi/statement-context.js'
import { MemoryCommitLog, type CommitLog } from '../commit-log.js'
import type { ForeignKeySource } from '../environment.js'
import type { CoreTransaction } from '../transaction.js'
import { CoreTransactionManager, type TransactionManagerOptions } from '../transaction-manager.js'

export const TEXT: SqlType = textType(50, 'utf8mb4_0900_ai_ci')
let lastId = 1000
/** A fresh id for a table, placement, index or foreign key. */
export const newId = (): number => ++lastId

export interface TestIndex {
  readonly name: string
  readonly columns: readonly number[]
  readonly unique?: boolean
}

export interface TestTable {
  readonly name: string
  readonly columns: Readonly<Record<string, SqlType>>
  /** Positions of the primary key's columns; none for a hidden key. */
  readonly primary?: readonly number[]
  readonly indexes?: readonly TestIndex[]
  readonly foreignKeys?: readonly Partial<ForeignKeyDefinition>[]
  readonly storage?: string
  readonly autoIncrement?: number
}

export function defineTable(shape: TestTable): TableDefinition {
  const primary = shape.primary ?? []
  const indexOf = (
    name: string,
    columns: readonly number[],
    unique: boolean,
    isPrimary: boolean,
  ): IndexDefinition => ({
    id: newId(),
    name,
    primary: isPrimary,
    unique,
    parts: columns.map((column) => ({ column, prefixLength: undefined, descending: false })),
    visible: true,
    comment: '',
    algorithm: undefined,
    collationVersions: [],
  })
  const columns = Object.entries(shape.columns).map(([name, type], i): ColumnDefinition => ({
    id: i + 1,
    name,
    type,
    nullable: !primary.includes(i),
    default: { kind: 'none' },
    autoIncrement: shape.autoIncrement === i,
    onUpdateNow: false,
    generated: undefined,
    comment: '',
    invisible: false,
  }))
  const secondary = (shape.indexes ?? []).map((index) =>
    indexOf(index.name, index.columns, index.unique ?? false, false),
  )
  return {
    kind: 'table',
    id: newId(),
    version: 1,
    database: 'test',
    name: shape.name,
    columns,
    indexes: primary.length > 0 ? [indexOf('PRIMARY', primary, true, true), ...secondary] : secondary,
    foreignKeys: (shape.foreignKeys ?? []).map((key) => ({
      id: newId(),
      name: `${shape.name}_ibfk_1`,
      columns: [1],
      referencedDatabase: 'test',
      referencedTable: 'parent',
      referencedColumns: ['id'],
      onDelete: 'NO ACTION',
      onUpdate: 'NO ACTION',
      ...key,
    })),
    checks: [],
    placements: [
      { id: newId(), storage: shape.storage ?? 'memory', role: 'primary', feed: 'none', state: 'active' },
    ],
    charset: 'utf8mb4',
    collation: 'utf8mb4_0900_ai_ci',
    comment: '',
    temporary: false,
    engineAsWritten: undefined,
    options: {},
    createdAtMicros: 0,
  }
}

/** (id INT PRIMARY KEY, k INT, name VARCHAR, KEY k (k), UNIQUE name (name)). */
export function accountsTable(storage = 'memory'): TableDefinition {
  return defineTable({
    name: 'accounts',
    columns: { id: INT_TYPE, k: INT_TYPE, name: TEXT },
    primary: [0],
    indexes: [
      { name: 'k', columns: [1] },
      { name: 'name', columns: [2], unique: true },
    ],
    storage,
  })
}

export async function startManager(
  options: Partial<TransactionManagerOptions> & {
    storages?: readonly KeyspaceStorage[]
    log?: CommitLog
  } = {},
): Promise<CoreTransactionManager> {
  return CoreTransactionManager.start({
    storages: [new MemoryStorage('memory')],
    systemStorage: options.storages?.[0]?.name ?? 'memory',
    log: new MemoryCommitLog(),
    ...options,
  })
}

export function foreignKeysAmong(tables: () => readonly TableDefinition[]): ForeignKeySource {
  return {
    parentOf: (_child, key) => tables().find((table) => table.name === key.referencedTable),
    referencesTo: (parent) =>
      tables().flatMap((child) =>
        child.foreignKeys
          .filter((key) => key.referencedTable === parent.name)
          .map((foreignKey) => ({ child, foreignKey })),
      ),
    computeGenerated: () => undefined,
  }
}

/** A statement without a session; `signal` kills it. */
export function testStatement(
  options: { signal?: AbortSignal; foreignKeyChecks?: boolean } = {},
): StatementContext {
  const signal = options.signal ?? new AbortController().signal
  const statement = {
    evaluation: undefined as never,
    deadlineMs: Infinity,
    signal,
    onStop: (listener: () => void) => {
      signal.addEventListener('abort', listener)
    },
    offStop: (listener: () => void) => {
      signal.removeEventListener('abort', listener)
    },
    foreignKeyChecks: options.foreignKeyChecks ?? true,
    checkKilled: () => {
      signal.throwIfAborted()
    },
    memory: undefined as never,
    warn: () => undefined,
    warnError: () => undefined,
  }
  return { ...statement, evaluation: {} as StatementContext['evaluation'] }
}

export function beginTest(
  manager: CoreTransactionManager,
  isolation: IsolationLevel = 'REPEATABLE READ',
  options: Partial<TransactionOptions> = {},
): CoreTransaction {
  const transaction = manager.begin({
    isolation,
    readOnly: false,
    autocommit: false,
    consistentSnapshot: false,
    lockWaitTimeoutMs: 2000,
    connectionId: 1,
    ...options,
  })
  transaction.beginStatement(testStatement())
  return transaction
}

export function scanOf(table: TableDefinition, options: Partial<TableScan> = {}): TableScan {
  return {
    index: undefined,
    ranges: [FULL_RANGE],
    reverse: false,
    columns: [...table.columns.keys()],
    filter: undefined,
    lock: 'none',
    lockWait: 'wait',
    limit: undefined,
    wantRowKeys: true,
    ...options,
  }
}

export interface FoundRows {
  readonly rows: readonly (readonly Value[])[]
  readonly keys: readonly Uint8Array[]
}

export async function readAll(cursor: RowCursor, wantKeys = true): Promise<FoundRows> {
  const rows: Value[][] = []
  const keys: Uint8Array[] = []
  for (;;) {
    const batch = await cursor.next()
    if (batch === undefined) break
    for (let row = 0; row < batch.rowCount; row++) {
      rows.push(batch.row(row))
      if (wantKeys) keys.push(cursor.rowKey(row))
    }
  }
  await cursor.close()
  return { rows, keys }
}

export async function rowsOf(
  transaction: CoreTransaction,
  table: TableDefinition,
  options: Partial<TableScan> = {},
): Promise<readonly (readonly Value[])[]> {
  return (await readAll(transaction.table(table).scan(scanOf(table, options)), options.wantRowKeys ?? true))
    .rows
}

export async function insertRows(
  transaction: CoreTransaction,
  table: TableDefinition,
  rows: readonly (readonly Value[])[],
): Promise<void> {
  for (const row of rows) await transaction.table(table).insert(row, 'throw')
}

/** Locks and reads the row with a primary key value, as UPDATE does; undefined if there is none. */
export async function lockRow(
  transaction: CoreTransaction,
  table: TableDefinition,
  id: Value,
  options: Partial<TableScan> = {},
): Promise<{ row: readonly Value[]; key: Uint8Array } | undefined> {
  const found = await readAll(
    transaction.table(table).scan(
      scanOf(table, {
        ranges: [{ lower: [id], lowerInclusive: true, upper: [id], upperInclusive: true }],
        lock: 'exclusive',
        ...options,
      }),
    ),
  )
  const [row, key] = [found.rows[0], found.keys[0]]
  return row === undefined || key === undefined ? undefined : { row, key }
}

export async function updateRow(
  transaction: CoreTransaction,
  table: TableDefinition,
  id: Value,
  change: (row: readonly Value[]) => readonly Value[],
): Promise<boolean> {
  const found = await lockRow(transaction, table, id)
  if (found === undefined) return false
  await transaction.table(table).update(found.key, change(found.row), 'throw')
  return true
}

export async function deleteRow(
  transaction: CoreTransaction,
  table: TableDefinition,
  id: Value,
): Promise<boolean> {
  const found = await lockRow(transaction, table, id)
  if (found === undefined) return false
  await transaction.table(table).delete(found.key)
  return true
}

export async function readOne(
  transaction: CoreTransaction,
  table: TableDefinition,
  id: Value,
): Promise<readonly Value[] | undefined> {
  const columns = [...table.columns.keys()]
  const output = Batch.ofTypes(table.columns.map((column) => column.type))
  const count = await transaction.table(table).lookup(undefined, [id], columns, output)
  return count === 0 ? undefined : output.row(0)
}

/** Lets promises settle, and tells whether this one has not. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true
  promise.then(
    () => (pending = false),
    () => (pending = false),
  )
  await new Promise((resolve) => setTimeout(resolve, 10))
  return pending
}
