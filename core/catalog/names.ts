/**
 * Names of databases, tables, columns, indexes and constraints (MySQL manual 11.2): lengths, what is not allowed in them, and
 * how they compare. Database and table names compare exactly (lower_case_table_names = 0), the others without case.
 */
import { sqlError, type SqlError } from '../common/sql-error.js'
import { codePointCount } from '../common/value-text.js'

/** Most characters of an identifier. */
export const IDENTIFIER_LENGTH_MAX = 64

/** MySQL 5.0 wrote file-system forms of names under this prefix; no new name may begin with it. */
const MANGLED_PREFIX = '#mysql50#'

export const INFORMATION_SCHEMA = 'information_schema'
export const PERFORMANCE_SCHEMA = 'performance_schema'
/** What is Switchyard's own. */
export const SWITCHYARD = 'switchyard'
const VIRTUAL_DATABASES: ReadonlySet<string> = new Set([INFORMATION_SCHEMA, PERFORMANCE_SCHEMA, SWITCHYARD])

/** information_schema, performance_schema and switchyard are found in any case; the engine computes their tables. */
export function isVirtualDatabase(name: string): boolean {
  return VIRTUAL_DATABASES.has(name.toLowerCase())
}

/** ER_UNKNOWN_TABLE for information_schema, whose tables have names in capitals; ER_NO_SUCH_TABLE for the others. */
export function missingVirtualTable(database: string, name: string): SqlError {
  if (database.toLowerCase() !== INFORMATION_SCHEMA) return sqlError('ER_NO_SUCH_TABLE', database, name)
  return sqlError('ER_UNKNOWN_TABLE', name.toUpperCase(), database)
}

/** Column, index, constraint and account option names compare without case. */
export function sameName(a: string, b: string): boolean {
  return a === b || nameKey(a) === nameKey(b)
}

/** Equal for names that are the same. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}

/** Throws ER_TOO_LONG_IDENT, ER_CANNOT_CONVERT_STRING and ER_WRONG_DB_NAME; those below likewise. */
export function checkDatabaseName(name: string): void {
  checkLength(name)
  if (!isWellFormed(name)) throw sqlError('ER_WRONG_DB_NAME', name)
}

/** Throws ER_TOO_LONG_IDENT and ER_WRONG_TABLE_NAME. */
export function checkTableName(name: string): void {
  checkLength(name)
  if (!isWellFormed(name)) throw sqlError('ER_WRONG_TABLE_NAME', name)
}

/** Throws ER_TOO_LONG_IDENT and ER_WRONG_COLUMN_NAME. */
export function checkColumnName(name: string): void {
  checkLength(name)
  if (!isPlain(name)) throw sqlError('ER_WRONG_COLUMN_NAME', name)
}

/** Throws ER_TOO_LONG_IDENT and ER_WRONG_NAME_FOR_INDEX; PRIMARY is the primary key's name and no other's. */
export function checkIndexName(name: string): void {
  checkLength(name)
  if (!isPlain(name) || sameName(name, 'PRIMARY')) throw sqlError('ER_WRONG_NAME_FOR_INDEX', name)
}

/** Constraint names: any characters, but not too many. Throws ER_TOO_LONG_IDENT. */
export function checkConstraintName(name: string): void {
  checkLength(name)
}

function checkLength(name: string): void {
  if (codePointCount(name) > IDENTIFIER_LENGTH_MAX) {
    throw sqlError('ER_TOO_LONG_IDENT', name)
  }
  // Names are utf8mb3, which has no characters beyond the basic plane.
  if (/[\ud800-\udfff]/.test(name)) {
    throw sqlError('ER_CANNOT_CONVERT_STRING', printable(name), 'utf8mb4', 'utf8mb3')
  }
}

const PRINTED_BYTES_MAX = 6

/** The first bytes of a name, as MySQL shows strings that it can't convert. */
function printable(name: string): string {
  const bytes = Buffer.from(name, 'utf8')
  const shown = [...bytes.subarray(0, PRINTED_BYTES_MAX)].map((byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase()}`,
  )
  return shown.join('') + (bytes.length > PRINTED_BYTES_MAX ? '...' : '')
}

function isWellFormed(name: string): boolean {
  return isPlain(name) && !name.startsWith(MANGLED_PREFIX)
}

/** Not empty, without NUL, and not ending in a space. */
function isPlain(name: string): boolean {
  return name !== '' && !name.endsWith(' ') && !name.includes('\0')
}

/**
 * A name in back-quotes, as SHOW CREATE prints it. Backslashes are no escapes there.
 */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
