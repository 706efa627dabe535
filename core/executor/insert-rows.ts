/** The rows that INSERT, REPLACE and LOAD DATA make of what their source gives, before generated columns and checks. */
import { Batch } from '../common/batch.js'
import type { EvaluationContext } from '../common/evaluation.js'
import { sqlError } from '../common/sql-error.js'
import type { Value } from '../common/value.js'
import type { ColumnDefinition } from '../plan/schema.js'
import { implicitDefault } from '../common/implicit-defaults.js'
import type { ColumnSource, InsertCompiler, MissingSource } from './insert-compiler.js'
import type { InsertNumbers } from './insert-numbers.js'

const EMPTY_ROW = Object.assign(new Batch([]), { rowCount: 1 })

/**
 * A row's values in the order of the table's columns. `rowNumber` counts from 1. Of a file come the fields of a line in their order, then
 * what it has no fields for and the values of SET. Waits only for AUTO_INCREMENT.
 */
export function newRow(
  compiled: InsertCompiler,
  batch: Batch,
  row: number,
  rowNumber: number,
  context: EvaluationContext,
  numbers: InsertNumbers,
): Value[] | Promise<Value[]> {
  const { columns, table, plan, autoColumn, lines } = compiled
  numbers.beginRow()
  const values = lines === undefined ? [] : lines.values(batch, row, context, rowNumber)
  const defaulted = plan.defaultPlaces?.get(rowNumber - 1)
  for (let i = 0; i < columns.length; i++) {
    const source = columns[i] as ColumnSource
    const isDefault = defaulted?.some((target) => plan.targets[target]?.column === i) === true
    if (source.kind === 'given' && !isDefault) {
      const value = batch.columns[source.from]?.get(row) ?? null
      values[i] = source.store(value, context, (table.columns[i] as ColumnDefinition).name, rowNumber)
    } else if (lines?.hasField(i) !== true) values[i] = missingValue(compiled, i, values, rowNumber, context)
  }
  return autoColumn < 0 ? values : numbers.fill(values, context)
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
