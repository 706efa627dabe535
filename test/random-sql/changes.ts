/**
 * Random changes of random tables: INSERT in its forms, REPLACE, UPDATE and DELETE of one table and of several, with
 * values that don't fit and keys that exist among them. Their outcome doesn't depend on the order in which rows are visited.
 */
import { randomType } from './column-types.js'
import { visibleAs, type Visible } from './expressions.js'
import type { QueryGenerator } from './queries.js'
import type { Random } from './random.js'
import { columnValue, insertable, type Column, type Table } from './schema.js'

export class ChangeGenerator {
  /** Which of several faults is reported depends on when each is looked for. */
  private mayFail = false

  constructor(
    private readonly random: Random,
    private readonly tables: readonly Table[],
    private readonly queries: QueryGenerator,
  ) {}

  change(): string {
    const { random } = this
    this.mayFail = random.chance(25)
    const table = random.pick(this.tables)
    const share = random.next(100)
    if (share < 30) return this.insert(table)
    if (share < 38) return this.insertSelect(table)
    if (share < 70) return this.update(table)
    return this.remove(table)
  }

  private insert(table: Table): string {
    const { random } = this
    const { columns, names } = insertable(table)
    const count = random.pick([1, 1, 2, 3])
    const rows = Array.from(
      { length: count },
      () => `(${columns.map((column) => this.newValue(column)).join(', ')})`,
    )
    const verb = random.pick(['INSERT', 'INSERT', 'INSERT', 'INSERT IGNORE', 'REPLACE'])
    const update = verb === 'INSERT' && random.chance(40) ? this.onDuplicate(columns) : ''
    return `${verb} INTO ${table.name} (${names}) VALUES ${rows.join(', ')}${update}`
  }

  /** Cascades reach rows of a join or sub-query before or after it was computed. */
  private get hasReferences(): boolean {
    return this.tables.some(({ columns }) => columns.some(({ name }) => name === 'parent'))
  }

  private onDuplicate(columns: readonly Column[]): string {
    const { random } = this
    const { name, type } = random.pick(columns)
    const value =
      type.kind === 'small' && random.chance(50)
        ? `${name} + 1`
        : random.pick([`VALUES(${name})`, ...type.values])
    return ` ON DUPLICATE KEY UPDATE ${name} = ${value}`
  }

  private insertSelect(table: Table): string {
    const { random } = this
    const { columns, names } = insertable(table)
    const sources = this.tables.filter(({ key }) => key.length > 0)
    if (sources.length === 0) return this.insert(table)
    const source = random.pick(sources)
    const items = columns.map((column) => {
      const same = source.columns.filter(({ type }) => type.sql === column.type.sql)
      return same.length > 0 && random.chance(80) ? random.pick(same).name : this.newValue(column)
    })
    const order = ` ORDER BY ${source.key.join(', ')}`
    const verb = random.pick(this.hasReferences ? ['INSERT'] : ['INSERT', 'REPLACE', 'INSERT IGNORE'])
    return `${verb} INTO ${table.name} (${names}) SELECT ${items.join(', ')} FROM ${source.name}${order}`
  }

  /** One that the column takes, as far as its type goes, except for one of the statement at most. */
  private newValue(column: Column): string {
    const { random } = this
    if (column.name === 'id' && random.chance(60)) return String(random.next(30))
    if (!this.mayFail || !random.chance(20)) return columnValue(column, random)
    this.mayFail = false
    // MariaDB makes a text without a sign of negative zero, and takes x'…' for text beside numbers.
    const others = randomType(random).values.filter((value) => value !== '-0e0' && !value.startsWith("x'"))
    // … and has the present for NULL.
    const none = column.type.sql === 'TIMESTAMP' ? 'DEFAULT' : 'NULL'
    return random.pick([random.pick(others), none, 'DEFAULT'])
  }

  private update(table: Table): string {
    const { random } = this
    const { expressions, relation } = this.queries.forChange()
    const own = visibleColumns(table, 't0')
    if (!this.hasReferences && random.chance(25)) {
      const other = relation('t1')
      const both = [...own, ...other.columns]
      const on = expressions.joinCondition(own, other.columns)
      return `UPDATE ${table.name} t0 JOIN ${other.sql} ON ${on} SET ${this.assignment(table, 't0.', false)} WHERE ${expressions.simple(both)}`
    }
    const isOrdered = table.key.length > 0 && random.chance(40)
    const condition = this.hasReferences ? expressions.simple(own) : expressions.condition(own)
    const where = random.chance(80) ? ` WHERE ${condition}` : ''
    return `UPDATE ${table.name} t0 SET ${this.assignment(table, 't0.', isOrdered)}${where}${isOrdered ? this.order(table) : ''}`
  }

  private order({ key }: Table): string {
    const { random } = this
    const direction = random.chance(30) ? ' DESC' : ''
    return ` ORDER BY ${key.map((part) => part + direction).join(', ')}${random.chance(60) ? ` LIMIT ${random.next(5)}` : ''}`
  }

  /** Rows of a key that all change meet one another or not by the order of the rows. */
  private assignment(table: Table, prefix: string, isOrdered: boolean): string {
    const { random } = this
    const free = insertable(table).columns.filter(({ name }) => isOrdered || !table.constrained.has(name))
    const changed = random.sample(
      free.length === 0 ? insertable(table).columns : free,
      random.pick([1, 1, 2]),
    )
    const assignments = changed.map((column) => {
      const counts = column.type.kind === 'small' || column.name === 'id'
      const value =
        counts && isOrdered && random.chance(40) ? `${prefix}${column.name} + 1` : this.newValue(column)
      return `${prefix}${column.name} = ${value}`
    })
    return assignments.join(', ')
  }

  private remove(table: Table): string {
    const { random } = this
    const { expressions, relation } = this.queries.forChange()
    const own = visibleColumns(table, !this.hasReferences && random.chance(25) ? 't0' : table.name)
    if (own[0]?.text.startsWith('t0.') === true) {
      const other = relation('t1')
      const on = expressions.joinCondition(own, other.columns)
      return `DELETE t0 FROM ${table.name} t0 JOIN ${other.sql} ON ${on} WHERE ${expressions.simple([...own, ...other.columns])}`
    }
    const order = table.key.length > 0 && random.chance(40) ? this.order(table) : ''
    const condition = this.hasReferences ? expressions.simple(own) : expressions.condition(own)
    return `DELETE FROM ${table.name} WHERE ${condition}${order}`
  }
}

function visibleColumns({ columns }: Table, alias: string): readonly Visible[] {
  return columns.map((column) => visibleAs(`${alias}.${column.name}`, column.type))
}
