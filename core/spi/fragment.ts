/**
 * Fragments: sub-plans that a driver runs as a whole. Core offers the largest subtree whose tables all live in one
 * placement; the driver answers at plan time whether its result would equal MySQL's in every row, warning and error.
 *
 * Plans are kept and run again with other literals: expressions that read no columns have their values when the fragment runs
 * (`FragmentValues`), and none that counts when it is planned. A driver that wants to look at a value to decide refuses the
 * expression. Columns are known by their ids; what a node produces, and in which order, is its `output`.
 */
import type { SqlType } from '../common/sql-type.js'
import type { ExactValue, Value } from '../common/value.js'
import type { Expression } from '../plan/expression.js'
import type { LogicalNode, ScanNode } from '../plan/logical.js'
import type { TableDefinition } from '../plan/schema.js'

export interface Fragment {
  readonly root: LogicalNode
  /** The columns of the result, in order. */
  readonly columns: readonly { readonly id: number; readonly type: SqlType }[]
  /**
   * Only when it runs, and not for every fragment: of the result, rows are wanted whose column (one of `columns`) has one of these values
   * of its type. The driver leaves out what others it can.
   */
  readonly wanted?: { readonly column: number; readonly values: readonly Value[] }
}

export type FragmentAnswer =
  | { readonly accepted: true; readonly rows: number; readonly cost: number; readonly text: string }
  | {
      readonly accepted: false
      readonly reason: string
      /** Whether core may ask again without some of the conditions, and check those itself on the rows that are left. */
      readonly divisible?: boolean
    }

/** What a driver may ask while it runs a fragment. */
export interface FragmentValues {
  /**
   * The value of an expression that reads no columns: literals, parameters, and whatever is computed of them, in the
   * representation of the expression's type. Throws what computing it throws.
   */
  valueOf(expression: Expression): Value
  /**
   * How a text that reads no columns stands beside a temporal column that it is compared with: as a date or time with all its digits,
   * which may lie between two values of the column. Undefined for NULL; throws ER_WRONG_VALUE for what is no date.
   */
  cutOf(column: SqlType, constant: Expression): TemporalCut | undefined
  /** Whether TIMESTAMPs show in the session's time zone as they are kept, in UTC. */
  readonly isUtc: boolean
}

/** A place among the values of a temporal column. */
export interface TemporalCut {
  /** The greatest value of the column's type that is not above the constant. */
  readonly floor: ExactValue
  /** Whether the constant is above `floor`. */
  readonly isAbove: boolean
}

/** Whether an expression has to be computed row by row; one that hasn't is a value of `FragmentValues`. */
export function readsColumns(expression: Expression): boolean {
  switch (expression.kind) {
    case 'constant':
    case 'parameter':
      return false
    case 'convert':
      return readsColumns(expression.operand)
    case 'call':
      return expression.volatility === 'volatile' || expression.arguments.some(readsColumns)
    default:
      return true
  }
}

/** The tables that a plan reads, each as often as it does. */
export function planTables(node: LogicalNode): readonly TableDefinition[] {
  return planScans(node).map(({ table }) => table)
}

export function planScans(node: LogicalNode): readonly ScanNode[] {
  switch (node.kind) {
    case 'scan':
      return [node]
    case 'join':
      return [...planScans(node.left), ...planScans(node.right)]
    case 'set operation':
      return node.inputs.flatMap(planScans)
    case 'filter':
    case 'project':
    case 'rename':
    case 'aggregate':
    case 'window':
    case 'sort':
    case 'limit':
    case 'distinct':
      return planScans(node.input)
    default:
      return []
  }
}
