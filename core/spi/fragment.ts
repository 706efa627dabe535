/**
 * Fragments: sub-plans that a driver runs as a whole. Core offers the largest subtree whose tables all live in one
 * placement; the driver answers at plan time whether its result would equal MySQL's in every row, warning and error.
 *
 * Plans are kept and run again with other literals: a `parameter` expression has its value in
 * `statement.evaluation.parameters[slot]` when the fragment runs, and none that counts when it is planned. A driver that wants to
 * look at a value to decide refuses the parameter. Columns are known by their ids; what a node produces, and in which order, is its
 * `output`.
 */
import type { SqlType } from '../common/sql-type.js'
import type { LogicalNode } from '../plan/logical.js'

export interface Fragment {
  readonly root: LogicalNode
  /** The columns of the result, in order. */
  readonly columns: readonly { readonly id: number; readonly type: SqlType }[]
}

export type FragmentAnswer =
  | { readonly accepted: true; readonly rows: number; readonly cost: number; readonly text: string }
  | { readonly accepted: false; readonly reason: string }
