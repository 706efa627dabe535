/**
 * Random queries whose answers are determined: rows as a bag, or in an order that leaves no ties that can be told apart.
 */
import { AggregateGenerator, exact, inTextOrder } from './aggregates.js'
import { ExpressionGenerator, isNumber, visibleAs, visibleValue, type Visible } from './expressions.js'
import type { Kind } from './column-types.js'
import type { Random } from './random.js'
import type { Table } from './schema.js'

const DEPTH_MAX = 2
const RELATIONS_MAX = 5
const TEMPORAL: readonly Kind[] = ['date', 'datetime', 'time']

interface Relation {
  readonly sql: string
  readonly columns: readonly Visible[]
  /** Columns that tell its rows apart and order them; undefined if there are none. */
  readonly key: readonly string[] | undefined
}

export interface QueryOptions {
  /** Constructs that only some servers have. */
  readonly lateral: boolean
}

export class QueryGenerator {
  private aliases = 0
  private depth = 0
  /** Common tables of the statement under way. */
  private common: Relation[] = []
  private readonly expressions: ExpressionGenerator
  private readonly aggregates: AggregateGenerator

  constructor(
    private readonly random: Random,
    private readonly tables: readonly Table[],
    private readonly options: QueryOptions,
  ) {
    this.expressions = new ExpressionGenerator(random, (visible) =>
      this.depth < DEPTH_MAX ? this.nested(() => this.subquery(visible)) : undefined,
    )
    this.aggregates = new AggregateGenerator(random, this.expressions)
  }

  query(): string {
    this.aliases = 0
    this.depth = 0
    this.common = []
    const { random } = this
    if (random.chance(8)) return this.single()
    const prefix = random.chance(12) ? this.commonTables() : ''
    return prefix + this.body()
  }

  /** Conditions and assignments of UPDATE and DELETE. */
  forChange(): { readonly expressions: ExpressionGenerator; relation: (alias: string) => Relation } {
    this.aliases = 1
    this.depth = 0
    this.common = []
    return {
      expressions: this.expressions,
      relation: (alias) => this.tableAs(this.random.pick(this.tables), alias),
    }
  }

  private body(): string {
    const { random } = this
    const share = random.next(100)
    if (share < 10) return this.setOperation()
    if (share < 28) return this.grouped()
    if (share < 36) return this.windowed()
    return this.plain()
  }

  private nested<T>(make: () => T): T {
    this.depth++
    try {
      return make()
    } finally {
      this.depth--
    }
  }

  // ── Query blocks ──────────────────────────────────────────────────────────────────────────────────────────────

  /** One expression over all rows of one table: if it fails for a value, it fails in every plan. */
  private single(): string {
    const { sql, columns } = this.tableAs(this.random.pick(this.tables), 't0')
    return `SELECT ${this.expressions.failing(columns)} AS c0 FROM ${sql}`
  }

  private plain(): string {
    const { random } = this
    const from = this.from()
    const where = this.where(from.columns, 85)
    const isDistinct = random.chance(12)
    const items = this.items(from.columns)
    if (!isDistinct && from.key !== undefined && random.chance(40)) {
      const first = random.chance(70)
        ? `${this.expressions.keyValue(from.columns).text} ${this.direction()}, `
        : ''
      const keys = from.key.map((key) => `${key} ${this.direction()}`).join(', ')
      return `SELECT ${list(items)} FROM ${from.sql}${where} ORDER BY ${first}${keys}${this.limit()}`
    }
    if (!isDistinct && !random.chance(20)) return `SELECT ${list(items)} FROM ${from.sql}${where}`
    // MariaDB takes OFFSET wrongly where DISTINCT finds nothing but constants.
    const shown = [...items, this.expressions.keyValue(from.columns)].map((item) => exact(item))
    const base = `SELECT ${isDistinct ? 'DISTINCT ' : ''}${list(shown)} FROM ${from.sql}${where}`
    return random.chance(40) ? base : base + this.orderedByAll(shown.length)
  }

  private orderedByAll(count: number): string {
    const keys = Array.from({ length: count }, (_, i) => `${i + 1} ${this.direction()}`)
    return ` ORDER BY ${keys.join(', ')}${this.limit()}`
  }

  private direction(): string {
    return this.random.chance(30) ? 'DESC' : 'ASC'
  }

  private limit(): string {
    const { random } = this
    if (!random.chance(60)) return ''
    return ` LIMIT ${random.next(7)}${random.chance(30) ? ` OFFSET ${random.next(4)}` : ''}`
  }

  private where(visible: readonly Visible[], percent: number): string {
    return this.random.chance(percent) ? ` WHERE ${this.expressions.condition(visible)}` : ''
  }

  private items(visible: readonly Visible[]): readonly Visible[] {
    return Array.from({ length: 1 + this.random.next(3) }, () => this.item(visible))
  }

  private item(visible: readonly Visible[]): Visible {
    const { random } = this
    if (random.chance(50)) {
      const column = this.expressions.column(visible)
      return this.depth > 0 && column.kind === 'bit' ? exact(column) : column
    }
    if (this.depth < DEPTH_MAX && random.chance(10)) return this.nested(() => this.scalar(visible))
    // MariaDB keeps constants of derived tables where an outer join has no row for them.
    return this.depth > 0 ? this.expressions.keyValue(visible) : this.expressions.value(visible)
  }

  private grouped(): string {
    const { random } = this
    const from = this.from()
    const where = this.where(from.columns, 60)
    const aggregates = Array.from({ length: 1 + random.next(3) }, () =>
      this.aggregates.aggregate(from.columns),
    )
    if (random.chance(25))
      return `SELECT ${list(aggregates)} FROM ${from.sql}${where}${this.having(from.columns)}`
    const isKeyOfText = random.chance(20)
    const keys = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => this.groupKey(from.columns))
    const shown = isKeyOfText ? aggregates : [...keys, ...aggregates]
    const text = keys.map((key) => key.text).join(', ')
    // MariaDB has no NULL in the sums of ROLLUP for expressions and what is named twice, and adds up DISTINCT per group.
    const isPlain = new Set(keys.map((key) => key.text)).size === keys.length && keys.every(isColumn)
    const canRollUp = isPlain && !aggregates.some(({ text: call }) => call.includes('DISTINCT'))
    const rollup = canRollUp && random.chance(15) ? ' WITH ROLLUP' : ''
    const having = rollup === '' ? this.having(from.columns) : ''
    const order = rollup === '' && !isKeyOfText && random.chance(30) ? ` ORDER BY ${text}` : ''
    const base = `SELECT ${list(shown)} FROM ${from.sql}${where} GROUP BY ${text}${rollup}${having}${order}`
    return order === '' ? base : base + this.limit()
  }

  private groupKey(visible: readonly Visible[]): Visible {
    return exact(
      this.random.chance(75) ? this.expressions.column(visible) : this.expressions.keyValue(visible),
    )
  }

  private having(visible: readonly Visible[]): string {
    const { random } = this
    if (!random.chance(30)) return ''
    const { text, values } = this.aggregates.aggregate(visible)
    return ` HAVING ${text} ${random.pick(['>', '<=', '<>', '='])} ${random.pick(values)}`
  }

  private windowed(): string {
    const { random, expressions } = this
    const from = this.from()
    const where = this.where(from.columns, 50)
    const partition = random.chance(60) ? `PARTITION BY ${exact(expressions.column(from.columns)).text} ` : ''
    const functions = Array.from({ length: 1 + random.next(2) }, () =>
      this.aggregates.window(from.columns, from.key, partition),
    )
    return `SELECT ${list([...this.items(from.columns), ...functions])} FROM ${from.sql}${where}`
  }

  private setOperation(): string {
    const { random } = this
    const kinds = Array.from({ length: 1 + random.next(2) }, () =>
      random.pick<Kind>(['small', 'integer', 'money', 'decimal', 'text', 'date', 'datetime', 'time']),
    )
    const operands = Array.from({ length: 2 + random.next(2) }, () => this.operand(kinds))
    const operators = ['UNION ALL', 'UNION', 'UNION DISTINCT', 'EXCEPT', 'INTERSECT']
    const sql = operands.reduce((left, right) => `${left} ${random.pick(operators)} ${right}`)
    return random.chance(40) ? sql + this.orderedByAll(kinds.length) : sql
  }

  private operand(kinds: readonly Kind[]): string {
    const from = this.from()
    const items = kinds.map((kind) => exact(this.expressions.value(from.columns, kind)))
    return `SELECT ${list(items)} FROM ${from.sql}${this.where(from.columns, 70)}`
  }

  private commonTables(): string {
    const { random } = this
    if (random.chance(35)) {
      this.common.push({ sql: 'x0', columns: [visibleValue('n', 'small')], key: ['n'] })
      return `WITH RECURSIVE x0 AS (${this.recursive()}) `
    }
    const count = 1 + random.next(2)
    const parts: string[] = []
    for (let i = 0; i < count; i++) {
      const { sql, columns } = this.nested(() => this.derivedBody())
      parts.push(`x${i} AS (${sql})`)
      this.common.push({ sql: `x${i}`, columns, key: undefined })
    }
    return `WITH ${parts.join(', ')} `
  }

  private recursive(): string {
    const { random } = this
    const last = 1 + random.next(8)
    const step = random.pick(['n + 1', 'n + 2', 'n * 2'])
    const table = random.pick(this.tables)
    const numbers = table.columns.filter(({ type }) => type.kind === 'small' && !type.isUnsigned)
    if (numbers.length === 0 || random.chance(50)) {
      return `SELECT CAST(1 AS SIGNED) AS n UNION ALL SELECT ${step} FROM x0 WHERE n < ${last}`
    }
    const { name } = random.pick(numbers)
    return `SELECT CAST(${random.next(4)} AS SIGNED) AS n UNION SELECT ${table.name}.${name} + 1 FROM x0 JOIN ${table.name} ON ${table.name}.${name} = x0.n WHERE n < ${last}`
  }

  // ── FROM ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private from(): Relation {
    const { random } = this
    let { sql, columns, key } = this.relation()
    const joins = this.aliases >= RELATIONS_MAX ? 0 : random.pick([0, 0, 0, 1, 1, 1, 2])
    for (let i = 0; i < joins; i++) {
      const next = this.options.lateral && random.chance(15) ? this.lateral(columns) : this.relation()
      const both = [...columns, ...next.columns]
      const on = this.expressions.joinCondition(columns, next.columns)
      const isLateral = next.sql.startsWith('LATERAL')
      const kind = random.pick(isLateral ? LATERAL_JOINS : JOINS)
      // MySQL takes no parentheses around a derived table alone.
      if (random.chance(20) && kind === 'LEFT JOIN' && i > 0)
        sql = `(${sql}) ${kind} ${next.sql} ON ${on} AND ${this.expressions.simple(both)}`
      else sql = `${sql} ${kind} ${next.sql} ON ${on}`
      columns = both
      key = key === undefined || next.key === undefined ? undefined : [...key, ...next.key]
    }
    return { sql, columns, key }
  }

  private relation(): Relation {
    const { random } = this
    const alias = `t${this.aliases++}`
    if (this.common.length > 0 && random.chance(40)) {
      const { sql, columns, key } = random.pick(this.common)
      const rename = (text: string) => `${alias}.${text}`
      return {
        sql: `${sql} ${alias}`,
        columns: columns.map((column) => ({ ...column, text: rename(column.text) })),
        key: key?.map(rename),
      }
    }
    if (this.depth < DEPTH_MAX && random.chance(18)) {
      const { sql, columns } = this.nested(() => this.derivedBody())
      const own = columns.map((column) => ({ ...column, text: `${alias}.${column.text}` }))
      return { sql: `(${sql}) ${alias}`, columns: own, key: undefined }
    }
    return this.tableAs(random.pick(this.tables), alias)
  }

  private tableAs({ name, columns, key }: Table, alias: string): Relation {
    const visible = columns.map((column) => visibleAs(`${alias}.${column.name}`, column.type))
    return {
      sql: `${name} ${alias}`,
      columns: visible,
      key: key.length === 0 ? undefined : key.map((part) => `${alias}.${part}`),
    }
  }

  private lateral(outer: readonly Visible[]): Relation {
    const alias = `t${this.aliases++}`
    const from = this.tableAs(this.random.pick(this.tables), `t${this.aliases++}`)
    const { text, ...rest } = this.expressions.column(from.columns)
    const on = this.expressions.joinCondition(outer, from.columns)
    const sql = `LATERAL (SELECT ${text} AS c0 FROM ${from.sql} WHERE ${on}) ${alias}`
    return { sql, columns: [{ ...rest, text: `${alias}.c0` }], key: undefined }
  }

  /** A query whose columns have names, for FROM or WITH. */
  private derivedBody(): { readonly sql: string; readonly columns: readonly Visible[] } {
    const { random } = this
    const from = this.from()
    const where = this.where(from.columns, 60)
    if (random.chance(25)) {
      const key = this.groupKey(from.columns)
      const columns = [key, this.aggregates.aggregate(from.columns)]
      return {
        sql: `SELECT ${list(columns)} FROM ${from.sql}${where} GROUP BY ${key.text}`,
        columns: renamed(columns),
      }
    }
    const isDistinct = random.chance(15)
    const items = isDistinct ? this.items(from.columns).map((item) => exact(item)) : this.items(from.columns)
    const order =
      !isDistinct && from.key !== undefined && random.chance(15)
        ? ` ORDER BY ${from.key.join(', ')} LIMIT ${1 + random.next(5)}`
        : ''
    const sql = `SELECT ${isDistinct ? 'DISTINCT ' : ''}${list(items)} FROM ${from.sql}${where}${order}`
    return { sql, columns: renamed(items) }
  }

  // ── Sub-queries ───────────────────────────────────────────────────────────────────────────────────────────────

  private subquery(visible: readonly Visible[]): string {
    const { random, expressions } = this
    const not = random.chance(40) ? 'NOT ' : ''
    const outer = expressions.column(visible)
    const from = this.from()
    const where = this.correlated(from.columns, visible)
    if (random.chance(30)) return `${not}EXISTS (SELECT 1 FROM ${from.sql}${where})`
    const own = this.matching(from.columns, outer)
    if (random.chance(50)) return `${outer.text} ${not}IN (SELECT ${own} FROM ${from.sql}${where})`
    if (random.chance(50))
      return `${outer.text} ${random.pick(['=', '>', '<='])} (SELECT MAX(${inTextOrder({ ...outer, text: own })}) FROM ${from.sql}${where})`
    return `${outer.text} ${random.pick(['= ANY', '> ANY', '<> ALL', '<= ALL'])} (SELECT ${own} FROM ${from.sql}${where})`
  }

  private correlated(own: readonly Visible[], outer: readonly Visible[]): string {
    const { random, expressions } = this
    const parts = [
      ...(random.chance(50) ? [expressions.joinCondition(own, outer)] : []),
      ...(random.chance(60) ? [expressions.simple(own)] : []),
    ]
    return parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`
  }

  /** Something that can be compared with `wanted`. */
  private matching(visible: readonly Visible[], wanted: Visible): string {
    const isFitting = ({ kind, collation }: Visible) =>
      wanted.collation === collation &&
      (kind === wanted.kind ||
        (isNumber(kind) && isNumber(wanted.kind)) ||
        (TEMPORAL.includes(kind) && kind === wanted.kind))
    const fitting = visible.filter(isFitting)
    if (fitting.length > 0) return this.random.pick(fitting).text
    return this.expressions.value(visible, wanted.kind).text
  }

  private scalar(visible: readonly Visible[]): Visible {
    const from = this.from()
    const item = this.aggregates.aggregate(from.columns)
    return {
      ...item,
      text: `(SELECT ${item.text} FROM ${from.sql}${this.correlated(from.columns, visible)})`,
    }
  }
}

const JOINS = ['JOIN', 'JOIN', 'LEFT JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'STRAIGHT_JOIN', 'INNER JOIN']
const LATERAL_JOINS = ['JOIN', 'LEFT JOIN']

function isColumn({ text }: Visible): boolean {
  return /^\w+\.\w+$/.test(text)
}

function list(items: readonly Visible[]): string {
  return items.map(({ text }, i) => `${text} AS c${i}`).join(', ')
}

function renamed(items: readonly Visible[]): readonly Visible[] {
  return items.map((item, i) => ({ ...item, text: `c${i}` }))
}
