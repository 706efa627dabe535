/**
 * Rows of a table driver's table that a statement may meet as duplicates. Those of many new rows are looked for at once, one query for each
 * unique index; from then on every row's fate is settled here, in the order of the statement: what is inserted, replaced and
 * changed is seen by the rows that follow. The driver gets what has become of it all (`RowChanges`). While that goes on a stage keeps
 * others from writing to the table.
 */
import { Batch } from '../common/batch.js'
import { ByteBuffer } from '../common/bytes.js'
import { compileKeyEncoder, type KeyEncoder } from '../common/key-codec.js'
import type { SqlType } from '../common/sql-type.js'
import { isPromise, type Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import { primaryKeyOf, type IndexDefinition, type TableDefinition } from '../plan/schema.js'
import type { StatementContext } from '../spi/statement-context.js'
import type { DuplicateRow, RowChanges, TableStage } from '../spi/storage.js'
import type { InsertOutcome, KnownRow } from '../spi/transaction.js'
import { readBatches } from './read-batches.js'
import { settled, type Steps } from './steps.js'

/** One row, as it is by now. */
export class KeyedRow implements KnownRow {
  readonly isKnownRow = true
  isGone = false

  constructor(
    /** By unique index; undefined where a part is NULL. */
    public texts: readonly (string | undefined)[],
    /** Undefined once it is gone, and while it is as it was found. */
    public values: readonly Value[] | undefined,
    /** Where it lies among the rows that were found; undefined for a new one. */
    readonly batch: Batch | undefined,
    readonly row: number,
  ) {}
}

interface KeyedIndex {
  readonly index: IndexDefinition
  readonly encoder: KeyEncoder
  /** Who has a key, as far as that is known; undefined for nobody. */
  readonly owners: Map<string, KeyedRow | undefined>
}

export const INSERTED: InsertOutcome = Object.freeze({ kind: 'inserted' })

export class KeyedRows {
  private readonly indexes: readonly KeyedIndex[]
  private readonly types: readonly SqlType[]
  /** Positions of what a row is known by: the primary key, or the id behind the last column. */
  private readonly identity: readonly number[]
  private readonly hasPrimaryKey: boolean
  /** Rows that the driver has, by their identity there. */
  private readonly stored = new Map<string, KeyedRow>()
  private readonly added = new Set<KeyedRow>()
  private readonly keyBuffer = new ByteBuffer()
  private hasChanges = false

  constructor(
    private readonly table: TableDefinition,
    private readonly stage: TableStage,
    rowIdType: SqlType,
  ) {
    this.indexes = table.indexes
      .filter((index) => index.unique)
      .map((index) => ({ index, encoder: compileKeyEncoder(table, index), owners: new Map() }))
    const primaryKey = primaryKeyOf(table)
    this.hasPrimaryKey = primaryKey !== undefined
    this.identity = primaryKey?.parts.map((part) => part.column) ?? [table.columns.length]
    const types = table.columns.map((column) => column.type)
    this.types = this.hasPrimaryKey ? types : [...types, rowIdType]
  }

  /** Hands over what has changed, and looks for the rows that have a key of these. With `wantsRows` all that is in them is read. */
  *lookUp(rows: readonly (readonly Value[])[], wantsRows: boolean, statement: StatementContext): Steps<void> {
    yield* this.put(statement)
    this.forget()
    yield* this.learn(rows, wantsRows, statement)
  }

  /** As `lookUp`, and nothing is forgotten. */
  *learn(rows: readonly (readonly Value[])[], wantsRows: boolean, statement: StatementContext): Steps<void> {
    for (const [i, { index, owners }] of this.indexes.entries()) {
      const types = index.parts.map((part) => this.typeAt(part.column))
      const keys = Batch.ofTypes(types)
      for (const row of rows) {
        const text = this.textOf(i, row)
        if (text === undefined || owners.has(text)) continue
        owners.set(text, undefined)
        keys.pushRow(index.parts.map((part) => row[part.column] ?? null))
      }
      if (keys.rowCount > 0) yield* this.find(index, keys, wantsRows, statement)
    }
  }

  /** Rows whose duplicates the driver leaves out. What was known is forgotten. */
  *insertNew(rows: Batch, statement: StatementContext): Steps<readonly DuplicateRow[]> {
    yield* this.put(statement)
    this.forget()
    const inserted = this.stage.insertNew?.(rows, statement)
    const duplicates = isPromise(inserted) ? yield* settled(inserted) : inserted
    if (duplicates === undefined) throw new Error('invariant: a stage of upserts leaves out duplicates')
    return duplicates
  }

  /** The row that was found with the primary key of this one. */
  found(row: readonly Value[]): KeyedRow | undefined {
    const text = this.hasPrimaryKey ? this.textOf(0, row) : undefined
    return text === undefined ? undefined : this.stored.get(text)
  }

  /** Undefined if it isn't known who has the row's keys: they have to be learnt. */
  insert(row: readonly Value[]): InsertOutcome | undefined {
    const texts = this.textsOf(row)
    const outcome = this.outcomeFor(texts, undefined)
    if (outcome !== INSERTED) return outcome
    const keyed = new KeyedRow(texts, row, undefined, -1)
    this.added.add(keyed)
    this.own(keyed)
    this.hasChanges = true
    return INSERTED
  }

  /** As `insert`, for what a row shall become. */
  update(keyed: KeyedRow, row: readonly Value[]): InsertOutcome | undefined {
    const texts = this.textsOf(row)
    const outcome = this.outcomeFor(texts, keyed)
    if (outcome !== INSERTED) return outcome
    this.disown(keyed)
    keyed.texts = texts
    keyed.values = row
    this.own(keyed)
    this.hasChanges = true
    return INSERTED
  }

  delete(keyed: KeyedRow): void {
    this.disown(keyed)
    keyed.isGone = true
    keyed.values = undefined
    this.added.delete(keyed)
    this.hasChanges = true
  }

  /** Appends the row's columns; false if it is gone. */
  read({ batch, row, values, isGone }: KeyedRow, columns: readonly number[], output: Batch): boolean {
    if (isGone) return false
    if (values !== undefined) output.pushRow(columns.map((column) => values[column] ?? null))
    else if (batch !== undefined) {
      columns.forEach((column, i) => {
        ;(output.columns[i] as Vector).pushFrom(batch.columns[column] as Vector, row)
      })
      output.rowCount++
    }
    return true
  }

  *put(statement: StatementContext): Steps<void> {
    if (!this.hasChanges) return
    this.hasChanges = false
    const put = this.stage.put?.(this.changes(), statement)
    if (isPromise(put)) yield put
  }

  // ── Inside ──────────────────────────────────────────────────────────────────────────────────────────────────

  private forget(): void {
    for (const { owners } of this.indexes) owners.clear()
    this.stored.clear()
    this.added.clear()
  }

  private changes(): RowChanges {
    const rows = this.types.slice(0, this.table.columns.length)
    const changes = {
      added: Batch.ofTypes(rows),
      replaced: Batch.ofTypes(this.types),
      gone: Batch.ofTypes(this.identity.map((column) => this.typeAt(column))),
    }
    // A row may have got the primary key that another one had before.
    const taken = new Set<KeyedRow>()
    for (const keyed of [...this.stored.values(), ...this.added]) {
      if (keyed.values === undefined) continue
      const before = this.hasPrimaryKey ? this.stored.get(keyed.texts[0] ?? '') : keyed
      if (before?.batch === undefined) changes.added.pushRow(keyed.values)
      else {
        taken.add(before)
        const id = this.hasPrimaryKey ? [] : identityOf(before.batch, before.row, this.identity)
        changes.replaced.pushRow(id.length === 0 ? keyed.values : [...keyed.values, ...id])
      }
    }
    for (const keyed of this.stored.values()) {
      const isLeft = !keyed.isGone && keyed.values === undefined
      if (keyed.batch === undefined || isLeft || taken.has(keyed)) continue
      changes.gone.pushRow(identityOf(keyed.batch, keyed.row, this.identity))
    }
    return changes
  }

  private *find(
    index: IndexDefinition,
    keys: Batch,
    wantsRows: boolean,
    statement: StatementContext,
  ): Steps<void> {
    const columns = wantsRows ? [...this.types.keys()] : this.keyPositions()
    const finding = this.stage.find?.(index, keys, columns, statement)
    if (finding === undefined) throw new Error('invariant: a stage of upserts finds rows')
    yield* readBatches(finding, (batch) => {
      this.keep(batch, columns)
    })
  }

  /** What rows are told apart by. */
  private keyPositions(): readonly number[] {
    const parts = this.indexes.flatMap(({ index }) => index.parts.map((part) => part.column))
    return [...new Set([...parts, ...this.identity])]
  }

  private keep(batch: Batch, columns: readonly number[]): void {
    const kept = Batch.ofTypes(this.types)
    columns.forEach((column, i) => {
      ;(kept.columns[column] as Vector).pushAll(batch.columns[i] as Vector, batch.rowCount)
    })
    kept.rowCount = batch.rowCount
    const row: Value[] = this.types.map(() => null)
    for (let i = 0; i < kept.rowCount; i++) {
      for (const column of columns) row[column] = (kept.columns[column] as Vector).get(i)
      const texts = this.textsOf(row)
      const identity = this.hasPrimaryKey ? (texts[0] ?? '') : String(row[this.table.columns.length])
      // What has become of it since goes before what the driver has.
      if (this.stored.has(identity)) continue
      const keyed = new KeyedRow(texts, undefined, kept, i)
      this.stored.set(identity, keyed)
      this.own(keyed)
    }
  }

  private own(keyed: KeyedRow): void {
    this.note(keyed.texts, keyed)
  }

  private disown(keyed: KeyedRow): void {
    this.note(keyed.texts, undefined)
  }

  private note(texts: readonly (string | undefined)[], owner: KeyedRow | undefined): void {
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i]
      if (text !== undefined) this.indexes[i]?.owners.set(text, owner)
    }
  }

  private outcomeFor(
    texts: readonly (string | undefined)[],
    itself: KeyedRow | undefined,
  ): InsertOutcome | undefined {
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i]
      if (text === undefined) continue
      const { index, owners } = this.indexes[i] as KeyedIndex
      const owner = owners.get(text)
      if (owner === undefined) {
        if (!owners.has(text)) return undefined
      } else if (owner !== itself) return { kind: 'duplicate', index, rowKey: owner }
    }
    return INSERTED
  }

  private textsOf(row: readonly Value[]): readonly (string | undefined)[] {
    const texts: (string | undefined)[] = []
    for (let i = 0; i < this.indexes.length; i++) texts.push(this.textOf(i, row))
    return texts
  }

  /** The bytes of its key. */
  private textOf(i: number, row: readonly Value[]): string | undefined {
    const { keyBuffer } = this
    keyBuffer.clear()
    const hasNull = this.indexes[i]?.encoder.writeRow(keyBuffer, row) !== false
    return hasNull ? undefined : keyBuffer.bytes.latin1Slice(0, keyBuffer.length)
  }

  private typeAt(column: number): SqlType {
    const type = this.types[column]
    if (type === undefined) throw new Error(`invariant: there is no column ${column}`)
    return type
  }
}

function identityOf(batch: Batch, row: number, columns: readonly number[]): Value[] {
  return columns.map((column) => batch.columns[column]?.get(row) ?? null)
}
