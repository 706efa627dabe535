/**
 * Indexes whose keys were made with other weights of their collations than this server has: their order is no longer that of
 * their values, so that look-ups would miss rows. They have to be built anew before anybody reads them.
 */
import type { TableDefinition } from '../plan/schema.js'
import { collationVersions } from './define-index.js'
import type { CatalogSnapshot } from './snapshot.js'

export function tablesWithOutdatedIndexes(snapshot: CatalogSnapshot): readonly TableDefinition[] {
  const outdated: TableDefinition[] = []
  for (const { name } of snapshot.databases()) {
    for (const relation of snapshot.relations(name)) {
      if (relation.kind === 'table' && isOutdated(relation)) outdated.push(relation)
    }
  }
  return outdated
}

function isOutdated(table: TableDefinition): boolean {
  return table.indexes.some((index) => {
    const present = collationVersions(index.parts, table.columns)
    return present.some((version, i) => version !== index.collationVersions[i])
  })
}
