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

/** Bytes of a malformed string that a message shows. */
const SHOWN_BYTES_MAX = 6

/** `\xF0\x9F\x98\x80…`: how messages show bytes; printable ASCII stays. */
export function escapedBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes.subarray(0, SHOWN_BYTES_MAX)) {
    const isPlain = byte >= 32 && byte < 127
    text += isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return bytes.length > SHOWN_BYTES_MAX ? `${text}...` : text
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
