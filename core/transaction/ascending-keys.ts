/**
 * Tells by keys alone that new rows are no duplicates: those whose keys ascend from above all keys of their table. It is known only of tables
 * with one unique index that were empty when the transaction first wrote there; elsewhere every row may be one.
 */
import type { Batch } from '../common/batch.js'
import { ByteBuffer, compareBytes } from '../common/bytes.js'
import { compileKeyEncoder, type KeyEncoder } from '../common/key-codec.js'
import type { Value } from '../common/value.js'
import type { Vector } from '../common/vector.js'
import type { IndexDefinition, TableDefinition } from '../plan/schema.js'

const keyBuffer = new ByteBuffer()

export class AscendingKeys {
  private readonly encoder: KeyEncoder
  private readonly row: Value[]
  /** The table's last key, below all keys while it has no rows; undefined if it isn't known. */
  private last: Buffer | undefined

  constructor(
    table: TableDefinition,
    private readonly index: IndexDefinition,
    wasEmpty: boolean,
  ) {
    this.encoder = compileKeyEncoder(table, index)
    this.row = new Array<Value>(table.columns.length).fill(null)
    this.last = wasEmpty ? Buffer.alloc(0) : undefined
  }

  get areKnown(): boolean {
    return this.last !== undefined
  }

  /** A row that is written without being asked for here. */
  note(row: readonly Value[]): void {
    if (this.last === undefined) return
    const key = this.keyOf(row)
    if (compareBytes(this.last, key) < 0) this.last = key
  }

  /** Notes the rows from `start` on as long as their keys ascend, and answers behind which of them that ends. */
  noteRun(rows: Batch, start: number): number {
    const { index, row } = this
    let end = start
    for (; this.last !== undefined && end < rows.rowCount; end++) {
      for (const { column } of index.parts) row[column] = (rows.columns[column] as Vector).get(end)
      const key = this.keyOf(row)
      if (compareBytes(this.last, key) >= 0) break
      this.last = key
    }
    return end
  }

  private keyOf(row: readonly Value[]): Buffer {
    keyBuffer.clear()
    this.encoder.writeRow(keyBuffer, row)
    return keyBuffer.copy()
  }
}

/** The primary key of a table without other unique indexes; undefined if it isn't so. */
export function onlyKeyOf(table: TableDefinition): IndexDefinition | undefined {
  const unique = table.indexes.filter((index) => index.unique)
  const [index] = unique
  return index?.primary === true && unique.length === 1 ? index : undefined
}
