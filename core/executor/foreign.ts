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
import type { Expression } from '../plan/expression.js'
import type { FragmentNode, VirtualTableNode } from '../plan/logical.js'
import { planScans, type Fragment, type FragmentValues } from '../spi/fragment.js'
import { isTableStorage, type BatchCursor } from '../spi/storage.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import { readRows } from './set-operators.js'

/** `compileHere` compiles the plan for our own executor: for a driver that can't run it with the values that it is given. */
export function compileFragment(
  node: FragmentNode,
  fragment: Fragment,
  compileHere: () => CompiledNode,
): CompiledNode {
  const compiler = new FragmentValueCompiler()
  const use = planScans(fragment.root).some((scan) => scan.lock !== undefined) ? 'writes' : 'reads'
  let here: CompiledNode | undefined
  const open = (execution: Execution, opened: Fragment): Operator => {
    const storage = execution.environment.storage(node.storage)
    if (!isTableStorage(storage)) throw new Error('invariant: fragments go to table drivers')
    const run = storage.runFragment?.bind(storage)
    if (run === undefined) throw sqlError('ER_STORAGE_UNAVAILABLE', node.storage, 'it runs no fragments')
    let source: BatchCursor | Operator | undefined
    const start = (): MaybePromise<BatchCursor | undefined> =>
      run(
        opened,
        execution.statement,
        compiler.valuesOf(execution),
        execution.transaction.driverTransaction(storage, use),
      )
    const begin = (cursor: BatchCursor | undefined): MaybePromise<Batch | undefined> => {
      here ??= cursor === undefined ? compileHere() : undefined
      source = cursor ?? here?.open(execution)
      return source?.next()
    }
    return {
      next: (): MaybePromise<Batch | undefined> => {
        if (source !== undefined) return source.next()
        // The driver sees what it was given: also what this transaction holds for it.
        const handedOver = execution.transaction.handOverWrites()
        const opening = handedOver instanceof Promise ? handedOver.then(start) : start()
        return opening instanceof Promise ? opening.then(begin) : begin(opening)
      },
      close: () => source?.close(),
    }
  }
  return {
    output: node.output,
    open: (execution) => open(execution, fragment),
    openBound: (execution, column, values) => open(execution, { ...fragment, wanted: { column, values } }),
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
    const valueOf = (expression: Expression): Value => this.evaluatorOf(expression)(SINGLE_ROW, 0, evaluation)
    return {
      valueOf,
      get isUtc(): boolean {
        return isAlwaysUtc(evaluation.timeZone)
      },
      cutOf: (column, constant) => {
        const value = valueOf(constant)
        if (value === null) return undefined
        const { floor, isAbove } = compileTemporalCut(column, constant.type)(value, evaluation)
        return { floor, isAbove }
      },
    }
  }

  private evaluatorOf(expression: Expression): Evaluator {
    const evaluator = this.evaluators.get(expression) ?? compileExpression(expression, NO_COLUMNS)
    this.evaluators.set(expression, evaluator)
    return evaluator
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
