/**
 * Fragments: sub-plans that a driver runs as a whole. Core offers the largest subtree whose tables all live in one
 * placement; the driver answers at plan time whether its result would equal MySQL's in every row, warning and error.
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
