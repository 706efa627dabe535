/**
 * SQL text of a fragment, as a driver for a server that speaks SQL sends it: a derived table per step, columns named
 * by their ids, literals encoded from the values. Integers and text in one binary collation only; the rest is refused.
 */
import {
  isInteger,
  isText,
  type Expression,
  type Fragment,
  type LogicalNode,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'

export class Refusal extends Error {}

const INFIX: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', 'and', 'or'])
const TOTALS: ReadonlySet<string> = new Set(['count', 'sum', 'min', 'max', 'avg'])

/** Throws a `Refusal`. */
export function sqlOf(fragment: Fragment, parameters: readonly Value[]): string {
  const writer = new FragmentWriter(parameters)
  const columns = fragment.columns.map(({ id }) => `c${id}`)
  // The outermost step stands alone: the order of a derived table's rows means nothing.
  return writer.select(fragment.root, columns)
}

export function literal(value: Value): string {
  if (value === null) return 'NULL'
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`
  if (typeof value !== 'string') return String(value)
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

class FragmentWriter {
  private tables = 0

  constructor(private readonly parameters: readonly Value[]) {}

  select(node: LogicalNode, columns: readonly string[]): string {
    const listed = columns.length === 0 ? '1' : columns.join(', ')
    switch (node.kind) {
      case 'sort':
        return `SELECT ${listed} FROM ${this.from(node.input)} ${this.orderBy(node)}`
      case 'limit':
        if (node.input.kind === 'sort') {
          const { input } = node.input
          return `SELECT ${listed} FROM ${this.from(input)} ${this.orderBy(node.input)}${this.limit(node)}`
        }
        return `SELECT ${listed} FROM ${this.from(node.input)}${this.limit(node)}`
      case 'project':
        // What sorts below a projection has to sort above it too.
        if (node.input.kind === 'sort' || node.input.kind === 'limit') {
          const renamed = node.expressions.map((each, i) => `${this.expression(each)} c${node.output[i]?.id}`)
          if (sameColumns(columns, node)) return this.select(node.input, renamed)
        }
        return `SELECT ${listed} FROM ${this.from(node)}`
      default:
        return `SELECT ${listed} FROM ${this.from(node)}`
    }
  }

  private from(node: LogicalNode): string {
    return `(${this.derived(node)}) t${this.tables++}`
  }

  private derived(node: LogicalNode): string {
    switch (node.kind) {
      case 'scan': {
        const { table } = node
        const columns = node.output.map(({ id }, i) => {
          const position = node.columns[i] ?? -1
          return `${identifier(table.columns[position]?.name ?? '')} c${id}`
        })
        const all = `SELECT ${listOf(columns)} FROM ${identifier(table.name)}`
        return node.filter === undefined
          ? all
          : `SELECT * FROM (${all}) t${this.tables++} WHERE ${this.expression(node.filter)}`
      }
      case 'filter':
        return `SELECT * FROM ${this.from(node.input)} WHERE ${this.expression(node.condition)}`
      case 'project': {
        const columns = node.expressions.map((each, i) => `${this.expression(each)} c${node.output[i]?.id}`)
        return `SELECT ${listOf(columns)} FROM ${this.from(node.input)}`
      }
      case 'rename': {
        const columns = node.columns.map((id, i) => `c${id} c${node.output[i]?.id}`)
        return `SELECT ${listOf(columns)} FROM ${this.from(node.input)}`
      }
      case 'join':
        if (node.type !== 'inner') throw new Refusal(`no ${node.type} joins`)
        return `SELECT * FROM ${this.from(node.left)} JOIN ${this.from(node.right)} ON ${
          node.condition === undefined ? '1' : this.expression(node.condition)
        }`
      case 'aggregate': {
        if (node.rollup) throw new Refusal('no ROLLUP')
        const keys = node.groupBy.map((item) => `${this.expression(item.expression)} c${item.output}`)
        const totals = node.aggregates.map((call) => {
          if (!TOTALS.has(call.name.toLowerCase())) throw new Refusal(`no ${call.name}`)
          const argument = call.arguments.map((each) => this.expression(each)).join(', ')
          return `${call.name}(${call.distinct ? 'DISTINCT ' : ''}${argument === '' ? '*' : argument}) c${call.output}`
        })
        const grouped = node.groupBy.map((item) => this.expression(item.expression)).join(', ')
        const tail = grouped === '' ? '' : ` GROUP BY ${grouped}`
        return `SELECT ${listOf([...keys, ...totals])} FROM ${this.from(node.input)}${tail}`
      }
      case 'sort':
      case 'limit':
        return this.select(
          node,
          node.output.map(({ id }) => `c${id}`),
        )
      default:
        throw new Refusal(`no ${node.kind}`)
    }
  }

  private orderBy(node: Extract<LogicalNode, { kind: 'sort' }>): string {
    const keys = node.keys.map(
      ({ expression, descending }) => `${this.expression(expression)}${descending ? ' DESC' : ''}`,
    )
    return `ORDER BY ${keys.join(', ')}`
  }

  private limit(node: Extract<LogicalNode, { kind: 'limit' }>): string {
    const count = node.count === undefined ? '18446744073709551615' : this.expression(node.count)
    return ` LIMIT ${count}${node.offset === undefined ? '' : ` OFFSET ${this.expression(node.offset)}`}`
  }

  private expression(expression: Expression): string {
    switch (expression.kind) {
      case 'column':
        checkType(expression.type)
        return `c${expression.column}`
      case 'constant':
        return literal(expression.value)
      case 'parameter':
        return literal(this.parameters[expression.slot] ?? null)
      case 'call': {
        // Literals take part under the collation of the column that they meet.
        const parts = expression.arguments.map((each) => this.expression(each))
        if (INFIX.has(expression.name)) return `(${parts.join(` ${expression.name} `)})`
        if (expression.name === 'is null') return `(${parts.join('')} IS NULL)`
        throw new Refusal(`no ${expression.name}`)
      }
      default:
        throw new Refusal(`no ${expression.kind}`)
    }
  }
}

function sameColumns(columns: readonly string[], { output }: LogicalNode): boolean {
  return columns.length === output.length && columns.every((each, i) => each === `c${output[i]?.id}`)
}

function listOf(columns: readonly string[]): string {
  return columns.length === 0 ? '1' : columns.join(', ')
}

/** Whether values of the type mean the same over there, and come back as they are. */
export function checkType(type: SqlType): void {
  if (isInteger(type) || type.name === 'decimal') return
  if (isText(type) && type.collation === 'utf8mb4_bin') return
  throw new Refusal(`no values of type ${type.name} ${type.collation}`)
}
