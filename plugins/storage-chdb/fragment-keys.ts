/** What the columns of a SELECT are grouped and told apart by. */
import { isText, type SqlType } from '@switchyard/core/spi'
import { Refusal } from './fragment-render.js'
import type { Select } from './fragment-select.js'
import { keyOf } from './fragment-text.js'
import type { ColumnText } from './sql-text.js'

export function columnOf({ columns }: Select, id: number): ColumnText {
  const column = columns.get(id)
  if (column === undefined) throw new Refusal('a column is missing')
  return column
}

export interface GroupedColumn {
  readonly id: number
  readonly column: ColumnText
  readonly key: string
}

/** A column that is grouped by: of equal texts any is shown. */
export function groupedBy(id: number, column: ColumnText, type: SqlType): GroupedColumn {
  const key = isText(type) ? keyFor(column, type) : column.text
  if (!isText(type) || key === column.text) return { id, column, key }
  return { id, column: { ...column, text: `any(${column.text})`, key, collation: type.collation }, key }
}

/** Where a key isn't what is shown, a row of totals would show one of its texts. */
export function checkRollup(keys: readonly GroupedColumn[]): void {
  const texts = new Set(keys.map(({ key }) => key))
  if (texts.size < keys.length || keys.some(({ key, column }) => key !== column.text)) {
    throw new Refusal('no entry for ROLLUP of such keys')
  }
}

export function keyFor(column: ColumnText, type: SqlType): string {
  const key = keyOf(column, type.collation)
  if (key === undefined)
    throw new Refusal(`no key of collation ${type.collation} for a text that is computed`)
  return key
}

export function unordered(type: SqlType): string {
  return isText(type)
    ? `no keys of collation ${type.collation} are kept`
    : `no entry for ordering ${type.name}`
}
