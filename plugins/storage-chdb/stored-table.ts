/**
 * What the driver knows of a table beside its definition: which columns make its keys there, or why it can't be kept.
 */
import {
  binaryType,
  isApproximate,
  primaryKeyOf,
  sqlError,
  textOf,
  type Batch,
  type Collation,
  type ColumnDefinition,
  type IndexDefinition,
  type SqlType,
  type TableDefinition,
  type Value,
} from '@switchyard/core/spi'
import { columnAt, columnName, keyColumnName } from './sql-text.js'
import { keyCollationOf, sortKey, storedType } from './stored-type.js'

/** A text column whose collation keys are kept beside it. */
export interface KeyedColumn {
  /** Position in the table. */
  readonly position: number
  readonly column: ColumnDefinition
  readonly collation: Collation
}

export interface UniqueKey {
  readonly index: IndexDefinition
  /** Names of the stored columns that make the key, and their types. */
  readonly names: readonly string[]
  readonly types: readonly string[]
  readonly parts: readonly KeyPart[]
}

export interface KeyPart {
  readonly position: number
  readonly column: ColumnDefinition
  /** By whose keys the column is compared; undefined: by its values. */
  readonly collation: Collation | undefined
}

export interface StoredTable {
  readonly table: TableDefinition
  readonly keyedColumns: readonly KeyedColumn[]
  /** The primary key first, if there is one. */
  readonly uniqueKeys: readonly UniqueKey[]
  readonly primaryKey: UniqueKey | undefined
}

/** Throws ER_NOT_SUPPORTED_YET, naming what can't be kept exactly. */
export function storedTable(table: TableDefinition): StoredTable {
  if (table.foreignKeys.length > 0) throw sqlError('ER_NOT_SUPPORTED_YET', 'FOREIGN KEY in a column store')
  const uniqueKeys = table.indexes.filter((index) => index.unique).map((index) => uniqueKey(table, index))
  const primary = primaryKeyOf(table)
  const primaryKey = uniqueKeys.find((key) => key.index === primary)
  if (primaryKey === undefined && uniqueKeys.length > 0) {
    throw sqlError('ER_NOT_SUPPORTED_YET', 'a UNIQUE key without a PRIMARY KEY in a column store')
  }
  const keyed = new Map<number, KeyedColumn>()
  for (const { position, column, collation } of uniqueKeys.flatMap((key) => key.parts)) {
    if (collation !== undefined) keyed.set(position, { position, column, collation })
  }
  return { table, uniqueKeys, primaryKey, keyedColumns: [...keyed.values()] }
}

function uniqueKey(table: TableDefinition, index: IndexDefinition): UniqueKey {
  const parts = index.parts.map(({ column: position, prefixLength }): KeyPart => {
    const column = columnAt(table, position)
    if (prefixLength !== undefined) {
      throw sqlError(
        'ER_NOT_SUPPORTED_YET',
        `a unique key over a prefix of column ${column.name} in a column store`,
      )
    }
    if (isApproximate(column.type)) {
      throw sqlError(
        'ER_NOT_SUPPORTED_YET',
        `a unique key over ${column.type.name} column ${column.name} in a column store`,
      )
    }
    return { position, column, collation: keyCollationOf(column.type) }
  })
  return {
    index,
    parts,
    names: parts.map(({ column, collation }) =>
      collation === undefined ? columnName(column) : keyColumnName(column),
    ),
    types: parts.map(({ column, collation }) =>
      collation === undefined ? storedType(column.type) : 'String',
    ),
  }
}

/** The type by which a part of a key is read from there. */
export function binaryKeyType({ column, collation }: KeyPart): SqlType {
  return collation === undefined ? column.type : binaryType(65_535)
}

/**
 * A text that is equal for keys that are equal, or undefined if a part is NULL: NULLs are equal to nothing. `columns` says where the
 * parts lie in the batch.
 */
export function keyText(
  key: UniqueKey,
  batch: Batch,
  columns: readonly number[],
  row: number,
): string | undefined {
  let text = ''
  for (const [i, { collation }] of key.parts.entries()) {
    const value = batch.columns[columns[i] ?? -1]?.get(row) ?? null
    if (value === null) return undefined
    const part = partText(value, collation)
    text += `${part.length} ${part}`
  }
  return text
}

function partText(value: Exclude<Value, null>, collation: Collation | undefined): string {
  if (typeof value === 'string') {
    const bytes = collation === undefined ? Buffer.from(value) : sortKey(collation, value)
    return bytes.toString('latin1')
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)
}

/** What a duplicate's message shows of a key. */
export function shownKey(key: UniqueKey, batch: Batch, columns: readonly number[], row: number): string {
  return key.parts
    .map(({ column }, i) => {
      const value = batch.columns[columns[i] ?? -1]?.get(row) ?? null
      return value === null ? 'NULL' : textOf(column.type)(value)
    })
    .join('-')
}
