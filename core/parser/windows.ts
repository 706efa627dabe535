import type { Expression } from '../plan/syntax/expression.js'
import type {
  FrameBound,
  NamedWindow,
  WindowFrame,
  WindowReference,
  WindowSpecification,
} from '../plan/syntax/query.js'
import type { Cursor } from './cursor.js'
import { parseIntervalUnit } from './interval.js'
import { parseList } from './names.js'
import { parseOrderItems } from './order-by.js'

/** Window specifications (manual, 14.20.2 to 14.20.4). */

/** What follows OVER. */
export function parseWindowReference(cursor: Cursor): WindowReference {
  if (cursor.is('(')) return parseWindowSpecification(cursor)
  const { start } = cursor
  return { kind: 'windowName', name: cursor.identifier(), start, end: cursor.previousEnd }
}

/** `[WINDOW name AS (…), …]`. */
export function parseWindowClause(cursor: Cursor): NamedWindow[] {
  return cursor.accept('WINDOW') ? parseList(cursor, parseNamedWindow) : []
}

function parseNamedWindow(cursor: Cursor): NamedWindow {
  const { start } = cursor
  const name = cursor.identifier()
  cursor.expect('AS')
  return { name, specification: parseWindowSpecification(cursor), start, end: cursor.previousEnd }
}

function parseWindowSpecification(cursor: Cursor): WindowSpecification {
  const { start } = cursor
  cursor.expect('(')
  const base = cursor.isIdentifier() ? cursor.identifier() : undefined
  let partitionBy: Expression[] = []
  if (cursor.accept('PARTITION')) {
    cursor.expect('BY')
    partitionBy = parseList(cursor, (c) => c.grammar.expression(c))
  }
  const orderBy = parseOrderItems(cursor)
  const frame = parseFrame(cursor)
  cursor.expect(')')
  return { kind: 'windowSpecification', base, partitionBy, orderBy, frame, start, end: cursor.previousEnd }
}

const FRAME_UNITS = { ROWS: 'rows', RANGE: 'range', GROUPS: 'groups' } as const

function parseFrame(cursor: Cursor): WindowFrame | undefined {
  const { start } = cursor
  const keyword = cursor.acceptOneOf('ROWS', 'RANGE', 'GROUPS')
  if (keyword === undefined) return undefined
  const unit = FRAME_UNITS[keyword]
  let from: FrameBound
  let to: FrameBound = { kind: 'currentRow' }
  if (cursor.accept('BETWEEN')) {
    from = parseFrameBound(cursor)
    cursor.expect('AND')
    to = parseFrameBound(cursor)
  } else {
    from = parseFrameBound(cursor)
    // The short form only has a start, which can't be FOLLOWING.
    if (from.kind === 'following' || from.kind === 'unboundedFollowing') cursor.fail()
  }
  const exclude = parseExclusion(cursor)
  return { unit, from, to, exclude, start, end: cursor.previousEnd }
}

function parseFrameBound(cursor: Cursor): FrameBound {
  if (cursor.accept('CURRENT')) {
    cursor.expect('ROW')
    return { kind: 'currentRow' }
  }
  if (cursor.accept('UNBOUNDED')) {
    const isPreceding = cursor.expectOneOf('PRECEDING', 'FOLLOWING') === 'PRECEDING'
    return { kind: isPreceding ? 'unboundedPreceding' : 'unboundedFollowing' }
  }
  const isInterval = cursor.accept('INTERVAL')
  if (!isInterval && !BOUND_LITERALS.has(cursor.kind)) cursor.fail()
  const offset = cursor.grammar.expression(cursor)
  const unit = isInterval ? parseIntervalUnit(cursor) : undefined
  const kind = cursor.expectOneOf('PRECEDING', 'FOLLOWING') === 'PRECEDING' ? 'preceding' : 'following'
  return { kind, offset, unit }
}

/** Without INTERVAL a bound is a number or a parameter. */
const BOUND_LITERALS: ReadonlySet<string> = new Set(['integer', 'decimal', 'float', 'parameter'])

function parseExclusion(cursor: Cursor): WindowFrame['exclude'] {
  if (!cursor.accept('EXCLUDE')) return undefined
  switch (cursor.expectOneOf('CURRENT', 'GROUP', 'TIES', 'NO')) {
    case 'CURRENT':
      cursor.expect('ROW')
      return 'currentRow'
    case 'GROUP':
      return 'group'
    case 'TIES':
      return 'ties'
    case 'NO':
      cursor.expect('OTHERS')
      return 'noOthers'
  }
}
