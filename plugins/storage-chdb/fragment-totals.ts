/** Aggregates in fragments, of groups and of windows. */
import { isText, type Expression, type SqlType } from '@switchyard/core/spi'
import { columnSql, distinctSql, expressionSql, sortSql } from './fragment-expression.js'
import { isWide } from './fragment-numbers.js'
import {
  decimalSql,
  digitsOf,
  isDistinguishable,
  isExactNumber,
  isMember,
  isOrdered,
  quotientSql,
  Refusal,
  type ColumnTexts,
} from './fragment-render.js'
import type { FragmentScope } from './fragment-scope.js'
import type { ColumnText } from './sql-text.js'

export interface Total {
  readonly name: string
  readonly arguments: readonly Expression[]
  readonly distinct: boolean
  readonly type: SqlType
  readonly text: string
  /** Text of its window, or nothing. */
  readonly over: string
}

export interface TotalInput {
  readonly columns: ColumnTexts
  readonly scope: FragmentScope
}

export function totalSql(total: Total, { columns, scope }: TotalInput): ColumnText {
  const name = total.name.toLowerCase()
  const [argument, ...others] = total.arguments
  const { over, distinct } = total
  if (name === 'count' && distinct && others.length > 0) {
    return { text: countTuplesSql(total, { columns, scope }) }
  }
  if (others.length > 0) throw new Refusal(`no entry for ${total.text}`)
  if (argument === undefined) {
    if (name === 'count' && !distinct) return { text: `count()${over}` }
    throw new Refusal(`no entry for ${total.text}`)
  }
  const { type } = argument
  if (name === 'count' && distinct) {
    if (!isDistinguishable(type)) throw new Refusal(`no entry for ${total.text}`)
    return { text: `uniqExact(${distinctSql(argument, columns, scope)})` }
  }
  if (name === 'count') return { text: `count(${expressionSql(argument, columns, scope)})${over}` }
  if (name === 'min' || name === 'max') {
    // The least and the greatest ENUM are so as texts.
    if (!isOrdered(type) || isMember(type)) throw new Refusal(`no entry for ${total.text}`)
    return extremeSql(name, argument, over, { columns, scope })
  }
  if (distinct && (name !== 'sum' || !isExactNumber(type))) throw new Refusal(`no entry for ${total.text}`)
  if (isWide(argument)) throw new Refusal(`the digits of ${argument.text} aren't all kept`)
  const text = expressionSql(argument, columns, scope)
  if (name === 'sum') return { text: sumSql(text, type, over, distinct) }
  if (name === 'avg') return { text: averageSql(text, type, total.type, over) }
  throw new Refusal(`no entry for ${name}`)
}

/** COUNT(DISTINCT a, b): rows with a NULL don't count. */
function countTuplesSql(total: Total, { columns, scope }: TotalInput): string {
  const keys = total.arguments.map((each) => {
    if (!isDistinguishable(each.type)) throw new Refusal(`no entry for ${total.text}`)
    return distinctSql(each, columns, scope)
  })
  const isWhole = keys.map((key) => `isNotNull(${key})`).join(' AND ')
  return `uniqExactIf((${keys.join(', ')}), ${isWhole})`
}

/** Of texts the one whose key is least or greatest: keys aren't texts. */
function extremeSql(
  name: 'min' | 'max',
  argument: Expression,
  over: string,
  { columns, scope }: TotalInput,
): ColumnText {
  const column = columnSql(argument, columns, scope)
  const { text, key } = column
  const order = sortSql(argument, columns, scope)
  if (!isText(argument.type) || order === text) return { text: `${name}OrNull(${text})${over}` }
  const extreme = (of: string): string => `arg${name === 'min' ? 'Min' : 'Max'}OrNull(${of}, ${order})${over}`
  return { ...column, text: extreme(text), ...(key === undefined ? {} : { key: extreme(key) }) }
}

/** In a type that no sum of it leaves: its own sums wrap around silently. */
function sumSql(text: string, type: SqlType, over: string, distinct = false): string {
  if (type.name === 'double' || type.name === 'float') {
    return `sumOrNull(CAST(${text} AS Nullable(Float64)))${over}`
  }
  if (!isExactNumber(type)) throw new Refusal(`no entry for the sum of ${type.name}`)
  const { whole, scale } = digitsOf(type)
  const word = distinct ? 'DISTINCT ' : ''
  if (type.name !== 'decimal') {
    return `sumOrNull(${word}CAST(${text} AS Nullable(${whole <= 10 ? 'Int64' : 'Decimal(38, 0)'})))${over}`
  }
  return whole + scale <= 18
    ? `sumOrNull(${word}${text})${over}`
    : `sumOrNull(${word}CAST(${text} AS Nullable(Decimal(76, ${scale}))))${over}`
}

/** The quotient is cut, not rounded, at the scale that the server computes with, too. */
function averageSql(text: string, type: SqlType, result: SqlType, over: string): string {
  if (type.name === 'double' || type.name === 'float') {
    return `avgOrNull(CAST(${text} AS Nullable(Float64)))${over}`
  }
  const { whole, scale } = digitsOf(type)
  // The dividend is a sum of many rows, and gets the digits of the result behind it.
  if (!isExactNumber(type) || whole + COUNT_DIGITS + scale + result.scale > 76) {
    throw new Refusal(`no entry for the average of ${type.name}`)
  }
  const sum = decimalSql(sumSql(text, type, over), 76, scale)
  const count = `CAST(greatest(count(${text})${over}, 1) AS Decimal(76, 0))`
  return quotientSql(sum, count, result.scale)
}

/** Digits that counting rows adds to a sum. */
const COUNT_DIGITS = 12
