/** A table driver's table as the parts of its access see it, within the transaction and the statement under way. */
import type { MaybePromise } from '../common/value.js'
import type { TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { BatchCursor, ScanRequest, TableStorage } from '../spi/storage.js'
import type { DriverRowKeys } from './driver-row-keys.js'

export interface DriverTable {
  readonly table: TableDefinition
  readonly storage: TableStorage
  /** Throws ER_NOT_SUPPORTED_YET where rows have neither a primary key nor an id. */
  readonly rowKeys: DriverRowKeys
  readonly statement: StatementContext
  /** What the driver finds, in its own order. It has got what the transaction wrote to the table by then. */
  foreignScan(request: ScanRequest): MaybePromise<BatchCursor>
}
