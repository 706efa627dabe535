/**
 * SQL of a fragment. The plan is taken apart from below: each node adds its part to a SELECT as long as the order in which a SELECT
 * is computed allows it, and puts what there is into a derived table where it doesn't. Columns are named by their ids.
 */
import {
  isInteger,
  isSqlError,
  isText,
  planTables,
  type Expression,
  type Fragment,
  type LogicalNode,
  type ScanNode,
  type SortKey,
  type SqlType,
  type WindowCall,
} from '@switchyard/core/spi'
import { columnSql, conditionSql, distinctSql, sortSql } from './fragment-expression.js'
import { GroupWriter } from './fragment-groups.js'
import { joinSql } from './fragment-join.js'
import { isDistinguishable, isOrdered, Refusal, type ColumnTexts } from './fragment-render.js'
import { columnOf, groupedBy, keyFor, unordered } from './fragment-keys.js'
import { allRows, commonRows } from './fragment-sets.js'
import type { FragmentScope } from './fragment-scope.js'
import {
  EMPTY,
  plain,
  shortened,
  textOf,
  undistinct,
  unsorted,
  wrapped,
  type Select,
} from './fragment-select.js'
import { applyOver, totalSql } from './fragment-totals.js'
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

const MANY_ROWS_SETTINGS = [
  // Of dictionaries as much is computed for a block as they have texts; blocks of results are cut when they are read.
  'max_block_size = 262144',
  'min_count_to_compile_aggregate_expression = 0',
  // Groups in one table as long as that isn't large: dividing and joining them costs as much again.
  'group_by_two_level_threshold = 300000',
].join(', ')

/** For large tables, as far as their rows don't come out as they are. */
function settingsSql({ root }: Fragment, scope: FragmentScope): string {
  const isLarge = planTables(root).some((table) => scope.rows(table) >= MANY_ROWS)
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
        return new GroupWriter(this.scope, (input) => this.select(input)).aggregate(node)
      case 'window':
        return this.window(node)
      case 'set operation':
        return this.setOperation(node)
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

  private setOperation(node: Extract<LogicalNode, { kind: 'set operation' }>): Select {
    const select = (input: LogicalNode): Select => this.select(input)
    if (node.operation !== 'union') return commonRows(node, select)
    const all = allRows(node, select)
    return node.all ? all : this.distinct(all, node.output)
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
}

const RANKINGS: ReadonlySet<string> = new Set(['row_number', 'rank', 'dense_rank'])
