/**
 * Expressions of fragments in ClickHouse's SQL. Each operator and function has an entry that says for which types the answer is exactly
 * MySQL's; what has none is refused with a reason, and stays with the server.
 */
import {
  charsetOfCollation,
  collationByName,
  isInteger,
  isText,
  sameType,
  type Expression,
  type SqlType,
} from '@switchyard/core/spi'
import { literalSql } from './sql-text.js'
import { nullable, storedType } from './stored-type.js'
import type { FragmentScope } from './fragment-scope.js'

/** Why a fragment, or a part of it, is left to the server. */
export class Refusal extends Error {}

/** ClickHouse's widest Decimal. */
const DIGITS_MAX = 76

/** Text of columns by their ids. */
export type ColumnTexts = ReadonlyMap<number, string>

export function expressionSql(expression: Expression, columns: ColumnTexts, scope: FragmentScope): string {
  if (!readsColumns(expression)) return valueSql(expression, scope)
  switch (expression.kind) {
    case 'column': {
      const text = columns.get(expression.column)
      if (text === undefined) throw new Refusal(`column ${expression.text} comes from elsewhere`)
      return text
    }
    case 'convert':
      return convertSql(expression.operand, expression.type, columns, scope)
    case 'call': {
      const entry = ENTRIES.get(expression.name)
      if (entry === undefined) throw new Refusal(`no entry for ${expression.name}`)
      return entry(expression.arguments, expression, renderer(columns, scope))
    }
    default:
      throw new Refusal(`no entry for a ${expression.kind}`)
  }
}

function renderer(columns: ColumnTexts, scope: FragmentScope): Render {
  return Object.assign((expression: Expression) => expressionSql(expression, columns, scope), { scope })
}

/** A condition, as 1, 0 or NULL. */
export function conditionSql(expression: Expression, columns: ColumnTexts, scope: FragmentScope): string {
  return logicSql('', [expression], renderer(columns, scope))
}

export function readsColumns(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
    case 'parameter':
      return false
    case 'convert':
      return readsColumns(expression.operand)
    case 'call':
      return expression.volatility === 'volatile' || expression.arguments.some(readsColumns)
    default:
      return true
  }
}

function valueSql(expression: Expression, scope: FragmentScope): string {
  if (scope.values === undefined) return '?'
  const value = scope.values.valueOf(expression)
  const { type } = expression
  return value === null ? `CAST(NULL AS ${nullable(storedType(type), true)})` : literalSql(value, type)
}

// ── Types ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function isExactNumber(type: SqlType): boolean {
  return isInteger(type) || type.name === 'decimal' || type.name === 'year'
}

function isApproximate(type: SqlType): boolean {
  return type.name === 'float' || type.name === 'double'
}

function isTemporal(type: SqlType): boolean {
  return type.name === 'date' || type.name === 'time' || type.name === 'datetime'
}

const INTEGER_DIGITS: Readonly<Record<string, number>> = {
  tinyint: 3,
  smallint: 5,
  mediumint: 8,
  int: 10,
  bigint: 20,
  year: 4,
}

/** Digits before the point, and behind it. */
export function digitsOf(type: SqlType): { readonly whole: number; readonly scale: number } {
  if (type.name === 'decimal') return { whole: type.length - type.scale, scale: type.scale }
  return { whole: INTEGER_DIGITS[type.name] ?? DIGITS_MAX, scale: 0 }
}

export function decimalSql(text: string, digits: number, scale: number): string {
  if (digits > DIGITS_MAX) throw new Refusal(`numbers of ${digits} digits`)
  return `CAST(${text} AS Nullable(Decimal(${Math.max(digits, 1)}, ${scale})))`
}

/** Whether values can be grouped and told apart by what is stored. */
export function isDistinguishable(type: SqlType): boolean {
  if (isText(type)) return isOrderedText(type)
  return isExactNumber(type) || isTemporal(type) || isBytes(type) || ['timestamp', 'bit'].includes(type.name)
}

/** Whether what is stored orders as MySQL does. */
export function isOrdered(type: SqlType): boolean {
  return isDistinguishable(type) || isApproximate(type)
}

function isOrderedText(type: SqlType): boolean {
  return isBinaryCollation(type.collation) && collationByName(type.collation)?.padAttribute === 'NO PAD'
}

function isBinaryCollation(name: string): boolean {
  return collationByName(name)?.isBinary === true && charsetOfCollation(name).isUnicode
}

function isBytes(type: SqlType): boolean {
  return storedType(type) === 'String' && !isText(type) && type.name !== 'json'
}

// ── Conversions ─────────────────────────────────────────────────────────────────────────────────────────────────

function convertSql(operand: Expression, to: SqlType, columns: ColumnTexts, scope: FragmentScope): string {
  const from = operand.type
  const text = (): string => expressionSql(operand, columns, scope)
  if (to.name === 'decimal' && isExactNumber(from)) {
    const { whole, scale } = digitsOf(from)
    const target = digitsOf(to)
    if (target.whole < whole) throw new Refusal(`${operand.text} may not fit into ${to.name}`)
    const rounded = target.scale < scale ? `round(${text()}, ${target.scale})` : text()
    return decimalSql(rounded, to.length, to.scale)
  }
  if (isInteger(to) && isInteger(from) && (isWider(to, from) || to.name === from.name)) {
    if (to.unsigned === from.unsigned) return `CAST(${text()} AS ${nullable(storedType(to), true)})`
  }
  if (to.name === 'double' && (from.name === 'float' || (isInteger(from) && from.name !== 'bigint'))) {
    return `CAST(${text()} AS Nullable(Float64))`
  }
  if (to.name === 'datetime' && from.name === 'date') return datetimeSql(text(), to.scale)
  throw new Refusal(`no entry for converting ${from.name} to ${to.name}`)
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

interface Render {
  (expression: Expression): string
  readonly scope: FragmentScope
}
type Entry = (args: readonly Expression[], call: Expression, render: Render) => string

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
  ...(['+', '-', '*'] as const).map((operator): [string, Entry] => [
    operator,
    ([left, right], call, render) => arithmeticSql(operator, need(left), need(right), call.type, render),
  ]),
  [
    'if',
    ([condition, ...branches], call, render) => {
      const texts = branches.map((each) => branchSql(each, call.type, render))
      return `if(${logicSql('', [need(condition)], render)}, ${texts.join(', ')})`
    },
  ],
  ['ifnull', (args, call, render) => coalesceSql(args, call.type, render)],
  ['coalesce', (args, call, render) => coalesceSql(args, call.type, render)],
  ...(['year', 'month', 'day', 'dayofmonth', 'quarter'] as const).map((part): [string, Entry] => [
    part,
    ([operand], call, render) =>
      `CAST(${datePartSql(part, need(operand), render)} AS ${nullable(storedType(call.type), true)})`,
  ]),
])

function need(expression: Expression | undefined): Expression {
  if (expression === undefined) throw new Refusal('an argument is missing')
  return expression
}

function logicSql(operator: string, args: readonly Expression[], render: Render): string {
  const parts = args.map((each) => {
    if (!isExactNumber(each.type)) throw new Refusal(`${each.text} is no condition there`)
    return isComparison(each) ? render(each) : `(${render(each)} != 0)`
  })
  return `(${parts.join(operator)})`
}

const TESTS: ReadonlySet<string> = new Set([
  ...['=', '<>', '<', '<=', '>', '>=', '<=>', 'and', 'or', 'not'],
  ...['is null', 'is not null', 'in', 'between'],
])

/** Whether it is 1, 0 or NULL. */
function isComparison(expression: Expression): boolean {
  return expression.kind === 'call' && TESTS.has(expression.name) && readsColumns(expression)
}

function coalesceSql(args: readonly Expression[], type: SqlType, render: Render): string {
  return `coalesce(${args.map((each) => branchSql(each, type, render)).join(', ')})`
}

/** One of several values of which one is the result: all must be of its type. */
function branchSql(branch: Expression, type: SqlType, render: Render): string {
  if (isExactNumber(branch.type) && isExactNumber(type)) {
    const [from, to] = [digitsOf(branch.type), digitsOf(type)]
    if (from.whole > to.whole || from.scale > to.scale) throw new Refusal(`${branch.text} may not fit`)
    return `CAST(${render(branch)} AS ${nullable(storedType(type), true)})`
  }
  if (branch.type.name === 'null') return `CAST(NULL AS ${nullable(storedType(type), true)})`
  if (!sameType(branch.type, type) || !isDistinguishable(type)) {
    throw new Refusal(`no entry for ${branch.type.name} where ${type.name} is wanted`)
  }
  return render(branch)
}

function compareSql(operator: string, left: Expression, right: Expression, render: Render): string {
  const [a, b] = [left.type, right.type]
  if (a.name === 'null' || b.name === 'null') return UNKNOWN
  if (isMoment(a) && isText(b) && !readsColumns(right)) return compareMomentSql(operator, left, right, render)
  if (isMoment(b) && isText(a) && !readsColumns(left)) {
    return compareMomentSql(FLIPPED[operator] ?? operator, right, left, render)
  }
  if (isText(a) && isText(b)) return compareTextSql(operator, left, right, render)
  const plain = `(${render(left)} ${operator} ${render(right)})`
  if (isExactNumber(a) && isExactNumber(b)) {
    if (a.name !== 'decimal' && b.name !== 'decimal') return plain
    // It compares decimals of one type, and gives up where they have to be scaled beyond it.
    const [m, n] = [digitsOf(a), digitsOf(b)]
    const scale = Math.max(m.scale, n.scale)
    const digits = Math.max(m.whole, n.whole) + scale
    return `(${decimalSql(render(left), digits, scale)} ${operator} ${decimalSql(render(right), digits, scale)})`
  }
  const isSamePacked = isTemporal(a) && a.name === b.name && a.scale === b.scale
  if (isSamePacked || (isApproximate(a) && isApproximate(b)) || (isBytes(a) && isBytes(b))) return plain
  throw new Refusal(`no entry for comparing ${a.name} with ${b.name}`)
}

const UNKNOWN = 'CAST(NULL AS Nullable(UInt8))'
const FLIPPED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

function isMoment(type: SqlType): boolean {
  return isTemporal(type) || type.name === 'timestamp'
}

/** A date or time column beside a text that doesn't change from row to row. */
function compareMomentSql(
  operator: string,
  moment: Expression,
  constant: Expression,
  render: Render,
): string {
  const { values } = render.scope
  const text = render(moment)
  if (values === undefined) return `(${text} ${operator} ?)`
  const cut = values.cutOf(moment.type, constant)
  if (cut === undefined) return UNKNOWN
  const floor = literalSql(cut.floor, moment.type)
  if (!cut.isAbove) return `(${text} ${operator} ${floor})`
  switch (operator) {
    case '=':
      return `(${text} != ${text})`
    case '<>':
      return `(${text} = ${text})`
    case '<':
    case '<=':
      return `(${text} <= ${floor})`
    default:
      return `(${text} > ${floor})`
  }
}

/** The operand that is harder to convert has its way with the collation (MySQL manual 12.8.4). */
function compareTextSql(operator: string, left: Expression, right: Expression, render: Render): string {
  const stronger = right.coercibility < left.coercibility ? right : left
  const other = stronger === left ? right : left
  const name = stronger.type.collation
  if (other.coercibility === stronger.coercibility && other.type.collation !== name) {
    throw new Refusal('texts of two collations')
  }
  if (!isBinaryCollation(name)) throw new Refusal(`no keys of collation ${name} are kept`)
  if (collationByName(name)?.padAttribute === 'NO PAD') {
    return `(${render(left)} ${operator} ${render(right)})`
  }
  if (operator !== '=' && operator !== '<>') throw new Refusal(`collation ${name} orders texts as if padded`)
  return `(trimRight(${render(left)}) ${operator} trimRight(${render(right)}))`
}

/** Exact where no result can leave its type; where one can, MySQL has an error to give. */
function arithmeticSql(
  operator: '+' | '-' | '*',
  left: Expression,
  right: Expression,
  type: SqlType,
  render: Render,
): string {
  if (!isExactNumber(left.type) || !isExactNumber(right.type)) {
    throw new Refusal(`no entry for ${left.type.name} ${operator} ${right.type.name}`)
  }
  const [m, n] = [digitsOf(left.type), digitsOf(right.type)]
  const whole = operator === '*' ? m.whole + n.whole : Math.max(m.whole, n.whole) + 1
  const scale = operator === '*' ? m.scale + n.scale : Math.max(m.scale, n.scale)
  const target = digitsOf(type)
  const isSafe =
    type.name === 'decimal'
      ? target.whole >= whole && target.scale === scale
      : type.name === 'bigint' && !type.unsigned && whole <= 18
  if (!isSafe) throw new Refusal(`${left.text} ${operator} ${right.text} may be out of range`)
  const digits = whole + scale
  const [a, b] = [decimalSql(render(left), digits, m.scale), decimalSql(render(right), digits, n.scale)]
  return `CAST(${a} ${operator} ${b} AS ${nullable(storedType(type), true)})`
}

/** Dates are packed: see `stored-type.ts`. */
function datePartSql(
  part: 'year' | 'month' | 'day' | 'dayofmonth' | 'quarter',
  operand: Expression,
  render: Render,
): string {
  const { type } = operand
  if (type.name !== 'date' && type.name !== 'datetime')
    throw new Refusal(`no entry for ${part} of ${type.name}`)
  const isDate = type.name === 'date'
  const days = isDate ? render(operand) : `intDiv(${render(operand)}, ${86_400 * 10 ** type.scale})`
  const [monthsInYear, day] = [isDate ? 16 : 13, `(${days} % 32)`]
  const month = `(intDiv(${days}, 32) % ${monthsInYear})`
  switch (part) {
    case 'year':
      return `intDiv(${days}, ${32 * monthsInYear})`
    case 'month':
      return month
    case 'quarter':
      return `intDiv(${month} + 2, 3)`
    default:
      return day
  }
}
