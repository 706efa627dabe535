/** What the SQL of a fragment depends on besides the plan: how its tables are stored, and the values of one execution. */
import type { FragmentValues, TableDefinition } from '@switchyard/core/spi'
import type { StoredTable } from './stored-table.js'

export interface FragmentScope {
  stored(table: TableDefinition): StoredTable
  /** Whether rows of the table may have several versions. */
  hasVersions(table: TableDefinition): boolean
  /** Ids of the table's columns that have texts that aren't compared by themselves. */
  exceptions(table: TableDefinition): ReadonlySet<number>
  /** Ids of its columns of text that lie in dictionaries. */
  dictionaries(table: TableDefinition): ReadonlySet<number>
  /** About how many rows it has. */
  rows(table: TableDefinition): number
  /** Undefined while the fragment is planned: then no value counts. */
  readonly values: FragmentValues | undefined
}
