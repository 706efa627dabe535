/**
 * Builds rows to store: values converted by the rules of assignment, generated columns computed, NOT NULL and CHECK enforced.
 */
import { Batch } from '../common/batch.js'
import { compileStore, type Store } from '../common/conversion.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import type { SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import { compileExpression, type ExpressionLayout } from '../functions/compile-expression.js'
import type { ColumnAssignment, RowRules } from '../plan/change.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import { implicitDefault } from '../common/implicit-defaults.js'

/** Stores a value of one type into a column, with the NULL rule of single- and multi-row statements. */
export function compileColumnStore(column: ColumnDefinition, from: SqlType): Store {
  const store = compileStore(column.type, from)
  return (value, context, name, rowNumber) => store(value, context, name, rowNumber)
}

/** The value that `column` stores for what `evaluate` answers, in the row of this number of the statement. */
export function storing(
  evaluate: Evaluator,
  from: SqlType,
  column: ColumnDefinition,
  rowNumber: number,
): Evaluator {
  const store = compileColumnStore(column, from)
  return (batch, row, context) => store(evaluate(batch, row, context), context, column.name, rowNumber)
}

interface CompiledAssignment {
  readonly column: number
  readonly evaluate: Evaluator
  readonly store: Store
}

export interface FinishOptions {
  readonly ignore: boolean
  readonly nullIsError: boolean
  /** 1 for the first row of the statement. */
  readonly rowNumber: number
  /** The column that is NULL because the table's driver fills it; none if absent. */
  readonly drawn?: number
}

/** One row under construction: a batch of one row, laid out as the table's columns. */
export class RowBuilder {
  private readonly generated: readonly CompiledAssignment[]
  private readonly checks: readonly { readonly name: string; readonly condition: Evaluator }[]
  private readonly types: readonly SqlType[]

  constructor(private readonly rules: RowRules) {
    const layout = layoutOf(rules)
    this.types = rules.table.columns.map((column) => column.type)
    this.generated = rules.generated.map((each) => compileAssignment(rules.table, each, layout))
    this.checks = rules.checks.map((check) => ({
      name: check.name,
      condition: compileExpression(check.condition, layout),
    }))
  }

  get table(): TableDefinition {
    return this.rules.table
  }

  /** Whether anything has to be computed from the whole row. */
  get needsRow(): boolean {
    return this.generated.length > 0 || this.checks.length > 0
  }

  /**
   * Completes and checks a row whose given and default values are stored already. Throws ER_BAD_NULL_ERROR and
   * ER_CHECK_CONSTRAINT_VIOLATED; without `nullIsError` a NULL becomes the implicit default with a warning. Answers false
   * if a check fails under IGNORE: the row is to be left out.
   */
  finish(row: Value[], context: EvaluationContext, options: FinishOptions): boolean {
    this.replaceNulls(row, context, options, false)
    if (this.generated.length > 0) {
      this.compute(row, context, options.rowNumber)
      this.replaceNulls(row, context, options, true)
    }
    return this.check(row, context, options.ignore)
  }

  /** Computes the generated columns of a row that was complete before others of its columns changed. Throws ER_BAD_NULL_ERROR. */
  computeGenerated(row: Value[], context: EvaluationContext): void {
    const options = { ignore: false, nullIsError: true, rowNumber: 1 }
    this.compute(row, context, options.rowNumber)
    this.replaceNulls(row, context, options, true)
  }

  /** Of generated columns, which are computed from what the others have then, or of the others. */
  private replaceNulls(
    row: Value[],
    context: EvaluationContext,
    options: FinishOptions,
    ofGenerated: boolean,
  ): void {
    const { columns } = this.rules.table
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as ColumnDefinition
      if (row[i] !== null || column.nullable || i === options.drawn) continue
      if ((column.generated !== undefined) !== ofGenerated) continue
      if (options.nullIsError) throw sqlError('ER_BAD_NULL_ERROR', column.name)
      context.warn('Warning', 'ER_BAD_NULL_ERROR', column.name)
      row[i] = implicitDefault(column.type)
    }
  }

  private compute(row: Value[], context: EvaluationContext, rowNumber: number): void {
    const batch = this.batchOf(row)
    for (const { column, evaluate, store } of this.generated) {
      const definition = this.rules.table.columns[column] as ColumnDefinition
      const value = store(evaluate(batch, 0, context), context, definition.name, rowNumber)
      row[column] = value
      // A generated column may read those before it.
      replaceValue(batch.columns[column] as Vector, value)
    }
  }

  private check(row: readonly Value[], context: EvaluationContext, ignore: boolean): boolean {
    if (this.checks.length === 0) return true
    const batch = this.batchOf(row)
    for (const { name, condition } of this.checks) {
      const value = condition(batch, 0, context)
      if (value === null || Number(value) !== 0) continue
      if (!ignore) throw sqlError('ER_CHECK_CONSTRAINT_VIOLATED', name)
      context.warn('Warning', 'ER_CHECK_CONSTRAINT_VIOLATED', name)
      return false
    }
    return true
  }

  private batchOf(row: readonly Value[]): Batch {
    const batch = Batch.ofTypes(this.types)
    batch.pushRow(row)
    return batch
  }
}

export function layoutOf(rules: RowRules): ExpressionLayout {
  return {
    columns: new Map(rules.layout.map((column, i) => [column, i] as const)),
    correlated: new Map(),
    subquery: undefined,
  }
}

export function compileAssignment(
  table: TableDefinition,
  assignment: ColumnAssignment,
  layout: ExpressionLayout,
): CompiledAssignment {
  const column = table.columns[assignment.column]
  if (column === undefined) throw new Error('invariant: an assignment names a column of its table')
  return {
    column: assignment.column,
    evaluate: compileExpression(assignment.expression, layout),
    store: compileColumnStore(column, assignment.expression.type),
  }
}

/** Replaces the only value of a vector. */
export function replaceValue(vector: Vector, value: Value): void {
  vector.clear()
  vector.push(value)
}
