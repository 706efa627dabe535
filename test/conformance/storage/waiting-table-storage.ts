/**
 * A table driver for tests of what works with table drivers: rows in memory, every answer a promise that takes a turn of
 * the event loop, as of a driver that talks to another process. It takes over what it can do exactly without knowing
 * collations, and promises nothing for the rest.
 */
import {
  Batch,
  BATCH_ROWS_MAX,
  isText,
  sqlError,
  type BatchCursor,
  type ColumnCondition,
  type PushDown,
  type ScanAnswer,
  type ScanRequest,
  type StatementContext,
  type TableDefinition,
  type TableStatistics,
  type TableStorage,
  type Value,
} from '@switchyard/core/spi'
import { batchOf, typeOf } from './table-fixtures.js'

type Row = readonly Value[]

export class WaitingTableStorage implements TableStorage {
  readonly comment = 'Rows in memory, for tests'
  readonly capabilities = {
    shape: 'table',
    durable: false,
    transactions: 'autocommit',
    fragments: false,
    writable: true,
    keyBytesMax: 0,
  } as const
  private readonly tables = new Map<number, Row[]>()

  constructor(readonly name: string) {}

  async start(): Promise<void> {
    await turn()
  }

  async stop(): Promise<void> {
    await turn()
    this.tables.clear()
  }

  async createTable(table: TableDefinition): Promise<void> {
    await turn()
    if (!this.tables.has(table.id)) this.tables.set(table.id, [])
  }

  async dropTable(tableId: number): Promise<void> {
    await turn()
    this.tables.delete(tableId)
  }

  async truncateTable(table: TableDefinition): Promise<void> {
    await turn()
    this.tables.set(table.id, [])
  }

  planScan(table: TableDefinition, { conditions, order, limit }: ScanRequest): ScanAnswer {
    const parts = conditions.map(({ column }) => pushDownOf(table, column))
    const isOrdered = order.every(({ column }) => pushDownOf(table, column) === 'exact')
    // A limit counts what is left: it can't be kept below a filter or an order that core does.
    const isLimited = limit !== undefined && isOrdered && !parts.includes('no')
    const rows = this.tables.get(table.id)?.length ?? 0
    return {
      conditions: parts,
      order: isOrdered ? 'exact' : 'no',
      limit: isLimited ? 'exact' : 'no',
      rows,
      cost: rows * 10,
    }
  }

  async openScan(
    table: TableDefinition,
    request: ScanRequest,
    statement: StatementContext,
  ): Promise<BatchCursor> {
    await turn()
    statement.checkKilled()
    const answer = this.planScan(table, request)
    let rows = this.rowsOf(table).filter((row) =>
      request.conditions.every(
        (condition, index) => answer.conditions[index] === 'no' || holds(condition, row),
      ),
    )
    if (answer.order === 'exact') rows.sort((left, right) => compareRows(left, right, request))
    if (answer.limit === 'exact') rows = rows.slice(0, request.limit)
    return new RowsCursor(table, request.columns, rows, statement)
  }

  async insert(table: TableDefinition, rows: Batch): Promise<number> {
    await turn()
    const added = Array.from({ length: rows.rowCount }, (_, row) => rows.row(row))
    this.replaceRows(table, [...this.rowsOf(table), ...added])
    return rows.rowCount
  }

  async delete(table: TableDefinition, keys: Batch): Promise<number> {
    await turn()
    const before = this.rowsOf(table)
    const wanted = new Set(keyTexts(keys))
    const after = before.filter((row) => !wanted.has(keyText(keyOf(table, row))))
    this.tables.set(table.id, after)
    return before.length - after.length
  }

  async update(table: TableDefinition, keys: Batch, rows: Batch): Promise<number> {
    await turn()
    const replacements = new Map(keyTexts(keys).map((key, index) => [key, rows.row(index)]))
    const before = this.rowsOf(table)
    let changed = 0
    const after = before.map((row) => {
      const replacement = replacements.get(keyText(keyOf(table, row)))
      if (replacement !== undefined) changed++
      return replacement ?? row
    })
    this.replaceRows(table, after)
    return changed
  }

  async statistics(table: TableDefinition): Promise<TableStatistics> {
    await turn()
    const rows = this.rowsOf(table).length
    return { rows, bytes: rows * 100, cardinality: table.columns.map(() => undefined) }
  }

  private replaceRows(table: TableDefinition, rows: readonly Row[]): void {
    for (const index of table.indexes.filter((each) => each.unique)) {
      const known = new Set<string>()
      for (const row of rows) {
        const values = index.parts.map(({ column }) => row[column] ?? null)
        const key = keyText(values)
        if (known.has(key)) throw sqlError('ER_DUP_ENTRY', values.join('-'), `${table.name}.${index.name}`)
        if (!values.includes(null)) known.add(key)
      }
    }
    this.tables.set(table.id, [...rows])
  }

  private rowsOf(table: TableDefinition): Row[] {
    const rows = this.tables.get(table.id)
    if (rows === undefined) throw sqlError('ER_NO_SUCH_TABLE', table.database, table.name)
    return rows
  }
}

class RowsCursor implements BatchCursor {
  private at = 0

  constructor(
    private readonly table: TableDefinition,
    private readonly columns: readonly number[],
    private readonly rows: readonly Row[],
    private readonly statement: StatementContext,
  ) {}

  async next(): Promise<Batch | undefined> {
    await turn()
    this.statement.checkKilled()
    if (this.at >= this.rows.length) return undefined
    const rows = this.rows.slice(this.at, this.at + BATCH_ROWS_MAX)
    this.at += rows.length
    const picked = rows.map((row) => this.columns.map((column) => row[column] ?? null))
    return batchOf(this.table, this.columns, picked)
  }

  async close(): Promise<void> {
    await turn()
    this.at = this.rows.length
  }
}

function turn(): Promise<void> {
  return new Promise(setImmediate)
}

/** Text is compared by collation, and JSON by its own rules: neither is for this driver. */
function pushDownOf(table: TableDefinition, column: number): PushDown {
  const type = typeOf(table, column)
  return isText(type) || type.name === 'json' ? 'no' : 'exact'
}

function holds({ column, operator, values }: ColumnCondition, row: Row): boolean {
  const value = row[column] ?? null
  const wanted = values[0] ?? null
  if (operator === 'is null') return value === null
  if (operator === 'is not null') return value !== null
  if (operator === '<=>') return compareValues(value, wanted) === 0
  if (value === null) return false
  if (operator === 'in') return values.some((one) => one !== null && compareValues(value, one) === 0)
  if (wanted === null) return false
  const order = compareValues(value, wanted)
  switch (operator) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

function compareRows(left: Row, right: Row, { order }: ScanRequest): number {
  for (const { column, descending } of order) {
    const difference = compareValues(left[column] ?? null, right[column] ?? null)
    if (difference !== 0) return descending ? -difference : difference
  }
  return 0
}

/** NULL first. */
function compareValues(left: Value, right: Value): number {
  if (left === null || right === null) return Number(right === null) - Number(left === null)
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right)
  return left < right ? -1 : Number(left > right)
}

function keyOf(table: TableDefinition, row: Row): Row {
  return (table.indexes[0]?.parts ?? []).map(({ column }) => row[column] ?? null)
}

function keyTexts(keys: Batch): string[] {
  return Array.from({ length: keys.rowCount }, (_, row) => keyText(keys.row(row)))
}

function keyText(key: Row): string {
  return key.map((value) => `${typeof value} ${String(value)}`).join(',')
}
