/**
 * FOR UPDATE and FOR SHARE: which table of a query block each clause locks, and how (MySQL manual 17.7.2.4
 * "Locking Reads").
 */
import { sqlError } from '../common/sql-error.js'
import type { ScanLock } from '../plan/logical.js'
import type { LockingClause } from '../plan/syntax/index.js'
import { READ_ONLY, type FromOptions } from './named-tables.js'
import { sameName, type Scope } from './scope.js'

const WAITS = { wait: 'wait', nowait: 'nowait', skipLocked: 'skip' } as const

export function lockOptions(locking: readonly LockingClause[]): FromOptions {
  if (locking.length === 0) return READ_ONLY
  return {
    isTarget: () => false,
    lockOf: (alias): ScanLock | undefined => {
      const clause = locking.find((each) => locks(each, alias))
      if (clause === undefined) return undefined
      return { mode: clause.strength === 'update' ? 'exclusive' : 'share', wait: WAITS[clause.wait] }
    },
  }
}

function locks(clause: LockingClause, alias: string): boolean {
  return clause.tables.length === 0 || clause.tables.some((table) => sameName(table.name, alias))
}

/**
 * Checks the clauses against the tables of FROM. Throws ER_UNRESOLVED_TABLE_LOCK for a name that isn't among them, and
 * ER_DUPLICATE_TABLE_LOCK for a table that two clauses lock.
 */
export function checkLocking(locking: readonly LockingClause[], { relations }: Scope): void {
  for (const { name } of locking.flatMap((clause) => clause.tables)) {
    if (!relations.some((relation) => sameName(relation.alias, name))) {
      throw sqlError('ER_UNRESOLVED_TABLE_LOCK', quoted(name))
    }
  }
  for (const { alias } of relations) {
    const clauses = locking.filter((clause) => locks(clause, alias))
    if (clauses.length > 1) {
      const isNamed = clauses.some(({ tables }) => tables.length > 0)
      throw sqlError('ER_DUPLICATE_TABLE_LOCK', isNamed ? quoted(alias) : alias)
    }
  }
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
