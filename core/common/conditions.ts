/**
 * Conditions that are warnings in a query and errors while strict mode stores values (MySQL manual 7.1.11, "Strict SQL
 * Mode").
 */
import type { ErrorCode } from './error-catalogue.js'
import type { EvaluationContext } from './evaluation.js'
import { sqlError } from './sql-error.js'
import { SqlMode } from './sql-mode.js'

/** Most characters of a value that a message repeats. */
const SHOWN_MAX = 128

/** Throws the condition in strict mode, records a warning otherwise. */
export function raise(
  context: EvaluationContext,
  code: ErrorCode,
  ...args: readonly (string | number | bigint)[]
): void {
  if (context.strict) throw sqlError(code, ...args)
  context.warn('Warning', code, ...args)
}

/** A value as messages show it. */
export function shown(text: string): string {
  return text.length > SHOWN_MAX ? text.slice(0, SHOWN_MAX) : text
}

/** "Truncated incorrect DOUBLE value: 'abc'". */
export function raiseTruncated(context: EvaluationContext, typeName: string, text: string): void {
  raise(context, 'ER_TRUNCATED_WRONG_VALUE', typeName, shown(text))
}

/** Division by zero is NULL; with ERROR_FOR_DIVISION_BY_ZERO also a warning, or an error in strict mode. */
export function raiseDivisionByZero(context: EvaluationContext): null {
  if ((context.sqlMode & SqlMode.ERROR_FOR_DIVISION_BY_ZERO) !== 0) raise(context, 'ER_DIVISION_BY_ZERO')
  return null
}
