/**
 * Random aggregates and window functions, and what makes their answers determined.
 */
import { visibleValue, type ExpressionGenerator, type Visible } from './expressions.js'
import type { Random } from './random.js'

/** A collation of code points without padding: what is equal in it is the same text. */
const EXACT = 'utf8mb4_0900_bin'
/** MariaDB shows ten decimals of a share. */
const RANKS = [
  'RANK() OVER',
  'DENSE_RANK() OVER',
  'ROUND(PERCENT_RANK() OVER, 6)',
  'ROUND(CUME_DIST() OVER, 6)',
]
/** The same value, such that equal ones can't be told apart: which of several a group keeps isn't determined. */
export function exact(item: Visible): Visible {
  switch (item.kind) {
    case 'text':
      return { ...item, text: `${item.text} COLLATE ${EXACT}`, collation: EXACT }
    case 'real':
    case 'double':
      return visibleValue(`${item.text} > 1`, 'small')
    // MariaDB makes integers of bits and of the year 0000 in temporary tables.
    case 'bit':
    case 'year':
      return visibleValue(`${item.text} + 0`, 'integer')
    default:
      return item
  }
}

/** MySQL orders members of ENUM and SET by their text where it looks for the first or last, MariaDB by their number. */
export function inTextOrder({ text, kind }: Visible): string {
  return kind === 'enum' || kind === 'set' ? `CONCAT(${text})` : text
}

export class AggregateGenerator {
  constructor(
    private readonly random: Random,
    private readonly expressions: ExpressionGenerator,
  ) {}

  aggregate(visible: readonly Visible[]): Visible {
    const { random, expressions } = this
    const number = (): string =>
      expressions.value(visible, random.pick(['small', 'integer', 'money', 'decimal'])).text
    const distinct = random.chance(15) ? 'DISTINCT ' : ''
    switch (random.next(12)) {
      case 0:
      case 1:
        return visibleValue('COUNT(*)', 'small')
      case 2:
      case 3:
        return visibleValue(`COUNT(${distinct}${expressions.value(visible).text})`, 'small')
      case 4:
      case 5:
        return visibleValue(`SUM(${distinct}${number()})`, 'decimal')
      case 6:
        return visibleValue(`AVG(${distinct}${number()})`, 'decimal')
      case 7:
        return visibleValue(`SUM(${expressions.value(visible, 'real').text})`, 'double')
      case 8:
        return visibleValue(
          `${random.pick(['BIT_AND', 'BIT_OR', 'BIT_XOR'])}(${expressions.value(visible, 'integer').text})`,
          'integer',
        )
      case 9: {
        const { text } = exact(expressions.value(visible, 'text'))
        const order = random.chance(50) ? ' DESC' : ''
        return visibleValue(`GROUP_CONCAT(${distinct}${text} ORDER BY ${text}${order} SEPARATOR '/')`, 'text')
      }
      default: {
        const item = exact(random.chance(60) ? expressions.column(visible) : expressions.value(visible))
        return { ...item, text: `${random.pick(['MIN', 'MAX'])}(${inTextOrder(item)})` }
      }
    }
  }

  /** A window function over rows that `key` orders completely, if there is one. */
  window(columns: readonly Visible[], key: readonly string[] | undefined, partition: string): Visible {
    const { random, expressions } = this
    const order = `ORDER BY ${exact(expressions.column(columns)).text} ${this.direction()}`
    const ranked = random.pick(RANKS)
    const number = expressions.value(columns, random.pick(['small', 'money'])).text
    const aggregate = random.pick([
      `SUM(${number})`,
      `COUNT(${number})`,
      'COUNT(*)',
      `MIN(${number})`,
      `MAX(${number})`,
      `AVG(${number})`,
    ])
    if (key === undefined || random.chance(40)) {
      const over = `OVER (${partition}${order})`
      return visibleValue(
        random.chance(50) ? ranked.replace('OVER', over) : `${aggregate} ${over}`,
        'decimal',
      )
    }
    const total = `${order}, ${key.map((text) => `${text} ${this.direction()}`).join(', ')}`
    // MariaDB shows the year 0000 as 0.
    const value = expressions.column(columns.filter(({ kind }) => kind !== 'year' && kind !== 'bit'))
    if (random.chance(40)) {
      const call = random.pick([
        'ROW_NUMBER()',
        'NTILE(3)',
        `LAG(${value.text}, ${random.next(3)})`,
        `LEAD(${value.text})`,
      ])
      return visibleValue(`${call} OVER (${partition}${total})`, 'small')
    }
    const framed = random.pick([
      aggregate,
      aggregate,
      `FIRST_VALUE(${value.text})`,
      `LAST_VALUE(${value.text})`,
      `NTH_VALUE(${value.text}, 2)`,
    ])
    return visibleValue(`${framed} OVER (${partition}${total} ${this.frame()})`, 'small')
  }

  private frame(): string {
    const { random } = this
    const n = () => random.next(4)
    // MariaDB counts rows in frames that end before they begin.
    const near = random.next(3)
    const far = near + random.next(3)
    return random.pick([
      'ROWS UNBOUNDED PRECEDING',
      `ROWS ${n()} PRECEDING`,
      `ROWS BETWEEN ${n()} PRECEDING AND ${n()} FOLLOWING`,
      `ROWS BETWEEN ${near} FOLLOWING AND ${far} FOLLOWING`,
      `ROWS BETWEEN ${far} PRECEDING AND ${near} PRECEDING`,
      'ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
      'RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW',
      'RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING',
      'RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING',
    ])
  }

  private direction(): string {
    return this.random.chance(30) ? 'DESC' : 'ASC'
  }
}
