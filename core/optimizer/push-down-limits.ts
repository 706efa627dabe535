/**
 * Lets LIMIT reach what makes rows: sorts keep only the first rows, every input of a UNION ALL stops early, scans read no more than
 * is wanted. The Limit itself stays; below it is only said that more rows are useless. SQL_CALC_FOUND_ROWS wants them all.
 */
import { UNSIGNED_BIGINT_TYPE } from '../common/sql-type.js'
import type { Expression } from '../plan/expression.js'
import type { LimitNode, LogicalNode } from '../plan/logical.js'
import { keepOutput, mapInputs, withInputs } from './plan-nodes.js'

export function pushDownLimits(plan: LogicalNode): LogicalNode {
  const node = mapInputs(plan, pushDownLimits)
  if (node.kind !== 'limit' || node.countAll || node.count === undefined) return node
  return withInputs(node, [limited(node.input, rowsWanted(node.count, node.offset))])
}

/** The rows to skip and those to give. */
function rowsWanted(count: Expression, offset: Expression | undefined): Expression {
  if (offset === undefined) return count
  return {
    kind: 'call',
    name: 'rows wanted',
    arguments: [count, offset],
    binding: {
      type: UNSIGNED_BIGINT_TYPE,
      nullable: true,
      parameterTypes: [undefined, undefined],
      compile: ([first, second]) => {
        if (first === undefined || second === undefined) throw new Error('invariant: a limit has two values')
        return (batch, row, context) => {
          const rows = first(batch, row, context)
          const skipped = second(batch, row, context)
          return rows === null || skipped === null ? null : Number(rows) + Number(skipped)
        }
      },
    },
    volatility: 'immutable',
    type: UNSIGNED_BIGINT_TYPE,
    nullable: true,
    coercibility: 5,
    text: `${count.text} + ${offset.text}`,
  }
}

/** The node, of which no more than so many rows are wanted. */
function limited(node: LogicalNode, rows: Expression): LogicalNode {
  switch (node.kind) {
    case 'scan':
      return node.limit === undefined ? { ...node, limit: rows } : node
    case 'sort':
      return node.top === undefined ? { ...node, top: rows } : node
    case 'project':
    case 'rename':
      return withInputs(node, [limited(node.input, rows)])
    case 'join':
      // Each left row gives at least one.
      return node.type === 'left' ? withInputs(node, [stopped(node.left, rows), node.right]) : node
    case 'set operation':
      if (node.operation !== 'union' || !node.all) return node
      return withInputs(
        node,
        node.inputs.map((input) => keepOutput(stopped(input, rows), input.output)),
      )
    default:
      return node
  }
}

/** As `limited`, where nothing above stops asking. */
function stopped(node: LogicalNode, rows: Expression): LogicalNode {
  if (node.kind === 'limit') return node
  const limit: LimitNode = {
    kind: 'limit',
    input: limited(node, rows),
    count: rows,
    offset: undefined,
    countAll: false,
    output: node.output,
  }
  return limit
}
