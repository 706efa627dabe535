/**
 * The storage of virtual databases: tables on remote servers that speak MySQL's protocol. Reads go there as far as the remote answers as
 * the server would; writes go there row by row, in the remote's own transactions.
 */
import {
  exact,
  isSqlError,
  planTables,
  sqlError,
  type Batch,
  type BatchCursor,
  type ChangeAnswer,
  type ChangedRows,
  type ChangeValues,
  type DriverChange,
  type DriverTransaction,
  type ExactValue,
  type Fragment,
  type FragmentAnswer,
  type FragmentValues,
  type InsertedWithNumbers,
  type PushDown,
  type ScanAnswer,
  type ScanRequest,
  type SqlError,
  type SqlType,
  type StatementContext,
  type TableDefinition,
  type TableStatistics,
  type TableStorage,
  type TransactionOptions,
} from '@switchyard/core/spi'
import { changedTables, changeInput, changeServer, changeSql } from './change-sql.js'
import type { Dialect } from './dialect.js'
import { fragmentSql, fragmentTemplate } from './fragment-sql.js'
import { serverOf } from './fragment-tables.js'
import { Refusal } from './fragment-expression.js'
import type { RemoteCatalog } from './remote-catalog.js'
import type { RemoteServer } from './remote-server.js'
import type { RemoteAnswerRows } from './connection.js'
import { tableName, type RemoteTable, type RemoteTables } from './remote-table.js'
import { RemoteTransaction } from './remote-transaction.js'
import { runChange } from './run-change.js'
import { RowCursor } from './row-cursor.js'
import { conditionPushDown, scanSql } from './scan-sql.js'
import type { SqlTemplate } from './sql-template.js'
import { deleteStatements, insertStatements, updateStatements } from './write-sql.js'

/** In units of one row read from memory: see `ScanAnswer.cost`. */
const TRIP_COST = 2000
const ROW_COST = 3

export class RemoteStorage implements TableStorage {
  readonly comment = 'Tables on remote MySQL servers'
  readonly capabilities = {
    shape: 'table',
    // Nothing of it lies in the data folder.
    durable: false,
    transactions: 'full',
    fragments: true,
    writable: true,
    drawsNumbers: true,
    changes: true,
    keyBytesMax: 0,
  } as const
  /** Cursors of statements outside of transactions, each of which holds a connection. */
  private readonly cursors = new WeakMap<StatementContext, Set<RowCursor>>()

  /** Of fragments of plans that are kept. */
  private readonly templates = new WeakMap<
    Fragment,
    { readonly server: RemoteServer; readonly template: SqlTemplate | undefined }
  >()

  constructor(
    readonly name: string,
    private readonly catalog: RemoteCatalog,
    private readonly tables: RemoteTables,
  ) {}

  /** A remote that is away must not keep this server from starting. */
  start(): Promise<void> {
    this.catalog.start()
    return Promise.resolve()
  }

  stop(): Promise<void> {
    this.catalog.stop()
    return Promise.resolve()
  }

  createTable(): never {
    throw sqlError(
      'ER_NOT_SUPPORTED_YET',
      `ENGINE=${this.name}: tables are made in databases on remote servers`,
    )
  }

  dropTable(): void {
    // None was made.
  }

  // ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────

  planScan(table: TableDefinition, request: ScanRequest): ScanAnswer {
    const remote = this.tables.find(table.id)
    const conditions = request.conditions.map((each): PushDown => {
      return remote === undefined ? 'no' : conditionPushDown(table, remote, each)
    })
    const rows = remote?.rows ?? 0
    return { conditions, order: 'no', limit: 'no', rows, cost: TRIP_COST + rows * ROW_COST }
  }

  openScan(
    table: TableDefinition,
    request: ScanRequest,
    statement: StatementContext,
    transaction?: DriverTransaction,
  ): Promise<BatchCursor> {
    const remote = this.tables.require(table)
    if (request.lock !== undefined) this.writable(table)
    const types = request.columns.flatMap((column) => table.columns[column]?.type ?? [])
    return this.watched([table], () =>
      unlessLocked(request.lockWait === 'nowait', () =>
        this.open(remote.server, scanSql(table, remote, request), types, statement, transaction),
      ),
    )
  }

  planFragment(fragment: Fragment): FragmentAnswer {
    try {
      const server = serverOf(fragment.root, this.tables)
      if (server.dialect === undefined) return { accepted: false, reason: 'the server is not known yet' }
      const text = fragmentSql(fragment, this.tables, server.dialect, undefined)
      return { accepted: true, rows: 1, cost: TRIP_COST, text }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { accepted: false, reason: error.message }
    }
  }

  async runFragment(
    fragment: Fragment,
    statement: StatementContext,
    values: FragmentValues,
    transaction?: DriverTransaction,
  ): Promise<BatchCursor | undefined> {
    const server = serverOf(fragment.root, this.tables)
    const { dialect } = server
    if (dialect === undefined) throw new Error('invariant: fragments are planned for servers that are known')
    const sql = sqlWith(() => this.sqlOf(fragment, server, dialect, values))
    if (sql === undefined) return undefined
    const types = fragment.columns.map(({ type }) => type)
    return this.watched(planTables(fragment.root), () =>
      unlessLocked(sql.endsWith(' NOWAIT'), () => this.open(server, sql, types, statement, transaction)),
    )
  }

  private sqlOf(fragment: Fragment, server: RemoteServer, dialect: Dialect, values: FragmentValues): string {
    if (fragment.wanted !== undefined) return fragmentSql(fragment, this.tables, dialect, values)
    let known = this.templates.get(fragment)
    if (known?.server !== server) {
      known = { server, template: fragmentTemplate(fragment, this.tables, dialect) }
      this.templates.set(fragment, known)
    }
    return known.template?.text(values) ?? fragmentSql(fragment, this.tables, dialect, values)
  }

  private open(
    server: RemoteServer,
    sql: string,
    types: readonly SqlType[],
    statement: StatementContext,
    transaction: DriverTransaction | undefined,
  ): Promise<BatchCursor> {
    statement.checkKilled()
    if (transaction instanceof RemoteTransaction) return transaction.on(server).query(sql, types, statement)
    return this.openAlone(server, sql, types, statement)
  }

  /** Outside of transactions: on a connection from the pool, which is free again when the last row has come. */
  private async openAlone(
    server: RemoteServer,
    sql: string,
    types: readonly SqlType[],
    statement: StatementContext,
  ): Promise<BatchCursor> {
    const open = this.cursors.get(statement) ?? new Set<RowCursor>()
    this.cursors.set(statement, open)
    // Who holds connections must not wait for one: others might do the same.
    if (server.pool.isExhausted) for (const cursor of [...open]) await cursor.hold()
    return server.retried(async (connection) => {
      const cursor = new RowCursor(sql, types, connection, statement, {
        kill: (each) => server.pool.kill(each),
        freed: (each, freed) => {
          open.delete(each)
          server.giveBack(freed)
        },
        translated: (error) => server.translated(error),
      })
      open.add(cursor)
      try {
        await cursor.started
      } catch (error) {
        statement.checkKilled()
        throw error
      }
      return cursor
    })
  }

  // ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────

  begin(options: TransactionOptions): DriverTransaction {
    return new RemoteTransaction(options)
  }

  participantOf(table: TableDefinition): string {
    const { name, address } = this.tables.require(table).server
    return `${name}, ${address.user}@${address.host}:${address.port}`
  }

  async insert(
    table: TableDefinition,
    rows: Batch,
    statement: StatementContext,
    transaction?: DriverTransaction,
  ): Promise<InsertedWithNumbers> {
    const remote = this.writable(table)
    let rowCount = 0
    let generatedId: ExactValue = 0
    for (const { sql, draws } of insertStatements(table, remote, rows)) {
      const answer = await this.change(table, remote, sql, statement, transaction)
      rowCount += answer.affectedRows
      if (draws && generatedId === 0) generatedId = exact(BigInt(answer.insertId))
    }
    return { rowCount, generatedId }
  }

  async delete(
    table: TableDefinition,
    keys: Batch,
    statement: StatementContext,
    transaction?: DriverTransaction,
  ): Promise<number> {
    const remote = this.writable(table)
    let changed = 0
    for (const sql of deleteStatements(table, remote, keys)) {
      changed += (await this.change(table, remote, sql, statement, transaction)).affectedRows
    }
    return changed
  }

  async update(
    table: TableDefinition,
    keys: Batch,
    rows: Batch,
    statement: StatementContext,
    transaction?: DriverTransaction,
  ): Promise<number> {
    const remote = this.writable(table)
    for (const sql of updateStatements(table, remote, keys, rows)) {
      await this.change(table, remote, sql, statement, transaction)
    }
    return keys.rowCount
  }

  planChange(change: DriverChange): ChangeAnswer {
    try {
      const server = changeServer(change, this.tables)
      if (server.dialect === undefined) return { accepted: false, reason: 'the server is not known yet' }
      return { accepted: true, text: changeSql(change, this.tables, server.dialect, undefined).sql }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { accepted: false, reason: error.message }
    }
  }

  async runChange(
    change: DriverChange,
    statement: StatementContext,
    values: ChangeValues,
    transaction?: DriverTransaction,
  ): Promise<ChangedRows | undefined> {
    const server = changeServer(change, this.tables)
    const { dialect } = server
    if (dialect === undefined) throw new Error('invariant: changes are planned for servers that are known')
    if (!(transaction instanceof RemoteTransaction)) throw new Error('invariant: writes have a transaction')
    const written = sqlWith(() => changeSql(change, this.tables, dialect, values))
    if (written === undefined) return undefined
    const targets = changedTables(change)
    for (const table of targets) this.writable(table)
    return this.watched([...targets, ...planTables(changeInput(change))], () =>
      runChange(transaction.forWriting(server), written, statement),
    )
  }

  /** Not part of a transaction: it commits by itself. */
  async truncateTable(table: TableDefinition, statement: StatementContext): Promise<void> {
    const remote = this.writable(table)
    statement.checkKilled()
    await this.watched([table], () => remote.server.runOnce(`TRUNCATE TABLE ${tableName(remote)}`, statement))
  }

  /** As the remote estimates them. */
  statistics(table: TableDefinition): TableStatistics {
    const { rows, bytes } = this.tables.require(table)
    return { rows, bytes, cardinality: [] }
  }

  // ── Inside ──────────────────────────────────────────────────────────────────────────────────────────────────

  private change(
    table: TableDefinition,
    remote: RemoteTable,
    sql: string,
    statement: StatementContext,
    transaction: DriverTransaction | undefined,
  ): Promise<RemoteAnswerRows> {
    if (!(transaction instanceof RemoteTransaction)) throw new Error('invariant: writes have a transaction')
    return this.watched([table], () => transaction.forWriting(remote.server).run(sql, statement))
  }

  /** Throws ER_OPTION_PREVENTS_STATEMENT for tables of READ ONLY databases. */
  private writable(table: TableDefinition): RemoteTable {
    const remote = this.tables.require(table)
    if (!remote.isReadOnly) return remote
    throw sqlError('ER_SCHEMA_READ_ONLY', table.database)
  }

  /** What the remote doesn't know any more, the catalog must learn anew. */
  private async watched<T>(tables: readonly TableDefinition[], work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!isSqlError(error)) throw error
      if (OUTDATED.has(error.code)) {
        for (const table of tables) this.catalog.forget(table)
        throw sqlError('ER_TABLE_DEF_CHANGED')
      }
      throw error.code === 'ER_DUP_ENTRY' ? inOurWords(error, tables[0]) : error
    }
  }
}

/** MariaDB says of a row that it was told not to wait for what it says of one that it waited for in vain. */
async function unlessLocked<T>(isImpatient: boolean, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    const isLocked = isImpatient && isSqlError(error) && error.code === 'ER_LOCK_WAIT_TIMEOUT'
    throw isLocked ? sqlError('ER_LOCK_NOWAIT') : error
  }
}

/** Undefined for what can't be written with the values that there are. */
function sqlWith<T>(write: () => T): T | undefined {
  try {
    return write()
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

const OUTDATED: ReadonlySet<string> = new Set([
  'ER_BAD_FIELD_ERROR',
  'ER_NO_SUCH_TABLE',
  'ER_BAD_DB_ERROR',
  'ER_WRONG_VALUE_COUNT_ON_ROW',
])

/** Servers before MySQL 8.0.19 don't name the table of a key. */
function inOurWords(error: SqlError, table: TableDefinition | undefined): SqlError {
  const [, entry, key] = /^Duplicate entry '(.*)' for key '(?:[^.']+\.)?(.*)'$/s.exec(error.message) ?? []
  if (entry === undefined || key === undefined || table === undefined) return error
  return sqlError('ER_DUP_ENTRY', entry, `${table.name}.${key}`)
}
