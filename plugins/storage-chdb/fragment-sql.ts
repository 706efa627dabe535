/**
 * SQL of a fragment. The plan is taken apart from below: each node adds its part to a SELECT as long as the order in which a SELECT
 * is computed allows it, and puts what there is into a derived table where it doesn't. Columns are named by their ids.
 */
import {
  isInteger,
  isSqlError,
  isText,
  NULL_TYPE,
  planTables,
  readsColumns,
  type Expression,
  type Fragment,
  type JoinNode,
  type LogicalNode,
  type ScanNode,
  type SortKey,
  type SqlType,
  type WindowCall,
} from '@switchyard/core/spi'
import { columnSql, conditionSql, distinctSql, sortSql } from './fragment-expression.js'
import { joinSql } from './fragment-join.js'
import { isDistinguishable, isOrdered, Refusal, type ColumnTexts } from './fragment-render.js'
import type { FragmentScope } from './fragment-scope.js'
import {
  derived,
  EMPTY,
  plain,
  shortened,
  textOf,
  undistinct,
  wrapped,
  type Select,
} from './fragment-select.js'
import { keyOf } from './fragment-text.js'
import { firstPhase, isFew, PartialTotals, phaseSelect, type PhaseKey } from './fragment-phases.js'
import { applyOver, totalSql, type Apply } from './fragment-totals.js'
import { countSql, frameSql, windowValueSql } from './fragment-windows.js'
import { isSilent } from './silent-conditions.js'
import { columnTextSql, keySql, tableName, type ColumnText } from './sql-text.js'
import { nullable, storedType } from './stored-type.js'

/** Throws a `Refusal`. */
export function fragmentSql(fragment: Fragment, scope: FragmentScope): string {
  const made = new FragmentWriter(scope).select(fragment.root)
  // What is distinct must be told apart by its own columns.
  const select = wantedOf(undistinct(made), fragment)
  const listed = fragment.columns.map(({ id, type }, i) => {
    checkResult(type)
    const column = select.columns.get(id)
    if (column === undefined) throw new Refusal('a column is missing')
    return `CAST(${column.text} AS ${nullable(storedType(type), true)}) AS r${i}`
  })
  return `${textOf(select, listed)}${settingsSql(fragment, scope)}`
}

/** From so many rows on it pays to compile what sums them up. */
const MANY_ROWS = 1_000_000

/** Of dictionaries as much is computed for a block as they have texts, and blocks of a result are cut here: so large ones do no harm. */
const MANY_ROWS_SETTINGS = 'max_block_size = 262144, min_count_to_compile_aggregate_expression = 0'

/** For large tables, as far as their rows don't come out as they are. */
function settingsSql({ root }: Fragment, { rows }: FragmentScope): string {
  const isLarge = planTables(root).some((table) => rows(table) >= MANY_ROWS)
  return isLarge && isReducing(root) ? ` SETTINGS ${MANY_ROWS_SETTINGS}` : ''
}

/** Whether there are fewer rows of the result than there are of its tables. */
function isReducing(node: LogicalNode): boolean {
  switch (node.kind) {
    case 'aggregate':
    case 'distinct':
    case 'limit':
      return true
    case 'project':
    case 'rename':
    case 'filter':
    case 'sort':
    case 'window':
      return isReducing(node.input)
    default:
      return false
  }
}

/** The parts of a scan's filter that are exact there. */
export function plannedConditions(
  node: ScanNode,
  filter: Expression,
  scope: FragmentScope,
): readonly string[] {
  const stored = scope.stored(node.table)
  const exceptions = scope.exceptions(node.table)
  // What rows are known by may come behind the columns.
  const columns = new Map(
    node.columns.map((position, i) => [
      node.output[i]?.id ?? -1,
      columnTextSql(stored, position, exceptions),
    ]),
  )
  const exact: string[] = []
  for (const part of conjuncts(filter)) {
    try {
      exact.push(conditionSql(part, columns, scope))
    } catch (error) {
      // Errors of constants are the server's to raise, if it comes to compute them.
      if (!(error instanceof Refusal) && !isSqlError(error)) throw error
      if (!isSilent(part)) break
    }
  }
  return exact
}

function conjuncts(condition: Expression): readonly Expression[] {
  if (condition.kind === 'call' && condition.name === 'and') return condition.arguments.flatMap(conjuncts)
  return [condition]
}

/** Keys of the other side that a join looks for, at most so much text of them. */
const WANTED_LENGTH_MAX = 100_000

function wantedOf(select: Select, { columns, wanted }: Fragment): Select {
  const type = columns.find(({ id }) => id === wanted?.column)?.type
  if (wanted === undefined || type === undefined) return select
  const from = plain(select)
  const column = columnOf(from, wanted.column)
  const key = isText(type) ? column.key : column.text
  if (key === undefined || (isText(type) && column.collation !== type.collation)) return select
  const values = wanted.values.map((value) => (isInteger(type) ? String(value) : keySql(value, type)))
  const list = values.join(', ')
  if (list.length > WANTED_LENGTH_MAX) return select
  return { ...from, where: [...from.where, values.length === 0 ? '0' : `${key} IN (${list})`] }
}

function checkResult(type: SqlType): void {
  if (type.name === 'null' || (type.name === 'decimal' && type.length > 76)) {
    throw new Refusal(`no results of type ${type.name}`)
  }
}

class FragmentWriter {
  constructor(private readonly scope: FragmentScope) {}

  select(node: LogicalNode): Select {
    switch (node.kind) {
      case 'scan':
        return this.scan(node)
      case 'filter': {
        const input = plain(this.select(node.input))
        return { ...input, where: [...input.where, conditionSql(node.condition, input.columns, this.scope)] }
      }
      case 'project': {
        const input = undistinct(this.select(node.input))
        const columns = node.output.map(({ id }, i): [number, ColumnText] => {
          const expression = node.expressions[i]
          if (expression === undefined) throw new Refusal('an expression is missing')
          return [id, columnSql(expression, input.columns, this.scope)]
        })
        return shortened({ ...input, columns: new Map(columns) })
      }
      case 'rename': {
        const input = undistinct(this.select(node.input))
        const columns = node.columns.map((from, i): [number, ColumnText] => [
          node.output[i]?.id ?? -1,
          columnOf(input, from),
        ])
        return { ...input, columns: new Map(columns) }
      }
      case 'join':
        return joinSql(node, this.select(node.left), this.select(node.right), this.scope)
      case 'aggregate':
        return this.aggregate(node)
      case 'window':
        return this.window(node)
      case 'set operation':
        return this.union(node)
      case 'sort': {
        const made = undistinct(this.select(node.input))
        const input = made.limit === '' ? made : wrapped(made)
        return { ...input, orderBy: this.order(node.keys, input.columns) }
      }
      case 'limit': {
        const made = this.select(node.input)
        const input = made.limit === '' ? made : wrapped(made)
        const count = node.count === undefined ? '' : ` LIMIT ${this.count(node.count)}`
        const offset = node.offset === undefined ? '0' : this.count(node.offset)
        return { ...input, limit: `${count} OFFSET ${offset}` }
      }
      case 'distinct':
        return this.distinct(this.select(node.input), node.output)
      default:
        throw new Refusal(`no entry for a ${node.kind}`)
    }
  }

  private order(keys: readonly SortKey[], columns: ColumnTexts): readonly string[] {
    return keys.map(({ expression, descending }) => {
      if (!isOrdered(expression.type)) throw new Refusal(unordered(expression.type))
      const text = sortSql(expression, columns, this.scope)
      return `${text} ${descending ? 'DESC NULLS LAST' : 'ASC NULLS FIRST'}`
    })
  }

  private scan(node: Extract<LogicalNode, { kind: 'scan' }>): Select {
    const { table } = node
    const stored = this.scope.stored(table)
    const exceptions = this.scope.exceptions(table)
    const columns = new Map(
      node.output.map(({ id }, i) => [
        id,
        columnTextSql(stored, node.columns[i] ?? -1, exceptions, this.scope.dictionaries(table)),
      ]),
    )
    const from = `${tableName(table.id)}${this.scope.hasVersions(table) ? ' FINAL' : ''}`
    const where = node.filter === undefined ? [] : [conditionSql(node.filter, columns, this.scope)]
    if (node.limit === undefined) return { ...EMPTY, from, columns, where }
    return { ...EMPTY, from, columns, where, limit: ` LIMIT ${this.count(node.limit)}` }
  }

  private count(expression: Expression): string {
    return countSql(expression, this.scope)
  }

  private distinct(made: Select, output: readonly { readonly id: number; readonly type: SqlType }[]): Select {
    for (const { type } of output) if (!isDistinguishable(type)) throw new Refusal(unordered(type))
    const input = made.limit === '' && !made.isDistinct ? unsorted(made) : wrapped(made)
    const columns = output.map(({ id, type }) => ({ id, type, column: columnOf(input, id) }))
    if (columns.every(({ column, type }) => !isText(type) || keyFor(column, type) === column.text)) {
      return { ...input, isDistinct: true }
    }
    // Texts that are equal needn't be the same: one group of them shows any.
    const source = plain(input)
    const grouped = output.map(({ id, type }) => groupedBy(id, columnOf(source, id), type))
    return {
      ...source,
      columns: new Map(grouped.map(({ id, column }) => [id, column])),
      groupBy: grouped.map(({ key }) => key),
    }
  }

  private aggregate(node: Extract<LogicalNode, { kind: 'aggregate' }>): Select {
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
    const keys = this.phaseKeys(node, input.columns)
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

  private phaseKeys(node: AggregateNode, columns: ColumnTexts): readonly PhaseKey[] {
    return node.groupBy.map(({ expression }) => ({
      expression,
      column: columnSql(expression, columns, this.scope),
    }))
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

  private window(node: Extract<LogicalNode, { kind: 'window' }>): Select {
    const input = plain(unsorted(this.select(node.input)))
    const { columns } = input
    const partition = node.partitionBy.map((each) => {
      if (!isDistinguishable(each.type)) throw new Refusal(unordered(each.type))
      return distinctSql(each, columns, this.scope)
    })
    const order = this.order(node.orderBy, columns)
    const window = [
      ...(partition.length === 0 ? [] : [`PARTITION BY ${partition.join(', ')}`]),
      ...(order.length === 0 ? [] : [`ORDER BY ${order.join(', ')}`]),
    ].join(' ')
    const calls = node.calls.map((call): [number, ColumnText] => [
      call.output,
      this.windowCall(call, window, order.length > 0, columns),
    ])
    return { ...input, columns: new Map([...columns, ...calls]), isWindowed: true }
  }

  private windowCall(
    call: WindowCall,
    window: string,
    isOrderedBy: boolean,
    columns: ColumnTexts,
  ): ColumnText {
    const name = call.name.toLowerCase()
    if (RANKINGS.has(name)) {
      if (!isOrderedBy) throw new Refusal(`${name} without an order`)
      return { text: `CAST(${name}() OVER (${window}) AS ${nullable(storedType(call.type), true)})` }
    }
    if (call.aggregate === undefined) return windowValueSql(call, window, columns, this.scope)
    const over = ` OVER (${window} ${frameSql(call.frame, this.scope)})`
    const input = { columns, scope: this.scope, hasRows: false, apply: applyOver(over) }
    return totalSql({ ...call, distinct: false }, input)
  }

  private union(node: Extract<LogicalNode, { kind: 'set operation' }>): Select {
    if (node.operation !== 'union') throw new Refusal(`no entry for ${node.operation}`)
    const selects = node.inputs.map((input) => {
      const { output } = input
      const made = this.select(input)
      return { output, select: made.limit === '' ? undistinct(unsorted(made)) : wrapped(made) }
    })
    const columns = node.output.map(({ id, type }, i): [number, ColumnText] => {
      const inputs = selects.map(({ output, select }) => columnOf(select, output[i]?.id ?? -1))
      const { collation } = type
      const hasKey =
        isText(type) && inputs.every(({ key, collation: of }) => key !== undefined && of === collation)
      const hasExceptions = inputs.some((each) => each.hasExceptions !== false)
      return [id, derived(id, hasKey, { ...(hasKey ? { collation } : {}), hasExceptions })]
    })
    const parts = selects.map(({ output, select }) => {
      const listed = columns.flatMap(([id, { key }], i) => {
        const type = node.output[i]?.type ?? NULL_TYPE
        const column = columnOf(select, output[i]?.id ?? -1)
        const cast = `CAST(${column.text} AS ${nullable(storedType(type), true)}) AS x${id}`
        return key === undefined || column.key === undefined ? [cast] : [cast, `${column.key} AS y${id}`]
      })
      return textOf(select, listed)
    })
    const all: Select = { ...EMPTY, from: `(${parts.join(' UNION ALL ')})`, columns: new Map(columns) }
    return node.all ? all : this.distinct(all, node.output)
  }
}

const RANKINGS: ReadonlySet<string> = new Set(['row_number', 'rank', 'dense_rank'])

function columnOf({ columns }: Select, id: number): ColumnText {
  const column = columns.get(id)
  if (column === undefined) throw new Refusal('a column is missing')
  return column
}

/** Order means nothing below, unless it decides what a limit leaves. */
function unsorted(select: Select): Select {
  return select.limit === '' ? { ...select, orderBy: [] } : select
}

type AggregateNode = Extract<LogicalNode, { kind: 'aggregate' }>

/** Ids that no column of a plan has, for what a first phase has of aggregates. */
const PARTIAL_IDS = 1_000_000_000
const EMPTY_TEXT: ColumnText = { text: '' }

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

interface GroupedColumn {
  readonly id: number
  readonly column: ColumnText
  readonly key: string
}

/** A column that is grouped by: of equal texts any is shown. */
function groupedBy(id: number, column: ColumnText, type: SqlType): GroupedColumn {
  const key = isText(type) ? keyFor(column, type) : column.text
  if (!isText(type) || key === column.text) return { id, column, key }
  return { id, column: { ...column, text: `any(${column.text})`, key, collation: type.collation }, key }
}

/** Where a key isn't what is shown, a row of totals would show one of its texts. */
function checkRollup(keys: readonly GroupedColumn[]): void {
  const texts = new Set(keys.map(({ key }) => key))
  if (texts.size < keys.length || keys.some(({ key, column }) => key !== column.text)) {
    throw new Refusal('no entry for ROLLUP of such keys')
  }
}

function keyFor(column: ColumnText, type: SqlType): string {
  const key = keyOf(column, type.collation)
  if (key === undefined)
    throw new Refusal(`no key of collation ${type.collation} for a text that is computed`)
  return key
}

function unordered(type: SqlType): string {
  return isText(type)
    ? `no keys of collation ${type.collation} are kept`
    : `no entry for ordering ${type.name}`
}
