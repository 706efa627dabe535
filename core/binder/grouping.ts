/**
 * Turns a block with GROUP BY or aggregates into an Aggregate node, and rewrites what stands above it (select list, HAVING, ORDER
 * BY, windows) to read the node's outputs. Checks ONLY_FULL_GROUP_BY (MySQL manual 14.19.3).
 */
import { sqlError } from '../common/sql-error.js'
import { SqlMode } from '../common/sql-mode.js'
import { BIGINT_TYPE, INT_TYPE } from '../common/sql-type.js'
import type { AggregateCall, ColumnExpression, ColumnId, Expression } from '../plan/expression.js'
import type { AggregateNode, LogicalNode, OutputColumn } from '../plan/logical.js'
import { rewriteExpression } from '../plan/rewrite.js'
import type { Binding } from './binding.js'
import { BoundArgument } from './constants.js'
import { expressionKey } from './expression-keys.js'
import { dependentColumns } from './functional-dependencies.js'
import type { Scope } from './scope.js'

export interface Grouping {
  readonly node: AggregateNode
  /** Rewrites an expression over the block's input to one over the node's output. */
  rewrite(expression: Expression, where: string, position: number): Expression
}

export interface GroupItem {
  readonly expression: Expression
  readonly key: string
  readonly output: ColumnId
  /** GROUPING() of the item; undefined without ROLLUP. */
  readonly flag: ColumnExpression | undefined
}

export function groupItems(
  binding: Binding,
  expressions: readonly Expression[],
  rollup: boolean,
): readonly GroupItem[] {
  const items: GroupItem[] = []
  for (const expression of expressions) {
    const key = expressionKey(binding, expression)
    if (!rollup && items.some((item) => item.key === key)) continue
    const flag: ColumnExpression | undefined = rollup
      ? {
          kind: 'column',
          column: binding.newColumn(),
          type: INT_TYPE,
          nullable: false,
          coercibility: 5,
          text: 'grouping',
        }
      : undefined
    items.push({ expression, key, output: binding.newColumn(), flag })
  }
  return items
}

export function buildGrouping(
  binding: Binding,
  input: LogicalNode,
  scope: Scope,
  items: readonly GroupItem[],
  aggregates: AggregateCall[],
  windowOutputs: readonly ColumnId[],
  rollup: boolean,
): Grouping {
  const keys = new Map(items.map((item) => [item.key, item] as const))
  const first = new Map<ColumnId, ColumnExpression>()
  const outputs = new Set<ColumnId>([
    ...windowOutputs,
    ...items.flatMap((item) => (item.flag === undefined ? [] : [item.flag.column])),
  ])
  const dependent = lazily(() => dependentColumns(input, scope, items))
  const output: OutputColumn[] = items.map((item) => ({
    id: item.output,
    name: item.expression.text,
    type: item.expression.type,
    nullable: item.expression.nullable || rollup,
  }))
  const aggregateList: AggregateCall[] = []

  const rewrite = (expression: Expression, where: string, position: number): Expression => {
    return rewriteParts(expression, (part) => anyValue(part, where, position))
  }

  /** `ungrouped` answers for columns that aren't grouped. */
  const rewriteParts = (
    expression: Expression,
    ungrouped: (part: ColumnExpression) => Expression,
  ): Expression => {
    const calls = new Set(aggregates.map((call) => call.output))
    return rewriteExpression(expression, (part) => {
      if (part.kind === 'column' && (calls.has(part.column) || outputs.has(part.column))) return part
      // ROLLUP makes NULL of grouped constants too.
      if (rollup || (part.kind !== 'constant' && part.kind !== 'parameter')) {
        const item = keys.get(expressionKey(binding, part))
        if (item !== undefined) return groupColumn(item, rollup)
      }
      if (part.kind === 'column') return ungrouped(part)
      if (part.kind !== 'call' || part.name !== 'any_value') return undefined
      // ANY_VALUE() computes nothing: it allows its argument to read columns that aren't grouped.
      const [argument] = part.arguments
      return argument === undefined ? undefined : rewriteParts(argument, firstValue)
    })
  }

  /** A column that isn't grouped: legal if each group has one value of it, or without ONLY_FULL_GROUP_BY. */
  const anyValue = (part: ColumnExpression, where: string, position: number): Expression => {
    const full = (binding.environment.sqlMode & SqlMode.ONLY_FULL_GROUP_BY) !== 0
    if (full && !dependent().has(part.column)) throw notGrouped(part, where, position, items.length > 0)
    return firstValue(part)
  }

  /** The column's value in the first row of each group. */
  const firstValue = (part: ColumnExpression): Expression => {
    const known = first.get(part.column)
    if (known !== undefined) return known
    const fn = binding.environment.functions.aggregate('any_value')
    if (fn === undefined) throw new Error('invariant: ANY_VALUE is built in')
    const bound = fn.bind([new BoundArgument(binding, part)], binding.environment)
    const call: AggregateCall = {
      output: binding.newColumn(),
      name: 'any_value',
      arguments: [part],
      distinct: false,
      orderBy: [],
      separator: undefined,
      binding: bound,
      text: part.text,
    }
    aggregates.push(call)
    const result: ColumnExpression = {
      ...part,
      column: call.output,
      nullable: part.nullable || items.length === 0,
    }
    first.set(part.column, result)
    return result
  }

  const node: AggregateNode = {
    kind: 'aggregate',
    input,
    groupBy: items.map((item) => ({ output: item.output, expression: item.expression })),
    aggregates: aggregateList,
    rollup,
    groupingOutputs: items.flatMap((item) => (item.flag === undefined ? [] : [item.flag.column])),
    output,
  }
  return {
    get node() {
      return finish(node, aggregates, items)
    },
    rewrite,
  }
}

/** The node with every aggregate that rewriting asked for; called when nothing more is to be rewritten. */
function finish(
  node: AggregateNode,
  aggregates: readonly AggregateCall[],
  items: readonly GroupItem[],
): AggregateNode {
  const calls = aggregates.map((call) => ({
    id: call.output,
    name: call.text,
    type: call.binding.type,
    nullable: call.binding.nullable,
  }))
  const flags = items.flatMap((item) =>
    item.flag === undefined
      ? []
      : [{ id: item.flag.column, name: 'grouping', type: BIGINT_TYPE, nullable: false }],
  )
  return { ...node, aggregates, output: [...node.output, ...calls, ...flags] }
}

function groupColumn(item: GroupItem, rollup: boolean): ColumnExpression {
  const { type, nullable, coercibility, text } = item.expression
  return { kind: 'column', column: item.output, type, nullable: nullable || rollup, coercibility, text }
}

function notGrouped(part: ColumnExpression, where: string, position: number, grouped: boolean): Error {
  const name = part.text.replaceAll('`', '')
  if (!grouped) return sqlError('ER_MIX_OF_GROUP_FUNC_AND_FIELDS', position, name)
  return sqlError('ER_WRONG_FIELD_WITH_GROUP_V2', position, where, name)
}

function lazily<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined
  return () => (value ??= { made: make() }).made
}
