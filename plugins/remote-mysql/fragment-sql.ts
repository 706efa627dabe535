/**
 * SQL of a fragment. The plan is taken apart from below: each node adds its part to a SELECT as long as the order in which a SELECT
 * is computed allows it, and puts what there is into a derived table where it doesn't. Tables and derived tables get names of their
 * own, columns of derived tables are named by their ids.
 */
import {
  charsetOfCollation,
  isText,
  readsColumns,
  sameType,
  type AggregateCall,
  type Expression,
  type Fragment,
  type FragmentValues,
  type LogicalNode,
  type SqlType,
  type WindowCall,
} from '@switchyard/core/spi'
import type { Dialect } from './dialect.js'
import { checkComparable, Refusal, type ColumnTexts, type ExpressionScope } from './expression-checks.js'
import { conditionExpressionSql, expressionSql } from './fragment-expression.js'
import { isPointRead } from './point-read.js'
import { tableName, type RemoteTables } from './remote-table.js'
import { lockSql } from './scan-sql.js'
import { BARE, columnSql, isSingleTable, nested, textOf, type Select } from './select.js'
import { literal } from './sql-text.js'
import { SqlTemplate } from './sql-template.js'

/** Texts beyond this are computed once, in a derived table. */
const TEXT_LENGTH_MAX = 1000

/** `values` is undefined while the fragment is planned. Throws a `Refusal`. */
export function fragmentSql(
  fragment: Fragment,
  tables: RemoteTables,
  dialect: Dialect,
  values: FragmentValues | undefined,
): string {
  const writer = new FragmentWriter(tables, dialect, values)
  return writer.text(writer.wanted(writer.select(fragment.root), fragment), fragment)
}

/** The SQL of a fragment for all values; undefined if it depends on them in other ways than by having them in it. */
export function fragmentTemplate(
  fragment: Fragment,
  tables: RemoteTables,
  dialect: Dialect,
): SqlTemplate | undefined {
  const template = new SqlTemplate(isPointRead(fragment))
  const writer = new FragmentWriter(tables, dialect, undefined, false, template)
  return template.finish(writer.text(writer.select(fragment.root), fragment))
}

/**
 * Stands among the columns for the identity of a row that is changed. It is no SQL: once it was put into a derived table the row can't be
 * changed any more.
 */
export function rowMark(name: string): string {
  return `${name}.*`
}

export class FragmentWriter {
  private names = 0
  private lock: string | undefined
  private readonly foreignColumns = new Set<number>()
  private readonly averages = new Map<number, number>()
  readonly scope: ExpressionScope

  constructor(
    private readonly tables: RemoteTables,
    private readonly dialect: Dialect,
    values: FragmentValues | undefined,
    /** Whether tables whose rows are changed go by their own names. */
    private readonly isBare = false,
    holes?: SqlTemplate,
  ) {
    this.scope = { dialect, values, holes, foreignColumns: this.foreignColumns, averages: this.averages }
  }

  /** With what a join looks for; nothing else of the answer depends on it. */
  wanted(made: Select, { columns, wanted }: Fragment): Select {
    const column = columns.find(({ id }) => id === wanted?.column)
    if (wanted === undefined || column === undefined) return made
    const { id, type } = column
    const expression = {
      kind: 'column',
      column: id,
      type,
      nullable: true,
      coercibility: 2,
      text: '',
    } as const
    const isKnown = !isText(type) || charsetOfCollation(type.collation).name === 'utf8mb4'
    try {
      checkComparable(expression, this.scope)
      const select = this.plain(made)
      const text = this.sql(expression, select.columns)
      if (!isKnown) return made
      const condition =
        wanted.values.length === 0
          ? '0'
          : `${text} IN (${wanted.values.map((value) => literal(value, type)).join(', ')})`
      return { ...select, where: [...select.where, condition] }
    } catch (error) {
      if (error instanceof Refusal) return made
      throw error
    }
  }

  text(select: Select, fragment: Fragment): string {
    if (this.lock === undefined) return this.listed(select, fragment)
    // Of several tables, or of rows that were computed, it would have to be said which rows are locked.
    const isPlain = select.groupBy === undefined && !select.isDistinct && !select.hasWindows
    if (!isPlain || !isSingleTable(select)) throw new Refusal('locks of other than rows of one table')
    return `${this.listed(select, fragment)} ${this.lock}`
  }

  private listed(select: Select, { columns }: Fragment): string {
    const listed = columns.map(({ id, type }) => {
      const text = select.columns.get(id)
      if (text === undefined) throw new Refusal('a column is missing')
      if (this.averages.has(id)) throw new Refusal('an average that is computed with')
      if (type.name === 'null') throw new Refusal('results without a type')
      return text
    })
    // What is distinct must be told apart by its own columns.
    if (!select.isDistinct) return textOf(select, listed)
    const outer = this.wrapped(select)
    return textOf(
      outer,
      columns.map(({ id }) => outer.columns.get(id) ?? ''),
    )
  }

  select(node: LogicalNode): Select {
    switch (node.kind) {
      case 'scan':
        return this.scan(node)
      case 'filter': {
        const input = this.plain(this.select(node.input))
        return { ...input, where: [...input.where, this.condition(node.condition, input.columns)] }
      }
      case 'project':
        return this.project(node)
      case 'rename': {
        const input = this.undistinct(this.select(node.input))
        const columns = node.columns.map((from, i): [number, string] => {
          const id = node.output[i]?.id ?? -1
          if (this.foreignColumns.has(from)) this.foreignColumns.add(id)
          const scale = this.averages.get(from)
          if (scale !== undefined) this.averages.set(id, scale)
          return [id, input.columns.get(from) ?? '']
        })
        return { ...input, columns: new Map(columns) }
      }
      case 'join':
        return this.join(node)
      case 'aggregate':
        return this.aggregate(node)
      case 'window':
        return this.window(node)
      case 'sort': {
        const made = this.undistinct(this.select(node.input))
        const input = made.limit === '' ? made : this.wrapped(made)
        const orderBy = node.keys.map(({ expression, descending }) => {
          checkComparable(expression, this.scope)
          return `${this.key(expression, input.columns)}${descending ? ' DESC' : ''}`
        })
        return { ...input, orderBy }
      }
      case 'limit': {
        const made = this.select(node.input)
        const input = made.limit === '' ? made : this.wrapped(made)
        const count = node.count === undefined ? ROWS_MAX : this.count(node.count)
        const offset = node.offset === undefined ? '' : ` OFFSET ${this.count(node.offset)}`
        return { ...input, limit: ` LIMIT ${count}${offset}` }
      }
      case 'distinct':
        return this.distinct(node)
      case 'set operation':
        return this.setOperation(node)
      default:
        throw new Refusal(`no entry for a ${node.kind}`)
    }
  }

  private sql(expression: Expression, columns: ColumnTexts): string {
    return expressionSql(expression, columns, this.scope)
  }

  private condition(expression: Expression, columns: ColumnTexts): string {
    return conditionExpressionSql(expression, columns, this.scope)
  }

  /** A number that stands alone in ORDER BY or GROUP BY would name a column. */
  private key(expression: Expression, columns: ColumnTexts): string {
    const text = this.sql(expression, columns)
    return readsColumns(expression) ? text : `(${text} + 0)`
  }

  private newName(): string {
    return `t${this.names++}`
  }

  private scan(node: Extract<LogicalNode, { kind: 'scan' }>): Select {
    const remote = this.tables.require(node.table)
    const name = this.isBare && node.rowKey !== undefined ? tableName(remote) : this.newName()
    const columns = node.output.map(({ id }, i): [number, string] => {
      if (id === node.rowKey) return [id, rowMark(name)]
      const position = node.columns[i] ?? -1
      if (remote.foreignColumns.has(position)) this.foreignColumns.add(id)
      return [id, columnSql(node.table, position, name)]
    })
    const texts = new Map(columns)
    if (node.lock !== undefined && node.rowKey === undefined) {
      if (remote.isReadOnly) throw new Refusal('a database that is read only')
      this.lock = lockSql(node.lock.mode, node.lock.wait, remote)
    }
    const where = node.filter === undefined ? [] : [this.condition(node.filter, texts)]
    const limit = node.limit === undefined ? '' : ` LIMIT ${this.count(node.limit)}`
    const from = name === tableName(remote) ? name : `${tableName(remote)} ${name}`
    return { ...BARE, from, columns: texts, where, limit }
  }

  private count(expression: Expression): string {
    if (readsColumns(expression)) throw new Refusal('LIMIT of a column')
    const { values, holes } = this.scope
    if (holes !== undefined) return holes.place(expression, expression.type)
    return values === undefined ? '?' : String(values.valueOf(expression))
  }

  private project(node: Extract<LogicalNode, { kind: 'project' }>): Select {
    const input = this.undistinct(this.select(node.input))
    const columns = node.output.map(({ id }, i): [number, string] => {
      const expression = node.expressions[i]
      if (expression === undefined) throw new Refusal('an expression is missing')
      if (expression.kind === 'column' && this.foreignColumns.has(expression.column))
        this.foreignColumns.add(id)
      return [id, this.sql(expression, input.columns)]
    })
    const made = { ...input, columns: new Map(columns) }
    const isLong = columns.some(([, text]) => text.length > TEXT_LENGTH_MAX)
    // Order would be lost in a derived table.
    return isLong && made.orderBy.length === 0 ? this.wrapped(made) : made
  }

  private join(node: Extract<LogicalNode, { kind: 'join' }>): Select {
    if (node.nullAware) throw new Refusal('no entry for NOT IN of nullable values')
    const left = this.plain(this.unordered(this.select(node.left)))
    const right = this.plain(this.unordered(this.select(node.right)))
    const columns = new Map([...left.columns, ...right.columns])
    const on = node.condition === undefined ? [] : [this.condition(node.condition, columns)]
    switch (node.type) {
      case 'inner': {
        const condition = on.length === 0 ? '1' : on.join(' AND ')
        const from = `${left.from} JOIN ${nested(right.from)} ON ${condition}`
        return { ...BARE, from, columns, where: [...left.where, ...right.where] }
      }
      case 'left': {
        const conditions = [...on, ...right.where]
        const condition = conditions.length === 0 ? '1' : conditions.join(' AND ')
        const from = `${left.from} LEFT JOIN ${nested(right.from)} ON ${condition}`
        // Of rows that the right side has none for, its columns are NULL, and so is what is computed of them.
        const computed = [...right.columns.values()].some((text) => !PLAIN_COLUMN.test(text))
        if (computed) return this.leftOf(left, this.wrapped(right), node)
        return { ...BARE, from, columns, where: left.where }
      }
      default: {
        const inside = textOf({ ...right, where: [...right.where, ...on] }, ['1'])
        const exists = `${node.type === 'anti' ? 'NOT ' : ''}EXISTS (${inside})`
        return { ...left, where: [...left.where, exists] }
      }
    }
  }

  private leftOf(left: Select, right: Select, node: Extract<LogicalNode, { kind: 'join' }>): Select {
    const columns = new Map([...left.columns, ...right.columns])
    const condition = node.condition === undefined ? '1' : this.condition(node.condition, columns)
    return {
      ...BARE,
      from: `${left.from} LEFT JOIN ${right.from} ON ${condition}`,
      columns,
      where: left.where,
    }
  }

  private aggregate(node: Extract<LogicalNode, { kind: 'aggregate' }>): Select {
    if (node.rollup) throw new Refusal('no entry for ROLLUP')
    const input = this.plain(this.unordered(this.select(node.input)))
    const keys = node.groupBy.map(({ output, expression }): [number, string] => {
      checkComparable(expression, this.scope)
      return [output, this.sql(expression, input.columns)]
    })
    if (keys.length === 0 && node.aggregates.length === 0) throw new Refusal('one group of nothing')
    const groupBy = node.groupBy.map(({ expression }) => this.key(expression, input.columns))
    const totals = node.aggregates.map((call): [number, string] => [
      call.output,
      this.total(call, input.columns),
    ])
    return { ...input, columns: new Map([...keys, ...totals]), groupBy }
  }

  private total(call: AggregateCall, columns: ColumnTexts): string {
    if (call.arguments.length > 1 || call.orderBy.length > 0) throw new Refusal(`no entry for ${call.text}`)
    const name = call.name.toLowerCase()
    const { shownType } = call.binding
    if (shownType !== undefined) this.averages.set(call.output, shownType.scale)
    const [argument] = call.arguments
    if (argument === undefined) {
      if (name !== 'count' || call.distinct) throw new Refusal(`no entry for ${call.text}`)
      return 'COUNT(*)'
    }
    this.checkTotal(name, argument, call.binding.shownType ?? call.binding.type, call.distinct)
    return `${name.toUpperCase()}(${call.distinct ? 'DISTINCT ' : ''}${this.sql(argument, columns)})`
  }

  /** Throws a `Refusal` for what could come out otherwise. */
  private checkTotal(name: string, argument: Expression, shown: SqlType, distinct: boolean): void {
    const { type } = argument
    switch (name) {
      case 'count':
        if (distinct) checkComparable(argument, this.scope)
        return
      case 'min':
      case 'max':
        checkComparable(argument, this.scope)
        return
      case 'sum':
      case 'avg': {
        // Sums of doubles depend on the order of the rows.
        const isExact = !['float', 'double'].includes(type.name)
        checkComparable(argument, this.scope)
        if (
          !isExact ||
          !['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal'].includes(type.name)
        ) {
          throw new Refusal(`no entry for ${name} of ${type.name}`)
        }
        if (name === 'avg' && shown.scale !== Math.min(type.scale + DIVISION_DIGITS, SCALE_MAX)) {
          throw new Refusal('div_precision_increment is another')
        }
        return
      }
      default:
        throw new Refusal(`no entry for ${name}`)
    }
  }

  private window(node: Extract<LogicalNode, { kind: 'window' }>): Select {
    if (!this.dialect.hasWindows) throw new Refusal('no window functions there')
    const made = this.unordered(this.select(node.input))
    const isOpen = made.limit === '' && !made.isDistinct && made.groupBy === undefined
    const input = isOpen ? made : this.wrapped(made)
    for (const expression of [...node.partitionBy, ...node.orderBy.map((key) => key.expression)]) {
      checkComparable(expression, this.scope)
    }
    const partitions = node.partitionBy.map((each) => this.key(each, input.columns))
    const order = node.orderBy.map(
      ({ expression, descending }) => `${this.key(expression, input.columns)}${descending ? ' DESC' : ''}`,
    )
    const over = [
      ...(partitions.length === 0 ? [] : [`PARTITION BY ${partitions.join(', ')}`]),
      ...(order.length === 0 ? [] : [`ORDER BY ${order.join(', ')}`]),
    ].join(' ')
    const added = node.calls.map((call): [number, string] => [
      call.output,
      `${this.windowCall(call, input.columns, order.length > 0)} OVER (${over}${this.frame(call)})`,
    ])
    // Windows of windows need a SELECT of their own.
    return this.wrapped({ ...input, hasWindows: true, columns: new Map([...input.columns, ...added]) })
  }

  private windowCall(call: WindowCall, columns: ColumnTexts, isOrdered: boolean): string {
    const name = call.name.toLowerCase()
    if (RANKINGS.has(name) && call.arguments.length === 0) {
      // MariaDB ranks by an order only.
      if (!isOrdered && name !== 'row_number') throw new Refusal(`no entry for ${name} without an order`)
      return `${name.toUpperCase()}()`
    }
    const [argument, ...others] = call.arguments
    if (call.aggregate === undefined || others.length > 0) throw new Refusal(`no entry for ${call.text}`)
    if (argument === undefined) {
      if (name !== 'count') throw new Refusal(`no entry for ${call.text}`)
      return 'COUNT(*)'
    }
    if (/\bdistinct\b/i.test(call.text)) throw new Refusal(`no entry for ${call.text}`)
    if (name === 'avg') throw new Refusal('no entry for AVG over a window')
    this.checkTotal(name, argument, call.type, false)
    return `${name.toUpperCase()}(${this.sql(argument, columns)})`
  }

  private frame({ usesFrame, frame, text }: WindowCall): string {
    if (!usesFrame) return ''
    const bounds = [frame.start, frame.end].map((bound) => {
      if ('offset' in bound) throw new Refusal(`no entry for the frame of ${text}`)
      return bound.kind.toUpperCase()
    })
    return ` ${frame.unit.toUpperCase()} BETWEEN ${bounds.join(' AND ')}`
  }

  private distinct(node: Extract<LogicalNode, { kind: 'distinct' }>): Select {
    const made = this.select(node.input)
    this.checkDistinct(node.output)
    const input = made.limit === '' && !made.isDistinct ? made : this.wrapped(made)
    return { ...input, isDistinct: true, orderBy: [] }
  }

  private checkDistinct(output: LogicalNode['output']): void {
    for (const { id, name, type, nullable } of output) {
      checkComparable({ kind: 'column', column: id, type, nullable, coercibility: 2, text: name }, this.scope)
    }
  }

  private setOperation(node: Extract<LogicalNode, { kind: 'set operation' }>): Select {
    if (node.operation !== 'union') throw new Refusal(`no entry for ${node.operation}`)
    if (!node.all) this.checkDistinct(node.output)
    const inputs = node.inputs.map((input) => {
      const isSame = input.output.every(({ type }, i) => {
        const wanted = node.output[i]?.type
        return wanted !== undefined && sameType(type, wanted)
      })
      if (!isSame) throw new Refusal('UNION of several types')
      const select = this.select(input)
      const listed = input.output.map(({ id }, i) => {
        if (this.foreignColumns.has(id)) throw new Refusal('UNION of texts of a collation of its own')
        return `${select.columns.get(id) ?? ''} AS x${node.output[i]?.id}`
      })
      return `(${textOf(select, listed)})`
    })
    const name = this.newName()
    const columns = new Map(node.output.map(({ id }) => [id, `${name}.x${id}`] as const))
    return { ...BARE, from: `(${inputs.join(node.all ? ' UNION ALL ' : ' UNION ')}) ${name}`, columns }
  }

  // ── Derived tables ──────────────────────────────────────────────────────────────────────────────────────────

  /** With nothing behind WHERE. */
  private plain(select: Select): Select {
    const isPlain =
      select.groupBy === undefined && !select.isDistinct && select.orderBy.length === 0 && select.limit === ''
    return isPlain ? select : this.wrapped(select)
  }

  /** The order of rows means nothing to who joins or groups them, but for which of them a limit takes. */
  private unordered(select: Select): Select {
    return select.limit === '' ? { ...select, orderBy: [] } : select
  }

  private undistinct(select: Select): Select {
    return select.isDistinct ? this.wrapped(select) : select
  }

  wrapped(select: Select): Select {
    const name = this.newName()
    const listed = [...select.columns].map(([id, text]) => `${text} AS x${id}`)
    const columns = new Map([...select.columns.keys()].map((id) => [id, `${name}.x${id}`] as const))
    return { ...BARE, from: `(${textOf(select, listed)}) ${name}`, columns }
  }
}

const DIVISION_DIGITS = 4
const SCALE_MAX = 30
const ROWS_MAX = '18446744073709551615'
const RANKINGS: ReadonlySet<string> = new Set(['row_number', 'rank', 'dense_rank'])
const PLAIN_COLUMN = /^(?:\w+|`(?:[^`]|``)+`)(?:\.(?:\w+|\*|`(?:[^`]|``)+`))+$/
