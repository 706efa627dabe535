/**
 * LIMIT and OFFSET. Values stay expressions, so that a cached plan serves other limits.
 */
import { sqlError } from '../common/sql-error.js'
import { UNSIGNED_BIGINT_TYPE } from '../common/sql-type.js'
import type { Expression } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import type { Expression as Syntax, Limit, QueryBody } from '../plan/syntax/index.js'
import type { Binding } from './binding.js'
import { plainContext } from './binding.js'
import { convertTo } from './calls.js'
import { Scope } from './scope.js'

export function bindLimit(
  binding: Binding,
  input: LogicalNode,
  limit: Limit | undefined,
  countAll: boolean,
): LogicalNode {
  if (limit === undefined) return input
  const value = (syntax: Syntax): Expression => {
    // A name could only be a variable of a stored program.
    if (syntax.kind === 'column') throw sqlError('ER_SP_UNDECLARED_VAR', syntax.name)
    const expression = binding.expression(syntax, plainContext(new Scope(undefined, []), 'limit clause'))
    return convertTo(expression, UNSIGNED_BIGINT_TYPE)
  }
  return {
    kind: 'limit',
    input,
    count: value(limit.count),
    offset: limit.offset === undefined ? undefined : value(limit.offset),
    countAll,
    output: input.output,
  }
}

/** SQL_CALC_FOUND_ROWS: of a set operation its first block says it. */
export function countsAllRows(body: QueryBody): boolean {
  switch (body.kind) {
    case 'select':
      return body.calcFoundRows
    case 'setOperation':
      return body.operands[0] !== undefined && countsAllRows(body.operands[0])
    case 'query':
      return countsAllRows(body.body)
    default:
      return false
  }
}
