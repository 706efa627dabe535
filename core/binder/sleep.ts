/**
 * SLEEP(seconds): evaluators never wait, sub-plans may. So SLEEP is a sub-query over a computed table whose one row takes that
 * long to come.
 */
import { BOOLEAN_TYPE, DOUBLE_TYPE } from '../common/sql-type.js'
import type { Expression } from '../plan/expression.js'
import type { VirtualTable } from '../plan/logical.js'
import { SLEEP_TABLE } from '../plan/sleep-table.js'
import { columnsOf, rewriteExpression } from '../plan/rewrite.js'
import type { Binding } from './binding.js'
import { convertTo, specialCall } from './calls.js'

export function bindSleep(binding: Binding, seconds: Expression): Expression {
  const outer = convertTo(seconds, DOUBLE_TYPE)
  const source: VirtualTable = SLEEP_TABLE
  // What the argument reads of the query around it is handed in.
  const inner = columnsOf(outer).size === 0 ? undefined : binding.newColumn()
  const value: Expression =
    inner === undefined
      ? rewriteExpression(outer, () => undefined)
      : { ...outer, kind: 'correlated', column: inner }
  const result = { id: binding.newColumn(), name: 'sleep', type: BOOLEAN_TYPE, nullable: false }
  const wait = specialCall(
    'seconds to sleep',
    seconds.text,
    [value],
    { type: DOUBLE_TYPE, nullable: true, coercibility: 5, volatility: 'volatile' },
    ([evaluate]) => evaluate ?? (() => null),
  )
  return {
    kind: 'subquery',
    mode: 'scalar',
    type: BOOLEAN_TYPE,
    nullable: false,
    coercibility: 5,
    text: `sleep(${seconds.text})`,
    plan: {
      kind: 'virtual',
      source,
      columns: [1],
      alias: 'sleep',
      equalities: [{ column: 0, value: wait }],
      output: [result],
    },
    columns: [result.id],
    correlations: inner === undefined ? [] : [{ id: inner, outer }],
    operands: [],
    comparisons: [],
    operandColumns: [],
    comparison: undefined,
  }
}
