/**
 * Writes to one table, one after the other. A write is one block, and a block becomes one part of the table: readers and a crash see all of
 * it or nothing. A changed row is inserted again with a higher version, a deleted one as a tombstone; which version of
 * a key counts is decided when it is read.
 */
import {
  Batch,
  createVector,
  INT_TYPE,
  representationOf,
  sqlError,
  type SqlType,
  type Value,
} from '@switchyard/core/spi'
import type { ColumnEngine } from './column-engine.js'
import { BlockReader, encodeBlock, type BlockColumn } from './native-block.js'
import { binaryKeyType, keyText, shownKey, type StoredTable, type UniqueKey } from './stored-table.js'
import { columnName, DELETED_COLUMN, keyColumnName, tableName, VERSION_COLUMN } from './sql-text.js'
import { sortKey, storedType } from './stored-type.js'
import type { TableState } from './table-state.js'

export class TableWriter {
  constructor(
    private readonly engine: ColumnEngine,
    private readonly stored: StoredTable,
    private readonly state: TableState,
    private readonly signal: AbortSignal,
  ) {}

  async insert(rows: Batch): Promise<number> {
    for (const key of this.stored.uniqueKeys) {
      const columns = key.parts.map((part) => part.position)
      const texts = this.distinctTexts(key, rows, columns)
      const present = await this.ownersOf(key, rows, columns)
      texts.forEach((text, row) => {
        if (text !== undefined && present.has(text)) throw this.duplicate(key, rows, columns, row)
      })
    }
    await this.write(rows, rows.rowCount, this.state.hasVersions ? this.state.nextVersion() : 0)
    this.state.rows += rows.rowCount
    return rows.rowCount
  }

  async delete(keys: Batch): Promise<number> {
    const primary = this.primaryKey
    const columns = primary.parts.map((_, i) => i)
    const present = await this.ownersOf(primary, keys, columns)
    const gone = new Set<string>()
    const block = this.emptyBlock()
    for (let row = 0; row < keys.rowCount; row++) {
      const text = keyText(primary, keys, columns, row)
      if (text === undefined || !present.has(text) || gone.has(text)) continue
      gone.add(text)
      block.pushRow(this.tombstone(keys.row(row)))
    }
    if (gone.size === 0) return 0
    await this.write(block, 0, this.state.nextVersion())
    this.state.rows -= gone.size
    return gone.size
  }

  async update(keys: Batch, rows: Batch): Promise<number> {
    const primary = this.primaryKey
    const keyColumns = primary.parts.map((_, i) => i)
    const present = await this.ownersOf(primary, keys, keyColumns)
    const block = this.emptyBlock()
    const old = new Map<string, readonly Value[]>()
    for (let row = 0; row < keys.rowCount; row++) {
      const text = keyText(primary, keys, keyColumns, row)
      if (text === undefined || !present.has(text) || old.has(text)) continue
      old.set(text, keys.row(row))
      block.pushFrom(rows, row)
    }
    if (block.rowCount === 0) return 0
    const kept = new Set<string>()
    for (const key of this.stored.uniqueKeys) await this.checkChanged(key, block, old, kept)
    const changed = block.rowCount
    for (const [text, key] of old) if (!kept.has(text)) block.pushRow(this.tombstone(key))
    await this.write(block, changed, this.state.nextVersion())
    return changed
  }

  /** Refuses keys that rows other than the changed ones have; notes the primary keys that there are afterwards. */
  private async checkChanged(
    key: UniqueKey,
    block: Batch,
    old: ReadonlyMap<string, readonly Value[]>,
    kept: Set<string>,
  ): Promise<void> {
    const columns = key.parts.map((part) => part.position)
    const texts = this.distinctTexts(key, block, columns)
    const owners = await this.ownersOf(key, block, columns)
    texts.forEach((text, row) => {
      if (text === undefined) return
      const owner = owners.get(text)
      if (owner !== undefined && !old.has(owner)) throw this.duplicate(key, block, columns, row)
      if (key === this.primaryKey) kept.add(text)
    })
  }

  /** Each row's key as text. Throws ER_DUP_ENTRY if two rows have the same one. */
  private distinctTexts(
    key: UniqueKey,
    rows: Batch,
    columns: readonly number[],
  ): readonly (string | undefined)[] {
    const known = new Set<string>()
    return Array.from({ length: rows.rowCount }, (_, row) => {
      const text = keyText(key, rows, columns, row)
      if (text === undefined) return undefined
      if (known.has(text)) throw this.duplicate(key, rows, columns, row)
      known.add(text)
      return text
    })
  }

  private duplicate(key: UniqueKey, rows: Batch, columns: readonly number[], row: number): Error {
    const { table } = this.stored
    return sqlError('ER_DUP_ENTRY', shownKey(key, rows, columns, row), `${table.name}.${key.index.name}`)
  }

  /** Of the rows' keys those that the table has, each with the primary key of the row that has it. */
  private async ownersOf(
    key: UniqueKey,
    rows: Batch,
    columns: readonly number[],
  ): Promise<ReadonlyMap<string, string>> {
    const owners = new Map<string, string>()
    if (rows.rowCount === 0 || this.state.rows === 0) return owners
    const primary = this.primaryKey
    const wanted = encodeBlock(
      key.parts.map((part, i) => this.keyColumn(key, i, rows, columns[i] ?? -1, part.column.nullable)),
      rows.rowCount,
    )
    const names = key.names.join(', ')
    const stream = await this.engine.queryWith(
      wanted,
      (source) =>
        `SELECT ${names}, ${primary.names.join(', ')} FROM ${tableName(this.stored.table.id)}${
          this.state.hasVersions ? ' FINAL' : ''
        } WHERE (${names}) IN (SELECT ${names} FROM ${source})`,
      this.signal,
    )
    const found = Batch.ofTypes([...key.parts.map(binaryKeyType), ...primary.parts.map(binaryKeyType)])
    const keyPositions = key.parts.map((_, i) => i)
    const primaryPositions = primary.parts.map((_, i) => key.parts.length + i)
    try {
      for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
        const reader = new BlockReader(block)
        while (!reader.isAtEnd) {
          found.clear()
          found.rowCount = reader.next(found.columns)
          for (let row = 0; row < found.rowCount; row++) {
            const text = keyText(key, found, keyPositions, row)
            const owner = keyText(primary, found, primaryPositions, row)
            if (text !== undefined && owner !== undefined) owners.set(text, owner)
          }
        }
      }
    } finally {
      await stream.close()
    }
    return owners
  }

  private keyColumn(
    key: UniqueKey,
    part: number,
    rows: Batch,
    from: number,
    isNullable: boolean,
  ): BlockColumn {
    const { collation } = key.parts[part] ?? {}
    const vector = rows.columns[from]
    if (vector === undefined) throw new Error('invariant: the batch has the key columns')
    const name = key.names[part] ?? ''
    const type = key.types[part] ?? ''
    if (collation === undefined) return { name, type, isNullable, values: { kind: 'vector', vector } }
    const values = Array.from({ length: rows.rowCount }, (_, row) => {
      const value = vector.get(row)
      return typeof value === 'string' ? sortKey(collation, value) : null
    })
    return { name, type, isNullable, values: { kind: 'bytes', values } }
  }

  /** Puts the rows into the table, those from `present` on as tombstones. */
  private async write(rows: Batch, present: number, version: number): Promise<void> {
    if (rows.rowCount === 0) return
    const { table, keyedColumns, primaryKey } = this.stored
    const columns = table.columns.map((column, i): BlockColumn => {
      const vector = rows.columns[i]
      if (vector === undefined) throw new Error('invariant: rows have all columns')
      const values = { kind: 'vector', vector } as const
      return { name: columnName(column), type: storedType(column.type), isNullable: column.nullable, values }
    })
    for (const { position, column, collation } of keyedColumns) {
      const vector = rows.columns[position]
      const values = Array.from({ length: rows.rowCount }, (_, row) => {
        const value = vector?.get(row)
        return typeof value === 'string' ? sortKey(collation, value) : null
      })
      columns.push({
        name: keyColumnName(column),
        type: 'String',
        isNullable: column.nullable,
        values: { kind: 'bytes', values },
      })
    }
    if (primaryKey !== undefined) {
      const deleted = createVector(INT_TYPE)
      for (let row = 0; row < rows.rowCount; row++) deleted.push(row < present ? 0 : 1)
      columns.push(
        {
          name: VERSION_COLUMN,
          type: 'UInt64',
          isNullable: false,
          values: { kind: 'same', value: version },
        },
        {
          name: DELETED_COLUMN,
          type: 'UInt8',
          isNullable: false,
          values: { kind: 'vector', vector: deleted },
        },
      )
    }
    const names = columns.map((column) => column.name).join(', ')
    const into = `INSERT INTO ${tableName(table.id)} (${names})`
    await this.engine.insert(into, encodeBlock(columns, rows.rowCount), this.signal)
  }

  private emptyBlock(): Batch {
    return Batch.ofTypes(this.stored.table.columns.map((column) => column.type))
  }

  /** A row that has nothing but its primary key. */
  private tombstone(key: readonly Value[]): Value[] {
    const row = this.stored.table.columns.map((column) => (column.nullable ? null : emptyValue(column.type)))
    this.primaryKey.parts.forEach((part, i) => {
      row[part.position] = key[i] ?? null
    })
    return row
  }

  private get primaryKey(): UniqueKey {
    const { primaryKey } = this.stored
    if (primaryKey === undefined) throw new Error('invariant: rows are changed by their primary key')
    return primaryKey
  }
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
