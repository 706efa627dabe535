/**
 * Expressions of fragments in ClickHouse's SQL. Each operator and function has an entry that says for which types the answer is exactly
 * MySQL's; what has none is refused with a reason, and stays with the server.
 */
import { isInteger, isText, readsColumns, type Expression, type SqlType } from '@switchyard/core/spi'
import { BRANCH_ENTRIES, caseSql, logicSql } from './fragment-branches.js'
import { compareSql } from './fragment-comparison.js'
import { DATE_ENTRIES } from './fragment-dates.js'
import { isWide, NUMBER_ENTRIES } from './fragment-numbers.js'
import {
  castSql,
  decimalSql,
  digitsOf,
  isExactNumber,
  need,
  Refusal,
  requireUtc,
  type ColumnTexts,
  type Entry,
  type Render,
} from './fragment-render.js'
import type { FragmentScope } from './fragment-scope.js'
import { TEXT_ENTRIES, columnOf, textKeySql, sortedTextSql } from './fragment-text.js'
import { TEXT_BUILDING_ENTRIES } from './fragment-text-building.js'
import { literalSql, type ColumnText } from './sql-text.js'

export function expressionSql(expression: Expression, columns: ColumnTexts, scope: FragmentScope): string {
  return renderer(columns, scope)(expression)
}

/** The expression as a column. */
export function columnSql(expression: Expression, columns: ColumnTexts, scope: FragmentScope): ColumnText {
  return columnOf(expression, renderer(columns, scope))
}

/** What values are told apart by. */
export function distinctSql(expression: Expression, columns: ColumnTexts, scope: FragmentScope): string {
  const render = renderer(columns, scope)
  return isText(expression.type)
    ? textKeySql(expression, expression.type.collation, render)
    : render(expression)
}

/** What values are ordered by. */
export function sortSql(expression: Expression, columns: ColumnTexts, scope: FragmentScope): string {
  const render = renderer(columns, scope)
  return isText(expression.type) ? sortedTextSql(expression, render) : render(expression)
}

/** A condition, as 1, 0 or NULL. */
export function conditionSql(expression: Expression, columns: ColumnTexts, scope: FragmentScope): string {
  return logicSql('', [expression], renderer(columns, scope))
}

function renderer(columns: ColumnTexts, scope: FragmentScope): Render {
  const render: Render = Object.assign((expression: Expression) => textOf(expression, render), {
    columns,
    scope,
    picking: (picking: Expression, branch: (argument: Expression) => string) =>
      caseSql(picking, render, branch),
  })
  return render
}

function textOf(expression: Expression, render: Render): string {
  if (!readsColumns(expression)) return valueSql(expression, render.scope)
  switch (expression.kind) {
    case 'column': {
      const column = render.columns.get(expression.column)
      if (column === undefined) throw new Refusal(`column ${expression.text} comes from elsewhere`)
      return column.text
    }
    case 'convert':
      return convertSql(expression.operand, expression.type, render)
    case 'call': {
      const entry = ENTRIES.get(expression.name)
      if (entry === undefined) throw new Refusal(`no entry for ${expression.name}`)
      return entry(expression.arguments, expression, render)
    }
    default:
      throw new Refusal(`no entry for a ${expression.kind}`)
  }
}

function valueSql(expression: Expression, scope: FragmentScope): string {
  if (scope.values === undefined) return '?'
  const value = scope.values.valueOf(expression)
  return value === null ? castSql('NULL', expression.type) : literalSql(value, expression.type)
}

// ── Conversions ─────────────────────────────────────────────────────────────────────────────────────────────────

function convertSql(operand: Expression, to: SqlType, render: Render): string {
  const from = operand.type
  if (isWide(operand)) throw new Refusal(`the digits of ${operand.text} aren't all kept`)
  if (to.name === 'decimal' && isExactNumber(from)) {
    const { whole, scale } = digitsOf(from)
    const target = digitsOf(to)
    if (target.whole < whole) throw new Refusal(`${operand.text} may not fit into ${to.name}`)
    const rounded = target.scale < scale ? `round(${render(operand)}, ${target.scale})` : render(operand)
    return decimalSql(rounded, to.length, to.scale)
  }
  if (isInteger(to) && isInteger(from) && (isWider(to, from) || to.name === from.name)) {
    if (to.unsigned === from.unsigned || (!to.unsigned && isWider(to, from)))
      return castSql(render(operand), to)
  }
  if (to.name === 'double' && (from.name === 'float' || (isInteger(from) && from.name !== 'bigint'))) {
    return `CAST(${render(operand)} AS Nullable(Float64))`
  }
  if (to.name === from.name && isPackedTime(to) && to.scale >= from.scale) {
    return castSql(`${render(operand)} * ${10 ** (to.scale - from.scale)}`, to)
  }
  if (to.name === 'datetime' && from.name === 'timestamp' && to.scale >= from.scale) {
    requireUtc(render)
    return castSql(`${render(operand)} * ${10 ** (to.scale - from.scale)}`, to)
  }
  if (to.name === 'datetime' && from.name === 'date') return datetimeSql(render(operand), to.scale)
  if (isText(to) && isText(from) && to.collation === from.collation && to.length >= from.length) {
    return render(operand)
  }
  throw new Refusal(`no entry for converting ${from.name} to ${to.name}`)
}

function isPackedTime({ name }: SqlType): boolean {
  return name === 'time' || name === 'datetime' || name === 'timestamp'
}

/** Midnight of a packed date, packed. */
function datetimeSql(date: string, scale: number): string {
  const month = `intDiv(${date}, 32) % 16`
  const days = `((intDiv(${date}, 512) * 13 + ${month}) * 32 + ${date} % 32)`
  return `CAST(toInt64(${days}) * ${86_400 * 10 ** scale} AS Nullable(Int64))`
}

function isWider(a: SqlType, b: SqlType): boolean {
  return digitsOf(a).whole > digitsOf(b).whole
}

// ── Operators and functions ─────────────────────────────────────────────────────────────────────────────────────

function xorSql(left: Expression, right: Expression, render: Render): string {
  return `xor(${logicSql('', [left], render)}, ${logicSql('', [right], render)})`
}

/** Items of IN, each of which becomes a comparison. */
const ITEMS_MAX = 500

const ENTRIES: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ...(['=', '<>', '<', '<=', '>', '>='] as const).map((operator): [string, Entry] => [
    operator,
    ([left, right], _call, render) => compareSql(operator, need(left), need(right), render),
  ]),
  [
    '<=>',
    ([left, right], _call, render) => {
      const [a, b] = [need(left), need(right)]
      const equal = compareSql('=', a, b, render)
      return `ifNull(${equal}, isNull(${render(a)}) AND isNull(${render(b)}))`
    },
  ],
  ['and', (args, _call, render) => logicSql(' AND ', args, render)],
  ['or', (args, _call, render) => logicSql(' OR ', args, render)],
  ['is true', ([operand], _call, render) => `ifNull(${logicSql('', [need(operand)], render)}, 0)`],
  ['is false', ([operand], _call, render) => `ifNull(NOT ${logicSql('', [need(operand)], render)}, 0)`],
  ['xor', ([left, right], _call, render) => xorSql(need(left), need(right), render)],
  ['not', ([operand], _call, render) => `(NOT ${logicSql('', [need(operand)], render)})`],
  ['is null', ([operand], _call, render) => `isNull(${render(need(operand))})`],
  ['is not null', ([operand], _call, render) => `isNotNull(${render(need(operand))})`],
  [
    'in',
    ([left, ...items], _call, render) => {
      // Its own IN knows two answers only.
      if (items.length > ITEMS_MAX) throw new Refusal(`IN of ${items.length} items`)
      return `(${items.map((item) => compareSql('=', need(left), item, render)).join(' OR ')})`
    },
  ],
  [
    'between',
    ([value, low, high], _call, render) =>
      `(${compareSql('>=', need(value), need(low), render)} AND ${compareSql('<=', need(value), need(high), render)})`,
  ],
  ...BRANCH_ENTRIES,
  ...NUMBER_ENTRIES,
  ...TEXT_ENTRIES,
  ...TEXT_BUILDING_ENTRIES,
  ...DATE_ENTRIES,
])
