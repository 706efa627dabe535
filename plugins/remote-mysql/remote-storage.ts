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
  type MaybePromise,
  type PushDown,
  type ScanAnswer,
  type ScanRequest,
  type SqlError,
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
import { Refusal } from './expression-checks.js'
import type { RemoteCatalog } from './remote-catalog.js'
import type { RemoteServer } from './remote-server.js'
import type { RemoteAnswerRows } from './connection.js'
import { LooseReads } from './loose-reads.js'
import { tableName, type RemoteTable, type RemoteTables } from './remote-table.js'
import { RemoteTransaction } from './remote-transaction.js'
import { runChange } from './run-change.js'
import { RowSource } from './row-source.js'
import { conditionPushDown, scanSql } from './scan-sql.js'
import { FilledTemplate, isImpatient, type SqlTemplate } from './sql-template.js'
import { deleteStatements, insertStatements, updateStatements } from './write-sql.js'

/** How a fragment is run, over and over. */
interface FragmentRead {
  readonly server: RemoteServer
  readonly source: RowSource
  /** Undefined if its SQL depends on the values in other ways than by having them in it. */
  readonly template: SqlTemplate | undefined
  /** Of the tables, when it was found out. */
  tablesVersion: number
}

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
  /** Outside of transactions. */
  private readonly looseReads = new WeakMap<RemoteServer, LooseReads>()
  /** Of fragments of plans that are kept. */
  private readonly fragmentReads = new WeakMap<Fragment, FragmentRead>()

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
  ): MaybePromise<BatchCursor> {
    const remote = this.tables.require(table)
    if (request.lock !== undefined) this.writable(table)
    const types = request.columns.flatMap((column) => table.columns[column]?.type ?? [])
    const sql = scanSql(table, remote, request)
    return this.open(remote.server, sql, new RowSource(types, [table]), statement, transaction)
  }

  planFragment(fragment: Fragment): FragmentAnswer {
    try {
      const server = serverOf(fragment.root, this.tables)
      if (server.dialect === undefined) return { accepted: false, reason: 'the server is not known yet' }
      const text = fragmentSql(fragment, this.tables, server.dialect, undefined)
      return { accepted: true, rows: 1, cost: TRIP_COST, text }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { accepted: false, reason: error.message, divisible: true }
    }
  }

  runFragment(
    fragment: Fragment,
    statement: StatementContext,
    values: FragmentValues,
    transaction?: DriverTransaction,
  ): MaybePromise<BatchCursor | undefined> {
    const read = this.readOf(fragment)
    const query = this.queryOf(fragment, read, values)
    if (query === undefined) return undefined
    return this.open(read.server, query, read.source, statement, transaction)
  }

  private readOf(fragment: Fragment): FragmentRead {
    const known = this.fragmentReads.get(fragment)
    const { version } = this.tables
    if (known?.tablesVersion === version) return known
    const server = serverOf(fragment.root, this.tables)
    if (known?.server === server) {
      known.tablesVersion = version
      return known
    }
    const types = fragment.columns.map(({ type }) => type)
    const read: FragmentRead = {
      server,
      source: new RowSource(types, planTables(fragment.root)),
      template:
        fragment.wanted === undefined
          ? fragmentTemplate(fragment, this.tables, knownDialect(server))
          : undefined,
      tablesVersion: version,
    }
    // What looks for keys is made for one execution.
    if (fragment.wanted === undefined) this.fragmentReads.set(fragment, read)
    return read
  }

  /** Undefined for what can't be written with the values that there are. */
  private queryOf(
    fragment: Fragment,
    { server, template }: FragmentRead,
    values: FragmentValues,
  ): string | FilledTemplate | undefined {
    if (template !== undefined) return new FilledTemplate(template, template.valuesOf(values))
    return sqlWith(() => fragmentSql(fragment, this.tables, knownDialect(server), values))
  }

  private open(
    server: RemoteServer,
    query: string | FilledTemplate,
    source: RowSource,
    statement: StatementContext,
    transaction: DriverTransaction | undefined,
  ): MaybePromise<BatchCursor> {
    if (!(transaction instanceof RemoteTransaction))
      return this.looseReadsOf(server).run(query, source, statement)
    statement.checkKilled()
    const isHasty = typeof query === 'string' ? isImpatient(query) : query.isImpatient
    return this.watched(source.tables, () =>
      unlessLocked(isHasty, () => transaction.on(server).query(query, source, statement)),
    )
  }

  private looseReadsOf(server: RemoteServer): LooseReads {
    let reads = this.looseReads.get(server)
    if (reads === undefined) {
      reads = new LooseReads(server, (error, { tables }) => this.told(error, tables))
      this.looseReads.set(server, reads)
    }
    return reads
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
    ownTransaction(transaction).grew(remote, rowCount)
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
    ownTransaction(transaction).grew(remote, -changed)
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
    const own = ownTransaction(transaction)
    const written = sqlWith(() => changeSql(change, this.tables, dialect, values))
    if (written === undefined) return undefined
    const targets = changedTables(change)
    for (const table of targets) this.writable(table)
    const changed = await this.watched([...targets, ...planTables(changeInput(change))], () =>
      runChange(own.forWriting(server), written, statement),
    )
    const [target] = targets
    // Of several it isn't said how many rows each has lost.
    if (target !== undefined && targets.length === 1 && change.plan.kind !== 'update') {
      const { affectedRows } = changed
      own.grew(this.tables.require(target), change.plan.kind === 'insert' ? affectedRows : -affectedRows)
    }
    return changed
  }

  /** Not part of a transaction: it commits by itself. */
  async truncateTable(table: TableDefinition, statement: StatementContext): Promise<void> {
    const remote = this.writable(table)
    statement.checkKilled()
    await this.watched([table], () => remote.server.runOnce(`TRUNCATE TABLE ${tableName(remote)}`, statement))
    remote.rows = 0
  }

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
    const own = ownTransaction(transaction)
    return this.watched([table], () => own.forWriting(remote.server).run(sql, statement))
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
      throw this.told(error, tables)
    }
  }

  private told(error: unknown, tables: readonly TableDefinition[]): unknown {
    if (!isSqlError(error)) return error
    if (OUTDATED.has(error.code)) {
      for (const table of tables) this.catalog.forget(table)
      return sqlError('ER_TABLE_DEF_CHANGED')
    }
    return error.code === 'ER_DUP_ENTRY' ? inOurWords(error, tables[0]) : error
  }
}

function ownTransaction(transaction: DriverTransaction | undefined): RemoteTransaction {
  if (!(transaction instanceof RemoteTransaction)) throw new Error('invariant: writes have a transaction')
  return transaction
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

function knownDialect({ dialect }: RemoteServer): Dialect {
  if (dialect === undefined) throw new Error('invariant: fragments are planned for servers that are known')
  return dialect
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
