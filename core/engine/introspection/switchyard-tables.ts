/**
 * The tables of the database `switchyard`: how tables are used, what their columns hold, and which would be better off in another
 * storage.
 */
import { quoted } from '../../catalog/names.js'
import { DOUBLE_TYPE } from '../../common/sql-type.js'
import type { MaybePromise } from '../../common/value.js'
import { primaryPlacementOf } from '../../plan/schema.js'
import type { StorageChoice } from '../../spi/router.js'
import type { ColumnUsage, TableUsage } from '../table-usage.js'
import { computedTable } from './computed-table.js'
import {
  localTime,
  longText,
  objectName,
  ofFigures,
  required,
  text,
  typed,
  unsignedBigint,
} from './listing-columns.js'
import type { ListingColumn, ListingRequest } from './listing.js'
import { walkTables, type TableRow } from './relations.js'
import { tableFigures, type TableFigures } from './table-size.js'

const DATABASE = 'switchyard'
const MICROS_PER_MS = 1000

interface UsedTable {
  readonly row: TableRow
  readonly usage: TableUsage
  readonly figures: TableFigures | undefined
}

async function walkUsed(
  request: ListingRequest,
  visit: (used: UsedTable) => MaybePromise<void>,
): Promise<void> {
  const { usage } = request.services.core
  await walkTables(request, async (row) => {
    const figures = await tableFigures(row.definition, request)
    await visit({ row, usage: usage.of(row.definition.id), figures })
  })
}

function named<Row extends { readonly row: TableRow }>(): readonly ListingColumn<Row>[] {
  return [
    required(objectName('TABLE_SCHEMA', ({ row }) => row.database.name, 'database')),
    required(objectName('TABLE_NAME', ({ row }) => row.definition.name, 'relation')),
  ]
}

const storageOf = ({ row }: { readonly row: TableRow }): string => primaryPlacementOf(row.definition).storage

function accessesOf({ selects, inserts, updates, deletes }: TableUsage): number {
  return selects + inserts + updates + deletes
}

function moment(epochMs: number): number | null {
  return epochMs === 0 ? null : epochMs * MICROS_PER_MS
}

const STATISTICS = computedTable<UsedTable>(DATABASE, 'table_statistics', {
  columns: [
    ...named<UsedTable>(),
    required(text('STORAGE', storageOf)),
    ofFigures(unsignedBigint('TABLE_ROWS', ({ figures }) => figures?.rows ?? null)),
    ofFigures(unsignedBigint('DATA_LENGTH', ({ figures }) => figures?.dataBytes ?? null)),
    ofFigures(typed('COMPRESSION', DOUBLE_TYPE, ({ figures }) => compressionOf(figures))),
    required(unsignedBigint('ACCESSES', ({ usage }) => accessesOf(usage))),
    required(unsignedBigint('SELECTS', ({ usage }) => usage.selects)),
    required(unsignedBigint('INSERTS', ({ usage }) => usage.inserts)),
    required(unsignedBigint('UPDATES', ({ usage }) => usage.updates)),
    required(unsignedBigint('DELETES', ({ usage }) => usage.deletes)),
    required(unsignedBigint('JOINS', ({ usage }) => usage.joins)),
    required(unsignedBigint('AGGREGATIONS', ({ usage }) => usage.aggregations)),
    typed('MEAN_TIME_MS', DOUBLE_TYPE, ({ usage }) => {
      const accesses = accessesOf(usage)
      return accesses === 0 ? null : usage.totalMs / accesses
    }),
    typed('LAST_TIME_MS', DOUBLE_TYPE, ({ usage }) => (usage.usedAtMs === 0 ? null : usage.lastMs)),
    localTime('LAST_ACCESS', ({ usage }) => moment(usage.usedAtMs)),
    localTime('LAST_MODIFIED', ({ usage }) => moment(usage.modifiedAtMs)),
  ],
  walk: walkUsed,
})

function compressionOf(figures: TableFigures | undefined): number | null {
  if (figures?.uncompressedBytes === undefined || figures.dataBytes === 0) return null
  return figures.uncompressedBytes / figures.dataBytes
}

interface UsedColumn {
  readonly row: TableRow
  readonly name: string
  readonly column: ColumnUsage
}

const COLUMNS = computedTable<UsedColumn>(DATABASE, 'column_statistics', {
  columns: [
    ...named<UsedColumn>(),
    required(objectName('COLUMN_NAME', ({ name }) => name)),
    unsignedBigint('CARDINALITY', ({ column }) => column.distinct),
    typed('NULL_SHARE', DOUBLE_TYPE, ({ column }) => (column.rows === 0 ? null : column.nulls / column.rows)),
    required(unsignedBigint('SAMPLED_ROWS', ({ column }) => column.rows)),
  ],
  walk: (request, emit) =>
    walkTables(request, (row) => {
      const { columns } = request.services.core.usage.of(row.definition.id)
      for (const { name } of row.definition.columns) {
        const column = columns[name]
        if (column !== undefined) emit({ row, name, column })
      }
    }),
})

interface Candidate {
  readonly row: TableRow
  readonly choice: StorageChoice
}

const CANDIDATES = computedTable<Candidate>(DATABASE, 'migration_candidates', {
  columns: [
    ...named<Candidate>(),
    required(text('STORAGE', storageOf)),
    required(text('BETTER_STORAGE', ({ choice }) => choice.storage)),
    required(longText('REASON', ({ choice }) => choice.reason, 'text')),
    required(longText('STATEMENT', ({ row, choice }) => statementFor(row, choice), 'text')),
  ],
  walk: async (request, emit) => {
    const { router, storages } = request.services
    if (router.advise === undefined) return
    const entries = storages.map(({ name, capabilities }) => ({ name, capabilities, available: true }))
    request.needsFigures = true
    await walkUsed(request, ({ row, usage, figures }) => {
      if (figures === undefined) return
      const choice = router.advise?.({ ...usage, table: row.definition, rows: figures.rows }, entries)
      if (choice !== undefined) emit({ row, choice })
    })
  },
})

function statementFor({ database, definition }: TableRow, { storage }: StorageChoice): string {
  return `ALTER TABLE ${quoted(database.name)}.${quoted(definition.name)} ENGINE=${storage}`
}

export const SWITCHYARD_TABLES = [STATISTICS, COLUMNS, CANDIDATES]
