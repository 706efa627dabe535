/**
 * SQL of a fragment. The plan is taken apart from below: each node adds its part to a SELECT as long as the order in which a SELECT
 * is computed allows it, and puts what there is into a derived table where it doesn't. Columns are named by their ids.
 */
import {
  isInteger,
  isText,
  type AggregateCall,
  type Expression,
  type Fragment,
  type LogicalNode,
  type SqlType,
} from '@switchyard/core/spi'
import {
  conditionSql,
  decimalSql,
  digitsOf,
  expressionSql,
  isDistinguishable,
  isExactNumber,
  isOrdered,
  readsColumns,
  Refusal,
  type ColumnTexts,
} from './fragment-expression.js'
import type { FragmentScope } from './fragment-scope.js'
import { columnAt, columnName, tableName } from './sql-text.js'
import { nullable, storedType } from './stored-type.js'

/** One SELECT in the making. */
interface Select {
  readonly from: string
  /** The columns of the plan that it has, as texts over what is in `from`. */
  readonly columns: ColumnTexts
  readonly where: readonly string[]
  /** Undefined if it doesn't group; empty for one group of all. */
  readonly groupBy: readonly string[] | undefined
  readonly isDistinct: boolean
  readonly orderBy: readonly string[]
  readonly limit: string
}

/** Texts beyond this are computed once, in a derived table. */
const TEXT_LENGTH_MAX = 2000

/** Throws a `Refusal`. */
export function fragmentSql(fragment: Fragment, scope: FragmentScope): string {
  const select = new FragmentWriter(scope).select(fragment.root)
  const listed = fragment.columns.map(({ id, type }, i) => {
    checkResult(type)
    const text = select.columns.get(id)
    if (text === undefined) throw new Refusal('a column is missing')
    return `CAST(${text} AS ${nullable(storedType(type), true)}) AS r${i}`
  })
  // What is distinct must be told apart by its own columns.
  return textOf(select.isDistinct ? wrapped(select) : select, select.isDistinct ? relisted(fragment) : listed)
}

function relisted(fragment: Fragment): readonly string[] {
  return fragment.columns.map(
    ({ id, type }, i) => `CAST(x${id} AS ${nullable(storedType(type), true)}) AS r${i}`,
  )
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
        const columns = node.output.map(({ id }, i): [number, string] => {
          const expression = node.expressions[i]
          if (expression === undefined) throw new Refusal('an expression is missing')
          return [id, expressionSql(expression, input.columns, this.scope)]
        })
        return shortened({ ...input, columns: new Map(columns) })
      }
      case 'rename': {
        const input = undistinct(this.select(node.input))
        const columns = node.columns.map((from, i): [number, string] => [
          node.output[i]?.id ?? -1,
          input.columns.get(from) ?? '',
        ])
        return { ...input, columns: new Map(columns) }
      }
      case 'join':
        return this.join(node)
      case 'aggregate':
        return this.aggregate(node)
      case 'sort': {
        const made = undistinct(this.select(node.input))
        const input = made.limit === '' ? made : wrapped(made)
        const orderBy = node.keys.map(({ expression, descending }) => {
          if (!isOrdered(expression.type)) throw new Refusal(unordered(expression.type))
          const text = expressionSql(expression, input.columns, this.scope)
          return `${text} ${descending ? 'DESC NULLS LAST' : 'ASC NULLS FIRST'}`
        })
        return { ...input, orderBy }
      }
      case 'limit': {
        const made = this.select(node.input)
        const input = made.limit === '' ? made : wrapped(made)
        const count = node.count === undefined ? '' : ` LIMIT ${this.count(node.count)}`
        const offset = node.offset === undefined ? '0' : this.count(node.offset)
        return { ...input, limit: `${count} OFFSET ${offset}` }
      }
      case 'distinct': {
        for (const { type } of node.output) {
          if (!isDistinguishable(type)) throw new Refusal(unordered(type))
        }
        const made = this.select(node.input)
        const input = made.limit === '' && !made.isDistinct ? made : wrapped(made)
        return { ...input, isDistinct: true, orderBy: [] }
      }
      default:
        throw new Refusal(`no entry for a ${node.kind}`)
    }
  }

  private scan(node: Extract<LogicalNode, { kind: 'scan' }>): Select {
    const { table } = node
    const stored = this.scope.stored(table)
    const columns = new Map(
      node.output.map(({ id }, i) => [id, columnName(columnAt(stored.columns, node.columns[i] ?? -1))]),
    )
    const from = `${tableName(table.id)}${this.scope.hasVersions(table) ? ' FINAL' : ''}`
    const where = node.filter === undefined ? [] : [conditionSql(node.filter, columns, this.scope)]
    if (node.limit === undefined) return { ...EMPTY, from, columns, where }
    return { ...EMPTY, from, columns, where, limit: ` LIMIT ${this.count(node.limit)}` }
  }

  private count(expression: Expression): string {
    if (readsColumns(expression)) throw new Refusal('LIMIT of a column')
    const { values } = this.scope
    return values === undefined ? '?' : String(values.valueOf(expression))
  }

  private join(node: Extract<LogicalNode, { kind: 'join' }>): Select {
    if (node.type !== 'inner') throw new Refusal(`no entry for a ${node.type} join`)
    const [left, right] = [this.select(node.left), this.select(node.right)]
    const columns = new Map([...left.columns.keys(), ...right.columns.keys()].map((id) => [id, `x${id}`]))
    const parts = conjuncts(node.condition)
    const equalities = parts.filter(isEquality).map((part) => conditionSql(part, columns, this.scope))
    const rest = parts
      .filter((part) => !isEquality(part))
      .map((part) => conditionSql(part, columns, this.scope))
    const on = equalities.length === 0 ? '' : ` ON ${equalities.join(' AND ')}`
    const word = equalities.length === 0 ? 'CROSS' : 'INNER'
    const from = `(${textOf(left, listOf(left))}) AS a ${word} JOIN (${textOf(right, listOf(right))}) AS b${on}`
    return { ...EMPTY, from, columns, where: rest }
  }

  private aggregate(node: Extract<LogicalNode, { kind: 'aggregate' }>): Select {
    if (node.rollup) throw new Refusal('no entry for ROLLUP')
    const input = plain({ ...this.select(node.input), orderBy: [] })
    const keys = node.groupBy.map(({ output, expression }): [number, string] => {
      if (!isDistinguishable(expression.type)) throw new Refusal(unordered(expression.type))
      // A constant key is dropped there, and with it the difference between no group and one of no rows.
      if (!readsColumns(expression)) throw new Refusal('GROUP BY of a constant')
      return [output, expressionSql(expression, input.columns, this.scope)]
    })
    if (keys.length === 0 && node.aggregates.length === 0) throw new Refusal('one group of nothing')
    const totals = node.aggregates.map((call): [number, string] => [
      call.output,
      this.total(call, input.columns),
    ])
    return { ...input, columns: new Map([...keys, ...totals]), groupBy: keys.map(([, text]) => text) }
  }

  private total(call: AggregateCall, columns: ColumnTexts): string {
    const name = call.name.toLowerCase()
    const [argument, ...others] = call.arguments
    if (others.length > 0 || call.orderBy.length > 0) throw new Refusal(`no entry for ${call.text}`)
    if (argument === undefined) {
      if (name === 'count' && !call.distinct) return 'count()'
      throw new Refusal(`no entry for ${call.text}`)
    }
    const { type } = argument
    const text = expressionSql(argument, columns, this.scope)
    if (name === 'count') {
      if (!call.distinct) return `count(${text})`
      if (!isDistinguishable(type)) throw new Refusal(unordered(type))
      return `uniqExact(${text})`
    }
    if (name === 'min' || name === 'max') {
      if (!isOrdered(type)) throw new Refusal(unordered(type))
      return `${name}OrNull(${text})`
    }
    if (call.distinct) throw new Refusal(`no entry for ${call.text}`)
    if (name === 'sum') return sumSql(text, type)
    if (name === 'avg') return averageSql(text, type, call.binding.type)
    throw new Refusal(`no entry for ${name}`)
  }
}

const EMPTY = { where: [], groupBy: undefined, isDistinct: false, orderBy: [], limit: '' } as const

/** In a type that no sum of it leaves: its own sums wrap around silently. */
function sumSql(text: string, type: SqlType): string {
  if (type.name === 'double' || type.name === 'float') return `sumOrNull(CAST(${text} AS Nullable(Float64)))`
  if (!isExactNumber(type)) throw new Refusal(`no entry for the sum of ${type.name}`)
  const { whole, scale } = digitsOf(type)
  if (type.name !== 'decimal') {
    return `sumOrNull(CAST(${text} AS Nullable(${whole <= 10 ? 'Int64' : 'Decimal(38, 0)'})))`
  }
  return whole + scale <= 18
    ? `sumOrNull(${text})`
    : `sumOrNull(CAST(${text} AS Nullable(Decimal(76, ${scale}))))`
}

/** The quotient is cut, not rounded, at the scale that the server computes with, too. */
function averageSql(text: string, type: SqlType, result: SqlType): string {
  if (type.name === 'double' || type.name === 'float') return `avgOrNull(CAST(${text} AS Nullable(Float64)))`
  const { whole, scale } = digitsOf(type)
  // The dividend is a sum of many rows, and gets the digits of the result behind it.
  if (!isExactNumber(type) || whole + COUNT_DIGITS + scale + result.scale > 76) {
    throw new Refusal(`no entry for the average of ${type.name}`)
  }
  const sum = decimalSql(sumSql(text, type), 76, scale)
  const count = `CAST(greatest(count(${text}), 1) AS Decimal(76, 0))`
  return `divideDecimal(${sum}, ${count}, ${result.scale})`
}

/** Digits that counting rows adds to a sum. */
const COUNT_DIGITS = 12

function unordered(type: SqlType): string {
  return isText(type)
    ? `no keys of collation ${type.collation} are kept`
    : `no entry for ordering ${type.name}`
}

function conjuncts(condition: Expression | undefined): readonly Expression[] {
  if (condition === undefined) return []
  if (condition.kind === 'call' && condition.name === 'and') return condition.arguments.flatMap(conjuncts)
  return [condition]
}

/** Whether it can be what a join looks rows up by: two sides of one type there. */
function isEquality(part: Expression): boolean {
  if (part.kind !== 'call' || part.name !== '=') return false
  const [left, right] = part.arguments
  if (left === undefined || right === undefined || !readsColumns(left) || !readsColumns(right)) return false
  if (isInteger(left.type) && isInteger(right.type)) return left.type.unsigned === right.type.unsigned
  return left.type.name === right.type.name && isDistinguishable(left.type)
}

/** With nothing behind WHERE. */
function plain(select: Select): Select {
  const isPlain =
    select.groupBy === undefined && !select.isDistinct && select.orderBy.length === 0 && select.limit === ''
  return isPlain ? select : wrapped(select)
}

function undistinct(select: Select): Select {
  return select.isDistinct ? wrapped(select) : select
}

function shortened(select: Select): Select {
  const isLong = [...select.columns.values()].some((text) => text.length > TEXT_LENGTH_MAX)
  // Order would be lost in a derived table.
  return isLong && select.orderBy.length === 0 ? wrapped(select) : select
}

function wrapped(select: Select): Select {
  const columns = new Map([...select.columns.keys()].map((id) => [id, `x${id}`]))
  return { ...EMPTY, from: `(${textOf(select, listOf(select))})`, columns }
}

function listOf({ columns }: Select): readonly string[] {
  return [...columns].map(([id, text]) => `${text} AS x${id}`)
}

function textOf(select: Select, listed: readonly string[]): string {
  const { from, where, groupBy = [], isDistinct, orderBy, limit } = select
  const parts = [
    `SELECT ${isDistinct ? 'DISTINCT ' : ''}${listed.length === 0 ? '1' : listed.join(', ')} FROM ${from}`,
  ]
  if (where.length > 0) parts.push(`WHERE ${where.join(' AND ')}`)
  if (groupBy.length > 0) parts.push(`GROUP BY ${groupBy.join(', ')}`)
  if (orderBy.length > 0) parts.push(`ORDER BY ${orderBy.join(', ')}`)
  return `${parts.join(' ')}${limit}`
}
