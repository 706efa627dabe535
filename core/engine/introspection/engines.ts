/**
 * Storage engines (SHOW ENGINES, information_schema.ENGINES): the configured storages, by the names that ENGINE = … takes.
 */
import type { ListingRequest } from './listing.js'

export interface EngineRow {
  readonly name: string
  readonly support: 'DEFAULT' | 'YES'
  readonly comment: string
  readonly hasTransactions: boolean
}

export function walkEngines({ services }: ListingRequest, emit: (row: EngineRow) => void): void {
  for (const { name, comment, capabilities } of services.storages) {
    emit({
      name,
      support: name === services.settings.storage ? 'DEFAULT' : 'YES',
      comment,
      hasTransactions: capabilities.transactions === 'full',
    })
  }
}
