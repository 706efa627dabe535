/**
 * Text in fragments: comparisons, groups and orders by collation, LIKE, and string functions.
 */
import {
  collationByName,
  isText,
  readsColumns,
  sameType,
  type Expression,
  type SqlType,
} from '@switchyard/core/spi'
import { likeSql } from './fragment-like.js'
import { castSql, constantText, need, Refusal, type Entry, type Render } from './fragment-render.js'
import { keySql, orderedSql, type ColumnText } from './sql-text.js'
import { equalitySql, hasControlCharacter, textFormOf } from './text-form.js'

/** The collation by which two texts are compared: whoever is harder to convert has its way (MySQL manual 12.8.4). */
export function commonCollation(left: Expression, right: Expression): string {
  const stronger = right.coercibility < left.coercibility ? right : left
  const other = stronger === left ? right : left
  const name = stronger.type.collation
  if (other.coercibility === stronger.coercibility && other.type.collation !== name) {
    throw new Refusal('texts of two collations')
  }
  return name
}

export function compareTextSql(
  operator: string,
  left: Expression,
  right: Expression,
  render: Render,
): string {
  const collation = commonCollation(left, right)
  if (operator === '=' || operator === '<>') {
    return `(${textKeySql(left, collation, render)} ${operator} ${textKeySql(right, collation, render)})`
  }
  // Both in one form, and padded to one length.
  const length = Math.max(left.type.length, right.type.length)
  const isExceptional = mayBeException(left, render) || mayBeException(right, render)
  const orderOf = (each: Expression): string =>
    textOrderSql(each, { ...each.type, length, collation }, isExceptional, render)
  return `(${orderOf(left)} ${operator} ${orderOf(right)})`
}

/** Whether a text may be one that isn't compared by itself. */
function mayBeException(expression: Expression, { columns, scope }: Render): boolean {
  if (expression.kind === 'column') return columns.get(expression.column)?.hasExceptions ?? true
  if (readsColumns(expression)) return true
  return scope.values === undefined || hasControlCharacter(scope.values.valueOf(expression))
}

/** What is equal where texts are equal by the collation. */
export function textKeySql(expression: Expression, collation: string, render: Render): string {
  if (!readsColumns(expression)) return constantSql(expression, collation, render)
  const column = expression.kind === 'column' ? render.columns.get(expression.column) : undefined
  const key = keyOf({ ...column, text: render(expression) }, collation)
  if (key !== undefined) return key
  if (isRegular(expression)) return `lower(${render(expression)})`
  if (expression.kind === 'call' && isText(expression.type)) {
    const keyed = render.picking(expression, (branch) => textKeySql(branch, collation, render))
    if (keyed !== undefined) return keyed
  }
  throw new Refusal(`no key of collation ${collation} for ${expression.text}`)
}

/** The key of a text, if it has one or needs none of its own. */
export function keyOf({ text, key, collation: of }: ColumnText, collation: string): string | undefined {
  const form = textFormOf(collation)
  if (form === undefined) throw new Refusal(`no keys of collation ${collation} are kept`)
  if (key !== undefined && of === collation) return key
  return form.kind === 'folded' ? undefined : equalitySql(form, text, undefined)
}

/** What orders as texts do. */
export function sortedTextSql(expression: Expression, render: Render): string {
  return textOrderSql(expression, expression.type, mayBeException(expression, render), render)
}

/** What orders as texts do by the type's collation, if they have its length at most. */
function textOrderSql(expression: Expression, type: SqlType, hasExceptions: boolean, render: Render): string {
  const key = textKeySql(expression, type.collation, render)
  const text = readsColumns(expression) ? render(expression) : key
  return orderedSql({ text, key, hasExceptions }, type)
}

function constantSql(expression: Expression, collation: string, { scope }: Render): string {
  if (scope.values === undefined) return '?'
  const value = scope.values.valueOf(expression)
  if (value === null) return 'CAST(NULL AS Nullable(String))'
  return keySql(value, { ...expression.type, collation })
}

/** Whether its texts are ASCII without exceptions, whatever the rows are. */
function isRegular(expression: Expression): boolean {
  if (expression.kind !== 'call') return false
  return expression.name === 'date_format' || expression.name === 'hex' || expression.name === 'dayname'
}

/** A value as a column of a SELECT; a text has its key with it, if there is one. */
export function columnOf(expression: Expression, render: Render): ColumnText {
  const { collation } = expression.type
  const column = expression.kind === 'column' ? render.columns.get(expression.column) : undefined
  const text = render(expression)
  if (!isText(expression.type)) return column ?? { text }
  if (column?.collation === collation) return column
  try {
    return { text, key: textKeySql(expression, collation, render), collation, hasExceptions: true }
  } catch (error) {
    if (error instanceof Refusal) return { text }
    throw error
  }
}

// ── Functions ───────────────────────────────────────────────────────────────────────────────────────────────────

export function requireUnicode({ type, text }: Expression): void {
  if (!isText(type) || collationByName(type.collation)?.charset.isUnicode !== true) {
    throw new Refusal(`no entry for ${text}`)
  }
}

/** Upper and lower case of ASCII are the same everywhere; of other characters they aren't. */
function caseEntry(name: 'upper' | 'lower'): Entry {
  return ([operand], call, render) => {
    const argument = need(operand)
    requireUnicode(argument)
    const column = argument.kind === 'column' ? render.columns.get(argument.column) : undefined
    const form = textFormOf(argument.type.collation)
    if (!sameType(call.type, argument.type) || column === undefined || form?.kind !== 'folded') {
      throw new Refusal(`no entry for ${call.text}`)
    }
    if (column.hasExceptions === true) throw new Refusal(`${argument.text} isn't all ASCII`)
    return `${name}(${column.text})`
  }
}

export function integerOf(expression: Expression, { scope }: Render): number | undefined {
  if (readsColumns(expression)) throw new Refusal(`${expression.text} changes from row to row`)
  return scope.values === undefined ? 1 : Number(scope.values.valueOf(expression) ?? undefined)
}

/** A count that is constant; NaN for NULL. */
const COUNT_MAX = 1_000_000

function counted(sql: (text: string, count: number) => string): Entry {
  return ([operand, count], call, render) => {
    const argument = need(operand)
    requireUnicode(argument)
    const number = integerOf(need(count), render) ?? NaN
    if (Number.isNaN(number) || Math.abs(number) > COUNT_MAX) return castSql('NULL', call.type)
    return sql(render(argument), number)
  }
}

const substringEntry: Entry = ([operand, position, length], call, render) => {
  const argument = need(operand)
  requireUnicode(argument)
  const at = integerOf(need(position), render) ?? NaN
  const count = length === undefined ? COUNT_MAX : (integerOf(length, render) ?? NaN)
  if (Number.isNaN(at + count)) return castSql('NULL', call.type)
  const text = render(argument)
  if (at === 0 || count <= 0 || Math.abs(at) > COUNT_MAX) return `substring(${text}, 1, 0)`
  const rest = `substringUTF8(${text}, ${at}, ${Math.min(count, COUNT_MAX)})`
  // From the end: what begins before the text is nothing.
  return at > 0 ? rest : `if(lengthUTF8(${text}) < ${-at}, substring(${text}, 1, 0), ${rest})`
}

const concatEntry: Entry = (args, call, render) => {
  const types = args.map((each) => each.type)
  if (!isText(call.type) || !types.every((type) => isText(type)))
    throw new Refusal(`no entry for ${call.text}`)
  for (const argument of args) requireUnicode(argument)
  return args.length === 1 ? render(need(args[0])) : `concat(${args.map(render).join(', ')})`
}

function measured(name: string): Entry {
  return ([operand], call, render) => {
    requireUnicode(need(operand))
    if (name === 'length' && collationByName(need(operand).type.collation)?.charset.name !== 'utf8mb4') {
      throw new Refusal(`no entry for ${call.text}`)
    }
    return castSql(`${name}(${render(need(operand))})`, call.type)
  }
}

function trimEntry(name: 'trimBoth' | 'trimLeft' | 'trimRight'): Entry {
  return ([operand, removed], call, render) => {
    requireUnicode(need(operand))
    const what = removed === undefined ? ' ' : constantText(removed, render)
    if (what !== undefined && what !== ' ') throw new Refusal(`no entry for ${call.text}`)
    return `${name}(${render(need(operand))})`
  }
}

export const TEXT_ENTRIES: readonly (readonly [string, Entry])[] = [
  ['like', likeSql],
  ['upper', caseEntry('upper')],
  ['ucase', caseEntry('upper')],
  ['lower', caseEntry('lower')],
  ['lcase', caseEntry('lower')],
  ['char_length', measured('lengthUTF8')],
  ['character_length', measured('lengthUTF8')],
  ['length', measured('length')],
  ['octet_length', measured('length')],
  ['concat', concatEntry],
  ['left', counted((text, count) => `substringUTF8(${text}, 1, ${Math.max(count, 0)})`)],
  [
    'right',
    counted((text, count) => (count <= 0 ? `substring(${text}, 1, 0)` : `rightUTF8(${text}, ${count})`)),
  ],
  ['substring', substringEntry],
  ['substr', substringEntry],
  ['mid', substringEntry],
  ['trim', trimEntry('trimBoth')],
  ['ltrim', trimEntry('trimLeft')],
  ['rtrim', trimEntry('trimRight')],
]
