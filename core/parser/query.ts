import type {
  CommonTableExpression,
  Limit,
  LockingClause,
  QueryBody,
  QueryExpression,
  SetOperation,
  TableBlock,
  ValuesBlock,
  WithClause,
} from '../plan/syntax/query.js'
import type { Expression } from '../plan/syntax/expression.js'
import { QUERY_NESTING, type Cursor } from './cursor.js'
import { acceptInto, type IntoHolder } from './into.js'
import { parseList, parseOptionalNameList, parseQualifiedName, parseQualifiedNames } from './names.js'
import { parseOrderItems } from './order-by.js'
import { parseSelectBlock } from './select.js'

/** Query expressions: WITH, set operations, ORDER BY, LIMIT, locking and INTO around the blocks (manual, 15.2). */

/** The query expression of a statement, which may have INTO. */
export function parseQueryStatement(cursor: Cursor): QueryExpression {
  return parseQueryWithInto(cursor, { into: undefined })
}

/** A query expression inside another statement. */
export function parseQuery(cursor: Cursor): QueryExpression {
  return parseQueryWithInto(cursor, undefined)
}

function parseQueryWithInto(cursor: Cursor, holder: IntoHolder | undefined): QueryExpression {
  cursor.enter(QUERY_NESTING)
  const { start } = cursor
  const withClause = parseWith(cursor)
  const query = parseQueryTail(cursor, withClause, parseQueryBody(cursor, holder), start, holder)
  cursor.leave(QUERY_NESTING)
  return query
}

/** Goes on behind a first operand in parentheses: see `Grammar.queryAfter`. */
export function parseQueryAfter(cursor: Cursor, first: QueryBody, start: number): QueryExpression {
  const body = parseUnions(cursor, parseIntersections(cursor, first, start, undefined), start, undefined)
  return parseQueryTail(cursor, undefined, body, start, undefined)
}

/** A query behind a WITH clause that has been read already. */
export function parseQueryAfterWith(cursor: Cursor, withClause: WithClause): QueryExpression {
  const { start } = withClause
  const holder = { into: undefined }
  return parseQueryTail(cursor, withClause, parseQueryBody(cursor, holder), start, holder)
}

function parseQueryTail(
  cursor: Cursor,
  withClause: WithClause | undefined,
  body: QueryBody,
  start: number,
  holder: IntoHolder | undefined,
): QueryExpression {
  const orderBy = parseOrderItems(cursor)
  const limit = parseLimit(cursor)
  acceptInto(cursor, holder)
  const locking = parseLocking(cursor)
  acceptInto(cursor, holder)
  const isBare =
    withClause === undefined && orderBy.length === 0 && limit === undefined && locking.length === 0
  if (isBare && body.kind === 'query' && holder?.into === undefined) return body
  return {
    kind: 'query',
    with: withClause,
    body,
    orderBy,
    limit,
    locking,
    into: holder?.into,
    start,
    end: cursor.previousEnd,
  }
}

// ---- WITH -----------------------------------------------------------------------------------------------------

/** `[WITH [RECURSIVE] name [(columns)] AS (query), …]`. */
export function parseWith(cursor: Cursor): WithClause | undefined {
  const { start } = cursor
  if (!cursor.accept('WITH')) return undefined
  const recursive = cursor.accept('RECURSIVE')
  const elements = parseList(cursor, parseCommonTableExpression)
  return { recursive, elements, start, end: cursor.previousEnd }
}

function parseCommonTableExpression(cursor: Cursor): CommonTableExpression {
  const { start } = cursor
  const name = cursor.identifier()
  const columns = parseOptionalNameList(cursor)
  cursor.expectAll('AS', '(')
  const query = parseQuery(cursor)
  cursor.expect(')')
  return { name, columns, query, start, end: cursor.previousEnd }
}

// ---- Set operations -------------------------------------------------------------------------------------------

function parseQueryBody(cursor: Cursor, holder: IntoHolder | undefined): QueryBody {
  const { start } = cursor
  const first = parseIntersections(cursor, parseOperand(cursor, holder), start, holder)
  return parseUnions(cursor, first, start, holder)
}

function parseUnions(
  cursor: Cursor,
  first: QueryBody,
  start: number,
  holder: IntoHolder | undefined,
): QueryBody {
  let left = first
  while (cursor.is('UNION') || cursor.is('EXCEPT')) {
    const operator = cursor.is('UNION') ? 'union' : 'except'
    cursor.advance()
    const distinct = parseDistinctness(cursor)
    const operandStart = cursor.start
    const right = parseIntersections(cursor, parseOperand(cursor, holder), operandStart, holder)
    left = combine(operator, distinct, left, right, start, cursor.previousEnd)
  }
  return left
}

function parseIntersections(
  cursor: Cursor,
  first: QueryBody,
  start: number,
  holder: IntoHolder | undefined,
): QueryBody {
  let left = first
  while (cursor.accept('INTERSECT')) {
    const distinct = parseDistinctness(cursor)
    left = combine('intersect', distinct, left, parseOperand(cursor, holder), start, cursor.previousEnd)
  }
  return left
}

/** True for DISTINCT, which is also the default. */
function parseDistinctness(cursor: Cursor): boolean {
  return cursor.acceptOneOf('DISTINCT', 'ALL') !== 'ALL'
}

/** Adds an operand to a chain of the same operation, or begins a new one. */
function combine(
  operator: SetOperation['operator'],
  distinct: boolean,
  left: QueryBody,
  right: QueryBody,
  start: number,
  end: number,
): SetOperation {
  if (left.kind === 'setOperation' && left.operator === operator && left.distinct === distinct) {
    // Still being built, here and nowhere else: see `parseUnions`.
    ;(left.operands as QueryBody[]).push(right)
    return { ...left, end }
  }
  return { kind: 'setOperation', operator, distinct, operands: [left, right], start, end }
}

/** One block, or a query in parentheses. */
function parseOperand(cursor: Cursor, holder: IntoHolder | undefined): QueryBody {
  switch (cursor.kind) {
    case 'SELECT':
      return parseSelectBlock(cursor, holder)
    case '(': {
      cursor.advance()
      const query = parseQueryWithInto(cursor, holder)
      cursor.expect(')')
      return query
    }
    case 'VALUES':
      return parseValuesBlock(cursor)
    case 'TABLE':
      return parseTableBlock(cursor)
    default:
      return cursor.fail()
  }
}

function parseValuesBlock(cursor: Cursor): ValuesBlock {
  const { start } = cursor
  cursor.advance()
  const rows = parseList(cursor, parseRowConstructor)
  return { kind: 'valuesBlock', rows, start, end: cursor.previousEnd }
}

/** ROW(a, b, …). */
function parseRowConstructor(cursor: Cursor): Expression[] {
  cursor.expectAll('ROW', '(')
  const items = parseList(cursor, (c) => c.grammar.expression(c))
  cursor.expect(')')
  return items
}

function parseTableBlock(cursor: Cursor): TableBlock {
  const { start } = cursor
  cursor.advance()
  return { kind: 'tableBlock', table: parseQualifiedName(cursor), start, end: cursor.previousEnd }
}

// ---- LIMIT, locking -------------------------------------------------------------------------------------------

/** `[LIMIT count [OFFSET offset] | LIMIT offset, count]`. */
export function parseLimit(cursor: Cursor): Limit | undefined {
  const { start } = cursor
  if (!cursor.accept('LIMIT')) return undefined
  const first = parseLimitOption(cursor)
  const offset = cursor.accept('OFFSET') ? parseLimitOption(cursor) : undefined
  if (offset !== undefined || !cursor.accept(',')) {
    return { count: first, offset, start, end: cursor.previousEnd }
  }
  return { count: parseLimitOption(cursor), offset: first, start, end: cursor.previousEnd }
}

/** `[LIMIT count]` of UPDATE and DELETE. */
export function parseSimpleLimit(cursor: Cursor): Limit | undefined {
  const { start } = cursor
  if (!cursor.accept('LIMIT')) return undefined
  return { count: parseLimitOption(cursor), offset: undefined, start, end: cursor.previousEnd }
}

function parseLimitOption(cursor: Cursor): Expression {
  if (!isLimitOption(cursor)) cursor.fail()
  if (cursor.is('parameter')) cursor.limitParameters.push(cursor.detail)
  return cursor.grammar.expression(cursor, LIMIT_LEVEL)
}

/** Tighter than any operator, so that nothing but the option itself is read. */
const LIMIT_LEVEL = 99

function isLimitOption(cursor: Cursor): boolean {
  return cursor.is('integer') || cursor.is('hex') || cursor.is('parameter') || cursor.isIdentifier()
}

/** `FOR UPDATE …`, `FOR SHARE …` as often as there are, or LOCK IN SHARE MODE. */
function parseLocking(cursor: Cursor): LockingClause[] {
  const { start } = cursor
  if (cursor.accept('LOCK')) {
    cursor.expectAll('IN', 'SHARE', 'MODE')
    return [{ strength: 'share', tables: [], wait: 'wait', start, end: cursor.previousEnd }]
  }
  const clauses: LockingClause[] = []
  while (cursor.is('FOR')) clauses.push(parseLockingClause(cursor))
  return clauses
}

function parseLockingClause(cursor: Cursor): LockingClause {
  const { start } = cursor
  cursor.expect('FOR')
  const strength = cursor.expectOneOf('UPDATE', 'SHARE') === 'UPDATE' ? 'update' : 'share'
  const tables = cursor.accept('OF') ? parseQualifiedNames(cursor) : []
  let wait: LockingClause['wait'] = 'wait'
  if (cursor.accept('NOWAIT')) wait = 'nowait'
  else if (cursor.accept('SKIP')) {
    cursor.expect('LOCKED')
    wait = 'skipLocked'
  }
  return { strength, tables, wait, start, end: cursor.previousEnd }
}
