/**
 * What an upgrade of the server leaves to do before anybody comes: tables whose indexes were built with other collation weights
 * are copied.
 */
import type { LocalCatalog } from '../../catalog/local-catalog.js'
import { quoted } from '../../catalog/names.js'
import { tablesWithOutdatedIndexes } from '../../catalog/outdated-indexes.js'
import type { Logger } from '../../spi/logger.js'

export interface RebuildOptions {
  readonly catalog: LocalCatalog
  readonly logger: Logger
  /** Runs one statement with all privileges; rejects with its error. */
  readonly run: (sql: string) => Promise<void>
}

/** Rejects with an Error that names the table if one can't be rebuilt: reading it would give wrong answers. */
export async function rebuildOutdatedIndexes({ catalog, logger, run }: RebuildOptions): Promise<void> {
  for (const { database, name } of tablesWithOutdatedIndexes(catalog.snapshot)) {
    logger.info({ database, table: name }, 'building the indexes of a table for new collation weights')
    try {
      await run(`ALTER TABLE ${quoted(database)}.${quoted(name)} FORCE`)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new Error(
        `the table ${database}.${name} could not be rebuilt for this version of the server: ${reason}`,
        { cause },
      )
    }
  }
}
