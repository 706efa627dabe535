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

interface Total {
  readonly name: string
  readonly arguments: readonly Expression[]
  readonly distinct: boolean
  readonly type: SqlType
  readonly text: string
}

/** SQL of one of the engine's aggregates, over a window if it has one. */
export type Apply = (name: string, args: string) => string

interface TotalInput {
  readonly columns: ColumnTexts
  readonly scope: FragmentScope
  /** Whether what is summed up has a row at least, as a group has. */
  readonly hasRows: boolean
  readonly apply: Apply
}

export function applyOver(over: string): Apply {
  return (name, args) => `${name}(${args})${over}`
}

export function totalSql(total: Total, input: TotalInput): ColumnText {
  const { columns, scope, apply } = input
  const name = total.name.toLowerCase()
  const [argument, ...others] = total.arguments
  const { distinct } = total
  if (name === 'count' && distinct && others.length > 0) {
    return { text: countTuplesSql(total, input) }
  }
  if (others.length > 0) throw new Refusal(`no entry for ${total.text}`)
  if (argument === undefined) {
    if (name === 'count' && !distinct) return { text: apply('count', '') }
    throw new Refusal(`no entry for ${total.text}`)
  }
  const { type } = argument
  if (name === 'count' && distinct) {
    if (!isDistinguishable(type)) throw new Refusal(`no entry for ${total.text}`)
    return { text: apply('uniqExact', distinctSql(argument, columns, scope)) }
  }
  if (name === 'count') return { text: apply('count', expressionSql(argument, columns, scope)) }
  if (name === 'min' || name === 'max') {
    // The least and the greatest ENUM are so as texts.
    if (!isOrdered(type) || isMember(type)) throw new Refusal(`no entry for ${total.text}`)
    return extremeSql(name, argument, input)
  }
  if (distinct && (name !== 'sum' || !isExactNumber(type))) throw new Refusal(`no entry for ${total.text}`)
  if (isWide(argument)) throw new Refusal(`the digits of ${argument.text} aren't all kept`)
  const text = expressionSql(argument, columns, scope)
  if (name === 'sum') return { text: sumSql(text, type, input, distinct) }
  if (name === 'avg') return { text: averageSql(text, type, total.type, input) }
  throw new Refusal(`no entry for ${name}`)
}

/** COUNT(DISTINCT a, b): rows with a NULL don't count. */
function countTuplesSql(total: Total, { columns, scope, apply }: TotalInput): string {
  const keys = total.arguments.map((each) => {
    if (!isDistinguishable(each.type)) throw new Refusal(`no entry for ${total.text}`)
    return distinctSql(each, columns, scope)
  })
  const isWhole = keys.map((key) => `isNotNull(${key})`).join(' AND ')
  return apply('uniqExactIf', `(${keys.join(', ')}), ${isWhole}`)
}

/** Of texts the one whose key is least or greatest: keys aren't texts. */
function extremeSql(name: 'min' | 'max', argument: Expression, input: TotalInput): ColumnText {
  const { columns, scope, apply } = input
  const column = columnSql(argument, columns, scope)
  const { text, key, dictionary: _, ...facts } = column
  const order = sortSql(argument, columns, scope)
  if (!isText(argument.type) || order === text) return { text: apply(nullFor(name, input), text) }
  const extreme = (of: string): string =>
    apply(`arg${name === 'min' ? 'Min' : 'Max'}OrNull`, `${of}, ${order}`)
  return { ...facts, text: extreme(text), ...(key === undefined ? {} : { key: extreme(key) }) }
}

/** NULL for no rows costs time for each of them, and is of no use where there is one: of NULLs alone the answer is NULL anyhow. */
function nullFor(name: string, { hasRows }: TotalInput): string {
  return hasRows ? name : `${name}OrNull`
}

/** In a type that no sum of it leaves: its own sums wrap around silently. */
function sumSql(text: string, type: SqlType, input: TotalInput, distinct = false): string {
  const sum = nullFor('sum', input)
  if (type.name === 'double' || type.name === 'float') {
    return input.apply(sum, `CAST(${text} AS Nullable(Float64))`)
  }
  if (!isExactNumber(type)) throw new Refusal(`no entry for the sum of ${type.name}`)
  const { whole, scale } = digitsOf(type)
  const word = distinct ? 'DISTINCT ' : ''
  // Integers are summed up in 64 bits, whatever they have themselves, and decimals of up to 64 bits in 128.
  const isSafe = type.name === 'decimal' ? whole + scale <= 18 : whole <= 10
  if (isSafe) return input.apply(sum, `${word}${text}`)
  const wide = type.name === 'decimal' ? `Decimal(76, ${scale})` : 'Decimal(38, 0)'
  return input.apply(sum, `${word}CAST(${text} AS Nullable(${wide}))`)
}

/** The quotient is cut, not rounded, at the scale that the server computes with, too. */
function averageSql(text: string, type: SqlType, result: SqlType, input: TotalInput): string {
  if (type.name === 'double' || type.name === 'float') {
    return input.apply(nullFor('avg', input), `CAST(${text} AS Nullable(Float64))`)
  }
  const { whole, scale } = digitsOf(type)
  // The dividend is a sum of many rows, and gets the digits of the result behind it.
  if (!isExactNumber(type) || whole + COUNT_DIGITS + scale + result.scale > 76) {
    throw new Refusal(`no entry for the average of ${type.name}`)
  }
  const sum = decimalSql(sumSql(text, type, input), 76, scale)
  const count = `CAST(greatest(${input.apply('count', text)}, 1) AS Decimal(76, 0))`
  return quotientSql(sum, count, result.scale)
}

/** Digits that counting rows adds to a sum. */
const COUNT_DIGITS = 12
