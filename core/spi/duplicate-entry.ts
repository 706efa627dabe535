/**
 * The error of a key that is there already, in MySQL's words: "Duplicate entry 'a-b' for key 't.idx'". For core and for drivers that look
 * after unique keys themselves.
 */
import type { EvaluationContext } from '../common/evaluation.js'
import { sqlError, type SqlError } from '../common/sql-error.js'
import { bitBytes, firstCodePoints, textOf } from '../common/value-text.js'
import type { SqlType } from '../common/sql-type.js'
import type { ExactValue, Value } from '../common/value.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'

/** MySQL cuts longer entries. */
const ENTRY_CHARACTERS_MAX = 512

/** `row` has a value for each column of the table; TIMESTAMPs are shown in the time zone of `context`. */
export function duplicateEntry(
  table: TableDefinition,
  index: IndexDefinition,
  row: readonly Value[],
  context: EvaluationContext | undefined,
): SqlError {
  return sqlError('ER_DUP_ENTRY', ...duplicateNames(table, index, row, context))
}

/** What the error names: the entry and the key. */
export function duplicateNames(
  table: TableDefinition,
  index: IndexDefinition,
  row: readonly Value[],
  context: EvaluationContext | undefined,
): readonly [entry: string, key: string] {
  const texts = index.parts.map((part) => {
    const value = row[part.column] as Value
    const type = table.columns[part.column]?.type
    if (value === null || type === undefined) return 'NULL'
    const text = valueText(value, type, context)
    return part.prefixLength === undefined ? text : firstCodePoints(text, part.prefixLength)
  })
  const text = firstCodePoints(texts.join('-'), ENTRY_CHARACTERS_MAX)
  return [text, `${table.name}.${index.name}`]
}

function valueText(value: Value, type: SqlType, context: EvaluationContext | undefined): string {
  if (value instanceof Uint8Array) return bytesText(value)
  if (type.name === 'bit') return bytesText(bitBytes(value as ExactValue, type.length))
  return textOf(type)(value, context)
}

/** Printable ASCII as it is, other bytes as \xHH, as MySQL 8 shows binary keys. */
function bytesText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    text +=
      byte >= 0x20 && byte < 0x7f
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}
