/**
 * Writes to one table, one after the other. A write is one block, and a block becomes one part of the table: readers and a crash see all of
 * it or nothing. A changed row is inserted again with a higher version, a deleted one as a tombstone; which version of
 * a key counts is decided when it is read.
 */
import {
  Batch,
  createVector,
  duplicateEntry,
  representationOf,
  UNSIGNED_BIGINT_TYPE,
  type BytesVector,
  type ColumnDefinition,
  type DuplicateRow,
  type IndexDefinition,
  type RowChanges,
  type SqlType,
  type StatementContext,
  type Value,
} from '@switchyard/core/spi'
import type { BlockStream } from './column-engine.js'
import { keyBytes, vectorAt } from './block-values.js'
import { chooseDictionaries } from './dictionary-columns.js'
import { encodeLargeBlock, type BlockColumn } from './block-writer.js'
import { ShortTurns } from './short-turns.js'
import { columnName, DELETED_COLUMN, stageName, tableName, VERSION_COLUMN } from './sql-text.js'
import { keyText, type StoredTable, type UniqueKey } from './stored-table.js'
import { storedType } from './stored-type.js'
import type { WriterState } from './table-state.js'
import { exceptionsIn } from './text-form.js'
import { positionsIn, UniqueSearch } from './unique-search.js'
import type { BlockSink } from './write-behind.js'

export class TableWriter {
  private readonly search: UniqueSearch

  constructor(
    private readonly sink: BlockSink,
    private readonly stored: StoredTable,
    private readonly state: WriterState,
    private readonly statement: StatementContext,
    /** Where the rows go: into the table, or into its stage. */
    private readonly target: 'table' | 'stage' = 'table',
  ) {
    this.search = new UniqueSearch(sink, stored, state, statement, target)
  }

  async insert(rows: Batch): Promise<number> {
    const [duplicate] = await this.duplicatesIn(rows)
    if (duplicate !== undefined) throw this.duplicate(duplicate.index, rows, duplicate.row)
    await this.add(rows)
    return rows.rowCount
  }

  duplicatesIn(rows: Batch): Promise<readonly DuplicateRow[]> {
    return this.search.duplicatesIn(rows, new ShortTurns())
  }

  /** Inserts rows that are known to be new. */
  async add(rows: Batch): Promise<void> {
    await this.chooseDictionaries(rows)
    const version = this.state.hasVersions ? this.state.nextVersion() : 0
    // Counted before it is sure: where there is no row, keys are not looked for.
    this.state.rows += rows.rowCount
    await this.write(this.withRowIds(rows), rows.rowCount, version, true)
  }

  private chooseDictionaries(rows: Batch): Promise<void> {
    return chooseDictionaries(this.sink.engine, this.stored, this.state, rows, this.target)
  }

  async delete(keys: Batch): Promise<number> {
    const old = await this.presentKeys(keys)
    if (old.size === 0) return 0
    const block = this.emptyBlock()
    for (const row of old.values()) block.pushRow(this.tombstone(keys.row(row)))
    await this.write(block, 0, this.state.nextVersion())
    this.state.rows -= old.size
    return old.size
  }

  async update(keys: Batch, rows: Batch): Promise<number> {
    const old = await this.presentKeys(keys)
    if (old.size === 0) return 0
    const block = this.emptyBlock()
    for (const row of old.values()) {
      block.pushRow(this.stored.hasRowIds ? [...rows.row(row), ...keys.row(row)] : rows.row(row))
    }
    this.search.noteKeys(block)
    for (const key of this.stored.uniqueKeys) await this.refuseTaken(key, block, [...old.keys()])
    const changed = block.rowCount
    const kept = new Set(this.texts(this.stored.primaryKey, block, positionsIn(this.stored.primaryKey)))
    for (const [text, row] of old) if (!kept.has(text)) block.pushRow(this.tombstone(keys.row(row)))
    await this.write(block, changed, this.state.nextVersion())
    return changed
  }

  /** What core has looked for already. */
  async put({ added, replaced, gone }: RowChanges): Promise<void> {
    if (replaced.rowCount === 0 && gone.rowCount === 0) {
      this.search.noteKeys(added)
      await this.add(added)
      return
    }
    const rows = this.emptyBlock()
    rows.pushAll(this.withRowIds(added))
    rows.pushAll(replaced)
    await this.chooseDictionaries(rows)
    this.search.noteKeys(rows)
    const present = rows.rowCount
    for (let row = 0; row < gone.rowCount; row++) rows.pushRow(this.tombstone(gone.row(row)))
    this.state.rows += added.rowCount - gone.rowCount
    await this.write(rows, present, this.state.nextVersion())
  }

  /** The rows that have one of these keys in a unique index; undefined if there is none. */
  find(
    index: IndexDefinition,
    keys: Batch,
    columns: readonly ColumnDefinition[],
  ): Promise<BlockStream | undefined> {
    const key = this.stored.uniqueKeys.find((each) => each.index === index)
    if (key === undefined) throw new Error('invariant: core asks for unique indexes of the table')
    return this.search.find(key, keys, columns)
  }

  /** The keys that the table has, each with the first row of the batch that names it. */
  private async presentKeys(keys: Batch): Promise<ReadonlyMap<string, number>> {
    const { primaryKey } = this.stored
    const columns = primaryKey.parts.map((_, i) => i)
    const owners = await this.search.ownersOf(primaryKey, keys, columns)
    const present = new Map<string, number>()
    this.texts(primaryKey, keys, columns).forEach((text, row) => {
      if (text !== undefined && owners.has(text) && !present.has(text)) present.set(text, row)
    })
    return present
  }

  /**
   * Goes through the changed rows one by one, as MySQL does: a row must not take a key that at this moment another row has, be it one
   * that is changed later. `old` are the primary keys that the rows had.
   */
  private async refuseTaken(key: UniqueKey, block: Batch, old: readonly string[]): Promise<void> {
    const columns = positionsIn(key)
    const texts = this.texts(key, block, columns)
    const owners = new Map(await this.search.ownersOf(key, block, columns))
    const held = this.heldBy(owners)
    texts.forEach((text, row) => {
      const self = old[row] ?? ''
      const owner = text === undefined ? undefined : owners.get(text)
      if (owner !== undefined && owner !== self) throw this.duplicate(key.index, block, row)
      for (const former of held.get(self) ?? []) owners.delete(former)
      if (text !== undefined) owners.set(text, self)
    })
  }

  /** Keys by the primary key of the row that has them: what `owners` says the other way round. */
  private heldBy(owners: ReadonlyMap<string, string>): ReadonlyMap<string, string[]> {
    const held = new Map<string, string[]>()
    for (const [text, owner] of owners) {
      const texts = held.get(owner)
      if (texts === undefined) held.set(owner, [text])
      else texts.push(text)
    }
    return held
  }

  private texts(key: UniqueKey, rows: Batch, columns: readonly number[]): readonly (string | undefined)[] {
    return Array.from({ length: rows.rowCount }, (_, row) => keyText(key, rows, columns, row))
  }

  private duplicate(index: IndexDefinition | undefined, rows: Batch, row: number): Error {
    if (index === undefined) throw new Error('invariant: row ids are given once')
    return duplicateEntry(this.stored.table, index, rows.row(row), this.statement.evaluation)
  }

  /** Puts the rows into the table, those from `present` on as tombstones. `areNew` says that it has none of their keys. */
  private async write(rows: Batch, present: number, version: number, areNew = false): Promise<void> {
    if (rows.rowCount === 0) return
    const { table, columns: all, keyColumns: keys, textColumns } = this.stored
    const columns = all.map((column, i): BlockColumn => ({
      name: columnName(column),
      type: storedType(column.type),
      isNullable: column.nullable,
      values: vectorAt(rows, i),
    }))
    const turns = new ShortTurns()
    for (const { position, column, form } of keys) {
      await turns.pause()
      const values = keyBytes(form, rows, position)
      columns.push({ name: form.name, type: 'String', isNullable: column.nullable, values })
    }
    for (const { position, column, form, name } of textColumns) {
      await turns.pause()
      const vector = rows.columns[position] as BytesVector
      const exceptions = exceptionsIn(form, vector, rows.rowCount)
      // It is empty by default.
      if (exceptions === undefined) continue
      this.state.noteException(column.id)
      columns.push({ name, type: 'String', isNullable: false, values: { kind: 'bytes', values: exceptions } })
    }
    columns.push(
      { name: VERSION_COLUMN, type: 'UInt64', isNullable: false, values: { kind: 'same', value: version } },
      {
        name: DELETED_COLUMN,
        type: 'UInt8',
        isNullable: false,
        values: { kind: 'same', value: 1, from: present },
      },
    )
    const names = columns.map((column) => column.name).join(', ')
    const name = this.target === 'stage' ? stageName(table.id) : tableName(table.id)
    const into = `INSERT INTO ${name} (${names})`
    const block = await encodeLargeBlock(columns, rows.rowCount, turns)
    await this.state.readersKnow()
    const { signal } = this.statement
    // No key is there twice: it need not look for the row that counts.
    if (areNew) await this.sink.insertNew(`${into} SETTINGS optimize_on_insert = 0`, block, signal)
    else await this.sink.insert(into, block, signal)
  }

  /** The rows as they are stored: with ids, where the table has no primary key. */
  private withRowIds(rows: Batch): Batch {
    if (!this.stored.hasRowIds) return rows
    const ids = createVector(UNSIGNED_BIGINT_TYPE)
    const first = this.state.reserveRowIds(rows.rowCount)
    for (let row = 0; row < rows.rowCount; row++) ids.push(first + row)
    const batch = new Batch([...rows.columns, ids])
    batch.rowCount = rows.rowCount
    return batch
  }

  private emptyBlock(): Batch {
    return Batch.ofTypes(this.stored.columns.map((column) => column.type))
  }

  /** A row that has nothing but its primary key. */
  private tombstone(key: readonly Value[]): Value[] {
    const row = this.stored.columns.map((column) => (column.nullable ? null : emptyValue(column.type)))
    this.stored.primaryKey.parts.forEach((part, i) => {
      row[part.position] = key[i] ?? null
    })
    return row
  }
}

/** The rows but for those that are named. */
export function withoutRows(rows: Batch, duplicates: readonly DuplicateRow[]): Batch {
  if (duplicates.length === 0) return rows
  const left = Batch.ofTypes(rows.columns.map((column) => column.type))
  let at = 0
  for (let row = 0; row < rows.rowCount; row++) {
    if (duplicates[at]?.row === row) at++
    else left.pushFrom(rows, row)
  }
  return left
}

function emptyValue(type: SqlType): Value {
  switch (representationOf(type)) {
    case 'exact':
    case 'approximate':
      return 0
    case 'bytes':
      return new Uint8Array(0)
    default:
      return ''
  }
}
