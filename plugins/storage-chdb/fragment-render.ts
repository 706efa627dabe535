/**
 * What the entries of a fragment's expressions have in common: how they are asked for their SQL, and what is known of types there.
 */
import { isInteger, readsColumns, type Expression, type SqlType } from '@switchyard/core/spi'
import type { FragmentScope } from './fragment-scope.js'
import type { ColumnText } from './sql-text.js'
import { comparabilityOf, nullable, storedType } from './stored-type.js'

/** Why a fragment, or a part of it, is left to the server. */
export class Refusal extends Error {}

/** ClickHouse's widest Decimal. */
const DIGITS_MAX = 76

/** Columns by their ids. */
export type ColumnTexts = ReadonlyMap<number, ColumnText>

/** SQL of an expression over the columns of one SELECT. */
export interface Render {
  (expression: Expression): string
  readonly columns: ColumnTexts
  readonly scope: FragmentScope
  /** A call that answers with one of its arguments, with those made by `branch`; undefined for any other. */
  picking(expression: Expression, branch: (argument: Expression) => string): string | undefined
}

/** SQL of one operator or function. Throws a `Refusal` where the answer might not be MySQL's. */
export type Entry = (args: readonly Expression[], call: Expression, render: Render) => string

export function need(expression: Expression | undefined): Expression {
  if (expression === undefined) throw new Refusal('an argument is missing')
  return expression
}

/** `text` as a value of the type. */
export function castSql(text: string, type: SqlType): string {
  return `CAST(${text} AS ${nullable(storedType(type), true)})`
}

/** An integer as a value of an integer type, NULL only where it was: groups by what can't be NULL are made in half the time. */
export function integerSql(text: string, type: SqlType): string {
  if (!isInteger(type)) return castSql(text, type)
  return `to${storedType(type)}(${text})`
}

export const UNKNOWN = 'CAST(NULL AS Nullable(UInt8))'

export function isExactNumber(type: SqlType): boolean {
  return isInteger(type) || type.name === 'decimal' || type.name === 'year'
}

export function isApproximate(type: SqlType): boolean {
  return type.name === 'float' || type.name === 'double'
}

export function isTemporal(type: SqlType): boolean {
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
export interface Digits {
  readonly whole: number
  readonly scale: number
}

export function digitsOf(type: SqlType): Digits {
  if (type.name === 'decimal') return { whole: type.length - type.scale, scale: type.scale }
  return { whole: INTEGER_DIGITS[type.name] ?? DIGITS_MAX, scale: 0 }
}

/** Digits of an expression's values: a literal has no more than are written there. */
export function digitsOfValues(expression: Expression): Digits {
  const { type, kind } = expression
  const digits = digitsOf(type)
  if ((kind !== 'constant' && kind !== 'parameter') || !isInteger(type)) return digits
  // The sign has a place, too.
  const length = Math.max(type.length - (type.unsigned ? 0 : 1), 1)
  return { whole: Math.min(digits.whole, length), scale: 0 }
}

export function decimalSql(text: string, digits: number, scale: number): string {
  if (digits > DIGITS_MAX) throw new Refusal(`numbers of ${digits} digits`)
  return `CAST(${text} AS Nullable(Decimal(${Math.max(digits, 1)}, ${scale})))`
}

/** A quotient of two Decimals, cut at `scale`. Without decimals the engine's own answer is always 0. */
export function quotientSql(dividend: string, divisor: string, scale: number): string {
  if (scale === 0) return `trunc(divideDecimal(${dividend}, ${divisor}, 1), 0)`
  return `divideDecimal(${dividend}, ${divisor}, ${scale})`
}

/** A constant text; undefined while the fragment is planned. */
export function constantText(expression: Expression, { scope }: Render): string | undefined {
  if (readsColumns(expression)) throw new Refusal(`${expression.text} changes from row to row`)
  if (scope.values === undefined) return undefined
  const value = scope.values.valueOf(expression)
  if (typeof value !== 'string') throw new Refusal(`${expression.text} is no text`)
  return value
}

/** For what a TIMESTAMP shows: elsewhere than in UTC hours are left out or come twice. */
export function requireUtc({ scope }: Render): void {
  if (scope.values?.isUtc === false) throw new Refusal("the session's time zone isn't UTC")
}

/** Whether values can be grouped and told apart by what is stored, or by a key of it. */
export function isDistinguishable(type: SqlType): boolean {
  if (isMember(type)) return true
  return !isApproximate(type) && comparabilityOf(type) !== 'no' && type.name !== 'null'
}

/** Whether what is stored, or a key of it, orders as MySQL does. */
export function isOrdered(type: SqlType): boolean {
  return isMember(type) || (comparabilityOf(type) === 'exact' && type.name !== 'null')
}

/** ENUM and SET are told apart and ordered by their numbers, and compared as texts: which they aren't there. */
export function isMember({ name, members }: SqlType): boolean {
  // The number 0 is shown as an empty text, too.
  return (name === 'enum' || name === 'set') && members?.includes('') !== true
}
