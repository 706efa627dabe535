/**
 * The parts of the SQL that a remote gets: names, and literals encoded from values. Literals mean the same whatever the remote's
 * own settings are, because every connection is set up as `connection.ts` says.
 */
import {
  formatDate,
  formatDatetime,
  formatDecimal,
  formatTime,
  representationOf,
  type ExactValue,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'

export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

const SPECIAL = /[\0'\\\u001a]/g
const ESCAPES: Readonly<Record<string, string>> = { '\0': '\\0', "'": "''", '\\': '\\\\', '\u001a': '\\Z' }

export function textLiteral(text: string): string {
  return `'${text.replace(SPECIAL, (character) => ESCAPES[character] ?? character)}'`
}

/** A value in the representation of its type; for a column it stores exactly this value. */
export function literal(value: Value, type: SqlType): string {
  if (value === null) return 'NULL'
  switch (representationOf(type)) {
    case 'exact':
      return exactLiteral(value as ExactValue, type)
    case 'approximate':
      return doubleLiteral(value as number)
    case 'bytes':
      return `x'${Buffer.from(value as Uint8Array).toString('hex')}'`
    default:
      return textLiteral(value as string)
  }
}

function exactLiteral(value: ExactValue, type: SqlType): string {
  switch (type.name) {
    case 'decimal':
      return formatDecimal(value, type.scale)
    case 'date':
      return `'${formatDate(value)}'`
    case 'time':
      return `'${formatTime(value, type.scale)}'`
    // A TIMESTAMP is packed as UTC, which is the zone of every connection.
    case 'datetime':
    case 'timestamp':
      return `'${formatDatetime(value, type.scale)}'`
    default:
      return String(value)
  }
}

/** With an exponent: without one it would be a DECIMAL there. */
function doubleLiteral(value: number): string {
  return Object.is(value, -0) ? '-0e0' : value.toExponential()
}
