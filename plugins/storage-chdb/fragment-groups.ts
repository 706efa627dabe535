/**
 * GROUP BY in fragments. Texts of dictionaries are grouped in two phases (`fragment-phases.ts`), where that costs less than one.
 */
import { readsColumns, type Expression, type JoinNode, type LogicalNode } from '@switchyard/core/spi'
import { columnSql } from './fragment-expression.js'
import { joinSql } from './fragment-join.js'
import { checkRollup, columnOf, groupedBy, unordered, type GroupedColumn } from './fragment-keys.js'
import { firstPhase, isFew, PartialTotals, phaseSelect } from './fragment-phases.js'
import { isDistinguishable, Refusal, type ColumnTexts } from './fragment-render.js'
import type { FragmentScope } from './fragment-scope.js'
import { plain, unsorted, type Select } from './fragment-select.js'
import { applyOver, totalSql, type Apply } from './fragment-totals.js'
import type { ColumnText } from './sql-text.js'

type AggregateNode = Extract<LogicalNode, { kind: 'aggregate' }>

/** Ids that no column of a plan has, for what a first phase has of aggregates. */
const PARTIAL_IDS = 1_000_000_000
const EMPTY_TEXT: ColumnText = { text: '' }

export class GroupWriter {
  constructor(
    private readonly scope: FragmentScope,
    private readonly select: (node: LogicalNode) => Select,
  ) {}

  aggregate(node: AggregateNode): Select {
    const phased = node.rollup ? undefined : (this.joinedInPhases(node) ?? this.inPhases(node))
    if (phased !== undefined) return phased
    const input = plain(unsorted(this.select(node.input)))
    const keys = node.groupBy.map(({ output, expression }) => {
      if (!isDistinguishable(expression.type)) throw new Refusal(unordered(expression.type))
      // A constant key is dropped there, and with it the difference between no group and one of no rows.
      if (!readsColumns(expression)) throw new Refusal('GROUP BY of a constant')
      const column = columnSql(expression, input.columns, this.scope)
      return groupedBy(output, column, expression.type)
    })
    if (keys.length === 0 && node.aggregates.length === 0) throw new Refusal('one group of nothing')
    if (node.rollup) checkRollup(keys)
    const flags = node.groupingOutputs.map((id, i): [number, ColumnText] => [
      id,
      { text: `grouping(${keys[i]?.key ?? ''})` },
    ])
    const hasRows = keys.length > 0 && !node.rollup
    const totals = this.totals(node, input.columns, applyOver(''), hasRows)
    return {
      ...input,
      columns: new Map([
        ...keys.map(({ id, column }): [number, ColumnText] => [id, column]),
        ...totals,
        ...flags,
      ]),
      groupBy: keys.map(({ key }) => key),
      isRolledUp: node.rollup,
    }
  }

  /** Aggregation of what groups by texts of dictionaries; undefined where one phase is as good. */
  private inPhases(node: AggregateNode): Select | undefined {
    if (!isPhaseable(node)) return undefined
    const input = plain(unsorted(this.select(node.input)))
    const keys = node.groupBy.map(({ expression }) => ({
      expression,
      column: columnSql(expression, input.columns, this.scope),
    }))
    if (!keys.some(({ column }) => column.dictionary !== undefined) || !keys.every(isFew)) return undefined
    const partials = new PartialTotals((index) => `p${index}`)
    const totals = this.totals(node, input.columns, partials.apply, true)
    const first = firstPhase(input, keys, partials.texts)
    const grouped = node.groupBy.map(({ output, expression }, i) =>
      groupedBy(output, first.keys[i] ?? EMPTY_TEXT, expression.type),
    )
    return groupedSelect(phaseSelect(first, new Map()), grouped, totals)
  }

  /** The same where a join by texts of dictionaries comes first: each text is joined once, with what there is of its rows. */
  private joinedInPhases(node: AggregateNode): Select | undefined {
    const { input: join } = node
    if (join.kind !== 'join' || join.type !== 'inner' || !isPhaseable(node)) return undefined
    for (const [fact, other] of [
      [join.left, join.right],
      [join.right, join.left],
    ] as const) {
      const phased = this.joinedOnce(node, join, fact, other)
      if (phased !== undefined) return phased
    }
    return undefined
  }

  private joinedOnce(
    node: AggregateNode,
    join: JoinNode,
    fact: LogicalNode,
    other: LogicalNode,
  ): Select | undefined {
    const isOf = (side: LogicalNode, id: number): boolean => side.output.some((each) => each.id === id)
    const readsOnly = (side: LogicalNode, expression: Expression): boolean =>
      columnsOf(expression).every((id) => isOf(side, id))
    if (!node.aggregates.every((call) => call.arguments.every((each) => readsOnly(fact, each))))
      return undefined
    const groups = node.groupBy.map(({ expression }) => expression)
    const conditions = join.condition === undefined ? [] : [join.condition]
    const needed = new Map<number, Expression>()
    for (const expression of [...conditions, ...groups].flatMap(columnExpressions)) {
      if (isOf(fact, expression.column)) needed.set(expression.column, expression)
    }
    if (!groups.every((each) => each.kind === 'column' || readsOnly(other, each))) return undefined
    const made = plain(unsorted(this.select(fact)))
    const keys = [...needed].map(([id, expression]) => ({ expression, column: columnOf(made, id) }))
    const isSuitable = keys.every((key) => key.column.dictionary !== undefined || isFew(key))
    if (keys.length === 0 || !isSuitable || keys.every(({ column }) => column.dictionary === undefined)) {
      return undefined
    }
    const partials = new PartialTotals((index) => `x${PARTIAL_IDS + index}`)
    const totals = this.totals(node, made.columns, partials.apply, true)
    const first = firstPhase(made, keys, partials.texts)
    const columns = new Map([
      ...[...needed.keys()].map((id, i): [number, ColumnText] => [id, first.keys[i] ?? EMPTY_TEXT]),
      ...partials.texts.map((_, i): [number, ColumnText] => [PARTIAL_IDS + i, { text: `p${i}` }]),
    ])
    const side = phaseSelect(first, columns)
    const otherSide = this.select(other)
    const joined =
      fact === join.left
        ? joinSql(join, side, otherSide, this.scope)
        : joinSql(join, otherSide, side, this.scope)
    const grouped = node.groupBy.map(({ output, expression }) =>
      groupedBy(output, columnSql(expression, joined.columns, this.scope), expression.type),
    )
    return groupedSelect(joined, grouped, totals)
  }

  private totals(
    node: AggregateNode,
    columns: ColumnTexts,
    apply: Apply,
    hasRows: boolean,
  ): readonly (readonly [number, ColumnText])[] {
    return node.aggregates.map((call) => {
      if (call.orderBy.length > 0) throw new Refusal(`no entry for ${call.text}`)
      const input = { columns, scope: this.scope, hasRows, apply }
      const total = totalSql({ ...call, type: call.binding.type }, input)
      // A group has a row.
      const isPositive =
        node.groupBy.length > 0 && call.name.toLowerCase() === 'count' && call.arguments.length === 0
      return [call.output, isPositive ? { ...total, isPositive } : total]
    })
  }
}

/** Whether its aggregates can be computed of parts. */
function isPhaseable(node: AggregateNode): boolean {
  if (node.groupBy.length === 0) return false
  if (!node.groupBy.every(({ expression: { type } }) => isDistinguishable(type))) return false
  if (!node.groupBy.every(({ expression }) => readsColumns(expression))) return false
  return node.aggregates.every((call) => !call.distinct || call.name.toLowerCase() === 'count')
}

function groupedSelect(
  input: Select,
  keys: readonly GroupedColumn[],
  totals: readonly (readonly [number, ColumnText])[],
): Select {
  return {
    ...input,
    columns: new Map([...keys.map(({ id, column }) => [id, column] as const), ...totals]),
    groupBy: keys.map(({ key }) => key),
  }
}

type ColumnExpression = Extract<Expression, { kind: 'column' }>

/** The columns that an expression reads; a sub-query's aren't among them. */
function columnExpressions(expression: Expression): readonly ColumnExpression[] {
  switch (expression.kind) {
    case 'column':
      return [expression]
    case 'convert':
      return columnExpressions(expression.operand)
    case 'call':
      return expression.arguments.flatMap(columnExpressions)
    default:
      if (readsColumns(expression)) throw new Refusal(`no entry for a ${expression.kind}`)
      return []
  }
}

function columnsOf(expression: Expression): readonly number[] {
  return columnExpressions(expression).map(({ column }) => column)
}
