/**
 * When the answers of two servers to one statement are the same.
 */
import { compareRows, isOrdered, showOutcome } from '../sql/comparison.js'
import type { Outcome, OutcomeColumn } from '../sql/sql-server.js'
import { mariadbSyntax } from './mariadb-syntax.js'

/** Errors that MariaDB counts in its own way, by MySQL's number. */
const OWN_NUMBERS: ReadonlyMap<number, readonly number[]> = new Map([
  [3819, [4025]], // CHECK constraint
  [1815, [4078]],
])

/** Families of MySQL's column types on the wire, which tell more than they do between servers: widths are each one's own. */
const FAMILIES: Readonly<Record<string, string>> = {
  ...of('integer', ['tinyint', 'smallint', 'mediumint', 'int', 'bigint', '1', '2', '3', '8', '9']),
  ...of('decimal', ['decimal', '246']),
  ...of('float', ['float', '4', 'double', '5']),
  ...of('date', ['date', '10']),
  ...of('time', ['time', '11']),
  ...of('datetime', ['datetime', 'timestamp', '12', '7']),
  ...of('year', ['year', '13']),
  ...of('bit', ['bit', '16']),
  ...of('null', ['null', '6']),
}

function of(family: string, types: readonly string[]): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, family]))
}

/** Why `ours` isn't `theirs`; undefined if it is. */
export function outcomeDifference(sql: string, ours: Outcome, theirs: Outcome): string | undefined {
  if (ours.failure !== undefined || theirs.failure !== undefined) return failureDifference(ours, theirs)
  if (ours.columns === undefined || theirs.columns === undefined) {
    return ours.affectedRows === theirs.affectedRows ? undefined : both(ours, theirs)
  }
  return (
    columnDifference(ours.columns, theirs.columns) ??
    compareRows(theirs.rows, ours.rows, merged(ours.columns, theirs.columns), isOrdered(sql))
  )
}

function failureDifference(ours: Outcome, theirs: Outcome): string | undefined {
  const number = ours.failure?.number
  const other = theirs.failure?.number
  if (number !== undefined && other !== undefined) {
    if (number === other || OWN_NUMBERS.get(number)?.includes(other) === true) return undefined
  }
  return both(ours, theirs)
}

function both(ours: Outcome, theirs: Outcome): string {
  return `ours:   ${showOutcome(ours)}\ntheirs: ${showOutcome(theirs)}`
}

function columnDifference(
  ours: readonly OutcomeColumn[],
  theirs: readonly OutcomeColumn[],
): string | undefined {
  const names = (columns: readonly OutcomeColumn[]) =>
    columns.map(({ name }) => mariadbSyntax(name)).join(', ')
  if (names(ours) !== names(theirs)) return `columns are ${names(ours)}; theirs ${names(theirs)}`
  const families = (columns: readonly OutcomeColumn[]) => columns.map(familyOf).join(', ')
  return families(ours) === families(theirs)
    ? undefined
    : `types are ${families(ours)}; theirs ${families(theirs)}`
}

export function familyOf({ type }: OutcomeColumn): string {
  return FAMILIES[/^\w+/.exec(type)?.[0] ?? ''] ?? 'string'
}

function merged(ours: readonly OutcomeColumn[], theirs: readonly OutcomeColumn[]): readonly OutcomeColumn[] {
  return ours.map((column, i) => (theirs[i]?.kind === 'approximate' ? theirs[i] : column))
}
