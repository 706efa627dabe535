/**
 * What the optimizer may ask: statistics, placements, storages, and what values parameters have now.
 */
import type { EvaluationContext } from '../common/evaluation.js'
import type { FunctionLibrary } from '../spi/functions.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'
import type { PlacementCandidate, RoutingRequest } from '../spi/router.js'
import type { Storage } from '../spi/storage.js'
import type { IndexRange } from '../spi/transaction.js'
import type { Value } from '../common/value.js'
import type { Rule } from './rule.js'

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
  /**
   * The storage of this name, or undefined if it isn't running. Without this function every storage counts as one of keyspaces,
   * and no sub-plan goes to a driver as a whole.
   */
  readonly storage?: (name: string) => Storage | undefined
  /** Settings and the parameters' values, to compute bounds of index ranges for estimates; without it estimates are rules of thumb. */
  readonly evaluation?: EvaluationContext
  /**
   * The value of a constant expression, if the plan may be tied to it (the caller then pins the literals in it); undefined for
   * one whose value may differ at the next execution of the plan.
   */
  readonly constantValue?: (expression: Expression) => { readonly value: Value } | undefined
  /** Takes the place of the usual rules: tests compare plans with and without them. */
  readonly rules?: readonly Rule[]
  /** Whether this transaction has written to the table: secondary placements lack its rows. */
  readonly hasOwnWrites?: (table: TableDefinition) => boolean
}
