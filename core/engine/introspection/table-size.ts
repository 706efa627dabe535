/**
 * How large a table is, for listings: an estimate that costs next to nothing for tables in keyspaces, a question to the driver for
 * others.
 */
import { isPromise, type ExactValue, type MaybePromise } from '../../common/value.js'
import { primaryPlacementOf, type TableDefinition } from '../../plan/schema.js'
import { isTableStorage } from '../../spi/storage.js'
import { tolerating } from './relations.js'
import type { ListingRequest } from './listing.js'

export interface TableFigures {
  readonly rows: number
  readonly dataBytes: number
  /** Undefined if the storage doesn't compress, or doesn't tell. */
  readonly uncompressedBytes: number | undefined
  /** Undefined if the table has no AUTO_INCREMENT column. */
  readonly nextAutoIncrement: ExactValue | undefined
}

/** Undefined if nobody asks, and, with a warning, if the table's storage can't tell. */
export async function tableFigures(
  table: TableDefinition,
  request: ListingRequest,
): Promise<TableFigures | undefined> {
  if (!request.needsFigures) return undefined
  return tolerating(request, async () => {
    const size = sizeOf(table, request)
    const { rows, bytes, uncompressedBytes } = isPromise(size) ? await size : size
    return {
      rows: Math.round(rows),
      dataBytes: Math.round(bytes),
      uncompressedBytes,
      nextAutoIncrement: await nextAutoIncrement(table, request),
    }
  })
}

function sizeOf(
  table: TableDefinition,
  { services }: ListingRequest,
): MaybePromise<{
  readonly rows: number
  readonly bytes: number
  readonly uncompressedBytes?: number | undefined
}> {
  const { execution, transactions } = services.core
  const storage = execution.storage(primaryPlacementOf(table).storage)
  if (isTableStorage(storage)) return storage.statistics(table)
  const { environment } = transactions
  return environment.sizes.of(environment.runtimeOf(table))
}

/** Counters of remote tables are the remote's own. */
async function nextAutoIncrement(
  table: TableDefinition,
  { services }: ListingRequest,
): Promise<ExactValue | undefined> {
  if (!table.columns.some((column) => column.autoIncrement)) return undefined
  const isOurs = table.temporary || services.catalog.relation(table.database, table.name)?.id === table.id
  if (!isOurs) return undefined
  return services.core.transactions.nextAutoIncrement(table)
}
