/**
 * Row keys of a table driver's rows. Drivers don't have any of their own: a row is known by the values of its primary key, or by the id
 * that the driver gives it, and these are written as a stored row.
 */
import { Batch } from '../common/batch.js'
import { ByteBuffer } from '../common/bytes.js'
import { compileRowDecoder, compileRowEncoder, type RowColumn, type RowSchema } from '../common/row-codec.js'
import { sqlError } from '../common/sql-error.js'
import { UNSIGNED_BIGINT_TYPE } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { primaryKeyOf, type TableDefinition } from '../plan/schema.js'
import type { TableStorage } from '../spi/storage.js'

/** The id of a row without primary key, as the only column of a stored row. */
const ROW_ID: RowColumn = { id: 0, type: UNSIGNED_BIGINT_TYPE, nullable: false }

export class DriverRowKeys {
  private readonly schema: RowSchema
  private readonly buffer = new ByteBuffer(64)

  private constructor(
    /** Positions at which they are scanned; a row's id lies behind the last column. */
    readonly columns: readonly number[],
    definitions: readonly RowColumn[],
  ) {
    this.schema = { version: 1, columns: definitions }
  }

  /** Throws ER_NOT_SUPPORTED_YET for rows that nothing tells apart. */
  static of(table: TableDefinition, storage: TableStorage): DriverRowKeys {
    const primaryKey = primaryKeyOf(table)
    if (primaryKey !== undefined) {
      const columns = primaryKey.parts.map((part) => part.column)
      return new DriverRowKeys(
        columns,
        columns.flatMap((column) => table.columns[column] ?? []),
      )
    }
    if (storage.capabilities.rowIds !== true) {
      throw sqlError('ER_NOT_SUPPORTED_YET', `changing rows of a ${storage.name} table without primary key`)
    }
    return new DriverRowKeys([table.columns.length], [ROW_ID])
  }

  batch(): Batch {
    return Batch.ofTypes(this.schema.columns.map((column) => column.type))
  }

  encode(values: readonly Value[]): Buffer {
    this.buffer.clear()
    compileRowEncoder(this.schema).encode(values, this.buffer)
    return this.buffer.copy()
  }

  decode(rowKey: Uint8Array): Value[] {
    const decoder = compileRowDecoder(this.schema, [...this.schema.columns.keys()])
    return decoder.values(rowKey, 0, rowKey.length)
  }
}
