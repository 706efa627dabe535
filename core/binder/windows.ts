/** The windows of a query block: their names, and their place in the plan, above the grouping. */
import { sqlError } from '../common/sql-error.js'
import type { Expression, WindowCall } from '../plan/expression.js'
import type { LogicalNode } from '../plan/logical.js'
import type { SelectBlock } from '../plan/syntax/index.js'
import type { PendingWindow } from './binding.js'

export function checkWindowNames(block: SelectBlock): void {
  const names = new Set<string>()
  for (const { name } of block.windows) {
    const key = name.toLowerCase()
    if (names.has(key)) throw sqlError('ER_WINDOW_DUPLICATE_NAME', name)
    names.add(key)
  }
}

export function rewriteWindow(
  window: PendingWindow,
  above: (expression: Expression, where: string, position: number) => Expression,
): PendingWindow {
  const clause = (expression: Expression) => above(expression, 'SELECT list', 1)
  return {
    ...window,
    partitionBy: window.partitionBy.map(clause),
    orderBy: window.orderBy.map((key) => ({ ...key, expression: clause(key.expression) })),
    calls: window.calls.map((call): WindowCall => ({ ...call, arguments: call.arguments.map(clause) })),
  }
}

export function windowNode(input: LogicalNode, window: PendingWindow): LogicalNode {
  return {
    kind: 'window',
    input,
    partitionBy: window.partitionBy,
    orderBy: window.orderBy,
    calls: window.calls,
    output: [
      ...input.output,
      ...window.calls.map((call) => ({
        id: call.output,
        name: call.text,
        type: call.type,
        nullable: call.nullable,
      })),
    ],
  }
}
