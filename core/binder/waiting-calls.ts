/**
 * Binds calls of functions that may have to wait to the computed tables of `plan/waiting-calls.ts`.
 */
import { sqlError } from '../common/sql-error.js'
import type { SqlType } from '../common/sql-type.js'
import type { ColumnId, Expression, SubqueryExpression } from '../plan/expression.js'
import type { VirtualTable } from '../plan/logical.js'
import { rewriteExpression, visitExpression } from '../plan/rewrite.js'
import type { Binding } from './binding.js'
import { convertTo, specialCall } from './calls.js'

/** The call as a sub-query that has one value. Throws ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT. */
export function bindWaitingCall(
  binding: Binding,
  call: VirtualTable,
  args: readonly Expression[],
  written: string,
): SubqueryExpression {
  const parameters = call.columns.slice(0, -1)
  const [answer] = call.columns.slice(-1)
  if (answer === undefined) throw new Error('invariant: a call has a result')
  if (args.length !== parameters.length) throw sqlError('ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT', written)
  const correlations: { id: ColumnId; outer: Expression }[] = []
  const equalities = parameters.map(({ type }, column) => {
    const argument = args[column] as Expression
    return { column, value: argumentInside(binding, argument, type, correlations) }
  })
  const { type } = answer
  const result = { id: binding.newColumn(), name: call.name, type, nullable: true }
  return {
    kind: 'subquery',
    mode: 'scalar',
    type,
    nullable: true,
    coercibility: 5,
    text: `${call.name}(${args.map(({ text }) => text).join(',')})`,
    plan: {
      kind: 'virtual',
      source: call,
      columns: [parameters.length],
      alias: call.name,
      equalities,
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

/**
 * The argument as the sub-query sees it: what reads the query around it is handed in. It counts as volatile, so that the
 * sub-query runs for each row.
 */
export function argumentInside(
  binding: Binding,
  argument: Expression,
  type: SqlType,
  correlations: { id: ColumnId; outer: Expression }[],
): Expression {
  const outer = convertTo(argument, type)
  let value: Expression = rewriteExpression(outer, () => undefined)
  if (readsOutside(outer)) {
    const id = binding.newColumn()
    correlations.push({ id, outer })
    value = { ...outer, kind: 'correlated', column: id }
  }
  return specialCall(
    'argument of a waiting call',
    argument.text,
    [value],
    { type, nullable: true, coercibility: 5, volatility: 'volatile' },
    ([evaluate]) => evaluate ?? (() => null),
  )
}

function readsOutside(expression: Expression): boolean {
  let reads = false
  visitExpression(expression, ({ kind }) => {
    reads ||= kind === 'column' || kind === 'correlated'
  })
  return reads
}
