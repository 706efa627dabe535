/**
 * A table driver that keeps rows in a list and takes over conditions only half: enough to see what the adapter around table
 * drivers does. Each call of a write commits by itself; what goes into a stage does so when it is published.
 */
import { Batch } from '../../common/batch.js'
import { sqlError } from '../../common/sql-error.js'
import type { Value } from '../../common/value.js'
import { primaryKeyOf, type TableDefinition } from '../../plan/schema.js'
import type {
  BatchCursor,
  ScanAnswer,
  ScanRequest,
  TableStage,
  TableStatistics,
  TableStorage,
} from '../../spi/storage.js'

export class ListStorage implements TableStorage {
  readonly comment = 'for tests'
  readonly capabilities = {
    shape: 'table',
    durable: true,
    transactions: 'autocommit',
    fragments: false,
    writable: true,
    keyBytesMax: 0,
    stages: true,
  } as const
  rows: (readonly Value[])[] = []
  /** Names of the writing calls, in order. */
  readonly calls: string[] = []
  failsNext = false

  constructor(readonly name: string) {}

  start(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  createTable(): void {
    this.rows = []
  }

  dropTable(): void {
    this.rows = []
  }

  truncateTable(): void {
    this.rows = []
  }

  planScan(_table: TableDefinition, request: ScanRequest): ScanAnswer {
    return {
      conditions: request.conditions.map(() => 'no'),
      order: 'no',
      limit: 'no',
      rows: this.rows.length,
      cost: this.rows.length,
    }
  }

  openScan(table: TableDefinition, request: ScanRequest): BatchCursor {
    const batch = Batch.ofTypes(request.columns.flatMap((column) => table.columns[column]?.type ?? []))
    for (const row of this.rows) batch.pushRow(request.columns.map((column) => row[column] as Value))
    let isRead = false
    return {
      next: () => {
        if (isRead) return undefined
        isRead = true
        return batch
      },
      close: () => undefined,
    }
  }

  async insert(_table: TableDefinition, rows: Batch): Promise<number> {
    await this.write('insert')
    for (let row = 0; row < rows.rowCount; row++) this.rows.push(rows.row(row))
    return rows.rowCount
  }

  async delete(table: TableDefinition, keys: Batch): Promise<number> {
    await this.write('delete')
    const before = this.rows.length
    for (let row = 0; row < keys.rowCount; row++) {
      const at = this.find(table, keys.row(row))
      if (at >= 0) this.rows.splice(at, 1)
    }
    return before - this.rows.length
  }

  async update(table: TableDefinition, keys: Batch, rows: Batch): Promise<number> {
    await this.write('update')
    for (let row = 0; row < keys.rowCount; row++) this.rows[this.find(table, keys.row(row))] = rows.row(row)
    return keys.rowCount
  }

  stage(table: TableDefinition): TableStage {
    this.calls.push('stage')
    const staged = new ListStorage(this.name)
    staged.rows = [...this.rows]
    return {
      insert: (rows) => staged.insert(table, rows),
      delete: (keys) => staged.delete(table, keys),
      update: (keys, rows) => staged.update(table, keys, rows),
      publish: async () => {
        await this.write('publish')
        this.rows = staged.rows
      },
      discard: () => this.calls.push('discard'),
    }
  }

  statistics(): TableStatistics {
    return { rows: this.rows.length, bytes: 0, cardinality: [] }
  }

  private async write(call: string): Promise<void> {
    await Promise.resolve()
    this.calls.push(call)
    if (!this.failsNext) return
    this.failsNext = false
    throw sqlError('ER_STORAGE_UNAVAILABLE', this.name, 'told to fail')
  }

  private find(table: TableDefinition, key: readonly Value[]): number {
    const columns = primaryKeyOf(table)?.parts.map((part) => part.column) ?? []
    return this.rows.findIndex((row) => columns.every((column, i) => row[column] === key[i]))
  }
}
