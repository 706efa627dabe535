/**
 * Expressions in the SQL of remotes. Each operator and function has an entry that says for which types every remote of the dialect table
 * answers exactly as the server does, warnings and errors included; what has none is refused with a reason, and stays with the
 * server.
 */
import {
  isApproximate,
  isInteger,
  isText,
  readsColumns,
  type Expression,
  type SqlType,
} from '@switchyard/core/spi'
import {
  branchSql,
  checkOwn,
  checkPair,
  checkPlainText,
  checkTexts,
  checkTruth,
  isBytes,
  isExactNumber,
  isMoment,
  isNumber,
  isWellKnownText,
  need,
  Refusal,
  sideSql,
  truthSql,
  valueSql,
  type ColumnTexts,
  type Entry,
  type ExpressionScope,
  type Render,
} from './expression-checks.js'
import { OWN_ENTRIES } from './own-entries.js'
import { literal } from './sql-text.js'

export function expressionSql(expression: Expression, columns: ColumnTexts, scope: ExpressionScope): string {
  const render: Render = Object.assign(
    (each: Expression) => collated(each, rendered(each, columns, render), scope),
    { scope },
  )
  return render(expression)
}

/** A COLLATE clause is but the type of what it stands behind. */
function collated(expression: Expression, text: string, { dialect }: ExpressionScope): string {
  const { type, coercibility } = expression
  if (coercibility !== 0 || !isText(type) || !readsColumns(expression)) return text
  const isKnown = dialect.hasCollation(type.collation) && type.collation.startsWith('utf8mb4_')
  if (!isKnown) throw new Refusal(`COLLATE ${type.collation}`)
  return `(${text} COLLATE ${type.collation})`
}

function rendered(expression: Expression, columns: ColumnTexts, render: Render): string {
  if (!readsColumns(expression)) return valueSql(expression, render.scope, undefined)
  switch (expression.kind) {
    case 'column': {
      const text = columns.get(expression.column)
      if (text === undefined) throw new Refusal(`column ${expression.text} comes from elsewhere`)
      if (render.scope.averages.has(expression.column)) throw new Refusal('an average that is computed with')
      return text
    }
    case 'convert':
      return (
        shownAverage(expression, columns, render.scope) ??
        convertSql(expression.operand, expression.type, render)
      )
    case 'call': {
      const own = render.scope.dialect.isMysql ? OWN_ENTRIES.get(expression.name) : undefined
      const entry = own ?? ENTRIES.get(expression.name)
      if (entry === undefined) throw new Refusal(`no entry for ${expression.name}`)
      return entry(expression.arguments, expression, render)
    }
    default:
      throw new Refusal(`no entry for a ${expression.kind}`)
  }
}

/** An average as it is shown, which is how it comes. */
function shownAverage(
  { operand, type }: Extract<Expression, { kind: 'convert' }>,
  columns: ColumnTexts,
  { averages }: ExpressionScope,
): string | undefined {
  if (operand.kind !== 'column' || type.name !== 'decimal') return undefined
  return averages.get(operand.column) === type.scale ? columns.get(operand.column) : undefined
}

// ── Conversions ─────────────────────────────────────────────────────────────────────────────────────────────────

function convertSql(operand: Expression, to: SqlType, render: Render): string {
  const from = operand.type
  if (isInteger(to) && isInteger(from) && isWithin(from, to)) return render(operand)
  if (to.name === 'decimal' && isExactNumber(from)) {
    const whole = from.name === 'decimal' ? from.length - from.scale : INTEGER_DIGITS[from.name]
    if (whole === undefined || to.length - to.scale < whole) {
      throw new Refusal(`${operand.text} may not fit into ${to.name}`)
    }
    return `CAST(${render(operand)} AS DECIMAL(${to.length}, ${to.scale}))`
  }
  if (to.name === 'double' && isNumber(from)) return `(${render(operand)} + 0e0)`
  if (to.name === 'datetime' && from.name === 'date') return `CAST(${render(operand)} AS DATETIME)`
  if (isText(to) && isText(from) && to.collation === from.collation && to.length >= from.length) {
    return render(operand)
  }
  throw new Refusal(`no entry for converting ${from.name} to ${to.name}`)
}

const INTEGER_DIGITS: Readonly<Record<string, number>> = {
  tinyint: 3,
  smallint: 5,
  mediumint: 8,
  int: 10,
  bigint: 20,
  year: 4,
}

function isWithin(from: SqlType, to: SqlType): boolean {
  const [a = 20, b = 20] = [INTEGER_DIGITS[from.name], INTEGER_DIGITS[to.name]]
  return from.unsigned === to.unsigned ? a <= b : from.unsigned && a < b
}

// ── Operators and functions ─────────────────────────────────────────────────────────────────────────────────────

const ENTRIES: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ...(['=', '<>', '<', '<=', '>', '>=', '<=>'] as const).map((operator): [string, Entry] => [
    operator,
    ([left, right], _call, render) => compareSql(operator, need(left), need(right), render),
  ]),
  ...(['and', 'or', 'xor'] as const).map((operator): [string, Entry] => [
    operator,
    (args, _call, render) =>
      `(${args.map((each) => truthSql(each, render)).join(` ${operator.toUpperCase()} `)})`,
  ]),
  ['not', ([operand], _call, render) => `(NOT ${truthSql(need(operand), render)})`],
  ['is null', ([operand], _call, render) => `(${render(need(operand))} IS NULL)`],
  ['is not null', ([operand], _call, render) => `(${render(need(operand))} IS NOT NULL)`],
  [
    'in',
    ([left, ...items], _call, render) => {
      const first = need(left)
      for (const item of items) checkPair(first, item, render.scope)
      // Beside a date, texts are compared as dates only if all of them are: one by one they are.
      if (items.some((item) => isMoment(first.type) && isText(item.type))) {
        return `(${items.map((item) => compareSql('=', first, item, render)).join(' OR ')})`
      }
      return `(${render(first)} IN (${items.map((item) => sideSql(item, first, render)).join(', ')}))`
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
      return `IF(${truthSql(need(condition), render)}, ${texts.join(', ')})`
    },
  ],
  [
    'case',
    (args, call, render) => {
      const pairs = Math.floor(args.length / 2)
      const whens = Array.from({ length: pairs }, (_, i) => {
        const then = branchSql(need(args[2 * i + 1]), call.type, render)
        return `WHEN ${truthSql(need(args[2 * i]), render)} THEN ${then}`
      })
      const otherwise =
        args.length % 2 === 1 ? ` ELSE ${branchSql(need(args.at(-1)), call.type, render)}` : ''
      return `(CASE ${whens.join(' ')}${otherwise} END)`
    },
  ],
  [
    'like',
    ([text, pattern, escape], _call, render) =>
      likeSql(need(text), need(pattern), escape !== undefined, render),
  ],
  ...(['round', 'abs', 'floor', 'ceil', 'ceiling'] as const).map((name): [string, Entry] => [
    name,
    ([operand, digits], _call, render) => {
      // What looks converted may be an average with all of its digits.
      const { type, kind } = need(operand)
      if (type.name !== 'decimal' || kind === 'convert' || type.length - type.scale > WHOLE_DIGITS_MAX) {
        throw new Refusal(`no entry for ${name} of ${type.name}`)
      }
      if (digits !== undefined && readsColumns(digits)) throw new Refusal(`${name} to the digits of a column`)
      return `${name}(${[operand, digits].flatMap((each) => (each === undefined ? [] : [render(each)])).join(', ')})`
    },
  ]),
  ...(['substring', 'left', 'right'] as const).map((name): [string, Entry] => [
    name,
    ([text, ...places], _call, render) => {
      checkPlainText(need(text), name, render.scope)
      if (!places.every(({ type }) => isInteger(type)))
        throw new Refusal(`places of ${name} that are no integers`)
      return `${name}(${[need(text), ...places].map(render).join(', ')})`
    },
  ]),
  [
    'concat',
    (args, call, render) => {
      for (const each of args) {
        checkPlainText(each, 'concat', render.scope)
        if (readsColumns(each) && each.type.collation !== call.type.collation) {
          throw new Refusal('texts of two collations')
        }
      }
      return `concat(${args.map(render).join(', ')})`
    },
  ],
  [
    'extract',
    ([unit, operand], _call, render) => {
      const name = unit?.kind === 'constant' ? String(unit.value).toLowerCase() : ''
      const entry = DATE_PARTS.has(name) ? ENTRIES.get(name) : undefined
      if (entry === undefined) throw new Refusal(`no entry for extract of ${name}`)
      return entry([need(operand)], need(operand), render)
    },
  ],
  ...(['ifnull', 'coalesce'] as const).map((name): [string, Entry] => [
    name,
    (args, call, render) => `${name}(${args.map((each) => branchSql(each, call.type, render)).join(', ')})`,
  ]),
  ...(['year', 'month', 'day', 'dayofmonth', 'quarter'] as const).map((name): [string, Entry] => [
    name,
    ([operand], _call, render) => {
      const { type } = need(operand)
      // A TIMESTAMP has the parts that it has in the session's time zone.
      if (type.name !== 'date' && type.name !== 'datetime') {
        throw new Refusal(`no entry for ${name} of ${type.name}`)
      }
      return `${name}(${render(need(operand))})`
    },
  ]),
  ...(['length', 'char_length'] as const).map((name): [string, Entry] => [
    name,
    ([operand], _call, render) => {
      const { type } = need(operand)
      checkOwn(need(operand), render.scope)
      const isExact = isBytes(type) || (isText(type) && isWellKnownText(type))
      if (!isExact) throw new Refusal(`no entry for ${name} of ${type.name}`)
      return `${name}(${render(need(operand))})`
    },
  ]),
])

const DATE_PARTS: ReadonlySet<string> = new Set(['year', 'month', 'day', 'quarter'])
/** CEILING and FLOOR of more are no BIGINTs; servers differ in what they are then. */
const WHOLE_DIGITS_MAX = 17
/** Collations in which LIKE compares character by character everywhere. */
const LIKE_COLLATIONS = /_(bin|general_ci|0900_\w+)$/

function likeSql(text: Expression, pattern: Expression, escapes: boolean, render: Render): string {
  const { scope } = render
  if (
    escapes ||
    !isText(text.type) ||
    !isText(pattern.type) ||
    readsColumns(pattern) ||
    !readsColumns(text)
  ) {
    throw new Refusal('no entry for this LIKE')
  }
  checkTexts(text, pattern, scope)
  if (!LIKE_COLLATIONS.test(text.type.collation)) throw new Refusal(`LIKE in ${text.type.collation}`)
  // Whether a backslash escapes is a setting of the session here.
  scope.holes?.giveUp()
  if (String(scope.values?.valueOf(pattern) ?? '').includes('\\')) throw new Refusal('a pattern with escapes')
  return `(${render(text)} LIKE ${render(pattern)})`
}

/** What must be true of a row. */
export function conditionExpressionSql(
  expression: Expression,
  columns: ColumnTexts,
  scope: ExpressionScope,
): string {
  checkTruth(expression)
  return expressionSql(expression, columns, scope)
}

function compareSql(operator: string, left: Expression, right: Expression, render: Render): string {
  checkPair(left, right, render.scope)
  const [a, b] = [left.type, right.type]
  if (isMoment(a) && isText(b)) return compareMomentSql(operator, left, right, render)
  if (isMoment(b) && isText(a)) return compareMomentSql(FLIPPED[operator] ?? operator, right, left, render)
  return `(${sideSql(left, right, render)} ${operator} ${sideSql(right, left, render)})`
}

const FLIPPED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** A date or time beside a text that doesn't change from row to row, which may lie between two of its values. */
function compareMomentSql(
  operator: string,
  moment: Expression,
  constant: Expression,
  render: Render,
): string {
  const { values, holes } = render.scope
  const text = render(moment)
  // How it is written depends on the value.
  holes?.giveUp()
  if (values === undefined) return `(${text} ${operator} ?)`
  const cut = values.cutOf(moment.type, constant)
  if (cut === undefined) return operator === '<=>' ? `(${text} IS NULL)` : '(NULL)'
  const floor = literal(cut.floor, moment.type)
  if (!cut.isAbove) return `(${text} ${operator} ${floor})`
  switch (operator) {
    case '=':
      return `(${text} <> ${text})`
    case '<=>':
      return '(0)'
    case '<>':
      return `(${text} = ${text})`
    case '<':
    case '<=':
      return `(${text} <= ${floor})`
    default:
      return `(${text} > ${floor})`
  }
}

/** The types of results, and the error where one is too large, are those of every server of the family. */
function arithmeticSql(
  operator: '+' | '-' | '*',
  left: Expression,
  right: Expression,
  type: SqlType,
  render: Render,
): string {
  const isKnown =
    (isExactNumber(left.type) && isExactNumber(right.type)) ||
    (type.name === 'double' && isNumber(left.type) && isNumber(right.type))
  if (!isKnown) throw new Refusal(`no entry for ${left.type.name} ${operator} ${right.type.name}`)
  // NO_UNSIGNED_SUBTRACTION is a setting of our session, not of the remote's.
  if (operator === '-' && (left.type.unsigned || right.type.unsigned)) {
    throw new Refusal('subtraction of unsigned numbers')
  }
  // What is written of it is a signed number, and so would be the result.
  if ([left, right].some((each) => !readsColumns(each) && each.type.unsigned)) {
    throw new Refusal('computing with unsigned constants')
  }
  if (isApproximate(type)) return `(${render(left)} ${operator} ${render(right)})`
  if (type.name === 'decimal' && type.length >= WIDEST_DECIMAL) throw new Refusal('numbers of 65 digits')
  return `(${render(left)} ${operator} ${render(right)})`
}

const WIDEST_DECIMAL = 65
