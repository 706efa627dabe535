/**
 * Merges derived tables, views and common table expressions into the query around them (MySQL manual 10.2.2.4): Rename and
 * Project nodes are lifted out of the tree, and what stands above reads the expressions that they computed. What is left
 * are select-project-join trees in one piece, over which conditions can be pushed and joins ordered. A Project stays, or is
 * made, only where columns must be computed in their place: at the root, under DISTINCT and set operations, on the side of an
 * outer join that may be NULL, and for volatile expressions and sub-queries, which must not be evaluated more often.
 */
import { sameType } from '../common/sql-type.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import type { JoinNode, LogicalNode, OutputColumn, ProjectNode } from '../plan/logical.js'
import { factsOf } from './conditions.js'
import type { RuleContext } from './rule.js'
import {
  columnOf,
  filterNode,
  joinNode,
  mapExpressions,
  mapInputs,
  projectNode,
  withInputs,
} from './plan-nodes.js'
import { NO_SUBSTITUTION, substitute, type Substitution } from './substitution.js'

export function mergeProjections(plan: LogicalNode, context: RuleContext): LogicalNode {
  return new Merger(context).exact(plan)
}

/** A node without the projections above it: `columns` says what the original's outputs are, over the node's. */
interface Lifted {
  readonly node: LogicalNode
  readonly columns: Substitution
}

class Merger {
  constructor(private readonly context: RuleContext) {}

  /** The node with exactly its own output columns. */
  exact(node: LogicalNode): LogicalNode {
    return materialize(this.lift(node), node.output)
  }

  private lift(node: LogicalNode): Lifted {
    switch (node.kind) {
      case 'rename':
        return this.liftRename(node.input, node.columns, node.output)
      case 'shared':
        if (!this.context.shares.isInlinable(node)) return asItIs(node)
        return this.liftRename(node.input, node.columns, node.output)
      case 'project':
        return this.liftProject(node)
      case 'filter':
      case 'window':
        return this.over(node, settle(this.lift(node.input), isMovable))
      case 'limit':
        return this.over(node, settle(this.lift(node.input), isRepeatable))
      case 'sort': {
        const uses = new Map<ColumnId, number>()
        for (const key of node.keys) countUses(key.expression, uses)
        const mayLift = (expression: Expression, column: ColumnId) =>
          isTrivial(expression) || (isRepeatable(expression) && !uses.has(column))
        return this.over(node, settle(this.lift(node.input), mayLift))
      }
      case 'aggregate': {
        const { node: input, columns } = settle(this.lift(node.input), isMovable)
        return asItIs(over(node, input, columns))
      }
      case 'join':
        return this.liftJoin(node)
      case 'distinct':
      case 'set operation':
      case 'recursive':
        return asItIs(mapInputs(node, (input) => this.exact(input)))
      default:
        return asItIs(node)
    }
  }

  /** A node that hands its input's rows on. */
  private over(node: LogicalNode, { node: input, columns }: Lifted): Lifted {
    return { node: over(node, input, columns), columns }
  }

  private liftRename(input: LogicalNode, from: readonly ColumnId[], output: readonly OutputColumn[]): Lifted {
    const lifted = this.lift(input)
    const byId = new Map(input.output.map((column) => [column.id, column] as const))
    const columns = output.map((column, i): [ColumnId, Expression] => {
      const source = byId.get(from[i] ?? -1)
      if (source === undefined) throw new Error('invariant: a rename names columns of its input')
      return [column.id, lifted.columns.get(source.id) ?? columnOf(source)]
    })
    return { node: lifted.node, columns: new Map(columns) }
  }

  private liftProject(node: ProjectNode): Lifted {
    let input = this.lift(node.input)
    const uses = new Map<ColumnId, number>()
    for (const expression of node.expressions) countUses(expression, uses)
    const once = (expression: Expression, column: ColumnId) =>
      isMovable(expression) || (isRepeatable(expression) && (uses.get(column) ?? 0) <= 1)
    input = settle(input, once)
    const columns = new Map<ColumnId, Expression>()
    node.output.forEach((column, i) => {
      columns.set(column.id, substitute(node.expressions[i] as Expression, input.columns))
    })
    return { node: input.node, columns }
  }

  private liftJoin(node: JoinNode): Lifted {
    const left = settle(this.lift(node.left), isMovable)
    const handed = new Set(node.correlations.map((each) => each.id))
    const staysRight = (expression: Expression): boolean => {
      // A null-aware join needs its key as a column of the right side.
      if (node.type === 'left' || node.nullAware) return expression.kind === 'column'
      return isMovable(expression) && ![...factsOf(expression).correlated].some((id) => handed.has(id))
    }
    const right = settle(this.lift(node.right), staysRight)
    const columns = new Map([...left.columns, ...right.columns])
    const correlations = node.correlations.map((each) => ({
      id: each.id,
      outer: substitute(each.outer, left.columns),
    }))
    const condition = node.condition === undefined ? undefined : substitute(node.condition, columns)
    const joined =
      withoutJoin(node, left.node, right.node, condition) ??
      joinNode(node.type, left.node, right.node, condition, { ...node, correlations })
    return { node: joined, columns: node.type === 'semi' || node.type === 'anti' ? left.columns : columns }
  }
}

/** A SELECT without FROM is one row without columns: joined to others it changes nothing. */
function withoutJoin(
  { type, correlations }: JoinNode,
  left: LogicalNode,
  right: LogicalNode,
  condition: Expression | undefined,
): LogicalNode | undefined {
  if (type !== 'inner' || correlations.length > 0) return undefined
  if (isSingleRow(left)) return filterNode(right, condition)
  return isSingleRow(right) ? filterNode(left, condition) : undefined
}

function isSingleRow(node: LogicalNode): boolean {
  return node.kind === 'values' && node.rows.length === 1 && node.output.length === 0
}

function asItIs(node: LogicalNode): Lifted {
  return { node, columns: NO_SUBSTITUTION }
}

function over(node: LogicalNode, input: LogicalNode, columns: Substitution): LogicalNode {
  const rewritten =
    columns.size === 0 ? node : mapExpressions(node, (expression) => substitute(expression, columns))
  return withInputs(rewritten, [input])
}

/** May be evaluated elsewhere and more often. */
function isMovable(expression: Expression): boolean {
  const { isVolatile, hasSubquery } = factsOf(expression)
  return !isVolatile && !hasSubquery
}

/** Has the same value wherever it is evaluated, but may be costly. */
function isRepeatable(expression: Expression): boolean {
  return !factsOf(expression).isVolatile
}

/** Costs nothing, however often it is evaluated. */
function isTrivial(expression: Expression): boolean {
  return expression.kind === 'column' || expression.kind === 'constant' || expression.kind === 'parameter'
}

function countUses(expression: Expression, uses: Map<ColumnId, number>): void {
  if (expression.kind === 'column') uses.set(expression.column, (uses.get(expression.column) ?? 0) + 1)
  else if (expression.kind === 'call') for (const each of expression.arguments) countUses(each, uses)
  else if (expression.kind === 'convert') countUses(expression.operand, uses)
  else if (expression.kind === 'subquery') {
    for (const each of expression.operands) countUses(each, uses)
    for (const each of expression.correlations) countUses(each.outer, uses)
  }
}

/** Computes in place what may not be lifted further. */
function settle(lifted: Lifted, mayLift: (expression: Expression, column: ColumnId) => boolean): Lifted {
  const staying = [...lifted.columns].filter(([column, expression]) => !mayLift(expression, column))
  if (staying.length === 0) return lifted
  const { node } = lifted
  const output: OutputColumn[] = staying.map(([id, expression]) => ({
    id,
    name: expression.text,
    type: expression.type,
    nullable: expression.nullable,
  }))
  const expressions = staying.map(([, expression]) => expression)
  const project = projectNode(
    node,
    [...node.output.map((column) => columnOf(column)), ...expressions],
    [...node.output, ...output],
  )
  const columns = new Map(lifted.columns)
  for (const column of output) columns.set(column.id, columnOf(column))
  return { node: project, columns }
}

/** The node with `output` and nothing else; itself if it has that already. */
function materialize({ node, columns }: Lifted, output: readonly OutputColumn[]): LogicalNode {
  const isSame =
    node.output.length === output.length &&
    output.every((column, i) => {
      const own = node.output[i]
      const expression = columns.get(column.id)
      return (
        own?.id === column.id &&
        sameType(own.type, column.type) &&
        (expression === undefined || (expression.kind === 'column' && expression.column === column.id))
      )
    })
  if (isSame) return node
  return projectNode(
    node,
    output.map((column) => columns.get(column.id) ?? columnOf(column)),
    output,
  )
}
