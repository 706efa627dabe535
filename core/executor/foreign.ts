/**
 * What comes from outside the executor's own reach: fragments that a driver runs as a whole, and tables that the engine computes.
 */
import { sqlError } from '../common/sql-error.js'
import { isAlwaysUtc } from '../common/time-zones.js'
import { SINGLE_ROW, Batch } from '../common/batch.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import { compileExpression, NO_COLUMNS, type ExpressionLayout } from '../functions/compile-expression.js'
import { compileTemporalCut } from '../functions/pair-comparison.js'
import type { SqlType } from '../common/sql-type.js'
import type { Expression } from '../plan/expression.js'
import type { FragmentNode, VirtualTableNode } from '../plan/logical.js'
import { planScans, type Fragment, type FragmentValues, type TemporalCut } from '../spi/fragment.js'
import { isTableStorage, type BatchCursor } from '../spi/storage.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import { readRows } from './set-operators.js'

/** `compileHere` compiles the plan for our own executor: for a driver that can't run it with the values that it is given. */
export function compileFragment(
  node: FragmentNode,
  fragment: Fragment,
  compileHere: () => CompiledNode,
): CompiledNode {
  let here: CompiledNode | undefined
  const shape: FragmentShape = {
    storage: node.storage,
    use: planScans(fragment.root).some((scan) => scan.lock !== undefined) ? 'writes' : 'reads',
    compiler: new FragmentValueCompiler(),
    here: () => (here ??= compileHere()),
  }
  return {
    output: node.output,
    open: (execution) => new FragmentOperator(shape, fragment, execution),
    openBound: (execution, column, values) =>
      new FragmentOperator(shape, { ...fragment, wanted: { column, values } }, execution),
  }
}

/** What all executions of a fragment have in common. */
interface FragmentShape {
  readonly storage: string
  readonly use: 'reads' | 'writes'
  readonly compiler: FragmentValueCompiler
  here(): CompiledNode
}

class FragmentOperator implements Operator {
  private source: BatchCursor | Operator | undefined

  constructor(
    private readonly shape: FragmentShape,
    private readonly fragment: Fragment,
    private readonly execution: Execution,
  ) {}

  next(): MaybePromise<Batch | undefined> {
    if (this.source !== undefined) return this.source.next()
    // The driver sees what it was given: also what this transaction holds for it.
    const handedOver = this.execution.transaction.handOverWrites()
    const cursor = handedOver instanceof Promise ? handedOver.then(() => this.run()) : this.run()
    return cursor instanceof Promise ? cursor.then((opened) => this.begin(opened)) : this.begin(cursor)
  }

  close(): MaybePromise<void> {
    return this.source?.close()
  }

  private run(): MaybePromise<BatchCursor | undefined> {
    const { shape, execution } = this
    const storage = execution.environment.storage(shape.storage)
    if (!isTableStorage(storage)) throw new Error('invariant: fragments go to table drivers')
    if (storage.runFragment === undefined) {
      throw sqlError('ER_STORAGE_UNAVAILABLE', shape.storage, 'it runs no fragments')
    }
    return storage.runFragment(
      this.fragment,
      execution.statement,
      shape.compiler.valuesOf(execution),
      execution.transaction.driverTransaction(storage, shape.use),
    )
  }

  private begin(cursor: BatchCursor | undefined): MaybePromise<Batch | undefined> {
    this.source = cursor ?? this.shape.here().open(this.execution)
    return this.source.next()
  }
}

/** Expressions are compiled once per plan, whenever the driver first asks for them. */
export class FragmentValueCompiler {
  private readonly evaluators = new WeakMap<Expression, Evaluator>()

  valuesOf({ evaluation }: Execution): FragmentValues {
    return this.valuesIn(evaluation)
  }

  /** For a driver that only leaves rows out: what there is to say is said where they are checked again. */
  unsaidValuesOf({ evaluation }: Execution): FragmentValues {
    return this.valuesIn(
      Object.assign(Object.create(evaluation) as EvaluationContext, { warn: () => undefined }),
    )
  }

  private valuesIn(evaluation: EvaluationContext): FragmentValues {
    return new ComputedValues(this, evaluation)
  }

  evaluatorOf(expression: Expression): Evaluator {
    const known = this.evaluators.get(expression)
    if (known !== undefined) return known
    const evaluator = compileExpression(expression, NO_COLUMNS)
    this.evaluators.set(expression, evaluator)
    return evaluator
  }
}

class ComputedValues implements FragmentValues {
  constructor(
    private readonly compiler: FragmentValueCompiler,
    private readonly evaluation: EvaluationContext,
  ) {}

  valueOf(expression: Expression): Value {
    return this.compiler.evaluatorOf(expression)(SINGLE_ROW, 0, this.evaluation)
  }

  get isUtc(): boolean {
    return isAlwaysUtc(this.evaluation.timeZone)
  }

  cutOf(column: SqlType, constant: Expression): TemporalCut | undefined {
    const value = this.valueOf(constant)
    if (value === null) return undefined
    const { floor, isAbove } = compileTemporalCut(column, constant.type)(value, this.evaluation)
    return { floor, isAbove }
  }
}

export function compileVirtual(node: VirtualTableNode, layout: ExpressionLayout): CompiledNode {
  const equalities = node.equalities.map((each) => ({
    column: each.column,
    value: compileExpression(each.value, layout),
  }))
  return {
    output: node.output,
    open: (execution) => {
      let reader: Operator | undefined
      const read = (rows: Batch): MaybePromise<Batch | undefined> => {
        const wanted = new Batch(node.columns.map((column) => rows.columns[column] as Vector))
        wanted.rowCount = rows.rowCount
        reader = readRows(wanted)
        return reader.next()
      }
      return {
        next: (): MaybePromise<Batch | undefined> => {
          if (reader !== undefined) return reader.next()
          const values = equalities.map((each) => ({
            column: each.column,
            value: each.value(SINGLE_ROW, 0, execution.evaluation),
          }))
          const { environment, statement } = execution
          const { rowsOf } = node.source
          if (rowsOf !== undefined) {
            const args = values.map(({ value }) => value)
            return read(rowsOf(args, execution.evaluation))
          }
          const rows = environment.virtualRows(node.source, values, statement, node.columns)
          return rows instanceof Promise ? rows.then(read) : read(rows)
        },
        close: () => undefined,
      }
    },
  }
}
