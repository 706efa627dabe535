/**
 * sql_mode as text and as bits.
 */
import { sqlError } from '../../common/sql-error.js'
import { SqlMode, type SqlModeName } from '../../common/sql-mode.js'

/** Modes that stand for several (MySQL manual 7.1.11 "Combination SQL Modes"). */
const COMBINATIONS: Readonly<Record<string, readonly SqlModeName[]>> = {
  ANSI: ['REAL_AS_FLOAT', 'PIPES_AS_CONCAT', 'ANSI_QUOTES', 'IGNORE_SPACE', 'ONLY_FULL_GROUP_BY', 'ANSI'],
  TRADITIONAL: [
    'STRICT_TRANS_TABLES',
    'STRICT_ALL_TABLES',
    'NO_ZERO_IN_DATE',
    'NO_ZERO_DATE',
    'ERROR_FOR_DIVISION_BY_ZERO',
    'NO_ENGINE_SUBSTITUTION',
    'TRADITIONAL',
  ],
}

/** Modes of MySQL 5.7 that dumps still set and MySQL 8 removed; accepted without effect, as clients expect. */
const REMOVED = new Set(['NO_AUTO_CREATE_USER', 'NO_FIELD_OPTIONS', 'NO_KEY_OPTIONS', 'NO_TABLE_OPTIONS'])

/** Throws ER_WRONG_VALUE_FOR_VAR, and ER_NOT_SUPPORTED_YET for the mode that nothing here follows. */
export function parseSqlMode(text: string): number {
  let mode = 0
  for (const part of text.split(',')) {
    const name = part.trim().toUpperCase()
    if (name === '' || REMOVED.has(name)) continue
    const members = COMBINATIONS[name] ?? (name in SqlMode ? [name as SqlModeName] : undefined)
    if (members === undefined) throw sqlError('ER_WRONG_VALUE_FOR_VAR', 'sql_mode', part.trim())
    if (members.includes('PAD_CHAR_TO_FULL_LENGTH')) {
      throw sqlError('ER_NOT_SUPPORTED_YET', 'PAD_CHAR_TO_FULL_LENGTH')
    }
    for (const member of members) mode |= SqlMode[member]
  }
  return mode
}

export function formatSqlMode(mode: number): string {
  return (Object.keys(SqlMode) as SqlModeName[]).filter((name) => (mode & SqlMode[name]) !== 0).join(',')
}

/** Places of the modes in the number that sql_mode may be set to. */
const MYSQL_BITS: Readonly<Record<SqlModeName, number>> = {
  REAL_AS_FLOAT: 0,
  PIPES_AS_CONCAT: 1,
  ANSI_QUOTES: 2,
  IGNORE_SPACE: 3,
  ONLY_FULL_GROUP_BY: 5,
  NO_UNSIGNED_SUBTRACTION: 6,
  NO_DIR_IN_CREATE: 7,
  ANSI: 18,
  NO_AUTO_VALUE_ON_ZERO: 19,
  NO_BACKSLASH_ESCAPES: 20,
  STRICT_TRANS_TABLES: 21,
  STRICT_ALL_TABLES: 22,
  NO_ZERO_IN_DATE: 23,
  NO_ZERO_DATE: 24,
  ALLOW_INVALID_DATES: 25,
  ERROR_FOR_DIVISION_BY_ZERO: 26,
  TRADITIONAL: 27,
  HIGH_NOT_PRECEDENCE: 29,
  NO_ENGINE_SUBSTITUTION: 30,
  PAD_CHAR_TO_FULL_LENGTH: 31,
  TIME_TRUNCATE_FRACTIONAL: 32,
}

/** The text of a mode given as MySQL's number. */
export function sqlModeOfNumber(number: number | bigint): string {
  const bits = BigInt(number)
  if (bits < 0n || bits >> BigInt(MYSQL_BITS.TIME_TRUNCATE_FRACTIONAL + 1) !== 0n) {
    throw sqlError('ER_WRONG_VALUE_FOR_VAR', 'sql_mode', String(number))
  }
  const names = (Object.keys(MYSQL_BITS) as SqlModeName[]).filter(
    (name) => ((bits >> BigInt(MYSQL_BITS[name])) & 1n) === 1n,
  )
  return formatSqlMode(parseSqlMode(names.join(',')))
}
