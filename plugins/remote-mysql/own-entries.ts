/**
 * Operators and functions that MySQL 8 computes as the server does, and other servers of the family not always. What can warn isn't here:
 * warnings of a fragment are lost.
 */
import { hasDate, isInteger, isText, readsColumns, type Expression, type SqlType } from '@switchyard/core/spi'
import {
  branchSql,
  checkComparable,
  checkOwn,
  checkPair,
  checkPlainText,
  isBytes,
  isMoment,
  isNumber,
  need,
  Refusal,
  truthSql,
  type Entry,
  type Render,
} from './expression-checks.js'

export const OWN_ENTRIES: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ['unary -', ([operand], _call, render) => `(- ${signedSql(need(operand), 'unary -', render)})`],
  ['sign', ([operand], _call, render) => `SIGN(${signedSql(need(operand), 'sign', render)})`],
  ...(['is true', 'is false'] as const).map((name): [string, Entry] => [
    name,
    ([operand], _call, render) => `(${truthSql(need(operand), render)} ${name.toUpperCase()})`,
  ]),
  ['isnull', ([operand], _call, render) => `(${render(need(operand))} IS NULL)`],
  ...(['greatest', 'least'] as const).map((name): [string, Entry] => [
    name,
    (args, call, render) => {
      // Of texts that compare alike each has its own choice.
      if (isText(call.type)) throw new Refusal(`no entry for ${name} of texts`)
      for (const each of args) checkComparable(each, render.scope)
      return `${name}(${args.map((each) => branchSql(each, call.type, render)).join(', ')})`
    },
  ]),
  [
    'nullif',
    ([value, other], call, render) => {
      checkPair(need(value), need(other), render.scope)
      return `NULLIF(${branchSql(need(value), call.type, render)}, ${branchSql(need(other), need(value).type, render)})`
    },
  ],
  ...(['%', 'mod', 'div'] as const).map((name): [string, Entry] => [
    name,
    ([dividend, divisor], _call, render) => {
      const [left, right] = [need(dividend), need(divisor)]
      const isKnown = [left, right].every(({ type }) => isInteger(type) && !type.unsigned)
      // The smallest BIGINT is too large to be divided there, even by one.
      if (name === 'div' && left.type.name === 'bigint') throw new Refusal('no entry for DIV of BIGINT')
      if (!isKnown || isZero(right, render)) throw new Refusal(`no entry for this ${name}`)
      return `(${render(left)} ${name === 'div' ? 'DIV' : '%'} ${render(right)})`
    },
  ]),
  ...(['|', '&', '^'] as const).map((operator): [string, Entry] => [
    operator,
    ([left, right], _call, render) => {
      if (!isInteger(need(left).type) || !isInteger(need(right).type))
        throw new Refusal(`no entry for this ${operator}`)
      return `(${render(need(left))} ${operator} ${render(need(right))})`
    },
  ]),
  ...(['trim', 'ltrim', 'rtrim', 'reverse'] as const).map((name): [string, Entry] => [
    name,
    ([text, ...others], _call, render) => {
      checkPlainText(need(text), name, render.scope)
      if (others.length > 0) throw new Refusal(`no entry for this ${name}`)
      return `${name}(${render(need(text))})`
    },
  ]),
  [
    'replace',
    (args, _call, render) => {
      const [text, from, to] = [need(args[0]), need(args[1]), need(args[2])]
      checkPlainText(text, 'replace', render.scope)
      for (const each of [from, to]) checkConstantText(each, text, render)
      return `REPLACE(${[text, from, to].map(render).join(', ')})`
    },
  ],
  ...(['instr', 'locate'] as const).map((name): [string, Entry] => [
    name,
    (args, _call, render) => {
      const [first, second] = [need(args[0]), need(args[1])]
      const [text, part] = name === 'instr' ? [first, second] : [second, first]
      checkConstantText(part, text, render)
      if (!text.type.collation.endsWith('_bin')) throw new Refusal(`${name} in ${text.type.collation}`)
      if (args.length > 2) throw new Refusal(`no entry for this ${name}`)
      return `${name}(${render(first)}, ${render(second)})`
    },
  ]),
  [
    'hex',
    ([operand], _call, render) => {
      const { type } = need(operand)
      checkOwn(need(operand), render.scope)
      if (isText(type)) checkPlainText(need(operand), 'hex', render.scope)
      else if (!isInteger(type) && !isBytes(type)) throw new Refusal(`no entry for hex of ${type.name}`)
      return `HEX(${render(need(operand))})`
    },
  ],
  ...(['dayofweek', 'weekday', 'dayofyear', 'last_day', 'to_days', 'date'] as const).map(
    (name): [string, Entry] => [
      name,
      ([operand], _call, render) => `${name}(${dateSql(need(operand), name, render)})`,
    ],
  ),
  [
    'datediff',
    ([from, to], _call, render) =>
      `DATEDIFF(${dateSql(need(from), 'datediff', render)}, ${dateSql(need(to), 'datediff', render)})`,
  ],
  ...(['hour', 'minute', 'second', 'microsecond'] as const).map((name): [string, Entry] => [
    name,
    ([operand], _call, render) => {
      const { type } = need(operand)
      if (!isMoment(type) || isShifted(type) || !readsColumns(need(operand)))
        throw new Refusal(`no entry for ${name} of ${type.name}`)
      return `${name}(${render(need(operand))})`
    },
  ]),
])

function signedSql(operand: Expression, name: string, render: Render): string {
  const { type } = operand
  if (!isNumber(type) || type.unsigned || type.name === 'year')
    throw new Refusal(`no entry for ${name} of ${type.name}`)
  // The smallest BIGINT has no opposite.
  if (type.name === 'bigint' && name === 'unary -') throw new Refusal(`no entry for ${name} of ${type.name}`)
  return render(operand)
}

/** A divisor that may be zero would warn. */
function isZero(divisor: Expression, { scope }: Render): boolean {
  if (readsColumns(divisor)) return true
  const { values, holes } = scope
  if (values !== undefined) return Number(values.valueOf(divisor) ?? 0) === 0
  // Whether it is one is known with the values.
  holes?.giveUp()
  return false
}

/** Beside a text with characters of all kinds. */
function checkConstantText(constant: Expression, text: Expression, { scope }: Render): void {
  checkPlainText(text, 'texts', scope)
  checkPlainText(constant, 'texts', scope)
  const isKnown = !readsColumns(constant) && readsColumns(text) && text.type.collation.startsWith('utf8mb4_')
  if (!isKnown) throw new Refusal('no entry for parts of texts that are no constants')
}

/** A TIMESTAMP has the parts that it has in the session's time zone. */
function isShifted(type: SqlType): boolean {
  return type.name === 'timestamp'
}

function dateSql(operand: Expression, name: string, render: Render): string {
  const { type } = operand
  if (!hasDate(type) || isShifted(type) || !readsColumns(operand))
    throw new Refusal(`no entry for ${name} of ${type.name}`)
  return render(operand)
}
