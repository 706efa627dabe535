import type { ColumnReference, Expression, FunctionCall, SystemVariable } from '../plan/syntax/expression.js'
import type { QueryExpression } from '../plan/syntax/query.js'
import { parseAggregate, parseOver, parseWindowFunction } from './aggregate-calls.js'
import { parseSpecialCall } from './calls.js'
import type { Cursor } from './cursor.js'
import { parseIntervalUnit } from './interval.js'
import { parseLiteral, parseStringLiteral, parseTemporalLiteral } from './literals.js'
import { parseColumnReference, parseUserVariableName } from './names.js'
import { COMPARISON } from './precedence.js'
import type { TokenKind } from './token.js'

/** Operands: everything that binds tighter than any infix operator (MySQL's `simple_expr`). */

/** Unary operators over an operand and, under PIPES_AS_CONCAT, chains of `||`, which are one call of CONCAT. */
export function parseSimple(cursor: Cursor): Expression {
  const { start } = cursor
  const first = parseUnary(cursor)
  if (cursor.kind !== '||' || !cursor.options.pipesAsConcat) return first
  const operands = [first]
  while (cursor.accept('||')) operands.push(parseUnary(cursor))
  return call('concat', operands, start, cursor.previousEnd)
}

const UNARY_OPERATORS: Partial<Record<TokenKind, '-' | '+' | '~' | 'not'>> = {
  '-': '-',
  '+': '+',
  '~': '~',
  '!': 'not',
}

function parseUnary(cursor: Cursor): Expression {
  const { kind, start } = cursor
  const operator = kind === 'NOT' && cursor.options.highNotPrecedence ? 'not' : UNARY_OPERATORS[kind]
  if (operator === undefined && kind !== 'BINARY') return parseCollated(cursor)
  cursor.enter()
  cursor.advance()
  const operand = parseUnary(cursor)
  cursor.height++
  cursor.leave()
  const end = cursor.previousEnd
  if (operator !== undefined) return { kind: 'unary', operator, operand, start, end }
  const type = {
    name: 'binary',
    length: undefined,
    scale: undefined,
    charset: undefined,
    binaryCollation: false,
    start,
    end: start + 'BINARY'.length,
  } as const
  return { kind: 'cast', operand, type, array: false, timeZone: undefined, start, end }
}

function parseCollated(cursor: Cursor): Expression {
  const { start } = cursor
  let operand = parsePrimary(cursor)
  while (cursor.accept('COLLATE')) {
    const collation = cursor.accept('BINARY') ? 'binary' : cursor.identifierOrString()
    operand = { kind: 'collate', operand, collation, start, end: cursor.previousEnd }
    cursor.height++
  }
  return operand
}

function call(name: string, args: readonly Expression[], start: number, end: number): FunctionCall {
  return { kind: 'function', database: undefined, name, arguments: args, start, end }
}

function parsePrimary(cursor: Cursor): Expression {
  switch (cursor.kind) {
    case 'identifier':
    case 'quotedIdentifier':
      return parseName(cursor)
    case 'integer':
    case 'decimal':
    case 'float':
    case 'string':
    case 'nationalString':
    case 'hex':
    case 'bit':
    case 'introducer':
    case 'NULL':
    case 'TRUE':
    case 'FALSE':
      return parseLiteral(cursor) ?? cursor.fail()
    case 'parameter':
      return parseParameter(cursor)
    case '(':
      return parseParenthesised(cursor)
    case 'userVariable':
      return parseUserVariable(cursor)
    case 'systemVariable':
      return parseSystemVariable(cursor)
    case '{':
      return parseOdbcEscape(cursor)
    default:
      return parseKeywordPrimary(cursor)
  }
}

/** Operands that begin with a keyword, reserved or not. */
function parseKeywordPrimary(cursor: Cursor): Expression {
  switch (cursor.kind) {
    case 'EXISTS': {
      const { start } = cursor
      cursor.advance()
      const query = parseSubquery(cursor)
      return { kind: 'exists', query, start, end: cursor.previousEnd }
    }
    case 'CASE':
      return parseCase(cursor)
    case 'INTERVAL':
      return parseInterval(cursor)
    case 'ROW':
      return parseRow(cursor)
    default: {
      const special =
        parseTemporalLiteral(cursor) ??
        parseAggregate(cursor) ??
        parseWindowFunction(cursor) ??
        parseSpecialCall(cursor)
      return special ?? parseName(cursor)
    }
  }
}

// ---- Names ----------------------------------------------------------------------------------------------------

/** A column, `column -> 'path'`, a call of a function by name, or of a stored function `database.name`. */
function parseName(cursor: Cursor): Expression {
  if (!cursor.isIdentifier()) cursor.fail()
  const next = cursor.peek(1)
  if (next === '(') return parseNamedCall(cursor)
  if (next === '.' && cursor.isIdentifierAt(2) && cursor.peek(3) === '(') return parseStoredCall(cursor)
  const column = parseColumnReference(cursor)
  return cursor.kind === '->' || cursor.kind === '->>' ? parseJsonExtraction(cursor, column) : column
}

function parseNamedCall(cursor: Cursor): Expression {
  const { start, kind } = cursor
  const name = cursor.identifier()
  // Keywords are no function names; those that are have been dealt with in calls.ts.
  if (kind !== 'identifier' && kind !== 'quotedIdentifier') cursor.fail()
  const named = call(name, parseArguments(cursor), start, cursor.previousEnd)
  // MySQL's own window functions are keywords; here plugins add others.
  return cursor.is('OVER') ? parseOver(cursor, named, start) : named
}

function parseStoredCall(cursor: Cursor): Expression {
  const { start } = cursor
  const database = cursor.identifier()
  cursor.expect('.')
  const name = cursor.identifier()
  const args = parseArguments(cursor)
  return { kind: 'function', database, name, arguments: args, start, end: cursor.previousEnd }
}

/** `(a, b, …)`, maybe empty. */
export function parseArguments(cursor: Cursor): Expression[] {
  cursor.expect('(')
  if (cursor.accept(')')) return []
  const args = parseExpressions(cursor)
  cursor.expect(')')
  return args
}

function parseExpressions(cursor: Cursor): Expression[] {
  const items = [cursor.grammar.expression(cursor)]
  while (cursor.accept(',')) items.push(cursor.grammar.expression(cursor))
  return items
}

function parseJsonExtraction(cursor: Cursor, column: ColumnReference): Expression {
  const unquote = cursor.is('->>')
  cursor.advance()
  const path = parseStringLiteral(cursor)
  return { kind: 'jsonExtraction', column, path, unquote, start: column.start, end: cursor.previousEnd }
}

function parseParameter(cursor: Cursor): Expression {
  if (!cursor.options.parameters) cursor.fail()
  const { start, detail } = cursor
  cursor.advance()
  return { kind: 'parameter', ordinal: detail, start, end: cursor.previousEnd }
}

function parseUserVariable(cursor: Cursor): Expression {
  const { start } = cursor
  const name = parseUserVariableName(cursor)
  if (!cursor.accept(':=')) return { kind: 'userVariable', name, start, end: cursor.previousEnd }
  const value = cursor.grammar.expression(cursor)
  return { kind: 'userVariableAssignment', name, value, start, end: cursor.previousEnd }
}

/** `@@[scope.][component.]name`. */
export function parseSystemVariable(cursor: Cursor): SystemVariable {
  const { start } = cursor
  cursor.expect('systemVariable')
  if (cursor.start !== cursor.previousEnd) cursor.fail()
  const scope = parseScope(cursor)
  const first = cursor.identifier()
  const second = cursor.accept('.') ? cursor.identifier() : undefined
  const end = cursor.previousEnd
  return second === undefined
    ? { kind: 'systemVariable', scope, component: undefined, name: first, start, end }
    : { kind: 'systemVariable', scope, component: first, name: second, start, end }
}

const SCOPES = {
  GLOBAL: 'global',
  SESSION: 'session',
  LOCAL: 'session',
  PERSIST: 'persist',
  PERSIST_ONLY: 'persistOnly',
} as const

/** `GLOBAL.` and the like behind `@@`. */
function parseScope(cursor: Cursor): SystemVariable['scope'] {
  if (cursor.peek(1) !== '.' || !(cursor.kind in SCOPES)) return undefined
  const scope = SCOPES[cursor.kind as keyof typeof SCOPES]
  cursor.advance()
  cursor.advance()
  return scope
}

// ---- Parentheses ----------------------------------------------------------------------------------------------

/** Whether a query expression begins `distance` tokens on; parentheses in front of it are not looked into. */
export function isQueryStart(cursor: Cursor, distance = 0): boolean {
  switch (cursor.peek(distance)) {
    case 'SELECT':
    case 'WITH':
    case 'TABLE':
      return true
    case 'VALUES':
      return cursor.peek(distance + 1) === 'ROW'
    default:
      return false
  }
}

/** Whether the token can go on a query expression behind a query in parentheses. */
function continuesQuery(kind: TokenKind): boolean {
  switch (kind) {
    case 'UNION':
    case 'INTERSECT':
    case 'EXCEPT':
    case 'ORDER':
    case 'LIMIT':
    case 'FOR':
    case 'LOCK':
      return true
    default:
      return false
  }
}

/** `(query)`. */
export function parseSubquery(cursor: Cursor): QueryExpression {
  cursor.expect('(')
  const query = cursor.grammar.query(cursor)
  cursor.expect(')')
  return query
}

/**
 * What stands in parentheses: a query or one or more expressions. Parentheses around a query may be doubled, and a
 * query may begin with one in parentheses: that shows only behind the inner one.
 */
export function parseItemsOrQuery(cursor: Cursor): Expression[] | QueryExpression {
  cursor.expect('(')
  if (isQueryStart(cursor)) {
    const query = cursor.grammar.query(cursor)
    cursor.expect(')')
    return query
  }
  const { start } = cursor
  const first = cursor.grammar.expression(cursor)
  if (first.kind === 'subquery' && first.start === start && first.end === cursor.previousEnd) {
    if (cursor.accept(')')) return first.query
    if (continuesQuery(cursor.kind)) {
      const query = cursor.grammar.queryAfter(cursor, first.query, start)
      cursor.expect(')')
      return query
    }
  }
  const items = [first]
  while (cursor.accept(',')) items.push(cursor.grammar.expression(cursor))
  cursor.expect(')')
  return items
}

function parseParenthesised(cursor: Cursor): Expression {
  const { start } = cursor
  const inside = parseItemsOrQuery(cursor)
  const end = cursor.previousEnd
  if (!Array.isArray(inside)) return { kind: 'subquery', query: inside, start, end }
  const [only] = inside
  return inside.length === 1 && only !== undefined ? only : { kind: 'row', items: inside, start, end }
}

/** ROW(a, b, …). */
function parseRow(cursor: Cursor): Expression {
  const { start } = cursor
  cursor.advance()
  cursor.expect('(')
  const items = [cursor.grammar.expression(cursor)]
  do {
    cursor.expect(',')
    items.push(cursor.grammar.expression(cursor))
  } while (cursor.is(','))
  cursor.expect(')')
  return { kind: 'row', items, start, end: cursor.previousEnd }
}

// ---- CASE, INTERVAL, ODBC -------------------------------------------------------------------------------------

function parseCase(cursor: Cursor): Expression {
  const { start } = cursor
  cursor.advance()
  const operand = cursor.is('WHEN') ? undefined : cursor.grammar.expression(cursor)
  const branches = []
  do {
    cursor.expect('WHEN')
    const when = cursor.grammar.expression(cursor)
    cursor.expect('THEN')
    branches.push({ when, then: cursor.grammar.expression(cursor) })
  } while (cursor.is('WHEN'))
  const otherwise = cursor.accept('ELSE') ? cursor.grammar.expression(cursor) : undefined
  cursor.expect('END')
  return { kind: 'case', operand, branches, otherwise, start, end: cursor.previousEnd }
}

/** At INTERVAL: whether it is the function INTERVAL(n, a, …), that is, whether its parentheses hold a comma. */
export function isIntervalFunction(cursor: Cursor): boolean {
  if (cursor.peek(1) !== '(' || cursor.peek(2) === 'SELECT') return false
  let open = 0
  for (let distance = 1; ; distance++) {
    const kind = cursor.peek(distance)
    if (kind === '(') open++
    else if (kind === 'end' || (kind === ')' && --open === 0)) return false
    else if (kind === ',' && open === 1) return true
  }
}

/** INTERVAL(n, a, …) or `INTERVAL amount unit + date`. */
function parseInterval(cursor: Cursor): Expression {
  const { start } = cursor
  if (isIntervalFunction(cursor)) {
    cursor.advance()
    return call('interval', parseArguments(cursor), start, cursor.previousEnd)
  }
  cursor.advance()
  const amount = cursor.grammar.expression(cursor)
  const unit = parseIntervalUnit(cursor)
  cursor.expect('+')
  const operand = cursor.grammar.expression(cursor, COMPARISON)
  return {
    kind: 'dateArithmetic',
    operand,
    amount,
    unit,
    subtract: false,
    start,
    end: cursor.previousEnd,
  }
}

const ODBC_TYPES: Readonly<Record<string, 'date' | 'time' | 'timestamp'>> = {
  d: 'date',
  t: 'time',
  ts: 'timestamp',
}

/** `{d '…'}`, `{t '…'}` and `{ts '…'}`; with any other word the expression itself (manual, 11.1.3). */
function parseOdbcEscape(cursor: Cursor): Expression {
  const { start } = cursor
  cursor.advance()
  const word = cursor.identifier()
  const type = ODBC_TYPES[word.toLowerCase()]
  if (type === undefined || !cursor.is('string')) {
    const expression = cursor.grammar.expression(cursor)
    cursor.expect('}')
    return expression
  }
  const { bytes, ordinal } = parseStringLiteral(cursor)
  cursor.expect('}')
  return { kind: 'temporal', type, bytes, ordinal, start, end: cursor.previousEnd }
}
