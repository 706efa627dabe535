/**
 * What must hold of expressions that a remote computes, whatever is done with them: types that mean the same there, values that can be written,
 * pairs that compare alike.
 */
import {
  charsetOfCollation,
  hasDate,
  isInteger,
  isText,
  readsColumns,
  sameType,
  type Expression,
  type FragmentValues,
  type SqlType,
} from '@switchyard/core/spi'
import type { Dialect } from './dialect.js'
import { literal } from './sql-text.js'
import type { SqlTemplate } from './sql-template.js'

/** Why a fragment, or a part of it, is left to the server. */
export class Refusal extends Error {}

/** What expressions depend on besides the plan. */
export interface ExpressionScope {
  readonly dialect: Dialect
  /** Undefined while the fragment is planned: then no value counts. */
  readonly values: FragmentValues | undefined
  /** Takes the places of values, if what is written shall do for others. */
  readonly holes?: SqlTemplate | undefined
  /** Ids of columns of types or collations that we don't have. */
  readonly foreignColumns: ReadonlySet<number>
  /** Decimals of averages by their ids: they come rounded to these, and the server computes with more. */
  readonly averages: ReadonlyMap<number, number>
}

/** Text of columns by their ids. */
export type ColumnTexts = ReadonlyMap<number, string>

export interface Render {
  (expression: Expression): string
  readonly scope: ExpressionScope
}

export type Entry = (args: readonly Expression[], call: Expression, render: Render) => string

/** `beside` is what the value is compared with. */
export function valueSql(
  expression: Expression,
  { values, holes }: ExpressionScope,
  beside: Expression | undefined,
): string {
  const { type } = expression
  if (isText(type) && !isWellKnownText(type)) throw new Refusal(`texts in ${type.collation}`)
  if (['enum', 'set', 'bit', 'json'].includes(type.name)) throw new Refusal(`constants of type ${type.name}`)
  if (holes !== undefined) return holes.place(expression, beside?.kind === 'column' ? beside.type : undefined)
  return values === undefined ? '?' : literal(values.valueOf(expression), type)
}

/** Connections speak utf8mb4: literals in it are what they are. */
export function isWellKnownText(type: SqlType): boolean {
  const { name } = charsetOfCollation(type.collation)
  return name === 'utf8mb4' || name === 'utf8mb3'
}

export function isExactNumber(type: SqlType): boolean {
  return isInteger(type) || type.name === 'decimal' || type.name === 'year'
}

export function isNumber(type: SqlType): boolean {
  return isExactNumber(type) || type.name === 'double'
}

export function isBytes(type: SqlType): boolean {
  return type.name === 'binary' || type.name === 'varbinary' || type.name.endsWith('blob')
}

export function isMoment(type: SqlType): boolean {
  return hasDate(type) || type.name === 'time'
}

export function checkOwn(expression: Expression, { foreignColumns }: ExpressionScope): void {
  if (expression.kind === 'column' && foreignColumns.has(expression.column)) {
    throw new Refusal(`the type of ${expression.text} isn't one of ours`)
  }
}

/** Throws a `Refusal` if the remote might order or tell values of the expression apart otherwise. */
export function checkComparable(expression: Expression, scope: ExpressionScope): void {
  const { type } = expression
  checkOwn(expression, scope)
  if (isText(type)) {
    if (!scope.dialect.hasCollation(type.collation)) {
      throw new Refusal(`collation ${type.collation} isn't the same there`)
    }
    return
  }
  const isComparable = isNumber(type) || hasDate(type) || type.name === 'time' || isBytes(type)
  if (!isComparable || type.name === 'float') throw new Refusal(`no entry for comparing ${type.name}`)
}

export function need(expression: Expression | undefined): Expression {
  if (expression === undefined) throw new Refusal('an argument is missing')
  return expression
}

/** Results of more might not fit into a packet of the remote's. */
const TEXT_LENGTH_MAX = 16_383

/** Texts that are the same bytes there, and short. */
export function checkPlainText(text: Expression, name: string, scope: ExpressionScope): void {
  const { type } = text
  checkOwn(text, scope)
  if (!isText(type) || !isWellKnownText(type) || type.length > TEXT_LENGTH_MAX) {
    throw new Refusal(`no entry for ${name} of ${type.name}`)
  }
}

/** Texts and times that stand for true or false may have warnings, or be written otherwise. */
export function checkTruth(expression: Expression): void {
  if (!isNumber(expression.type)) throw new Refusal(`${expression.text} is no condition there`)
}

export function truthSql(expression: Expression, render: Render): string {
  checkTruth(expression)
  return render(expression)
}

/** One of several values of which one is the result: all must be of its type. */
export function branchSql(branch: Expression, type: SqlType, render: Render): string {
  if (branch.type.name === 'null') return 'NULL'
  if (isExactNumber(branch.type) && isExactNumber(type)) {
    if (branch.type.name === 'year') throw new Refusal('YEAR among other numbers')
    return render(branch)
  }
  if (isText(type) && isText(branch.type)) return branchTextSql(branch, type, render)
  // A constant date is written as a text, and would make one of the result; bits come as numbers if they are no column's.
  const isOtherThere = type.name === 'bit' || (isMoment(type) && !readsColumns(branch))
  if (!sameType(branch.type, type) || isOtherThere) {
    throw new Refusal(`no entry for ${branch.type.name} where ${type.name} is wanted`)
  }
  return render(branch)
}

/** A constant has no collation of its own: the result's is what it would be compared by. */
function branchTextSql(branch: Expression, { collation }: SqlType, render: Render): string {
  checkPlainText(branch, 'a branch', render.scope)
  if (readsColumns(branch)) {
    if (branch.type.collation !== collation) throw new Refusal('texts of two collations')
    return render(branch)
  }
  if (!render.scope.dialect.hasCollation(collation) || !collation.startsWith('utf8mb4_')) {
    throw new Refusal(`constants in ${collation}`)
  }
  return `${valueSql(branch, render.scope, undefined)} COLLATE ${collation}`
}

/** Throws a `Refusal` if the two might compare otherwise there. */
export function checkPair(left: Expression, right: Expression, scope: ExpressionScope): void {
  const [a, b] = [left.type, right.type]
  if (a.name === 'null' || b.name === 'null') return
  if (isText(a) && isText(b)) {
    checkTexts(left, right, scope)
    return
  }
  // Texts beside dates are no texts: see `compareMomentSql`.
  if (!isText(a)) checkComparable(left, scope)
  if (!isText(b)) checkComparable(right, scope)
  // It makes years of small numbers, each server of others.
  if ([left, right].some((each, i) => isYearBeside(each, i === 0 ? right : left))) {
    throw new Refusal('no entry for YEAR beside a constant that is no integer')
  }
  const isSameKind =
    (isNumber(a) && isNumber(b)) ||
    (isMoment(a) && a.name === b.name) ||
    (isBytes(a) && isBytes(b)) ||
    (isMoment(a) && isText(b) && !readsColumns(right)) ||
    (isMoment(b) && isText(a) && !readsColumns(left))
  if (!isSameKind) throw new Refusal(`no entry for comparing ${a.name} with ${b.name}`)
}

function isYearBeside(side: Expression, constant: Expression): boolean {
  return side.type.name === 'year' && !readsColumns(constant) && !isInteger(constant.type)
}

/** Two columns need one collation; a constant follows the column that it meets (MySQL manual 12.8.4). */
export function checkTexts(left: Expression, right: Expression, scope: ExpressionScope): void {
  const [a, b] = [left.type.collation, right.type.collation]
  for (const each of [left, right]) if (readsColumns(each)) checkComparable(each, scope)
  if (readsColumns(left) && readsColumns(right) && a !== b) throw new Refusal('texts of two collations')
  const column = readsColumns(left) ? left : right
  const constant = column === left ? right : left
  if (!readsColumns(constant)) {
    if (constant.coercibility <= column.coercibility && a !== b) throw new Refusal('texts of two collations')
    // A constant that the column's set can't hold has the column converted, or is an error.
    if (charsetOfCollation(column.type.collation).name !== 'utf8mb4') {
      throw new Refusal(`a constant beside ${column.type.collation}`)
    }
  }
}

export function sideSql(side: Expression, other: Expression, render: Render): string {
  return readsColumns(side) ? render(side) : valueSql(side, render.scope, other)
}
