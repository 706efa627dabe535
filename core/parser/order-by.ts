import type { OrderItem } from '../plan/syntax/query.js'
import type { Cursor } from './cursor.js'
import { parseList } from './names.js'

/** `[ORDER BY item, …]`: empty if there is none. */
export function parseOrderItems(cursor: Cursor): OrderItem[] {
  if (!cursor.accept('ORDER')) return []
  cursor.expect('BY')
  return parseList(cursor, parseOrderItem)
}

function parseOrderItem(cursor: Cursor): OrderItem {
  const { start } = cursor
  const expression = cursor.grammar.expression(cursor)
  const descending = cursor.acceptOneOf('ASC', 'DESC') === 'DESC'
  return { expression, descending, start, end: cursor.previousEnd }
}
