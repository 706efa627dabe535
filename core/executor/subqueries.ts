/**
 * Sub-queries inside expressions. Evaluators can't wait, sub-plans may have to; so an operator resolves the sub-queries of its
 * expressions for a whole batch before it evaluates them: those that read nothing of their surroundings once per execution,
 * the correlated ones once per distinct combination of outer values, for rows that come to them (`functions/branch-needs.ts`).
 * Errors are kept and thrown only where the value is really used, so that `CASE WHEN n = 1 THEN (SELECT …) END` stays lazy.
 */
import { Batch } from '../common/batch.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import type { MaybePromise, Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { BranchNeed } from '../functions/branch-needs.js'
import { compileExpression, type ExpressionLayout } from '../functions/compile-expression.js'
import type { ColumnId, SubqueryExpression } from '../plan/expression.js'
import { isVolatilePlan } from '../plan/volatility.js'
import { columnPositions, type CompiledNode, type Execution } from './execution.js'
import { compileBatchKey, compileRowKey, type RowKey } from './row-keys.js'

/** How many results of one correlated sub-query are remembered in one execution. */
const MEMO_ENTRIES_MAX = 10_000

/** What a sub-query gave: its rows (as far as needed), or the error that reading them raised. */
interface SubqueryResult {
  readonly rows: Batch
  readonly error: unknown
  /** For IN and = ANY by equality: the rows' keys, made on first use. */
  set: { readonly keys: Set<RowKey>; readonly hasNull: boolean } | undefined
}

interface CompiledSubquery {
  readonly expression: SubqueryExpression
  readonly plan: CompiledNode
  readonly outer: readonly Evaluator[]
  readonly outerKey: ((batch: Batch, row: number, context: EvaluationContext) => RowKey) | undefined
  readonly rowLimit: number
  /** Which rows come to it; all if undefined. */
  readonly need: BranchNeed | undefined
  /** Its answer may differ each time: it runs anew for each row. */
  readonly isVolatile: boolean
}

/** Where the results for the batch at hand lie; one per execution and operator. */
interface Resolved {
  /** For correlated ones: a result per row. */
  byRow: (SubqueryResult | undefined)[]
  constant: SubqueryResult | undefined
  readonly memo: Map<RowKey, SubqueryResult>
}

export class SubqueryCompiler {
  readonly subqueries: CompiledSubquery[] = []

  constructor(
    private readonly compilePlan: (
      node: SubqueryExpression['plan'],
      correlated: ReadonlyMap<ColumnId, number>,
    ) => CompiledNode,
  ) {}

  get isEmpty(): boolean {
    return this.subqueries.length === 0
  }

  /** The evaluator of a sub-query; `layout` is that of the enclosing operator's input. */
  compile(expression: SubqueryExpression, layout: ExpressionLayout, need: BranchNeed | undefined): Evaluator {
    const correlated = new Map(expression.correlations.map((each, i) => [each.id, i] as const))
    const outer = expression.correlations.map((each) => compileExpression(each.outer, layout))
    const compiled: CompiledSubquery = {
      expression,
      need,
      isVolatile: isVolatilePlan(expression.plan),
      plan: this.compilePlan(expression.plan, correlated),
      outer,
      outerKey:
        outer.length === 0
          ? undefined
          : compileRowKey(
              expression.correlations.map((each, i) => ({
                type: each.outer.type,
                evaluate: outer[i] as Evaluator,
              })),
            ),
      rowLimit: expression.mode === 'exists' ? 1 : expression.mode === 'scalar' ? 2 : Infinity,
    }
    this.subqueries.push(compiled)
    return compileMode(compiled, layout)
  }

  /** Resolves every sub-query for the rows of a batch. */
  resolve(batch: Batch, execution: Execution): MaybePromise<void> {
    return this.subqueries.length === 0 || batch.rowCount === 0
      ? undefined
      : this.resolveAll(batch, execution)
  }

  private async resolveAll(batch: Batch, execution: Execution): Promise<void> {
    for (const subquery of this.subqueries) {
      const resolved = resolvedOf(subquery, execution.evaluation)
      if (subquery.outerKey === undefined && !subquery.isVolatile) {
        resolved.constant ??= await this.once(subquery, execution)
        continue
      }
      resolved.byRow.length = batch.rowCount
      for (let row = 0; row < batch.rowCount; row++) {
        if (subquery.need?.(batch, row, execution.evaluation) === false) {
          resolved.byRow[row] = undefined
          continue
        }
        const key = subquery.outerKey?.(batch, row, execution.evaluation) ?? null
        let result = subquery.isVolatile ? undefined : resolved.memo.get(key)
        if (result === undefined) {
          const values = subquery.outer.map((evaluate) => evaluate(batch, row, execution.evaluation))
          result = await run(subquery, execution.correlated(values))
          if (resolved.memo.size >= MEMO_ENTRIES_MAX) resolved.memo.clear()
          resolved.memo.set(key, result)
          const pause = execution.pause()
          if (pause !== undefined) await pause
        }
        resolved.byRow[row] = result
      }
    }
  }

  /** An uncorrelated sub-query runs once per statement, also if its surroundings run many times. */
  private async once(subquery: CompiledSubquery, execution: Execution): Promise<SubqueryResult> {
    const known = execution.constants.get(subquery.expression) as SubqueryResult | undefined
    if (known !== undefined) return known
    const result = await run(subquery, execution.correlated([]))
    execution.constants.set(subquery.expression, result)
    return result
  }
}

function resolvedOf(subquery: CompiledSubquery, context: EvaluationContext): Resolved {
  return context.state(subquery, (): Resolved => ({ byRow: [], constant: undefined, memo: new Map() }))
}

async function run(subquery: CompiledSubquery, execution: Execution): Promise<SubqueryResult> {
  const rows = Batch.ofTypes(subquery.plan.output.map((column) => column.type))
  let error: unknown
  const operator = subquery.plan.open(execution)
  let charged = 0
  try {
    while (rows.rowCount < subquery.rowLimit) {
      const next = operator.next()
      const batch = next instanceof Promise ? await next : next
      if (batch === undefined) break
      const wanted = Math.min(batch.rowCount, subquery.rowLimit - rows.rowCount)
      for (let row = 0; row < wanted; row++) rows.pushFrom(batch, row)
      if (subquery.rowLimit === Infinity) {
        execution.statement.memory.charge(rows.byteSize - charged, 'sub-query')
        charged = rows.byteSize
      }
      const pause = execution.pause()
      if (pause !== undefined) await pause
    }
  } catch (caught) {
    execution.statement.checkKilled()
    error = caught
  } finally {
    await operator.close()
  }
  return { rows, error, set: undefined }
}

function compileMode(subquery: CompiledSubquery, layout: ExpressionLayout): Evaluator {
  const byRow = subquery.outerKey !== undefined || subquery.isVolatile
  const resultOf = (row: number, context: EvaluationContext): SubqueryResult => {
    const resolved = resolvedOf(subquery, context)
    const result = byRow ? resolved.byRow[row] : resolved.constant
    if (result === undefined) throw new Error('invariant: sub-queries are resolved before they are evaluated')
    if (result.error !== undefined) throw result.error as Error
    return result
  }
  const { expression } = subquery
  switch (expression.mode) {
    case 'scalar': {
      // Of a sub-query that makes rows, each member is an expression of its own.
      const position = columnPositions(expression.plan.output).get(expression.columns[0] ?? -1) ?? 0
      return (_batch, row, context) => {
        const { rows } = resultOf(row, context)
        if (rows.rowCount > 1) throw sqlError('ER_SUBQUERY_NO_1_ROW')
        return rows.rowCount === 0 ? null : (rows.columns[position] as Vector).get(0)
      }
    }
    case 'exists':
      return (_batch, row, context) => (resultOf(row, context).rows.rowCount > 0 ? 1 : 0)
    default:
      return compileMembership(expression, layout, resultOf)
  }
}

/** IN, ANY, ALL: three-valued over the rows of the sub-query (MySQL manual 15.2.15.3 to 15.2.15.5). */
function compileMembership(
  expression: SubqueryExpression,
  layout: ExpressionLayout,
  resultOf: (row: number, context: EvaluationContext) => SubqueryResult,
): Evaluator {
  const operands = expression.operands.map((operand) => compileExpression(operand, layout))
  const operandTypes = expression.operands.map((operand) => operand.type)
  const columns = expression.plan.output
  // Comparisons see one row: the operands, then the sub-query's columns.
  const positions = new Map<ColumnId, number>()
  expression.operandColumns.forEach((column, i) => positions.set(column, i))
  const subqueryPositions = columnPositions(columns)
  for (const column of expression.columns) {
    positions.set(column, operands.length + (subqueryPositions.get(column) ?? 0))
  }
  const comparisons = expression.comparisons.map((each) =>
    compileExpression(each, { ...layout, columns: positions }),
  )
  const types = [...operandTypes, ...columns.map((column) => column.type)]
  const all = expression.mode === 'all'
  const equality =
    expression.comparison === '=' && !all
      ? compileEquality(expression, positions, operands.length)
      : undefined
  return (batch, row, context) => {
    const { rows } = resultOf(row, context)
    if (rows.rowCount === 0) return all ? 1 : 0
    const pair = Batch.ofTypes(types)
    const values = operands.map((operand) => operand(batch, row, context))
    if (equality !== undefined && rows.rowCount > 8) {
      return equality(values, resultOf(row, context), context)
    }
    let unknown = false
    for (let other = 0; other < rows.rowCount; other++) {
      pair.clear()
      values.forEach((value, i) => pair.columns[i]?.push(value))
      rows.columns.forEach((column, i) => pair.columns[operands.length + i]?.pushFrom(column, other))
      pair.rowCount = 1
      const truth = conjunction(comparisons, pair, context)
      if (truth === null) unknown = true
      else if (all ? truth === 0 : truth === 1) return all ? 0 : 1
    }
    if (unknown) return null
    return all ? 1 : 0
  }
}

function conjunction(
  comparisons: readonly Evaluator[],
  pair: Batch,
  context: EvaluationContext,
): 0 | 1 | null {
  let unknown = false
  for (const comparison of comparisons) {
    const value = comparison(pair, 0, context)
    if (value === null) unknown = true
    else if (Number(value) === 0) return 0
  }
  return unknown ? null : 1
}

/** Equality with one column through a hash set, if both sides of the comparison have the same type there. */
function compileEquality(
  expression: SubqueryExpression,
  positions: ReadonlyMap<ColumnId, number>,
  operandCount: number,
): ((values: readonly Value[], result: SubqueryResult, context: EvaluationContext) => Value) | undefined {
  const [comparison] = expression.comparisons
  if (operandCount !== 1 || comparison?.kind !== 'call' || comparison.name !== '=') return undefined
  const [left, right] = comparison.arguments
  if (left === undefined || right === undefined) return undefined
  const operandType = expression.operands[0]?.type
  const columnTypes = expression.plan.output.map((column) => column.type)
  if (
    operandType === undefined ||
    left.type.name !== right.type.name ||
    left.type.scale !== right.type.scale
  ) {
    return undefined
  }
  const leftValue = compileExpression(left, {
    columns: positions,
    correlated: new Map(),
    subquery: undefined,
  })
  const rightValue = compileExpression(right, {
    columns: positions,
    correlated: new Map(),
    subquery: undefined,
  })
  const keyOf = compileBatchKey([left.type])
  const keyBatch = (value: Value) => {
    const batch = Batch.ofTypes([left.type])
    batch.pushRow([value])
    return keyOf(batch, 0)
  }
  const pairOf = (operand: Value, row: Batch | undefined, index: number) => {
    const pair = Batch.ofTypes([operandType, ...columnTypes])
    pair.columns[0]?.push(operand)
    columnTypes.forEach((_, i) => {
      const source = row?.columns[i]
      if (source === undefined) pair.columns[1 + i]?.pushNull()
      else pair.columns[1 + i]?.pushFrom(source, index)
    })
    pair.rowCount = 1
    return pair
  }
  return (values, result, context) => {
    if (result.set === undefined) {
      const keys = new Set<RowKey>()
      let hasNull = false
      for (let row = 0; row < result.rows.rowCount; row++) {
        const value = rightValue(pairOf(null, result.rows, row), 0, context)
        if (value === null) hasNull = true
        else keys.add(keyBatch(value))
      }
      result.set = { keys, hasNull }
    }
    const value = leftValue(pairOf(values[0] ?? null, undefined, 0), 0, context)
    if (value === null) return null
    if (result.set.keys.has(keyBatch(value))) return 1
    return result.set.hasNull ? null : 0
  }
}
