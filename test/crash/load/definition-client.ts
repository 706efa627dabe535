/**
 * Tables of one client that come, change and go. A table is known by its columns, its indexes and its rows; each statement, also a
 * definition, is one step from a known state to a known state.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { Book } from './book.js'
import type { LoadClient } from './load-client.js'
import type { Random } from './random.js'

interface Table {
  /** Behind `id`; all VARCHAR, named by a number. */
  readonly columns: readonly string[]
  /** Columns with an index, which is named after the column. */
  readonly indexes: ReadonlySet<string>
  readonly rows: ReadonlyMap<number, readonly string[]>
}

type Tables = ReadonlyMap<string, Table>

const TABLES_MAX = 4
const COLUMNS_MAX = 5

export class DefinitionClient implements LoadClient {
  private readonly book = new Book<Tables>(new Map())
  private lastNumber = 0
  /** Definitions that were acknowledged. */
  definitions = 0

  constructor(private readonly client: number) {}

  async step(connection: Connection, random: Random): Promise<void> {
    const tables = this.book.acknowledged
    const picked = random.pick([...tables])
    if (picked === undefined || (tables.size < TABLES_MAX && random.chance(15))) {
      return this.create(connection)
    }
    const [name, table] = picked
    const kind = random.next(100)
    if (kind < 40) return this.insert(connection, name, table, random)
    if (kind < 52) return this.addColumn(connection, name, table)
    if (kind < 60) return this.dropColumn(connection, name, table, random)
    if (kind < 72) return this.addIndex(connection, name, table, random)
    if (kind < 78) return this.dropIndex(connection, name, table, random)
    if (kind < 84) return this.rebuild(connection, name, table)
    if (kind < 88) return this.truncate(connection, name, table)
    if (kind < 94) return this.rename(connection, name, table)
    return this.define(connection, `DROP TABLE ${name}`, name, undefined)
  }

  private newName(prefix: string): string {
    return `${prefix}_${this.client}_${++this.lastNumber}`
  }

  private create(connection: Connection): Promise<void> {
    const name = this.newName('t')
    const table = { columns: ['c0'], indexes: new Set(['c0']), rows: new Map() }
    const sql = `CREATE TABLE ${name} (id INT PRIMARY KEY, c0 VARCHAR(50) DEFAULT 'new', KEY c0 (c0))`
    return this.define(connection, sql, name, table)
  }

  private async insert(connection: Connection, name: string, table: Table, random: Random): Promise<void> {
    const rows = new Map(table.rows)
    const added = Array.from({ length: 1 + random.next(40) }, () => {
      const id = ++this.lastNumber
      const values = table.columns.map(() => random.text(12))
      rows.set(id, values)
      return [id, ...values]
    })
    const after = new Map(this.book.acknowledged).set(name, { ...table, rows })
    const columns = ['id', ...table.columns].join(', ')
    await this.book.change(after, () =>
      connection.query(`INSERT INTO ${name} (${columns}) VALUES ?`, [added]),
    )
  }

  private addColumn(connection: Connection, name: string, table: Table): Promise<void> {
    if (table.columns.length >= COLUMNS_MAX) return this.rebuild(connection, name, table)
    const column = this.newName('c')
    const rows = new Map([...table.rows].map(([id, values]) => [id, [...values, 'new']]))
    const sql = `ALTER TABLE ${name} ADD COLUMN ${column} VARCHAR(50) NOT NULL DEFAULT 'new'`
    return this.define(connection, sql, name, { ...table, columns: [...table.columns, column], rows })
  }

  private dropColumn(connection: Connection, name: string, table: Table, random: Random): Promise<void> {
    if (table.columns.length < 2) return this.addColumn(connection, name, table)
    const at = random.next(table.columns.length)
    const without = (list: readonly string[]) => list.filter((_, index) => index !== at)
    const columns = without(table.columns)
    const indexes = new Set([...table.indexes].filter((column) => columns.includes(column)))
    const rows = new Map([...table.rows].map(([id, values]) => [id, without(values)]))
    const sql = `ALTER TABLE ${name} DROP COLUMN ${table.columns[at] ?? ''}`
    return this.define(connection, sql, name, { columns, indexes, rows })
  }

  private addIndex(connection: Connection, name: string, table: Table, random: Random): Promise<void> {
    const column = random.pick(table.columns.filter((each) => !table.indexes.has(each)))
    if (column === undefined) return this.dropIndex(connection, name, table, random)
    const sql = `CREATE INDEX ${column} ON ${name} (${column})`
    return this.define(connection, sql, name, { ...table, indexes: new Set(table.indexes).add(column) })
  }

  private dropIndex(connection: Connection, name: string, table: Table, random: Random): Promise<void> {
    const column = random.pick([...table.indexes])
    if (column === undefined) return this.addColumn(connection, name, table)
    const indexes = new Set([...table.indexes].filter((each) => each !== column))
    return this.define(connection, `DROP INDEX ${column} ON ${name}`, name, { ...table, indexes })
  }

  /** The whole table is copied; each value becomes upper case as the column's type stays wide enough. */
  private rebuild(connection: Connection, name: string, table: Table): Promise<void> {
    const [column = ''] = table.columns
    const sql = `ALTER TABLE ${name} MODIFY ${column} VARCHAR(60) CHARACTER SET latin1 NOT NULL DEFAULT 'new', ALGORITHM=COPY`
    return this.define(connection, sql, name, table)
  }

  private truncate(connection: Connection, name: string, table: Table): Promise<void> {
    return this.define(connection, `TRUNCATE TABLE ${name}`, name, { ...table, rows: new Map() })
  }

  private async rename(connection: Connection, name: string, table: Table): Promise<void> {
    const renamed = this.newName('r')
    const after = new Map(this.book.acknowledged)
    after.delete(name)
    after.set(renamed, table)
    await this.book.change(after, () => connection.query(`RENAME TABLE ${name} TO ${renamed}`))
    this.definitions++
  }

  private async define(
    connection: Connection,
    sql: string,
    name: string,
    table: Table | undefined,
  ): Promise<void> {
    const after = new Map(this.book.acknowledged)
    if (table === undefined) after.delete(name)
    else after.set(name, table)
    await this.book.change(after, () => connection.query(sql))
    this.definitions++
  }

  async verify(connection: Connection): Promise<void> {
    const seen: (readonly string[])[] = []
    for (const tables of this.book.possible) {
      const problems = await this.problemsWith(connection, tables)
      if (problems.length === 0) {
        this.book.settle(tables)
        return
      }
      seen.push(problems)
    }
    expect(seen).toEqual([])
  }

  /** What differs from a state: an empty list if nothing does. */
  private async problemsWith(connection: Connection, tables: Tables): Promise<readonly string[]> {
    const problems: string[] = []
    const names = await this.presentTables(connection)
    if (JSON.stringify(names) !== JSON.stringify([...tables.keys()].sort())) {
      problems.push(`tables ${names.join(' ')} instead of ${[...tables.keys()].join(' ')}`)
    }
    for (const [name, table] of tables) {
      if (!names.includes(name)) continue
      problems.push(...(await differencesOf(connection, name, table)))
    }
    return problems
  }

  private async presentTables(connection: Connection): Promise<readonly string[]> {
    const [rows] = await connection.query<RowDataPacket[]>({
      sql: 'SHOW TABLES FROM crash',
      rowsAsArray: true,
    })
    return rows
      .map((row) => String((row as unknown as readonly string[])[0]))
      .filter((name) => name.split('_')[1] === String(this.client))
      .sort()
  }
}

/** What a table has that differs from what it should have: columns, indexes, rows through each index. */
async function differencesOf(connection: Connection, name: string, table: Table): Promise<readonly string[]> {
  const problems: string[] = []
  const compare = (what: string, found: readonly string[], expected: readonly string[]) => {
    if (found.join('\n') === expected.join('\n')) return
    problems.push(`${name}, ${what}: ${found.join()} instead of ${expected.join()}`)
  }
  compare(
    'columns',
    await firstColumn(connection, name, 'COLUMN_NAME', 'columns'),
    ['id', ...table.columns].sort(),
  )
  const indexes = await firstColumn(connection, name, 'INDEX_NAME', 'statistics')
  compare('indexes', indexes, ['PRIMARY', ...table.indexes].sort())
  const expected = [...table.rows].map(([id, values]) => JSON.stringify([id, ...values])).sort()
  for (const index of indexes) compare(index, await rowsThrough(connection, name, index), expected)
  return problems
}

/** Distinct names that information_schema has of a table. */
async function firstColumn(
  connection: Connection,
  table: string,
  column: string,
  source: string,
): Promise<readonly string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT DISTINCT ${column} AS name FROM information_schema.${source} WHERE table_schema = 'crash' AND table_name = ?`,
    [table],
  )
  return rows.map(({ name }) => String(name)).sort()
}

/** All rows as lines, in one order. */
async function rowsThrough(connection: Connection, table: string, index: string): Promise<readonly string[]> {
  const condition = index === 'PRIMARY' ? 'id >= 0' : `${index} >= ''`
  try {
    const [rows] = await connection.query<RowDataPacket[]>({
      sql: `SELECT * FROM ${table} FORCE INDEX (${index}) WHERE ${condition}`,
      rowsAsArray: true,
    })
    return rows.map((row) => JSON.stringify(row)).sort()
  } catch (error) {
    return [String(error)]
  }
}
