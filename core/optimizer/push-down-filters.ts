/**
 * Moves conditions as far down as they go (MySQL manual 10.2.2.5): into scans, through joins, grouping, windows, DISTINCT and set
 * operations. Conditions with sub-queries stop in a Filter above the scan, because scans can't wait for a sub-plan;
 * volatile ones stay where they were written. Conditions that compare both sides of an inner join become its join
 * condition; those of an outer join's ON clause that read only its right side go there.
 */
import { isText } from '../common/sql-type.js'
import type { ColumnId, Expression } from '../plan/expression.js'
import type {
  AggregateNode,
  JoinNode,
  LogicalNode,
  ProjectNode,
  ScanNode,
  SetOperationNode,
  VirtualTableNode,
  WindowNode,
} from '../plan/logical.js'
import { conjunction, conjuncts, factsOf, isConstant, knownTruth, readsOnly } from './conditions.js'
import {
  columnOf,
  emptyNode,
  filterNode,
  isEmpty,
  joinNode,
  mapInputs,
  outputIds,
  withInputs,
} from './plan-nodes.js'
import type { RuleContext } from './rule.js'
import { substitute, type Substitution } from './substitution.js'

export function pushDownFilters(plan: LogicalNode, context: RuleContext): LogicalNode {
  return new FilterPusher(context).push(plan, [])
}

type Conditions = readonly Expression[]

class FilterPusher {
  constructor(private readonly context: RuleContext) {}

  /** The node with those of its rows for which all conditions hold. */
  push(node: LogicalNode, conditions: Conditions): LogicalNode {
    switch (node.kind) {
      case 'filter':
        return this.filter(node.input, node.condition, conditions)
      case 'scan':
        return this.scan(node, conditions)
      case 'virtual':
        return this.above(withEqualities(node, conditions), conditions)
      case 'join':
        return this.join(node, conditions)
      case 'project':
        return this.project(node, conditions)
      case 'aggregate':
        return this.aggregate(node, conditions)
      case 'window':
        return this.window(node, conditions)
      case 'distinct':
        return this.distinct(node, conditions)
      case 'set operation':
        return this.setOperation(node, conditions)
      case 'sort': {
        const input = this.push(node.input, conditions.filter(isMovable))
        return this.above(withInputs(node, [input]), conditions.filter(isVolatile))
      }
      default:
        return this.above(
          mapInputs(node, (input) => this.push(input, [])),
          conditions,
        )
    }
  }

  private above(node: LogicalNode, conditions: Conditions): LogicalNode {
    if (isEmpty(node)) return node
    // Sub-queries are the dearest part of a condition, so the rest is looked at first.
    const cheap = conditions.filter((each) => !factsOf(each).hasSubquery)
    const dear = conditions.filter((each) => factsOf(each).hasSubquery)
    const filtered = filterNode(node, conjunction(cheap, this.context))
    return filterNode(filtered, conjunction(dear, this.context))
  }

  private filter(input: LogicalNode, condition: Expression, conditions: Conditions): LogicalNode {
    const own: Expression[] = []
    for (const part of conjuncts(condition)) {
      const truth = knownTruth(part, this.context)
      if (truth === true) continue
      if (truth === false || truth === null) return emptyNode(input.output)
      own.push(part)
    }
    const fixed = own.filter(isVolatile)
    const pushed = this.push(input, [...own.filter(isMovable), ...conditions.filter(isMovable)])
    return this.above(pushed, [...fixed, ...conditions.filter(isVolatile)])
  }

  private scan(node: ScanNode, conditions: Conditions): LogicalNode {
    const inside = new Set(conditions.filter((each) => isMovable(each) && !factsOf(each).hasSubquery))
    const above = conditions.filter((each) => !inside.has(each))
    const filter = conjunction([...conjuncts(node.filter), ...inside], this.context)
    return this.above(filter === node.filter ? node : { ...node, filter }, above)
  }

  // ── Joins ───────────────────────────────────────────────────────────────────────────────────────────────────

  private join(node: JoinNode, conditions: Conditions): LogicalNode {
    return node.type === 'inner' ? this.innerJoin(node, conditions) : this.outerJoin(node, conditions)
  }

  private innerJoin(node: JoinNode, conditions: Conditions): LogicalNode {
    const all = [...conjuncts(node.condition), ...conditions]
    const sides = this.split(node, all.filter(isMovable))
    const joined: Expression[] = []
    const above: Expression[] = all.filter(isVolatile)
    for (const each of sides.both) {
      // A sub-query in the join's condition would be evaluated for every pair before the rest is looked at.
      if (factsOf(each).hasSubquery) above.push(each)
      else joined.push(each)
    }
    const left = this.push(node.left, sides.left)
    const right = this.push(node.right, sides.right)
    if (isEmpty(left) || isEmpty(right)) return emptyNode(node.output)
    return this.above(rejoined(node, left, right, conjunction(joined, this.context)), above)
  }

  /** Left, semi and anti joins: conditions from above concern the left side, or wait until after the join. */
  private outerJoin(node: JoinNode, conditions: Conditions): LogicalNode {
    const leftIds = outputIds(node.left)
    const toLeft = conditions.filter((each) => isMovable(each) && readsOnly(each, leftIds))
    const isLeft = new Set(toLeft)
    const above = conditions.filter((each) => !isLeft.has(each))
    const own = conjuncts(node.condition)
    const rightIds = outputIds(node.right)
    const toRight = node.nullAware
      ? []
      : own.filter((each) => isMovable(each) && readsOnly(each, rightIds) && factsOf(each).columns.size > 0)
    const semiLeft =
      node.type === 'semi'
        ? own.filter((each) => isMovable(each) && readsOnly(each, leftIds) && !toRight.includes(each))
        : []
    const rest = own.filter((each) => !toRight.includes(each) && !semiLeft.includes(each))
    const left = this.push(node.left, [...toLeft, ...semiLeft])
    const right = this.push(node.right, toRight)
    if (isEmpty(left)) return emptyNode(node.output)
    if (isEmpty(right) && node.type === 'semi') return emptyNode(node.output)
    if (isEmpty(right) && node.type === 'anti') return this.above(left, above)
    const condition = rest.length === own.length ? node.condition : conjunction(rest, this.context)
    return this.above(rejoined(node, left, right, condition), above)
  }

  private split(node: JoinNode, conditions: Conditions) {
    const leftIds = outputIds(node.left)
    const rightIds = outputIds(node.right)
    const left: Expression[] = []
    const right: Expression[] = []
    const both: Expression[] = []
    for (const each of conditions) {
      if (readsOnly(each, leftIds)) left.push(each)
      else if (readsOnly(each, rightIds)) right.push(each)
      else both.push(each)
    }
    return { left, right, both }
  }

  // ── Nodes that compute columns ──────────────────────────────────────────────────────────────────────────────

  private project(node: ProjectNode, conditions: Conditions): LogicalNode {
    const columns = new Map(
      node.output.map((column, i) => [column.id, node.expressions[i] as Expression] as const),
    )
    const isPlain = (expression: Expression) => isMovable(expression) && !factsOf(expression).hasSubquery
    return this.through(node, conditions, columns, (each) =>
      [...factsOf(each).columns].every((column) => {
        const expression = columns.get(column)
        return expression !== undefined && isPlain(expression)
      }),
    )
  }

  private aggregate(node: AggregateNode, conditions: Conditions): LogicalNode {
    const keys = new Map(node.groupBy.map((item) => [item.output, item.expression] as const))
    // Without GROUP BY there is a row even if nothing comes in; ROLLUP makes rows that no input row has.
    const isClosed = keys.size === 0 || node.rollup
    return this.through(node, conditions, keys, (each) => !isClosed && readsGroups(each, keys))
  }

  private window(node: WindowNode, conditions: Conditions): LogicalNode {
    const keys = new Map<ColumnId, Expression>()
    for (const each of node.partitionBy) if (each.kind === 'column') keys.set(each.column, each)
    return this.through(node, conditions, keys, (each) => readsGroups(each, keys))
  }

  private distinct(node: Extract<LogicalNode, { kind: 'distinct' }>, conditions: Conditions): LogicalNode {
    const keys = new Map(node.output.map((column) => [column.id, columnOf(column)] as const))
    return this.through(node, conditions, keys, (each) => readsGroups(each, keys))
  }

  /** Sends the conditions that `mayPass` below a node with one input, in terms of that input. */
  private through(
    node: Extract<LogicalNode, { input: LogicalNode }>,
    conditions: Conditions,
    columns: Substitution,
    mayPass: (condition: Expression) => boolean,
  ): LogicalNode {
    const passing = conditions.filter((each) => isMovable(each) && mayPass(each))
    const below = passing.map((each) => substitute(each, columns))
    const input = this.push(node.input, below)
    const staying = conditions.filter((each) => !passing.includes(each))
    return this.above(withInputs(node, [input]), staying)
  }

  private setOperation(node: SetOperationNode, conditions: Conditions): LogicalNode {
    const keys = new Map(node.output.map((column) => [column.id, columnOf(column)] as const))
    const isUnionAll = node.operation === 'union' && node.all
    const passing = conditions.filter(
      (each) => isMovable(each) && !factsOf(each).hasSubquery && (isUnionAll || readsGroups(each, keys)),
    )
    const inputs = node.inputs.map((input) => {
      const columns = new Map(
        node.output.map((column, i) => {
          const source = input.output[i]
          if (source === undefined) throw new Error('invariant: inputs of a set operation are equally wide')
          return [column.id, columnOf(source)] as const
        }),
      )
      return this.push(
        input,
        passing.map((each) => substitute(each, columns)),
      )
    })
    const staying = conditions.filter((each) => !passing.includes(each))
    return this.above(withInputs(node, inputs), staying)
  }
}

function rejoined(
  node: JoinNode,
  left: LogicalNode,
  right: LogicalNode,
  condition: Expression | undefined,
): LogicalNode {
  if (left === node.left && right === node.right && condition === node.condition) return node
  return joinNode(node.type, left, right, condition, node)
}

/** Names that are asked for let a computed table look at less; the conditions are checked all the same. */
function withEqualities(node: VirtualTableNode, conditions: Conditions): VirtualTableNode {
  const found = conditions.flatMap((condition) => {
    if (condition.kind !== 'call' || condition.name !== '=') return []
    const [left, right] = condition.arguments
    if (left === undefined || right === undefined) return []
    return [textEquality(node, left, right), textEquality(node, right, left)].filter(
      (each) => each !== undefined,
    )
  })
  return found.length === 0 ? node : { ...node, equalities: [...node.equalities, ...found] }
}

function textEquality(node: VirtualTableNode, reference: Expression, value: Expression) {
  if (reference.kind !== 'column' || !isText(value.type) || !isConstant(value)) return undefined
  const column = node.columns[node.output.findIndex((each) => each.id === reference.column)]
  if (column === undefined) return undefined
  // The source looks names up as its column compares them: neither side may bring another collation.
  const isPlain = reference.type.collation === node.source.columns[column]?.type.collation
  if (!isText(reference.type) || !isPlain || value.coercibility <= reference.coercibility) return undefined
  return { column, value }
}

function isVolatile(condition: Expression): boolean {
  return factsOf(condition).isVolatile
}

function isMovable(condition: Expression): boolean {
  return !isVolatile(condition)
}

const COMPARISONS = new Set([
  '=',
  '<=>',
  '<',
  '<=',
  '>',
  '>=',
  '<>',
  'in',
  'between',
  'is null',
  'is not null',
])

/**
 * Whether the condition has one answer for all rows of a group, `keys` being what groups are made by. Equal text isn't the same
 * text under most collations, so there the condition must compare by the key's own collation.
 */
function readsGroups(condition: Expression, keys: Substitution): boolean {
  for (const column of factsOf(condition).columns) if (!keys.has(column)) return false
  if (factsOf(condition).hasSubquery) return false
  return looksAlike(condition, keys)
}

function looksAlike(expression: Expression, keys: Substitution): boolean {
  switch (expression.kind) {
    case 'column': {
      const key = keys.get(expression.column)
      return key === undefined || isDiscrete(key)
    }
    case 'convert':
      return looksAlike(expression.operand, keys)
    case 'call':
      if (COMPARISONS.has(expression.name) && expression.arguments.every((each) => comparesAsKey(each, keys)))
        return true
      return expression.arguments.every((each) => looksAlike(each, keys))
    default:
      return true
  }
}

/** Equal values of the type can't be told apart. */
function isDiscrete({ type }: Expression): boolean {
  return !isText(type) && type.name !== 'json' && type.name !== 'float' && type.name !== 'double'
}

function comparesAsKey(argument: Expression, keys: Substitution): boolean {
  if (argument.kind === 'column') {
    const key = keys.get(argument.column)
    return key === undefined || !isText(key.type) || argument.type.collation === key.type.collation
  }
  // The other operand decides the collation if it says COLLATE.
  return factsOf(argument).columns.size === 0 && argument.coercibility > 2
}
