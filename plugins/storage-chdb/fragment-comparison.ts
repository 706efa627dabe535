/** Comparisons in fragments. ClickHouse compares some types otherwise than MySQL, and some not at all. */
import { isText, readsColumns, type Expression, type SqlType } from '@switchyard/core/spi'
import {
  decimalSql,
  digitsOf,
  isApproximate,
  isExactNumber,
  isTemporal,
  Refusal,
  UNKNOWN,
  type Render,
} from './fragment-render.js'
import { compareTextSql } from './fragment-text.js'
import { literalSql } from './sql-text.js'
import { storedType } from './stored-type.js'

export function compareSql(operator: string, left: Expression, right: Expression, render: Render): string {
  const [a, b] = [left.type, right.type]
  if (a.name === 'null' || b.name === 'null') {
    // What is compared with NULL may have something to warn of.
    if (a.name !== 'null') render(left)
    if (b.name !== 'null') render(right)
    return UNKNOWN
  }
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
  const isSamePacked = isMoment(a) && a.name === b.name && a.scale === b.scale
  if (isSamePacked || (isApproximate(a) && isApproximate(b)) || (isBytes(a) && isBytes(b))) {
    return plain
  }
  throw new Refusal(`no entry for comparing ${a.name} with ${b.name}`)
}

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

function isBytes(type: SqlType): boolean {
  return storedType(type) === 'String' && !isText(type) && type.name !== 'json'
}
