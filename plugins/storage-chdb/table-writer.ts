/**
 * Writes to one table, one after the other. A write is one block, and a block becomes one part of the table: readers and a crash see all of
 * it or nothing. A changed row is inserted again with a higher version, a deleted one as a tombstone; which version of
 * a key counts is decided when it is read.
 */
import {
  Batch,
  createVector,
  duplicateEntry,
  INT_TYPE,
  representationOf,
  UNSIGNED_BIGINT_TYPE,
  type BytesVector,
  type ColumnDefinition,
  type IndexDefinition,
  type RowChanges,
  type SqlType,
  type StatementContext,
  type Value,
} from '@switchyard/core/spi'
import type { BlockStream, ColumnEngine } from './column-engine.js'
import { chooseDictionaries } from './dictionary-columns.js'
import type { KeyForm } from './key-form.js'
import {
  BlockReader,
  encodeBlock,
  encodeLargeBlock,
  type BlockColumn,
  type BlockValues,
} from './native-block.js'
import { ShortTurns } from './short-turns.js'
import { columnName, DELETED_COLUMN, readSql, stageName, tableName, VERSION_COLUMN } from './sql-text.js'
import { keyText, storedKeyType, type StoredTable, type UniqueKey } from './stored-table.js'
import { storedType } from './stored-type.js'
import type { WriterState } from './table-state.js'
import { exceptionsIn } from './text-form.js'

export class TableWriter {
  constructor(
    private readonly engine: ColumnEngine,
    private readonly stored: StoredTable,
    private readonly state: WriterState,
    private readonly statement: StatementContext,
    /** Where the rows go: into the table, or into its stage. */
    private readonly target: 'table' | 'stage' = 'table',
  ) {}

  async insert(rows: Batch): Promise<number> {
    await chooseDictionaries(this.engine, this.stored, this.state, rows, this.target)
    const isAppended = this.noteKeys(rows)
    const turns = new ShortTurns()
    for (const key of this.stored.uniqueKeys) {
      if (isAppended && key === this.stored.primaryKey) continue
      const columns = positionsIn(key)
      await turns.pause()
      const texts = this.distinctTexts(key, rows, columns)
      await turns.pause()
      const owners = await this.ownersOf(key, rows, columns)
      texts.forEach((text, row) => {
        if (text !== undefined && owners.has(text)) throw this.duplicate(key, rows, row)
      })
    }
    const version = this.state.hasVersions ? this.state.nextVersion() : 0
    // Counted before it is sure: where there is no row, keys are not looked for.
    this.state.rows += rows.rowCount
    await this.write(this.withRowIds(rows), rows.rowCount, version)
    return rows.rowCount
  }

  /** Notes the rows' keys; answers whether they ascend from above all that there are, so that none needs to be looked for. */
  private noteKeys(rows: Batch): boolean {
    if (!this.stored.hasIntegerKey) return false
    const vector = rows.columns[this.stored.primaryKey.parts[0]?.position ?? -1]
    const first = vector?.get(0)
    let isAscending = typeof first === 'number' && this.state.isAbove(first)
    let last = -Infinity
    for (let row = 0; row < rows.rowCount; row++) {
      const key = Number(vector?.get(row))
      if (key <= last) isAscending = false
      last = key
      this.state.noteKey(key)
    }
    return isAscending
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
    this.noteKeys(block)
    for (const key of this.stored.uniqueKeys) await this.refuseTaken(key, block, [...old.keys()])
    const changed = block.rowCount
    const kept = new Set(this.texts(this.stored.primaryKey, block, positionsIn(this.stored.primaryKey)))
    for (const [text, row] of old) if (!kept.has(text)) block.pushRow(this.tombstone(keys.row(row)))
    await this.write(block, changed, this.state.nextVersion())
    return changed
  }

  /** What core has looked for already. */
  async put({ added, replaced, gone }: RowChanges): Promise<void> {
    const rows = this.emptyBlock()
    rows.pushAll(this.withRowIds(added))
    rows.pushAll(replaced)
    if (rows.rowCount === 0 && gone.rowCount === 0) return
    await chooseDictionaries(this.engine, this.stored, this.state, rows, this.target)
    this.noteKeys(rows)
    const present = rows.rowCount
    for (let row = 0; row < gone.rowCount; row++) rows.pushRow(this.tombstone(gone.row(row)))
    const isNew = added.rowCount === rows.rowCount && !this.state.hasVersions
    this.state.rows += added.rowCount - gone.rowCount
    await this.write(rows, present, isNew ? 0 : this.state.nextVersion())
  }

  /** The rows that have one of these keys in a unique index; undefined if there is none. */
  async find(
    index: IndexDefinition,
    keys: Batch,
    columns: readonly ColumnDefinition[],
  ): Promise<BlockStream | undefined> {
    const key = this.stored.uniqueKeys.find((each) => each.index === index)
    if (key === undefined) throw new Error('invariant: core asks for unique indexes of the table')
    if (this.state.rows === 0 || this.areAllAbove(key, keys)) return undefined
    const selected = columns.map(readSql).join(', ')
    return this.engine.queryWith(
      encodeBlock(
        keyColumns(
          key,
          keys,
          key.parts.map((_, i) => i),
        ),
        keys.rowCount,
      ),
      (source) => this.ownersSql(key, `(SELECT ${key.names.join(', ')} FROM ${source})`, selected),
      this.statement.signal,
    )
  }

  private areAllAbove(key: UniqueKey, keys: Batch): boolean {
    if (key !== this.stored.primaryKey || !this.stored.hasIntegerKey) return false
    const [vector] = keys.columns
    for (let row = 0; row < keys.rowCount; row++) {
      const value = vector?.get(row)
      if (typeof value !== 'number' || !this.state.isAbove(value)) return false
    }
    return true
  }

  /** The keys that the table has, each with the first row of the batch that names it. */
  private async presentKeys(keys: Batch): Promise<ReadonlyMap<string, number>> {
    const { primaryKey } = this.stored
    const columns = primaryKey.parts.map((_, i) => i)
    const owners = await this.ownersOf(primaryKey, keys, columns)
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
    const owners = new Map(await this.ownersOf(key, block, columns))
    const held = this.heldBy(owners)
    texts.forEach((text, row) => {
      const self = old[row] ?? ''
      const owner = text === undefined ? undefined : owners.get(text)
      if (owner !== undefined && owner !== self) throw this.duplicate(key, block, row)
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

  /** Each row's key as text. Throws ER_DUP_ENTRY if two rows have the same one. */
  private distinctTexts(
    key: UniqueKey,
    rows: Batch,
    columns: readonly number[],
  ): readonly (string | undefined)[] {
    const known = new Set<string>()
    const texts = this.texts(key, rows, columns)
    texts.forEach((text, row) => {
      if (text === undefined) return
      if (known.has(text)) throw this.duplicate(key, rows, row)
      known.add(text)
    })
    return texts
  }

  private duplicate({ index }: UniqueKey, rows: Batch, row: number): Error {
    if (index === undefined) throw new Error('invariant: row ids are given once')
    return duplicateEntry(this.stored.table, index, rows.row(row), this.statement.evaluation)
  }

  /** Of the rows' keys those that the table has, each with the primary key of the row that has it. */
  private async ownersOf(
    key: UniqueKey,
    rows: Batch,
    columns: readonly number[],
  ): Promise<ReadonlyMap<string, string>> {
    const owners = new Map<string, string>()
    if (rows.rowCount === 0 || this.state.rows === 0) return owners
    const { primaryKey } = this.stored
    const stream = await this.engine.queryWith(
      encodeBlock(keyColumns(key, rows, columns), rows.rowCount),
      (source) => this.ownersSql(key, `(SELECT ${key.names.join(', ')} FROM ${source})`),
      this.statement.signal,
    )
    const found = Batch.ofTypes([...key.parts, ...primaryKey.parts].map(storedKeyType))
    const keyPositions = key.parts.map((_, i) => i)
    const primaryPositions = primaryKey.parts.map((_, i) => key.parts.length + i)
    try {
      for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
        const reader = new BlockReader(block)
        while (!reader.isAtEnd) {
          found.clear()
          found.rowCount = reader.next(found.columns)
          for (let row = 0; row < found.rowCount; row++) {
            const text = keyText(key, found, keyPositions, row, true)
            const owner = keyText(primaryKey, found, primaryPositions, row, true)
            if (text !== undefined && owner !== undefined) owners.set(text, owner)
          }
        }
      }
    } finally {
      await stream.close()
    }
    return owners
  }

  private ownersSql(key: UniqueKey, wanted: string, selected?: string): string {
    const { primaryKey, table } = this.stored
    const [names, primary] = [key.names.join(', '), primaryKey.names.join(', ')]
    const final = this.state.hasVersions ? ' FINAL' : ''
    const ownersIn = (name: string): string =>
      `SELECT ${selected ?? `${names}, ${primary}`} FROM ${name}${final} WHERE (${names}) IN ${wanted}`
    const inTable = ownersIn(tableName(table.id))
    if (this.target === 'table') return inTable
    const stage = stageName(table.id)
    const inStage = ownersIn(stage)
    if (!this.state.hasStagedVersions) return `${inTable} UNION ALL ${inStage}`
    // What the stage has of a row goes before what the table has.
    const suspects = `SELECT ${primary} FROM ${tableName(table.id)} WHERE (${names}) IN ${wanted}`
    const replaced = `SELECT ${primary} FROM ${stage} WHERE (${primary}) IN (${suspects})`
    return `${inTable} AND (${primary}) NOT IN (${replaced}) UNION ALL ${inStage}`
  }

  /** Puts the rows into the table, those from `present` on as tombstones. */
  private async write(rows: Batch, present: number, version: number): Promise<void> {
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
    const deleted = createVector(INT_TYPE)
    for (let row = 0; row < rows.rowCount; row++) deleted.push(row < present ? 0 : 1)
    columns.push(
      { name: VERSION_COLUMN, type: 'UInt64', isNullable: false, values: { kind: 'same', value: version } },
      {
        name: DELETED_COLUMN,
        type: 'UInt8',
        isNullable: false,
        values: { kind: 'vector', vector: deleted },
      },
    )
    const names = columns.map((column) => column.name).join(', ')
    const name = this.target === 'stage' ? stageName(table.id) : tableName(table.id)
    const into = `INSERT INTO ${name} (${names})`
    const block = await encodeLargeBlock(columns, rows.rowCount, turns)
    await this.state.readersKnow()
    await this.engine.insert(into, block, this.statement.signal)
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

function positionsIn(key: UniqueKey): readonly number[] {
  return key.parts.map((part) => part.position)
}

function keyColumns(key: UniqueKey, rows: Batch, columns: readonly number[]): readonly BlockColumn[] {
  return key.parts.map(({ column, form }, i): BlockColumn => {
    const position = columns[i] ?? -1
    const values = form === undefined ? vectorAt(rows, position) : keyBytes(form, rows, position)
    return { name: key.names[i] ?? '', type: key.types[i] ?? '', isNullable: column.nullable, values }
  })
}

function vectorAt(rows: Batch, position: number): BlockValues {
  const vector = rows.columns[position]
  if (vector === undefined) throw new Error('invariant: the batch has all columns')
  return { kind: 'vector', vector }
}

function keyBytes(form: KeyForm, rows: Batch, position: number): BlockValues {
  const vector = rows.columns[position]
  const values = Array.from({ length: rows.rowCount }, (_, row) => {
    const value = vector?.get(row) ?? null
    return value === null ? null : form.bytesOf(value)
  })
  return { kind: 'bytes', values }
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
