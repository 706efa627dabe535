/**
 * The column store: tables in chDB, which is ClickHouse as a library, in a process of its own. What the engine does exactly as
 * MySQL would it is given to do; the rest stays with the server. `docs/internals/chdb.md` says how rows are kept.
 */
import {
  Batch,
  isSqlError,
  planTables,
  sqlError,
  UNSIGNED_BIGINT_TYPE,
  type BatchCursor,
  type Fragment,
  type FragmentAnswer,
  type FragmentValues,
  type Logger,
  type ScanAnswer,
  type ScanRequest,
  type SqlType,
  type StatementContext,
  type TableDefinition,
  type TableStatistics,
  type TableStorage,
} from '@switchyard/core/spi'
import { BlockCursor } from './block-cursor.js'
import { ChdbStage } from './chdb-stage.js'
import { EngineError, EngineErrorNumber, EngineGone, type ColumnEngine } from './column-engine.js'
import { Refusal } from './fragment-render.js'
import type { FragmentScope } from './fragment-scope.js'
import { fragmentSql, plannedConditions } from './fragment-sql.js'
import { BlockReader } from './block-reader.js'
import { planPushDown } from './push-down.js'
import { columnAt, scanSql, STAGE_PREFIX, stageName, tableName, VERSION_COLUMN } from './sql-text.js'
import { storedTable, type StoredTable } from './stored-table.js'
import { creationOf, dropOf, partsOf, rowsName, truncationOf } from './table-ddl.js'
import { checkTable, optimizeTable } from './table-maintenance.js'
import { TableState } from './table-state.js'
import { TableWriter } from './table-writer.js'
import { directSink } from './write-behind.js'

/** Why there is no engine: the package isn't installed. */
export interface MissingEngine {
  readonly reason: string
}

export class ChdbStorage implements TableStorage {
  readonly comment = 'Columns in chDB (ClickHouse), for analytics'
  readonly capabilities = {
    shape: 'table',
    durable: true,
    transactions: 'autocommit',
    fragments: true,
    writable: true,
    keyBytesMax: 0,
    rowIds: true,
    stages: true,
    upserts: true,
  } as const
  private readonly stored = new WeakMap<TableDefinition, StoredTable>()
  private readonly states = new Map<number, Promise<TableState>>()
  /** Those that have been read. */
  private readonly known = new Map<number, TableState>()
  /** Estimates of the others, for planning: that can't wait. */
  private readonly rowCounts = new Map<number, number>()

  constructor(
    readonly name: string,
    private readonly engine: ColumnEngine | MissingEngine,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    const { engine } = this
    if ('reason' in engine) {
      this.logger.warn({}, `tables of storage ${this.name} are not available: ${engine.reason}`)
      return
    }
    try {
      if (!(await engine.open())) return
      await this.dropStages(engine)
      const { cluster } = await engine.layout()
      const id = `toUInt64OrZero(extract(table, '^t([0-9]+)${rowsName('', cluster)}$')) AS id`
      const parts = `SELECT ${id}, sum(rows) FROM ${partsOf(cluster)}`
      const where = 'WHERE active AND database = currentDatabase() AND id > 0 GROUP BY id'
      for (const [table = 0, count = 0] of await this.numbers(`${parts} ${where}`, 2)) {
        this.rowCounts.set(table, count)
      }
    } catch (error) {
      throw this.translated(error)
    }
  }

  async stop(): Promise<void> {
    if (!('reason' in this.engine)) await this.engine.stop()
    this.states.clear()
    this.known.clear()
  }

  async createTable(table: TableDefinition): Promise<void> {
    const stored = this.storedTable(table)
    await this.guarded(async () => {
      const engine = this.requireEngine()
      const { cluster } = await engine.layout()
      const form = { name: tableName(table.id), dictionaries: NO_COLUMNS, cluster }
      for (const sql of creationOf(stored, form)) await engine.run(sql)
    })
  }

  async dropTable(tableId: number): Promise<void> {
    await this.guarded(async () => {
      const engine = this.requireEngine()
      const { cluster } = await engine.layout()
      for (const sql of dropOf(tableName(tableId), cluster)) await engine.run(sql)
    })
    this.states.delete(tableId)
    this.known.delete(tableId)
    this.rowCounts.delete(tableId)
  }

  async truncateTable(table: TableDefinition, statement: StatementContext): Promise<void> {
    await this.guarded(async () => {
      const state = await this.state(table)
      const engine = this.requireEngine()
      const { cluster } = await engine.layout()
      await state.exclusively(statement, async () => {
        await engine.run(truncationOf(table, cluster))
        state.reset()
      })
    }, statement)
  }

  planScan(table: TableDefinition, request: ScanRequest): ScanAnswer {
    const { conditions, order, limit } = planPushDown(this.storedTable(table).columns, request)
    const rows = this.known.get(table.id)?.rows ?? this.rowCounts.get(table.id) ?? 0
    // A query is a trip to another process; from then on rows come at a fraction of what they cost elsewhere.
    return { conditions, order, limit, rows, cost: TRIP_COST + rows * ROW_COST }
  }

  async openScan(
    table: TableDefinition,
    request: ScanRequest,
    statement: StatementContext,
  ): Promise<BatchCursor> {
    return this.guarded(async () => {
      const state = await this.state(table)
      const { hasVersions, exceptions } = state
      const stored = this.storedTable(table)
      const answer = planPushDown(stored.columns, request)
      const sql = scanSql(stored, request, {
        final: hasVersions,
        exceptions,
        conditions: request.conditions.filter((_, i) => answer.conditions[i] === 'exact'),
        filters: this.plannedFilters(table, request, state),
        order: answer.order === 'exact' ? request.order : [],
        limit: answer.limit === 'exact' ? request.limit : undefined,
      })
      const types = request.columns.map((column) => columnAt(stored.columns, column).type)
      return this.open(sql, types, statement, [state])
    }, statement)
  }

  /** What of the filter is exact there; core checks all of it. */
  private plannedFilters(
    table: TableDefinition,
    { planned }: ScanRequest,
    state: TableState,
  ): readonly string[] {
    if (planned?.node.filter === undefined) return []
    const scope = this.scope(planned.values, new Map([[table.id, state]]))
    return plannedConditions(planned.node, planned.node.filter, scope)
  }

  planFragment(fragment: Fragment): FragmentAnswer {
    try {
      const scope = this.scope(undefined, NO_STATES)
      // What makes no difference but in time is shown as it is now.
      const dictionaries = (table: TableDefinition): ReadonlySet<number> =>
        this.known.get(table.id)?.dictionaries ?? NO_COLUMNS
      const rows = ({ id }: TableDefinition): number => this.known.get(id)?.rows ?? 0
      const text = fragmentSql(fragment, { ...scope, dictionaries, rows })
      return { accepted: true, rows: 1, cost: TRIP_COST, text }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { accepted: false, reason: error.message }
    }
  }

  runFragment(
    fragment: Fragment,
    statement: StatementContext,
    values: FragmentValues,
  ): Promise<BatchCursor | undefined> {
    return this.guarded(async () => {
      const tables = planTables(fragment.root)
      // What is known of all of them must be so at one moment.
      const found = await Promise.all(tables.map((table) => this.state(table)))
      const states = new Map(found.map((state, i) => [tables[i]?.id ?? 0, state]))
      const sql = sqlUnlessRefused(() => fragmentSql(fragment, this.scope(values, states)))
      if (sql === undefined) return undefined
      const types = fragment.columns.map((column) => column.type)
      return this.open(sql, types, statement, [...states.values()])
    }, statement)
  }

  private scope(values: FragmentValues | undefined, states: ReadonlyMap<number, TableState>): FragmentScope {
    return {
      stored: (table) => this.storedTable(table),
      hasVersions: (table) => states.get(table.id)?.hasVersions === true,
      exceptions: (table) => states.get(table.id)?.exceptions ?? NO_COLUMNS,
      dictionaries: (table) => states.get(table.id)?.dictionaries ?? NO_COLUMNS,
      rows: (table) => states.get(table.id)?.rows ?? 0,
      values,
    }
  }

  /** To be called at once when the states have been looked at. */
  private async open(
    sql: string,
    types: readonly SqlType[],
    statement: StatementContext,
    states: readonly TableState[],
  ): Promise<BatchCursor> {
    const begins = states.map((state) => state.beginRead())
    const begun = (): void => {
      for (const each of begins) each()
    }
    try {
      const stream = await this.requireEngine().query(sql, statement.signal)
      void stream.begun.then(begun)
      return new BlockCursor(stream, types, (work) => this.guarded(work, statement))
    } catch (error) {
      begun()
      throw error
    }
  }

  stage(table: TableDefinition, statement: StatementContext): Promise<ChdbStage> {
    return this.guarded(async () => {
      const state = await this.state(table)
      const stored = this.storedTable(table)
      return ChdbStage.create(this.requireEngine(), stored, state, statement, (work, within) =>
        this.guarded(work, within),
      )
    }, statement)
  }

  insert(table: TableDefinition, rows: Batch, statement: StatementContext): Promise<number> {
    return this.change(table, statement, (writer) => writer.insert(rows))
  }

  delete(table: TableDefinition, keys: Batch, statement: StatementContext): Promise<number> {
    return this.change(table, statement, (writer) => writer.delete(keys))
  }

  update(table: TableDefinition, keys: Batch, rows: Batch, statement: StatementContext): Promise<number> {
    return this.change(table, statement, (writer) => writer.update(keys, rows))
  }

  async statistics(table: TableDefinition): Promise<TableStatistics> {
    return this.guarded(async () => {
      const { cluster } = await this.requireEngine().layout()
      const parts = `SELECT sum(rows), sum(bytes_on_disk), sum(data_uncompressed_bytes) FROM ${partsOf(cluster)}`
      const name = rowsName(tableName(table.id), cluster)
      const where = `WHERE active AND database = currentDatabase() AND table = '${name}'`
      const [[rows = 0, bytes = 0, uncompressedBytes = 0] = []] = await this.numbers(`${parts} ${where}`, 3)
      this.rowCounts.set(table.id, rows)
      return { rows, bytes, uncompressedBytes, cardinality: [] }
    })
  }

  optimizeTable(table: TableDefinition, statement: StatementContext): Promise<void> {
    return this.guarded(async () => {
      const state = await this.state(table)
      const stored = this.storedTable(table)
      const numbers = (sql: string, count: number): Promise<number[][]> =>
        this.numbers(sql, count, statement.signal)
      await state.exclusively(statement, () =>
        optimizeTable(this.requireEngine(), stored, state, numbers, statement),
      )
    }, statement)
  }

  checkTable(table: TableDefinition, statement: StatementContext): Promise<readonly string[]> {
    return this.guarded(async () => {
      const count = async (sql: string): Promise<number> =>
        (await this.numbers(sql, 1, statement.signal))[0]?.[0] ?? 0
      return checkTable(this.storedTable(table), () => this.state(table), count)
    }, statement)
  }

  // ── Inside ──────────────────────────────────────────────────────────────────────────────────────────────────

  private change(
    table: TableDefinition,
    statement: StatementContext,
    work: (writer: TableWriter) => Promise<number>,
  ): Promise<number> {
    return this.guarded(async () => {
      const state = await this.state(table)
      const { shardCount } = await this.requireEngine().layout()
      if (shardCount > 1) return this.changeAllShards(table, statement, work)
      return state.exclusively(statement, async () => {
        statement.checkKilled()
        const engine = this.requireEngine()
        const writer = new TableWriter(directSink(engine), this.storedTable(table), state, statement)
        return work(writer)
      })
    }, statement)
  }

  /** A block that is spread over shards is several: they become visible together by way of a stage. */
  private async changeAllShards(
    table: TableDefinition,
    statement: StatementContext,
    work: (writer: TableWriter) => Promise<number>,
  ): Promise<number> {
    const stage = await this.stage(table, statement)
    try {
      const count = await stage.write(statement, work)
      await stage.publish(statement)
      return count
    } catch (error) {
      stage.discard()
      throw error
    }
  }

  /** What a crash left of statements that weren't at their end. */
  private async dropStages(engine: ColumnEngine): Promise<void> {
    const numbers = `SELECT toUInt64(substring(name, 2)) FROM system.tables`
    const { cluster } = await engine.layout()
    const where = `WHERE database = currentDatabase() AND match(name, '^${STAGE_PREFIX}[0-9]+$')`
    for (const [id = 0] of await this.numbers(`${numbers} ${where}`, 1)) {
      for (const sql of dropOf(stageName(id), cluster)) await engine.run(sql)
    }
  }

  private storedTable(table: TableDefinition): StoredTable {
    let stored = this.stored.get(table)
    if (stored === undefined) {
      stored = storedTable(table)
      this.stored.set(table, stored)
    }
    return stored
  }

  /** Read once, and kept from then on. */
  private state(table: TableDefinition): Promise<TableState> {
    const known = this.states.get(table.id)
    if (known !== undefined) return known
    const state = this.readState(table)
    this.states.set(table.id, state)
    state.then(
      (read) => this.known.set(table.id, read),
      () => this.states.delete(table.id),
    )
    return state
  }

  private async readState(table: TableDefinition): Promise<TableState> {
    const { hasRowIds, primaryKey, hasIntegerKey, textColumns } = this.storedTable(table)
    const highest = hasRowIds || hasIntegerKey ? `max(${primaryKey.names.join()})` : 'toUInt64(0)'
    const exceptions = textColumns.map(({ name }) => `, toUInt64(max(${name}) != '')`).join('')
    const sql = `SELECT count(), max(${VERSION_COLUMN}), ${highest}${exceptions} FROM ${tableName(table.id)}`
    const [[rows = 0, version = 0, key = 0, ...flags] = []] = await this.numbers(sql, 3 + textColumns.length)
    const keyMax = hasIntegerKey && Number.isSafeInteger(key) ? key : Infinity
    const exceptional = textColumns.filter((_, i) => flags[i] === 1).map(({ column }) => column.id)
    return new TableState(rows, version, key, keyMax, new Set(exceptional), await this.dictionariesOf(table))
  }

  /** Ids of the columns that have dictionaries there. */
  private async dictionariesOf({ id }: TableDefinition): Promise<Set<number>> {
    const columns = `SELECT toUInt64OrZero(substring(name, 2)) FROM system.columns`
    const where = `WHERE database = currentDatabase() AND table = '${tableName(id)}'`
    const found = await this.numbers(`${columns} ${where} AND startsWith(type, 'LowCardinality')`, 1)
    return new Set(found.map(([column = 0]) => column))
  }

  /** A small answer that is all numbers. */
  private async numbers(sql: string, columnCount: number, signal?: AbortSignal): Promise<number[][]> {
    const stream = await this.requireEngine().query(sql, signal)
    const batch = Batch.ofTypes(Array.from({ length: columnCount }, () => UNSIGNED_BIGINT_TYPE))
    try {
      for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
        const reader = new BlockReader(block)
        while (!reader.isAtEnd) batch.rowCount += reader.next(batch.columns)
      }
    } finally {
      await stream.close()
    }
    return Array.from({ length: batch.rowCount }, (_, row) => batch.row(row).map(Number))
  }

  private requireEngine(): ColumnEngine {
    const { engine } = this
    if ('reason' in engine) throw sqlError('ER_STORAGE_UNAVAILABLE', this.name, engine.reason)
    return engine
  }

  private async guarded<T>(work: () => Promise<T>, statement?: StatementContext): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isSqlError(error)) throw error
      statement?.checkKilled()
      throw this.translated(error)
    }
  }

  /** The engine's error as one of the server's. What isn't known is a fault. */
  private translated(error: unknown): unknown {
    if (error instanceof EngineGone) {
      return sqlError('ER_STORAGE_UNAVAILABLE', this.name, `the column engine is gone: ${error.message}`)
    }
    if (!(error instanceof EngineError)) return error
    switch (error.number) {
      case EngineErrorNumber.queryWasCancelled:
      case EngineErrorNumber.timeoutExceeded:
        return sqlError('ER_QUERY_INTERRUPTED')
      case EngineErrorNumber.memoryLimitExceeded:
        return sqlError('ER_OUT_OF_RESOURCES', `the limit of storage ${this.name} is reached`)
      case EngineErrorNumber.notEnoughSpace:
        return sqlError('ER_DISK_FULL', this.name)
      default:
        return error
    }
  }
}

/** What was accepted for any values may be refused for some. */
function sqlUnlessRefused(make: () => string): string | undefined {
  try {
    return make()
  } catch (error) {
    // A value that can't be computed is an error only if a row asks for it: core finds out.
    if (error instanceof Refusal || isSqlError(error)) return undefined
    throw error
  }
}

const NO_STATES: ReadonlyMap<number, TableState> = new Map()
const NO_COLUMNS: ReadonlySet<number> = new Set()

/** In units of one row read from memory: see `ScanAnswer.cost`. */
const TRIP_COST = 5000
const ROW_COST = 0.5
