/**
 * The default of a NOT NULL column without DEFAULT outside strict mode (MySQL manual 13.6).
 */
import { isBinary, isText, type SqlType } from './sql-type.js'
import type { Value } from './value.js'

export function implicitDefault(type: SqlType): Value {
  if (isText(type)) return ''
  if (isBinary(type)) return type.name === 'binary' ? new Uint8Array(type.length) : new Uint8Array(0)
  if (type.name === 'json') return 'null'
  // The first member of an ENUM; zero for numbers, dates and SET.
  return type.name === 'enum' ? 1 : 0
}
