/** One SELECT while it is put together, and its text. */
import type { TableDefinition } from '@switchyard/core/spi'
import type { ColumnTexts } from './expression-checks.js'
import { identifier } from './sql-text.js'

/** One SELECT in the making. */
export interface Select {
  readonly from: string
  /** The columns of the plan that it has, as texts over what is in `from`. */
  readonly columns: ColumnTexts
  readonly where: readonly string[]
  /** Undefined if it doesn't group; empty for one group of all. */
  readonly groupBy: readonly string[] | undefined
  readonly isDistinct: boolean
  readonly hasWindows: boolean
  readonly orderBy: readonly string[]
  readonly limit: string
}

export const BARE = {
  where: [],
  groupBy: undefined,
  isDistinct: false,
  hasWindows: false,
  orderBy: [],
  limit: '',
} as const

/** FLOAT shows six digits of what it is; as a double it shows all. */
export function columnSql(table: TableDefinition, position: number, alias: string): string {
  const column = table.columns[position]
  if (column === undefined) throw new Error(`invariant: table ${table.name} has no column ${position}`)
  const name = `${alias}.${identifier(column.name)}`
  return column.type.name === 'float' ? `(${name} + 0e0)` : name
}

export function isSingleTable({ from }: Select): boolean {
  return !from.includes(' JOIN ') && !from.startsWith('(')
}

/** Joins in joins are computed first. */
export function nested(from: string): string {
  return from.includes(' JOIN ') && !from.startsWith('(SELECT') ? `(${from})` : from
}

export function textOf(select: Select, listed: readonly string[]): string {
  const { from, where, groupBy = [], isDistinct, orderBy, limit } = select
  const parts = [
    `SELECT ${isDistinct ? 'DISTINCT ' : ''}${listed.length === 0 ? '1' : listed.join(', ')} FROM ${from}`,
  ]
  if (where.length > 0) parts.push(`WHERE ${where.join(' AND ')}`)
  if (groupBy.length > 0) parts.push(`GROUP BY ${groupBy.join(', ')}`)
  if (orderBy.length > 0) parts.push(`ORDER BY ${orderBy.join(', ')}`)
  return `${parts.join(' ')}${limit}`
}
