/**
 * Assignment of values to columns (MySQL manual 7.1.11 "Strict SQL Mode", 13 "Data Types"): ranges, rounding, lengths,
 * character sets. In strict mode a value that doesn't fit is an error; otherwise the nearest value is stored and a
 * warning says so. NULL passes: whether the column takes it is the caller's question.
 */
import { compileStoreEnum, compileStoreJson, compileStoreSet } from './store-members.js'
import { compileStoreApproximate, compileStoreDecimal, compileStoreInteger } from './store-number.js'
import { compileStoreBytes, compileStoreText } from './store-string.js'
import { compileStoreTemporal } from './store-temporal.js'
import type { EvaluationContext } from './evaluation.js'
import { isTemporal, type SqlType } from './sql-type.js'
import type { Value } from './value.js'

/**
 * The value to keep for `value`. `columnName` and `rowNumber` (1 for the first row of the statement) are for messages.
 */
export type Store = (value: Value, context: EvaluationContext, columnName: string, rowNumber: number) => Value

/** The same for values that are not NULL. */
export type NonNullStore = (
  value: Exclude<Value, null>,
  context: EvaluationContext,
  columnName: string,
  rowNumber: number,
) => Value

/** How values of type `from` are assigned to a column of type `column`. */
export function compileStore(column: SqlType, from: SqlType): Store {
  const store = from.name === 'null' ? undefined : compileNonNull(column, from)
  if (store === undefined) return (value) => value
  return (value, context, columnName, rowNumber) =>
    value === null ? null : store(value, context, columnName, rowNumber)
}

/** undefined if every value can be kept as it is. */
function compileNonNull(column: SqlType, from: SqlType): NonNullStore | undefined {
  if (isTemporal(column)) return compileStoreTemporal(column, from)
  switch (column.name) {
    case 'null':
      return undefined
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'bit':
      return compileStoreInteger(column, from)
    case 'decimal':
      return compileStoreDecimal(column, from)
    case 'float':
    case 'double':
      return compileStoreApproximate(column, from)
    case 'enum':
      return compileStoreEnum(column, from)
    case 'set':
      return compileStoreSet(column, from)
    case 'json':
      return compileStoreJson(from)
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return compileStoreBytes(column, from)
    default:
      return compileStoreText(column, from)
  }
}
