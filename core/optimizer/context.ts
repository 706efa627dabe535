/**
 * What the optimizer may ask: statistics, placements, and what values parameters have now.
 */
import type { FunctionLibrary } from '../spi/functions.js'
import type { ColumnId } from '../plan/expression.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { PlacementCandidate, RoutingRequest } from '../spi/router.js'
import type { IndexRange } from '../spi/transaction.js'
import type { Value } from '../common/value.js'

export interface OptimizerContext {
  newColumn(): ColumnId
  /** The value that a parameter has now. Plans must be right for every value; this one is only for estimates. */
  parameter(slot: number): Value
  readonly functions: FunctionLibrary
  /** Online estimates; cheap. */
  statistics(table: TableDefinition): { readonly rows: number; readonly bytes: number }
  /** Estimated number of entries in a range of an index, or undefined. */
  estimateRange(table: TableDefinition, index: IndexDefinition, range: IndexRange): number | undefined
  /** Placements in order of preference, refused ones with reasons. */
  candidates(request: RoutingRequest): readonly PlacementCandidate[]
}
