/**
 * UPDATE of one table by the batch: new values are computed into vectors beside those of the rows as they are, and what differs is written
 * together. Rows are computed in their order, all of one before the next, so that conditions come as they would row by row.
 */
import { Batch } from '../common/batch.js'
import { equalRanges } from '../common/bytes.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import { binaryType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { BytesVector, createVector, type Vector } from '../common/vector.js'
import { compileExpression } from '../functions/compile-expression.js'
import type { ColumnAssignment, UpdatePlan } from '../plan/change.js'
import type { ColumnId } from '../plan/expression.js'
import { primaryKeyOf, type ColumnDefinition } from '../plan/schema.js'
import { isVolatile } from '../plan/volatility.js'
import type { RowUpdates } from '../spi/transaction.js'
import { implicitDefault } from '../common/implicit-defaults.js'
import { KEPT_BYTES_MAX } from './batch-pool.js'
import { compileAssignment } from './row-builder.js'

type WarningArguments = Parameters<EvaluationContext['warn']>

/** One column that gets a value, and where in the input it is. */
interface Step {
  readonly column: number
  readonly position: number
  readonly definition: ColumnDefinition
  readonly evaluate: Evaluator
  readonly store: ReturnType<typeof compileAssignment>['store']
}

export interface CompiledUpdateBatch {
  readonly rowKey: number
  /** Positions in the input of the table's columns, in order. */
  readonly columns: readonly number[]
  /** The statement's own assignments; then, for rows that these change, the others and what is generated. */
  readonly assignments: readonly Step[]
  readonly consequences: readonly Step[]
  /** The number of the first step that is generated. */
  readonly generatedFrom: number
  readonly checks: readonly { readonly name: string; readonly condition: Evaluator }[]
  /** Columns that get values, ascending. */
  readonly written: readonly number[]
}

/** Undefined where rows have to go one by one. */
export function compileUpdateBatch(
  { targets, ignore }: UpdatePlan,
  positions: ReadonlyMap<ColumnId, number>,
): CompiledUpdateBatch | undefined {
  const [target, ...others] = targets
  if (target === undefined || others.length > 0 || ignore) return undefined
  const { table, layout, generated, checks } = target.rules
  const all = [...target.assignments, ...target.onUpdate, ...generated]
  const written = [...new Set(all.map(({ column }) => column))].sort((a, b) => a - b)
  const keyColumns = primaryKeyOf(table)?.parts.map(({ column }) => column) ?? []
  const isPossible =
    layout.every((column) => positions.has(column)) &&
    !keyColumns.some((column) => written.includes(column)) &&
    // Later rows' values would be computed before an earlier one fails.
    !all.some(({ expression }) => isVolatile(expression)) &&
    !target.assignments.some(({ column }) => table.columns[column]?.autoIncrement === true)
  if (!isPossible) return undefined
  const expressions = { columns: positions, correlated: new Map<ColumnId, number>(), subquery: undefined }
  const columns = layout.map((column) => positions.get(column) as number)
  const step = (assignment: ColumnAssignment): Step => ({
    ...compileAssignment(table, assignment, expressions),
    position: columns[assignment.column] as number,
    definition: table.columns[assignment.column] as ColumnDefinition,
  })
  return {
    rowKey: positions.get(target.rowKey) ?? -1,
    columns,
    assignments: target.assignments.map(step),
    consequences: [...target.onUpdate, ...generated].map(step),
    generatedFrom: target.assignments.length + target.onUpdate.length,
    checks: checks.map(({ name, condition }) => ({
      name,
      condition: compileExpression(condition, expressions),
    })),
    written,
  }
}

/** What was computed with is kept for the next execution, unless it has become large. */
export class UpdateBatchPool {
  private spare: UpdateBatch | undefined

  constructor(private readonly compiled: CompiledUpdateBatch) {}

  take(context: EvaluationContext): UpdateBatch {
    const { spare } = this
    if (spare === undefined) return new UpdateBatch(this.compiled, context)
    this.spare = undefined
    spare.serve(context)
    return spare
  }

  /** Nobody reads any more what was computed. */
  give(updates: UpdateBatch): void {
    if (updates.byteSize <= KEPT_BYTES_MAX) this.spare = updates
  }
}

/** The rows of one batch, as they are and as they will be. Its fields say what the last batch came to. */
export class UpdateBatch implements RowUpdates {
  rows = new Uint32Array(1)
  count = 0
  rowKeys = new BytesVector(binaryType(0))
  readonly before: Vector[]
  readonly after: Vector[]
  readonly written: readonly number[]
  /** What was thrown for the row behind the last one that was computed. */
  private failure: { readonly thrown: unknown } | undefined
  private readonly steps: readonly Step[]
  /** The values of each step, row for row of the batch; NULL where it didn't come to it. */
  private readonly values: readonly Vector[]
  /** What each step sees, and behind it what the checks see: the batch with the values of those before. */
  private readonly views: Batch[] = []
  /** For each column that the statement assigns, the last step that does. */
  private readonly assigned: readonly number[]
  private warnings: { readonly row: number; readonly warning: WarningArguments }[] = []
  private row = 0
  /** The context, but that warnings are noted with the row that is being computed. */
  private noting: EvaluationContext | undefined
  /** Which of both rows are computed in. */
  private computing: EvaluationContext

  constructor(
    private readonly compiled: CompiledUpdateBatch,
    private context: EvaluationContext,
  ) {
    this.computing = context
    const { assignments, consequences, columns, written } = compiled
    this.steps = [...assignments, ...consequences]
    this.values = this.steps.map(({ definition }) => createVector(definition.type))
    this.written = written
    this.before = new Array<Vector>(columns.length)
    this.after = new Array<Vector>(columns.length)
    const last = new Map(assignments.map(({ column }, i) => [column, i] as const))
    this.assigned = [...last.values()]
  }

  /** Another execution begins. */
  serve(context: EvaluationContext): void {
    this.context = context
    this.noting = undefined
  }

  get byteSize(): number {
    let size = this.views[0]?.byteSize ?? 0
    for (const vector of this.values) size += vector.byteSize
    return size
  }

  /** Computes the rows of a batch, up to the first that fails. `rowNumber`: of the row before the first. */
  compute(batch: Batch, rowNumber: number): void {
    this.begin(batch)
    const { rowCount } = batch
    if (this.rows.length < rowCount) this.rows = new Uint32Array(Math.max(rowCount, 1024))
    try {
      for (let row = 0; row < rowCount; row++) {
        this.row = row
        if (this.computeRow(row, rowNumber + row + 1)) this.rows[this.count++] = row
      }
    } catch (thrown) {
      this.failure = { thrown }
    }
  }

  /** What the row of this number among those that change will be, for who writes it alone: first comes what there is to say of it. */
  changedRow(i: number): readonly Value[] {
    const row = this.rows[i] as number
    this.tellWarnings(row)
    return this.after.map((column) => column.get(row))
  }

  /** All rows are written: tells what is left to say. Throws what was thrown for the row behind them. */
  finish(): void {
    this.tellWarnings(Infinity)
    if (this.failure !== undefined) throw this.failure.thrown
  }

  /** Tells what there is to say of the rows up to this one of the batch. */
  private tellWarnings(row: number): void {
    const { warnings } = this
    if (warnings.length === 0) return
    let told = 0
    while (told < warnings.length && (warnings[told] as { row: number }).row <= row) {
      this.context.warn(...(warnings[told++] as { warning: WarningArguments }).warning)
    }
    warnings.splice(0, told)
  }

  private notingContext(): EvaluationContext {
    const warn = (...warning: WarningArguments): void => {
      this.warnings.push({ row: this.row, warning })
    }
    return Object.assign(Object.create(this.context) as EvaluationContext, { warn })
  }

  private begin(batch: Batch): void {
    const { compiled, views, steps, values } = this
    this.count = 0
    this.failure = undefined
    if (this.warnings.length > 0) this.warnings = []
    // What is said of a single row comes at its time anyway.
    this.computing = batch.rowCount === 1 ? this.context : (this.noting ??= this.notingContext())
    for (let i = 0; i < values.length; i++) (values[i] as Vector).clear()
    if (views[0] === batch) return
    views.length = 0
    views.push(batch)
    for (let i = 0; i < steps.length; i++) {
      const columns = [...(views[i] as Batch).columns]
      columns[(steps[i] as Step).position] = values[i] as Vector
      views.push(new Batch(columns))
    }
    const last = views[steps.length] as Batch
    compiled.columns.forEach((position, column) => {
      this.before[column] = batch.columns[position] as Vector
      this.after[column] = last.columns[position] as Vector
    })
    this.rowKeys = batch.columns[compiled.rowKey] as BytesVector
  }

  /** Answers whether the row changes. */
  private computeRow(row: number, rowNumber: number): boolean {
    const { steps } = this
    const assignments = this.compiled.assignments.length
    for (let i = 0; i < assignments; i++) this.computeStep(i, row, rowNumber)
    if (!this.isChanged(row)) {
      for (let i = assignments; i < steps.length; i++) (this.values[i] as Vector).pushNull()
      return false
    }
    const { generatedFrom } = this.compiled
    for (let i = assignments; i < generatedFrom; i++) this.computeStep(i, row, rowNumber)
    this.replaceNulls(row, false)
    if (generatedFrom < steps.length) {
      for (let i = generatedFrom; i < steps.length; i++) this.computeStep(i, row, rowNumber)
      this.replaceNulls(row, true)
    }
    this.check(row)
    return true
  }

  private computeStep(i: number, row: number, rowNumber: number): void {
    const { evaluate, store, definition } = this.steps[i] as Step
    const { computing } = this
    const value = evaluate(this.views[i] as Batch, row, computing)
    ;(this.values[i] as Vector).push(store(value, computing, definition.name, rowNumber))
  }

  private isChanged(row: number): boolean {
    for (let i = 0; i < this.assigned.length; i++) {
      const step = this.assigned[i] as number
      const { column } = this.steps[step] as Step
      if (!isSame(this.before[column] as Vector, this.values[step] as Vector, row)) return true
    }
    return false
  }

  /** Of generated columns, which are computed from what the others have then, or of the others. */
  private replaceNulls(row: number, ofGenerated: boolean): void {
    const { after, computing } = this
    for (let i = 0; i < this.written.length; i++) {
      const column = this.written[i] as number
      const vector = after[column] as Vector
      if (!vector.isNull(row)) continue
      const definition = this.definitionOf(column)
      if (definition.nullable || (definition.generated !== undefined) !== ofGenerated) continue
      if (computing.strict) throw sqlError('ER_BAD_NULL_ERROR', definition.name)
      computing.warn('Warning', 'ER_BAD_NULL_ERROR', definition.name)
      vector.truncate(row)
      vector.push(implicitDefault(definition.type))
    }
  }

  private definitionOf(column: number): ColumnDefinition {
    for (const step of this.steps) if (step.column === column) return step.definition
    throw new Error('invariant: what is written is written by a step')
  }

  private check(row: number): void {
    const { checks } = this.compiled
    const view = this.views[this.steps.length] as Batch
    for (let i = 0; i < checks.length; i++) {
      const { name, condition } = checks[i] as CompiledUpdateBatch['checks'][number]
      const value = condition(view, row, this.computing)
      if (value !== null && Number(value) === 0) throw sqlError('ER_CHECK_CONSTRAINT_VIOLATED', name)
    }
  }
}

/** Whether two vectors have the same value in a row, to the byte. */
function isSame(a: Vector, b: Vector, row: number): boolean {
  if (a instanceof BytesVector && b instanceof BytesVector) {
    if (a.isNull(row) || b.isNull(row)) return a.isNull(row) && b.isNull(row)
    return equalRanges(a.data, a.start(row), a.end(row), b.data, b.start(row), b.end(row))
  }
  return Object.is(a.get(row), b.get(row))
}
