/**
 * sql_mode as text and as bits.
 */
import { sqlError } from '../../common/sql-error.js'
import { SqlMode, type SqlModeName } from '../../common/sql-mode.js'

/** Modes that stand for several (MySQL manual 7.1.11 "Combination SQL Modes"). */
const COMBINATIONS: Readonly<Record<string, readonly SqlModeName[]>> = {
  ANSI: ['REAL_AS_FLOAT', 'PIPES_AS_CONCAT', 'ANSI_QUOTES', 'IGNORE_SPACE', 'ONLY_FULL_GROUP_BY'],
  TRADITIONAL: [
    'STRICT_TRANS_TABLES',
    'STRICT_ALL_TABLES',
    'NO_ZERO_IN_DATE',
    'NO_ZERO_DATE',
    'ERROR_FOR_DIVISION_BY_ZERO',
    'NO_ENGINE_SUBSTITUTION',
  ],
}

/** Modes of MySQL 5.7 that dumps still set and MySQL 8 removed; accepted without effect, as clients expect. */
const REMOVED = new Set(['NO_AUTO_CREATE_USER', 'NO_FIELD_OPTIONS', 'NO_KEY_OPTIONS', 'NO_TABLE_OPTIONS'])

export function parseSqlMode(text: string): number {
  let mode = 0
  for (const part of text.split(',')) {
    const name = part.trim().toUpperCase()
    if (name === '' || REMOVED.has(name)) continue
    const members = COMBINATIONS[name] ?? (name in SqlMode ? [name as SqlModeName] : undefined)
    if (members === undefined) throw sqlError('ER_WRONG_VALUE_FOR_VAR', 'sql_mode', part.trim())
    for (const member of members) mode |= SqlMode[member]
  }
  return mode
}

export function formatSqlMode(mode: number): string {
  return (Object.keys(SqlMode) as SqlModeName[]).filter((name) => (mode & SqlMode[name]) !== 0).join(',')
}
