/**
 * One SELECT in the making. Each node of a plan adds its part as long as the order in which a SELECT is computed allows it; where it
 * doesn't, what there is becomes a derived table. Its columns are called by their ids: `x<id>`, and `y<id>` for the key of a text.
 */
import type { ColumnTexts } from './fragment-render.js'
import type { ColumnText } from './sql-text.js'

export interface Select {
  readonly from: string
  /** The columns of the plan that it has, as texts over what is in `from`. */
  readonly columns: ColumnTexts
  readonly where: readonly string[]
  /** Undefined if it doesn't group; empty for one group of all. */
  readonly groupBy: readonly string[] | undefined
  readonly isRolledUp: boolean
  readonly isDistinct: boolean
  readonly isWindowed: boolean
  readonly orderBy: readonly string[]
  readonly limit: string
}

export const EMPTY = {
  where: [],
  groupBy: undefined,
  isRolledUp: false,
  isDistinct: false,
  isWindowed: false,
  orderBy: [],
  limit: '',
} as const

/** Texts beyond this are computed once, in a derived table. */
const TEXT_LENGTH_MAX = 2000

/** With nothing behind WHERE. */
export function plain(select: Select): Select {
  const { groupBy, isDistinct, isWindowed, orderBy, limit } = select
  const isPlain = groupBy === undefined && !isDistinct && !isWindowed && orderBy.length === 0 && limit === ''
  return isPlain ? select : wrapped(select)
}

/** Order means nothing below, unless it decides what a limit leaves. */
export function unsorted(select: Select): Select {
  return select.limit === '' ? { ...select, orderBy: [] } : select
}

export function undistinct(select: Select): Select {
  return select.isDistinct ? wrapped(select) : select
}

export function shortened(select: Select): Select {
  const isLong = [...select.columns.values()].some(({ text }) => text.length > TEXT_LENGTH_MAX)
  // Order would be lost in a derived table.
  return isLong && select.orderBy.length === 0 ? wrapped(select) : select
}

export function wrapped(select: Select): Select {
  return { ...EMPTY, from: `(${textOf(select, listOf(select))})`, columns: derivedColumns(select) }
}

/** Its columns as they are called outside of a derived table. */
export function derivedColumns({ columns }: Select): ColumnTexts {
  return new Map([...columns].map(([id, column]) => [id, derived(id, column.key !== undefined, column)]))
}

/** A column of a derived table; a text without a key of its own has none. */
export function derived(id: number, hasKey: boolean, of: Partial<ColumnText>): ColumnText {
  const text = `x${id}`
  const { key: _, dictionary: __, ...facts } = of
  return hasKey ? { ...facts, text, key: `y${id}` } : { ...facts, text }
}

export function listOf({ columns }: Select): readonly string[] {
  return [...columns].flatMap(([id, column]) => {
    const listed = `${column.text} AS x${id}`
    return column.key === undefined ? [listed] : [listed, `${column.key} AS y${id}`]
  })
}

export function textOf(select: Select, listed: readonly string[]): string {
  const { from, where, groupBy = [], isRolledUp, isDistinct, orderBy, limit } = select
  const parts = [
    `SELECT ${isDistinct ? 'DISTINCT ' : ''}${listed.length === 0 ? '1' : listed.join(', ')} FROM ${from}`,
  ]
  if (where.length > 0) parts.push(`WHERE ${where.join(' AND ')}`)
  if (groupBy.length > 0) parts.push(`GROUP BY ${groupBy.join(', ')}${isRolledUp ? ' WITH ROLLUP' : ''}`)
  if (orderBy.length > 0) parts.push(`ORDER BY ${orderBy.join(', ')}`)
  return `${parts.join(' ')}${limit}`
}
