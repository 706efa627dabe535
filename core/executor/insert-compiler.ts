/** What INSERT, REPLACE and LOAD DATA make of their plan once, for all executions. */
import type { Store } from '../common/conversion.js'
import type { Evaluator } from '../common/evaluation.js'
import { sameType } from '../common/sql-type.js'
import { compileExpression } from '../functions/compile-expression.js'
import type { InsertPlan } from '../plan/change.js'
import type { LogicalNode } from '../plan/logical.js'
import { inputsOf } from '../plan/node-inputs.js'
import type { ColumnDefinition, TableDefinition } from '../plan/schema.js'
import { BulkConversion, type BulkSource } from './bulk-conversion.js'
import type { ChangeInput } from './change-input.js'
import { compilePlan, type PlanCompilerOptions } from './compile-plan.js'
import { LineCompiler } from './loaded-lines.js'
import { RowBuilder, compileAssignment, compileColumnStore, layoutOf } from './row-builder.js'

/** How one column of the new row comes about. */
export type ColumnSource =
  { readonly kind: 'given'; readonly from: number; readonly store: Store } | { readonly kind: 'missing' }

export type MissingSource =
  | {
      readonly kind: 'expression'
      readonly evaluate: Evaluator
      readonly store: Store
      readonly isRowDependent: boolean
    }
  | { readonly kind: 'auto increment' }
  | { readonly kind: 'no default' }

export class InsertCompiler {
  readonly table: TableDefinition
  /** A query that reads the table itself is finished before the first row goes in. */
  readonly input: ChangeInput
  readonly isSingleRow: boolean
  readonly columns: readonly ColumnSource[]
  readonly lines: LineCompiler | undefined
  readonly missing: readonly MissingSource[]
  readonly bulk: BulkConversion | undefined
  readonly builder: RowBuilder
  readonly oldBuilder: RowBuilder
  readonly autoColumn: number
  readonly onDuplicate: ReturnType<typeof compileAssignment>[] | undefined
  readonly onUpdate: ReturnType<typeof compileAssignment>[]
  readonly allColumns: readonly number[]
  /** Positions in the source of what ON DUPLICATE KEY UPDATE reads there. */
  readonly readForDuplicate: readonly number[]

  constructor(
    readonly plan: InsertPlan,
    options: PlanCompilerOptions,
  ) {
    const { rules, source, targets } = plan
    const table = rules.table
    this.table = table
    const streams = source.kind === 'values' || !scansTable(source, table.id)
    this.input = { node: compilePlan(source, options), streams, what: 'INSERT … SELECT' }
    this.isSingleRow = source.kind === 'values' && source.rows.length === 1
    const bySource = new Map(source.output.map((column, i) => [column.id, i] as const))
    this.columns = table.columns.map((column, i): ColumnSource => {
      const target = plan.ignored.includes(i) ? undefined : targets.find((each) => each.column === i)
      const from = target === undefined ? undefined : bySource.get(target.source)
      const output = from === undefined ? undefined : source.output[from]
      if (from === undefined || output === undefined) return { kind: 'missing' }
      return { kind: 'given', from, store: compileColumnStore(column, output.type) }
    })
    this.lines = plan.load === undefined ? undefined : new LineCompiler(table, plan.load, source.output)
    const layout = layoutOf(rules)
    this.missing = plan.missing.map((value, i): MissingSource => {
      if (value.kind !== 'expression') return value
      return {
        kind: 'expression',
        evaluate: compileExpression(value.expression, layout),
        store: compileColumnStore(table.columns[i] as ColumnDefinition, value.expression.type),
        isRowDependent: value.expression.kind !== 'constant',
      }
    })
    this.builder = new RowBuilder(rules)
    this.bulk = this.bulkConversion()
    this.oldBuilder = new RowBuilder(plan.oldRules)
    this.autoColumn = table.columns.findIndex((column) => column.autoIncrement)
    const width = table.columns.length
    const both = {
      columns: new Map([
        ...plan.oldLayout.map((column, i) => [column, i] as const),
        ...rules.layout.map((column, i) => [column, width + i] as const),
        ...plan.readForDuplicate.map((column, i) => [column, 2 * width + i] as const),
      ]),
      correlated: new Map<number, number>(),
      subquery: undefined,
    }
    this.onDuplicate = plan.onDuplicate?.map((each) => compileAssignment(table, each, both))
    this.onUpdate = plan.onUpdate.map((each) => compileAssignment(table, each, both))
    this.allColumns = table.columns.map((_, i) => i)
    this.readForDuplicate = plan.readForDuplicate.map((column) => bySource.get(column) ?? -1)
  }

  /** Rows by the column, where nothing has to be looked at row by row; undefined if something has. */
  private bulkConversion(): BulkConversion | undefined {
    const { plan, table } = this
    const isPlain =
      plan.mode === 'insert' &&
      plan.onDuplicate === undefined &&
      plan.defaultPlaces === undefined &&
      plan.ignored.length === 0
    if (!isPlain || this.isSingleRow || this.builder.needsRow) return undefined
    const sources = table.columns.map((_, i) => this.bulkSource(i))
    const known = sources.filter((source) => source !== undefined)
    return known.length === sources.length ? new BulkConversion(table, known) : undefined
  }

  private bulkSource(i: number): BulkSource | undefined {
    const column = this.columns[i] as ColumnSource
    if (column.kind === 'given') {
      const type = this.plan.source.output[column.from]?.type
      return type === undefined ? undefined : { ...column, kind: 'column', type }
    }
    const field = this.lines?.bulkSource(i)
    if (field !== undefined) return field
    const missing = this.missing[i] as MissingSource
    if (missing.kind === 'auto increment') return { kind: 'numbered' }
    const value = this.plan.missing[i]
    if (value?.kind !== 'expression' || value.expression.kind !== 'constant') return undefined
    const isStored = sameType(value.expression.type, (this.table.columns[i] as ColumnDefinition).type)
    return isStored ? { kind: 'constant', value: value.expression.value } : undefined
  }
}

function scansTable(node: LogicalNode, tableId: number): boolean {
  if (node.kind === 'scan') return node.table.id === tableId
  return inputsOf(node).some((input) => scansTable(input, tableId))
}
