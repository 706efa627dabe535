import { sqlError } from '../common/sql-error.js'
import type { DerivedTable, IndexHint, Join, TableFactor, TableReference } from '../plan/syntax/query.js'
import { HEIGHT_MAX, type Cursor } from './cursor.js'
import { parseJsonTable } from './json-table.js'
import { parseList, parseNameList, parseOptionalNameList, parseQualifiedName } from './names.js'
import { isQueryStart, parseSubquery } from './primary.js'

/** FROM: tables, derived tables and joins (manual, 15.2.13.2). */

/** `a, b JOIN c …`: the items of the comma list. */
export function parseTableReferences(cursor: Cursor): TableReference[] {
  return parseList(cursor, parseTableReference)
}

/** One item of the comma list with all of its joins. */
function parseTableReference(cursor: Cursor): TableReference {
  cursor.enter()
  const reference = parseJoins(cursor, parseTableFactor(cursor), cursor.start)
  cursor.leave()
  return reference
}

// ---- Joins ----------------------------------------------------------------------------------------------------

type JoinType = Join['type']

interface JoinOperator {
  readonly type: JoinType
  readonly natural: boolean
}

/** Steps over the words of a join, or returns undefined. */
function acceptJoinOperator(cursor: Cursor): JoinOperator | undefined {
  switch (cursor.kind) {
    case 'JOIN':
      cursor.advance()
      return { type: 'inner', natural: false }
    case 'INNER':
    case 'CROSS': {
      const type = cursor.is('INNER') ? 'inner' : 'cross'
      cursor.advance()
      cursor.expect('JOIN')
      return { type, natural: false }
    }
    case 'STRAIGHT_JOIN':
      cursor.advance()
      return { type: 'straight', natural: false }
    case 'LEFT':
    case 'RIGHT':
      return { type: parseOuter(cursor), natural: false }
    case 'NATURAL': {
      cursor.advance()
      if (cursor.is('LEFT') || cursor.is('RIGHT')) return { type: parseOuter(cursor), natural: true }
      cursor.accept('INNER')
      cursor.expect('JOIN')
      return { type: 'inner', natural: true }
    }
    default:
      return undefined
  }
}

function parseOuter(cursor: Cursor): 'left' | 'right' {
  const side = cursor.expectOneOf('LEFT', 'RIGHT') === 'LEFT' ? 'left' : 'right'
  cursor.accept('OUTER')
  cursor.expect('JOIN')
  return side
}

/**
 * The joins behind `first`. Where a join's condition does not follow its right table at once, further joins belong
 * to its right side (`a JOIN b JOIN c ON … ON …`), unless no condition is left for it: then it was a cross join
 * with the first table behind it (`a JOIN b JOIN c ON …` is `(a JOIN b) JOIN c ON …`).
 */
function parseJoins(cursor: Cursor, first: TableReference, start: number): TableReference {
  let left = first
  for (let count = 0; ; count++) {
    const operator = acceptJoinOperator(cursor)
    if (operator === undefined) return left
    if (count > HEIGHT_MAX) cursor.failNesting()
    const rightStart = cursor.start
    const factor = parseTableFactor(cursor)
    if (operator.natural) {
      left = join(cursor, operator, left, factor, start)
      continue
    }
    const hasCondition = cursor.is('ON') || cursor.is('USING')
    const right = hasCondition ? factor : parseRightSide(cursor, factor, rightStart)
    if (cursor.is('ON') || cursor.is('USING')) {
      left = joinOn(cursor, operator, left, right, start)
    } else {
      if (operator.type === 'left' || operator.type === 'right') cursor.fail()
      left = replaceFirst(right, factor, join(cursor, operator, left, factor, start), start)
    }
  }
}

function parseRightSide(cursor: Cursor, factor: TableReference, start: number): TableReference {
  cursor.enter()
  const right = parseJoins(cursor, factor, start)
  cursor.leave()
  return right
}

function join(
  cursor: Cursor,
  operator: JoinOperator,
  left: TableReference,
  right: TableReference,
  start: number,
): Join {
  const { type, natural } = operator
  const end = cursor.previousEnd
  return { kind: 'join', type, natural, left, right, on: undefined, using: undefined, start, end }
}

function joinOn(
  cursor: Cursor,
  operator: JoinOperator,
  left: TableReference,
  right: TableReference,
  start: number,
): Join {
  const isOn = cursor.expectOneOf('ON', 'USING') === 'ON'
  const on = isOn ? cursor.grammar.expression(cursor) : undefined
  const using = isOn ? undefined : parseNameList(cursor)
  return { ...join(cursor, operator, left, right, start), on, using }
}

/** `tree`, a chain of joins that begins with `first`, with `replacement` in the place of `first`. */
function replaceFirst(
  tree: TableReference,
  first: TableReference,
  replacement: TableReference,
  start: number,
): TableReference {
  if (tree === first) return replacement
  if (tree.kind !== 'join') throw new Error('Invariant: a chain of joins begins with its first table')
  return { ...tree, left: replaceFirst(tree.left, first, replacement, start), start }
}

// ---- Factors --------------------------------------------------------------------------------------------------

function parseTableFactor(cursor: Cursor): TableReference {
  switch (cursor.kind) {
    case '(':
      return parseParenthesised(cursor)
    case 'LATERAL': {
      const { start } = cursor
      cursor.advance()
      return parseDerivedTable(cursor, true, start)
    }
    case 'JSON_TABLE':
      return parseJsonTable(cursor)
    case '{':
      return parseOdbcJoin(cursor)
    default:
      return parseTable(cursor)
  }
}

function parseTable(cursor: Cursor): TableFactor {
  const { start } = cursor
  const name = parseQualifiedName(cursor)
  const partitions = parsePartitionSelection(cursor)
  const alias = parseTableAlias(cursor)
  const indexHints = parseIndexHints(cursor)
  return { kind: 'table', name, partitions, alias, indexHints, start, end: cursor.previousEnd }
}

/** `[PARTITION (a, b, …)]`. */
export function parsePartitionSelection(cursor: Cursor): string[] {
  return cursor.accept('PARTITION') ? parseNameList(cursor) : []
}

/** `[[AS] alias]`. */
export function parseTableAlias(cursor: Cursor): string | undefined {
  return cursor.accept('AS') || cursor.isIdentifier() ? cursor.alias() : undefined
}

function parseDerivedTable(cursor: Cursor, lateral: boolean, start: number): DerivedTable {
  const query = parseSubquery(cursor)
  const alias = parseTableAlias(cursor)
  if (alias === undefined) throw sqlError('ER_DERIVED_MUST_HAVE_ALIAS')
  const columns = parseOptionalNameList(cursor)
  return { kind: 'derivedTable', lateral, query, alias, columns, start, end: cursor.previousEnd }
}

/** A derived table, or tables and joins in parentheses. */
function parseParenthesised(cursor: Cursor): TableReference {
  const { start } = cursor
  if (isDerivedTable(cursor)) return parseDerivedTable(cursor, false, start)
  cursor.expect('(')
  const references = parseTableReferences(cursor)
  cursor.expect(')')
  return references.reduce((left, right) => join(cursor, COMMA, left, right, start))
}

const COMMA: JoinOperator = { type: 'cross', natural: false }

/**
 * At `(`: whether a query is inside. Behind further parentheses that depends on what follows the innermost: an alias
 * makes a derived table of it alone, anything else goes on with the query.
 */
function isDerivedTable(cursor: Cursor): boolean {
  let distance = 1
  while (cursor.peek(distance) === '(') distance++
  if (!isQueryStart(cursor, distance)) return false
  if (distance === 1) return true
  const behind = cursor.indexBehindParentheses(cursor.index + distance - 1) - cursor.index
  return cursor.peek(behind) !== 'AS' && !cursor.isIdentifierAt(behind)
}

/** `{OJ a LEFT JOIN b ON …}`: braces of ODBC. */
function parseOdbcJoin(cursor: Cursor): TableReference {
  cursor.advance()
  cursor.identifier()
  const reference = parseTableReference(cursor)
  cursor.expect('}')
  return reference
}

// ---- Index hints ----------------------------------------------------------------------------------------------

const HINT_ACTIONS = { USE: 'use', IGNORE: 'ignore', FORCE: 'force' } as const

/** `USE INDEX (…) …` (manual, 10.9.4). */
function parseIndexHints(cursor: Cursor): readonly IndexHint[] {
  if (!isIndexHint(cursor)) return NO_HINTS
  const hints: IndexHint[] = []
  while (isIndexHint(cursor)) hints.push(parseIndexHint(cursor))
  return hints
}

const NO_HINTS: readonly IndexHint[] = []

function isIndexHint(cursor: Cursor): boolean {
  if (!cursor.is('USE') && !cursor.is('IGNORE') && !cursor.is('FORCE')) return false
  const next = cursor.peek(1)
  return next === 'INDEX' || next === 'KEY'
}

function parseIndexHint(cursor: Cursor): IndexHint {
  const { start } = cursor
  const action = HINT_ACTIONS[cursor.expectOneOf('USE', 'IGNORE', 'FORCE')]
  cursor.expectOneOf('INDEX', 'KEY')
  const purpose = cursor.accept('FOR') ? parseHintPurpose(cursor) : undefined
  cursor.expect('(')
  const mayBeEmpty = action === 'use'
  const indexes = mayBeEmpty && cursor.is(')') ? [] : parseList(cursor, parseIndexName)
  cursor.expect(')')
  return { action, purpose, indexes, start, end: cursor.previousEnd }
}

function parseHintPurpose(cursor: Cursor): IndexHint['purpose'] {
  const purpose = cursor.expectOneOf('JOIN', 'ORDER', 'GROUP')
  if (purpose === 'JOIN') return 'join'
  cursor.expect('BY')
  return purpose === 'ORDER' ? 'orderBy' : 'groupBy'
}

function parseIndexName(cursor: Cursor): string {
  return cursor.accept('PRIMARY') ? 'PRIMARY' : cursor.identifier()
}
