/**
 * A table definition made ready to run: its keyspaces, encoders and decoders. Made once per definition.
 *
 * Keyspaces: rows lie in the one numbered by the id of the table's primary placement, entries of a secondary index in
 * the one numbered by the index's id. So a copy of a table (ALTER TABLE) gets a new placement and new index ids, and one
 * catalog commit publishes it. Placements and indexes draw their ids from one counter, above those of system keyspaces.
 *
 * A row's key is its primary key, or a hidden 64-bit number for tables without one. An index entry's key is its parts,
 * followed by the row's key unless the index is unique and no part is NULL; its value is the row's key.
 */
import { createHash } from 'node:crypto'
import { ByteBuffer, equalRanges } from '../common/bytes.js'
import { compileKeyEncoder, type KeyEncoder } from '../common/key-codec.js'
import {
  compileRowDecoder,
  compileRowEncoder,
  type RowColumn,
  type RowDecoder,
  type RowEncoder,
  type RowSchema,
} from '../common/row-codec.js'
import { sqlError } from '../common/sql-error.js'
import type { Value } from '../common/value.js'
import { isMadeOf } from '../plan/generated-columns.js'
import {
  primaryKeyOf,
  primaryPlacementOf,
  type ColumnDefinition,
  type IndexDefinition,
  type TableDefinition,
} from '../plan/schema.js'
import { RowScratch } from './entry-change.js'
import type { StorageState } from './read-view.js'

/** Keyspaces below belong to the catalog and to the transactions themselves. */
export const FIRST_TABLE_KEYSPACE = 1000

const ROW_KEY_HASH_BYTES = 16

/** Keyspace of a table's rows. */
function rowKeyspaceOf(table: TableDefinition): number {
  return primaryPlacementOf(table).id
}

export class TableRuntime {
  readonly rowKeyspace: number
  readonly rowEncoder: RowEncoder
  /** All columns, in order. */
  readonly rowDecoder: RowDecoder
  readonly primaryKey: IndexDefinition | undefined
  readonly keyEncoder: KeyEncoder | undefined
  readonly indexes: readonly IndexRuntime[]
  /** Columns that secondary indexes and foreign keys are made of: what an update must know of the old row. */
  private readonly keyColumns: readonly number[]
  /** Columns that the keys of a new row are made of. */
  readonly insertColumns: readonly number[]
  readonly scratch: RowScratch
  private readonly keyDecoder: RowDecoder
  private readonly decoders = new WeakMap<readonly number[], RowDecoder>()
  private readonly byDefinition = new Map<number, IndexRuntime>()
  /** Columns that generated ones read. */
  private readonly readByGenerated: ReadonlySet<number>

  constructor(
    readonly table: TableDefinition,
    readonly state: StorageState,
  ) {
    this.rowKeyspace = rowKeyspaceOf(table)
    this.rowEncoder = compileRowEncoder(table)
    this.rowDecoder = this.compileDecoder([...table.columns.keys()])
    this.primaryKey = primaryKeyOf(table)
    this.keyEncoder = this.primaryKey && compileKeyEncoder(table, this.primaryKey)
    const keyBytesMax = state.storage.capabilities.keyBytesMax
    this.indexes = table.indexes
      .filter((index) => !index.primary)
      .map((index) => new IndexRuntime(table, index, keyBytesMax))
    this.scratch = new RowScratch(this.indexes, table.columns.length)
    for (const index of this.indexes) this.byDefinition.set(index.definition.id, index)
    const keyColumns = [
      ...this.indexes.flatMap((index) => index.columns),
      ...table.foreignKeys.flatMap((foreignKey) => foreignKey.columns),
    ]
    this.keyColumns = [...new Set(keyColumns)]
    const generated = table.columns.filter((column) => column.generated !== undefined)
    const isRead = ({ name }: ColumnDefinition): boolean => generated.some((each) => isMadeOf(each, name))
    this.readByGenerated = new Set(table.columns.flatMap((column, i) => (isRead(column) ? [i] : [])))
    const primaryColumns = this.primaryKey?.parts.map((part) => part.column) ?? []
    this.insertColumns = [...new Set([...primaryColumns, ...this.keyColumns])]
    this.keyDecoder = this.compileDecoder(this.keyColumns)
  }

  /** Undefined for the primary key. */
  indexOf(definition: IndexDefinition | undefined): IndexRuntime | undefined {
    if (definition === undefined || definition.primary) return undefined
    const index = this.byDefinition.get(definition.id)
    if (index === undefined)
      throw new Error(`invariant: ${definition.name} is an index of ${this.table.name}`)
    return index
  }

  /** Whether generated columns are made of any of these, directly: others may be made of those again. */
  feedsGenerated(columns: readonly number[]): boolean {
    return columns.some((column) => this.readByGenerated.has(column))
  }

  /** Plans keep their column lists, so decoders are found by the list itself. */
  decoderOf(columns: readonly number[]): RowDecoder {
    let decoder = this.decoders.get(columns)
    if (decoder === undefined) {
      decoder = this.compileDecoder(columns)
      this.decoders.set(columns, decoder)
    }
    return decoder
  }

  /** The key of a row; undefined for a table without primary key. Throws ER_TOO_LONG_KEY. */
  rowKeyOf(row: readonly Value[]): Buffer | undefined {
    if (this.keyEncoder === undefined) return undefined
    scratch.clear()
    this.writeRowKey(row, scratch)
    return scratch.copy()
  }

  /** Appends the key of a row of a table with a primary key. Throws ER_TOO_LONG_KEY. */
  writeRowKey(row: readonly Value[], target: ByteBuffer): void {
    const start = target.length
    this.keyEncoder?.writeRow(target, row)
    checkKeyLength(target.length - start, this.state.storage.capabilities.keyBytesMax)
  }

  /** A stored row with the columns of indexes and foreign keys only; NULL stands for the others. */
  keyValues(bytes: Uint8Array, start: number, end: number): Value[] {
    const row = new Array<Value>(this.table.columns.length).fill(null)
    for (let i = 0; i < this.keyColumns.length; i++) {
      row[this.keyColumns[i] as number] = this.keyDecoder.value(bytes, start, end, i)
    }
    return row
  }

  private compileDecoder(columns: readonly number[]): RowDecoder {
    const { rowHistory: history, columns: all, version } = this.table
    const present: RowSchema = { version: history?.presentFrom ?? version, columns: all }
    return compileRowDecoder(present, columns, history?.schemas, absentValue)
  }
}

/** What a column reads as in rows that were written before it was added. */
function absentValue(column: RowColumn): Value {
  return (column as ColumnDefinition).absentValue ?? null
}

const scratch = new ByteBuffer()

function checkKeyLength(length: number, keyBytesMax: number): void {
  if (length > keyBytesMax) throw sqlError('ER_TOO_LONG_KEY', keyBytesMax)
}

/** A key of an index entry. */
export interface EntryKey {
  readonly bytes: Buffer
  /** Whether another row can't have the same: a unique index, and no part is NULL. */
  readonly isUnique: boolean
}

export class IndexRuntime {
  readonly keyspace: number
  readonly encoder: KeyEncoder
  readonly columns: readonly number[]

  constructor(
    table: TableDefinition,
    readonly definition: IndexDefinition,
    private readonly keyBytesMax: number,
  ) {
    this.keyspace = definition.id
    this.encoder = compileKeyEncoder(table, definition)
    this.columns = definition.parts.map((part) => part.column)
  }

  /**
   * The entry's key for a row. Throws ER_TOO_LONG_KEY if the parts leave no room for the row's key. A row key
   * that is too long for what room there is gets replaced by its hash: entries of equal parts then have
   * no particular order, and none is wanted.
   */
  entryKey(row: readonly Value[], rowKey: Uint8Array): EntryKey {
    scratch.clear()
    const isUnique = this.writeEntryKey(row, rowKey, scratch)
    return { bytes: scratch.copy(), isUnique }
  }

  /** As `entryKey`, into an empty buffer; answers whether it is unique. */
  writeEntryKey(row: readonly Value[], rowKey: Uint8Array, target: ByteBuffer): boolean {
    const hasNull = this.encoder.writeRow(target, row)
    const isUnique = this.definition.unique && !hasNull
    if (!isUnique) this.appendRowKey(rowKey, target)
    checkKeyLength(target.length, this.keyBytesMax)
    return isUnique
  }

  /** Whether an entry with this key belongs to the present version of a row. */
  isEntryOf(entryKey: Uint8Array, row: readonly Value[], rowKey: Uint8Array): boolean {
    const { bytes } = this.entryKey(row, rowKey)
    return equalRanges(bytes, 0, bytes.length, entryKey, 0, entryKey.length)
  }

  private appendRowKey(rowKey: Uint8Array, target: ByteBuffer): void {
    if (target.length + rowKey.length <= this.keyBytesMax) target.append(rowKey, 0, rowKey.length)
    else {
      const hash = createHash('sha256').update(rowKey).digest()
      target.append(hash, 0, ROW_KEY_HASH_BYTES)
    }
  }
}
