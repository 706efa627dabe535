/**
 * FLUSH (MySQL manual 15.7.8.3). Much of what it is for in MySQL needs nothing here: accounts are always those of the catalog, there
 * is no cache of hosts or costs, and the server writes no log files that could be rotated.
 */
import { sqlError } from '../../../common/sql-error.js'
import type { FlushOption, FlushStatement } from '../../../plan/syntax/index.js'
import { DONE, type DoneResult } from '../../server-core.js'
import type { ShowContext } from '../show/context.js'
import { lockTargets } from './lock-tables.js'
import { requireAny } from './privileges.js'

export async function flush({ options }: FlushStatement, context: ShowContext): Promise<DoneResult> {
  const { account } = context.request()
  for (const option of options) requireAny(account, 'RELOAD', ...dynamicPrivileges(option))
  for (const option of options) await flushOption(option, context)
  return DONE
}

/** Dynamic privileges that stand for RELOAD. */
function dynamicPrivileges({ kind }: FlushOption): readonly string[] {
  switch (kind) {
    case 'tables':
      return ['FLUSH_TABLES']
    case 'status':
      return ['FLUSH_STATUS']
    case 'userResources':
      return ['FLUSH_USER_RESOURCES']
    case 'optimizerCosts':
      return ['FLUSH_OPTIMIZER_COSTS']
    default:
      return []
  }
}

async function flushOption(option: FlushOption, context: ShowContext): Promise<void> {
  const { services, session } = context
  switch (option.kind) {
    case 'tables':
      return flushTables(option, context)
    case 'status':
      services.status.flush(session.counters)
      return
    case 'engineLogs':
    case 'logs':
      // What commits left in the log comes to lie in the storages, and the log begins anew.
      return services.transactions.checkpoint()
    case 'binaryLogs':
    case 'errorLogs':
    case 'generalLogs':
    case 'slowLogs':
    case 'relayLogs':
    case 'hosts':
    case 'optimizerCosts':
    case 'privileges':
    case 'userResources':
    case 'resources':
  }
}

async function flushTables(
  { tables, mode }: Extract<FlushOption, { readonly kind: 'tables' }>,
  context: ShowContext,
): Promise<void> {
  const { services, session, running } = context
  const { tableLocks } = session
  if (mode === 'forExport') throw sqlError('ER_NOT_SUPPORTED_YET', 'FLUSH TABLES … FOR EXPORT')
  if (mode === undefined) {
    if (tableLocks.isLocking) throw sqlError('ER_LOCK_OR_ACTIVE_TRANSACTION')
    for (const catalog of services.core.names.catalogs) catalog.invalidate()
    services.core.plans.clear()
    return
  }
  if (tables.length === 0) return tableLocks.lockEverything(running)
  if (tableLocks.isLocking) throw sqlError('ER_LOCK_OR_ACTIVE_TRANSACTION')
  return lockTargets(
    tables.map((table) => ({ table, mode: 'read' })),
    context,
  )
}
