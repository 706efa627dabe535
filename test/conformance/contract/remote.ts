/**
 * A catalog with its own storage, in the shape of a driver for a remote server: it learns its tables there when it is asked
 * for them, and keeps what it learned until the server's own complaints show that it is outdated; it sends SQL. The server behind it is a
 * second engine, which can be made to go away.
 */
import {
  Batch,
  exact,
  isSqlError,
  isText,
  sqlError,
  textType,
  INT_TYPE,
  type BatchCursor,
  type CatalogProvider,
  type ColumnDefinition,
  type DatabaseDefinition,
  type Fragment,
  type FragmentAnswer,
  type ScanAnswer,
  type ScanRequest,
  type SqlType,
  type StatementContext,
  type TableDefinition,
  type TableStatistics,
  type TableStorage,
  type Value,
} from '@switchyard/core/spi'
import { TestEngine, type TestSession } from '../../support/engine.js'
import { checkType, identifier, literal, Refusal, sqlOf } from './fragment-sql.js'

type TextRows = readonly (readonly (string | null)[])[]

/** The far side: a server that executes SQL text, unless it is away. */
export class RemoteServer {
  isAway = false
  readonly received: string[] = []
  /** Rejects what is still under way when the server goes away. */
  private readonly cut = new Set<(reason: Error) => void>()

  private constructor(
    private readonly engine: TestEngine,
    readonly session: TestSession,
  ) {}

  static async start(): Promise<RemoteServer> {
    const engine = await TestEngine.start()
    const session = await engine.session()
    await session.run('CREATE DATABASE d COLLATE utf8mb4_bin')
    await session.run('USE d')
    return new RemoteServer(engine, session)
  }

  stop(): Promise<void> {
    return this.engine.stop()
  }

  goAway(): void {
    this.isAway = true
    for (const reject of this.cut) reject(new Error('read ECONNRESET'))
  }

  async run(sql: string): Promise<{ readonly rows: TextRows; readonly changed: number }> {
    if (this.isAway) throw new Error('connect ECONNREFUSED')
    this.received.push(sql)
    const cut = new Promise<never>((_, reject) => {
      this.cut.add(reject)
    })
    const answer = await Promise.race([this.session.run(sql), cut])
    return { rows: answer.rows, changed: Number(answer.status?.affectedRows ?? 0) }
  }
}

const DATABASE: DatabaseDefinition = {
  id: -1,
  name: 'away',
  charset: 'utf8mb4',
  collation: 'utf8mb4_bin',
  isSystem: false,
}

export class RemoteCatalog implements CatalogProvider {
  readonly name = 'remote'
  version = 1
  private readonly known = new Map<string, TableDefinition>()
  private readonly ids = new Map<string, number>()
  private definitions = 0

  constructor(
    private readonly server: RemoteServer,
    private readonly storage: string,
  ) {}

  database(name: string): DatabaseDefinition | undefined {
    return name === DATABASE.name ? DATABASE : undefined
  }

  databases(): readonly DatabaseDefinition[] {
    return [DATABASE]
  }

  async relation(database: string, name: string): Promise<TableDefinition | undefined> {
    if (database !== DATABASE.name) return undefined
    const table = this.known.get(name) ?? (await this.learn(name))
    if (table !== undefined) this.known.set(name, table)
    return table
  }

  async relationNames(database: string) {
    if (database !== DATABASE.name) return []
    const sql = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'd'"
    const { rows } = await reach(this.storage, this.server.run(sql))
    return rows.map(([name]) => ({ name: name ?? '', kind: 'table' as const }))
  }

  invalidate(): void {
    this.known.clear()
    this.version++
  }

  private async learn(name: string): Promise<TableDefinition | undefined> {
    const sql = `SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE, COLUMN_KEY
      FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'd' AND TABLE_NAME = ${literal(name)} ORDER BY ORDINAL_POSITION`
    const { rows } = await reach(this.storage, this.server.run(sql))
    if (rows.length === 0) return undefined
    const id = this.ids.get(name) ?? -2 - this.ids.size
    this.ids.set(name, id)
    const columns = rows.map(([column, type, length, nullable], i): ColumnDefinition => ({
      id: i + 1,
      name: column ?? '',
      type: type === 'int' ? INT_TYPE : textType(Number(length), 'utf8mb4_bin'),
      nullable: nullable === 'YES',
      default: nullable === 'YES' ? { kind: 'value', value: null } : { kind: 'none' },
      autoIncrement: false,
      onUpdateNow: false,
      generated: undefined,
      comment: '',
      invisible: false,
    }))
    const key = rows.findIndex((row) => row[4] === 'PRI')
    return {
      kind: 'table',
      id,
      version: ++this.definitions,
      database: DATABASE.name,
      name,
      columns,
      indexes: [
        {
          id: 1,
          name: 'PRIMARY',
          primary: true,
          unique: true,
          parts: [{ column: key, prefixLength: undefined, descending: false }],
          visible: true,
          comment: '',
          algorithm: undefined,
          collationVersions: [0],
        },
      ],
      foreignKeys: [],
      checks: [],
      placements: [{ id: 1, storage: this.storage, role: 'primary', feed: 'none', state: 'active' }],
      charset: 'utf8mb4',
      collation: 'utf8mb4_bin',
      comment: '',
      temporary: false,
      engineAsWritten: undefined,
      options: {},
      createdAtMicros: 0,
    }
  }
}

export class RemoteStorage implements TableStorage {
  readonly comment = 'Another server, for tests'
  readonly capabilities = {
    shape: 'table',
    durable: true,
    transactions: 'autocommit',
    fragments: true,
    writable: true,
    keyBytesMax: 0,
  } as const
  openCursors = 0
  readonly catalog: RemoteCatalog

  constructor(
    readonly name: string,
    private readonly server: RemoteServer,
  ) {
    this.catalog = new RemoteCatalog(server, name)
  }

  /** A server that is away must not keep this one from starting. */
  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  createTable(): never {
    throw sqlError('ER_NOT_SUPPORTED_YET', 'CREATE TABLE on a remote server')
  }

  dropTable(): never {
    throw sqlError('ER_NOT_SUPPORTED_YET', 'DROP TABLE on a remote server')
  }

  async truncateTable(table: TableDefinition): Promise<void> {
    await this.run(`TRUNCATE TABLE ${identifier(table.name)}`)
  }

  planScan(_table: TableDefinition, request: ScanRequest): ScanAnswer {
    return { conditions: request.conditions.map(() => 'no'), order: 'no', limit: 'no', rows: 1000, cost: 1e6 }
  }

  openScan(table: TableDefinition, request: ScanRequest, statement: StatementContext): Promise<BatchCursor> {
    const wanted = request.columns.flatMap((column) => table.columns[column] ?? [])
    const names = wanted.map((column) => identifier(column.name))
    const sql = `SELECT ${names.length === 0 ? '1' : names.join(', ')} FROM ${identifier(table.name)}`
    return this.query(
      sql,
      wanted.map((column) => column.type),
      statement,
    )
  }

  insert(table: TableDefinition, rows: Batch): Promise<number> {
    const values = rowsOf(rows).map((row) => `(${row.map(literal).join(', ')})`)
    const columns = table.columns.map((column) => identifier(column.name))
    return this.run(
      `INSERT INTO ${identifier(table.name)} (${columns.join(', ')}) VALUES ${values.join(', ')}`,
    )
  }

  delete(table: TableDefinition, keys: Batch): Promise<number> {
    const wanted = rowsOf(keys).map(([key = null]) => literal(key))
    return this.run(`DELETE FROM ${identifier(table.name)} WHERE ${keyOf(table)} IN (${wanted.join(', ')})`)
  }

  async update(table: TableDefinition, keys: Batch, rows: Batch): Promise<number> {
    let changed = 0
    for (const [i, [key = null]] of rowsOf(keys).entries()) {
      const sets = rows.row(i).map((value, column) => {
        return `${identifier(table.columns[column]?.name ?? '')} = ${literal(value)}`
      })
      const where = `WHERE ${keyOf(table)} = ${literal(key)}`
      changed += await this.run(`UPDATE ${identifier(table.name)} SET ${sets.join(', ')} ${where}`)
    }
    return changed
  }

  async statistics(table: TableDefinition): Promise<TableStatistics> {
    const { rows } = await reach(this.name, this.server.run(`SELECT COUNT(*) FROM ${identifier(table.name)}`))
    return { rows: Number(rows[0]?.[0]), bytes: 0, cardinality: [] }
  }

  planFragment(fragment: Fragment): FragmentAnswer {
    try {
      for (const { type } of fragment.columns) checkType(type)
      return { accepted: true, rows: 1, cost: 1, text: sqlOf(fragment, []) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { accepted: false, reason: error.message }
    }
  }

  runFragment(fragment: Fragment, statement: StatementContext): Promise<BatchCursor> {
    const sql = sqlOf(fragment, statement.evaluation.parameters)
    return this.query(
      sql,
      fragment.columns.map((column) => column.type),
      statement,
    )
  }

  private async run(sql: string): Promise<number> {
    const { changed } = await this.watched(this.server.run(sql))
    return changed
  }

  private async query(
    sql: string,
    types: readonly SqlType[],
    statement: StatementContext,
  ): Promise<BatchCursor> {
    statement.checkKilled()
    const { rows } = await this.watched(this.server.run(sql))
    const batch = Batch.ofTypes(types)
    for (const row of rows) batch.pushRow(types.map((type, i) => valueOf(row[i] ?? null, type)))
    this.openCursors++
    let isRead = false
    return {
      next: () => {
        statement.checkKilled()
        const result = isRead || batch.rowCount === 0 ? undefined : batch
        isRead = true
        return result
      },
      close: () => {
        this.openCursors--
      },
    }
  }

  /** What the other server doesn't know any more, the catalog must learn anew. */
  private async watched<T>(answer: Promise<T>): Promise<T> {
    try {
      return await reach(this.name, answer)
    } catch (error) {
      if (!isSqlError(error) || !OUTDATED.has(error.code)) throw error
      this.catalog.invalidate()
      throw sqlError('ER_TABLE_DEF_CHANGED')
    }
  }
}

const OUTDATED: ReadonlySet<string> = new Set(['ER_BAD_FIELD_ERROR', 'ER_NO_SUCH_TABLE'])

/** Wraps what the connection throws. */
async function reach<T>(storage: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (isSqlError(error)) throw error
    throw sqlError('ER_STORAGE_UNAVAILABLE', storage, error instanceof Error ? error.message : String(error))
  }
}

function keyOf(table: TableDefinition): string {
  const column = table.indexes[0]?.parts[0]?.column ?? -1
  return identifier(table.columns[column]?.name ?? '')
}

function valueOf(text: string | null, type: SqlType): Value {
  if (text === null || isText(type)) return text
  return exact(BigInt(text.replace('.', '')))
}

function rowsOf(batch: Batch): readonly (readonly Value[])[] {
  return Array.from({ length: batch.rowCount }, (_, row) => batch.row(row))
}
