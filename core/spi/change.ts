/**
 * Changes that a driver runs as a whole: an INSERT … SELECT, UPDATE or DELETE all of whose tables live in one storage. Core offers
 * the plan; the driver answers at plan time whether it would change the same rows to the same values, with MySQL's counts,
 * warnings and errors. What it refuses comes to it row by row.
 */
import type { ExactValue, Value } from '../common/value.js'
import type { ChangePlan } from '../plan/change.js'
import type { Expression } from '../plan/expression.js'
import type { ColumnDefinition } from '../plan/schema.js'
import type { FragmentValues } from './fragment.js'

export interface DriverChange {
  /** Its input, or source, is as fragments are: conditions are pushed down, nothing is ordered or chosen yet. */
  readonly plan: ChangePlan
  /** Whether values that a column can't hold are errors, rather than changed with a warning. */
  readonly isStrict: boolean
  /** Whether 0 in an AUTO_INCREMENT column is a number like others (NO_AUTO_VALUE_ON_ZERO). */
  readonly keepsZero: boolean
}

export type ChangeAnswer =
  { readonly accepted: true; readonly text: string } | { readonly accepted: false; readonly reason: string }

/** What a driver may ask while it runs a change. */
export interface ChangeValues extends FragmentValues {
  /**
   * What a column stores for an expression that reads no columns, in the representation of the column's type. Undefined if that would warn
   * or fail, or if the column can't be NULL and this is: whether that matters depends on the rows, so core has to run it.
   */
  storedOf(column: ColumnDefinition, expression: Expression): Value | undefined
}

export interface ChangedRows {
  /** Rows that the statement found, or was given. */
  readonly matchedRows: number
  /** Rows that are different now, new or gone. */
  readonly affectedRows: number
  /** Rows that an INSERT had to replace or to leave out. */
  readonly duplicates: number
  /** As in the OK packet: the first number that was drawn, or else the last one that was given. */
  readonly lastInsertId: ExactValue
  /** The first number that was drawn, 0 for none. */
  readonly generatedId: ExactValue
}
