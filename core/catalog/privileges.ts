/**
 * Access control (MySQL manual 8.2.7 "Access Control, Stage 2"): whether an account may do something. A privilege counts
 * wherever it was granted: on everything, on the database, or on the table.
 */
import { sqlError } from '../common/sql-error.js'
import type { Account, Grant } from './account.js'
import { isVirtualDatabase } from './names.js'

/** Names of static privileges that statements ask for. */
export type PrivilegeName =
  | 'SELECT'
  | 'INSERT'
  | 'UPDATE'
  | 'DELETE'
  | 'CREATE'
  | 'DROP'
  | 'RELOAD'
  | 'SHUTDOWN'
  | 'PROCESS'
  | 'FILE'
  | 'REFERENCES'
  | 'INDEX'
  | 'ALTER'
  | 'SHOW DATABASES'
  | 'SUPER'
  | 'CREATE TEMPORARY TABLES'
  | 'LOCK TABLES'
  | 'EXECUTE'
  | 'CREATE VIEW'
  | 'SHOW VIEW'
  | 'CREATE USER'
  | 'TRIGGER'
  | 'CREATE ROLE'
  | 'DROP ROLE'

/**
 * Lets the statement go on if the account has the privilege. Without a table the question is about the database, without both
 * about everything. Throws ER_TABLEACCESS_DENIED_ERROR, ER_DBACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR.
 */
export function requirePrivilege(
  account: Account,
  privilege: PrivilegeName,
  database?: string,
  table?: string,
): void {
  if (hasPrivilege(account, privilege, database, table)) return
  if (database === undefined) throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', privilege)
  if (table === undefined) throw sqlError('ER_DBACCESS_DENIED_ERROR', account.user, account.host, database)
  throw sqlError('ER_TABLEACCESS_DENIED_ERROR', privilege, account.user, account.host, table)
}

export function hasPrivilege(
  account: Account,
  privilege: PrivilegeName,
  database?: string,
  table?: string,
): boolean {
  for (const grant of account.grants) {
    if (covers(grant, database, table) && grant.privileges.includes(privilege)) return true
  }
  // Everybody may read the computed tables; what they show depends on other privileges.
  return privilege === 'SELECT' && database !== undefined && isVirtualDatabase(database)
}

/** A dynamic privilege; SUPER implies them all, as it does in MySQL for compatibility. */
export function hasDynamicPrivilege(account: Account, name: string): boolean {
  return account.dynamicGrants.some((grant) => grant.name === name) || hasPrivilege(account, 'SUPER')
}

/** Throws ER_SPECIFIC_ACCESS_DENIED_ERROR in MySQL's wording ("SUPER or X"). */
export function requireDynamicPrivilege(account: Account, name: string): void {
  if (!hasDynamicPrivilege(account, name))
    throw sqlError('ER_SPECIFIC_ACCESS_DENIED_ERROR', `SUPER or ${name}`)
}

/** Whether the account may see that a database exists: USE, SHOW DATABASES. */
export function canSeeDatabase(account: Account, database: string): boolean {
  if (isVirtualDatabase(database)) return true
  if (hasPrivilege(account, 'SHOW DATABASES')) return true
  return account.grants.some(
    (grant) => isAnything(grant) && (grant.level === 'global' || coversDatabase(grant, database)),
  )
}

/** Whether the account may see that a table exists: any privilege on it or above. */
export function canSeeTable(account: Account, database: string, table: string): boolean {
  if (isVirtualDatabase(database)) return true
  return account.grants.some((grant) => isAnything(grant) && covers(grant, database, table))
}

/** Throws ER_DBACCESS_DENIED_ERROR. */
export function requireDatabaseAccess(account: Account, database: string): void {
  if (!canSeeDatabase(account, database)) {
    throw sqlError('ER_DBACCESS_DENIED_ERROR', account.user, account.host, database)
  }
}

function isAnything(grant: Grant): boolean {
  return grant.privileges.length > 0 || grant.grantOption
}

/** Whether what is granted counts for the object. */
export function covers(grant: Grant, database: string | undefined, table: string | undefined): boolean {
  switch (grant.level) {
    case 'global':
      return true
    case 'database':
      return database !== undefined && coversDatabase(grant, database)
    case 'table':
      return database === grant.database && table === grant.table
  }
}

/** `%` and `_` are wildcards on the database level unless escaped. */
function coversDatabase(grant: Grant, database: string): boolean {
  if (grant.level === 'table' || !/[%_\\]/.test(grant.database)) return grant.database === database
  return patternOf(grant.database).test(database)
}

const PATTERNS_MAX = 1000
const patterns = new Map<string, RegExp>()

function patternOf(pattern: string): RegExp {
  let compiled = patterns.get(pattern)
  if (compiled === undefined) {
    if (patterns.size >= PATTERNS_MAX) patterns.clear()
    compiled = compilePattern(pattern)
    patterns.set(pattern, compiled)
  }
  return compiled
}

function compilePattern(pattern: string): RegExp {
  let source = ''
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i)
    if (character === '%') source += '.*'
    else if (character === '_') source += '.'
    else {
      if (character === '\\' && i + 1 < pattern.length) i++
      source += pattern.charAt(i).replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
    }
  }
  return new RegExp(`^${source}$`, 'su')
}

/** Whether the account may hand on a privilege on an object; '' asks for the right to hand on anything at all. */
export function canGrant(
  account: Account,
  privilege: string,
  database: string | undefined,
  table: string | undefined,
): boolean {
  const covering = account.grants.filter((grant) => covers(grant, database, table))
  if (!covering.some((grant) => grant.grantOption)) return false
  return privilege === '' || covering.some((grant) => grant.privileges.includes(privilege))
}
