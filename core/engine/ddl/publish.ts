/**
 * Commits a catalog change with what belongs to it, and lets go of what it leaves behind.
 */
import type { CatalogChange } from '../../catalog/catalog-change.js'
import type { CatalogTransaction } from '../../catalog/catalog-store.js'
import type { Orphan } from '../../catalog/orphan.js'
import { isPromise } from '../../common/value.js'
import { sqlError } from '../../common/sql-error.js'
import { isTableStorage, type Storage } from '../../spi/storage.js'
import type { CoreTransactionManager } from '../../transaction/transaction-manager.js'
import type { CoreTransaction } from '../../transaction/transaction.js'
import type { DefinitionServices } from './definition-context.js'

/** A transaction as the catalog sees it. */
export function catalogTransaction(
  manager: CoreTransactionManager,
  transaction: CoreTransaction,
): CatalogTransaction {
  return {
    store: manager.systemStore(transaction),
    commit: () => transaction.commit(),
    rollback: () => {
      transaction.rollback()
    },
  }
}

/**
 * Makes a change durable and visible. `prepare` may write more in its transaction (counters); a transaction that is handed in
 * has rows to commit with it. What the change leaves behind is removed in the background.
 */
export async function publish(
  services: DefinitionServices,
  change: CatalogChange,
  prepare?: (transaction: CoreTransaction) => void,
  transaction: CoreTransaction = services.transactions.beginInternal(),
): Promise<void> {
  try {
    prepare?.(transaction)
  } catch (error) {
    transaction.rollback()
    throw error
  }
  const committed = services.catalog.commit(change, catalogTransaction(services.transactions, transaction))
  if (isPromise(committed)) await committed
  services.orphans.remove(change.orphans ?? [])
}

/** Notes things before they are made, so that a crash doesn't leave them. */
export async function noteAhead(services: DefinitionServices, orphans: readonly Orphan[]): Promise<void> {
  if (orphans.length === 0) return
  const committed = services.catalog.commit({ orphans })
  if (isPromise(committed)) await committed
}

/** Throws ER_STORAGE_UNAVAILABLE. */
export function requireStorage(services: DefinitionServices, name: string): Storage {
  const storage = services.storages.find((candidate) => candidate.name === name)
  if (storage === undefined) throw sqlError('ER_STORAGE_UNAVAILABLE', name, 'it is not configured')
  return storage
}

export function shapeOf(services: DefinitionServices): (storage: string) => 'keyspace' | 'table' {
  return (name) => (isTableStorage(requireStorage(services, name)) ? 'table' : 'keyspace')
}
