/**
 * Drops columns that nobody reads: scans decode less, joins and sorts copy less, aggregates and window functions that nobody asks for
 * aren't computed. Expressions with effects (volatile ones) are computed even so.
 */
import type { ColumnId, Expression } from '../plan/expression.js'
import type {
  JoinNode,
  LogicalNode,
  OutputColumn,
  ProjectNode,
  ScanNode,
  SetOperationNode,
} from '../plan/logical.js'
import { factsOf } from './conditions.js'
import { columnOf, joinNode, keepOutput, projectNode, withInputs } from './plan-nodes.js'

type Columns = ReadonlySet<ColumnId>

/** Drops what the root's own columns don't need. */
export function pruneColumns(plan: LogicalNode): LogicalNode {
  return prune(plan, idsOf(plan.output), false)
}

/** As `pruneColumns`, and puts a narrow Project where rows are about to be copied with columns that only conditions below read. */
export function narrowColumns(plan: LogicalNode): LogicalNode {
  return prune(plan, idsOf(plan.output), true)
}

function idsOf(output: readonly OutputColumn[]): Columns {
  return new Set(output.map((column) => column.id))
}

function plus(columns: Columns, expressions: readonly (Expression | undefined)[]): Columns {
  let all: Set<ColumnId> | undefined
  for (const expression of expressions) {
    if (expression === undefined) continue
    for (const column of factsOf(expression).columns) {
      if (columns.has(column)) continue
      all ??= new Set(columns)
      all.add(column)
    }
  }
  return all ?? columns
}

/** The node with at least the `required` of its columns. */
function prune(node: LogicalNode, required: Columns, narrows: boolean): LogicalNode {
  const below = (input: LogicalNode, columns: Columns) => prune(input, columns, narrows)
  switch (node.kind) {
    case 'scan':
      return pruneScan(node, plus(required, [node.filter]))
    case 'values': {
      const kept = positionsOf(node.output, required)
      if (kept.length === node.output.length) return node
      return { ...node, rows: node.rows.map((row) => pick(row, kept)), output: pick(node.output, kept) }
    }
    case 'virtual': {
      const kept = positionsOf(node.output, required)
      if (kept.length === node.output.length) return node
      return { ...node, columns: pick(node.columns, kept), output: pick(node.output, kept) }
    }
    case 'filter':
      return withInputs(node, [below(node.input, plus(required, [node.condition]))])
    case 'project':
      return pruneProject(node, required, narrows)
    case 'join':
      return pruneJoin(node, required, narrows)
    case 'aggregate': {
      const aggregates = node.aggregates.filter((call) => required.has(call.output))
      const dropped = new Set(
        node.aggregates.filter((call) => !required.has(call.output)).map((c) => c.output),
      )
      const read = [
        ...node.groupBy.map((item) => item.expression),
        ...aggregates.flatMap((call) => [...call.arguments, ...call.orderBy.map((key) => key.expression)]),
      ]
      const input = below(node.input, plus(new Set(), read))
      if (dropped.size === 0) return withInputs(node, [input])
      const output = node.output.filter((column) => !dropped.has(column.id))
      return { ...node, input, aggregates, output }
    }
    case 'window': {
      const calls = node.calls.filter((call) => required.has(call.output))
      if (calls.length === 0) return below(node.input, required)
      const outputs = new Set(node.calls.map((call) => call.output))
      const own = new Set([...required].filter((column) => !outputs.has(column)))
      const read = [
        ...node.partitionBy,
        ...node.orderBy.map((key) => key.expression),
        ...calls.flatMap(readByWindow),
      ]
      const input = below(node.input, plus(own, read))
      if (calls.length === node.calls.length) return withInputs(node, [input])
      const kept = node.output.filter((column) => calls.some((call) => call.output === column.id))
      return { ...node, calls, input, output: [...input.output, ...kept] }
    }
    case 'sort': {
      const read = plus(
        required,
        node.keys.map((key) => key.expression),
      )
      const input = below(node.input, read)
      return withInputs(node, [narrows ? narrowed(input, read) : input])
    }
    case 'limit':
      return withInputs(node, [below(node.input, required)])
    case 'distinct':
      return withInputs(node, [below(node.input, idsOf(node.output))])
    case 'set operation':
      return pruneSetOperation(node, required, narrows)
    case 'recursive':
      return withInputs(node, [
        below(node.seed, new Set(node.seedColumns)),
        below(node.step, new Set(node.stepColumns)),
      ])
    case 'rename':
      return withInputs(node, [below(node.input, new Set(node.columns))])
    case 'shared':
    case 'file':
    case 'work table':
    case 'fragment':
      return node
  }
}

function readByWindow(
  call: Extract<LogicalNode, { kind: 'window' }>['calls'][number],
): readonly Expression[] {
  const { start, end } = call.frame
  const offsets = [start, end].flatMap((bound) => ('offset' in bound ? [bound.offset] : []))
  return [...call.arguments, ...offsets]
}

function positionsOf(output: readonly OutputColumn[], required: Columns): readonly number[] {
  return output.flatMap((column, i) => (required.has(column.id) ? [i] : []))
}

function pick<T>(list: readonly T[], positions: readonly number[]): readonly T[] {
  return positions.map((position) => list[position] as T)
}

function pruneScan(node: ScanNode, required: Columns): LogicalNode {
  const output = node.output.filter((column) => required.has(column.id) || column.id === node.rowKey)
  if (output.length === node.output.length) return node
  const columns = node.columns.filter((_, i) => required.has(node.output[i]?.id ?? -1))
  return { ...node, columns, output }
}

function pruneProject(node: ProjectNode, required: Columns, narrows: boolean): LogicalNode {
  const kept = node.output.flatMap((column, i) => {
    const expression = node.expressions[i] as Expression
    return required.has(column.id) || factsOf(expression).isVolatile ? [{ column, expression }] : []
  })
  const expressions = kept.map((each) => each.expression)
  const input = prune(node.input, plus(new Set(), expressions), narrows)
  if (kept.length === node.output.length) return withInputs(node, [input])
  const output = kept.map((each) => each.column)
  const isSame =
    input.output.length === output.length &&
    kept.every(
      ({ column, expression }, i) =>
        expression.kind === 'column' && expression.column === column.id && input.output[i]?.id === column.id,
    )
  return isSame ? input : projectNode(input, expressions, output)
}

function pruneJoin(node: JoinNode, required: Columns, narrows: boolean): LogicalNode {
  const outers = node.correlations.map((each) => each.outer)
  const joined = plus(required, [node.condition])
  const forLeft = plus(joined, outers)
  let left = prune(node.left, within(forLeft, node.left), narrows)
  let right = prune(node.right, within(joined, node.right), narrows)
  if (narrows) {
    left = narrowed(left, forLeft)
    // What is opened for each row shall be opened quickly.
    if (node.correlations.length === 0) right = narrowed(right, joined)
  }
  if (left === node.left && right === node.right) return node
  return joinNode(node.type, left, right, node.condition, node)
}

function within(columns: Columns, node: LogicalNode): Columns {
  return new Set(node.output.flatMap((column) => (columns.has(column.id) ? [column.id] : [])))
}

/** Only UNION ALL can lose a column: the others compare whole rows. */
function pruneSetOperation(node: SetOperationNode, required: Columns, narrows: boolean): LogicalNode {
  const kept =
    node.operation === 'union' && node.all
      ? positionsOf(node.output, required)
      : node.output.map((_, position) => position)
  const inputs = node.inputs.map((input) => {
    const wanted = pick(input.output, kept)
    return keepOutput(prune(input, idsOf(wanted), narrows), wanted)
  })
  if (kept.length === node.output.length) return withInputs(node, inputs)
  return { ...node, inputs, output: pick(node.output, kept) }
}

/** The node without the columns that only conditions below it needed. */
function narrowed(node: LogicalNode, required: Columns): LogicalNode {
  const output = node.output.filter((column) => required.has(column.id))
  if (output.length === node.output.length) return node
  return projectNode(
    node,
    output.map((column) => columnOf(column)),
    output,
  )
}
