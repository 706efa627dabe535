import type {
  BinaryOperator,
  ComparisonOperator,
  Expression,
  IsTest,
  LogicalOperation,
} from '../plan/syntax/expression.js'
import type { QueryExpression } from '../plan/syntax/query.js'
import { HEIGHT_MAX, type Cursor } from './cursor.js'
import { parseIntervalUnit } from './interval.js'
import { isIntervalFunction, parseItemsOrQuery, parseSimple, parseSubquery } from './primary.js'
import {
  ADDITIVE,
  AND,
  BITS,
  COMPARISON,
  INFIX_LEVEL,
  NOT,
  OR,
  PREDICATE,
  SIMPLE,
  XOR,
} from './precedence.js'
import type { TokenKind } from './token.js'

/** Operators by precedence climbing; `precedence.ts` has the levels. */

const BINARY_OPERATORS: Partial<Record<TokenKind, BinaryOperator>> = {
  '|': '|',
  '&': '&',
  '<<': '<<',
  '>>': '>>',
  '+': '+',
  '-': '-',
  '*': '*',
  '/': '/',
  '%': '%',
  MOD: '%',
  DIV: 'div',
  '^': '^',
}

/**
 * An expression whose operators bind at least as tightly as `minimum`.
 *
 * `cursor.height` protects later visitors, which recurse: whoever calls finds in it the largest height of what was
 * read since it was set to 0, and chains of operators add to the height although they don't nest the parser.
 */
export function parseExpression(cursor: Cursor, minimum = OR): Expression {
  cursor.enter()
  const heightBefore = cursor.height
  cursor.height = 0
  const { start } = cursor
  const isNegation = cursor.kind === 'NOT' && !cursor.options.highNotPrecedence
  let left = isNegation ? parseNot(cursor, minimum, start) : parseSimple(cursor)
  let reached = isNegation ? NOT : SIMPLE
  let height = cursor.height + 1
  if (height > HEIGHT_MAX) cursor.failNesting()
  for (;;) {
    const level = infixLevel(cursor)
    if (level < minimum || level === 0 || !mayBeLeft(reached, level)) break
    cursor.height = 0
    left = parseInfix(cursor, left, level, start)
    reached = levelReached(left, level)
    height = Math.max(height, cursor.height) + 1
    if (height > HEIGHT_MAX) cursor.failNesting()
  }
  cursor.height = Math.max(heightBefore, height)
  cursor.leave()
  return left
}

/** Level of the current token as an infix operator at this place; 0 if it isn't one. */
function infixLevel(cursor: Cursor): number {
  const level = INFIX_LEVEL[cursor.number] ?? 0
  if (level === OR) return cursor.kind === '||' && cursor.options.pipesAsConcat ? 0 : level
  if (level !== PREDICATE) return level
  switch (cursor.kind) {
    case 'MEMBER':
      return cursor.peek(1) === 'OF' || cursor.peek(1) === '(' ? level : 0
    case 'SOUNDS':
      return cursor.peek(1) === 'LIKE' ? level : 0
    default:
      return level
  }
}

/** As what the result of an operator of `level` may go on. */
function levelReached(result: Expression, level: number): number {
  // Only IS [NOT] NULL gives a comparison's operand; the other tests stand above it.
  if (result.kind === 'is' && result.test !== 'null') return NOT
  // The unit ends an interval's amount, so operators behind it take the whole date.
  return result.kind === 'dateArithmetic' ? SIMPLE : level
}

/** Whether an expression of the level `reached` may be the left operand of an operator of `level`. */
function mayBeLeft(reached: number, level: number): boolean {
  return level === PREDICATE ? reached > PREDICATE : reached >= level
}

function parseNot(cursor: Cursor, minimum: number, start: number): Expression {
  if (minimum > NOT) cursor.fail()
  cursor.advance()
  const operand = parseExpression(cursor, NOT)
  return { kind: 'unary', operator: 'not', operand, start, end: cursor.previousEnd }
}

function parseInfix(cursor: Cursor, left: Expression, level: number, start: number): Expression {
  switch (level) {
    case OR:
      return parseLogical(cursor, left, 'or', level, start)
    case XOR:
      return parseLogical(cursor, left, 'xor', level, start)
    case AND:
      return parseLogical(cursor, left, 'and', level, start)
    case COMPARISON:
      return cursor.is('IS') ? parseIs(cursor, left, start) : parseComparison(cursor, left, start)
    case PREDICATE:
      return parsePredicate(cursor, left, start)
    default:
      return parseArithmetic(cursor, left, level, start)
  }
}

/** A whole chain of one logical operator, which is one node. */
function parseLogical(
  cursor: Cursor,
  first: Expression,
  operator: LogicalOperation['operator'],
  level: number,
  start: number,
): Expression {
  const operands = [first]
  do {
    cursor.advance()
    operands.push(parseExpression(cursor, level + 1))
  } while (INFIX_LEVEL[cursor.number] === level)
  return { kind: 'logical', operator, operands, start, end: cursor.previousEnd }
}

function parseIs(cursor: Cursor, operand: Expression, start: number): IsTest {
  cursor.advance()
  const negated = cursor.accept('NOT')
  const test = IS_TESTS[cursor.expectOneOf('NULL', 'TRUE', 'FALSE', 'UNKNOWN')]
  return { kind: 'is', operand, test, negated, start, end: cursor.previousEnd }
}

const IS_TESTS = { NULL: 'null', TRUE: 'true', FALSE: 'false', UNKNOWN: 'unknown' } as const

function parseComparison(cursor: Cursor, left: Expression, start: number): Expression {
  const operator = cursor.kind as ComparisonOperator
  cursor.advance()
  const isQuantified = cursor.is('ALL') || (cursor.is('ANY') && cursor.peek(1) === '(')
  if (isQuantified && operator !== '<=>') {
    const quantifier = cursor.is('ALL') ? 'all' : 'any'
    cursor.advance()
    const query = parseSubquery(cursor)
    return { kind: 'quantifiedComparison', operator, quantifier, left, query, start, end: cursor.previousEnd }
  }
  const right = parseExpression(cursor, PREDICATE)
  return { kind: 'comparison', operator, left, right, start, end: cursor.previousEnd }
}

function parsePredicate(cursor: Cursor, operand: Expression, start: number): Expression {
  const negated = cursor.accept('NOT')
  switch (cursor.kind) {
    case 'IN':
      return parseIn(cursor, operand, negated, start)
    case 'LIKE':
      return parseLike(cursor, operand, negated, start)
    case 'BETWEEN':
      return parseBetween(cursor, operand, negated, start)
    case 'REGEXP': {
      cursor.advance()
      const pattern = parseExpression(cursor, BITS)
      return { kind: 'regexp', operand, pattern, negated, start, end: cursor.previousEnd }
    }
    case 'MEMBER':
    case 'SOUNDS':
      if (negated) cursor.fail()
      return cursor.is('MEMBER')
        ? parseMemberOf(cursor, operand, start)
        : parseSoundsLike(cursor, operand, start)
    default:
      return cursor.fail()
  }
}

function parseIn(cursor: Cursor, operand: Expression, negated: boolean, start: number): Expression {
  cursor.advance()
  const inside: Expression[] | QueryExpression = parseItemsOrQuery(cursor)
  const end = cursor.previousEnd
  return Array.isArray(inside)
    ? { kind: 'in', operand, items: inside, negated, start, end }
    : { kind: 'inQuery', operand, query: inside, negated, start, end }
}

function parseLike(cursor: Cursor, operand: Expression, negated: boolean, start: number): Expression {
  cursor.advance()
  const pattern = parseExpression(cursor, SIMPLE)
  const escape = cursor.accept('ESCAPE') ? parseExpression(cursor, SIMPLE) : undefined
  return { kind: 'like', operand, pattern, escape, negated, start, end: cursor.previousEnd }
}

function parseBetween(cursor: Cursor, operand: Expression, negated: boolean, start: number): Expression {
  cursor.advance()
  const low = parseExpression(cursor, BITS)
  cursor.expect('AND')
  const high = parseExpression(cursor, PREDICATE)
  return { kind: 'between', operand, low, high, negated, start, end: cursor.previousEnd }
}

function parseMemberOf(cursor: Cursor, operand: Expression, start: number): Expression {
  cursor.advance()
  cursor.accept('OF')
  cursor.expect('(')
  const array = parseExpression(cursor, SIMPLE)
  cursor.expect(')')
  return { kind: 'memberOf', operand, array, start, end: cursor.previousEnd }
}

function parseSoundsLike(cursor: Cursor, left: Expression, start: number): Expression {
  cursor.expectAll('SOUNDS', 'LIKE')
  const right = parseExpression(cursor, BITS)
  return { kind: 'soundsLike', left, right, start, end: cursor.previousEnd }
}

/** Arithmetic and bit operators, and `± INTERVAL amount unit`. */
function parseArithmetic(cursor: Cursor, left: Expression, level: number, start: number): Expression {
  const operator = BINARY_OPERATORS[cursor.kind] ?? cursor.fail()
  cursor.advance()
  if (level === ADDITIVE && cursor.is('INTERVAL') && !isIntervalFunction(cursor)) {
    cursor.advance()
    const amount = parseExpression(cursor)
    const unit = parseIntervalUnit(cursor)
    const subtract = operator === '-'
    return { kind: 'dateArithmetic', operand: left, amount, unit, subtract, start, end: cursor.previousEnd }
  }
  const right = parseExpression(cursor, level + 1)
  return { kind: 'binary', operator, left, right, start, end: cursor.previousEnd }
}
