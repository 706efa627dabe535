/**
 * Random expressions and conditions over the columns that a query block sees.
 */
import {
  BINARIES,
  COLLATIONS,
  DATES,
  SMALL_NUMBERS,
  textValues,
  TIMES,
  type ColumnType,
  type Kind,
} from './column-types.js'
import type { Random } from './random.js'
import { CONDITIONS, FAILING, VALUES, WORDS } from './templates.js'

/** Something that a query block can name. */
export interface Visible {
  readonly text: string
  readonly kind: Kind
  readonly isUnsigned: boolean
  readonly collation: string | undefined
  /** Values for comparisons with it. */
  readonly values: readonly string[]
}

export function visibleAs(text: string, type: ColumnType): Visible {
  const { kind, isUnsigned, collation, values } = type
  return { text, kind, isUnsigned, collation, values }
}

/** A result of an expression, as a query around it sees it. */
export function visibleValue(text: string, kind: Kind): Visible {
  return { text, kind, isUnsigned: false, collation: undefined, values: LITERALS[kind] }
}

const quoted = (texts: readonly string[]): readonly string[] => texts.map((text) => `'${text}'`)

const LITERALS: Readonly<Record<Kind, readonly string[]>> = {
  small: SMALL_NUMBERS,
  integer: [...SMALL_NUMBERS, '255', '2147483648', '9007199254740993', '-9223372036854775807'],
  money: ['0', '1', '1.5', '-0.1', '2.50', '3.00', '0.005'],
  decimal: ['0', '1.5', '12345678901234567890.123', '-99999999.9999', '0.0000001'],
  real: ['0e0', '1.5e0', '-2e0', '1e10', '0.1e0'],
  double: ['1e308', '1e-300', '0e0', '1e15'],
  text: textValues(COLLATIONS[0]),
  binary: BINARIES,
  date: DATES.map((date) => `DATE'${date}'`),
  datetime: [
    "TIMESTAMP'2024-01-02 12:00:00'",
    "TIMESTAMP'2023-12-31 23:59:59.5'",
    "TIMESTAMP'1999-12-31 00:00:00'",
  ],
  time: TIMES.map((time) => `TIME'${time}'`),
  year: ['2024', '1999'],
  enum: quoted(['red', 'blue', '']),
  set: quoted(['a', 'a,b', '']),
  bit: ['1', '5'],
}

const ACCEPTED: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  integer: ['small', 'integer'],
  money: ['small', 'money'],
  decimal: ['small', 'integer', 'money', 'decimal'],
  double: ['real', 'double'],
}

const TEMPLATE_KINDS = (Object.keys(VALUES) as Kind[]).filter((kind) => VALUES[kind].length > 0)
const DEPTH_MAX = 2

/** Shared by all parts of one expression: texts of other collations than the first can't be compared with it. */
interface Agreement {
  collation: string | undefined
}

export class ExpressionGenerator {
  constructor(
    private readonly random: Random,
    /** A condition with a sub-query; undefined where nothing nests deeper. */
    private readonly subquery: (visible: readonly Visible[]) => string | undefined,
  ) {}

  column(visible: readonly Visible[], kinds?: readonly Kind[]): Visible {
    const fitting = kinds === undefined ? visible : visible.filter(({ kind }) => kinds.includes(kind))
    return this.random.pick(fitting.length === 0 ? visible : fitting)
  }

  /** An expression of a kind that results can be compared by. */
  value(visible: readonly Visible[], kind = this.kindOf(visible)): Visible {
    return visibleValue(this.render(`{${kind}}`, visible, { collation: undefined }, 0), kind)
  }

  /** Of columns: a number that stands alone would name one of the results. */
  keyValue(visible: readonly Visible[]): Visible {
    const value = this.value(visible)
    return visible.some(({ text }) => value.text.includes(text)) ? value : this.column(visible)
  }

  failing(visible: readonly Visible[]): string {
    return this.render(this.random.pick(FAILING), visible, { collation: undefined }, DEPTH_MAX - 1)
  }

  condition(visible: readonly Visible[], depth = 0): string {
    const { random } = this
    if (depth < 2 && random.chance(35)) {
      const operator = random.pick([' AND ', ' AND ', ' AND ', ' OR '])
      return `(${this.condition(visible, depth + 1)}${operator}${this.condition(visible, depth + 1)})`
    }
    if (random.chance(6)) return `NOT (${this.condition(visible, depth + 1)})`
    const subquery = random.chance(18) ? this.subquery(visible) : undefined
    if (subquery !== undefined) return subquery
    return random.chance(40) ? this.template(visible) : this.simple(visible)
  }

  private template(visible: readonly Visible[]): string {
    return this.render(this.random.pick(CONDITIONS), visible, { collation: undefined }, 1)
  }

  /** A condition on a plain column, of the forms that an index can answer. */
  simple(visible: readonly Visible[]): string {
    const { random } = this
    const { text, values } = this.column(visible)
    const value = () => random.pick(values)
    switch (random.next(10)) {
      case 0:
      case 1:
      case 2:
        return `${text} = ${value()}`
      case 3:
        return `${text} ${random.pick(['<', '<=', '>', '>='])} ${value()}`
      case 4:
        return `${value()} ${random.pick(['<', '<=', '>', '>=', '=', '<>'])} ${text}`
      case 5:
        return `${text} BETWEEN ${value()} AND ${value()}`
      case 6:
        return `${text} ${random.pick(['', '', 'NOT '])}IN (${value()}, ${value()}, ${value()})`
      case 7:
        return `${text} IS ${random.pick(['', 'NOT '])}NULL`
      case 8:
        return `${text} <=> ${random.chance(30) ? 'NULL' : value()}`
      default: {
        const other = this.column(visible)
        const row = `(${text}, ${other.text}) ${random.pick(['=', '>', '<='])} (${value()}, ${random.pick(other.values)})`
        return random.chance(40) ? row : `(${text} = ${value()} OR ${text} > ${value()})`
      }
    }
  }

  /** Equality or order between columns of two relations, of the same kind if there are such. */
  joinCondition(left: readonly Visible[], right: readonly Visible[]): string {
    const { random } = this
    const one = this.column(left)
    const same = right.filter(({ kind, collation }) => kind === one.kind && collation === one.collation)
    const others = right.filter(({ kind }) => isNumber(kind) && isNumber(one.kind))
    const candidates = same.length > 0 ? same : others
    if (candidates.length === 0) return this.simple([...left, ...right])
    const operator = random.pick(['=', '=', '=', '=', '=', '<=>', '<', '>='])
    const base = `${one.text} ${operator} ${random.pick(candidates).text}`
    return random.chance(20) ? `${base} AND ${this.simple([...left, ...right])}` : base
  }

  private render(template: string, visible: readonly Visible[], agreement: Agreement, depth: number): string {
    return template.replace(/\{(\w+)\}/g, (_, word: string) => {
      if (word === 'condition') return this.simple(visible)
      if (word === 'any') return this.part(visible, this.kindOf(visible), agreement, depth)
      const words = WORDS[word]
      return words === undefined
        ? this.part(visible, word as Kind, agreement, depth)
        : this.random.pick(words)
    })
  }

  private part(visible: readonly Visible[], kind: Kind, agreement: Agreement, depth: number): string {
    const { random } = this
    const templates = VALUES[kind]
    if (templates.length > 0 && depth < DEPTH_MAX && random.chance(depth === 0 ? 45 : 25)) {
      return this.parenthesized(this.render(random.pick(templates), visible, agreement, depth + 1), depth)
    }
    const accepted = ACCEPTED[kind] ?? [kind]
    const fitting = visible.filter(
      (column) => accepted.includes(column.kind) && this.agrees(column, agreement),
    )
    if (fitting.length === 0 || random.chance(15)) return random.pick(LITERALS[kind])
    const column = random.pick(fitting)
    agreement.collation ??= column.collation
    // The sum of an unsigned and a negative number would be out of range.
    const isMixed = column.isUnsigned && (kind === 'small' || kind === 'money')
    return isMixed ? `CAST(${column.text} AS SIGNED)` : column.text
  }

  private agrees(column: Visible, { collation }: Agreement): boolean {
    return column.collation === undefined || collation === undefined || column.collation === collation
  }

  private parenthesized(text: string, depth: number): string {
    return depth === 0 || /^\w+\([^()]*\)$/.test(text) ? text : `(${text})`
  }

  private kindOf(visible: readonly Visible[]): Kind {
    const { random } = this
    return random.chance(60) && visible.length > 0 ? random.pick(visible).kind : random.pick(TEMPLATE_KINDS)
  }
}

export function isNumber(kind: Kind): boolean {
  return ['small', 'integer', 'money', 'decimal', 'real', 'double'].includes(kind)
}
