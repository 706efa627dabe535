/**
 * Tables whose awkward values are many, and queries over them by chance: what fragments are compared by. Each entry of a fragment should be
 * able to occur. Texts that are equal may be shown by any of them, so where rows are put together only what is the same of all is shown.
 */
import { Random } from '../../../test/random-sql/random.js'

/** The tables are written `@sale` and `@item`: each engine has its own. */
export function placed(sql: string, suffix: string): string {
  return sql.replaceAll(/@(sale|item)/g, `$1_${suffix}`)
}

/** Statements that make the tables and fill them. */
export function tableStatements(engine: string): readonly string[] {
  return [
    `CREATE TABLE @sale (id INT PRIMARY KEY, item SMALLINT, pieces INT UNSIGNED, amount DECIMAL(12, 3), weight DOUBLE,
      code VARCHAR(20), name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, padded VARCHAR(20) COLLATE utf8mb4_bin, day DATE,
      at DATETIME(2), big BIGINT, huge DECIMAL(60, 5), tiny TINYINT UNSIGNED, top BIGINT UNSIGNED, ratio FLOAT, seen TIMESTAMP NULL,
      span TIME(1), since YEAR, state ENUM('new', 'Old', 'gone'), flags SET('x', 'y', 'z'), doc JSON, raw VARBINARY(8),
      general VARCHAR(10) COLLATE utf8mb4_general_ci, latin VARCHAR(10) CHARACTER SET latin1) ENGINE=${engine}`,
    `CREATE TABLE @item (id SMALLINT PRIMARY KEY, price DECIMAL(8, 2), kind VARCHAR(10),
      label VARCHAR(10) COLLATE utf8mb4_0900_ai_ci, tag VARCHAR(10) COLLATE utf8mb4_bin) ENGINE=${engine}`,
    // Enough of them, before all others, that some columns of text get dictionaries: name, padded and kind.
    `INSERT INTO @sale (id, code, name, padded) VALUES ${firstRows((id) => `'${id}', 'anna', 'a'`)}`,
    'DELETE FROM @sale WHERE id >= 1000',
    `INSERT INTO @item (id, kind, label, tag) VALUES ${firstRows((id) => `'a', '${id}', '${id}'`)}`,
    'DELETE FROM @item WHERE id >= 1000',
    `INSERT INTO @item VALUES (0, 0.99, 'a', 'Anna', 'x'), (1, 12.50, 'b', 'anna', 'x '),
      (2, NULL, 'a', 'b_b', 'a'), (3, -1.25, NULL, NULL, NULL), (4, 7, '', '', '')`,
    `INSERT INTO @sale VALUES ${saleRows()}`,
    // Some rows get further versions.
    "UPDATE @sale SET pieces = pieces + 7, code = 'changed' WHERE id % 17 = 3",
    'DELETE FROM @sale WHERE id % 23 = 5',
    'INSERT INTO @sale (id, item) VALUES (5, 1)',
  ]
}

const ROWS = 90

function firstRows(texts: (id: number) => string): string {
  return Array.from({ length: 1000 }, (_, i) => `(${1000 + i}, ${texts(1000 + i)})`).join()
}

function saleRows(): string {
  const random = new Random(7)
  return Array.from({ length: ROWS }, (_, id) => {
    const one = (...values: readonly string[]): string => random.pick(values)
    const day = one(
      ...[
        "'2024-02-29'",
        "'0001-01-01'",
        "'9999-12-31'",
        "'2023-07-14'",
        "'2024-02-01'",
        "'2023-12-31'",
        'NULL',
      ],
    )
    const time = one('00:00:00', '23:59:59.99', '12:30:00.5')
    const values = [
      String(id),
      one('0', '1', '2', '3', '4', '5', '-32768', 'NULL'),
      one('0', '1', '3', '4294967288', 'NULL'),
      one('0', '-0.001', '1.5', '999999999.999', '-12.345', '0.0005', 'NULL'),
      one('0', '-1.5', '0.25', '1e10', 'NULL'),
      one("''", "'a'", "'A'", "'a '", "'é'", "'😀'", "'ab ba'", 'NULL'),
      one("'anna'", "'Anna'", "'ÄNNA'", "'bob'", "'anna\\t'", "'\\0b'", "'straße 😀'", 'NULL'),
      one("'a'", "'a '", "'a  '", "'b'", "'a\\t'", "'a \\t'", 'NULL'),
      day,
      day === 'NULL' ? 'NULL' : `CONCAT(${day}, ' ', '${time}')`,
      one('0', '9223372036854775807', '-9223372036854775808', '9007199254740993', '-5', 'NULL'),
      one('0', '1234567890123456789012345678901234567890123456789012345.67891', '-0.00001', 'NULL'),
      one('0', '1', '255', 'NULL'),
      one('0', '18446744073709551615', '9223372036854775808', '7', 'NULL'),
      one('0', '0.5', '-3.25', '1e6', 'NULL'),
      one("'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'2024-03-31 01:30:00'", 'NULL'),
      one("'-838:59:59'", "'00:00:00'", "'10:11:12.3'", "'838:59:58.9'", 'NULL'),
      one('1901', '2155', '2024', '0', 'NULL'),
      one("'new'", "'Old'", "'gone'", 'NULL'),
      one("''", "'x'", "'x,z'", "'y'", 'NULL'),
      one(`'{"a": 1}'`, `'[1, "b"]'`, `'null'`, 'NULL'),
      one("''", "'a'", "'a '", "x'ff00'", 'NULL'),
      one("'a'", "'Ä'", "'a '", "'ß'", 'NULL'),
      one("'a'", "'ä'", "'A'", 'NULL'),
    ]
    return `(${values.join()})`
  }).join()
}

const SMALL = ['item', 'pieces', 'amount', 's.id', 'i.price', 'tiny', 'since']
const NUMBERS = [...SMALL, 'big', 'huge', 'weight', 'top', 'ratio']
/** Equal ones are the same. */
const PLAIN_TEXTS = ['code', 'i.kind']
const LOOSE_TEXTS = ['name', 'padded', 'i.label', 'i.tag', 'general', 'latin']
const TEXTS = [...PLAIN_TEXTS, ...LOOSE_TEXTS]
const DATES = ['day', 'at']
const OTHERS = ['span', 'seen', 'state', 'flags', 'raw', 'doc']
const LOOSE = /name|padded|label|tag|general|latin/

const JOINS = [
  '@sale s JOIN @item i ON i.id = s.item',
  '@sale s JOIN @item i ON i.id = s.item',
  '@sale s LEFT JOIN @item i ON i.id = s.item',
  '@sale s LEFT JOIN @item i ON i.id = s.item AND i.price > 0',
  '@sale s JOIN @item i ON i.id = s.item AND i.price < s.amount',
  '@sale s JOIN @item i ON i.label = s.name',
  '@sale s JOIN (SELECT id, price, kind, label, tag FROM @item WHERE price IS NOT NULL) i ON i.id = s.item',
  '@sale s, @item i',
  '@item i LEFT JOIN @sale s ON s.item = i.id AND s.amount > 1',
  '@item i RIGHT JOIN @sale s ON s.padded = i.tag',
]

const SPANS = ["'10:11:12'", "'-1:00'", "'838:59:59'"]
const LITERALS: Readonly<Record<string, readonly string[]>> = {
  text: ["'a'", "'A'", "''", "'anna'", "'a '", "'ÄN'", "'\\t'", "'zz'"],
  date: ["'2024-02-29'", "'0001-01-01'", "'2024-02-29 12:30:00.5'", "'9999-12-31'", "DATE'2023-12-31'"],
  number: ['0', '1', '-1', '1.5', '12.345', '3000000000', '1e3', '18446744073709551615', '0.0005', 'NULL'],
  span: SPANS,
  seen: ["'2024-03-31 01:30:00'", "'1970-01-01'", "'2038-01-19 03:14:07'"],
  state: ["'new'", "'OLD'", '2', "'none'"],
  flags: ["'x'", "'x,z'", '3', "''"],
  raw: ["'a'", "x'ff00'", "''"],
  doc: ["'[1]'", 'NULL'],
}

/** One query; the same for the same state of chance. */
export function randomQuery(random: Random): string {
  return new QueryMaker(random).query()
}

class QueryMaker {
  constructor(private readonly random: Random) {}

  query(): string {
    const kind = this.random.next(100)
    if (kind < 38) return this.totals()
    if (kind < 52) return this.windows()
    if (kind < 60) return this.union()
    if (kind < 66) return this.subQuery()
    return this.rows()
  }

  private one(...values: readonly string[]): string {
    return this.random.pick(values)
  }

  private maybe(percent: number, text: () => string): string {
    return this.random.chance(percent) ? text() : ''
  }

  private column(): string {
    return this.random.chance(15) ? this.one(...OTHERS) : this.one(...NUMBERS, ...TEXTS, ...DATES)
  }

  private literalFor(column: string): string {
    const kind = TEXTS.includes(column) ? 'text' : DATES.includes(column) ? 'date' : column
    return this.one(...(LITERALS[kind] ?? LITERALS.number ?? []))
  }

  // ── Expressions ───────────────────────────────────────────────────────────────────────────────────────────────

  private number(depth = 1): string {
    const { random } = this
    if (depth <= 0 || random.chance(35)) return this.one(...(random.chance(70) ? SMALL : NUMBERS))
    const n = () => this.number(depth - 1)
    const small = () => this.one(...SMALL)
    const text = () => this.text(depth - 1)
    const date = () => this.date()
    return random.pick([
      () => `(${n()} ${this.one('+', '-', '*')} ${n()})`,
      () => `(${small()} / ${this.one('3', '7.25', '-12', 'NULLIF(pieces, 0)', 'NULLIF(amount, 0)')})`,
      () => `${this.one('ROUND', 'TRUNCATE')}(${n()}, ${this.one('0', '1', '2', '-1')})`,
      () => `${this.one('FLOOR', 'CEIL', 'ROUND', 'ABS')}(${n()})`,
      () =>
        `(${this.one('item', 'pieces', 's.id', 'tiny')} ${this.one('DIV', '%')} ${this.one('3', '10', '-7')})`,
      () => `CASE WHEN ${this.condition(0)} THEN ${small()} ELSE 0 END`,
      () => `IF(${this.condition(0)}, ${n()}, ${this.one('NULL', '1', small())})`,
      () => `COALESCE(${n()}, ${small()}, 0)`,
      () => `-${this.one('item', 'amount', 'i.price', 'tiny', 'big')}`,
      () => `${this.one('GREATEST', 'LEAST')}(${n()}, ${this.one('i.price', '1', 's.id')})`,
      () => `NULLIF(${n()}, ${this.one('1', '2', '0')})`,
      () =>
        `${this.one('YEAR', 'MONTH', 'DAY', 'QUARTER', 'DAYOFWEEK', 'WEEKDAY', 'DAYOFYEAR', 'TO_DAYS', 'HOUR', 'MINUTE', 'SECOND')}(${date()})`,
      () => `DATEDIFF(${date()}, ${this.one("'2024-01-01'", 'day', 'at')})`,
      () =>
        `TIMESTAMPDIFF(${this.one('MICROSECOND', 'SECOND', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR')}, ${date()}, ${this.one('day', 'at', "'2024-02-29 12:00:00'")})`,
      () => `EXTRACT(${this.one('YEAR', 'YEAR_MONTH', 'MONTH', 'HOUR')} FROM ${date()})`,
      () => `${this.one('CHAR_LENGTH', 'LENGTH', 'ASCII')}(${text()})`,
      () => `INSTR(${text()}, ${this.one("'a'", "'N'", "''", "'é'")})`,
      () => `LOCATE(${this.one("'A'", "'b'", "' '")}, ${text()})`,
      () => `(${this.condition(0)})`,
    ])()
  }

  private text(depth = 1): string {
    const { random } = this
    if (depth <= 0 || random.chance(35)) return this.one(...TEXTS)
    const t = () => this.text(depth - 1)
    const count = () => this.one('0', '1', '2', '-1', '5')
    return random.pick([
      () => `CONCAT(${this.one('code', 'i.kind')}, '/', ${this.one('i.kind', 'padded', "'x'")})`,
      () => `CONCAT_WS(${this.one("','", "''")}, code, i.kind, ${this.one('code', "'é'")})`,
      () => `${this.one('LEFT', 'RIGHT', 'SUBSTRING')}(${t()}, ${count()})`,
      () => `SUBSTRING(${t()}, ${count()}, ${count()})`,
      () => `${this.one('TRIM', 'LTRIM', 'RTRIM', 'REVERSE', 'UPPER', 'LOWER')}(${t()})`,
      () => `REPLACE(${t()}, ${this.one("'a'", "'A '", "''", "'é'")}, ${this.one("''", "'zz'", "'ü'")})`,
      () => `${this.one('LPAD', 'RPAD')}(${t()}, ${count()}, ${this.one("'*'", "'ab'", "'é'", "''")})`,
      () => `REPEAT(${t()}, ${count()})`,
      () =>
        `DATE_FORMAT(${this.date()}, ${this.one("'%Y-%m'", "'%d.%m.%y %H:%i'", "'%c/%e %l %p %T'", "'%W'")})`,
      () => `CASE item WHEN 1 THEN 'one' WHEN 2 THEN ${this.one('code', 'name')} END`,
      () => `IFNULL(${this.one('code', 'i.kind')}, ${this.one("'none'", 'code')})`,
      () => `NULLIF(${this.one('code', 'name')}, ${this.one("'a'", "'ANNA'")})`,
    ])()
  }

  private date(): string {
    return this.random.pick([
      () => this.one(...DATES),
      () => this.one(...DATES),
      () => `DATE(${this.one(...DATES)})`,
      () => `IF(item > 2, ${this.one('day', 'at')}, NULL)`,
      () => `COALESCE(${this.one('day', 'at')}, ${this.one('day', 'at')})`,
      () => `DATE_ADD(${this.one(...DATES)}, INTERVAL 1 ${this.one('DAY', 'MONTH')})`,
      () => 'seen',
    ])()
  }

  private computed(): string {
    return this.random.pick([
      () => this.number(2),
      () => this.number(2),
      () => this.text(2),
      () => this.date(),
    ])()
  }

  private condition(depth: number): string {
    const { random } = this
    if (depth > 0 && random.chance(40)) {
      return `(${this.condition(depth - 1)} ${this.one('AND', 'OR', 'AND', 'OR', 'XOR')} ${this.condition(depth - 1)})`
    }
    const of = this.column()
    const no = this.maybe(30, () => 'NOT ')
    const literal = () => this.literalFor(of)
    const compare = () => this.one('=', '<>', '<', '<=', '>', '>=', '<=>')
    const pattern = () =>
      this.one("'a%'", "'%N_a'", "'%'", "'_'", "'%ä%'", "'an%a'", "''", "'%😀'", "'a '", "'a\\\\_'")
    const textLiteral = () => this.literalFor('code')
    return random.pick([
      () => `${of} ${compare()} ${literal()}`,
      () => `${of} ${compare()} ${literal()}`,
      () => `${of} IS ${no}NULL`,
      () => `${no}${of} IN (${literal()}, ${literal()}${this.maybe(30, () => ', NULL')})`,
      () => `${of} ${no}BETWEEN ${literal()} AND ${literal()}`,
      () => `${this.one(...NUMBERS)} ${this.one('<', '=', '>=')} ${this.one(...NUMBERS)}`,
      () => `${this.one(...TEXTS)} ${no}LIKE ${pattern()}`,
      () => `${this.one(...LOOSE_TEXTS)} ${this.one('<', '=', '>=')} ${textLiteral()}`,
      () => `name ${compare()} i.label`,
      () => `padded ${compare()} i.tag`,
      () => `day ${compare()} at`,
      () => `YEAR(${this.date()}) ${this.one('=', '>')} 2023`,
      () =>
        `${this.one('name', 'padded', 'code')} ${this.one('=', '<')} ${textLiteral()} COLLATE ${this.one('utf8mb4_bin', 'utf8mb4_0900_ai_ci')}`,
      () => `name COLLATE utf8mb4_bin ${this.one('=', '>', 'LIKE')} ${textLiteral()}`,
      () => `${no}(${of} ${compare()} ${literal()})`,
      () => `(${of} = ${literal()}) IS ${no}${this.one('TRUE', 'FALSE', 'UNKNOWN')}`,
      () => `${this.number(1)} ${compare()} ${this.literalFor('item')}`,
      () => `${this.text(1)} ${compare()} ${textLiteral()}`,
    ])()
  }

  /** Only where both tables are in sight. */
  private exists(): string {
    const no = this.maybe(50, () => 'NOT ')
    const more = this.maybe(50, () => ' AND j.price > 1')
    return this.random.pick([
      () => `${no}EXISTS (SELECT 1 FROM @item j WHERE j.id = s.${this.one('item', 'id')}${more})`,
      () => `s.item ${no}IN (SELECT j.id FROM @item j WHERE j.price > ${this.one('0', '5')})`,
      () => `s.code ${no}IN (SELECT j.kind FROM @item j)`,
      () => `s.amount > (SELECT ${this.one('AVG', 'MIN', 'MAX')}(j.price) FROM @item j)`,
      () => `s.amount > (SELECT MAX(j.price) FROM @item j WHERE j.id = s.item)`,
    ])()
  }

  private where(): string {
    return this.random.pick([
      () => '',
      () => ` WHERE ${this.condition(2)}`,
      () => ` WHERE ${this.condition(1)}`,
      () => ` WHERE ${this.condition(1)} AND ${this.condition(1)}`,
      () => ` WHERE ${this.condition(1)} AND ${this.exists()}`,
      () => ` WHERE s.id < ${this.one('20', '100')} AND ${this.exists()}`,
    ])()
  }

  // ── Queries ───────────────────────────────────────────────────────────────────────────────────────────────────

  private join(): string {
    return this.one(...JOINS)
  }

  private totals(): string {
    const key = this.random.chance(20)
      ? this.number(1)
      : this.one(
          ...[
            'item',
            'code',
            'day',
            'i.kind',
            'YEAR(at)',
            'name',
            'padded',
            'i.label',
            'i.tag',
            'tiny',
            'big',
            'top',
          ],
          ...[
            'name COLLATE utf8mb4_bin',
            "DATE_FORMAT(day, '%Y-%m')",
            'since',
            'seen',
            'state',
            'flags',
            'general',
            'span',
          ],
        )
    const totals = Array.from({ length: 2 }, () => this.total())
    const having = this.maybe(
      25,
      () => ` HAVING ${this.one('COUNT(*) > 3', 'SUM(amount) > 0', 'MIN(day) IS NULL', 'AVG(item) < 2')}`,
    )
    // How long equal names are differs, too.
    const shownKey = key.includes('name') ? '0' : LOOSE.test(key) ? `CHAR_LENGTH(RTRIM(${key})) >= 0` : key
    const kind = this.random.next(100)
    const grouped = `FROM ${this.join()}${this.where()}`
    if (kind < 15) return `SELECT ${totals.join(', ')} ${grouped}`
    if (kind < 25 && !LOOSE.test(key))
      return `SELECT ${[key, ...totals].join(', ')} ${grouped} GROUP BY ${key} WITH ROLLUP`
    if (kind < 45 && !LOOSE.test(key)) {
      const order = `ORDER BY ${this.one('2', '3', '2 DESC')}, 1 LIMIT ${this.one('1', '3', '5 OFFSET 2')}`
      return `SELECT ${[key, ...totals].join(', ')} ${grouped} GROUP BY ${key}${having} ${order}`
    }
    const second = this.maybe(30, () => this.one(', item', ', day', ', s.id % 3'))
    return `SELECT ${[shownKey, ...totals].join(', ')} ${grouped} GROUP BY ${key}${second}${having}`
  }

  private total(): string {
    const distinct = this.one(
      ...TEXTS,
      ...DATES,
      'amount',
      'big',
      'top',
      'item',
      'state',
      'seen',
      'span',
      'raw',
    )
    return this.random.pick([
      () => 'COUNT(*)',
      () => `COUNT(${this.column()})`,
      () => `COUNT(DISTINCT ${distinct})`,
      () => `COUNT(DISTINCT ${this.one('item', 'code')}, ${this.one('name', 'day')})`,
      () =>
        `SUM(${this.one('item', 'pieces', 'amount', 's.id', 'i.price', 'big', 'huge', 'weight', 'tiny', 'top')})`,
      () => `AVG(${this.one(...SMALL)})`,
      () => `${this.one('MIN', 'MAX')}(${this.one(...NUMBERS, ...PLAIN_TEXTS, ...DATES, 'seen', 'span')})`,
      () => `CHAR_LENGTH(RTRIM(${this.one('MIN', 'MAX')}(${this.one('padded', 'i.tag')})))`,
      () => `${this.one('MIN', 'MAX')}(${this.one('name', 'i.label')}) ${this.one('=', '<')} 'b'`,
      () => 'SUM(pieces * i.price)',
      () => 'SUM(IF(amount > 1, amount, 0))',
      () => 'SUM(amount) / COUNT(*)',
      () => 'ROUND(SUM(amount) / COUNT(*) * 100, 2)',
      () => 'SUM(CASE WHEN item > 1 THEN 1 ELSE 0 END)',
      () => `SUM(${this.condition(0)})`,
      () =>
        `${this.one('SUM', 'MIN', 'MAX', 'COUNT')}(${this.one('item * 2', 'ROUND(amount, 1)', 'tiny + item', 'DATEDIFF(at, day)')})`,
      () => `SUM(DISTINCT ${this.one('item', 'amount')})`,
      () => "GROUP_CONCAT(s.id ORDER BY s.id SEPARATOR ';')",
    ])()
  }

  private windows(): string {
    const partition = this.maybe(
      70,
      () => `PARTITION BY ${this.one('item', 'code', 'name', 'padded', 'day', 'YEAR(at)', 'state')} `,
    )
    const total = `ORDER BY ${this.one('', 'amount, ', 'name DESC, ', 'day, ', 'code DESC, ', 'seen, ')}s.id, i.id`
    const loose = `ORDER BY ${this.one(...SMALL, 'name', 'day', 'at')}${this.maybe(50, () => ' DESC')}`
    const bound = () => this.one('1', '2', '0', '5')
    const frame = this.random.pick([
      () => '',
      () => ' ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
      () => ` ROWS BETWEEN ${bound()} PRECEDING AND ${bound()} FOLLOWING`,
      () => ` ROWS BETWEEN ${bound()} FOLLOWING AND UNBOUNDED FOLLOWING`,
      () => ` ROWS BETWEEN ${bound()} PRECEDING AND ${bound()} PRECEDING`,
      () => ' ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
      () => ` ROWS ${bound()} PRECEDING`,
      () => ' RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
    ])()
    const value = this.one(
      'item',
      'amount',
      'code',
      'day',
      's.id',
      'at',
      'big',
      'name',
      'tiny',
      'seen',
      'i.kind',
    )
    const call = this.random.pick([
      () => `${this.one('RANK', 'DENSE_RANK')}() OVER (${partition}${loose})`,
      () => `ROW_NUMBER() OVER (${partition}${total})`,
      () =>
        `${this.one('LAG', 'LEAD')}(${value}${this.maybe(50, () => `, ${bound()}`)}) OVER (${partition}${total})`,
      () =>
        `${this.one('LAG', 'LEAD')}(${this.one('item', 's.id')}, ${bound()}, ${this.one('item', '0', 's.id')}) OVER (${partition}${total})`,
      () => `${this.one('FIRST_VALUE', 'LAST_VALUE')}(${value}) OVER (${partition}${total}${frame})`,
      () => `NTH_VALUE(${value}, 2) OVER (${partition}${total}${frame})`,
      () =>
        `${this.one('SUM', 'AVG', 'COUNT')}(${this.one('pieces', 'amount', 'item')}) OVER (${partition}${total}${frame})`,
      () =>
        `${this.one('MIN', 'MAX')}(${this.one('pieces', 'amount', 'day', 'code', 'big')}) OVER (${partition}${total}${frame})`,
      () =>
        `${this.one('SUM', 'AVG', 'MAX', 'COUNT')}(amount) OVER (${partition}${this.maybe(50, () => loose)})`,
      () => `COUNT(*) OVER (${partition})`,
    ])()
    const sql = `SELECT s.id, i.id AS j, ${call} AS w FROM ${this.join()}${this.where()}`
    return this.random.chance(20)
      ? `SELECT COUNT(*), SUM(id), COUNT(w) FROM (${sql}) x WHERE w IS NOT NULL`
      : sql
  }

  private union(): string {
    const [first, second] = this.one(
      ...[
        'item, code|id, kind',
        'amount, day|price, NULL',
        'id, tiny|id, price',
        'big, code|id, kind',
        'code, name|kind, label',
      ],
      ...['at, item|NULL, id', 'pieces, since|id, id', 'top, amount|id, price'],
    ).split('|')
    const word = this.one('UNION ALL', 'UNION', 'UNION', 'INTERSECT', 'EXCEPT')
    const union = `SELECT ${first} FROM @sale s WHERE ${this.one('s.id < 60', 'item > 1', 'amount IS NULL')} ${word} SELECT ${second} FROM @item`
    const isLoose = LOOSE.test(`${first}`)
    if (isLoose || this.random.chance(40)) return `SELECT COUNT(*) FROM (${union}) u`
    return `${union}${this.maybe(40, () => ' ORDER BY 1, 2 LIMIT 7')}`
  }

  private subQuery(): string {
    const inner = `SELECT item AS k, COUNT(*) AS n, SUM(${this.one('amount', 'pieces', 'item')}) AS t, MIN(${this.one('day', 'at')}) AS d FROM @sale s${this.maybe(50, () => ` WHERE s.id ${this.one('<', '>')} 50`)} GROUP BY item`
    return this.random.pick([
      () =>
        `SELECT k, n, t, d FROM (${inner}) x WHERE ${this.one('n > 3', 't > 0', 'k <> 1', 'd IS NOT NULL')}`,
      () =>
        `SELECT i.kind, x.n, x.t FROM @item i ${this.one('JOIN', 'LEFT JOIN')} (${inner}) x ON x.k = i.id`,
      () => `SELECT MAX(n), SUM(t), COUNT(d) FROM (${inner}) x`,
      () => `WITH x AS (${inner}) SELECT a.k, b.n FROM x a JOIN x b ON a.n = b.n`,
      () => `SELECT s.id, (SELECT price FROM @item i WHERE i.id = s.item) FROM @sale s WHERE s.id < 50`,
      () =>
        `SELECT COUNT(*) FROM (SELECT DISTINCT ${this.one('name, item', 'padded', 'code, day', 'state', 'item, tiny')} FROM @sale) x`,
      () =>
        `SELECT id FROM (SELECT id, item FROM @sale ORDER BY ${this.one('amount', 'name', 'day')} DESC, id LIMIT 20) x WHERE item > 1`,
    ])()
  }

  private rows(): string {
    const distinct = this.maybe(25, () => 'DISTINCT ')
    const shown = (text: string): string => (distinct !== '' && LOOSE.test(text) ? `(${text}) IS NULL` : text)
    const items = [this.column(), this.computed(), this.computed()].map(shown)
    const order = this.maybe(
      30,
      () =>
        ` ORDER BY ${this.one('s.id', 'name, s.id', 'amount DESC, s.id', 'day, s.id', 'padded DESC, s.id')}, i.id LIMIT ${this.one('10', '5 OFFSET 3', '1000')}`,
    )
    const end = distinct === '' ? order : this.maybe(30, () => ' ORDER BY 1, 2, 3 LIMIT 1000')
    return `SELECT ${distinct}${items.map((each, i) => `${each} AS r${i}`).join(', ')} FROM ${this.join()}${this.where()}${end}`
  }
}
