/**
 * BENCHMARK(count, expression) evaluates its expression `count` times and answers 0, or NULL for a NULL or negative count (MySQL
 * manual 14.15 "Information Functions"). An evaluator would keep the event loop all that time; so the call is a sub-query that
 * aggregates `count` rows, which pauses as any other.
 */
import { Batch } from '../common/batch.js'
import type { AggregateBinding } from '../common/function-binding.js'
import { sqlError } from '../common/sql-error.js'
import { BIGINT_TYPE } from '../common/sql-type.js'
import type { ExactValue, Value } from '../common/value.js'
import type { ColumnId, Expression, SubqueryExpression } from '../plan/expression.js'
import type { VirtualTable } from '../plan/logical.js'
import { rewriteExpression } from '../plan/rewrite.js'
import type { Binding } from './binding.js'
import { convertTo, specialCall } from './calls.js'
import { argumentInside } from './waiting-calls.js'

const RESULT_TYPE = Object.freeze({ ...BIGINT_TYPE, length: 1 })

/** As many rows without columns as it is asked for. */
const ROUNDS: VirtualTable = {
  database: '',
  name: 'benchmark',
  columns: [{ name: 'count', type: BIGINT_TYPE, nullable: true }],
  rowsOf: ([count = null]: readonly Value[]) =>
    Object.assign(new Batch([]), { rowCount: Math.max(0, Number(count)) }),
}

const EVALUATION: AggregateBinding = {
  type: RESULT_TYPE,
  nullable: false,
  parameterTypes: [undefined],
  ignoresNulls: false,
  compile:
    ([evaluate]) =>
    () => ({ add: (batch, row, context) => void evaluate?.(batch, row, context), result: () => 0 }),
}

/** Throws ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT. */
export function bindBenchmark(binding: Binding, args: readonly Expression[], written: string): Expression {
  const [count, expression] = args
  if (count === undefined || expression === undefined || args.length > 2) {
    throw sqlError('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', written)
  }
  const text = `benchmark(${count.text},${expression.text})`
  const shape = { type: RESULT_TYPE, nullable: true, coercibility: 5, volatility: 'volatile' } as const
  const values = [convertTo(count, BIGINT_TYPE), rounds(binding, count, expression, text)]
  return specialCall('benchmark', text, values, shape, ([times, result]) => (batch, row, context) => {
    const value = times?.(batch, row, context) as ExactValue | null
    return value === null || value < 0 ? null : (result?.(batch, row, context) ?? null)
  })
}

function rounds(
  binding: Binding,
  count: Expression,
  expression: Expression,
  text: string,
): SubqueryExpression {
  const correlations: { id: ColumnId; outer: Expression }[] = []
  const times = argumentInside(binding, count, BIGINT_TYPE, correlations)
  const inside = rewriteExpression(expression, (part) => {
    if (part.kind !== 'column' && part.kind !== 'correlated') return undefined
    const id = binding.newColumn()
    correlations.push({ id, outer: part })
    return { ...part, kind: 'correlated', column: id }
  })
  const result = { id: binding.newColumn(), name: 'benchmark', type: RESULT_TYPE, nullable: false }
  return {
    kind: 'subquery',
    mode: 'scalar',
    type: RESULT_TYPE,
    nullable: true,
    coercibility: 5,
    text,
    plan: {
      kind: 'aggregate',
      input: {
        kind: 'virtual',
        source: ROUNDS,
        columns: [],
        alias: 'benchmark',
        equalities: [{ column: 0, value: times }],
        output: [],
      },
      groupBy: [],
      aggregates: [
        {
          output: result.id,
          name: 'benchmark',
          arguments: [inside],
          distinct: false,
          orderBy: [],
          separator: undefined,
          binding: EVALUATION,
          text,
        },
      ],
      rollup: false,
      groupingOutputs: [],
      output: [result],
    },
    columns: [result.id],
    correlations,
    operands: [],
    comparisons: [],
    operandColumns: [],
    comparison: undefined,
  }
}
