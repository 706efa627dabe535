/**
 * Parts of indexes, as SHOW INDEX and information_schema.STATISTICS tell of them (MySQL manual 15.7.7.23, 28.3.34).
 */
import type { ColumnDefinition, IndexDefinition, IndexPart, TableDefinition } from '../../plan/schema.js'
import type { ListingRequest } from './listing.js'
import { walkTables, type TableRow } from './relations.js'
import { tableFigures } from './table-size.js'

export interface IndexPartFacts {
  readonly relation: TableRow
  readonly index: IndexDefinition
  readonly part: IndexPart
  readonly column: ColumnDefinition
  /** From 1. */
  readonly position: number
  /** Distinct values of the parts up to this one, if known. */
  readonly cardinality: number | null
}

export function walkIndexParts(
  request: ListingRequest,
  emit: (facts: IndexPartFacts) => void,
): Promise<void> {
  return walkTables(request, async (relation) => {
    if (relation.definition.indexes.length === 0) return
    for (const facts of await indexParts(relation, request)) emit(facts)
  })
}

export async function indexParts(
  relation: TableRow,
  request: ListingRequest,
): Promise<readonly IndexPartFacts[]> {
  const table = relation.definition
  const figures = await tableFigures(table, request)
  return table.indexes.flatMap((index) =>
    index.parts.map((part, i): IndexPartFacts => {
      const isWhole = index.unique && i === index.parts.length - 1
      return {
        relation,
        index,
        part,
        column: columnAt(table, part.column),
        position: i + 1,
        cardinality: isWhole ? (figures?.rows ?? null) : null,
      }
    }),
  )
}

/** The column of a part; a functional one has none that could be named. */
export function shownName({ column }: Pick<IndexPartFacts, 'column'>): string | null {
  return column.hidden === true ? null : column.name
}

/** The expression of a functional part. */
export function functionalText({ column }: Pick<IndexPartFacts, 'column'>): string | null {
  return column.hidden === true ? (column.generated?.sql ?? null) : null
}

export function columnAt(table: TableDefinition, position: number): ColumnDefinition {
  const column = table.columns[position]
  if (column === undefined) throw new Error(`invariant: ${table.name} has a column at ${String(position)}`)
  return column
}
