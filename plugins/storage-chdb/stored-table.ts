/**
 * What the driver knows of a table beside its definition: which columns it has there, and which of them make its keys.
 */
import {
  binaryType,
  isInteger,
  isText,
  primaryKeyOf,
  sqlError,
  UNSIGNED_BIGINT_TYPE,
  type Batch,
  type ColumnDefinition,
  type IndexDefinition,
  type SqlType,
  type TableDefinition,
  type Value,
} from '@switchyard/core/spi'
import { keyFormOf, type KeyForm } from './key-form.js'
import { columnAt, columnName } from './sql-text.js'
import { storedType } from './stored-type.js'
import { textFormOf, type TextForm } from './text-form.js'

/** A column of keys that is kept beside the column that they are of. */
export interface KeyColumn {
  /** Position of the column that they are of. */
  readonly position: number
  readonly column: ColumnDefinition
  readonly form: KeyForm
}

/** A column of text that isn't compared there as it is. */
export interface TextColumn {
  /** Position of the column in the table. */
  readonly position: number
  readonly column: ColumnDefinition
  readonly form: TextForm
  /** The column of exceptions that is kept beside it. */
  readonly name: string
}

export interface UniqueKey {
  /** Undefined for the row id. */
  readonly index: IndexDefinition | undefined
  /** Names of the stored columns that make the key, and their types. */
  readonly names: readonly string[]
  readonly types: readonly string[]
  readonly parts: readonly KeyPart[]
}

export interface KeyPart {
  readonly position: number
  readonly column: ColumnDefinition
  /** Undefined where the values are the key. */
  readonly form: KeyForm | undefined
}

export interface StoredTable {
  readonly table: TableDefinition
  /** Those of the table, and the row id if it has no primary key. */
  readonly columns: readonly ColumnDefinition[]
  readonly hasRowIds: boolean
  /** Whether the primary key is one integer. */
  readonly hasIntegerKey: boolean
  readonly keyColumns: readonly KeyColumn[]
  readonly textColumns: readonly TextColumn[]
  /** What the table's definition says is unique. */
  readonly uniqueKeys: readonly UniqueKey[]
  /** By what rows are known: the primary key, or the row id. */
  readonly primaryKey: UniqueKey
}

/** Behind the table's own columns, whose ids begin at 1. */
const ROW_ID: ColumnDefinition = {
  id: 0,
  name: 'row id',
  type: UNSIGNED_BIGINT_TYPE,
  nullable: false,
  default: { kind: 'none' },
  autoIncrement: false,
  onUpdateNow: false,
  generated: undefined,
  comment: '',
  invisible: true,
}

/** Throws ER_NOT_SUPPORTED_YET, naming what can't be kept exactly. */
export function storedTable(table: TableDefinition): StoredTable {
  if (table.foreignKeys.length > 0) throw sqlError('ER_NOT_SUPPORTED_YET', 'FOREIGN KEY in a column store')
  const primary = primaryKeyOf(table)
  const uniqueKeys = table.indexes.filter((index) => index.unique).map((index) => uniqueKey(table, index))
  const hasRowIds = primary === undefined
  const position = table.columns.length
  const rowId = uniqueKeyOf(undefined, [{ position, column: ROW_ID, form: undefined }])
  const keyColumns = new Map<string, KeyColumn>()
  for (const { position: of, column, form } of uniqueKeys.flatMap((key) => key.parts)) {
    if (form !== undefined) keyColumns.set(form.name, { position: of, column, form })
  }
  const [keyPart, ...otherParts] = primary?.parts ?? []
  const keyColumn = keyPart === undefined ? undefined : columnAt(table.columns, keyPart.column)
  return {
    table,
    hasIntegerKey: keyColumn !== undefined && otherParts.length === 0 && isInteger(keyColumn.type),
    columns: hasRowIds ? [...table.columns, ROW_ID] : table.columns,
    hasRowIds,
    keyColumns: [...keyColumns.values()],
    textColumns: table.columns.flatMap(textColumn),
    uniqueKeys,
    // The primary key comes first among a table's indexes.
    primaryKey: (hasRowIds ? undefined : uniqueKeys[0]) ?? rowId,
  }
}

function textColumn(column: ColumnDefinition, position: number): readonly TextColumn[] {
  const form = isText(column.type) ? textFormOf(column.type.collation) : undefined
  if (form === undefined || form.kind === 'plain') return []
  return [{ position, column, form, name: `e${column.id}` }]
}

function uniqueKey(table: TableDefinition, index: IndexDefinition): UniqueKey {
  const parts = index.parts.map((part) => {
    const column = columnAt(table.columns, part.column)
    return { position: part.column, column, form: keyFormOf(column, part) }
  })
  return uniqueKeyOf(index, parts)
}

function uniqueKeyOf(index: IndexDefinition | undefined, parts: readonly KeyPart[]): UniqueKey {
  return {
    index,
    parts,
    names: parts.map(({ column, form }) => form?.name ?? columnName(column)),
    types: parts.map(({ column, form }) => (form === undefined ? storedType(column.type) : 'String')),
  }
}

/** The type by which a part of a key is read from there. */
export function storedKeyType({ column, form }: KeyPart): SqlType {
  return form === undefined ? column.type : binaryType(65_535)
}

/**
 * A text that is equal for keys that are equal, or undefined if a part is NULL: NULLs are equal to nothing. `columns` says where the
 * parts lie in the batch; `isStored` that they are as they come from there.
 */
export function keyText(
  key: UniqueKey,
  batch: Batch,
  columns: readonly number[],
  row: number,
  isStored = false,
): string | undefined {
  let text = ''
  for (const [i, { form }] of key.parts.entries()) {
    const value = batch.columns[columns[i] ?? -1]?.get(row) ?? null
    if (value === null) return undefined
    const part = partText(value, isStored ? undefined : form)
    text += `${part.length} ${part}`
  }
  return text
}

function partText(value: Exclude<Value, null>, form: KeyForm | undefined): string {
  if (form !== undefined) return form.bytesOf(value).toString('latin1')
  if (typeof value === 'string') return Buffer.from(value).toString('latin1')
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)
}
