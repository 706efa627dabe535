/**
 * MIN and MAX of an indexed column (MySQL manual 10.2.1.17): the first row in the order of the column that isn't NULL has the answer. So
 * only that row is read, if an index has the order; each aggregate then has a plan of its own.
 */
import { isText } from '../common/sql-type.js'
import type { AggregateCall } from '../plan/expression.js'
import type { AggregateNode, LimitNode, LogicalNode, ScanNode, SortNode } from '../plan/logical.js'
import { usableIndexes } from './access-paths.js'
import { bindFunction, conjunction, conjuncts } from './conditions.js'
import { literal } from './literals.js'
import { hasIndexes } from './placements.js'
import { joinNode, mapInputs } from './plan-nodes.js'
import type { RuleContext } from './rule.js'

/** With more aggregates than this one walk over the rows is as good. */
const CALLS_MAX = 4

export function findExtremes(plan: LogicalNode, context: RuleContext): LogicalNode {
  const node = mapInputs(plan, (input) => findExtremes(input, context))
  if (node.kind !== 'aggregate' || node.groupBy.length > 0 || node.input.kind !== 'scan') return node
  const scan = node.input
  const { aggregates } = node
  if (aggregates.length === 0 || aggregates.length > CALLS_MAX || scan.lock !== undefined) return node
  if (!hasIndexes(scan.table, context)) return node
  if (!aggregates.every((call) => isIndexedExtreme(call, scan))) return node
  const [first, ...others] = aggregates.map((call) => extreme(node, call, scan, context))
  if (first === undefined) return node
  return others.reduce<LogicalNode>((left, right) => joinNode('inner', left, right, undefined), first)
}

function isIndexedExtreme(call: AggregateCall, scan: ScanNode): boolean {
  const [argument] = call.arguments
  if ((call.name !== 'min' && call.name !== 'max') || argument?.kind !== 'column') return false
  const position = scan.columns[scan.output.findIndex((column) => column.id === argument.column)]
  const definition = position === undefined ? undefined : scan.table.columns[position]
  // Members of ENUM and SET are compared as texts here, by their numbers in an index.
  if (definition === undefined || ['enum', 'set', 'json'].includes(definition.type.name)) return false
  if (isText(definition.type) && argument.type.collation !== definition.type.collation) return false
  return usableIndexes(scan).some((index) =>
    index.parts.some((part) => part.column === position && part.prefixLength === undefined),
  )
}

/** One aggregate over the first row in its order. */
function extreme(
  node: AggregateNode,
  call: AggregateCall,
  scan: ScanNode,
  context: RuleContext,
): AggregateNode {
  const [argument] = call.arguments
  if (argument === undefined) throw new Error('invariant: MIN and MAX have an argument')
  const isKnown = bindFunction('is not null', [argument], context)
  const conditions = argument.nullable ? [...conjuncts(scan.filter), isKnown] : conjuncts(scan.filter)
  const input: ScanNode = { ...scan, filter: conjunction(conditions, context) }
  const sort: SortNode = {
    kind: 'sort',
    input,
    keys: [{ expression: argument, descending: call.name === 'max' }],
    top: undefined,
    output: input.output,
  }
  const limit: LimitNode = {
    kind: 'limit',
    input: sort,
    count: literal(1),
    offset: undefined,
    countAll: false,
    output: sort.output,
  }
  const output = node.output.filter((column) => column.id === call.output)
  return { ...node, input: limit, aggregates: [call], output }
}
