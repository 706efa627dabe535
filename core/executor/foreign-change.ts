/**
 * Changes that a driver runs as a whole; those that it can't, with the values that there are, run here.
 */
import { SINGLE_ROW } from '../common/batch.js'
import { compileStore } from '../common/conversion.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { isSqlError, sqlError } from '../common/sql-error.js'
import type { MaybePromise, Value } from '../common/value.js'
import { compileExpression, NO_COLUMNS } from '../functions/compile-expression.js'
import type { ChangePlan, ForeignChangePlan } from '../plan/change.js'
import type { Expression } from '../plan/expression.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import type { ChangedRows, DriverChange } from '../spi/change.js'
import { isTableStorage, type DriverTransaction } from '../spi/storage.js'
import { NO_CHANGE, type ChangeResult, type CompiledChange } from './change-result.js'
import type { Execution } from './execution.js'
import { FragmentValueCompiler } from './foreign.js'

export function compileForeignChange(
  { storage: name, change, isStrict, keepsZero }: ForeignChangePlan,
  compileHere: () => CompiledChange,
): CompiledChange {
  const offered: DriverChange = { plan: change, isStrict, keepsZero }
  const values = new FragmentValueCompiler()
  const stored = new StoredValueCompiler()
  let here: CompiledChange | undefined
  return {
    run: async (execution) => {
      const storage = execution.environment.storage(name)
      if (!isTableStorage(storage)) throw new Error('invariant: changes go to table drivers')
      if (storage.runChange === undefined)
        throw sqlError('ER_STORAGE_UNAVAILABLE', name, 'it runs no changes')
      const all = Object.assign(values.valuesOf(execution), {
        storedOf: (column: ColumnDefinition, expression: Expression) =>
          stored.valueOf(column, expression, execution.evaluation),
      })
      let answer: ChangedRows | undefined
      const run = (own: DriverTransaction | undefined): MaybePromise<number> => {
        const ran = storage.runChange?.(offered, execution.statement, all, own)
        const keep = (rows: ChangedRows | undefined): number => (answer = rows)?.affectedRows ?? 0
        return ran instanceof Promise ? ran.then(keep) : keep(ran)
      }
      await execution.transaction.changeByDriver(storage, firstTarget(change), run)
      if (answer !== undefined) return resultOf(change, answer, execution)
      here ??= compileHere()
      return here.run(execution)
    },
  }
}

function firstTarget(change: ChangePlan): TableDefinition {
  if (change.kind === 'insert') return change.rules.table
  const table = change.kind === 'delete' ? change.targets[0]?.table : change.targets[0]?.rules.table
  if (table === undefined) throw new Error('invariant: a change has a target')
  return table
}

function resultOf({ kind }: ChangePlan, rows: ChangedRows, execution: Execution): ChangeResult {
  const { matchedRows, affectedRows, duplicates, lastInsertId, generatedId } = rows
  switch (kind) {
    case 'delete':
      return { ...NO_CHANGE, affectedRows }
    case 'update':
      return {
        ...NO_CHANGE,
        affectedRows: execution.countsFoundRows ? matchedRows : affectedRows,
        info: (warnings) => `Rows matched: ${matchedRows}  Changed: ${affectedRows}  Warnings: ${warnings}`,
      }
    case 'insert':
      return {
        affectedRows,
        records: matchedRows,
        duplicates,
        lastInsertId,
        generatedId,
        info: (warnings) => `Records: ${matchedRows}  Duplicates: ${duplicates}  Warnings: ${warnings}`,
      }
  }
}

/** What columns store for constants, where that goes without a word. */
class StoredValueCompiler {
  private readonly byColumn = new WeakMap<ColumnDefinition, WeakMap<Expression, Evaluator>>()

  valueOf(column: ColumnDefinition, expression: Expression, context: EvaluationContext): Value | undefined {
    const probing = Object.create(context) as { strict: boolean; warn: () => void } & EvaluationContext
    const words = { count: 0 }
    probing.strict = true
    probing.warn = () => words.count++
    try {
      const value = this.evaluatorOf(column, expression)(SINGLE_ROW, 0, probing)
      return words.count === 0 && (value !== null || column.nullable) ? value : undefined
    } catch (error) {
      if (isSqlError(error)) return undefined
      throw error
    }
  }

  private evaluatorOf(column: ColumnDefinition, expression: Expression): Evaluator {
    const evaluators = this.byColumn.get(column) ?? new WeakMap<Expression, Evaluator>()
    this.byColumn.set(column, evaluators)
    const found = evaluators.get(expression)
    if (found !== undefined) return found
    const evaluate = compileExpression(expression, NO_COLUMNS)
    const store = compileStore(column.type, expression.type)
    const made: Evaluator = (batch, row, context) =>
      store(evaluate(batch, row, context), context, column.name, 1)
    evaluators.set(expression, made)
    return made
  }
}
