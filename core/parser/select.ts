import type { Expression } from '../plan/syntax/expression.js'
import type { SelectBlock, SelectItem, TableReference } from '../plan/syntax/query.js'
import type { Cursor } from './cursor.js'
import { parseHints } from './hints.js'
import { unquote } from './literal-text.js'
import { parseList } from './names.js'
import { acceptInto, type IntoHolder } from './into.js'
import { failUsage } from './usage.js'
import { scanQuoted } from './scan.js'
import { parseTableReferences } from './table-references.js'
import type { TokenKind } from './token.js'
import { parseWindowClause } from './windows.js'

/** SELECT blocks (manual, 15.2.13). */

export function parseSelectBlock(cursor: Cursor, holder: IntoHolder | undefined): SelectBlock {
  const { start } = cursor
  cursor.expect('SELECT')
  const hints = parseHints(cursor)
  const options = parseSelectOptions(cursor)
  const items = parseSelectItems(cursor)
  acceptInto(cursor, holder)
  const from = parseFrom(cursor)
  const where = cursor.accept('WHERE') ? cursor.grammar.expression(cursor) : undefined
  const groupBy = parseGroupBy(cursor)
  const rollup = groupBy.length > 0 && cursor.acceptBoth('WITH', 'ROLLUP')
  const having = cursor.accept('HAVING') ? cursor.grammar.expression(cursor) : undefined
  const windows = parseWindowClause(cursor)
  return {
    kind: 'select',
    hints,
    distinct: options.distinct,
    straightJoin: options.straightJoin,
    calcFoundRows: options.calcFoundRows,
    modifiers: options.modifiers,
    items,
    from,
    where,
    groupBy,
    rollup,
    having,
    windows,
    start,
    end: cursor.previousEnd,
  }
}

// ---- Options --------------------------------------------------------------------------------------------------

interface SelectOptions {
  distinct: boolean
  straightJoin: boolean
  calcFoundRows: boolean
  readonly modifiers: string[]
}

const OPTION_KEYWORDS: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'ALL',
  'DISTINCT',
  'HIGH_PRIORITY',
  'STRAIGHT_JOIN',
  'SQL_SMALL_RESULT',
  'SQL_BIG_RESULT',
  'SQL_BUFFER_RESULT',
  'SQL_NO_CACHE',
  'SQL_CALC_FOUND_ROWS',
])

function parseSelectOptions(cursor: Cursor): SelectOptions {
  const options: SelectOptions = { distinct: false, straightJoin: false, calcFoundRows: false, modifiers: [] }
  let all = false
  while (OPTION_KEYWORDS.has(cursor.kind)) {
    const { kind } = cursor
    cursor.advance()
    if (kind === 'DISTINCT') options.distinct = true
    else if (kind === 'ALL') all = true
    else if (kind === 'STRAIGHT_JOIN') options.straightJoin = true
    else if (kind === 'SQL_CALC_FOUND_ROWS') options.calcFoundRows = true
    else options.modifiers.push(kind.toLowerCase())
    if (all && options.distinct) failUsage('ALL', 'DISTINCT')
  }
  return options
}

// ---- Select list ----------------------------------------------------------------------------------------------

function parseSelectItems(cursor: Cursor): SelectItem[] {
  const items: SelectItem[] = []
  if (cursor.is('*')) {
    // A bare star comes first or not at all.
    const { start } = cursor
    cursor.advance()
    items.push(wildcard(undefined, undefined, start, cursor.previousEnd))
    if (!cursor.accept(',')) return items
  }
  do items.push(parseSelectItem(cursor))
  while (cursor.accept(','))
  return items
}

function wildcard(
  database: string | undefined,
  table: string | undefined,
  start: number,
  end: number,
): SelectItem {
  return { kind: 'selectWildcard', database, table, start, end }
}

function parseSelectItem(cursor: Cursor): SelectItem {
  if (cursor.peek(1) === '.' && cursor.isIdentifier()) {
    const item = parseQualifiedWildcard(cursor)
    if (item !== undefined) return item
  }
  const { start } = cursor
  const expression = cursor.grammar.expression(cursor)
  const end = cursor.previousEnd
  const alias = parseSelectAlias(cursor)
  return {
    kind: 'selectExpression',
    expression,
    alias,
    name: alias ?? defaultName(cursor, expression, start, end),
    start,
    end,
  }
}

/** `table.*` or `database.table.*`. */
function parseQualifiedWildcard(cursor: Cursor): SelectItem | undefined {
  const { start } = cursor
  if (cursor.peek(2) === '*') {
    const table = cursor.identifier()
    cursor.expectAll('.', '*')
    return wildcard(undefined, table, start, cursor.previousEnd)
  }
  if (cursor.peek(3) !== '.' || cursor.peek(4) !== '*') return undefined
  const database = cursor.identifier()
  cursor.expect('.')
  const table = cursor.identifier()
  cursor.expectAll('.', '*')
  return wildcard(database, table, start, cursor.previousEnd)
}

/** `[AS] alias`, where the alias may be a string. */
function parseSelectAlias(cursor: Cursor): string | undefined {
  const isMarked = cursor.accept('AS')
  if (cursor.is('string')) return cursor.string()
  return isMarked || cursor.isIdentifier() ? cursor.alias() : undefined
}

const NAME_LENGTH_MAX = 256

/** What MySQL calls a result column without alias. */
function defaultName(cursor: Cursor, expression: Expression, start: number, end: number): string {
  switch (expression.kind) {
    case 'column':
      return expression.name
    case 'string':
      return shortened(
        cursor.decodeLoosely(
          expression.tokenCount === 1 ? expression.bytes : firstString(cursor, start, end),
        ),
      )
    case 'number':
      // A literal goes by its own text, without the parentheses around it.
      return shortened(cursor.sourceText(expression.start, expression.end))
    case 'null':
      return 'NULL'
    case 'unary': {
      // A plus does nothing, and isn't seen.
      const { operand } = expression
      if (expression.operator === '+') return defaultName(cursor, operand, operand.start, operand.end)
      return shortened(cursor.sourceText(start, end))
    }
    default:
      return shortened(cursor.sourceText(start, end))
  }
}

function shortened(name: string): string {
  if (name.length <= NAME_LENGTH_MAX) return name
  return Array.from(name.slice(0, 2 * NAME_LENGTH_MAX))
    .slice(0, NAME_LENGTH_MAX)
    .join('')
}

/** The first of adjacent strings, which alone names the column. */
function firstString(cursor: Cursor, start: number, end: number): string {
  const { text } = cursor
  let quote = start
  while (text.charAt(quote) !== "'" && text.charAt(quote) !== '"') quote++
  const backslashEscapes = !cursor.options.noBackslashEscapes
  return unquote(text, quote, scanQuoted(text, quote, end, backslashEscapes), backslashEscapes)
}

// ---- The other clauses ----------------------------------------------------------------------------------------

/** `[FROM DUAL | FROM table, …]`. */
function parseFrom(cursor: Cursor): TableReference[] {
  if (!cursor.accept('FROM')) return []
  return cursor.accept('DUAL') ? [] : parseTableReferences(cursor)
}

function parseGroupBy(cursor: Cursor): Expression[] {
  if (!cursor.accept('GROUP')) return []
  cursor.expect('BY')
  return parseList(cursor, (c) => c.grammar.expression(c))
}
