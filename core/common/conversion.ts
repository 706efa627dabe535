/**
 * Conversions between types inside of expressions, CAST among them (MySQL manual 14.3 "Type Conversion in Expression
 * Evaluation", 14.10 "Cast Functions and Operators"). A conversion of a bad value answers with what could be read and
 * a warning, which is an error while strict mode stores values. Assignment to a column has other rules: `store.ts`.
 */
import { compileToJson } from './conversion-json.js'
import { compileToDecimal, compileToDouble, compileToInteger } from './conversion-number.js'
import { compileToBytes, compileToText } from './conversion-string.js'
import { compileToTemporal } from './conversion-temporal.js'
import { compileToYear } from './conversion-year.js'
import type { EvaluationContext } from './evaluation.js'
import { isTemporal, sameType, type SqlType } from './sql-type.js'
import type { Value } from './value.js'

export { compileStore } from './store.js'
export type { Store } from './store.js'
export { textOf } from './value-text.js'

/** Converts one value, which may be NULL. */
export type Conversion = (value: Value, context: EvaluationContext) => Value

/** Converts one value that is not NULL; the answer may be NULL. */
export type NonNullConversion = (value: Exclude<Value, null>, context: EvaluationContext) => Value

const identity: Conversion = (value) => value

/**
 * The conversion from one type to another. A text or binary target of length 0 takes any length. ENUM and SET are
 * never targets of expressions. `label` is what warnings call the value where MySQL names a cast as if it were a column.
 */
export function compileConversion(from: SqlType, to: SqlType, label = ''): Conversion {
  if (from.name === 'null' || sameType(from, to)) return identity
  const convert = compileNonNull(from, to, label)
  if (convert === undefined) return identity
  return (value, context) => (value === null ? null : convert(value, context))
}

/** undefined if the values are the same in both types. */
function compileNonNull(from: SqlType, to: SqlType, label: string): NonNullConversion | undefined {
  if (isTemporal(to)) return compileToTemporal(from, to)
  switch (to.name) {
    case 'null':
      return () => null
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'bit':
      return compileToInteger(from, to)
    case 'year':
      return compileToYear(from)
    case 'decimal':
      return compileToDecimal(from, to, label)
    case 'float':
    case 'double':
      return compileToDouble(from, to)
    case 'json':
      return compileToJson(from)
    case 'binary':
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return compileToBytes(from, to)
    case 'enum':
    case 'set':
      if (from.name !== to.name) throw new Error(`expressions are never converted to ${to.name}`)
      return undefined
    default:
      return compileToText(from, to)
  }
}
