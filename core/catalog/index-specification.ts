/**
 * Indexes as statements ask for them, before they have names and ids: from key clauses of columns, from index clauses, and
 * those that a foreign key needs.
 */
import { sqlError } from '../common/sql-error.js'
import type {
  ForeignKeyDefinition as ForeignKeySyntax,
  IndexDefinition as IndexSyntax,
  IndexOptions,
} from '../plan/syntax/definition.js'
import type { Expression } from '../plan/syntax/expression.js'
import { sameName } from './names.js'
import type { NewTableElement } from './new-table-element.js'

export interface PartSpecification {
  /** Empty while there is an expression. */
  readonly column: string
  /** A functional key part, before it has its hidden column. */
  readonly expression?: Expression | undefined
  readonly length: number | undefined
  readonly descending: boolean
}

export interface IndexSpecification {
  readonly kind: 'primary' | 'unique' | 'index'
  /** Undefined where the name is made from the first column. */
  readonly name: string | undefined
  readonly parts: readonly PartSpecification[]
  readonly options: IndexOptions
  /** Made for a foreign key: left out if another index serves it. */
  readonly isImplicit: boolean
}

/** Throws ER_TABLE_CANT_HANDLE_FT, ER_TABLE_CANT_HANDLE_SPKEYS. */
export function specificationOf(index: IndexSyntax): IndexSpecification {
  const { indexKind } = index
  if (indexKind === 'fulltext') throw sqlError('ER_TABLE_CANT_HANDLE_FT')
  if (indexKind === 'spatial') throw sqlError('ER_TABLE_CANT_HANDLE_SPKEYS')
  const parts = index.parts.map(({ column = '', expression, length, descending }) => ({
    column,
    expression,
    length,
    descending,
  }))
  return { kind: indexKind, name: index.name, parts, options: index.options, isImplicit: false }
}

/** PRIMARY KEY or UNIQUE behind a column's type. */
export function columnSpecification(column: string, key: 'primary' | 'unique'): IndexSpecification {
  return {
    kind: key,
    name: undefined,
    parts: [{ column, length: undefined, descending: false }],
    options: {},
    isImplicit: false,
  }
}

/** The index that a foreign key needs on its own columns. */
export function foreignKeySpecification(foreignKey: ForeignKeySyntax): IndexSpecification {
  return {
    kind: 'index',
    name: foreignKey.name ?? foreignKey.indexName,
    parts: foreignKey.columns.map((column) => ({ column, length: undefined, descending: false })),
    options: {},
    isImplicit: true,
  }
}

/** Of all elements of CREATE TABLE, in their order; implicit ones that another index serves are left out. */
export function specificationsOf(elements: readonly NewTableElement[]): readonly IndexSpecification[] {
  const all = elements.flatMap((element): readonly IndexSpecification[] => {
    switch (element.kind) {
      case 'column':
        return element.key === undefined ? [] : [columnSpecification(element.name, element.key)]
      case 'index':
        return [specificationOf(element)]
      case 'foreignKey':
        return [foreignKeySpecification(element)]
      case 'check':
      case 'readyColumn':
        return []
    }
  })
  return withoutServed(all)
}

/** Leaves out implicit indexes whose columns another one has in front. */
export function withoutServed(all: readonly IndexSpecification[]): readonly IndexSpecification[] {
  return all.filter(
    (index, i) => !index.isImplicit || !all.some((other, j) => j !== i && serves(other, index, j < i)),
  )
}

/** Of two implicit indexes that serve each other, the earlier stays. */
function serves(other: IndexSpecification, index: IndexSpecification, isEarlier: boolean): boolean {
  if (other.isImplicit && other.parts.length === index.parts.length && !isEarlier) return false
  return index.parts.every((part, i) => {
    const candidate = other.parts[i]
    return (
      candidate !== undefined && sameName(candidate.column, part.column) && candidate.length === undefined
    )
  })
}
