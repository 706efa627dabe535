/** What generated columns are made of, by their stored texts, which have all names in backquotes. */
import type { ColumnDefinition } from './schema.js'

/** Whether the expression of a generated column reads a column of this name. */
export function isMadeOf({ generated }: ColumnDefinition, name: string): boolean {
  if (generated === undefined) return false
  return generated.sql.toLowerCase().includes(`\`${name.replaceAll('`', '``')}\``.toLowerCase())
}
