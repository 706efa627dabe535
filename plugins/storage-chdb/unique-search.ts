/**
 * Looks for the rows of a table, and of its stage, that have the values of others in a unique index. One query for each index and block of
 * rows; integer keys above all present ones are known to be new.
 */
import {
  Batch,
  representationOf,
  type ColumnDefinition,
  type DuplicateRow,
  type StatementContext,
  type Value,
  type Vector,
} from '@switchyard/core/spi'
import type { BlockStream } from './column-engine.js'
import { keyBytes, vectorAt } from './block-values.js'
import { BlockReader } from './block-reader.js'
import { encodeBlock, type BlockColumn } from './block-writer.js'
import { ShortTurns } from './short-turns.js'
import { readSql, stageName, tableName } from './sql-text.js'
import { keyText, storedKeyType, type StoredTable, type UniqueKey } from './stored-table.js'
import type { WriterState } from './table-state.js'
import type { BlockSink } from './write-behind.js'

/** What is equal for values that are equal in an index. */
type Key = Exclude<Value, null>

/** What is known of the integer keys of a block: that all are above those of the table, and that each is above the one before. */
interface KeyRange {
  readonly isAbove: boolean
  readonly isAscending: boolean
}

const ANYWHERE: KeyRange = { isAbove: false, isAscending: false }
/** Rows that are looked at between two looks at the clock. */
const ROWS_PER_TURN = 4096

export class UniqueSearch {
  constructor(
    private readonly source: Pick<BlockSink, 'queryWith'>,
    private readonly stored: StoredTable,
    private readonly state: WriterState,
    private readonly statement: StatementContext,
    private readonly target: 'table' | 'stage',
  ) {}

  /** The rows that meet another one, be it before them in the batch; and notes the keys of all. */
  async duplicatesIn(rows: Batch, turns: ShortTurns): Promise<readonly DuplicateRow[]> {
    const range = this.noteKeys(rows)
    const indexes: {
      readonly key: UniqueKey
      readonly values: readonly (Key | undefined)[]
      taken: Set<Key>
    }[] = []
    for (const key of this.stored.uniqueKeys) {
      const isPrimary = key === this.stored.primaryKey
      if (isPrimary && range.isAbove && range.isAscending) continue
      await turns.pause()
      const taken = isPrimary && range.isAbove ? new Set<Key>() : await this.takenOf(key, rows)
      await turns.pause()
      indexes.push({ key, values: keysOf(key, rows, positionsIn(key), false), taken })
    }
    if (indexes.length === 0) return []
    const duplicates: DuplicateRow[] = []
    for (let row = 0; row < rows.rowCount; row++) {
      if (row % ROWS_PER_TURN === 0) await turns.pause()
      const met = indexes.find(({ values, taken }) => {
        const value = values[row]
        return value !== undefined && taken.has(value)
      })
      if (met?.key.index !== undefined) duplicates.push({ row, index: met.key.index })
      else {
        for (const { values, taken } of indexes) {
          const value = values[row]
          if (value !== undefined) taken.add(value)
        }
      }
    }
    return duplicates
  }

  /** To be told of keys before they are written. */
  noteKeys(rows: Batch): KeyRange {
    if (!this.stored.hasIntegerKey) return ANYWHERE
    const vector = rows.columns[this.stored.primaryKey.parts[0]?.position ?? -1]
    let isAscending = true
    let least = Infinity
    let greatest = -Infinity
    for (let row = 0; row < rows.rowCount; row++) {
      const key = Number(vector?.get(row))
      if (key <= greatest) isAscending = false
      else greatest = key
      if (key < least) least = key
    }
    const isAbove = this.state.isAbove(least)
    this.state.noteKey(greatest)
    return { isAbove: isAbove && Number.isSafeInteger(greatest), isAscending }
  }

  /** Of the rows' keys those that the table has, each with the primary key of the row that has it. */
  async ownersOf(
    key: UniqueKey,
    rows: Batch,
    columns: readonly number[],
  ): Promise<ReadonlyMap<string, string>> {
    const owners = new Map<string, string>()
    if (rows.rowCount === 0 || this.state.rows === 0) return owners
    const { primaryKey } = this.stored
    const keyPositions = key.parts.map((_, i) => i)
    const primaryPositions = primaryKey.parts.map((_, i) => key.parts.length + i)
    const names = [...key.names, ...primaryKey.names].join(', ')
    await this.read([...key.parts, ...primaryKey.parts], key, rows, columns, names, (found) => {
      for (let row = 0; row < found.rowCount; row++) {
        const text = keyText(key, found, keyPositions, row, true)
        const owner = keyText(primaryKey, found, primaryPositions, row, true)
        if (text !== undefined && owner !== undefined) owners.set(text, owner)
      }
    })
    return owners
  }

  /** The rows that have one of these keys; undefined if there is none. */
  async find(
    key: UniqueKey,
    keys: Batch,
    columns: readonly ColumnDefinition[],
  ): Promise<BlockStream | undefined> {
    if (this.state.rows === 0 || this.areAllAbove(key, keys)) return undefined
    const positions = key.parts.map((_, i) => i)
    return this.query(key, keys, positions, columns.map(readSql).join(', '))
  }

  // ── Inside ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Of the rows' keys those that are there. */
  private async takenOf(key: UniqueKey, rows: Batch): Promise<Set<Key>> {
    const taken = new Set<Key>()
    if (this.state.rows === 0) return taken
    const positions = key.parts.map((_, i) => i)
    await this.read(key.parts, key, rows, positionsIn(key), key.names.join(', '), (found) => {
      for (const value of keysOf(key, found, positions, true)) if (value !== undefined) taken.add(value)
    })
    return taken
  }

  private async read(
    parts: UniqueKey['parts'],
    key: UniqueKey,
    rows: Batch,
    columns: readonly number[],
    selected: string,
    take: (found: Batch) => void,
  ): Promise<void> {
    const stream = await this.query(key, rows, columns, selected)
    const found = Batch.ofTypes(parts.map(storedKeyType))
    try {
      for (let block = await stream.next(); block !== undefined; block = await stream.next()) {
        const reader = new BlockReader(block)
        while (!reader.isAtEnd) {
          found.clear()
          found.rowCount = reader.next(found.columns)
          take(found)
        }
      }
    } finally {
      await stream.close()
    }
  }

  private query(
    key: UniqueKey,
    rows: Batch,
    columns: readonly number[],
    selected: string,
  ): Promise<BlockStream> {
    return this.source.queryWith(
      encodeBlock(keyColumns(key, rows, columns), rows.rowCount),
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

  private ownersSql(key: UniqueKey, wanted: string, selected: string): string {
    const { primaryKey, table } = this.stored
    const [names, primary] = [key.names.join(', '), primaryKey.names.join(', ')]
    const final = this.state.hasVersions ? ' FINAL' : ''
    const ownersIn = (name: string): string =>
      `SELECT ${selected} FROM ${name}${final} WHERE (${names}) IN ${wanted}`
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
}

export function positionsIn(key: UniqueKey): readonly number[] {
  return key.parts.map((part) => part.position)
}

/** Each row's key; undefined where a part is NULL. `isStored` as for `keyText`. */
function keysOf(
  key: UniqueKey,
  rows: Batch,
  columns: readonly number[],
  isStored: boolean,
): (Key | undefined)[] {
  const [part, ...others] = key.parts
  const isNumber =
    part !== undefined && others.length === 0 && representationOf(storedKeyType(part)) === 'exact'
  if (!isNumber)
    return Array.from({ length: rows.rowCount }, (_, row) => keyText(key, rows, columns, row, isStored))
  const vector = rows.columns[columns[0] ?? -1] as Vector
  return Array.from({ length: rows.rowCount }, (_, row) => vector.get(row) ?? undefined)
}

function keyColumns(key: UniqueKey, rows: Batch, columns: readonly number[]): readonly BlockColumn[] {
  return key.parts.map(({ column, form }, i): BlockColumn => {
    const position = columns[i] ?? -1
    const values = form === undefined ? vectorAt(rows, position) : keyBytes(form, rows, position)
    return { name: key.names[i] ?? '', type: key.types[i] ?? '', isNullable: column.nullable, values }
  })
}
