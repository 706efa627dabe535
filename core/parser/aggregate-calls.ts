import type {
  AggregateCall,
  AggregateName,
  Expression,
  FunctionCall,
  WindowCall,
} from '../plan/syntax/expression.js'
import type { OrderItem } from '../plan/syntax/query.js'
import type { Cursor } from './cursor.js'
import { parseTextLiteral } from './literals.js'
import { parseList } from './names.js'
import { parseOrderItems } from './order-by.js'
import type { TokenKind } from './token.js'
import { parseWindowReference } from './windows.js'

/** Aggregate and window functions (manual, 14.19 and 14.20). */

interface AggregateForm {
  readonly name: AggregateName
  /** Whether DISTINCT is allowed. */
  readonly distinct: boolean
}

const AGGREGATES: Partial<Record<TokenKind, AggregateForm>> = {
  AVG: { name: 'avg', distinct: true },
  BIT_AND: { name: 'bit_and', distinct: false },
  BIT_OR: { name: 'bit_or', distinct: false },
  BIT_XOR: { name: 'bit_xor', distinct: false },
  COUNT: { name: 'count', distinct: true },
  GROUP_CONCAT: { name: 'group_concat', distinct: true },
  JSON_ARRAYAGG: { name: 'json_arrayagg', distinct: false },
  JSON_OBJECTAGG: { name: 'json_objectagg', distinct: false },
  MAX: { name: 'max', distinct: true },
  MIN: { name: 'min', distinct: true },
  STDDEV_POP: { name: 'stddev_pop', distinct: false },
  STDDEV_SAMP: { name: 'stddev_samp', distinct: false },
  ST_COLLECT: { name: 'st_collect', distinct: true },
  SUM: { name: 'sum', distinct: true },
  VAR_POP: { name: 'var_pop', distinct: false },
  VAR_SAMP: { name: 'var_samp', distinct: false },
}

/** An aggregate, with OVER a window call; undefined if the cursor is not at one. */
export function parseAggregate(cursor: Cursor): AggregateCall | WindowCall | undefined {
  const form = AGGREGATES[cursor.kind]
  if (form === undefined || cursor.peek(1) !== '(') return undefined
  const { start } = cursor
  cursor.advance()
  cursor.advance()
  const distinct = form.distinct && cursor.accept('DISTINCT')
  if (!distinct) cursor.accept('ALL')
  const args = parseAggregateArguments(cursor, form.name, distinct)
  const isConcatenation = form.name === 'group_concat'
  const orderBy: OrderItem[] = isConcatenation ? parseOrderItems(cursor) : []
  const separator = isConcatenation && cursor.accept('SEPARATOR') ? parseTextLiteral(cursor) : undefined
  cursor.expect(')')
  const { name } = form
  const call: AggregateCall = {
    kind: 'aggregate',
    name,
    distinct,
    arguments: args,
    orderBy,
    separator,
    start,
    end: cursor.previousEnd,
  }
  return cursor.is('OVER') && !isConcatenation ? parseOver(cursor, call, start) : call
}

function parseAggregateArguments(cursor: Cursor, name: AggregateName, distinct: boolean): Expression[] {
  const expression = (c: Cursor): Expression => c.grammar.expression(c)
  if (name === 'count' && !distinct && cursor.accept('*')) return []
  if (name === 'group_concat' || distinct) return parseList(cursor, expression)
  const first = expression(cursor)
  if (name !== 'json_objectagg') return [first]
  cursor.expect(',')
  return [first, expression(cursor)]
}

/** How many arguments the pure window functions take: at least, at most. */
const WINDOW_FUNCTIONS: Partial<Record<TokenKind, readonly [number, number]>> = {
  CUME_DIST: [0, 0],
  DENSE_RANK: [0, 0],
  FIRST_VALUE: [1, 1],
  LAG: [1, 3],
  LAST_VALUE: [1, 1],
  LEAD: [1, 3],
  NTH_VALUE: [2, 2],
  NTILE: [1, 1],
  PERCENT_RANK: [0, 0],
  RANK: [0, 0],
  ROW_NUMBER: [0, 0],
}

/** Whether `keyword` is a pure window function's name. */
export function isWindowFunction(keyword: TokenKind): boolean {
  return keyword in WINDOW_FUNCTIONS
}

/** A function that needs OVER; undefined if the cursor is not at one. */
export function parseWindowFunction(cursor: Cursor): WindowCall | undefined {
  const counts = WINDOW_FUNCTIONS[cursor.kind]
  if (counts === undefined) return undefined
  const { start } = cursor
  const name = cursor.tokenText().toLowerCase()
  cursor.advance()
  cursor.expect('(')
  const args: Expression[] = []
  while (args.length < counts[0] || (args.length < counts[1] && cursor.is(','))) {
    if (args.length > 0) cursor.expect(',')
    args.push(cursor.grammar.expression(cursor))
  }
  cursor.expect(')')
  const call: FunctionCall = {
    kind: 'function',
    database: undefined,
    name,
    arguments: args,
    start,
    end: cursor.previousEnd,
  }
  const fromLast = name === 'nth_value' && parseFromLast(cursor)
  const nulls = args.length > 0 && name !== 'ntile' ? parseNullTreatment(cursor) : undefined
  return parseOver(cursor, call, start, fromLast, nulls)
}

function parseFromLast(cursor: Cursor): boolean {
  return cursor.accept('FROM') && cursor.expectOneOf('FIRST', 'LAST') === 'LAST'
}

function parseNullTreatment(cursor: Cursor): WindowCall['nulls'] {
  const treatment = cursor.acceptOneOf('RESPECT', 'IGNORE')
  if (treatment === undefined) return undefined
  cursor.expect('NULLS')
  return treatment === 'IGNORE' ? 'ignore' : 'respect'
}

/** OVER and what follows it, behind a call. */
export function parseOver(
  cursor: Cursor,
  call: FunctionCall | AggregateCall,
  start: number,
  fromLast = false,
  nulls?: WindowCall['nulls'],
): WindowCall {
  cursor.expect('OVER')
  const over = parseWindowReference(cursor)
  return { kind: 'window', call, fromLast, nulls, over, start, end: cursor.previousEnd }
}
