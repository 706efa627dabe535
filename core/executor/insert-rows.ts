/** The rows that INSERT, REPLACE and LOAD DATA make of what their source gives, before generated columns and checks. */
import { Batch } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import type { Value } from '../common/value.js'
import type { ColumnDefinition } from '../plan/schema.js'
import { implicitDefault } from '../common/implicit-defaults.js'
import type { ColumnSource, InsertCompiler, MissingSource } from './insert-compiler.js'
import type { InsertNumbers } from './insert-numbers.js'
import type { LineCompiler } from './loaded-lines.js'

const EMPTY_ROW = Object.assign(new Batch([]), { rowCount: 1 })

/** A row's values in the order of the table's columns. `rowNumber` counts from 1. Waits only for AUTO_INCREMENT. */
export function newRow(
  compiled: InsertCompiler,
  batch: Batch,
  row: number,
  rowNumber: number,
  context: EvaluationContext,
  numbers: InsertNumbers,
): Value[] | Promise<Value[]> {
  const { lines } = compiled
  numbers.beginRow()
  return lines === undefined
    ? givenRow(compiled, batch, row, rowNumber, context, numbers)
    : loadedRow(compiled, lines, batch, row, rowNumber, context, numbers)
}

function givenRow(
  compiled: InsertCompiler,
  batch: Batch,
  row: number,
  rowNumber: number,
  context: EvaluationContext,
  numbers: InsertNumbers,
): Value[] | Promise<Value[]> {
  const { columns, table, plan, autoColumn } = compiled
  const defaulted = plan.defaultPlaces?.get(rowNumber - 1)
  const values: Value[] = []
  let isAutoMissing = false
  for (let i = 0; i < columns.length; i++) {
    const source = columns[i] as ColumnSource
    const isDefault =
      source.kind === 'missing' || defaulted?.some((target) => plan.targets[target]?.column === i) === true
    if (isDefault) {
      values.push(missingValue(compiled, i, values, rowNumber, context))
      if (i === autoColumn) isAutoMissing = true
    } else {
      const value = batch.columns[source.from]?.get(row) ?? null
      values.push(source.store(value, context, (table.columns[i] as ColumnDefinition).name, rowNumber))
    }
  }
  return autoColumn < 0 ? values : numbers.fill(values, isAutoMissing, context)
}

/** The fields of a line in their order, then what it has no fields for, then the values of SET. */
function loadedRow(
  compiled: InsertCompiler,
  lines: LineCompiler,
  batch: Batch,
  row: number,
  rowNumber: number,
  context: EvaluationContext,
  numbers: InsertNumbers,
): Value[] | Promise<Value[]> {
  const { columns, table, autoColumn } = compiled
  const values = lines.values(batch, row, context, rowNumber)
  for (let i = 0; i < columns.length; i++) {
    const source = columns[i] as ColumnSource
    if (source.kind === 'given') {
      const value = batch.columns[source.from]?.get(row) ?? null
      values[i] = source.store(value, context, (table.columns[i] as ColumnDefinition).name, rowNumber)
    } else if (!lines.hasField(i)) values[i] = missingValue(compiled, i, values, rowNumber, context)
  }
  return autoColumn < 0 ? values : numbers.fill(values, values[autoColumn] === null, context)
}

function missingValue(
  compiled: InsertCompiler,
  i: number,
  before: readonly Value[],
  rowNumber: number,
  context: EvaluationContext,
): Value {
  const missing = compiled.missing[i] as MissingSource
  const column = compiled.table.columns[i] as ColumnDefinition
  switch (missing.kind) {
    case 'auto increment':
      return null
    case 'expression': {
      // A default expression may read the columns before its own.
      const batch = missing.isRowDependent ? partialRow(compiled, before) : EMPTY_ROW
      return missing.store(missing.evaluate(batch, 0, context), context, column.name, rowNumber)
    }
    case 'no default':
      if (column.type.name === 'enum') return column.nullable ? null : 1
      if (context.strict) throw sqlError('ER_NO_DEFAULT_FOR_FIELD', column.name)
      context.warn('Warning', 'ER_NO_DEFAULT_FOR_FIELD', column.name)
      return column.nullable ? null : implicitDefault(column.type)
  }
}

function partialRow({ table }: InsertCompiler, before: readonly Value[]): Batch {
  const batch = Batch.ofTypes(table.columns.map((column) => column.type))
  batch.columns.forEach((vector, i) => {
    vector.push(before[i] ?? null)
  })
  batch.rowCount = 1
  return batch
}
