/**
 * Arithmetic in fragments. ClickHouse's integers wrap around, so everything goes through Decimal, and only where no result can leave its
 * type: where one can, MySQL has an error to give.
 *
 * A quotient has more digits inside of an expression than it shows (`unrounded.ts` in core's functions): such operands are computed
 * with all of them (`wideSql`) and rounded where they leave it.
 */
import { isInteger, readsColumns, type Expression, type SqlType } from '@switchyard/core/spi'
import {
  castSql,
  decimalSql,
  digitsOf,
  digitsOfValues,
  isExactNumber,
  need,
  quotientSql,
  Refusal,
  type Digits,
  type Entry,
  type Render,
} from './fragment-render.js'

/** A number with all its digits. */
interface Wide extends Digits {
  readonly text: string
}

const WORD_DIGITS = 9
/** MySQL's widest DECIMAL, and a little less than ClickHouse's: quotients need room. */
const DECIMAL_DIGITS_MAX = 65
const QUOTIENT_DIGITS_MAX = 76

/** The operand as arithmetic sees it. */
function wideSql(expression: Expression, render: Render): Wide {
  if (!isExactNumber(expression.type)) throw new Refusal(`no entry for ${expression.text}`)
  if (readsColumns(expression) && expression.kind === 'call') {
    const [left, right] = expression.arguments
    switch (expression.name) {
      case '+':
      case '-':
      case '*':
        if (left !== undefined && right !== undefined && isWide(expression)) {
          return sumSql(expression.name, left, right, render)
        }
        break
      case '/':
        return divisionSql(need(left), need(right), expression.type, render).wide
      default:
    }
  }
  if (isWide(expression)) throw new Refusal(`the digits of ${expression.text} aren't all kept`)
  return { text: render(expression), ...digitsOfValues(expression) }
}

/** Whether it has more digits than its type says. */
export function isWide(expression: Expression): boolean {
  if (expression.kind === 'convert') return isWide(expression.operand)
  if (expression.kind !== 'call' || expression.type.name !== 'decimal') return false
  if (expression.name === '/') return true
  return KEEPING.has(expression.name) && expression.arguments.some(isWide)
}

const KEEPING: ReadonlySet<string> = new Set([
  ...['+', '-', '*', '%', 'mod', 'unary minus', 'neg'],
  ...['if', 'case', 'ifnull', 'coalesce', 'nullif', 'greatest', 'least'],
])

function sumSql(operator: '+' | '-' | '*', left: Expression, right: Expression, render: Render): Wide {
  const [a, b] = [wideSql(left, render), wideSql(right, render)]
  const whole = operator === '*' ? a.whole + b.whole : Math.max(a.whole, b.whole) + 1
  const scale = operator === '*' ? a.scale + b.scale : Math.max(a.scale, b.scale)
  const digits = whole + scale
  const text = `(${decimalSql(a.text, digits, a.scale)} ${operator} ${decimalSql(b.text, digits, b.scale)})`
  return { text, whole, scale }
}

function arithmeticEntry(operator: '+' | '-' | '*'): Entry {
  return ([left, right], { type }, render) => {
    const sum = sumSql(operator, need(left), need(right), render)
    const target = digitsOf(type)
    const isSafe =
      type.name === 'decimal'
        ? target.whole >= sum.whole && target.scale <= sum.scale
        : type.name === 'bigint' && !type.unsigned && sum.whole <= 18 && sum.scale === 0
    if (!isSafe) throw new Refusal(`${need(left).text} ${operator} ${need(right).text} may be out of range`)
    return castSql(target.scale < sum.scale ? `round(${sum.text}, ${target.scale})` : sum.text, type)
  }
}

interface Quotient {
  readonly rounded: string
  readonly wide: Wide
}

/** Without an answer for a divisor of 0: who divides by what may be 0 is told so by MySQL. */
function divisionSql(left: Expression, right: Expression, type: SqlType, render: Render): Quotient {
  if (type.name !== 'decimal') throw new Refusal('no entry for dividing floating point numbers')
  requireDivisor(right, render)
  const [a, b] = [wideSql(left, render), wideSql(right, render)]
  const increment = type.scale - digitsOf(left.type).scale
  const wideScale = quotientScale(a.scale, b.scale, increment)
  const whole = a.whole + b.scale
  if (whole + type.scale > DECIMAL_DIGITS_MAX) throw new Refusal('quotients of so many digits')
  const divide = (scale: number): string => {
    // It scales the dividend before it divides.
    if (a.whole + a.scale + b.whole + b.scale + scale > QUOTIENT_DIGITS_MAX) {
      throw new Refusal('quotients of so many digits')
    }
    const dividend = decimalSql(a.text, QUOTIENT_DIGITS_MAX, a.scale)
    const divisor = `ifNull(${decimalSql(b.text, QUOTIENT_DIGITS_MAX, b.scale)}, 0)`
    // Division by 0 is an error there, also where the answer isn't wanted.
    const safe = `if(${divisor} = 0, CAST(1 AS Decimal(76, ${b.scale})), ${divisor})`
    return `if(${divisor} = 0, NULL, ${quotientSql(dividend, safe, scale)})`
  }
  // Half is decided by the next digit alone.
  const rounded =
    wideScale > type.scale ? `round(${divide(type.scale + 1)}, ${type.scale})` : divide(type.scale)
  return { rounded: castSql(rounded, type), wide: { text: divide(wideScale), whole, scale: wideScale } }
}

/** Whole words, as MySQL divides. */
function quotientScale(a: number, b: number, increment: number): number {
  const words = (scale: number): number => Math.ceil(scale / WORD_DIGITS) * WORD_DIGITS
  const missing = Math.max(increment - (words(a) - a) - (words(b) - b), 0)
  return words(words(a) + words(b) + missing)
}

/** A divisor that is never 0, or a constant one. */
function requireDivisor(divisor: Expression, render: Render): void {
  if (!readsColumns(divisor)) {
    if (isZero(divisor, render)) throw new Refusal('division by zero')
    return
  }
  const plain = divisor.kind === 'convert' ? divisor.operand : divisor
  if (plain.kind === 'column' && render.columns.get(plain.column)?.isPositive === true) return
  const [, excluded] = plain.kind === 'call' && plain.name === 'nullif' ? plain.arguments : []
  if (excluded !== undefined && !readsColumns(excluded)) {
    if (render.scope.values === undefined || isZero(excluded, render)) return
  }
  throw new Refusal(`${divisor.text} may be 0, of which MySQL warns`)
}

function isZero(expression: Expression, { scope }: Render): boolean {
  return scope.values !== undefined && Number(scope.values.valueOf(expression) ?? 1) === 0
}

const integerDivision: Entry = ([left, right], { type, text }, render) => {
  const [a, b] = [need(left), need(right)]
  if (!isInteger(a.type) || !isInteger(b.type)) throw new Refusal(`no entry for ${text}`)
  requireDivisor(b, render)
  // Below 0 there is no unsigned quotient, and the least number divided by -1 has no place in its type.
  if (type.unsigned && (!a.type.unsigned || !(b.type.unsigned || isNatural(b, render)))) {
    throw new Refusal(`${text} may be out of range`)
  }
  if (digitsOf(a.type).whole > 18) throw new Refusal(`${text} may be out of range`)
  const divisor = `ifNull(${decimalSql(render(b), 38, 0)}, 0)`
  const safe = `if(${divisor} = 0, CAST(1 AS Decimal(38, 0)), ${divisor})`
  const quotient = quotientSql(decimalSql(render(a), 38, 0), safe, 0)
  return castSql(`if(${divisor} = 0, NULL, ${quotient})`, type)
}

/** Whether it is a constant that isn't below 0. */
function isNatural(expression: Expression, { scope }: Render): boolean {
  if (readsColumns(expression)) return false
  return scope.values === undefined || Number(scope.values.valueOf(expression) ?? 0) >= 0
}

const modulo: Entry = ([left, right], { type }, render) => {
  const [a, b] = [need(left), need(right)]
  if (
    !isInteger(a.type) ||
    !isInteger(b.type) ||
    digitsOfValues(a).whole > 18 ||
    digitsOfValues(b).whole > 18
  ) {
    throw new Refusal('no entry for the remainder of these types')
  }
  requireDivisor(b, render)
  const divisor = `ifNull(toInt64(${render(b)}), 0)`
  return castSql(`if(${divisor} = 0, NULL, toInt64(${render(a)}) % if(${divisor} = 0, 1, ${divisor}))`, type)
}

function roundEntry(name: 'round' | 'truncate'): Entry {
  return ([operand, places], { type, text }, render) => {
    const number = wideSql(need(operand), render)
    if (!isExactNumber(type) || digitsOf(type).whole < number.whole) throw new Refusal(`no entry for ${text}`)
    const count = placesOf(places, render)
    // Rounded up before the point it may have no place in its type.
    if (name === 'round' && count < 0 && isInteger(type) && number.whole > 18) {
      throw new Refusal(`${text} may be out of range`)
    }
    const digits = number.whole + 1 + number.scale
    const cut = `${name === 'round' ? 'round' : 'trunc'}(${decimalSql(number.text, digits, number.scale)}, ${count})`
    return castSql(count >= number.scale ? number.text : cut, type)
  }
}

/** NULL places make the answer NULL, and are left to the server. */
function placesOf(places: Expression | undefined, { scope }: Render): number {
  if (places === undefined) return 0
  if (readsColumns(places) || !isInteger(places.type)) throw new Refusal('places that change from row to row')
  if (scope.values === undefined) return 0
  const value = scope.values.valueOf(places)
  if (value === null || Math.abs(Number(value)) > 30) throw new Refusal('so many places')
  return Number(value)
}

const absolute: Entry = ([operand], { type, text }, render) => {
  const number = need(operand)
  if (!isExactNumber(number.type) || isWide(number) || digitsOf(number.type).whole > 18) {
    throw new Refusal(`no entry for ${text}`)
  }
  return castSql(`abs(${render(number)})`, type)
}

const negation: Entry = ([operand], { type, text }, render) => {
  const number = need(operand)
  const target = digitsOf(type)
  const { whole, scale } = digitsOf(number.type)
  const isSafe = type.name === 'decimal' ? target.whole >= whole : !type.unsigned && whole <= 18
  if (!isExactNumber(number.type) || isWide(number) || !isSafe) throw new Refusal(`no entry for ${text}`)
  return castSql(`-${decimalSql(render(number), whole + scale, scale)}`, type)
}

/** NULL if one of them is; there NULLs are passed over. */
function extremeEntry(name: 'greatest' | 'least'): Entry {
  return (args, { type, text }, render) => {
    if (!isExactNumber(type) || args.some((each) => !isExactNumber(each.type) || isWide(each))) {
      throw new Refusal(`no entry for ${text}`)
    }
    const values = args.map((each) => {
      const { whole, scale } = digitsOf(each.type)
      const target = digitsOf(type)
      if (whole > target.whole || scale > target.scale) throw new Refusal(`${each.text} may not fit`)
      return castSql(render(each), type)
    })
    const isNull = values.map((value) => `isNull(${value})`).join(' OR ')
    return `if(${isNull}, NULL, ${name}(${values.join(', ')}))`
  }
}

function integralEntry(name: 'floor' | 'ceil'): Entry {
  return ([operand], { type, text }, render) => {
    const number = wideSql(need(operand), render)
    // A quotient of what has no sign may be below 0, and its type has no place for that.
    if (type.unsigned && need(operand).kind !== 'column') throw new Refusal(`${text} may be out of range`)
    if (!isExactNumber(type) || digitsOf(type).whole < number.whole + 1)
      throw new Refusal(`no entry for ${text}`)
    return castSql(`${name}(${decimalSql(number.text, number.whole + 1 + number.scale, number.scale)})`, type)
  }
}

export const NUMBER_ENTRIES: readonly (readonly [string, Entry])[] = [
  ['+', arithmeticEntry('+')],
  ['-', arithmeticEntry('-')],
  ['*', arithmeticEntry('*')],
  ['/', ([left, right], { type }, render) => divisionSql(need(left), need(right), type, render).rounded],
  ['div', integerDivision],
  ['%', modulo],
  ['mod', modulo],
  ['round', roundEntry('round')],
  ['truncate', roundEntry('truncate')],
  ['abs', absolute],
  ['unary -', negation],
  ['greatest', extremeEntry('greatest')],
  ['least', extremeEntry('least')],
  ['floor', integralEntry('floor')],
  ['ceil', integralEntry('ceil')],
  ['ceiling', integralEntry('ceil')],
]
