/**
 * Where MariaDB, and MySQL itself, are known to answer differently from MySQL 8 as Switchyard means it. Each entry is as narrow as it can be said by the statement
 * and the two answers, so that it hides nothing else.
 */
import type { Outcome, SqlFailure } from '../sql/sql-server.js'
import { familyOf, outcomeDifference } from './compare-outcomes.js'

export interface Answers {
  readonly sql: string
  readonly ours: Outcome
  readonly theirs: Outcome
}

export interface KnownDifference {
  readonly name: string
  /** What MySQL's manual says, or why the answer is each server's own. */
  readonly reason: string
  matches(answers: Answers): boolean
}

/** Parentheses around a list, beside something else than equality. */
const ROW_COMPARISON =
  /\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*,[^=]*\) (?:NOT IN|IN|<>|<=>|<|>|<=|>=) \(/

/** What MariaDB and MySQL do alike. */
const ROW_COMPARISONS_ABOVE_OUTER_JOINS: KnownDifference = {
  name: 'row comparisons above outer joins',
  reason:
    'A row constructor can differ from another though one of its members is NULL (Comparison Functions and ' +
    'Operators); MySQL and MariaDB take the comparison to reject NULL, and the outer join below for an inner one.',
  matches: ({ sql, ours, theirs }) =>
    /\b(LEFT|RIGHT) JOIN\b/.test(sql) &&
    (ROW_COMPARISON.test(sql) || /\bNOT \(.*, .*\) = \(/.test(sql)) &&
    ours.failure === undefined &&
    theirs.failure === undefined,
}

/** Of both rivals. */
const DERIVED_COERCIBILITY: KnownDifference = {
  name: 'coercibility of derived columns',
  reason:
    'The text of an expression gives way to a column’s collation, a column of a derived table does not; which of ' +
    'both it is depends on whether the derived table is merged (Collation Coercibility in Expressions).',
  matches: ({ sql, ours, theirs }) =>
    /(FROM|JOIN|AS) \(SELECT /.test(sql) &&
    [1267, 1270, 1271].includes(ours.failure?.number ?? 0) &&
    theirs.failure === undefined,
}

export const MARIADB_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'sub-queries on the changed table',
    reason: 'MySQL refuses them in UPDATE and DELETE (Restrictions on Subqueries); MariaDB copies the rows.',
    matches: ({ ours }) => ours.failure?.number === 1093,
  },
  {
    name: 'faults in conditions of changes',
    reason:
      'In strict mode MySQL ends UPDATE and DELETE with an error where a condition would warn (Server SQL Modes); ' +
      'MariaDB does so now and then. Which rows a condition looks at is each plan’s own.',
    matches: ({ sql, ours, theirs }) =>
      /^(UPDATE|DELETE)\b/.test(sql) &&
      (isFaultOfCondition(ours.failure) || isFaultOfCondition(theirs.failure)),
  },
  {
    name: 'integers of both signs',
    reason:
      'MariaDB finds a DECIMAL for signed and unsigned integers where the wider of both types holds them all.',
    matches: ({ sql, ours, theirs }) => isOnlyOtherType(sql, ours, theirs, ['integer', 'decimal']),
  },
  {
    name: 'decimals of rounded integers of both signs',
    reason: 'As above: ROUND(integer, 2) has no decimals in MySQL, where MariaDB has a DECIMAL to round.',
    matches: ({ sql, ours, theirs }) =>
      /ROUND\(\(?(LEAST|GREATEST|COALESCE|IFNULL|IF|CASE)\b/.test(sql) &&
      isOnlyOtherType(sql, ours, theirs, ['decimal', 'decimal']),
  },
  {
    name: 'products of integers of both signs',
    reason: 'As above: where MariaDB has a DECIMAL, MySQL has a BIGINT that can be out of range.',
    matches: ({ sql, ours, theirs }) =>
      /\b(LEAST|GREATEST|COALESCE|IFNULL|IF|CASE)\b/.test(sql) &&
      ours.failure?.number === 1690 &&
      theirs.failure === undefined,
  },
  {
    name: 'common tables that nobody reads',
    reason: 'MySQL resolves a common table where it is referred to, MariaDB where it is defined.',
    matches: ({ sql, ours, theirs }) =>
      sql.startsWith('WITH x0 AS (') && ours.failure === undefined && theirs.failure?.number === 1267,
  },
  {
    name: 'DEFAULT for no row',
    reason:
      'A column without a default is an error of the row that is to have it (Data Type Default Values); MariaDB looks ' +
      'at the statement, whether it finds a row or not.',
    matches: ({ sql, ours, theirs }) =>
      /^UPDATE\b.*= DEFAULT\b/.test(sql) &&
      ours.failure === undefined &&
      ours.affectedRows === 0n &&
      theirs.failure?.number === 1364,
  },
  {
    name: 'rows with two faults',
    reason: 'Neither manual says which is found first: a duplicate key, or rows that refer to the old one.',
    matches: ({ ours, theirs }) => ours.failure?.number === 1062 && theirs.failure?.number === 1451,
  },
  ROW_COMPARISONS_ABOVE_OUTER_JOINS,
  {
    name: 'texts that are no numbers in FLOAT and DOUBLE',
    reason: 'MySQL truncates them (1265), MariaDB finds them incorrect (1366).',
    matches: ({ ours, theirs }) =>
      ours.failure?.number === 1265 &&
      theirs.failure?.number === 1366 &&
      /Incorrect (double|float|decimal) value/.test(theirs.failure.message),
  },
  {
    name: 'times beyond the last',
    reason: 'The range of TIME ends at 838:59:59.000000 (The TIME Type); MariaDB keeps a fraction behind it.',
    matches: ({ theirs }) =>
      theirs.rows.some((row) => row.some((cell) => /^-?838:59:59\.0*[1-9]/.test(cell ?? ''))),
  },
  DERIVED_COERCIBILITY,
  {
    name: 'narrow integers of functions',
    reason: 'MariaDB cuts decimals to the digits that it expects of a function’s integers.',
    matches: ({ ours, theirs }) => hasCut(theirs) && !hasCut(ours),
  },
  {
    name: 'NOT IN beyond the range of the column',
    reason:
      'NOT IN is unknown beside a NULL (Subqueries with ANY, IN, or SOME); MariaDB finds it true for numbers that the ' +
      'column of the sub-query could not hold.',
    matches: ({ sql, ours, theirs }) =>
      /(NOT IN|<> ALL) \(SELECT /.test(sql) &&
      ours.failure === undefined &&
      theirs.failure === undefined &&
      ours.rows.length < theirs.rows.length,
  },
  {
    name: 'constants that are no dates',
    reason: 'MySQL refuses to compare dates with them (1525), MariaDB warns.',
    matches: ({ ours, theirs }) => ours.failure?.number === 1525 && theirs.failure === undefined,
  },
  {
    name: 'CHECK under IGNORE',
    reason: 'MySQL leaves the row out with a warning (CHECK Constraints); MariaDB ends the statement.',
    matches: ({ sql, ours, theirs }) =>
      sql.includes(' IGNORE ') && ours.failure === undefined && theirs.failure?.number === 4025,
  },
  {
    name: 'names of a column that is asked for twice',
    reason: 'MariaDB gives both results the alias of the later one.',
    matches: ({ sql, ours, theirs }) => {
      const names = ours.columns?.map(({ name }) => name) ?? []
      const areOthers = theirs.columns?.every(({ name }) => names.includes(name)) === true
      return areOthers && outcomeDifference(sql, { ...ours, columns: theirs.columns }, theirs) === undefined
    },
  },
]

/** Where MySQL 9 is known to answer differently from MySQL 8, or from Switchyard for a reason. */
export const MYSQL_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'decimals of the value that was taken',
    reason:
      'IF, CASE and ROUND of MySQL show the decimals of the value that they took, those of Switchyard have the decimals ' +
      'of the column.',
    matches: ({ sql, ours, theirs }) =>
      /\b(IF|CASE|ROUND|TRUNCATE|UNION|INTERSECT|EXCEPT)\b/.test(sql) &&
      isOnlyOtherType(sql, ours, theirs, ['decimal', 'decimal']),
  },
  {
    name: 'totals of no rows',
    reason: 'MySQL 9 has a row of totals for WITH ROLLUP where there are no rows.',
    matches: ({ sql, ours, theirs }) =>
      sql.includes('WITH ROLLUP') && ours.rows.length < theirs.rows.length && ours.failure === undefined,
  },
  {
    name: 'hashes of a component',
    reason: 'MySQL 9.6 and later have MD5() and SHA1() in a component, which answers in ascii.',
    matches: ({ sql, ours, theirs }) =>
      /\b(MD5|SHA1)\(/.test(sql) && ours.failure === undefined && theirs.failure?.number === 1253,
  },
  {
    name: 'type of YEAR()',
    reason: 'MySQL 9 answers a YEAR, which is unsigned, where MySQL 8.0 began with an INT.',
    matches: ({ sql, ours, theirs }) =>
      /\bYEAR\(/.test(sql) &&
      (theirs.failure?.number === 1690 ||
        isOnlyOtherType(sql, ours, theirs, ['integer', 'year']) ||
        isOnlyOtherType(sql, ours, theirs, ['integer', 'decimal'])),
  },
  {
    name: 'rows with two faults',
    reason: 'Which fault is found first is not said: a duplicate key, or rows that refer to the old one.',
    matches: ({ ours, theirs }) => ours.failure?.number === 1062 && theirs.failure?.number === 1451,
  },
  DERIVED_COERCIBILITY,
  {
    name: 'signs of signs',
    reason:
      'MySQL has a DECIMAL for the negative of a negative literal, which a BIGINT could be too narrow for.',
    matches: ({ sql, ours, theirs }) =>
      /- ?-\d/.test(sql) && isOnlyOtherType(sql, ours, theirs, ['integer', 'decimal']),
  },
  ROW_COMPARISONS_ABOVE_OUTER_JOINS,
  {
    name: 'groups by comparisons of rows',
    reason: 'MySQL does not know an expression with a row constructor again that is grouped by.',
    matches: ({ sql, ours, theirs }) =>
      /GROUP BY .*\(.*, .*\)/.test(sql) && ours.failure === undefined && theirs.failure?.number === 1055,
  },
  {
    name: 'zero that is negative',
    reason: 'To MySQL a row changes if its bytes do, to Switchyard if its values do; 0 and -0 are equal.',
    matches: ({ sql, ours, theirs }) =>
      /^UPDATE\b.*-0/.test(sql) && ours.affectedRows !== undefined && theirs.affectedRows !== undefined,
  },
  {
    name: 'narrow columns of derived tables',
    reason:
      'Where MySQL makes a temporary table of a derived one, integers of few digits become INT, and an unsigned INT ' +
      'beside a BIGINT is a BIGINT; beside an unsigned BIGINT it is a DECIMAL.',
    matches: ({ sql, ours, theirs }) =>
      /\b(FROM|JOIN|LATERAL) \(SELECT\b|\bWITH\b/.test(sql) &&
      isOnlyOtherType(sql, ours, theirs, ['decimal', 'integer']),
  },
  {
    name: 'places of texts',
    reason:
      'LOCATE() and INSTR() of MySQL 9 compare characters in the collation of the text that is searched; those of MySQL ' +
      '8.0 as many bytes as are looked for, in the collation of both.',
    matches: ({ sql, ours, theirs }) =>
      /\b(LOCATE|INSTR)\(/.test(sql) && ours.failure === undefined && theirs.failure === undefined,
  },
]

/** Nothing but nines: a number that was out of range. */
function hasCut({ rows }: Outcome): boolean {
  return rows.some((row) => row.some((cell) => /^-?9+\.9+$/.test(cell ?? '')))
}

function isFaultOfCondition(failure: SqlFailure | undefined): boolean {
  return (
    failure !== undefined &&
    [1292, 1365, 1441].includes(failure.number) &&
    !failure.message.includes('for column')
  )
}

/** The same rows, but some columns are of the first type here and of the second there. */
function isOnlyOtherType(
  sql: string,
  ours: Outcome,
  theirs: Outcome,
  [own, other]: readonly [string, string],
): boolean {
  if (ours.columns === undefined || theirs.columns === undefined) return false
  const columns = ours.columns.map((column, i) => {
    const their = theirs.columns?.[i]
    const differs = their !== undefined && familyOf(column) === own && familyOf(their) === other
    // Compared as numbers: ROUND(integer, 2) has no decimals, that of a DECIMAL has.
    return differs ? { ...their, kind: 'approximate' as const } : column
  })
  return outcomeDifference(sql, { ...ours, columns }, theirs) === undefined
}
