import { readFileSync } from 'node:fs'
import type { Statement } from '../plan/syntax/statement.js'
import { toByteString } from './options.js'
import { parseExpressionText, parseSingle } from './parse.js'
import { printExpressionText, printStatementText, type PrintableStatement } from './printer.js'

/**
 * Goal: printed text means what the tree means, and looks like MySQL's stored texts. Method: parse, print, parse gives
 * the same tree (without offsets, ordinals and derived names) for every accepted statement that the printer knows;
 * some texts are compared with what MySQL prints.
 */

function isPrintable(statement: Statement): statement is PrintableStatement {
  return ['query', 'insert', 'update', 'delete'].includes(statement.kind)
}

/** A tree without what printing may change. */
function essence(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(essence)
  if (typeof value !== 'object' || value === null) return value
  const node = value as Record<string, unknown>
  const isItem = node.kind === 'selectExpression'
  const kept = Object.entries(node).filter(
    ([key]) => !['start', 'end', 'ordinal', 'tokenCount'].includes(key) && !(isItem && key === 'name'),
  )
  const result = Object.fromEntries(kept.map(([key, child]) => [key, essence(child)]))
  if (node.kind === 'function') result.name = String(node.name).toLowerCase()
  return result
}

const statements = readFileSync(new URL('testdata/accepted.sql', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('# '))
  .filter((line) => isPrintable(parseSingle(toByteString(line)).statement))

test.each(statements)('%s', (sql) => {
  const { statement } = parseSingle(toByteString(sql))
  if (!isPrintable(statement)) throw new Error('Invariant: only printable statements are left')
  const printed = printStatementText(statement)
  expect(essence(parseSingle(toByteString(printed)).statement)).toEqual(essence(statement))
  // Printing is stable: what was printed once prints the same again.
  const again = parseSingle(toByteString(printed)).statement
  expect(isPrintable(again) ? printStatementText(again) : '').toBe(printed)
})

test.each([
  ['a+1', '(`a` + 1)'],
  ["Concat('a', b)", "concat('a',`b`)"],
  ['COUNT(DISTINCT a)', 'count(distinct `a`)'],
  ['not(a)', '(not(`a`))'],
  ['a is not null', '(`a` is not null)'],
  ["'it''s \\\\ \\n'", "'it\\'s \\\\ \\n'"],
  ['`a``b`', '`a``b`'],
  ['`count`(a)', '`count`(`a`)'],
  ['`select`(a)', '`select`(`a`)'],
  ['cast(a as char(5) character set latin1)', 'cast(`a` as char(5) charset latin1)'],
  ["_binary'\\0x'", "_binary'\\0x'"],
  ['case when a then b end', '(case when `a` then `b` end)'],
  ['current_timestamp', 'now()'],
  ["date'2020-01-01'", "date '2020-01-01'"],
  ["b'101'", "b'00000101'"],
])('%s prints as %s', (sql, expected) => {
  expect(printExpressionText(parseExpressionText(toByteString(sql)))).toBe(expected)
})

test('bytes that are no text print as hex', () => {
  expect(printExpressionText(parseExpressionText("_latin1'\xff'"))).toBe("_latin1 x'FF'")
})

test('stored views name every column', () => {
  const { statement } = parseSingle('select a, b+1 from t where c > 1 order by 1 limit 2')
  if (statement.kind !== 'query') throw new Error('a query')
  expect(printStatementText(statement, { nameColumns: true })).toBe(
    'select `a` AS `a`,(`b` + 1) AS `b+1` from `t` where (`c` > 1) order by 1 limit 2',
  )
})
