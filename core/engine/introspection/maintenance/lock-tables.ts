/**
 * LOCK TABLES, UNLOCK TABLES, LOCK INSTANCE FOR BACKUP (MySQL manual 15.3.6, 15.3.5).
 */
import { requirePrivilege } from '../../../catalog/privileges.js'
import type { RelationDefinition } from '../../../plan/schema.js'
import type { LockInstance, LockTables, QualifiedName } from '../../../plan/syntax/index.js'
import { resolveNames, type ResolvedNames } from '../../name-resolution.js'
import { DONE, type DoneResult } from '../../server-core.js'
import type { TableLockMode, TableLockRequest } from '../../session-table-locks.js'
import { requireAny } from './privileges.js'
import type { ShowContext } from '../show/context.js'

/** A table or view to lock. */
export interface LockTarget {
  readonly table: QualifiedName
  readonly mode: TableLockMode
}

export async function lockTables(statement: LockTables, context: ShowContext): Promise<DoneResult> {
  const { session } = context
  // Those before are given up first, and stay so if the new ones can't be had.
  session.tableLocks.unlockTables()
  await lockTargets(
    statement.tables.map(({ table, mode }) => ({
      table,
      mode: mode === 'write' || mode === 'lowPriorityWrite' ? 'write' : 'read',
    })),
    context,
  )
  return DONE
}

/** Locks tables, and with a view the tables behind it. Rejects with ER_NO_SUCH_TABLE and the like; then nothing is locked. */
export async function lockTargets(targets: readonly LockTarget[], context: ShowContext): Promise<void> {
  const { tableLocks } = context.session
  for (const { table } of targets) requireLockPrivileges(table, context)
  try {
    let requests = await requestsFor(targets, context)
    for (;;) {
      await tableLocks.lock(requests, context.running)
      // Whoever was waited for may have dropped a table, or made another of its name.
      const present = await requestsFor(targets, context)
      if (sameIds(present, requests)) return
      requests = present
    }
  } catch (error) {
    tableLocks.unlockTables()
    throw error
  }
}

async function requestsFor(
  targets: readonly LockTarget[],
  { session, services }: ShowContext,
): Promise<readonly TableLockRequest[]> {
  const sources = {
    ...services.core.names,
    temporaryTable: (database: string, name: string) => session.temporaryTables.find(database, name),
  }
  const requests: TableLockRequest[] = []
  for (const { table, mode } of targets) {
    const resolved = await resolveNames(asSyntax(table), session.state.database, sources)
    resolved.relation(table.database, table.name)
    requests.push(...requestsOf(resolved, mode))
  }
  return requests
}

function sameIds(a: readonly TableLockRequest[], b: readonly TableLockRequest[]): boolean {
  return a.length === b.length && a.every(({ id }, i) => id === b[i]?.id)
}

function requestsOf({ found }: ResolvedNames, mode: TableLockMode): readonly TableLockRequest[] {
  return found.flatMap(({ relation }): readonly TableLockRequest[] => {
    switch (relation.kind) {
      case 'virtual':
        return []
      case 'view':
        return [requestOf(relation.view, mode)]
      case 'table':
        return relation.table.temporary ? [] : [requestOf(relation.table, mode)]
    }
  })
}

function requestOf({ id, database, name }: RelationDefinition, mode: TableLockMode): TableLockRequest {
  return { id, name: `${database}.${name}`, mode }
}

/** A reference to the table, as a statement would have it. */
function asSyntax(name: QualifiedName): object {
  return { kind: 'table', name, partitions: [] }
}

function requireLockPrivileges({ database, name }: QualifiedName, context: ShowContext): void {
  const { account } = context.request()
  const within = context.databaseName(database)
  if (context.session.temporaryTables.find(within, name) !== undefined) return
  requirePrivilege(account, 'LOCK TABLES', within)
  requirePrivilege(account, 'SELECT', within, name)
}

/** Ends LOCK TABLES, with the transaction that ran under it, and FLUSH TABLES WITH READ LOCK. */
export async function unlockTables({ session }: ShowContext): Promise<DoneResult> {
  const { tableLocks, transactions } = session
  if (tableLocks.isLocking) await transactions.commitOpen()
  tableLocks.unlockTables()
  tableLocks.unlockEverything()
  return DONE
}

export async function lockInstance({ lock }: LockInstance, context: ShowContext): Promise<DoneResult> {
  const { tableLocks } = context.session
  requireAny(context.request().account, 'SUPER', 'BACKUP_ADMIN')
  if (lock) await tableLocks.lockDefinitions(context.running)
  else tableLocks.unlockDefinitions()
  return DONE
}
