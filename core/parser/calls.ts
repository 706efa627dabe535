import type { Expression, JsonOnResponse, Trim, WeightString } from '../plan/syntax/expression.js'
import { parseCastType } from './cast-type.js'
import type { Cursor } from './cursor.js'
import { parseIntervalUnit, parseTimestampUnit } from './interval.js'
import { parseStringLiteral } from './literals.js'
import { parseCharsetName, parseColumnReference, parseInteger, parseList } from './names.js'
import { BITS } from './precedence.js'
import type { TokenKind } from './token.js'

/** Functions whose names are keywords, most of them with a grammar of their own (manual, chapter 14). */

type CallParser = (cursor: Cursor, start: number) => Expression

/** The call that begins with the keyword at the cursor, or undefined if that keyword calls nothing here. */
export function parseSpecialCall(cursor: Cursor): Expression | undefined {
  const parse = CALLS.get(cursor.kind)
  if (parse === undefined) return undefined
  if (cursor.peek(1) !== '(' && !CALLED_WITHOUT_PARENTHESES.has(cursor.kind)) return undefined
  const { start } = cursor
  return parse(cursor, start)
}

const CALLED_WITHOUT_PARENTHESES: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'CURDATE',
  'CURTIME',
  'NOW',
  'UTC_DATE',
  'UTC_TIME',
  'UTC_TIMESTAMP',
  'CURRENT_USER',
  'MATCH',
])

function expression(cursor: Cursor): Expression {
  return cursor.grammar.expression(cursor)
}

function finish(cursor: Cursor): number {
  cursor.expect(')')
  return cursor.previousEnd
}

function functionCall(name: string, args: readonly Expression[], start: number, end: number): Expression {
  return { kind: 'function', database: undefined, name, arguments: args, start, end }
}

/** Steps over the name and the `(`. */
function open(cursor: Cursor): void {
  cursor.advance()
  cursor.expect('(')
}

/** `name(a, b, …)`; another number of arguments is a fault of syntax here, where it is the binder's to find elsewhere. */
function plain(countMin: number, countMax: number): CallParser {
  return (cursor, start) => {
    const name = cursor.tokenText().toLowerCase()
    open(cursor)
    const args: Expression[] = []
    let isLast = countMax === 0 || (countMin === 0 && cursor.is(')'))
    while (!isLast) {
      args.push(expression(cursor))
      if (args.length < countMin) cursor.expect(',')
      else isLast = args.length === countMax || !cursor.accept(',')
    }
    return functionCall(name, args, start, finish(cursor))
  }
}

/** Functions with `[(digits)]`. */
function clock(name: string): CallParser {
  return (cursor, start) => {
    cursor.advance()
    const args: Expression[] = []
    if (cursor.accept('(')) {
      if (cursor.is('integer')) args.push(cursor.grammar.expression(cursor, BITS))
      cursor.expect(')')
    }
    return functionCall(name, args, start, cursor.previousEnd)
  }
}

/** DATE_ADD(date, INTERVAL amount unit); ADDDATE and SUBDATE also take a number of days. */
function dateArithmetic(subtract: boolean, takesDays: boolean): CallParser {
  return (cursor, start) => {
    open(cursor)
    const operand = expression(cursor)
    cursor.expect(',')
    if (takesDays && !cursor.is('INTERVAL')) {
      const amount = expression(cursor)
      return { kind: 'dateArithmetic', operand, amount, unit: 'day', subtract, start, end: finish(cursor) }
    }
    cursor.expect('INTERVAL')
    const amount = expression(cursor)
    const unit = parseIntervalUnit(cursor)
    return { kind: 'dateArithmetic', operand, amount, unit, subtract, start, end: finish(cursor) }
  }
}

function parseCast(cursor: Cursor, start: number): Expression {
  open(cursor)
  const operand = expression(cursor)
  let timeZone: string | undefined
  if (cursor.accept('AT')) {
    cursor.expectAll('TIME', 'ZONE')
    cursor.accept('INTERVAL')
    timeZone = cursor.string()
  }
  cursor.expect('AS')
  const type = parseCastType(cursor)
  if (timeZone !== undefined && type.name !== 'datetime') cursor.fail()
  const array = cursor.accept('ARRAY')
  return { kind: 'cast', operand, type, array, timeZone, start, end: finish(cursor) }
}

function parseConvert(cursor: Cursor, start: number): Expression {
  open(cursor)
  const operand = expression(cursor)
  if (cursor.accept('USING')) {
    const charset = parseCharsetName(cursor)
    return { kind: 'convertUsing', operand, charset, start, end: finish(cursor) }
  }
  cursor.expect(',')
  const type = parseCastType(cursor)
  return { kind: 'cast', operand, type, array: false, timeZone: undefined, start, end: finish(cursor) }
}

function parseExtract(cursor: Cursor, start: number): Expression {
  open(cursor)
  const unit = parseIntervalUnit(cursor)
  cursor.expect('FROM')
  const operand = expression(cursor)
  return { kind: 'extract', unit, operand, start, end: finish(cursor) }
}

const TRIM_SIDES = { BOTH: 'both', LEADING: 'leading', TRAILING: 'trailing' } as const

/** TRIM(s), TRIM(remove FROM s), TRIM(side FROM s) and TRIM(side remove FROM s). */
function parseTrim(cursor: Cursor, start: number): Expression {
  open(cursor)
  const keyword = cursor.acceptOneOf('BOTH', 'LEADING', 'TRAILING')
  const side: Trim['side'] = keyword === undefined ? 'both' : TRIM_SIDES[keyword]
  let remove: Expression | undefined
  if (keyword === undefined || !cursor.is('FROM')) remove = expression(cursor)
  if (keyword === undefined && !cursor.is('FROM')) {
    return {
      kind: 'trim',
      side,
      remove: undefined,
      operand: remove ?? cursor.fail(),
      start,
      end: finish(cursor),
    }
  }
  cursor.expect('FROM')
  const operand = expression(cursor)
  return { kind: 'trim', side, remove, operand, start, end: finish(cursor) }
}

/** SUBSTRING(s, position[, length]) and SUBSTRING(s FROM position [FOR length]). */
function parseSubstring(cursor: Cursor, start: number): Expression {
  open(cursor)
  const args = [expression(cursor)]
  const separators = cursor.is('FROM') ? (['FROM', 'FOR'] as const) : ([',', ','] as const)
  cursor.expect(separators[0])
  args.push(expression(cursor))
  if (cursor.accept(separators[1])) args.push(expression(cursor))
  return functionCall('substring', args, start, finish(cursor))
}

function parsePosition(cursor: Cursor, start: number): Expression {
  open(cursor)
  const part = cursor.grammar.expression(cursor, BITS)
  cursor.expect('IN')
  const whole = expression(cursor)
  return functionCall('locate', [part, whole], start, finish(cursor))
}

function parseTimestampAdd(cursor: Cursor, start: number): Expression {
  open(cursor)
  const unit = parseTimestampUnit(cursor)
  cursor.expect(',')
  const amount = expression(cursor)
  cursor.expect(',')
  const operand = expression(cursor)
  return { kind: 'timestampAdd', unit, amount, operand, start, end: finish(cursor) }
}

function parseTimestampDifference(cursor: Cursor, start: number): Expression {
  open(cursor)
  const unit = parseTimestampUnit(cursor)
  cursor.expect(',')
  const from = expression(cursor)
  cursor.expect(',')
  const to = expression(cursor)
  return { kind: 'timestampDifference', unit, from, to, start, end: finish(cursor) }
}

const FORMAT_TYPES = { DATE: 'date', TIME: 'time', DATETIME: 'datetime', TIMESTAMP: 'datetime' } as const

function parseGetFormat(cursor: Cursor, start: number): Expression {
  open(cursor)
  const type = FORMAT_TYPES[cursor.expectOneOf('DATE', 'TIME', 'DATETIME', 'TIMESTAMP')]
  cursor.expect(',')
  const operand = expression(cursor)
  return { kind: 'getFormat', type, operand, start, end: finish(cursor) }
}

function parseChar(cursor: Cursor, start: number): Expression {
  open(cursor)
  const args = parseList(cursor, expression)
  const charset = cursor.accept('USING') ? parseCharsetName(cursor) : undefined
  return { kind: 'char', arguments: args, charset, start, end: finish(cursor) }
}

function parseWeightString(cursor: Cursor, start: number): Expression {
  open(cursor)
  const operand = expression(cursor)
  let as: WeightString['as']
  let length: number | undefined
  if (cursor.accept('AS')) {
    as = cursor.expectOneOf('CHAR', 'BINARY') === 'CHAR' ? 'char' : 'binary'
    cursor.expect('(')
    length = parseInteger(cursor)
    cursor.expect(')')
  }
  return { kind: 'weightString', operand, as, length, start, end: finish(cursor) }
}

/** MATCH (a, b) AGAINST (…): the parentheses around the columns may be left out. */
function parseMatch(cursor: Cursor, start: number): Expression {
  cursor.advance()
  const parenthesised = cursor.accept('(')
  const columns = parseList(cursor, parseColumnReference)
  if (parenthesised) cursor.expect(')')
  cursor.expect('AGAINST')
  cursor.expect('(')
  const against = cursor.grammar.expression(cursor, BITS)
  let mode: 'naturalLanguage' | 'boolean' = 'naturalLanguage'
  if (cursor.accept('IN')) {
    if (cursor.accept('BOOLEAN')) mode = 'boolean'
    else cursor.expectAll('NATURAL', 'LANGUAGE')
    cursor.expect('MODE')
  }
  const queryExpansion = mode !== 'boolean' && cursor.accept('WITH')
  if (queryExpansion) cursor.expectAll('QUERY', 'EXPANSION')
  return { kind: 'match', columns, against, mode, queryExpansion, start, end: finish(cursor) }
}

/** DEFAULT(column). */
function parseColumnDefault(cursor: Cursor, start: number): Expression {
  open(cursor)
  const column = parseColumnReference(cursor)
  return { kind: 'columnDefault', column, start, end: finish(cursor) }
}

/** VALUES(column). */
function parseInsertedValue(cursor: Cursor, start: number): Expression {
  open(cursor)
  const column = parseColumnReference(cursor)
  return { kind: 'insertedValue', column, start, end: finish(cursor) }
}

function parseJsonValue(cursor: Cursor, start: number): Expression {
  open(cursor)
  const document = cursor.grammar.expression(cursor)
  cursor.expect(',')
  const path = parseStringLiteral(cursor)
  const returning = cursor.accept('RETURNING') ? parseCastType(cursor) : undefined
  const { onEmpty, onError } = parseJsonResponses(cursor)
  return { kind: 'jsonValue', document, path, returning, onEmpty, onError, start, end: finish(cursor) }
}

/** `{NULL | ERROR | DEFAULT value} ON EMPTY` and the same ON ERROR, in this order. */
export function parseJsonResponses(cursor: Cursor): {
  onEmpty: JsonOnResponse | undefined
  onError: JsonOnResponse | undefined
} {
  let onEmpty: JsonOnResponse | undefined
  let response = parseJsonResponse(cursor)
  if (response !== undefined && cursor.accept('EMPTY')) {
    onEmpty = response
    response = parseJsonResponse(cursor)
  }
  if (response !== undefined) cursor.expect('ERROR')
  return { onEmpty, onError: response }
}

function parseJsonResponse(cursor: Cursor): JsonOnResponse | undefined {
  let response: JsonOnResponse
  if (cursor.accept('ERROR')) response = { kind: 'error' }
  else if (cursor.accept('NULL')) response = { kind: 'null' }
  else if (cursor.accept('DEFAULT'))
    response = { kind: 'default', value: cursor.grammar.expression(cursor, BITS) }
  else return undefined
  cursor.expect('ON')
  return response
}

/** CURRENT_USER and CURRENT_USER(). */
function parseCurrentUser(cursor: Cursor, start: number): Expression {
  cursor.advance()
  if (cursor.accept('(')) cursor.expect(')')
  return functionCall('current_user', [], start, cursor.previousEnd)
}

/** USER() and its synonyms. */
function parseUser(cursor: Cursor, start: number): Expression {
  open(cursor)
  return functionCall('user', [], start, finish(cursor))
}

/** DATABASE() and SCHEMA(). */
function parseDatabase(cursor: Cursor, start: number): Expression {
  open(cursor)
  return functionCall('database', [], start, finish(cursor))
}

/** Keywords that call functions with plain arguments under their own names: fewest and most of them. */
const PLAIN: readonly (readonly [kind: TokenKind, countMin: number, countMax: number])[] = [
  ['ASCII', 1, 1],
  ['CHARSET', 1, 1],
  ['COALESCE', 1, Infinity],
  ['COLLATION', 1, 1],
  ['DATE', 1, 1],
  ['DAY', 1, 1],
  ['FORMAT', 2, 3],
  ['GEOMETRYCOLLECTION', 0, Infinity],
  ['GROUPING', 1, Infinity],
  ['HOUR', 1, 1],
  ['IF', 3, 3],
  ['INSERT', 4, 4],
  ['LEFT', 2, 2],
  ['LINESTRING', 0, Infinity],
  ['MICROSECOND', 1, 1],
  ['MINUTE', 1, 1],
  ['MOD', 2, 2],
  ['MONTH', 1, 1],
  ['MULTILINESTRING', 0, Infinity],
  ['MULTIPOINT', 0, Infinity],
  ['MULTIPOLYGON', 0, Infinity],
  ['POINT', 0, Infinity],
  ['POLYGON', 0, Infinity],
  ['QUARTER', 1, 1],
  ['REPEAT', 2, 2],
  ['REPLACE', 3, 3],
  ['REVERSE', 1, 1],
  ['RIGHT', 2, 2],
  ['ROW_COUNT', 0, 0],
  ['SECOND', 1, 1],
  ['TIME', 1, 1],
  ['TIMESTAMP', 1, 2],
  ['TRUNCATE', 2, 2],
  ['WEEK', 1, 2],
  ['YEAR', 1, 1],
]

const CALLS: ReadonlyMap<TokenKind, CallParser> = new Map<TokenKind, CallParser>([
  ...PLAIN.map(([kind, min, max]): [TokenKind, CallParser] => [kind, plain(min, max)]),
  ['ADDDATE', dateArithmetic(false, true)],
  ['CAST', parseCast],
  ['CHAR', parseChar],
  ['CONVERT', parseConvert],
  ['CURDATE', clock('curdate')],
  ['CURRENT_USER', parseCurrentUser],
  ['CURTIME', clock('curtime')],
  ['DATABASE', parseDatabase],
  ['DATE_ADD', dateArithmetic(false, false)],
  ['DATE_SUB', dateArithmetic(true, false)],
  ['DEFAULT', parseColumnDefault],
  ['EXTRACT', parseExtract],
  ['GET_FORMAT', parseGetFormat],
  ['JSON_VALUE', parseJsonValue],
  ['MATCH', parseMatch],
  ['NOW', clock('now')],
  ['POSITION', parsePosition],
  ['SUBDATE', dateArithmetic(true, true)],
  ['SUBSTRING', parseSubstring],
  ['SYSDATE', clock('sysdate')],
  ['TIMESTAMPADD', parseTimestampAdd],
  ['TIMESTAMPDIFF', parseTimestampDifference],
  ['TRIM', parseTrim],
  ['USER', parseUser],
  ['UTC_DATE', clock('utc_date')],
  ['UTC_TIME', clock('utc_time')],
  ['UTC_TIMESTAMP', clock('utc_timestamp')],
  ['VALUES', parseInsertedValue],
  ['WEIGHT_STRING', parseWeightString],
])

/** Keywords whose calls have a grammar of their own but become a `FunctionCall` of the same name. */
const PLAIN_IN_THE_END: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...PLAIN.map(([kind]) => kind),
  'CURDATE',
  'CURRENT_USER',
  'CURTIME',
  'DATABASE',
  'INTERVAL',
  'NOW',
  'SUBSTRING',
  'SYSDATE',
  'USER',
  'UTC_DATE',
  'UTC_TIME',
  'UTC_TIMESTAMP',
])

/** Whether `keyword(a, b)` is a `FunctionCall` of that name. */
export function isPlainCall(keyword: TokenKind): boolean {
  return PLAIN_IN_THE_END.has(keyword)
}
