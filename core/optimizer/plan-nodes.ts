/**
 * Making and taking apart plan nodes: the inputs of a node, the expressions that it evaluates, and the same node over other inputs.
 * Nodes are never changed; whatever changes nothing answers the very same object, so that rules can tell.
 */
import { sameType } from '../common/sql-type.js'
import type {
  AggregateCall,
  ColumnId,
  Expression,
  FrameBound,
  SortKey,
  WindowCall,
} from '../plan/expression.js'
import type {
  AccessPath,
  FilterNode,
  JoinNode,
  LogicalNode,
  OutputColumn,
  ProjectNode,
  RangeBounds,
  ValuesNode,
} from '../plan/logical.js'
import { inputsOf } from '../plan/node-inputs.js'

/** A reference to an output column of a node. */
export function columnOf(column: OutputColumn, coercibility = 2): Extract<Expression, { kind: 'column' }> {
  return {
    kind: 'column',
    column: column.id,
    type: column.type,
    nullable: column.nullable,
    coercibility,
    text: column.name,
  }
}

export function filterNode(input: LogicalNode, condition: Expression | undefined): LogicalNode {
  if (condition === undefined) return input
  const node: FilterNode = { kind: 'filter', input, condition, output: input.output }
  return node
}

export function projectNode(
  input: LogicalNode,
  expressions: readonly Expression[],
  output: readonly OutputColumn[],
): ProjectNode {
  return { kind: 'project', input, expressions, output }
}

export function joinNode(
  type: JoinNode['type'],
  left: LogicalNode,
  right: LogicalNode,
  condition: Expression | undefined,
  options: Partial<Pick<JoinNode, 'nullAware' | 'correlations' | 'fixedOrder' | 'algorithm'>> = {},
): JoinNode {
  return {
    kind: 'join',
    type,
    left,
    right,
    condition,
    nullAware: options.nullAware ?? false,
    correlations: options.correlations ?? [],
    fixedOrder: options.fixedOrder ?? false,
    algorithm: options.algorithm,
    output: joinOutput(type, left, right),
  }
}

export function joinOutput(
  type: JoinNode['type'],
  left: LogicalNode,
  right: LogicalNode,
): readonly OutputColumn[] {
  switch (type) {
    case 'semi':
    case 'anti':
      return left.output
    case 'left':
      return [...left.output, ...right.output.map((column) => ({ ...column, nullable: true }))]
    case 'inner':
      return [...left.output, ...right.output]
  }
}

/** No rows at all, in the place of a node whose rows can't exist. */
export function emptyNode(output: readonly OutputColumn[]): ValuesNode {
  return { kind: 'values', rows: [], output }
}

export function isEmpty(node: LogicalNode): boolean {
  return node.kind === 'values' && node.rows.length === 0
}

/** The node over other inputs, given in the order of `inputsOf`; output lists that follow the inputs are made anew. */
export function withInputs(node: LogicalNode, inputs: readonly LogicalNode[]): LogicalNode {
  const before = inputsOf(node)
  if (before.every((input, i) => input === inputs[i])) return node
  const [first, second] = inputs
  if (first === undefined) return node
  switch (node.kind) {
    case 'scan':
    case 'values':
    case 'virtual':
    case 'file':
    case 'work table':
      return node
    case 'join': {
      const right = second ?? node.right
      return { ...node, left: first, right, output: joinOutput(node.type, first, right) }
    }
    case 'set operation':
      return { ...node, inputs }
    case 'recursive':
      return { ...node, seed: first, step: second ?? node.step }
    case 'fragment':
      return { ...node, root: first }
    case 'filter':
    case 'sort':
    case 'limit':
    case 'distinct':
      return { ...node, input: first, output: first.output }
    case 'window':
      return { ...node, input: first, output: [...first.output, ...windowOutputs(node.calls)] }
    case 'project':
    case 'aggregate':
    case 'shared':
    case 'rename':
      return { ...node, input: first }
  }
}

export function windowOutputs(calls: readonly WindowCall[]): readonly OutputColumn[] {
  return calls.map((call) => ({ id: call.output, name: call.text, type: call.type, nullable: call.nullable }))
}

/** Rewrites the inputs of a node. What is shared by several places is a plan of its own, and so is what a driver runs. */
export function mapInputs(node: LogicalNode, map: (input: LogicalNode) => LogicalNode): LogicalNode {
  if (node.kind === 'shared' || node.kind === 'fragment') return node
  const inputs = inputsOf(node)
  if (inputs.length === 0) return node
  // A set operation takes the columns of its inputs by their position.
  const keep = node.kind === 'set operation'
  return withInputs(
    node,
    inputs.map((input) => (keep ? keepOutput(map(input), input.output) : map(input))),
  )
}

// ── Columns by position ─────────────────────────────────────────────────────────────────────────────────────────

/** The node with `output`, in this order and nothing else; itself if it has that. */
export function keepOutput(node: LogicalNode, output: readonly OutputColumn[]): LogicalNode {
  if (hasOutput(node, output)) return node
  return projectNode(
    node,
    output.map((column) => columnOf(column)),
    output,
  )
}

export function hasOutput(node: LogicalNode, output: readonly OutputColumn[]): boolean {
  return (
    node.output.length === output.length &&
    node.output.every((column, i) => {
      const wanted = output[i]
      return wanted?.id === column.id && sameType(wanted.type, column.type)
    })
  )
}

type Rewrite = (expression: Expression) => Expression

/** Rewrites the expressions that the node itself evaluates. */
export function mapExpressions(node: LogicalNode, rewrite: Rewrite): LogicalNode {
  switch (node.kind) {
    case 'scan': {
      const filter = optional(node.filter, rewrite)
      const access = node.access === undefined ? undefined : mapAccess(node.access, rewrite)
      const limit = optional(node.limit, rewrite)
      const same = filter === node.filter && access === node.access && limit === node.limit
      return same ? node : { ...node, filter, access, limit }
    }
    case 'values': {
      const rows = mapList(node.rows, (row) => mapList(row, rewrite))
      return rows === node.rows ? node : { ...node, rows }
    }
    case 'virtual': {
      const equalities = mapList(node.equalities, (each) => {
        const value = rewrite(each.value)
        return value === each.value ? each : { ...each, value }
      })
      return equalities === node.equalities ? node : { ...node, equalities }
    }
    case 'filter': {
      const condition = rewrite(node.condition)
      return condition === node.condition ? node : { ...node, condition }
    }
    case 'project': {
      const expressions = mapList(node.expressions, rewrite)
      return expressions === node.expressions ? node : { ...node, expressions }
    }
    case 'join': {
      const condition = optional(node.condition, rewrite)
      const correlations = mapList(node.correlations, (each) => {
        const outer = rewrite(each.outer)
        return outer === each.outer ? each : { ...each, outer }
      })
      const same = condition === node.condition && correlations === node.correlations
      return same ? node : { ...node, condition, correlations }
    }
    case 'aggregate': {
      const groupBy = mapList(node.groupBy, (item) => {
        const expression = rewrite(item.expression)
        return expression === item.expression ? item : { ...item, expression }
      })
      const aggregates = mapList(node.aggregates, (call) => mapAggregate(call, rewrite))
      const same = groupBy === node.groupBy && aggregates === node.aggregates
      return same ? node : { ...node, groupBy, aggregates }
    }
    case 'window': {
      const partitionBy = mapList(node.partitionBy, rewrite)
      const orderBy = mapKeys(node.orderBy, rewrite)
      const calls = mapList(node.calls, (call) => mapWindowCall(call, rewrite))
      const same = partitionBy === node.partitionBy && orderBy === node.orderBy && calls === node.calls
      return same ? node : { ...node, partitionBy, orderBy, calls }
    }
    case 'sort': {
      const keys = mapKeys(node.keys, rewrite)
      const top = optional(node.top, rewrite)
      return keys === node.keys && top === node.top ? node : { ...node, keys, top }
    }
    case 'limit': {
      const count = optional(node.count, rewrite)
      const offset = optional(node.offset, rewrite)
      return count === node.count && offset === node.offset ? node : { ...node, count, offset }
    }
    default:
      return node
  }
}

/** Calls `visit` with every expression that the node itself evaluates. */
export function visitExpressions(node: LogicalNode, visit: (expression: Expression) => void): void {
  mapExpressions(node, (expression) => {
    visit(expression)
    return expression
  })
}

function mapAccess(access: AccessPath, rewrite: Rewrite): AccessPath {
  if (access.kind === 'full') return access
  const ranges = mapList(access.ranges, (range): RangeBounds => {
    const lower = range.lower === undefined ? undefined : mapList(range.lower, rewrite)
    const upper =
      range.upper === range.lower
        ? lower
        : range.upper === undefined
          ? undefined
          : mapList(range.upper, rewrite)
    return lower === range.lower && upper === range.upper ? range : { ...range, lower, upper }
  })
  return ranges === access.ranges ? access : { ...access, ranges }
}

function mapAggregate(call: AggregateCall, rewrite: Rewrite): AggregateCall {
  const args = mapList(call.arguments, rewrite)
  const orderBy = mapKeys(call.orderBy, rewrite)
  return args === call.arguments && orderBy === call.orderBy ? call : { ...call, arguments: args, orderBy }
}

/** `rangeStart` and `rangeEnd` stand over a column of their own and stay. */
function mapWindowCall(call: WindowCall, rewrite: Rewrite): WindowCall {
  const args = mapList(call.arguments, rewrite)
  const start = mapBound(call.frame.start, rewrite)
  const end = mapBound(call.frame.end, rewrite)
  if (args === call.arguments && start === call.frame.start && end === call.frame.end) return call
  return { ...call, arguments: args, frame: { ...call.frame, start, end } }
}

function mapBound(bound: FrameBound, rewrite: Rewrite): FrameBound {
  if (!('offset' in bound)) return bound
  const offset = rewrite(bound.offset)
  return offset === bound.offset ? bound : { ...bound, offset }
}

export function mapKeys(keys: readonly SortKey[], rewrite: Rewrite): readonly SortKey[] {
  return mapList(keys, (key) => {
    const expression = rewrite(key.expression)
    return expression === key.expression ? key : { ...key, expression }
  })
}

function optional(expression: Expression | undefined, rewrite: Rewrite): Expression | undefined {
  return expression === undefined ? undefined : rewrite(expression)
}

/** `map` over a list; the same list if nothing changed. */
export function mapList<T>(list: readonly T[], map: (item: T) => T): readonly T[] {
  let changed: T[] | undefined
  for (let i = 0; i < list.length; i++) {
    const item = list[i] as T
    const mapped = map(item)
    if (mapped === item && changed === undefined) continue
    changed ??= list.slice(0, i)
    changed.push(mapped)
  }
  return changed ?? list
}

export function outputIds(node: LogicalNode): ReadonlySet<ColumnId> {
  return new Set(node.output.map((column) => column.id))
}
