/**
 * Random tables: columns of all everyday types, keys of every form that an index can have, constraints, rows.
 */
import { KEY_TYPE, randomType, type ColumnType } from './column-types.js'
import type { Random } from './random.js'

export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly isNullable: boolean
  /** Computed from others: takes no value. */
  readonly isGenerated: boolean
}

export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  /** What tells rows apart and puts them in one order: the primary key. */
  readonly key: readonly string[]
  /** Columns of the primary key, of unique keys and of foreign keys. */
  readonly constrained: ReadonlySet<string>
  readonly create: string
}

const ROWS_MAX = 16
const NULL_PERCENT = 15

/** Tables in the order in which they can be made: one that is referenced stands before those that refer to it. */
export function randomTables(random: Random): readonly Table[] {
  const count = 2 + random.next(3)
  const tables: Table[] = []
  for (let i = 0; i < count; i++) tables.push(new TableBuilder(random, `t${i + 1}`, tables).table())
  return tables
}

export function randomRows(table: Table, random: Random): readonly string[] {
  const count = random.chance(5) ? 0 : 1 + random.next(ROWS_MAX)
  const { columns, names } = insertable(table)
  return Array.from({ length: count }, (_, i) => {
    const values = columns.map((column) =>
      column.name === 'id' && random.chance(95) ? String(i) : columnValue(column, random),
    )
    return `INSERT INTO ${table.name} (${names}) VALUES (${values.join(', ')})`
  })
}

export function insertable(table: Table): { readonly columns: readonly Column[]; readonly names: string } {
  const columns = table.columns.filter((column) => !column.isGenerated)
  return { columns, names: columns.map((column) => column.name).join(', ') }
}

export function columnValue({ type, isNullable }: Column, random: Random): string {
  return isNullable && random.chance(NULL_PERCENT) ? 'NULL' : random.pick(type.values)
}

class TableBuilder {
  private readonly columns: Column[] = []
  private readonly parts: string[] = []
  private readonly constrained = new Set<string>()

  constructor(
    private readonly random: Random,
    private readonly name: string,
    private readonly others: readonly Table[],
  ) {}

  table(): Table {
    const { random, name, columns, constrained } = this
    const hasId = random.chance(70)
    if (hasId) this.add('id', KEY_TYPE, false)
    const count = 3 + random.next(4)
    for (let i = 0; i < count; i++) this.add(`c${i}`, randomType(random), random.chance(75))
    const key = this.primaryKey(hasId)
    this.indexes()
    this.foreignKey()
    if (random.chance(15)) this.generated()
    if (random.chance(15)) this.check()
    for (const part of key) constrained.add(part)
    return { name, columns, key, constrained, create: `CREATE TABLE ${name} (${this.parts.join(', ')})` }
  }

  private add(name: string, type: ColumnType, isNullable: boolean): void {
    this.columns.push({ name, type, isNullable, isGenerated: false })
    const isStamp = type.sql.startsWith('TIMESTAMP')
    this.parts.push(`${name} ${type.sql}${isNullable ? (isStamp ? ' NULL' : '') : ' NOT NULL'}`)
  }

  private primaryKey(hasId: boolean): readonly string[] {
    const { random } = this
    if (hasId) {
      this.parts.push('PRIMARY KEY (id)')
      return ['id']
    }
    const columns = this.columns.filter(({ isNullable, type }) => !isNullable && !type.needsPrefix)
    if (columns.length === 0 || random.chance(20)) return []
    const key = random.sample(columns, 1 + random.next(3)).map((column) => column.name)
    this.parts.push(`PRIMARY KEY (${key.join(', ')})`)
    return key
  }

  private indexes(): void {
    const { random } = this
    const count = random.next(4)
    for (let i = 0; i < count; i++) {
      const columns = random.sample(this.columns, random.pick([1, 1, 2, 3]))
      const isUnique = random.chance(20)
      const parts = columns.map((column) => this.indexPart(column, isUnique))
      if (isUnique) for (const column of columns) this.constrained.add(column.name)
      this.parts.push(`${isUnique ? 'UNIQUE ' : ''}KEY k${i} (${parts.join(', ')})`)
    }
  }

  private indexPart({ name, type }: Column, isUnique: boolean): string {
    const { random } = this
    const isText = type.kind === 'text' || type.kind === 'binary'
    const hasPrefix = type.needsPrefix || (isText && !isUnique && random.chance(25))
    const prefix = hasPrefix ? `(${isUnique ? 20 : 1 + random.next(3)})` : ''
    return `${name}${prefix}${random.chance(25) ? ' DESC' : ''}`
  }

  private foreignKey(): void {
    const { random } = this
    const parents = this.others.filter((table) => table.key.join() === 'id')
    if (parents.length === 0 || !random.chance(30)) return
    const { name } = random.pick(parents)
    this.add('parent', KEY_TYPE, true)
    this.constrained.add('parent')
    const action = () => random.pick(['RESTRICT', 'CASCADE', 'CASCADE', 'SET NULL', 'NO ACTION'])
    this.parts.push(
      `CONSTRAINT ${this.name}_parent FOREIGN KEY (parent) REFERENCES ${name} (id) ON DELETE ${action()} ON UPDATE ${action()}`,
    )
  }

  private generated(): void {
    const { random } = this
    const based = this.columns.find(({ type, name }) => type.kind === 'small' && name !== 'id')
    if (based === undefined) return
    const storage = random.pick(['STORED', 'VIRTUAL'])
    this.parts.push(`g INT AS (COALESCE(${based.name}, 0) % 7) ${storage}`)
    this.columns.push({ name: 'g', type: KEY_TYPE, isNullable: true, isGenerated: true })
  }

  private check(): void {
    const based = this.columns.find(({ type }) => type.kind === 'small' || type.kind === 'money')
    if (based === undefined) return
    this.constrained.add(based.name)
    this.parts.push(
      `CONSTRAINT ${this.name}_limit CHECK (${based.name} < ${this.random.pick(['11', '100', '7.5'])})`,
    )
  }
}
