/**
 * When two answers are equal: the one definition for the corpus, for the runs against MariaDB and for random queries.
 *
 * - Rows have an order only if the statement says ORDER BY at its top level; otherwise they are compared as a bag.
 * - Values are compared as the text protocol shows them, except that results of floating point (FLOAT, DOUBLE) may
 *   differ by a relative 1e-13: libraries differ in the last digit of functions like EXP, and sums depend on the order of rows.
 */
import type { Outcome, OutcomeColumn } from './sql-server.js'
import { printCell } from './case-file.js'

const RELATIVE_TOLERANCE = 1e-13
/** Below it results are noise around zero, such as SIN(PI()). */
const ABSOLUTE_TOLERANCE = 1e-15

type Row = readonly (string | null)[]

/** Why `actual` isn't what was expected; undefined if it is. */
export function compareRows(
  expected: readonly Row[],
  actual: readonly Row[],
  columns: readonly OutcomeColumn[],
  ordered: boolean,
): string | undefined {
  if (expected.length !== actual.length) {
    return `expected ${expected.length} rows, got ${actual.length}:\n${showDifference(expected, actual)}`
  }
  const left = ordered ? expected : sorted(expected, columns)
  const right = ordered ? actual : sorted(actual, columns)
  const isSame = left.every((row, i) => sameRow(row, right[i] ?? [], columns))
  return isSame ? undefined : `other rows:\n${showDifference(left, right)}`
}

function sameRow(expected: Row, actual: Row, columns: readonly OutcomeColumn[]): boolean {
  return (
    expected.length === actual.length &&
    expected.every((cell, i) => sameCell(cell, actual[i] ?? null, columns[i]?.kind === 'approximate'))
  )
}

export function sameCell(expected: string | null, actual: string | null, isApproximate: boolean): boolean {
  if (expected === actual) return true
  if (!isApproximate || expected === null || actual === null) return false
  const [a, b] = [Number(expected), Number(actual)]
  const difference = Math.abs(a - b)
  return (
    difference <= ABSOLUTE_TOLERANCE || difference <= RELATIVE_TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
  )
}

/** Sorted by texts, approximate columns last and with few digits, so that equal bags stand in equal order. */
function sorted(rows: readonly Row[], columns: readonly OutcomeColumn[]): readonly Row[] {
  const keyOf = (row: Row): string => {
    const exact = row.map((cell, i) => (columns[i]?.kind === 'approximate' ? '' : printCell(cell)))
    const approximate = row.map((cell, i) =>
      columns[i]?.kind === 'approximate' && cell !== null ? Number(cell).toPrecision(9) : '',
    )
    return [...exact, ...approximate].join('\t')
  }
  return rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ row }) => row)
}

const SHOWN_ROWS_MAX = 40

function showDifference(expected: readonly Row[], actual: readonly Row[]): string {
  return `${showRows('expected', expected)}\n${showRows('actual', actual)}`
}

function showRows(title: string, rows: readonly Row[]): string {
  const shown = rows.slice(0, SHOWN_ROWS_MAX).map((row) => `    ${row.map(printCell).join('\t')}`)
  if (rows.length > SHOWN_ROWS_MAX) shown.push(`    … ${rows.length} rows`)
  return [`  ${title}:`, ...shown].join('\n')
}

/** One line for an outcome that isn't rows, or the rows below a title. */
export function showOutcome(outcome: Outcome): string {
  const { failure, columns, rows, affectedRows } = outcome
  if (failure !== undefined) return `error ${failure.number} (${failure.sqlState}) ${failure.message}`
  if (columns !== undefined) return showRows('rows', rows)
  return `affected ${String(affectedRows)}`
}

/** Whether the order of a statement's rows counts: anything but a query, or a query with its own ORDER BY. */
export function isOrdered(sql: string): boolean {
  const plain = withoutQuoted(sql)
  if (!/^[\s(]*(SELECT|WITH|VALUES|TABLE)\b/i.test(plain)) return true
  return /\bORDER\s+BY\b/i.test(withoutNested(plain))
}

function withoutQuoted(sql: string): string {
  return sql.replace(/'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`/gs, '?')
}

function withoutNested(sql: string): string {
  let depth = 0
  let result = ''
  for (const character of sql) {
    if (character === ')') depth--
    if (depth === 0) result += character
    if (character === '(') depth++
  }
  return result
}
