/**
 * A generator of queries over four small tables with indexes of many kinds: joins, sub-queries, grouping, set operations, windows,
 * and conditions in all the forms that indexes can and can't answer. Deterministic for a seed.
 */
export class Random {
  constructor(private state: number) {}

  /** An integer from 0 to `below` - 1. */
  next(below: number): number {
    // Mulberry32.
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }

  chance(percent: number): boolean {
    return this.next(100) < percent
  }

  pick<T>(list: readonly T[]): T {
    return list[this.next(list.length)] as T
  }
}

type Kind = 'number' | 'text' | 'date'

interface Column {
  readonly name: string
  readonly kind: Kind
}

export const SCHEMA: readonly string[] = [
  `CREATE TABLE a (id INT PRIMARY KEY, x INT, y TINYINT UNSIGNED, s VARCHAR(20), d DATE, n DECIMAL(8,2),
     KEY kx (x), KEY ks (s), KEY kdx (d, x), UNIQUE KEY kn (n))`,
  `CREATE TABLE b (k1 INT, k2 VARCHAR(10), x BIGINT, t DATETIME, e ENUM('red','green','blue'), f DOUBLE,
     PRIMARY KEY (k1, k2), KEY kxd (x DESC, t), KEY ke (e), KEY kf (f), KEY kt (t))`,
  `CREATE TABLE c (id BIGINT UNSIGNED, x INT NOT NULL, s VARCHAR(20) COLLATE utf8mb4_bin, u VARCHAR(20) COLLATE utf8mb4_general_ci,
     ts TIMESTAMP NULL, v FLOAT, UNIQUE KEY uid (id), KEY kxs (x, s), KEY ku (u(3)), KEY kts (ts), KEY kv (v))`,
  'CREATE TABLE w (id INT PRIMARY KEY, p INT, q INT, r INT, KEY kpqr (p, q, r), KEY kq (q))',
]

const TABLES: Readonly<Record<string, readonly Column[]>> = {
  a: columns('id:number x:number y:number s:text d:date n:number'),
  b: columns('k1:number k2:text x:number t:date e:text f:number'),
  c: columns('id:number x:number s:text u:text ts:date v:number'),
  w: columns('id:number p:number q:number r:number'),
}

function columns(text: string): readonly Column[] {
  return text.split(' ').map((each) => {
    const [name, kind] = each.split(':') as [string, Kind]
    return { name, kind }
  })
}

const TEXTS = ["''", "'a'", "'A'", "'ab'", "'Abc'", "'b'", "'ä'", "'z '", "'zz'", "'5'", "'12'"]
const DATES = [
  "'2024-01-01'",
  "'2024-01-02'",
  "'2024-01-02 12:00:00'",
  "'2024-02-29'",
  "'2023-12-31 23:59:59'",
]

/** INSERT statements; NULLs, duplicates and values at the edges among them. */
export function rowsOf(table: string, count: number, random: Random): readonly string[] {
  const nullable = (text: string) => (random.chance(15) ? 'NULL' : text)
  const small = () => String(random.next(12) - 2)
  const rows: string[] = []
  for (let i = 0; i < count; i++) {
    switch (table) {
      case 'a':
        rows.push(
          `(${i}, ${nullable(small())}, ${nullable(String(random.pick([0, 1, 5, 255])))}, ${nullable(random.pick(TEXTS))}, ` +
            `${nullable(date(random))}, ${random.chance(15) ? 'NULL' : `${i - 10}.${random.pick(['00', '25', '50'])}`})`,
        )
        break
      case 'b':
        rows.push(
          `(${i % 15}, '${random.pick(['a', 'b', 'c', 'x'])}${i}', ${nullable(random.chance(5) ? '9007199254740993' : small())}, ` +
            `${nullable(random.pick(DATES))}, ${nullable(random.pick(["'red'", "'green'", "'blue'"]))}, ` +
            `${nullable(random.pick(['0', '-0.0', '1.5', '0.1', '3', '1e10']))})`,
        )
        break
      case 'c':
        rows.push(
          `(${random.chance(10) ? 'NULL' : random.chance(5) ? `${2n ** 63n + BigInt(i)}` : i}, ${small()}, ${nullable(random.pick(TEXTS))}, ` +
            `${nullable(random.pick(TEXTS))}, ${nullable(random.pick(DATES))}, ${nullable(random.pick(['0', '1.5', '0.1', '3', '-2']))})`,
        )
        break
      default:
        rows.push(
          `(${i}, ${nullable(String(random.next(4)))}, ${nullable(String(random.next(5)))}, ${nullable(small())})`,
        )
    }
  }
  return rows.map((row) => `INSERT INTO ${table} VALUES ${row}`)
}

function date(random: Random): string {
  return random.pick(["'2024-01-01'", "'2024-01-02'", "'2024-01-03'", "'2024-02-29'", "'2023-12-31'"])
}

/** A column that a query block can name. */
interface Visible extends Column {
  readonly text: string
}

/** Columns that can be counted up without meeting a key. */
const CHANGEABLE: Readonly<Record<string, readonly string[]>> = {
  a: ['x'],
  b: ['x', 'f'],
  c: ['x', 'v'],
  w: ['p', 'q', 'r'],
}

/** What orders the rows of a table completely. */
const KEYS: Readonly<Record<string, string>> = {
  a: 'id',
  b: 'k1, k2 DESC',
  c: 'x, ts, id, s, u, v',
  w: 'q, id',
}

/** Without texts: which of several equal texts DISTINCT keeps, or which comes first, isn't determined. */
function discrete(visible: readonly Visible[]): readonly Visible[] {
  const others = visible.filter((column) => column.kind !== 'text')
  return others.length === 0 ? visible : others
}

export class QueryGenerator {
  private aliases = 0
  private depth = 0

  constructor(private readonly random: Random) {}

  /** A query, and whether the order of its rows is determined. */
  query(): { readonly sql: string; readonly isOrdered: boolean } {
    this.aliases = 0
    this.depth = 0
    const { random } = this
    if (random.chance(10)) return { sql: this.setOperation([]), isOrdered: false }
    if (random.chance(12)) return { sql: this.grouped([]), isOrdered: false }
    if (random.chance(8)) return { sql: this.windowed(), isOrdered: false }
    return this.ordered()
  }

  /** An UPDATE or DELETE, and the table that it changes. */
  change(): { readonly sql: string; readonly table: string } {
    this.aliases = 1
    this.depth = 0
    const { random } = this
    const table = random.pick(['a', 'b', 'c', 'w'])
    const columns = (TABLES[table] ?? []).map((column) => ({ ...column, text: `t0.${column.name}` }))
    const target = random.pick(CHANGEABLE[table] ?? [])
    if (random.chance(25)) {
      const other = this.relation([])
      const on = this.joinCondition(columns, other.columns)
      const where = `WHERE ${this.simple([...columns, ...other.columns])}`
      return random.chance(50)
        ? { sql: `UPDATE ${table} t0 JOIN ${other.sql} ON ${on} SET t0.${target} = 7 ${where}`, table }
        : { sql: `DELETE t0 FROM ${table} t0 JOIN ${other.sql} ON ${on} ${where}`, table }
    }
    const where = `WHERE ${this.condition(columns)}`
    const order = random.chance(30) ? ` ORDER BY ${KEYS[table] ?? ''} LIMIT ${random.next(5)}` : ''
    return random.chance(50)
      ? { sql: `UPDATE ${table} t0 SET t0.${target} = t0.${target} + 1 ${where}${order}`, table }
      : { sql: `DELETE FROM ${table} t0 ${where}${order}`, table }
  }

  private ordered() {
    const { random } = this
    const from = this.from([])
    const isDistinct = random.chance(10)
    const isOrdered = random.chance(30)
    const items = this.items(isDistinct || isOrdered ? discrete(from.columns) : from.columns)
    const where = random.chance(85) ? ` WHERE ${this.condition(from.columns)}` : ''
    const distinct = isDistinct ? 'DISTINCT ' : ''
    const base = `SELECT ${distinct}${items.join(', ')} FROM ${from.sql}${where}`
    if (!isOrdered) return { sql: base, isOrdered: false }
    // Ordered by everything that is selected, so that ties are equal rows.
    const keys = items.map((_, i) => `${i + 1}${random.chance(30) ? ' DESC' : ''}`)
    const first = distinct === '' && random.chance(70) ? `${this.column(from.columns).text}, ` : ''
    const limit = random.chance(60)
      ? ` LIMIT ${random.next(6)}${random.chance(30) ? ` OFFSET ${random.next(4)}` : ''}`
      : ''
    return { sql: `${base} ORDER BY ${first}${keys.join(', ')}${limit}`, isOrdered: true }
  }

  private items(visible: readonly Visible[]): string[] {
    const { random } = this
    const count = 1 + random.next(3)
    return Array.from({ length: count }, (_, i) =>
      random.chance(80) ? `${this.column(visible).text} AS c${i}` : `${this.number(visible)} AS c${i}`,
    )
  }

  private setOperation(outer: readonly Visible[]): string {
    const { random } = this
    const operands = Array.from({ length: 2 + random.next(2) }, () => {
      const from = this.from([])
      const where = random.chance(70) ? ` WHERE ${this.condition([...from.columns, ...outer])}` : ''
      return `SELECT ${this.column(from.columns, 'number').text} AS v FROM ${from.sql}${where}`
    })
    const operator = random.pick(['UNION ALL', 'UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT'])
    return operands.join(` ${operator} `)
  }

  private grouped(outer: readonly Visible[]): string {
    const { random } = this
    const from = this.from([])
    const key = this.column(from.columns)
    const number = this.column(from.columns, 'number')
    const where = random.chance(60) ? ` WHERE ${this.condition([...from.columns, ...outer])}` : ''
    if (random.chance(25)) {
      const aggregate = random.pick([
        `MIN(${key.text})`,
        `MAX(${key.text})`,
        'COUNT(*)',
        `COUNT(${key.text})`,
      ])
      return `SELECT ${aggregate} AS g FROM ${from.sql}${where}`
    }
    const having = random.chance(40) ? ' HAVING COUNT(*) > 1' : ''
    // Which text stands for a group of equal ones isn't determined.
    const shown = key.kind === 'text' ? `UPPER(MIN(${key.text} COLLATE utf8mb4_bin))` : key.text
    return `SELECT ${shown} AS g, COUNT(*) AS h, SUM(${number.text}) AS i FROM ${from.sql}${where} GROUP BY ${key.text}${having}`
  }

  private windowed(): string {
    const from = this.from([])
    const partition = this.column(from.columns).text
    const order = this.column(from.columns).text
    const where = this.random.chance(50) ? ` WHERE ${this.condition(from.columns)}` : ''
    const inner = `SELECT ${partition} AS p, RANK() OVER (PARTITION BY ${partition} ORDER BY ${order}) AS r FROM ${from.sql}${where}`
    return `SELECT r FROM (${inner}) v WHERE r <= 2`
  }

  // ── FROM ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private from(outer: readonly Visible[]): { readonly sql: string; readonly columns: readonly Visible[] } {
    const { random } = this
    let { sql, columns: visible } = this.relation(outer)
    const joins = this.aliases > 4 ? 0 : random.pick([0, 0, 0, 1, 1, 1, 2, 3])
    for (let i = 0; i < joins; i++) {
      const next = this.relation(outer)
      const both = [...visible, ...next.columns]
      const on = this.joinCondition(visible, next.columns)
      const kind = random.pick([
        ', ',
        ' JOIN ',
        ' JOIN ',
        ' LEFT JOIN ',
        ' LEFT JOIN ',
        ' RIGHT JOIN ',
        ' STRAIGHT_JOIN ',
      ])
      if (kind === ', ') sql = `${sql} JOIN ${next.sql} ON ${on}`
      else if (random.chance(20) && kind.includes('LEFT'))
        sql = `(${sql})${kind}${next.sql} ON ${on} AND ${this.simple(both)}`
      else sql = `${sql}${kind}${next.sql} ON ${on}`
      visible = both
    }
    return { sql, columns: visible }
  }

  private joinCondition(left: readonly Visible[], right: readonly Visible[]): string {
    const { random } = this
    const l = this.column(left)
    const same = right.filter((column) => column.kind === l.kind)
    const r = same.length === 0 || random.chance(5) ? this.column(right) : random.pick(same)
    const operator = random.pick(['=', '=', '=', '=', '<=>', '<', '>='])
    const base =
      l.kind === 'text' && r.kind === 'text'
        ? `${l.text} COLLATE utf8mb4_general_ci ${operator} ${r.text}`
        : `${l.text} ${operator} ${r.text}`
    return random.chance(20) ? `${base} AND ${this.simple([...left, ...right])}` : base
  }

  private relation(outer: readonly Visible[]): {
    readonly sql: string
    readonly columns: readonly Visible[]
  } {
    const { random } = this
    const alias = `t${this.aliases++}`
    if (this.depth < 2 && random.chance(18)) {
      this.depth++
      const derived = this.derived(alias)
      this.depth--
      return derived
    }
    const table = random.pick(['a', 'b', 'c', 'w'])
    const own = (TABLES[table] ?? []).map((column) => ({ ...column, text: `${alias}.${column.name}` }))
    return { sql: `${table} ${alias}`, columns: own.concat(outer.slice(0, 0)) }
  }

  private derived(alias: string): { readonly sql: string; readonly columns: readonly Visible[] } {
    const { random } = this
    if (random.chance(20)) {
      return {
        sql: `(${this.setOperation([])}) ${alias}`,
        columns: [{ name: 'v', kind: 'number', text: `${alias}.v` }],
      }
    }
    if (random.chance(20)) {
      return {
        sql: `(${this.grouped([])}) ${alias}`,
        columns: [{ name: 'g', kind: 'number', text: `${alias}.g` }],
      }
    }
    const from = this.from([])
    const isDistinct = random.chance(15)
    const selectable = isDistinct ? discrete(from.columns) : from.columns
    const chosen = Array.from({ length: 1 + random.next(3) }, () => this.column(selectable))
    const items = chosen.map((column, i) => `${column.text} AS c${i}`)
    if (random.chance(40)) items.push(`${this.number(from.columns)} AS m`)
    if (random.chance(20)) items.push('7 AS seven')
    const where = random.chance(60) ? ` WHERE ${this.condition(from.columns)}` : ''
    const distinct = isDistinct ? 'DISTINCT ' : ''
    const visible: Visible[] = chosen.map((column, i) => ({
      ...column,
      name: `c${i}`,
      text: `${alias}.c${i}`,
    }))
    for (const item of items) {
      if (item.endsWith(' AS m')) visible.push({ name: 'm', kind: 'number', text: `${alias}.m` })
      if (item.endsWith(' AS seven')) visible.push({ name: 'seven', kind: 'number', text: `${alias}.seven` })
    }
    return {
      sql: `(SELECT ${distinct}${items.join(', ')} FROM ${from.sql}${where}) ${alias}`,
      columns: visible,
    }
  }

  // ── Conditions ────────────────────────────────────────────────────────────────────────────────────────────────

  private condition(visible: readonly Visible[], depth = 0): string {
    const { random } = this
    if (depth < 2 && random.chance(35)) {
      const operator = random.pick([' AND ', ' AND ', ' AND ', ' OR '])
      return `(${this.condition(visible, depth + 1)}${operator}${this.condition(visible, depth + 1)})`
    }
    if (random.chance(6)) return `NOT ${this.condition(visible, depth + 1)}`
    if (this.depth < 2 && random.chance(18)) return this.subquery(visible)
    return this.simple(visible)
  }

  private simple(visible: readonly Visible[]): string {
    const { random } = this
    const column = this.column(visible)
    const value = () => this.value(column.kind)
    switch (random.next(14)) {
      case 0:
      case 1:
      case 2:
        return `${column.text} = ${value()}`
      case 3:
        return `${column.text} ${random.pick(['<', '<=', '>', '>='])} ${value()}`
      case 4:
        return `${value()} ${random.pick(['<', '<=', '>', '>=', '='])} ${column.text}`
      case 5:
        return `${column.text} BETWEEN ${value()} AND ${value()}`
      case 6:
        return `${column.text} IN (${value()}, ${value()}, ${value()})`
      case 7:
        return `${column.text} IS ${random.pick(['', 'NOT '])}NULL`
      case 8:
        return `${column.text} <=> ${random.chance(30) ? 'NULL' : value()}`
      case 9:
        return column.kind === 'text'
          ? `${column.text} LIKE '${random.pick(['a%', 'A%', 'ab_', '%b', 'z%', 'ä%', '5', ''])}'`
          : `${column.text} <> ${value()}`
      case 10:
        return `(${column.text} = ${value()} OR ${column.text} > ${value()})`
      case 11: {
        const other = this.column(visible)
        return `(${column.text}, ${other.text}) ${random.pick(['=', '>', '<='])} (${value()}, ${this.value(other.kind)})`
      }
      case 12: {
        const other = this.column(visible)
        return `(${column.text} = ${value()} AND ${other.text} = ${this.value(other.kind)} OR ${column.text} = ${value()})`
      }
      default: {
        const other = this.column(visible, column.kind)
        return column.kind === 'text' ? `${column.text} = ${value()}` : `${column.text} = ${other.text}`
      }
    }
  }

  private subquery(visible: readonly Visible[]): string {
    const { random } = this
    this.depth++
    try {
      const column = this.column(visible)
      const from = this.from([])
      const own = this.column(from.columns, column.kind)
      const correlated = random.chance(50)
        ? `${this.column(from.columns, column.kind).text} ${random.pick(['=', '=', '<'])} ${column.text}`
        : '1 = 1'
      const safe = column.kind === 'text' ? '1 = 1' : correlated
      const where = ` WHERE ${safe}${random.chance(60) ? ` AND ${this.simple(from.columns)}` : ''}`
      const not = random.chance(40) ? 'NOT ' : ''
      const collate = column.kind === 'text' ? ' COLLATE utf8mb4_general_ci' : ''
      switch (random.next(5)) {
        case 0:
        case 1:
          return `${column.text} ${not}IN (SELECT ${own.text}${collate} FROM ${from.sql}${where})`
        case 2:
          return `${not}EXISTS (SELECT 1 FROM ${from.sql}${where})`
        case 3:
          return `${column.text} ${random.pick(['=', '>', '<='])} (SELECT MAX(${own.text}${collate}) FROM ${from.sql}${where})`
        default:
          return `${column.text} ${random.pick(['= ANY', '> ANY', '<> ALL', '<= ALL'])} (SELECT ${own.text}${collate} FROM ${from.sql}${where})`
      }
    } finally {
      this.depth--
    }
  }

  private column(visible: readonly Visible[], kind?: Kind): Visible {
    const fitting = kind === undefined ? visible : visible.filter((column) => column.kind === kind)
    return this.random.pick(fitting.length === 0 ? visible : fitting)
  }

  private number(visible: readonly Visible[]): string {
    const column = this.column(visible, 'number')
    const other = this.column(visible, 'number')
    return this.random.pick([
      `${column.text} + 1`,
      `COALESCE(${column.text}, 3)`,
      `${column.text} * 0.5 + ${other.text}`,
      '5',
    ])
  }

  private value(kind: Kind): string {
    const { random } = this
    switch (kind) {
      case 'number':
        return random.pick([
          '0',
          '1',
          '2',
          '3',
          '5',
          '-1',
          '300',
          '1.5',
          "'2'",
          '0.1',
          '3.00',
          '1e10',
          '9007199254740993',
          'NULL',
        ])
      case 'text':
        return random.pick(TEXTS)
      case 'date':
        return random.chance(10) ? '20240102' : random.pick(DATES)
    }
  }
}
