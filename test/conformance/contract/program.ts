/**
 * What the driver in another process sends there: a fragment as a little program over positions, with all values filled
 * in. It knows integers, and text only to carry it around; everything else is refused when the fragment is planned.
 */
import {
  representationOf,
  type AggregateCall,
  type Expression,
  type Fragment,
  type LogicalNode,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'

export type Program =
  | { readonly kind: 'scan'; readonly table: number; readonly columns: readonly number[] }
  | { readonly kind: 'filter'; readonly input: Program; readonly condition: Formula }
  | { readonly kind: 'project'; readonly input: Program; readonly formulas: readonly Formula[] }
  | {
      readonly kind: 'join'
      readonly left: Program
      readonly right: Program
      readonly condition: Formula | undefined
    }
  | {
      readonly kind: 'aggregate'
      readonly input: Program
      readonly keys: readonly Formula[]
      readonly totals: readonly Total[]
    }
  | { readonly kind: 'sort'; readonly input: Program; readonly keys: readonly SortFormula[] }
  | {
      readonly kind: 'limit'
      readonly input: Program
      readonly count: Formula | undefined
      readonly offset: Formula | undefined
    }

export type Formula =
  | { readonly kind: 'column'; readonly at: number }
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Formula[] }

export interface Total {
  readonly name: 'count' | 'sum' | 'min' | 'max'
  /** Absent for COUNT(*). */
  readonly argument: Formula | undefined
}

export interface SortFormula {
  readonly formula: Formula
  readonly descending: boolean
}

const CALLS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=', 'and', 'or', 'not', 'is null'])

/** Why a fragment is left to core. */
export class Refusal extends Error {}

/** Throws a `Refusal`. Values of parameters are those of the execution, or placeholders while planning. */
export function programOf(fragment: Fragment, parameters: readonly Value[]): Program {
  const compiler = new ProgramCompiler(parameters)
  const { output } = fragment.root
  const program = compiler.program(fragment.root)
  return {
    kind: 'project',
    input: program,
    formulas: fragment.columns.map(({ id }) => column(output.findIndex((each) => each.id === id))),
  }
}

class ProgramCompiler {
  constructor(private readonly parameters: readonly Value[]) {}

  program(node: LogicalNode): Program {
    switch (node.kind) {
      case 'scan': {
        const scan: Program = { kind: 'scan', table: node.table.id, columns: node.columns }
        return node.filter === undefined ? scan : this.filtered(scan, node.filter, node)
      }
      case 'filter':
        return this.filtered(this.program(node.input), node.condition, node.input)
      case 'project':
        return {
          kind: 'project',
          input: this.program(node.input),
          formulas: node.expressions.map((each) => this.formula(each, node.input)),
        }
      case 'rename':
        return {
          kind: 'project',
          input: this.program(node.input),
          formulas: node.columns.map((id) => column(positionOf(id, node.input))),
        }
      case 'join':
        return this.join(node)
      case 'aggregate':
        return this.aggregate(node)
      case 'sort':
        return {
          kind: 'sort',
          input: this.program(node.input),
          keys: node.keys.map(({ expression, descending }) => ({
            formula: this.number(expression, node.input),
            descending,
          })),
        }
      case 'limit':
        return {
          kind: 'limit',
          input: this.program(node.input),
          count: node.count && this.formula(node.count, node.input),
          offset: node.offset && this.formula(node.offset, node.input),
        }
      default:
        throw new Refusal(`it knows no ${node.kind}`)
    }
  }

  private filtered(input: Program, condition: Expression, node: LogicalNode): Program {
    return { kind: 'filter', input, condition: this.formula(condition, node) }
  }

  private join(node: Extract<LogicalNode, { kind: 'join' }>): Program {
    if (node.type !== 'inner') throw new Refusal(`it knows no ${node.type} join`)
    const { left, right, condition } = node
    const joined: Program = {
      kind: 'join',
      left: this.program(left),
      right: this.program(right),
      condition: condition && this.formula(condition, { output: [...left.output, ...right.output] }),
    }
    return {
      kind: 'project',
      input: joined,
      formulas: this.positions(node, [...left.output, ...right.output]),
    }
  }

  private aggregate(node: Extract<LogicalNode, { kind: 'aggregate' }>): Program {
    if (node.rollup) throw new Refusal('it knows no ROLLUP')
    const program: Program = {
      kind: 'aggregate',
      input: this.program(node.input),
      keys: node.groupBy.map((item) => this.number(item.expression, node.input)),
      totals: node.aggregates.map((call) => this.total(call, node.input)),
    }
    const produced = [...node.groupBy, ...node.aggregates].map(({ output }) => ({ id: output }))
    return { kind: 'project', input: program, formulas: this.positions(node, produced) }
  }

  private positions(node: LogicalNode, produced: readonly { readonly id: number }[]): readonly Formula[] {
    return node.output.map(({ id }) => column(produced.findIndex((each) => each.id === id)))
  }

  private total({ name, arguments: [argument], distinct }: AggregateCall, input: LogicalNode): Total {
    const lower = name.toLowerCase()
    if (distinct) throw new Refusal('it knows no DISTINCT')
    if (lower !== 'count' && lower !== 'sum' && lower !== 'min' && lower !== 'max') {
      throw new Refusal(`it knows no ${name}`)
    }
    return { name: lower, argument: argument && this.number(argument, input) }
  }

  private formula(expression: Expression, input: Pick<LogicalNode, 'output'>): Formula {
    switch (expression.kind) {
      case 'column':
        return column(positionOf(expression.column, input))
      case 'constant':
        return { kind: 'value', value: expression.value }
      case 'parameter':
        return { kind: 'value', value: this.parameters[expression.slot] ?? null }
      case 'convert':
        if (!isNumber(expression.type)) throw new Refusal(`it converts nothing to ${expression.type.name}`)
        return this.number(expression.operand, input)
      case 'call':
        if (!CALLS.has(expression.name)) throw new Refusal(`it knows no ${expression.name}`)
        return {
          kind: 'call',
          name: expression.name,
          arguments: expression.arguments.map((each) => this.number(each, input)),
        }
      default:
        throw new Refusal(`it knows no ${expression.kind}`)
    }
  }

  /** A formula that is computed with, not only carried. */
  private number(expression: Expression, input: Pick<LogicalNode, 'output'>): Formula {
    if (!isNumber(expression.type)) throw new Refusal(`it doesn't compute with ${expression.type.name}`)
    return this.formula(expression, input)
  }
}

function isNumber(type: SqlType): boolean {
  return representationOf(type) === 'exact' && type.scale === 0
}

function column(at: number): Formula {
  if (at < 0) throw new Refusal('a column is missing')
  return { kind: 'column', at }
}

function positionOf(id: number, { output }: Pick<LogicalNode, 'output'>): number {
  return output.findIndex((each) => each.id === id)
}
