/**
 * Rows of a table as it was, made into rows of the table as it will be: values converted by the rules of assignment, new columns
 * filled, generated ones computed, checks enforced. One converter serves one run of one statement.
 */
import { Binder } from '../../binder/binder.js'
import type { BinderEnvironment } from '../../binder/environment.js'
import { tableRelation } from '../../binder/relations.js'
import { defaultValue, rowRules } from '../../binder/row-rules.js'
import type { AlteredTable } from '../../catalog/alter-table.js'
import { Batch } from '../../common/batch.js'
import { compileStore, type Store } from '../../common/conversion.js'
import type { EvaluationContext, Evaluator } from '../../common/evaluation.js'
import { sqlError } from '../../common/sql-error.js'
import { SqlMode, STRICT_MODES } from '../../common/sql-mode.js'
import { sameType, type SqlType } from '../../common/sql-type.js'
import { textOf } from '../../common/value-text.js'
import type { ExactValue, Value } from '../../common/value.js'
import { implicitDefault } from '../../common/implicit-defaults.js'
import { RowBuilder, layoutOf } from '../../executor/row-builder.js'
import { compileExpression } from '../../functions/compile-expression.js'
import type { RowRules } from '../../plan/change.js'
import type { ColumnDefinition } from '../../plan/schema.js'

/** How one column of the new row comes about. */
type ColumnSource =
  | { readonly kind: 'same'; readonly from: number }
  | { readonly kind: 'converted'; readonly from: number; readonly store: Store }
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'computed'; readonly evaluate: Evaluator; readonly store: Store }
  | { readonly kind: 'number' }
  /** Generated: the row builder computes it. */
  | { readonly kind: 'later' }

export class RowConversion {
  /** Warnings of the conversion so far. */
  warnings = 0
  rows = 0
  /** The greatest value of the AUTO_INCREMENT column so far. */
  greatest: ExactValue = 0
  /** A new column whose value no row can have. */
  private zeroDate: ColumnDefinition | undefined
  private readonly sources: readonly ColumnSource[]
  private readonly builder: RowBuilder
  private readonly context: EvaluationContext
  private readonly types: readonly SqlType[]
  private readonly isStrict: boolean
  private readonly autoColumn: number
  private readonly isNumbering: boolean
  private readonly hasComputed: boolean

  constructor(
    private readonly altered: AlteredTable,
    environment: BinderEnvironment,
    evaluation: EvaluationContext,
  ) {
    const { table, former, columns } = altered
    this.isStrict = (evaluation.sqlMode & STRICT_MODES) !== 0
    this.context = this.counting(evaluation)
    this.types = table.columns.map((column) => column.type)
    const binder = new Binder(environment)
    const relation = tableRelation(binder, table, table.name)
    const rules = rowRules(binder, table, relation)
    this.builder = new RowBuilder(rules)
    this.sources = table.columns.map((column, i): ColumnSource => {
      if (column.generated !== undefined) return { kind: 'later' }
      const from = columns[i]?.from
      const present = from === undefined ? undefined : former.columns[from]
      if (from === undefined || present === undefined) {
        return this.sourceOfNew(column, rules, defaultValue(binder, column, relation))
      }
      return sameType(present.type, column.type)
        ? { kind: 'same', from }
        : { kind: 'converted', from, store: compileStore(column.type, present.type) }
    })
    this.hasComputed = this.sources.some((source) => source.kind === 'computed')
    this.autoColumn = table.columns.findIndex((column) => column.autoIncrement)
    const formerAuto = former.columns[columns[this.autoColumn]?.from ?? -1]
    // Rows without a number get one, unless the column had been AUTO_INCREMENT and keeps what it has.
    this.isNumbering =
      this.autoColumn >= 0 &&
      formerAuto?.autoIncrement !== true &&
      (evaluation.sqlMode & SqlMode.NO_AUTO_VALUE_ON_ZERO) === 0
  }

  /** Throws ER_INVALID_USE_OF_NULL, ER_CHECK_CONSTRAINT_VIOLATED, and in strict mode what doesn't fit its new type. */
  convert(row: readonly Value[]): Value[] {
    this.rows++
    if (this.zeroDate !== undefined) {
      const { name, type } = this.zeroDate
      const text = textOf(type)(implicitDefault(type), this.context)
      throw sqlError('ER_INCORRECT_VALUE_FOR_FIELD', type.name, text, name, this.rows)
    }
    const result = this.sources.map((source, i) => this.value(source, row, i))
    if (this.hasComputed) this.computeDefaults(result)
    this.number(result)
    this.refuseNulls(result)
    this.builder.finish(result, this.context, { ignore: false, nullIsError: true, rowNumber: this.rows })
    return result
  }

  private value(source: ColumnSource, row: readonly Value[], column: number): Value {
    switch (source.kind) {
      case 'same':
        return row[source.from] ?? null
      case 'converted':
        return source.store(row[source.from] ?? null, this.context, this.nameOf(column), this.rows)
      case 'constant':
        return source.value
      default:
        return null
    }
  }

  private sourceOfNew(
    column: ColumnDefinition,
    rules: RowRules,
    missing: ReturnType<typeof defaultValue>,
  ): ColumnSource {
    if (column.autoIncrement) return { kind: 'number' }
    if (missing.kind !== 'expression') return { kind: 'constant', value: this.implicitValue(column) }
    const evaluate = compileExpression(missing.expression, layoutOf(rules))
    const store = compileStore(column.type, missing.expression.type)
    return { kind: 'computed', evaluate, store }
  }

  /** A NOT NULL column without DEFAULT has zero; a date can't, if the mode forbids it, as soon as there is a row. */
  private implicitValue(column: ColumnDefinition): Value {
    const value = implicitDefault(column.type)
    const isZeroDate = ['date', 'datetime', 'timestamp'].includes(column.type.name)
    const forbids = this.isStrict && (this.context.sqlMode & SqlMode.NO_ZERO_DATE) !== 0
    if (isZeroDate && forbids) this.zeroDate ??= column
    return value
  }

  private computeDefaults(row: Value[]): void {
    const batch = Batch.ofTypes(this.types)
    batch.pushRow(row.map((value, i) => this.placeholder(value, i)))
    this.sources.forEach((source, i) => {
      if (source.kind !== 'computed') return
      const value = source.evaluate(batch, 0, this.context)
      row[i] = source.store(value, this.context, this.nameOf(i), this.rows)
    })
  }

  /** Defaults may name other columns, but none that has no value yet. */
  private placeholder(value: Value, column: number): Value {
    const kind = this.sources[column]?.kind
    return kind === 'computed' || kind === 'later' || kind === 'number' ? null : value
  }

  private number(row: Value[]): void {
    const { autoColumn } = this
    if (autoColumn < 0) return
    const value = row[autoColumn] as ExactValue | null
    if (this.isNumbering && (value === null || value === 0)) {
      this.greatest = typeof this.greatest === 'number' ? this.greatest + 1 : this.greatest + 1n
      row[autoColumn] = this.greatest
    } else if (value !== null && value > this.greatest) this.greatest = value
  }

  private refuseNulls(row: Value[]): void {
    const { columns } = this.altered.table
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as ColumnDefinition
      if (row[i] !== null || column.nullable || column.generated !== undefined) continue
      if (this.isStrict) throw sqlError('ER_INVALID_USE_OF_NULL')
      this.context.warn('Warning', 'WARN_DATA_TRUNCATED', column.name, this.rows)
      row[i] = implicitDefault(column.type)
    }
  }

  private nameOf(column: number): string {
    return this.altered.table.columns[column]?.name ?? ''
  }

  private counting(evaluation: EvaluationContext): EvaluationContext {
    const warn: EvaluationContext['warn'] = (level, code, ...args) => {
      this.warnings++
      evaluation.warn(level, code, ...args)
    }
    return Object.create(evaluation, {
      strict: { value: this.isStrict },
      warn: { value: warn },
    }) as EvaluationContext
  }
}
