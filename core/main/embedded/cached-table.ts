/**
 * Copies of tables: `loadTable` makes one with the columns and keys of its source, and makes it anew on demand. A new copy is filled beside
 * the old one and takes its place at once, so that nobody ever reads a half of it.
 */
import { createHash } from 'node:crypto'
import type { EngineConnection } from './engine-connection.js'

export interface LoadTableOptions {
  /** `database.table` of the copy; by default in the database `cache`, under the source's own name. */
  readonly into?: string
  /** The storage that has the copy: `lmdb`, `memory`, `chdb`. By default where new tables go. */
  readonly storage?: string
}

interface TableName {
  readonly database: string
  readonly table: string
}

export const CACHE_DATABASE = 'cache'

export class CachedTable {
  /** `database`.`table`, quoted for SQL. */
  readonly name: string
  /** The last refresh that was asked for. */
  private refreshing: Promise<void> = Promise.resolve()
  private loaded: { readonly rows: number; readonly at: Date } | undefined
  private readonly source: TableName
  private readonly target: TableName

  /** @internal Use `loadTable` of an engine. */
  constructor(
    source: string,
    private readonly options: LoadTableOptions,
    private readonly run: <T>(work: (connection: EngineConnection) => Promise<T>) => Promise<T>,
  ) {
    this.source = tableName(source, undefined)
    this.target = tableName(options.into ?? `${CACHE_DATABASE}.${this.source.table}`, CACHE_DATABASE)
    this.name = quotedName(this.target)
  }

  /** Of the present copy. */
  get rows(): number {
    return this.loaded?.rows ?? 0
  }

  /** When the present copy was complete. */
  get loadedAt(): Date | undefined {
    return this.loaded?.at
  }

  /** Copies the source as it is now. Calls that come meanwhile wait, and copy again. If it fails, the present copy stays. */
  refresh(): Promise<void> {
    const refreshed = this.refreshing.then(() => this.run((connection) => this.copy(connection)))
    this.refreshing = refreshed.catch(() => undefined)
    return refreshed
  }

  private async copy(connection: EngineConnection): Promise<void> {
    const { database, table } = this.target
    const fresh = { database, table: besideName(table, '__loading') }
    const dropFresh = `DROP TABLE IF EXISTS ${quotedName(fresh)}`
    await connection.execute(`CREATE DATABASE IF NOT EXISTS ${quoted(database)}`)
    await connection.execute(dropFresh)
    try {
      await connection.execute(await this.definition(connection, fresh))
      const columns = await this.storedColumns(connection)
      const { affectedRows } = await connection.execute(
        `INSERT INTO ${quotedName(fresh)} (${columns}) SELECT ${columns} FROM ${quotedName(this.source)}`,
      )
      await this.exchange(connection, fresh)
      this.loaded = { rows: Number(affectedRows), at: new Date() }
    } catch (error) {
      // Else the next copy drops it.
      await connection.execute(dropFresh).catch(() => undefined)
      throw error
    }
  }

  /** Drops the copy. */
  drop(): Promise<void> {
    return this.run(async (connection) => {
      await connection.execute(`DROP TABLE IF EXISTS ${this.name}`)
      this.loaded = undefined
    })
  }

  private async exchange(connection: EngineConnection, fresh: TableName): Promise<void> {
    const { database, table } = this.target
    const old = quotedName({ database, table: besideName(table, '__old') })
    const present = await connection.query(
      'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
      [database, table],
    )
    if ((await present.all()).length === 0) {
      await connection.execute(`RENAME TABLE ${quotedName(fresh)} TO ${this.name}`)
      return
    }
    await connection.execute(`DROP TABLE IF EXISTS ${old}`)
    await connection.execute(`RENAME TABLE ${this.name} TO ${old}, ${quotedName(fresh)} TO ${this.name}`)
    await connection.execute(`DROP TABLE ${old}`)
  }

  /** The source's, under another name and in another storage. */
  private async definition(connection: EngineConnection, fresh: TableName): Promise<string> {
    const stream = await connection.query(`SHOW CREATE TABLE ${quotedName(this.source)}`)
    const [row] = await stream.all()
    const [, text] = Object.values(row ?? {})
    if (typeof text !== 'string') throw new TypeError(`${quotedName(this.source)} is no table`)
    const { storage } = this.options
    const engine = storage === undefined ? '' : ` ENGINE=${storage}`
    return text
      .replace(/^CREATE TABLE `(?:[^`]|``)+`/, `CREATE TABLE ${quotedName(fresh)}`)
      .replace(/\n\) ENGINE=\w+/, `\n)${engine}`)
  }

  /** Generated columns are computed anew. */
  private async storedColumns(connection: EngineConnection): Promise<string> {
    const stream = await connection.query<{ readonly COLUMN_NAME: string }>(
      `SELECT COLUMN_NAME FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COALESCE(GENERATION_EXPRESSION, '') = '' ORDER BY ORDINAL_POSITION`,
      [this.source.database, this.source.table],
    )
    return (await stream.all()).map((row) => quoted(row.COLUMN_NAME)).join(', ')
  }
}

/** Characters of a table's name (MySQL manual 11.2.1). */
const NAME_LENGTH_MAX = 64
const HASH_LENGTH = 8

/** A name for what stands beside the table for a while; of long names it has the beginning and a hash. */
function besideName(table: string, suffix: string): string {
  const characters = Array.from(table)
  if (characters.length + suffix.length <= NAME_LENGTH_MAX) return `${table}${suffix}`
  const hash = createHash('sha256').update(table).digest('hex').slice(0, HASH_LENGTH)
  return `${characters.slice(0, NAME_LENGTH_MAX - HASH_LENGTH - suffix.length).join('')}${hash}${suffix}`
}

/** Splits `database.table`; names with points or quotes stand in backquotes. */
function tableName(text: string, defaultDatabase: string | undefined): TableName {
  const parts = [...text.matchAll(/`((?:[^`]|``)+)`|([^`.]+)/g)].map(
    ([, inQuotes, plain = '']) => inQuotes?.replaceAll('``', '`') ?? plain,
  )
  const [first = '', second] = parts
  const database = second === undefined ? defaultDatabase : first
  if (parts.length > 2 || first === '' || database === undefined) {
    throw new TypeError(`${text} is no name of the form database.table`)
  }
  return { database, table: second ?? first }
}

export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function quotedName({ database, table }: TableName): string {
  return `${quoted(database)}.${quoted(table)}`
}
