/**
 * A sum over rows that doesn't depend on their order: what a table that moves to another storage is compared by, with the number of its
 * rows.
 */
import { ByteBuffer } from '../../common/bytes.js'
import { compileRowEncoder, type RowEncoder } from '../../common/row-codec.js'
import { sqlError } from '../../common/sql-error.js'
import type { Value } from '../../common/value.js'
import { crc32 } from '../../functions/number-conversion.js'
import type { TableDefinition } from '../../plan/schema.js'
import { primaryPlacementOf } from '../../plan/schema.js'
import type { DefinitionContext } from './definition-context.js'
import { readRows } from './move-rows.js'

export class RowChecksum {
  rows = 0
  private sum = 0
  private readonly encoder: RowEncoder
  private readonly buffer = new ByteBuffer(1024)

  constructor(table: TableDefinition) {
    this.encoder = compileRowEncoder({ version: 1, columns: table.columns })
  }

  add(row: readonly Value[]): void {
    this.buffer.clear()
    this.encoder.encode(row, this.buffer)
    this.sum = (this.sum + crc32(this.buffer.bytes.subarray(0, this.buffer.length))) >>> 0
    this.rows++
  }

  equals(other: RowChecksum): boolean {
    return this.rows === other.rows && this.sum === other.sum
  }

  toString(): string {
    return `${this.rows} rows with the checksum ${this.sum}`
  }
}

/** Reads back what was written. Rejects with ER_UNKNOWN_ERROR if it isn't what should have been. */
export async function verifyCopy(
  copy: TableDefinition,
  expected: RowChecksum,
  context: DefinitionContext,
): Promise<void> {
  const found = new RowChecksum(copy)
  await readRows(copy, context, (rows) => {
    for (const row of rows) found.add(row)
    context.statement.reportProgress?.('verifying the copy', found.rows)
    return undefined
  })
  if (found.equals(expected)) return
  const { storage } = primaryPlacementOf(copy)
  throw sqlError(
    'ER_UNKNOWN_ERROR',
    `The copy of ${copy.name} in ${storage} has ${String(found)} instead of ${String(expected)}; the table stays where it is`,
  )
}
